import { type Diagnostic, note } from '../model/diagnostic.ts'
import type { Definitions } from '../model/documents.ts'
import type { Connection, EntryId, LinkName, Plan, Version } from '../model/generated/types.ts'
import { compareText, without } from '../model/record.ts'
import { inOneLine } from './in-one-line.ts'

export interface WayBack {
  readonly from: Plan['version']['from']
  readonly to: Plan['version']['to']
  /** What the environment has. */
  readonly recorded: Definitions
  /** What the older version has. */
  readonly wanted: Definitions
  /** Published versions in any order; those after `to` and up to `from` are told. */
  readonly between: readonly Pick<Version, 'version' | 'by' | 'at' | 'note'>[]
}

/** Of longer lists the rest is counted. */
const mostItems = 10
const mostScopes = 5

/**
 * What is lost where an environment goes back to an older version: whose publishes it gives up, what the older version lacks, and
 * what has another name there. null where it does not go back. Bounded, however much is lost.
 */
export function goingBack({ from, to, recorded, wanted, between }: WayBack): Diagnostic | null {
  if (from === null || to === null || to >= from) return null
  const connections = matched(recorded.connections, wanted.connections)
  const components = matched(recorded.components, wanted.components)
  const versions = between.filter(({ version }) => version > to && version <= from)
  const older = `Version ${to} is older than version ${from}, which runs now.`
  const lost = [
    ...some('Connections that it does not have', goneOf(connections)),
    ...some('Components that it does not have', goneOf(components)),
    ...some('Scopes that it does not ask for', connections.flatMap(lostScopes), '; '),
    ...some('Names that go back', [...connections, ...components].flatMap(formerName))
  ]
  const paragraphs = [
    versions.length === 0 ? [older] : [`${older} It gives up:`, ...versionLines(versions)],
    lost,
    ['No authorization is revoked, and going forward again asks nobody.']
  ]
  return note(
    'GOES_BACK',
    'Goes back to an older version',
    paragraphs
      .filter(lines => lines.length > 0)
      .map(lines => lines.join('\n'))
      .join('\n\n')
  )
}

/** An entry that runs now, and what the older version has of it. */
interface Match<T> {
  readonly linkName: LinkName
  readonly value: T
  readonly older: { readonly linkName: LinkName; readonly value: T } | undefined
}

function matched<T extends { readonly id: EntryId }>(
  recorded: Readonly<Record<LinkName, T>>,
  wanted: Readonly<Record<LinkName, T>>
): readonly Match<T>[] {
  const byId = new Map(
    Object.entries(wanted).map(([linkName, value]) => [value.id, { linkName, value }])
  )
  return Object.entries(recorded)
    .map(([linkName, value]) => ({ linkName, value, older: byId.get(value.id) }))
    .sort((a, b) => compareText(a.linkName, b.linkName))
}

function goneOf(matches: readonly Match<unknown>[]): readonly string[] {
  return matches.filter(({ older }) => older === undefined).map(({ linkName }) => linkName)
}

function lostScopes({ linkName, value, older }: Match<Connection>): readonly string[] {
  const scopes = older === undefined ? [] : without(value.scopes, older.value.scopes)
  return scopes.length === 0 ? [] : [`${linkName} loses ${listed(scopes, mostScopes, ', ')}`]
}

function formerName({ linkName, older }: Match<unknown>): readonly string[] {
  if (older === undefined || older.linkName === linkName) return []
  return [`${linkName} to ${older.linkName}`]
}

function versionLines(versions: WayBack['between']): readonly string[] {
  const newestFirst = versions.toSorted((a, b) => b.version - a.version)
  const shown = newestFirst.slice(0, mostItems).map(({ version, by, at, note }) => {
    const said = note === null ? '' : inOneLine(note)
    const start = `- version ${version} by ${inOneLine(by)} on ${dayOf(inOneLine(at))}`
    return said === '' ? start : `${start}: ${said}`
  })
  const rest = versions.length - shown.length
  return rest === 0 ? shown : [...shown, `- and ${rest} before ${rest === 1 ? 'that' : 'those'}`]
}

function some(
  title: string,
  items: readonly string[],
  separator: string = ', '
): readonly string[] {
  return items.length === 0 ? [] : [`${title}: ${listed(items, mostItems, separator)}.`]
}

function listed(items: readonly string[], most: number, separator: string): string {
  const shown = items.slice(0, most).map(inOneLine).join(separator)
  const rest = items.length - most
  return rest > 0 ? `${shown} and ${rest} more` : shown
}

/** The day of a time in UTC; any other text as it is. */
function dayOf(time: string): string {
  return time.replace(/^(\d{4}-\d\d-\d\d)T\S+Z$/, '$1')
}
