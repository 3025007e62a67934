import type { Method, Place } from '../authorize/choose-method.ts'
import { type Diagnostic, problem, Refusal } from '../model/diagnostic.ts'
import { meant } from '../model/did-you-mean.ts'
import { type ClientEnvironment, clientOf, type Documents, isClient } from '../model/documents.ts'
import type { Account, Environment, Fields, Slot } from '../model/generated/types.ts'
import type { RefreshLeases, SecretResolver, StateStore, Vault } from '../model/ports.ts'
import type { KnownConnectors, Settings } from '../model/specs.ts'
import type { Target } from '../model/target.ts'
import type { Resolver } from './open-workspace.ts'
import { clientSpecOf } from './permit.ts'
import { seenConnections } from './sight.ts'
import type { Surroundings } from './surroundings.ts'

/** How a person is spoken to while authorizing. */
export interface Conversation {
  /** Shows the address to open; `start` is a local one that may stand on a command line, null when pasting. */
  readonly showAddress: (shown: {
    readonly target: Target
    readonly authorizationUrl: string
    readonly redirectUri: string
    readonly start: string | null
  }) => void | Promise<void>
  /** Tells of a request that came to the redirect address and was refused; the wait for the right one goes on. */
  readonly showRefused: (what: string) => void
  /** Shows the code to enter on another device, and where. `complete` has the code in it; null where the service gives none. */
  readonly showDevice: (shown: {
    readonly target: Target
    readonly userCode: string
    readonly verificationUri: string
    readonly complete: string | null
    /** Seconds for which the code can be entered. */
    readonly expiresIn: number
  }) => void | Promise<void>
  /** Asks for the address that the browser was redirected to; null ends the authorization. */
  readonly readRedirect: (again: string | null) => Promise<string | null>
  /** Asks for fields, secret ones hidden. Throws a Refusal where nobody can be asked. */
  readonly askFields: (target: Target, fields: Fields) => Promise<Readonly<Record<string, string>>>
}

export type { Method, Place } from '../authorize/choose-method.ts'

export interface AuthorizeRequest {
  readonly connection: string
  readonly environments: readonly Environment[]
  /** logged-in-user: whose; default the actor. */
  readonly user: string | undefined
  /** As asked for; undefined takes what suits the place. */
  readonly method: Method | undefined
  readonly place: Place
  /** The port to listen on this time, instead of the connector's. */
  readonly port: number | undefined
  /** Fields of basic and API key by reference: name to `env:NAME` or `file:PATH`. */
  readonly from: Readonly<Record<string, string>>
  readonly switchAccount: boolean
  readonly signal?: AbortSignal
}

export interface Consent {
  readonly connection: string
  readonly environments: readonly Environment[]
  readonly slots: readonly Slot[]
  readonly user: string | null
  readonly account: Account
  readonly asked: readonly string[]
  readonly granted: readonly string[]
  readonly missing: readonly string[]
  /** false where a reader of the slot has still to check and adopt it. */
  readonly adopted: boolean
}

export interface AuthorizeResult {
  readonly consents: readonly Consent[]
  readonly diagnostics: readonly Diagnostic[]
}

export interface AuthorizeScene {
  readonly around: Surroundings
  readonly settings: Settings
  readonly actor: string
  readonly state: StateStore
  readonly documents: Documents
  readonly known: KnownConnectors
  readonly resolver: Resolver
  readonly vault: Vault
  readonly leases: RefreshLeases
  readonly secrets: SecretResolver
}

/** For who names a user where an authorization is everybody's. */
export function userNotApplicable({ linkName }: Target): Refusal {
  return new Refusal(
    problem(
      'USER_NOT_APPLICABLE',
      'The connection is not authorized by each user',
      `${linkName} is authorized once for everybody, by an administrator. Leave --user out.`
    )
  )
}

/** The target of a connection as an environment has it recorded, never as the tree has it. */
export function targetIn(
  scene: Pick<AuthorizeScene, 'settings' | 'documents' | 'resolver' | 'actor'>,
  linkName: string,
  environment: Environment
): Target {
  const { settings, documents, resolver, actor } = scene
  if (isClient(environment)) checkInstalled(scene, environment)
  const connections = documents[environment]?.connections ?? {}
  const connection = Object.hasOwn(connections, linkName) ? connections[linkName] : undefined
  if (connection !== undefined) return resolver.targetOf(linkName, connection, environment)
  const seen = Object.keys(seenConnections(settings, documents, environment, actor))
  const how = isClient(environment)
    ? 'If a newer version has it, whoever runs the app upgrades the client'
    : 'If it stands in the specs, bring it there first'
  throw new Refusal(
    problem(
      'CONNECTION_NOT_RECORDED',
      'The environment has no such connection',
      `${environment} has no connection "${linkName}" recorded.${meant(linkName, seen)} ${how}:\n    tieline apply -e ${environment}`
    )
  )
}

/** Throws a Refusal for a client that has nothing recorded, or that nobody knows. */
export function checkInstalled(
  { settings, documents }: Pick<AuthorizeScene, 'settings' | 'documents'>,
  environment: ClientEnvironment
): void {
  if (documents[environment] !== undefined) return
  const names = [...settings.clients.keys()]
  const linkName = clientOf(environment)
  throw new Refusal(
    clientSpecOf(settings, environment) === undefined
      ? problem(
          'CLIENT_UNKNOWN',
          'No such client',
          `There is no clients/${linkName}.yaml, and nothing is recorded for ${environment}.${meant(linkName, names)} ${names.length === 0 ? 'The workspace has no clients.' : `The clients are ${names.slice(0, 10).join(', ')}${names.length > 10 ? ' and others' : ''}.`}`
        )
      : problem(
          'CLIENT_NOT_INSTALLED',
          'The app is not installed there yet',
          `Nothing is recorded for ${environment}, so there is nothing to authorize or to use. Whoever runs the app installs it:\n    tieline apply -e ${environment}`
        )
  )
}
