import { type Diagnostic, problem } from '../model/diagnostic.ts'
import { digestOf } from '../model/digest.ts'
import type { Bundle } from '../model/generated/types.ts'
import { validateBundle } from '../model/generated/validators/bundle.js'
import type { SchemaError } from '../model/validator.ts'
import { collidingPaths, whyNotSource } from './check-paths.ts'
import { exceedsBounds } from './json-bounds.ts'

/** The newest format that this program reads. */
const formatVersion = 1
/** Connections and components together, and files. */
const mostEntries = 10_000
/** At most so many problems are shown; one cause mostly has them all. */
const mostShown = 20
/** The longest source file, in bytes: what tieline reads of a workspace. */
const largestFile = 1024 * 1024

export type ReadBundle =
  | { readonly bundle: Bundle; readonly problems: readonly [] }
  | { readonly bundle: null; readonly problems: readonly Diagnostic[] }

/** Whether a file claims to be JSON, as bundles are. */
export function looksLikeBundle(text: string): boolean {
  return /^\s*\{/.test(text)
}

/**
 * The bundle that a text holds, or all that is wrong with it. `apart` are the folders that tieline.yaml gives to state and vault.
 * What is read holds together: every name and path in it leads to something in it, and every path stays where sources belong.
 */
export function readBundle(text: string, apart: readonly string[]): ReadBundle {
  if (exceedsBounds(text)) return damaged('It is nested deeper, or holds more, than any app needs.')
  const value = parseJson(text)
  if (typeof value !== 'object' || value === null) return damaged('It is not JSON.')
  if (!('format' in value) || value.format !== 'tieline-bundle')
    return damaged('It is JSON, but does not say that it is a bundle.')
  // A newer format may look different in every other way, so this is asked first.
  if (isNewer(value)) return { bundle: null, problems: [newer] }
  if (!validateBundle(value)) return damaged(...tellErrors(validateBundle.errors ?? []))
  if (digestWithin(value) !== value.digest)
    return damaged('Its content does not fit its digest: it was cut off, or changed by hand.')

  const wrong = [...inconsistencies(value)]
  if (wrong.length > 0) return damaged(...wrong)
  const problems = pathProblems(
    value.files.map(each => each.path),
    apart
  )
  return problems.length === 0 ? { bundle: value, problems: [] } : { bundle: null, problems }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isNewer(value: object): boolean {
  if (!('formatVersion' in value)) return false
  return typeof value.formatVersion === 'number' && value.formatVersion > formatVersion
}

/** null for what canonical JSON cannot express, which is half a surrogate pair. */
function digestWithin({ digest: _digest, ...content }: Bundle): string | null {
  try {
    return digestOf(content)
  } catch {
    return null
  }
}

/** What the schema cannot say, a sentence each. */
function* inconsistencies(bundle: Bundle): Generator<string> {
  const { connections, components, connectors, files } = bundle
  const count = Object.keys(connections).length + Object.keys(components).length
  if (count > mostEntries) yield `It has more than ${mostEntries} connections and components.`

  const names = new Set<string>()
  for (const [linkName, each] of Object.entries(connections)) {
    if (names.has(each.name)) yield `Connection ${linkName} has the display name of another.`
    names.add(each.name)
    const digest = each.connectorDigest
    if (digest === null) continue
    const connector = Object.hasOwn(connectors, digest) ? connectors[digest] : undefined
    if (connector?.id !== each.connector)
      yield `Connection ${linkName} is on connector "${each.connector}", which the bundle does not hold.`
  }
  yield* connectorInconsistencies(bundle)

  const texts = new Set(files.map(each => each.path))
  if (texts.size < files.length) yield 'It holds a file twice.'
  for (const { path, text } of files)
    if (Buffer.byteLength(text) > largestFile)
      yield `${shownPath(path)} is larger than 1 MiB, and tieline reads no such file.`
  const owned = new Set<string>()
  for (const [linkName, { uses, depends, source }] of Object.entries(components)) {
    for (const list of [uses, depends, source?.files ?? []])
      if (new Set(list).size < list.length) yield `Component ${linkName} names something twice.`
    for (const each of uses)
      if (!Object.hasOwn(connections, each))
        yield `Component ${linkName} uses connection ${each}, which the bundle does not hold.`
    for (const each of depends)
      if (!Object.hasOwn(components, each))
        yield `Component ${linkName} depends on ${each}, which the bundle does not hold.`
    for (const each of source?.files ?? []) {
      owned.add(each)
      if (!texts.has(each)) yield `Component ${linkName} has a file that the bundle does not hold.`
    }
  }
  for (const each of texts)
    if (!owned.has(each)) yield `${shownPath(each)} belongs to no component.`
}

function* connectorInconsistencies({ connections, connectors }: Bundle): Generator<string> {
  const named = new Map(
    Object.values(connections).map(each => [each.connectorDigest, each.connector] as const)
  )
  const ids = new Set<string>()
  for (const [digest, connector] of Object.entries(connectors)) {
    if (digestOf(connector) !== digest)
      yield `Connector "${connector.id}" does not fit the digest under which it stands.`
    if (!named.has(digest)) yield `No connection is on connector "${connector.id}".`
    if (ids.has(connector.id)) yield `It holds connector "${connector.id}" in several shapes.`
    ids.add(connector.id)
  }
  for (const { connector, connectorDigest } of Object.values(connections)) {
    if (connectorDigest !== null || !ids.has(connector)) continue
    yield `Connector "${connector}" comes with tieline for one connection and with the bundle for another.`
    return
  }
}

/** Paths that are not for sources, or that meet each other. Every path stands in the list once. */
export function pathProblems(
  paths: readonly string[],
  apart: readonly string[]
): readonly Diagnostic[] {
  const refused = paths.flatMap(path => {
    const why = whyNotSource(path, apart)
    return why === null ? [] : [pathProblem(`The bundle holds ${shownPath(path)}, but ${why}.`)]
  })
  const meeting = collidingPaths(paths).map(({ path, other }) =>
    pathProblem(
      `The bundle holds ${shownPath(path)} and ${shownPath(other)}, which some systems take for one, or of which one is a folder in which the other stands.`
    )
  )
  return [...refused, ...meeting].slice(0, mostShown)
}

function pathProblem(what: string): Diagnostic {
  return problem(
    'BUNDLE_PATH',
    'A path of the bundle is not one for sources',
    `${what} So nothing of it was read further. Whoever made the bundle can move the file and export again.`
  )
}

function shownPath(path: string): string {
  const shown = path.length > 120 ? `${path.slice(0, 120)}...` : path
  return JSON.stringify(shown)
}

/** One or several sentences on what is wrong. */
function damaged(...wrong: readonly string[]): ReadBundle {
  const shown = wrong.slice(0, mostShown)
  const rest = wrong.length > shown.length ? [`And ${wrong.length - shown.length} more.`] : []
  return { bundle: null, problems: [damagedProblem([...shown, ...rest].join('\n'))] }
}

export function damagedProblem(what: string): Diagnostic {
  return problem(
    'BUNDLE_DAMAGED',
    'The bundle is damaged',
    `${what}\n\nNothing was imported. Get the file again from where it was made, with:\n    tieline export --out FILE`
  )
}

const newer = problem(
  'BUNDLE_NEWER',
  'The bundle was made by a newer tieline',
  'It has a format that this tieline does not know, so nothing was imported.\n\nUpgrade:\n    npm install tieline@latest'
)

/** Names places, never values: where a reference belongs there may be a secret. */
function tellErrors(errors: readonly SchemaError[]): readonly string[] {
  const told = new Set(errors.filter(each => !isNoise(each)).map(tellError))
  return told.size === 0 ? ['It does not keep to the format of bundles.'] : [...told]
}

/** Where there may be nothing as well, that is said beside what is wrong with the something. */
function isNoise({ keyword, params }: SchemaError): boolean {
  return keyword === 'oneOf' || (keyword === 'type' && params.type === 'null')
}

function tellError({ instancePath, keyword, message }: SchemaError): string {
  const isPlain = /^[\w/:~.-]{1,160}$/.test(instancePath)
  const place = isPlain ? `At ${instancePath}` : instancePath === '' ? 'At the top' : 'Somewhere'
  // A key could be anything, also something secret, so what is too much is not named.
  if (keyword === 'additionalProperties')
    return `${place}: there is a key that does not belong there.`
  if (keyword === 'propertyNames') return `${place}: there is a key that is no name.`
  return `${place}: ${message ?? 'is not as it should be'}.`
}
