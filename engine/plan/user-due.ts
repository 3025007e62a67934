import { isDeepStrictEqual } from 'node:util'
import { neighboursOf, visibleSlots } from '../model/documents.ts'
import type {
  Connection,
  DueAuthorization,
  EntryId,
  Level,
  LinkName,
  Reason,
  Slot,
  UserCount,
  Who
} from '../model/generated/types.ts'
import { sortedUnique, without } from '../model/record.ts'
import { rolesFor, whoMayAuthorize } from '../model/roles.ts'
import type { Need } from '../model/target.ts'
import { dueReasons } from './due-reasons.ts'
import type { DueRequest } from './plan-due.ts'

/** People who gave the same authorization, and where it holds. */
interface Users extends UserCount {
  readonly slot: Slot
}

/** Whether what these people authorized does for a need. */
export function covers({ basis, asked }: UserCount, need: Need): boolean {
  return isDeepStrictEqual(basis, need.basis) && without(need.scopes, asked).length === 0
}

/**
 * Users authorize for themselves, at first use: said where the connection is added, where its new definition needs another
 * consent and nobody was counted yet, and whenever people who authorized it lack what it needs.
 */
export function userDue(
  request: DueRequest,
  linkName: LinkName,
  connection: Connection,
  before: Connection | undefined
): readonly DueAuthorization[] {
  const { environment, needOf, changing } = request
  const need = needOf(connection, environment)
  const former = before === undefined ? undefined : needOf(before, environment)
  const recorded = recordedUsers(request, need, former)
  const lacking = recorded.filter(each => each.slot !== need.slot || !covers(each, need))
  const entry = {
    connection: linkName,
    id: need.connection,
    level: need.level,
    slot: need.slot,
    credential: null,
    who: whoOf(request, whoMayAuthorize(need.level, environment))
  }
  if (lacking.length > 0) {
    return [
      {
        ...entry,
        action: 'reauthorize',
        reasons: reasonsOf(lacking, need, former?.level ?? need.level),
        addedScopes: sortedUnique(lacking.flatMap(({ asked }) => without(need.scopes, asked))),
        removedScopes: sortedUnique(lacking.flatMap(({ asked }) => without(asked, need.scopes))),
        users: countOf(lacking)
      }
    ]
  }
  if (!changing.has(connection.id)) return []
  if (former === undefined) {
    const reasons = [{ code: 'NEVER_AUTHORIZED' } as const]
    const scopes = { addedScopes: need.scopes, removedScopes: [] }
    return [{ ...entry, action: 'authorize', reasons, ...scopes, users: null }]
  }
  const reasons = dueReasons({ ...former, asked: former.scopes, ended: null }, need)
  if (reasons.length === 0 || recorded.length > 0) return []
  return [
    {
      ...entry,
      action: 'reauthorize',
      reasons,
      addedScopes: without(need.scopes, former.scopes),
      removedScopes: without(former.scopes, need.scopes),
      users: null
    }
  ]
}

/** Where nobody is a member there are no roles; users authorize for themselves all the same. */
export function whoOf(
  { hasMembers }: Pick<DueRequest, 'hasMembers'>,
  who: readonly Who[]
): readonly Who[] {
  return hasMembers ? who : who.filter(each => each === 'each-user')
}

/** Those of the connection's slot and, where the slot changes now, those of the one before. */
function recordedUsers(
  { documents }: DueRequest,
  need: Need,
  former: Need | undefined
): readonly Users[] {
  const isUsers = former?.level === 'logged-in-user'
  const slots = isUsers ? [need.slot, former.slot] : [need.slot]
  return [...new Set(slots)].flatMap(slot =>
    (documents[slot]?.users[need.connection] ?? []).map(each => ({ ...each, slot }))
  )
}

function countOf(users: readonly UserCount[]): number {
  return users.reduce((sum, { count }) => sum + count, 0)
}

/** The reasons of all of them, each once; scopes that are new to some are told together. */
function reasonsOf(lacking: readonly Users[], need: Need, level: Level): readonly Reason[] {
  const all = lacking.flatMap(({ slot, basis, asked }) =>
    dueReasons({ slot, level, basis, asked, ended: null }, need)
  )
  const scopes = sortedUnique(all.flatMap(each => ('scopes' in each ? each.scopes : [])))
  const others = all
    .filter(each => !('scopes' in each))
    .filter((each, at, list) => list.findIndex(other => isDeepStrictEqual(other, each)) === at)
  return scopes.length === 0 ? others : [...others, { code: 'SCOPES_ADDED', scopes }]
}

/** What users authorized and nothing uses any more, once the environment has the definitions `after`. */
export function userRevocations(
  request: DueRequest,
  names: ReadonlyMap<string, LinkName>
): readonly DueAuthorization[] {
  const { environment, documents } = request
  return visibleSlots(environment).flatMap(slot =>
    Object.entries(documents[slot]?.users ?? {}).flatMap(([id, recorded]): DueAuthorization[] => {
      const gone = recorded.filter(each => !isUsed(request, id, slot, each))
      if (gone.length === 0) return []
      return [
        {
          connection: names.get(id) ?? id.replace(/\.\d+$/, ''),
          id,
          level: 'logged-in-user',
          slot,
          action: 'revoke',
          credential: null,
          reasons: [{ code: 'NOT_NEEDED' }],
          addedScopes: [],
          removedScopes: sortedUnique(gone.flatMap(({ asked }) => asked)),
          // Nobody is asked: it ends when the plan is applied.
          who: whoOf(request, rolesFor({ kind: 'apply', environment })),
          users: countOf(gone)
        }
      ]
    })
  )
}

/**
 * Whether an environment still wants what users authorized with this basis. Whoever was asked for too few scopes is served all the
 * same, until they consent to more.
 */
export function isUsed(
  request: Pick<DueRequest, 'environment' | 'documents' | 'after' | 'needOf'>,
  id: EntryId,
  slot: Slot,
  { basis }: Pick<UserCount, 'basis'>
): boolean {
  return neighboursOf(request.environment).some(environment => {
    const isHere = environment === request.environment
    const definitions = isHere ? request.after : request.documents[environment]
    const connection = Object.values(definitions?.connections ?? {}).find(each => each.id === id)
    if (connection?.level !== 'logged-in-user') return false
    const need = request.needOf(connection, environment)
    return need.slot === slot && isDeepStrictEqual(need.basis, basis)
  })
}
