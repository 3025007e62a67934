import { type Diagnostic, problem } from '../model/diagnostic.ts'
import type { Target } from '../model/target.ts'

/** How a person may authorize with OAuth2. */
export type Method = 'browser' | 'paste' | 'device'

/** The way that is taken: one file of this stage each. */
export type TakenWay = Method | 'client-credentials' | 'jwt-bearer' | 'fields'

/** Where the command runs. */
export interface Place {
  /** Whether a browser could open here. */
  readonly hasDisplay: boolean
  /** Whether the person sits at another machine, as over SSH. */
  readonly isRemote: boolean
}

/**
 * Says how a target is authorized: as asked, else in a browser, and by pasting where no browser here could bring the answer back.
 * Never by device code unless asked, because whoever sends a person such a code gets the tokens (RFC 8628, section 5.4), or where
 * the service knows nothing else. A Diagnostic if what was asked does not fit.
 */
export function chooseMethod(
  target: Target,
  asked: Method | undefined,
  { hasDisplay, isRemote }: Place
): TakenWay | Diagnostic {
  const fitting = methodsOf(target)
  if (asked !== undefined) return fitting.includes(asked) ? asked : notOffered(target, fitting)
  const [only, ...more] = fitting
  if (more.length === 0) return only ?? wayWithoutPerson(target)
  return hasDisplay && !isRemote ? 'browser' : 'paste'
}

/** The methods that a person may choose from; none where there is nothing to choose. */
function methodsOf({ way }: Target): readonly Method[] {
  if (way.kind !== 'oauth2') return []
  switch (way.grant) {
    case 'authorization_code': {
      // What is told at the redirect address, nobody would hear.
      const isHeard = Object.values(way.learns ?? {}).some(
        each => each.in === 'callback' && each.default === undefined
      )
      return way.deviceUrl === undefined || isHeard
        ? ['browser', 'paste']
        : ['browser', 'paste', 'device']
    }
    case 'device_code':
      return ['device']
    default:
      return []
  }
}

function wayWithoutPerson({ way }: Target): TakenWay {
  if (way.kind !== 'oauth2') return 'fields'
  return way.grant === 'jwt_bearer' ? 'jwt-bearer' : 'client-credentials'
}

function notOffered(target: Target, fitting: readonly Method[]): Diagnostic {
  const { linkName, environment, service } = target
  const command = `    tieline authorize ${linkName} -e ${environment}`
  const detail =
    fitting.length === 0
      ? `${service} is authorized ${words(target)}, which has no methods to choose from. Leave --method out:\n${command}`
      : `Connection "${linkName}" can be authorized at ${service} with: ${fitting.join(', ')}. Take one of them:\n` +
        fitting.map(method => `${command} --method ${method}`).join('\n')
  return problem('METHOD_NOT_OFFERED', 'The connector does not offer this method', detail)
}

function words({ way }: Target): string {
  if (way.kind !== 'oauth2') return way.kind === 'basic' ? 'with user name and password' : 'by key'
  return way.grant === 'jwt_bearer' ? 'with a signed assertion' : "in the app's own name"
}
