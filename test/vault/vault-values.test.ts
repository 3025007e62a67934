import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openFileVault } from '../../engine/vault/file-vault.ts'
import { seal } from '../../engine/vault/seal.ts'
import { shownOf, withCode } from '../oauth/a-target.ts'
import { rejects } from '../support/assert.ts'
import { aTeam, aVault, edit, filesIn } from './a-vault.ts'

const owner = { connection: 'example.1', slot: 'prod' } as const

test('a value is given back to its connection in its slot alone', async () => {
  const { vault, vaultOf, folder } = aVault()
  await vault.setValue('SECRET', 'canary ä', owner, 'ana@example.com')
  assert.is(await vaultOf().value('SECRET', owner), 'canary ä')
  assert.is(await vault.value('OTHER', owner), null)
  assert.is(await vault.value('SECRET', { ...owner, connection: 'other.1' }), null)
  assert.is(await vault.value('SECRET', { ...owner, slot: 'dev' }), null)
  assert.not.match(JSON.stringify(filesIn(folder)), 'canary')

  await vault.setValue('SECRET', 'second', owner, 'ana@example.com')
  assert.is(await vaultOf().value('SECRET', owner), 'second')
  assert.is(readdirSync(join(folder, 'values')).length, 1)
})

test('of many who set a value at once, the last one counts and nothing is left over', async () => {
  const { vaultOf, folder } = aVault()
  const values = Array.from({ length: 6 }, (_, index) => `value ${index}`)
  await Promise.all(values.map(each => vaultOf().setValue('A', each, owner, 'ana@example.com')))
  assert.ok(values.includes((await vaultOf().value('A', owner)) ?? ''))
  assert.is(readdirSync(join(folder, 'values')).length, 1)
})

test('who cannot read sets values too, and readers vouch for them once they were used', async () => {
  const team = await aTeam()
  const [dev, ana] = [team.vaultAs('dev'), team.vaultAs('ana')]
  await dev.setValue('SECRET', 'canary', owner, 'dev@example.com')
  const error = await rejects(() => dev.value('SECRET', owner), withCode('VAULT_KEY_WRONG'))
  assert.not.match(shownOf(error), 'canary')
  assert.is(await ana.value('SECRET', owner), 'canary')
  // From here on it does not depend on who dev is.
  delete team.members['dev@example.com']
  assert.is(await team.vaultAs('adam').value('SECRET', owner), 'canary')

  await rejects(
    () => team.vaultAs('guest').setValue('A', 'canary', owner, 'guest@example.com'),
    withCode('DEPOSIT_NEEDS_KEY')
  )
  await rejects(
    () => ana.setValue('A', 'canary', { ...owner, slot: 'stage' }, 'ana@example.com'),
    withCode('NO_READER')
  )
})

test('a deposited value counts only of somebody who may set it', async () => {
  const team = await aTeam()
  await team.vaultAs('user').setValue('SECRET', 'canary', owner, 'user@example.com')
  const reader = openFileVault(team.folder, {
    identity: team.identities.ana,
    committed: async slot => team.state[slot] ?? null,
    readers: null,
    actor: 'ana@example.com',
    memberKey: email => team.members[email],
    maySetValues: email => email !== 'user@example.com'
  })
  await rejects(() => reader.value('SECRET', owner), withCode('VAULT_TAMPERED'))
  assert.is(await team.vaultAs('ana').value('SECRET', owner), 'canary')
})

test('a value that was changed, swapped, forged or cut short is refused by name', async () => {
  const team = await aTeam()
  const ana = team.vaultAs('ana')
  await ana.setValue('ONE', 'canary 1', owner, 'ana@example.com')
  const folder = join(team.folder, 'values')
  const one = readdirSync(folder)[0] ?? ''
  await ana.setValue('TWO', 'canary 2', owner, 'ana@example.com')
  const two = readdirSync(folder).find(name => name !== one) ?? ''
  const path = join(folder, one)
  const text = readFileSync(path, 'utf8')
  const recipient: string = JSON.parse(readFileSync(join(team.folder, 'keys', 'prod.json'), 'utf8'))
    .current.recipient
  const entry = { name: 'ONE', ...owner, by: 'ana@example.com' }
  const forged = await seal(JSON.stringify({ ...entry, value: 'theirs' }), [recipient])
  const second = JSON.parse(readFileSync(join(folder, two), 'utf8'))
  const changes = [
    { by: 'dev@example.com' },
    { sealed: forged },
    { sealed: second.sealed },
    { proof: second.proof },
    { proof: { kind: 'deposit', mac: '0'.repeat(64) } },
    { slot: 'dev' },
    { connection: 'other.1' },
    { vault: team.state.prod?.keys }
  ]
  for (const change of changes) {
    writeFileSync(path, text)
    edit(path, change)
    const error = await rejects(() => ana.value('ONE', owner), withCode('VAULT_TAMPERED'))
    assert.match(shownOf(error), one)
    assert.not.match(shownOf(error), 'canary')
  }
  copyFileSync(join(folder, two), path)
  await rejects(() => ana.value('ONE', owner), withCode('VAULT_TAMPERED'))
  writeFileSync(path, text.slice(0, 70))
  await rejects(() => ana.value('ONE', owner), withCode('VAULT_DAMAGED'))
  assert.is(await ana.value('TWO', owner), 'canary 2')
  await ana.setValue('ONE', 'anew', owner, 'ana@example.com')
  assert.is(await ana.value('ONE', owner), 'anew')
})

test.run()
