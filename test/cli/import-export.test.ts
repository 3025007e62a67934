import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { exportCommand } from '../../engine/cli/command-export.ts'
import { importCommand } from '../../engine/cli/command-import.ts'
import { createStyle } from '../../engine/report/style.ts'
import { temporaryFolder } from '../support/assert.ts'
import { makeScenario, type Scenario } from '../support/scenario-workspace.ts'

/** What the commands are given, and what they said. */
function contextOf({ around }: Scenario, format: 'text' | 'json') {
  const said = { out: '', err: '' }
  const style = createStyle({ color: false, width: 100, unicode: true })
  const terminal = {
    out: (text: string) => {
      said.out += text
    },
    err: (text: string) => {
      said.err += text
    },
    interactive: false,
    isTTY: false,
    style,
    errStyle: style,
    quiet: false
  }
  return { said, context: { around, terminal, format } }
}

async function published(): Promise<Scenario> {
  const scenario = makeScenario({
    'tieline.yaml': 'app: { name: Test }\n',
    'connections/sms.yaml': 'connector: twilio\n',
    'components/form.yaml': 'kind: form\nuses: [sms]\nsource: src/a.ts\n',
    'src/a.ts': "connection('sms')\n"
  })
  await scenario.apply('dev')
  await scenario.apply('stage')
  return scenario
}

test('export and import talk to people', async () => {
  const scenario = await published()
  const file = join(temporaryFolder(), 'app.json')
  const one = contextOf(scenario, 'text')
  assert.is(await exportCommand(one.context, { out: file }), 0)
  assert.match(one.said.out, `${file}: version 1 of Test, 1 connection, 1 component and 1 source`)
  const dry = contextOf(scenario, 'text')
  assert.is(await importCommand(dry.context, file, { dryRun: true }), 0)
  assert.match(dry.said.out, "+connection('sms_copy')\n")
  assert.not.ok(existsSync(join(scenario.folder, 'connections/sms_copy.yaml')))
  const real = contextOf(scenario, 'text')
  assert.is(await importCommand(real.context, file, {}), 0)
  assert.match(real.said.out, '+ form_copy/src/a.ts  1 reference renamed\n')
  assert.ok(existsSync(join(scenario.folder, 'connections/sms_copy.yaml')))
})

test('--format json prints one document', async () => {
  const scenario = await published()
  const file = join(temporaryFolder(), 'app.json')
  const one = contextOf(scenario, 'json')
  await exportCommand(one.context, { out: file, version: 1, force: true })
  const { digest } = JSON.parse(readFileSync(file, 'utf8')) as { readonly digest: string }
  assert.equal(JSON.parse(one.said.out), {
    formatVersion: 1,
    file,
    app: 'Test',
    version: 1,
    digest,
    connections: ['sms'],
    components: ['form'],
    connectors: [],
    files: ['src/a.ts'],
    diagnostics: []
  })
  const two = contextOf(scenario, 'json')
  await importCommand(two.context, file, { dryRun: true })
  const document = JSON.parse(two.said.out) as Record<string, unknown>
  assert.equal(Object.keys(document), [
    'formatVersion',
    'dryRun',
    'app',
    'version',
    'files',
    'renamed',
    'diagnostics'
  ])
  assert.equal((document.files as readonly unknown[]).at(-1), {
    path: 'form_copy/src/a.ts',
    subject: 'source',
    linkName: 'form_copy',
    from: 'src/a.ts',
    rewritten: 1,
    text: "connection('sms_copy')\n"
  })
  assert.equal((document.renamed as readonly unknown[])[0], {
    subject: 'connection',
    from: 'sms',
    to: 'sms_copy',
    name: { from: 'Twilio Connection', to: 'Twilio Connection_copy' }
  })
  assert.is(one.said.err + two.said.err, '')
})

test.run()
