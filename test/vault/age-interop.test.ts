import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { seal, unseal } from '../../engine/vault/seal.ts'
import { run, temporaryFolder } from '../support/assert.ts'
import { aPerson, aSecret, aTeam, aVault } from './a-vault.ts'

function sealedIn(path: string): string {
  const file = JSON.parse(readFileSync(path, 'utf8'))
  return file.sealed ?? file.current.sealed
}

test('with the age command a person opens the key of a slot, and with that key a record', async () => {
  const { vault, folder, configFolder, pathOf } = aVault()
  const credential = aSecret()
  await vault.store(credential)
  const identity = join(configFolder, 'identity')
  const keys = await run('age', ['--decrypt', '-i', identity], {
    input: sealedIn(join(folder, 'keys', 'dev.json'))
  })
  assert.is(keys.code, 0, keys.stderr)
  assert.match(
    keys.stdout,
    /^# tieline.*\n# vault: .*\n# slot: dev\n# reader: age1.*\nAGE-SECRET-KEY-1/
  )

  const slotKey = join(temporaryFolder(), 'slot-key')
  writeFileSync(slotKey, keys.stdout, { mode: 0o600 })
  const record = await run('age', ['--decrypt', '-i', slotKey], {
    input: sealedIn(pathOf(credential.id))
  })
  assert.is(record.code, 0, record.stderr)
  assert.equal(JSON.parse(record.stdout), credential)
})

test('so do all readers of a slot, and nobody else', async () => {
  const team = await aTeam()
  const input = sealedIn(join(team.folder, 'keys', 'prod.json'))
  for (const [name, code] of [
    ['ana', 0],
    ['adam', 0],
    ['dev', 1]
  ] as const) {
    const identity = join(team.configOf(name), 'identity')
    assert.is((await run('age', ['--decrypt', '-i', identity], { input })).code, code, name)
  }
})

test('the vault works with a key that age-keygen made', async () => {
  const folder = join(temporaryFolder(), 'config')
  mkdirSync(folder, { mode: 0o700 })
  const path = join(folder, 'identity')
  assert.is((await run('age-keygen', ['-o', path])).code, 0)
  const identity = aPerson(folder)
  const recipient = (await run('age-keygen', ['-y', path])).stdout.trim()
  assert.is((await identity.find())?.recipient, recipient)
  const { vaultOf } = aVault()
  const credential = aSecret()
  await vaultOf(identity).store(credential)
  assert.equal(await vaultOf(aPerson(folder)).open(credential.id), credential)
  assert.equal(await vaultOf(identity).readers('dev'), [recipient])
})

test('a key pair that was made here is read by age-keygen, and seals go both ways', async () => {
  const folder = join(temporaryFolder(), 'config')
  const own = await aPerson(folder).ensure()
  const path = join(folder, 'identity')
  assert.is((await run('age-keygen', ['-y', path])).stdout.trim(), own.recipient)
  const input = 'text with ä'
  const { stdout } = await run('age', ['--armor', '-r', own.recipient], { input })
  assert.equal(await unseal(stdout, own.secretKey()), { text: input })
  const opened = await run('age', ['--decrypt', '-i', path], {
    input: await seal(input, [own.recipient])
  })
  assert.is(opened.stdout, input)
})

test.run()
