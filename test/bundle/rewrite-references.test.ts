import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rewriteReferences } from '../../engine/bundle/rewrite-references.ts'
import { findReferences } from '../../engine/spec/read-sources.ts'

function rewrite(path: string, text: string, names: Readonly<Record<string, string>>): string {
  return rewriteReferences(text, findReferences(path, text), new Map(Object.entries(names))).text
}

test('references of scripts follow, and nothing else that looks like them', () => {
  const text = [
    "const crm = connection('crm') // connection('crm')",
    'const same = app.connection?.<T>("crm", { note: "crm" })',
    `const other = connections("crm"), computed = connection(\`\${crm}\`)`,
    '/* connection("crm") */ const text = "connection(\'crm\')"'
  ].join('\n')
  assert.is(
    rewrite('a.ts', text, { crm: 'crm_copy' }),
    text
      .replace("= connection('crm') //", "= connection('crm_copy') //")
      .replace('>("crm",', '>("crm_copy",')
  )
})

test('references of Deluge follow, in whatever quotes', () => {
  const text = `// connection: "crm"
response = invokeurl
[
  url: "https://crm.example/crm"
  connection: 'crm'
];
map = {"connection": "crm"};
`
  assert.is(
    rewrite('a.dg', text, { crm: 'a' }),
    text.replace("connection: 'crm'", "connection: 'a'")
  )
})

test('references of integration tasks follow, and no other of their arguments', () => {
  const text = `zoho.crm.createRecord("crm", {"crm": "crm"}, Map(), "crm"); // zoho.crm.upsert("a", m, Map(), "crm")
zoho.books.updateRecord("crm", "1", "2", invokeapi [ service: crm connection: "crm" ], 'books');
zoho.crm.createRecord("Leads", m, Map(), "crm" + x); zoho.unknown.task("a", "crm");
`
  assert.is(
    rewrite('a.dg', text, { crm: 'books', books: 'crm' }),
    text
      .replace('Map(), "crm"); //', 'Map(), "books"); //')
      .replace('connection: "crm"', 'connection: "books"')
      .replace("'books');", "'crm');")
  )
})

test('names are exchanged all at once', () => {
  const text = "connection('a'); connection('b'); connection('c'); connection('d')"
  assert.is(
    rewrite('a.js', text, { a: 'b', b: 'c', c: 'a' }),
    "connection('b'); connection('c'); connection('a'); connection('d')"
  )
})

test('the number of renamed references is told', () => {
  const text = "connection('a'); connection('a'); connection('b')"
  const names = new Map([
    ['a', 'z'],
    ['b', 'b']
  ])
  assert.is(rewriteReferences(text, findReferences('a.js', text), names).count, 2)
})

test('there and back again is the same text', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      "connection('a')",
      'connection("b")',
      "'a'",
      '// a\n',
      `\`\${connection("a")}\``,
      '😀'
    ),
    fc.string()
  )
  fc.assert(
    fc.property(fc.array(piece), pieces => {
      const text = pieces.join(' ; ')
      const there = rewrite('a.ts', text, { a: 'xx', b: 'a' })
      const found = findReferences('a.ts', there).map(each => each.connection)
      const before = findReferences('a.ts', text).map(each => each.connection)
      const map: Readonly<Record<string, string>> = { a: 'xx', b: 'a' }
      assert.equal(
        found,
        before.map(each => (Object.hasOwn(map, each) ? map[each] : each))
      )
      if (!before.includes('xx')) assert.is(rewrite('a.ts', there, { xx: 'a', a: 'b' }), text)
    })
  )
})

test.run()
