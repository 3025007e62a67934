import type { Credential } from '../model/credential.ts'
import { Refusal } from '../model/diagnostic.ts'
import type { Documents } from '../model/documents.ts'
import type { Target } from '../model/target.ts'
import type { AuthorizeScene } from './authorize-scene.ts'
import { formerTarget } from './former-target.ts'
import { openJournal } from './open-vault.ts'
import { whoWouldLose } from './shared-grant.ts'

/** What became of a grant at its service. */
export interface GrantEnd {
  readonly service: 'ended' | 'refused' | 'not-asked'
  /** What the person should know of the service's side, and can do there; null where it has ended. */
  readonly said: string | null
}

export type GrantEndPlan = GrantToEnd | GrantNotAsked

export interface GrantToEnd {
  readonly isAsked: true
  readonly target: Target
  readonly credential: Credential
}

export interface GrantNotAsked extends GrantEnd {
  readonly isAsked: false
  /** Whether telling the service could end another authorization that lives. */
  readonly harms: boolean
}

/**
 * Whether the service can and may be told that a grant is not wanted any more, found out before anything is ended. `sources` are the
 * documents of now, and then of before.
 */
export async function planGrantEnd(
  scene: AuthorizeScene,
  credential: Credential,
  sources: readonly [Documents, ...(readonly Documents[])],
  together: ReadonlySet<string>
): Promise<GrantEndPlan> {
  if (credential.dead?.cause === 'grant-gone') {
    return { isAsked: false, service: 'ended', said: null, harms: false }
  }
  const target = formerTarget(scene, credential, sources)
  if (target === null) {
    return notToBeAsked(
      'No environment has the connection any more as it was when this was authorized, so nothing says where its service is told.'
    )
  }
  const { service, way } = target
  if (way.kind !== 'oauth2') {
    return notToBeAsked(
      `What ${service} gave out ends there: change or remove it in the account settings.`
    )
  }
  if (way.revocation.ends === 'none' || way.revocation.url === undefined) {
    return notToBeAsked(
      `${service} has no way to be told. Remove the app in the account settings there if its access shall end.`
    )
  }
  const [documents] = sources
  const { ends } = way.revocation
  const harmed = await whoWouldLose({ ...scene, documents }, credential, ends, together)
  return harmed === null
    ? { isAsked: true, target, credential }
    : notToBeAsked(`${service} was not told, because ${harmed}.`, { harms: true })
}

export function notToBeAsked(said: string, { harms } = { harms: false }): GrantNotAsked {
  return { isAsked: false, ...notAsked(said), harms }
}

function notAsked(said: string): GrantEnd {
  return { service: 'not-asked', said }
}

/** Cut off before the service was asked, the next run says that a grant may be left. Gives what takes the note back. */
export async function noteGrant(
  { around, actor }: AuthorizeScene,
  { linkName, environment, service }: Target
): Promise<() => Promise<void>> {
  const journal = await openJournal(around)
  const at = around.clock.now().toISOString()
  return journal.begin({ linkName, environment, service, by: actor, at })
}

/** Tells the service. Whatever it answers is a value. */
export async function endAtService(
  { secrets, around }: AuthorizeScene,
  { target, credential }: GrantToEnd
): Promise<GrantEnd> {
  const [{ isOAuth2, resolveClient }, { revokeToken }, { ProviderFailure }] = await Promise.all([
    import('../oauth/resolve-client.ts'),
    import('../oauth/revoke-token.ts'),
    import('../oauth/provider-failure.ts')
  ])
  const { secret, clientId } = credential
  const { service } = target
  const left = `Remove the app in the account settings of ${service} if its access shall end there too.`
  if (secret.kind !== 'oauth2' || !isOAuth2(target)) return notAsked(left)
  try {
    const client = await resolveClient(target, secrets)
    if (client.id !== clientId) {
      return notAsked(
        `${service} was not told, because the OAuth2 client is another one than this was given to. ${left}`
      )
    }
    const revocation = await revokeToken(target, client, secret, around.clock)
    switch (revocation.outcome) {
      case 'revoked':
        return { service: 'ended', said: null }
      case 'not-offered':
        return notAsked(`${service} has no way to be told. ${left}`)
      case 'refused':
        return {
          service: 'refused',
          said: `${service} did not end it (${revocation.reason}). ${left}`
        }
    }
  } catch (error) {
    if (error instanceof ProviderFailure) {
      return { service: 'refused', said: `${service} did not end it (${error.message}). ${left}` }
    }
    if (!(error instanceof Refusal)) throw error
    const why = error.diagnostics.map(each => each.detail).join('\n')
    return notAsked(`${service} was not told, because it could not be asked. ${left}\n${why}`)
  }
}
