import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startAllServices } from '../../examples/services/all.ts'
import { startTwilio, startZohoProjects } from '../../examples/services/basic.ts'
import { startDispatchBoard } from '../../examples/services/dispatch-board.ts'
import { type PersonOptions, visitLikeAPerson } from '../../examples/services/person.ts'
import { startSalesforce } from '../../examples/services/salesforce.ts'
import { type Service, startService } from '../../examples/services/service.ts'
import { startZohoCrm } from '../../examples/services/zoho-crm.ts'

const client = { id: 'field-service-app', secret: 'only-for-this-test' }

interface Conversation {
  readonly service: Service
  readonly paths: { readonly authorize: string; readonly token: string }
  readonly parameters: Readonly<Record<string, string>>
  readonly person?: PersonOptions
}

/** What the loopback callback was called with, after a person saw the consent page. */
async function askForConsent({ service, paths, parameters, person }: Conversation) {
  const seen: URLSearchParams[] = []
  const app = await startService(0, origin => (request, response) => {
    seen.push(new URL(request.url ?? '/', origin).searchParams)
    response.end('You can close this window.')
  })
  const redirect = `${app.origin}/callback`
  const verifier = randomBytes(32).toString('base64url')
  const address = new URL(paths.authorize, service.origin)
  address.search = new URLSearchParams({
    response_type: 'code',
    client_id: client.id,
    redirect_uri: redirect,
    state: 'the-state',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...parameters
  }).toString()
  try {
    const page = await visitLikeAPerson(address.href, person)
    return { callback: seen[0] ?? new URLSearchParams(), page, redirect, verifier }
  } finally {
    await app.close()
  }
}

async function askForToken(
  { service, paths }: Conversation,
  parameters: Readonly<Record<string, string>>
) {
  const response = await fetch(new URL(paths.token, service.origin), {
    method: 'POST',
    body: new URLSearchParams({
      client_id: client.id,
      client_secret: client.secret,
      ...parameters
    })
  })
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> }
}

/** Consent, code and token in one go. */
async function authorize(conversation: Conversation) {
  const { callback, redirect, verifier } = await askForConsent(conversation)
  const { status, answer } = await askForToken(conversation, {
    grant_type: 'authorization_code',
    code: callback.get('code') ?? '',
    redirect_uri: redirect,
    code_verifier: verifier
  })
  return { callback, status, answer }
}

async function get(service: Service, path: string, headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(new URL(path, service.origin), { headers })
  const isJson = (response.headers.get('content-type') ?? '').startsWith('application/json')
  return { status: response.status, body: isJson ? await response.json() : null }
}

function basic(user: string, password: string) {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
}

const salesforcePaths = { authorize: '/services/oauth2/authorize', token: '/services/oauth2/token' }
const zohoPaths = { authorize: '/oauth/v2/auth', token: '/oauth/v2/token' }
const zohoUsers = '/crm/v8/users?type=CurrentUser'

test('a person authorizes at Salesforce, and the token opens the page of the user', async () => {
  const service = await startSalesforce({ clients: [client] })
  try {
    const { callback, status, answer } = await authorize({
      service,
      paths: salesforcePaths,
      parameters: { scope: 'api refresh_token openid', prompt: 'consent' },
      person: { fields: { account: 'ben.okafor@field-service.example' } }
    })
    assert.equal([...callback.keys()].sort(), ['code', 'state'])
    assert.is(callback.get('state'), 'the-state')
    assert.is(status, 200)
    assert.is(answer.token_type, 'Bearer')
    assert.is(answer.scope, 'api refresh_token openid')
    assert.match(String(answer.instance_url), /^https:\/\/[a-z-]+\.my\.salesforce\.com$/)
    assert.is(answer.expires_in, undefined)

    const user = await get(service, '/services/oauth2/userinfo', {
      authorization: `Bearer ${answer.access_token}`
    })
    assert.is(user.status, 200)
    assert.is(user.body.preferred_username, 'ben.okafor@field-service.example')
    assert.is(user.body.name, 'Ben Okafor')
  } finally {
    await service.close()
  }
})

test('Salesforce gives a refresh token for the scope alone, and it brings another access token', async () => {
  const service = await startSalesforce({ clients: [client] })
  const conversation = { service, paths: salesforcePaths }
  try {
    const without = await authorize({ ...conversation, parameters: { scope: 'api openid' } })
    assert.is(without.answer.refresh_token, undefined)

    const parameters = { scope: 'openid refresh_token' }
    const { answer } = await authorize({ ...conversation, parameters })
    const refreshed = await askForToken(
      { ...conversation, parameters },
      { grant_type: 'refresh_token', refresh_token: String(answer.refresh_token) }
    )
    assert.is(refreshed.status, 200)
    const user = await get(service, '/services/oauth2/userinfo', {
      authorization: `Bearer ${refreshed.answer.access_token}`
    })
    assert.is(user.status, 200)
  } finally {
    await service.close()
  }
})

test('a person authorizes at Zoho CRM, whose scopes are parted by commas', async () => {
  const service = await startZohoCrm({ clients: [client], dataCentre: 'eu' })
  try {
    const { callback, answer } = await authorize({
      service,
      paths: zohoPaths,
      parameters: {
        scope: 'ZohoCRM.modules.leads.READ,ZohoCRM.users.READ',
        access_type: 'offline',
        prompt: 'consent'
      }
    })
    assert.is(callback.get('iss'), null)
    assert.is(callback.get('location'), 'eu')
    assert.is(callback.get('accounts-server'), 'https://accounts.zoho.eu')
    assert.is(answer.scope, 'ZohoCRM.modules.leads.READ ZohoCRM.users.READ')
    assert.is(answer.api_domain, 'https://www.zohoapis.eu')
    assert.type(answer.refresh_token, 'string')

    const token = String(answer.access_token)
    const users = await get(service, zohoUsers, { authorization: `Zoho-oauthtoken ${token}` })
    assert.is(users.status, 200)
    assert.is(users.body.users[0].email, 'ana@field-service.example')
    assert.is((await get(service, zohoUsers, { authorization: `Bearer ${token}` })).status, 401)
  } finally {
    await service.close()
  }
})

test('Zoho CRM says with status 200 that a code is worth nothing', async () => {
  const service = await startZohoCrm({ clients: [client] })
  try {
    const { status, answer } = await askForToken(
      { service, paths: zohoPaths, parameters: {} },
      {
        grant_type: 'authorization_code',
        code: 'never-issued',
        redirect_uri: 'http://localhost:1/callback'
      }
    )
    assert.is(status, 200)
    assert.equal(answer, { error: 'invalid_code' })
  } finally {
    await service.close()
  }
})

test('Zoho CRM names the scope as what is missing, where it is', async () => {
  const service = await startZohoCrm({ clients: [client] })
  try {
    const { answer } = await authorize({
      service,
      paths: zohoPaths,
      parameters: { scope: 'ZohoCRM.modules.leads.READ' }
    })
    const { status, body } = await get(service, zohoUsers, {
      authorization: `Zoho-oauthtoken ${answer.access_token}`
    })
    assert.is(status, 401)
    assert.is(body.code, 'OAUTH_SCOPE_MISMATCH')
  } finally {
    await service.close()
  }
})

test('a person who refuses comes back without a code', async () => {
  const service = await startSalesforce({ clients: [client] })
  try {
    const { callback, page } = await askForConsent({
      service,
      paths: salesforcePaths,
      parameters: { scope: 'api' },
      person: { press: 'deny' }
    })
    assert.is(callback.get('error'), 'access_denied')
    assert.is(callback.get('code'), null)
    assert.is(callback.get('state'), 'the-state')
    assert.is(page.text, 'You can close this window.')
  } finally {
    await service.close()
  }
})

test('an app that is not registered, or asks without PKCE, gets no consent page', async () => {
  const service = await startSalesforce({ clients: [client] })
  const conversation = { service, paths: salesforcePaths }
  try {
    const stranger = await askForConsent({
      ...conversation,
      parameters: { scope: 'api', client_id: 'somebody-else' }
    })
    assert.is(stranger.page.status, 400)
    assert.match(stranger.page.text, 'invalid_client')

    const plain = await askForConsent({
      ...conversation,
      parameters: { scope: 'api', code_challenge_method: 'plain' }
    })
    assert.is(plain.callback.get('error'), 'invalid_request')
  } finally {
    await service.close()
  }
})

test('a token that was never issued, or was revoked, gets 401', async () => {
  const salesforce = await startSalesforce({ clients: [client] })
  const zoho = await startZohoCrm({ clients: [client] })
  const userinfo = '/services/oauth2/userinfo'
  try {
    assert.is((await get(salesforce, userinfo)).status, 401)
    assert.is((await get(salesforce, userinfo, { authorization: 'Bearer guessed' })).status, 401)
    assert.is(
      (await get(zoho, zohoUsers, { authorization: 'Zoho-oauthtoken guessed' })).status,
      401
    )

    const conversation = {
      service: salesforce,
      paths: salesforcePaths,
      parameters: { scope: 'openid refresh_token' }
    }
    const { answer } = await authorize(conversation)
    const headers = { authorization: `Bearer ${answer.access_token}` }
    assert.is((await get(salesforce, userinfo, headers)).status, 200)
    const revoked = await fetch(`${salesforce.origin}/services/oauth2/revoke`, {
      method: 'POST',
      body: new URLSearchParams({
        token: String(answer.refresh_token),
        client_id: client.id,
        client_secret: client.secret
      })
    })
    assert.is(revoked.status, 200)
    assert.is((await get(salesforce, userinfo, headers)).status, 401)
  } finally {
    await salesforce.close()
    await zoho.close()
  }
})

test('a wrong client secret gets 401 at Salesforce', async () => {
  const service = await startSalesforce({ clients: [client] })
  try {
    const { status, answer } = await askForToken(
      { service, paths: salesforcePaths, parameters: {} },
      { grant_type: 'refresh_token', refresh_token: 'x', client_secret: 'guessed' }
    )
    assert.is(status, 401)
    assert.is(answer.error, 'invalid_client')
  } finally {
    await service.close()
  }
})

test('Zoho Projects wants its user name and password', async () => {
  const service = await startZohoProjects({ username: 'ana', authToken: 'pass:word' })
  try {
    const right = await get(service, '/api/v3/portals', basic('ana', 'pass:word'))
    assert.is(right.status, 200)
    assert.is(right.body[0].portal_name, 'fieldservice')
    assert.is((await get(service, '/api/v3/portals', basic('ana', 'guessed'))).status, 401)
    assert.is((await get(service, '/api/v3/portals')).status, 401)
  } finally {
    await service.close()
  }
})

test('Twilio wants a key and its secret', async () => {
  const accountSid = `AC${'0'.repeat(32)}`
  const keySid = `SK${'1'.repeat(32)}`
  const service = await startTwilio({ accountSid, keySid, keySecret: 'key-secret' })
  const path = `/2010-04-01/Accounts/${accountSid}/Calls.json?PageSize=1`
  try {
    assert.is((await get(service, path, basic(keySid, 'key-secret'))).status, 200)
    const wrong = await get(service, path, basic(keySid, 'guessed'))
    assert.is(wrong.status, 401)
    assert.is(wrong.body.code, 20003)
  } finally {
    await service.close()
  }
})

test('the dispatch board wants its key in a header', async () => {
  const service = await startDispatchBoard({ key: 'board-key' })
  try {
    const right = await get(service, '/api/v1/me', { 'x-board-key': 'board-key' })
    assert.is(right.body.board.name, 'North depot')
    assert.is((await get(service, '/api/v1/me', { 'x-board-key': 'guessed' })).status, 401)
    assert.is((await get(service, '/api/v1/me')).status, 401)
  } finally {
    await service.close()
  }
})

test('all services together stand for every address and variable that the example names', async () => {
  const all = await startAllServices({ ports: 'any' })
  await all.close()
  const folder = new URL('../../examples/field-service/', import.meta.url)
  const text = ['connections', 'connectors']
    .flatMap(each => readdirSync(new URL(each, folder)).map(name => `${each}/${name}`))
    .map(path => readFileSync(new URL(path, folder), 'utf8'))
    .join('')
  const origins = new Set(text.match(/http:\/\/localhost:\d+/g))
  const variables = new Set([...text.matchAll(/env:(\w+)/g)].map(([, name]) => name))
  assert.equal([...origins].sort(), [...all.origins.keys()].sort())
  assert.equal(
    [...variables].filter(name => !(String(name) in all.variables)),
    []
  )
})

test('a service can be closed while somebody is still connected', async () => {
  const service = await startDispatchBoard({ key: 'board-key' })
  await get(service, '/api/v1/me') // leaves a connection open
  await service.close()
  const gone = await fetch(service.origin).then(
    () => 'answered',
    () => 'gone'
  )
  assert.is(gone, 'gone')
})

test.run()
