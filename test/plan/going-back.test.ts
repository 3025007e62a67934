import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Definitions } from '../../engine/model/documents.ts'
import type { Component, Connection } from '../../engine/model/generated/types.ts'
import { goingBack, type WayBack } from '../../engine/plan/going-back.ts'
import { aComponent, aConnection } from '../support/builders.ts'

function definitions(
  connections: Readonly<Record<string, Partial<Connection>>>,
  components: Readonly<Record<string, Partial<Component>>> = {}
): Definitions {
  return {
    connections: Object.fromEntries(
      Object.entries(connections).map(([name, each]) => [
        name,
        aConnection({ id: `${name}.1`, ...each })
      ])
    ),
    components: Object.fromEntries(
      Object.entries(components).map(([name, each]) => [
        name,
        aComponent({ id: `${name}.1`, ...each })
      ])
    )
  }
}

function aVersion(version: number, note: string | null = null): WayBack['between'][number] {
  return { version, by: 'ana@example.com', at: `2026-03-0${version % 10}T10:00:00.000Z`, note }
}

const same = definitions({ crm: {} })

test('says nothing where a plan stays or goes forward', () => {
  const way = { recorded: same, wanted: same, between: [aVersion(4)] }
  assert.is(goingBack({ ...way, from: 3, to: 4 }), null)
  assert.is(goingBack({ ...way, from: 3, to: 3 }), null)
  assert.is(goingBack({ ...way, from: null, to: 3 }), null)
  assert.is(goingBack({ ...way, from: 3, to: null }), null)
})

test('says what an older version lacks, what it calls otherwise, and whose publishes are given up', () => {
  const told = goingBack({
    from: 6,
    to: 4,
    recorded: definitions(
      { salesforce: { id: 'sfdc.1', scopes: ['api', 'full', 'web'] }, billing: {}, crm: {} },
      { contact_form: { id: 'lead_form.1' }, invoice: {} }
    ),
    wanted: definitions(
      { sfdc: { scopes: ['api'] }, crm: { scopes: ['api', 'full'] }, fax: {} },
      { lead_form: {} }
    ),
    between: [aVersion(4, 'Not given up'), aVersion(5, 'Add billing'), aVersion(6), aVersion(7)]
  })
  assert.is(told?.code, 'GOES_BACK')
  assert.is(told?.severity, 'note')
  assert.fixture(
    told?.detail ?? '',
    `
Version 4 is older than version 6, which runs now. It gives up:
- version 6 by ana@example.com on 2026-03-06
- version 5 by ana@example.com on 2026-03-05: Add billing

Connections that it does not have: billing.
Components that it does not have: invoice.
Scopes that it does not ask for: salesforce loses full, web.
Names that go back: salesforce to sfdc, contact_form to lead_form.

No authorization is revoked, and going forward again asks nobody.`.slice(1)
  )
})

test('where nothing is lost, only the versions are told', () => {
  const told = goingBack({ from: 5, to: 4, recorded: same, wanted: same, between: [aVersion(5)] })
  assert.is(
    told?.detail,
    'Version 4 is older than version 5, which runs now. It gives up:\n' +
      '- version 5 by ana@example.com on 2026-03-05\n\n' +
      'No authorization is revoked, and going forward again asks nobody.'
  )
})

test('stays short however much is lost, and says how much it leaves out', () => {
  const many = Array.from({ length: 400 }, (_, at) => `c${String(at).padStart(3, '0')}`)
  const scopes = many.map(each => `scope_${each}`)
  const named = (prefix: string) =>
    Object.fromEntries(many.map(name => [`${prefix}${name}`, { id: `${name}.1` }]))
  const asking = (prefix: string, wanted: readonly string[]) =>
    Object.fromEntries(many.map(name => [`${prefix}${name}`, { id: `k${name}.1`, scopes: wanted }]))
  const told = goingBack({
    from: 900,
    to: 1,
    recorded: definitions({ ...named('gone_'), ...asking('new_', scopes) }, named('comp_')),
    wanted: definitions(asking('old_', [])),
    between: Array.from({ length: 899 }, (_, at) => aVersion(at + 2, 'long note '.repeat(100)))
  })
  const detail = told?.detail ?? ''
  assert.ok(detail.length < 5_000, `${detail.length} characters`)
  assert.match(detail, '\n- version 900 by ')
  assert.match(detail, '\n- and 889 before those\n')
  assert.match(detail, 'gone_c009 and 390 more.\n')
  assert.match(detail, 'scope_c004 and 395 more; new_c001 loses')
})

test('a note cannot pass for lines of the message', () => {
  const between = [aVersion(5, 'Add billing\n\n    tieline state rm crm\u2028x')]
  const told = goingBack({ from: 5, to: 4, recorded: same, wanted: same, between })
  assert.match(told?.detail ?? '', ': Add billing tieline state rm crm x\n\nNo authorization')
})

test.run()
