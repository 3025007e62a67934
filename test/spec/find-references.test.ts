import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findDelugeReferences } from '../../engine/deluge/find-deluge-references.ts'
import { findScriptReferences } from '../../engine/spec/find-script-references.ts'

const deluge: readonly (readonly [text: string, names: string[]])[] = [
  ['r = invokeurl [ url: "https://x.example/a" type: GET connection: "a" ];', ['a']],
  [
    'r = invokeurl\n[\n\turl :"u"\n\tconnection:"a"\n];\ninvokeUrl [connection : \'b\']',
    ['a', 'b']
  ],
  ['INVOKEURL /* c */ [ // d\n CONNECTION /* e */ : "a"\n]', ['a']],
  ['connection: "a"', []],
  ['x = { "connection": "a" }; [connection: "a"]', []],
  ['invokeurl [ parameters: { connection: "a" } connection: "b" ]', ['b']],
  ['invokeurl [ headers: f(connection: "a") list: [connection: "b"] ]', []],
  ['// invokeurl [ connection: "a" ]\n/* invokeurl [ connection: "b" ] */', []],
  ['info "invokeurl [ connection: \\"a\\" ]";', []],
  ['info \'it is "fine"\'; invokeurl [ connection: "a" ]', ['a']],
  ['invokeurl [ connection: name ]', []],
  ['invokeurl [ connection: "a" + b ]', []],
  ['invokeurl [ connection: "a\\n" ]', []],
  ['invokeurl [ connection: "a" url: "]" ] + [ connection: "b" ]', ['a']],
  ['] ) } invokeurl [ connection: "a" ]', ['a']],
  ['don\'t\ninvokeurl [ connection: "a" ]', ['a']],
  ['invokeurl ( [ connection: "a" ] )', []],
  ['invokeurl [ myconnection: "a" connection_id: "b" ]', []],
  ['invokeurl [ connection: "a', []],
  ['İİ invokeurl [ connection: "a" ]', ['a']],
  ['invokeapi [ service: ZohoDesk connection: "a" ]', ['a']],
  ['zoho.crm.createRecord("Leads", m, Map(), "a")', ['a']],
  ['x = zoho.CRM.v8.getRecordById("Leads", f(1, "b"), {"c":"d"}, \'a\');', ['a']],
  [
    'zoho.crm.createRecord("L", invokeurl [ connection: "a" ], Map(), "b")\r\n"open\\\r\n"',
    ['a', 'b']
  ],
  ['zoho.crm.createRecord("Leads", m, Map(), name)', []],
  ['zoho.crm.createRecord("Leads", m, Map(), "a" + b)', []],
  ['zoho.crm.createRecord("Leads", m, "a")', []],
  ['zoho.mystery.createRecord("Leads", m, Map(), "a")', []],
  ['my.zoho.crm.createRecord("Leads", m, Map(), "a")', []],
  ['// zoho.crm.createRecord("Leads", m, Map(), "a")', []]
]

const script: readonly (readonly [text: string, names: string[]])[] = [
  ['connection("a"); connection(\'b\'); connection(`c`)', ['a', 'b', 'c']],
  ['await tieline.connection( /* c */ "a" // d\n)', ['a']],
  ['app?.connection?.("a").send()', ['a']],
  ['connection<Salesforce>("a", { user })', ['a']],
  ['disconnection("a"); connections("b"); $connection("c"); connection2("d")', []],
  [`connection(name); connection("a" + b); connection(\`a\${b}\`); connection("a\\n")`, []],
  ['// connection("a")\n/* connection("b") */ "connection(\\"c\\")" \'connection("d")\'', []],
  [
    `\`text connection("a") \${connection("b")} and \${ \`\${connection("c")}\` } connection("d")\``,
    ['b', 'c']
  ],
  [`\`\${ { a: { b: 1 } } } connection("a")\` + connection("b")`, ['b']],
  ['const r = /["\'`]/; connection("a")', ['a']],
  ['x = a / b; connection("a"); y = c / "d"', ['a']],
  ['return /connection("a")/.test(x)', []],
  ['<p>Don\'t</p>\nconnection("a")', ['a']],
  ['<br/> {connection("a")} </p> <A b={c} /> {connection("b")} </p>', ['a', 'b']],
  ['import "x"\nexport const f = () => connection("a")', ['a']],
  ['connection\n  ("a")', ['a']],
  ['const text = "open\nconnection("a")', ['a']],
  ['"\\\nconnection(\'a\')"', []],
  ['}} connection("a") {{', ['a']],
  ['connection("a', []],
  ['connection(`a', []],
  ['\uFEFFconnection("a")', ['a']],
  ['x = 1 /* c */ / 2 / connection("a")', ['a']]
]

const finders = [
  ['Deluge', (text: string) => findDelugeReferences(text).sure, deluge],
  ['JavaScript', findScriptReferences, script]
] as const

for (const [language, find, cases] of finders) {
  for (const [text, names] of cases) {
    test(`${language} finds ${JSON.stringify(names)} in ${JSON.stringify(text)}`, () => {
      assert.equal(
        find(text).map(each => each.connection),
        names
      )
    })
  }

  test(`${language}: what is found in any text stands where it says, in order`, () => {
    const pieces = fc.constantFrom(
      ...[
        'invokeurl',
        'zoho.crm.createRecord("L",m,n,',
        '[',
        ']',
        '{',
        '}',
        '(',
        ')',
        'connection',
        ':',
        '"a"',
        "'b'",
        '`c`',
        '"',
        "'"
      ],
      ...[
        '`',
        '${',
        '/',
        '//',
        '/*',
        '*/',
        '\n',
        ' ',
        '\\',
        '<',
        '>',
        '?.',
        ',',
        '+',
        'é',
        '\uD83D'
      ]
    )
    const text = fc.array(pieces, { maxLength: 60 }).map(all => all.join(''))
    fc.assert(
      fc.property(fc.oneof(text, fc.string(), fc.string({ unit: 'binary' })), source => {
        let last = -1
        for (const { connection, offset } of find(source)) {
          assert.ok(offset > last)
          assert.is(source.slice(offset, offset + connection.length), connection)
          assert.ok(`"'\``.includes(source.charAt(offset - 1)))
          last = offset
        }
      }),
      { numRuns: 3000 }
    )
  })

  test(`${language}: a reference is found whatever complete code stands before it`, () => {
    const before = fc.array(
      fc.constantFrom(
        'x = 1;',
        '// "\n',
        "/* ' */",
        '"a\\"b"',
        'f(1)',
        '{ }',
        '[ ]',
        "'//'",
        '\n',
        'a / b;'
      )
    )
    const call = language === 'Deluge' ? 'invokeurl [ connection: "it" ]' : 'connection("it")'
    fc.assert(
      fc.property(before, all => {
        const source = `${all.join(' ')} ${call}`
        assert.equal(find(source), [{ connection: 'it', offset: source.lastIndexOf('it') }])
      })
    )
  })

  test(`${language}: time grows no faster than the text`, () => {
    const long = [
      ...[
        '"',
        "'",
        '`',
        '/',
        '/[',
        '(/[',
        '=/[',
        '[',
        '](',
        '${',
        '`${',
        '//',
        '/*',
        '\\',
        '<',
        '{'
      ],
      ...[
        'connection',
        'connection(',
        'connection("',
        'connection<',
        'connection/*',
        'invokeurl[',
        'connection:"'
      ],
      ...[
        'invokeurl[connection:',
        '(((((]',
        'connection<a',
        'connection ( /**/',
        ' ',
        '\n',
        'é',
        '\uD83D'
      ]
    ]
    for (const piece of long) {
      // Twice the text may take a little more than twice the time, never four times: no seconds, which another machine would miss.
      const short = timeOf(() => find(piece.repeat(50_000 / piece.length)))
      const whole = timeOf(() => find(piece.repeat(200_000 / piece.length)))
      assert.ok(whole < 12 * short + 500, `${JSON.stringify(piece)} grows faster than its text`)
    }
  })
}

/** The best of three, because other processes only ever make it longer. */
function timeOf(work: () => void): number {
  const times = [1, 2, 3].map(() => {
    const began = performance.now()
    work()
    return performance.now() - began
  })
  return Math.min(...times)
}

test.run()
