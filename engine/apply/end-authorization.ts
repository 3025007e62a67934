import type { Slot } from '../model/generated/types.ts'
import type { Clock, StateStore, Vault } from '../model/ports.ts'

/**
 * Ends an authorization that nobody needs any more: the credential is dropped first, then the record says so. Done twice, it changes
 * nothing the second time.
 */
export async function endAuthorization(
  slot: Slot,
  credential: string,
  by: string,
  {
    state,
    vault,
    clock
  }: { readonly state: StateStore; readonly vault: Vault; readonly clock: Clock }
): Promise<void> {
  await vault.remove(credential)
  await state.withLock('revoke', async writer => {
    const before = (await writer.read())[slot]
    const record = before?.authorizations[credential]
    if (before === null || record === undefined || record.ended !== null) return
    const ended = { cause: 'REVOKED', by, at: clock.now().toISOString() } as const
    await writer.write({
      ...before,
      authorizations: { ...before.authorizations, [credential]: { ...record, ended } }
    })
  })
}
