import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ConnectionSpec } from '../../engine/model/generated/types.ts'
import { checkConnection, checkConnections } from '../../engine/resolve/check-connection.ts'
import { openCatalogue } from '../../engine/spec/load-catalogue.ts'

const catalogue = openCatalogue(join(import.meta.dirname, '../../connectors'))

function located(spec: ConnectionSpec, whole = true) {
  // The pointer stands in for the place, so that a case can name it.
  const place = (pointer: string) => ({ file: pointer, line: 1, column: 1 })
  return { linkName: 'it', spec, file: 'connections/it.yaml', whole, place }
}

function found(spec: ConnectionSpec): readonly string[] {
  return checkConnection(located(spec), catalogue.get(spec.connector), catalogue.ids).map(each =>
    `${each.code} ${each.at?.file ?? ''}`.trim()
  )
}

const client = { id: 'env:ID', secret: 'env:SECRET' }
const salesforce: ConnectionSpec = {
  connector: 'salesforce',
  scopes: ['api', 'refresh_token'],
  client
}

const cases: readonly (readonly [string, ConnectionSpec, readonly string[]])[] = [
  ['nothing wrong', salesforce, []],
  ['all actions', { ...salesforce, scopes: 'all' }, []],
  ['a connector that is not there', { connector: 'salesfroce' }, ['CONNECTOR_UNKNOWN /connector']],
  [
    'an unknown scope',
    { ...salesforce, scopes: ['apii', 'refresh_token'] },
    ['SCOPE_UNKNOWN /scopes/0']
  ],
  ['no scopes', { connector: 'salesforce', client }, ['SCOPES_MISSING']],
  ['no client', { connector: 'salesforce', scopes: ['full', 'refresh_token'] }, ['CLIENT_MISSING']],
  [
    'no client secret',
    { ...salesforce, client: { id: 'env:ID' } },
    ['CLIENT_SECRET_MISSING /client']
  ],
  ['no refresh token', { ...salesforce, scopes: ['api'] }, ['NO_REFRESH_TOKEN /scopes']],
  [
    'a wrong parameter',
    { ...salesforce, parameters: { domain: 'x.lightning' } },
    ['PARAMETER_INVALID /parameters/domain']
  ],
  [
    'an unknown parameter',
    { ...salesforce, parameters: { domian: 'login' } },
    ['PARAMETER_UNKNOWN /parameters/domian']
  ],
  ['an unknown way', { ...salesforce, auth: 'basic' }, ['AUTH_UNKNOWN /auth']],
  [
    'scopes where there are none',
    { connector: 'twilio', scopes: ['a'] },
    ['SCOPES_NOT_ALLOWED /scopes']
  ],
  ['a client where there is none', { connector: 'twilio', client }, ['CLIENT_NOT_ALLOWED /client']],
  [
    'a level that the service lacks',
    { connector: 'twilio', level: 'logged-in-user' },
    ['LEVEL_UNSUPPORTED /level']
  ],
  [
    'a shared authorization for environments that differ',
    {
      ...salesforce,
      authorization: 'shared',
      environments: {
        dev: { origin: 'http://localhost:1', parameters: { domain: 'test' } },
        prod: { client }
      }
    },
    [
      'SHARED_BUT_DIFFERENT /environments/dev/origin',
      'SHARED_BUT_DIFFERENT /environments/dev/parameters/domain',
      'SHARED_BUT_DIFFERENT /environments/prod/client'
    ]
  ],
  ['scopes that are none', { ...salesforce, scopes: [] }, ['SCOPES_MISSING /scopes']],
  [
    'nothing wrong where the service has no scopes',
    { connector: 'salesforce', auth: 'client-credentials', scopes: [], client },
    []
  ],
  [
    'nothing wrong with all of no scopes',
    { connector: 'salesforce', auth: 'client-credentials', scopes: 'all', client },
    []
  ],
  [
    'scopes where the service has none',
    { connector: 'salesforce', auth: 'client-credentials', scopes: ['api'], client },
    ['SCOPE_UNKNOWN /scopes/0']
  ],
  [
    'a grant without a person for users',
    {
      connector: 'salesforce',
      auth: 'client-credentials',
      level: 'logged-in-user',
      scopes: [],
      client
    },
    ['GRANT_NOT_FOR_USERS /level']
  ],
  [
    'no private key, and no user to sign for',
    { connector: 'salesforce', auth: 'jwt-bearer', scopes: [], client: { id: 'env:ID' } },
    ['PARAMETER_MISSING /parameters', 'CLIENT_SECRET_MISSING /client']
  ],
  [
    'nothing wrong with a signed assertion',
    {
      connector: 'salesforce',
      auth: 'jwt-bearer',
      scopes: [],
      parameters: { username: 'ops@acme.example' },
      client
    },
    []
  ],
  [
    'several mistakes at once',
    { connector: 'salesforce', scopes: ['apii', 'apj'], parameters: { x: '1' } },
    [
      'PARAMETER_UNKNOWN /parameters/x',
      'SCOPE_UNKNOWN /scopes/0',
      'SCOPE_UNKNOWN /scopes/1',
      'NO_REFRESH_TOKEN /scopes',
      'CLIENT_MISSING'
    ]
  ]
]

for (const [what, spec, expected] of cases) {
  test(`finds ${what}, and says where`, () => assert.equal(found(spec), expected))
}

test('says which way users can choose, and where the private key is to be found', () => {
  const say = (spec: ConnectionSpec) =>
    checkConnection(located(spec), catalogue.get('salesforce'), catalogue.ids)
      .map(each => each.detail)
      .join('\n')
  const parameters = { username: 'ops@acme.example' }
  const bearer: ConnectionSpec = {
    connector: 'salesforce',
    auth: 'jwt-bearer',
    scopes: [],
    parameters
  }
  assert.match(say({ ...bearer, level: 'logged-in-user', client }), 'or choose `auth: oauth2`')
  assert.match(say(bearer), 'secret: env:SALESFORCE_PRIVATE_KEY')
  assert.match(say({ ...bearer, client: { id: 'env:ID' } }), 'PKCS#8 in PEM, or a JWK')
  assert.match(say({ ...bearer, client, scopes: ['api'] }), 'Write `scopes: []`')
})

test('guesses what a misspelt scope was meant to be', () => {
  const [first] = checkConnection(
    located({ ...salesforce, scopes: ['refresh_tokem', 'api'] }),
    catalogue.get('salesforce'),
    catalogue.ids
  )
  assert.match(first?.detail ?? '', 'Did you mean "refresh_token"?')
})

test('what is missing from a file that is not whole is not held against it', () => {
  const known = {
    ids: catalogue.ids,
    get: (id: string) => {
      const connector = catalogue.get(id)
      return connector === undefined ? undefined : { connector, digest: null }
    }
  }
  const spec: ConnectionSpec = { connector: 'salesforce' }
  assert.equal(checkConnections([located(spec, false)], known, new Set()), [])
  const codes = checkConnections([located(spec)], known, new Set()).map(each => each.code)
  assert.equal(codes, ['SCOPES_MISSING', 'CLIENT_MISSING'])
  assert.equal(checkConnections([located({ connector: 'own' })], known, new Set(['own'])), [])
})

test.run()
