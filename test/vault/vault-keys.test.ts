import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ensureVault, replaceVault } from '../../engine/vault/vault-keys.ts'
import { shownOf, withCode } from '../oauth/a-target.ts'
import { rejects, temporaryFolder } from '../support/assert.ts'
import { aFullTeam, expectWhole } from './a-full-team.ts'
import { aSecret, aTeam, aVault, edit, filesIn } from './a-vault.ts'

test('lists the slots with keys, who reads them and whether we do', async () => {
  const team = await aTeam()
  const sets = await team.keysAs('dev').list()
  assert.equal(
    sets.map(each => [each.slot, each.readers, each.canOpen, each.rotation, each.problem]),
    [
      ['dev', [team.keyOf('ana'), team.keyOf('dev')].sort(), true, null, null],
      ['prod', [team.keyOf('ana'), team.keyOf('adam')].sort(), false, null, null]
    ]
  )
  assert.equal(sets[1]?.commitment, team.state.prod)
  assert.not.match(JSON.stringify(sets), 'SECRET-KEY')
})

test('somebody who writes a reader into the list is noticed by who can read', async () => {
  const team = await aTeam()
  const path = join(team.folder, 'keys', 'prod.json')
  edit(path, ({ current, ...file }) => ({
    ...file,
    current: { ...Object(current), readers: [team.keyOf('guest')] }
  }))
  const found = (await team.keysAs('ana').list()).find(each => each.slot === 'prod')
  assert.is(found?.problem?.code, 'VAULT_TAMPERED')
  await rejects(
    () => team.vaultAs('adam').store(aSecret({ slot: 'prod' })),
    withCode('VAULT_TAMPERED')
  )
  await rejects(
    () => team.keysAs('ana').rotate('prod', [team.keyOf('ana')]),
    withCode('VAULT_TAMPERED')
  )
})

test('makes the keys of a slot once, for readers that are keys', async () => {
  const team = await aTeam()
  const keys = team.keysAs('ana')
  await rejects(() => keys.make('prod', [team.keyOf('ana')]), withCode('VAULT_KEYS_EXIST'))
  await rejects(() => keys.make('stage', []), withCode('NO_READER'))
  const mistyped = `${team.keyOf('ana').slice(0, -1)}q`
  await rejects(() => keys.make('stage', [mistyped]), withCode('RECIPIENT_INVALID'))
  assert.not.ok(existsSync(join(team.folder, 'keys', 'stage.json')))
  const made = await Promise.allSettled(
    Array.from({ length: 4 }, () => team.keysAs('ana').make('stage', [team.keyOf('ana')]))
  )
  assert.is(made.filter(each => each.status === 'fulfilled').length, 1)
  const ledgers = readdirSync(join(team.folder, 'ledger'))
  assert.is(ledgers.filter(name => name.startsWith('stage-')).length, 1)
})

test('a reader is added without new keys, and reads what was there before', async () => {
  const team = await aFullTeam()
  const readers = [team.keyOf('ana'), team.keyOf('adam'), team.keyOf('user')]
  await team.keysAs('adam').addReaders('prod', readers)
  await expectWhole(team, 'user')
  await expectWhole(team, 'ana')
  assert.equal(await team.vaultAs('user').commitment('prod'), team.state.prod)
  await rejects(() => team.keysAs('ana').addReaders('prod', [team.keyOf('ana')]), 'new keys')
  await rejects(
    () => team.keysAs('dev').addReaders('prod', [...readers, team.keyOf('dev')]),
    withCode('VAULT_KEY_WRONG')
  )
})

test('tells what is set for references, without its values', async () => {
  const team = await aFullTeam()
  const values = await team.keysAs('guest').values()
  assert.equal(values.map(each => `${each.name} ${each.by} ${each.adopted}`).sort(), [
    'ONE ana@example.com true',
    'TWO dev@example.com false'
  ])
})

test('a vault that is started anew keeps the old one beside it', async () => {
  const { vault, vaultOf, folder, state, commit } = aVault()
  const credential = aSecret()
  await vault.store(credential)
  await commit('dev')
  const old = filesIn(folder)
  const { id, movedTo } = await replaceVault(folder)
  assert.is(movedTo, `${folder}-${state.dev?.id}`)
  assert.equal(filesIn(movedTo ?? ''), old)
  assert.is(id, await ensureVault(folder))
  assert.not.equal(id, state.dev?.id)
  assert.equal(Object.keys(filesIn(folder)), ['vault.json'])
  // One person goes on at once: state takes the new keys after the first credential.
  await vaultOf().store(credential)
  assert.equal(await vault.open(credential.id), credential)
  await commit('dev')
  assert.equal(await vaultOf().open(credential.id), credential)

  writeFileSync(join(folder, 'vault.json'), '{')
  assert.match((await replaceVault(folder)).movedTo ?? '', /-unreadable-[0-9a-f-]{36}$/)
  assert.is((await replaceVault(join(temporaryFolder(), 'none'))).movedTo, null)
})

test('nothing of it shows a secret', async () => {
  const team = await aFullTeam()
  const error = await rejects(
    () => team.keysAs('dev').rotate('prod', [team.keyOf('dev')]),
    withCode('VAULT_KEY_WRONG')
  )
  assert.not.match(shownOf(error), /SECRET-KEY|canary/)
})

test.run()
