import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ReaderChangeReport, reportReaders } from '../../engine/report/report-vault.ts'
import { createStyle } from '../../engine/report/style.ts'

const style = createStyle({ color: false, width: 80, unicode: true })
const ana = { key: 'age1ana', fingerprint: '1111 2222', name: 'ana@example.com' }
const gone = { key: 'age1dev', fingerprint: '3333 4444', name: null }

function aChange(overrides: Partial<ReaderChangeReport> = {}): ReaderChangeReport {
  return {
    slot: 'prod',
    action: 'keep',
    readers: [ana],
    added: [],
    removed: [],
    exposed: [],
    ...overrides
  }
}

test('each slot says what becomes of its keys, and who reads it', () => {
  assert.is(
    reportReaders(
      [aChange(), aChange({ slot: 'dev', action: 'make', added: [ana] })],
      style,
      'done'
    ),
    [
      'prod  stays as it is, read by',
      '    ana@example.com  1111 2222',
      '',
      'dev  has its first keys, read by',
      '  + ana@example.com  1111 2222',
      ''
    ].join('\n')
  )
})

test('who goes is named by what is known of them, with all that they could read', () => {
  const exposed = [
    { connection: 'texts', what: 'Main account' },
    { connection: 'texts', what: 'vault:texts_key' }
  ]
  const text = reportReaders(
    [aChange({ action: 'rotate', removed: [gone], exposed })],
    style,
    'done'
  )
  assert.match(
    text.replace(/\s+/g, ' '),
    '- a key that tieline.yaml does not name, perhaps of somebody who left 3333 4444'
  )
  assert.match(text.replace(/\s+/g, ' '), 'texts (Main account) and texts (vault:texts_key)')
  assert.ok(text.split('\n').every(line => line.length <= 80))
})

test('of a key that nothing names, it is said what is known and what removing it does', () => {
  const told = (changes: Partial<ReaderChangeReport>, tense: 'planned' | 'done' = 'planned') =>
    reportReaders([aChange({ action: 'rotate', ...changes })], style, tense).replace(/\s+/g, ' ')
  const one = told({ removed: [gone] })
  assert.match(one, 'may be of somebody who left, or from before a member changed theirs.')
  assert.match(one, 'With new keys it opens nothing that is sealed from then on.')
  assert.match(one, 'If it shall go on reading, name the owner in tieline.yaml first.')
  const both = told({ removed: [gone, { ...gone, key: 'age1two' }], slot: 'client/acme' })
  assert.match(both, 'they open nothing that is sealed from then on.')
  assert.match(both, 'name each owner in clients/acme.yaml first.')
  assert.match(told({ removed: [gone] }, 'done'), 'From now on it opens nothing new.')
  assert.not.match(told({ removed: [ana] }), 'The vault knows keys')
})

test('a name with control characters cannot steer the terminal', () => {
  const sly = { ...ana, name: 'ana\u001b[2J@example.com' }
  assert.not.match(reportReaders([aChange({ readers: [sly] })], style, 'planned'), '\u001b')
})

test('nobody to read anything is said', () => {
  assert.match(reportReaders([], style, 'planned'), 'no member has a key')
})

test.run()
