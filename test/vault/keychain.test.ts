import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Keychain } from '../../engine/vault/keychain.ts'
import { moveToKeychain, personIdentity } from '../../engine/vault/person-identity.ts'
import { shownOf, withCode } from '../oauth/a-target.ts'
import { rejects, run, temporaryFolder } from '../support/assert.ts'

const key = 'AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX'
const recipient = 'age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj'

/** A keychain in memory. */
function aKeychain(content: string | null = null): Keychain {
  let kept = content
  return {
    read: async () => kept,
    write: async text => {
      kept = text
    }
  }
}

function configFolder(): string {
  return join(temporaryFolder(), 'tieline')
}

test('the keychain is asked where there is neither variable nor file', async () => {
  const folder = configFolder()
  const keychain = aKeychain(key)
  const source = personIdentity({ variable: undefined, configFolder: folder, keychain })
  assert.is((await source.find())?.recipient, recipient)
  assert.is((await source.ensure()).recipient, recipient)
  assert.not.ok(existsSync(folder))

  const other = aKeychain('no key')
  const without = personIdentity({ variable: undefined, configFolder: folder, keychain: other })
  assert.is(await without.find(), null)
  const own = await without.ensure()
  const again = personIdentity({ variable: undefined, configFolder: folder, keychain })
  assert.is((await again.find())?.recipient, own.recipient)
  const named = personIdentity({ variable: key, configFolder: folder, keychain: aKeychain() })
  assert.is((await named.find())?.recipient, recipient)
})

test('moved into the keychain, a key leaves its file and is found all the same', async () => {
  const options = { variable: undefined, configFolder: configFolder(), keychain: aKeychain() }
  const made = await personIdentity(options).ensure()
  const moved = await moveToKeychain(options)
  assert.is(moved.recipient, made.recipient)
  const path = join(options.configFolder, 'identity')
  assert.not.match(readFileSync(path, 'utf8'), 'SECRET-KEY')
  assert.match(readFileSync(path, 'utf8'), made.recipient)
  assert.is(statSync(path).mode & 0o777, 0o600)
  assert.is((await personIdentity(options).find())?.secretKey(), made.secretKey())
  assert.is((await moveToKeychain(options)).recipient, made.recipient)
})

test('a key in the keychain that is not given out is missed, not made anew', async () => {
  const options = { variable: undefined, configFolder: configFolder(), keychain: aKeychain() }
  await moveToKeychain(options)
  const path = join(options.configFolder, 'identity')
  const before = readFileSync(path, 'utf8')
  for (const keychain of [aKeychain(), aKeychain(key), aKeychain('no key')]) {
    const source = personIdentity({ ...options, keychain })
    for (const call of [source.find, source.ensure]) {
      const error = await rejects(call, withCode('IDENTITY_UNREADABLE'))
      assert.not.match(shownOf(error), 'GFPYY')
    }
    await rejects(() => moveToKeychain({ ...options, keychain }), withCode('IDENTITY_UNREADABLE'))
  }
  assert.is(readFileSync(path, 'utf8'), before)
})

test('without a keychain that keeps it, the key stays in its file', async () => {
  const forgets: Keychain = { read: async () => null, write: async () => {} }
  const fails: Keychain = { ...forgets, write: () => Promise.reject(new Error('locked')) }
  for (const keychain of [forgets, fails]) {
    const options = { variable: undefined, configFolder: configFolder(), keychain }
    const made = await personIdentity(options).ensure()
    await rejects(() => moveToKeychain(options), withCode('KEYCHAIN_UNAVAILABLE'))
    assert.is((await personIdentity(options).find())?.secretKey(), made.secretKey())
  }
  const named = { variable: key, configFolder: configFolder(), keychain: aKeychain() }
  await rejects(() => moveToKeychain(named), withCode('KEYCHAIN_UNAVAILABLE'))
})

test('a file that is a link gives the key up where it really is', async () => {
  const options = { variable: undefined, configFolder: configFolder(), keychain: aKeychain() }
  const real = join(temporaryFolder(), 'key')
  writeFileSync(real, `${key}\n`, { mode: 0o600 })
  mkdirSync(options.configFolder)
  symlinkSync(real, join(options.configFolder, 'identity'))
  assert.is((await moveToKeychain(options)).recipient, recipient)
  assert.not.match(readFileSync(real, 'utf8'), 'SECRET-KEY')
  assert.is((await personIdentity(options).find())?.secretKey(), key)
})

const engine = join(import.meta.dirname, '..', '..', 'engine')
const program = `
const [folder, what] = process.argv.slice(2)
const { moveToKeychain, personIdentity } = await import(${JSON.stringify(engine)} + '/vault/person-identity.ts')
const options = { variable: undefined, configFolder: folder }
const work = { move: () => moveToKeychain(options), find: () => personIdentity(options).find() }
try {
  console.log((await work[what]())?.recipient ?? 'nothing')
} catch (error) {
  console.log(error.diagnostics?.[0]?.code ?? error.message)
}
process.exit()
`

test('a real Secret Service keeps it (needs the packages dbus and gnome-keyring)', async () => {
  for (const needed of ['dbus-run-session', 'gnome-keyring-daemon']) {
    const { code } = await run('sh', ['-c', `command -v ${needed}`])
    assert.is(code, 0, `${needed} is missing: apt-get install dbus gnome-keyring`)
  }
  const root = temporaryFolder()
  const file = join(root, 'program.mts')
  writeFileSync(file, program)
  const [one, two] = [join(root, 'one'), join(root, 'two')]
  const call = (folder: string, what: string) =>
    `node --import tsx ${file} ${folder} ${what} </dev/null`
  const script = [
    'printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null',
    call(one, 'find'),
    call(one, 'move'),
    call(one, 'find'),
    call(two, 'find')
  ].join('\n')
  const session = { HOME: root, XDG_RUNTIME_DIR: root, XDG_DATA_HOME: undefined }
  const { stdout, stderr } = await run('dbus-run-session', ['--', 'sh', '-c', script], {
    cwd: join(engine, '..'),
    env: session
  })
  const [before, moved, found, other] = stdout.trim().split('\n')
  assert.is(before, 'nothing', stderr)
  assert.match(moved ?? '', /^age1/)
  assert.is(found, moved)
  assert.is(other, 'nothing')
  assert.not.match(readFileSync(join(one, 'identity'), 'utf8'), 'SECRET-KEY')

  // Without a session there is none.
  const env = { DBUS_SESSION_BUS_ADDRESS: undefined, ...session }
  const outside = await run('sh', ['-c', `${call(one, 'find')}\n${call(two, 'move')}`], {
    cwd: join(engine, '..'),
    env
  })
  assert.equal(outside.stdout.trim().split('\n'), ['IDENTITY_UNREADABLE', 'KEYCHAIN_UNAVAILABLE'])
  assert.match(readFileSync(join(two, 'identity'), 'utf8'), 'AGE-SECRET-KEY-1')
})

test.run()
