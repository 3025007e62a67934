import type { Credential } from '../model/credential.ts'
import { type Diagnostic, problem, Refusal } from '../model/diagnostic.ts'
import {
  type ClientEnvironment,
  clientOf,
  clientsIn,
  type Documents,
  environmentsIn,
  isClient
} from '../model/documents.ts'
import type { SealedSlot, Slot } from '../model/generated/types.ts'
import type { DepositCheck, ValueOwner, Vault } from '../model/ports.ts'
import type { SlotKeySet, VaultKeys } from '../vault/vault-keys.ts'

/**
 * What slots are called by people and by the vault, as state says it at one moment. The vault calls a client's slot by the lineage of
 * the client's state, so that a rename of the client needs nothing sealed anew, and a client that is installed anew gets nothing of
 * what it had before.
 */
export interface SlotNames {
  /** null for a client that state does not have. */
  readonly sealed: (slot: Slot) => SealedSlot | null
  /** null for an installation that state does not have, or not any more. */
  readonly named: (slot: SealedSlot) => Slot | null
}

export function slotNames(documents: Documents): SlotNames {
  const sealed = new Map<Slot, SealedSlot>()
  const named = new Map<SealedSlot, Slot>()
  for (const client of clientsIn(documents)) {
    const lineage = documents[client]?.lineage
    if (lineage === undefined) continue
    sealed.set(client, `client/${lineage}`)
    named.set(`client/${lineage}`, client)
  }
  return {
    sealed: slot => (isClient(slot) ? (sealed.get(slot) ?? null) : slot),
    named: slot => (isClient(slot) ? (named.get(slot) ?? null) : slot)
  }
}

type ReadDocuments = () => Promise<Documents>

/**
 * A vault that calls every slot as people do, in what it takes, gives and says. What belongs to no recorded installation is listed under
 * the vault's own name for its slot, which is no link name, and is neither opened nor adopted.
 */
export function namedVault(vault: Vault, documents: ReadDocuments): Vault {
  const { sealed, needed, named, told } = translator(documents)

  const opened = async (credential: Credential): Promise<Credential> => {
    const slot = await named(credential.slot)
    if (slot === null) throw new Refusal(installationGone(credential.id))
    return slot === credential.slot ? credential : { ...credential, slot }
  }
  const toSeal = async (credential: Credential): Promise<Credential> => {
    const slot = await needed(credential.slot)
    return slot === credential.slot ? credential : { ...credential, slot }
  }
  const checking =
    (check: DepositCheck): DepositCheck =>
    async deposit => {
      const { credential } = deposit
      const slot = await named(credential.slot)
      if (slot === null) return installationGone(credential.id)
      return check({ ...deposit, credential: { ...credential, slot } })
    }
  /** What a slot without keys answers, where state has no such client. */
  const orNothing = <T>(
    slot: Slot,
    nothing: T,
    ask: (slot: SealedSlot) => Promise<T>
  ): Promise<T> =>
    told(async () => {
      const known = await sealed(slot)
      return known === null ? nothing : ask(known)
    })
  const ownerIn = async (owner: ValueOwner): Promise<ValueOwner> => ({
    ...owner,
    slot: await needed(owner.slot)
  })

  return {
    commitment: slot => orNothing(slot, null, vault.commitment),
    canRead: slot => orNothing(slot, false, vault.canRead),
    checkStore: slot => told(async () => vault.checkStore(await needed(slot))),
    readers: slot => orNothing(slot, null, vault.readers),
    list: () =>
      told(async () => {
        const { files, problems } = await vault.list()
        const hasClient = files.some(each => isClient(each.slot)) || problems.some(isNamedByVault)
        if (!hasClient) return { files, problems }
        const names = slotNames(await documents())
        return {
          files: files.map(each => ({ ...each, slot: names.named(each.slot) ?? each.slot })),
          problems: problems.map(each => withNames(each, names))
        }
      }),
    open: id =>
      told(async () => {
        const credential = await vault.open(id)
        return credential && opened(credential)
      }),
    store: (credential, options) =>
      told(async () => vault.store(await toSeal(credential), options)),
    replace: next => told(async () => vault.replace(await toSeal(next))),
    seal: next => told(async () => vault.seal(await toSeal(next))),
    unseal: text =>
      told(async () => {
        const credential = await vault.unseal(text)
        const slot = credential && (await named(credential.slot))
        return credential && slot && { ...credential, slot }
      }),
    adopt: (id, check) =>
      told(async () => {
        const credential = await vault.adopt(id, checking(check))
        return credential && opened(credential)
      }),
    remove: id => told(() => vault.remove(id)),
    sweep: () => told(() => vault.sweep()),
    value: (name, owner) =>
      orNothing(owner.slot, null, slot => vault.value(name, { ...owner, slot })),
    setValue: (name, value, owner, by) =>
      told(async () => vault.setValue(name, value, await ownerIn(owner), by))
  }
}

/** The same for the keys of a vault. Of slots that are asked for, those that state does not have are left out. */
export function namedVaultKeys(keys: VaultKeys, documents: ReadDocuments): VaultKeys {
  const { needed, told } = translator(documents)
  const named = (set: SlotKeySet, names: SlotNames): SlotKeySet => ({
    ...set,
    slot: names.named(set.slot) ?? set.slot,
    problem: set.problem && withNames(set.problem, names)
  })
  return {
    list: slots =>
      told(async () => {
        const names = slotNames(await documents())
        const asked = slots?.flatMap(slot => names.sealed(slot) ?? [])
        return (await keys.list(asked)).map(set => named(set, names))
      }),
    make: (slot, readers) => told(async () => keys.make(await needed(slot), readers)),
    remake: (slot, readers) => told(async () => keys.remake(await needed(slot), readers)),
    addReaders: (slot, readers) => told(async () => keys.addReaders(await needed(slot), readers)),
    rotate: (slot, readers) =>
      told(async () => {
        const { commitment, problems } = await keys.rotate(await needed(slot), readers)
        return { commitment, problems: await allWithNames(problems, documents) }
      }),
    finish: slot =>
      told(async () => allWithNames(await keys.finish(await needed(slot)), documents)),
    abandon: slot =>
      told(async () => allWithNames(await keys.abandon(await needed(slot)), documents)),
    values: () =>
      told(async () => {
        const names = slotNames(await documents())
        const values = await keys.values()
        return values.map(each => ({ ...each, slot: names.named(each.slot) ?? each.slot }))
      })
  }
}

/** Reads state for slots of clients only, anew each time. */
function translator(documents: ReadDocuments) {
  const sealed = async (slot: Slot): Promise<SealedSlot | null> =>
    isClient(slot) ? slotNames(await documents()).sealed(slot) : slot
  const needed = async (slot: Slot): Promise<SealedSlot> => {
    const known = await sealed(slot)
    if (known === null && isClient(slot)) throw new Refusal(notInstalled(slot))
    return known ?? slot
  }
  const named = async (slot: SealedSlot): Promise<Slot | null> =>
    isClient(slot) ? slotNames(await documents()).named(slot) : slot
  /** Runs what may refuse, and puts the names that people know into what it says. */
  const told = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      const isNameless = error instanceof Refusal && error.diagnostics.some(isNamedByVault)
      throw isNameless ? new Refusal(...(await allWithNames(error.diagnostics, documents))) : error
    }
  }
  return { sealed, needed, named, told }
}

const lineage = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'

const sealedName = new RegExp(`clients?/${lineage}`)

/** A connection by its id, which no rename changes, and the slot that it is about. */
const entryName = /connection "([a-z][a-z0-9_]{0,49}\.\d{1,15})" in ([a-z0-9_/]+)/

function isNamedByVault({ detail }: Diagnostic): boolean {
  return sealedName.test(detail) || entryName.test(detail)
}

/** A file of the vault, which people have to find by its own name; else a slot, or the file that describes its client. */
const sealedNames = new RegExp(
  `((?:keys|ledger)/)?(clients?)/(${lineage})(?:[\\w.-]*\\.json)?`,
  'g'
)

async function allWithNames(
  diagnostics: readonly Diagnostic[],
  documents: ReadDocuments
): Promise<readonly Diagnostic[]> {
  if (!diagnostics.some(isNamedByVault)) return diagnostics
  const now = await documents()
  const names = slotNames(now)
  return diagnostics.map(each => withLinkNames(withNames(each, names), now))
}

function withNames(diagnostic: Diagnostic, names: SlotNames): Diagnostic {
  const detail = diagnostic.detail.replace(
    sealedNames,
    (whole, folder: string | undefined, kind: string, id: string) => {
      const slot = names.named(`client/${id}`)
      if (slot === null || !isClient(slot)) return whole
      return folder === undefined ? `${kind}/${clientOf(slot)}` : `${whole} (${slot})`
    }
  )
  return { ...diagnostic, detail }
}

/** What a connection is called where the slot is used. Of one that state does not know, its id tells the most. */
function withLinkNames(diagnostic: Diagnostic, documents: Documents): Diagnostic {
  const detail = diagnostic.detail.replace(entryName, (whole, id: string, slot: string) => {
    const where = environmentsIn(documents).filter(each => each === slot || slot === 'shared')
    const linkNames = where.flatMap(environment =>
      Object.entries(documents[environment]?.connections ?? {}).flatMap(([linkName, each]) =>
        each.id === id ? [linkName] : []
      )
    )
    return linkNames[0] === undefined ? whole : `${linkNames[0]} in ${slot}`
  })
  return { ...diagnostic, detail }
}

function notInstalled(slot: ClientEnvironment): Diagnostic {
  return problem(
    'NO_READER',
    'Nobody could read it',
    `State has no installation ${slot}, so the vault has no keys for it, and nothing can be sealed for its readers. Install it first:\n    tieline apply -e ${slot}`
  )
}

function installationGone(id: string): Diagnostic {
  return problem(
    'INSTALLATION_GONE',
    'It belongs to an installation that is no more',
    `Credential ${id} in the vault was stored for an installation of a client that state does not have any more. No installation uses ` +
      'what another one was given, not even one of the same client, so it is of no use to anybody. Where the client is installed now, ' +
      'the connection has to be authorized for that installation.'
  )
}
