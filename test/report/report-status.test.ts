import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type {
  ConnectionStatus,
  PersonalAuthorization,
  StatusCause
} from '../../engine/model/generated/types.ts'
import { reportRevoke } from '../../engine/report/report-revoke.ts'
import { reportStatus } from '../../engine/report/report-status.ts'
import { reportStatusBy } from '../../engine/report/report-status-by.ts'
import { createStyle } from '../../engine/report/style.ts'

const style = createStyle({ color: false, width: 80, unicode: true })

function aStatus(overrides: Partial<ConnectionStatus> = {}): ConnectionStatus {
  return {
    connection: 'salesforce',
    status: 'connected',
    account: { id: '005', name: 'admin@acme.example' },
    by: 'ana@example.com',
    at: '2026-11-02T09:30:11.123Z',
    asked: [],
    granted: [],
    missing: [],
    adopted: true,
    expiresAt: '2026-11-02T10:30:11Z',
    cause: null,
    users: null,
    ...overrides
  }
}

const nobody = { account: null, by: null, at: null, adopted: null, expiresAt: null }

test('shows each environment as a table, and what to do about what is not connected', () => {
  const report = reportStatus(
    {
      environments: [
        {
          environment: 'dev',
          connections: [
            aStatus(),
            aStatus({ connection: 'twilio', status: 'pending', ...nobody }),
            aStatus({ connection: 'zoho_crm', missing: ['crm.ALL'], adopted: false })
          ]
        },
        {
          environment: 'stage',
          connections: [
            aStatus({ status: 'needs-reauthorization', missing: ['api', 'refresh_token'] }),
            aStatus({ connection: 'twilio', status: 'credential-not-here' }),
            aStatus({ connection: 'zoho_crm', status: 'expiring' }),
            aStatus({ connection: 'zoho_projects', status: 'drifted' }),
            aStatus({ connection: 'zoho_search', status: 'revoked' })
          ]
        },
        { environment: 'prod', connections: [] }
      ]
    },
    style
  )
  assert.fixture(
    report,
    `
dev
  ✔ salesforce  connected  admin@acme.example  by ana@example.com  2026-11-02
  ○ twilio      pending
    tieline authorize twilio -e dev
  ✔ zoho_crm    connected  admin@acme.example  by ana@example.com  2026-11-02
    missing crm.ALL
    not adopted yet: waits for a reader of its slot

stage
  ✖ salesforce     needs-reauthorization
    admin@acme.example, by ana@example.com, 2026-11-02
    missing api, refresh_token
    tieline authorize salesforce -e stage
  ? twilio         credential-not-here
    admin@acme.example, by ana@example.com, 2026-11-02
  ! zoho_crm       expiring
    admin@acme.example, by ana@example.com, 2026-11-02
    expires 2026-11-02 10:30 UTC
  ! zoho_projects  drifted
    admin@acme.example, by ana@example.com, 2026-11-02
    tieline authorize zoho_projects -e stage
  ✖ zoho_search    revoked
    admin@acme.example, by ana@example.com, 2026-11-02
    tieline authorize zoho_search -e stage

prod: no connections
`.slice(1)
  )
})

test('tells why something needs attention, and how many people authorized for themselves', () => {
  const needs = (connection: string, cause: StatusCause) =>
    aStatus({ connection, status: 'needs-reauthorization', cause })
  const report = reportStatus(
    {
      environments: [
        {
          environment: 'prod',
          connections: [
            needs('a', 'basis-changed'),
            needs('b', 'slot-changed'),
            needs('c', 'scopes-added'),
            needs('d', 'expired'),
            needs('e', 'grant-gone'),
            needs('f', 'interrupted-refresh'),
            aStatus({ connection: 'g', status: 'drifted', cause: 'scopes-lost' }),
            aStatus({ connection: 'h', status: 'drifted', cause: 'account-changed' }),
            aStatus({ connection: 'i', adopted: false, cause: 'not-adopted' }),
            aStatus({ connection: 'j', status: 'revoked', cause: 'revoked' }),
            aStatus({ connection: 'k', users: 1 }),
            aStatus({
              ...nobody,
              connection: 'l',
              status: 'pending',
              cause: 'never-authorized',
              users: 0
            })
          ]
        }
      ]
    },
    style
  )
  const facts = '  admin@acme.example  by ana@example.com  2026-11-02'
  assert.fixture(
    report,
    `
prod
  ✖ a  needs-reauthorization${facts}
    the connection changed since it was authorized
    tieline authorize a -e prod
  ✖ b  needs-reauthorization${facts}
    the authorization moves: the one before still serves
    tieline authorize b -e prod
  ✖ c  needs-reauthorization${facts}
    scopes were added since it was authorized
    tieline authorize c -e prod
  ✖ d  needs-reauthorization${facts}
    it expired
    tieline authorize d -e prod
  ✖ e  needs-reauthorization${facts}
    the service has ended it
    tieline authorize e -e prod
  ✖ f  needs-reauthorization${facts}
    lost in a refresh that was cut off
    tieline authorize f -e prod
  ! g  drifted              ${facts}
    the service took scopes back
    tieline authorize g -e prod
  ! h  drifted              ${facts}
    the service tells another account than the one that was authorized
    tieline authorize h -e prod --switch-account
  ✔ i  connected            ${facts}
    not adopted yet: waits for a reader of its slot
  ✖ j  revoked              ${facts}
    tieline authorize j -e prod
  ✔ k  connected            ${facts}
    authorized by 1 user
  ○ l  pending
    nobody has authorized it yet
    tieline authorize l -e prod
`.slice(1)
  )
  assert.ok(report.split('\n').every(each => each.length <= 80))
})

const personal: PersonalAuthorization = {
  connection: 'salesforce',
  slot: 'prod',
  level: 'administrator',
  user: null,
  state: 'in-use',
  environments: ['prod'],
  account: { id: '005', name: 'admin@acme.example' },
  by: 'jo@example.com',
  at: '2026-11-02T09:30:11.123Z',
  granted: [],
  adopted: true,
  ended: null,
  commands: ['tieline authorize salesforce -e prod --switch-account']
}

test('what one person authorized is grouped by what is to be done when they leave', () => {
  const report = reportStatusBy(
    {
      by: 'jo@example.com',
      authorizations: [
        personal,
        {
          ...personal,
          connection: 'twilio',
          slot: 'shared',
          state: 'own',
          level: 'logged-in-user',
          user: 'jo@example.com',
          environments: ['dev', 'stage', 'prod'],
          adopted: false,
          commands: ['tieline revoke twilio -e dev --user jo@example.com']
        },
        {
          ...personal,
          connection: 'zoho_crm',
          slot: 'dev',
          state: 'unused',
          environments: [],
          adopted: null,
          commands: ['tieline apply -e dev']
        },
        {
          ...personal,
          connection: 'old',
          slot: 'dev',
          state: 'ended',
          environments: [],
          ended: { cause: 'revoked', by: 'ana@example.com', at: '2026-11-03T09:30:11.123Z' },
          commands: []
        }
      ]
    },
    style
  )
  assert.fixture(
    report,
    `
What jo@example.com authorized

In use: when somebody else authorizes these, what was given before ends:
  ✔ salesforce in prod: admin@acme.example, 2026-11-02, used by prod
      tieline authorize salesforce -e prod --switch-account

Their own:
  ✔ twilio in shared (dev, stage and prod): admin@acme.example, 2026-11-02, not
    adopted yet
      tieline revoke twilio -e dev --user jo@example.com

Not used any more:
  ○ zoho_crm in dev: admin@acme.example, 2026-11-02, credential not here
      tieline apply -e dev

Ended already:
  ✖ old in dev: admin@acme.example, 2026-11-02, revoked 2026-11-03
`.slice(1)
  )
})

test('a person who authorized nothing is told so', () => {
  assert.is(
    reportStatusBy({ by: 'jo@example.com', authorizations: [] }, style),
    'jo@example.com has authorized nothing that is still known.\n'
  )
})

test('what was ended is told with what is left to do at the service', () => {
  const account = { id: '005', name: 'admin@acme.example' }
  const ended = { slot: 'shared', user: null, account, environments: ['dev', 'prod'] } as const
  const own = { slot: 'prod', user: 'jo@example.com', account, environments: [] } as const
  const report = reportRevoke(
    {
      connection: 'forge',
      revoked: [
        { ...ended, service: 'ended', said: null },
        { ...own, service: 'not-asked', said: 'Forge has no way to revoke. Remove it there.' }
      ]
    },
    style
  )
  assert.fixture(
    report,
    `
✔ forge in shared (dev, stage and prod) as admin@acme.example is ended here and
  at the service: dev and prod wait
! forge in prod as admin@acme.example of jo@example.com is ended here
    Forge has no way to revoke. Remove it there.
`.slice(1)
  )
})

test('says so when there are no connections at all, or nothing is applied yet', () => {
  assert.is(
    reportStatus({ environments: [] }, style),
    'Nothing is applied yet:\n    tieline apply\n'
  )
  assert.is(
    reportStatus({ environments: [{ environment: 'dev', connections: [] }] }, style),
    'No connections.\n'
  )
})

test.run()
