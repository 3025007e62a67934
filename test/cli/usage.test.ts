import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { run } from '../support/assert.ts'
import { codesIn, isTidy } from '../support/cli-expect.ts'
import { aMachine, cleanEnvironment, type Files, mainFile } from '../support/cli-run.ts'

const workspace: Files = {
  'tieline.yaml': 'app: { name: A }\n',
  'connections/crm.yaml':
    'connector: salesforce\nscopes: [api, refresh_token]\nclient: { id: env:A_ID, secret: env:A_SECRET }\n',
  'components/form.yaml': 'kind: form\nname: Form\nuses: [crm]\n'
}

test('a misspelt command, flag or name is told with the one that was meant', async () => {
  const { tieline } = aMachine(workspace)
  await tieline(['apply', '--auto-approve'])
  const cases: readonly (readonly [args: string, meant: string])[] = [
    ['plna', 'Did you mean plan?'],
    ['connectors lst', 'Did you mean list?'],
    ['state unlok 1', 'Did you mean unlock?'],
    ['plan --evn stage', 'Did you mean --env?'],
    ['apply --auto-aprove', 'Did you mean --auto-approve?'],
    ['connectors show salesfoce', 'Did you mean "salesforce"?'],
    ['authorize cmr', 'Did you mean "crm"?'],
    ['token cmr', 'Did you mean "crm"?'],
    ['plan -e stage --component fom', 'Did you mean "form"?'],
    ['plan -e stage --connection cmr', 'Did you mean "crm"?']
  ]
  for (const [args, meant] of cases) {
    const result = await tieline(args.split(' '))
    isTidy(result, args)
    assert.is(result.code, 1, args)
    assert.is(result.stdout, '', args)
    assert.match(result.stderr.replace(/\s+/g, ' '), meant, args)
  }
})

test('what cannot be understood is told with where to look, as text and as JSON', async () => {
  const { tieline } = aMachine(workspace)
  const cases: readonly (readonly [args: string, help: string])[] = [
    ['nothing', 'tieline --help'],
    ['plan extra', 'tieline plan --help'],
    ['plan --nothing', 'tieline plan --help'],
    ['plan -e stagee', 'tieline plan --help'],
    ['plan -e client/Acme', 'tieline plan --help'],
    ['plan -e prod --version 0', 'tieline plan --help'],
    ['plan -e prod --version 1.5', 'tieline plan --help'],
    ['plan -e prod --version newest', 'tieline plan --help'],
    ['plan --out', 'tieline plan --help'],
    ['plan --format', 'tieline plan --help'],
    ['apply --road everywhere', 'tieline apply --help'],
    ['authorize', 'tieline authorize --help'],
    ['authorize crm --method magic', 'tieline authorize --help'],
    ['status -e nowhere', 'tieline status --help'],
    ['connectors show', 'tieline connectors show --help'],
    ['state unlock', 'tieline state unlock --help']
  ]
  for (const [args, help] of cases) {
    const text = await tieline(args.split(' '))
    isTidy(text, args)
    assert.is(text.code, 1, args)
    assert.is(text.stdout, '', args)
    assert.match(text.stderr, `\n      ${help}\n`, args)
    const json = await tieline(['--format', 'json', ...args.split(' ')])
    assert.is(json.code, 1, args)
    assert.equal(codesIn(json, args), ['USAGE'])
    assert.is(json.stderr, '', args)
  }
})

test('flags that are for another environment are refused, not ignored', async () => {
  const { tieline } = aMachine(workspace)
  const cases: readonly (readonly [args: string, code: string])[] = [
    ['plan --component form', 'SELECTION_FOR_STAGE'],
    ['plan -e prod --connection crm', 'SELECTION_FOR_STAGE'],
    ['plan --with-references', 'SELECTION_FOR_STAGE'],
    ['plan --version 1', 'VERSION_FOR_PROD'],
    ['apply -e stage --version latest', 'VERSION_FOR_PROD'],
    ['plan --all --out plan.json', 'OUT_NEEDS_ONE_PLAN'],
    ['plan -e stage', 'NO_SOURCE'],
    ['plan -e prod', 'NO_SOURCE'],
    ['apply', 'APPROVAL_NEEDED']
  ]
  for (const [args, code] of cases) {
    const result = await tieline([...args.split(' '), '--format', 'json'])
    isTidy(result, args)
    assert.is(result.code, 1, args)
    assert.equal(codesIn(result, args), [code])
  }
})

test('TIELINE_ENV chooses the environment, -e comes before it, and a misspelt one is refused', async () => {
  const { tieline } = aMachine(workspace)
  const json = ['--format', 'json']
  const planned = async (args: readonly string[], value: string): Promise<unknown> => {
    const result = await tieline(['plan', ...args, ...json], { env: { TIELINE_ENV: value } })
    const { environment } = JSON.parse(result.stdout)
    return environment ?? codesIn(result, 'plan')[0]
  }
  assert.is(await planned([], 'dev'), 'dev')
  assert.is(await planned([], ''), 'dev')
  assert.is(await planned([], 'stage'), 'NO_SOURCE')
  assert.is(await planned(['-e', 'dev'], 'stage'), 'dev')
  for (const command of ['plan', 'apply --auto-approve', 'authorize crm', 'token crm']) {
    const env = { TIELINE_ENV: 'production' }
    const result = await tieline([...command.split(' '), ...json], { env })
    assert.is(result.code, 1)
    assert.equal(codesIn(result, command), ['USAGE'], command)
  }
})

test('in a folder without a workspace, each command says so', async () => {
  const { tieline, folder } = aMachine({ 'a file': '' })
  const commands = ['validate', 'plan', 'plan --all', 'apply', 'status', 'authorize x', 'token x']
  for (const command of [...commands, 'state unlock x', 'state verify --accept']) {
    const result = await tieline([...command.split(' '), '--format', 'json'])
    assert.is(result.code, 1, command)
    assert.equal(codesIn(result, command), ['NO_WORKSPACE'], command)
  }
  for (const place of ['nowhere', 'a file', '/dev/null', '']) {
    const result = await tieline(['-C', place, 'plan', '--format', 'json'])
    isTidy(result, place)
    assert.is(result.code, 1, place)
    assert.equal(codesIn(result, place), ['NO_WORKSPACE'], place)
  }
  const list = await tieline(['connectors', 'list', '--format', 'json'])
  assert.is(list.code, 0, 'a catalogue needs no workspace')
  rmSync(folder, { recursive: true })
})

test('-C names the workspace, wherever it stands on the command line', async () => {
  const { tieline, folder } = aMachine(workspace)
  const elsewhere = aMachine().folder
  for (const args of [
    ['-C', folder, 'validate'],
    ['validate', '-C', folder],
    ['validate', `--directory=${folder}`]
  ]) {
    assert.is((await tieline(args, { cwd: elsewhere })).code, 0)
  }
})

test('a plan file that is none, and a plan that cannot be saved, are told in words', async () => {
  const { tieline, folder } = aMachine({ ...workspace, 'broken.json': '{', 'other.json': '{}' })
  mkdirSync(join(folder, 'a folder'))
  symlinkSync('nowhere', join(folder, 'dangling'))
  for (const file of ['a folder', 'missing.json', 'broken.json', 'other.json', 'dangling']) {
    const result = await tieline(['apply', file, '--format', 'json'])
    isTidy(result, file)
    assert.is(result.code, 1)
    assert.equal(codesIn(result, file), ['PLAN_UNREADABLE'], file)
  }
  for (const file of ['a folder', 'nowhere/plan.json', 'broken.json/plan.json']) {
    for (const format of ['text', 'json']) {
      const result = await tieline(['plan', '--out', file, '--format', format])
      isTidy(result, file)
      assert.is(result.code, 1)
      if (format === 'json') assert.equal(codesIn(result, file), ['PLAN_NOT_SAVED'], file)
      else assert.is(result.stdout, '', 'no plan is shown that could be taken for saved')
    }
  }
})

test('a current folder, a home or a git that is missing is no reason for a stack trace', async () => {
  const { folder, home, tieline } = aMachine(workspace)
  const gone = join(folder, 'gone')
  const shell = `mkdir '${gone}' && cd '${gone}' && rmdir '${gone}' && exec '${process.execPath}' '${mainFile}' plan --format json`
  const result = await run('sh', ['-c', shell], { env: cleanEnvironment(home) })
  assert.is(result.code, 1)
  assert.equal(codesIn(result, 'no current folder'), ['SYSTEM_ERROR'])

  for (const env of [{ HOME: undefined }, { HOME: '/nonexistent' }, { HOME: '' }]) {
    for (const command of ['plan', 'status', 'token crm']) {
      isTidy(await tieline(command.split(' '), { env }), `${command} with ${JSON.stringify(env)}`)
    }
  }
  const alone = { PATH: '/nonexistent', TIELINE_ACTOR: undefined }
  isTidy(await tieline(['status'], { env: alone }), 'no git')
  const nobody = await tieline(['apply', '--auto-approve', '--format', 'json'], { env: alone })
  assert.is(nobody.code, 1)
  assert.equal(codesIn(nobody, 'no actor'), ['ACTOR_UNKNOWN'])
})

test('what the disk refuses is told in words', async () => {
  const { folder, tieline } = aMachine(workspace)
  writeFileSync(join(folder, 'state'), 'a file where the folder of the state belongs')
  for (const command of ['plan', 'status', 'apply --auto-approve']) {
    const result = await tieline(command.split(' '))
    isTidy(result, command)
    assert.is(result.code, 1, command)
    assert.match(result.stderr, 'STATE_UNREADABLE', command)
  }
})

test.run()
