// timeout: 300s
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RunOptions } from '../support/assert.ts'
import { loopbackWorkspace, startLoopbackServer } from '../support/cli-loopback.ts'
import { aMachine, type Files, type Machine, repository } from '../support/cli-run.ts'
import { filesOf, variantOf } from '../support/cli-variants.ts'

const example = filesOf(join(repository, 'examples/field-service'))

const ajv = new Ajv2020({ strict: false, allErrors: true })
for (const name of readdirSync(join(repository, 'schemas')).filter(each => /\.json$/.test(each))) {
  ajv.addSchema(JSON.parse(readFileSync(join(repository, 'schemas', name), 'utf8')))
}

function schema(name: string): ValidateFunction {
  const found = ajv.getSchema(`${name}.schema.json`)
  if (found === undefined) throw new Error(`No schema ${name}`)
  return found
}

function fits(name: string, text: string): void {
  const validate = schema(name)
  assert.ok(validate(JSON.parse(text)), `${name}: ${ajv.errorsText(validate.errors)}`)
}

async function printed(machine: Machine, command: string): Promise<string> {
  return (await machine.tieline(command.split(' '))).stdout
}

/** The example, applied as far as prod, and then changed in dev. */
async function appliedExample(): Promise<Machine> {
  const machine = aMachine(example)
  for (const environment of ['dev', 'stage', 'prod']) {
    const args = ['apply', '-e', environment, '--auto-approve']
    const { code, stderr } = await machine.tieline(args)
    assert.is(code, 0, stderr)
  }
  return machine
}

/** What a change makes of the example: something to add, modify, carry, rename and delete. */
const changed: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries(example).filter(([name]) => !/(nightly_exchange|visit_confirmed)\./.test(name))
  ),
  'connections/salesforce.yaml': `${example['connections/salesforce.yaml']}protect: true\n`.replace(
    'openid]',
    'openid, web]'
  ),
  'components/confirmed_visit.yaml': `${example['components/visit_confirmed.yaml']}previously: visit_confirmed\n`,
  'src/workflows/visit_confirmed.dg': example['src/workflows/visit_confirmed.dg'] ?? '',
  'components/new_form.yaml': 'kind: form\nname: New\nuses: [twilio, salesforce]\n'
}

const commands = [
  'plan --format json',
  'plan --all --format json',
  'plan --all --detailed-exitcode',
  'plan -e stage --component open_jobs --detailed-exitcode --format json',
  'validate --format json',
  'status --format json'
]

type Outcome = Readonly<Record<string, readonly [code: number, stdout: string]>>

async function outcomeOf(machine: Machine, options: RunOptions = {}): Promise<Outcome> {
  const found: [string, readonly [number, string]][] = []
  for (const command of commands) {
    const { code, stdout } = await machine.tieline(command.split(' '), options)
    found.push([command, [code, stdout]])
  }
  return Object.fromEntries(found)
}

/** Other specs, on a copy of a machine's state. */
function withState(of: Machine, files: Files): Machine {
  const machine = aMachine(files)
  cpSync(join(of.folder, 'state'), join(machine.folder, 'state'), { recursive: true })
  return machine
}

test('every document that is printed or kept fits its schema', async () => {
  const before = aMachine(example)
  fits('plan', await printed(before, 'plan --format json'))
  fits('plans', await printed(before, 'plan --all --format json'))
  fits('status', await printed(before, 'status --format json'))
  fits('diagnostics', await printed(before, 'validate --format json'))
  fits('diagnostics', await printed(before, 'plan -e stage --format json'))

  const applied = await appliedExample()
  for (const name of ['dev', 'stage', 'prod']) {
    fits('state', readFileSync(join(applied.folder, `state/${name}.json`), 'utf8'))
  }
  fits('version', readFileSync(join(applied.folder, 'state/versions/1.json'), 'utf8'))
  fits('status', await printed(applied, 'status --format json'))

  const after = withState(applied, changed)
  for (const environment of ['dev', 'stage', 'prod']) {
    fits('plan', await printed(after, `plan -e ${environment} --format json`))
  }
  fits('plan', await printed(after, 'plan -e prod --version 1 --format json'))
  fits('plans', await printed(after, 'plan --all --format json'))
  const { code } = await after.tieline(['plan', '--out', 'plan.json'])
  assert.is(code, 0)
  fits('plan', readFileSync(join(after.folder, 'plan.json'), 'utf8'))

  const broken = aMachine({
    ...changed,
    'connections/twilio.yaml': 'connector: twili\nscopes: 1\n'
  })
  for (const command of [
    'validate',
    'plan',
    'plan --all',
    'apply --auto-approve',
    'token twilio'
  ]) {
    fits('diagnostics', await printed(broken, `${command} --format json`))
  }
})

test('state with authorizations fits its schema, and so does what is said of it', async () => {
  const server = await startLoopbackServer()
  const machine = aMachine(loopbackWorkspace(server.origin))
  await machine.tieline(['apply', '--auto-approve'])
  const env = { BOARD_KEY: 'a key for tests alone' }
  const from = ['authorize', 'board', '--from', 'key=env:BOARD_KEY']
  const { code, stderr } = await machine.tieline(from, { env })
  await server.close()
  assert.is(code, 0, stderr)
  fits('state', readFileSync(join(machine.folder, 'state/shared.json'), 'utf8'))
  const status = await printed(machine, 'status --format json')
  fits('status', status)
  assert.match(status, '"connected"')
  for (const environment of ['dev', 'stage']) {
    fits('plan', await printed(machine, `plan -e ${environment} --format json`))
    await machine.tieline(['apply', '-e', environment, '--auto-approve'])
  }
})

test('the same specs in another spelling give the same bytes, before anything is applied', async () => {
  const wanted = await outcomeOf(aMachine(example))
  assert.equal(await outcomeOf(aMachine(example)), wanted, 'a second run')
  assert.equal(await outcomeOf(aMachine(variantOf(example, 1))), wanted)
})

test('the same specs in another spelling give the same bytes on the same state', async () => {
  const applied = await appliedExample()
  const wanted = await outcomeOf(withState(applied, changed))
  const text = wanted['plan --all --format json']?.[1] ?? ''
  for (const action of ['add', 'modify', 'delete', 'rename', 'carry']) {
    assert.match(text, `"action": "${action}"`, 'this test is about all kinds of changes')
  }
  for (const seed of [4, 5]) {
    const other = withState(applied, variantOf(changed, seed))
    assert.equal(await outcomeOf(other), wanted, `seed ${seed}`)
  }
  const respelt = withState(applied, variantOf(example, 8))
  const { stdout } = await respelt.tieline(['plan', '--detailed-exitcode'])
  assert.match(stdout, /^No changes\.$/m)
})

test('language, time zone, width, folder and current folder make no difference', async () => {
  const applied = await appliedExample()
  const machine = withState(applied, changed)
  const wanted = await outcomeOf(machine)
  const env = { LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8', TZ: 'Pacific/Kiritimati', TERM: 'dumb' }
  assert.equal(await outcomeOf(machine, { env }), wanted, 'elsewhere on earth')

  const far = join(dirname(machine.folder), 'another place')
  mkdirSync(join(far, 'ä folder'), { recursive: true })
  const moved = join(far, 'ä folder', 'work')
  cpSync(machine.folder, moved, { recursive: true })
  assert.equal(await outcomeOf({ ...machine, folder: moved }, { cwd: moved }), wanted, 'moved')
  const from = (place: string): Machine => ({
    ...machine,
    tieline: (args, options = {}) =>
      machine.tieline(['-C', place, ...args], { ...options, cwd: far })
  })
  assert.equal(await outcomeOf(from('ä folder/work')), wanted, 'from another folder')
  assert.equal(await outcomeOf(from(moved)), wanted, 'by its whole path')
})

test('a plan has no time, no place on this machine and no line number in it', async () => {
  const applied = await appliedExample()
  const machine = withState(applied, changed)
  const text = await printed(machine, 'plan --all --format json')
  assert.not.match(text, /\d{4}-\d\d-\d\d[T ]\d\d/)
  assert.not.match(text, machine.folder)
  const { plans } = JSON.parse(text) as { plans: { diagnostics: { at: unknown }[] }[] }
  assert.ok(plans.flatMap(each => each.diagnostics).every(each => each.at === null))
})

test.run()
