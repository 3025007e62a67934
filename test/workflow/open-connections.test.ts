import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openConnections, TielineError } from '../../engine/index.ts'
import type { Connector } from '../../engine/model/generated/types.ts'
import { newDpopKey } from '../../engine/oauth/dpop.ts'
import type { ConnectionsOptions } from '../../engine/workflow/connection-types.ts'
import { rejects, temporaryFolder } from '../support/assert.ts'
import {
  type Answering,
  aConnector,
  aHub,
  anOAuthSecret,
  aWorkspace,
  type RunTimeWorkspace,
  type Service,
  secret,
  startService
} from '../support/run-time-workspace.ts'

process.env.HUB_ID = 'hub-client'
process.env.HUB_SECRET = 'canary-client-secret'
delete process.env.TIELINE_ENV
delete process.env.TIELINE_ACTOR

const services: Service[] = []
test.after.each(async () => {
  for (const each of services.splice(0)) await each.close()
})

/** `/token` gives another access token every time; everything else is answered by the test. */
async function service(answer: Answering = (_, response) => response.end('{}')): Promise<Service> {
  let given = 1
  const started = await startService((request, response) => {
    if (request.url !== '/token') {
      answer(request, response)
      return
    }
    given += 1
    response.setHeader('content-type', 'application/json')
    response.end(
      JSON.stringify({
        access_token: `canary-access-token-${given}`,
        token_type: 'bearer',
        expires_in: 3600
      })
    )
  })
  services.push(started)
  return started
}

function open({ folder, configFolder }: RunTimeWorkspace, options: ConnectionsOptions = {}) {
  return openConnections(folder, { identity: join(configFolder, 'identity'), ...options })
}

async function failure(work: () => Promise<unknown>): Promise<TielineError> {
  const error = await rejects(work, each => each instanceof TielineError)
  if (!(error instanceof TielineError)) throw error
  assert.not.match(`${error.stack}${JSON.stringify(error)}`, 'canary')
  return error
}

/** One OAuth2 connection, authorized. */
async function authorized(connector: Connector): Promise<RunTimeWorkspace> {
  const workspace = aWorkspace(connector)
  workspace.record('dev', { hub: aHub() })
  await workspace.authorize('dev', 'hub')
  return workspace
}

test('opening reads nothing, and what is wrong is told at the first use', async () => {
  const folder = join(temporaryFolder(), 'nowhere')
  const began = performance.now()
  const connections = openConnections(folder)
  assert.ok(performance.now() - began < 50)
  const hub = connections.connection('hub')
  assert.is((await failure(() => hub.token())).code, 'NO_WORKSPACE')
  mkdirSync(folder)
  writeFileSync(join(folder, 'tieline.yaml'), 'app: { nane: Test }\n')
  assert.match((await failure(() => hub.token())).detail, 'name')
  writeFileSync(join(folder, 'tieline.yaml'), 'app: { name: Test }\n')
  assert.is((await failure(() => hub.token())).code, 'CONNECTION_UNKNOWN')
})

test('gives the token and the headers of a connection, whatever the specs are like', async () => {
  const workspace = await authorized(aConnector('http://127.0.0.1:9'))
  const connections = open(workspace)
  mkdirSync(join(workspace.folder, 'connections'))
  mkdirSync(join(workspace.folder, 'connectors'))
  writeFileSync(join(workspace.folder, 'connections/hub.yaml'), '<<<<<<< broken')
  writeFileSync(join(workspace.folder, 'connectors/hub.yaml'), 'id: [')
  assert.is(await connections.connection('hub').token(), secret)
  assert.equal(await connections.connection('hub').headers(), { Authorization: `Bearer ${secret}` })
})

test('a state that is broken stops its own environment only', async () => {
  const workspace = await authorized(aConnector('http://127.0.0.1:9'))
  const hub = open(workspace).connection('hub')
  writeFileSync(join(workspace.folder, 'state/prod.json'), '<<<<<<< ours\n')
  assert.is(await hub.token(), secret)
  const prod = open(workspace, { env: 'prod' }).connection('hub')
  assert.is((await failure(() => prod.token())).code, 'STATE_CONFLICT')
})

test('what changed in state, settings and vault counts at the next call', async () => {
  const workspace = await authorized(aConnector('http://127.0.0.1:9'))
  const connections = open(workspace)
  const hub = connections.connection('hub')
  assert.is(await hub.token(), secret)
  const other = await workspace.authorize(
    'dev',
    'hub',
    { secret: anOAuthSecret({ accessToken: 'canary-of-a-new-consent' }) },
    { at: '2026-02-01T00:00:00.000Z' }
  )
  assert.is(await hub.token(), 'canary-of-a-new-consent')
  await workspace.vault.replace({
    ...other,
    generation: 2,
    secret: anOAuthSecret({ accessToken: 'canary-of-a-refresh' })
  })
  assert.is(await hub.token(), 'canary-of-a-refresh')
  await workspace.vault.remove(other.id)
  assert.is((await failure(() => hub.token())).code, 'CREDENTIAL_NOT_HERE')
  workspace.settings('app: {}\n')
  await failure(() => hub.token())
})

test('every reason why there is no credential has a code, and says what to do', async () => {
  const connector = aConnector('http://127.0.0.1:9')
  const workspace = aWorkspace(connector)
  const hub = open(workspace).connection('hub')
  workspace.record('dev', { hub: aHub() })

  const misspelt = await failure(() => open(workspace).connection('hubb').token())
  assert.is(misspelt.code, 'CONNECTION_UNKNOWN')
  assert.match(misspelt.detail, 'Did you mean "hub"?')
  assert.is(
    (await failure(() => open(workspace, { env: 'prod' }).connection('hub').token())).code,
    'CONNECTION_UNKNOWN'
  )

  const never = await failure(() => hub.token())
  assert.is(never.code, 'NOT_AUTHORIZED')
  assert.match(never.detail, '\n    tieline authorize hub -e dev')
  assert.is(never.diagnostics.length, 1)
  assert.match(never.message, never.detail)

  const { id, record } = await workspace.authorize('dev', 'hub')
  workspace.state('dev', {
    authorizations: {
      [id]: {
        ...record,
        ended: { cause: 'REVOKED', by: 'ana@example.com', at: '2026-03-01T00:00:00.000Z' }
      }
    }
  })
  assert.is((await failure(() => hub.token())).code, 'AUTHORIZATION_REVOKED')

  const basis = { ...record.basis, clientId: 'env:OTHER' }
  workspace.state('dev', { authorizations: { [id]: { ...record, basis } } })
  assert.is((await failure(() => hub.token())).code, 'NEEDS_REAUTHORIZATION')

  await workspace.authorize('dev', 'hub', {
    secret: anOAuthSecret({ refreshToken: null, expiresAt: '2026-01-01T00:00:00.000Z' })
  })
  assert.is((await failure(() => hub.token())).code, 'AUTHORIZATION_EXPIRED')

  const dead = { cause: 'grant-gone', at: '2026-03-01T00:00:00.000Z' } as const
  await workspace.authorize('dev', 'hub', { dead }, { at: '2026-02-01T00:00:00.000Z' })
  assert.is((await failure(() => hub.token())).code, 'NEEDS_REAUTHORIZATION')
})

test('a shared authorization serves every environment whose connection is shared', async () => {
  const workspace = aWorkspace(aConnector('http://127.0.0.1:9'))
  workspace.record('dev', { hub: aHub({ authorization: 'shared' }) })
  workspace.record('prod', {
    hub: aHub({ authorization: 'shared' }),
    own: aHub({ id: 'own.1', authorization: 'separate' })
  })
  await workspace.authorize('dev', 'hub')
  const prod = open(workspace, { env: 'prod' })
  assert.is(await prod.connection('hub').token(), secret)
  assert.is((await failure(() => prod.connection('own').token())).code, 'NOT_AUTHORIZED')
})

test('the credential in use goes on until wider scopes are consented to', async () => {
  const workspace = await authorized(aConnector('http://127.0.0.1:9'))
  workspace.record('dev', { hub: aHub({ scopes: ['read', 'write'] }) })
  const hub = open(workspace).connection('hub')
  assert.is(await hub.token(), secret)
  const { code, detail } = await failure(() => hub.token({ scopes: ['write'] }))
  assert.is(code, 'SCOPES_MISSING')
  assert.match(detail, 'write came to hub after it was authorized')
})

test('scopes that are asked for must have been granted, and each lack is told with its own way out', async () => {
  const workspace = aWorkspace(aConnector('http://127.0.0.1:9'))
  workspace.record('dev', { hub: aHub({ scopes: ['admin', 'extra', 'read'] }) })
  await workspace.authorize('dev', 'hub', {}, { asked: ['admin', 'read'], granted: ['read'] })
  const hub = open(workspace).connection('hub')
  assert.is(await hub.token({ scopes: ['read'] }), secret)
  const { code, detail } = await failure(() =>
    hub.token({ scopes: ['read', 'write', 'admin', 'extra'] })
  )
  assert.is(code, 'SCOPES_MISSING')
  assert.match(detail, 'hub does not ask for write.')
  assert.match(detail, 'extra came to hub after')
  assert.match(detail, 'Hub did not grant admin')
  assert.is((await failure(() => hub.fetch('/me', { scopes: ['write'] }))).code, 'SCOPES_MISSING')
})

test('a token that has run out is renewed first, once for all who ask', async () => {
  const { origin, seen } = await service()
  const workspace = aWorkspace(aConnector(origin))
  workspace.record('dev', { hub: aHub() })
  const expiresAt = '2026-01-01T00:00:00.000Z'
  await workspace.authorize('dev', 'hub', { secret: anOAuthSecret({ expiresAt }) })
  const hub = open(workspace).connection('hub')
  const tokens = await Promise.all(Array.from({ length: 8 }, () => hub.token()))
  assert.equal(new Set(tokens), new Set(['canary-access-token-2']))
  assert.is(seen.filter(each => each.url === '/token').length, 1)
  await services.splice(0)[0]?.close()
  assert.is(await hub.token(), 'canary-access-token-2')
})

test('a provider that does not answer is told as such, and nothing is lost', async () => {
  const { origin, close } = await service()
  await close()
  services.splice(0)
  const workspace = aWorkspace(aConnector(origin))
  workspace.record('dev', { hub: aHub() })
  const expiresAt = '2026-01-01T00:00:00.000Z'
  await workspace.authorize('dev', 'hub', { secret: anOAuthSecret({ expiresAt }) })
  const hub = open(workspace).connection('hub')
  assert.is((await failure(() => hub.token())).code, 'PROVIDER_UNAVAILABLE')
  await workspace.authorize('dev', 'hub', {}, { at: '2026-02-01T00:00:00.000Z' })
  const unreachable = await failure(() => hub.fetch('/me'))
  assert.is(unreachable.code, 'PROVIDER_UNAVAILABLE')
  assert.match(unreachable.detail, 'ECONNREFUSED')
})

test('fetch sends the credential with the connector headers, and gives the answer as it comes', async () => {
  const { origin, seen } = await service((request, response) => {
    response.writeHead(request.url.endsWith('/busy') ? 429 : 200, { 'retry-after': '7' })
    response.write('one ')
    setTimeout(() => response.end('two'), 20)
  })
  const hub = open(await authorized(aConnector(origin))).connection('hub')
  const answer = await hub.fetch('/leads?max=2', {
    method: 'PUT',
    headers: { 'X-Version': '8', 'content-type': 'text/plain' },
    body: new Blob(['a body']).stream()
  })
  assert.is(await answer.text(), 'one two')
  assert.is(answer.url, `${origin}/api/v1/leads?max=2`)
  const [sent] = seen
  assert.is(sent?.method, 'PUT')
  assert.is(sent?.headers.authorization, `Bearer ${secret}`)
  assert.is(sent?.headers['x-version'], '8')
  assert.is(sent?.body, 'a body')
  await hub.fetch('me')
  assert.is(seen[1]?.headers['x-version'], '7')
  assert.is(seen[1]?.url, '/api/v1/me')
  const busy = await hub.fetch('/busy')
  assert.is(busy.status, 429)
  assert.is(busy.headers.get('retry-after'), '7')
  assert.is(seen.length, 3)
  const signal = AbortSignal.abort(new Error('enough'))
  await rejects(() => hub.fetch('/me', { signal }), 'enough')
})

test('a credential in the query or as Basic is sent as the connector says, and shows in no address', async () => {
  const { origin, seen } = await service()
  const workspace = aWorkspace(aConnector(origin))
  workspace.record('dev', {
    asked: aHub({ id: 'asked.1', auth: 'query', client: null, scopes: [] }),
    basic: aHub({ id: 'basic.1', auth: 'basic', client: null, scopes: [] })
  })
  const fields = { key: 'canary key&1', name: 'ana' }
  await workspace.authorize('dev', 'asked', { clientId: null, secret: { kind: 'fields', fields } })
  await workspace.authorize('dev', 'basic', { clientId: null, secret: { kind: 'fields', fields } })
  const connections = open(workspace)
  const answer = await connections.connection('asked').fetch('/me?page=2')
  assert.is(seen[0]?.url, '/api/v1/me?page=2&api_key=canary+key%261')
  assert.is(answer.url, `${origin}/api/v1/me?page=2`)
  await connections.connection('basic').fetch('/me')
  assert.is(seen[1]?.headers.authorization, `Basic ${btoa('ana:canary key&1')}`)
  assert.equal(Object.keys(await connections.connection('basic').headers()), ['Authorization'])

  const codeOf = async (work: () => Promise<unknown>) => (await failure(work)).code
  assert.is(await codeOf(() => connections.connection('asked').headers()), 'NOT_IN_HEADERS')
  assert.is(await codeOf(() => connections.connection('basic').token()), 'NO_ACCESS_TOKEN')
  const taken = '/me?api_key=other'
  assert.is(await codeOf(() => connections.connection('asked').fetch(taken)), 'PARAMETER_TAKEN')
  assert.is(seen.length, 2)
})

test('nothing is sent elsewhere, however the path is written, nor with a credential of the caller', async () => {
  const { origin, seen } = await service()
  const other = await service()
  const hub = open(await authorized(aConnector(origin))).connection('hub')
  const refused = [
    `${other.origin}/me`,
    `${other.origin.replace('127.0.0.1', '127.0.0.1.example.com')}/me`,
    `${origin.replace('http://', 'http://user:word@')}/me`,
    'https://hub.example/me',
    'javascript:alert(1)',
    'file:///etc/passwd',
    '../admin',
    '/../../admin',
    '/a/../../../admin',
    '/%2e%2e/%2E%2E/admin',
    '/..\\..\\admin',
    '\\..\\..\\admin'
  ]
  for (const path of refused) {
    assert.is((await failure(() => hub.fetch(path))).code, 'REQUEST_ELSEWHERE', path)
  }
  const kept = {
    [`//${new URL(other.origin).host}/me`]: `/api/v1//${new URL(other.origin).host}/me`,
    [`\\\\${new URL(other.origin).host}/me`]: `/api/v1//${new URL(other.origin).host}/me`,
    '@evil.example/me': '/api/v1/@evil.example/me',
    '/a/../me': '/api/v1/me',
    '?q=//x': '/api/v1?q=//x',
    [`${origin}/elsewhere`]: '/elsewhere'
  }
  for (const [path, url] of Object.entries(kept)) {
    await hub.fetch(path)
    assert.is(seen.at(-1)?.url, url, path)
  }
  const before = seen.length
  for (const name of ['authorization', 'Proxy-Authorization', 'DPoP', 'Host']) {
    const { code } = await failure(() => hub.fetch('/me', { headers: { [name]: 'canary-own' } }))
    assert.is(code, 'HEADER_TAKEN', name)
  }
  const broken = await failure(() => hub.fetch('/me', { headers: { 'X-A': 'canary\nown' } }))
  assert.is(broken.code, 'HEADER_INVALID')
  const named = await failure(() => hub.headers({ method: 'GET', url: `${other.origin}/me` }))
  assert.is(named.code, 'REQUEST_ELSEWHERE')
  assert.is(seen.length, before)
  assert.is(other.seen.length, 0)
})

test('a redirect is followed within the origin only, and only where nothing but the credential is sent', async () => {
  const other = await service()
  const { origin, seen } = await service(({ url }, response) => {
    const to = new URL(url, 'http://x').searchParams.get('to')
    if (to === null) response.end('here')
    else response.writeHead(302, { location: to }).end()
  })
  const hub = open(await authorized(aConnector(origin))).connection('hub')
  const followed = await hub.fetch('/a?to=/b')
  assert.is(await followed.text(), 'here')
  assert.is(followed.url, `${origin}/b`)
  assert.is(seen[1]?.headers.authorization, `Bearer ${secret}`)

  const away = encodeURIComponent(`${other.origin}/b`)
  const left = await hub.fetch(`/a?to=${away}`)
  assert.is(left.status, 302)
  assert.is(left.headers.get('location'), `${other.origin}/b`)
  const posted = await hub.fetch('/a?to=/b', { method: 'POST', body: 'x' })
  assert.is(posted.status, 302)
  assert.is((await hub.fetch('/a?to=/b', { redirect: 'manual' })).status, 302)
  assert.is(other.seen.length, 0)
})

test('a credential in the query is sent once, also where a redirect repeats it', async () => {
  const { origin, seen } = await service(({ url }, response) => {
    if (url.startsWith('/b')) response.end('here')
    else response.writeHead(303, { location: url.replace('/api/v1/a', '/b') }).end()
  })
  const workspace = aWorkspace(aConnector(origin))
  workspace.record('dev', { hub: aHub({ auth: 'query', client: null, scopes: [] }) })
  const fields = { key: 'canary-key' }
  await workspace.authorize('dev', 'hub', { clientId: null, secret: { kind: 'fields', fields } })
  const answer = await open(workspace).connection('hub').fetch('/a?page=2')
  assert.is(await answer.text(), 'here')
  assert.is(seen[1]?.url, '/b?page=2&api_key=canary-key')
  assert.is(answer.url, `${origin}/b?page=2`)
})

test('a chain of redirects ends after five', async () => {
  const { origin, seen } = await service((_, response) =>
    response.writeHead(307, { location: '/again' }).end()
  )
  const hub = open(await authorized(aConnector(origin))).connection('hub')
  assert.is((await hub.fetch('/a')).status, 307)
  assert.is(seen.length, 6)
})

test('a token that the service refuses is renewed once, and the request repeated', async () => {
  const bodies: string[] = []
  const { origin, seen } = await service((request, response) => {
    bodies.push(request.body)
    const isOld = request.headers.authorization === `Bearer ${secret}`
    response.writeHead(isOld || request.url.endsWith('/never') ? 401 : 200).end()
  })
  const hub = open(await authorized(aConnector(origin))).connection('hub')
  const renewals = () => seen.filter(each => each.url === '/token').length
  assert.is((await hub.fetch('/me', { method: 'POST', body: 'twice' })).status, 200)
  assert.equal(bodies, ['twice', 'twice'])
  assert.is(renewals(), 1)

  // Renewed, and refused all the same: another renewal would not help either.
  assert.is((await hub.fetch('/never')).status, 401)
  assert.is(renewals(), 2)
  assert.is((await hub.fetch('/never')).status, 401)
  assert.is(renewals(), 2)
  assert.is((await hub.fetch('/me')).status, 200)
})

test('a body that can be read once is not sent twice, but the next request has a new token', async () => {
  const { origin, seen } = await service((request, response) => {
    const isOld = request.headers.authorization === `Bearer ${secret}`
    response.writeHead(isOld ? 401 : 200).end()
  })
  const hub = open(await authorized(aConnector(origin))).connection('hub')
  const streamed = await hub.fetch('/me', { method: 'POST', body: new Blob(['once']).stream() })
  assert.is(streamed.status, 401)
  assert.equal(
    seen.map(each => each.url),
    ['/api/v1/me', '/token']
  )
  assert.is((await hub.fetch('/me')).status, 200)
})

test('a 401 that nothing can mend is given as it came', async () => {
  const { origin } = await service((_, response) => response.writeHead(401).end('not you'))
  const workspace = aWorkspace(aConnector(origin))
  workspace.record('dev', { hub: aHub() })
  await workspace.authorize('dev', 'hub', { secret: anOAuthSecret({ refreshToken: null }) })
  const answer = await open(workspace).connection('hub').fetch('/me')
  assert.is(answer.status, 401)
  assert.is(await answer.text(), 'not you')
})

test('a token that is bound to a key goes with a proof for each request', async () => {
  const { origin, seen } = await service((request, response) => {
    const [, payload = ''] = String(request.headers.dpop).split('.')
    const { nonce } = JSON.parse(Buffer.from(payload, 'base64url').toString())
    const isFresh = nonce === 'n-1'
    response.writeHead(isFresh ? 200 : 401, {
      'dpop-nonce': 'n-1',
      ...(isFresh ? {} : { 'www-authenticate': 'DPoP error="use_dpop_nonce"' })
    })
    response.end()
  })
  const workspace = aWorkspace(aConnector(origin))
  workspace.record('dev', { hub: aHub() })
  const dpopKey = await newDpopKey()
  await workspace.authorize('dev', 'hub', { secret: anOAuthSecret({ dpopKey }) })
  const hub = open(workspace).connection('hub')
  assert.is((await hub.fetch('/me')).status, 200)
  assert.is((await hub.fetch('/me')).status, 200)
  assert.is(seen.length, 3)
  assert.is(seen[2]?.headers.authorization, `DPoP ${secret}`)
  assert.is((await failure(() => hub.headers())).code, 'PROOF_NEEDED')
  const headers = await hub.headers({ method: 'get', url: '/me' })
  assert.equal(Object.keys(headers), ['Authorization', 'DPoP'])
  const [, payload = ''] = String(headers.DPoP).split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
  assert.is(claims.htm, 'GET')
  assert.is(claims.htu, `${origin}/api/v1/me`)
})

test('each user of a logged-in-user connection gets their own credential', async () => {
  const workspace = aWorkspace(aConnector('http://127.0.0.1:9'))
  workspace.record('dev', { hub: aHub({ level: 'logged-in-user' }) })
  for (const user of ['ana@example.com', 'jo@example.com']) {
    await workspace.authorize('dev', 'hub', {
      user,
      secret: anOAuthSecret({ accessToken: `canary-of-${user}` })
    })
  }
  const connections = open(workspace, { user: 'jo@example.com' })
  assert.is(await connections.connection('hub').token(), 'canary-of-jo@example.com')
  const ana = connections.connection('hub', { user: 'ana@example.com' })
  assert.is(await ana.token(), 'canary-of-ana@example.com')
  const acting = open(workspace, { actor: 'ana@example.com' }).connection('hub')
  assert.is(await acting.token(), 'canary-of-ana@example.com')
  const stranger = connections.connection('hub', { user: 'kim@example.com' })
  const { code, detail } = await failure(() => stranger.token())
  assert.is(code, 'NOT_AUTHORIZED')
  assert.match(detail, '\n    tieline authorize hub -e dev --user kim@example.com')

  await workspace.authorize('dev', 'hub', {
    user: 'kim@example.com',
    secret: anOAuthSecret({ accessToken: 'canary-of-kim' })
  })
  assert.is(await stranger.token(), 'canary-of-kim')
})

test('a misspelt environment is refused, not taken for another', async () => {
  const workspace = await authorized(aConnector('http://127.0.0.1:9'))
  process.env.TIELINE_ENV = 'production'
  try {
    const { code } = await failure(() => open(workspace).connection('hub').token())
    assert.is(code, 'ENVIRONMENT_UNKNOWN')
    assert.is(await open(workspace, { env: 'dev' }).connection('hub').token(), secret)
  } finally {
    delete process.env.TIELINE_ENV
  }
})

test('nothing but the vault is written, and that only for what is renewed', async () => {
  const workspace = await authorized(aConnector('http://127.0.0.1:9'))
  rmSync(join(workspace.folder, '.tieline/locks'), { recursive: true, force: true })
  await open(workspace).connection('hub').token()
  assert.not.ok(existsSync(join(workspace.folder, '.tieline/locks')))
  assert.not.ok(existsSync(join(workspace.folder, '.tieline/vault/leases')))
})

test.run()
