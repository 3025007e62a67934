import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Refusal } from '../../engine/model/diagnostic.ts'
import { type FmtResult, fmtWorkflow } from '../../engine/workflow/fmt.ts'
import { rejects, run, temporaryFolder } from '../support/assert.ts'
import { type Files, makeScenario, type Scenario } from '../support/scenario-workspace.ts'

const untidy: Files = {
  'tieline.yaml': 'app: {name: Test}\n',
  'connections/hub.yaml': 'name: Hub\nconnector: twilio\n',
  'components/desk.yaml': 'uses: [hub]\nkind: form\n',
  'clients/acme.yaml': 'version: 1\nname: "Acme"\n'
}
const all = ['clients/acme.yaml', 'components/desk.yaml', 'connections/hub.yaml', 'tieline.yaml']

function fmt(
  { around, folder }: Scenario,
  files: readonly string[] = [],
  check = false
): Promise<FmtResult> {
  return fmtWorkflow(around, { files: files.map(each => join(folder, each)), check })
}

function read({ folder }: Scenario, file: string): string {
  return readFileSync(join(folder, file), 'utf8')
}

function told({ diagnostics }: FmtResult): readonly string[] {
  return diagnostics.map(({ code, at }) => `${code} ${at?.file}:${at?.line}:${at?.column}`)
}

test('every spec is formatted, once', async () => {
  const scenario = makeScenario(untidy)
  assert.equal((await fmt(scenario)).changed, all)
  assert.is(read(scenario, 'connections/hub.yaml'), 'connector: twilio\nname: Hub\n')
  assert.is(read(scenario, 'clients/acme.yaml'), 'name: Acme\nversion: 1\n')
  assert.equal((await fmt(scenario)).changed, [])
})

test('--check tells the same files, and writes nothing', async () => {
  const scenario = makeScenario(untidy)
  assert.equal((await fmt(scenario, [], true)).changed, all)
  for (const [file, text] of Object.entries(untidy)) assert.is(read(scenario, file), text)
})

test('files and folders can be named', async () => {
  const scenario = makeScenario(untidy)
  assert.equal((await fmt(scenario, ['components'], true)).changed, ['components/desk.yaml'])
  assert.equal((await fmt(scenario, ['connections/hub.yaml', 'tieline.yaml'], true)).changed, [
    'connections/hub.yaml',
    'tieline.yaml'
  ])
  const error = await rejects(() => fmt(scenario, ['connections/hb.yaml', '../x', 'README.md']))
  const codes = error instanceof Refusal ? error.diagnostics.map(each => each.code) : []
  assert.equal(codes, ['FMT_NO_SPEC', 'FMT_NO_SPEC', 'FMT_NO_SPEC'])
  assert.match(
    error instanceof Refusal ? (error.diagnostics[0]?.detail ?? '') : '',
    'Did you mean "connections/hub.yaml"?'
  )
})

test('a file with a mistake is told with its place, and the others are formatted', async () => {
  const scenario = makeScenario({
    ...untidy,
    'connections/hub.yaml': 'name: Hub\nconnector: [twilio\n',
    'components/desk.yaml': 'kind: form\nuses: &u [hub]\ndepends: *u\n'
  })
  const result = await fmt(scenario)
  assert.equal(told(result), [
    'FMT_SKIPPED components/desk.yaml:1:1',
    'YAML_SYNTAX connections/hub.yaml:3:1'
  ])
  assert.equal(result.changed, ['clients/acme.yaml', 'tieline.yaml'])
  assert.is(read(scenario, 'connections/hub.yaml'), 'name: Hub\nconnector: [twilio\n')
})

test('what only validate minds is formatted', async () => {
  const scenario = makeScenario({
    ...untidy,
    'connections/hub.yaml': 'nmae: X\nconnector: "no_such"\n'
  })
  assert.equal(told(await fmt(scenario)), [])
  assert.is(read(scenario, 'connections/hub.yaml'), 'connector: no_such\nnmae: X\n')
})

test('connectors are formatted where the workspace may have some', async () => {
  const connector = { 'connectors/own.yaml': 'service: Own\nid: own\n' }
  const closed = makeScenario({ ...untidy, ...connector })
  assert.equal((await fmt(closed)).changed, all)
  const open = makeScenario({
    ...untidy,
    ...connector,
    'tieline.yaml': 'app: {name: Test}\nconnectors: {custom: true}\n'
  })
  await fmt(open)
  assert.is(read(open, 'connectors/own.yaml'), 'id: own\nservice: Own\n')
})

test('a file keeps its mode, and nothing else is left in its folder', async () => {
  const scenario = makeScenario(untidy)
  const file = join(scenario.folder, 'connections/hub.yaml')
  chmodSync(file, 0o640)
  await fmt(scenario)
  assert.is(statSync(file).mode & 0o777, 0o640)
  assert.equal(readdirSync(join(scenario.folder, 'connections')), ['hub.yaml'])
})

test('a link inside of the workspace stays one, and one that leads out is not followed', async () => {
  const scenario = makeScenario(untidy)
  const outside = join(temporaryFolder(), 'x.yaml')
  writeFileSync(outside, 'name: X\nconnector: twilio\n')
  mkdirSync(join(scenario.folder, 'shared'))
  writeFileSync(join(scenario.folder, 'shared/pager.yaml'), 'name: Pager\nconnector: twilio\n')
  symlinkSync('../shared/pager.yaml', join(scenario.folder, 'connections/pager.yaml'))
  symlinkSync(outside, join(scenario.folder, 'connections/out.yaml'))
  const result = await fmt(scenario)
  assert.equal(told(result), ['LINK_LEAVES_WORKSPACE connections/out.yaml:1:1'])
  assert.ok(lstatSync(join(scenario.folder, 'connections/pager.yaml')).isSymbolicLink())
  assert.is(read(scenario, 'shared/pager.yaml'), 'connector: twilio\nname: Pager\n')
  assert.is(readFileSync(outside, 'utf8'), 'name: X\nconnector: twilio\n')
})

test('what git ignores is left alone', async () => {
  const scenario = makeScenario({ ...untidy, '.gitignore': 'connections/\n' })
  await run('git', ['init', '-q'], { cwd: scenario.folder })
  assert.not.ok((await fmt(scenario)).changed.includes('connections/hub.yaml'))
  assert.is(read(scenario, 'connections/hub.yaml'), untidy['connections/hub.yaml'])
})

test('a folder without tieline.yaml is no workspace', async () => {
  const scenario = makeScenario({ 'connections/hub.yaml': 'name: X\n' })
  await rejects(() => fmt(scenario), 'NO_WORKSPACE')
})

if (process.getuid?.() !== 0) {
  test('a file that may not be written is told, and the others are formatted', async () => {
    const scenario = makeScenario(untidy)
    chmodSync(join(scenario.folder, 'connections/hub.yaml'), 0o444)
    const result = await fmt(scenario)
    assert.equal(told(result), ['FMT_NOT_WRITTEN connections/hub.yaml:1:1'])
    assert.is(result.changed.length, 3)
  })
}

test.run()
