import type { Diagnostic, Place } from '../model/diagnostic.ts'
import { hasErrors } from '../model/diagnostic.ts'
import type { Located } from '../model/specs.ts'
import type { Validator } from '../model/validator.ts'
import { checkSchema } from './check-schema.ts'
import type { SpecFile } from './list-specs.ts'
import { maskBroken, maskSpec } from './mask-text.ts'
import { type ParsedYaml, parseYaml } from './parse-yaml.ts'
import { readSafely } from './read-safely.ts'
import type { SchemaName } from './spec-schemas.ts'
import { specProblem, topOf } from './spec-summaries.ts'
import { textPlaces } from './text-places.ts'

export interface SpecResult<T> {
  /** Null if the file cannot be read. Not whole if parts of it had to be left out. */
  readonly located: Located<T> | null
  readonly keyPlace: ParsedYaml['keyPlace']
  readonly diagnostics: readonly Diagnostic[]
  /** The file as it may be shown; null where it is no text. */
  readonly shown: (() => string) | null
}

/** Reads one spec file and checks it by itself: safe to open, a text, YAML, its schema. */
export function readSpec<T>(
  root: string,
  { file, linkName }: SpecFile,
  validator: Validator<T>,
  schema: SchemaName
): SpecResult<T> {
  const keyPlace = () => topOf(file)
  const { bytes, problem } = readSafely(root, file)
  if (problem !== undefined) return { located: null, keyPlace, diagnostics: [problem], shown: null }
  const text = decode(bytes)
  if (text === null) {
    return { located: null, keyPlace, diagnostics: [notUtf8(bytes, file)], shown: null }
  }

  const broken = { located: null, keyPlace, shown: () => maskBroken(text) }
  const conflicts = conflictMarkers(text, textPlaces(text, file))
  if (conflicts.length > 0) return { ...broken, diagnostics: conflicts }
  const { parsed, diagnostics } = parseYaml(text, file)
  if (parsed === null) return { ...broken, diagnostics }
  if (parsed.value === null)
    return { ...broken, diagnostics: [...diagnostics, empty(schema, file)] }

  const checked = checkSchema(parsed, validator, schema)
  const all = [...diagnostics, ...checked.diagnostics]
  const isMapping = typeof parsed.value === 'object' && !Array.isArray(parsed.value)
  const isClear = isMapping && diagnostics.length === 0
  const { spec } = checked
  return {
    located:
      spec === null || hasErrors(diagnostics)
        ? null
        : { linkName, spec, file, place: parsed.place, whole: !hasErrors(checked.diagnostics) },
    keyPlace: parsed.keyPlace,
    diagnostics: all,
    shown: isClear ? () => maskSpec(text, parsed.document, checked.unknown) : () => maskBroken(text)
  }
}

/** Null for what is no UTF-8. A byte order mark is left out. */
function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

/** At the first character that is none. */
function notUtf8(bytes: Uint8Array, file: string): Diagnostic {
  const text = new TextDecoder('utf-8').decode(bytes)
  const at = textPlaces(text, file)(Math.max(0, text.indexOf('\uFFFD')))
  const detail = 'Specs are written in UTF-8. Save this file again with that encoding.'
  return specProblem('NOT_UTF8', detail, at)
}

/** One for each conflict, at the line where it begins. */
function conflictMarkers(text: string, at: (offset: number) => Place): readonly Diagnostic[] {
  const starts = [...text.matchAll(/^<{7}(?= |\r?$)/gm)]
  const found = starts.length > 0 ? starts : [...text.matchAll(/^>{7}(?= |\r?$)/gm)].slice(0, 1)
  const detail =
    'Git left both sides of a conflict here. Keep what is right, remove the lines with <<<<<<<, ======= and >>>>>>>, and add the file.'
  return found.map(each => specProblem('CONFLICT_MARKERS', detail, at(each.index)))
}

const firstLines: Readonly<Record<SchemaName, string>> = {
  workspace: 'app: { name: My App }',
  connection: 'connector: salesforce',
  component: 'kind: form\n    uses: []',
  client: 'name: "Acme, Inc."',
  connector: 'id: my_service'
}

function empty(schema: SchemaName, file: string): Diagnostic {
  const detail = `There is nothing in this file. Write at least what it needs, for example\n    ${firstLines[schema]}\n\nor delete the file.`
  return specProblem('EMPTY_SPEC', detail, topOf(file))
}
