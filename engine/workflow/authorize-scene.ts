import type { Method, Place } from '../authorize/choose-method.ts'
import { type Diagnostic, problem, Refusal } from '../model/diagnostic.ts'
import { meant } from '../model/did-you-mean.ts'
import type { Documents } from '../model/documents.ts'
import type {
  Account,
  Fields,
  OwnEnvironment,
  Slot,
  WorkspaceSpec
} from '../model/generated/types.ts'
import type { RefreshLeases, SecretResolver, StateStore, Vault } from '../model/ports.ts'
import type { KnownConnectors } from '../model/specs.ts'
import type { Target } from '../model/target.ts'
import type { Resolver } from './open-workspace.ts'
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
  readonly environments: readonly OwnEnvironment[]
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
  readonly environments: readonly OwnEnvironment[]
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
  readonly settings: WorkspaceSpec
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
  { documents, resolver }: Pick<AuthorizeScene, 'documents' | 'resolver'>,
  linkName: string,
  environment: OwnEnvironment
): Target {
  const connections = documents[environment]?.connections ?? {}
  const connection = Object.hasOwn(connections, linkName) ? connections[linkName] : undefined
  if (connection !== undefined) return resolver.targetOf(linkName, connection, environment)
  throw new Refusal(
    problem(
      'CONNECTION_NOT_RECORDED',
      'The environment has no such connection',
      `${environment} has no connection "${linkName}" recorded.${meant(linkName, Object.keys(connections))} If it stands in the specs, bring it there first:\n    tieline apply -e ${environment}`
    )
  )
}
