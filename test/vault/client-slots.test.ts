import { randomUUID } from 'node:crypto'
import { copyFileSync, existsSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Slot } from '../../engine/model/generated/types.ts'
import { openFileVault } from '../../engine/vault/file-vault.ts'
import { isSealedSlot } from '../../engine/vault/key-file.ts'
import { shownOf, withCode } from '../oauth/a-target.ts'
import { rejects, temporaryFolder } from '../support/assert.ts'
import { aPerson, aSecret, aTeam, aVault, edit, filesIn } from './a-vault.ts'

/** A client's slot as the vault knows it. */
function aClient(): Slot {
  return `client/${randomUUID()}`
}

/** Two clients: adam reads the one, user the other. */
async function aTeamWithClients() {
  const team = await aTeam()
  const [acme, beta] = [aClient(), aClient()]
  const keys = team.keysAs('ana')
  team.state[acme] = await keys.make(acme, [team.keyOf('adam')])
  team.state[beta] = await keys.make(beta, [team.keyOf('user')])
  return { ...team, acme, beta }
}

test('keys and ledgers of clients lie in folders of their own', async () => {
  const { folder, acme, vaultAs } = await aTeamWithClients()
  await vaultAs('adam').store(aSecret({ slot: acme }))
  const id = acme.slice('client/'.length)
  const names = Object.keys(filesIn(folder))
  assert.ok(names.includes(`keys/client/${id}.json`))
  assert.is(names.filter(name => name.startsWith(`ledger/client/${id}-`)).length, 1)
  assert.equal(
    names.filter(name => name.startsWith('keys/') && !name.startsWith('keys/client/')).sort(),
    ['keys/dev.json', 'keys/prod.json']
  )
})

test('each client has what it stored, and nobody else reads it', async () => {
  const { acme, beta, vaultAs } = await aTeamWithClients()
  const owner = { connection: 'example.1', slot: acme }
  const [adam, user, ana] = [vaultAs('adam'), vaultAs('user'), vaultAs('ana')]
  const [ours, theirs] = [aSecret({ slot: acme }), aSecret({ slot: beta })]
  assert.is(await adam.store(ours), 'adopted')
  assert.is(await user.store(theirs), 'adopted')
  await adam.setValue('secret', 'canary', owner, 'adam@example.com')
  assert.equal(await adam.open(ours.id), ours)
  assert.is(await adam.replace({ ...ours, generation: 2 }), 'stored')
  assert.is((await vaultAs('adam').open(ours.id))?.generation, 2)
  assert.is(await adam.value('secret', owner), 'canary')
  for (const other of [user, ana]) {
    await rejects(() => other.open(ours.id), withCode('VAULT_KEY_WRONG'))
    await rejects(() => other.value('secret', owner), withCode('VAULT_KEY_WRONG'))
    assert.is(await other.canRead(acme), false)
  }
  assert.equal(
    [await adam.canRead(acme), await adam.canRead(beta), await user.canRead(beta)],
    [true, false, true]
  )
})

test('new keys of a client take all along that is its own, and nothing of others', async () => {
  const { folder, state, acme, beta, vaultAs, keysAs, keyOf } = await aTeamWithClients()
  const [ours, theirs] = [aSecret({ slot: acme }), aSecret({ slot: beta })]
  await vaultAs('adam').store(ours)
  await vaultAs('user').store(theirs)
  const before = filesIn(folder)
  const keys = keysAs('adam')
  const { commitment, problems } = await keys.rotate(acme, [keyOf('adam'), keyOf('dev')])
  state[acme] = commitment
  assert.equal([problems, await keys.finish(acme)], [[], []])
  assert.equal(await vaultAs('dev').open(ours.id), ours)
  assert.equal(await vaultAs('user').open(theirs.id), theirs)
  const id = beta.slice('client/'.length)
  const [now, then] = [filesIn(folder), before]
  for (const name of Object.keys(then).filter(each => each.includes(id))) {
    assert.is(now[name], then[name])
  }
  assert.is(readdirSync(join(folder, 'ledger/client')).length, 2)
  await rejects(() => keysAs('ana').rotate(acme, [keyOf('ana')]), withCode('VAULT_KEY_WRONG'))
})

test('no other text is a slot, and none of them becomes a path', async () => {
  const { folder, vault } = aVault()
  const before = JSON.stringify(filesIn(join(folder, '../../..')))
  const id = randomUUID()
  const strange = [
    ...['client/acme', 'client/', 'client', 'dev/', '', `client/${id}/`, `client/${id}/x`],
    ...[`client/../${id}`, `client/${id}.json`, `CLIENT/${id}`, `client/${id.toUpperCase()}`],
    ...[`client/${id}\u0000`, `client\\${id}`, '../dev', 'toString', '__proto__', `/${id}`]
  ]
  for (const each of strange) {
    assert.is(isSealedSlot(each), false, each)
    const slot = each as Slot
    for (const work of [
      () => vault.store(aSecret({ slot })),
      () => vault.commitment(slot),
      () => vault.checkStore(slot),
      () => vault.setValue('a', 'canary', { connection: 'example.1', slot }, 'ana@example.com')
    ]) {
      await rejects(work, 'by its lineage alone')
    }
  }
  fc.assert(
    fc.property(fc.string(), text => {
      assert.is(isSealedSlot(`client/${text}`), false)
    })
  )
  assert.is(isSealedSlot(`client/${id}`), true)
  const known = ['shared', 'dev', 'stage', 'prod', `client/${id}`]
  assert.ok(known.every(isSealedSlot))
  assert.is(JSON.stringify(filesIn(join(folder, '../../..'))), before)
})

test("the keys of one client are of no use in another's place", async () => {
  const { folder, acme, beta, vaultAs, state } = await aTeamWithClients()
  const path = (slot: Slot) => join(folder, 'keys', `${slot}.json`)
  copyFileSync(path(beta), path(acme))
  await rejects(() => vaultAs('user').store(aSecret({ slot: acme })), withCode('VAULT_TAMPERED'))
  edit(path(acme), { slot: acme })
  await rejects(() => vaultAs('user').store(aSecret({ slot: acme })), withCode('VAULT_KEY_CHANGED'))
  // Even where state had not named any: what is sealed says whose it is.
  state[acme] = null
  const credential = aSecret({ slot: beta })
  await vaultAs('user').store(credential)
  edit(join(folder, `${credential.id}.1.json`), { slot: acme })
  await rejects(() => vaultAs('user').open(credential.id), withCode('VAULT_TAMPERED'))
})

test('broken keys of a client are told, and stop nobody else', async () => {
  const { folder, acme, beta, vaultAs } = await aTeamWithClients()
  const stored = aSecret({ slot: beta })
  await vaultAs('user').store(stored)
  writeFileSync(join(folder, 'keys', `${acme}.json`), '{')
  writeFileSync(join(folder, 'keys/client/notes.json'), '{')
  const { files, problems } = await vaultAs('user').list()
  assert.equal(
    files.map(each => each.id),
    [stored.id]
  )
  assert.equal(
    problems.map(each => each.code),
    ['VAULT_DAMAGED']
  )
  assert.match(problems[0]?.detail ?? '', `keys/${acme}.json`)
  assert.equal(await vaultAs('user').open(stored.id), stored)
  await vaultAs('ana').sweep()
})

test('a link or a file where the keys of clients belong is not followed', async () => {
  for (const make of [
    (path: string) => symlinkSync(temporaryFolder(), path),
    (path: string) => writeFileSync(path, '')
  ]) {
    const team = await aTeam()
    make(join(team.folder, 'keys/client'))
    const before = filesIn(team.folder)
    await rejects(
      () => team.keysAs('ana').make(aClient(), [team.keyOf('ana')]),
      withCode('VAULT_DAMAGED')
    )
    assert.equal(filesIn(team.folder), before)
    assert.equal((await team.vaultAs('ana').list()).problems, [])
  }
})

test('keys of clients alone are enough to show that vault.json was taken away', async () => {
  const { folder, vault } = aVault()
  const slot = aClient()
  await vault.store(aSecret({ slot }))
  rmSync(join(folder, 'vault.json'))
  await rejects(() => vault.store(aSecret({ slot: 'dev' })), withCode('VAULT_DAMAGED'))
  assert.not.ok(existsSync(join(folder, 'vault.json')))
})

test('alone, a person stores for a client as anywhere else, but not where others read', async () => {
  const { folder, vault, commit, state } = aVault()
  const slot = aClient()
  const credential = aSecret({ slot })
  assert.is(await vault.store(credential), 'adopted')
  await commit(slot)
  assert.equal(await vault.open(credential.id), credential)

  const other = aClient()
  const person = aPerson()
  const shared = openFileVault(folder, {
    identity: person,
    committed: async each => state[each] ?? null,
    readers: async () => [(await person.ensure()).recipient],
    isAlone: each => each !== other,
    actor: 'ana@example.com',
    memberKey: () => undefined
  })
  await rejects(() => shared.store(aSecret({ slot: other })), withCode('NO_READER'))
  await rejects(() => shared.checkStore(other), withCode('NO_READER'))
  assert.not.ok(existsSync(join(folder, 'keys', `${other}.json`)))
})

test('keys that state does not name give way, unless something is sealed to them', async () => {
  const { folder, state, keysAs, keyOf, vaultAs } = await aTeam()
  const slot = aClient()
  const keys = keysAs('ana')
  const first = await keys.remake(slot, [keyOf('adam')])
  const second = await keys.remake(slot, [keyOf('user')])
  assert.not.equal(first, second)
  assert.equal(await vaultAs('user').readers(slot), [keyOf('user')])
  assert.is(readdirSync(join(folder, 'ledger/client')).length, 1)
  // What somebody left there in place of keys gives way as well.
  writeFileSync(join(folder, 'keys', `${slot}.json`), 'planted')
  state[slot] = await keys.remake(slot, [keyOf('user')])
  await rejects(() => keys.remake(slot, [keyOf('adam')]), withCode('VAULT_KEYS_EXIST'))
  await vaultAs('user').store(aSecret({ slot }))
  state[slot] = null
  await rejects(() => keys.remake(slot, [keyOf('adam')]), withCode('VAULT_KEYS_EXIST'))
  await rejects(() => keys.remake(aClient(), []), withCode('NO_READER'))
})

test('what a vault says of a client names the file that describes it', async () => {
  const { acme, vaultAs, keysAs, keyOf } = await aTeamWithClients()
  const id = acme.slice('client/'.length)
  const needsKey = await rejects(
    () => vaultAs('guest').store(aSecret({ slot: acme })),
    withCode('DEPOSIT_NEEDS_KEY')
  )
  assert.match(shownOf(needsKey), `clients/${id}.yaml`)
  const noReader = await rejects(
    () => keysAs('ana').rotate(aClient(), [keyOf('ana')]),
    withCode('NO_READER')
  )
  assert.match(shownOf(noReader), 'admins of the client')
})

test.run()
