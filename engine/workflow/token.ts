import { type Diagnostic, warning } from '../model/diagnostic.ts'
import type { Environment } from '../model/generated/types.ts'
import { type CarryingRequest, sendCredential } from '../oauth/send-credential.ts'
import { knownActor } from './actor.ts'
import { requestAddress } from './request-address.ts'
import { openRunTime, type Working } from './run-time.ts'
import { noAccessToken, notInHeaders, proofNeeded } from './run-time-refusal.ts'
import type { Surroundings } from './surroundings.ts'

export interface TokenResult {
  /** null for a connection without OAuth2. */
  readonly accessToken: string | null
  /** What to add to a request; empty for a token that needs a proof for each. */
  readonly headers: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  /** RFC 3339; null where nobody knows. */
  readonly expiresAt: string | null
  readonly working: Working
  readonly diagnostics: readonly Diagnostic[]
}

/** A valid credential of a connection, renewed if it has run out. Throws a Refusal that says what to do. */
export async function tokenWorkflow(
  around: Surroundings,
  request: {
    readonly connection: string
    readonly environment: Environment
    readonly user: string | undefined
  }
): Promise<TokenResult> {
  const { environment, connection, user } = request
  const runTime = openRunTime(around, { environment, actor: await knownActor(around) })
  const working = await runTime.working({ connection, user })
  return { ...(await sentBy(working)), working, diagnostics: missingNow(working) }
}

/** Everything there is to send, for every request alike. */
export async function sentBy(
  working: Working
): Promise<Pick<TokenResult, 'accessToken' | 'headers' | 'query' | 'expiresAt'>> {
  const { target, credential } = working
  const { secret } = credential
  const isOAuth2 = secret.kind === 'oauth2'
  const sent = needsProof(working)
    ? { headers: {}, query: {} }
    : await sendCredential(target, credential, { method: 'GET', url: target.api.baseUrl })
  return {
    accessToken: isOAuth2 ? secret.accessToken : null,
    ...sent,
    expiresAt: isOAuth2 ? secret.expiresAt : null
  }
}

/** Throws a Refusal (NO_ACCESS_TOKEN) where there is none. */
export function accessTokenOf({ target, credential: { secret } }: Working): string {
  if (secret.kind !== 'oauth2') throw noAccessToken(target)
  return secret.accessToken
}

/**
 * The headers for a request; null for any. Throws a Refusal where that does not work (NOT_IN_HEADERS, PROOF_NEEDED), or where the
 * request would carry the credential elsewhere (REQUEST_ELSEWHERE).
 */
export async function credentialHeaders(
  working: Working,
  request: CarryingRequest | null
): Promise<Record<string, string>> {
  const { target, credential } = working
  if (request === null && needsProof(working)) throw proofNeeded(target)
  const { href } = requestAddress(target, credential.secret, request?.url ?? '')
  const wanted = { method: request?.method.toUpperCase() ?? 'GET', url: href }
  const sent = await sendCredential(target, credential, wanted)
  if (Object.keys(sent.query).length > 0) throw notInHeaders(target)
  return { ...sent.headers }
}

/** Whether each request needs a proof of its own (RFC 9449, section 7). */
export function needsProof({ credential: { secret } }: Working): boolean {
  return secret.kind === 'oauth2' && secret.dpopKey !== null
}

/** Run time goes on with an older consent until the wider one is there, and says what is missing. */
export function missingNow({ target, user, missing }: Working): readonly Diagnostic[] {
  if (missing.length === 0) return []
  const { linkName, environment } = target
  const whose = user === null ? '' : ` --user ${user}`
  return [
    warning(
      'SCOPES_MISSING_NOW',
      'Scopes are missing',
      `${linkName} runs without ${missing.join(', ')} until somebody authorizes it again:\n    tieline authorize ${linkName} -e ${environment}${whose}`
    )
  ]
}
