import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Refusal } from '../../engine/model/diagnostic.ts'
import type { ClientSpec, Environment, Slot } from '../../engine/model/generated/types.ts'
import { type Action, readersOf, rolesFor } from '../../engine/model/roles.ts'
import type { Settings } from '../../engine/model/specs.ts'
import { isGuest, isPermitted, permit } from '../../engine/workflow/permit.ts'
import { sightOf } from '../../engine/workflow/sight.ts'

const acme: ClientSpec = {
  name: 'Acme',
  members: { 'it@acme.example': { role: 'admin' }, 'jo@acme.example': { role: 'user' } }
}
const beta: ClientSpec = { name: 'Beta', members: { 'it@beta.example': { role: 'admin' } } }
const quiet: ClientSpec = { name: 'Quiet' }
const clients = new Map([
  ['acme', acme],
  ['beta', beta],
  ['quiet', quiet]
])

const team: Settings = {
  app: { name: 'A' },
  members: {
    'sue@example.com': { role: 'super-admin' },
    'ada@example.com': { role: 'admin' },
    'dev@example.com': { role: 'developer' },
    'uwe@example.com': { role: 'user' }
  },
  clients
}
const alone: Settings = { app: { name: 'A' }, clients }

/** Everybody there is, by the word that the table has for them. */
const people = {
  'super-admin': 'sue@example.com',
  admin: 'ada@example.com',
  developer: 'dev@example.com',
  user: 'uwe@example.com',
  'acme admin': 'it@acme.example',
  'acme user': 'jo@acme.example',
  'beta admin': 'it@beta.example',
  stranger: 'eve@example.com'
} as const
type Who = keyof typeof people

const everyone: readonly Who[] = ['super-admin', 'admin', 'developer', 'user']

function authorize(
  level: 'administrator' | 'logged-in-user',
  environment: Environment,
  isOwn = false
): Action {
  return { kind: 'authorize', level, environment, isOwn }
}

function revoke(level: 'administrator' | 'logged-in-user', slot: Slot, isOwn = false): Action {
  return { kind: 'revoke', level, slot, isOwn }
}

/** Who may do what, one line a permission. */
const table: readonly (readonly [string, Action, readonly Who[]])[] = [
  ['apply dev', { kind: 'apply', environment: 'dev' }, ['super-admin', 'developer']],
  ['publish to stage', { kind: 'apply', environment: 'stage' }, ['super-admin', 'developer']],
  ['deploy to prod', { kind: 'apply', environment: 'prod' }, ['super-admin', 'admin']],
  ['upgrade a client', { kind: 'apply', environment: 'client/acme' }, ['super-admin', 'admin']],

  ['look at dev', { kind: 'look', environment: 'dev' }, everyone],
  ['look at prod', { kind: 'look', environment: 'prod' }, everyone],
  [
    'look at a client',
    { kind: 'look', environment: 'client/acme' },
    ['super-admin', 'admin', 'developer', 'acme admin', 'acme user']
  ],

  ['authorize in dev', authorize('administrator', 'dev'), ['super-admin', 'developer']],
  ['authorize in stage', authorize('administrator', 'stage'), ['super-admin', 'developer']],
  ['authorize a user in stage', authorize('logged-in-user', 'stage'), ['super-admin', 'developer']],
  [
    'authorize prod for everyone',
    authorize('administrator', 'prod'),
    ['super-admin', 'admin', 'developer']
  ],
  ['authorize a client for everyone', authorize('administrator', 'client/acme'), ['acme admin']],
  ['authorize prod for oneself', authorize('logged-in-user', 'prod', true), everyone],
  ['authorize prod for somebody else', authorize('logged-in-user', 'prod'), []],
  [
    'authorize a client for oneself',
    authorize('logged-in-user', 'client/acme', true),
    ['acme admin', 'acme user']
  ],
  ['authorize a client for somebody else', authorize('logged-in-user', 'client/acme'), []],

  ['read dev', { kind: 'read', slot: 'dev' }, ['super-admin', 'developer']],
  ['read stage', { kind: 'read', slot: 'stage' }, ['super-admin', 'developer']],
  ['read prod', { kind: 'read', slot: 'prod' }, ['super-admin', 'admin']],
  ['read shared', { kind: 'read', slot: 'shared' }, ['super-admin', 'admin', 'developer']],
  ['read a client', { kind: 'read', slot: 'client/acme' }, ['acme admin']],

  ['revoke in dev', revoke('administrator', 'dev'), ['super-admin', 'developer']],
  ['revoke in prod', revoke('administrator', 'prod'), ['super-admin', 'admin']],
  ['revoke what is shared', revoke('administrator', 'shared'), ['super-admin', 'admin']],
  ['revoke for oneself in prod', revoke('logged-in-user', 'prod', true), everyone],
  ['revoke at a client', revoke('administrator', 'client/acme'), ['acme admin']],
  ['revoke a user of a client', revoke('logged-in-user', 'client/acme'), ['acme admin']],
  [
    'revoke for oneself at a client',
    revoke('logged-in-user', 'client/acme', true),
    ['acme admin', 'acme user']
  ],

  [
    'record what services say in prod',
    { kind: 'refresh-status', environment: 'prod' },
    ['super-admin', 'admin', 'developer']
  ],
  [
    'record what services say at a client',
    { kind: 'refresh-status', environment: 'client/acme' },
    ['acme admin']
  ],
  ['change the readers of all', { kind: 'manage-vault', slot: null }, ['super-admin']],
  ['change the readers of prod', { kind: 'manage-vault', slot: 'prod' }, ['super-admin']],
  ['repair state', { kind: 'repair-state' }, ['super-admin', 'admin', 'developer']]
]

for (const [what, action, may] of table) {
  test(`${what}: ${may.length === 0 ? 'nobody' : may.join(', ')}, and nobody else`, () => {
    const found = (Object.keys(people) as Who[]).filter(who =>
      isPermitted(team, people[who], action)
    )
    assert.equal(found, may)
    assert.is(isPermitted(team, null, action), false)
    for (const who of Object.keys(people) as Who[]) {
      if (!may.includes(who)) assert.throws(() => permit(team, people[who], action))
    }
  })
}

test('the keys of a client are changed by its admin, beside whoever may for all', () => {
  const action = { kind: 'manage-vault', slot: 'client/acme' } as const
  const found = (Object.keys(people) as Who[]).filter(who => isPermitted(team, people[who], action))
  assert.ok(found.includes('acme admin'))
  assert.not.ok(found.includes('acme user') || found.includes('beta admin'))
})

test('nobody is permitted anything at a client that names no members, but those who install it', () => {
  for (const [, action] of table) {
    if (action.kind === 'apply' || action.kind === 'look' || !concerns(action, 'client/acme'))
      continue
    for (const actor of Object.values(people)) {
      assert.is(isPermitted(team, actor, moved(action, 'client/quiet')), false)
    }
  }
})

test('the shared slot is read by every role that reads dev, stage or prod', () => {
  const one = new Set([...readersOf('dev'), ...readersOf('stage'), ...readersOf('prod')])
  assert.equal(new Set(readersOf('shared')), one)
  assert.equal(readersOf('client/acme'), [])
})

test('somebody who is a member here and at a client is both', () => {
  const both: Settings = {
    ...team,
    members: { ...team.members, 'it@acme.example': { role: 'user' } }
  }
  assert.ok(isPermitted(both, 'it@acme.example', authorize('administrator', 'client/acme')))
  assert.ok(isPermitted(both, 'it@acme.example', authorize('logged-in-user', 'prod', true)))
  assert.is(sightOf(both, 'prod', 'it@acme.example'), 'all')
  const user = { ...both, members: { 'jo@acme.example': { role: 'developer' } } } as Settings
  assert.is(sightOf(user, 'client/acme', 'jo@acme.example'), 'all')
})

test('a refusal names the roles that may, and who has one', () => {
  const [refused] = refusalsOf(() =>
    permit(team, 'uwe@example.com', { kind: 'apply', environment: 'prod' })
  )
  assert.is(refused?.code, 'ROLE_REFUSED')
  assert.match(refused?.detail ?? '', 'a super admin or an admin')
  assert.match(refused?.detail ?? '', 'sue@example.com, ada@example.com')
  const [theirs] = refusalsOf(() =>
    permit(team, 'sue@example.com', authorize('administrator', 'client/acme'))
  )
  assert.is(theirs?.code, 'ROLE_REFUSED')
  assert.match(theirs?.detail ?? '', 'an admin of client/acme. That is it@acme.example.')
})

test("a client's member is told that they act at their client only", () => {
  for (const action of [authorize('administrator', 'prod'), authorize('administrator', 'dev')]) {
    const [refused] = refusalsOf(() => permit(team, 'it@acme.example', action))
    assert.is(refused?.code, 'ROLE_REFUSED')
    assert.match(refused?.detail ?? '', 'is a member of client/acme')
    assert.not.match(refused?.detail ?? '', 'sue@example.com')
  }
})

test('who is no member is told so, whatever they want to do', () => {
  for (const [, action] of table) {
    const [refused] = refusalsOf(() => permit(team, 'eve@example.com', action))
    assert.is(refused?.code, 'MEMBER_UNKNOWN')
    for (const role of rolesFor(action)) {
      assert.match(refused?.detail ?? '', role.replace('-', ' '))
    }
  }
})

test('a name of every object is no member', () => {
  assert.is(isPermitted(team, 'constructor', { kind: 'read', slot: 'dev' }), false)
  assert.is(isPermitted(team, 'constructor', { kind: 'read', slot: 'client/acme' }), false)
})

test('without members the actor may do everything but sign in for somebody else', () => {
  for (const [, action, may] of table) {
    if (concerns(action, 'client/acme')) continue
    assert.is(isPermitted(alone, 'me@example.com', action), may.length > 0)
  }
})

test('alone, a person acts for clients without members, and not for those that have their own', () => {
  for (const [what, action] of table) {
    if (!concerns(action, 'client/acme')) continue
    const forOther = action.kind === 'authorize' && action.level !== 'administrator'
    const isNobodys = forOther && !action.isOwn
    assert.is(
      isPermitted(alone, 'me@example.com', moved(action, 'client/quiet')),
      !isNobodys,
      `${what} without members`
    )
    const isOurs = action.kind === 'apply' || action.kind === 'look'
    assert.is(isPermitted(alone, 'me@example.com', action), isOurs, what)
  }
})

test("who is a client's member in a one-person workspace is that and nothing else", () => {
  for (const actor of ['it@acme.example', 'jo@acme.example']) {
    assert.ok(isGuest(alone, actor))
    for (const [what, action, may] of table) {
      const who = actor.startsWith('it') ? 'acme admin' : 'acme user'
      assert.is(isPermitted(alone, actor, action), may.includes(who), what)
      if (concerns(action, 'client/acme')) {
        assert.is(isPermitted(alone, actor, moved(action, 'client/quiet')), false, what)
      }
    }
  }
})

test('what is seen: ours by ours and by strangers, of a client what its members may see', () => {
  const expected: Readonly<Record<Who, readonly string[]>> = {
    'super-admin': ['all', 'all', 'all'],
    admin: ['all', 'all', 'all'],
    developer: ['all', 'all', 'all'],
    user: ['all', 'none', 'none'],
    'acme admin': ['none', 'all', 'none'],
    'acme user': ['none', 'own', 'none'],
    'beta admin': ['none', 'none', 'all'],
    stranger: ['all', 'none', 'none']
  }
  for (const who of Object.keys(people) as Who[]) {
    const places = ['prod', 'client/acme', 'client/beta'] as const
    const found = places.map(each => sightOf(team, each, people[who]))
    assert.equal(found, expected[who], who)
  }
  assert.equal([sightOf(team, 'dev', null), sightOf(team, 'client/acme', null)], ['all', 'none'])
})

function placeOf(action: Action): Slot | null {
  if ('environment' in action) return action.environment
  return 'slot' in action ? action.slot : null
}

function concerns(action: Action, slot: Slot): boolean {
  return placeOf(action) === slot
}

/** The same in another installation. */
function moved(action: Action, to: 'client/quiet'): Action {
  return 'environment' in action
    ? { ...action, environment: to }
    : ({ ...action, slot: to } as Action)
}

function refusalsOf(work: () => void): Refusal['diagnostics'] {
  try {
    work()
  } catch (error) {
    if (error instanceof Refusal) return error.diagnostics
    throw error
  }
  throw new Error('It was allowed')
}

test.run()
