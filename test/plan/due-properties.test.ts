import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Definitions } from '../../engine/model/documents.ts'
import { type Documents, emptyContent, environments } from '../../engine/model/documents.ts'
import type { Environment, Plan, State } from '../../engine/model/generated/types.ts'
import { asIfApplied } from '../../engine/plan/as-if-applied.ts'
import {
  type SlotRecord,
  servingRecord,
  usedRecord,
  visibleRecords
} from '../../engine/plan/used-record.ts'
import { aState, plainNeed } from '../support/builders.ts'
import { noDocuments, planFor } from '../support/plan-request.ts'
import { type App, anApp, anEditOf, definitionsOf } from '../support/random-apps.ts'

/** One thing that happens in the life of an app. */
type Happening =
  | { readonly what: 'dev'; readonly app: App; readonly consent: boolean }
  | { readonly what: 'stage' | 'prod'; readonly consent: boolean }

/** So many users are counted for whatever they can authorize once something happened. */
type People = readonly (number | null)[]

const lives = anApp.chain(first =>
  fc
    .array(
      fc.oneof(
        anEditOf(first).map(app => ({ what: 'dev', app }) as const),
        anApp.map(app => ({ what: 'dev', app }) as const),
        fc.constantFrom({ what: 'stage' } as const, { what: 'prod' } as const)
      ),
      { minLength: 2, maxLength: 10 }
    )
    .chain(happenings =>
      fc
        .array(fc.boolean(), { minLength: happenings.length, maxLength: happenings.length })
        .map(consents =>
          [{ what: 'dev', app: first } as const, ...happenings].map(
            (each, index): Happening => ({ ...each, consent: consents[index] ?? true })
          )
        )
    )
)

function wantedBy(happening: Happening, documents: Documents): Definitions | null {
  if (!('app' in happening)) return happening.what === 'prod' ? documents.stage : documents.dev
  const dev = { ...emptyContent('dev'), ...documents.dev }
  return definitionsOf(happening.app, dev, (documents.dev?.serial ?? 0) + 1)
}

/** What happens: the definitions are applied and, if people consent, all that is due is granted. */
function live(happening: Happening, documents: Documents): { after: Documents; plan: Plan } | null {
  const wanted = wantedBy(happening, documents)
  if (wanted === null) return null
  const plan = planFor(happening.what, wanted, documents)
  // Without consent nothing is revoked either: a replacement comes first.
  const done = happening.consent ? plan : { ...plan, authorizations: [] }
  const after = asIfApplied(
    done,
    documents,
    { connectors: {}, given: {}, versionDigest: null },
    plainNeed
  )
  return { after, plan }
}

/** Everybody who uses the environment authorizes there, and is counted. */
function peopled(
  documents: Documents,
  environment: Environment,
  count: number | null | undefined
): Documents {
  const after: Record<string, State | null | undefined> = { ...documents }
  for (const connection of Object.values(documents[environment]?.connections ?? {})) {
    const { level, slot, basis, scopes } = plainNeed(connection, environment)
    if (level !== 'logged-in-user' || count == null) continue
    const document = after[slot] ?? aState(slot)
    const others = document.users[connection.id] ?? []
    const users = {
      ...document.users,
      [connection.id]: [...others, { basis, asked: scopes, count }]
    }
    after[slot] = { ...document, users }
  }
  return after as Documents
}

type Choose = (...given: Parameters<typeof servingRecord>) => SlotRecord | undefined

function chosen(
  documents: Documents,
  environment: Environment,
  choose: Choose
): ReadonlyMap<string, SlotRecord> {
  const document = documents[environment]
  const records = visibleRecords(documents, environment)
  return new Map(
    Object.values(document?.connections ?? {}).flatMap((connection): [string, SlotRecord][] => {
      const record = choose(
        plainNeed(connection, environment),
        records,
        document?.serving[connection.id]
      )
      return record === undefined ? [] : [[connection.id, record]]
    })
  )
}

test('after all that is due was done, nothing is due', () => {
  const people: fc.Arbitrary<People> = fc.array(fc.option(fc.integer({ min: 1, max: 9 })))
  fc.assert(
    fc.property(lives, people, (happenings, counts) => {
      let documents = noDocuments
      for (const [index, happening] of happenings.entries()) {
        const lived = live(happening, documents)
        if (lived === null) continue
        documents = peopled(lived.after, happening.what, counts[index])
        const settled = live({ ...happening, consent: true }, documents)
        const again = settled && live(happening, settled.after)
        assert.equal(again?.plan.authorizations ?? [], [])
        assert.equal(again?.plan.changes ?? [], [])
      }
    }),
    { numRuns: 500 }
  )
})

test('nobody is counted as gone whose authorization an environment still wants', () => {
  const people: fc.Arbitrary<People> = fc.array(fc.option(fc.integer({ min: 1, max: 9 })))
  fc.assert(
    fc.property(lives, people, (happenings, counts) => {
      let documents = noDocuments
      for (const [index, happening] of happenings.entries()) {
        const lived = live(happening, documents)
        if (lived === null) continue
        const ends = lived.plan.authorizations.filter(
          ({ action, level }) => action === 'revoke' && level === 'logged-in-user'
        )
        for (const { id, slot, users } of ends) {
          const wanted = environments.flatMap(environment =>
            Object.values(lived.after[environment]?.connections ?? {})
              .filter(each => each.id === id && each.level === 'logged-in-user')
              .map(each => plainNeed(each, environment))
              .filter(need => need.slot === slot)
              .map(need => JSON.stringify(need.basis))
          )
          const recorded = documents[slot]?.users[id] ?? []
          const unwanted = recorded.filter(each => !wanted.includes(JSON.stringify(each.basis)))
          assert.is(
            users,
            unwanted.reduce((sum, each) => sum + each.count, 0)
          )
        }
        documents = peopled(lived.after, happening.what, counts[index])
      }
    }),
    { numRuns: 300 }
  )
})

test('no environment ever loses an authorization that it still needs', () => {
  fc.assert(
    fc.property(lives, happenings => {
      let documents = noDocuments
      for (const happening of happenings) {
        const lived = live(happening, documents)
        if (lived === null) continue
        for (const environment of environments) {
          const before = chosen(documents, environment, servingRecord)
          const after = chosen(lived.after, environment, servingRecord)
          for (const [id, record] of before) {
            const connection = Object.values(lived.after[environment]?.connections ?? {}).find(
              each => each.id === id
            )
            if (connection === undefined || connection.level !== 'administrator') continue
            const need = plainNeed(connection, environment)
            const sameBasis = JSON.stringify(need.basis) === JSON.stringify(record.record.basis)
            if (sameBasis) assert.ok(after.has(id), `${environment} lost ${id}`)
          }
        }
        documents = lived.after
      }
    }),
    { numRuns: 500 }
  )
})

test('dev never changes what stage and prod run on, nor stage what prod runs on', () => {
  fc.assert(
    fc.property(lives, happenings => {
      let documents = noDocuments
      for (const happening of happenings) {
        const lived = live(happening, documents)
        if (lived === null) continue
        for (const environment of environments.filter(each => each !== happening.what)) {
          assert.equal(lived.after[environment]?.connections, documents[environment]?.connections)
          for (const [id, record] of chosen(documents, environment, usedRecord)) {
            const after = chosen(lived.after, environment, usedRecord).get(id)
            assert.is(
              after?.credential,
              record.credential,
              `${happening.what} changed ${id} of ${environment}`
            )
          }
        }
        documents = lived.after
      }
    }),
    { numRuns: 500 }
  )
})

test.run()
