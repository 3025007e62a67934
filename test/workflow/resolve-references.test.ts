import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Refusal } from '../../engine/model/diagnostic.ts'
import { referenceResolver } from '../../engine/workflow/resolve-references.ts'
import { rejects, temporaryFolder } from '../support/assert.ts'

const owner = { connection: 'hub.1', slot: 'dev' } as const
const key = `AGE-SECRET-KEY-1${'Q'.repeat(58)}`

function resolverIn(
  folder: string,
  variables: Readonly<Record<string, string>> = {},
  settings: { readonly vault?: string } = {}
) {
  return referenceResolver({ folder, variables }, settings, { value: async () => null })
}

async function refused(work: () => Promise<string>): Promise<string> {
  const error = await rejects(work, each => each instanceof Refusal)
  const [first] = error instanceof Refusal ? error.diagnostics : []
  assert.is(first?.code, 'REFERENCE_MISSING')
  return first?.detail ?? ''
}

test('a reference gives what it names, without the line break at its end', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'secret'), 'canary\n')
  const resolve = resolverIn(folder, { HUB_SECRET: 'canary-2' })
  assert.is(await resolve('file:secret', owner), 'canary')
  assert.is(await resolve('env:HUB_SECRET', owner), 'canary-2')
})

test('a key that opens vaults is given to nobody, wherever it lies', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'me.key'), `# public key: age1\n${key}\n`)
  const resolve = resolverIn(folder, { TIELINE_IDENTITY: 'me.key', MY_KEY: key.toLowerCase() })
  for (const reference of ['file:me.key', 'file:./me.key', 'env:MY_KEY']) {
    const detail = await refused(() => resolve(reference, owner))
    assert.match(detail, 'a key that opens vaults')
    assert.not.match(detail.toUpperCase(), 'AGE-SECRET-KEY')
  }
})

test('files of the vault are out of reach, however its folder is spelt', async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'safe'))
  writeFileSync(join(folder, 'safe/a'), 'canary')
  symlinkSync(join(folder, 'safe'), join(folder, 'link'))
  for (const vault of ['file:safe', 'file:./safe', 'file:safe/', 'file:other/../safe']) {
    const resolve = resolverIn(folder, {}, { vault })
    for (const reference of ['file:safe/a', 'file:SAFE/a', 'file:link/a']) {
      assert.not.match(await refused(() => resolve(reference, owner)), 'canary')
    }
  }
})

test('what every object has is no variable', async () => {
  const resolve = resolverIn(temporaryFolder())
  for (const name of ['constructor', '__proto__', 'toString']) {
    await refused(() => resolve(`env:${name}`, owner))
  }
})

test.run()
