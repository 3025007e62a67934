import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bundleText } from '../../engine/bundle/make-bundle.ts'
import { looksLikeBundle, readBundle } from '../../engine/bundle/read-bundle.ts'
import type { Bundle } from '../../engine/model/generated/types.ts'
import {
  aBundle,
  aBundledComponent,
  aBundledConnection,
  aSourced,
  sealed
} from '../support/a-bundle.ts'

const apart = ['.tieline', 'state']

function read(value: unknown) {
  return readBundle(typeof value === 'string' ? value : JSON.stringify(value), apart)
}

function codes(value: unknown): readonly string[] {
  return read(value).problems.map(each => each.code)
}

function details(value: unknown): string {
  return read(value)
    .problems.map(each => each.detail)
    .join('\n')
}

test('a bundle reads back as it was written', () => {
  const bundle = aBundle(aSourced(['crm'], { 'src/a.dg': 'info "ä😀";\n' }))
  const text = bundleText(bundle)
  assert.ok(looksLikeBundle(text))
  assert.equal(readBundle(text, apart), { bundle, problems: [] })
  assert.is(readBundle(JSON.stringify(bundle, null, 2), apart).bundle?.digest, bundle.digest)
})

test('what was cut off or changed is damaged', () => {
  const text = bundleText(aBundle())
  assert.equal(codes(text.slice(0, -3)), ['BUNDLE_DAMAGED'])
  assert.equal(codes(text.replace('Twilio Connection', 'Twilio connection')), ['BUNDLE_DAMAGED'])
  for (const each of ['', '{', '{}', 'null', '[]', '"a"', '{"format":"other"}'])
    assert.equal(codes(each), ['BUNDLE_DAMAGED'], each)
})

test('a newer format is told before anything else', () => {
  assert.equal(codes({ format: 'tieline-bundle', formatVersion: 2, what: 'ever' }), [
    'BUNDLE_NEWER'
  ])
  assert.equal(codes({ ...aBundle(), formatVersion: 0 }), ['BUNDLE_DAMAGED'])
})

test('a literal where a reference belongs is refused and not repeated', () => {
  const secret = 'hunter2-hunter2'
  const client = { id: 'env:ID', secret }
  const bundle = aBundle({ connections: { crm: aBundledConnection({ client }) } })
  assert.equal(codes(bundle), ['BUNDLE_DAMAGED'])
  assert.match(details(bundle), '/connections/crm/client/secret')
  assert.not.match(details(bundle), secret)
  const key = sealed({ ...aBundle(), [secret]: 1 })
  assert.not.match(details(key), secret)
})

test('nothing but loopback takes the place of an address', () => {
  for (const origin of [
    'https://evil.example',
    'http://127.0.0.1.evil.example',
    'http://localhost:1@x'
  ]) {
    const environments = { dev: { parameters: {}, client: null, origin } }
    const bundle = aBundle({ connections: { crm: aBundledConnection({ environments }) } })
    assert.equal(codes(bundle), ['BUNDLE_DAMAGED'], origin)
  }
})

test('names that are none are refused', () => {
  for (const name of ['__proto__', '../a', 'A', '', 'a'.repeat(51), 'a/b', 'a.b']) {
    const made = JSON.stringify({ ...aBundle(), connections: 'HERE' }).replace(
      '"HERE"',
      `{${JSON.stringify(name)}:${JSON.stringify(aBundledConnection())}}`
    )
    assert.equal(codes(made), ['BUNDLE_DAMAGED'], name)
  }
  const bomb = aBundle({ connections: { crm: aBundledConnection({ name: 'a'.repeat(51) }) } })
  assert.equal(codes(bomb), ['BUNDLE_DAMAGED'])
  const long = read({ ...aBundle(), connections: { ['a'.repeat(1_000_000)]: {} } })
  assert.ok((long.problems[0]?.detail.length ?? 0) < 5000)
})

test('names of what every object has are names like others', () => {
  const bundle = aBundle({
    connections: { constructor: aBundledConnection() },
    components: { valueof: aBundledComponent({ uses: ['constructor'] }) }
  })
  assert.equal(codes(bundle), [])
  const missing = aBundle({
    connections: {},
    components: { form: aBundledComponent({ uses: ['constructor'], depends: ['constructor'] }) }
  })
  assert.equal(codes(missing), ['BUNDLE_DAMAGED'])
})

test('a bundle holds together', () => {
  const digest = `sha256:${'0'.repeat(64)}`
  const wrong: readonly (readonly [Partial<Bundle>, RegExp])[] = [
    [{ components: { form: aBundledComponent({ uses: ['gone'] }) } }, /uses connection gone/],
    [{ components: { form: aBundledComponent({ depends: ['gone'] }) } }, /depends on gone/],
    [{ components: { form: aBundledComponent({ uses: ['crm', 'crm'] }) } }, /twice/],
    [
      { connections: { crm: aBundledConnection({ connectorDigest: digest }) } },
      /which the bundle does not hold/
    ],
    [
      { connections: { crm: aBundledConnection(), sms: aBundledConnection() } },
      /display name of another/
    ],
    [{ files: [{ path: 'a', text: '' }] }, /belongs to no component/],
    [{ ...aSourced([], { a: '' }), files: [] }, /has a file that the bundle does not hold/],
    [
      {
        ...aSourced([], { a: '' }),
        files: [
          { path: 'a', text: '' },
          { path: 'a', text: 'x' }
        ]
      },
      /a file twice/
    ]
  ]
  for (const [overrides, pattern] of wrong) {
    assert.equal(codes(aBundle(overrides)), ['BUNDLE_DAMAGED'], String(pattern))
    assert.match(details(aBundle(overrides)), pattern)
  }
})

test('all paths that are not for sources are told at once', () => {
  const files = { '../a': '', 'state/dev.json': '', 'src/a': '', 'src/A': '' }
  const bundle = aBundle(aSourced([], files))
  assert.equal(codes(bundle), ['BUNDLE_PATH', 'BUNDLE_PATH', 'BUNDLE_PATH'])
})

test('bombs are refused quickly', () => {
  const started = performance.now()
  const bombs = [
    '['.repeat(5_000_000),
    `{"format":${'{"a":'.repeat(2_000_000)}`,
    `[${'{},'.repeat(5_000_000)}{}]`,
    JSON.stringify({ ...aBundle(), files: Array.from({ length: 10_001 }, () => ({})) }),
    JSON.stringify(aBundle(aSourced([], { a: 'x'.repeat(1024 * 1024 + 1) }))),
    JSON.stringify(aBundle(aSourced([], { a: 'é'.repeat(1024 * 1024) }))),
    JSON.stringify(
      aBundle({
        components: Object.fromEntries(
          Array.from({ length: 10_001 }, (_, at) => [`c${at}`, aBundledComponent()])
        )
      })
    )
  ]
  for (const each of bombs) assert.equal(codes(each), ['BUNDLE_DAMAGED'], each.slice(0, 40))
  assert.ok(performance.now() - started < 10_000)
})

test('text that is not valid Unicode is damaged', () => {
  const text = bundleText(aBundle(aSourced([], { a: 'HERE' })))
  assert.equal(codes(text.replace('HERE', '\\ud800')), ['BUNDLE_DAMAGED'])
})

test('whatever a text holds, it is read or refused, and never throws', () => {
  const text = bundleText(aBundle(aSourced(['crm'], { 'src/a.dg': 'a' })))
  fc.assert(
    fc.property(fc.nat(text.length), fc.nat(30), fc.string(), (from, length, other) => {
      const { bundle, problems } = readBundle(
        text.slice(0, from) + other + text.slice(from + length),
        apart
      )
      assert.is(bundle === null, problems.length > 0)
    })
  )
})

test.run()
