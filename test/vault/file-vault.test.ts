import { randomUUID } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Refusal } from '../../engine/model/diagnostic.ts'
import { openFileVault } from '../../engine/vault/file-vault.ts'
import { openRefreshLeases } from '../../engine/vault/refresh-leases.ts'
import { seal } from '../../engine/vault/seal.ts'
import { unwritable } from '../../engine/vault/unwritable.ts'
import { shownOf, withCode } from '../oauth/a-target.ts'
import { rejects, run, temporaryFolder } from '../support/assert.ts'
import { aPerson, aSecret, aVault, countOpened, edit, filesIn } from './a-vault.ts'

test('before the first credential there is no vault, and reading makes none', async () => {
  const { vault, folder, configFolder } = aVault()
  assert.is(await vault.commitment('dev'), null)
  assert.is(await vault.readers('dev'), null)
  assert.is(await vault.canRead('dev'), false)
  assert.equal(await vault.list(), { files: [], problems: [] })
  assert.is(await vault.open(randomUUID()), null)
  assert.is(await vault.value('SECRET', { connection: 'example.1', slot: 'dev' }), null)
  assert.is(await vault.adopt(randomUUID(), () => null), null)
  await vault.remove(randomUUID())
  assert.not.ok(existsSync(folder))
  assert.not.ok(existsSync(configFolder))
})

test('gives back what was stored, and lists what is clear without a key', async () => {
  const { vault, folder, vaultOf, configFolder, pathOf } = aVault()
  const credential = aSecret()
  assert.is(await vault.store(credential), 'adopted')
  assert.equal(await vault.open(credential.id), credential)
  assert.equal(await vaultOf().open(credential.id), credential)
  assert.not.match(readFileSync(pathOf(credential.id), 'utf8'), 'canary')

  rmSync(configFolder, { recursive: true })
  const { files, problems } = await vaultOf(aPerson()).list()
  assert.equal(problems, [])
  const [{ sealed, proof, ...clear } = { sealed: '', proof: null }] = files
  assert.match(sealed, /^-----BEGIN AGE ENCRYPTED FILE-----\n/)
  assert.is(proof?.kind, 'adopted')
  const { id, slot, connection, user, generation, record } = credential
  const vaultId: unknown = JSON.parse(readFileSync(join(folder, 'vault.json'), 'utf8')).id
  assert.equal(clear, {
    formatVersion: 1,
    vault: vaultId,
    id,
    slot,
    connection,
    user,
    generation,
    facts: record,
    expiresAt: '2026-01-01T01:00:00.000Z',
    refreshable: true,
    dead: null
  })
})

test('any credential comes back as it went in, names that are no proper Unicode too', async () => {
  const { vault, vaultOf } = aVault()
  const text = fc.string({ unit: 'binary' })
  await fc.assert(
    fc.asyncProperty(text, text, fc.dictionary(text, text), async (token, name, learnt) => {
      const plain = aSecret()
      const credential = {
        ...plain,
        record: { ...plain.record, account: { id: null, name } },
        secret: {
          ...plain.secret,
          accessToken: token,
          learnt: { ...learnt, odd: 'lone \ud800 half' }
        }
      }
      await vault.store(credential)
      assert.equal(await vaultOf().open(credential.id), JSON.parse(JSON.stringify(credential)))
    }),
    { numRuns: 12 }
  )
})

test('state commits to one key set a slot of one vault', async () => {
  const [one, two] = [aVault(), aVault()]
  for (const { vault } of [one, two]) {
    await vault.store(aSecret())
    await vault.store(aSecret({ slot: 'prod' }))
  }
  const first = await one.vault.commitment('dev')
  assert.match(first?.keys ?? '', /^sha256:[0-9a-f]{64}$/)
  await one.vault.store(aSecret())
  assert.equal(await one.vault.commitment('dev'), first)
  const prod = await one.vault.commitment('prod')
  assert.is(prod?.id, first?.id)
  assert.not.equal(prod?.keys, first?.keys)
  const second = await two.vault.commitment('dev')
  assert.not.equal(second?.id, first?.id)
  assert.not.equal(second?.keys, first?.keys)
  assert.is(await one.vault.canRead('dev'), true)
  assert.equal(await one.vault.readers('dev'), [(await one.identity.ensure()).recipient])
})

test('files and folders are for their owner alone, and nothing is left over', async () => {
  const { vault, folder } = aVault()
  const credential = aSecret()
  await vault.store(credential)
  assert.is(await vault.replace({ ...credential, generation: 2 }), 'stored')
  await vault.setValue('SECRET', 'canary', { connection: 'example.1', slot: 'dev' }, 'ana')
  const names = Object.keys(filesIn(folder))
  assert.is(names.length, 5, names.join())
  assert.ok(names.includes(`${credential.id}.2.json`))
  for (const name of names) assert.is(statSync(join(folder, name)).mode & 0o777, 0o600)
  for (const name of ['', 'keys', 'ledger', 'values']) {
    assert.is(statSync(join(folder, name)).mode & 0o777, 0o700)
  }
  assert.not.match(JSON.stringify(filesIn(folder)), 'canary')
})

test('many first credentials at once make one vault with one key set', async () => {
  const { vaultOf, folder } = aVault()
  const secrets = Array.from({ length: 8 }, () => aSecret())
  await Promise.all(secrets.map(each => vaultOf().store(each)))
  const { files, problems } = await vaultOf().list()
  assert.is(files.length, 8)
  assert.equal(problems, [])
  for (const each of secrets) assert.equal(await vaultOf().open(each.id), each)
  assert.is(readdirSync(join(folder, 'ledger')).length, 1)
  assert.equal(readdirSync(join(folder, 'keys')), ['dev.json'])
})

test('of many who store the same generation, one does', async () => {
  const { vault, vaultOf, pathOf } = aVault()
  const credential = aSecret()
  await vault.store(credential)
  for (const generation of [2, 3]) {
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        vaultOf().replace({ ...credential, generation, clientId: `writer ${index}` })
      )
    )
    const winner = results.indexOf('stored')
    assert.equal(
      results.filter(each => each === 'superseded'),
      Array(9).fill('superseded')
    )
    assert.is((await vault.open(credential.id))?.clientId, `writer ${winner}`)
    assert.not.ok(existsSync(pathOf(credential.id, generation - 1)))
  }
})

test('a generation that comes late changes nothing, and one from the future is refused', async () => {
  const { vault, folder } = aVault()
  const credential = aSecret()
  await vault.store(credential)
  await vault.replace({ ...credential, generation: 2 })
  await vault.replace({ ...credential, generation: 3 })
  const before = filesIn(folder)
  for (const generation of [1, 2, 3]) {
    assert.is(await vault.replace({ ...credential, generation }), 'superseded')
  }
  await rejects(() => vault.replace({ ...credential, generation: 5 }), withCode('VAULT_REPLAYED'))
  await rejects(() => vault.store({ ...credential, generation: 3 }), 'There is a')
  assert.equal(filesIn(folder), before)
})

test('what ended stays ended, for whoever writes after it', async () => {
  const { vault, vaultOf, folder } = aVault()
  const [credential, other] = [aSecret(), aSecret()]
  await vault.store(credential)
  await vault.store(other)
  await vault.remove(credential.id)
  const after = filesIn(folder)
  assert.is(await vault.open(credential.id), null)
  assert.is(await vault.replace({ ...credential, generation: 2 }), 'ended')
  await rejects(() => vault.store(credential), withCode('CREDENTIAL_ENDED'))
  await vaultOf().remove(credential.id)
  assert.equal(filesIn(folder), after)
  assert.equal(
    (await vault.list()).files.map(each => each.id),
    [other.id]
  )
})

test('nothing of what was done to renew a credential is left when it ends and nobody is at it', async () => {
  const { vault, folder } = aVault()
  const credential = aSecret()
  const leases = openRefreshLeases(folder)
  await vault.store(credential)
  const wish = { id: credential.id, generation: 1, patienceMs: 0, clock: { now: () => new Date() } }
  const claim = await leases.claim(wish)
  if (claim.outcome !== 'held') throw new Error(claim.outcome)
  await claim.lease.sending(100)
  await vault.remove(credential.id)
  assert.ok(await claim.lease.isHeld(), 'who is at it may renew copies of it as well')
  await claim.lease.done()
  assert.ok(existsSync(join(folder, 'leases', credential.id)))
  await vault.remove(credential.id)
  assert.not.ok(existsSync(join(folder, 'leases', credential.id)))
})

test('a listing tells what other processes did since the last one', async () => {
  const { vault, vaultOf, pathOf } = aVault()
  const [one, two] = [aSecret(), aSecret()]
  await vault.store(one)
  await vault.store(two)
  const listed = async () =>
    (await vault.list()).files.map(each => `${each.id} ${each.generation}`).sort()
  assert.equal(await listed(), [`${one.id} 1`, `${two.id} 1`].sort())
  await vaultOf().replace({ ...one, generation: 2 })
  assert.equal(await listed(), [`${one.id} 2`, `${two.id} 1`].sort())
  const text = readFileSync(pathOf(two.id), 'utf8')
  truncateSync(pathOf(two.id), 100)
  assert.is((await vault.list()).problems.length, 1)
  writeFileSync(pathOf(two.id), text)
  assert.equal((await vault.list()).problems, [])
  await vaultOf().remove(one.id)
  assert.equal(await listed(), [`${two.id} 1`])
})

test('a credential that was kept elsewhere is sealed and proven like a record', async () => {
  const { vault, vaultOf } = aVault()
  const credential = aSecret()
  await vault.store(credential)
  const text = await vault.seal({ ...credential, generation: 2 })
  assert.not.match(text, 'canary')
  assert.equal(await vaultOf().unseal(text), { ...credential, generation: 2 })
  assert.is(await vault.unseal(text.slice(0, -40)), null)
  assert.is(await vault.unseal(text.replace('"generation": 2', '"generation": 3')), null)
  assert.is(await vault.unseal('{}'), null)
  await vault.remove(credential.id)
  assert.is(await vault.unseal(text), null)
})

test('a file that is cut short anywhere is damaged, and the others still work', async () => {
  const { vault, vaultOf, pathOf } = aVault()
  const [good, bad] = [aSecret(), aSecret()]
  await vault.store(good)
  await vault.store(bad)
  const { size } = statSync(pathOf(bad.id))
  for (const length of [size - 3, size / 2, 40, 1, 0]) {
    truncateSync(pathOf(bad.id), Math.floor(length))
    const error = await rejects(() => vault.open(bad.id), withCode('VAULT_DAMAGED'))
    assert.match(shownOf(error), `${bad.id}.1.json`)
    const { files, problems } = await vault.list()
    assert.equal(
      files.map(each => each.id),
      [good.id]
    )
    assert.equal(
      problems.map(each => each.code),
      ['VAULT_DAMAGED']
    )
  }
  assert.equal(await vaultOf().open(good.id), good)
  await vault.remove(bad.id)
  assert.equal((await vault.list()).problems, [])
})

test('whatever is changed in a record is found', async () => {
  const { vault, vaultOf, pathOf, identity, folder } = aVault()
  const slotKey: string = JSON.parse(readFileSync(await firstKeys(), 'utf8')).current.recipient
  const credential = aSecret()
  await vault.store(credential)
  const path = pathOf(credential.id)
  const text = readFileSync(path, 'utf8')
  const own = (await identity.ensure()).recipient
  const resealed = async (to: string, value: unknown) => ({
    sealed: await seal(JSON.stringify(value), [to])
  })
  const file: Record<string, unknown> = JSON.parse(text)
  const changes: readonly Readonly<Record<string, unknown>>[] = [
    { slot: 'prod' },
    { slot: 'shared' },
    { connection: 'other.1' },
    { user: 'eve@example.com' },
    { expiresAt: null },
    { refreshable: false },
    { dead: { cause: 'grant-gone', at: '2026-01-01T00:00:00Z' } },
    { facts: { ...credential.record, account: { id: '9', name: 'Eve' } } },
    {
      facts: {
        ...credential.record,
        basis: { ...credential.record.basis, origins: ['https://eve.example'] }
      }
    },
    { vault: randomUUID() },
    { sealed: String(file.sealed).replace(/[A-Z]/, 'q') },
    { sealed: '' },
    { proof: { kind: 'adopted', mac: '0'.repeat(64) } },
    { proof: { kind: 'deposit', by: 'eve@example.com', mac: null } },
    await resealed(slotKey, credential),
    await resealed(slotKey, { ...credential, secret: { kind: 'fields', fields: {} } }),
    await resealed(own, credential)
  ]
  for (const change of changes) {
    writeFileSync(path, JSON.stringify({ ...file, ...change }))
    const error = await rejects(() => vault.open(credential.id), withCode('VAULT_TAMPERED'))
    assert.match(shownOf(error), `${credential.id}.1.json`)
    assert.not.match(shownOf(error), 'canary')
    assert.is((await vault.list()).files.length + (await vault.list()).problems.length, 2)
  }
  writeFileSync(path, text)
  assert.equal(await vaultOf().open(credential.id), credential)

  async function firstKeys(): Promise<string> {
    await vault.store(aSecret())
    return join(folder, 'keys', 'dev.json')
  }
})

test('no single changed byte of a record goes unnoticed', async () => {
  const { vault, vaultOf, pathOf } = aVault()
  const credential = aSecret()
  await vault.store(credential)
  const bytes = readFileSync(pathOf(credential.id))
  await fc.assert(
    fc.asyncProperty(
      fc.nat(bytes.length - 1),
      fc.integer({ min: 1, max: 255 }),
      async (at, change) => {
        const changed = Buffer.from(bytes)
        changed[at] = (changed[at] ?? 0) ^ change
        writeFileSync(pathOf(credential.id), changed)
        try {
          // White space outside of texts means nothing.
          assert.equal(await vaultOf().open(credential.id), credential)
        } catch (error) {
          if (!(error instanceof Refusal)) throw error
        }
      }
    ),
    { numRuns: 150 }
  )
})

test('a file in the place of another is found: of another credential, slot or vault', async () => {
  const { vault, vaultOf, pathOf } = aVault()
  const [one, two, prod] = [aSecret(), aSecret(), aSecret({ slot: 'prod' })]
  for (const each of [one, two, prod]) await vault.store(each)
  const stranger = aVault()
  await stranger.vault.store({ ...one, slot: 'dev' })
  const others = [pathOf(two.id), pathOf(prod.id), stranger.pathOf(one.id)]
  for (const path of others) {
    copyFileSync(path, pathOf(one.id))
    await rejects(() => vault.open(one.id), withCode('VAULT_TAMPERED'))
    edit(pathOf(one.id), { id: one.id })
    await rejects(() => vault.open(one.id), withCode('VAULT_TAMPERED'))
  }
  assert.equal(await vaultOf().open(two.id), two)
  assert.equal(await vaultOf().open(prod.id), prod)
})

test('an old record that is put back is found, and the others still work', async () => {
  const { vault, vaultOf, pathOf, folder } = aVault()
  const [replaced, ended, other] = [aSecret(), aSecret(), aSecret()]
  for (const each of [replaced, ended, other]) await vault.store(each)
  const kept = temporaryFolder()
  copyFileSync(pathOf(replaced.id), join(kept, 'replaced'))
  copyFileSync(pathOf(ended.id), join(kept, 'ended'))
  await vault.replace({ ...replaced, generation: 2 })
  await vault.remove(ended.id)

  rmSync(pathOf(replaced.id, 2))
  copyFileSync(join(kept, 'replaced'), pathOf(replaced.id))
  rmSync(join(folder, `${ended.id}.gone`))
  copyFileSync(join(kept, 'ended'), pathOf(ended.id))
  for (const each of [replaced, ended]) {
    for (const opener of [vault, vaultOf()]) {
      const error = await rejects(() => opener.open(each.id), withCode('VAULT_REPLAYED'))
      assert.match(shownOf(error), `${each.id}.1.json`)
    }
  }
  assert.equal(await vault.open(other.id), other)
})

test('a ledger that is missing, cut short, forged or of another slot is not believed', async () => {
  const { vault, vaultOf, folder } = aVault()
  const credential = aSecret()
  await vault.store(credential)
  await vault.store(aSecret({ slot: 'prod' }))
  const ledgers = join(folder, 'ledger')
  const names = readdirSync(ledgers)
  const name = names.find(each => each.startsWith('dev-')) ?? ''
  const prod = names.find(each => each.startsWith('prod-')) ?? ''
  const text = readFileSync(join(ledgers, name), 'utf8')
  const forged = JSON.stringify({ ...JSON.parse(text), generations: {} })
  const bad = [text.slice(0, 50), forged, readFileSync(join(ledgers, prod), 'utf8'), '']
  for (const each of bad) {
    writeFileSync(join(ledgers, name), each)
    for (const opener of [vault, vaultOf()]) {
      await rejects(() => opener.open(credential.id), withCode('VAULT_DAMAGED'))
    }
  }
  rmSync(join(ledgers, name))
  const error = await rejects(() => vault.open(credential.id), withCode('VAULT_DAMAGED'))
  assert.match(shownOf(error), 'tieline vault rotate')
  writeFileSync(join(ledgers, name), text)
  assert.equal(await vault.open(credential.id), credential)
})

test('another key opens nothing, seals nothing and is not shown', async () => {
  const { vault, vaultOf } = aVault()
  const credential = aSecret()
  await vault.store(credential)
  const nobody = vaultOf(aPerson())
  const stranger = aPerson()
  await stranger.ensure()
  for (const other of [nobody, vaultOf(stranger)]) {
    const calls = [
      () => other.open(credential.id),
      () => other.store(aSecret()),
      () => other.replace({ ...credential, generation: 2 }),
      () => other.seal(credential),
      () => other.setValue('A', 'canary', credential, 'eve@example.com')
    ]
    for (const call of calls) {
      const error = await rejects(call, withCode('VAULT_KEY_WRONG'))
      assert.not.match(shownOf(error), /SECRET-KEY|canary/)
    }
    assert.is(await other.canRead('dev'), false)
  }
  assert.equal(await vault.open(credential.id), credential)
})

test('with other keys than state commits to, nothing is read or written', async () => {
  const { vault, vaultOf, state, folder, commit } = aVault()
  const credential = aSecret()
  await vault.store(credential)
  await vault.setValue('A', 'value', credential, 'ana@example.com')
  await commit('dev')
  const genuine = state.dev
  assert.equal(await vault.open(credential.id), credential)

  const before = filesIn(folder)
  const others = [
    { id: randomUUID(), keys: genuine?.keys ?? '' },
    { id: genuine?.id ?? '', keys: `sha256:${'0'.repeat(64)}` }
  ]
  for (const each of others) {
    state.dev = each
    for (const opened of [vault, vaultOf()]) {
      const calls = [
        () => opened.open(credential.id),
        () => opened.canRead('dev'),
        () => opened.readers('dev'),
        () => opened.store(aSecret()),
        () => opened.replace({ ...credential, generation: 2 }),
        () => opened.seal(credential),
        () => opened.remove(credential.id),
        () => opened.value('A', credential),
        () => opened.setValue('A', 'other', credential, 'ana@example.com')
      ]
      for (const call of calls) await rejects(call, withCode('VAULT_KEY_CHANGED'))
    }
    assert.equal(filesIn(folder), before)
    // Another slot is not concerned.
    assert.is(await vault.canRead('prod'), false)
  }
  state.dev = genuine ?? null
  assert.equal(await vault.open(credential.id), credential)
})

test('in a fresh clone one person makes new keys, and state may name them late', async () => {
  const { state, vaultOf, commit } = aVault()
  const elsewhere = aVault()
  await elsewhere.vault.store(aSecret())
  state.dev = await elsewhere.vault.commitment('dev')
  const credential = aSecret()
  assert.is(await vaultOf().store(credential), 'adopted')
  assert.not.equal(await vaultOf().commitment('dev'), state.dev)
  assert.equal(await vaultOf().open(credential.id), credential)
  await vaultOf().store(aSecret())
  await commit('dev')
  assert.equal(await vaultOf().open(credential.id), credential)

  // A third vault that state names tells that these are the wrong ones.
  state.dev = { id: randomUUID(), keys: `sha256:${'1'.repeat(64)}` }
  await rejects(() => vaultOf().open(credential.id), withCode('VAULT_KEY_CHANGED'))
})

test('keys that somebody else put into a fresh clone are not taken for new ones', async () => {
  const { folder, identity, vaultOf } = aVault()
  const own = (await identity.ensure()).recipient
  const elsewhere = aVault()
  await elsewhere.vault.store(aSecret())
  const state = { dev: await elsewhere.vault.commitment('dev') }

  // The outsider makes keys for both of us, and knows what state says.
  const { openFileVault } = await import('../../engine/vault/file-vault.ts')
  const outsider = aPerson()
  const theirs = openFileVault(folder, {
    identity: outsider,
    committed: async () => state.dev,
    readers: async () => [own, (await outsider.ensure()).recipient],
    actor: null,
    memberKey: () => undefined
  })
  const credential = aSecret()
  await theirs.store(credential)
  assert.equal(await theirs.open(credential.id), credential)
  const mine = vaultOf(identity, state)
  await rejects(() => mine.open(credential.id), withCode('VAULT_KEY_CHANGED'))
  await rejects(() => mine.store(aSecret()), withCode('VAULT_KEY_CHANGED'))
})

test('before state names any keys, those that somebody else put there are not used', async () => {
  const { folder, identity, vault } = aVault()
  const own = (await identity.ensure()).recipient
  const outsider = aPerson()
  const { recipient } = await outsider.ensure()
  const { openVaultKeys } = await import('../../engine/vault/vault-keys.ts')
  await openVaultKeys(folder, {
    identity: outsider,
    committed: async () => null,
    memberKey: () => undefined
  }).make('dev', [own, recipient])
  const credential = aSecret()
  for (const call of [() => vault.store(credential), () => vault.canRead('dev')]) {
    await rejects(call, withCode('VAULT_TAMPERED'))
  }
  assert.equal((await vault.list()).files, [])
})

test('keys that were taken away are not made anew beside the records they open', async () => {
  const { vault, vaultOf, folder, commit } = aVault()
  const credential = aSecret()
  await vault.store(credential)
  await commit('dev')
  rmSync(join(folder, 'keys', 'dev.json'))
  for (const each of [vault, vaultOf()]) {
    await rejects(() => each.open(credential.id), withCode('VAULT_DAMAGED'))
    const error = await rejects(() => each.store(aSecret()), withCode('VAULT_DAMAGED'))
    assert.match(shownOf(error), 'keys/dev.json')
  }
})

test('keys that were changed, swapped or cut short are not used', async () => {
  const { vault, vaultOf, folder, state } = aVault()
  const credential = aSecret()
  await vault.store(credential)
  await vault.store(aSecret({ slot: 'prod' }))
  const path = join(folder, 'keys', 'dev.json')
  const prod = readFileSync(join(folder, 'keys', 'prod.json'), 'utf8')
  const text = readFileSync(path, 'utf8')
  const { current } = JSON.parse(text)
  const outsider = (await aPerson().ensure()).recipient
  const elsewhere = aVault()
  await elsewhere.vault.store(aSecret())
  const foreign = readFileSync(join(elsewhere.folder, 'keys', 'dev.json'), 'utf8')
  const changed = (change: object) =>
    JSON.stringify({ ...JSON.parse(text), current: { ...current, ...change } })
  const bad: readonly (readonly [text: string, code: string])[] = [
    [changed({ readers: [...current.readers, outsider].sort() }), 'VAULT_TAMPERED'],
    [changed({ readers: [] }), 'VAULT_TAMPERED'],
    [changed({ recipient: outsider }), 'VAULT_TAMPERED'],
    [prod, 'VAULT_TAMPERED'],
    [prod.replace('"prod"', '"dev"'), 'VAULT_TAMPERED'],
    [foreign, 'VAULT_TAMPERED'],
    [changed({ sealed: current.sealed.replace(/[A-Z]{3}/, 'qqq') }), 'VAULT_DAMAGED'],
    [text.slice(0, 90), 'VAULT_DAMAGED'],
    ['', 'VAULT_DAMAGED'],
    [JSON.stringify({ ...JSON.parse(text), formatVersion: 2 }), 'VAULT_NEWER']
  ]
  for (const [each, code] of bad) {
    writeFileSync(path, each)
    for (const opened of [vault, vaultOf()]) {
      await rejects(() => opened.open(credential.id), withCode(code))
      await rejects(() => opened.store(aSecret()), withCode(code))
    }
  }
  assert.is((await vault.list()).problems[0]?.code, 'VAULT_NEWER')
  writeFileSync(path, text)
  assert.equal(await vault.open(credential.id), credential)
  state.dev = { id: randomUUID(), keys: 'sha256:0' }
  writeFileSync(path, foreign)
  await rejects(() => vault.open(credential.id), withCode('VAULT_KEY_CHANGED'))
})

test('an unchanged credential is given again without opening a file, a changed one is not', async () => {
  const { vault, vaultOf, pathOf, folder, state, commit } = aVault()
  const credential = aSecret()
  await vault.store(credential)
  await commit('dev')
  const reader = vaultOf()
  await reader.open(credential.id)
  assert.is(
    await countOpened(async () => assert.equal(await reader.open(credential.id), credential)),
    0
  )

  await vault.replace({ ...credential, generation: 2 })
  assert.is((await reader.open(credential.id))?.generation, 2)
  // Another credential's entry in the ledger does not make it be unsealed again.
  const first = await reader.open(credential.id)
  await vault.store(aSecret())
  assert.is(await reader.open(credential.id), first)

  const text = readFileSync(pathOf(credential.id, 2))
  writeFileSync(pathOf(credential.id, 2), text.subarray(0, 99))
  await rejects(() => reader.open(credential.id), withCode('VAULT_DAMAGED'))
  writeFileSync(pathOf(credential.id, 2), text)
  assert.is((await reader.open(credential.id))?.generation, 2)

  const keys = join(folder, 'keys', 'dev.json')
  renameSync(keys, `${keys}.kept`)
  await rejects(() => reader.open(credential.id), withCode('VAULT_DAMAGED'))
  renameSync(`${keys}.kept`, keys)
  assert.is((await reader.open(credential.id))?.generation, 2)

  const genuine = state.dev
  state.dev = { id: randomUUID(), keys: 'sha256:0' }
  await rejects(() => reader.open(credential.id), withCode('VAULT_KEY_CHANGED'))
  state.dev = genuine ?? null
  await reader.open(credential.id)
  await vault.remove(credential.id)
  assert.is(await reader.open(credential.id), null)
})

test('printing a vault or changing what it gave tells and changes nothing', async () => {
  const { vault } = aVault()
  const credential = aSecret()
  await vault.store(credential)
  const given = await vault.open(credential.id)
  assert.not.match(inspect(vault, { depth: 20, showHidden: true }), /canary|SECRET-KEY/)
  assert.throws(() => Object.assign(Object(given?.secret), { accessToken: 'other' }))
  assert.equal(await vault.open(credential.id), credential)
})

test('a newer format is refused: of the vault, of a file and of a ledger', async () => {
  const { vault, vaultOf, folder, pathOf } = aVault()
  const [credential, other] = [aSecret(), aSecret()]
  await vault.store(credential)
  await vault.store(other)
  edit(pathOf(credential.id), { formatVersion: 2, news: true })
  await rejects(() => vault.open(credential.id), withCode('VAULT_NEWER'))
  assert.equal(
    (await vault.list()).problems.map(each => each.code),
    ['VAULT_NEWER']
  )
  const ledger = join(folder, 'ledger', readdirSync(join(folder, 'ledger'))[0] ?? '')
  const text = readFileSync(ledger, 'utf8')
  edit(ledger, { formatVersion: 2 })
  await rejects(() => vaultOf().open(other.id), withCode('VAULT_NEWER'))
  writeFileSync(ledger, text)
  edit(join(folder, 'vault.json'), { formatVersion: 2 })
  for (const each of [vault, vaultOf()]) {
    await rejects(() => each.store(aSecret()), withCode('VAULT_NEWER'))
    await rejects(() => each.open(other.id), withCode('VAULT_NEWER'))
    await rejects(() => each.commitment('dev'), withCode('VAULT_NEWER'))
  }
})

test('a damaged vault.json is a problem of its own', async () => {
  const { vault, folder } = aVault()
  const credential = aSecret()
  await vault.store(credential)
  const path = join(folder, 'vault.json')
  const text = readFileSync(path, 'utf8')
  writeFileSync(path, '{"formatVersion":1')
  assert.equal(
    (await vault.list()).problems.map(each => each.code),
    ['VAULT_DAMAGED']
  )
  assert.is((await vault.list()).files.length, 1)
  await rejects(() => vault.open(credential.id), withCode('VAULT_DAMAGED'))
  await rejects(() => vault.store(aSecret()), withCode('VAULT_DAMAGED'))
  rmSync(path)
  await rejects(() => vault.open(credential.id), withCode('VAULT_DAMAGED'))
  await rejects(() => vault.store(aSecret()), withCode('VAULT_DAMAGED'))
  await rejects(() => vault.store(aSecret({ slot: 'prod' })), withCode('VAULT_DAMAGED'))
  assert.not.ok(existsSync(path))
  writeFileSync(path, text)
  assert.equal(await vault.open(credential.id), credential)
})

test('passes over left-overs and foreign files, and does not wait for a pipe', async () => {
  const { vault, folder, pathOf } = aVault()
  const credential = aSecret()
  await vault.store(credential)
  writeFileSync(join(folder, `.${credential.id}.1.json.x.tmp`), '{')
  writeFileSync(join(folder, 'notes.json'), '{')
  writeFileSync(join(folder, `${credential.id}.json`), '{')
  writeFileSync(join(folder, `${credential.id}.0.json`), '{')
  assert.equal(await vault.list().then(({ problems }) => problems), [])
  assert.equal(await vault.open(credential.id), credential)
  const pipe = randomUUID()
  assert.is((await run('mkfifo', [pathOf(pipe)])).code, 0)
  assert.equal(
    (await vault.list()).problems.map(each => each.code),
    ['VAULT_DAMAGED']
  )
  await rejects(() => vault.open(pipe), withCode('VAULT_DAMAGED'))
})

test('does not write through a link that leads out of the vault', async () => {
  const { vault, folder } = aVault()
  await vault.store(aSecret())
  const elsewhere = temporaryFolder()
  symlinkSync(elsewhere, join(folder, 'values'))
  const owner = { connection: 'example.1', slot: 'dev' } as const
  await rejects(() => vault.setValue('A', 'canary', owner, 'ana'), withCode('VAULT_DAMAGED'))
  assert.equal(readdirSync(elsewhere), [])
})

test('an id that is no UUID reaches no file', async () => {
  const { vault } = aVault()
  await vault.store(aSecret())
  for (const id of ['vault', '../vault/vault', '..', '']) {
    assert.is(await vault.open(id), null)
    assert.is(await vault.adopt(id, () => null), null)
    await vault.remove(id)
    await rejects(() => vault.store(aSecret({ id })))
  }
  assert.ok((await vault.commitment('dev')) !== null)
})

test('a newer generation that is stored right while the one before is read is no replay', async () => {
  const { vaultOf, identity, folder } = aVault()
  const credential = aSecret()
  const writer = vaultOf()
  await writer.store(credential)
  let generation = 1
  // Asked for between the reading of a record and that of the ledger.
  const reader = openFileVault(folder, {
    identity,
    committed: async () => {
      if (generation < 3) await writer.replace({ ...credential, generation: ++generation })
      return null
    },
    readers: null,
    actor: null,
    memberKey: () => undefined
  })
  assert.is((await reader.open(credential.id))?.generation, 3)
})

test('an end that is written right while a record is read is no replay', async () => {
  const { vaultOf, identity, folder } = aVault()
  const credential = aSecret()
  const writer = vaultOf()
  await writer.store(credential)
  const reader = openFileVault(folder, {
    identity,
    committed: async () => {
      await writer.remove(credential.id)
      return null
    },
    readers: null,
    actor: null,
    memberKey: () => undefined
  })
  assert.is(await reader.open(credential.id), null)
})

test('whether something can be stored is told before anybody is asked, and leaves nothing behind', async () => {
  const { vault, folder } = aVault()
  await vault.checkStore('dev')
  assert.equal(Object.keys(filesIn(folder)), [])
  await vault.store(aSecret())
  const before = filesIn(folder)
  await vault.checkStore('dev')
  assert.equal(filesIn(folder), before)
  const stranger = openFileVault(folder, {
    identity: aPerson(),
    committed: async () => null,
    readers: null,
    actor: 'eve@example.com',
    memberKey: () => undefined
  })
  assert.match((await rejects(() => stranger.checkStore('dev'))).message, 'NO_READER')
})

test('a disk that takes nothing is told for what it is, with what was not done', () => {
  const full = Object.assign(new Error('no room'), { code: 'ENOSPC' })
  const refused = (): never => unwritable(full, 'Nobody was asked.')
  assert.throws(refused, (error: unknown) => {
    const [first] = error instanceof Refusal ? error.diagnostics : []
    return first?.code === 'VAULT_UNWRITABLE' && /Nobody was asked/.test(first.detail)
  })
  assert.throws(() => unwritable(new Error('something else')), /something else/)
})

test.run()
