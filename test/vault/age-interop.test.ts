import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openFileVault } from '../../engine/vault/file-vault.ts'
import { personIdentity } from '../../engine/vault/person-identity.ts'
import { aCredential, anOAuthTarget } from '../oauth/a-target.ts'
import { run, temporaryFolder } from '../support/assert.ts'

const credential = aCredential(anOAuthTarget('https://api.example.com'), {
  kind: 'fields',
  fields: { key: 'a key with ä and \u{1f511}' }
})

test('the age command opens what the vault sealed, with the key that was made here', async () => {
  const folder = temporaryFolder()
  const identity = personIdentity({ variable: undefined, configFolder: folder })
  const vault = openFileVault(join(folder, 'vault'), identity)
  await vault.store(credential)
  const sealed = (await vault.list()).files[0]?.sealed ?? ''
  const { code, stdout } = await run('age', ['--decrypt', '-i', join(folder, 'identity')], {
    input: sealed
  })
  assert.is(code, 0)
  assert.equal(JSON.parse(stdout), credential)
})

test('the vault opens what the age command sealed, with a key that age-keygen made', async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'config'), { mode: 0o700 })
  const key = join(folder, 'config', 'identity')
  assert.is((await run('age-keygen', ['-o', key])).code, 0)
  const identity = personIdentity({ variable: undefined, configFolder: join(folder, 'config') })
  const vault = openFileVault(join(folder, 'vault'), identity)
  await vault.store(credential)

  const recipient = (await run('age-keygen', ['-y', key])).stdout.trim()
  assert.is((await identity.find())?.recipient, recipient)
  const input = JSON.stringify(credential)
  const sealed = (await run('age', ['--armor', '-r', recipient], { input })).stdout
  const path = join(folder, 'vault', `${credential.id}.json`)
  const file: unknown = JSON.parse(readFileSync(path, 'utf8'))
  writeFileSync(path, JSON.stringify(Object.assign(Object(file), { sealed })))
  assert.equal(await vault.open(credential.id), credential)
})

test.run()
