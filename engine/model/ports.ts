import type { Credential } from './credential.ts'
import type { Diagnostic } from './diagnostic.ts'
import type { Documents, StateContent } from './documents.ts'
import type {
  CredentialFile,
  Digest,
  EntryId,
  HistoryEntry,
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
  /**
   * What was written to a document, the oldest write first, up to the newest that counts. What cannot be read is a problem, and the
   * rest is still told. Also of a client that was renamed: its history goes along.
   */
  readonly history: (slot: Slot) => Promise<{
    readonly entries: readonly HistoryEntry[]
    readonly problems: readonly Diagnostic[]
  }>
}

/** What a write of state says about itself, beside who and when. */
export interface WriteAbout {
  /** What was run, where it is not the operation that the lock was taken for. */
  readonly operation?: string
  readonly note?: string | null
  readonly commit?: string | null
  /** What takes the write back. */
  readonly undo?: HistoryEntry['undo']
  /** client: the document that goes on under this name, with its lineage and history; it is gone afterwards. */
  readonly movedFrom?: Slot
  /** client: begins a new lineage where the one before has ended, so that nothing of the former installation can be used again. */
  readonly isNewLineage?: boolean
}

export interface StateWriter {
  /** Fresh, under the lock. Throws a Refusal if a document cannot be read. */
  readonly read: () => Promise<Documents>
  /**
   * Atomic: the old document or the new one, at any instant. Adds lineage, serial and digest, and a line to the document's history,
   * which counts once the document has its digest. Durable when it returns.
   */
  readonly write: (content: StateContent, about?: WriteAbout) => Promise<State>
  /** Replaces a left-over that no stage state names. Returns the digest for stage to name. */
  readonly writeVersion: (version: Version) => Promise<Digest>
}

/**
 * Where sealed credentials live. Each slot has a key pair: its public half is enough to deposit, its private half is sealed to
 * the slot's readers. Every method that takes a slot or credential first compares the slot's key set with the one that state
 * commits to, and throws a Refusal (VAULT_KEY_CHANGED) if they differ, before anything is read or written.
 */
export interface Vault {
  /** What state is to commit to for a slot; null before the slot has keys. */
  readonly commitment: (slot: Slot) => Promise<VaultCommitment | null>
  /** Whether our key opens the slot. false as well where there are no keys yet, or we have none. */
  readonly canRead: (slot: Slot) => Promise<boolean>
  /**
   * Whether something could be stored in the slot now, found out before a person is asked for it: throws a Refusal (NO_READER,
   * VAULT_KEY_CHANGED, VAULT_KEY_WRONG, VAULT_UNWRITABLE) otherwise. Makes nothing that stays.
   */
  readonly checkStore: (slot: Slot) => Promise<void>
  /** The keys (age1...) that open the slot, sorted, as its key set says in the clear; null where there are no keys yet. */
  readonly readers: (slot: Slot) => Promise<readonly string[] | null>
  /**
   * What can be read of all credentials without a key: the newest generation of each. Damaged files are problems; the others
   * still work.
   */
  readonly list: () => Promise<{
    readonly files: readonly CredentialFile[]
    readonly problems: readonly Diagnostic[]
  }>
  /**
   * Unseals the newest generation of an adopted one; null if there is none. Throws a Refusal if our key does not open it, if it
   * was forged, swapped, tampered with or replayed, or if it is a deposit (NOT_ADOPTED).
   */
  readonly open: (id: string) => Promise<Credential | null>
  /**
   * Seals and stores a new one; durable when it returns. Adopted at once where our key opens the slot, else a deposit. Makes the
   * slot's keys in a one-person workspace; throws a Refusal (NO_READER) where nobody could read it.
   */
  readonly store: (
    credential: Credential,
    options?: { readonly switchAccount?: boolean }
  ) => Promise<'adopted' | 'deposited'>
  /**
   * Stores the next generation of an adopted one, if nobody stored it before and it was not ended: `superseded` and `ended`
   * change nothing. Decided by the disk, so that a process that slept cannot overwrite what came after.
   */
  readonly replace: (next: Credential) => Promise<'stored' | 'superseded' | 'ended'>
  /**
   * The next generation as `replace` would store it, as a text, for a place that was kept free: sealed to the slot's readers, and
   * vouched for. Writes nothing.
   */
  readonly seal: (next: Credential) => Promise<string>
  /** What such a text holds; null if it is damaged, forged, or of a credential that was ended. */
  readonly unseal: (sealed: string) => Promise<Credential | null>
  /**
   * Unseals a deposit, has `check` decide, and makes it an adopted record. null if there is no such deposit any more. Throws a
   * Refusal if `check` finds a problem, or if the depositor's proof is wrong (DEPOSIT_REFUSED); the deposit then stays.
   */
  readonly adopt: (id: string, check: DepositCheck) => Promise<Credential | null>
  /** Ends a credential for good: first a mark that no later write passes, then its files. Done twice, it changes nothing. */
  readonly remove: (id: string) => Promise<void>
  /** Ends what a process that was cut off had begun to end. */
  readonly sweep: () => Promise<void>
  /** A value set with `vault set`, for the connection and slot it was set for alone; null if there is none. */
  readonly value: (name: string, owner: ValueOwner) => Promise<string | null>
  readonly setValue: (name: string, value: string, owner: ValueOwner, by: string) => Promise<void>
}

export interface ValueOwner {
  readonly connection: EntryId
  readonly slot: Slot
}

export type DepositCheck = (deposit: {
  readonly credential: Credential
  /** Who deposited it. */
  readonly by: string
  /** false: nobody's member key vouches for it. */
  readonly verified: boolean
  /** Whether the depositor asked to replace the account. */
  readonly switchAccount: boolean
}) => Diagnostic | null | Promise<Diagnostic | null>

/**
 * Lets one process at a time renew a credential. A lease is durable before anything is sent, so that whoever comes after a
 * holder that died knows how far that one came.
 */
export interface RefreshLeases {
  /** Waits until nobody else renews this generation. Throws a Refusal (VAULT_UNWRITABLE) if the disk does not take a claim. */
  readonly claim: (wish: LeaseWish) => Promise<LeaseClaim>
  /** Removes all that was kept for a credential that has been ended. */
  readonly forget: (id: string) => Promise<void>
}

export interface LeaseWish {
  readonly id: string
  readonly generation: number
  /** How long to wait for somebody else, at most. */
  readonly patienceMs: number
  readonly clock: Clock
  /**
   * Told `moved-on` or `rescued` before, the caller could do nothing with that, and this generation is the newest still: perhaps the
   * vault was put back to an earlier day. What was told does not count then.
   */
  readonly isNewest?: boolean
}

export type LeaseClaim =
  | { readonly outcome: 'held'; readonly lease: RefreshLease }
  /** Somebody else was done with this generation: read the credential again. */
  | { readonly outcome: 'moved-on' }
  /** Somebody got the next generation and could not store it: a text of the vault's `seal`. Nobody may ask the provider. */
  | { readonly outcome: 'rescued'; readonly sealed: string }
  /** Somebody asked in vain a while ago, and nobody asks again before `failure.until`. */
  | { readonly outcome: 'cooling-down'; readonly failure: RefreshFailure }
  /** Somebody else was at it for all of `patienceMs`. */
  | { readonly outcome: 'busy' }

/** A lease ends with `done`, `failed`, `rescue` or `release`. They do nothing once the lease was lost. */
export interface RefreshLease {
  /** Holders before us that may have reached the provider and were never heard of again. */
  readonly interrupted: number
  /** How the last attempt at this generation failed; null if there was none. */
  readonly lastFailure: RefreshFailure | null
  /**
   * Call it right before the request. Durable when it returns: from here on the provider may have been asked, and `room` bytes for
   * the answer are kept free on the disk. false: the lease was lost, and nothing may be sent. Throws a Refusal (VAULT_UNWRITABLE) if
   * there is no room, and nothing may be sent either.
   */
  readonly sending: (room: number) => Promise<boolean>
  /** false once it was lost: this process was stopped or hung, and another one came. */
  readonly isHeld: () => Promise<boolean>
  /** After a success: the next generation is stored. Also after a `rescue` that found its way into the vault. Never throws. */
  readonly done: () => Promise<void>
  /** After an answer that changed nothing, so that others may try again after `until`. Never throws. */
  readonly failed: (failure: RefreshFailure) => Promise<void>
  /** Keeps the text for the next claim, in the room that was kept free. Throws if the disk does not take it; the lease then stays. */
  readonly rescue: (sealed: string) => Promise<void>
  /** As if it had never been held. Only where nothing was sent. Never throws. */
  readonly release: () => Promise<void>
}

export interface RefreshFailure {
  readonly kind: 'try-again' | 'client-wrong' | 'broken-answer' | 'refused'
  /** Fit to be shown. */
  readonly message: string
  /** Before then nobody asks again (RFC 3339). */
  readonly until: string
  /** How often it went wrong in a row. */
  readonly times: number
}

/**
 * Resolves `env:NAME`, `file:PATH` and `vault:NAME` at the moment a provider is spoken to. `vault:` values belong to one connection in
 * one slot. Throws a Refusal (REFERENCE_MISSING).
 */
export type SecretResolver = (reference: string, owner: ValueOwner) => Promise<string>

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
