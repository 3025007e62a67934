import type { Environment, Level } from '../model/generated/types.ts'

/** What is known of one connection when a program is compiled. `tieline types` writes these. */
export interface ConnectionType {
  readonly kind: 'oauth2' | 'basic' | 'api-key'
  readonly level: Level
  /** Scopes that can be asked for; never where there are none. */
  readonly scopes: string
}

/** Any connections: what holds where no types were generated. */
export interface AnyConnections {
  readonly [linkName: string]: ConnectionType
}

/** What the type parameter of `openConnections` has to be: link names and what is known of each. */
export type ConnectionTypes<All> = { readonly [Name in keyof All]: ConnectionType }

export interface ConnectionsOptions {
  /** dev, stage, prod, or the installation of a client: `client/<link name>`. Default: TIELINE_ENV, else dev. */
  readonly env?: Environment | undefined
  /** Whose credentials of logged-in-user connections, unless a connection says otherwise. */
  readonly user?: string | undefined
  /** In whose name; default: TIELINE_ACTOR. An application with a key of its own needs none. */
  readonly actor?: string | undefined
  /** An age secret key, or the path of a file that holds one. Default: TIELINE_IDENTITY, else the person's own. */
  readonly identity?: string | undefined
}

/** The connections of one workspace in one environment. */
export interface OpenConnections<All = AnyConnections, HasUser extends boolean = false> {
  /** A connection by its link name. Whether there is such a connection is looked up at each use, and CONNECTION_UNKNOWN thrown then. */
  readonly connection: <Name extends keyof All & string>(
    linkName: Name,
    ...options: UserOptions<LevelOf<All[Name]>, HasUser>
  ) => ConnectionOf<All[Name]>
}

/** logged-in-user: whose credential. Needed, unless `openConnections` was told. */
export type UserOptions<Of, HasUser extends boolean> = 'logged-in-user' extends Of
  ? 'administrator' extends Of
    ? [options?: { readonly user?: string | undefined }]
    : HasUser extends true
      ? [options?: { readonly user?: string | undefined }]
      : [options: { readonly user: string }]
  : []

export type LevelOf<Type> = Type extends ConnectionType ? Type['level'] : Level

/** Only what is authorized with OAuth2 has a token. */
export type ConnectionOf<Type> = Type extends ConnectionType
  ? 'oauth2' extends Type['kind']
    ? OAuth2Connection<Type['scopes']>
    : Connection<Type['scopes']>
  : OAuth2Connection<string>

export interface ScopeOptions<Scope extends string> {
  /** Throws SCOPES_MISSING unless all of these were granted. */
  readonly scopes?: readonly Scope[] | undefined
}

/** What the headers are for; needed where a token is bound to a key (DPoP, RFC 9449). */
export interface HeaderRequest {
  readonly method: string
  readonly url: string | URL
}

/**
 * One connection. Every call gives what works at that moment: a token that has run out is renewed first. Every method throws a
 * TielineError with a code: CONNECTION_UNKNOWN, NOT_AUTHORIZED, NOT_ADOPTED, AUTHORIZATION_EXPIRED, AUTHORIZATION_REVOKED,
 * NEEDS_REAUTHORIZATION, SCOPES_MISSING or PROVIDER_UNAVAILABLE among others.
 */
export interface Connection<Scope extends string = string> {
  /** What to add to a request. Throws NOT_IN_HEADERS where the credential travels in the query, PROOF_NEEDED where a request must be named. */
  readonly headers: (
    request?: (HeaderRequest & ScopeOptions<Scope>) | (ScopeOptions<Scope> & Partial<HeaderRequest>)
  ) => Promise<Record<string, string>>
  /**
   * Like `fetch`, with the credential. `path` stands below the connector's base address, or is a whole address at one of the
   * credential's own origins; anything else is refused (REQUEST_ELSEWHERE) before anything is sent. The credential follows no
   * redirect to another origin, and a token that the service refuses is renewed once. An answer is given as it came, whatever its
   * status.
   */
  readonly fetch: (
    path: string | URL,
    init?: RequestInit & ScopeOptions<Scope>
  ) => Promise<Response>
}

export interface OAuth2Connection<Scope extends string = string> extends Connection<Scope> {
  /** A valid access token. */
  readonly token: (options?: ScopeOptions<Scope>) => Promise<string>
}
