import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Connector } from '../../engine/model/generated/types.ts'
import type { Located } from '../../engine/model/specs.ts'
import { type LoadedWorkspace, loadWorkspace } from '../../engine/spec/load-workspace.ts'
import { temporaryFolder } from '../support/assert.ts'

export type Files = Readonly<Record<string, string | Uint8Array>>

/** A sound workspace, so that a case writes only what matters to it. */
export const sound: Files = {
  'tieline.yaml': 'app: { name: Field Service }\n',
  'connections/salesforce.yaml':
    'connector: salesforce\nscopes: [api]\nclient: { id: env:SF_ID, secret: env:SF_SECRET }\n'
}

export function writeWorkspace(files: Files, folder: string = temporaryFolder()): string {
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), content)
  }
  return folder
}

export function load(
  files: Files,
  check: (located: Located<Connector>) => [] = () => []
): Promise<LoadedWorkspace> {
  return loadWorkspace(writeWorkspace({ ...sound, ...files }), check)
}

export function loadFolder(folder: string): Promise<LoadedWorkspace> {
  return loadWorkspace(folder, () => [])
}

/** `CODE file:line:column` of each diagnostic. */
export function told({ diagnostics }: LoadedWorkspace): readonly string[] {
  return diagnostics.map(({ code, at }) => {
    return at === null ? code : `${code} ${at.file}:${at.line}:${at.column}`
  })
}

/** Everything that a person could get to see. */
export function everythingSaid({ diagnostics, texts }: LoadedWorkspace): string {
  return JSON.stringify(diagnostics) + [...texts.values()].join('\n')
}
