import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { note, problem, warning } from '../../engine/model/diagnostic.ts'
import { reportDiagnostics } from '../../engine/report/report-diagnostics.ts'
import { createStyle } from '../../engine/report/style.ts'

const style = createStyle({ color: false, width: 80, unicode: true })
const file = 'connections/salesforce.yaml'

/** The frame that a place in a text gets. */
function frameOf(text: string, line: number, column: number): string {
  const given = problem('CODE', 'Summary', '', { file, line, column })
  return reportDiagnostics([given], new Map([[file, text]]), style)
    .split('\n')
    .slice(2)
    .join('\n')
}

test('nothing to say is no text', () => {
  assert.is(reportDiagnostics([], new Map(), style), '')
})

test('shows code, summary, place, the lines around it, and what to do; and counts', () => {
  const text = '# the CRM\nconnector: salesforce\nscopess: [api]\nlevel: administrator\n'
  const report = reportDiagnostics(
    [
      problem(
        'UNKNOWN_KEY',
        'Unknown key',
        'A connection has no key "scopess". Did you mean "scopes"? Unknown keys are refused, so that a slip does not pass unseen.\n\nSee what a connection of this service can say:\n    tieline connectors show salesforce --and-a-flag-that-makes-this-line-longer-than-eighty-columns',
        { file, line: 3, column: 1 }
      ),
      problem('NO_LINES', 'File without lines here', 'It is not given.', {
        file: 'other.yaml',
        line: 1,
        column: 1
      }),
      warning('UNUSED', 'Connection is not used', 'No component uses twilio.'),
      note('LEFT_OUT', 'Left out', '')
    ],
    new Map([[file, text]]),
    style
  )
  assert.fixture(
    report,
    `
error[UNKNOWN_KEY] Unknown key
  connections/salesforce.yaml:3:1
    2 │ connector: salesforce
  > 3 │ scopess: [api]
      │ ^
    4 │ level: administrator

  A connection has no key "scopess". Did you mean "scopes"? Unknown keys are
  refused, so that a slip does not pass unseen.

  See what a connection of this service can say:
      tieline connectors show salesforce --and-a-flag-that-makes-this-line-longer-than-eighty-columns

error[NO_LINES] File without lines here
  other.yaml:1:1
  It is not given.

warning[UNUSED] Connection is not used
  No component uses twilio.

note[LEFT_OUT] Left out

2 errors, 1 warning, 1 note
`.slice(1)
  )
})

test('one problem is not counted', () => {
  assert.is(
    reportDiagnostics([problem('CODE', 'Summary', 'Detail.')], new Map(), style),
    'error[CODE] Summary\n  Detail.\n'
  )
})

test('the caret stands under its column, also behind tabs, wide letters and at the end of a line', () => {
  assert.is(frameOf('a: 1\n', 1, 4), '  > 1 │ a: 1\n      │    ^\n')
  assert.is(frameOf('a: 1\n', 1, 5), '  > 1 │ a: 1\n      │     ^\n')
  assert.is(frameOf('東京:\tx', 1, 5), '  > 1 │ 東京: x\n      │       ^\n')
})

test('line numbers are aligned, and an empty line has no trailing space', () => {
  const text = `${'\n'.repeat(8)}a: 1\r\nb: 2\r\n`
  assert.is(frameOf(text, 9, 1), '     8 │\n  >  9 │ a: 1\n       │ ^\n    10 │ b: 2\n')
})

test('a long line is cut around its column, and the caret still stands under its letter', () => {
  const text = `key: ${'abcdefghij '.repeat(30)}end\n`
  for (const column of [1, 60, 68, 69, 70, 71, 72, 150, 310, 338]) {
    const [line = '', caret = ''] = frameOf(text, 1, column).split('\n')
    assert.ok(line.length <= 80, `${column}: ${line.length}`)
    assert.is(line[caret.indexOf('^')], text[column - 1], String(column))
  }
  assert.match(frameOf(text, 1, 150), /^ {2}> 1 │ …[a-j ]+…\n/)
})

test('a place that the text does not have is shown without lines', () => {
  assert.is(frameOf('a: 1\n', 2, 1), '')
  assert.is(frameOf('', 1, 1), '')
})

test.run()
