import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { note, warning } from '../../engine/model/diagnostic.ts'
import type { DueAuthorization, Plan } from '../../engine/model/generated/types.ts'
import { foldPlans, planDiagnostics } from '../../engine/report/fold-plans.ts'
import { reportPlans } from '../../engine/report/report-plans.ts'
import { createStyle } from '../../engine/report/style.ts'
import { aChange, aClientPlan, aDue, addedFields, aPlan, aSummary, digestFrom } from './samples.ts'

const style = createStyle({ color: false, width: 80, unicode: true })

/** The plan of a client that goes from version 3 to 4, and where so many users are asked again. */
function anUpgrade(linkName: string, users: number | null, overrides: Partial<Plan> = {}): Plan {
  const slot = `client/${linkName}` as const
  return aClientPlan(linkName, {
    basedOn: [{ document: slot, lineage: `of ${linkName}`, serial: linkName.length, digest: null }],
    inputs: digestFrom(linkName.length.toString(16)),
    version: { from: 3, to: 4, pinned: false },
    changes: [
      aChange({
        because: [{ code: 'NEW_VERSION', version: 4 }],
        fields: [{ path: '/scopes', before: ['api'], after: ['api', 'full'] }]
      }),
      aChange({ linkName: 'fax', id: 'fax.1', action: 'delete' })
    ],
    authorizations: [
      aDue({
        slot,
        action: 'reauthorize',
        credential: `of ${linkName}`,
        who: ['admin'],
        reasons: [{ code: 'SCOPES_ADDED', scopes: ['full'] }]
      }),
      aDue({
        slot,
        connection: 'drive',
        id: 'drive.1',
        level: 'logged-in-user',
        action: 'reauthorize',
        who: ['each-user'],
        reasons: [{ code: 'EXPIRED' }],
        users
      })
    ],
    summary: aSummary({ modify: 1, delete: 1, reauthorize: 2 }),
    ...overrides
  })
}

function numbered(count: number, prefix: string): readonly string[] {
  return Array.from({ length: count }, (_, at) => `${prefix}${String(at).padStart(3, '0')}`)
}

test('clients with the same plan are told once, with the sum of the people concerned', () => {
  const names = numbered(42, 'c')
  const text = reportPlans(
    names.map((name, at) => anUpgrade(name, at === 0 ? null : 10)),
    style
  )
  assert.fixture(
    text,
    `
client/c000, client/c001, client/c002, client/c003, client/c004 and 37 others:
  upgrade 3 → 4, follow prod

~ connection salesforce
    scopes  + full

- connection fax

Authorizations, by an admin of each client:
  ~ authorize salesforce again in each of them: adds full
        tieline authorize salesforce -e client/NAME --as EMAIL

Authorizations, by each user of each client at first use:
  ~ authorize drive again in each of them: the authorization expired (410 people
      have authorized it before and consent again)
        tieline authorize drive -e client/NAME --as EMAIL

Plan for each: 0 to add, 1 to change, 1 to delete;
      1 to authorize again, 1 by each user.
`.slice(1)
  )
})

test('our own environments stand apart and first, then clients by name, and idle ones in one line', () => {
  const change = { changes: [aChange()], summary: aSummary({ modify: 1 }) }
  const groups = foldPlans([
    aPlan(change),
    aPlan({ ...change, environment: 'stage' }),
    anUpgrade('mill', 1),
    aClientPlan('acme'),
    anUpgrade('baker', 2, { version: { from: 2, to: 4, pinned: false } }),
    anUpgrade('crane', 3, { version: { from: 2, to: 4, pinned: false } }),
    aClientPlan('zoo', { version: { from: 3, to: 3, pinned: true } }),
    anUpgrade('alder', 4)
  ])
  assert.equal(
    groups.map(({ plans, isIdle }) => [isIdle, ...plans.map(each => each.environment)]),
    [
      [false, 'dev'],
      [false, 'stage'],
      [false, 'client/alder', 'client/mill'],
      [false, 'client/baker', 'client/crane'],
      [true, 'client/acme', 'client/zoo']
    ]
  )
  assert.equal(
    groups.map(({ plan }) => plan.authorizations.map(each => each.users)),
    [[], [], [null, 5], [null, 5], []]
  )
})

test('what differs for the reader is not folded', () => {
  const same = anUpgrade('acme', 1)
  const [consent, byUsers] = same.authorizations as [DueAuthorization, DueAuthorization]
  const others: readonly Partial<Plan>[] = [
    { version: { from: 3, to: 4, pinned: true } },
    { version: { from: 2, to: 4, pinned: false } },
    {
      changes: [
        aChange({ fields: [{ path: '/parameters/domain', before: null, after: 'beta' }] }),
        ...same.changes.slice(1)
      ]
    },
    { changes: same.changes.slice(1) },
    { authorizations: [consent] },
    { authorizations: [{ ...consent, action: 'authorize' }, byUsers] },
    { authorizations: [{ ...consent, reasons: [{ code: 'EXPIRED' }] }, byUsers] }
  ]
  const plans = others.map((each, at) => ({
    ...same,
    ...each,
    environment: `client/b${at}` as const
  }))
  assert.is(foldPlans([same, ...plans]).length, plans.length + 1)
})

test('parameters of its own keep a client apart', () => {
  const install = (name: string, domain: string) =>
    aClientPlan(name, {
      version: { from: null, to: 4, pinned: false },
      changes: [aChange({ action: 'add', fields: addedFields({ parameters: { domain } }) })],
      summary: aSummary({ add: 1 })
    })
  assert.is(foldPlans([install('a', 'eu'), install('b', 'us')]).length, 2)
  assert.is(foldPlans([install('a', 'eu'), install('b', 'eu')]).length, 1)
})

test('a new name is told of each client that gets one, and is not nothing', () => {
  const text = reportPlans(
    [
      aClientPlan('acme', { renamedFrom: 'client/ac' }),
      aClientPlan('beta', { renamedFrom: 'client/bet' }),
      aClientPlan('mill')
    ],
    style
  )
  assert.fixture(
    text,
    `
client/acme and client/beta: version 4, follow prod
  client/acme: rename from client/ac
  client/beta: rename from client/bet

No other changes.

client/mill: version 4, follows prod. No changes.
`.slice(1)
  )
})

test('few clients with nothing to do are named, many are counted', () => {
  const idle = (count: number) =>
    reportPlans(
      numbered(count, 'c').map(name => aClientPlan(name)),
      style
    )
  assert.is(idle(1), 'client/c000: version 4, follows prod. No changes.\n')
  assert.is(idle(3), 'client/c000, client/c001 and client/c002: no changes.\n')
  assert.is(idle(42), '42 clients: no changes.\n')
})

test('changes that were told for a client are not told again for one that differs in consents only', () => {
  const fields = addedFields()
  const changes = [aChange({ action: 'add', fields })]
  const version = { from: null, to: 4, pinned: false }
  const summary = aSummary({ add: 1 })
  const text = reportPlans(
    [
      aClientPlan('acme', { version, changes, summary }),
      aClientPlan('beta', {
        version,
        changes,
        summary,
        authorizations: [aDue({ slot: 'client/beta', who: ['admin'] })]
      })
    ],
    style
  )
  assert.is(text.split('connector ').length, 2)
  assert.match(
    text,
    'client/beta: install version 4, follows prod\n\nThe same changes as for client/acme.\n\nAuth'
  )
})

test('of a client that differs in one change, that one is told, and the names of the others', () => {
  const version = { from: null, to: 4, pinned: false }
  const install = (name: string, domain: string) =>
    aClientPlan(name, {
      version,
      changes: [
        ...['crm', 'mail', 'pay'].map(linkName =>
          aChange({ linkName, id: linkName, action: 'add', fields: addedFields() })
        ),
        aChange({
          linkName: 'sms',
          id: 'sms',
          action: 'add',
          fields: [{ path: '/parameters/domain', before: null, after: domain }]
        }),
        aChange({ subject: 'component', linkName: 'form', id: 'form', action: 'add' })
      ],
      authorizations: ['crm', 'mail'].map(connection =>
        aDue({ connection, slot: `client/${name}`, who: ['admin'] })
      ),
      summary: aSummary({ add: 5, authorize: 2 })
    })
  const [, told] = reportPlans([install('acme', 'acme'), install('beta', 'beta')], style).split(
    '\n\nclient/beta'
  )
  assert.fixture(
    told ?? '',
    `
: install version 4, follows prod

As for client/acme: connections crm, mail and pay; component form.

+ connection sms
    parameters.domain  beta

The same authorizations as for client/acme, by its own members.

Plan: 5 to add, 0 to change, 0 to delete; 2 to authorize.
`.slice(1)
  )
})

test('clients that are removed alike are told together, with what all of them lose', () => {
  const removal = (name: string, users: number) =>
    aClientPlan(name, {
      version: { from: 4, to: null, pinned: false },
      changes: [aChange({ action: 'delete' })],
      authorizations: [
        aDue({ slot: `client/${name}`, action: 'revoke', credential: name }),
        aDue({ slot: `client/${name}`, action: 'revoke', level: 'logged-in-user', users })
      ],
      summary: aSummary({ delete: 1, revoke: 2 })
    })
  const text = reportPlans([removal('acme', 3), removal('beta', 4)], style)
  assert.match(text, 'client/acme and client/beta: remove\n')
  assert.match(
    text.replace(/\s+/g, ' '),
    'only if a member of the client revokes it before this is applied, while its file still names them: tieline revoke salesforce -e client/NAME --as EMAIL'
  )
  assert.match(
    text.replace(/\s+/g, ' '),
    'Everything that these 2 clients authorized (2 by their admins and 7 by their users) is revoked:'
  )
})

test('a message about several clients is said once, and names them', () => {
  const back = note('GOES_BACK', 'Goes back to an older version', 'Version 3 is older.')
  const own = warning('DEV_BEHIND', 'dev lags behind the working tree', 'Apply dev.')
  const plans = [
    aPlan({ environment: 'stage', diagnostics: [own] }),
    ...numbered(8, 'c').map(name => aClientPlan(name, { diagnostics: [back] })),
    aClientPlan('mill', { diagnostics: [{ ...back, detail: 'Version 2 is older.' }] })
  ]
  assert.equal(
    planDiagnostics(plans).map(each => each.detail),
    [
      'Apply dev.',
      'Version 3 is older.\n\nThis is about client/c000, client/c001, client/c002, client/c003, client/c004 and 3 others.',
      'Version 2 is older.\n\nThis is about client/mill.'
    ]
  )
})

test('two hundred clients with twenty connections each are read in a moment', () => {
  const install = (name: string, at: number) =>
    aClientPlan(name, {
      version: { from: null, to: 4, pinned: false },
      changes: numbered(20, 'crm').map((linkName, number) =>
        aChange({
          linkName,
          id: `${linkName}.1`,
          action: 'add',
          // Every other client has a domain of its own, so that nothing about it folds.
          fields: addedFields({
            parameters: { domain: at % 2 === 1 && number === 0 ? name : 'login' }
          })
        })
      ),
      authorizations: numbered(20, 'crm').map(connection =>
        aDue({ connection, id: `${connection}.1`, slot: `client/${name}`, who: ['admin'] })
      ),
      summary: aSummary({ add: 20, authorize: 20 })
    })
  const plans = numbered(200, 'c').map(install)
  const before = performance.now()
  const text = reportPlans(plans, style)
  const taken = performance.now() - before
  assert.is(foldPlans(plans).length, 101)
  assert.is(text.split(': install version 4').length, 101)
  assert.match(text, 'and 95 others:\n  install version 4, follow prod\n')
  assert.ok(taken < 5_000, `took ${taken} ms`)
})

test.run()
