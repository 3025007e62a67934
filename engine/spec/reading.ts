import type { Diagnostic } from '../model/diagnostic.ts'
import type { WorkspaceSpec } from '../model/generated/types.ts'
import { validateWorkspaceSpec } from '../model/generated/validators/workspace.js'
import type { Located } from '../model/specs.ts'
import type { Validator } from '../model/validator.ts'
import type { SpecFile, SpecFolder } from './list-specs.ts'
import { maskSource } from './mask-text.ts'
import { readSpec, type SpecResult } from './read-spec.ts'
import type { SchemaName } from './spec-schemas.ts'
import { specProblem, specWarning, topOf } from './spec-summaries.ts'
import { checkFolders } from './workspace-folders.ts'

/** The files of one workspace as they are read, with what is found on the way. */
export class Reading {
  readonly root: string
  readonly #found: Diagnostic[] = []
  readonly #files: readonly SpecFile[]
  readonly #shown = new Map<string, () => string>()

  constructor(root: string, files: readonly SpecFile[], ignored: ReadonlySet<string>) {
    this.root = root
    const seen = files.filter(each => !ignored.has(each.file))
    this.#files = seen.filter(each => each.problem === null)
    this.add(seen.flatMap(each => each.problem ?? []))
    this.add(files.filter(each => ignored.has(each.file) && each.problem === null).map(specIgnored))
  }

  add(found: readonly Diagnostic[]): void {
    this.#found.push(...found)
  }

  /** Sorted by link name. */
  filesIn(folder: SpecFolder | null): readonly SpecFile[] {
    return this.#files
      .filter(each => each.folder === folder)
      .toSorted((a, b) => compare(a.linkName, b.linkName))
  }

  /** The link names of all specs of a folder, whether they are sound or not. */
  namesIn(folder: SpecFolder): ReadonlySet<string> {
    return new Set(this.filesIn(folder).map(each => each.linkName))
  }

  read<T>(file: SpecFile, schema: SchemaName, validator: Validator<T>): SpecResult<T> {
    const result = readSpec(this.root, file, validator, schema)
    this.add(result.diagnostics)
    if (result.shown !== null) this.#shown.set(file.file, result.shown)
    return result
  }

  /** Those that are sound by themselves. */
  readFolder<T>(
    folder: SpecFolder,
    schema: SchemaName,
    validator: Validator<T>
  ): readonly Located<T>[] {
    return this.filesIn(folder).flatMap(file => this.read(file, schema, validator).located ?? [])
  }

  readWorkspace(): Located<WorkspaceSpec> | null {
    const file = this.filesIn(null)[0]
    if (file === undefined) return null
    const { located, keyPlace } = this.read(file, 'workspace', validateWorkspaceSpec)
    if (located === null) return null
    if (located.spec.rules !== undefined && located.whole) {
      const detail =
        '"rules" is checked for form only by this version of tieline: nothing is refused because of it.'
      this.add([specWarning('NOT_ENFORCED', detail, keyPlace('/rules'))])
    }
    const { members } = located.spec
    const isLed = Object.values(members ?? {}).some(({ role }) => role === 'super-admin')
    if (members !== undefined && located.whole && !isLed) {
      const detail =
        'No member is a super-admin, so nobody could change who reads the vault. Give one the role, or leave "members" out: then the actor is.'
      this.add([specProblem('NO_SUPER_ADMIN', detail, keyPlace('/members'))])
    }
    const outside = checkFolders(located)
    this.add(outside)
    return outside.length === 0 ? located : null
  }

  sorted(): readonly Diagnostic[] {
    return sorted(this.#found)
  }

  /** What may be shown of the files that the diagnostics point into. */
  textsOf(
    diagnostics: readonly Diagnostic[],
    sources: ReadonlyMap<string, string>
  ): ReadonlyMap<string, string> {
    const texts = new Map<string, string>()
    for (const file of new Set(diagnostics.flatMap(each => each.at?.file ?? []))) {
      const source = sources.get(file)
      const shown = this.#shown.get(file)?.() ?? (source === undefined ? null : maskSource(source))
      if (shown !== null) texts.set(file, shown)
    }
    return texts
  }
}

function specIgnored({ file, folder }: SpecFile): Diagnostic {
  const detail =
    'Only files that can be committed count, so this one was not read. Take it out of .gitignore, or delete it.'
  const at = topOf(file)
  return (folder === null ? specProblem : specWarning)('SPEC_IGNORED', detail, at)
}

/** By file, line, column and code; what points nowhere comes first. The same thing is said once. */
function sorted(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const once = new Map(diagnostics.map(each => [JSON.stringify(each), each]))
  return [...once.values()].toSorted(
    (a, b) =>
      compare(a.at?.file ?? '', b.at?.file ?? '') ||
      (a.at?.line ?? 0) - (b.at?.line ?? 0) ||
      (a.at?.column ?? 0) - (b.at?.column ?? 0) ||
      compare(a.code, b.code) ||
      compare(a.detail, b.detail)
  )
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}
