import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLError
} from 'yaml'
import type { Diagnostic, Place } from '../model/diagnostic.ts'
import { indexPlaces, type Spot } from './index-places.ts'
import { showKey } from './show-key.ts'
import { type SpecCode, specProblem } from './spec-summaries.ts'
import { textPlaces } from './text-places.ts'
import { tooDeepAt } from './too-deep.ts'

/** What a YAML file says and where it says it. */
export interface ParsedYaml {
  /** Plain data. The last one counts where a key stands twice. */
  readonly value: unknown
  readonly document: Document.Parsed
  /** Where the value at a JSON Pointer stands; of the nearest parent, if there is nothing. */
  readonly place: (pointer: string) => Place
  /** Where the key at the end of a JSON Pointer stands. */
  readonly keyPlace: (pointer: string) => Place
}

export interface YamlResult {
  /** Null where there is nothing that could be looked at further. */
  readonly parsed: ParsedYaml | null
  readonly diagnostics: readonly Diagnostic[]
}

/** More than this many knock-on errors help nobody. */
const mostErrors = 20
const mostAliases = 100
const mostEntries = 10_000

/** Reads YAML 1.2, core schema, one document. Bounded in time and depth for any text up to the largest file. */
export function parseYaml(text: string, file: string): YamlResult {
  const at = textPlaces(text, file)
  const deep = tooDeepAt(text)
  if (deep !== null) {
    const detail = `The nesting here is deeper than any ${anyFile}`
    return { parsed: null, diagnostics: [specProblem('YAML_TOO_COMPLEX', detail, at(deep))] }
  }

  // Duplicate keys are looked for below: yaml's own search compares each key with each other.
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    strict: true,
    uniqueKeys: false,
    prettyErrors: false
  })
  const syntax = syntaxErrors(document, at)
  if (syntax.length > 0) return { parsed: null, diagnostics: syntax }

  const structure = checkStructure(document, at)
  if (structure.some(each => each.code !== 'DUPLICATE_KEY')) {
    return { parsed: null, diagnostics: structure }
  }
  return { parsed: located(document, at), diagnostics: structure }
}

function located(document: Document.Parsed, at: (offset: number) => Place): ParsedYaml {
  let index: ReadonlyMap<string, Spot> | undefined
  const find = (pointer: string, of: (spot: Spot) => number): Place => {
    index ??= indexPlaces(document)
    for (let rest = pointer; ; rest = rest.slice(0, rest.lastIndexOf('/'))) {
      const spot = index.get(rest)
      if (spot !== undefined) return at(rest === pointer ? of(spot) : spot.value)
      if (!rest.includes('/')) return at(0)
    }
  }
  return {
    value: document.toJS({ maxAliasCount: mostAliases }),
    document,
    place: pointer => find(pointer, spot => spot.value),
    keyPlace: pointer => find(pointer, spot => spot.key)
  }
}

const anyFile = 'file of a workspace needs, so the file was not read further. Make it flatter.'

function syntaxErrors(
  document: Document.Parsed,
  at: (offset: number) => Place
): readonly Diagnostic[] {
  const found: Diagnostic[] = []
  // A mistake makes the rest of its line odd as well: the first one of each line tells.
  const seen = new Set<number>()
  for (const error of [...document.errors, ...document.warnings.filter(isDirective)]) {
    const place = at(error.pos[0])
    if (seen.has(place.line) || found.length === mostErrors) continue
    seen.add(place.line)
    found.push(specProblem(syntaxCode(error), syntaxDetails[error.code] ?? notYaml, place))
  }
  const { version, explicit } = document.directives.yaml
  if (explicit && version !== '1.2') found.push(specProblem('YAML_SYNTAX', directiveDetail, at(0)))
  return found
}

function isDirective(error: YAMLError): boolean {
  return error.code === 'BAD_DIRECTIVE'
}

function syntaxCode(error: YAMLError): SpecCode {
  if (error.code === 'MULTIPLE_DOCS') return 'MULTIPLE_DOCUMENTS'
  return error.code === 'RESOURCE_EXHAUSTION' ? 'YAML_TOO_COMPLEX' : 'YAML_SYNTAX'
}

const notYaml = 'This is no valid YAML.'
const directiveDetail = 'Specs are YAML 1.2 without directives. Remove the line that begins with %.'

/** In our own words, because the parser's may repeat what the file says. */
const syntaxDetails: Readonly<Record<string, string>> = {
  BAD_DIRECTIVE: directiveDetail,
  BAD_DQ_ESCAPE:
    'A text in double quotes has an escape that YAML does not know. Use single quotes, or write \\\\ for a backslash.',
  BAD_INDENT: 'The indentation does not fit the lines above.',
  BAD_SCALAR_START: 'A text cannot begin with this character. Put it in quotes.',
  BLOCK_AS_IMPLICIT_KEY:
    'A second colon on one line begins a mapping inside a mapping. Put the value in quotes, or on a line of its own.',
  BLOCK_IN_FLOW: 'Inside [ ] or { } values cannot be written by indentation.',
  MISSING_CHAR: 'A quote, a bracket, a comma or a space after a colon is missing here.',
  MULTILINE_IMPLICIT_KEY:
    'A key and its colon must stand on one line. Perhaps the colon is missing.',
  MULTIPLE_DOCS: 'One spec belongs in one file. Remove the line with --- and what follows it.',
  RESOURCE_EXHAUSTION: `This is longer or deeper than any ${anyFile}`,
  TAB_AS_INDENT: 'YAML is not indented with tabs. Use spaces.',
  UNEXPECTED_TOKEN:
    'This does not belong here. Perhaps a quote, a bracket or a dash above is missing or too much.'
}

const plainTags: ReadonlySet<string> = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map(each => `tag:yaml.org,2002:${each}`)
)

/** What parses and is still no spec: other tags, keys that are no text or stand twice, aliases that multiply. */
function checkStructure(
  document: Document.Parsed,
  at: (offset: number) => Place
): readonly Diagnostic[] {
  const found: Diagnostic[] = []
  const report = (code: SpecCode, detail: string, node: Node | null | undefined) => {
    if (found.length < mostErrors) found.push(specProblem(code, detail, at(node?.range?.[0] ?? 0)))
  }
  const anchors = new Set<string>()
  let aliases = 0
  visit(document, {
    Node: (_key, node) => {
      if (isAlias(node)) {
        if (++aliases > mostAliases) {
          report('ALIAS_LIMIT', aliasDetail, node)
          return visit.BREAK
        }
        if (!anchors.has(node.source)) report('UNKNOWN_ANCHOR', anchorDetail, node)
        return undefined
      }
      if (node.anchor !== undefined && node.anchor !== '') anchors.add(node.anchor)
      if (node.tag !== undefined && !plainTags.has(node.tag)) report('UNKNOWN_TAG', tagDetail, node)
      const isEndless =
        isScalar(node) && typeof node.value === 'number' && !Number.isFinite(node.value)
      if (isEndless) report('INVALID_VALUE', 'Infinite and undefined numbers are not used.', node)
      if ('items' in node && node.items.length > mostEntries) {
        report('YAML_TOO_COMPLEX', `This has more entries than any ${anyFile}`, node)
      }
      if (isMap(node)) checkKeys(node.items, report)
      return undefined
    }
  })
  if (aliases > 0 && found.length === 0 && multiplies(document))
    report('ALIAS_LIMIT', aliasDetail, document.contents)
  return found
}

type Report = (code: SpecCode, detail: string, node: Node | null | undefined) => void

function checkKeys(pairs: readonly Pair[], report: Report): void {
  const seen = new Set<string>()
  for (const { key } of pairs) {
    const node = key as Node | null
    if (!isScalar(node) || typeof node.value !== 'string') {
      report('NON_STRING_KEY', 'A key must be text. Put it in quotes.', node)
      continue
    }
    if (node.value === '__proto__') {
      report('INVALID_KEY', '"__proto__" cannot be a key. Choose another name.', node)
    }
    if (seen.has(node.value)) {
      const detail = `${showKey(node.value)} stands above already, in the same mapping. Only one can count: remove the other.`
      report('DUPLICATE_KEY', detail, node)
    }
    seen.add(node.value)
  }
}

/** Aliases of aliases grow without bound, and an alias inside its own anchor never ends. */
function multiplies(document: Document.Parsed): boolean {
  try {
    JSON.stringify(document.toJS({ maxAliasCount: mostAliases }))
    return false
  } catch {
    return true
  }
}

const aliasDetail = `A file may use at most ${mostAliases} aliases, and none inside its own anchor. Write the values out.`
const anchorDetail =
  'No anchor above has this name. Write the value out, or put it in quotes if it begins with *.'
const tagDetail =
  'Only plain values are used: text, numbers, true, false, lists and mappings. Remove the tag.'
