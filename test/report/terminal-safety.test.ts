import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type {
  Because,
  Change,
  Connector,
  Diagnostic,
  DueAuthorization,
  FieldChange,
  Held,
  PersonalAuthorization,
  Plan,
  Reason,
  Status
} from '../../engine/model/generated/types.ts'
import {
  connectorRow,
  reportConnector,
  reportConnectors
} from '../../engine/report/report-connectors.ts'
import { reportDiagnostics } from '../../engine/report/report-diagnostics.ts'
import { reportPlan } from '../../engine/report/report-plan.ts'
import { reportPlans } from '../../engine/report/report-plans.ts'
import { type RevokeReport, reportRevoke } from '../../engine/report/report-revoke.ts'
import { reportStatus } from '../../engine/report/report-status.ts'
import { reportStatusBy } from '../../engine/report/report-status-by.ts'
import { type Applied, reportApplied } from '../../engine/report/report-steps.ts'
import { createStyle, type Style } from '../../engine/report/style.ts'
import { aPlan, control, hostileText } from './samples.ts'

const colourless = createStyle({ color: false, width: 80, unicode: true })
const coloured = createStyle({ color: true, width: 80, unicode: true })
/** Bold, dim, and the four colours, each with its end. */
const ours = new RegExp(`${'\u001b'}\\[(?:1|2|22|31|32|33|36|39)m`, 'g')

/** Plans with any texts in them; `text` decides how bad those are. */
function plans(text: fc.Arbitrary<string>): fc.Arbitrary<Plan> {
  const texts = fc.array(text, { maxLength: 4 })
  const maybe = fc.option(text)
  const subject = fc.constantFrom('connection' as const, 'component' as const)
  const number = fc.nat(5)
  const maybeNumber = fc.option(number)

  const because: fc.Arbitrary<Because> = fc.oneof(
    fc.record({
      code: fc.constantFrom(
        ...([
          'DECLARED',
          'CHANGED',
          'REMOVED',
          'RENAMED',
          'SELECTED',
          'LAST_REFERENCE_GONE'
        ] as const)
      )
    }),
    fc.record({ code: fc.constant('REFERENCES_CHANGED_CONNECTION' as const), connection: text }),
    fc.record({
      code: fc.constantFrom(
        'USED_BY_SELECTED' as const,
        'DEPENDED_ON' as const,
        'DEPENDENCY_GONE' as const
      ),
      component: text
    }),
    fc.record({ code: fc.constant('NAME_TAKEN_OVER' as const), subject, linkName: text }),
    fc.record({ code: fc.constant('NEW_VERSION' as const), version: number })
  )
  const reason: fc.Arbitrary<Reason> = fc.oneof(
    fc.record({
      code: fc.constantFrom(
        ...(['NEVER_AUTHORIZED', 'EXPIRED', 'REVOKED', 'SCOPES_LOST'] as const),
        ...(['COVERED_BY_SHARED', 'NOT_NEEDED', 'NARROWER_THAN_GRANTED'] as const)
      )
    }),
    fc.record({ code: fc.constant('SCOPES_ADDED' as const), scopes: texts }),
    fc.record({ code: fc.constant('PARAMETERS_CHANGED' as const), parameters: texts }),
    fc.record({ code: fc.constant('ORIGIN_CHANGED' as const), from: texts, to: texts }),
    fc.record({
      code: fc.constantFrom(
        ...(['CONNECTOR_CHANGED', 'AUTH_CHANGED', 'CLIENT_CHANGED', 'LEVEL_CHANGED'] as const),
        'SLOT_CHANGED' as const
      ),
      from: maybe,
      to: maybe
    })
  )
  const value: fc.Arbitrary<unknown> = fc.oneof(
    text,
    texts,
    fc.constantFrom(null, true, false, 3),
    fc.dictionary(text, text, { maxKeys: 3 }),
    fc.array(fc.dictionary(text, text, { maxKeys: 2 }), { maxLength: 2 })
  )
  const field: fc.Arbitrary<FieldChange> = fc.record({
    path: fc.oneof(
      fc.constantFrom('/name', '/scopes', '/allScopes', '/source/digest', '/parameters/domain'),
      text.map(each => `/environments/${each}`)
    ),
    before: value,
    after: value
  })
  const change: fc.Arbitrary<Change> = fc.record({
    subject,
    linkName: text,
    from: maybe,
    id: text,
    action: fc.constantFrom(...(['add', 'modify', 'delete', 'rename', 'carry'] as const)),
    fields: fc.array(field, { maxLength: 4 }),
    because: fc.array(because, { maxLength: 3 })
  })
  const held: fc.Arbitrary<Held> = fc.record({
    subject,
    linkName: text,
    code: fc.constantFrom(...(['UNREFERENCED', 'NEEDS_COMPONENTS', 'STILL_REFERENCED'] as const)),
    message: text,
    missing: fc.array(fc.record({ component: text, because }), { maxLength: 2 })
  })
  const summary = fc.record({
    add: number,
    modify: number,
    delete: number,
    rename: number,
    carry: number,
    held: number,
    authorize: number,
    reauthorize: number,
    inherit: number,
    revoke: number
  })
  const client = text.map(each => `client/${each}` as const)
  return fc
    .record({
      environment: fc.oneof(fc.constantFrom(...(['dev', 'stage', 'prod'] as const)), client),
      renamedFrom: fc.option(client),
      version: fc.record({ from: maybeNumber, to: maybeNumber, pinned: fc.boolean() }),
      changes: fc.array(change, { maxLength: 4 }),
      held: fc.array(held, { maxLength: 3 }),
      authorizations: fc.array(dueAuthorizations(text, reason), { maxLength: 4 }),
      summary
    })
    .map(aPlan)
}

function dueAuthorizations(
  text: fc.Arbitrary<string>,
  reason: fc.Arbitrary<Reason>
): fc.Arbitrary<DueAuthorization> {
  return fc.record({
    connection: text,
    id: text,
    level: fc.constantFrom('administrator' as const, 'logged-in-user' as const),
    slot: fc.oneof(
      fc.constantFrom(...(['shared', 'dev', 'stage', 'prod'] as const)),
      text.map(each => `client/${each}` as const)
    ),
    action: fc.constantFrom(
      ...(['authorize', 'reauthorize', 'inherit', 'revoke', 'keep'] as const)
    ),
    credential: fc.option(text),
    reasons: fc.array(reason, { maxLength: 3 }),
    addedScopes: fc.array(text, { maxLength: 3 }),
    removedScopes: fc.array(text, { maxLength: 3 }),
    who: fc.subarray(['super-admin', 'admin', 'developer', 'user', 'each-user'] as const),
    users: fc.option(fc.nat(3))
  })
}

const hostilePlan = plans(hostileText)

/** Without colours no control character; with colours the same text, and nothing but our colours around it. */
function isSafe(report: (style: Style) => string): void {
  const plain = report(colourless)
  assert.not.match(plain, control)
  assert.is(withoutTrailing(report(coloured).replace(ours, '')), withoutTrailing(plain))
  assert.ok(plain === '' || plain.endsWith('\n'))
}

/** Colours hide a space at the end of a value from being trimmed. */
function withoutTrailing(text: string): string {
  return text.replace(/ +$/gm, '')
}

test('no plan gets a control character onto the terminal', () => {
  fc.assert(fc.property(hostilePlan, plan => isSafe(style => reportPlan(plan, style))))
  fc.assert(
    fc.property(fc.array(hostilePlan, { maxLength: 3 }), all =>
      isSafe(style => reportPlans(all, style))
    ),
    { numRuns: 30 }
  )
})

test('clients that are told together get no control character onto the terminal either', () => {
  const clients = fc.array(
    fc.tuple(hostileText, fc.option(hostileText.map(each => `client/${each}` as const))),
    { minLength: 2, maxLength: 9 }
  )
  fc.assert(
    fc.property(hostilePlan, clients, (plan, names) =>
      isSafe(style =>
        reportPlans(
          names.map(([name, renamedFrom]) => ({
            ...plan,
            environment: `client/${name}`,
            renamedFrom
          })),
          style
        )
      )
    ),
    { numRuns: 50 }
  )
})

test('no diagnostic and no file gets a control character onto the terminal', () => {
  const diagnostic: fc.Arbitrary<Diagnostic> = fc.record({
    code: hostileText,
    severity: fc.constantFrom('error' as const, 'warning' as const, 'note' as const),
    summary: hostileText,
    detail: hostileText,
    at: fc.option(
      fc.record({
        file: fc.constantFrom('a.yaml', 'b\u001b[2J.yaml'),
        line: fc.nat(6),
        column: fc.nat(120)
      })
    )
  })
  fc.assert(
    fc.property(fc.array(diagnostic, { maxLength: 3 }), hostileText, hostileText, (all, a, b) =>
      isSafe(style =>
        reportDiagnostics(
          all,
          new Map([
            ['a.yaml', a],
            ['b\u001b[2J.yaml', a + b + b]
          ]),
          style
        )
      )
    )
  )
})

test('no account, member, scope or step gets a control character onto the terminal', () => {
  const maybe = fc.option(hostileText)
  const status: fc.Arbitrary<Status> = fc.record({
    environments: fc.array(
      fc.record({
        environment: fc.constantFrom(...(['dev', 'stage', 'prod'] as const)),
        connections: fc.array(
          fc.record({
            connection: hostileText,
            status: fc.constantFrom(
              ...(['pending', 'connected', 'expiring', 'needs-reauthorization'] as const),
              ...(['revoked', 'drifted', 'credential-not-here'] as const)
            ),
            account: fc.option(fc.record({ id: maybe, name: hostileText })),
            by: maybe,
            at: maybe,
            asked: fc.array(hostileText),
            granted: fc.array(hostileText),
            missing: fc.array(hostileText, { maxLength: 3 }),
            adopted: fc.option(fc.boolean()),
            expiresAt: maybe,
            cause: fc.option(fc.constantFrom('expired' as const, 'account-changed' as const)),
            users: fc.option(fc.nat(3))
          }),
          { maxLength: 3 }
        )
      }),
      { maxLength: 2 }
    )
  })
  fc.assert(fc.property(status, each => isSafe(style => reportStatus(each, style))))

  const account = fc.record({ id: maybe, name: hostileText })
  const ended = fc.record({ cause: fc.constant('revoked' as const), by: maybe, at: hostileText })
  const authorization: fc.Arbitrary<PersonalAuthorization> = fc.record({
    connection: hostileText,
    slot: fc.constant('shared' as const),
    level: fc.constant('administrator' as const),
    user: maybe,
    state: fc.constantFrom(...(['in-use', 'own', 'unused', 'ended'] as const)),
    environments: fc.constant(['dev'] as const),
    account,
    by: hostileText,
    at: hostileText,
    granted: fc.array(hostileText),
    adopted: fc.option(fc.boolean()),
    ended: fc.option(ended),
    commands: fc.array(hostileText, { maxLength: 2 })
  })
  const authorizations = fc.array(authorization, { maxLength: 3 })
  fc.assert(
    fc.property(fc.record({ by: hostileText, authorizations }), each =>
      isSafe(style => reportStatusBy(each, style))
    )
  )
  const revoked: fc.Arbitrary<RevokeReport> = fc.record({
    connection: hostileText,
    revoked: fc.array(
      fc.record({
        slot: fc.constant('dev' as const),
        user: maybe,
        account,
        environments: fc.constant([]),
        service: fc.constantFrom('ended' as const, 'refused' as const),
        said: maybe
      }),
      { maxLength: 2 }
    )
  })
  fc.assert(fc.property(revoked, each => isSafe(style => reportRevoke(each, style))))

  const applied: fc.Arbitrary<Applied> = fc.record({
    environment: fc.constant('dev' as const),
    steps: fc.array(
      fc.record({
        what: hostileText,
        outcome: fc.constantFrom('done' as const, 'failed' as const, 'not-run' as const),
        detail: maybe
      }),
      { maxLength: 3 }
    ),
    pending: fc.array(dueAuthorizations(hostileText, fc.constant({ code: 'EXPIRED' as const })), {
      maxLength: 2
    })
  })
  fc.assert(
    fc.property(applied, each => {
      isSafe(style => reportApplied(each, style, { steps: false, pending: false }))
    })
  )
})

test('no connector of a workspace gets a control character onto the terminal', () => {
  const connector = fc.array(hostileText, { minLength: 8, maxLength: 8 }).map(
    ([a = '', b = '', c = '', d = '', e = '', f = '', g = '', h = '']): Connector => ({
      id: a,
      service: b,
      category: c,
      docs: d,
      levels: ['administrator'],
      parameters: {
        [e]: {
          title: f,
          description: g,
          default: h,
          values: { [a]: { [b]: c } },
          pattern: d,
          affectsAuthorization: true
        }
      },
      auth: [
        {
          id: a,
          kind: 'oauth2',
          authorizeUrl: b,
          tokenUrl: c,
          clientAuthentication: 'post',
          pkce: 'S256',
          scopeSeparator: ' ',
          scopes: { [d]: e, [f]: g },
          otherScopes: h,
          all: [a, b],
          revocation: { ends: 'none', url: c },
          redirect: { host: 'localhost', port: 1 },
          send: { in: 'header', name: d, value: e }
        },
        {
          id: f,
          kind: 'basic',
          fields: { [g]: { title: h, description: a, secret: true } },
          send: { in: 'basic', username: b, password: c }
        }
      ],
      api: {
        baseUrl: d,
        test: { method: 'GET', url: e, scopes: [f], success: { status: [200] } }
      },
      sources: [{ url: g, read: h, facts: a }]
    })
  )
  fc.assert(
    fc.property(connector, each => {
      isSafe(style => reportConnector(each, style))
      isSafe(style => reportConnectors([connectorRow(each, 'workspace')], style))
    })
  )
})

test('a plan fits into 80 columns, but for commands and words that are longer', () => {
  const word = fc.stringMatching(/^[a-z]{1,14}$/)
  const longestThatFits = 38 // beside the widest label
  fc.assert(
    fc.property(plans(word), plan => {
      const others = ['client/beta', 'client/gamma'] as const
      const wide = [
        reportPlan(plan, colourless),
        reportPlans([plan, ...others.map(environment => ({ ...plan, environment }))], colourless)
      ]
        .flatMap(text => text.split('\n'))
        .filter(line => line.length > 80 && !line.trimStart().startsWith('tieline '))
        .filter(line => line.split(' ').every(each => each.length <= longestThatFits))
      assert.equal(wide, [])
    })
  )
})

test('an added value has room beside the widest label that it may stand beside', () => {
  const label = `environments.${'a'.repeat(12)}.${'b'.repeat(10)}`
  const value = JSON.stringify({ a: 'c'.repeat(30) })
  assert.is(value.length, 38)
  const plan = aPlan({
    changes: [
      {
        subject: 'connection',
        linkName: 'crm',
        from: null,
        id: 'crm.1',
        action: 'modify',
        fields: [
          { path: `/${label.replaceAll('.', '/')}`, before: null, after: 'x' },
          { path: '/environments/a', before: [], after: [JSON.parse(value)] }
        ],
        because: []
      }
    ]
  })
  const line = reportPlan(plan, colourless)
    .split('\n')
    .find(each => each.includes(`+ ${value}`))
  assert.ok(line !== undefined && line.length <= 80, line)
})

test('link names are never split', () => {
  const linkName = fc.stringMatching(/^[a-z][a-z0-9_]{30,49}$/)
  fc.assert(
    fc.property(plans(linkName), plan => {
      const words = new Set(reportPlan(plan, colourless).split(/[^a-z0-9_]+/))
      for (const { linkName } of plan.changes) assert.ok(words.has(linkName), linkName)
    })
  )
})

test.run()
