import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ClientSpec, Connector } from '../../engine/model/generated/types.ts'
import type { Located } from '../../engine/model/specs.ts'
import { clientDefinitions } from '../../engine/resolve/client-definitions.ts'
import { aComponent, aConnection } from '../support/builders.ts'

const file = 'clients/acme.yaml'

function aSpec(connections: ClientSpec['connections'] = {}): Located<ClientSpec> {
  return {
    linkName: 'acme',
    spec: { name: 'Acme', connections },
    file,
    whole: true,
    place: pointer => ({ file: `${file}${pointer}`, line: 1, column: 1 })
  }
}

const api = {
  baseUrl: 'https://{domain}.example',
  test: { method: 'GET', url: 'https://{domain}.example/me', success: { status: [200] } }
} as unknown as Connector['api']

const oauth: Connector = {
  id: 'crm',
  service: 'CRM',
  category: 'crm',
  docs: 'https://crm.example',
  levels: ['administrator'],
  parameters: {
    domain: { title: 'Domain', pattern: '[a-z]+', affectsAuthorization: true, default: 'login' }
  },
  auth: [
    {
      id: 'oauth2',
      kind: 'oauth2',
      authorizationUrl: 'https://{domain}.example/authorize',
      tokenUrl: 'https://{domain}.example/token',
      clientAuthentication: ['client_secret_post'],
      scopes: { known: { api: 'Everything' } },
      send: { in: 'header', name: 'Authorization', value: 'Bearer {access_token}' },
      revocation: { ends: 'none' }
    }
  ],
  api,
  sources: []
} as unknown as Connector

const key: Connector = {
  ...oauth,
  id: 'key',
  service: 'Key',
  auth: [{ id: 'key', kind: 'api-key', fields: {}, send: [] }]
} as unknown as Connector

const crm = aConnection({
  connector: 'crm',
  parameters: { domain: 'login' },
  environments: { prod: { parameters: { domain: 'prod' }, client: null, origin: null } }
})

function install(spec: Located<ClientSpec>, connector: Connector = oauth) {
  const published = {
    connections: { crm: { ...crm, connector: connector.id, auth: connector.auth[0]?.id ?? '' } },
    components: { form: aComponent({ uses: ['crm'] }) }
  }
  return clientDefinitions(published, spec, 3, () => connector)
}

test('a client has its own parameters and OAuth client, and nothing of our environments', () => {
  const { definitions, diagnostics } = install(
    aSpec({
      crm: {
        parameters: { domain: 'acme' },
        client: { id: 'env:ACME_ID', secret: 'env:ACME_SECRET' }
      }
    })
  )
  assert.equal(diagnostics, [])
  assert.equal(definitions.connections.crm?.parameters, { domain: 'acme' })
  assert.equal(definitions.connections.crm?.client, {
    id: 'env:ACME_ID',
    secret: 'env:ACME_SECRET'
  })
  assert.equal(definitions.connections.crm?.environments, {})
  assert.equal(Object.keys(definitions.components), ['form'])
})

test('what a client does not set is as it was published', () => {
  const { definitions } = install(aSpec())
  assert.equal(definitions.connections.crm, { ...crm, environments: {} })
})

test('a connection that the version does not have, and what the connector does not take, are told at their lines', () => {
  const { diagnostics } = install(
    aSpec({ crn: {}, crm: { parameters: { domain: 'NOT LOWER', region: 'eu' } } })
  )
  assert.equal(diagnostics.map(each => `${each.code} ${each.at?.file}`).sort(), [
    `CLIENT_CONNECTION_UNKNOWN ${file}/connections/crn`,
    `PARAMETER_INVALID ${file}/connections/crm/parameters/domain`,
    `PARAMETER_UNKNOWN ${file}/connections/crm/parameters/region`
  ])
  assert.match(diagnostics[0]?.detail ?? '', /Did you mean "crm"/)
})

test('an OAuth client of its own needs its own secret where the service asks for one', () => {
  const { diagnostics } = install(aSpec({ crm: { client: { id: 'env:ACME_ID' } } }))
  assert.equal(
    diagnostics.map(each => `${each.code} ${each.at?.file}`),
    [`CLIENT_SECRET_MISSING ${file}/connections/crm/client`]
  )
})

test('an OAuth client where the service knows none is told', () => {
  const { diagnostics } = install(aSpec({ crm: { client: { id: 'env:ID' } } }), key)
  assert.ok(diagnostics.some(each => each.code === 'CLIENT_NOT_ALLOWED'))
})

test.run()
