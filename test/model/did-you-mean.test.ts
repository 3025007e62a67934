import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { meant } from '../../engine/model/did-you-mean.ts'

const ids = ['salesforce', 'twilio', 'zoho_crm', 'zoho_projects']

test('the nearest is meant, if it is near', () => {
  assert.is(meant('salesfroce', ids), ' Did you mean "salesforce"?')
  assert.is(meant('zohocrm', ids), ' Did you mean "zoho_crm"?')
  assert.is(meant('hubspot', ids), '')
})

test('where nothing is near, what holds the word is meant', () => {
  assert.is(meant('zoho', ids), ' Did you mean "zoho_crm" or "zoho_projects"?')
  assert.is(meant('Sales', ids), ' Did you mean "salesforce"?')
})

test('a word too short, or held by many, is no guess', () => {
  assert.is(meant('zo', ['zoho_crm_long', 'zoho_projects']), '')
  assert.is(meant('read', ['a.read.x1', 'b.read.x2', 'c.read.x3', 'd.read.x4']), '')
})

test.run()
