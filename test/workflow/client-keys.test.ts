import { mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { emptyContent } from '../../engine/model/documents.ts'
import { ensureClientKeys } from '../../engine/workflow/client-keys.ts'
import { openVault } from '../../engine/workflow/open-vault.ts'
import { openState, openWorkspace, soundDocuments } from '../../engine/workflow/open-workspace.ts'
import type { Surroundings } from '../../engine/workflow/surroundings.ts'
import { temporaryFolder } from '../support/assert.ts'
import { writeFiles } from '../support/cli-run.ts'
import { operationsOf } from '../support/state-workspace.ts'
import { aSecret, cutOffAfter } from '../vault/a-vault.ts'

const acme = 'client/acme'

/** A team, with a client that is recorded and has no keys. */
async function aWorkspace() {
  const [secret, theirs] = [await generateX25519Identity(), await generateX25519Identity()]
  const folder = temporaryFolder()
  writeFiles(folder, {
    'tieline.yaml': `app: { name: App }
members: { ana@example.com: { role: super-admin, key: ${await identityToRecipient(secret)} } }
`,
    'clients/acme.yaml': `name: Acme
members: { it@acme.example: { role: admin, key: ${await identityToRecipient(theirs)} } }
`
  })
  const around = (identity: string): Surroundings => ({
    folder,
    variables: { TIELINE_IDENTITY: identity },
    configFolder: join(folder, 'config'),
    packageFolder: join(import.meta.dirname, '../..'),
    clock: { now: () => new Date() },
    actor: 'ana@example.com'
  })
  const { settings } = await openWorkspace(around(secret))
  const state = openState(around(secret), settings, 'ana@example.com')
  await state.withLock('apply', async writer => writer.write(emptyContent(acme)))
  return {
    folder: join(folder, '.tieline/vault'),
    ensure: () => ensureClientKeys(around(secret), settings, state, acme),
    committed: async () => (await soundDocuments(state))[acme]?.vault ?? null,
    told: () => operationsOf(folder, acme),
    theirs: () =>
      openVault(around(theirs), settings, () => soundDocuments(state), 'it@acme.example')
  }
}

function ledgersIn(folder: string): readonly string[] {
  return readdirSync(join(folder, 'ledger/client')).filter(name => name.endsWith('.json'))
}

test('cut off at any instant, the keys of a client are made by the next run', async () => {
  for (let steps = 0; ; steps++) {
    const { ensure, committed, told, theirs, folder } = await aWorkspace()
    const isWhole = await cutOffAfter(steps, ensure)
    await ensure()
    const vault = await theirs()
    const credential = aSecret({ slot: acme })
    assert.is(await vault.store(credential), 'adopted', `after ${steps} steps`)
    assert.equal(await vault.open(credential.id), credential)
    assert.equal(await vault.commitment(acme), await committed())
    assert.is(ledgersIn(folder).length, 1)
    assert.is((await told()).at(-1), 'apply client/acme')
    if (isWhole) break
  }
})

test('of several at once, one makes the keys', async () => {
  const { ensure, committed, theirs, folder } = await aWorkspace()
  const found = await Promise.all([ensure(), ensure(), ensure()])
  assert.is(found.flat().filter(each => each.code === 'CLIENT_KEYS_MADE').length, 1)
  assert.ok(found.flat().every(each => each.severity !== 'error'))
  assert.equal(await (await theirs()).commitment(acme), await committed())
  assert.is(ledgersIn(folder).length, 1)
})

test('a vault that cannot be used is a warning, since the client is installed', async () => {
  const { ensure, committed, folder } = await aWorkspace()
  mkdirSync(join(folder, 'keys'), { recursive: true })
  symlinkSync(temporaryFolder(), join(folder, 'keys/client'))
  const found = await ensure()
  assert.equal(
    found.map(each => [each.code, each.severity]),
    [['VAULT_DAMAGED', 'warning']]
  )
  assert.is(await committed(), null)
})

test.run()
