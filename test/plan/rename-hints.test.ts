import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Definitions, emptyContent } from '../../engine/model/documents.ts'
import type { Component, Connection, Subject } from '../../engine/model/generated/types.ts'
import { renameHints } from '../../engine/plan/rename-hints.ts'
import { assignIds } from '../../engine/resolve/assign-ids.ts'
import { aComponent, aConnection, aState } from '../support/builders.ts'
import { noDocuments, planFor } from '../support/plan-request.ts'

function definitions(
  connections: Readonly<Record<string, Partial<Connection>>>,
  components: Readonly<Record<string, Partial<Component>>> = {},
  serial: number = 1
): Definitions {
  return {
    connections: Object.fromEntries(
      Object.entries(connections).map(([name, each]) => [
        name,
        aConnection({ id: `${name}.${serial}`, ...each })
      ])
    ),
    components: Object.fromEntries(
      Object.entries(components).map(([name, each]) => [
        name,
        aComponent({ id: `${name}.${serial}`, name, ...each })
      ])
    )
  }
}

/** The hints as `sfdc > salesforce`. */
function hints(recorded: Definitions, wanted: Definitions): readonly string[] {
  const plan = planFor('dev', wanted, { ...noDocuments, dev: aState('dev', recorded) })
  const found = renameHints(plan.changes, recorded, wanted)
  assert.equal(renameHints(null, recorded, wanted), found)
  return found.map(({ detail }) => {
    const [, folder, now] = /in (connections|components)\/(\w+)\.yaml/.exec(detail) ?? []
    const [, before] = /\n {4}previously: (\w+)$/.exec(detail) ?? []
    return `${folder === 'components' ? 'component ' : ''}${before} > ${now}`
  })
}

test('a connection that comes back under another name is pointed out, with what to write where', () => {
  const [hint, ...others] = renameHints(
    null,
    definitions({ sfdc: { name: 'Salesforce Connection' } }),
    definitions({ salesforce: { name: 'Salesforce Connection 2' } }, {}, 2)
  )
  assert.equal(others, [])
  assert.equal(hint, {
    code: 'LOOKS_RENAMED',
    severity: 'warning',
    summary: 'Looks like a rename',
    detail:
      'sfdc goes away and salesforce is new, with the same settings. As it stands, the authorizations of sfdc end and salesforce has to be authorized anew, here and wherever this is published. If it is the same connection under another name, say so in connections/salesforce.yaml, and nobody is asked:\n' +
      '    previously: sfdc',
    at: null
  })
})

test('where each user authorizes, it says that all of them would have to', () => {
  const level = 'logged-in-user'
  const [hint] = renameHints(
    null,
    definitions({ a: { level } }),
    definitions({ b: { level } }, {}, 2)
  )
  assert.match(hint?.detail ?? '', 'each user has to authorize b anew')
})

test('any other setting makes it another connection', () => {
  const recorded = definitions({ sfdc: {} })
  const others: readonly Partial<Connection>[] = [
    { connector: 'zoho_crm' },
    { auth: 'jwt' },
    { level: 'logged-in-user' },
    { authorization: 'shared' },
    { allScopes: true },
    { scopes: ['api', 'full'] },
    { parameters: { domain: 'test' } },
    { client: null },
    { environments: { dev: { parameters: {}, client: null, origin: 'http://127.0.0.1:1' } } }
  ]
  for (const each of others) {
    assert.equal(
      hints(recorded, definitions({ salesforce: each }, {}, 2)),
      [],
      JSON.stringify(each)
    )
  }
  assert.equal(hints(recorded, definitions({ salesforce: { protect: true } }, {}, 2)), [
    'sfdc > salesforce'
  ])
})

test('does not guess between two that are alike, but for a display name that one of them keeps', () => {
  const names = { name: 'Main' }
  assert.equal(hints(definitions({ a: {}, b: {} }), definitions({ c: {} }, {}, 2)), [])
  assert.equal(hints(definitions({ a: {} }), definitions({ c: {}, d: {} }, {}, 2)), [])
  assert.equal(
    hints(
      definitions({ a: { name: 'One' }, b: { name: 'Two' } }),
      definitions({ c: { name: 'Three' }, d: { name: 'Four' } }, {}, 2)
    ),
    []
  )
  assert.equal(
    hints(definitions({ a: names }), definitions({ c: { name: 'Other' }, d: names }, {}, 2)),
    ['a > d']
  )
})

test('a component is known by its source, by its name, or by a source that moved along', () => {
  const source = (glob: string, digit: string) => ({ glob, digest: `sha256:${digit.repeat(64)}` })
  const pairs: readonly (readonly [Partial<Component>, Partial<Component>, boolean])[] = [
    [{ source: source('f/*.js', 'a') }, { source: source('g/*.js', 'a'), name: 'New' }, true],
    [{ name: 'Leads' }, { name: 'Leads', source: source('f/*.js', 'a') }, true],
    [{ source: source('f/old.*', 'a') }, { source: source('f/new.*', 'b') }, true],
    [{ source: source('f/x.*', 'a') }, { source: source('f/x.*', 'b') }, true],
    [{ source: source('f/x.*', 'a') }, { source: source('f/y.*', 'b') }, false],
    [{ name: 'Leads' }, { name: 'Contacts' }, false],
    [{ name: 'Leads' }, { name: 'Leads', kind: 'page' }, false],
    [{ name: 'Leads', uses: ['crm'] }, { name: 'Leads' }, false],
    [{}, {}, true]
  ]
  for (const [before, now, isAlike] of pairs) {
    const found = hints(
      definitions({ crm: {} }, { old: before }),
      definitions({ crm: { id: 'crm.1' } }, { new: now }, 2)
    )
    assert.equal(found, isAlike ? ['component old > new'] : [], JSON.stringify([before, now]))
  }
})

test('references follow what was renamed, with `previously` or not', () => {
  const recorded = definitions(
    { sfdc: {}, mail: { connector: 'mail' } },
    { list: { uses: ['mail', 'sfdc'] }, page: { depends: ['list'] }, site: { depends: ['page'] } }
  )
  const wanted = definitions(
    { salesforce: {}, post: { id: 'mail.1', connector: 'mail' } },
    {
      leads: { uses: ['post', 'salesforce'] },
      view: { depends: ['leads'] },
      web: { depends: ['view'] }
    },
    2
  )
  assert.equal(hints(recorded, wanted), [
    'sfdc > salesforce',
    'component list > leads',
    'component page > view',
    'component site > web'
  ])
})

test('hundreds that are alike are passed over without a guess, quickly', () => {
  const many = (prefix: string) =>
    Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`${prefix}${at}`, {}]))
  const before = performance.now()
  const recorded = definitions(many('a'), many('c'))
  const wanted = definitions(many('b'), many('d'), 2)
  assert.equal(renameHints(null, recorded, wanted), [])
  assert.ok(performance.now() - before < 3_000)
})

const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,7}$/)

const connection: fc.Arbitrary<Partial<Connection>> = fc.record({
  name: fc.constantFrom('Alpha', 'Beta', 'Gamma'),
  connector: fc.constantFrom('salesforce', 'twilio'),
  level: fc.constantFrom('administrator', 'logged-in-user'),
  scopes: fc.subarray(['api', 'full']),
  parameters: fc.constantFrom({}, { domain: 'eu' }),
  protect: fc.boolean()
})

const component = fc.record({
  named: fc.option(fc.constantFrom('Lead Form', 'Report')),
  kind: fc.constantFrom('form', 'page'),
  uses: fc.array(fc.nat(20), { maxLength: 3 }),
  depends: fc.array(fc.nat(20), { maxLength: 2 }),
  source: fc.option(fc.tuple(fc.constantFrom('*.js', 'forms/*.js'), fc.constantFrom('a', 'b')))
})

/** A workspace, which of its entries is renamed, and to what. */
const workspaces = fc
  .record({
    connections: fc.uniqueArray(fc.tuple(name, connection), {
      selector: ([each]) => each,
      maxLength: 6
    }),
    components: fc.uniqueArray(fc.tuple(name, component), {
      selector: ([each]) => each,
      maxLength: 6
    }),
    chosen: fc.nat(),
    to: name
  })
  .filter(({ connections, components, to }) => {
    const taken = [...connections, ...components].map(([each]) => each)
    return taken.length > 0 && !taken.includes(to)
  })

type Workspace = typeof workspaces extends fc.Arbitrary<infer T> ? T : never

/** What dev has recorded, and what it wants with one entry renamed. */
function renamed(workspace: Workspace, saysSo: boolean) {
  const { connections, components, chosen, to } = workspace
  const all: readonly (readonly [Subject, string])[] = [
    ...connections.map(([each]) => ['connection', each] as const),
    ...components.map(([each]) => ['component', each] as const)
  ]
  const [subject, from] = all[chosen % all.length] ?? ['connection', '']
  const build = (names: (subject: Subject, name: string) => string, recorded?: Definitions) => {
    const idsOf = (kind: Subject, before: Definitions['connections'] | Definitions['components']) =>
      assignIds(
        (kind === 'connection' ? connections : components).map(([each]) => ({
          linkName: names(kind, each),
          previously: saysSo && kind === subject && each === from ? from : undefined
        })),
        before,
        {},
        recorded === undefined ? 1 : 2
      )
    const connectionIds = idsOf('connection', recorded?.connections ?? {})
    const componentIds = idsOf('component', recorded?.components ?? {})
    const pick = (
      kind: Subject,
      list: readonly (readonly [string, unknown])[],
      at: readonly number[]
    ) =>
      [
        ...new Set(
          at.flatMap(each => {
            const found = list[each % Math.max(1, list.length)]
            return found === undefined ? [] : [names(kind, found[0])]
          })
        )
      ].sort()
    const built: Definitions = {
      connections: Object.fromEntries(
        connections.map(([each, value]) => {
          const linkName = names('connection', each)
          return [linkName, aConnection({ ...value, id: connectionIds.get(linkName) ?? '' })]
        })
      ),
      components: Object.fromEntries(
        components.map(([each, { named, uses, depends, source, kind }]) => {
          const linkName = names('component', each)
          return [
            linkName,
            aComponent({
              id: componentIds.get(linkName) ?? '',
              name: named ?? linkName,
              kind,
              uses: pick('connection', connections, uses),
              // Nothing depends on itself.
              depends: pick('component', components, depends).filter(other => other !== linkName),
              source:
                source === null
                  ? null
                  : { glob: source[0], digest: `sha256:${source[1].repeat(64)}` }
            })
          ]
        })
      )
    }
    return built
  }
  const recorded = build((_, each) => each)
  const wanted = build((kind, each) => (kind === subject && each === from ? to : each), recorded)
  return { subject, from, to, recorded, wanted }
}

test('one entry renamed and nothing else gives exactly that hint', () => {
  fc.assert(
    fc.property(workspaces, workspace => {
      const { subject, from, to, recorded, wanted } = renamed(workspace, false)
      const kind = subject === 'component' ? 'component ' : ''
      const found = renameHints(null, recorded, wanted)
      assert.is(found.length, 1)
      assert.match(found[0]?.detail ?? '', `${subject}s/${to}.yaml`)
      assert.match(found[0]?.detail ?? '', `previously: ${from}`)
      const isProtected = recorded.connections[from]?.protect === true && subject === 'connection'
      if (!isProtected) assert.equal(hints(recorded, wanted), [`${kind}${from} > ${to}`])
    }),
    { numRuns: 300 }
  )
})

test('with `previously` it is a rename, and there is nothing to point out', () => {
  fc.assert(
    fc.property(workspaces, workspace => {
      const { subject, from, to, recorded, wanted } = renamed(workspace, true)
      const dev = { ...aState('dev', { ...emptyContent('dev'), ...recorded }) }
      const { changes } = planFor('dev', wanted, { ...noDocuments, dev })
      assert.ok(changes.some(each => each.action === 'rename' && each.from === from))
      assert.ok(
        changes.every(
          each => each.action !== 'add' && (each.subject !== subject || each.linkName !== from)
        ),
        to
      )
      assert.equal(hints(recorded, wanted), [])
    }),
    { numRuns: 300 }
  )
})

test.run()
