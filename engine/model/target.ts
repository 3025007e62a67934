import type {
  Api,
  Basis,
  ClientReferences,
  Connector,
  EntryId,
  Environment,
  Fields,
  Level,
  LinkName,
  OAuth2Way,
  Redirect,
  Send,
  Slot
} from './generated/types.ts'

/** What an environment needs of an authorization, so that a connection can run. */
export interface Need {
  readonly connection: EntryId
  readonly level: Level
  readonly slot: Slot
  readonly basis: Basis
  /** Sorted. Empty where the service has no scopes. */
  readonly scopes: readonly string[]
}

/**
 * One connection in one environment, ready to be authorized or used. Addresses have their parameters filled in; what an
 * answer or a field will tell (`{instance_url}`, `{account_sid}`) is still open, see `openAddress`.
 */
export interface Target {
  readonly linkName: LinkName
  /** Display name. */
  readonly name: string
  readonly environment: Environment
  /** What the service calls itself. */
  readonly service: string
  readonly need: Need
  /** The OAuth2 client registration, by reference; null without OAuth2. */
  readonly client: ClientReferences | null
  /** Replaces scheme, host and port of every address, also of those learnt from answers. Loopback only. */
  readonly origin: string | null
  readonly way: TargetWay
  readonly api: Api
  readonly docs: Connector['docs']
}

export type Grant = NonNullable<OAuth2Way['grant']>

/** An OAuth2 way with its defaults filled in. */
export type OAuth2TargetWay = Omit<OAuth2Way, 'grant' | 'pkce' | 'redirect' | 'send'> & {
  readonly grant: Grant
  readonly pkce: 'S256' | 'none'
  readonly redirect: Required<Redirect>
  readonly send: readonly Send[]
}

export type TargetWay =
  | OAuth2TargetWay
  | {
      readonly id: string
      readonly kind: 'basic' | 'api-key'
      readonly fields: Fields
      readonly send: readonly Send[]
    }
