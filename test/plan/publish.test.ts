import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Definitions, Documents } from '../../engine/model/documents.ts'
import type { Plan } from '../../engine/model/generated/types.ts'
import { aComponent, aConnection, aState } from '../support/builders.ts'
import { noDocuments, planFor, selecting } from '../support/plan-request.ts'

const crm = aConnection({ id: 'crm.1', name: 'CRM Connection' })
const sms = aConnection({ id: 'sms.1', name: 'SMS Connection' })
const form = aComponent({ id: 'form.1', uses: ['crm'] })
const report = aComponent({ id: 'report.1', uses: ['crm'] })
const job = aComponent({ id: 'job.1', uses: ['sms'], depends: ['form'] })
const published: Definitions = { connections: { crm, sms }, components: { form, job, report } }

function stageWith(definitions: Definitions): Documents {
  return { ...noDocuments, stage: aState('stage', { ...definitions, version: 3 }) }
}

function changed(plan: Plan): readonly string[] {
  return plan.changes.map(each => `${each.action} ${each.linkName}`)
}

function publish(wanted: Definitions, selection = selecting(), target = published): Plan {
  return planFor('stage', wanted, stageWith(target), { selection })
}

const widerCrm = { ...published, connections: { crm: { ...crm, scopes: ['api', 'web'] }, sms } }

test('a changed connection takes along every component that uses it', () => {
  const plan = publish(widerCrm)
  assert.equal(changed(plan), ['modify crm', 'carry form', 'carry report'])
  assert.equal(plan.changes[1]?.because, [
    { code: 'REFERENCES_CHANGED_CONNECTION', connection: 'crm' }
  ])
  assert.equal(plan.version, { from: 3, to: 4, pinned: false })
})

test('a lone connection is refused, with the components that are missing and the command that would do it', () => {
  const plan = publish(widerCrm, selecting({ connections: ['crm'] }))
  assert.equal(plan.changes, [])
  assert.equal(plan.authorizations, [])
  assert.equal(plan.version, { from: 3, to: 3, pinned: false })
  assert.equal(
    plan.held.map(each => [each.code, each.linkName, each.missing.map(m => m.component)]),
    [['NEEDS_COMPONENTS', 'crm', ['form', 'report']]]
  )
  assert.match(
    plan.held[0]?.message ?? '',
    'tieline plan -e stage --connection crm --with-references'
  )
})

test('--with-references takes the missing components in and says why', () => {
  const plan = publish(widerCrm, selecting({ connections: ['crm'], withReferences: true }))
  assert.equal(changed(plan), ['modify crm', 'carry form', 'carry report'])
  assert.equal(plan.changes[0]?.because, [{ code: 'CHANGED' }, { code: 'SELECTED' }])
})

test('a selected component brings its changed connection, which in turn needs the other users', () => {
  const plan = publish(widerCrm, selecting({ components: ['form'] }))
  assert.equal(
    plan.held.map(each => each.missing.map(m => m.component)),
    [['report']]
  )
  const both = publish(widerCrm, selecting({ components: ['form', 'report'] }))
  assert.equal(changed(both), ['modify crm', 'carry form', 'carry report'])
  assert.equal(both.changes[0]?.because.at(-1), { code: 'USED_BY_SELECTED', component: 'report' })
})

test('a component it depends on has to come along only if that one changed', () => {
  const wanted = {
    ...published,
    components: { form: { ...form, name: 'Form' }, report, job: { ...job, name: 'Job' } }
  }
  const lone = publish(wanted, selecting({ components: ['job'] }))
  assert.equal(lone.held[0]?.missing, [
    { component: 'form', because: { code: 'DEPENDED_ON', component: 'job' } }
  ])
  assert.equal(changed(publish(wanted, selecting({ components: ['form'] }))), ['modify form'])
})

test('a selected connection that nothing uses is refused; unselected it is held', () => {
  const spare = aConnection({ id: 'spare.1', name: 'Spare' })
  const wanted = { ...published, connections: { crm, sms, spare } }
  assert.equal(
    publish(wanted).held.map(each => [each.code, each.linkName]),
    [['UNREFERENCED', 'spare']]
  )
  const refused = publish(wanted, selecting({ connections: ['spare'] }))
  assert.equal(
    refused.held.map(each => each.code),
    ['UNREFERENCED']
  )
  assert.equal(publish(wanted).version.to, 3)
})

test('a deleted connection goes with the publish that drops its last reference', () => {
  const wanted: Definitions = {
    connections: { sms },
    components: { form: { ...form, uses: [] }, report: { ...report, uses: [] }, job }
  }
  const one = publish(wanted, selecting({ components: ['form'] }))
  assert.equal(changed(one), ['modify form'])
  assert.equal(
    one.held.map(each => [each.code, each.linkName, each.missing.map(m => m.component)]),
    [['STILL_REFERENCED', 'crm', ['report']]]
  )
  const both = publish(wanted, selecting({ components: ['form', 'report'] }))
  assert.equal(changed(both), ['delete crm', 'modify form', 'modify report'])
  assert.equal(both.changes[0]?.because, [{ code: 'REMOVED' }, { code: 'LAST_REFERENCE_GONE' }])
})

test('deleting a component takes along those that depended on it', () => {
  const wanted = { ...published, components: { report, job: { ...job, depends: [] } } }
  const plan = publish(wanted, selecting({ components: ['form'] }))
  assert.equal(plan.held[0]?.missing, [
    { component: 'job', because: { code: 'DEPENDENCY_GONE', component: 'form' } }
  ])
})

test('a rename is one change, and names that are swapped travel together', () => {
  const wanted: Definitions = {
    connections: { sms: { ...crm }, crm: { ...sms } },
    components: {
      form: { ...form, uses: ['sms'] },
      report: { ...report, uses: ['sms'] },
      job: { ...job, uses: ['crm'] }
    }
  }
  const plan = publish(wanted)
  assert.equal(
    plan.changes.map(each => [each.action, each.from, each.linkName]),
    [
      ['rename', 'sms', 'crm'],
      ['rename', 'crm', 'sms'],
      ['modify', null, 'form'],
      ['modify', null, 'job'],
      ['modify', null, 'report']
    ]
  )
  const lone = publish(wanted, selecting({ components: ['job'] }))
  const missing = lone.held.flatMap(each => each.missing.map(m => m.component))
  assert.equal([...new Set(missing)].sort(), ['form', 'report'])
})

test('a display name that another connection gives up makes both go along', () => {
  const wanted: Definitions = {
    connections: { crm: { ...crm, name: 'SMS Connection' }, sms: { ...sms, name: 'Texts' } },
    components: published.components
  }
  const plan = publish(wanted, selecting({ components: ['form', 'report'], withReferences: true }))
  assert.equal(changed(plan), [
    'modify crm',
    'modify sms',
    'carry form',
    'carry job',
    'carry report'
  ])
  assert.ok(plan.changes[1]?.because.some(each => each.code === 'NAME_TAKEN_OVER'))
})

test('what is selected but the same already is left out with a note', () => {
  const plan = publish(published, selecting({ components: ['form'] }))
  assert.equal(plan.changes, [])
  assert.equal(
    plan.diagnostics.map(each => each.code),
    ['NOTHING_TO_PUBLISH']
  )
})

test('an unknown name on the command line is an error that guesses what was meant', () => {
  const plan = publish(published, selecting({ components: ['fom'] }))
  assert.equal(
    plan.diagnostics.map(each => [each.code, each.severity]),
    [['COMPONENT_NOT_FOUND', 'error']]
  )
  assert.match(plan.diagnostics[0]?.detail ?? '', 'Did you mean "form"?')
})

test('a protected connection cannot be deleted in dev, and publishing follows dev', () => {
  const guarded = { connections: { crm: { ...crm, protect: true } }, components: {} }
  const empty = { connections: {}, components: {} }
  const dev = planFor('dev', empty, { ...noDocuments, dev: aState('dev', guarded) })
  assert.equal(
    dev.diagnostics.map(each => each.code),
    ['PROTECTED']
  )
  assert.equal(dev.changes, [])
  assert.equal(changed(publish(empty, selecting(), guarded)), ['delete crm'])
})

test('a difference for dev alone is no change in stage', () => {
  const local = { origin: 'http://localhost:4710', parameters: {}, client: null }
  const wanted = {
    ...published,
    connections: { crm: { ...crm, environments: { dev: local } }, sms }
  }
  assert.equal(publish(wanted).changes, [])
})

test.run()
