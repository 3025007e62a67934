import type { Authorized } from '../authorize/authorized.ts'
import type { OAuthOptions } from '../authorize/oauth-options.ts'
import { problem, Refusal } from '../model/diagnostic.ts'
import { meant } from '../model/did-you-mean.ts'
import type { Fields } from '../model/generated/types.ts'
import type { SecretResolver } from '../model/ports.ts'
import type { Target } from '../model/target.ts'
import type { AuthorizeRequest, AuthorizeScene, Conversation } from './authorize-scene.ts'

interface ConverseSteps {
  readonly onGrantRequested: () => Promise<void>
  /** Stores what was authorized. Part of the conversation, because a browser is told how that ended. */
  readonly onAuthorized: (authorized: Authorized) => Promise<void>
}

/** Speaks with the person, and has what they authorized stored. */
export async function converse(
  scene: AuthorizeScene,
  target: Target,
  request: Pick<AuthorizeRequest, 'method' | 'from' | 'signal'>,
  conversation: Conversation,
  { onGrantRequested, onAuthorized }: ConverseSteps
): Promise<Authorized> {
  const options = {
    resolve: scene.secrets,
    clock: scene.around.clock,
    onGrantRequested,
    signal: request.signal
  }
  if (target.way.kind === 'oauth2') refuseFrom(target, request.from)
  if (target.way.kind === 'oauth2' && request.method === 'browser') {
    const { authorizeBrowser } = await import('../authorize/authorize-browser.ts')
    return authorizeBrowser(target, {
      ...options,
      onAuthorized,
      onAddress: shown => conversation.showAddress({ target, ...shown })
    })
  }
  const authorized = await withoutBrowser(scene, target, request, conversation, options)
  await onAuthorized(authorized)
  return authorized
}

async function withoutBrowser(
  { secrets }: AuthorizeScene,
  target: Target,
  { from }: Pick<AuthorizeRequest, 'from'>,
  conversation: Conversation,
  options: OAuthOptions
): Promise<Authorized> {
  if (target.way.kind !== 'oauth2') {
    const { authorizeFields } = await import('../authorize/authorize-fields.ts')
    const values = await fieldValues(secrets, target, target.way.fields, from, conversation)
    return authorizeFields(target, values)
  }
  const { authorizePaste } = await import('../authorize/authorize-paste.ts')
  return authorizePaste(target, {
    ...options,
    onAddress: shown => conversation.showAddress({ target, ...shown, start: null }),
    readLine: conversation.readRedirect
  })
}

function refuseFrom({ service }: Target, from: AuthorizeRequest['from']): void {
  if (Object.keys(from).length === 0) return
  throw new Refusal(
    problem(
      'FROM_NOT_ALLOWED',
      '--from is for fields',
      `${service} is authorized with OAuth2 here, which has no fields to enter. Leave --from out.`
    )
  )
}

async function fieldValues(
  secrets: SecretResolver,
  target: Target,
  fields: Fields,
  from: Readonly<Record<string, string>>,
  conversation: Conversation
): Promise<Readonly<Record<string, string>>> {
  const unknown = Object.keys(from).filter(name => !Object.hasOwn(fields, name))
  if (unknown.length > 0) {
    throw new Refusal(
      ...unknown.map(name =>
        problem(
          'FIELD_UNKNOWN',
          'No such field',
          `${target.service} has no field "${name}".${meant(name, Object.keys(fields))} It has ${Object.keys(fields).join(', ')}.`
        )
      )
    )
  }
  const given = await Promise.all(
    Object.entries(from).map(async ([name, reference]) => [name, await secrets(reference)] as const)
  )
  const open = Object.entries(fields).filter(([name]) => !Object.hasOwn(from, name))
  const asked =
    open.length === 0 ? {} : await conversation.askFields(target, Object.fromEntries(open))
  return { ...Object.fromEntries(given), ...asked }
}
