import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Plan } from '../../engine/model/generated/types.ts'
import { reportPlan } from '../../engine/report/report-plan.ts'
import { reportPlans } from '../../engine/report/report-plans.ts'
import { createStyle } from '../../engine/report/style.ts'
import { aChange, aDue, addedFields, aPlan, aSummary, digestFrom } from './samples.ts'

const style = createStyle({ color: false, width: 80, unicode: true })

function looks(plan: Plan, text: string): void {
  assert.fixture(reportPlan(plan, style), text.slice(1))
}

test('says no changes, and nothing else, when there is nothing to do', () => {
  looks(
    aPlan(),
    `
No changes.
`
  )
})

test('shows a new connection in the order of a spec, without what is empty or default', () => {
  const plan = aPlan({
    changes: [
      aChange({ action: 'add', fields: addedFields(), because: [{ code: 'DECLARED' }] }),
      aChange({
        subject: 'component',
        linkName: 'lead_form',
        action: 'add',
        because: [{ code: 'DECLARED' }],
        fields: [
          { path: '/depends', before: null, after: [] },
          { path: '/id', before: null, after: 'lead_form.1' },
          { path: '/kind', before: null, after: 'form' },
          { path: '/name', before: null, after: 'lead_form' },
          { path: '/source/digest', before: null, after: digestFrom('ab12cd') },
          { path: '/source/glob', before: null, after: 'forms/lead_form.*' },
          { path: '/uses', before: null, after: ['salesforce', 'twilio'] }
        ]
      })
    ],
    authorizations: [aDue()],
    summary: aSummary({ add: 2, authorize: 1 })
  })
  looks(
    plan,
    `
+ connection salesforce "Salesforce Connection"
    connector                           salesforce
    auth                                oauth2
    level                               administrator
    authorization                       separate
    scopes                              api, refresh_token
    parameters.domain                   login
    client.id                           env:SALESFORCE_CLIENT_ID
    client.secret                       env:SALESFORCE_CLIENT_SECRET
    environments.dev.parameters.domain  test

+ component lead_form
    kind    form
    uses    salesforce, twilio
    source  forms/lead_form.*

Authorizations, by a super admin or a developer:
  + authorize salesforce in dev: not authorized yet
        tieline authorize salesforce -e dev

Plan: 2 to add, 0 to change, 0 to delete; 1 to authorize.
`
  )
})

test('alone in a workspace there are no roles to name', () => {
  looks(
    aPlan({ authorizations: [aDue({ who: [] })] }),
    `
No changes.

Authorizations:
  + authorize salesforce in dev: not authorized yet
        tieline authorize salesforce -e dev

Plan: 1 to authorize.
`
  )
})

test('shows what a change, a rename and a deletion do, field by field, and why', () => {
  const plan = aPlan({
    changes: [
      aChange({
        subject: 'component',
        linkName: 'contact_page',
        action: 'modify',
        fields: [
          { path: '/name', before: 'Contacts', after: 'Contact Page' },
          { path: '/source/digest', before: digestFrom('ab12cd'), after: digestFrom('ef3456') },
          { path: '/uses', before: ['sfdc', 'twilio'], after: ['salesforce', 'zoho_crm'] }
        ]
      }),
      aChange({
        action: 'rename',
        from: 'sfdc',
        because: [{ code: 'RENAMED' }],
        fields: [
          { path: '/client/secret', before: null, after: 'file:secrets/salesforce' },
          { path: '/parameters/domain', before: 'login', after: null }
        ]
      }),
      aChange({
        linkName: 'twilio',
        action: 'delete',
        because: [{ code: 'REMOVED' }],
        fields: [
          { path: '/connector', before: 'twilio', after: null },
          { path: '/name', before: 'Twilio Connection', after: null }
        ]
      }),
      aChange({
        linkName: 'zoho_crm',
        fields: [
          { path: '/allScopes', before: false, after: true },
          {
            path: '/environments/dev',
            before: {
              parameters: { data_centre: 'eu' },
              client: null,
              origin: 'http://127.0.0.1:8080'
            },
            after: null
          },
          { path: '/scopes', before: ['crm.READ', 'org.READ'], after: ['crm.ALL', 'org.READ'] }
        ]
      })
    ],
    summary: aSummary({ modify: 2, rename: 1, delete: 1 })
  })
  looks(
    plan,
    `
~ component contact_page
    name         Contacts → Contact Page
    uses         - sfdc
                 - twilio
                 + salesforce
                 + zoho_crm
    source code  changed (sha256:ab12cd → sha256:ef3456)

→ connection salesforce (was sfdc)
    parameters.domain  login → (none)
    client.secret      (none) → file:secrets/salesforce

- connection twilio "Twilio Connection"  removed from the specs

~ connection zoho_crm
    scopes: all              false → true
    scopes                   - crm.READ
                             + crm.ALL
    environments.dev.parameters.data_centre
                             eu → (none)
    environments.dev.origin  http://127.0.0.1:8080 → (none)

Plan: 0 to add, 2 to change, 1 to delete, 1 to rename.
`
  )
})

test('shows two long texts word by word', () => {
  const plan = aPlan({
    changes: [
      aChange({
        subject: 'component',
        linkName: 'visit_report',
        fields: [
          {
            path: '/name',
            before: 'The form where leads are entered by people in the field',
            after: 'The page where leads are entered by people at the desk'
          },
          {
            path: '/source/glob',
            before: 'forms/visits/reports/of/the/year/**/*.deluge',
            after: 'pages/visits/reports/of/the/year/**/*.{ts,tsx,js,jsx}'
          }
        ]
      })
    ],
    summary: aSummary({ modify: 1 })
  })
  looks(
    plan,
    `
~ component visit_report
    name    The [-form-]{+page+} where leads are entered by people [-in-]{+at+}
            the [-field-]{+desk+}
    source  - forms/visits/reports/of/the/year/**/*.deluge
            + pages/visits/reports/of/the/year/**/*.{ts,tsx,js,jsx}

Plan: 0 to add, 1 to change, 0 to delete.
`
  )
})

test('a publish tells its version, why components go along and who has to authorize what again', () => {
  const plan = aPlan({
    environment: 'stage',
    source: { environment: 'dev', serial: 7, definitions: digestFrom('ab12cd') },
    version: { from: 3, to: 4, pinned: false },
    selection: {
      components: ['lead_form'],
      connections: [],
      withReferences: true,
      version: null
    },
    changes: [
      aChange({
        subject: 'component',
        linkName: 'contact_page',
        action: 'carry',
        because: [{ code: 'REFERENCES_CHANGED_CONNECTION', connection: 'salesforce' }]
      }),
      aChange({
        subject: 'component',
        linkName: 'report',
        action: 'carry',
        because: [
          { code: 'REFERENCES_CHANGED_CONNECTION', connection: 'salesforce' },
          { code: 'REFERENCES_CHANGED_CONNECTION', connection: 'zoho_crm' },
          { code: 'DEPENDED_ON', component: 'lead_form' }
        ]
      }),
      aChange({
        because: [{ code: 'USED_BY_SELECTED', component: 'lead_form' }],
        fields: [{ path: '/scopes', before: ['api'], after: ['api', 'refresh_token'] }]
      })
    ],
    authorizations: [
      aDue({
        action: 'reauthorize',
        slot: 'stage',
        credential: 'c1',
        reasons: [
          { code: 'SCOPES_ADDED', scopes: ['refresh_token'] },
          { code: 'SLOT_CHANGED', from: 'shared', to: 'stage' }
        ],
        addedScopes: ['refresh_token']
      }),
      aDue({
        connection: 'drive',
        id: 'drive.2',
        action: 'reauthorize',
        level: 'logged-in-user',
        slot: 'shared',
        reasons: [{ code: 'SCOPES_ADDED', scopes: ['files.read'] }],
        addedScopes: ['files.read'],
        removedScopes: ['files.list'],
        who: ['each-user'],
        users: 3
      }),
      aDue({
        connection: 'zoho_crm',
        id: 'zoho_crm.1',
        slot: 'shared',
        action: 'inherit',
        credential: 'c2',
        reasons: [{ code: 'COVERED_BY_SHARED' }]
      }),
      aDue({
        connection: 'zoho_projects',
        id: 'zoho_projects.1',
        slot: 'stage',
        action: 'keep',
        credential: 'c3',
        reasons: [{ code: 'NARROWER_THAN_GRANTED' }],
        removedScopes: ['projects.write']
      }),
      aDue({
        slot: 'shared',
        action: 'revoke',
        credential: 'c1',
        reasons: [{ code: 'NOT_NEEDED' }]
      })
    ],
    summary: aSummary({ modify: 1, carry: 2, reauthorize: 2, inherit: 1, revoke: 1 })
  })
  looks(
    plan,
    `
stage: version 3 → 4

· component contact_page  goes along: uses salesforce, which changes

· component report
    goes along: uses salesforce and zoho_crm, which change; lead_form depends on
    it

~ connection salesforce
    used by lead_form
    scopes  + refresh_token

Authorizations, by a super admin or a developer:
  ~ authorize salesforce again in stage: adds refresh_token; the authorization
      moves from shared to stage
        tieline authorize salesforce -e stage
  ~ authorize drive again in shared (dev, stage and prod): adds files.read;
      drops files.list; concerns 3 users
      each user authorizes at first use:
        tieline authorize drive -e stage
  = zoho_crm: the shared authorization covers it, nobody is asked
  = zoho_projects in stage: stays authorized: asks for less than was granted;
      drops projects.write
  - revoke salesforce in shared (dev, stage and prod): not needed any more; ends
      after its replacement

Plan: 0 to add, 1 to change, 0 to delete, 2 go along;
      1 to authorize again, 1 by each user, 1 covered by shared, 1 to revoke.
`
  )
})

test('an open selection is not called unchanged, and its command stands once', () => {
  const message = (linkName: string) =>
    `${linkName} cannot go without contact_page. Take it along:\n    ` +
    'tieline plan -e stage --component lead_form --with-references'
  const plan = aPlan({
    environment: 'stage',
    source: { environment: 'dev', serial: 7, definitions: digestFrom('ab12cd') },
    version: { from: 3, to: 3, pinned: false },
    held: [
      {
        subject: 'component',
        linkName: 'lead_form',
        code: 'NEEDS_COMPONENTS',
        message: message('lead_form'),
        missing: [
          {
            component: 'contact_page',
            because: { code: 'DEPENDED_ON', component: 'lead_form' }
          }
        ]
      },
      {
        subject: 'connection',
        linkName: 'salesforce',
        code: 'NEEDS_COMPONENTS',
        message: message('salesforce'),
        missing: [
          {
            component: 'contact_page',
            because: { code: 'REFERENCES_CHANGED_CONNECTION', connection: 'salesforce' }
          }
        ]
      }
    ],
    summary: aSummary({ held: 2 })
  })
  looks(
    plan,
    `
The selection cannot be published as it is.

Held back:
  ! component lead_form: cannot go without components that are not selected:
      component contact_page: lead_form depends on it
  ! connection salesforce: cannot go without components that are not selected:
      component contact_page: uses salesforce
  To take along what is missing:
      tieline plan -e stage --component lead_form --with-references

Plan: 2 held back.
`
  )
})

test('what is held and what is pending stand below no changes', () => {
  const plan = aPlan({
    environment: 'prod',
    source: { environment: 'stage', serial: 4, definitions: digestFrom('ab12cd') },
    version: { from: 2, to: 2, pinned: true },
    held: [
      {
        subject: 'connection',
        linkName: 'sandbox',
        code: 'UNREFERENCED',
        message: 'No component uses sandbox. It goes along once one does; until then it stays.',
        missing: []
      },
      {
        subject: 'connection',
        linkName: 'twilio',
        code: 'STILL_REFERENCED',
        message: 'twilio is deleted once alarm no longer uses it.',
        missing: [
          {
            component: 'alarm',
            because: { code: 'REFERENCES_CHANGED_CONNECTION', connection: 'twilio' }
          }
        ]
      }
    ],
    authorizations: [
      aDue({
        slot: 'prod',
        action: 'reauthorize',
        credential: 'c1',
        reasons: [{ code: 'EXPIRED' }],
        who: ['super-admin', 'admin', 'developer']
      })
    ],
    summary: aSummary({ held: 2, reauthorize: 1 })
  })
  looks(
    plan,
    `
prod: stays pinned at 2

No changes.

Held back:
  ! connection sandbox: No component uses sandbox. It goes along once one does;
      until then it stays.
  ! connection twilio: is deleted once these no longer use it:
      component alarm

Authorizations, by a super admin, an admin or a developer:
  ~ authorize salesforce again in prod: the authorization expired
        tieline authorize salesforce -e prod

Plan: 1 to authorize again; 2 held back.
`
  )
})

test('the version line tells a first version, a way back, a pin and its end', () => {
  const lineOf = (version: Plan['version'], asked: Plan['selection']['version'] = null) => {
    const selection = { components: [], connections: [], withReferences: false, version: asked }
    return reportPlan(aPlan({ environment: 'prod', version, selection }), style).split('\n')[0]
  }
  assert.is(lineOf({ from: null, to: 1, pinned: false }), 'prod: version 1, the first')
  assert.is(lineOf({ from: 4, to: 3, pinned: true }, 3), 'prod: version 4 → 3, pinned')
  assert.is(lineOf({ from: 3, to: 3, pinned: true }, 3), 'prod: version 3, pinned')
  assert.is(lineOf({ from: 3, to: 3, pinned: true }), 'prod: stays pinned at 3')
  assert.is(lineOf({ from: 3, to: 3, pinned: false }, 'latest'), 'prod: version 3, not pinned')
  assert.is(lineOf({ from: 3, to: 3, pinned: false }), 'No changes.')
})

test('says new in which version only where the version line does not say it', () => {
  const textOf = (to: number) =>
    reportPlan(
      aPlan({
        environment: 'prod',
        version: { from: 2, to, pinned: false },
        changes: [
          aChange({
            because: [{ code: 'NEW_VERSION', version: 3 }],
            fields: [{ path: '/level', before: 'administrator', after: 'logged-in-user' }]
          })
        ]
      }),
      style
    )
  assert.not.match(textOf(3), 'new in version')
  assert.match(textOf(4), '    new in version 3\n')
})

test('the whole road has a heading for each environment, and one line for those without changes', () => {
  const changes = [
    aChange({ fields: [{ path: '/level', before: 'administrator', after: 'logged-in-user' }] })
  ]
  const text = reportPlans(
    [
      aPlan(),
      aPlan({
        environment: 'stage',
        version: { from: null, to: 1, pinned: false },
        changes,
        summary: aSummary({ modify: 1 })
      }),
      aPlan({ environment: 'prod', version: { from: 2, to: 2, pinned: true } })
    ],
    style
  )
  assert.fixture(
    text,
    `
dev: No changes.

stage: version 1, the first

~ connection salesforce
    level  administrator → logged-in-user

Plan: 0 to add, 1 to change, 0 to delete.

prod: stays pinned at 2. No changes.
`.slice(1)
  )
})

test('in plain ASCII, arrows and symbols are spelt', () => {
  const plain = createStyle({ color: false, width: 80, unicode: false })
  const plan = aPlan({
    changes: [
      aChange({
        action: 'rename',
        from: 'sfdc',
        fields: [{ path: '/level', before: 'administrator', after: 'logged-in-user' }]
      })
    ],
    summary: aSummary({ rename: 1 })
  })
  assert.match(reportPlan(plan, plain), /^[\n -~]*$/)
  assert.match(reportPlan(plan, plain), '> connection salesforce (was sfdc)\n')
  assert.match(reportPlan(plan, plain), 'level  administrator -> logged-in-user\n')
})

test.run()
