import type { Credential, OAuth2Secret } from '../model/credential.ts'
import { isOAuth2, resolveClient } from '../oauth/resolve-client.ts'
import { askForEnd } from './ask-for-end.ts'
import { askForToken } from './ask-for-token.ts'
import { bury } from './bury.ts'
import { refreshTokenOf } from './copies.ts'
import { keepRenewed } from './keep-renewed.ts'
import { hasMovedOn, nextOf, type Renewal } from './renewal.ts'
import { destinationChanged } from './runtime-refusal.ts'
import { dueOf } from './valid-credential.ts'

/** null: somebody else wrote a newer generation, which is to be read. Ends the lease however it ends itself. */
export async function renewUnderLease(renewal: Renewal): Promise<Credential | null> {
  try {
    return await renew(renewal)
  } catch (error) {
    await renewal.lease.release()
    throw error
  }
}

async function renew(renewal: Renewal): Promise<Credential | null> {
  const { lease, before, options } = renewal
  const { target } = options
  const { secret } = before
  if (secret.kind !== 'oauth2' || !isOAuth2(target)) throw new Error('Only OAuth2 is renewed')
  if (await hasMovedOn(renewal)) {
    await lease.done()
    return null
  }
  const known = await secretOfCopy(renewal)
  if (known !== null) return keepRenewed(nextOf(before, known), renewal)
  // Two may have used the refresh token, and neither was heard of again: a third time could only do harm.
  if (lease.interrupted >= 2 && secret.refreshToken !== null) {
    return bury('interrupted-refresh', renewal)
  }
  const client = await resolveClient(target, options.resolve)
  if (client.id !== before.clientId) throw destinationChanged(target, before.user, 'OAuth2 client')
  if (dueOf(before, options) === 'ask for its end') {
    const told = await askForEnd(renewal, secret, target, client)
    if (told !== 'over') return told
  }
  return askForToken(renewal, secret, target, client)
}

/** What a copy has got without us: the one who renewed it ended before that could be passed on. */
async function secretOfCopy({ copies, options }: Renewal): Promise<OAuth2Secret | null> {
  for (const copy of copies) {
    const now = await options.vault.open(copy.id).catch(() => null)
    const isRenewed =
      now !== null &&
      now.dead === null &&
      now.generation > copy.generation &&
      refreshTokenOf(now) !== refreshTokenOf(copy)
    if (isRenewed && now.secret.kind === 'oauth2') return now.secret
  }
  return null
}
