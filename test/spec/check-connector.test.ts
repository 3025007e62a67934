import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isNode, LineCounter, parseDocument } from 'yaml'
import type { Diagnostic } from '../../engine/model/diagnostic.ts'
import { validateConnector } from '../../engine/model/generated/validators/connector.js'
import { checkConnector } from '../../engine/spec/check-connector.ts'
import { checkPattern } from '../../engine/spec/check-pattern.ts'

const acme = `id: acme
service: Acme
category: Test
docs: https://acme.example/docs
levels: [administrator]
parameters:
  region:
    title: Region
    default: eu
    affectsAuthorization: true
    values: { eu: { host: eu.acme.example }, us: { host: us.acme.example } }
    pattern: '[a-z]{3,9}'
    otherwise: { host: '{value}.acme.example' }
auth:
  - id: oauth2
    kind: oauth2
    authorizeUrl: https://{region.host}/authorize
    authorizeParameters: { prompt: consent }
    tokenUrl: https://{region.host}/token
    tokenParameters: { audience: acme }
    clientAuthentication: post
    pkce: S256
    scopeSeparator: ' '
    scopes: { read: Read., write: Write. }
    otherScopes: '[a-z]+:read'
    all: [read, write]
    refreshScopes: [read]
    revocation: { ends: grant, url: 'https://{region.host}/revoke' }
    redirect: { host: localhost, port: any }
    learns:
      home: { member: home, hosts: ['*.acme.example'], default: 'https://{region.host}' }
    send: { in: header, name: Authorization, value: 'Bearer {access_token}' }
api:
  baseUrl: '{home}/api'
  headers: { X-Version: '3' }
  test: { method: GET, url: '{home}/api/me', scopes: [read, 'things:read'], success: { status: [200] } }
sources: [{ url: https://acme.example/docs, read: 2026-11, facts: All. }]
`

const keyed = `id: acme
service: Acme
category: Test
docs: https://acme.example/docs
levels: [administrator]
auth:
  - id: key
    kind: api-key
    fields:
      tenant: { title: Tenant, secret: false, pattern: '[a-z]+' }
      key: { title: Key, secret: true }
    send: { in: basic, username: '{tenant}', password: '{key}' }
api:
  baseUrl: https://acme.example
  test: { method: GET, url: 'https://acme.example/{tenant}/me', success: { status: [200] } }
sources: [{ url: https://acme.example/docs, read: 2026-11, facts: All. }]
`

test('a sound connector has no findings', () => {
  assert.equal(check(acme), [])
  assert.equal(check(keyed), [])
})

test('a finding says where it is', () => {
  const [finding] = checked(acme.replace('tokenUrl: https://', 'tokenUrl: http://'))
  assert.is(finding?.code, 'CONNECTOR_HTTP')
  assert.equal(finding?.at, { file: 'connectors/acme.yaml', line: 19, column: 15 })
})

test('all problems are gathered', () => {
  const text = acme
    .replace('all: [read, write]', 'all: [read, wirte]')
    .replace('tokenUrl: https://', 'tokenUrl: http://')
    .replace('default: eu', 'default: mars2')
  assert.equal(check(text), ['CONNECTOR_DEFAULT', 'CONNECTOR_HTTP', 'CONNECTOR_SCOPE'])
})

test('an address is https, or http on this machine', () => {
  for (const [origin, code] of [
    ['http://example.com', 'CONNECTOR_HTTP'],
    ['http://127.0.0.1.example.com', 'CONNECTOR_HTTP'],
    ['http://localhost.example.com', 'CONNECTOR_HTTP'],
    ['http://10.0.0.1', 'CONNECTOR_HTTP'],
    ['http://localhost:8080', undefined],
    ['http://127.0.0.1:8080', undefined],
    ['http://[::1]:8080', undefined],
    ['https://example.com:8443', undefined]
  ] as const) {
    const found = check(acme.replace("baseUrl: '{home}/api'", `baseUrl: '${origin}/api'`))
    assert.equal(found, code === undefined ? [] : [code], origin)
  }
})

test('an address is spelt plainly', () => {
  for (const address of [
    'https://user@example.com/',
    'https://user:password@example.com/',
    'https://example.com:443/',
    'https://exämple.com/',
    'https://example.com/#fragment',
    'https://example.com/{Region}',
    'https://example.com/{region',
    'https://',
    'https://exa%6dple.com/',
    'https://{region.host}@evil.example/',
    '{home}.evil.example/api',
    '{home}:8443/api',
    'https://example.com/{home}',
    '{region.host}/api',
    '{region}'
  ]) {
    const found = check(acme.replace("baseUrl: '{home}/api'", `baseUrl: '${address}'`))
    assert.equal(found, ['CONNECTOR_ADDRESS'], address)
  }
})

test('an attribute cannot smuggle a path into the host', () => {
  const found = check(
    acme.replace('us: { host: us.acme.example }', 'us: { host: evil.example/us }')
  )
  assert.ok(found.includes('CONNECTOR_ADDRESS'))
})

test('a template names only what is there', () => {
  for (const [from, to] of [
    ['https://{region.host}/token', 'https://{regoin.host}/token'],
    ['https://{region.host}/token', 'https://{region.hots}/token'],
    ['https://{region.host}/token', 'https://acme.example/{constructor}'],
    ['X-Version: ', 'X-Version: "{version}" #'],
    ["'Bearer {access_token}'", "'{scheme} {access_token}'"],
    ['audience: acme', 'audience: "{tenant}"'],
    ["['*.acme.example']", "['*.{tenant}.example']"]
  ] as const) {
    assert.equal(check(acme.replace(from, to)), ['CONNECTOR_NAME_UNKNOWN'], to)
  }
})

test('an attribute is there for every value, also for those by the pattern', () => {
  const one = acme.replace('us: { host: us.acme.example }', 'us: {}')
  assert.ok(check(one).every(each => each === 'CONNECTOR_NAME_UNKNOWN'))
  assert.match(details(one), /the value us/)
  const other = acme.replace("otherwise: { host: '{value}.acme.example' }", '')
  assert.match(details(other), /otherwise/)
})

test('what an answer tells is known afterwards only', () => {
  const token = acme.replace('tokenUrl: https://{region.host}', "tokenUrl: '{home}'")
  const revocation = acme.replace('https://{region.host}/revoke', '{home}/revoke')
  assert.equal(check(token.replace("'{home}'/token", "'{home}/token'")), ['CONNECTOR_ADDRESS'])
  assert.equal(check(revocation), [])
})

test('every way to authorize knows what the API names', () => {
  const way = `  - id: key
    kind: api-key
    fields: { key: { title: Key, secret: true } }
    send: { in: header, name: X-Key, value: '{key}' }
api:`
  const text = acme.replace('api:', way)
  assert.equal(check(text), ['CONNECTOR_ADDRESS', 'CONNECTOR_ADDRESS'])
  assert.match(details(text), /With auth: key/)
})

test('a secret never stands in an address, and a field never in a host', () => {
  assert.equal(check(keyed.replace('{tenant}/me', '{key}/me')), ['CONNECTOR_SECRET_IN_ADDRESS'])
  assert.equal(check(acme.replace('{home}/api/me', '{home}/api/me?token={access_token}')), [
    'CONNECTOR_SECRET_IN_ADDRESS'
  ])
  assert.equal(check(keyed.replace('https://acme.example/{tenant}', 'https://{tenant}.example')), [
    'CONNECTOR_ADDRESS'
  ])
})

test('a name stands for one thing', () => {
  for (const name of ['client_id', 'endpoint']) {
    assert.equal(check(acme.replace('home: {', `${name}: {`)).at(0), 'CONNECTOR_NAME_TAKEN')
  }
  assert.equal(check(acme.replace('home: {', 'region: {').replaceAll('{home}', '{region}')), [
    'CONNECTOR_NAME_TAKEN'
  ])
  assert.equal(check(keyed.replaceAll('tenant', 'access_token')).at(0), 'CONNECTOR_NAME_TAKEN')
  const twice = acme.replace(
    'api:',
    `${acme.slice(acme.indexOf('  - id'), acme.indexOf('api:'))}api:`
  )
  assert.equal(check(twice), ['CONNECTOR_WAY_TAKEN'])
  assert.equal(check(acme.replace('id: acme', 'id: other')), ['CONNECTOR_ID'])
})

test('a default is among the values or fits the pattern', () => {
  assert.equal(check(acme.replace('default: eu', 'default: asia')), [])
  assert.equal(check(acme.replace('default: eu', 'default: toString')), ['CONNECTOR_DEFAULT'])
})

test('a scope is listed or fits otherScopes', () => {
  assert.equal(check(acme.replace('all: [read, write]', 'all: [constructor]')), ['CONNECTOR_SCOPE'])
  assert.equal(check(acme.replace('refreshScopes: [read]', 'refreshScopes: [offline]')), [
    'CONNECTOR_SCOPE'
  ])
  assert.equal(check(acme.replace("scopes: [read, 'things:read']", 'scopes: [red]')), [
    'CONNECTOR_SCOPE'
  ])
  assert.equal(check(keyed.replace('success:', 'scopes: [read], success:')), ['CONNECTOR_SCOPE'])
})

test('a learnt host is a host name, with two labels behind a star', () => {
  for (const host of [
    '*.com',
    '*.c',
    'localhost',
    '127.0.0.1',
    '*.acme..example',
    'a-.example.com'
  ]) {
    const text = acme
      .replace('*.acme.example', host)
      .replace(", default: 'https://{region.host}'", '')
    assert.equal(check(text), ['CONNECTOR_HOST'], host)
  }
  assert.equal(check(acme.replace('*.acme.example', '*.{region.host}')), ['CONNECTOR_HOST'])
  assert.equal(check(acme.replace('*.acme.example', '{region.host}')), [])
})

test('the default of a learnt address is an origin on one of its hosts', () => {
  for (const address of ['https://evil.example', 'https://{region.host}/path']) {
    assert.equal(check(acme.replace("default: 'https://{region.host}'", `default: '${address}'`)), [
      'CONNECTOR_HOST'
    ])
  }
})

test('a pattern compiles and cannot hang', () => {
  assert.equal(check(acme.replace("'[a-z]{3,9}'", "'[a-z'")), ['CONNECTOR_PATTERN'])
  assert.equal(check(acme.replace("'[a-z]{3,9}'", "'a)|(b'")), ['CONNECTOR_PATTERN'])
  assert.equal(check(acme.replace("'[a-z]{3,9}'", "'([a-z]+)+'")), ['CONNECTOR_PATTERN_SLOW'])
  assert.equal(check(acme.replace("'[a-z]+:read'", "'([a-z]+:?)*'")), ['CONNECTOR_PATTERN_SLOW'])
  assert.equal(check(keyed.replace("'[a-z]+'", "'(a|aa)+'")), ['CONNECTOR_PATTERN_SLOW'])
  assert.match(details(keyed.replace("'[a-z]+'", "'(a|aa)+'")), /\(a\|aa\)\+/)
})

test('slow patterns are told from those that only look like it', () => {
  for (const slow of [
    '(a*)*',
    '(a+){9}',
    '(?:a?){30}',
    '((a|b)c?)+',
    '(.+,)*',
    '(?:-?a)+',
    '(-|a)+'
  ]) {
    assert.is(checkPattern(slow)?.kind, 'slow', slow)
  }
  for (const fine of [
    '[a-z]+(?:-[a-z]+)*',
    '(?:[0-9a-f]{4}:){7}',
    '(?:\\.[a-z]{1,9}){1,3}',
    '[(+]+',
    '\\(a+\\)+'
  ]) {
    assert.is(checkPattern(fine), undefined, fine)
  }
})

test('a pattern admits nothing that changes where an address leads', () => {
  for (const wide of [
    '.+',
    '[^.]+',
    '[a-z/]+',
    '[a-z@]+',
    '[a-z]+(?:#[a-z]+)?',
    '[a-z%]+',
    '\\S+'
  ]) {
    const found = check(acme.replace("'[a-z]{3,9}'", `'${wide}'`))
    assert.ok(found.includes('CONNECTOR_PATTERN_WIDE'), wide)
  }
  assert.equal(check(keyed.replace("'[a-z]+'", "'[a-z.]+'")), ['CONNECTOR_PATTERN_WIDE'])
  assert.equal(check(keyed.replace(", pattern: '[a-z]+'", '')), ['CONNECTOR_PATTERN_WIDE'])
})

test('a revocation has an address, unless there is none', () => {
  assert.equal(check(acme.replace(", url: 'https://{region.host}/revoke'", '')), [
    'CONNECTOR_REVOCATION'
  ])
  assert.equal(check(acme.replace('ends: grant', 'ends: none')), ['CONNECTOR_REVOCATION'])
})

test('the protocol keeps its own parameters', () => {
  for (const name of ['redirect_uri', 'state', 'code_challenge', 'client_id']) {
    assert.equal(check(acme.replace('prompt: consent', `${name}: it`)), [
      'CONNECTOR_OAUTH_PARAMETER'
    ])
    assert.equal(check(acme.replace('audience: acme', `${name}: it`)), [
      'CONNECTOR_OAUTH_PARAMETER'
    ])
  }
})

test('tokenParameters and refreshParameters leave the protocol alone as well', () => {
  for (const name of ['grant_type', 'client_assertion', 'assertion', 'code_verifier', 'scope']) {
    const refresh = acme.replace(
      'tokenParameters:',
      `refreshParameters: { ${name}: it }\n    tokenParameters:`
    )
    assert.equal(check(refresh), ['CONNECTOR_OAUTH_PARAMETER'], name)
  }
  for (const name of ['request_uri', 'nonce', 'dpop_jkt']) {
    assert.equal(check(acme.replace('prompt: consent', `${name}: it`)), [
      'CONNECTOR_OAUTH_PARAMETER'
    ])
  }
})

/** The sound connector with further lines in its OAuth2 way. */
function withLines(...lines: readonly string[]): string {
  return acme.replace(
    '    clientAuth',
    `${lines.map(each => `    ${each}\n`).join('')}    clientAuth`
  )
}

const personless = acme
  .replace(/ {4}(authorizeUrl|authorizeParameters|pkce|refreshScopes|redirect):.*\n/g, '')
  .replace('kind: oauth2\n', 'kind: oauth2\n    grant: client_credentials\n')
const assertion = personless
  .replace('grant: client_credentials', 'grant: jwt_bearer')
  .replace('clientAuthentication: post', 'clientAuthentication: none')
const device = acme
  .replace(/ {4}(authorizeUrl|pkce|redirect):.*\n/g, '')
  .replace(
    'kind: oauth2\n',
    'kind: oauth2\n    grant: device_code\n    deviceUrl: https://{region.host}/device\n'
  )

test('every grant is sound with what it needs', () => {
  assert.equal(check(personless), [])
  assert.equal(check(assertion), [])
  assert.equal(check(device), [])
  assert.equal(check(withLines('deviceUrl: https://{region.host}/device')), [])
  assert.equal(check(withLines('pushedUrl: https://{region.host}/par')), [])
})

test('a grant has the address that it begins at', () => {
  assert.equal(check(acme.replace(/ {4}authorizeUrl:.*\n/, '')), ['CONNECTOR_GRANT'])
  assert.match(details(acme.replace(/ {4}authorizeUrl:.*\n/, '')), 'needs authorizeUrl')
  assert.equal(check(device.replace(/ {4}deviceUrl:.*\n/, '')), ['CONNECTOR_GRANT'])
})

test('a grant without a person has nothing that only a person makes use of', () => {
  for (const line of [
    'authorizeUrl: https://{region.host}/authorize',
    'pushedUrl: https://{region.host}/par',
    'deviceUrl: https://{region.host}/device',
    'redirect: { host: localhost, port: any }',
    'pkce: S256',
    'refreshUrl: https://{region.host}/refresh',
    'refreshScopes: [read]'
  ]) {
    const text = personless.replace('    tokenUrl', `    ${line}\n    tokenUrl`)
    assert.equal(check(text), ['CONNECTOR_GRANT'], line)
  }
  const pushed = device.replace('    tokenUrl', '    pushedUrl: https://a.example/p\n    tokenUrl')
  assert.equal(check(pushed), ['CONNECTOR_GRANT'])
})

test('what the application does for itself is for administrators', () => {
  const users = personless.replace('levels: [administrator]', 'levels: [logged-in-user]')
  assert.equal(check(users), ['CONNECTOR_GRANT', 'CONNECTOR_GRANT'])
  const both = personless.replace(
    'levels: [administrator]',
    'levels: [administrator, logged-in-user]'
  )
  assert.equal(check(both), ['CONNECTOR_GRANT'])
  assert.equal(checked(both)[0]?.at, { file: 'connectors/acme.yaml', line: 5, column: 25 })
  const nobody = personless.replace('clientAuthentication: post', 'clientAuthentication: none')
  assert.equal(check(nobody), ['CONNECTOR_GRANT'])
})

test('there is one key, and something to sign with it', () => {
  const signing = "signing: { keyId: '{region}', audience: '{region.host}' }"
  const keyed = acme.replace(
    'clientAuthentication: post',
    `clientAuthentication: private_key_jwt\n    ${signing}`
  )
  assert.equal(check(keyed), [])
  assert.equal(check(withLines(signing)), ['CONNECTOR_SIGNING'])
  assert.equal(check(keyed.replace('keyId', 'subject')), ['CONNECTOR_SIGNING'])
  const audience = (text: string) =>
    keyed.replace("audience: '{region.host}'", `audience: '${text}'`)
  assert.equal(check(audience('{home}')), ['CONNECTOR_NAME_UNKNOWN'])
  assert.equal(check(audience('{endpoint}')), [])
  assert.equal(check(keyed.replace("keyId: '{region}'", "keyId: '{endpoint}'")), [
    'CONNECTOR_NAME_UNKNOWN'
  ])
  const subject = "signing: { issuer: '{client_id}', subject: '{region}', scopeClaim: true }"
  const bearer = assertion.replace('    tokenUrl', `    ${subject}\n    tokenUrl`)
  assert.equal(check(bearer), [])
  for (const way of ['post', 'basic', 'basic-raw']) {
    const text = bearer.replace('clientAuthentication: none', `clientAuthentication: ${way}`)
    assert.equal(check(text), ['CONNECTOR_SIGNING'])
  }
})

test('every endpoint is https, and names only what is known when it is asked', () => {
  for (const key of ['pushedUrl', 'deviceUrl', 'refreshUrl', 'introspectionUrl']) {
    assert.equal(check(withLines(`${key}: http://acme.example/x`)), ['CONNECTOR_HTTP'], key)
    assert.equal(check(withLines(`${key}: http://127.0.0.1:9/x`)), [], key)
  }
  for (const key of ['pushedUrl', 'deviceUrl']) {
    assert.equal(check(withLines(`${key}: '{home}/x'`)), ['CONNECTOR_ADDRESS'], key)
  }
  for (const key of ['refreshUrl', 'introspectionUrl']) {
    assert.equal(check(withLines(`${key}: '{home}/x'`)), [], key)
  }
})

test('of all addresses, only the path of a revocation may name the client id', () => {
  const revoke = 'https://{region.host}/revoke'
  assert.equal(check(acme.replace(revoke, 'https://{region.host}/{client_id}/grant')), [])
  assert.equal(check(acme.replace(revoke, 'https://{client_id}.acme.example/')), [
    'CONNECTOR_ADDRESS'
  ])
  assert.equal(check(acme.replace("'{home}/api/me'", "'{home}/{client_id}'")), [
    'CONNECTOR_NAME_UNKNOWN'
  ])
})

test('the client id may be sent beside the token, and not instead of it', () => {
  const token = "{ in: header, name: Authorization, value: 'Bearer {access_token}' }"
  const client = "{ in: header, name: Client-Id, value: '{client_id}' }"
  const sending = (text: string, send: string) => check(text.replace(/send: .*/, `send: ${send}`))
  assert.equal(sending(acme, `[${token}, ${client}]`), [])
  assert.equal(sending(acme, client), ['CONNECTOR_SEND'])
  const key = "{ in: header, name: X-Key, value: '{key}' }"
  assert.ok(sending(keyed, `[${key}, ${client}]`).includes('CONNECTOR_NAME_UNKNOWN'))
})

/** The sound connector that learns a tenant as well. */
const tenanted = acme
  .replace('learns:\n', "learns:\n      tenant: { member: tenant, pattern: '[0-9]{1,9}' }\n")
  .replace("baseUrl: '{home}/api'", "baseUrl: '{home}/api/{tenant}'")

test('a plain value stands anywhere but in a host', () => {
  assert.equal(check(tenanted), [])
  assert.equal(check(tenanted.replace("'{home}/api/me'", "'https://{tenant}.acme.example/me'")), [
    'CONNECTOR_ADDRESS'
  ])
  assert.equal(check(tenanted.replace("'{home}/api/me'", "'{tenant}/me'")), ['CONNECTOR_ADDRESS'])
  assert.equal(
    check(tenanted.replace('https://{region.host}/token', 'https://a.example/{tenant}')),
    ['CONNECTOR_NAME_UNKNOWN']
  )
  const sent =
    "send: [{ in: header, name: Authorization, value: 'Bearer {access_token}' }, { in: header, name: X-Tenant, value: '{tenant}' }]"
  assert.equal(check(tenanted.replace(/send: .*/, sent)), [])
})

test('what is learnt is either an address or a plain value', () => {
  const both = acme.replace(
    "hosts: ['*.acme.example']",
    "hosts: ['*.acme.example'], pattern: '[a-z]+'"
  )
  assert.equal(check(both), ['CONNECTOR_LEARNS'])
  const neither = tenanted.replace(", pattern: '[0-9]{1,9}'", '')
  assert.ok(check(neither).includes('CONNECTOR_LEARNS'))
  const rule = "pattern: '[0-9]{1,9}'"
  assert.equal(check(tenanted.replace(rule, `${rule}, default: https://eu.acme.example`)), [
    'CONNECTOR_LEARNS'
  ])
  assert.equal(check(tenanted.replace(rule, "pattern: '([0-9]+)+'")), ['CONNECTOR_PATTERN_SLOW'])
  assert.equal(check(tenanted.replace(rule, "pattern: '[0-9.]+'")), ['CONNECTOR_PATTERN_WIDE'])
  assert.equal(check(tenanted.replace(rule, "pattern: '[0-9{}]+'")), ['CONNECTOR_PATTERN_WIDE'])
})

test('only where a browser comes back is anything learnt from the callback', () => {
  const rule = 'member: tenant,'
  const callback = (text: string) => text.replace(rule, `${rule} in: callback,`)
  assert.equal(check(callback(tenanted)), [])
  const choice = tenanted.replace(
    '    clientAuth',
    '    deviceUrl: https://a.example/d\n    clientAuth'
  )
  assert.equal(check(callback(choice)), ['CONNECTOR_LEARNS'])
  const learning = personless.replace(
    'learns:\n',
    "learns:\n      tenant: { member: tenant, pattern: '[0-9]{1,9}' }\n"
  )
  assert.equal(check(learning), [])
  assert.equal(check(callback(learning)), ['CONNECTOR_LEARNS'])
})

test('a list of places to send has one thing for each place', () => {
  const list = (...sends: readonly string[]) =>
    check(keyed.replace(/send: .*/, `send: [${sends.join(', ')}]`))
  const basic = "{ in: basic, username: '{tenant}', password: '{key}' }"
  const header = (name: string, value: string) => `{ in: header, name: ${name}, value: '${value}' }`
  assert.equal(list(header('X-Key', '{key}'), header('X-Tenant', '{tenant}')), [])
  assert.equal(list(basic, "{ in: query, name: tenant, value: '{tenant}' }"), [])
  assert.equal(list(header('X-Key', '{key}'), header('x-key', '{tenant}')), ['CONNECTOR_SEND'])
  assert.equal(list(basic, header('authorization', '{key}')), ['CONNECTOR_SEND'])
  assert.equal(list(basic, basic), ['CONNECTOR_SEND'])
  assert.equal(
    list("{ in: query, name: k, value: '{key}' }", "{ in: query, name: k, value: '{tenant}' }"),
    ['CONNECTOR_SEND']
  )
  assert.equal(list(header('X-Key', '{key}'), header('X-Version', '3')), ['CONNECTOR_SEND'])
  assert.equal(list(header('X-Key', 'fixed'), header('X-Version', '3')), ['CONNECTOR_SEND'])
  assert.equal(list(header('X-Key', '{key}'), header('Host', '{tenant}')), ['CONNECTOR_HEADER'])
})

test('a bound token is sent in Authorization', () => {
  assert.equal(check(withLines('dpop: true')), [])
  const scheme = withLines('dpop: true').replace('Bearer {access', 'DPoP {access')
  assert.equal(check(scheme), [])
  const other = withLines('dpop: true').replace('name: Authorization', 'name: X-Token')
  assert.equal(check(other), ['CONNECTOR_SEND'])
})

test('the account is read from an id token only where one comes', () => {
  const identity = 'identity: { id: /sub, name: /email }'
  assert.equal(check(withLines(identity)), ['CONNECTOR_SCOPE'])
  const openid = acme.replace('scopes: { read: Read.', 'scopes: { openid: Sign in., read: Read.')
  const lines = openid.replace('    clientAuth', `    ${identity}\n    clientAuth`)
  assert.equal(check(lines), [])
  assert.equal(check(lines.replace('id: /sub', 'id: ""')), ['CONNECTOR_ANSWER'])
})

test('a pointer leads to one member', () => {
  assert.equal(check(withLines('answer: { accessToken: /data/token, scope: /data/scope }')), [])
  assert.equal(check(withLines('answer: { accessToken: "" }')), ['CONNECTOR_ANSWER'])
  assert.equal(check(withLines('answer: { accessToken: /token, refreshToken: /token }')), [
    'CONNECTOR_ANSWER'
  ])
  const account = acme.replace('success:', "account: { id: '' }, success:")
  assert.equal(check(account), ['CONNECTOR_ANSWER'])
})

test('a revocation says nothing that cannot be done', () => {
  const revocation = (members: string) =>
    check(
      acme.replace(
        "url: 'https://{region.host}/revoke'",
        `url: 'https://{region.host}/revoke', ${members}`
      )
    )
  assert.equal(revocation('method: DELETE, in: json, parameter: access_token, token: access'), [])
  assert.equal(revocation('in: credential, token: access'), [])
  assert.equal(revocation('method: GET'), ['CONNECTOR_REVOCATION'])
  assert.equal(revocation('method: GET, in: query'), [])
  assert.equal(revocation('in: credential, parameter: t'), ['CONNECTOR_REVOCATION'])
  const none = acme.replace(/revocation: .*/, 'revocation: { ends: none, method: POST, in: form }')
  assert.equal(check(none), ['CONNECTOR_REVOCATION', 'CONNECTOR_REVOCATION'])
  const refresh = personless.replace('ends: grant', 'ends: grant, token: refresh')
  assert.equal(check(refresh), ['CONNECTOR_REVOCATION'])
})

test('headers of token requests leave alone what the engine sets', () => {
  assert.equal(
    check(withLines("tokenHeaders: { Accept: application/json, X-Region: '{region}' }")),
    []
  )
  for (const header of ['Authorization: x', 'content-type: x', 'Host: x', 'DPoP: x', 'Cookie: x']) {
    assert.equal(check(withLines(`tokenHeaders: { ${header} }`)), ['CONNECTOR_HEADER'], header)
  }
  assert.equal(check(withLines("tokenHeaders: { X-Home: '{home}' }")), ['CONNECTOR_NAME_UNKNOWN'])
})

test('a service may have no scopes, but All Actions is not nothing where there are some', () => {
  const none = acme
    .replace(/ {4}(otherScopes|refreshScopes):.*\n/g, '')
    .replace('{ read: Read., write: Write. }', '{}')
    .replace('all: [read, write]', 'all: []')
    .replace(/scopes: \[read, 'things:read'\], /, '')
  assert.equal(check(none), [])
  assert.equal(check(acme.replace('all: [read, write]', 'all: []')), ['CONNECTOR_SCOPE'])
})

test('the path of a redirect is read as it is written', () => {
  const path = (value: string) => check(acme.replace('port: any', `port: any, path: ${value}`))
  assert.equal(path('/oauth/back'), [])
  for (const odd of ['//evil', '/a/../b', '/./a'])
    assert.equal(path(odd), ['CONNECTOR_ADDRESS'], odd)
})

test('the credential is sent', () => {
  assert.equal(check(acme.replace('Bearer {access_token}', 'Bearer')), ['CONNECTOR_SEND'])
  assert.equal(check(keyed.replace("'{tenant}', password", "'a:{tenant}', password")), [
    'CONNECTOR_SEND'
  ])
})

test('headers can be sent beside each other', () => {
  for (const headers of [
    "X-Version: '3', x-version: '4'",
    "authorization: 'Bearer x'",
    "Host: 'evil.example'",
    "'X Version': '3'",
    '"X-Version": "3\\r\\nX-Other: 4"'
  ]) {
    const found = check(acme.replace("X-Version: '3'", headers))
    assert.equal(found, ['CONNECTOR_HEADER'], headers)
  }
})

function check(text: string): readonly string[] {
  return checked(text).map(each => each.code)
}

function details(text: string): string {
  return checked(text)
    .map(each => each.detail)
    .join('\n')
}

function checked(text: string): readonly Diagnostic[] {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const spec: unknown = document.toJS()
  assert.ok(validateConnector(spec), JSON.stringify(validateConnector.errors))
  const place = (pointer: string) => {
    const path = pointer.split('/').slice(1)
    const node = document.getIn(
      path.map(each => (/^\d+$/.test(each) ? Number(each) : each)),
      true
    )
    assert.ok(isNode(node) && node.range, `nothing at ${pointer}`)
    const { line, col } = lines.linePos(node.range[0])
    return { file: 'connectors/acme.yaml', line, column: col }
  }
  return checkConnector({
    linkName: 'acme',
    spec,
    file: 'connectors/acme.yaml',
    whole: true,
    place
  })
}

test.run()
