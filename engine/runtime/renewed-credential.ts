import type { Credential } from '../model/credential.ts'
import { Refusal } from '../model/diagnostic.ts'
import { checkPinned } from './check-pinned.ts'
import { copiesOf, leadOf } from './copies.ts'
import { hasExpired } from './expiry.ts'
import { renewUnderLease } from './renew-under-lease.ts'
import { isRenewable } from './renewable.ts'
import {
  authorizationExpired,
  authorizationRevoked,
  needsReauthorization,
  renewalFailed,
  renewalTakesLong
} from './runtime-refusal.ts'
import { takeRescued } from './take-rescued.ts'
import { storedCredential } from './unsaved.ts'
import {
  dueOf,
  isRefused,
  type RuntimeVault,
  type ValidCredentialOptions,
  works
} from './valid-credential.ts'

/**
 * How long to wait for another process. Its request may take half a minute, a holder that hangs counts as gone after ten seconds,
 * and its successor may take another half.
 */
const longPatienceMs = 75_000

/** Nobody waits so long for a new token while the old one still works. */
const shortPatienceMs = 5000

/** One renewal at a time of each credential, whatever number of callers in this process wait for it. */
const underWay = new WeakMap<RuntimeVault, Map<string, Promise<Credential>>>()

/** The credential's next generation, from whoever gets it; see `validCredential`. */
export async function renewedCredential(options: ValidCredentialOptions): Promise<Credential> {
  const { vault, target, credential } = options
  const renewals = underWay.get(vault) ?? new Map<string, Promise<Credential>>()
  underWay.set(vault, renewals)
  const { id } = credential
  for (let running = renewals.get(id); running !== undefined; running = renewals.get(id)) {
    const renewed = await running
    checkPinned(renewed, target)
    // It began before the service refused what it came to: then another one is due.
    if (!isRefused(renewed, options)) return renewed
  }
  const own = renew(options).finally(() => renewals.delete(id))
  renewals.set(id, own)
  return own
}

async function renew(options: ValidCredentialOptions): Promise<Credential> {
  const first = await readStored(options)
  try {
    return await renewFrom(first, options)
  } catch (error) {
    if (isFinal(error) || !isStillGood(first, options)) throw error
    return first
  }
}

/** Nobody comes so far: each round, somebody else stores another generation or ends a lease. */
const rounds = 10

async function renewFrom(first: Credential, options: ValidCredentialOptions): Promise<Credential> {
  const { vault, leases, clock, target } = options
  const patience = isStillGood(first, options) ? shortPatienceMs : longPatienceMs
  const deadline = performance.now() + patience
  let current = first
  let isNewest = false
  let copies: readonly Credential[] = []
  for (let round = 1; round <= rounds; round++) {
    // What somebody got while we waited is good enough, however short its life.
    if (isUsable(current, options, first.generation)) return current
    copies = await copiesOf(current, vault, copies)
    const { id, generation } = leadOf(current, copies)
    const patienceMs = Math.max(0, deadline - performance.now())
    const claim = await leases.claim({ id, generation, patienceMs, clock, isNewest })
    if (claim.outcome === 'busy') throw renewalTakesLong(target)
    if (claim.outcome === 'cooling-down') {
      throw renewalFailed(target, current.user, claim.failure)
    }
    if (claim.outcome === 'held') {
      const renewed = await renewUnderLease({
        lease: claim.lease,
        before: current,
        copies,
        options
      })
      if (renewed !== null) return renewed
    }
    if (claim.outcome === 'rescued') {
      const rescued = await takeRescued({ sealed: claim.sealed, before: current, copies, options })
      if (rescued !== null) return rescued
    }
    const now = await readStored(options)
    const isSame = now.generation === current.generation
    isNewest = isSame && claim.outcome !== 'held'
    if (!isSame) copies = []
    current = now
  }
  throw renewalTakesLong(target)
}

/** Throws a Refusal if nobody but a person can help. */
function isUsable(
  credential: Credential,
  options: ValidCredentialOptions,
  before: number
): boolean {
  const { target } = options
  const { dead, user, generation, secret } = credential
  checkPinned(credential, target)
  if (dead !== null) throw needsReauthorization(target, user, dead)
  if (works(credential, options)) return true
  if (generation > before && !isRefused(credential, options)) return true
  const canHelp = dueOf(credential, options) === 'ask for its end' || isRenewable(secret, target)
  if (!canHelp) throw authorizationExpired(target, user)
  return false
}

/** As it is in the vault, or on its way there. */
async function readStored(options: ValidCredentialOptions): Promise<Credential> {
  const stored = await storedCredential(options)
  if (stored !== null) return stored
  throw authorizationRevoked(options.target, options.credential.user)
}

/** Whether its access token has not run out yet. */
function isStillGood(credential: Credential, options: ValidCredentialOptions): boolean {
  const { secret, dead } = credential
  const { way } = options.target
  if (dead !== null || isRefused(credential, options)) return false
  const usual = way.kind === 'oauth2' ? way.accessTokenLifetime : undefined
  return secret.kind === 'fields' || !hasExpired(secret, usual, options.clock.now())
}

/** Whether it says that the credential may not be used at all. */
function isFinal(error: unknown): boolean {
  return error instanceof Refusal && error.diagnostics.some(each => finalCodes.includes(each.code))
}

const finalCodes = ['DESTINATION_CHANGED', 'NEEDS_REAUTHORIZATION', 'AUTHORIZATION_REVOKED']
