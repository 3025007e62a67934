import { type Diagnostic, hasErrors, problem, Refusal } from '../model/diagnostic.ts'
import { digestOf } from '../model/digest.ts'
import {
  type ConnectorsByDigest,
  type Definitions,
  type Documents,
  isClient,
  noDefinitions
} from '../model/documents.ts'
import type { ClientSpec, Environment, Plan, Selection, Version } from '../model/generated/types.ts'
import type { Located } from '../model/specs.ts'
import { goingBack } from '../plan/going-back.ts'
import { trimDefinitions } from '../plan/trim-definitions.ts'
import { clientDefinitions } from '../resolve/client-definitions.ts'
import type { Resolved } from '../resolve/resolve-specs.ts'
import type { ClientView } from './client-view.ts'
import { connectorFor, SpecRefusal } from './open-workspace.ts'
import { definitionsOf, type Scene } from './plan-scene.ts'

/** What an environment shall have, and where that comes from. */
export interface WantedSource {
  readonly source: Plan['source']
  readonly definitions: Definitions
  readonly connectors: ConnectorsByDigest
  /** prod and clients: the version to run; null for a client that is to be removed. */
  readonly version: number | null
  readonly pinned: boolean
  /** The versions that were read. */
  readonly versionsRead: readonly number[]
  readonly diagnostics: readonly Diagnostic[]
}

export interface WantedRequest {
  readonly environment: Environment
  readonly selection: Selection
  readonly resolved: Resolved
  readonly client: ClientView | null
  /** Versions that would have been made on the way. */
  readonly expected: ReadonlyMap<number, Version>
}

/** Throws a Refusal where there is nothing to take, or the version asked for is none. */
export async function wantedSource(scene: Scene, request: WantedRequest): Promise<WantedSource> {
  const { environment, resolved } = request
  const { dev } = scene.documents
  const none = { version: null, pinned: false, versionsRead: [], diagnostics: [] }
  if (environment === 'dev') {
    const { definitions, connectors } = resolved
    return { source: sourceOf('tree', null, definitions), definitions, connectors, ...none }
  }
  if (environment === 'stage') {
    // State that names the keys of a vault alone has no definitions yet.
    if (dev?.source == null) throw noSource('stage', 'dev')
    const source = sourceOf('dev', dev.serial, dev)
    return { source, definitions: dev, connectors: dev.connectors, ...none }
  }
  if (environment === 'prod') return sourceOfProd(scene, request)
  return sourceOfClient(scene, request)
}

async function sourceOfProd(
  scene: Scene,
  { selection, expected }: WantedRequest
): Promise<WantedSource> {
  const { stage, prod } = scene.documents
  if (stage === null || stage.version === null) throw noSource('prod', 'stage')
  const asked = selection.version
  const stays = asked === null && prod?.pinned === true
  const version = typeof asked === 'number' ? asked : stays ? prod.version : stage.version
  const content = await contentOf(scene, version, expected)
  const back = await backTo(scene, prod, content, expected)
  return {
    source: sourceOf('stage', stage.serial, content),
    definitions: content,
    connectors: content.connectors,
    version: content.version,
    pinned: typeof asked === 'number' || stays,
    versionsRead: readOf([content.version, ...back.versionsRead], expected),
    diagnostics: back.diagnostics
  }
}

/** A client wants a version that prod has had, and where it names none, the one that prod runs. */
async function sourceOfClient(
  scene: Scene,
  { environment, client, expected }: WantedRequest
): Promise<WantedSource> {
  const located = client?.spec ?? null
  if (client === null || located === null) return removed
  const { prod } = client.documents
  if (prod === null || prod.version === null) throw noSource(environment, 'prod')
  const version = located.spec.version ?? prod.version
  if (!prod.had.includes(version)) throw notHad(scene, located, version, prod.had)
  const content = await contentOf(scene, version, expected)
  const installed = clientDefinitions(
    content,
    located,
    version,
    connectorFor(scene.workspace.known, [content])
  )
  if (hasErrors(installed.diagnostics)) throw refused(scene, installed.diagnostics)
  const before = client.documents[environment] ?? null
  const back = await backTo(scene, before, { ...content, ...installed.definitions }, expected)
  return {
    source: sourceOf('prod', prod.serial, content),
    definitions: installed.definitions,
    connectors: content.connectors,
    version,
    pinned: located.spec.version !== undefined,
    versionsRead: readOf([version, ...back.versionsRead], expected),
    diagnostics: back.diagnostics
  }
}

const removed: WantedSource = {
  source: { environment: 'tree', serial: null, definitions: digestOf(noDefinitions) },
  definitions: noDefinitions,
  connectors: {},
  version: null,
  pinned: false,
  versionsRead: [],
  diagnostics: []
}

/** What going back to an older version loses. */
async function backTo(
  scene: Scene,
  recorded: Documents[Environment] | null,
  content: Version,
  expected: ReadonlyMap<number, Version>
): Promise<{
  readonly versionsRead: readonly number[]
  readonly diagnostics: readonly Diagnostic[]
}> {
  const from = recorded?.version ?? null
  if (recorded == null || from === null || from <= content.version) {
    return { versionsRead: [], diagnostics: [] }
  }
  const { versions = {} } = scene.documents.stage ?? {}
  const numbers = Object.keys(versions)
    .map(Number)
    .filter(each => each > content.version && each <= from)
    .sort((a, b) => b - a)
  const between = await Promise.all(numbers.map(each => contentOf(scene, each, expected)))
  const told = goingBack({
    from,
    to: content.version,
    recorded: definitionsOf(recorded),
    wanted: trimDefinitions(definitionsOf(content), 'prod'),
    between
  })
  return { versionsRead: numbers, diagnostics: told === null ? [] : [told] }
}

function readOf(
  versions: readonly number[],
  expected: ReadonlyMap<number, Version>
): readonly number[] {
  return [...new Set(versions)].filter(each => !expected.has(each))
}

async function contentOf(
  { documents: { stage }, state }: Scene,
  version: number | null,
  expected: ReadonlyMap<number, Version>
): Promise<Version> {
  const { versions = {} } = stage ?? {}
  const digest = version === null ? undefined : versions[version]
  if (version === null || digest === undefined) throw noVersion(version, Object.keys(versions))
  const content = expected.get(version) ?? (await state.readVersion(version, digest))
  if (content === null) throw noVersion(version, Object.keys(versions))
  return content
}

function sourceOf(
  environment: Plan['source']['environment'],
  serial: number | null,
  definitions: Definitions
): Plan['source'] {
  return { environment, serial, definitions: digestOf(definitionsOf(definitions)) }
}

function refused({ workspace }: Scene, diagnostics: readonly Diagnostic[]): Refusal {
  const found = [...workspace.diagnostics, ...diagnostics]
  return new SpecRefusal(found, workspace.textsOf(found))
}

function noSource(environment: Environment, source: 'dev' | 'stage' | 'prod'): Refusal {
  const lacks = { dev: 'nothing recorded', stage: 'no version', prod: 'no version' }[source]
  return new Refusal(
    problem(
      'NO_SOURCE',
      'The environment before has nothing yet',
      `${environment} takes its definitions from ${source}, which has ${lacks} yet. Apply it first:\n    tieline apply -e ${source}`
    )
  )
}

function noVersion(version: number | null, known: readonly string[]): Refusal {
  return new Refusal(
    problem(
      'VERSION_UNKNOWN',
      'No such version',
      `stage has published no version ${version ?? ''}. It has ${known.length === 0 ? 'none' : known.join(', ')}.`
    )
  )
}

/** A version reaches clients by way of prod: what prod never ran, no client gets. */
function notHad(
  scene: Scene,
  { linkName, place }: Located<ClientSpec>,
  version: number,
  had: readonly number[]
): Refusal {
  const isPublished = scene.documents.stage?.versions[version] !== undefined
  const why = isPublished
    ? `prod has not run version ${version} yet, and clients get what prod has run. Deploy it first:\n    tieline apply -e prod`
    : `There is no version ${version}.`
  return refused(scene, [
    problem(
      'VERSION_NOT_HAD',
      'prod has not run this version',
      `client/${linkName}: ${why}\n\nprod has run ${had.length === 0 ? 'none' : had.join(', ')}.`,
      place('/version')
    )
  ])
}

/** Whether nothing that is authorized may end: going back takes nothing away. */
export function mayRevoke(
  environment: Environment,
  { version, pinned }: Pick<WantedSource, 'version' | 'pinned'>,
  documents: Documents
): boolean {
  if (environment === 'prod') return !pinned && version === documents.stage?.version
  if (!isClient(environment) || version === null) return true
  return version >= Math.max(0, ...(documents[environment]?.had ?? []))
}
