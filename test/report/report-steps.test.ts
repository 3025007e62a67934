import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { reportApplied } from '../../engine/report/report-steps.ts'
import { createStyle } from '../../engine/report/style.ts'
import { aDue } from './samples.ts'

const style = createStyle({ color: false, width: 80, unicode: true })

const nothingSeen = { steps: false, pending: false }

test('shows how each step ended, why, and what stays pending', () => {
  const text = reportApplied(
    {
      environment: 'stage',
      steps: [
        { what: 'record 3 changes in stage', outcome: 'done', detail: null },
        {
          what: 'authorize zoho_crm in stage',
          outcome: 'failed',
          detail:
            'Zoho CRM answered invalid_client: it does not know the client id.\n\nCheck the reference, then try again:\n    tieline authorize zoho_crm -e stage'
        },
        { what: 'revoke zoho_crm in shared', outcome: 'not-run', detail: null }
      ],
      pending: [aDue({ slot: 'stage' })]
    },
    style,
    nothingSeen
  )
  assert.fixture(
    text,
    `
✔ record 3 changes in stage
✖ authorize zoho_crm in stage
    Zoho CRM answered invalid_client: it does not know the client id.

    Check the reference, then try again:
        tieline authorize zoho_crm -e stage
○ revoke zoho_crm in shared (not run)

Still to authorize, by a super admin or a developer:
  + authorize salesforce in stage: not authorized yet
        tieline authorize salesforce -e stage

Apply: 1 done, 1 failed, 1 not run; 1 to authorize.
`.slice(1)
  )
})

test('when all is done there is nothing but the steps and their count', () => {
  const steps = [{ what: 'record 1 change in dev', outcome: 'done', detail: null }] as const
  assert.is(
    reportApplied({ environment: 'dev', steps, pending: [] }, style, nothingSeen),
    '✔ record 1 change in dev\n\nApply: 1 done.\n'
  )
})

test('what a person has seen already is counted, and not told again', () => {
  const steps = [
    { what: 'record 1 change in dev', outcome: 'done', detail: null },
    { what: 'authorize crm in dev', outcome: 'failed', detail: 'Refused.' }
  ] as const
  const applied = { environment: 'dev', steps, pending: [aDue()] } as const
  assert.is(
    reportApplied(applied, style, { steps: true, pending: true }),
    '✖ authorize crm in dev\n    Refused.\n\nApply: 1 done, 1 failed; 1 to authorize.\n'
  )
})

test.run()
