import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { followConsent, type OAuthServer } from '../support/oauth-server.ts'
import { programFile, type Running, start } from '../support/scenario-program.ts'
import { type KeyService, keys, startKeyService } from '../support/scenario-service.ts'
import {
  keyFiles,
  list,
  makeScenario,
  oauthFiles,
  outcomeOf,
  type Scenario,
  startScenarioServer,
  startTieline
} from '../support/scenario-workspace.ts'

const crash = ['--import', join(import.meta.dirname, '../support/scenario-crash.mjs')]
const [interrupted, killed] = [130, 137]

let service: KeyService
let server: OAuthServer
test.before(async () => {
  service = await startKeyService()
  server = await startScenarioServer()
})
test.after(async () => {
  await service.close()
  await server.close()
})

async function withForge(): Promise<Scenario> {
  const scenario = makeScenario(oauthFiles(server.origin, 'authorization: separate'))
  await scenario.apply('dev')
  return scenario
}

/** Opens the address that a command printed, and consents. */
async function consent(running: Running): Promise<void> {
  const [address] = await running.says(/http:\S+\/auth\?\S+/)
  // Whoever waits for the answer may be gone by then.
  await followConsent(address).catch(() => {})
}

/** Nothing is left of what was going on. */
function assertTidy({ folder }: Scenario): void {
  assert.equal(list(join(folder, '.tieline/locks')), [])
  assert.equal(list(join(folder, '.tieline/pending')), [])
  assert.equal(
    list(join(folder, 'state')).filter(name => name.endsWith('.tmp')),
    []
  )
}

for (const [when, variable] of [
  ['right before the code is sent', 'TEST_CRASH_BEFORE'],
  ['between the answer and the vault', 'TEST_CRASH_AFTER']
] as const) {
  for (const next of [
    ['apply', '--auto-approve'],
    ['authorize', 'forge', '--method', 'browser']
  ]) {
    test(`a kill ${when} is told by the next ${next[0]}, once`, async () => {
      const scenario = await withForge()
      const first = startTieline(
        scenario,
        programFile(),
        ['authorize', 'forge', '--method', 'browser'],
        {
          node: crash,
          env: { [variable]: '/token' }
        }
      )
      await consent(first)
      assert.is((await first.ends).code, killed)
      assert.equal([scenario.stored(), scenario.state('dev')?.authorizations], [[], {}])

      for (const isTold of [true, false]) {
        const running = startTieline(scenario, programFile(), next)
        if (next[0] === 'authorize') await consent(running)
        const { code, stderr } = await running.ends
        assert.equal([code, /GRANT_MAYBE_ORPHANED/.test(stderr)], [0, isTold], stderr)
      }
      assertTidy(scenario)
    })
  }
}

test('a grant that may be left at the service is told even if nothing is applied then', async () => {
  const scenario = await withForge()
  const first = startTieline(
    scenario,
    programFile(),
    ['authorize', 'forge', '--method', 'browser'],
    {
      node: crash,
      env: { TEST_CRASH_AFTER: '/token' }
    }
  )
  await consent(first)
  await first.ends
  scenario.write('components/desk.yaml', 'kind: form\nname: Desk\nuses: [forge]\nodd: true\n')
  assert.is((await startTieline(scenario, programFile(), ['apply', '--auto-approve']).ends).code, 1)
  scenario.write('components/desk.yaml', 'kind: form\nname: Desk\nuses: [forge]\n')
  const { stderr } = await startTieline(scenario, programFile(), ['apply', '--auto-approve']).ends
  assert.match(stderr, 'GRANT_MAYBE_ORPHANED')
})

test('a grant that the service refused is not told as one that may be left there', async () => {
  const scenario = await withForge()
  const running = startTieline(
    scenario,
    programFile(),
    ['authorize', 'forge', '--method', 'browser'],
    {
      env: { OAUTH_SECRET: 'not the secret' }
    }
  )
  await consent(running)
  assert.is((await running.ends).code, 1)
  assertTidy(scenario)
})

test('Ctrl-C while the browser is waited for ends authorize and stores nothing', async () => {
  const scenario = await withForge()
  const before = await outcomeOf(scenario)
  const running = startTieline(scenario, programFile(), [
    'authorize',
    'forge',
    '--method',
    'browser'
  ])
  await running.says(/Waiting for the answer/)
  running.child.kill('SIGINT')
  const { code, stderr } = await running.ends
  assert.is(code, interrupted)
  assert.match(stderr, 'AUTHORIZATION_CANCELLED')
  assert.equal(await outcomeOf(scenario), before)
  assertTidy(scenario)
})

test('Ctrl-C while the service checks a key lets authorize store it, and says that it was interrupted', async () => {
  const scenario = makeScenario(keyFiles(service.origin))
  await scenario.apply('dev')
  const { arrived, release } = service.hold()
  const args = ['authorize', 'pager', '--from', 'key=env:ONE']
  const running = startTieline(scenario, programFile(), args)
  await arrived
  running.child.kill('SIGINT')
  // So that the signal is there before the answer.
  await new Promise(resolve => setTimeout(resolve, 200))
  release()
  const { code, stderr } = await running.ends
  assert.is(code, interrupted, stderr)
  assert.is(Object.keys(scenario.state('dev')?.authorizations ?? {}).length, 1)
  assert.is(scenario.stored().length, 1)
  assertTidy(scenario)
})

test('a second Ctrl-C ends authorize at once, and the next run is none the worse for it', async () => {
  const scenario = makeScenario(keyFiles(service.origin))
  await scenario.apply('dev')
  const { arrived, release } = service.hold()
  const args = ['authorize', 'pager', '--from', 'key=env:ONE']
  const running = startTieline(scenario, programFile(), args)
  await arrived
  running.child.kill('SIGINT')
  await new Promise(resolve => setTimeout(resolve, 200))
  running.child.kill('SIGINT')
  assert.is((await running.ends).code, interrupted)
  release()
  assert.equal(scenario.stored(), [])
  assert.is((await startTieline(scenario, programFile(), args).ends).code, 0)
  assertTidy(scenario)
})

test('Ctrl-C at any instant of apply leaves what the next apply completes', async () => {
  const undisturbed = makeScenario(keyFiles(service.origin))
  await undisturbed.apply('dev')
  await undisturbed.apply('stage')
  const expected = await outcomeOf(undisturbed)
  const args = ['apply', '--road', 'stage', '--auto-approve']
  for (const instant of [60, 100, 140, 180, 220, 260]) {
    const scenario = makeScenario(keyFiles(service.origin))
    const running = startTieline(scenario, programFile(), args)
    const timer = setTimeout(() => running.child.kill('SIGINT'), instant)
    const { code, stderr } = await running.ends
    clearTimeout(timer)
    assert.ok(code === 0 || code === interrupted, `${code} at ${instant} ms: ${stderr}`)
    assert.is((await startTieline(scenario, programFile(), args).ends).code, 0)
    assert.equal(await outcomeOf(scenario), expected, `at ${instant} ms`)
    assertTidy(scenario)
  }
})

/** util-linux has the one that takes a command and gives its exit code. */
const { stdout: scriptVersion } = spawnSync('script', ['--version'], { encoding: 'utf8' })
const hasTerminal = /util-linux/.test(scriptVersion ?? '')
const inTerminal = hasTerminal ? test : test.skip
const why = hasTerminal ? '' : ' (skipped: needs script of util-linux)'
const ctrlC = '\x03'

/** Starts a command in a terminal of its own; what is written to its input is typed there. */
function typeInto(scenario: Scenario, args: readonly string[]): Running {
  const words = [process.execPath, programFile(), ...args]
  const command = `stty cols 100 rows 40; exec ${words.map(word => `'${word}'`).join(' ')}`
  return start('script', ['-qec', command, '/dev/null'], {
    cwd: scenario.folder,
    // A display, for the way that is taken; CI, so that nothing is opened on it.
    env: { ...scenario.env, SHELL: '/bin/sh', TERM: 'xterm', CI: '1', DISPLAY: ':nowhere' }
  })
}

inTerminal(`Ctrl-C at the question of apply changes nothing${why}`, async () => {
  const scenario = makeScenario(keyFiles(service.origin))
  const running = typeInto(scenario, ['apply'])
  await running.says(/Apply this to dev/)
  running.child.stdin?.write(ctrlC)
  assert.is((await running.ends).code, interrupted)
  assert.is(scenario.state('dev'), null)
})

inTerminal(
  `Ctrl-C in the browser step of apply keeps the definitions and asks no more${why}`,
  async () => {
    const files = oauthFiles(server.origin, 'authorization: separate')
    const scenario = makeScenario({
      ...files,
      'connections/other.yaml': files['connections/forge.yaml'] ?? '',
      'components/desk.yaml': 'kind: form\nname: Desk\nuses: [forge, other]\n'
    })
    const running = typeInto(scenario, ['apply'])
    await running.says(/Apply this to dev/)
    running.child.stdin?.write('yes\n')
    await running.says(/Waiting for the answer/)
    running.child.stdin?.write(ctrlC)
    const { code, stdout } = await running.ends
    assert.is(code, interrupted, stdout)
    assert.is(stdout.split('Waiting for the answer').length, 2)
    assert.is(Object.keys(scenario.state('dev')?.connections ?? {}).length, 2)
    assert.match(stdout, /authorize other in dev.*not run/)
    assertTidy(scenario)
  }
)

inTerminal(
  `Ctrl-C at a hidden prompt of apply keeps what was done and asks no more${why}`,
  async () => {
    const scenario = makeScenario(keyFiles(service.origin))
    const running = typeInto(scenario, ['apply', '--auto-approve'])
    await running.says(/Authorize hub[\s\S]*Key/)
    running.child.stdin?.write(`${keys.one}\r`)
    await running.says(/Authorize pager[\s\S]*Key/)
    running.child.stdin?.write(ctrlC)
    const { code, stdout } = await running.ends
    assert.is(code, interrupted, stdout)
    assert.not.match(stdout, keys.one)
    assert.is(Object.keys(scenario.state('shared')?.authorizations ?? {}).length, 1)
    assert.equal(scenario.state('dev')?.authorizations, {})
    assertTidy(scenario)
  }
)

inTerminal(`Ctrl-C ends authorize where a redirected address is to be pasted${why}`, async () => {
  const scenario = await withForge()
  const running = typeInto(scenario, ['authorize', 'forge', '--no-browser'])
  await running.says(/Address: /)
  running.child.stdin?.write(ctrlC)
  assert.is((await running.ends).code, interrupted)
  assert.equal(scenario.stored(), [])
})

test.run()
