import type { Slot } from '../model/generated/types.ts'
import type { Clock, StateStore, Vault } from '../model/ports.ts'

/**
 * Ends an authorization for good: the credential is dropped first, then the record says so. Done twice, it changes nothing the
 * second time. Nothing happens where somebody else holds the lock.
 */
export async function endAuthorization(
  slot: Slot,
  credential: string,
  by: string,
  {
    state,
    vault,
    clock
  }: {
    readonly state: StateStore
    readonly vault: Pick<Vault, 'remove'>
    readonly clock: Clock
  }
): Promise<void> {
  await state.withLock('revoke', async writer => {
    const before = (await writer.read())[slot]
    await vault.remove(credential)
    const record = before?.authorizations[credential]
    if (before == null || record === undefined) return
    // What lost scopes has lived on until now.
    if (record.ended !== null && record.ended.cause !== 'SCOPES_LOST') return
    const ended = { cause: 'REVOKED', by, at: clock.now().toISOString() } as const
    await writer.write({
      ...before,
      authorizations: { ...before.authorizations, [credential]: { ...record, ended } }
    })
  })
}
