import { randomUUID } from 'node:crypto'
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Credential } from '../../engine/model/credential.ts'
import { openFileVault } from '../../engine/vault/file-vault.ts'
import { personIdentity } from '../../engine/vault/person-identity.ts'
import { seal } from '../../engine/vault/seal.ts'
import { aCredential, anOAuthTarget, shownOf, withCode } from '../oauth/a-target.ts'
import { rejects, run, temporaryFolder } from '../support/assert.ts'

function aSecret(id: string = randomUUID(), generation = 1): Credential {
  return {
    ...aCredential(anOAuthTarget('https://api.example.com'), {
      kind: 'oauth2',
      accessToken: 'canary-access',
      refreshToken: 'canary-refresh',
      expiresAt: '2026-01-01T01:00:00.000Z',
      lifetime: null,
      learnt: { api: 'https://eu.example.com' }
    }),
    id,
    generation
  }
}

function aVault() {
  const root = temporaryFolder()
  const folder = join(root, 'workspace', '.tieline', 'vault')
  const configFolder = join(root, 'config')
  const identity = personIdentity({ variable: undefined, configFolder })
  const pathOf = (id: string): string => join(folder, `${id}.json`)
  return { folder, configFolder, identity, pathOf, vault: openFileVault(folder, identity) }
}

/** Changes one file of the vault, as JSON. */
function edit(path: string, change: Readonly<Record<string, unknown>>): void {
  const file: unknown = JSON.parse(readFileSync(path, 'utf8'))
  writeFileSync(path, JSON.stringify(Object.assign(Object(file), change)))
}

test('before the first credential there is no vault, and reading makes none', async () => {
  const { vault, folder, configFolder } = aVault()
  assert.is(await vault.commitment(), null)
  assert.equal(await vault.list(), { files: [], problems: [] })
  assert.is(await vault.open(randomUUID()), null)
  await vault.remove(randomUUID())
  assert.not.ok(existsSync(folder))
  assert.not.ok(existsSync(configFolder))
})

test('gives back what was stored, and lists what is clear without a key', async () => {
  const { vault, folder, configFolder, pathOf } = aVault()
  const credential = aSecret()
  await vault.store(credential)
  assert.equal(await vault.open(credential.id), credential)
  assert.not.match(readFileSync(pathOf(credential.id), 'utf8'), 'canary')

  rmSync(configFolder, { recursive: true })
  const { files, problems } = await openFileVault(
    folder,
    personIdentity({ variable: undefined, configFolder })
  ).list()
  assert.equal(problems, [])
  const [{ sealed, ...clear } = { sealed: '' }] = files
  assert.match(sealed, /^-----BEGIN AGE ENCRYPTED FILE-----\n/)
  const { id, slot, connection, user, generation, record } = credential
  const facts = record
  const expiresAt = '2026-01-01T01:00:00.000Z'
  assert.equal(clear, {
    formatVersion: 1,
    id,
    slot,
    connection,
    user,
    generation,
    facts,
    expiresAt,
    refreshable: true
  })
})

test('commits to one vault and one key', async () => {
  const one = aVault()
  const two = aVault()
  await one.vault.store(aSecret())
  await two.vault.store(aSecret())
  const first = await one.vault.commitment()
  assert.match(first?.keys ?? '', /^sha256:[0-9a-f]{64}$/)
  await one.vault.store(aSecret())
  assert.equal(await one.vault.commitment(), first)
  const second = await two.vault.commitment()
  assert.not.equal(second?.id, first?.id)
  assert.not.equal(second?.keys, first?.keys)
})

test('files are for their owner alone, and nothing is left over', async () => {
  const { vault, folder } = aVault()
  const credential = aSecret()
  await vault.store(credential)
  await vault.store({ ...credential, generation: 2 })
  assert.equal(readdirSync(folder).sort(), [`${credential.id}.json`, 'vault.json'].sort())
  for (const name of readdirSync(folder)) {
    assert.is(statSync(join(folder, name)).mode & 0o777, 0o600)
  }
  assert.is(statSync(folder).mode & 0o777, 0o700)
  assert.is((await vault.open(credential.id))?.generation, 2)
  await vault.remove(credential.id)
  assert.is(await vault.open(credential.id), null)
})

test('many first credentials at once make one vault', async () => {
  const { folder, identity } = aVault()
  const secrets = Array.from({ length: 6 }, () => aSecret())
  await Promise.all(secrets.map(each => openFileVault(folder, identity).store(each)))
  const { files, problems } = await openFileVault(folder, identity).list()
  assert.is(files.length, 6)
  assert.equal(problems, [])
})

test('a file that is cut short anywhere is damaged, and the others still work', async () => {
  const { vault, pathOf } = aVault()
  const [good, bad] = [aSecret(), aSecret()]
  await vault.store(good)
  await vault.store(bad)
  const { size } = statSync(pathOf(bad.id))
  for (const length of [0, 1, 40, size / 2, size - 3]) {
    await vault.store(bad)
    truncateSync(pathOf(bad.id), Math.floor(length))
    await rejects(() => vault.open(bad.id), withCode('VAULT_DAMAGED'))
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
  assert.equal(await vault.open(good.id), good)
})

test('a seal that was changed or cut short is damaged', async () => {
  const { vault, pathOf } = aVault()
  const credential = aSecret()
  await vault.store(credential)
  const sealed = (await vault.list()).files[0]?.sealed ?? ''
  const lines = sealed.split('\n')
  const changed = lines.map((line, index) =>
    index === 8 ? line.replace(/./, c => (c === 'A' ? 'B' : 'A')) : line
  )
  for (const each of ['', 'garbage', lines.slice(0, 5).join('\n'), changed.join('\n')]) {
    edit(pathOf(credential.id), { sealed: each })
    await rejects(() => vault.open(credential.id), withCode('VAULT_DAMAGED'))
  }
})

test('what the readable part says otherwise than the seal was tampered with', async () => {
  const { vault, pathOf } = aVault()
  const changes = [
    { slot: 'prod' },
    { connection: 'other.1' },
    { user: 'eve@example.com' },
    { generation: 7 }
  ]
  for (const change of changes) {
    const credential = aSecret()
    await vault.store(credential)
    edit(pathOf(credential.id), change)
    await rejects(() => vault.open(credential.id), withCode('VAULT_TAMPERED'))
  }
})

test('a file in the place of another was tampered with', async () => {
  const { vault, pathOf } = aVault()
  const [one, two] = [aSecret(), aSecret()]
  await vault.store(one)
  await vault.store(two)
  writeFileSync(pathOf(one.id), readFileSync(pathOf(two.id)))
  await rejects(() => vault.open(one.id), withCode('VAULT_TAMPERED'))
  edit(pathOf(one.id), { id: one.id })
  await rejects(() => vault.open(one.id), withCode('VAULT_TAMPERED'))
})

test('facts of the readable part do not count: the sealed ones are given', async () => {
  const { vault, pathOf } = aVault()
  const credential = aSecret()
  await vault.store(credential)
  const facts = { ...credential.record, account: { id: '9', name: 'Eve' } }
  edit(pathOf(credential.id), { facts, expiresAt: null })
  assert.equal(await vault.open(credential.id), credential)
})

test('another key opens nothing, seals nothing and is not shown', async () => {
  const { vault, folder } = aVault()
  const credential = aSecret()
  await vault.store(credential)
  const other = openFileVault(folder, aVault().identity)
  await rejects(() => other.open(credential.id), withCode('VAULT_KEY_WRONG'))
  await rejects(() => other.store(credential), withCode('VAULT_KEY_WRONG'))
  const { identity } = aVault()
  await identity.ensure()
  const error = await rejects(
    () => openFileVault(folder, identity).open(credential.id),
    withCode('VAULT_KEY_WRONG')
  )
  assert.not.match(shownOf(error), /SECRET-KEY/)
  await rejects(
    () => openFileVault(folder, identity).store(credential),
    withCode('VAULT_KEY_WRONG')
  )
  assert.equal(await vault.open(credential.id), credential)
})

test('a newer format is refused: of the vault, of a file and inside a seal', async () => {
  const { vault, folder, identity, pathOf } = aVault()
  const credential = aSecret()
  await vault.store(credential)
  const { recipient } = await identity.ensure()
  const text = JSON.stringify({ ...credential, formatVersion: 2 })
  edit(pathOf(credential.id), { sealed: await seal(text, recipient) })
  await rejects(() => vault.open(credential.id), withCode('VAULT_NEWER'))

  edit(pathOf(credential.id), { formatVersion: 2, news: true })
  await rejects(() => vault.open(credential.id), withCode('VAULT_NEWER'))
  assert.equal(
    (await vault.list()).problems.map(each => each.code),
    ['VAULT_NEWER']
  )

  const other = aSecret()
  await vault.store(other)
  edit(join(folder, 'vault.json'), { formatVersion: 2 })
  await rejects(() => vault.store(other), withCode('VAULT_NEWER'))
  await rejects(() => vault.open(other.id), withCode('VAULT_NEWER'))
  await rejects(() => vault.commitment(), withCode('VAULT_NEWER'))
})

test('a damaged vault.json is a problem of its own', async () => {
  const { vault, folder } = aVault()
  const credential = aSecret()
  await vault.store(credential)
  writeFileSync(join(folder, 'vault.json'), '{"formatVersion":1')
  assert.equal(
    (await vault.list()).problems.map(each => each.code),
    ['VAULT_DAMAGED']
  )
  assert.is((await vault.list()).files.length, 1)
  assert.equal(await vault.open(credential.id), credential)
  await rejects(() => vault.store(credential), withCode('VAULT_DAMAGED'))
})

test('never seals to a key that somebody else wrote into vault.json', async () => {
  const { vault, folder } = aVault()
  const credential = aSecret()
  await vault.store(credential)
  const { recipient } = await aVault().identity.ensure()
  edit(join(folder, 'vault.json'), { recipient })
  await rejects(() => vault.store(credential), withCode('VAULT_KEY_WRONG'))
})

test('passes over left-overs and foreign files, and does not wait for a pipe', async () => {
  const { vault, folder, pathOf } = aVault()
  const credential = aSecret()
  await vault.store(credential)
  writeFileSync(join(folder, `.${credential.id}.json.x.tmp`), '{')
  writeFileSync(join(folder, 'notes.json'), '{')
  assert.equal(await vault.list().then(({ problems }) => problems), [])
  const pipe = randomUUID()
  assert.is((await run('mkfifo', [pathOf(pipe)])).code, 0)
  assert.equal(
    (await vault.list()).problems.map(each => each.code),
    ['VAULT_DAMAGED']
  )
  await rejects(() => vault.open(pipe), withCode('VAULT_DAMAGED'))
})

test('an id that is no UUID reaches no file', async () => {
  const { vault } = aVault()
  await vault.store(aSecret())
  for (const id of ['vault', '../vault/vault', '..', '']) {
    assert.is(await vault.open(id), null)
    await vault.remove(id)
    await rejects(() => vault.store(aSecret(id)))
  }
  assert.ok((await vault.commitment()) !== null)
})

test.run()
