import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type RunResult, run } from './support/assert.ts'

const runner = `${import.meta.dirname}/run.mjs`
const runnerArguments = (names: readonly string[]) => [
  runner,
  '--root',
  'test/fixtures/runner',
  ...names
]
const runFixture = (...names: string[]) => run(process.execPath, runnerArguments(names))

/** Each would pass in silence, or nearly, under uvu alone. */
const red: readonly (readonly [fixture: string, sums: string, told: RegExp])[] = [
  ['plain-failure', '1 passed, 1 failed', /"adds wrongly"/],
  ['before-throws', '0 passed, 3 failed', /the before hook threw\n.*no database/],
  ['after-throws', '1 passed, 1 failed', /the after hook threw\n.*cannot tidy up/],
  ['after-each-throws', '1 passed, 3 failed', /the real failure/],
  ['throws-string', '1 passed, 2 failed', /threw 'just text', which is not an Error/],
  ['no-run', '0 passed, 1 failed', /1 not run: the last call of run\(\)/],
  ['after-run', '1 passed, 1 failed', /1 not run: the last call of run\(\)/],
  ['no-tests', '0 passed, 1 failed', /has no tests/],
  ['only-left', '1 passed, 1 failed', /"passes" is marked \.only/],
  ['undeclared-skip', '1 passed, 1 failed, 1 skipped', /skipped without a reason/],
  ['never-settles', '0 passed, 1 failed', /end the wait, during "waits for nothing"/],
  ['never-settles-while-busy', '0 passed, 1 failed', /ended after 1 s, during "waits beside/],
  ['exits-zero', '0 passed, 1 failed', /ended with code 0, during "ends the process"/],
  ['late-throw', '1 passed, 1 failed', /too late/],
  ['late-rejection', '1 passed, 1 failed', /nobody waits for me/],
  ['cannot-load', '0 passed, 1 failed', /broken on the first level/],
  ['exit-code-only', '1 passed, 1 failed', /ended with 3/]
]

for (const [fixture, sums, told] of red) {
  test(`the runner is red for ${fixture}`, async () => {
    const result = await runFixture(`/${fixture}.test`)
    assertEnds(result, 1, sums)
    assert.match(result.stdout, told)
  })
}

test('the runner is green for a good file, and prints one line for it', async () => {
  const result = await runFixture('/good.test')
  assertEnds(result, 0, '2 passed, 0 failed')
  assert.match(
    result.stdout,
    /^ok {4}test\/fixtures\/runner\/good\.test\.ts {2}2 passed {2}[\d.]+ s\n2 passed, 0 failed\n$/
  )
})

test('a skip that gives its reason is counted and green', async () => {
  assertEnds(await runFixture('/good-with-skip'), 0, '1 passed, 0 failed, 1 skipped')
})

test('a name that matches nothing is red, even beside one that matches', async () => {
  assertEnds(await runFixture('/good', 'matches nothing'), 1, '0 passed, 1 failed')
  assertEnds(await runFixture('/good', 'adds', 'matches nothing'), 1, '1 passed, 1 failed')
})

test('a run of which everything is skipped is red', async () => {
  assertEnds(await runFixture('/good-with-skip', 'screen'), 1, '0 passed, 1 failed, 1 skipped')
})

test('a name that is no path chooses tests by their names', async () => {
  const result = await runFixture('/good', '/plain-failure', 'adds', 'draws on paper')
  assertEnds(result, 1, '2 passed, 1 failed')
})

test('what a file leaves running is ended with it', async () => {
  const { stdout } = await runFixture('/never-settles-while-busy')
  await assertEnded(sleeperIn(stdout))
})

for (const signal of ['SIGINT', 'SIGKILL'] as const) {
  test(`${signal} to the runner ends the files and what they started`, async () => {
    // The file's own output is held back while it runs, so the sleeper tells its number another way.
    const parent = spawn(process.execPath, runnerArguments(['/never-settles-while-busy']), {
      stdio: 'ignore'
    })
    const sleeper = await sleeperBelow(parent.pid ?? 0)
    parent.kill(signal)
    await once(parent, 'exit')
    await assertEnded(sleeper)
  })
}

function assertEnds({ code, stdout, stderr }: RunResult, expected: number, last: string): void {
  assert.is(stderr, '')
  assert.is(stdout.trimEnd().split('\n').at(-1), last, stdout)
  assert.is(code, expected)
}

function sleeperIn(output: string): number {
  const pid = output.match(/^sleeper (\d+)$/m)?.[1]
  assert.ok(pid, output)
  return Number(pid)
}

/** The `sleep` that a file started by this runner has started. */
async function sleeperBelow(runnerPid: number): Promise<number> {
  for (let i = 0; i < 100; i++) {
    const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,comm='])
    const processes = stdout
      .trim()
      .split('\n')
      .map(line => line.trim().split(/\s+/))
    const files = processes.filter(([, parent]) => Number(parent) === runnerPid).map(([pid]) => pid)
    const sleeper = processes.find(
      ([, parent, name]) => name === 'sleep' && files.includes(parent ?? '')
    )
    if (sleeper !== undefined) return Number(sleeper[0])
    await pause(50)
  }
  throw new Error('The file has not started its sleeper')
}

async function assertEnded(pid: number): Promise<void> {
  for (let i = 0; i < 40; i++) {
    if (!(await isAlive(pid))) return
    await pause(50)
  }
  throw new Error(`Process ${pid} is still running`)
}

/** A killed process that nobody has waited for yet (state Z) counts as dead. */
async function isAlive(pid: number): Promise<boolean> {
  const { stdout } = await run('ps', ['-o', 'stat=', '-p', String(pid)])
  return stdout.trim() !== '' && !stdout.startsWith('Z')
}

function pause(ms: number): Promise<void> {
  return new Promise(done => setTimeout(done, ms))
}

test.run()
