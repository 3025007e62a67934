/** Clients and the vault, through the command line: keys and readers. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Diagnostic } from '../../engine/model/diagnostic.ts'
import type { ClientEnvironment } from '../../engine/model/documents.ts'
import { fingerprintOf } from '../../engine/model/fingerprint.ts'
import { ensureClientKeys } from '../../engine/workflow/client-keys.ts'
import { openState, openWorkspace } from '../../engine/workflow/open-workspace.ts'
import type { ReaderChange } from '../../engine/workflow/vault-readers.ts'
import type { RunResult } from '../support/assert.ts'
import {
  aClientScene,
  acme,
  acmeSpec,
  authorize,
  beta,
  closeClientScenes,
  documentOf,
  emails,
  expectWellSaid,
  install,
  json,
  refused,
  succeeded,
  tokenOf
} from '../support/client-scene.ts'
import { keys } from '../support/scenario-service.ts'

test('without a reader no keys are made, and it is said who has to show a key', async () => {
  const scene = await aClientScene()
  const { as, folder, people } = scene
  const tieline = join(folder, 'tieline.yaml')
  writeFileSync(tieline, readFileSync(tieline, 'utf8').replace(/, clients: \[.*?\]/, ''))
  const nobody = 'name: Acme\nmembers: { it@acme.example: { role: admin } }\n'
  writeFileSync(join(folder, 'clients/acme.yaml'), nobody)
  const [warning] = await install(scene, acme)
  assert.is(warning?.code, 'CLIENT_HAS_NO_READER')
  assert.is(warning?.severity, 'warning')
  assert.match(warning?.detail ?? '', 'it@acme.example has to show')
  assert.match(warning?.detail ?? '', 'clients/acme.yaml')
  assert.match(warning?.detail ?? '', '\n    tieline vault recipients')
  const detail = refused(await as('it', [...authorize('pager', acme), ...json]), 'NO_READER')
  assert.match(detail, 'client/acme')
  assert.match(detail, 'clients/acme.yaml')
  const { diagnostics } = JSON.parse(
    succeeded(await as('sue', ['vault', 'recipients', ...json])).stdout
  )
  assert.equal(
    diagnostics.map((each: Diagnostic) => each.code),
    ['CLIENT_HAS_NO_READER']
  )

  // With a key, a super-admin of ours makes the first ones, once the fingerprint was compared.
  writeFileSync(join(folder, 'clients/acme.yaml'), acmeSpec(people))
  refused(await as('sue', ['vault', 'recipients', ...json]), 'RECIPIENT_UNCONFIRMED')
  const expected = ['--expect', fingerprintOf(people.it.key)]
  const { stdout } = succeeded(await as('sue', ['vault', 'recipients', ...expected]))
  assert.match(stdout, 'client/acme  has its first keys, read by')
  succeeded(await as('it', authorize('pager', acme)))
  await expectWellSaid(scene, acme)
})

test('another admin reads only once a reader of the client has let them in', async () => {
  const scene = await aClientScene()
  const { as, folder, people } = scene
  await install(scene, acme)
  await install(scene, beta)
  succeeded(await as('it', authorize('pager', acme)))
  const more = `  new@acme.example: { role: admin, key: ${people.new.key} }\n`
  writeFileSync(join(folder, 'clients/acme.yaml'), acmeSpec(people, more))
  const expected = ['--expect', fingerprintOf(people.new.key)]

  // The file alone lets nobody in, and ours cannot: it is said who can.
  assert.is(await tokenOf(scene, 'new', 'pager', acme), undefined)
  const ours = JSON.parse(
    succeeded(await as('sue', ['vault', 'recipients', ...expected, ...json])).stdout
  )
  assert.equal(
    ours.diagnostics.map((each: Diagnostic) => [each.code, each.severity]),
    [['READERS_ONLY', 'note']]
  )
  assert.match(ours.diagnostics[0].detail, 'tieline vault recipients --as it@acme.example')
  assert.not.ok(ours.changes.some((each: { slot: string }) => each.slot === acme))
  refused(await as('new', ['vault', 'recipients', ...expected, ...json]), 'READERS_ONLY')

  const asked = ['vault', 'recipients', '--as', emails.it]
  const detail = refused(await as('it', [...asked, ...json]), 'RECIPIENT_UNCONFIRMED')
  assert.match(detail, 'tieline vault recipients --as it@acme.example --expect')
  const done = JSON.parse(succeeded(await as('it', [...asked, ...expected, ...json])).stdout)
  assert.equal(
    done.changes.map((each: { slot: string; action: string }) => [each.slot, each.action]),
    [[acme, 'add']]
  )
  assert.is(await tokenOf(scene, 'new', 'pager', acme), keys.one)

  // And who goes is taken out by new keys.
  writeFileSync(join(folder, 'clients/acme.yaml'), acmeSpec(people))
  const gone = succeeded(await as('it', ['vault', 'recipients']))
  assert.match(gone.stdout, 'Whoever goes could read, and may have kept: pager (Account one)')
  writeFileSync(join(folder, 'clients/acme.yaml'), acmeSpec(people, more))
  refused(await as('new', ['token', 'pager', '-e', acme, ...json]), 'VAULT_KEY_WRONG')
  assert.is(await tokenOf(scene, 'it', 'pager', acme), keys.one)
  await expectWellSaid(scene, acme, beta)
})

test("a client's admin manages the keys of that client, and sees no other", async () => {
  const scene = await aClientScene()
  const { as } = scene
  refused(await as('it', ['vault', 'recipients', ...json]), 'CLIENT_NOT_INSTALLED')
  await install(scene, acme)
  await install(scene, beta)
  succeeded(await as('it', authorize('pager', acme)))
  const slotsOf = ({ stdout }: RunResult): unknown =>
    JSON.parse(stdout).changes.map((each: { slot: string }) => each.slot)
  assert.equal(slotsOf(succeeded(await as('it', ['vault', 'recipients', ...json]))), [acme])
  const { stdout } = succeeded(await as('it', ['vault', 'recipients']))
  assert.not.match(stdout, /beta|prod|ada@/)
  for (const args of [
    ['vault', 'rotate'],
    ['vault', 'rotate', acme]
  ]) {
    assert.equal(slotsOf(succeeded(await as('it', [...args, ...json]))), [acme])
    assert.is(await tokenOf(scene, 'it', 'pager', acme), keys.one)
    assert.is(await tokenOf(scene, 'app', 'pager', acme), keys.one)
  }
  for (const args of [
    ['vault', 'rotate', beta],
    ['vault', 'rotate', 'prod'],
    ['vault', 'rotate', acme, 'dev'],
    ['vault', 'init'],
    ['vault', 'init', '--replace', '--auto-approve']
  ]) {
    refused(await as('it', [...args, ...json]), 'ROLE_REFUSED')
  }
  refused(await as('jo', ['vault', 'recipients', ...json]), 'ROLE_REFUSED')

  // Ours leave alone what they do not read.
  const ours = JSON.parse(succeeded(await as('sue', ['vault', 'rotate', ...json])).stdout)
  assert.equal(
    ours.changes.map((each: { slot: string }) => each.slot),
    ['shared', 'dev', 'stage', 'prod']
  )
  assert.match(ours.diagnostics[0].detail, 'client/acme, client/beta')
  const detail = refused(await as('sue', ['vault', 'rotate', beta, ...json]), 'READERS_ONLY')
  assert.match(detail, '--as bo@beta.example')
  await expectWellSaid(scene, acme, beta)
})

test('keys that were begun for a client, or planted, give way to its own', async () => {
  const scene = await aClientScene()
  const { as, folder, people } = scene
  await install(scene, acme)
  const around = scene.around('ada')
  const { settings } = await openWorkspace(around)
  const state = openState(around, settings, emails.ada)
  const forget = (client: ClientEnvironment) =>
    state.withLock('apply', async writer => {
      const before = (await writer.read())[client]
      if (before === undefined) throw new Error('unreachable')
      await writer.write({ ...before, vault: null })
    })
  // As if it had been cut off before state named them.
  await forget(acme)
  refused(await as('it', [...authorize('pager', acme), ...json]), 'NO_READER')
  const [made] = await ensureClientKeys(around, settings, state, acme)
  assert.is(made?.code, 'CLIENT_KEYS_MADE')
  succeeded(await as('it', authorize('pager', acme)))

  await install(scene, beta)
  await forget(beta)
  const { lineage } = await documentOf(scene, beta)
  writeFileSync(join(folder, '.tieline/vault/keys/client', `${lineage}.json`), 'planted')
  const expected = [people.bo, people.app].flatMap(each => ['--expect', fingerprintOf(each.key)])
  const recipients = ['vault', 'recipients', ...expected, ...json]
  const { diagnostics, changes } = JSON.parse(succeeded(await as('sue', recipients)).stdout)
  assert.equal(diagnostics, [])
  assert.ok(changes.some((each: ReaderChange) => each.slot === beta && each.action === 'make'))
  succeeded(await as('bo', authorize('pager', beta)))
  await expectWellSaid(scene, acme, beta)
})

test('where the vault is elsewhere, no other one is begun for a client', async () => {
  const scene = await aClientScene()
  const { folder } = scene
  renameSync(join(folder, '.tieline/vault'), join(folder, '.tieline/away'))
  const [warning] = await install(scene, acme)
  assert.equal([warning?.code, warning?.severity], ['VAULT_ELSEWHERE', 'warning'])
  assert.not.ok(existsSync(join(folder, '.tieline/vault')))
  assert.is((await documentOf(scene, acme)).vault, null)
})

test('a vault that is begun anew has keys for the clients as well', async () => {
  const scene = await aClientScene()
  const { as, people } = scene
  await install(scene, acme)
  succeeded(await as('it', authorize('pager', acme)))
  const expected = [people.ada, people.app, people.it, people.bo].flatMap(each => [
    '--expect',
    fingerprintOf(each.key)
  ])
  succeeded(await as('sue', ['vault', 'init', '--replace', '--auto-approve', ...expected]))
  assert.is(await tokenOf(scene, 'it', 'pager', acme), undefined)
  succeeded(await as('it', authorize('pager', acme)))
  assert.is(await tokenOf(scene, 'it', 'pager', acme), keys.one)
})

test('a slot that is none is an error of the command line', async () => {
  const { as } = await aClientScene()
  for (const slot of ['client/', 'client/Acme', 'client/a/b', 'production', 'client']) {
    const result = await as('sue', ['vault', 'rotate', slot, ...json])
    refused(result, 'USAGE')
  }
})

test.after(closeClientScenes)

test.run()
