/** Clients and the vault, through the command line: who stores and who reads. */
import { existsSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fingerprintOf } from '../../engine/model/fingerprint.ts'
import { ensureClientKeys } from '../../engine/workflow/client-keys.ts'
import { openState, openWorkspace } from '../../engine/workflow/open-workspace.ts'
import {
  aClientScene,
  acme,
  authorize,
  beta,
  closeClientScenes,
  documentOf,
  emails,
  expectWellSaid,
  install,
  json,
  type Name,
  refused,
  succeeded,
  tokenOf
} from '../support/client-scene.ts'
import { keys } from '../support/scenario-service.ts'

test('a client that is installed gets keys of its own, which its admins and the application read', async () => {
  const scene = await aClientScene()
  const { as, people, folder } = scene
  const [made] = await install(scene, acme)
  assert.is(made?.code, 'CLIENT_KEYS_MADE')
  assert.match(made?.detail ?? '', `it@acme.example (${fingerprintOf(people.it.key)})`)
  assert.match(made?.detail ?? '', 'the application (clients)')
  assert.not.match(made?.detail ?? '', 'jo@acme.example')
  const { vault, lineage } = await documentOf(scene, acme)
  assert.ok(vault !== null)
  assert.ok(existsSync(join(folder, '.tieline/vault/keys/client', `${lineage}.json`)))
  // Again, it does nothing.
  const { settings } = await openWorkspace(scene.around('ada'))
  const state = openState(scene.around('ada'), settings, emails.ada)
  assert.equal(await ensureClientKeys(scene.around('ada'), settings, state, acme), [])
  assert.equal((await documentOf(scene, acme)).vault, vault)

  succeeded(await as('it', authorize('pager', acme)))
  assert.is(await tokenOf(scene, 'it', 'pager', acme), keys.one)
  assert.is(await tokenOf(scene, 'app', 'pager', acme), keys.one)
  await expectWellSaid(scene, acme)
})

test('neither ours nor another client read what a client authorized', async () => {
  const scene = await aClientScene()
  const { as } = scene
  await install(scene, acme)
  await install(scene, beta)
  succeeded(await as('it', authorize('pager', acme)))
  succeeded(await as('bo', authorize('pager', beta)))
  for (const who of ['sue', 'ada', 'bo'] as const) {
    assert.is(await tokenOf(scene, who, 'pager', acme), undefined)
    // Not with somebody else's name either: the key decides.
    const asOther = ['--as', emails.it]
    refused(await as(who, ['token', 'pager', '-e', acme, ...asOther, ...json]), 'VAULT_KEY_WRONG')
  }
  assert.is(await tokenOf(scene, 'bo', 'pager', beta), keys.one)
  await expectWellSaid(scene, acme, beta)
})

test("what a client's user leaves, the client's admin takes in", async () => {
  const scene = await aClientScene()
  const { as } = scene
  await install(scene, acme)
  succeeded(await as('jo', authorize('inbox', acme)))
  const user = ['--user', emails.jo]
  assert.is(await tokenOf(scene, 'it', 'inbox', acme, user), keys.one)
  refused(await as('jo', [...authorize('pager', acme), ...json]), 'ROLE_REFUSED')
  await expectWellSaid(scene, acme)
})

test("a value for a client's connection is set by the client's admin", async () => {
  const scene = await aClientScene()
  const { as } = scene
  await install(scene, acme)
  const set = (connection: string, client: string) => [
    ...['vault', 'set', 'secret', '--for', connection, '-e', client, ...json]
  ]
  const withValue = (who: Name, connection: string, client: string) =>
    as(who, set(connection, client), { input: 'a-secret-value\n' })
  const { stdout } = succeeded(await withValue('it', 'pager', acme))
  assert.is(JSON.parse(stdout).slot, acme)
  for (const who of ['sue', 'jo', 'bo'] as const) {
    refused(await withValue(who, 'pager', acme), 'ROLE_REFUSED')
  }
  refused(await withValue('jo', 'inbox', acme), 'ROLE_REFUSED')
  succeeded(await as('it', ['vault', 'rotate']))
  assert.not.match(scene.said.join(), 'a-secret-value')
  await expectWellSaid(scene, acme)
})

test('after a rename everything is where it was', async () => {
  const scene = await aClientScene()
  const { as, folder } = scene
  await install(scene, acme)
  succeeded(await as('it', authorize('pager', acme)))
  succeeded(await as('jo', authorize('inbox', acme)))
  const around = scene.around('ada')
  const { settings } = await openWorkspace(around)
  await openState(around, settings, emails.ada).withLock('apply', async writer => {
    const before = (await writer.read())[acme]
    if (before === undefined) throw new Error('unreachable')
    await writer.write({ ...before, environment: 'client/apex' }, { movedFrom: acme })
  })
  renameSync(join(folder, 'clients/acme.yaml'), join(folder, 'clients/apex.yaml'))
  assert.is(await tokenOf(scene, 'it', 'pager', 'client/apex'), keys.one)
  assert.is(await tokenOf(scene, 'app', 'pager', 'client/apex'), keys.one)
  const user = ['--user', emails.jo]
  assert.is(await tokenOf(scene, 'it', 'inbox', 'client/apex', user), keys.one)
  assert.is(await tokenOf(scene, 'it', 'pager', acme), undefined)
  const { stdout } = succeeded(await as('it', ['vault', 'recipients']))
  assert.match(stdout, 'client/apex  stays as it is')
  await expectWellSaid(scene, 'client/apex')
})

test('installed anew, a client has nothing of what it had before', async () => {
  const scene = await aClientScene()
  const { as } = scene
  await install(scene, acme)
  succeeded(await as('it', authorize('pager', acme)))
  succeeded(await as('jo', authorize('inbox', acme)))
  const before = await documentOf(scene, acme)
  const [made] = await install(scene, acme, { isNewLineage: true })
  assert.is(made?.code, 'CLIENT_KEYS_MADE')
  assert.is.not((await documentOf(scene, acme)).lineage, before.lineage)
  const user = ['--user', emails.jo]
  assert.is(await tokenOf(scene, 'it', 'pager', acme), undefined)
  assert.is(await tokenOf(scene, 'it', 'inbox', acme, user), undefined)
  const { stdout } = succeeded(await as('it', ['status', '-e', acme, ...json]))
  const [{ connections }] = JSON.parse(stdout).environments
  assert.ok(
    connections.every((each: { status: string }) => each.status === 'pending'),
    stdout
  )
  succeeded(await as('it', authorize('pager', acme)))
  assert.is(await tokenOf(scene, 'it', 'pager', acme), keys.one)
  await expectWellSaid(scene, acme)
})

test('alone, the first authorization for a client makes its keys, and nothing is asked', async () => {
  const scene = await aClientScene({ isAlone: true })
  const { as, folder } = scene
  assert.equal(await install(scene, acme), [])
  assert.is((await documentOf(scene, acme)).vault, null)
  succeeded(await as('sue', authorize('pager', acme)))
  assert.ok((await documentOf(scene, acme)).vault !== null)
  assert.is(await tokenOf(scene, 'sue', 'pager', acme), keys.one)
  succeeded(await as('sue', ['vault', 'rotate', acme]))
  assert.is(await tokenOf(scene, 'sue', 'pager', acme), keys.one)
  const files = readdirSync(join(folder, '.tieline/vault/keys/client'))
  assert.is(files.length, 1)
  // A client whose admin has a key is that admin's, though one person plays everybody else.
  const [made] = await install(scene, beta)
  assert.is(made?.code, 'CLIENT_KEYS_MADE')
  succeeded(await as('bo', authorize('pager', beta)))
  assert.is(await tokenOf(scene, 'sue', 'pager', beta), undefined)
  refused(
    await as('sue', ['token', 'pager', '-e', beta, '--as', emails.bo, ...json]),
    'VAULT_KEY_WRONG'
  )
  await expectWellSaid(scene, acme, beta)
})

test.after(closeClientScenes)

test.run()
