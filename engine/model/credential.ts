import type { AuthorizationRecord, Dead, EntryId, Slot } from './generated/types.ts'

/** The secret that an authorization yielded, with what it is pinned to. Lives in the vault, sealed, and nowhere else. */
export interface Credential {
  readonly formatVersion: 1
  readonly id: string
  readonly slot: Slot
  readonly connection: EntryId
  /** logged-in-user: whose it is; else null. */
  readonly user: string | null
  /** Grows by one with every write: a refresh, or the finding that it is dead. */
  readonly generation: number
  /** The record that state holds of it; its basis pins where the credential may be sent. */
  readonly record: AuthorizationRecord
  /** The OAuth2 client id itself; null without OAuth2. */
  readonly clientId: string | null
  /** What made it unusable for good; null while it works. */
  readonly dead: Dead | null
  readonly secret: OAuth2Secret | FieldsSecret
}

export interface OAuth2Secret {
  readonly kind: 'oauth2'
  readonly accessToken: string
  /** null where none was given. Tokens of client_credentials and jwt_bearer are renewed without one. */
  readonly refreshToken: string | null
  /** When the tokens were asked for (RFC 3339). */
  readonly obtainedAt: string
  /** RFC 3339; null where nobody knows. */
  readonly expiresAt: string | null
  /** Seconds for which the access token was given; null where nobody knows. */
  readonly lifetime: number | null
  /** Scopes of the access token, sorted: as of the last answer that named them. */
  readonly scopes: readonly string[]
  /** What answers told, by the connector's name for it: origins, or plain values. */
  readonly learnt: Readonly<Record<string, string>>
  /** The private key that the tokens are bound to (RFC 9449), as a JWK's JSON text; null for bearer tokens. */
  readonly dpopKey: string | null
}

export interface FieldsSecret {
  readonly kind: 'fields'
  readonly fields: Readonly<Record<string, string>>
}
