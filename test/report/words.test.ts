import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Because, HeldCode, Reason, Who } from '../../engine/model/generated/types.ts'
import {
  allBecauseWords,
  authorizeCommand,
  becauseWords,
  heldWords,
  memberCommand,
  namesWords,
  reasonWords,
  shortDigest,
  whoWords
} from '../../engine/report/words.ts'
import { digestFrom } from './samples.ts'

/** One of each code: a new code does not compile until it stands here. */
const because: { readonly [Code in Because['code']]: Because } = {
  DECLARED: { code: 'DECLARED' },
  CHANGED: { code: 'CHANGED' },
  REMOVED: { code: 'REMOVED' },
  RENAMED: { code: 'RENAMED' },
  SELECTED: { code: 'SELECTED' },
  LAST_REFERENCE_GONE: { code: 'LAST_REFERENCE_GONE' },
  REFERENCES_CHANGED_CONNECTION: { code: 'REFERENCES_CHANGED_CONNECTION', connection: 'crm' },
  USED_BY_SELECTED: { code: 'USED_BY_SELECTED', component: 'form' },
  DEPENDED_ON: { code: 'DEPENDED_ON', component: 'form' },
  DEPENDENCY_GONE: { code: 'DEPENDENCY_GONE', component: 'form' },
  NAME_TAKEN_OVER: { code: 'NAME_TAKEN_OVER', subject: 'connection', linkName: 'crm' },
  NEW_VERSION: { code: 'NEW_VERSION', version: 4 }
}

const reasons: { readonly [Code in Reason['code']]: Reason } = {
  NEVER_AUTHORIZED: { code: 'NEVER_AUTHORIZED' },
  SCOPES_ADDED: { code: 'SCOPES_ADDED', scopes: ['api', 'refresh_token'] },
  SCOPES_LOST: { code: 'SCOPES_LOST' },
  CONNECTOR_CHANGED: { code: 'CONNECTOR_CHANGED', from: 'zoho', to: 'zoho_crm' },
  AUTH_CHANGED: { code: 'AUTH_CHANGED', from: 'basic', to: 'oauth2' },
  PARAMETERS_CHANGED: { code: 'PARAMETERS_CHANGED', parameters: ['domain', 'region'] },
  CLIENT_CHANGED: { code: 'CLIENT_CHANGED', from: null, to: 'env:CLIENT_ID' },
  ORIGIN_CHANGED: {
    code: 'ORIGIN_CHANGED',
    from: ['https://a.example'],
    to: ['https://b.example']
  },
  LEVEL_CHANGED: { code: 'LEVEL_CHANGED', from: 'administrator', to: 'logged-in-user' },
  SLOT_CHANGED: { code: 'SLOT_CHANGED', from: 'shared', to: 'dev' },
  EXPIRED: { code: 'EXPIRED' },
  REVOKED: { code: 'REVOKED' },
  COVERED_BY_SHARED: { code: 'COVERED_BY_SHARED' },
  NOT_NEEDED: { code: 'NOT_NEEDED' },
  NARROWER_THAN_GRANTED: { code: 'NARROWER_THAN_GRANTED' }
}

test('every reason for being in a plan has words, or needs none', () => {
  const words = Object.values(because).map(each => becauseWords(each, 'tree'))
  assert.equal(words, [
    null,
    null,
    'removed from the specs',
    null,
    'selected',
    'nothing references it any more',
    'uses crm, which changes',
    'used by form',
    'form depends on it',
    'depends on form, which goes away',
    'connection crm takes over its name',
    'new in version 4'
  ])
})

test('what is gone is told by where it is gone from', () => {
  assert.is(becauseWords({ code: 'REMOVED' }, 'dev'), 'removed in dev')
})

test('several reasons make one line, and connections that change are told together', () => {
  const words = allBecauseWords(
    [
      { code: 'SELECTED' },
      { code: 'REFERENCES_CHANGED_CONNECTION', connection: 'crm' },
      { code: 'REFERENCES_CHANGED_CONNECTION', connection: 'projects' }
    ],
    'carry',
    'dev'
  )
  assert.is(words, 'goes along: uses crm and projects, which change; selected')
  assert.is(allBecauseWords([], 'carry', 'dev'), 'goes along')
  assert.is(allBecauseWords([{ code: 'CHANGED' }], 'modify', 'dev'), '')
})

test('every reason for an authorization has words', () => {
  assert.equal(Object.values(reasons).map(reasonWords), [
    'not authorized yet',
    'adds api, refresh_token',
    'the service took scopes back',
    'the connector changes from zoho to zoho_crm',
    'the way to authorize changes from basic to oauth2',
    'domain and region change',
    'the OAuth2 client changes to env:CLIENT_ID',
    'the addresses change from https://a.example to https://b.example',
    'the level changes from administrator to logged-in-user',
    'the authorization moves from shared to dev',
    'the authorization expired',
    'the authorization was revoked',
    'the shared authorization covers it',
    'not needed any more',
    'asks for less than was granted'
  ])
})

test('every reason for being held has words', () => {
  const codes: { readonly [Code in HeldCode]: Code } = {
    UNREFERENCED: 'UNREFERENCED',
    NEEDS_COMPONENTS: 'NEEDS_COMPONENTS',
    STILL_REFERENCED: 'STILL_REFERENCED'
  }
  assert.equal(Object.values(codes).map(heldWords), [
    'no component references it',
    'cannot go without components that are not selected:',
    'is deleted once these no longer use it:'
  ])
})

test('says who may authorize, and nobody where each user does', () => {
  const all: readonly Who[] = ['super-admin', 'admin', 'developer', 'user']
  assert.is(whoWords(all), 'a super admin, an admin, a developer or a user')
  assert.is(whoWords(['developer']), 'a developer')
  assert.is(whoWords(['each-user']), null)
  assert.is(whoWords(['admin'], 'acme'), 'an admin of acme')
  assert.is(whoWords(['each-user'], 'acme'), null)
})

test('names as many as can be read, and counts the rest', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
  assert.is(namesWords(names.slice(0, 1)), 'a')
  assert.is(namesWords(names.slice(0, 6)), 'a, b, c, d, e and f')
  assert.is(namesWords(names), 'a, b, c, d, e and 2 others')
})

test('shortens digests and nothing else', () => {
  assert.is(shortDigest(digestFrom('ab12cd34')), 'sha256:ab12cd')
  assert.is(shortDigest('sha256:ab12cd34'), 'sha256:ab12cd34')
})

test('a command is safe to paste, whatever the name', () => {
  assert.is(authorizeCommand('zoho_crm', 'dev'), 'tieline authorize zoho_crm -e dev')
  assert.is(authorizeCommand("a; rm 'b'", 'dev'), "tieline authorize 'a; rm '\\''b'\\''' -e dev")
})

test('a command for a member of a client leaves open who it is, and for several clients which', () => {
  assert.is(
    memberCommand('crm', ['client/acme']),
    'tieline authorize crm -e client/acme --as EMAIL'
  )
  assert.is(
    memberCommand('crm', ['client/acme', 'client/beta']),
    'tieline authorize crm -e client/NAME --as EMAIL'
  )
})

test.run()
