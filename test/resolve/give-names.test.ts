import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { giveNames, type Nameable } from '../../engine/resolve/give-names.ts'

function aNameable(linkName: string, overrides: Partial<Nameable> = {}): Nameable {
  return { linkName, id: `${linkName}.1`, name: undefined, service: 'Salesforce', ...overrides }
}

const nobody: ReadonlyMap<string, ReadonlySet<string>> = new Map()

function names(
  list: readonly Nameable[],
  given: Readonly<Record<string, string>> = {},
  taken = nobody
): Readonly<Record<string, string>> {
  return Object.fromEntries(giveNames(list, given, taken).names)
}

test('a connection without a name is called after its service, several in the order of link names', () => {
  assert.equal(names([aNameable('b'), aNameable('a')]), {
    'a.1': 'Salesforce Connection',
    'b.1': 'Salesforce Connection 2'
  })
})

test('the lowest number counts that is free in every spec and every environment', () => {
  const list = [aNameable('a'), aNameable('b', { name: 'Salesforce Connection 2' })]
  const taken = new Map([['Salesforce Connection', new Set(['gone.1'])]])
  assert.is(names(list, {}, taken)['a.1'], 'Salesforce Connection 3')
})

test('a name is given once and never renumbered', () => {
  const given = { 'a.1': 'Salesforce Connection 4' }
  assert.is(names([aNameable('a')], given)['a.1'], 'Salesforce Connection 4')
  assert.is(names([aNameable('a', { service: 'Twilio' })], given)['a.1'], 'Salesforce Connection 4')
})

test('an explicit name that is taken away brings the given one back', () => {
  const first = giveNames([aNameable('a')], {}, nobody)
  const named = giveNames([aNameable('a', { name: 'Ours' })], first.given, nobody)
  assert.is(named.names.get('a.1'), 'Ours')
  const again = giveNames([aNameable('a')], named.given, new Map([['Ours', new Set(['a.1'])]]))
  assert.is(again.names.get('a.1'), 'Salesforce Connection')
})

test('what is recorded for the connection itself does not stand in its way', () => {
  const taken = new Map([['Salesforce Connection', new Set(['a.1'])]])
  assert.is(names([aNameable('a')], {}, taken)['a.1'], 'Salesforce Connection')
})

test('a long service is cut so that the number fits into 50 characters', () => {
  const service = 'S'.repeat(39)
  const list = [aNameable('a', { service }), aNameable('b', { service })]
  const second = names(list)['b.1'] ?? ''
  assert.is([...second].length, 50)
  assert.match(second, / 2$/)
})

test.run()
