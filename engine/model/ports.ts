import type { Credential } from './credential.ts'
import type { Diagnostic } from './diagnostic.ts'
import type { Documents, StateContent } from './documents.ts'
import type {
  CredentialFile,
  Digest,
  Slot,
  State,
  VaultCommitment,
  Version
} from './generated/types.ts'

/** The time, so that tests can set it. */
export interface Clock {
  readonly now: () => Date
}

/** Where the state of a workspace lives. Reading never locks; writing happens under one lock for the whole workspace. */
export interface StateStore {
  /** All documents. What cannot be read (conflict, edited by hand, newer format) is a problem and reads as null. */
  readonly read: () => Promise<{
    readonly documents: Documents
    readonly problems: readonly Diagnostic[]
  }>
  /** A published version; null if there is none with this digest. */
  readonly readVersion: (number: number, digest: Digest) => Promise<Version | null>
  /**
   * Runs `work` while holding the lock, and lets go of it however `work` ends. Throws a Refusal (STATE_LOCKED) that tells who
   * holds it if somebody does. Never hold it while waiting for a person or a provider.
   */
  readonly withLock: <T>(operation: string, work: (writer: StateWriter) => Promise<T>) => Promise<T>
  /** Ends the lock with this id, whoever holds it. Throws a Refusal if there is no such lock. */
  readonly unlock: (id: string) => Promise<void>
  /** Takes a document whose digest does not fit as it is, under a new serial and digest. */
  readonly accept: (slot: Slot) => Promise<State>
}

export interface StateWriter {
  /** Fresh, under the lock. Throws a Refusal if a document cannot be read. */
  readonly read: () => Promise<Documents>
  /** Atomic: the old document or the new one, at any instant. Adds lineage, serial and digest. Durable when it returns. */
  readonly write: (content: StateContent) => Promise<State>
  /** Replaces a left-over that no stage state names. Returns the digest for stage to name. */
  readonly writeVersion: (version: Version) => Promise<Digest>
}

/** Where sealed credentials live. */
export interface Vault {
  /** Null before the vault exists. */
  readonly commitment: () => Promise<VaultCommitment | null>
  /** What can be read of all credentials without a key. Damaged files are problems; the others still work. */
  readonly list: () => Promise<{
    readonly files: readonly CredentialFile[]
    readonly problems: readonly Diagnostic[]
  }>
  /** Unseals one; null if there is none. Throws a Refusal if the key does not open it or it was tampered with. */
  readonly open: (id: string) => Promise<Credential | null>
  /** Seals and stores one; durable when it returns. */
  readonly store: (credential: Credential) => Promise<void>
  readonly remove: (id: string) => Promise<void>
}

/** Resolves `env:NAME` and `file:PATH` at the moment a provider is spoken to. Throws a Refusal (REFERENCE_MISSING). */
export type SecretResolver = (reference: string) => Promise<string>

/** A grant that a provider was asked for. */
export interface RequestedGrant {
  readonly linkName: string
  readonly environment: string
  readonly service: string
  readonly by: string
  /** RFC 3339. */
  readonly at: string
}

/** Remembers that a grant may exist at a provider before anything of it can be stored. */
export interface GrantJournal {
  /** Durable when it returns. Call what it gives once the credential is stored, or none was granted. */
  readonly begin: (grant: RequestedGrant) => Promise<() => Promise<void>>
  /** What processes that are gone left behind. */
  readonly leftOver: () => Promise<
    readonly { readonly grant: RequestedGrant; readonly forget: () => Promise<void> }[]
  >
}
