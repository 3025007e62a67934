import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Refusal } from '../../engine/model/diagnostic.ts'
import type { WorkspaceSpec } from '../../engine/model/generated/types.ts'
import { type Action, type Role, readersOf, rolesFor } from '../../engine/model/roles.ts'
import { isPermitted, permit } from '../../engine/workflow/permit.ts'

const team: WorkspaceSpec = {
  app: { name: 'A' },
  members: {
    'sue@example.com': { role: 'super-admin' },
    'ada@example.com': { role: 'admin' },
    'dev@example.com': { role: 'developer' },
    'uwe@example.com': { role: 'user' }
  }
}

const authorize = (
  level: 'administrator' | 'logged-in-user',
  environment: 'dev' | 'stage' | 'prod',
  isOwn = false
): Action => ({ kind: 'authorize', level, environment, isOwn })

/** Who may do what, one line a permission. */
const table: readonly (readonly [string, Action, readonly Role[]])[] = [
  ['apply dev', { kind: 'apply', environment: 'dev' }, ['super-admin', 'developer']],
  ['publish to stage', { kind: 'apply', environment: 'stage' }, ['super-admin', 'developer']],
  ['deploy to prod', { kind: 'apply', environment: 'prod' }, ['super-admin', 'admin']],
  ['authorize in dev', authorize('administrator', 'dev'), ['super-admin', 'developer']],
  ['authorize a user in stage', authorize('logged-in-user', 'stage'), ['super-admin', 'developer']],
  [
    'authorize prod for everyone',
    authorize('administrator', 'prod'),
    ['super-admin', 'admin', 'developer']
  ],
  [
    'authorize prod for oneself',
    authorize('logged-in-user', 'prod', true),
    ['super-admin', 'admin', 'developer', 'user']
  ],
  ['authorize prod for somebody else', authorize('logged-in-user', 'prod', false), []],
  ['read dev', { kind: 'read', slot: 'dev' }, ['super-admin', 'developer']],
  ['read stage', { kind: 'read', slot: 'stage' }, ['super-admin', 'developer']],
  ['read prod', { kind: 'read', slot: 'prod' }, ['super-admin', 'admin']],
  ['read shared', { kind: 'read', slot: 'shared' }, ['super-admin', 'admin', 'developer']],
  ['change readers', { kind: 'manage-vault' }, ['super-admin']]
]

for (const [what, action, may] of table) {
  test(`${what}: ${may.length === 0 ? 'nobody' : may.join(', ')}, and no other role`, () => {
    for (const [actor, { role }] of Object.entries(team.members ?? {})) {
      assert.is(isPermitted(team, actor, action), may.includes(role), `${role}`)
    }
  })
}

test('the shared slot is read by every role that reads dev, stage or prod', () => {
  const one = new Set([...readersOf('dev'), ...readersOf('stage'), ...readersOf('prod')])
  assert.equal(new Set(readersOf('shared')), one)
})

test('a refusal names the roles that may, and who has one', () => {
  const [refused] = refusalsOf(() =>
    permit(team, 'uwe@example.com', { kind: 'apply', environment: 'prod' })
  )
  assert.is(refused?.code, 'ROLE_REFUSED')
  assert.match(refused?.detail ?? '', 'a super admin or an admin')
  assert.match(refused?.detail ?? '', 'sue@example.com, ada@example.com')
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
})

test('without members the actor may do everything but sign in for somebody else', () => {
  const alone: WorkspaceSpec = { app: { name: 'A' } }
  for (const [, action, may] of table) {
    assert.is(isPermitted(alone, 'me@example.com', action), may.length > 0)
  }
})

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
