import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bundleText } from '../../engine/bundle/make-bundle.ts'
import { Refusal } from '../../engine/model/diagnostic.ts'
import { digestOf } from '../../engine/model/digest.ts'
import type { Bundle } from '../../engine/model/generated/types.ts'
import { formatSpec } from '../../engine/spec/format-spec.ts'
import { exportWorkflow } from '../../engine/workflow/export.ts'
import { importWorkflow } from '../../engine/workflow/import.ts'
import { everything } from '../../engine/workflow/plan.ts'
import { planRoad } from '../../engine/workflow/plan-road.ts'
import { validateWorkflow } from '../../engine/workflow/validate.ts'
import { aBundle, aBundledConnection, aSourced } from '../support/a-bundle.ts'
import { rejects, run, temporaryFolder } from '../support/assert.ts'
import { startKeyService } from '../support/scenario-service.ts'
import { type Files, keyFiles, makeScenario, type Scenario } from '../support/scenario-workspace.ts'

const example = join(import.meta.dirname, '../../examples/field-service')
const custom = 'app: { name: Other }\nconnectors: { custom: true }\n'

function exampleWorkspace(): Scenario {
  const scenario = makeScenario({})
  cpSync(example, scenario.folder, { recursive: true })
  return scenario
}

async function exported(scenario: Scenario, version?: number): Promise<string> {
  const file = join(temporaryFolder(), 'bundle.json')
  await exportWorkflow(scenario.around, { file, version, force: false })
  return file
}

function written(bundle: Bundle | string): string {
  const file = join(temporaryFolder(), 'bundle.json')
  writeFileSync(file, typeof bundle === 'string' ? bundle : bundleText(bundle))
  return file
}

function imported({ around }: Scenario, file: string, dryRun = false) {
  return importWorkflow(around, { file, dryRun, signal: new AbortController().signal })
}

/** Every file of a workspace, with its text. */
function snapshot({ folder }: Scenario): Readonly<Record<string, string>> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  return Object.fromEntries(
    names.map(name => {
      const path = join(folder, name)
      return [name, statSync(path).isFile() ? readFileSync(path, 'utf8') : '']
    })
  )
}

async function refused(work: () => Promise<unknown>): Promise<readonly string[]> {
  const error = await rejects(work)
  if (!(error instanceof Refusal)) throw error
  return error.diagnostics.map(each => each.code)
}

/** The import is refused with these codes, and leaves no trace. */
async function leavesNoTrace(
  scenario: Scenario,
  file: string,
  codes: readonly string[]
): Promise<void> {
  const before = snapshot(scenario)
  assert.equal(await refused(() => imported(scenario, file)), codes)
  assert.equal(snapshot(scenario), before)
}

async function validCodes({ around }: Scenario): Promise<readonly string[]> {
  return (await validateWorkflow(around)).diagnostics.map(each => each.code)
}

async function errorsIn({ around }: Scenario): Promise<readonly string[]> {
  const { diagnostics } = await validateWorkflow(around)
  return diagnostics.filter(each => each.severity === 'error').map(each => each.code)
}

/** The digests of the plans of dev, stage and prod. A bundle holds no clients. */
async function road({ around }: Scenario): Promise<readonly string[]> {
  const { plans } = await planRoad(around, everything)
  return plans
    .map(each => each.plan)
    .filter(each => !each.environment.startsWith('client/'))
    .map(each => `${each.environment} ${digestOf(each)}`)
}

test('an app that comes into an empty workspace has the same plans there', async () => {
  const there = exampleWorkspace()
  const before = await road(there)
  await there.apply('dev')
  await there.apply('stage')
  const here = makeScenario({ 'tieline.yaml': custom })
  const { renamed, files } = await imported(here, await exported(there))

  assert.equal(renamed, [])
  assert.equal(await validCodes(here), [])
  assert.equal(await road(here), before)
  assert.is(before.length, 3)
  for (const { path, text, subject, original } of files) {
    if (subject === 'source') assert.is(text, original?.text, path)
    else assert.is(formatSpec(text, path, subject).text, text, path)
    assert.is(readFileSync(join(here.folder, path), 'utf8'), text, path)
  }
  assert.ok(!existsSync(join(here.folder, 'state')))
})

test('an app that comes into its own workspace comes as copies that nobody authorized', async () => {
  const service = await startKeyService()
  const scenario = makeScenario({
    ...keyFiles(service.origin),
    'components/desk.yaml': 'kind: form\nuses: [hub, pager]\nsource: src/*.ts\n',
    'src/desk.ts': "connection('hub'); connection('pager'); call('hub') // hub\n"
  })
  await scenario.apply('dev')
  await scenario.authorize('hub', ['dev'], { from: { key: 'env:ONE' } })
  await scenario.apply('stage')
  const before = snapshot(scenario)
  const file = await exported(scenario)

  const first = await imported(scenario, file)
  assert.equal(
    first.renamed.map(each => [each.to, each.name.to]),
    [
      ['hub_copy', 'Board Connection_copy'],
      ['pager_copy', 'Board Connection 2_copy'],
      ['desk_copy', 'desk_copy']
    ]
  )
  const after = snapshot(scenario)
  for (const [name, text] of Object.entries(before)) assert.is(after[name], text, name)
  assert.is(
    after['desk_copy/src/desk.ts'],
    "connection('hub_copy'); connection('pager_copy'); call('hub') // hub\n"
  )
  assert.match(after['components/desk_copy.yaml'] ?? '', /^uses: \[hub_copy, pager_copy\]$/m)
  assert.equal(await validCodes(scenario), [])

  const { plan } = await scenario.plan('dev')
  assert.equal(
    plan.changes.map(each => [each.action, each.linkName]),
    [
      ['add', 'hub_copy'],
      ['add', 'pager_copy'],
      ['add', 'desk_copy']
    ]
  )
  assert.equal(
    plan.authorizations
      .filter(each => each.connection.endsWith('_copy'))
      .map(each => [each.connection, each.action, each.reasons.map(reason => reason.code)]),
    [
      ['hub_copy', 'authorize', ['NEVER_AUTHORIZED']],
      ['pager_copy', 'authorize', ['NEVER_AUTHORIZED']]
    ]
  )
  await scenario.apply('dev')
  const second = await imported(scenario, file)
  assert.equal(
    second.renamed.map(each => each.to),
    ['hub_copy_2', 'pager_copy_2', 'desk_copy_2']
  )
  assert.equal(await validCodes(scenario), [])
  await service.close()
})

test('a dry run says the same and writes nothing', async () => {
  const scenario = exampleWorkspace()
  await scenario.apply('dev')
  await scenario.apply('stage')
  const file = await exported(scenario)
  const before = snapshot(scenario)
  const dry = await imported(scenario, file, true)
  assert.equal(snapshot(scenario), before)
  const real = await imported(scenario, file)
  assert.equal({ ...real, dryRun: true }, dry)
  assert.is(Object.keys(snapshot(scenario)).length > Object.keys(before).length, true)
})

test('a bundle has the same bytes each time, and nobody in it', async () => {
  const scenario = exampleWorkspace()
  await scenario.apply('dev')
  await scenario.apply('stage')
  const [one, two] = [await exported(scenario), await exported(scenario)]
  const text = readFileSync(one, 'utf8')
  assert.is(text, readFileSync(two, 'utf8'))
  assert.not.match(text, /ana@example\.com|\.1"|"at":|"by":/)
})

test('what a version was exported from may have gone on', async () => {
  const scenario = exampleWorkspace()
  await scenario.apply('dev')
  await scenario.apply('stage')
  scenario.write('src/forms/lead_form.dg', 'info "other";\n')
  scenario.write(
    'connections/twilio.yaml',
    'connector: twilio\nauthorization: separate\nparameters: { region: ie1 }\n'
  )
  scenario.write(
    'components/lead_form.yaml',
    'kind: form\nname: Lead\nsource: src/forms/lead_form.*\n'
  )
  await scenario.apply('dev')
  const file = join(temporaryFolder(), 'bundle.json')
  const { bundle, diagnostics } = await exportWorkflow(scenario.around, {
    file,
    version: 1,
    force: false
  })
  assert.equal(
    diagnostics.map(each => each.code),
    ['SOURCE_NOT_EXPORTED']
  )
  assert.equal(bundle.components.lead_form?.source, { glob: 'src/forms/lead_form.*', files: [] })
  // The record of dev is another one by now, so its override is not what goes with the version.
  assert.equal(Object.keys(bundle.connections.twilio?.environments ?? {}), ['stage'])
  assert.equal(Object.keys(bundle.connections.salesforce?.environments ?? {}), ['dev', 'stage'])

  const here = makeScenario({ 'tieline.yaml': custom })
  const result = await imported(here, file)
  assert.equal(
    result.diagnostics.map(each => each.code),
    ['SOURCE_NOT_IN_BUNDLE', 'CONNECTOR_IMPORTED', 'REFERENCES_IMPORTED']
  )
  assert.equal(await validCodes(here), [])
})

test('a file that holds a secret stays behind, whatever a glob says', async () => {
  const secret = 'the-client-secret-4711'
  const scenario = makeScenario({
    'tieline.yaml': 'app: { name: Test }\n',
    'connections/crm.yaml':
      'connector: zoho_crm\nscopes: [ZohoCRM.users.READ]\nclient: { id: env:ID, secret: "file:./keys/crm" }\n',
    'components/form.yaml': 'kind: form\nuses: [crm]\nsource: keys/*\n',
    'keys/crm': `${secret}\n`
  })
  await scenario.apply('dev')
  await scenario.apply('stage')
  const file = join(temporaryFolder(), 'bundle.json')
  const { diagnostics } = await exportWorkflow(scenario.around, {
    file,
    version: undefined,
    force: false
  })
  assert.match(diagnostics[0]?.detail ?? '', 'refers to as a secret')
  assert.not.match(readFileSync(file, 'utf8'), secret)
})

test('only a published version is exported, and only over nothing', async () => {
  const scenario = exampleWorkspace()
  const file = join(temporaryFolder(), 'bundle.json')
  const request = { file, version: undefined, force: false }
  const codes = (more: object = {}) =>
    refused(() => exportWorkflow(scenario.around, { ...request, ...more }))
  assert.equal(await codes(), ['EXPORT_UNPUBLISHED'])
  await scenario.apply('dev')
  assert.equal(await codes(), ['EXPORT_UNPUBLISHED'])
  await scenario.apply('stage')
  assert.equal(await codes({ version: 2 }), ['VERSION_UNKNOWN'])
  writeFileSync(file, 'mine')
  assert.equal(await codes(), ['EXPORT_EXISTS'])
  assert.is(readFileSync(file, 'utf8'), 'mine')
  assert.equal(await codes({ file: temporaryFolder(), force: true }), ['EXPORT_EXISTS'])
  assert.equal(await codes({ file: join(file, 'in-a-file') }), ['EXPORT_NOT_WRITTEN'])
  await exportWorkflow(scenario.around, { ...request, force: true })
  assert.not.equal(readFileSync(file, 'utf8'), 'mine')
})

const twilio: Files = {
  'tieline.yaml': 'app: { name: Test }\n',
  'connections/sms.yaml': 'connector: twilio\nname: Ours\n'
}

test('a name that anything ever recorded had is taken', async () => {
  const scenario = makeScenario({ ...twilio, 'connections/crm.yaml': 'connector: twilio\n' })
  await scenario.apply('dev')
  scenario.remove('connections/crm.yaml')
  await scenario.apply('dev')
  const { renamed } = await imported(scenario, written(aBundle()))
  assert.equal(renamed, [
    {
      subject: 'connection',
      from: 'crm',
      to: 'crm_copy',
      name: { from: 'Twilio Connection', to: 'Twilio Connection_copy' }
    }
  ])
})

test('a display name that a spec without one will get is taken', async () => {
  const scenario = makeScenario({
    'tieline.yaml': 'app: { name: Test }\n',
    'connections/sms.yaml': 'connector: twilio\n'
  })
  const { renamed } = await imported(scenario, written(aBundle()))
  assert.equal(
    renamed.map(each => each.name.to),
    ['Twilio Connection_copy']
  )
  assert.equal(await validCodes(scenario), [])
})

test('connectors come in only where they may, and never in the place of another', async () => {
  const there = exampleWorkspace()
  await there.apply('dev')
  await there.apply('stage')
  const file = await exported(there)
  await leavesNoTrace(makeScenario({ 'tieline.yaml': 'app: { name: Test }\n' }), file, [
    'BUNDLE_CONNECTOR_NOT_ALLOWED'
  ])
  const ours = readFileSync(join(example, 'connectors/dispatch_board.yaml'), 'utf8')
  const files = {
    'tieline.yaml': custom,
    'connectors/dispatch_board.yaml': ours.replace('X-Board-Key', 'X-Our-Key')
  }
  await leavesNoTrace(makeScenario(files), file, ['BUNDLE_CONNECTOR_DIFFERS'])
  const same = makeScenario({ 'tieline.yaml': custom, 'connectors/dispatch_board.yaml': ours })
  const { files: came } = await imported(same, file)
  assert.not.ok(came.some(each => each.subject === 'connector'))
  assert.equal(await validCodes(same), [])
})

test('connections that this tieline cannot hold are refused, all at once', async () => {
  const connections = {
    one: aBundledConnection({ name: 'One', connector: 'nothing' }),
    two: aBundledConnection({ name: 'Two', auth: 'carrier-pigeon' }),
    three: aBundledConnection({ name: 'Three', parameters: { region: 'mars', other: 'x' } }),
    four: aBundledConnection({ name: 'Four', level: 'logged-in-user' })
  }
  await leavesNoTrace(makeScenario(twilio), written(aBundle({ connections, components: {} })), [
    'LEVEL_UNSUPPORTED',
    'CONNECTOR_UNKNOWN',
    'PARAMETER_UNKNOWN',
    'PARAMETER_INVALID',
    'AUTH_UNKNOWN'
  ])
})

test('what a spec may not refer to, a bundle may not either', async () => {
  const refer = (id: string) =>
    written(
      aBundle({
        components: {},
        connections: {
          crm: aBundledConnection({
            connector: 'salesforce',
            auth: 'oauth2',
            scopes: ['api', 'refresh_token'],
            client: { id, secret: 'env:SECRET' }
          })
        }
      })
    )
  const scenario = makeScenario(twilio)
  await leavesNoTrace(scenario, refer('env:AWS_SECRET_ACCESS_KEY'), ['REFERENCE_FORBIDDEN'])
  await leavesNoTrace(scenario, refer('file:../id_rsa'), ['REFERENCE_FILE_FORBIDDEN'])
  await leavesNoTrace(scenario, refer('file:state/dev.json'), ['REFERENCE_FILE_FORBIDDEN'])
})

test('a source that uses a connection of ours is refused', async () => {
  const scenario = makeScenario(twilio)
  const sneaky = aSourced(['crm'], { 'src/a.ts': "connection('crm'); connection('sms')\n" })
  await leavesNoTrace(scenario, written(aBundle(sneaky)), ['UNDECLARED_REFERENCE'])
})

test('paths, links and pipes that lead elsewhere are refused', async () => {
  const scenario = makeScenario(twilio)
  const outside = temporaryFolder()
  symlinkSync(outside, join(scenario.folder, 'src'))
  const linked = written(aBundle(aSourced([], { 'src/a.ts': '' })))
  await leavesNoTrace(scenario, linked, ['IMPORT_LINK'])
  assert.equal(readdirSync(outside), [])
  const climbing = written(aBundle(aSourced([], { '../a.ts': '' })))
  await leavesNoTrace(scenario, climbing, ['BUNDLE_PATH'])

  const pipe = join(temporaryFolder(), 'pipe')
  await run('mkfifo', [pipe])
  for (const file of [pipe, '/dev/zero', temporaryFolder(), join(outside, 'none')])
    await leavesNoTrace(scenario, file, ['IMPORT_UNREADABLE'])
  await leavesNoTrace(scenario, written('Some text.'), ['BUNDLE_DAMAGED'])
})

test('what git ignores would not be read, so it does not come in', async () => {
  const scenario = makeScenario({ ...twilio, '.gitignore': '/lib/\n' })
  await run('git', ['init', '-q', scenario.folder])
  const file = written(aBundle(aSourced([], { 'lib/a.ts': '' })))
  await leavesNoTrace(scenario, file, ['IMPORT_IGNORED'])
})

test('a component that is here keeps its sources to itself', async () => {
  const own = { 'components/all.yaml': 'kind: page\nsource: src/**\n', 'src/own.ts': '' }
  const scenario = makeScenario({ ...twilio, ...own })
  const { files } = await imported(scenario, written(aBundle(aSourced([], { 'src/a.ts': '' }))))
  assert.ok(files.some(each => each.path === 'form/src/a.ts'))
  const wide = makeScenario({
    ...twilio,
    ...own,
    'components/all.yaml': 'kind: page\nsource: "**/*.ts"\n'
  })
  await leavesNoTrace(wide, written(aBundle(aSourced([], { 'src/a.ts': '' }))), ['SOURCE_CAUGHT'])
})

test('a folder in other letter case is the same folder for some', async () => {
  const scenario = makeScenario({ ...twilio, 'SRC/own.ts': '' })
  const { files } = await imported(scenario, written(aBundle(aSourced([], { 'src/a.ts': '' }))))
  assert.ok(files.some(each => each.path === 'form/src/a.ts'))
})

test('an application export of Zoho Creator comes in as components', async () => {
  const file = join(import.meta.dirname, '../fixtures/creator/stock-ledger.ds')
  const scenario = makeScenario(twilio)
  const first = await imported(scenario, file)
  assert.equal([first.version, first.renamed], [null, []])
  const missing = first.diagnostics.filter(each => each.code === 'CONNECTION_TO_DEFINE')
  const specs = missing.map(each => /connections\/[a-z_]+\.yaml$/.exec(each.detail)?.[0] ?? '')
  assert.is(specs.length, (await errorsIn(scenario)).length)
  for (const spec of specs) scenario.write(spec, 'connector: twilio\n')
  assert.equal(await errorsIn(scenario), [])

  const again = await imported(scenario, file)
  assert.ok(again.files.every(each => each.path.includes('_copy')))
  assert.equal(
    again.diagnostics.filter(each => each.code === 'CONNECTION_TO_DEFINE'),
    []
  )
  assert.equal(await errorsIn(scenario), [])
})

test('somebody who stops an import finds nothing of it', async () => {
  const scenario = makeScenario(twilio)
  const before = snapshot(scenario)
  const controller = new AbortController()
  controller.abort()
  const result = await importWorkflow(scenario.around, {
    file: written(aBundle(aSourced([], { 'src/a.ts': '' }))),
    dryRun: false,
    signal: controller.signal
  })
  assert.is(result.stopped, true)
  assert.equal(result.files, [])
  assert.equal(snapshot(scenario), before)
})

test.run()
