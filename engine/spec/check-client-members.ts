import type { Diagnostic } from '../model/diagnostic.ts'
import type { ClientSpec, WorkspaceSpec } from '../model/generated/types.ts'
import type { Located } from '../model/specs.ts'
import { specWarning, topOf } from './spec-summaries.ts'

/** What a client's installation needs is authorized by its own admins. Alone, a person also acts for a client without members. */
export function checkClientMembers(
  { linkName, spec: { members = {} }, file }: Located<ClientSpec>,
  workspace: WorkspaceSpec | undefined
): readonly Diagnostic[] {
  const all = Object.values(members)
  const isAlone = workspace?.members === undefined && all.length === 0
  if (isAlone || all.some(each => each.role === 'admin')) return []
  const detail = `${linkName} has no member with the role admin, so nobody can authorize for everyone there. Add one:\n    members: { it@example.com: { role: admin, key: age1... } }`
  return [specWarning('CLIENT_WITHOUT_ADMIN', detail, topOf(file))]
}
