import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { typesWorkflow } from '../../engine/workflow/types.ts'
import { temporaryFolder } from '../support/assert.ts'
import { aConsumer, type Consumer } from './a-consumer.ts'

let made: Consumer | null = null
function consumer(): Consumer {
  made ??= aConsumer()
  return made
}

/** As `tieline types` writes it. */
const connections = `export interface Connections {
  crm: { kind: 'oauth2'; level: 'administrator'; scopes: 'read' | 'write' }
  calendar: { kind: 'oauth2'; level: 'logged-in-user'; scopes: 'events' }
  board: { kind: 'api-key'; level: 'administrator'; scopes: never }
}
`

test('a program that uses the library compiles with everything checked, declarations included', () => {
  const main = `import { openConnections, TielineError } from 'tieline'
import type { Connections } from './connections.ts'

const open = openConnections<Connections>('.', { env: 'prod' })
const token: string = await open.connection('crm').token({ scopes: ['read'] })
const headers: Record<string, string> = await open.connection('board').headers()
const proved = await open.connection('crm').headers({ method: 'GET', url: '/me', scopes: ['read'] })
const answer: Response = await open
  .connection('calendar', { user: 'jo@example.com' })
  .fetch('/events', { method: 'POST', body: '{}', scopes: ['events'] })
const own = openConnections<Connections>('.', { user: 'jo@example.com' })
await own.connection('calendar').token()
await own.connection('calendar', { user: 'ana@example.com' }).token()
try {
  await open.connection('crm').fetch(new URL('https://crm.example/me'))
} catch (error) {
  if (error instanceof TielineError) console.log(error.code, error.detail, error.diagnostics[0]?.summary)
}
console.log(token, headers, proved, answer.status)
`
  assert.equal(consumer().compile({ 'main.ts': main, 'connections.ts': connections }), [])
})

test('without generated types every connection can be named, with or without a user', () => {
  const main = `import { openConnections, type Diagnostic, type OAuth2Connection } from 'tieline'
const { TIELINE_ENV } = process.env
const open = openConnections('.', { env: undefined, user: TIELINE_ENV })
const crm: OAuth2Connection = open.connection('crm')
console.log(await crm.token(), await open.connection('calendar', { user: 'jo@example.com' }).headers())
export const nothing: readonly Diagnostic[] = []
`
  assert.equal(consumer().compile({ 'plain.ts': main }), [])
})

test('misspelt connections and scopes, missing users and tokens that do not exist do not compile', () => {
  const main = `import { openConnections } from 'tieline'
import type { Connections } from './connections.ts'

const open = openConnections<Connections>('.')
// @ts-expect-error there is no such connection
open.connection('crn')
// @ts-expect-error there is no such scope
await open.connection('crm').token({ scopes: ['raed'] })
// @ts-expect-error nor here
await open.connection('crm').fetch('/me', { scopes: ['events'] })
// @ts-expect-error it has no scopes
await open.connection('board').fetch('/me', { scopes: ['read'] })
// @ts-expect-error a key is no token
await open.connection('board').token()
// @ts-expect-error whose calendar?
open.connection('calendar')
// @ts-expect-error an administrator's connection is nobody's own
open.connection('crm', { user: 'jo@example.com' })
// @ts-expect-error there is no such environment
openConnections<Connections>('.', { env: 'production' })
// @ts-expect-error this is no table of connections
openConnections<{ crm: { level: 'everybody' } }>('.')
`
  assert.equal(consumer().compile({ 'bad.ts': main, 'connections.ts': connections }), [])
})

test('what tieline types writes of a workspace is what the library takes', async () => {
  const repository = join(import.meta.dirname, '../..')
  const text = await typesWorkflow({
    folder: join(repository, 'examples/field-service'),
    variables: {},
    configFolder: temporaryFolder(),
    packageFolder: repository,
    clock: { now: () => new Date() },
    actor: undefined
  })
  const main = `import { openConnections } from 'tieline'
import type { Connections } from './field-service.ts'

const open = openConnections<Connections>('.')
await open.connection('salesforce').token({ scopes: ['api'] })
await open.connection('my_salesforce', { user: 'jo@example.com' }).fetch('/me')
await open.connection('twilio').headers()
// @ts-expect-error misspelt
open.connection('salesforse')
// @ts-expect-error misspelt
await open.connection('salesforce').token({ scopes: ['apii'] })
// @ts-expect-error whose?
open.connection('my_salesforce')
// @ts-expect-error a key is no token
await open.connection('twilio').token()
`
  assert.equal(consumer().compile({ 'service.ts': main, 'field-service.ts': text }), [])
})

test.run()
