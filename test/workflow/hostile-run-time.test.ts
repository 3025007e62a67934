import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openConnections, TielineError } from '../../engine/index.ts'
import { digestOf } from '../../engine/model/digest.ts'
import { rejects } from '../support/assert.ts'
import {
  aConnector,
  aHub,
  anOAuthSecret,
  aWorkspace,
  type RunTimeWorkspace,
  secret
} from '../support/run-time-workspace.ts'

delete process.env.TIELINE_ENV
delete process.env.TIELINE_ACTOR

const origin = 'http://127.0.0.1:9'

function hubOf({ folder, configFolder }: RunTimeWorkspace, user?: string) {
  const identity = join(configFolder, 'identity')
  return openConnections(folder, { env: 'dev', identity, user }).connection('hub')
}

async function codeOf(work: () => Promise<unknown>): Promise<string> {
  const error = await rejects(work, each => each instanceof TielineError)
  return error instanceof TielineError ? error.code : ''
}

test('a state that names the credential of another slot does not get it', async () => {
  const workspace = aWorkspace(aConnector(origin))
  for (const environment of ['dev', 'prod'] as const) {
    workspace.record(environment, { hub: aHub({ authorization: 'separate' }) })
  }
  await workspace.authorize('dev', 'hub')
  const prod = { secret: anOAuthSecret({ accessToken: 'canary-of-prod' }) }
  const { id, record } = await workspace.authorize('prod', 'hub', prod)
  assert.is(await hubOf(workspace).token(), secret)
  workspace.state('dev', { authorizations: { [id]: record }, serving: { 'hub.1': id } })
  assert.is(await codeOf(() => hubOf(workspace).token()), 'DESTINATION_CHANGED')
})

test('a clear part that named another user for a while gets nobody their credential', async () => {
  const workspace = aWorkspace(aConnector(origin))
  workspace.record('dev', { hub: aHub({ level: 'logged-in-user' }) })
  const [bob, eve] = ['bob@example.com', 'eve@example.com']
  const { id } = await workspace.authorize('dev', 'hub', { user: bob }, { by: bob })
  const folder = join(workspace.folder, '.tieline/vault')
  const path = join(folder, `${id}.1.json`)
  const text = readFileSync(path, 'utf8')
  const hub = hubOf(workspace, eve)
  assert.is(await codeOf(() => hub.token()), 'NOT_AUTHORIZED')
  writeFileSync(path, text.replaceAll(bob, eve))
  writeFileSync(join(folder, 'other'), '')
  rmSync(join(folder, 'other'))
  assert.is(await codeOf(() => hub.token()), 'VAULT_TAMPERED')
  // Written in place, so that the folder looks as it did.
  writeFileSync(path, text)
  assert.is(await codeOf(() => hub.token()), 'DESTINATION_CHANGED')
  assert.is(await hubOf(workspace, bob).token(), secret)
})

test('a connector that state keeps under the digest of another one is not used', async () => {
  const connector = aConnector(origin)
  const workspace = aWorkspace(connector)
  workspace.record('dev', { hub: aHub() })
  await workspace.authorize('dev', 'hub')
  assert.is(await hubOf(workspace).token(), secret)
  const digest = digestOf(connector)
  const elsewhere = { ...connector, api: { ...connector.api, baseUrl: `${origin}/of/mallory` } }
  for (const forged of [elsewhere, { ...connector, id: 'other' }]) {
    workspace.state('dev', { connectors: { [digest]: forged } })
    assert.is(await codeOf(() => hubOf(workspace).token()), 'CONNECTOR_MISSING')
  }
})

test.run()
