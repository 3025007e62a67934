import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isTidy } from '../support/cli-expect.ts'
import { aMachine, repository } from '../support/cli-run.ts'

const commands = [
  'init',
  'validate',
  'plan',
  'apply',
  'authorize',
  'status',
  'revoke',
  'token',
  'request',
  'exec',
  'types',
  'vault',
  'vault key',
  'vault init',
  'vault recipients',
  'vault rotate',
  'vault set',
  'connectors',
  'connectors list',
  'connectors show',
  'state',
  'state list',
  'state show',
  'state history',
  'state mv',
  'state rm',
  'state undo',
  'state unlock',
  'state verify',
  'export',
  'import',
  'graph',
  'fmt',
  'doctor'
]
const { tieline } = aMachine()

test('every command has help, with an example of that very command', async () => {
  for (const command of ['', ...commands]) {
    const args = [...command.split(' ').filter(each => each !== ''), '--help']
    const result = await tieline(args)
    isTidy(result, command)
    assert.is(result.code, 0)
    assert.is(result.stderr, '')
    assert.not.match(result.stdout, /\bwords\b|default: \[\]/)
    assert.match(result.stdout, new RegExp(`^Usage: tieline ${command}`.trimEnd()))
    const [, examples = ''] = result.stdout.split('\nExample:\n')
    const plain = examples.replace(/^ +curl .*\$\((.*)\).*/, '$1')
    const name = command.split(' ')[0] ?? ''
    assert.match(plain.trim(), new RegExp(`^tieline ${name}`), `${command}: no example`)
  }
})

test('help names every command, and is the same however it is asked for', async () => {
  const { stdout } = await tieline(['--help'])
  for (const command of commands.filter(each => !each.includes(' '))) {
    assert.match(stdout, new RegExp(`^  ${command}\\b`, 'm'))
  }
  for (const args of [['-h'], ['help']]) assert.is((await tieline(args)).stdout, stdout)
  assert.is((await tieline(['help', 'plan'])).stdout, (await tieline(['plan', '-h'])).stdout)
})

test('help fits into a terminal of 80 columns', async () => {
  for (const command of ['', ...commands]) {
    const args = [...command.split(' ').filter(each => each !== ''), '--help']
    const { stdout } = await tieline(args)
    const lines = stdout.split('Example:')[0]?.split('\n') ?? []
    assert.equal(
      lines.filter(each => each.length > 80),
      [],
      command
    )
  }
})

test('without a command, help is talk and the run has failed', async () => {
  for (const args of [[], ['connectors'], ['state']]) {
    const result = await tieline(args)
    assert.is(result.code, 1)
    assert.is(result.stdout, '')
    assert.match(result.stderr, /^Usage: tieline/)
  }
})

test('the version is printed alone', async () => {
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'))
  for (const flag of ['--version', '-V']) {
    assert.equal(await tieline([flag]), { code: 0, stdout: `${version}\n`, stderr: '' })
  }
})

test.run()
