import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { assignIds } from '../../engine/resolve/assign-ids.ts'

/** `name` or `name<former`. */
function ids(
  specs: readonly string[],
  recorded: Readonly<Record<string, string>> = {},
  retired: Readonly<Record<string, string>> = {}
): Readonly<Record<string, string>> {
  const named = specs.map(each => {
    const [linkName = '', previously] = each.split('<')
    return { linkName, previously }
  })
  const entries = Object.entries(recorded).map(([name, id]) => [name, { id }] as const)
  return Object.fromEntries(assignIds(named, Object.fromEntries(entries), retired, 7))
}

test('what is new gets its link name and the serial that records it', () => {
  assert.equal(ids(['crm', 'sms']), { crm: 'crm.7', sms: 'sms.7' })
})

test('a recorded link name keeps its id, whatever it is', () => {
  assert.equal(ids(['crm'], { crm: 'sfdc.1' }), { crm: 'sfdc.1' })
})

test('a renamed entry goes on with the id of its former name', () => {
  assert.equal(ids(['crm<sfdc'], { sfdc: 'sfdc.1' }), { crm: 'sfdc.1' })
  assert.equal(ids(['crm<sfdc'], { crm: 'sfdc.1' }), { crm: 'sfdc.1' })
})

test('the former name may be used anew in the same edit, and later', () => {
  assert.equal(ids(['crm<sfdc', 'sfdc'], { sfdc: 'sfdc.1' }), { crm: 'sfdc.1', sfdc: 'sfdc.7' })
  const retired = { sfdc: 'sfdc.1' }
  assert.equal(ids(['crm<sfdc', 'sfdc'], { crm: 'sfdc.1' }, retired), {
    crm: 'sfdc.1',
    sfdc: 'sfdc.7'
  })
})

test('a link name that comes back takes its id back, unless another entry carries it', () => {
  assert.equal(ids(['crm'], {}, { crm: 'crm.2' }), { crm: 'crm.2' })
  assert.equal(ids(['crm', 'sms'], { sms: 'crm.2' }, { crm: 'crm.2' }), {
    crm: 'crm.7',
    sms: 'crm.2'
  })
})

test('a rename undone gives the former name its id again', () => {
  assert.equal(ids(['sfdc'], { crm: 'sfdc.1' }, { sfdc: 'sfdc.1' }), { sfdc: 'sfdc.1' })
})

test('an entry that was deleted can come back under another name', () => {
  assert.equal(ids(['crm<sfdc'], {}, { sfdc: 'sfdc.1' }), { crm: 'sfdc.1' })
})

test('two names can be swapped', () => {
  const recorded = { crm: 'crm.1', sms: 'sms.1' }
  assert.equal(ids(['crm', 'sms'], recorded), { crm: 'crm.1', sms: 'sms.1' })
  const first = ids(['tmp<crm', 'crm<sms'], recorded)
  assert.is(first.tmp, 'crm.1')
})

test.run()
