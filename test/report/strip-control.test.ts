import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cleaned, stripControl } from '../../engine/report/strip-control.ts'
import { toJson } from '../../engine/report/to-json.ts'
import { control, hostileText } from './samples.ts'

test('removes escape sequences whole, and keeps the text around them', () => {
  assert.is(stripControl('a\u001b[31;1mred\u001b[0m b'), 'ared b')
  assert.is(stripControl('a\u001b]0;title\u0007b'), 'ab')
  assert.is(stripControl('a\u001b]8;;https://x.example\u001b\\link\u001b]8;;\u001b\\'), 'alink')
  assert.is(stripControl('a\u009b2Jb'), 'ab')
  assert.is(stripControl('a\u001bPq#0\u001b\\b\u001bcc'), 'abc')
})

test('an escape sequence without an end takes nothing along', () => {
  assert.is(stripControl('a\u001b]0;all of this stays'), 'a0;all of this stays')
  assert.is(stripControl('a\u001b'), 'a')
})

test('removes controls of the cursor and of the direction of text, and keeps line feeds', () => {
  assert.is(stripControl('a\r\nb\tc\bd\u007f'), 'a\nb cd')
  assert.is(stripControl('safe\u202egnp.exe\u2066\u200f'), 'safegnp.exe')
})

test('keeps letters of every language and emoji', () => {
  const text = 'Größe 東京 नमस्ते \u{1f468}\u200d\u{1f469}\u200d\u{1f467} e\u0301'
  assert.is(stripControl(text), text)
})

test('cleaning reaches every key and value, and lets only named texts have lines', () => {
  const value = { 'a\u001b[2J': ['b\nc\u0007'], detail: 'd\n    e\u0000', number: 1, none: null }
  assert.equal(cleaned(value, 'detail'), {
    a: ['b c'],
    detail: 'd\n    e',
    number: 1,
    none: null
  } as unknown as typeof value)
})

test('whatever the text, no control character is left, and stripping again changes nothing', () => {
  fc.assert(
    fc.property(hostileText, text => {
      const once = stripControl(text)
      assert.not.match(once, control)
      assert.is(stripControl(once), once)
    })
  )
})

test('a very long run of unfinished sequences is stripped in no time', () => {
  const long = '\u001b]'.repeat(50_000) + '\u009d'.repeat(50_000) + '\u001b['.repeat(50_000)
  assert.not.match(stripControl(long), control)
})

test('JSON keeps the order of keys, has no control character, and reads back the same', () => {
  assert.is(
    toJson({ b: 1, a: ['\u009b2J\u202e'] }),
    '{\n  "b": 1,\n  "a": [\n    "\\u009b2J\\u202e"\n  ]\n}\n'
  )
  assert.is(toJson(undefined), 'null\n')
  fc.assert(
    fc.property(fc.dictionary(hostileText, fc.array(hostileText)), value => {
      const text = toJson(value)
      assert.not.match(text, control)
      assert.is(JSON.stringify(JSON.parse(text)), JSON.stringify(value))
    })
  )
})

test.run()
