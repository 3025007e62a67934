/** The vault of a workspace with two clients, as whoever takes part in it opens it. */
import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import type { ClientEnvironment, Documents } from '../../engine/model/documents.ts'
import type { ClientSpec, State } from '../../engine/model/generated/types.ts'
import type { Vault } from '../../engine/model/ports.ts'
import type { Settings } from '../../engine/model/specs.ts'
import type { VaultKeys } from '../../engine/vault/vault-keys.ts'
import { openSlotKeys, openVault } from '../../engine/workflow/open-vault.ts'
import type { Surroundings } from '../../engine/workflow/surroundings.ts'
import { temporaryFolder } from '../support/assert.ts'
import { aState } from '../support/builders.ts'

const people = ['ana', 'it', 'jo', 'bo', 'new', 'app'] as const

type Person = (typeof people)[number]

export interface ClientVault {
  readonly folder: string
  readonly keyOf: (who: Person) => string
  readonly around: (who: Person) => Surroundings
  /** As specs and state say it at this moment: tests write into them. */
  settings: Settings
  documents: Documents
  readonly vaultAs: (who: Person, email?: string) => Promise<Vault>
  readonly keysAs: (who: Person) => Promise<VaultKeys>
  /** Keys for a client, with what state says of them. */
  readonly install: (
    client: ClientEnvironment,
    readers: readonly Person[],
    by?: Person
  ) => Promise<void>
  /** The client's state as a first write makes it. */
  readonly record: (client: ClientEnvironment, lineage?: string) => void
  readonly lineageOf: (client: ClientEnvironment) => string
}

/** ana is super-admin; it administers acme, where jo is a user with a key; bo administers beta. Both are installed, without keys. */
export async function aClientVault({ isAlone = false } = {}): Promise<ClientVault> {
  const entries = await Promise.all(
    people.map(async name => {
      const secret = await generateX25519Identity()
      return [name, { secret, key: await identityToRecipient(secret) }] as const
    })
  )
  const identities = new Map(entries)
  const keyOf = (who: Person): string => identities.get(who)?.key ?? ''
  const root = temporaryFolder()
  const folder = join(root, 'app')
  mkdirSync(folder)
  const around = (who: Person): Surroundings => ({
    folder,
    variables: { TIELINE_IDENTITY: identities.get(who)?.secret },
    configFolder: join(root, who),
    packageFolder: folder,
    clock: { now: () => new Date() },
    actor: undefined
  })
  const acme: ClientSpec = {
    name: 'Acme',
    members: {
      'it@acme.example': { role: 'admin', key: keyOf('it') },
      'jo@acme.example': { role: 'user', key: keyOf('jo') }
    }
  }
  const beta: ClientSpec = {
    name: 'Beta',
    members: { 'bo@beta.example': { role: 'admin', key: keyOf('bo') } }
  }
  const members = { 'ana@example.com': { role: 'super-admin', key: keyOf('ana') } } as const
  const emails: Partial<Record<Person, string>> = {
    ana: 'ana@example.com',
    it: 'it@acme.example',
    jo: 'jo@acme.example',
    bo: 'bo@beta.example'
  }
  const world: ClientVault = {
    folder: join(folder, '.tieline/vault'),
    keyOf,
    around,
    settings: {
      app: { name: 'App' },
      ...(isAlone ? {} : { members }),
      clients: new Map([
        ['acme', acme],
        ['beta', beta]
      ])
    },
    documents: { shared: null, dev: null, stage: null, prod: null },
    vaultAs: (who, email = emails[who]) =>
      openVault(around(who), world.settings, async () => world.documents, email ?? null),
    keysAs: who => openSlotKeys(around(who), world.settings, async () => world.documents),
    install: async (client, readers, by = 'ana') => {
      const vault = await (await world.keysAs(by)).make(client, readers.map(keyOf))
      write(client, { ...documentOf(client), vault })
    },
    record: (client, lineage = randomUUID()) => write(client, { ...aState(client), lineage }),
    lineageOf: client => documentOf(client).lineage
  }
  const documentOf = (client: ClientEnvironment): State => {
    const document = world.documents[client]
    if (document === undefined) throw new Error(`${client} is not installed`)
    return document
  }
  const write = (client: ClientEnvironment, state: State): void => {
    world.documents = { ...world.documents, [client]: state }
  }
  world.record('client/acme')
  world.record('client/beta')
  return world
}

/** Gives the document of a client another name, as a rename does. */
export function rename(world: ClientVault, from: ClientEnvironment, to: ClientEnvironment): void {
  const { [from]: document, ...others } = world.documents
  if (document === undefined) throw new Error(`${from} is not installed`)
  world.documents = { ...others, [to]: { ...document, environment: to } } as Documents
  const clients = new Map(world.settings.clients)
  const spec = clients.get(from.slice('client/'.length))
  clients.delete(from.slice('client/'.length))
  if (spec !== undefined) clients.set(to.slice('client/'.length), spec)
  world.settings = { ...world.settings, clients }
}
