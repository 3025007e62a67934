import type { Credential } from '../model/credential.ts'
import { type Diagnostic, problem, Refusal, warning } from '../model/diagnostic.ts'
import type { OwnEnvironment } from '../model/generated/types.ts'
import { without } from '../model/record.ts'
import type { Target } from '../model/target.ts'
import { nearestRecord, servingRecord, visibleRecords } from '../plan/used-record.ts'
import { actorOf } from './actor.ts'
import { type AuthorizeScene, targetIn } from './authorize-scene.ts'
import { checkCommitment, openVault } from './open-vault.ts'
import { openState, openWorkspace, poolsOf, resolverFor, soundDocuments } from './open-workspace.ts'
import { referenceResolver } from './resolve-references.ts'
import type { Surroundings } from './surroundings.ts'

export interface TokenResult {
  /** null for a connection without OAuth2. */
  readonly accessToken: string | null
  /** What to add to a request. */
  readonly headers: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  /** RFC 3339; null where nobody knows. */
  readonly expiresAt: string | null
  readonly diagnostics: readonly Diagnostic[]
}

/** A valid credential of a connection, refreshed if it has run out. Throws a Refusal that says what to do. */
export async function tokenWorkflow(
  around: Surroundings,
  request: {
    readonly connection: string
    readonly environment: OwnEnvironment
    readonly user: string | undefined
  }
): Promise<TokenResult> {
  const workspace = await openWorkspace(around)
  const state = openState(around, workspace.settings, '')
  const documents = await soundDocuments(state)
  const resolver = resolverFor(workspace.known, poolsOf(documents))
  const vault = await openVault(around, workspace.settings)
  const scene = { around, documents, resolver, vault }
  const target = targetIn(scene, request.connection, request.environment)
  const isOwn = target.need.level === 'logged-in-user'
  const user = isOwn ? (request.user ?? (await actorOf(around))) : null
  const found =
    user === null
      ? administratorCredential(scene, target)
      : await userCredential(scene, target, user)
  await checkCommitment(vault, documents, found.slot, 'read')
  const stored = await vault.open(found.credential)
  if (stored === null) throw notHere(target)
  const { validCredential } = await import('../runtime/valid-credential.ts')
  const credential = await validCredential({
    credential: stored,
    target,
    resolve: referenceResolver(around),
    clock: around.clock,
    vault
  })
  const { sendCredential } = await import('../oauth/send-credential.ts')
  const { secret } = credential
  return {
    accessToken: secret.kind === 'oauth2' ? secret.accessToken : null,
    ...sendCredential(target, secret),
    expiresAt: secret.kind === 'oauth2' ? secret.expiresAt : null,
    diagnostics: missingScopes(target, credential)
  }
}

type TokenScene = Pick<AuthorizeScene, 'around' | 'documents' | 'resolver' | 'vault'>

function administratorCredential({ documents }: TokenScene, target: Target) {
  const { need, environment } = target
  const records = visibleRecords(documents, environment)
  const remembered = documents[environment]?.serving[need.connection]
  const serving = servingRecord(need, records, remembered)
  if (serving !== undefined) return serving
  const former = nearestRecord(need, records, remembered)
  if (former === undefined) throw notAuthorized(target, null)
  if (former.record.ended?.cause === 'REVOKED') throw revoked(target)
  throw needsReauthorization(target)
}

async function userCredential({ vault }: TokenScene, target: Target, user: string) {
  const { files } = await vault.list()
  const own = files.find(
    each =>
      each.user === user &&
      each.slot === target.need.slot &&
      each.connection === target.need.connection
  )
  if (own === undefined) throw notAuthorized(target, user)
  return { slot: own.slot, credential: own.id }
}

/** Run time goes on with an older consent until the wider one is there, and says what is missing. */
function missingScopes(target: Target, { record }: Credential): readonly Diagnostic[] {
  const missing = without(target.need.scopes, record.granted)
  if (missing.length === 0) return []
  return [
    warning(
      'SCOPES_MISSING_NOW',
      'Scopes are missing',
      `${target.linkName} runs without ${missing.join(', ')} until somebody authorizes it again:\n    ${commandFor(target)}`
    )
  ]
}

function commandFor({ linkName, environment }: Target): string {
  return `tieline authorize ${linkName} -e ${environment}`
}

function notAuthorized(target: Target, user: string | null): Refusal {
  const who = user === null ? 'Nobody has' : `${user} has not`
  return new Refusal(
    problem(
      'NOT_AUTHORIZED',
      'Connection is not authorized',
      `${who} authorized ${target.linkName} in ${target.environment} yet:\n    ${commandFor(target)}`
    )
  )
}

function needsReauthorization(target: Target): Refusal {
  return new Refusal(
    problem(
      'NEEDS_REAUTHORIZATION',
      'The connection must be authorized again',
      `What was authorized for ${target.linkName} does not fit what ${target.environment} has recorded now. Nothing was sent. See why, and authorize again:\n    tieline plan -e ${target.environment}\n    ${commandFor(target)}`
    )
  )
}

function revoked(target: Target): Refusal {
  return new Refusal(
    problem(
      'AUTHORIZATION_REVOKED',
      'The authorization was revoked',
      `The authorization of ${target.linkName} in ${target.environment} was ended. To give a new one:\n    ${commandFor(target)}`
    )
  )
}

function notHere(target: Target): Refusal {
  return new Refusal(
    problem(
      'CREDENTIAL_NOT_HERE',
      'The credential is not in this vault',
      `State knows an authorization of ${target.linkName}, but this vault does not hold its credential: it was made on another machine. Use that vault, or authorize here:\n    ${commandFor(target)}`
    )
  )
}
