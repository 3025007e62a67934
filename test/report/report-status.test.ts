import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ConnectionStatus } from '../../engine/model/generated/types.ts'
import { reportStatus } from '../../engine/report/report-status.ts'
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
  ✖ zoho_search    revoked
    admin@acme.example, by ana@example.com, 2026-11-02
    tieline authorize zoho_search -e stage

prod: no connections
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
