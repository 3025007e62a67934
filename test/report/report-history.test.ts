import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { History, HistoryChange, ToldWrite } from '../../engine/model/generated/types.ts'
import { changeWords, reportHistory } from '../../engine/report/report-history.ts'
import { createStyle } from '../../engine/report/style.ts'

const style = createStyle({ color: false, width: 80, unicode: true })

function aWrite(entry: Partial<ToldWrite['entry']> = {}, more: Partial<ToldWrite> = {}): ToldWrite {
  return {
    document: 'stage',
    entry: {
      formatVersion: 1,
      document: 'stage',
      lineage: '11111111-1111-4111-8111-111111111111',
      serial: 4,
      before: null,
      digest: `sha256:${'0'.repeat(64)}`,
      at: '2026-03-04T12:00:59.000Z',
      by: 'ana@example.com',
      operation: 'apply stage',
      version: 2,
      note: 'the new form',
      commit: 'a0b1c2d3e4f5a6b7c8d9+',
      changes: [
        { subject: 'connection', name: 'crm', action: 'change' },
        { subject: 'version', name: '2', action: 'add' }
      ],
      undo: null,
      ...entry
    },
    takenBack: null,
    undoable: false,
    ...more
  }
}

function told(...entries: readonly ToldWrite[]): string {
  const history: History = {
    formatVersion: 1,
    environment: 'stage',
    entries,
    older: 0,
    diagnostics: []
  }
  return reportHistory(history, style)
}

test('a write is told with who, when, what, its note and its commit', () => {
  assert.is(
    told(aWrite()),
    `stage 4  2026-03-04 12:00 UTC  ana@example.com
    apply stage
    "the new form"
    commit a0b1c2d3e4f5+
    version 2 published; connection crm changed
`
  )
})

test('what can be taken back says how, what was taken back says by which write', () => {
  const surgery = aWrite({ operation: 'state rm connection/crm -e stage' }, { undoable: true })
  assert.match(told(surgery), 'to take it back: tieline state undo 4 -e stage')
  const undo = aWrite({ operation: 'state undo 3 -e stage' }, { undoable: true })
  assert.match(told(undo), 'to do it again: tieline state undo 4 -e stage')
  assert.match(told(aWrite({}, { takenBack: 5 })), 'taken back by serial 5')
})

test('alike changes are told together, and in an order that reads', () => {
  const changes: readonly HistoryChange[] = [
    { subject: 'authorization', name: 'crm', action: 'end' },
    { subject: 'component', name: 'form', action: 'change' },
    { subject: 'component', name: 'page', action: 'change' },
    { subject: 'connection', name: 'crm', action: 'rename', from: 'sfdc' },
    { subject: 'connection', name: 'mail', action: 'add' },
    { subject: 'connection', name: 'mail', action: 'remove' },
    { subject: 'version', name: '3', action: 'change', from: '2' }
  ]
  assert.equal(changeWords(changes), [
    'runs version 3, before 2',
    'connection crm renamed from sfdc',
    'components form and page changed',
    'authorization of crm ended',
    'connection mail is another one than before'
  ])
})

test('what is older is counted, with the command that tells it', () => {
  const history: History = {
    formatVersion: 1,
    environment: null,
    entries: [aWrite()],
    older: 3,
    diagnostics: []
  }
  assert.match(
    reportHistory(history, style),
    '3 older writes:\n    tieline state history --limit 4'
  )
})

test('a history that somebody wrote by hand does not steer a terminal', () => {
  const hostile = '\u001b[2J\u202eevil\nstage 9  faked'
  const text = told(
    aWrite({
      by: hostile,
      operation: hostile,
      note: hostile,
      commit: hostile,
      changes: [{ subject: 'connection', name: hostile, action: 'add' }]
    })
  )
  assert.not.ok(text.includes('\u001b') || text.includes('\u202e'))
  assert.not.match(text, /^stage 9/m)
})

test.run()
