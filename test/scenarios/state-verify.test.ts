/** What state verify finds, and says how to mend, through the command line. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type RunResult, run } from '../support/assert.ts'
import { programFile } from '../support/scenario-program.ts'
import { type KeyService, keys, startKeyService } from '../support/scenario-service.ts'
import { keyFiles, makeScenario, type Scenario } from '../support/scenario-workspace.ts'

let service: KeyService
test.before(async () => {
  service = await startKeyService()
})
test.after(() => service.close())

const one = { from: { key: 'env:ONE' } }

/** Everything published up to prod; hub is authorized for all, pager in dev alone. */
async function published(): Promise<Scenario> {
  const scenario = makeScenario(keyFiles(service.origin))
  await scenario.apply('dev')
  await scenario.authorize('hub', ['dev'], one)
  await scenario.authorize('pager', ['dev'], one)
  await scenario.apply('stage')
  await scenario.apply('prod')
  return scenario
}

async function tieline({ folder, env }: Scenario, ...args: readonly string[]): Promise<RunResult> {
  const result = await run(process.execPath, [programFile(), ...args], { cwd: folder, env })
  const said = `${args.join(' ')}\n${result.stdout}${result.stderr}`
  for (const secret of Object.values(keys)) assert.not.match(said, secret)
  assert.not.match(said, 'INTERNAL_ERROR')
  return result
}

async function json<T>(scenario: Scenario, ...args: readonly string[]): Promise<T> {
  const { stdout, stderr } = await tieline(scenario, ...args, '--format', 'json')
  assert.is(stderr, '')
  return JSON.parse(stdout) as T
}

async function codes(scenario: Scenario, ...args: readonly string[]): Promise<readonly string[]> {
  const { diagnostics } = await json<{ diagnostics: { code: string }[] }>(scenario, ...args)
  return diagnostics.map(each => each.code)
}

function rewrite({ folder }: Scenario, file: string, change: (text: string) => string): void {
  const path = join(folder, file)
  writeFileSync(path, change(readFileSync(path, 'utf8')))
}

test('a record whose credential is gone is told by verify and dropped by rm, and no other one', async () => {
  const scenario = await published()
  assert.equal(await codes(scenario, 'state', 'verify'), [])
  const [id = ''] = Object.keys(scenario.state('shared')?.authorizations ?? {})
  const name = `authorization/${id}`
  assert.equal(await codes(scenario, 'state', 'rm', name, '-e', 'shared'), ['CREDENTIAL_HERE'])
  for (const file of scenario.stored().filter(each => each === id)) {
    rmSync(join(scenario.folder, '.tieline/vault', `${file}.1.json`))
  }
  const found = await tieline(scenario, 'state', 'verify')
  assert.is(found.code, 1)
  assert.match(found.stderr, 'RECORD_WITHOUT_CREDENTIAL')
  assert.match(found.stderr, `tieline state rm authorization/${id} -e shared`)
  const dropped = await tieline(scenario, 'state', 'rm', name, '-e', 'shared', '--auto-approve')
  assert.is(dropped.code, 0)
  for (const each of ['dev', 'stage', 'prod'] as const) {
    assert.equal(scenario.state(each)?.serving['hub.1'], undefined)
  }
  assert.equal(await codes(scenario, 'state', 'verify'), [])
  assert.is((await tieline(scenario, 'state', 'undo', '-e', 'shared', '--auto-approve')).code, 0)
  assert.ok(scenario.state('shared')?.authorizations[id])
})

test('verify tells everything at once, and where the way out is', async () => {
  const scenario = await published()
  rewrite(scenario, 'state/dev.json', text => text.replace('"Desk"', '"Other"'))
  rmSync(join(scenario.folder, 'state/versions/1.json'))
  const broken = await tieline(scenario, 'state', 'verify')
  assert.is(broken.code, 1)
  assert.match(broken.stderr, 'STATE_EDITED')
  await tieline(scenario, 'state', 'verify', '--accept', '-e', 'dev')
  const left = await tieline(scenario, 'state', 'verify')
  assert.is(left.code, 1)
  assert.match(left.stderr, 'VERSION_MISSING')
})

test('a fresh clone without the vault is told so, and that is no fault', async () => {
  const scenario = await published()
  rmSync(join(scenario.folder, '.tieline'), { recursive: true })
  const verified = await tieline(scenario, 'state', 'verify')
  assert.is(verified.code, 0, verified.stderr)
  assert.match(verified.stderr, 'VAULT_ELSEWHERE')
  assert.match(verified.stderr, 'Verify again where the vault is')
  const [id = ''] = Object.keys(scenario.state('shared')?.authorizations ?? {})
  assert.equal(await codes(scenario, 'state', 'rm', `authorization/${id}`, '-e', 'shared'), [
    'VAULT_ELSEWHERE'
  ])
})

test('who may not mend state looks at it and verifies it all the same', async () => {
  const scenario = await published()
  scenario.write(
    'tieline.yaml',
    'app: { name: Test }\nconnectors: { custom: true }\nmembers:\n  ana@example.com: { role: super-admin }\n  uwe@example.com: { role: user }\n'
  )
  const uwe = ['--as', 'uwe@example.com'] as const
  assert.is((await tieline(scenario, 'state', 'list', ...uwe)).code, 0)
  assert.is((await tieline(scenario, 'state', 'history', ...uwe)).code, 0)
  const verified = await tieline(scenario, 'state', 'verify', ...uwe)
  assert.is(verified.code, 0, verified.stderr)
  assert.equal(await codes(scenario, 'state', 'mv', 'hub', 'x', ...uwe), ['ROLE_REFUSED'])
  assert.equal(await codes(scenario, 'state', 'undo', ...uwe), ['ROLE_REFUSED'])
})

test.run()
