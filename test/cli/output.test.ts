import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { run } from '../support/assert.ts'
import { codesIn, documentIn, isTidy } from '../support/cli-expect.ts'
import { loopbackWorkspace, startLoopbackServer } from '../support/cli-loopback.ts'
import { aMachine, cleanEnvironment, mainFile, repository, writeFiles } from '../support/cli-run.ts'
import { filesOf } from '../support/cli-variants.ts'

const example = filesOf(join(repository, 'examples/field-service'))
const env = { KEY: 'a key for tests alone', USER: 'ana', CRM_ID: 'id', CRM_SECRET: 'a secret' }

test('--format json prints one document and nothing else, whatever becomes of the command', async () => {
  const server = await startLoopbackServer()
  const { tieline, folder } = aMachine()
  const done: readonly (readonly [command: string, code: number])[] = [
    ['init', 0],
    ['init', 1],
    ['validate', 0],
    ['plan', 0],
    ['plan --all', 0],
    ['status', 0],
    ['connectors list', 0],
    ['connectors show twilio', 0],
    ['connectors show nothing', 1],
    ['apply', 0],
    ['apply --auto-approve', 0],
    ['state unlock 1', 1],
    ['state verify --accept', 1]
  ]
  for (const [command, code] of done) {
    const result = await tieline([...command.split(' '), '--format', 'json'], { env })
    isTidy(result, command)
    documentIn(result, command)
    assert.is(result.code, code, `${command}\n${result.stdout}`)
    assert.is(result.stderr, '', command)
    if (code === 1) assert.ok(codesIn(result, command).length > 0, command)
  }
  writeFiles(folder, loopbackWorkspace(server.origin))
  const inWorkspace: readonly (readonly [command: string, code: number])[] = [
    ['plan --detailed-exitcode', 2],
    ['apply', 1],
    ['plan --out plan.json', 0],
    ['apply plan.json', 0],
    ['apply plan.json', 1],
    ['authorize board --from key=env:KEY', 0],
    ['authorize board --from key=env:NONE', 1],
    ['authorize files', 1],
    ['token board', 0],
    ['token files', 1],
    ['token crm', 1],
    ['apply --road prod --auto-approve', 0],
    ['plan -e prod --version 1', 0],
    ['plan -e prod --version 7', 1]
  ]
  for (const [command, code] of inWorkspace) {
    const result = await tieline([...command.split(' '), '--format', 'json'], { env })
    isTidy(result, command)
    documentIn(result, command)
    assert.is(result.code, code, `${command}\n${result.stdout}${result.stderr}`)
  }
  writeFiles(folder, { 'connections/board.yaml': 'connector: bord\n' })
  for (const command of ['validate', 'plan', 'apply --auto-approve', 'plan --all']) {
    const result = await tieline([...command.split(' '), '--format', 'json'])
    assert.is(result.code, 1, command)
    assert.ok(codesIn(result, command).length > 0, command)
    assert.is(result.stderr, '', command)
  }
  await server.close()
})

test('exit codes tell what happened', async () => {
  const { tieline, folder, start } = aMachine(example)
  const ends = async (code: number, ...args: readonly string[]): Promise<void> => {
    const result = await tieline(args)
    isTidy(result, args.join(' '))
    assert.is(result.code, code, `${args.join(' ')}\n${result.stderr}${result.stdout}`)
  }
  await ends(0, 'plan')
  await ends(2, 'plan', '--detailed-exitcode')
  await ends(2, 'plan', '--all', '--detailed-exitcode')
  await ends(1, 'apply')
  await ends(0, 'apply', '--auto-approve')
  await ends(2, 'plan', '--detailed-exitcode') // authorizations are due
  await ends(3, 'plan', '-e', 'stage', '--connection', 'salesforce')
  await ends(3, 'plan', '-e', 'stage', '--connection', 'salesforce', '--detailed-exitcode')
  await ends(3, 'plan', '--all', '--connection', 'salesforce')
  await ends(3, 'apply', '-e', 'stage', '--connection', 'salesforce', '--auto-approve')
  await ends(
    2,
    'plan',
    '-e',
    'stage',
    '--connection',
    'salesforce',
    '--with-references',
    '--detailed-exitcode'
  )
  writeFiles(folder, {
    'tieline.yaml': `${example['tieline.yaml']}publish: { requireDevCurrent: true }\n`,
    'components/new_form.yaml': 'kind: form\nname: New\nuses: [twilio]\n'
  })
  await ends(3, 'plan', '-e', 'stage')
  await ends(3, 'apply', '-e', 'stage', '--auto-approve')
  writeFiles(folder, { 'components/new_form.yaml': 'kind: form\nname: New\nuses: [nothing]\n' })
  await ends(1, 'plan')
  await ends(1, 'validate')

  const clients = { SALESFORCE_CLIENT_ID: 'id', SALESFORCE_CLIENT_SECRET: 'secret' }
  const waiting = start(['authorize', 'salesforce', '--method', 'browser'], clients)
  await waiting.says(/Waiting for the answer/)
  waiting.interrupt()
  const interrupted = await waiting.ends
  isTidy(interrupted, 'interrupted')
  assert.is(interrupted.code, 130)
})

test('results are on standard output, and talk is on standard error', async () => {
  const { tieline, folder } = aMachine(example)
  const plan = await tieline(['plan'])
  assert.match(plan.stdout, /^Plan: \d+ to add/m)
  assert.is(plan.stderr, '')
  writeFiles(folder, { 'connections/spare.yaml': 'connector: twilio\nprotect: 1\n' })
  const broken = await tieline(['validate'])
  assert.is(broken.stdout, '')
  assert.match(broken.stderr, 'connections/spare.yaml:2:')
})

test('-q leaves results and errors', async () => {
  const { tieline, folder } = aMachine({
    ...example,
    // It names what nothing in its source uses, which is a warning.
    'components/lead_form.yaml': `${example['components/lead_form.yaml']}`.replace(
      'uses: [zoho_crm]',
      'uses: [zoho_crm, twilio]'
    )
  })
  const talk = await tieline(['validate'])
  assert.match(talk.stderr, 'warning[')
  assert.equal(await tieline(['validate', '-q']), { code: 0, stdout: '', stderr: '' })
  const plan = await tieline(['plan', '--quiet'])
  assert.is(plan.stderr, '')
  assert.is(plan.stdout, (await tieline(['plan'])).stdout)
  writeFiles(folder, { 'connections/twilio.yaml': 'connector: twili\n' })
  assert.match((await tieline(['validate', '-q'])).stderr, 'error[')
})

test('in a pipe there is no colour, and in a terminal only where nobody said no', async () => {
  const { tieline, folder, home } = aMachine(example)
  isTidy(await tieline(['plan'], { env: { TERM: 'xterm-256color' } }), 'a pipe')

  const inTerminal = (flags: string, variables: Readonly<Record<string, string>>) =>
    run('script', ['-qec', `'${process.execPath}' '${mainFile}' plan ${flags}`, '/dev/null'], {
      cwd: folder,
      env: { ...cleanEnvironment(home), TERM: 'xterm-256color', LANG: 'C.UTF-8', ...variables }
    })
  const colour = '\u001b['
  assert.ok((await inTerminal('', {})).stdout.includes(colour), 'a terminal')
  assert.not.ok((await inTerminal('--no-color', {})).stdout.includes(colour), '--no-color')
  assert.not.ok((await inTerminal('', { NO_COLOR: '1' })).stdout.includes(colour), 'NO_COLOR')
  assert.not.ok((await inTerminal('', { TERM: 'dumb' })).stdout.includes(colour), 'TERM=dumb')
  assert.ok((await inTerminal('', { NO_COLOR: '' })).stdout.includes(colour), 'an empty NO_COLOR')
})

test('a reader that goes away is no failure, and stops nothing halfway', async () => {
  const { folder, home, tieline } = aMachine(example)
  const shell = (command: string) =>
    run('bash', ['-c', `set -o pipefail; ${command}`], {
      cwd: folder,
      env: { ...cleanEnvironment(home), NODE: process.execPath, TIELINE: mainFile }
    })
  for (const command of ['plan', 'plan --format json', 'plan --all', '--help', 'connectors list']) {
    const result = await shell(`"$NODE" "$TIELINE" ${command} | head -n 1`)
    isTidy(result, command)
    assert.is(result.code, 0, `${command}\n${result.stderr}`)
    assert.is(result.stderr, '')
  }
  const applied = await shell('"$NODE" "$TIELINE" apply --auto-approve | true')
  assert.is(applied.code, 0, applied.stderr)
  assert.match((await tieline(['plan'])).stdout, /^No changes\.$/m)

  const silent = await shell('"$NODE" "$TIELINE" plan -e prod 2>&1 >/dev/null | true')
  isTidy(silent, 'standard error closed')
  const full = await shell('"$NODE" "$TIELINE" plan > /dev/full')
  isTidy(full, 'a full disk')
  assert.is(full.code, 1)
  assert.match(full.stderr, 'could not be printed')
})

test.run()
