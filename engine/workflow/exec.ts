import type { Diagnostic } from '../model/diagnostic.ts'
import { problem, Refusal } from '../model/diagnostic.ts'
import type { Environment } from '../model/generated/types.ts'
import { knownActor } from './actor.ts'
import { baseAddress } from './request-address.ts'
import { openRunTime, type Working } from './run-time.ts'
import type { Surroundings } from './surroundings.ts'
import { missingNow, needsProof, sentBy } from './token.ts'

export interface ExecResult {
  /** All variables of the child. */
  readonly variables: Readonly<Record<string, string>>
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * The variables of a program that may use connections: our own without TIELINE_IDENTITY, and for each connection, with its link name
 * in capitals,
 * - `TIELINE_<NAME>_TOKEN`: the access token, with OAuth2;
 * - `TIELINE_<NAME>_HEADER`: the header line to add to a request, where the credential travels in one (several: a line each);
 * - `TIELINE_<NAME>_QUERY`: what to add to the query, percent-encoded, where it travels there;
 * - `TIELINE_<NAME>_BASE_URL`: where the API is, without a slash at its end;
 * - `TIELINE_<NAME>_EXPIRES_AT`: when it ends (RFC 3339), where that is known.
 *
 * Throws a Refusal that tells of every connection that cannot be used.
 */
export async function execWorkflow(
  around: Surroundings,
  request: {
    readonly connections: readonly string[]
    readonly environment: Environment
    readonly user: string | undefined
  }
): Promise<ExecResult> {
  const { environment, connections, user } = request
  const runTime = openRunTime(around, { environment, actor: await knownActor(around) })
  const results = await Promise.allSettled(
    connections.map(connection => runTime.working({ connection, user }))
  )
  const failed = results.flatMap(each => (each.status === 'rejected' ? [each.reason] : []))
  const broken = failed.find(each => !(each instanceof Refusal))
  if (broken !== undefined) throw broken
  const problems = failed.flatMap((each: Refusal) => each.diagnostics)
  const all = results.flatMap(each => (each.status === 'fulfilled' ? [each.value] : []))
  const bound = all.filter(needsProof).map(each => proofNeeded(each))
  if (problems.length + bound.length > 0) throw new Refusal(...problems, ...bound)
  const { TIELINE_IDENTITY: _, ...own } = around.variables
  const added = await Promise.all(all.map(variablesOf))
  return {
    variables: Object.assign({}, withoutUnset(own), ...added),
    diagnostics: all.flatMap(missingNow)
  }
}

async function variablesOf(working: Working): Promise<Readonly<Record<string, string>>> {
  const { target, credential } = working
  const { accessToken, headers, query, expiresAt } = await sentBy(working)
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const start = `TIELINE_${target.linkName.toUpperCase()}`
  return withoutUnset({
    [`${start}_TOKEN`]: accessToken ?? undefined,
    [`${start}_HEADER`]: lines.length === 0 ? undefined : lines.join('\n'),
    [`${start}_QUERY`]: new URLSearchParams(query).toString() || undefined,
    [`${start}_BASE_URL`]: baseAddress(target, credential.secret),
    [`${start}_EXPIRES_AT`]: expiresAt ?? undefined
  })
}

function withoutUnset(
  variables: Readonly<Record<string, string | undefined>>
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]]
    )
  )
}

function proofNeeded({ target: { linkName, environment } }: Working): Diagnostic {
  return problem(
    'PROOF_NEEDED',
    'Each request needs a proof of its own',
    `The access token of ${linkName} is bound to a key that stays in the vault (DPoP), so no other program can use it. Let tieline make the requests:\n    tieline request ${linkName} -e ${environment} PATH`
  )
}
