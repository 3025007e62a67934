import { Refusal } from '../model/diagnostic.ts'
import { environmentsIn } from '../model/documents.ts'
import type { DoctorCheck } from '../model/generated/types.ts'
import { sortedUnique } from '../model/record.ts'
import type { Target } from '../model/target.ts'
import { fetchFor } from '../oauth/proxy.ts'
import { check, type Doctor } from './doctor-check.ts'
import { openState, poolsOf, resolverFor } from './open-workspace.ts'

const patienceMs = 10_000

/**
 * Whether the places answer at which tokens are asked for, or, where there are no tokens, the API: of every recorded connection. No
 * credential, path or parameter goes there, any answer will do, and no redirect is followed.
 */
export async function onlineChecks({
  around,
  workspace,
  actor
}: Doctor): Promise<readonly DoctorCheck[]> {
  if (workspace === null) return []
  const { settings, known } = workspace
  const { documents } = await openState(around, settings, actor ?? '').read()
  const resolver = resolverFor(known, poolsOf(documents))
  const origins = environmentsIn(documents).flatMap(environment =>
    Object.entries(documents[environment]?.connections ?? {}).flatMap(([linkName, connection]) => {
      try {
        return originOf(resolver.targetOf(linkName, connection, environment)) ?? []
      } catch (error) {
        // A connector that is not here is told by plan.
        if (error instanceof Refusal) return []
        throw error
      }
    })
  )
  const asked = sortedUnique(origins)
  if (asked.length === 0) {
    return [check('online', 'skipped', 'No recorded connection has a service to ask.')]
  }
  return Promise.all(asked.map(reach))
}

/** null where it is known only once somebody has authorized. */
function originOf({ way, api }: Target): string | null {
  const address = way.kind === 'oauth2' ? way.tokenUrl : api.baseUrl
  if (!URL.canParse(address) || /[{}]/.test(address)) return null
  const { origin } = new URL(address)
  return origin === 'null' ? null : origin
}

async function reach(origin: string): Promise<DoctorCheck> {
  try {
    const { fetch } = await fetchFor(origin)
    const { status, body } = await fetch(`${origin}/`, {
      method: 'HEAD',
      headers: { 'User-Agent': 'tieline' },
      redirect: 'manual',
      signal: AbortSignal.timeout(patienceMs)
    })
    await body?.cancel()
    // A proxy that lets nobody through answers in the name of the service.
    if (status === 407) return check('online', 'failed', `The proxy refuses the way to ${origin}.`)
    return check('online', 'ok', `${origin} answers.`)
  } catch (error) {
    if (error instanceof Refusal) {
      const [first] = error.diagnostics
      return check('online', 'failed', `${first?.summary ?? 'Refused'}.`, first?.detail ?? null)
    }
    return check('online', 'failed', `${origin} does not answer.`, whyNot(error))
  }
}

function whyNot(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  const code =
    cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  const isLate = error instanceof Error && error.name === 'TimeoutError'
  const what = isLate
    ? `It said nothing for ${patienceMs / 1000} seconds.`
    : /^[A-Z][A-Z0-9_]+$/.test(code)
      ? `The system says ${code}.`
      : 'The reason is unknown.'
  return `${what} Check the network, the proxy variables and the firewall. Authorizing and refreshing fail as long as this is so.`
}
