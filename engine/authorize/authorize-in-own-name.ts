import type { Refusal } from '../model/diagnostic.ts'
import type { Target } from '../model/target.ts'
import { ownTokens } from '../oauth/own-tokens.ts'
import { refusal } from '../oauth/provider-refusal.ts'
import { type OAuth2Target, resolveClient } from '../oauth/resolve-client.ts'
import { type Authorized, asRefusal, proven } from './authorized.ts'
import { cancelled } from './nobody-authorized.ts'
import { type OAuthOptions, oauth2Target } from './oauth-options.ts'

/** What the two grants without a person have in common. Throws a Refusal. */
export async function authorizeInOwnName(
  grant: 'client_credentials' | 'jwt_bearer',
  anyTarget: Target,
  { resolve, clock, signal, onGrantRequested }: OAuthOptions
): Promise<Authorized> {
  const target = oauth2Target(anyTarget)
  if (target.way.grant !== grant) throw new Error(`The grant is ${target.way.grant}`)
  if (target.need.level === 'logged-in-user') throw notForUsers(target)
  const client = await resolveClient(target, resolve)
  if (signal?.aborted === true) throw cancelled(target)
  return asRefusal(target, async () => {
    await onGrantRequested?.()
    const { secret, granted } = await ownTokens(target, client, { clock })
    return proven(target, { secret, granted, clientId: client.id })
  })
}

function notForUsers({ linkName, service, need }: OAuth2Target): Refusal {
  return refusal(
    'GRANT_NOT_FOR_USERS',
    'This way to authorize knows no users',
    `Connection "${linkName}" is authorized by each logged-in user, but the way "${need.basis.auth}" of ${service} acts in the app's ` +
      'own name: everybody would act with the same rights.\n\n' +
      `Set "level: administrator" in connections/${linkName}.yaml, or another "auth" that the connector offers:\n` +
      `    tieline connectors show ${need.basis.connector}`
  )
}
