import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { personIdentity } from '../../engine/vault/person-identity.ts'
import { shownOf, withCode } from '../oauth/a-target.ts'
import { rejects, temporaryFolder } from '../support/assert.ts'

const key = 'AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX'
const recipient = 'age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj'

function inFolder(variable?: string) {
  const configFolder = join(temporaryFolder(), 'deep', 'tieline')
  return { configFolder, source: personIdentity({ variable, configFolder }) }
}

function keyFile(text: string, mode = 0o600): string {
  const path = join(temporaryFolder(), 'key.txt')
  writeFileSync(path, text, { mode })
  chmodSync(path, mode)
  return path
}

test('makes a key pair on first use, for its owner alone, and finds it again', async () => {
  const { configFolder, source } = inFolder()
  assert.is(await source.find(), null)
  const made = await source.ensure()
  const path = join(configFolder, 'identity')
  assert.is(statSync(path).mode & 0o777, 0o600)
  assert.is(statSync(configFolder).mode & 0o777, 0o700)
  assert.match(
    readFileSync(path, 'utf8'),
    /^# created: [\d-]+T[\d:]+Z\n# public key: age1[a-z0-9]{58}\nAGE-SECRET-KEY-1[A-Z0-9]{58}\n$/
  )
  assert.is((await source.find())?.secretKey(), made.secretKey())
  assert.is((await source.ensure()).recipient, made.recipient)
  assert.equal(readdirSync(configFolder), ['identity'])
})

test('many at once end up with one key pair', async () => {
  const { configFolder } = inFolder()
  const made = await Promise.all(
    Array.from({ length: 8 }, () => personIdentity({ variable: '', configFolder }).ensure())
  )
  assert.is(new Set(made.map(each => each.recipient)).size, 1)
  assert.equal(readdirSync(configFolder), ['identity'])
})

test('the variable wins, as a key and as a path', async () => {
  for (const variable of [key, ` ${key}\n`, key.toLowerCase(), keyFile(`# mine\n\n${key}\r\n`)]) {
    const { source } = inFolder(variable)
    assert.is((await source.find())?.recipient, recipient)
    assert.is((await source.ensure()).secretKey(), key)
  }
})

test('printing an identity does not print the key', async () => {
  const identity = await inFolder(key).source.find()
  assert.not.match(inspect(identity, { depth: 9 }) + JSON.stringify(identity), 'SECRET-KEY-1G')
})

test('a key that others can read is refused', async () => {
  for (const mode of [0o640, 0o604, 0o660, 0o620]) {
    const path = keyFile(key, mode)
    const error = await rejects(
      () => inFolder(path).source.find(),
      withCode('IDENTITY_PERMISSIONS')
    )
    assert.match(shownOf(error), `chmod 600 ${path}`)
  }
})

test('what is no key is refused, without repeating it', async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'canary-folder'))
  const variables = [
    'AGE-SECRET-KEY-1CANARY',
    `${key.slice(0, -1)}P`,
    'CANARY-MISTYPED-KEY',
    join(folder, 'canary-folder'),
    join(folder, 'canary-folder', 'none'),
    keyFile('CANARY'),
    keyFile(`${key}\n${key}\n`),
    keyFile('')
  ]
  for (const variable of variables) {
    const { source } = inFolder(variable)
    for (const call of [source.find, source.ensure]) {
      const error = await rejects(call, withCode('IDENTITY_UNREADABLE'))
      assert.not.match(shownOf(error), /canary|GFPYY/i)
    }
  }
})

test('a damaged own key is not replaced', async () => {
  const { configFolder, source } = inFolder()
  mkdirSync(configFolder, { recursive: true })
  writeFileSync(join(configFolder, 'identity'), 'half of a k', { mode: 0o600 })
  await rejects(source.ensure, withCode('IDENTITY_UNREADABLE'))
  assert.is(readFileSync(join(configFolder, 'identity'), 'utf8'), 'half of a k')
})

test.run()
