import { randomUUID } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Credential } from '../../engine/model/credential.ts'
import { type Diagnostic, problem, Refusal } from '../../engine/model/diagnostic.ts'
import type { ClientEnvironment } from '../../engine/model/documents.ts'
import type { Slot } from '../../engine/model/generated/types.ts'
import type { Vault } from '../../engine/model/ports.ts'
import type { VaultKeys } from '../../engine/vault/vault-keys.ts'
import { vaultProblem } from '../../engine/vault/vault-problem.ts'
import { namedVault, namedVaultKeys } from '../../engine/workflow/named-slots.ts'
import { withCode } from '../oauth/a-target.ts'
import { rejects } from '../support/assert.ts'
import { aConnection, aState } from '../support/builders.ts'
import { aSecret, aSignIn, filesIn } from '../vault/a-vault.ts'
import { aClientVault, rename } from './a-client-vault.ts'

const [acme, beta] = ['client/acme', 'client/beta'] as const
const owner = { connection: 'example.1', slot: acme }

async function installed() {
  const world = await aClientVault()
  await world.install(acme, ['it', 'app'])
  await world.install(beta, ['bo'])
  return world
}

test('people call slots by link names, the vault by what no rename changes', async () => {
  const world = await installed()
  const it = await world.vaultAs('it')
  const credential = aSecret({ slot: acme })
  assert.is(await it.store(credential), 'adopted')
  assert.equal(await it.open(credential.id), credential)
  assert.equal(
    (await it.list()).files.map(each => each.slot),
    [acme]
  )
  assert.equal(await it.commitment(acme), world.documents[acme]?.vault)
  assert.is(await it.replace({ ...credential, generation: 2 }), 'stored')
  const sealed = await it.seal({ ...credential, generation: 3 })
  assert.match(sealed, `"client/${world.lineageOf(acme)}"`)
  assert.equal(await it.unseal(sealed), { ...credential, generation: 3 })
  await it.setValue('secret', 'canary', owner, 'it@acme.example')
  assert.is(await it.value('secret', owner), 'canary')
  assert.equal(
    (await (await world.keysAs('it')).values()).map(each => each.slot),
    [acme]
  )
  const files = filesIn(world.folder)
  assert.not.ok(JSON.stringify(files).includes('acme"'), 'A file names the client')
  assert.ok(Object.keys(files).every(name => !name.includes('acme')))
})

test('each client reads its own, and neither the other one nor we do', async () => {
  const world = await installed()
  const [it, bo, ana] = [
    await world.vaultAs('it'),
    await world.vaultAs('bo'),
    await world.vaultAs('ana')
  ]
  const [theirs, others] = [aSecret({ slot: acme }), aSecret({ slot: beta })]
  await it.store(theirs)
  await bo.store(others)
  await it.setValue('secret', 'canary', owner, 'it@acme.example')
  for (const vault of [bo, ana]) {
    await rejects(() => vault.open(theirs.id), withCode('VAULT_KEY_WRONG'))
    await rejects(() => vault.value('secret', owner), withCode('VAULT_KEY_WRONG'))
    assert.is(await vault.canRead(acme), false)
  }
  await rejects(() => it.open(others.id), withCode('VAULT_KEY_WRONG'))
  // The application does, where tieline.yaml gave it to them.
  assert.equal(await (await world.vaultAs('app')).open(theirs.id), theirs)
})

test('what a key does not open is named by its connection and slot, as people know them', async () => {
  const world = await installed()
  const it = await world.vaultAs('it')
  const [known, gone] = [aSecret({ slot: acme }), aSecret({ slot: acme, connection: 'old.7' })]
  await it.store(known)
  await it.store(gone)
  await it.setValue('secret', 'canary', owner, 'it@acme.example')
  const document = world.documents[acme]
  if (document === undefined) throw new Error('unreachable')
  const connections = { crm: aConnection({ id: known.connection }) }
  world.documents = { ...world.documents, [acme]: { ...document, connections } }
  const bo = await world.vaultAs('bo')
  const said = async (call: () => Promise<unknown>): Promise<string> => {
    const error = await rejects(call, withCode('VAULT_KEY_WRONG'))
    return error instanceof Refusal ? (error.diagnostics[0]?.detail ?? '') : ''
  }
  const detail = await said(() => bo.open(known.id))
  assert.match(detail, 'What was authorized for crm in client/acme is sealed to other keys')
  assert.not.match(detail, known.id)
  assert.match(detail, 'Set TIELINE_IDENTITY')
  assert.match(detail, '\n    tieline vault recipients')
  assert.match(await said(() => bo.open(gone.id)), 'for connection "old.7" in client/acme')
  assert.match(
    await said(() => bo.value('secret', owner)),
    'The value vault:secret of crm in client/'
  )
})

test("a client's user deposits, and the client's admin takes it in", async () => {
  const world = await installed()
  const [jo, it] = [await world.vaultAs('jo'), await world.vaultAs('it')]
  const credential = aSignIn('jo@acme.example', { slot: acme })
  assert.is(await jo.store(credential), 'deposited')
  await rejects(() => it.open(credential.id), withCode('NOT_ADOPTED'))
  const seen: unknown[] = []
  const adopted = await it.adopt(credential.id, ({ credential: { slot }, by, verified }) => {
    seen.push([slot, by, verified])
    return null
  })
  assert.equal(seen, [[acme, 'jo@acme.example', true]])
  assert.equal(adopted, credential)
  assert.equal(await it.open(credential.id), credential)
  assert.equal(await it.adopt(credential.id, () => null), null)
})

test("nobody but the client's own members vouches for what is left there", async () => {
  const world = await installed()
  const ana = await world.vaultAs('ana')
  await rejects(() => ana.store(aSecret({ slot: acme })), withCode('DEPOSIT_NEEDS_KEY'))
  await rejects(
    () => ana.setValue('secret', 'canary', owner, 'ana@example.com'),
    withCode('DEPOSIT_NEEDS_KEY')
  )
  const bo = await world.vaultAs('bo')
  await rejects(() => bo.store(aSecret({ slot: acme })), withCode('DEPOSIT_NEEDS_KEY'))
  // In ours, theirs vouch for nothing.
  const keys = await (await world.keysAs('ana')).make('prod', [world.keyOf('ana')])
  world.documents = { ...world.documents, prod: { ...aState('prod'), vault: keys } }
  const it = await world.vaultAs('it')
  await rejects(() => it.store(aSecret({ slot: 'prod' })), withCode('DEPOSIT_NEEDS_KEY'))
})

test('a value of a client counts if one of its admins set it', async () => {
  const world = await installed()
  const [jo, it] = [await world.vaultAs('jo'), await world.vaultAs('it')]
  await jo.setValue('secret', 'canary', owner, 'jo@acme.example')
  await rejects(() => it.value('secret', owner), withCode('VAULT_TAMPERED'))
  await it.setValue('secret', 'canary', owner, 'it@acme.example')
  assert.is(await it.value('secret', owner), 'canary')
  assert.is(await it.value('secret', { ...owner, connection: 'other.1' }), null)
})

test('a client that gets another name keeps all it has, and nothing is written', async () => {
  const world = await installed()
  const it = await world.vaultAs('it')
  const [stored, left] = [aSecret({ slot: acme }), aSignIn('jo@acme.example', { slot: acme })]
  await it.store(stored)
  await (await world.vaultAs('jo')).store(left)
  await it.setValue('secret', 'canary', owner, 'it@acme.example')
  const before = filesIn(world.folder)
  rename(world, acme, 'client/apex')
  // Also for a process that opened the vault before.
  for (const vault of [it, await world.vaultAs('it')]) {
    assert.equal(await vault.open(stored.id), { ...stored, slot: 'client/apex' })
    assert.is(await vault.value('secret', { ...owner, slot: 'client/apex' }), 'canary')
    assert.is(await vault.value('secret', owner), null)
    assert.equal([await vault.canRead('client/apex'), await vault.canRead(acme)], [true, false])
    assert.equal(
      new Set((await vault.list()).files.map(each => each.slot)),
      new Set(['client/apex'])
    )
    await rejects(() => vault.store(aSecret({ slot: acme })), withCode('NO_READER'))
  }
  assert.equal(filesIn(world.folder), before)
  const renamed = await world.vaultAs('it')
  assert.equal(await renamed.adopt(left.id, () => null), { ...left, slot: 'client/apex' })
  assert.is(await renamed.replace({ ...stored, slot: 'client/apex', generation: 2 }), 'stored')
})

test('what was sealed for a client that was removed is of no use when it is installed anew', async () => {
  const world = await installed()
  const it = await world.vaultAs('it')
  const [stored, left] = [aSecret({ slot: acme }), aSignIn('jo@acme.example', { slot: acme })]
  await it.store(stored)
  await (await world.vaultAs('jo')).store(left)
  const unsigned = aSignIn('kim@acme.example', { slot: acme })
  await (await world.vaultAs('new', 'kim@acme.example')).store(unsigned)
  await it.setValue('secret', 'canary', owner, 'it@acme.example')
  const aside = await it.seal({ ...stored, generation: 2 })
  const former = `client/${world.lineageOf(acme)}`

  world.record(acme)
  const expectNothing = async (vault: Vault): Promise<void> => {
    await rejects(() => vault.open(stored.id), withCode('INSTALLATION_GONE'))
    await rejects(() => vault.adopt(left.id, () => null), withCode('DEPOSIT_REFUSED'))
    await rejects(() => vault.adopt(unsigned.id, () => null), withCode('INSTALLATION_GONE'))
    assert.is(await vault.unseal(aside), null)
    assert.is(await vault.value('secret', owner), null)
    const slots = (await vault.list()).files.map(each => each.slot)
    assert.equal(new Set(slots), new Set([former]))
  }
  await expectNothing(it)
  assert.equal([await it.commitment(acme), await it.readers(acme)], [null, null])
  await rejects(() => it.store(aSecret({ slot: acme })), withCode('NO_READER'))

  await world.install(acme, ['it'])
  await expectNothing(it)
  await expectNothing(await world.vaultAs('it'))
  // Not by a process either that had it open, and goes on with it.
  assert.is(await it.replace({ ...stored, generation: 2 }), 'ended')
  const again = aSecret({ slot: acme })
  assert.is(await it.store(again), 'adopted')
  assert.equal(await it.open(again.id), again)
  await it.remove(stored.id)
  assert.is(await it.open(stored.id), null)
})

test('a copied commitment brings nothing of a former installation back', async () => {
  const world = await installed()
  const it = await world.vaultAs('it')
  const stored = aSecret({ slot: acme })
  await it.store(stored)
  const vault = world.documents[acme]?.vault ?? null
  world.record(acme)
  const document = world.documents[acme]
  if (document === undefined) throw new Error('unreachable')
  world.documents = { ...world.documents, [acme]: { ...document, vault } }
  const error = await rejects(() => it.open(stored.id), withCode('INSTALLATION_GONE'))
  const [told] = error instanceof Refusal ? error.diagnostics : []
  assert.match(told?.detail ?? '', 'not even one of the same client')
  await rejects(() => it.store(aSecret({ slot: acme })), withCode('VAULT_KEY_CHANGED'))
})

test('alone, a person stores for clients whose admins have no key, and for no others', async () => {
  const world = await aClientVault({ isAlone: true })
  const vault = await world.vaultAs('ana')
  await rejects(() => vault.store(aSecret({ slot: acme })), withCode('NO_READER'))
  const clients = new Map([['acme', { name: 'Acme' }]])
  world.settings = { ...world.settings, clients }
  const alone = await world.vaultAs('ana')
  const credential = aSecret({ slot: acme })
  assert.is(await alone.store(credential), 'adopted')
  const document = world.documents[acme]
  if (document === undefined) throw new Error('unreachable')
  const commitment = await alone.commitment(acme)
  world.documents = { ...world.documents, [acme]: { ...document, vault: commitment } }
  assert.equal(await (await world.vaultAs('ana')).open(credential.id), credential)
})

const lineages = { acme: randomUUID(), beta: randomUUID(), gone: randomUUID() }

const documents = async () => ({
  shared: null,
  dev: null,
  stage: null,
  prod: null,
  [acme]: { ...aState(acme), lineage: lineages.acme },
  [beta]: { ...aState(beta), lineage: lineages.beta }
})

/** Every problem that the vault can tell, of one slot. */
function problemsOf(slot: Slot): readonly Diagnostic[] {
  const files = [`keys/${slot}.json`, `ledger/${slot}-0123456789abcdef.12.json`]
  const record = `${randomUUID()}.1.json`
  return Object.entries(vaultProblem).flatMap(([name, make]) => {
    if (name === 'depositRefused') {
      const [, id] = slot.split('/')
      return [vaultProblem.depositRefused(record, `jo has no key in clients/${id}.yaml.`)]
    }
    const given = name === 'recipientInvalid' ? ['age1no'] : [slot, record, ...files]
    return given.map(each => (make as (what: string) => Diagnostic)(each))
  })
}

/** A vault all of whose methods refuse, or tell, the same. */
function failing(told: readonly Diagnostic[], isThrown: boolean): Vault & VaultKeys {
  const refuse = async (): Promise<never> => {
    throw new Refusal(...told)
  }
  const telling: Record<string, () => Promise<unknown>> = {
    list: async () => ({ files: [], problems: told }),
    rotate: async () => ({ commitment: { id: '', keys: '' }, problems: told }),
    finish: async () => told,
    abandon: async () => told
  }
  return new Proxy({} as Vault & VaultKeys, {
    get: (_, name) => (isThrown ? refuse : (telling[String(name)] ?? (async () => null)))
  })
}

/** Calls every method, and gives all that people would read. */
async function saidBy(inner: Vault & VaultKeys): Promise<string> {
  const vault = namedVault(inner, documents)
  const keys = namedVaultKeys(inner, documents)
  const credential: Credential = aSecret({ slot: acme })
  const calls: Readonly<Record<keyof Vault, () => Promise<unknown>>> = {
    commitment: () => vault.commitment(acme),
    canRead: () => vault.canRead(acme),
    checkStore: () => vault.checkStore(acme),
    readers: () => vault.readers(acme),
    list: () => vault.list(),
    open: () => vault.open(credential.id),
    store: () => vault.store(credential),
    replace: () => vault.replace(credential),
    seal: () => vault.seal(credential),
    unseal: () => vault.unseal(''),
    adopt: () => vault.adopt(credential.id, () => null),
    remove: () => vault.remove(credential.id),
    sweep: () => vault.sweep(),
    value: () => vault.value('a', owner),
    setValue: () => vault.setValue('a', 'b', owner, 'it@acme.example')
  }
  const keyCalls: Readonly<Record<Exclude<keyof VaultKeys, 'list'>, () => Promise<unknown>>> = {
    make: () => keys.make(acme, []),
    remake: () => keys.remake(acme, []),
    addReaders: () => keys.addReaders(acme, []),
    rotate: () => keys.rotate(acme, []),
    finish: () => keys.finish(acme),
    abandon: () => keys.abandon(acme),
    values: () => keys.values().catch(asGiven)
  }
  const said = await Promise.all(
    [...Object.values(calls), ...Object.values(keyCalls)].map(async call => call().catch(asGiven))
  )
  return JSON.stringify(said)
}

function asGiven(error: unknown): unknown {
  // Whatever else went wrong is no text of the vault: the stand-in has no credentials.
  return error instanceof Refusal ? error.diagnostics : null
}

const uuid = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/

/** File names of the vault that say whose they are, and names of credentials: people have to find these. */
const named =
  /((keys|ledger)\/client\/[\w.-]+\.json \(client\/(acme|beta)\))|(?<!\/)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.(1\.json|deposit\.json|gone)/g

test('whatever the vault says, people read the link name of the client', async () => {
  for (const client of ['acme', 'beta'] as const) {
    const problems = problemsOf(`client/${lineages[client]}`)
    assert.ok(problems.length > 40)
    for (const each of problems) {
      for (const isThrown of [true, false]) {
        const said = await saidBy(failing([each], isThrown))
        assert.not.match(said.replaceAll(named, ''), uuid, `${each.code}: ${said}`)
        if (uuid.test(each.detail.replaceAll(named, ''))) assert.match(said, client)
      }
    }
  }
})

test('of an installation that is no more, it says what the vault calls it', async () => {
  const gone = `client/${lineages.gone}` as ClientEnvironment
  const said = await saidBy(failing([problem('X', 'x', `Nothing of ${gone}.`)], true))
  assert.match(said, gone)
})

test('what the vault did not say stays as it is, and so does any other error', async () => {
  const refusal = new Refusal(vaultProblem.keyChanged('prod'))
  const broken = new Error(`client/${lineages.acme}`)
  for (const error of [refusal, broken]) {
    const inner = { sweep: () => Promise.reject(error) } as unknown as Vault
    const caught = await rejects(() => namedVault(inner, documents).sweep())
    assert.is(caught, error)
  }
})

test('key sets are listed by link names, and only those that were asked for', async () => {
  const world = await installed()
  const keys = await world.keysAs('it')
  const sets = await keys.list([acme])
  assert.equal(
    sets.map(each => [each.slot, each.canOpen, each.problem]),
    [[acme, true, null]]
  )
  assert.equal(await keys.list(['client/other', 'prod']), [])
  const document = world.documents[beta]
  if (document === undefined) throw new Error('unreachable')
  world.documents = {
    ...world.documents,
    [beta]: { ...document, vault: { id: randomUUID(), keys: `sha256:${'0'.repeat(64)}` } }
  }
  const [changed] = await keys.list([beta])
  assert.is(changed?.problem?.code, 'VAULT_KEY_CHANGED')
  assert.match(changed?.problem?.detail ?? '', 'The client/beta state names')
})

test.run()
