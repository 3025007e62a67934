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
    baseUrl: 'https://{region.host}/api',
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
  redirect to register   http://localhost:47823/callback
  authorize              https://{region.host}/authorize
  token                  https://{region.host}/token
  revoke                 https://{region.host}/revoke
  revoking ends          the whole grant
  PKCE                   S256
  client authentication  post
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

test('no connectors are told as such', () => {
  assert.is(reportConnectors([], style), 'No connectors.\n')
})

test.run()
