import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TakenNames } from '../bundle/copy-names.ts'
import type { Documents } from '../model/documents.ts'
import type { State } from '../model/generated/types.ts'
import type { Specs } from '../model/specs.ts'
import type { Resolved } from '../resolve/resolve-specs.ts'

/**
 * Every link name and display name that means something in a workspace: in its specs, in what they would be recorded as, in any
 * record, also of what is gone, and as names of files that are no specs.
 */
export function takenNames(
  root: string,
  specs: Specs,
  resolved: Resolved,
  documents: Documents
): { readonly connections: TakenNames; readonly components: TakenNames } {
  const records = Object.values(documents).filter((each): each is State => each != null)
  const taken = (kind: 'connections' | 'components'): TakenNames => ({
    linkNames: new Set([
      ...specs[kind].flatMap(({ linkName, spec }) => [linkName, spec.previously ?? linkName]),
      ...stemsIn(join(root, kind)),
      ...records.flatMap(each => [...Object.keys(each[kind]), ...Object.keys(each.retired[kind])])
    ]),
    names: new Set([
      ...Object.values(resolved.definitions[kind]).map(each => each.name),
      ...records.flatMap(each => Object.values(each[kind]).map(entry => entry.name)),
      ...(kind === 'connections' ? records.flatMap(each => Object.values(each.given)) : [])
    ])
  })
  return { connections: taken('connections'), components: taken('components') }
}

/** Names of files without their endings, as file systems that know no letter case would find them. */
function stemsIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).map(name => (name.split('.')[0] ?? '').toLowerCase())
  } catch {
    return []
  }
}
