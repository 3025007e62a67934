import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rejects, run, temporaryFolder } from './assert.ts'

const node = process.execPath
const evaluate = (code: string) => ['--input-type=module', '--eval', code]

test('rejects returns the error that matches a part, a pattern or a check', async () => {
  const call = () => Promise.reject(new TypeError('no such file'))
  assert.instance(await rejects(call), TypeError)
  await rejects(call, 'such')
  await rejects(call, /^no .* file$/)
  await rejects(call, error => error instanceof TypeError)
})

test('rejects fails when nothing, another error or no Error at all is thrown', async () => {
  await assertFails(rejects(() => Promise.resolve(1)))
  await assertFails(rejects(() => Promise.reject(new Error('no such file')), /^such/))
  await assertFails(rejects(() => Promise.reject('text')))
})

test('run returns the exit code and both outputs, and passes input and variables', async () => {
  const code = `
    for await (const chunk of process.stdin) process.stdout.write(chunk)
    console.error(process.env.COLOUR, process.env.HOME)
    process.exit(3)`
  const result = await run(node, evaluate(code), {
    input: 'in',
    env: { COLOUR: 'green', HOME: undefined }
  })
  assert.equal(result, { code: 3, stdout: 'in', stderr: 'green undefined\n' })
})

test('run does not mind a command that ends before it has read its input', async () => {
  const result = await run(node, evaluate('process.exit(0)'), { input: 'x'.repeat(1_000_000) })
  assert.is(result.code, 0)
})

test('run kills a command at its time limit and tells what it had said', async () => {
  const code = `console.log('begun'); setInterval(() => {}, 1000)`
  await rejects(
    () => run(node, evaluate(code), { timeout: 500 }),
    /^Killed after 500 ms: .*\nbegun\n/s
  )
})

test('run reports a signal as a shell does, and rejects an unknown command', async () => {
  const result = await run(node, evaluate(`process.kill(process.pid, 'SIGTERM')`))
  assert.is(result.code, 143)
  await rejects(() => run('tieline-no-such-command', []), 'ENOENT')
})

test('a temporary folder is gone when its process has ended', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'file'), '')
  const url = new URL('./assert.ts', import.meta.url).href
  const code = `
    import { temporaryFolder } from ${JSON.stringify(url)}
    process.stdout.write(temporaryFolder())`
  const { stdout } = await run(node, ['--import', 'tsx', ...evaluate(code)])
  assert.match(stdout, /tieline-test-/)
  assert.not(existsSync(stdout))
  assert.ok(existsSync(join(folder, 'file')))
})

async function assertFails(promise: Promise<unknown>): Promise<void> {
  const outcome = await promise.then(
    () => 'passed',
    (error: unknown) => error
  )
  assert.instance(outcome, assert.Assertion)
}

test.run()
