import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { maskBroken, maskSource, maskSpec } from '../../engine/spec/mask-text.ts'
import { parseYaml } from '../../engine/spec/parse-yaml.ts'
import { everythingSaid, load } from './spec-workspace.ts'

const connection = 'connections/salesforce.yaml'

function masked(text: string, ...unknown: readonly string[]): string {
  const { parsed } = parseYaml(text, 'a.yaml')
  return parsed === null ? '' : maskSpec(text, parsed.document, unknown)
}

test('what is no reference under client is masked, and what stands before it keeps its column', () => {
  assert.is(
    masked('connector: a\nclient: { id: env:ID, secret: "hunter2" } # why\nname: B\n'),
    'connector: a\nclient: { id: env:ID, secret: ••• } # why\nname: B\n'
  )
  assert.is(masked('client: hunter2\n'), 'client: •••\n')
  assert.is(
    masked('environments:\n  dev:\n    client: [hunter2, { a: b }]\n'),
    'environments:\n  dev:\n    client: [•••, { a: ••• }]\n'
  )
})

test('values of unknown keys are masked whole, on all their lines', () => {
  assert.is(
    masked('a:\n  b: |\n    hunter2\n    hunter3\n  c: hunter4\nd: e\n', '/a'),
    'a:\n  •••: •••\n\n\n  •••: •••\nd: e\n'
  )
  assert.is(masked('a~/b: hunter2\n', '/a~0~1b'), '•••: •••\n')
})

test('what an alias brings to such a place is masked where it is written', () => {
  assert.is(masked('name: &n hunter2\nclient: { id: *n }\n'), 'name: &n •••\nclient: { id: *n }\n')
})

test('what looks like a credential is masked anywhere, but no name and no public key', () => {
  const key = `age1${'q9'.repeat(29)}`
  const text = `# was 1Xy9-8Zq7_aB3dE5fG7h\nkey: ${key}\nid: env:CLIENT_2_ID_3_FOR_4_US\nsource: forms/lead_form_version_2.js\n`
  assert.is(masked(text), text.replace('1Xy9-8Zq7_aB3dE5fG7h', '•••'))
})

test('of addresses, parameters and public keys only what reads like one is shown', () => {
  const key = `age1${'q9'.repeat(29)}`
  for (const text of [
    'state: file:state\nvault: file:.tieline/vault\n',
    'environments: { dev: { origin: http://127.0.0.1:4010 } }\n',
    'environments: { dev: { parameters: { domain: login, my: acme--uat.sandbox, region: us } } }\n',
    `members: { ana@example.com: { role: admin, key: ${key} } }\nruntime: { prod: [${key}] }\n`,
    'connections: { lead_form_version_2: { parameters: { domain: login } } }\n',
    'auth: [{ tokenUrl: "https://a.example?v={v}" }]\nparameters: { a: { title: A Thing } }\n'
  ]) {
    assert.is(masked(text), text)
  }
  assert.is(
    masked('environments: { dev: { origin: "http://u:my/pw@host" } }\n'),
    'environments: { dev: { origin: ••• } }\n'
  )
  assert.is(
    masked('parameters: { a: Correct Horse, b: [x1y2z3w4], password: plain, c: { d: A } }\n'),
    'parameters: { a: •••, b: [•••], password: •••, c: { d: ••• } }\n'
  )
  assert.is(
    masked('members: { a@b.example: { role: Boss, key: word } }\nruntime: { prod: [word] }\n'),
    'members: { a@b.example: { role: •••, key: ••• } }\nruntime: { prod: [•••] }\n'
  )
})

test('keys that do not read like a name are masked', () => {
  assert.is(
    masked('Hunter.2: a\nparameters: { s3cr3tw0rdofmine: b, domain: login }\n'),
    '•••: a\nparameters: { •••: b, domain: login }\n'
  )
})

test('user and query of an address are masked in specs and sources', () => {
  const text = '# http://u:p@ss@a.example/?v=hunter&w=two#x\nname: b\n'
  assert.is(masked(text), '# http://•••@a.example/?v=•••&w=•••#x\nname: b\n')
  assert.is(
    maskSource('get("https://a.example/?key=hunter&v=" + v, `b?c={d}&e=f`)'),
    'get("https://a.example/?key=•••&v=" + v, `b?c={d}&e=•••`)'
  )
})

test('of a file that is not understood only known words, variables and punctuation are shown', () => {
  assert.is(
    maskBroken(
      'connector: salesforce\nclient:\n\tsecret: hunter2 "x y": z # old: hunter3\nscopes: [crm, env:SF_ID\n'
    ),
    'connector: •••\nclient:\n\tsecret: ••• "•••": ••• # •••: •••\nscopes: [•••, env:SF_ID\n'
  )
  assert.is(maskBroken('<<<<<<< HEAD\na\n=======\n'), '<<<<<<< •••\n•••\n=======\n')
})

test('of a source file texts that could be secrets are masked', () => {
  const text =
    'const apiKey = "abc"; const o = { password: \'it is\', name: "Bo" }\nget("https://ana:pw@x.example/")\nconnection("sales")'
  assert.is(
    maskSource(text),
    'const apiKey = "•••"; const o = { password: \'•••\', name: "Bo" }\nget("https://•••@x.example/")\nconnection("sales")'
  )
})

const canary = fc.constantFrom(
  'hunter2',
  'Tr0ub4dor&3',
  'correct horse battery',
  'sk_live_51H8abcDEF',
  'aGk+/==',
  'p:q#r'
)
/** Places for a secret that no diagnostic and no text may repeat, as lines of a connection. */
const leaks: readonly ((secret: string) => string)[] = [
  s => `connector: a\nclient:\n  id: ${s}\n  secret: ${s}\n`,
  s => `connector: a\nclient: { id: env:A, secret: ${s} }\nlevel: x\n`,
  s => `connector: a\nclient: ${s}\n`,
  s => `connector: a\nclient: [${s}]\n`,
  s => `connector: a\nclient: { id: { value: ${s} } }\n`,
  s => `connector: a\nclient: { id: env:A, password: ${s} }\n`,
  s => `connector: a\nenvironments:\n  dev:\n    client: { id: ${s} }\n`,
  s => `connector: a\nenvironments:\n  qa:\n    client: { id: ${s} }\n`,
  s => `connector: a\npassword: ${s}\n`,
  s => `connector: a\nlogin: { user: [x, ${s}], more: { deep: ${s} } }\n`,
  s => `connector: a\nlogin: |\n  ${s}\n  ${s}\n`,
  s => `connector: a\nname: ${s}\nlevel: @x\n`,
  s => `connector: ${s}\nscopes: [a\n`,
  s => `connector: a\n\tsecret: ${s}\n`,
  s => `secret: ${s}: x\n`,
  s => `connector: a\nconnector: ${s}\n`,
  s => `connector: a\nname: !mine ${s}\n`,
  s => `<<<<<<< HEAD\nname: ${s}\n=======\nname: b\n>>>>>>> c\n`,
  s => `connector: a\n---\nsecret: ${s}\n`,
  s => `${s}\n`,
  s => `- ${s}\n`,
  s => `connector: a\nparameters: { password: ${s} }\nlevel: x\n`,
  s => `connector: a\nenvironments: { dev: { origin: ${s} } }\nlevel: x\n`
]

test('a secret in the wrong place shows up in no diagnostic and no text', async () => {
  const quoted = (secret: string, style: number) => {
    return [JSON.stringify(secret), `'${secret}'`][style] ?? JSON.stringify(secret)
  }
  await fc.assert(
    fc.asyncProperty(canary, fc.nat(1), fc.constantFrom(...leaks), async (secret, style, leak) => {
      const text = leak(quoted(secret, style))
      const result = await load({
        [connection]: text,
        'clients/acme.yaml': `name: A\nconnections: { salesforce: { client: { id: ${quoted(secret, style)} } } }\n`
      })
      assert.ok(
        result.diagnostics.some(each => each.at?.file === connection),
        text
      )
      assert.ok(result.texts.has(connection))
      assert.not(everythingSaid(result).includes(secret), `${text}\n${everythingSaid(result)}`)
    }),
    { numRuns: 250 }
  )
})

test.run()
