import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { problem } from '../../engine/model/diagnostic.ts'
import type { DepositCheck } from '../../engine/model/ports.ts'
import { seal } from '../../engine/vault/seal.ts'
import { shownOf, withCode } from '../oauth/a-target.ts'
import { rejects } from '../support/assert.ts'
import { aSecret, aSignIn, aTeam, edit, filesIn } from './a-vault.ts'

const take: DepositCheck = () => null

function noted() {
  const seen: Parameters<DepositCheck>[0][] = []
  const check: DepositCheck = deposit => {
    seen.push(deposit)
    return null
  }
  return { seen, check }
}

test('who cannot read a slot deposits, and a reader takes it in', async () => {
  const team = await aTeam()
  const [dev, ana] = [team.vaultAs('dev'), team.vaultAs('ana')]
  const credential = aSecret({ slot: 'prod' })
  assert.is(await dev.store(credential, { switchAccount: true }), 'deposited')
  assert.not.match(JSON.stringify(filesIn(team.folder)), 'canary')
  const [file] = (await dev.list()).files
  assert.is(file?.proof.kind, 'deposit')
  for (const each of [dev, ana]) {
    await rejects(() => each.open(credential.id), withCode('NOT_ADOPTED'))
  }
  await rejects(() => dev.adopt(credential.id, take), withCode('VAULT_KEY_WRONG'))

  const { seen, check } = noted()
  assert.equal(await ana.adopt(credential.id, check), credential)
  assert.equal(seen, [{ credential, by: 'dev@example.com', verified: true, switchAccount: true }])
  assert.equal(await team.vaultAs('adam').open(credential.id), credential)
  await rejects(() => dev.open(credential.id), withCode('VAULT_KEY_WRONG'))
  assert.not.ok(existsSync(join(team.folder, `${credential.id}.deposit.json`)))
  assert.is(await ana.adopt(credential.id, take), null)
  assert.equal(
    (await dev.list()).files.map(each => each.proof.kind),
    ['adopted']
  )
})

test('a reader stores adopted records at once', async () => {
  const team = await aTeam()
  assert.is(await team.vaultAs('adam').store(aSecret({ slot: 'prod' })), 'adopted')
  assert.is(await team.vaultAs('dev').store(aSecret({ slot: 'dev' })), 'adopted')
  assert.is(await team.vaultAs('adam').store(aSecret({ slot: 'dev' })), 'deposited')
})

test('without a member key one deposits the own sign-in only, and it says that nobody vouches', async () => {
  const team = await aTeam()
  const guest = team.vaultAs('guest')
  const own = aSignIn('guest@example.com', { slot: 'prod' })
  assert.is(await guest.store(own), 'deposited')
  const { seen, check } = noted()
  assert.equal(await team.vaultAs('ana').adopt(own.id, check), own)
  assert.is(seen[0]?.verified, false)
  assert.is(seen[0]?.by, 'guest@example.com')

  const refused = [aSecret({ slot: 'prod' }), aSignIn('dev@example.com', { slot: 'prod' })]
  for (const each of refused) {
    const error = await rejects(() => guest.store(each), withCode('DEPOSIT_NEEDS_KEY'))
    assert.not.match(shownOf(error), 'canary')
  }
  // A key of somebody else's in their name does not help.
  team.members['guest@example.com'] = team.keyOf('dev')
  await rejects(() => guest.store(aSecret({ slot: 'prod' })), withCode('DEPOSIT_NEEDS_KEY'))
  const nobody = team.vaultAs('dev', null)
  await rejects(() => nobody.store(aSecret({ slot: 'prod' })), withCode('DEPOSIT_NEEDS_KEY'))
})

test('in a team, a slot without keys takes nothing: nobody could read it', async () => {
  const team = await aTeam()
  for (const who of ['ana', 'dev'] as const) {
    const before = filesIn(team.folder)
    const error = await rejects(
      () => team.vaultAs(who).store(aSecret({ slot: 'stage' })),
      withCode('NO_READER')
    )
    assert.match(shownOf(error), 'tieline vault recipients')
    assert.equal(filesIn(team.folder), before)
  }
})

test('a deposit that was forged or changed is refused by name, and stays', async () => {
  const team = await aTeam()
  const ana = team.vaultAs('ana')
  const credential = aSecret({ slot: 'prod' })
  const other = aSecret({ slot: 'prod' })
  await team.vaultAs('dev').store(credential)
  await team.vaultAs('dev').store(other)
  const path = join(team.folder, `${credential.id}.deposit.json`)
  const text = readFileSync(path, 'utf8')
  const file = JSON.parse(text)
  const second = JSON.parse(readFileSync(join(team.folder, `${other.id}.deposit.json`), 'utf8'))
  const recipient: string = JSON.parse(readFileSync(join(team.folder, 'keys', 'prod.json'), 'utf8'))
    .current.recipient
  const forged = await seal(
    JSON.stringify({ credential, switchAccount: true, by: 'dev@example.com' }),
    [recipient]
  )
  const bad: readonly object[] = [
    { facts: { ...file.facts, account: { id: '9', name: 'Eve' } } },
    { user: 'eve@example.com' },
    { generation: 9 },
    { sealed: second.sealed },
    { sealed: forged },
    { sealed: '' },
    { proof: second.proof },
    { proof: { ...file.proof, by: 'user@example.com' } },
    { proof: { ...file.proof, by: 'eve@example.com' } },
    { proof: { ...file.proof, by: '__proto__' } },
    { proof: { ...file.proof, mac: '0'.repeat(64) } },
    // Without a proof it would have to be dev's own sign-in.
    { proof: { ...file.proof, mac: null } }
  ]
  for (const change of bad) {
    writeFileSync(path, JSON.stringify({ ...file, ...change }))
    const { seen, check } = noted()
    const error = await rejects(() => ana.adopt(credential.id, check), withCode('DEPOSIT_REFUSED'))
    assert.match(shownOf(error), `${credential.id}.deposit.json`)
    assert.not.match(shownOf(error), 'canary')
    assert.equal(seen, [])
    assert.ok(existsSync(path))
  }
  writeFileSync(path, text)
  assert.equal(await ana.adopt(credential.id, take), credential)
  assert.equal(await ana.adopt(other.id, take), other)
})

test('nobody signs in for somebody else, whatever an unproven deposit says', async () => {
  const team = await aTeam()
  const own = aSignIn('guest@example.com', { slot: 'prod' })
  await team.vaultAs('guest').store(own)
  const path = join(team.folder, `${own.id}.deposit.json`)
  const recipient: string = JSON.parse(readFileSync(join(team.folder, 'keys', 'prod.json'), 'utf8'))
    .current.recipient
  const ana = team.vaultAs('ana')
  const forgeries = [
    { ...own, user: 'dev@example.com' },
    { ...own, user: null },
    { ...own, record: { ...own.record, level: 'administrator' as const } }
  ]
  for (const credential of forgeries) {
    const sealed = await seal(
      JSON.stringify({ credential, switchAccount: false, by: 'guest@example.com' }),
      [recipient]
    )
    edit(path, { sealed, user: credential.user, facts: credential.record })
    await rejects(() => ana.adopt(own.id, take), withCode('DEPOSIT_REFUSED'))
  }
})

test('who has a member key is believed with it only', async () => {
  const team = await aTeam()
  const own = aSignIn('user@example.com', { slot: 'prod' })
  // Their name, without their key.
  const other = team.vaultAs('guest', 'user@example.com')
  await rejects(() => other.store(own), withCode('DEPOSIT_NEEDS_KEY'))

  const key = team.members['user@example.com'] ?? ''
  delete team.members['user@example.com']
  assert.is(await other.store(own), 'deposited')
  team.members['user@example.com'] = key
  const error = await rejects(
    () => team.vaultAs('ana').adopt(own.id, take),
    withCode('DEPOSIT_REFUSED')
  )
  assert.match(shownOf(error), 'user@example.com has a key in tieline.yaml')
  assert.ok(existsSync(join(team.folder, `${own.id}.deposit.json`)))
})

test('what somebody ended who cannot read it stays ended once a reader has seen that', async () => {
  const team = await aTeam()
  const [ana, dev] = [team.vaultAs('ana'), team.vaultAs('dev')]
  const own = aSignIn('dev@example.com', { slot: 'prod' })
  const kept = aSecret({ slot: 'prod' })
  for (const each of [own, kept]) await ana.store(each)
  const path = join(team.folder, `${own.id}.1.json`)
  const text = readFileSync(path)
  await dev.remove(own.id)
  await dev.sweep()
  await ana.sweep()
  // An outsider puts it back.
  rmSync(join(team.folder, `${own.id}.gone`))
  writeFileSync(path, text)
  await rejects(() => team.vaultAs('adam').open(own.id), withCode('VAULT_REPLAYED'))
  assert.equal(await ana.open(kept.id), kept)
})

test('a deposit that was taken in or ended before is not taken in again', async () => {
  const team = await aTeam()
  const ana = team.vaultAs('ana')
  const [taken, ended] = [aSecret({ slot: 'prod' }), aSecret({ slot: 'prod' })]
  for (const credential of [taken, ended]) {
    await team.vaultAs('dev').store(credential)
    const path = join(team.folder, `${credential.id}.deposit.json`)
    const text = readFileSync(path)
    if (credential === taken) await ana.adopt(credential.id, take)
    else await ana.remove(credential.id)
    assert.is(await ana.adopt(credential.id, take), null)
    // An outsider puts it back, and takes away what was there since.
    writeFileSync(path, text)
    rmSync(join(team.folder, `${credential.id}.1.json`), { force: true })
    rmSync(join(team.folder, `${credential.id}.gone`), { force: true })
    await rejects(() => ana.adopt(credential.id, take), withCode('DEPOSIT_REFUSED'))
  }
})

test('what the check finds is the refusal, and the deposit stays', async () => {
  const team = await aTeam()
  const credential = aSecret({ slot: 'prod' })
  await team.vaultAs('dev').store(credential)
  const found = problem('ACCOUNT_CHANGED', 'Another account', 'It is another one.')
  const ana = team.vaultAs('ana')
  await rejects(() => ana.adopt(credential.id, async () => found), withCode('ACCOUNT_CHANGED'))
  await rejects(() => ana.open(credential.id), withCode('NOT_ADOPTED'))
  assert.equal(await ana.adopt(credential.id, take), credential)
})

test('of many readers who take it in at once, all get it and one record is left', async () => {
  const team = await aTeam()
  const credential = aSecret({ slot: 'prod' })
  await team.vaultAs('dev').store(credential)
  const results = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      team.vaultAs(index % 2 === 0 ? 'ana' : 'adam').adopt(credential.id, take)
    )
  )
  // Who comes when it is all over finds no deposit any more.
  assert.ok(results.some(each => each !== null))
  for (const each of results) if (each !== null) assert.equal(each, credential)
  const names = Object.keys(filesIn(team.folder)).filter(each => each.startsWith(credential.id))
  assert.equal(names, [`${credential.id}.1.json`])
})

test('who deposited it can end it', async () => {
  const team = await aTeam()
  const credential = aSecret({ slot: 'prod' })
  const dev = team.vaultAs('dev')
  await dev.store(credential)
  await dev.remove(credential.id)
  assert.is(await team.vaultAs('ana').adopt(credential.id, take), null)
  assert.equal((await dev.list()).files, [])
  await rejects(() => dev.store(credential), withCode('CREDENTIAL_ENDED'))
})

test.run()
