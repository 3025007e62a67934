import type { ShownCode } from '../authorize/authorize-device.ts'
import type { Authorized } from '../authorize/authorized.ts'
import type { TakenWay } from '../authorize/choose-method.ts'
import type { RedirectOptions } from '../authorize/oauth-options.ts'
import { problem, Refusal } from '../model/diagnostic.ts'
import { meant } from '../model/did-you-mean.ts'
import type { Target } from '../model/target.ts'
import type { AuthorizeRequest, AuthorizeScene, Conversation } from './authorize-scene.ts'
import { readGiven } from './resolve-references.ts'

interface ConverseSteps {
  readonly onGrantRequested: () => Promise<void>
  /** Stores what was authorized. Part of the conversation, because a browser is told how that ended. */
  readonly onAuthorized: (authorized: Authorized) => Promise<void>
}

/** Speaks with the person, and has what they authorized stored. */
export async function converse(
  scene: AuthorizeScene,
  target: Target,
  request: Omit<AuthorizeRequest, 'connection' | 'environments'>,
  conversation: Conversation,
  { onGrantRequested, onAuthorized }: ConverseSteps
): Promise<Authorized> {
  const { port, signal } = request
  const options = {
    resolve: scene.secrets,
    clock: scene.around.clock,
    onGrantRequested,
    signal,
    port
  }
  const { chooseMethod } = await import('../authorize/choose-method.ts')
  const chosen = chooseMethod(target, request.method, request.place)
  if (typeof chosen === 'object') throw new Refusal(chosen)
  if (chosen !== 'fields') refuseFrom(target, request.from)
  if (chosen === 'browser') {
    const { authorizeBrowser } = await import('../authorize/authorize-browser.ts')
    return authorizeBrowser(target, {
      ...options,
      onAuthorized,
      onAddress: shown => conversation.showAddress({ target, ...shown }),
      onRefused: conversation.showRefused
    })
  }
  const authorized = await withoutBrowser(scene, target, chosen, request, conversation, options)
  await onAuthorized(authorized)
  return authorized
}

/** Each way is loaded only where it is taken. */
async function withoutBrowser(
  { around }: AuthorizeScene,
  target: Target,
  chosen: Exclude<TakenWay, 'browser'>,
  { from }: Pick<AuthorizeRequest, 'from'>,
  conversation: Conversation,
  options: RedirectOptions
): Promise<Authorized> {
  switch (chosen) {
    case 'fields': {
      const { authorizeFields } = await import('../authorize/authorize-fields.ts')
      const values = await fieldValues(around, target, from, conversation)
      return authorizeFields(target, values)
    }
    case 'paste': {
      const { cancelled } = await import('../authorize/nobody-authorized.ts')
      const { authorizePaste } = await import('../authorize/authorize-paste.ts')
      return authorizePaste(target, {
        ...options,
        onAddress: shown => conversation.showAddress({ target, ...shown, start: null }),
        readLine: async again => {
          const line = await conversation.readRedirect(again)
          if (line === null && options.signal?.aborted === true) throw cancelled(target)
          return line
        }
      })
    }
    case 'device': {
      const { authorizeDevice } = await import('../authorize/authorize-device.ts')
      const onCode = (shown: ShownCode) => conversation.showDevice({ target, ...shown })
      return authorizeDevice(target, { ...options, onCode })
    }
    case 'client-credentials': {
      const { authorizeClientCredentials } = await import(
        '../authorize/authorize-client-credentials.ts'
      )
      return authorizeClientCredentials(target, options)
    }
    case 'jwt-bearer': {
      const { authorizeJwtBearer } = await import('../authorize/authorize-jwt-bearer.ts')
      return authorizeJwtBearer(target, options)
    }
  }
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
  around: AuthorizeScene['around'],
  target: Target,
  from: Readonly<Record<string, string>>,
  conversation: Conversation
): Promise<Readonly<Record<string, string>>> {
  const fields = target.way.kind === 'oauth2' ? {} : target.way.fields
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
    Object.entries(from).map(
      async ([name, reference]) => [name, await readGiven(around, reference)] as const
    )
  )
  const open = Object.entries(fields).filter(([name]) => !Object.hasOwn(from, name))
  const asked =
    open.length === 0 ? {} : await conversation.askFields(target, Object.fromEntries(open))
  return { ...Object.fromEntries(given), ...asked }
}
