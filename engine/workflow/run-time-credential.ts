import { isDeepStrictEqual } from 'node:util'
import type { Credential } from '../model/credential.ts'
import { type Diagnostic, Refusal } from '../model/diagnostic.ts'
import type { CredentialFile } from '../model/generated/types.ts'
import { compareText, without } from '../model/record.ts'
import type { Need, Target } from '../model/target.ts'
import {
  nearestRecord,
  type SlotRecord,
  servingRecord,
  visibleRecords
} from '../plan/used-record.ts'
import { adoptDeposit } from './adopt-deposit.ts'
import {
  authorizationExpired,
  authorizationRevoked,
  credentialNotHere,
  needsReauthorization,
  notAdopted,
  notAuthorized
} from './run-time-refusal.ts'
import type { RunTimeScene } from './run-time-scene.ts'

/** Finds users' credentials, which state does not know. */
export interface UserIndex {
  /** All that a user has for the target, in its slot. */
  readonly filesOf: (
    scene: RunTimeScene,
    target: Target,
    user: string
  ) => Promise<readonly CredentialFile[]>
}

/** Reads the vault's clear part, and again only when something in it changed. */
export function userIndex(): UserIndex {
  let last: { stamp: string; byUser: Promise<ReadonlyMap<string, readonly CredentialFile[]>> } = {
    stamp: '',
    byUser: Promise.resolve(new Map())
  }
  return {
    filesOf: async (scene, { need }, user) => {
      const stamp = scene.vaultStamp()
      if (stamp !== last.stamp) {
        const byUser = readUsers(scene)
        last = { stamp, byUser }
        byUser.catch(() => {
          if (last.byUser === byUser) last = { ...last, stamp: '' }
        })
      }
      const byUser = await last.byUser
      return (byUser.get(user) ?? []).filter(
        each => each.slot === need.slot && each.connection === need.connection
      )
    }
  }
}

async function readUsers({
  vault
}: RunTimeScene): Promise<ReadonlyMap<string, readonly CredentialFile[]>> {
  const { files } = await vault.list()
  const byUser = new Map<string, CredentialFile[]>()
  for (const file of files) {
    if (file.user === null) continue
    const own = byUser.get(file.user)
    if (own === undefined) byUser.set(file.user, [file])
    else own.push(file)
  }
  return byUser
}

/**
 * Opens the credential that serves. A deposit is adopted on the way, if it may be; otherwise the older one goes on that served
 * before it. Throws a Refusal if there is none.
 */
export async function openUsable(
  scene: RunTimeScene,
  users: UserIndex,
  target: Target,
  user: string | null
): Promise<Credential> {
  forgetRefused(scene)
  for (;;) {
    const { credential: id, slot } =
      user === null ? ofAdministrator(scene, target) : await ofUser(scene, users, target, user)
    const opened = await openOrAdopt(scene, id)
    if (opened === null) throw credentialNotHere(target, user)
    if (opened === 'refused') continue
    // What led here, state and the clear part of the vault, is written by more people than may make a record.
    if (opened.slot !== slot || opened.user !== user) {
      const { destinationChanged } = await import('../runtime/runtime-refusal.ts')
      throw destinationChanged(target, user, opened.slot === slot ? 'user' : 'slot')
    }
    return opened
  }
}

/** A credential's id, and the slot that it has to be of. */
type Found = Pick<SlotRecord, 'credential' | 'slot'>

/** Deposits that were refused do not count. */
function ofAdministrator(scene: RunTimeScene, target: Target): Found {
  const { need, environment } = target
  const { documents, refused } = scene
  const all = visibleRecords(documents, environment)
  const records = all.filter(each => !refused.deposits.has(each.credential))
  const remembered = documents[environment]?.serving[need.connection]
  const isWaiting = remembered !== undefined && refused.deposits.has(remembered)
  const before = isWaiting ? servedBefore(need, records) : remembered
  const serving = servingRecord(need, records, before)
  if (serving !== undefined) return serving
  const waiting = servingRecord(need, all, remembered)
  if (waiting !== undefined) {
    throw notAdopted(target, null, reasonsOf(scene, [waiting.credential]))
  }
  const former = nearestRecord(need, all, remembered)
  if (former === undefined) throw notAuthorized(target, null)
  switch (former.record.ended?.cause) {
    case 'REVOKED':
      throw authorizationRevoked(target)
    case 'EXPIRED':
      throw authorizationExpired(target, null)
    default:
      throw needsReauthorization(target, null)
  }
}

/** A deposit replaces nothing before it is adopted, not even one with fewer scopes. */
function servedBefore(need: Need, records: readonly SlotRecord[]): string | undefined {
  const same = records.filter(({ record }) => isDeepStrictEqual(record.basis, need.basis))
  return nearestRecord(need, same, undefined)?.credential
}

async function ofUser(
  scene: RunTimeScene,
  users: UserIndex,
  target: Target,
  user: string
): Promise<Found> {
  const { need } = target
  const files = await users.filesOf(scene, target, user)
  if (files.length === 0) throw notAuthorized(target, user)
  const fitting = files.filter(each => isDeepStrictEqual(each.facts.basis, need.basis))
  if (fitting.length === 0) throw needsReauthorization(target, user)
  const open = fitting.filter(each => !scene.refused.deposits.has(each.id))
  const lacks = ({ facts }: CredentialFile) => without(need.scopes, facts.asked).length
  const [best] = open.toSorted((a, b) => lacks(a) - lacks(b) || compareText(b.facts.at, a.facts.at))
  if (best !== undefined) return { credential: best.id, slot: need.slot }
  const ids = fitting.map(each => each.id)
  throw notAdopted(target, user, reasonsOf(scene, ids))
}

/** null if there is none with this id. */
async function openOrAdopt(
  scene: RunTimeScene,
  id: string
): Promise<Credential | 'refused' | null> {
  try {
    return await scene.vault.open(id)
  } catch (error) {
    const isDeposit =
      error instanceof Refusal && error.diagnostics.some(each => each.code === 'NOT_ADOPTED')
    if (!isDeposit) throw error
  }
  const adoption = await adoptDeposit(scene, id)
  // Gone: another reader was faster.
  if (adoption.kind !== 'refused') return scene.vault.open(id)
  scene.refused.deposits.set(id, adoption.problems)
  scene.refused.stamp = scene.vaultStamp()
  return 'refused'
}

/** What was refused is looked at again once the vault changed: another reader may have adopted it. */
function forgetRefused({ refused, vaultStamp }: RunTimeScene): void {
  if (refused.deposits.size === 0) return
  const stamp = vaultStamp()
  if (stamp === refused.stamp) return
  refused.deposits.clear()
  refused.stamp = stamp
}

function reasonsOf({ refused }: RunTimeScene, ids: readonly string[]): readonly Diagnostic[] {
  return ids.flatMap(id => refused.deposits.get(id) ?? [])
}
