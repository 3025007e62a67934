import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Definitions, type Documents, emptyContent } from '../../engine/model/documents.ts'
import type { Plan, Selection } from '../../engine/model/generated/types.ts'
import { applyChanges } from '../../engine/plan/apply-changes.ts'
import { asIfApplied } from '../../engine/plan/as-if-applied.ts'
import {
  type Item,
  type ItemKey,
  linkNameOf,
  matchSides,
  type Sides
} from '../../engine/plan/entries.ts'
import { publishSet } from '../../engine/plan/publish-set.ts'
import { aState, plainNeed } from '../support/builders.ts'
import { noDocuments, planFor, selecting } from '../support/plan-request.ts'
import { anApp, anEditOf, definitionsOf } from '../support/random-apps.ts'

const nothing = { ...emptyContent('dev') }
/** What stage has, and what dev wants of it. */
const twoSides = anApp.chain(before =>
  anEditOf(before).map(after => {
    const recorded = definitionsOf(before, nothing, 1)
    const dev = { ...nothing, ...recorded }
    return { recorded, wanted: definitionsOf(after, dev, 2) }
  })
)

function stage(recorded: Definitions): Documents {
  return { ...noDocuments, stage: aState('stage', { ...recorded, version: 1 }) }
}

function publish(
  wanted: Definitions,
  documents: Documents,
  selection: Selection = selecting()
): Plan {
  return planFor('stage', wanted, documents, { selection })
}

function somewhere(sides: Sides, picks: readonly number[]): readonly ItemKey[] {
  const keys = [...sides.items.keys()]
  return keys.length === 0 ? [] : [...new Set(picks.map(pick => keys[pick % keys.length] ?? ''))]
}
const picks = fc.array(fc.nat(20), { maxLength: 4 })

/** The rule, written once more as a check on a finished set: which items does it lack? */
function lacks(sides: Sides, set: ReadonlySet<ItemKey>): readonly ItemKey[] {
  const wanted: ItemKey[] = []
  const items = [...sides.items.values()]
  const usesIn = (side: 'wanted' | 'recorded', component: Item, connection: Item): boolean =>
    component[side]?.subject === 'component' &&
    connection[side] !== null &&
    (component[side].value as { uses: readonly string[] }).uses.includes(connection[side].linkName)
  const dependsIn = (side: 'wanted' | 'recorded', component: Item, on: Item): boolean =>
    component[side]?.subject === 'component' &&
    on[side] !== null &&
    (component[side].value as { depends: readonly string[] }).depends.includes(on[side].linkName)
  const components = items.filter(item => item.subject === 'component')
  const connections = items.filter(item => item.subject === 'connection')
  for (const connection of connections) {
    const users = components.filter(
      each => usesIn('wanted', each, connection) || usesIn('recorded', each, connection)
    )
    if (set.has(connection.key)) wanted.push(...users.map(each => each.key))
    const before = components.filter(each => usesIn('recorded', each, connection))
    if (connection.wanted === null && before.length > 0 && before.every(each => set.has(each.key)))
      wanted.push(connection.key)
  }
  for (const component of components.filter(each => set.has(each.key))) {
    wanted.push(
      ...connections
        .filter(each => each.changed && usesIn('wanted', component, each))
        .map(each => each.key)
    )
    wanted.push(
      ...components
        .filter(each => each.changed && dependsIn('wanted', component, each))
        .map(each => each.key)
    )
    if (component.recorded !== null && component.wanted?.linkName !== component.recorded.linkName)
      wanted.push(
        ...components.filter(each => dependsIn('recorded', each, component)).map(each => each.key)
      )
  }
  for (const item of items.filter(
    each => each.changed && set.has(each.key) && each.wanted !== null
  )) {
    for (const other of items.filter(
      each => each.subject === item.subject && each.key !== item.key && each.recorded !== null
    )) {
      const sameLink = other.recorded?.linkName === item.wanted?.linkName
      const sameName =
        item.subject === 'connection' && other.recorded?.value.name === item.wanted?.value.name
      if (sameLink || sameName) wanted.push(other.key)
    }
  }
  return wanted.filter(key => !set.has(key))
}

test('a publish set is closed, and nothing can be taken out of it', () => {
  fc.assert(
    fc.property(twoSides, picks, ({ recorded, wanted }, chosen) => {
      const sides = matchSides(wanted, recorded)
      const selected = somewhere(sides, chosen)
      const set = new Set(publishSet(sides, selected).keys())
      assert.equal(lacks(sides, set), [])
      // The smallest: grown by the check alone, from the selection, one missing item after the other.
      const grown = new Set(selected)
      for (let more = lacks(sides, grown); more.length > 0; more = lacks(sides, grown))
        grown.add(more[0] ?? '')
      assert.equal([...set].sort(), [...grown].sort())
    }),
    { numRuns: 400 }
  )
})

test('adding to the selection never takes anything away', () => {
  fc.assert(
    fc.property(twoSides, picks, picks, ({ recorded, wanted }, some, more) => {
      const sides = matchSides(wanted, recorded)
      const less = publishSet(sides, somewhere(sides, some))
      const all = publishSet(sides, [...somewhere(sides, some), ...somewhere(sides, more)])
      assert.ok([...less.keys()].every(key => all.has(key)))
    }),
    { numRuns: 300 }
  )
})

test('after publishing everything, a plan leaves only what is held', () => {
  fc.assert(
    fc.property(twoSides, ({ recorded, wanted }) => {
      const first = publish(wanted, stage(recorded))
      const after = applyChanges(recorded, first.changes)
      const second = publish(wanted, stage(after))
      assert.equal(second.changes, [])
      assert.equal(second.held, first.held)
      assert.is(second.version.to, second.version.from)
    }),
    { numRuns: 400 }
  )
})

test('whatever is selected, the target never holds a reference to nothing or a name twice', () => {
  fc.assert(
    fc.property(twoSides, picks, ({ recorded, wanted }, chosen) => {
      const sides = matchSides(wanted, recorded)
      const keys = somewhere(sides, chosen)
      const names = (subject: string) =>
        keys
          .filter(key => key.startsWith(subject))
          .map(key => linkNameOf(sides.items.get(key) as Item))
      const selection = selecting({
        components: names('component'),
        connections: names('connection'),
        withReferences: true
      })
      const plan = publish(wanted, stage(recorded), selection)
      const { connections, components } = applyChanges(recorded, plan.changes)
      for (const { uses, depends } of Object.values(components)) {
        assert.ok(
          uses.every(name => Object.hasOwn(connections, name)),
          `uses ${uses}`
        )
        assert.ok(
          depends.every(name => Object.hasOwn(components, name)),
          `depends ${depends}`
        )
      }
      const display = Object.values(connections).map(each => each.name)
      assert.is(new Set(display).size, display.length)
    }),
    { numRuns: 400 }
  )
})

test('an edit that is undone before it is published leaves no trace', () => {
  fc.assert(
    fc.property(
      anApp.chain(app => anEditOf(app).map(edited => ({ app, edited }))),
      ({ app, edited }) => {
        let documents: Documents = noDocuments
        const recordInDev = (wish: typeof app) => {
          const dev = { ...emptyContent('dev'), ...documents.dev }
          const definitions = definitionsOf(wish, dev, (documents.dev?.serial ?? 0) + 1)
          const plan = planFor('dev', definitions, documents)
          documents = asIfApplied(
            plan,
            documents,
            { connectors: {}, given: {}, versionDigest: null },
            plainNeed
          )
          return definitions
        }
        const first = recordInDev(app)
        documents = asIfApplied(
          publish(first, documents),
          documents,
          { connectors: {}, given: {}, versionDigest: null },
          plainNeed
        )
        const held = publish(first, documents)
        recordInDev(edited)
        const again = recordInDev(app)
        assert.equal(again, first)
        const plan = publish(again, documents)
        assert.equal(plan.changes, [])
        assert.equal(plan.held, held.held)
      }
    ),
    { numRuns: 400 }
  )
})

test.run()
