// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * The id of a connector, for example salesforce. `tieline connectors list` shows all of them.
 */
export type ConnectorId = string
/**
 * SHA-256 over canonical JSON (RFC 8785) or over bytes, as sha256:<hex>.
 */
export type Digest = string
/**
 * Who authorizes: an administrator once for everyone, or each user for themselves.
 */
export type Level = 'administrator' | 'logged-in-user'
/**
 * shared: one authorization serves dev, stage and prod. separate: each environment has its own.
 */
export type Sharing = 'shared' | 'separate'
/**
 * Where the value is read from when a provider is spoken to: env:NAME, file:PATH or vault:NAME. Never the value itself.
 */
export type SecretReference = string
/**
 * Scheme, host and port of an emulator on this machine. Replaces those of every address of the connector.
 */
export type LoopbackOrigin = string
/**
 * The key that code and specs refer to: lower-case letters, digits and underscores, at most 50 characters, starting with a letter.
 */
export type LinkName = string
/**
 * One way to authorize.
 */
export type Way = OAuth2Way | BasicWay | ApiKeyWay
/**
 * What a connection writes in `auth`.
 */
export type WayId = string
/**
 * A URL with {parameter} or {parameter.attribute} in it. https, or http on loopback; an answer's address such as {instance_url} may stand at its start.
 */
export type Address = string
/**
 * JSON Pointer (RFC 6901) into the answer.
 */
export type JsonPointer = string
/**
 * Text with {name} or {name.attribute} in it.
 */
export type Template = string
/**
 * How the credential travels: in one place, or a list of several.
 */
export type Sends = Send | readonly Send[]
/**
 * How the credential travels with a request.
 */
export type Send = SendHeader | SendQuery | SendBasic
/**
 * A public key as `age-keygen -y` prints it: age1...
 */
export type AgeRecipient = string
/**
 * One of the three environments that this team runs.
 */
export type OwnEnvironment = 'dev' | 'stage' | 'prod'
/**
 * dev, stage, prod, or a client's installation: client/<link name>.
 */
export type Environment = OwnEnvironment | `client/${string}`
/**
 * Where an authorization holds: shared (dev, stage and prod alike) or one environment.
 */
export type Slot = 'shared' | Environment
/**
 * A slot as the vault knows it: a client's by the lineage of its state, which no rename changes.
 */
export type SealedSlot = Slot
/**
 * Any JSON value.
 */
export type Json = unknown
/**
 * A name that addresses can refer to as {name}.
 */
export type TemplateName = string
/**
 * Identity of a connection or component, the same in every environment and through every rename.
 */
export type EntryId = string
/**
 * skipped: it could not be looked at, or does not apply.
 */
export type DoctorOutcome = 'ok' | 'warning' | 'failed' | 'skipped'
/**
 * What a node is, and its link name.
 */
export type GraphId = `connection/${string}` | `component/${string}` | `client/${string}`
/**
 * authorization: name is the connection's link name, or its id where it has gone. users: how many people authorized a connection. version: what the document runs, or has published. keys: the vault's keys. document: the installation itself, and what concerns no entry.
 */
export type HistorySubject =
  'document' | 'version' | 'keys' | 'connection' | 'component' | 'authorization' | 'users'
/**
 * end: an authorization that stays as ended. use: a connection uses another credential.
 */
export type HistoryAction = 'add' | 'change' | 'rename' | 'remove' | 'end' | 'use'
/**
 * What sort of thing it is.
 */
export type Subject = 'connection' | 'component'
/**
 * carry: a component without changes of its own that goes along because a connection it uses changes.
 */
export type ChangeAction = 'add' | 'modify' | 'delete' | 'rename' | 'carry'
/**
 * Why something is part of the plan.
 */
export type Because =
  BecauseOfItself | BecauseOfConnection | BecauseOfComponent | BecauseOfName | BecauseOfVersion
/**
 * authorize and reauthorize need a person; inherit and keep do not; revoke ends what nobody needs any more.
 */
export type DueAction = 'authorize' | 'reauthorize' | 'inherit' | 'revoke' | 'keep'
/**
 * Why an authorization is due.
 */
export type Reason = PlainReason | ScopesReason | ParametersReason | OriginReason | ReplacedReason
export type Who = 'super-admin' | 'admin' | 'developer' | 'user' | 'each-user'
export type HeldCode = 'UNREFERENCED' | 'NEEDS_COMPONENTS' | 'STILL_REFERENCED'
/**
 * in-use: environments run on it, so somebody else has to authorize again. own: a user's, which only concerns that user. unused: nothing runs on it; the next apply ends it. ended: nothing is left to do.
 */
export type PersonalState = 'in-use' | 'own' | 'unused' | 'ended'
export type StatusWord =
  | 'pending'
  | 'connected'
  | 'expiring'
  | 'needs-reauthorization'
  | 'revoked'
  | 'drifted'
  | 'credential-not-here'
export type StatusCause =
  | 'never-authorized'
  | 'basis-changed'
  | 'slot-changed'
  | 'scopes-added'
  | 'scopes-lost'
  | 'expired'
  | 'revoked'
  | 'grant-gone'
  | 'interrupted-refresh'
  | 'not-adopted'
  | 'account-changed'
/**
 * A list of public keys.
 *
 * This interface was referenced by `undefined`'s JSON-Schema definition
 * via the `patternProperty` "^client/[a-z][a-z0-9_]{0,49}$".
 */
export type AgeRecipients = readonly AgeRecipient[]

/**
 * A connection in normal form, without the id that it has in one workspace alone.
 */
export interface BundledConnection {
  /**
   * Display name.
   */
  readonly name: string
  readonly connector: ConnectorId
  /**
   * Digest of a workspace connector; null for one that comes with tieline.
   */
  readonly connectorDigest: null | Digest
  /**
   * The way to authorize.
   */
  readonly auth: string
  readonly level: Level
  readonly authorization: Sharing
  /**
   * true where the spec says `scopes: all`.
   */
  readonly allScopes: boolean
  /**
   * Sorted; `all` is written out. Empty where the service has no scopes.
   *
   * @maxItems 10000
   */
  readonly scopes: readonly string[]
  readonly parameters: ParameterValues
  readonly client: null | ClientReferences
  readonly environments: BundledOverrides
  /**
   * true: a plan that deletes it is refused.
   */
  readonly protect: boolean
}
/**
 * Values of the parameters that the connector declares.
 */
export interface ParameterValues {
  readonly [k: string]: string
}
/**
 * The OAuth2 client registration, by reference.
 */
export interface ClientReferences {
  readonly id: SecretReference
  readonly secret: null | SecretReference
}
/**
 * What differs in one environment, as far as it was known where the bundle was made.
 */
export interface BundledOverrides {
  readonly dev?: Override
  readonly stage?: Override
  readonly prod?: Override
}
/**
 * What differs in one environment.
 */
export interface Override {
  readonly parameters: ParameterValues
  readonly client: null | ClientReferences
  readonly origin: null | LoopbackOrigin
}
/**
 * A component in normal form, without its id.
 */
export interface BundledComponent {
  /**
   * Display name.
   */
  readonly name: string
  /**
   * What sort of part it is.
   */
  readonly kind: string
  /**
   * Connections of this bundle, sorted.
   *
   * @maxItems 1000
   */
  readonly uses: readonly LinkName[]
  /**
   * Components of this bundle, sorted.
   *
   * @maxItems 1000
   */
  readonly depends: readonly LinkName[]
  readonly source: null | BundledSource
}
/**
 * The glob of the source, and the files of this bundle that it stood for; none where the source was left out.
 */
export interface BundledSource {
  readonly glob: string
  /**
   * Paths, sorted.
   *
   * @maxItems 10000
   */
  readonly files: readonly string[]
}
/**
 * A source file.
 */
export interface BundledFile {
  /**
   * Relative to the workspace, with forward slashes.
   */
  readonly path: string
  /**
   * Its text, with LF at the end of a line.
   */
  readonly text: string
}
/**
 * What `tieline export` writes and `tieline import` reads: one published version of an app. Holds no credential, no member and no state.
 */
export interface Bundle {
  /**
   * Tells a bundle from other JSON.
   */
  readonly format: 'tieline-bundle'
  /**
   * Format of this file. A newer one than tieline knows is refused.
   */
  readonly formatVersion: 1
  /**
   * What the app was called where it was exported.
   */
  readonly app: string
  /**
   * The number of the published version.
   */
  readonly version: number
  /**
   * Workspace connectors that the connections name, by digest.
   */
  readonly connectors: {
    readonly [k: string]: Connector
  }
  /**
   * By link name.
   */
  readonly connections: {
    readonly [k: string]: BundledConnection
  }
  /**
   * By link name.
   */
  readonly components: {
    readonly [k: string]: BundledComponent
  }
  /**
   * The source files of the components, sorted by path.
   *
   * @maxItems 10000
   */
  readonly files: readonly BundledFile[]
  readonly digest: Digest
}
/**
 * connectors/<id>.yaml: how a service authorizes, its scopes, parameters and addresses. Data only: the engine knows no service by name.
 */
export interface Connector {
  readonly id: ConnectorId
  /**
   * What the service calls itself. Connections are named after it.
   */
  readonly service: string
  /**
   * Where it stands in the list of connectors, for example CRM.
   */
  readonly category: string
  /**
   * The service's own documentation of authorization.
   */
  readonly docs: string
  /**
   * Who may authorize, the default first.
   */
  readonly levels: readonly Level[]
  /**
   * What differs between accounts, such as a data centre or a tenant.
   */
  readonly parameters?: {
    readonly [k: string]: Parameter
  }
  /**
   * The ways to authorize; the first is the default.
   */
  readonly auth: readonly Way[]
  readonly api: Api
  /**
   * Where the facts were read, and when.
   */
  readonly sources: readonly FactSource[]
}
/**
 * One parameter: a closed list of values, a pattern, or both.
 */
export interface Parameter {
  /**
   * One or a few words.
   */
  readonly title: string
  /**
   * What it is and where to find it.
   */
  readonly description?: string
  /**
   * The value where a connection gives none. Without it, a connection must give one if its way to authorize or the API names the parameter.
   */
  readonly default?: string
  /**
   * true: another value needs another authorization.
   */
  readonly affectsAuthorization: boolean
  /**
   * Known values, each with attributes that addresses use as {parameter.attribute}.
   */
  readonly values?: {
    readonly [k: string]: Attributes
  }
  /**
   * Regular expression for further values, anchored by the engine.
   */
  readonly pattern?: string
  readonly otherwise?: Attributes
}
/**
 * Attributes of a value.
 */
export interface Attributes {
  readonly [k: string]: string
}
/**
 * OAuth2 (RFC 6749): authorization code with PKCE, device code, client credentials or JWT bearer.
 */
export interface OAuth2Way {
  readonly id: WayId
  /**
   * OAuth2.
   */
  readonly kind: 'oauth2'
  readonly issuer?: Address
  /**
   * How a token is first got: a person's consent in a browser (authorization_code, the default) or on another device (device_code), or the application's own right (client_credentials; jwt_bearer, RFC 7523).
   */
  readonly grant?: 'authorization_code' | 'device_code' | 'client_credentials' | 'jwt_bearer'
  readonly authorizeUrl?: Address
  readonly authorizeParameters?: StringMap
  readonly pushedUrl?: Address
  readonly deviceUrl?: Address
  readonly tokenUrl: Address
  readonly refreshUrl?: Address
  readonly tokenParameters?: StringMap
  readonly refreshParameters?: StringMap
  readonly tokenHeaders?: StringMap
  /**
   * How the body of a token request is written: as a form (the default), or as JSON where a service wants that.
   */
  readonly tokenBody?: 'form' | 'json'
  readonly answer?: TokenAnswer
  readonly introspectionUrl?: Address
  /**
   * true: tokens are bound to a key of ours (RFC 9449).
   */
  readonly dpop?: boolean
  /**
   * How the client names itself at the token endpoint: in the body (post), by HTTP Basic with id and secret form-encoded (basic; RFC 6749, section 2.3.1) or as they are where a service does not decode them (basic-raw), as a public client (none), or by an assertion signed with its private key (private_key_jwt, RFC 7523), which client.secret then refers to.
   */
  readonly clientAuthentication: 'post' | 'basic' | 'basic-raw' | 'none' | 'private_key_jwt'
  readonly signing?: Signing
  /**
   * S256 (the default), or none where the service breaks on it.
   */
  readonly pkce?: 'S256' | 'none'
  /**
   * What stands between scopes in a request.
   */
  readonly scopeSeparator: ' ' | ',' | '+'
  /**
   * The scopes, each with a sentence that tells a person what it allows. Empty where the service has none.
   */
  readonly scopes: {
    readonly [k: string]: string
  }
  /**
   * Regular expression, anchored by the engine, for scopes that exist beside the listed ones.
   */
  readonly otherScopes?: string
  /**
   * What `scopes: all` ("All Actions") stands for.
   */
  readonly all: readonly string[]
  /**
   * Scopes of which one must be asked to get a refresh token. Left out where a refresh token comes anyway.
   */
  readonly refreshScopes?: readonly string[]
  /**
   * Seconds that an access token lives where the answer has no expires_in.
   */
  readonly accessTokenLifetime?: number
  readonly revocation: Revocation
  readonly redirect?: Redirect
  /**
   * What an answer tells and later requests need, for example Salesforce's instance_url.
   */
  readonly learns?: {
    readonly [k: string]: LearntAddress
  }
  readonly send: Sends
  readonly identity?: Identity
}
/**
 * Names and values.
 */
export interface StringMap {
  readonly [k: string]: string
}
/**
 * Where the token answer has its members, if not where RFC 6749, section 5.1, puts them.
 */
export interface TokenAnswer {
  readonly accessToken?: JsonPointer
  readonly refreshToken?: JsonPointer
  readonly expiresIn?: JsonPointer
  readonly scope?: JsonPointer
}
/**
 * How assertions are signed: for private_key_jwt and jwt_bearer.
 */
export interface Signing {
  /**
   * JWS algorithm; default RS256.
   */
  readonly algorithm?: 'RS256' | 'PS256' | 'ES256' | 'EdDSA'
  readonly keyId?: Template
  readonly issuer?: Template
  readonly subject?: Template
  readonly audience?: Template
  /**
   * Seconds that an assertion lives; default 180.
   */
  readonly lifetime?: number
  /**
   * jwt_bearer: true where scopes are a claim of the assertion instead of a parameter.
   */
  readonly scopeClaim?: boolean
}
/**
 * What revoking a token ends at the service: that token, or the whole grant; none: it has no way to revoke.
 */
export interface Revocation {
  /**
   * What a revocation ends.
   */
  readonly ends: 'token' | 'grant' | 'none'
  readonly url?: Address
  /**
   * HTTP method; default POST.
   */
  readonly method?: 'POST' | 'DELETE' | 'GET'
  /**
   * Which token is named; default the refresh token if there is one.
   */
  readonly token?: 'refresh' | 'access'
  /**
   * Where the token travels: in a form (the default), a JSON body, the query, or as the request's own credential.
   */
  readonly in?: 'form' | 'json' | 'query' | 'credential'
  /**
   * What the token is called there; default token.
   */
  readonly parameter?: string
  /**
   * Whether the client authenticates as at the token endpoint; default true unless the token is the request's own credential.
   */
  readonly client?: boolean
}
/**
 * The loopback redirect that the client registration must name (RFC 8252, section 7.3). Default: 127.0.0.1, any port.
 */
export interface Redirect {
  /**
   * How the loopback address is spelt.
   */
  readonly host: '127.0.0.1' | 'localhost'
  /**
   * The port that must be registered, or any where the service ignores the port.
   */
  readonly port: 'any' | number
  /**
   * The path of the redirect; default /callback.
   */
  readonly path?: string
}
/**
 * What is read from an answer: an origin (hosts), or a plain value (pattern).
 */
export interface LearntAddress {
  /**
   * Member of the answer that holds it.
   */
  readonly member: string
  /**
   * Hosts it may name; *. at the start stands for one or more labels. Any other is refused.
   */
  readonly hosts?: readonly string[]
  readonly default?: Address
  /**
   * Which answer: the token answer (default), or what came to the redirect address.
   */
  readonly in?: 'token' | 'callback'
  /**
   * Regular expression, anchored by the engine, for a plain value such as a tenant id. Instead of hosts.
   */
  readonly pattern?: string
}
export interface SendHeader {
  /**
   * As a header.
   */
  readonly in: 'header'
  /**
   * Header name.
   */
  readonly name: string
  readonly value: Template
}
export interface SendQuery {
  /**
   * As a query parameter.
   */
  readonly in: 'query'
  /**
   * Parameter name.
   */
  readonly name: string
  readonly value: Template
}
export interface SendBasic {
  /**
   * As HTTP Basic (RFC 7617).
   */
  readonly in: 'basic'
  readonly username: Template
  readonly password: Template
}
/**
 * Which claims of the id token name the account, for openid scopes. The test request wins where it tells.
 */
export interface Identity {
  readonly id: JsonPointer
  readonly name?: JsonPointer
}
/**
 * User name and password (RFC 7617).
 */
export interface BasicWay {
  readonly id: WayId
  /**
   * HTTP Basic.
   */
  readonly kind: 'basic'
  readonly fields: Fields
  readonly send: Sends
}
/**
 * What the person who authorizes enters.
 */
export interface Fields {
  readonly [k: string]: Field
}
/**
 * One field.
 */
export interface Field {
  /**
   * What the prompt says.
   */
  readonly title: string
  /**
   * Where to find the value.
   */
  readonly description?: string
  /**
   * true: typed hidden, never shown, never part of an address.
   */
  readonly secret: boolean
  /**
   * Regular expression that the value must match, anchored by the engine.
   */
  readonly pattern?: string
}
/**
 * A key of one or several fields.
 */
export interface ApiKeyWay {
  readonly id: WayId
  /**
   * API key.
   */
  readonly kind: 'api-key'
  readonly fields: Fields
  readonly send: Sends
}
/**
 * The service's API and the request that proves a credential.
 */
export interface Api {
  readonly baseUrl: Address
  readonly headers?: StringMap
  readonly test: TestRequest
}
/**
 * A cheap request that answers who we are. Its success decides whether an authorization is stored.
 */
export interface TestRequest {
  /**
   * HTTP method.
   */
  readonly method: 'GET' | 'POST'
  readonly url: Address
  /**
   * JSON body of a POST.
   */
  readonly body?: {}
  /**
   * Scopes of which one must be asked for the request to be allowed. Where none is, it is skipped and the account stays unknown.
   */
  readonly scopes?: readonly string[]
  readonly success: SuccessRule
  readonly account?: AccountRule
}
/**
 * When the answer counts as success.
 */
export interface SuccessRule {
  /**
   * HTTP status codes.
   */
  readonly status: readonly number[]
  readonly body?: BodyRule
}
/**
 * What the JSON body must say, for services that answer 200 either way.
 */
export interface BodyRule {
  readonly pointer: JsonPointer
  /**
   * The value at the pointer.
   */
  readonly equals: string | number | boolean
}
/**
 * Where the answer names the account.
 */
export interface AccountRule {
  readonly id: JsonPointer
  readonly name?: JsonPointer
}
/**
 * One place where facts of this file were read.
 */
export interface FactSource {
  /**
   * The page.
   */
  readonly url: string
  /**
   * When it was read: YYYY-MM or YYYY-MM-DD.
   */
  readonly read: string
  /**
   * Which facts it confirms.
   */
  readonly facts: string
}
/**
 * clients/<link_name>.yaml: one organisation that installed the app.
 */
export interface ClientSpec {
  /**
   * What people call the client. Any printable text, at most 100 characters.
   */
  readonly name: string
  /**
   * A version that prod has had. Left out: the one prod runs.
   */
  readonly version?: number
  /**
   * The client's own parameters and OAuth client, by connection.
   */
  readonly connections?: {
    readonly [k: string]: ClientConnection
  }
  readonly previously?: LinkName
  /**
   * The client's own people, by e-mail address.
   */
  readonly members?: {
    readonly [k: string]: ClientMember
  }
}
/**
 * What the client sets for one connection.
 */
export interface ClientConnection {
  readonly parameters?: ParameterValues
  readonly client?: OAuthClient
}
/**
 * The OAuth2 client registration: references only, never values.
 */
export interface OAuthClient {
  readonly id: SecretReference
  readonly secret?: SecretReference
}
/**
 * A member of the client: role and public key.
 */
export interface ClientMember {
  /**
   * admin authorizes for the client; user for themselves only.
   */
  readonly role: 'admin' | 'user'
  readonly key?: AgeRecipient
}
/**
 * components/<link_name>.yaml: one part of the app that may use connections.
 */
export interface ComponentSpec {
  /**
   * What sort of part it is: form, report, page, workflow, function, schedule, ...
   */
  readonly kind: string
  /**
   * Display name. Any printable text, at most 100 characters. Left out: the link name.
   */
  readonly name?: string
  /**
   * The connections it references: exactly these.
   */
  readonly uses?: readonly LinkName[]
  /**
   * Components that it cannot work without.
   */
  readonly depends?: readonly LinkName[]
  /**
   * Glob of its source files, relative to the workspace. A change of the code is a change of the component.
   */
  readonly source?: string
  readonly previously?: LinkName
}
/**
 * What differs in prod.
 */
export interface EnvironmentOverride {
  readonly parameters?: ParameterValues
  readonly client?: OAuthClient
}
/**
 * What differs in dev or stage, which may run against an emulator on this machine.
 */
export interface EmulatedOverride {
  readonly parameters?: ParameterValues
  readonly client?: OAuthClient
  readonly origin?: LoopbackOrigin
}
/**
 * connections/<link_name>.yaml: one named use of a connector by this app.
 */
export interface ConnectionSpec {
  readonly connector: ConnectorId
  /**
   * Display name: 1 to 50 letters, digits, spaces and & @ ! : - _ \ | / ~ *. Left out: '<Service> Connection'.
   */
  readonly name?: string
  readonly level?: Level
  /**
   * What the app may do at the service: a list of scopes, or all ("All Actions"). OAuth2 only, and required there; an empty list where the service has no scopes.
   */
  readonly scopes?: 'all' | readonly string[]
  readonly authorization?: Sharing
  readonly parameters?: ParameterValues
  /**
   * Which of the connector's ways to authorize; its first where left out.
   */
  readonly auth?: string
  readonly client?: OAuthClient
  readonly environments?: EnvironmentOverrides
  /**
   * true: a plan that deletes this connection is refused.
   */
  readonly protect?: boolean
  readonly previously?: LinkName
}
/**
 * What differs in one environment: parameters, client, origin; nothing else.
 */
export interface EnvironmentOverrides {
  readonly dev?: EmulatedOverride
  readonly stage?: EmulatedOverride
  readonly prod?: EnvironmentOverride
}
/**
 * One file of the vault: clear facts that plan and status may read, and the sealed credential. What matters is sealed too, and the sealed part wins.
 */
export interface CredentialFile {
  readonly formatVersion: 1
  /**
   * Id of the vault it belongs to.
   */
  readonly vault: string
  /**
   * Credential id; also the name of the file.
   */
  readonly id: string
  readonly slot: SealedSlot
  readonly connection: EntryId
  /**
   * logged-in-user: whose it is; else null.
   */
  readonly user: null | string
  /**
   * Grows by one with every refresh.
   */
  readonly generation: number
  readonly facts: AuthorizationRecord
  /**
   * When the access token ends (RFC 3339); null where nobody knows.
   */
  readonly expiresAt: null | string
  /**
   * Whether a new access token can be had without a person.
   */
  readonly refreshable: boolean
  readonly dead: null | Dead
  /**
   * ASCII-armoured age file, sealed to the slot's key.
   */
  readonly sealed: string
  /**
   * Who vouches for the file.
   */
  readonly proof: AdoptedProof | DepositProof
}
/**
 * The fact that somebody authorized a connection.
 */
export interface AuthorizationRecord {
  readonly connection: EntryId
  readonly level: Level
  readonly basis: Basis
  /**
   * Scopes asked for, sorted.
   */
  readonly asked: readonly string[]
  /**
   * Scopes granted, sorted.
   */
  readonly granted: readonly string[]
  readonly account: Account
  /**
   * The actor.
   */
  readonly by: string
  /**
   * When, in UTC (RFC 3339).
   */
  readonly at: string
  readonly ended: null | Ended
}
/**
 * What an authorization stands on: if any of it changes, it must be given again.
 */
export interface Basis {
  readonly connector: ConnectorId
  /**
   * The way to authorize.
   */
  readonly auth: string
  /**
   * Every origin the credential may be sent to, sorted; https://*.example.com stands for hosts learnt from answers.
   */
  readonly origins: readonly string[]
  readonly parameters: ParameterValues
  /**
   * The reference of the client id; null without OAuth2.
   */
  readonly clientId: null | SecretReference
}
/**
 * The account at the service that was authorized.
 */
export interface Account {
  /**
   * What the service identifies it by; null where it is unknown.
   */
  readonly id: null | string
  /**
   * What people call it.
   */
  readonly name: string
}
/**
 * What ended it.
 */
export interface Ended {
  /**
   * Why.
   */
  readonly cause: 'EXPIRED' | 'REVOKED' | 'SCOPES_LOST'
  /**
   * The actor who ended it or found it ended.
   */
  readonly by: string
  /**
   * When, in UTC (RFC 3339).
   */
  readonly at: string
}
/**
 * What made it unusable for good.
 */
export interface Dead {
  /**
   * grant-gone: the service does not know it any more; interrupted-refresh: a process ended between the service's answer and its own write.
   */
  readonly cause: 'grant-gone' | 'interrupted-refresh'
  /**
   * When that was found (RFC 3339).
   */
  readonly at: string
}
export interface AdoptedProof {
  /**
   * A reader of the slot has checked it.
   */
  readonly kind: 'adopted'
  /**
   * HMAC-SHA-256 under a key that only readers of the slot can derive.
   */
  readonly mac: string
}
export interface DepositProof {
  /**
   * Stored by somebody who cannot read the slot; no reader has checked it yet.
   */
  readonly kind: 'deposit'
  /**
   * The depositor.
   */
  readonly by: string
  /**
   * HMAC-SHA-256 under a key that the depositor and readers of the slot can derive; null without a member key.
   */
  readonly mac: null | string
}
/**
 * One problem, or one thing worth knowing.
 */
export interface Diagnostic {
  /**
   * Stable and documented.
   */
  readonly code: string
  /**
   * error stops; warning and note do not.
   */
  readonly severity: 'error' | 'warning' | 'note'
  /**
   * One line, always the same for a code.
   */
  readonly summary: string
  /**
   * What is wrong, why it matters and what to do.
   */
  readonly detail: string
  /**
   * The place in a file, where a file is to blame.
   */
  readonly at: null | Place
}
export interface Place {
  /**
   * Path relative to the workspace, with forward slashes.
   */
  readonly file: string
  /**
   * From 1.
   */
  readonly line: number
  /**
   * From 1, in UTF-16 units.
   */
  readonly column: number
}
/**
 * What `tieline validate --format json` prints, and any command with --format json that fails.
 */
export interface Diagnostics {
  /**
   * All problems found, in the order of files and lines.
   */
  readonly diagnostics: readonly Diagnostic[]
}
/**
 * What `tieline doctor --format json` prints: how the set-up is. Holds no secret and no value of a variable.
 */
export interface DoctorReport {
  /**
   * Format of this document.
   */
  readonly formatVersion: 1
  readonly checks: readonly DoctorCheck[]
}
/**
 * One thing that was looked at.
 */
export interface DoctorCheck {
  /**
   * What was looked at, for example `node`.
   */
  readonly id: string
  readonly outcome: DoctorOutcome
  /**
   * What there is, in a line.
   */
  readonly summary: string
  /**
   * What it means and what to do; null if there is nothing to do.
   */
  readonly detail: null | string
}
/**
 * One connection.
 */
export interface GraphConnection {
  readonly linkName: LinkName
  /**
   * Display name.
   */
  readonly name: string
  readonly connector: ConnectorId
  /**
   * What the service calls itself.
   */
  readonly service: string
  readonly level: Level
  readonly authorization: Sharing
}
/**
 * One component.
 */
export interface GraphComponent {
  readonly linkName: LinkName
  /**
   * Display name.
   */
  readonly name: string
  /**
   * What sort of part it is.
   */
  readonly kind: string
}
/**
 * One client's installation.
 */
export interface GraphClient {
  readonly linkName: LinkName
  /**
   * What people call the client.
   */
  readonly name: string
  /**
   * The version that its spec asks for; null: the one prod runs.
   */
  readonly wants: null | number
  /**
   * The version that is installed; null before the first.
   */
  readonly runs: null | number
}
/**
 * uses: a component references a connection. depends: a component cannot work without another. sets: a client has parameters or an OAuth client of its own for a connection.
 */
export interface GraphEdge {
  readonly from: GraphId
  readonly to: GraphId
  readonly kind: 'uses' | 'depends' | 'sets'
}
/**
 * `tieline graph --format json`: connections, components and clients, and what leads from one to another.
 */
export interface Graph {
  /**
   * Format of this document.
   */
  readonly formatVersion: 1
  /**
   * What people call the app.
   */
  readonly app: string
  /**
   * tree: the specs; else the environment whose recorded definitions these are.
   */
  readonly source: 'tree' | Environment
  /**
   * What the graph is confined to, with --around; else null.
   */
  readonly around: null | GraphId
  /**
   * Sorted by link name.
   */
  readonly connections: readonly GraphConnection[]
  /**
   * Sorted by link name.
   */
  readonly components: readonly GraphComponent[]
  /**
   * Sorted by link name.
   */
  readonly clients: readonly GraphClient[]
  /**
   * Sorted by where they begin, then by where they lead.
   */
  readonly edges: readonly GraphEdge[]
}
/**
 * A line of state/history/<document>.jsonl: one write of a state document. Holds no credential.
 */
export interface HistoryEntry {
  /**
   * Format of this line.
   */
  readonly formatVersion: 1
  readonly document: Slot
  /**
   * Lineage of the document.
   */
  readonly lineage: string
  /**
   * Serial that the write made.
   */
  readonly serial: number
  /**
   * Digest of the document that the write replaced; null for the first.
   */
  readonly before: null | Digest
  readonly digest: Digest
  /**
   * When, in UTC (RFC 3339).
   */
  readonly at: string
  /**
   * In whose name.
   */
  readonly by: string
  /**
   * What was run, for example `apply prod`.
   */
  readonly operation: string
  /**
   * The version that the document names after the write.
   */
  readonly version: null | number
  /**
   * What was said with -m.
   */
  readonly note: null | string
  /**
   * The git commit of the working tree, with + behind it where that had changes.
   */
  readonly commit: null | string
  /**
   * What the write changed, sorted by subject and name.
   */
  readonly changes: readonly HistoryChange[]
  /**
   * What takes the write back, for those that can be taken back: each field with what it was and what it became.
   */
  readonly undo: null | readonly UndoField[]
}
/**
 * One thing that a write changed.
 */
export interface HistoryChange {
  readonly subject: HistorySubject
  readonly name: string
  /**
   * rename: the name before. version: the number before, where there was one.
   */
  readonly from?: string
  readonly action: HistoryAction
}
/**
 * One field of the document. Objects are descended, arrays and scalars are whole; null for what was or became absent.
 */
export interface UndoField {
  /**
   * JSON Pointer into the document (RFC 6901).
   */
  readonly path: string
  readonly before: Json
  readonly after: Json
}
/**
 * What `tieline state history --format json` prints: the writes of state, the newest first. Holds no credential.
 */
export interface History {
  /**
   * Format of this document.
   */
  readonly formatVersion: 1
  /**
   * The document that was asked for; null for all of them.
   */
  readonly environment: null | Slot
  /**
   * The newest first.
   */
  readonly entries: readonly ToldWrite[]
  /**
   * How many older ones --limit left out.
   */
  readonly older: number
  /**
   * What is wrong with the history itself.
   */
  readonly diagnostics: readonly Diagnostic[]
}
/**
 * A write, and whether it can be taken back.
 */
export interface ToldWrite {
  readonly document: Slot
  readonly entry: HistoryEntry
  /**
   * The serial of the write that took it back; null if none did.
   */
  readonly takenBack: null | number
  /**
   * Whether `state undo` takes it back, if nothing has changed since that stands against it.
   */
  readonly undoable: boolean
}
/**
 * Where the wanted definitions come from.
 */
export interface PlanSource {
  readonly environment: 'tree' | 'dev' | 'stage' | 'prod'
  readonly serial: null | number
  readonly definitions: Digest
}
/**
 * One entry that changes, or goes along.
 */
export interface Change {
  readonly subject: Subject
  readonly linkName: LinkName
  /**
   * rename: the link name before; else null.
   */
  readonly from: null | LinkName
  readonly id: EntryId
  readonly action: ChangeAction
  /**
   * Complete: set on the recorded entry, they give the new one. null under `parameters` and `environments` takes the key away.
   */
  readonly fields: readonly FieldChange[]
  /**
   * Why it changes or goes along.
   */
  readonly because: readonly Because[]
}
/**
 * One field. Objects are descended, arrays and scalars are whole.
 */
export interface FieldChange {
  /**
   * JSON Pointer into the entry (RFC 6901).
   */
  readonly path: string
  readonly before: Json
  readonly after: Json
}
export interface BecauseOfItself {
  readonly code: 'DECLARED' | 'CHANGED' | 'REMOVED' | 'RENAMED' | 'SELECTED' | 'LAST_REFERENCE_GONE'
}
export interface BecauseOfConnection {
  readonly code: 'REFERENCES_CHANGED_CONNECTION'
  readonly connection: LinkName
}
/**
 * USED_BY_SELECTED: a connection that this component uses. DEPENDED_ON: this component depends on it. DEPENDENCY_GONE: it depends on this component, which is deleted or renamed.
 */
export interface BecauseOfComponent {
  readonly code: 'USED_BY_SELECTED' | 'DEPENDED_ON' | 'DEPENDENCY_GONE'
  readonly component: LinkName
}
/**
 * It holds, in the target, the link or display name that this entry takes.
 */
export interface BecauseOfName {
  readonly code: 'NAME_TAKEN_OVER'
  readonly subject: Subject
  readonly linkName: LinkName
}
export interface BecauseOfVersion {
  readonly code: 'NEW_VERSION'
  readonly version: number
}
/**
 * What an authorization needs after the changes.
 */
export interface DueAuthorization {
  /**
   * Link name; the last one known for a connection that is gone.
   */
  readonly connection: string
  readonly id: EntryId
  readonly level: Level
  readonly slot: Slot
  readonly action: DueAction
  /**
   * inherit and keep: the credential in use. reauthorize: the one before. revoke: the one that ends. Else null.
   */
  readonly credential: null | string
  readonly reasons: readonly Reason[]
  /**
   * Scopes needed that were not asked before.
   */
  readonly addedScopes: readonly string[]
  /**
   * Scopes asked before that are not needed any more.
   */
  readonly removedScopes: readonly string[]
  /**
   * The roles that may do it; each-user where every user authorizes for themselves. Empty where nobody is a member: then no role is needed.
   */
  readonly who: readonly Who[]
  /**
   * logged-in-user: how many are concerned; null where none are counted.
   */
  readonly users: null | number
}
export interface PlainReason {
  code:
    | 'NEVER_AUTHORIZED'
    | 'EXPIRED'
    | 'REVOKED'
    | 'SCOPES_LOST'
    | 'COVERED_BY_SHARED'
    | 'NOT_NEEDED'
    | 'NARROWER_THAN_GRANTED'
}
export interface ScopesReason {
  readonly code: 'SCOPES_ADDED'
  readonly scopes: readonly string[]
}
export interface ParametersReason {
  readonly code: 'PARAMETERS_CHANGED'
  readonly parameters: readonly string[]
}
export interface OriginReason {
  readonly code: 'ORIGIN_CHANGED'
  readonly from: readonly string[]
  readonly to: readonly string[]
}
export interface ReplacedReason {
  readonly code: 'CONNECTOR_CHANGED' | 'AUTH_CHANGED' | 'CLIENT_CHANGED' | 'LEVEL_CHANGED' | 'SLOT_CHANGED'
  readonly from: null | string
  readonly to: null | string
}
/**
 * Everything that apply would do to one environment. Deterministic: the same specs and state give the same bytes.
 */
export interface Plan {
  /**
   * Format of this document.
   */
  readonly formatVersion: 1
  readonly environment: Environment
  /**
   * client: the installation that goes on under this link name; else null.
   */
  readonly renamedFrom: null | Environment
  readonly source: PlanSource
  /**
   * Every state document and version that was read, in the order of their names. null, 0, null where there is none yet.
   */
  readonly basedOn: readonly BasedOn[]
  readonly inputs: Digest
  readonly selection: Selection
  readonly version: VersionChange
  /**
   * In the order of subject and link name.
   */
  readonly changes: readonly Change[]
  /**
   * What stays behind, and what it waits for.
   */
  readonly held: readonly Held[]
  /**
   * In the order in which apply asks for them; revocations last.
   */
  readonly authorizations: readonly DueAuthorization[]
  /**
   * What is worth knowing. Not part of what a saved plan promises.
   */
  readonly diagnostics: readonly Diagnostic[]
  readonly summary: Summary
}
/**
 * One document and the moment of its history.
 */
export interface BasedOn {
  /**
   * dev, stage, prod, shared, client/<link name> or versions/<n>.
   */
  readonly document: string
  readonly lineage: null | string
  /**
   * Serial of the state; the number of a version.
   */
  readonly serial: number
  readonly digest: null | Digest
}
/**
 * What the plan was asked for; empty lists select everything.
 */
export interface Selection {
  readonly components: readonly LinkName[]
  readonly connections: readonly LinkName[]
  /**
   * true takes missing components in.
   */
  readonly withReferences: boolean
  /**
   * prod: the version asked for; null without --version.
   */
  readonly version: null | 'latest' | number
}
/**
 * The version before and after; null in dev and where there is none.
 */
export interface VersionChange {
  readonly from: null | number
  readonly to: null | number
  /**
   * Whether prod stays at `to` from then on.
   */
  readonly pinned: boolean
}
/**
 * One item that does not go along.
 */
export interface Held {
  readonly subject: Subject
  readonly linkName: LinkName
  readonly code: HeldCode
  /**
   * Why, and what to do.
   */
  readonly message: string
  /**
   * The components it waits for.
   */
  readonly missing: readonly Missing[]
}
export interface Missing {
  readonly component: LinkName
  readonly because: Because
}
/**
 * Counts.
 */
export interface Summary {
  readonly add: number
  readonly modify: number
  readonly delete: number
  readonly rename: number
  readonly carry: number
  readonly held: number
  readonly authorize: number
  readonly reauthorize: number
  readonly inherit: number
  readonly revoke: number
}
/**
 * What `tieline plan --all --format json` prints: the whole road, in its order.
 */
export interface Plans {
  readonly formatVersion: 1
  readonly plans: readonly Plan[]
}
/**
 * The record of an authorization.
 */
export interface ListedAuthorization {
  /**
   * Id of the credential.
   */
  readonly credential: string
  /**
   * Link name of the connection; its id where no record has it any more.
   */
  readonly connection: string
  readonly id: EntryId
  readonly level: Level
  readonly account: Account
  /**
   * Who authorized.
   */
  readonly by: string
  /**
   * When, in UTC (RFC 3339).
   */
  readonly at: string
  /**
   * What ended it; null while it is live.
   */
  readonly ended: null | ListedEnd
  readonly asked: readonly string[]
  readonly granted: readonly string[]
  /**
   * The environments whose connection is recorded to use it.
   */
  readonly usedIn: readonly Environment[]
}
/**
 * What ended an authorization.
 */
export interface ListedEnd {
  readonly cause: 'EXPIRED' | 'REVOKED' | 'SCOPES_LOST'
  readonly by: string
  readonly at: string
}
/**
 * What `tieline state list --format json` prints: what state documents hold. Holds no credential.
 */
export interface StateList {
  /**
   * Format of this document.
   */
  readonly formatVersion: 1
  /**
   * In the order shared, dev, stage, prod, clients.
   */
  readonly documents: readonly ListedDocument[]
}
/**
 * A state document.
 */
export interface ListedDocument {
  readonly document: Slot
  /**
   * Lineage of the document; null where nothing was written yet.
   */
  readonly lineage: null | string
  /**
   * Serial of the document; 0 where nothing was written yet.
   */
  readonly serial: number
  /**
   * stage: the newest version; prod and clients: the one they run; else null.
   */
  readonly version: null | number
  /**
   * prod and clients: true while it stays at its version.
   */
  readonly pinned: boolean
  /**
   * Sorted by link name.
   */
  readonly connections: readonly ListedConnection[]
  /**
   * Sorted by link name.
   */
  readonly components: readonly ListedComponent[]
  /**
   * Sorted by connection, then by time.
   */
  readonly authorizations: readonly ListedAuthorization[]
  /**
   * How many people had authorized each logged-in-user connection at the last apply or refresh.
   */
  readonly users: readonly ListedUsers[]
}
/**
 * A recorded connection.
 */
export interface ListedConnection {
  readonly linkName: LinkName
  readonly id: EntryId
  /**
   * Display name.
   */
  readonly name: string
  readonly connector: ConnectorId
  readonly level: Level
  readonly slot: Slot
  /**
   * Components that use it, sorted.
   */
  readonly usedBy: readonly LinkName[]
}
/**
 * A recorded component.
 */
export interface ListedComponent {
  readonly linkName: LinkName
  readonly id: EntryId
  /**
   * Display name.
   */
  readonly name: string
  /**
   * What sort of part it is.
   */
  readonly kind: string
  readonly uses: readonly LinkName[]
  readonly depends: readonly LinkName[]
}
/**
 * People who authorized a connection.
 */
export interface ListedUsers {
  /**
   * Link name of the connection; its id where no record has it any more.
   */
  readonly connection: string
  readonly id: EntryId
  readonly count: number
}
/**
 * Ids by link name.
 */
export interface Ids {
  readonly [k: string]: string
}
/**
 * A connection in normal form: every default filled in, every list sorted, references unresolved.
 */
export interface Connection {
  readonly id: EntryId
  /**
   * Display name. Whatever was recorded, it is on one line and reads in one direction.
   */
  readonly name: string
  readonly connector: ConnectorId
  /**
   * Digest of a workspace connector; null for one that comes with tieline.
   */
  readonly connectorDigest: null | Digest
  /**
   * The way to authorize.
   */
  readonly auth: string
  readonly level: Level
  readonly authorization: Sharing
  /**
   * true where the spec says `scopes: all`.
   */
  readonly allScopes: boolean
  /**
   * Sorted; `all` is written out. Empty where the service has no scopes.
   */
  readonly scopes: readonly string[]
  readonly parameters: ParameterValues
  readonly client: null | ClientReferences
  readonly environments: Overrides
  /**
   * true: a plan that deletes it is refused.
   */
  readonly protect: boolean
}
/**
 * What differs in this environment and in those after it.
 */
export interface Overrides {
  readonly dev?: Override
  readonly stage?: Override
  readonly prod?: Override
}
/**
 * A component in normal form.
 */
export interface Component {
  readonly id: EntryId
  /**
   * Display name. Whatever was recorded, it is on one line and reads in one direction.
   */
  readonly name: string
  /**
   * What sort of part it is.
   */
  readonly kind: string
  /**
   * Connections, sorted.
   */
  readonly uses: readonly LinkName[]
  /**
   * Components, sorted.
   */
  readonly depends: readonly LinkName[]
  readonly source: null | ComponentSource
}
/**
 * The source files: their glob and a digest over their paths and texts.
 */
export interface ComponentSource {
  readonly glob: string
  readonly digest: Digest
}
/**
 * state/dev.json, stage.json, prod.json, shared.json and clients/<link name>.json: what an environment has. Holds no credential, so it can be committed.
 */
export interface State {
  /**
   * Format of this file. A newer one than tieline knows is refused.
   */
  readonly formatVersion: 1
  readonly environment: Slot
  /**
   * UUID given at the first write; tells one history from another.
   */
  readonly lineage: string
  /**
   * Grows by one with every write.
   */
  readonly serial: number
  readonly digest: Digest
  /**
   * stage: the newest version; prod and clients: the one they run; else null.
   */
  readonly version: null | number
  /**
   * prod and clients: true while it stays at its version.
   */
  readonly pinned: boolean
  /**
   * prod and clients: the versions it has run, ascending.
   */
  readonly had: readonly number[]
  /**
   * stage: the digest of each version, by number.
   */
  readonly versions: {
    readonly [k: string]: Digest
  }
  readonly retired: Retired
  /**
   * dev: the display names given to connections without one, by id. Given once, never renumbered.
   */
  readonly given: {
    readonly [k: string]: string
  }
  /**
   * What the definitions were taken from at the last apply.
   */
  readonly source: null | Source
  /**
   * The vault that holds this slot's credentials; null before its first credential.
   */
  readonly vault: null | VaultCommitment
  /**
   * The workspace's own connectors that the connections below name, by digest: what this environment runs does not change with the file in the tree.
   */
  readonly connectors: {
    readonly [k: string]: Connector
  }
  /**
   * By link name.
   */
  readonly connections: {
    readonly [k: string]: Connection
  }
  /**
   * By link name.
   */
  readonly components: {
    readonly [k: string]: Component
  }
  /**
   * The credential that each connection uses, by connection id: a consent given for another environment does not slip in.
   */
  readonly serving: {
    readonly [k: string]: string
  }
  /**
   * How many people had authorized logged-in-user connections at the last apply or refresh, by connection id.
   */
  readonly users: {
    readonly [k: string]: readonly UserCount[]
  }
  /**
   * By credential id.
   */
  readonly authorizations: {
    readonly [k: string]: AuthorizationRecord
  }
}
/**
 * dev: link names that are no longer used, with the id each had.
 */
export interface Retired {
  readonly connections: Ids
  readonly components: Ids
}
export interface Source {
  /**
   * tree (the specs), dev, stage or prod.
   */
  readonly environment: 'tree' | 'dev' | 'stage' | 'prod'
  /**
   * Serial of that environment's state; null for the tree.
   */
  readonly serial: null | number
  readonly definitions: Digest
}
export interface VaultCommitment {
  /**
   * Id of the vault.
   */
  readonly id: string
  readonly keys: Digest
}
/**
 * People whose authorizations have the same basis and scopes.
 */
export interface UserCount {
  readonly basis: Basis
  /**
   * Scopes asked for, sorted.
   */
  readonly asked: readonly string[]
  /**
   * How many people.
   */
  readonly count: number
}
/**
 * What `tieline status --by EMAIL --format json` prints: all that one person authorized.
 */
export interface StatusBy {
  /**
   * The person.
   */
  readonly by: string
  readonly authorizations: readonly PersonalAuthorization[]
}
/**
 * One authorization that the person gave, or that is their own.
 */
export interface PersonalAuthorization {
  /**
   * Link name; the last one known for a connection that is gone.
   */
  readonly connection: string
  readonly slot: Slot
  readonly level: Level
  /**
   * logged-in-user: whose it is; else null.
   */
  readonly user: null | string
  readonly state: PersonalState
  /**
   * Those that run on it; of a user's own, those in which it can be used.
   */
  readonly environments: readonly Environment[]
  readonly account: Account
  /**
   * Who gave it.
   */
  readonly by: string
  /**
   * When (RFC 3339).
   */
  readonly at: string
  readonly granted: readonly string[]
  /**
   * Whether a reader of the slot has taken the credential in; null where it is not in this vault.
   */
  readonly adopted: null | boolean
  /**
   * What ended it, when that was found, and by whom; null while it lives.
   */
  readonly ended: null | PersonalEnd
  /**
   * What replaces or ends it, in this order.
   */
  readonly commands: readonly string[]
}
export interface PersonalEnd {
  readonly cause: 'expired' | 'revoked' | 'scopes-lost' | 'grant-gone' | 'interrupted-refresh'
  readonly by: null | string
  readonly at: string
}
/**
 * What `tieline status --format json` prints.
 */
export interface Status {
  readonly environments: readonly EnvironmentStatus[]
}
export interface EnvironmentStatus {
  readonly environment: Environment
  readonly connections: readonly ConnectionStatus[]
}
export interface ConnectionStatus {
  readonly connection: LinkName
  readonly status: StatusWord
  readonly account: null | Account
  readonly by: null | string
  readonly at: null | string
  readonly asked: readonly string[]
  readonly granted: readonly string[]
  /**
   * Scopes that are needed and were not granted.
   */
  readonly missing: readonly string[]
  /**
   * Whether a reader of the slot has taken the credential in; null without one.
   */
  readonly adopted: null | boolean
  /**
   * When the access token ends (RFC 3339); null where it does not or nobody knows.
   */
  readonly expiresAt: null | string
  /**
   * Why it needs attention, if it does.
   */
  readonly cause: null | StatusCause
  /**
   * logged-in-user: how many people have authorized; else null.
   */
  readonly users: null | number
}
/**
 * state/versions/<n>.json: what one publish to stage made. Immutable; holds no authorizations.
 */
export interface Version {
  /**
   * Format of this file.
   */
  readonly formatVersion: 1
  /**
   * Its number.
   */
  readonly version: number
  /**
   * Who published.
   */
  readonly by: string
  /**
   * When, in UTC (RFC 3339).
   */
  readonly at: string
  /**
   * What was said with -m.
   */
  readonly note: null | string
  /**
   * The git commit of the working tree, with + behind it where that had changes.
   */
  readonly commit: null | string
  /**
   * Workspace connectors by digest.
   */
  readonly connectors: {
    readonly [k: string]: Connector
  }
  /**
   * By link name.
   */
  readonly connections: {
    readonly [k: string]: Connection
  }
  /**
   * By link name.
   */
  readonly components: {
    readonly [k: string]: Component
  }
}
/**
 * tieline.yaml: the app, its members, where state and vault live, and the team's rules.
 */
export interface WorkspaceSpec {
  readonly app: AppSpec
  /**
   * Who may do what, by e-mail address. Left out: a one-person workspace, the actor is its super admin.
   */
  readonly members?: {
    readonly [k: string]: MemberSpec
  }
  /**
   * Public keys of the running application itself, by slot.
   */
  readonly runtime?: {
    readonly dev?: AgeRecipients
    readonly stage?: AgeRecipients
    readonly prod?: AgeRecipients
    readonly shared?: AgeRecipients
    readonly clients?: AgeRecipients
    readonly [k: string]: AgeRecipients | undefined
  }
  /**
   * Whether this workspace may define connectors of its own.
   */
  readonly connectors?: {
    /**
     * true reads connectors/<id>.yaml of this workspace.
     */
    readonly custom?: boolean
  }
  /**
   * Where the state lives: file:FOLDER, inside the workspace.
   */
  readonly state?: string
  /**
   * Where sealed credentials live: file:FOLDER, inside the workspace.
   */
  readonly vault?: string
  /**
   * When stage, prod and clients may be applied.
   */
  readonly publish?: {
    /**
     * The git branch from which alone stage and prod may be applied, with all specs committed.
     */
    readonly branch?: string
    /**
     * true refuses a plan of stage while dev lags behind the working tree.
     */
    readonly requireDevCurrent?: boolean
  }
  /**
   * Severities of the review rules.
   */
  readonly rules?: {
    readonly [k: string]: 'error' | 'warn' | 'off'
  }
}
/**
 * The application whose connections this workspace describes.
 */
export interface AppSpec {
  /**
   * What people call the app. Any printable text, at most 100 characters.
   */
  readonly name: string
}
/**
 * A member: role and public key.
 */
export interface MemberSpec {
  /**
   * What the member may do.
   */
  readonly role: 'super-admin' | 'admin' | 'developer' | 'user'
  readonly key?: AgeRecipient
}
