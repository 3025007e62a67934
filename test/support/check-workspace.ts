/** Workspaces whose services can be asked about authorizations, and told of their end. */
import type { Conversation } from '../../engine/workflow/authorize-scene.ts'
import { type ConsentOptions, followConsent } from './oauth-server.ts'
import { boardConnector, type Files, forgeConnection, oauthFiles } from './scenario-workspace.ts'

export interface ForgeOptions {
  /** What a revocation ends there. */
  readonly ends?: 'token' | 'grant'
  /** Where tokens are introspected. */
  readonly introspection?: string
  /** More of the connection. */
  readonly connection?: string
  readonly scopes?: string
}

/** One connection on an OAuth2 server that takes revocations, and tells what it knows of a token. */
export function forgeFiles(origin: string, options: ForgeOptions = {}): Files {
  const { ends, introspection, connection, scopes = '[offline_access, read]' } = options
  const files = oauthFiles(origin)
  const connector = files['connectors/forge.yaml'] ?? ''
  const revocation =
    ends === undefined
      ? 'revocation: { ends: none }'
      : `revocation: { ends: ${ends}, url: '${origin}/token/revocation' }`
  const told = introspection === undefined ? '' : `introspectionUrl: ${introspection}\n    `
  return {
    ...files,
    'connectors/forge.yaml': connector.replace(
      'revocation: { ends: none }',
      `${told}refreshScopes: [offline_access]\n    ${revocation}`
    ),
    'connections/forge.yaml': forgeConnection(scopes, connection)
  }
}

/** A connection by key on each of the services, in every environment or in each for itself. */
export function boardFiles(origins: readonly string[], more = 'authorization: separate'): Files {
  const names = origins.map((_, at) => `board${at + 1}`)
  return {
    'tieline.yaml': 'app: { name: Test }\nconnectors: { custom: true }\n',
    'components/desk.yaml': `kind: form\nname: Desk\nuses: [${names.join(', ')}]\n`,
    ...Object.fromEntries(
      origins.flatMap((origin, at) => [
        [`connectors/${names[at]}.yaml`, boardConnector(origin).replace('board', names[at] ?? '')],
        [`connections/${names[at]}.yaml`, `connector: ${names[at]}\n${more}\n`]
      ])
    )
  }
}

/** A person at the browser. */
export function atBrowser(options: ConsentOptions = {}): Partial<Conversation> {
  return {
    showAddress: ({ start }) => {
      if (start !== null) void followConsent(start, options)
    }
  }
}
