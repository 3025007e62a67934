import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Connector } from '../../engine/model/generated/types.ts'
import {
  connectorRow,
  reportConnector,
  reportConnectors
} from '../../engine/report/report-connectors.ts'
import { createStyle } from '../../engine/report/style.ts'

const style = createStyle({ color: false, width: 80, unicode: true })

const mail: Connector = {
  id: 'acme_mail',
  service: 'Acme Mail',
  category: 'Communication',
  docs: 'https://mail.example/docs',
  levels: ['administrator', 'logged-in-user'],
  parameters: {
    region: {
      title: 'Region',
      description:
        'Where the mail is kept. It stands in the address bar, right behind the name of the service.',
      default: 'eu',
      values: { eu: { host: 'eu.mail.example' }, us: { host: 'us.mail.example' } },
      affectsAuthorization: true
    },
    tenant: { title: 'Tenant', pattern: '[a-z]{3,20}', affectsAuthorization: false }
  },
  auth: [
    {
      id: 'oauth2',
      kind: 'oauth2',
      authorizeUrl: 'https://{region.host}/authorize',
      tokenUrl: 'https://{region.host}/token',
      clientAuthentication: 'post',
      pkce: 'S256',
      scopeSeparator: ' ',
      scopes: {
        'mail.read': 'Read mail.',
        'mail.send':
          'Send mail in the name of the person, to everybody whom the organization allows.'
      },
      otherScopes: 'mail\\.[a-z]+',
      all: ['mail.read', 'mail.send'],
      revocation: { ends: 'grant', url: 'https://{region.host}/revoke' },
      redirect: { host: 'localhost', port: 47823 },
      send: { in: 'header', name: 'Authorization', value: 'Bearer {access_token}' }
    },
    {
      id: 'api-key',
      kind: 'api-key',
      fields: {
        account: { title: 'Account', description: 'On the first page.', secret: false },
        key: { title: 'Key', secret: true }
      },
      send: { in: 'basic', username: '{account}', password: '{key}' }
    }
  ],
  api: {
    baseUrl: 'https://{region.host}/{tenant}/api',
    test: {
      method: 'GET',
      url: 'https://{region.host}/api/me',
      scopes: ['mail.read', 'mail.send'],
      success: { status: [200] }
    }
  },
  sources: [
    { url: 'https://mail.example/docs/oauth', read: '2026-11', facts: 'Addresses and scopes.' }
  ]
}

test('a row tells the kinds of ways, each once', () => {
  assert.equal(connectorRow(mail, 'workspace'), {
    id: 'acme_mail',
    service: 'Acme Mail',
    category: 'Communication',
    auth: ['oauth2', 'api-key'],
    levels: ['administrator', 'logged-in-user'],
    grade: 'workspace'
  })
})

test('lists connectors as a table, and marks those of the workspace', () => {
  const text = reportConnectors(
    [
      connectorRow(mail, 'workspace'),
      connectorRow(
        { ...mail, id: 'salesforce', service: 'Salesforce', category: 'CRM' },
        'verified'
      )
    ],
    style
  )
  assert.fixture(
    text,
    `
id                     service     auth             levels
acme_mail (workspace)  Acme Mail   oauth2, api-key  administrator,
                                                    logged-in-user
salesforce             Salesforce  oauth2, api-key  administrator,
                                                    logged-in-user
`.slice(1)
  )
})

test('shows all that is needed to register, configure and authorize', () => {
  const text = reportConnector(mail, style)
  assert.fixture(
    text,
    `
Acme Mail (acme_mail), Communication
https://mail.example/docs

Levels:
  administrator (default), logged-in-user

Parameters:
  region: Region
    Where the mail is kept. It stands in the address bar, right behind the name
    of the service.
    values: eu (default), us
    another value needs another authorization
  tenant: Tenant
    required
    pattern: [a-z]{3,20}

Authorized by oauth2 (default):
  grant                  consent in a browser
  redirect to register   http://localhost:47823/callback
  PKCE                   S256
  authorize              https://{region.host}/authorize
  token                  https://{region.host}/token
  revoke                 https://{region.host}/revoke
  revoking ends          the whole grant
  client authentication  client id and secret, in the body (post)
  sent as                header Authorization
  scopes:
    mail.read  Read mail.
    mail.send  Send mail in the name of the person, to everybody whom the
               organization allows.
  other scopes that match:
    mail\\.[a-z]+
  scopes: all stands for mail.read, mail.send

Authorized by api-key:
  account: Account
    On the first page.
  key: Key (secret)
  sent as HTTP Basic

Test request:
  GET https://{region.host}/api/me
  needs one of the scopes mail.read, mail.send

Sources:
  https://mail.example/docs/oauth
    2026-11: Addresses and scopes.
`.slice(1)
  )
})

test('a service that takes any port is told apart', () => {
  const [way] = mail.auth
  const anyPort = {
    ...mail,
    auth: [{ ...way, redirect: { host: '127.0.0.1', port: 'any' } }]
  } as Connector
  assert.match(reportConnector(anyPort, style), 'http://127.0.0.1/callback, on any port\n')
})

test('what a way adds to plain OAuth2 is shown, and what it has no use for is not', () => {
  const [oauth2] = mail.auth
  assert.ok(oauth2?.kind === 'oauth2')
  const rich: Connector = {
    ...mail,
    auth: [
      {
        ...oauth2,
        pushedUrl: 'https://{region.host}/par',
        deviceUrl: 'https://{region.host}/device',
        refreshUrl: 'https://{region.host}/refresh',
        introspectionUrl: 'https://{region.host}/introspect',
        dpop: true,
        learns: {
          home: { member: 'home_url', hosts: ['*.mail.example', 'mail.example.com'] },
          company: { member: 'company_id', in: 'callback', pattern: '[0-9]{1,20}' }
        },
        clientAuthentication: 'private_key_jwt',
        signing: { algorithm: 'ES256', keyId: '{tenant}' },
        revocation: { ends: 'token', method: 'DELETE', url: 'https://{region.host}/tokens' },
        redirect: { host: '127.0.0.1', port: 'any', path: '/back' },
        send: [
          { in: 'header', name: 'Authorization', value: 'DPoP {access_token}' },
          { in: 'query', name: 'tenant', value: '{tenant}' }
        ]
      },
      {
        id: 'server',
        kind: 'oauth2',
        grant: 'client_credentials',
        tokenUrl: 'https://{region.host}/token',
        clientAuthentication: 'basic',
        scopeSeparator: ' ',
        scopes: {},
        all: [],
        revocation: { ends: 'none' },
        send: { in: 'header', name: 'Authorization', value: 'Bearer {access_token}' }
      }
    ]
  }
  const text = reportConnector(rich, style)
  const [, ways = ''] = text.split('another value needs another authorization\n')
  assert.fixture(
    ways.slice(ways.indexOf('Authorized by'), ways.indexOf('\nTest request')),
    `
Authorized by oauth2 (default):
  grant                  consent in a browser, or by device code
  redirect to register   http://127.0.0.1/back, on any port
  PKCE                   S256
  authorize              https://{region.host}/authorize
  pushed requests (PAR)  https://{region.host}/par
  device code            https://{region.host}/device
  token                  https://{region.host}/token
  refresh                https://{region.host}/refresh
  introspect             https://{region.host}/introspect
  revoke                 DELETE https://{region.host}/tokens
  revoking ends          that token
  client authentication  an assertion signed with the private key
                         (private_key_jwt)
  signed with            ES256, key id {tenant}; client.secret refers to the key
  DPoP                   tokens are bound to a key of their own
  sent as                header Authorization and query parameter tenant
  told by answers:
    home     on *.mail.example or mail.example.com
    company  matches [0-9]{1,20}, from the redirect
  scopes:
    mail.read  Read mail.
    mail.send  Send mail in the name of the person, to everybody whom the
               organization allows.
  other scopes that match:
    mail\\.[a-z]+
  scopes: all stands for mail.read, mail.send

Authorized by server:
  grant                  the client's own right, without a person (client
                         credentials)
  token                  https://{region.host}/token
  revoking ends          nothing: the service has no way to revoke
  client authentication  client id and secret, by HTTP Basic (basic)
  sent as                header Authorization
  no scopes: write scopes: []
`.slice(1)
  )
})

test('a parameter is required where a way or the API names it', () => {
  const test = { ...mail.api.test, url: 'https://{region.host}/me' }
  const api = { baseUrl: 'https://{region.host}/api', test }
  const [oauth2, key] = mail.auth
  assert.ok(oauth2?.kind === 'oauth2' && key !== undefined)
  const tenanted = { ...oauth2, tokenUrl: 'https://{region.host}/{tenant}/token' }
  const text = reportConnector({ ...mail, api, auth: [tenanted, key] }, style)
  assert.match(text, '  tenant: Tenant\n    required with auth: oauth2\n')
})

test('no connectors are told as such', () => {
  assert.is(reportConnectors([], style), 'No connectors.\n')
})

test.run()
