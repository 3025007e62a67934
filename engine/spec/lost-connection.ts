import type { Place } from '../model/diagnostic.ts'
import { meant } from '../model/did-you-mean.ts'
import type { ConnectionSpec, Environment, LinkName } from '../model/generated/types.ts'
import type { Located } from '../model/specs.ts'

/** The environments that have a connection of this name recorded. */
export type RecordedIn = (name: LinkName) => readonly Environment[]

export interface KnownConnections {
  /** The link names of all, so that a broken file is not unknown as well. */
  readonly connectionNames: ReadonlySet<LinkName>
  /** Those that are sound by themselves. */
  readonly connections: readonly Located<ConnectionSpec>[]
  readonly recordedIn?: RecordedIn
}

/**
 * What to say where something refers to a connection that has no file: that it goes on under another name, that its file was deleted
 * while this still uses it, or that there is none and `make` what to do then. `sources` are where the source of the same component
 * names it.
 */
export function lostConnection(
  name: LinkName,
  { connectionNames, connections, recordedIn = () => [] }: KnownConnections,
  { make, sources }: { readonly make: string; readonly sources: readonly Place[] }
): string {
  const more = sources.slice(0, 5).map(({ file, line }) => `${file}:${line}`)
  const others = sources.length > more.length ? ' and elsewhere' : ''
  const also = more.length === 0 ? '' : ` The source names it as well: ${more.join(', ')}${others}.`
  const renamed = connections.find(each => each.spec.previously === name)
  if (renamed !== undefined) {
    return `There is no connections/${name}.yaml any more: ${renamed.file} says that it was ${name} before. Write ${renamed.linkName} here.${also}`
  }
  const environments = recordedIn(name)
  if (environments.length > 0) {
    return (
      `There is no connections/${name}.yaml any more. ${name} is recorded in ${listed(environments)}, its file was deleted, and it is still ` +
      `used here. Drop the reference here, or bring the file back.${also} If the connection has another name now, its file says so with \`previously: ${name}\`.`
    )
  }
  return `There is no connections/${name}.yaml.${meant(name, connectionNames)} ${make}`
}

function listed(environments: readonly Environment[]): string {
  const shown = environments.slice(0, 5)
  const last = environments.length > shown.length ? 'others' : shown.pop()
  return shown.length === 0 ? String(last) : `${shown.join(', ')} and ${last}`
}
