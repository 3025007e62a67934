import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Credential } from '../../engine/model/credential.ts'
import { openVaultKeys } from '../../engine/vault/vault-keys.ts'
import { withCode } from '../oauth/a-target.ts'
import { rejects } from '../support/assert.ts'
import { aFullTeam, expectWhole } from './a-full-team.ts'
import { aSecret, aTeam, cutOffAfter, edit, filesIn, type Team } from './a-vault.ts'

async function commitAndFinish(team: Team, readers: readonly string[]): Promise<void> {
  const { commitment, problems } = await team.keysAs('ana').rotate('prod', readers)
  assert.equal(problems, [])
  team.state.prod = commitment
  assert.equal(await team.keysAs('ana').finish('prod'), [])
}

test('new keys: who stays reads all of it, who goes reads nothing that is written from then on', async () => {
  const team = await aFullTeam()
  const old = filesIn(team.folder)
  const readers = [team.keyOf('ana'), team.keyOf('user')]
  const { commitment, problems } = await team.keysAs('ana').rotate('prod', readers)
  assert.equal(problems, [])
  assert.not.equal(commitment.keys, team.state.prod?.keys)
  assert.is(commitment.id, team.state.prod?.id)

  // Until state names them the old keys are in use, and who reads both reads on.
  await expectWhole(team, 'ana')
  const listed = (await team.keysAs('ana').list()).find(each => each.slot === 'prod')
  assert.equal(listed?.rotation, { readers: [...readers].sort(), isCommitted: false })
  await rejects(() => team.keysAs('ana').finish('prod'), 'does not commit')

  team.state.prod = commitment
  await expectWhole(team, 'ana')
  await expectWhole(team, 'user')
  assert.equal(await team.keysAs('ana').finish('prod'), [])
  await expectWhole(team, 'ana')
  await expectWhole(team, 'user')
  await rejects(() => team.vaultAs('adam').open(team.first.id), withCode('VAULT_KEY_WRONG'))
  assert.is(await team.vaultAs('adam').canRead('prod'), false)

  // The deposits go on, with their depositors' proofs.
  const adopted = await team.vaultAs('user').adopt(team.left.id, ({ verified, by }) => {
    assert.is(verified, true)
    assert.is(by, 'dev@example.com')
    return null
  })
  assert.equal(adopted, team.left)
  await team.vaultAs('user').adopt(team.signIn.id, ({ verified }) => {
    assert.is(verified, false)
    return null
  })
  // Another slot is not concerned.
  assert.equal(await team.vaultAs('dev').open(team.elsewhere.id), team.elsewhere)

  // What was replaced before stays replaced: neither old records nor the old keys come back.
  const name = `${team.first.id}.1.json`
  writeFileSync(join(team.folder, name), old[name] ?? '')
  await rejects(() => team.vaultAs('ana').open(team.first.id), withCode('VAULT_TAMPERED'))
  writeFileSync(join(team.folder, 'keys', 'prod.json'), old['keys/prod.json'] ?? '')
  await rejects(() => team.vaultAs('ana').open(team.second.id), withCode('VAULT_KEY_CHANGED'))
  assert.is(
    readdirSync(join(team.folder, 'ledger')).filter(each => each.startsWith('prod-')).length,
    1
  )
})

test('the ledger goes over to the new keys', async () => {
  const team = await aFullTeam()
  const ana = team.vaultAs('ana')
  await commitAndFinish(team, [team.keyOf('ana')])
  const ledger = Object.entries(filesIn(team.folder)).find(([name]) =>
    name.startsWith('ledger/prod-')
  )
  assert.equal(JSON.parse(ledger?.[1] ?? '{}').generations, {
    [team.first.id]: 1,
    [team.second.id]: 2,
    [team.ended.id]: 'ended'
  })
  const path = join(team.folder, `${team.first.id}.1.json`)
  const text = readFileSync(path)
  await ana.replace({ ...team.first, generation: 2 })
  rmSync(join(team.folder, `${team.first.id}.2.json`))
  writeFileSync(path, text)
  await rejects(() => ana.open(team.first.id), withCode('VAULT_REPLAYED'))
})

test('what is stored while new keys are made, or just before state names them, is there afterwards', async () => {
  const team = await aFullTeam()
  const ana = team.vaultAs('ana')
  const before = aSecret({ slot: 'prod' })
  await ana.store(before)
  let goesOn = true
  let generation = 1
  const written: Credential[] = []
  const busy = (async () => {
    while (goesOn) {
      const next = { ...before, generation: generation + 1 }
      assert.is(await team.vaultAs(generation % 2 ? 'ana' : 'adam').replace(next), 'stored')
      generation++
      const fresh = aSecret({ slot: 'prod' })
      await ana.store(fresh)
      written.push(fresh)
    }
  })()
  await commitAndFinish(team, [team.keyOf('ana'), team.keyOf('adam')])
  goesOn = false
  await busy
  const fresh = team.vaultAs('adam')
  assert.is((await fresh.open(before.id))?.generation, generation)
  for (const each of written) assert.equal(await fresh.open(each.id), each)
  await expectWhole(team, 'adam')
})

test('cut off at any step and run again, it ends with new keys and all of the slot', async () => {
  const readersOf = (team: Team) => [team.keyOf('ana'), team.keyOf('user')]
  let steps = 0
  for (let isDone = false; !isDone; steps += 4) {
    const team = await aFullTeam()
    const readers = readersOf(team)
    isDone = await cutOffAfter(steps, async () => {
      const { commitment } = await team.keysAs('ana').rotate('prod', readers)
      team.state.prod = commitment
      await team.keysAs('ana').finish('prod')
    })
    await expectWhole(team, 'ana')
    const before = team.state.prod
    const { commitment, problems } = await team.keysAs('ana').rotate('prod', readers)
    assert.equal(problems, [])
    team.state.prod = commitment
    await expectWhole(team, 'ana')
    assert.equal(await team.keysAs('ana').finish('prod'), [])
    assert.not.equal(commitment, before)
    await expectWhole(team, 'user')
    assert.equal(await team.vaultAs('user').adopt(team.left.id, () => null), team.left)
  }
  assert.ok(steps > 16, `${steps} steps`)
})

test('cut off at any step and abandoned, it ends with the old keys and all of the slot', async () => {
  for (const steps of [1, 5, 9, 13, 17, 999]) {
    const team = await aFullTeam()
    await cutOffAfter(steps, () => team.keysAs('ana').rotate('prod', [team.keyOf('ana')]))
    await cutOffAfter(steps, () => team.keysAs('ana').abandon('prod'))
    assert.equal(await team.keysAs('ana').abandon('prod'), [])
    await expectWhole(team, 'adam')
    assert.is((await team.keysAs('adam').list())[1]?.rotation, null)
    assert.equal(await team.vaultAs('adam').adopt(team.left.id, () => null), team.left)
  }
})

test('other readers than those of a rotation that was cut off begin it anew', async () => {
  const team = await aFullTeam()
  const first = await team.keysAs('ana').rotate('prod', [team.keyOf('ana'), team.keyOf('user')])
  const again = await team.keysAs('ana').rotate('prod', [team.keyOf('user'), team.keyOf('ana')])
  assert.equal(again.commitment, first.commitment)
  await rejects(
    () => team.keysAs('ana').addReaders('prod', [team.keyOf('ana'), team.keyOf('adam')]),
    withCode('ROTATION_UNFINISHED')
  )
  await rejects(
    () => team.keysAs('adam').rotate('prod', [team.keyOf('adam')]),
    withCode('VAULT_KEY_WRONG')
  )
  await commitAndFinish(team, [team.keyOf('ana'), team.keyOf('adam')])
  await expectWhole(team, 'adam')
  assert.is(await team.vaultAs('user').canRead('prod'), false)
})

test('keys that somebody else puts beside the ones in use are not believed', async () => {
  const team = await aFullTeam()
  const path = join(team.folder, 'keys', 'prod.json')
  const own = readFileSync(path, 'utf8')
  // Whole and genuine in another vault, and sealed to the same reader.
  const elsewhere = await aTeam()
  const keys = openVaultKeys(elsewhere.folder, {
    identity: elsewhere.identities.ana,
    committed: async () => elsewhere.state.prod ?? null,
    memberKey: () => undefined
  })
  await keys.rotate('prod', [team.keyOf('ana')])
  const { next } = JSON.parse(readFileSync(join(elsewhere.folder, 'keys', 'prod.json'), 'utf8'))
  edit(path, { next })
  await rejects(() => team.vaultAs('ana').open(team.first.id), withCode('VAULT_TAMPERED'))
  writeFileSync(path, own)
  await expectWhole(team, 'ana')
})

test('files that are not genuine are told and stay, and the others get the new keys', async () => {
  const team = await aFullTeam()
  const forged = join(team.folder, `${team.first.id}.1.json`)
  edit(forged, { refreshable: false })
  edit(join(team.folder, `${team.left.id}.deposit.json`), { refreshable: false })
  const { commitment, problems } = await team.keysAs('ana').rotate('prod', [team.keyOf('ana')])
  assert.equal(problems.map(each => each.code).sort(), ['DEPOSIT_REFUSED', 'VAULT_TAMPERED'])
  assert.match(JSON.stringify(problems), team.first.id)
  team.state.prod = commitment
  assert.is((await team.keysAs('ana').finish('prod')).length, 2)
  assert.is((await team.vaultAs('ana').open(team.second.id))?.generation, 2)
  assert.ok(existsSync(forged))
})

test('new keys are the way out of a damaged ledger', async () => {
  const team = await aFullTeam()
  const ledgers = join(team.folder, 'ledger')
  const name = readdirSync(ledgers).find(each => each.startsWith('prod-')) ?? ''
  writeFileSync(join(ledgers, name), '{')
  await rejects(() => team.vaultAs('ana').open(team.first.id), withCode('VAULT_DAMAGED'))
  await commitAndFinish(team, [team.keyOf('ana')])
  await expectWhole(team, 'ana')
})

test.run()
