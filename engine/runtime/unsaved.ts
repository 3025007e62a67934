import type { Credential } from '../model/credential.ts'
import type { RefreshLease } from '../model/ports.ts'
import { passOn, refreshTokenOf } from './copies.ts'
import { revokeUnstored } from './revoke-unstored.ts'
import type { RuntimeVault, ValidCredentialOptions } from './valid-credential.ts'

/** A credential that the vault could not store, after the service had given it. */
export interface Unsaved {
  readonly next: Credential
  readonly copies: readonly Credential[]
  /** null: it was left sealed already. */
  readonly lease: RefreshLease | null
  readonly options: ValidCredentialOptions
}

interface Waiting extends Unsaved {
  /** When to try next, by the time since this process started (ms). */
  nextTry: number
  delay: number
}

const firstDelayMs = 1000
const longestDelayMs = 60_000

const waiting = new WeakMap<RuntimeVault, Map<string, Waiting>>()

/**
 * Keeps a credential in this process, for its callers, and goes on trying to store it for as long as the process lives. Where
 * something would be lost with the process, a sealed text is left for the next claim of any process.
 */
export async function keepUnsaved(unsaved: Unsaved): Promise<void> {
  const { next, lease, options } = unsaved
  const kept = waiting.get(options.vault) ?? new Map<string, Waiting>()
  waiting.set(options.vault, kept)
  const entry = { ...unsaved, delay: firstDelayMs, nextTry: performance.now() + firstDelayMs }
  kept.set(next.id, entry)
  tryLater(entry)
  if (lease === null) return
  if (refreshTokenOf(next) === null) return lease.release()
  // If not even that can be written, the lease stays: nobody else may use the token that the service has replaced.
  await options.vault
    .seal(next)
    .then(lease.rescue)
    .catch(() => {})
}

/** The newest generation: in the vault, or still on its way there. null if it was ended. */
export async function storedCredential(
  options: Pick<ValidCredentialOptions, 'vault' | 'credential'>
): Promise<Credential | null> {
  const { vault, credential } = options
  const entry = waiting.get(vault)?.get(credential.id)
  if (entry !== undefined && performance.now() >= entry.nextTry) await tryAgain(entry)
  const left = waiting.get(vault)?.get(credential.id)
  if (left === undefined) return vault.open(credential.id)
  const stored = await vault.open(credential.id).catch(() => left.next)
  return stored !== null && stored.generation < left.next.generation ? left.next : stored
}

function tryLater(entry: Waiting): void {
  setTimeout(() => {
    const isWaiting = waiting.get(entry.options.vault)?.get(entry.next.id) === entry
    if (isWaiting) tryAgain(entry).then(isOver => isOver || tryLater(entry))
  }, entry.delay).unref()
}

/** Whether nothing is left to do. Never throws. */
async function tryAgain(entry: Waiting): Promise<boolean> {
  const { next, copies, lease, options } = entry
  entry.delay = Math.min(entry.delay * 2, longestDelayMs)
  entry.nextTry = performance.now() + entry.delay
  const outcome = await options.vault.replace(next).catch(() => null)
  if (outcome === null) return false
  waiting.get(options.vault)?.delete(next.id)
  if (outcome === 'stored') await passOn(next, copies, options.vault).catch(() => {})
  if (outcome === 'ended') await revokeUnstored(next, options)
  await lease?.done()
  return true
}
