import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Plan } from '../../engine/model/generated/types.ts'
import { reportPlan } from '../../engine/report/report-plan.ts'
import { reportApplied } from '../../engine/report/report-steps.ts'
import { createStyle } from '../../engine/report/style.ts'
import { aChange, aClientPlan, aDue, aSummary } from './samples.ts'

const style = createStyle({ color: false, width: 80, unicode: true })

function looks(plan: Plan, text: string): void {
  assert.fixture(reportPlan(plan, style), text.slice(1))
}

function headingOf(overrides: Partial<Plan>): string | undefined {
  return reportPlan(aClientPlan('acme', overrides), style).split('\n\n')[0]
}

test('the heading says in words what happens to a client, and which version it follows', () => {
  const heading = (from: number | null, to: number | null, pinned = false) =>
    headingOf({ version: { from, to, pinned } })
  const stays = 'stays at its version (clients/acme.yaml)'
  assert.is(heading(null, 3), 'client/acme: install version 3, follows prod')
  assert.is(heading(null, 3, true), `client/acme: install version 3, ${stays}`)
  assert.is(heading(3, 4), 'client/acme: upgrade 3 → 4, follows prod')
  assert.is(heading(4, 3, true), `client/acme: go back 4 → 3, ${stays}`)
  assert.is(heading(3, 3), 'client/acme: version 3, follows prod')
  assert.is(heading(3, 3, true), `client/acme: version 3, ${stays}`)
  assert.is(heading(3, null), 'client/acme: remove')
})

test('a client that was never there and shall not be has no heading', () => {
  looks(
    aClientPlan('acme', { version: { from: null, to: null, pinned: false } }),
    '\nNo changes.\n'
  )
})

test('a client that goes on under a new name is told by both, and what else happens to it', () => {
  looks(
    aClientPlan('acme', { renamedFrom: 'client/ac' }),
    `
client/acme: rename from client/ac, version 4, follows prod

No other changes.
`
  )
  looks(
    aClientPlan('acme', {
      renamedFrom: 'client/ac',
      version: { from: 3, to: 4, pinned: true },
      changes: [aChange({ because: [{ code: 'NEW_VERSION', version: 4 }] })],
      summary: aSummary({ modify: 1 })
    }),
    `
client/acme:
  rename from client/ac, upgrade 3 → 4, stays at its version (clients/acme.yaml)

~ connection salesforce

Plan: 0 to add, 1 to change, 0 to delete.
`
  )
})

test('an upgrade says what each role at the client has to authorize, and how many people consent again', () => {
  const slot = 'client/acme'
  looks(
    aClientPlan('acme', {
      version: { from: 3, to: 4, pinned: false },
      changes: [
        aChange({
          because: [{ code: 'NEW_VERSION', version: 4 }],
          fields: [{ path: '/scopes', before: ['api'], after: ['api', 'refresh_token'] }]
        })
      ],
      authorizations: [
        aDue({
          slot,
          action: 'reauthorize',
          who: ['admin'],
          reasons: [{ code: 'SCOPES_ADDED', scopes: ['refresh_token'] }]
        }),
        aDue({
          connection: 'drive',
          id: 'drive.2',
          slot,
          level: 'logged-in-user',
          action: 'reauthorize',
          who: ['each-user'],
          reasons: [{ code: 'SCOPES_ADDED', scopes: ['files.read'] }],
          users: 12
        }),
        aDue({
          connection: 'mail',
          id: 'mail.4',
          slot,
          level: 'logged-in-user',
          action: 'authorize',
          who: ['each-user']
        }),
        aDue({ connection: 'billing', id: 'billing.4', slot, who: ['admin'] }),
        aDue({
          connection: 'fax',
          id: 'fax.1',
          slot,
          action: 'revoke',
          who: ['admin'],
          credential: 'c1',
          reasons: [{ code: 'NOT_NEEDED' }]
        })
      ],
      summary: aSummary({ modify: 1, authorize: 2, reauthorize: 2, revoke: 1 })
    }),
    `
client/acme: upgrade 3 → 4, follows prod

~ connection salesforce
    scopes  + refresh_token

Authorizations, by an admin of acme:
  ~ authorize salesforce again in client/acme: adds refresh_token
        tieline authorize salesforce -e client/acme --as EMAIL
  + authorize billing in client/acme: not authorized yet
        tieline authorize billing -e client/acme --as EMAIL

Authorizations, by each user of acme at first use:
  ~ authorize drive again in client/acme: adds files.read (12 people have
      authorized it before and consent again)
        tieline authorize drive -e client/acme --as EMAIL
  + authorize mail in client/acme: not authorized yet
        tieline authorize mail -e client/acme --as EMAIL

Nobody is asked:
  - revoke fax in client/acme: not needed any more
      at the service it ends only where acme removes it, in the settings of its
      own account

Plan: 0 to add, 1 to change, 0 to delete;
      1 to authorize, 1 to authorize again, 2 by each user, 1 to revoke.
`
  )
})

test('one person is told as one', () => {
  const due = aDue({
    slot: 'client/acme',
    level: 'logged-in-user',
    action: 'reauthorize',
    who: ['each-user'],
    reasons: [{ code: 'EXPIRED' }],
    users: 1
  })
  assert.match(
    reportPlan(aClientPlan('acme', { authorizations: [due] }), style).replace(/\s+/g, ' '),
    '(1 person has authorized it before and consents again)'
  )
})

test('a removal says how much is revoked and who can end the grants, and why only once', () => {
  const slot = 'client/acme'
  const revoked = { slot, action: 'revoke', reasons: [{ code: 'NOT_NEEDED' }] } as const
  const removal = aClientPlan('acme', {
    source: { environment: 'tree', serial: null, definitions: '' },
    version: { from: 3, to: null, pinned: false },
    changes: [
      aChange({
        action: 'delete',
        because: [{ code: 'REMOVED' }],
        fields: [{ path: '/name', before: 'Salesforce Connection', after: null }]
      }),
      aChange({
        subject: 'component',
        linkName: 'lead_form',
        action: 'delete',
        because: [{ code: 'REMOVED' }]
      })
    ],
    authorizations: [
      aDue({ ...revoked, credential: 'c1', who: ['admin'] }),
      aDue({ ...revoked, credential: 'c2', connection: 'zoho_crm', who: ['admin'] }),
      aDue({ ...revoked, connection: 'drive', level: 'logged-in-user', users: 17 })
    ],
    summary: aSummary({ delete: 2, revoke: 3 })
  })
  looks(
    removal,
    `
client/acme: remove

- connection salesforce "Salesforce Connection"
- component lead_form

Everything that acme authorized (2 by its admins and 17 by its users) is
  revoked:
  - revoke salesforce in client/acme
  - revoke zoho_crm in client/acme
  - revoke drive in client/acme: concerns 17 users

The services are told only if a member of acme revokes it before this is
  applied, while clients/acme.yaml still names them:
    tieline revoke salesforce -e client/acme --as EMAIL
    tieline revoke zoho_crm -e client/acme --as EMAIL
    tieline revoke drive -e client/acme --user EMAIL --as EMAIL

Plan: 0 to add, 0 to change, 2 to delete; 3 to revoke.
`
  )
  const alone = removal.authorizations.map(each => ({ ...each, who: [] }))
  assert.match(
    reportPlan({ ...removal, authorizations: alone }, style).replace(/\s+/g, ' '),
    'If acme had members of its own, the services are told only if a member of acme revokes it before'
  )
  const many = ['a', 'b', 'c', 'd', 'e', 'f'].map(connection =>
    aDue({ ...revoked, connection, who: ['admin'] })
  )
  assert.match(
    reportPlan({ ...removal, authorizations: many }, style),
    'tieline revoke d -e client/acme --as EMAIL\n    and 2 more\n'
  )
  const nothing = reportPlan({ ...removal, authorizations: [] }, style)
  assert.match(nothing, '\nNothing that acme authorized is left to revoke.\n')
})

test('what a client gave for a connection that goes away says who can end it at the service, and how', () => {
  const slot = 'client/acme'
  const ends = { slot, id: 'fax.1', connection: 'fax', action: 'revoke', reasons: [] } as const
  const told = (overrides: Partial<Plan>) =>
    reportPlan(
      aClientPlan('acme', {
        version: { from: 3, to: 4, pinned: false },
        changes: [aChange({ id: 'fax.1', linkName: 'fax', action: 'delete', because: [] })],
        ...overrides
      }),
      style
    )
  const both = [
    aDue({ ...ends, who: ['admin'], credential: 'c1' }),
    aDue({ ...ends, who: ['super-admin', 'admin'], level: 'logged-in-user', users: 2 })
  ]
  assert.match(
    told({ authorizations: both }),
    `Nobody is asked:
  - revoke fax in client/acme
      at the service it ends only if an admin of acme ends it before this is
      applied:
        tieline revoke fax -e client/acme --as EMAIL
  - revoke fax in client/acme: concerns 2 users
      at the service it ends only if each user or an admin of acme ends it
      before this is applied:
        tieline revoke fax -e client/acme --user EMAIL --as EMAIL
`
  )
  const alone = told({ authorizations: both.map(each => ({ ...each, who: [] })) })
  assert.not.match(alone, 'at the service')
})

test('alone in a workspace nobody is named by a role, nor told to act as somebody else', () => {
  const due = aDue({ slot: 'client/acme', who: [] })
  const text = reportPlan(aClientPlan('acme', { authorizations: [due] }), style)
  assert.match(text, '\nAuthorizations:\n')
  assert.match(text, '\n        tieline authorize salesforce -e client/acme\n')
})

test('what stays pending after an apply is told by role too', () => {
  const slot = 'client/acme'
  const text = reportApplied(
    {
      environment: slot,
      steps: [{ what: 'record 3 changes in client/acme', outcome: 'done', detail: null }],
      pending: [
        aDue({ slot, who: ['admin'] }),
        aDue({ slot, connection: 'drive', level: 'logged-in-user', who: ['each-user'] })
      ]
    },
    style,
    { steps: false, pending: false }
  )
  assert.fixture(
    text,
    `
✔ record 3 changes in client/acme

Still to authorize, by an admin of acme:
  + authorize salesforce in client/acme: not authorized yet
        tieline authorize salesforce -e client/acme --as EMAIL

Still to authorize, by each user of acme at first use:
  + authorize drive in client/acme: not authorized yet
        tieline authorize drive -e client/acme --as EMAIL

Apply: 1 done; 2 to authorize.
`.slice(1)
  )
})

test.run()
