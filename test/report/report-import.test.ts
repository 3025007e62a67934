import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { reportExport } from '../../engine/report/report-export.ts'
import {
  type ImportedFile,
  type ImportReport,
  reportImport
} from '../../engine/report/report-import.ts'
import { createStyle } from '../../engine/report/style.ts'

const style = createStyle({ color: false, width: 80, unicode: true })

const spec: ImportedFile = {
  path: 'connections/crm_copy.yaml',
  text: 'connector: twilio\n',
  subject: 'connection',
  linkName: 'crm_copy',
  original: null,
  rewritten: 0
}
const source: ImportedFile = {
  path: 'form_copy/a.ts',
  text: "a\nconnection('crm_copy')",
  subject: 'source',
  linkName: 'form_copy',
  original: { path: 'a.ts', text: "a\nconnection('crm')" },
  rewritten: 1
}

function aReport(overrides: Partial<ImportReport> = {}): ImportReport {
  return {
    dryRun: false,
    app: 'App',
    version: 3,
    files: [spec, source],
    renamed: [
      { subject: 'connection', from: 'crm', to: 'crm_copy', name: { from: 'A', to: 'A_copy' } }
    ],
    ...overrides
  }
}

test('an import says what came in, under which names, and what to do next', () => {
  assert.is(
    reportImport(aReport(), style),
    `✔ Imported 1 connection and 1 source file from version 3 of App.

  + connections/crm_copy.yaml
  + form_copy/a.ts  1 reference renamed

These names are taken here, so copies were given others:
  connection  crm → crm_copy  "A_copy"

Sources that stand in another folder now may name other files by their old
paths: of what is in a source, only its references to connections were renamed.

What came in is not authorized by anybody yet. See what applying it would do:
    tieline validate
    tieline plan
`
  )
})

test('a dry run shows every file as a diff, and what was renamed in it', () => {
  const text = reportImport(aReport({ dryRun: true, renamed: [] }), style)
  assert.match(text, 'Would import 1 connection and 1 source file')
  assert.match(
    text,
    '--- /dev/null\n+++ b/connections/crm_copy.yaml\n@@ -0,0 +1,1 @@\n+connector: twilio\n'
  )
  assert.match(text, "+a\n+connection('crm_copy')\n\\ No newline at end of file\n")
  assert.match(text, "-connection('crm')\n\\ No newline at end of file\n+connection('crm_copy')\n")
  assert.match(text, '\n\nNothing was written.\n')
})

test('nothing in a file, a path or a name can steer the terminal', () => {
  const sly = '\u001b[2J\u202e\u0007'
  const file = {
    ...source,
    path: `a${sly}`,
    text: `${sly}x\n\ty`,
    original: { path: sly, text: sly }
  }
  for (const dryRun of [true, false]) {
    const report = aReport({
      dryRun,
      app: sly,
      files: [file],
      renamed: [{ subject: 'connection', from: sly, to: sly, name: { from: sly, to: sly } }]
    })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what is looked for
    assert.not.match(reportImport(report, style), /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/)
  }
})

test('an empty bundle brings nothing and says so', () => {
  assert.is(
    reportImport(aReport({ files: [], renamed: [] }), style),
    '✔ Imported nothing from version 3 of App.\n'
  )
})

test('an export says what is in the file, and how to bring it in', () => {
  assert.is(
    reportExport(
      {
        file: 'app.json',
        app: 'App',
        version: 3,
        digest: 'sha256:0',
        connections: 1,
        components: 2,
        connectors: 0,
        sources: 1
      },
      style
    ),
    `✔ app.json: version 3 of App, 1 connection, 2 components and 1 source file.
  sha256:0

It holds no credential and nobody's name. In another workspace:
    tieline import app.json --dry-run
`
  )
})

test.run()
