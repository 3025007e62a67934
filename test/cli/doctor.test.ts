import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { DoctorReport } from '../../engine/model/generated/types.ts'
import { validateDoctorReport } from '../../engine/model/generated/validators/doctor.js'
import { type RunResult, run, temporaryFolder } from '../support/assert.ts'
import { documentIn, isTidy } from '../support/cli-expect.ts'
import {
  type LoopbackServer,
  loopbackWorkspace,
  startLoopbackServer
} from '../support/cli-loopback.ts'
import { aMachine, type Machine } from '../support/cli-run.ts'

let server: LoopbackServer
test.before(async () => {
  server = await startLoopbackServer()
})
test.after(() => server.close())

const secret = 'a key for tests alone'

/** What the command prints with --format json, checked against its schema. */
function reportIn(result: RunResult): DoctorReport {
  isTidy(result, 'doctor')
  assert.is(result.stderr, '')
  const report = documentIn(result, 'doctor')
  if (!validateDoctorReport(report)) throw new Error(JSON.stringify(validateDoctorReport.errors))
  return report
}

/** Outcome and summary of the checks with an id. */
function told({ checks }: DoctorReport, id: string): readonly string[] {
  return checks.filter(each => each.id === id).map(each => `${each.outcome}: ${each.summary}`)
}

/** A repository whose workspace is committed, with an authorization in its vault. */
async function authorized(origin: string = server.origin): Promise<Machine> {
  const machine = aMachine(loopbackWorkspace(origin))
  const git = (...args: readonly string[]) => run('git', args, { cwd: machine.folder })
  await git('init', '-q')
  for (const args of [
    ['apply', '--auto-approve', '--no-authorize'],
    ['authorize', 'board', '--from', 'key=env:KEY']
  ]) {
    const { code, stderr } = await machine.tieline(args, { env: { KEY: secret } })
    assert.is(code, 0, stderr)
  }
  await git('add', '.')
  await git('-c', 'user.email=a@b.example', '-c', 'user.name=A', 'commit', '-q', '-m', 'all')
  return machine
}

test('a sound set-up is told as text in a pipe and as one JSON document, and ends with 0', async () => {
  const own = await startLoopbackServer()
  const machine = await authorized(own.origin)
  const text = await machine.tieline(['doctor'])
  isTidy(text, 'doctor')
  assert.equal([text.code, text.stderr], [0, ''])
  assert.match(text.stdout, /\n\nEverything is in order\.\n$/)
  assert.match(text.stdout, /^✔ Your key is in .*identity: /m)
  assert.match(text.stdout, /^✔ You act as ana@example\.com\.$/m)
  assert.ok(text.stdout.split('\n').every(each => each.length <= 100 || each.includes('/')))

  const json = await machine.tieline(['doctor', '--format', 'json'])
  const report = reportIn(json)
  assert.is(json.code, 0)
  assert.equal(
    report.checks.filter(each => each.outcome !== 'ok'),
    []
  )
  for (const { summary } of report.checks.filter(each => !['clock', 'disk'].includes(each.id))) {
    assert.ok(text.stdout.replace(/\s+/g, ' ').includes(summary.replace(/\s+/g, ' ')), summary)
  }
  assert.not.match(text.stdout + json.stdout, secret)

  const asked = own.heard.length
  const online = await machine.tieline(['doctor', '--online', '--format', 'json'])
  assert.equal(told(reportIn(online), 'online'), [`ok: ${own.origin} answers.`])
  assert.is(own.heard.length, asked + 1)
  await own.close()
  assert.is((await machine.tieline(['doctor', '--online'])).code, 1)
})

test('a key that others can read is broken, with the command that mends it, and ends with 1', async () => {
  const machine = await authorized()
  const identity = join(machine.home, '.config/tieline/identity')
  chmodSync(identity, 0o644)
  const text = await machine.tieline(['doctor'])
  isTidy(text, 'doctor')
  assert.is(text.code, 1)
  assert.match(text.stdout, /^✖ Others can read your key\.$/m)
  assert.match(text.stdout, `chmod 600 ${identity}\n`)
  assert.match(text.stdout, /(things are|thing is) broken/)
  const json = await machine.tieline(['doctor', '--format', 'json'])
  assert.is(json.code, 1)
  assert.equal(told(reportIn(json), 'config-permissions'), ['failed: Others can read your key.'])
  assert.not.match(text.stdout + json.stdout, 'AGE-SECRET-KEY')
  await run('sh', ['-c', /^ +(chmod .*)$/m.exec(text.stdout)?.[1] ?? 'false'])
  assert.is((await machine.tieline(['doctor'])).code, 0)
})

test('without git it says what is missing, which outside of a repository breaks nothing', async () => {
  const machine = await authorized()
  const env = { PATH: temporaryFolder() }
  // What git ignores is not read, so nobody knows what may be.
  const inside = await machine.tieline(['doctor', '--format', 'json'], { env })
  const report = reportIn(inside)
  assert.equal(told(report, 'git'), ['warning: git was not found.'])
  assert.equal(told(report, 'workspace'), ['failed: Git cannot be asked what it ignores.'])
  assert.is(inside.code, 1)

  rmSync(join(machine.folder, '.git'), { recursive: true })
  const outside = await machine.tieline(['doctor', '--format', 'json'], { env })
  assert.equal(told(reportIn(outside), 'vault'), ['ok: Your key opens shared.'])
  assert.is(outside.code, 0)
  const text = await machine.tieline(['doctor'], { env })
  isTidy(text, 'doctor')
  assert.match(text.stdout, /^! git was not found\.$/m)
})

test('without a name and without a key it says how to get them', async () => {
  const members = 'members: { ana@example.com: { role: super-admin } }\n'
  const machine = aMachine({
    ...loopbackWorkspace(server.origin),
    'tieline.yaml': `app: { name: A }\nconnectors: { custom: true }\n${members}`
  })
  const before = readdirSync(machine.home, { recursive: true })
  const env = { TIELINE_ACTOR: undefined, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' }
  const result = await machine.tieline(['doctor', '--format', 'json'], { env })
  const report = reportIn(result)
  assert.equal(told(report, 'actor'), ['warning: Nobody says who you are.'])
  assert.equal(told(report, 'key'), ['warning: You have no key yet.'])
  assert.is(result.code, 0)
  const text = await machine.tieline(['doctor'], { env })
  isTidy(text, 'doctor')
  assert.match(text.stdout, /^ +tieline vault key$/m)
  assert.match(text.stdout, /^ +git config user\.email you@example\.com$/m)
  assert.match(text.stdout, /things to look at\.\n$/)
  // It looks, and makes nothing.
  assert.equal(readdirSync(machine.home, { recursive: true }), before)
})

test('a key that is none, and specs that are broken, end with 1; no workspace does not', async () => {
  const machine = aMachine({ 'tieline.yaml': 'app: 7\n' })
  const env = { TIELINE_IDENTITY: 'hunter2hunter2' }
  const broken = await machine.tieline(['doctor', '--format', 'json'], { env })
  const report = reportIn(broken)
  assert.is(broken.code, 1)
  assert.equal(told(report, 'workspace'), ['failed: tieline.yaml cannot be read.'])
  assert.match(told(report, 'key').join(), /^failed: /)
  assert.not.match(broken.stdout, 'hunter2')

  const empty = join(machine.folder, 'empty')
  mkdirSync(empty)
  writeFileSync(join(empty, 'note.txt'), '')
  const none = await machine.tieline(['doctor', '-C', 'empty', '--format', 'json'])
  assert.equal(told(reportIn(none), 'workspace'), ['skipped: This folder is no workspace.'])
  assert.is(none.code, 0)
  assert.equal(readdirSync(empty), ['note.txt'])
})

test('what is not understood is told, with the command that says what there is', async () => {
  const { tieline } = aMachine()
  const result = await tieline(['doctor', '--onlne'])
  assert.is(result.code, 1)
  assert.match(result.stderr, '--online')
  assert.match(result.stderr, 'tieline doctor --help')
})

test.run()
