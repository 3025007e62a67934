import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { whyNotSource } from '../../engine/bundle/check-paths.ts'
import type { CreatorComponent, CreatorExport } from '../../engine/bundle/creator-export.ts'
import {
  looksLikeCreatorExport,
  readCreatorExport
} from '../../engine/bundle/read-creator-export.ts'
import { findDelugeReferences } from '../../engine/deluge/find-deluge-references.ts'
import { findReferences } from '../../engine/spec/read-sources.ts'

const repairDesk = fixture('repair-desk.ds')
const stockLedger = fixture('stock-ledger.ds')

function fixture(name: string): string {
  return readFileSync(new URL(`../fixtures/creator/${name}`, import.meta.url), 'utf8')
}

function shown({ components }: CreatorExport): readonly string[] {
  return components.map(each => `${each.kind} ${each.linkName} [${each.uses.join(' ')}]`)
}

function noted({ notes }: CreatorExport): readonly string[] {
  return notes.map(each => `${each.severity} ${each.code} ${each.at?.line}`)
}

function component(read: CreatorExport, linkName: string): CreatorComponent {
  const found = read.components.find(each => each.linkName === linkName)
  if (found === undefined) throw new Error(`no component ${linkName}`)
  return found
}

/** An export with one workflow, whose script this is. */
function withScript(script: string): string {
  return `application "Shop"\n{\nworkflow\n{\nform\n{\nA as "A"\n{\non success\n{\nactions\n{\ncustom deluge script\n(\n${script}\n)\n}\n}\n}\n}\n}\n}\n`
}

test('reads the components of an export with the connections that their scripts name', () => {
  const read = readCreatorExport(repairDesk)
  assert.is(read.app, 'Repair Desk')
  assert.equal(shown(read), [
    'form job_ticket []',
    'form customer []',
    'report all_tickets []',
    'report visits []',
    'page day_board [weather_service]',
    'page help []',
    'function alerts_tell [twilio_sms]',
    'function billing_invoice [books_main]',
    'function legacy_ping []',
    'workflow tell_the_customer [crm_main salesforce]',
    'workflow hide_fields []',
    'schedule nightly_sync [crm_main desk_main]',
    'workflow send_to_crm [crm_main]',
    'blueprint repair_flow []'
  ])
  assert.equal(
    read.components.map(each => each.name),
    [
      'Job ticket',
      'Customer',
      'All tickets',
      'Visits',
      'Day board',
      'Help',
      'Alerts.tell',
      'Billing.invoice',
      'Legacy.ping',
      'Tell the customer',
      'Hide fields',
      'Nightly sync',
      'Send to CRM',
      'Repair flow'
    ]
  )
  const lines = repairDesk.split('\n')
  assert.match(lines[component(read, 'visits').line - 1] ?? '', /calendar Visits/)
  assert.match(lines[component(read, 'nightly_sync').line - 1] ?? '', /Nightly_sync as/)
})

test('notes what was not taken, with its line', () => {
  const read = readCreatorExport(repairDesk, 'exports/repair.ds')
  assert.equal(noted(read), [
    'note CREATOR_NAME_CHANGED 148',
    'warning CREATOR_REFERENCE_UNCLEAR 173',
    'warning CREATOR_CONNECTION_NAME 183'
  ])
  assert.is(read.notes[0]?.at?.file, 'exports/repair.ds')
  assert.match(read.notes[0]?.detail ?? '', 'line 148: "Alerts.tell" is alerts_tell')
  assert.match(read.notes[2]?.detail ?? '', '"Legacy-System"')
  const lines = repairDesk.split('\n')
  assert.match(lines[172] ?? '', /connection:chosen/)
  assert.match(lines[182] ?? '', /Legacy-System/)
  assert.not.match(JSON.stringify(read), /an0ther1ong2key/)
})

test('puts the scripts of a component into one file, each below a comment that says which it is', () => {
  const { source } = component(readCreatorExport(repairDesk), 'tell_the_customer')
  assert.is(source?.path, 'creator/repair_desk/workflow/tell_the_customer.dg')
  assert.equal(source?.text.split('\n').slice(0, 9), [
    '// on validate > actions > custom deluge script',
    'if(input.Customer == null)',
    '{',
    '\talert "Whose is it? :)";',
    '\tcancel submit;',
    '}',
    '',
    '// on success > actions > custom deluge script',
    'thisapp.Alerts.tell(input.Customer.Phone,"We have your part");'
  ])
  assert.is(component(readCreatorExport(repairDesk), 'customer').source, null)
})

test('keeps a function whole, and takes the scripts of a page from its content', () => {
  const read = readCreatorExport(repairDesk)
  const ping = component(read, 'legacy_ping').source?.text ?? ''
  assert.match(ping, /^string Legacy\.ping\(\)\n\{\n\treturn invokeurl/)
  assert.match(ping, /\n\}\n$/)
  const board = component(read, 'day_board').source?.text ?? ''
  assert.match(board, '// content\n{\n\tweather = invokeurl')
  assert.match(board, 'url :"https://api.weather.example/v1/" + input.day')
  assert.match(board, 'weather.get("text");')
  assert.match(board, '// script\n/* Fills the variables of the page. */')
})

test('takes what an unknown part looks like, and notes a part that it leaves out', () => {
  const read = readCreatorExport(stockLedger)
  assert.is(read.app, 'Stock & Ledger')
  assert.equal(shown(read), [
    'form item [rates]',
    'form item_2 []',
    'report item_3 []',
    'report shelves []',
    'function con [creator_self]',
    'workflow late_goods []'
  ])
  assert.equal(noted(read), [
    'warning CREATOR_REFERENCE_UNCLEAR 26',
    'warning CREATOR_REFERENCE_UNCLEAR 34',
    'note CREATOR_NAME_CHANGED 37',
    'note CREATOR_PARTS_SKIPPED 42',
    'note CREATOR_SECTION_UNKNOWN 52',
    'warning CREATOR_SECTION_UNKNOWN 65',
    'note CREATOR_SECTION_UNKNOWN 92',
    'warning CREATOR_REFERENCE_UNCLEAR 101'
  ])
  const details = read.notes.map(each => each.detail)
  assert.match(details[3] ?? '', '3 parts')
  assert.match(details[4] ?? '', '"heatmap" is no sort of report')
  assert.match(details[5] ?? '', '"microservices" is no part of an export')
  assert.match(details[6] ?? '', '"escalation" is no sort of workflow')
  // Windows keeps `con.dg` for a device.
  assert.is(component(read, 'con').source?.path, 'creator/stock___ledger/function/con-.dg')
})

test('notes an unknown part whose name speaks of connections, though nothing in it does', () => {
  const read = readCreatorExport('application "A" {\nconnections {\nbooks {\n}\n}\nthemes { }\n}')
  assert.equal(noted(read), ['warning CREATOR_SECTION_UNKNOWN 2', 'note CREATOR_PARTS_SKIPPED 6'])
})

test('finds in every source exactly the connections that validate finds there', () => {
  for (const text of [repairDesk, stockLedger]) {
    for (const { uses, source } of readCreatorExport(text).components) {
      const code = source?.text ?? ''
      const found = findReferences(source?.path ?? '', code).map(each => each.connection)
      const fitting = found.filter(each => /^[a-z][a-z0-9_]*$/.test(each))
      assert.equal(uses, [...new Set(fitting)].sort())
      assert.is(source === null ? null : whyNotSource(source.path, []), null)
    }
  }
})

const scripts: readonly (readonly [script: string, uses: string[], notes: string[]])[] = [
  ['r = invokeurl\n[\n\turl :"u"\n\tconnection:"a"\n];', ['a'], []],
  ['invokeUrl [ connection : \'a\' ]; INVOKEURL [ connection: "b" ]', ['a', 'b'], []],
  ['// invokeurl [ connection: "a" ]\n/* invokeurl [ connection: "b" ] ) } */', [], []],
  ['info "invokeurl [ connection: \\"a\\" ] ) }";', [], []],
  ['invokeurl [ connection: name ]', [], ['CREATOR_REFERENCE_UNCLEAR 15']],
  ['invokeurl [ connection: "a" + b ]', [], ['CREATOR_REFERENCE_UNCLEAR 15']],
  ['invokeurl [ connection: "Main" ]', [], ['CREATOR_CONNECTION_NAME 15']],
  ['invokeurl [ connection: "" ]', [], ['CREATOR_CONNECTION_NAME 15']],
  ['invokeapi [ service: ZohoDesk connection: "a" ]', ['a'], []],
  ['zoho.crm.createRecord("Leads",{"a":{"b":1}},f(1,2),"a")', ['a'], []],
  ['zoho . CRM\n. createrecord ( "Leads", m, Map(), "a" )', ['a'], []],
  ['zoho.crm.v2.getRecordById("Leads",1,Map(),"a")', ['a'], []],
  ['zoho.crm.createRecord("Leads",mp)', [], []],
  ['zoho.crm.createRecord("Leads",mp,Map(),null)', [], []],
  ['zoho.crm.createRecord("Leads",mp,Map(),"")', [], []],
  ['zoho.crm.createRecord("Leads",mp,Map(),name)', [], ['CREATOR_REFERENCE_UNCLEAR 15']],
  ['zoho.crm.createRecord("Leads",mp,Map(),"a" + b)', [], ['CREATOR_REFERENCE_UNCLEAR 15']],
  ['\nzoho.crm.createRecord("Leads",mp,"a")', [], ['CREATOR_REFERENCE_UNCLEAR 16']],
  ['zoho.sheet.append(\n1,\n"a_sheet")', [], ['CREATOR_REFERENCE_UNCLEAR 17']],
  ['zoho.sheet.append("a_sheet")', [], []],
  ['zoho.crm.getRecordById("Leads","An Id")', [], []],
  ['zoho.encryption.hmacsha256("a","b","hex"); zoho.currentdate.toString("dd","utc")', [], []],
  ['my.zoho.crm.createRecord(1,2,3,"a"); crm.createRecord(1,2,3,"a")', [], []],
  ['x = zoho.crm; createRecord(1,2,3,"a")', [], []],
  ["info 'it''s'; don't\ninvokeurl [ connection: \"a\" ]", ['a'], []],
  ['zoho.people.getRecords("a",1,2,Map(),"people_main")', ['people_main'], []]
]

test('takes from a script only what is sure', () => {
  for (const [script, uses, notes] of scripts) {
    const read = readCreatorExport(withScript(script))
    assert.equal(read.components[0]?.uses, uses, script)
    assert.equal(
      read.notes.map(each => `${each.code} ${each.at?.line}`),
      notes,
      script
    )
  }
})

const looking: readonly (readonly [text: string, isExport: boolean])[] = [
  [repairDesk, true],
  [stockLedger, true],
  [`\uFEFF${repairDesk}`, true],
  ['application "A" {', true],
  ['// a comment\r\n application   "A \\" B"\r\n{', true],
  ['application "A"', false],
  ['application A {', false],
  ['form X { displayname = "application" }', false],
  ['{"application":"x"}', false],
  [`${' '.repeat(70_000)}application "A" {`, false],
  ['/* never ends', false],
  ['', false]
]

test('tells an export from other texts by its beginning', () => {
  for (const [text, isExport] of looking) {
    assert.is(looksLikeCreatorExport(text), isExport, text.slice(0, 60))
    const read = readCreatorExport(text)
    assert.is(
      read.notes.some(each => each.code === 'CREATOR_NOT_AN_EXPORT'),
      !isExport
    )
    if (!isExport) assert.equal(read.components, [])
  }
})

test('reads the same whatever ends the lines', () => {
  const read = readCreatorExport(repairDesk)
  assert.equal(readCreatorExport(repairDesk.replaceAll('\n', '\r\n')), read)
  assert.equal(readCreatorExport(`\uFEFF${repairDesk.replaceAll('\n', '\r')}`), read)
})

test('gives what stands before the end of a text that is cut off, and says so', () => {
  const at = repairDesk.indexOf('connection: "salesforce"') + 'connection: "salesforce"'.length
  const read = readCreatorExport(repairDesk.slice(0, at))
  assert.equal(shown(read).at(-1), 'workflow tell_the_customer [crm_main salesforce]')
  const line = repairDesk.slice(0, at).split('\n').length
  assert.ok(noted(read).includes(`warning CREATOR_CUT_OFF ${line}`), noted(read).join())
  const whole = shown(readCreatorExport(repairDesk)).map(each => each.replace(/ \[.*/, ''))
  for (let end = repairDesk.indexOf('{') + 1; end < repairDesk.lastIndexOf('}'); end += 97) {
    const part = readCreatorExport(repairDesk.slice(0, end))
    const names = part.components.map(each => `${each.kind} ${each.linkName}`)
    assert.equal(names, whole.slice(0, names.length))
    assert.ok(
      part.notes.some(each => each.code === 'CREATOR_CUT_OFF'),
      `${end}`
    )
  }
})

test('names components in lower case, without other characters, and each only once', () => {
  const names = [
    'Job',
    'job',
    'JOB_2',
    '52_weeks',
    '__proto__',
    'constructor',
    'a'.repeat(60),
    'a'.repeat(55),
    'Ünïcode',
    'x\u0000\u0007y',
    'aux'
  ]
  const forms = names.map(each => `form ${each}\n{\n}\n`).join('')
  const read = readCreatorExport(`application "A"\n{\nforms\n{\n${forms}}\n}`)
  const linkNames = read.components.map(each => each.linkName)
  assert.equal(linkNames, [
    'job',
    'job_2',
    'job_2_2',
    'c_52_weeks',
    'c___proto__',
    'constructor',
    'a'.repeat(50),
    `${'a'.repeat(48)}_2`,
    'c__n_code',
    'x__y',
    'aux'
  ])
  for (const { name } of read.components) assert.match(name, /^[^\p{C}]{1,100}$/u)
  const note = read.notes.find(each => each.code === 'CREATOR_NAME_CHANGED')
  assert.not.match(note?.detail ?? '', /Job\b/)
  assert.match(note?.detail ?? '', 'line 8: "job" is job_2')
})

test('makes display names printable, and takes the link name where there is none', () => {
  const read = readCreatorExport(
    [
      'application "The \\"big\\" \\u0041pp\\n"',
      '{',
      'forms',
      '{',
      `form A { displayname = "${'long '.repeat(40)}" }`,
      'form B { displayname = "tab\\tand \u001b[31mcolour" inner ( displayname = "no" ) }',
      'form C { inner { displayname = "no" } }',
      'form D { displayname = "" }',
      '}',
      '}'
    ].join('\n')
  )
  assert.is(read.app, 'The "big" App')
  assert.equal(
    read.components.map(each => each.name),
    ['long '.repeat(20).trim(), 'tab and [31mcolour', 'C', 'D']
  )
})

test('says when brackets do not match, and goes on', () => {
  const read = readCreatorExport(
    'application "A" {\nforms {\nform A { ( [ }\n)\nform B { }\n}\nreports { list C { } } }'
  )
  assert.equal(shown(read), ['form a []', 'form b []', 'report c []'])
  assert.equal(noted(read), ['warning CREATOR_UNBALANCED 3'])
  const open = readCreatorExport('application "A" {\nforms {\nform A { help = "no end }\n}\n}\n}')
  assert.equal(shown(open), ['form a []'])
  assert.equal(noted(open), ['warning CREATOR_TEXT_OPEN 3'])
})

test('ends a script that its bracket does not end with the block around it', () => {
  const read = readCreatorExport(
    'application "A" {\nforms {\nform A { on load ( f(invokeurl [ connection: "a" ]\n}\nform B { on load ( invokeurl [ connection: "b" ] ) }\n}\n}'
  )
  assert.equal(shown(read), ['form a [a]', 'form b [b]'])
  assert.equal(noted(read), ['warning CREATOR_UNBALANCED 4'])
})

test('stops where brackets are nested too deeply', () => {
  const read = readCreatorExport(
    `application "A" {\nforms { form A { } form B {\n${'('.repeat(100_000)}`
  )
  assert.equal(shown(read), ['form a []', 'form b []'])
  assert.equal(noted(read), ['warning CREATOR_TOO_DEEP 3'])
})

test('keeps to its limits', () => {
  const forms = readCreatorExport(`application "A" { forms {\n${'form A { }\n'.repeat(10_005)}} }`)
  assert.is(forms.components.length, 10_000)
  assert.is(new Set(forms.components.map(each => each.linkName)).size, 10_000)
  assert.match(
    forms.notes.find(each => each.code === 'CREATOR_TOO_MANY')?.detail ?? '',
    'at most 10000 components of an export. 5 more were left out, the first in line 10002.'
  )
  const large = readCreatorExport(
    withScript(`${'info "0123456789";\n'.repeat(60_000)}invokeurl [ connection: "a" ]`)
  )
  assert.equal(shown(large), ['workflow a [a]'])
  assert.is(large.components[0]?.source, null)
  assert.equal(noted(large), ['warning CREATOR_SOURCE_TOO_LARGE 7'])
  const many = readCreatorExport(withScript('invokeurl [ connection: x ]\n'.repeat(1000)))
  assert.is(many.notes.length, 301)
  assert.match(many.notes.at(-1)?.detail ?? '', '700 more notes')
  const huge = readCreatorExport('a'.repeat(64 * 1024 * 1024 + 1))
  assert.equal(
    huge.notes.map(each => `${each.severity} ${each.code}`),
    ['error CREATOR_TOO_LARGE']
  )
})

test('repeats nothing that somebody pasted in the place of a name', () => {
  const secret = 'sk_live_9f8e7d6c5b4a3f2e1d0c'
  const read = readCreatorExport(
    `application "A" {\n${secret} { connection = "${secret}" }\nforms { form A { on load ( invokeurl [ connection: "${secret}!" ] ) } }\n}`
  )
  assert.is(read.notes.length, 2)
  assert.not.match(JSON.stringify(read.notes), '9f8e7d6c')
})

/** What exports and scripts are made of, so that random texts get somewhere. */
const pieces = fc.constantFrom(
  ...['application "A" {', 'forms {', 'form F {', 'pages {', 'page P(int a) {', 'reports {'],
  ...['list L {', 'workflow {', 'form {', 'schedule {', 'W as "W" {', 'functions {', 'Deluge {'],
  ...['void f(int a) {', 'on success {', 'actions {', 'custom deluge script (', 'on load (', 'x {'],
  ...['invokeurl [', 'invokeapi [', 'connection: "a"', 'connection: b', 'connection = "c"'],
  ...['zoho.crm.createRecord("L",m,o,"d")', 'zoho.crm.upsert(', ',', '"e"', "'g'", '(', '[', '{'],
  ...[')', ']', '}', ')', ']', '}', '"', "'", '\\', '\\"', '//', '/*', '*/', '\n', '\n', ' ', '.'],
  ...['displayname = "D"', 'Content="<%{ a %>', '\\"&lt;%', '%&gt;', 'script {', '\u0000', 'İ']
)
const soup = fc.array(pieces, { maxLength: 80 }).map(each => each.join(' '))

test('takes any text', () => {
  const any = fc.oneof(
    soup,
    soup.map(each => `application "A" {${each}`),
    soup.map(withScript),
    fc.string({ unit: 'binary', maxLength: 300 }).map(each => `application "A" {${each}`),
    fc.string({ unit: 'binary', maxLength: 300 })
  )
  fc.assert(
    fc.property(any, text => {
      const read = readCreatorExport(text)
      const lines = text.split(/\r\n?|\n/).length
      assert.is(new Set(read.components.map(each => each.linkName)).size, read.components.length)
      for (const { linkName, kind, name, uses, source, line } of read.components) {
        assert.match(linkName, /^[a-z][a-z0-9_]{0,49}$/)
        assert.match(kind, /^[a-z]+$/)
        assert.match(name, /^[^\p{C}]{1,200}$/u)
        assert.ok(line >= 1 && line <= lines)
        const found = findDelugeReferences(source?.text ?? '').sure.map(each => each.connection)
        for (const each of found) {
          assert.is(uses.includes(each), /^[a-z][a-z0-9_]{0,49}$/.test(each))
        }
        if (source !== null) assert.is(whyNotSource(source.path, []), null)
        assert.ok(source === null || !source.text.includes('\r'))
      }
      for (const { at } of read.notes) assert.ok(at === null || (at.line >= 1 && at.line <= lines))
    }),
    { numRuns: 3000 }
  )
})

test('takes time in proportion to the text', () => {
  const start = 'application "A" {\nworkflow { form { A as "A" { on success { actions {\n'
  const repeated = [
    ...['( { [ ) } ', '{}', '"', '\\', 'connection = ', 'displayname = ', 'zoho . a . b ('],
    ...['on load (invokeurl [ connection: x ])\n', 'on load (zoho.crm.x("a","b"))', '/**/ //\n'],
    ...['a', '\n', ')', 'Content = "<%a%>&amp;" ', 'custom deluge script ', 'on a ([)\n', "'"]
  ]
  const before = performance.now()
  for (const each of repeated) readCreatorExport(start + each.repeat(500_000 / each.length))
  const seconds = (performance.now() - before) / 1000
  assert.ok(seconds < 15, `${seconds} s`)
})

test.run()
