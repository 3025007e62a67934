import type { AuthorizationRecord, EntryId, Slot } from './generated/types.ts'

/** The secret that an authorization yielded, with what it is pinned to. Lives in the vault, sealed, and nowhere else. */
export interface Credential {
  readonly formatVersion: 1
  readonly id: string
  readonly slot: Slot
  readonly connection: EntryId
  /** logged-in-user: whose it is; else null. */
  readonly user: string | null
  /** Grows by one with every refresh. */
  readonly generation: number
  /** The record that state holds of it; its basis pins where the credential may be sent. */
  readonly record: AuthorizationRecord
  /** The OAuth2 client id itself; null without OAuth2. */
  readonly clientId: string | null
  readonly secret: OAuth2Secret | FieldsSecret
}

export interface OAuth2Secret {
  readonly kind: 'oauth2'
  readonly accessToken: string
  readonly refreshToken: string | null
  /** RFC 3339; null where nobody knows. */
  readonly expiresAt: string | null
  /** Seconds for which the access token was given; null where nobody knows. */
  readonly lifetime: number | null
  /** Origins that the token answer told, by the connector's name for them. */
  readonly learnt: Readonly<Record<string, string>>
}

export interface FieldsSecret {
  readonly kind: 'fields'
  readonly fields: Readonly<Record<string, string>>
}
