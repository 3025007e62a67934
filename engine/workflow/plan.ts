import { type Diagnostic, hasErrors, note, problem, Refusal, warning } from '../model/diagnostic.ts'
import { digestOf } from '../model/digest.ts'
import type { ConnectorsByDigest, Definitions, Documents } from '../model/documents.ts'
import type { OwnEnvironment, Plan, Selection, Version } from '../model/generated/types.ts'
import type { StateStore } from '../model/ports.ts'
import { compareText, sortedUnique } from '../model/record.ts'
import { asIfApplied } from '../plan/as-if-applied.ts'
import type { Accompanying } from '../plan/content-after.ts'
import { contentAfter } from '../plan/content-after.ts'
import { asksForSomething, isRefusedSelection, planEnvironment } from '../plan/plan-environment.ts'
import { trimDefinitions } from '../plan/trim-definitions.ts'
import { type Resolved, resolveSpecs } from '../resolve/resolve-specs.ts'
import {
  openState,
  openWorkspace,
  poolsOf,
  type Resolver,
  resolverFor,
  SpecRefusal,
  soundDocuments,
  soundSpecs,
  type Workspace
} from './open-workspace.ts'
import type { Surroundings } from './surroundings.ts'

/** A plan, and what applying it needs beside. */
export interface Planned {
  readonly plan: Plan
  readonly accompanying: Accompanying
  /** What the plan was computed from. */
  readonly documents: Documents
  readonly resolver: Resolver
  /** 3 of the exit codes: a rule says no. */
  readonly refused: boolean
  /** 2 of the exit codes, with --detailed-exitcode. */
  readonly asks: boolean
}

export interface PlanResult {
  readonly plans: readonly Planned[]
  /** Warnings and notes about specs and state. */
  readonly diagnostics: readonly Diagnostic[]
  readonly texts: ReadonlyMap<string, string>
}

/** Everything that planning reads, once. */
export interface Scene {
  readonly workspace: Workspace
  readonly state: StateStore
  readonly documents: Documents
  readonly diagnostics: readonly Diagnostic[]
}

export const everything: Selection = {
  components: [],
  connections: [],
  withReferences: false,
  version: null
}

/** Plans one environment. Throws a Refusal where specs or state do not allow a plan. */
export async function planWorkflow(
  around: Surroundings,
  environment: OwnEnvironment,
  selection: Selection
): Promise<PlanResult> {
  const scene = await openScene(around)
  const planned = await planOne(scene, environment, selection)
  return {
    plans: [planned],
    diagnostics: scene.diagnostics,
    texts: scene.workspace.textsOf(scene.diagnostics)
  }
}

/** Plans the whole road: dev from the tree, stage as if dev were applied, prod as if stage were. */
export async function planRoad(around: Surroundings, selection: Selection): Promise<PlanResult> {
  const scene = await openScene(around)
  const plans: Planned[] = []
  const diagnostics = [...scene.diagnostics]
  let documents = scene.documents
  const expected = new Map<number, Version>()
  for (const environment of ['dev', 'stage', 'prod'] as const) {
    if (environment === 'stage' && (documents.dev?.source ?? null) === null) {
      diagnostics.push(
        note(
          'NOTHING_RECORDED',
          'dev has nothing to publish',
          'The specs hold no connection and no component yet, so there is no plan for stage and prod.'
        )
      )
      break
    }
    if (environment === 'prod' && documents.stage?.version == null) {
      diagnostics.push(
        note(
          'NOTHING_PUBLISHED',
          'prod has nothing to run',
          'stage has no version yet, so there is no plan for prod.'
        )
      )
      continue
    }
    const chosen = environment === 'stage' ? { ...selection, version: null } : everything
    const planned = await planOne({ ...scene, documents }, environment, chosen, {
      readFrom: scene.documents,
      expected,
      asIfDevWereApplied: true
    })
    plans.push(planned)
    const { plan, accompanying, resolver } = planned
    const version =
      environment === 'stage'
        ? versionOf(planned, { by: '', at: '', note: null, commit: null })
        : null
    if (version !== null) expected.set(version.version, version)
    documents = asIfApplied(
      plan,
      documents,
      { ...accompanying, versionDigest: version === null ? null : digestOf(version) },
      resolver.needOf
    )
  }
  return { plans, diagnostics, texts: scene.workspace.textsOf(diagnostics) }
}

export async function openScene(around: Surroundings, actor = ''): Promise<Scene> {
  const workspace = await openWorkspace(around)
  soundSpecs(workspace)
  const state = openState(around, workspace.settings, actor)
  return {
    workspace,
    state,
    documents: await soundDocuments(state),
    diagnostics: workspace.diagnostics
  }
}

interface PlanOptions {
  /** The documents that were really read, where `documents` are as if something were applied. */
  readonly readFrom?: Documents
  /** Versions that would have been made on the way. */
  readonly expected?: ReadonlyMap<number, Version>
  readonly asIfDevWereApplied?: boolean
  /** The serial that gives new entries their ids; a saved plan keeps the one it was made with. */
  readonly serial?: number
}

/** Plans one environment on given documents. */
export async function planOne(
  scene: Scene,
  environment: OwnEnvironment,
  selection: Selection,
  options: PlanOptions = {}
): Promise<Planned> {
  const { documents, workspace } = scene
  const resolved = resolve(scene, options.serial ?? (documents.dev?.serial ?? 0) + 1)
  const source = await sourceOf(scene, environment, selection, resolved, options)
  const resolver = resolverFor(workspace.known, [
    ...poolsOf(documents),
    { connectors: source.connectors }
  ])
  const before = documents[environment]
  const plan = planEnvironment({
    environment,
    documents,
    wanted: trimDefinitions(source.definitions, environment),
    source: {
      environment: source.environment,
      serial: source.serial,
      definitions: digestOf(definitionsOf(source.definitions))
    },
    basedOn: basedOn(options.readFrom ?? documents, source.versionRead),
    inputs: inputsOf(scene, environment, source.definitions),
    selection,
    version:
      environment === 'prod'
        ? { from: before?.version ?? null, to: source.version, pinned: source.pinned }
        : { from: null, to: null, pinned: false },
    needOf: resolver.needOf,
    mayRevoke:
      environment !== 'prod' || (!source.pinned && source.version === documents.stage?.version),
    diagnostics:
      environment === 'stage' && options.asIfDevWereApplied !== true
        ? devBehind(workspace, documents, resolved)
        : []
  })
  const byRule = plan.diagnostics.some(
    each => each.severity === 'error' && (each.code === 'PROTECTED' || each.code === 'DEV_BEHIND')
  )
  const failed = plan.diagnostics.filter(each => each.severity === 'error')
  if (failed.length > 0 && !byRule) throw new Refusal(...failed)
  return {
    plan,
    accompanying: { connectors: source.connectors, given: resolved.given, versionDigest: null },
    documents,
    resolver,
    refused: byRule || isRefusedSelection(plan.held, plan.selection),
    asks: asksForSomething(plan, documents)
  }
}

function resolve({ workspace, documents }: Scene, serial: number): Resolved {
  const resolved = resolveSpecs(soundSpecs(workspace), workspace.known, documents, serial)
  if (!hasErrors(resolved.diagnostics)) return resolved
  const found = [...workspace.diagnostics, ...resolved.diagnostics]
  throw new SpecRefusal(found, workspace.textsOf(found))
}

interface WantedSource {
  readonly environment: Plan['source']['environment']
  readonly serial: number | null
  readonly definitions: Definitions
  readonly connectors: ConnectorsByDigest
  readonly version: number | null
  readonly pinned: boolean
  readonly versionRead: number | null
}

async function sourceOf(
  scene: Scene,
  environment: OwnEnvironment,
  selection: Selection,
  resolved: Resolved,
  options: PlanOptions
): Promise<WantedSource> {
  const { documents } = scene
  const none = { version: null, pinned: false, versionRead: null }
  if (environment === 'dev') {
    const { definitions, connectors } = resolved
    return { environment: 'tree', serial: null, definitions, connectors, ...none }
  }
  if (environment === 'stage') {
    // State that names the keys of a vault alone has no definitions yet.
    if (documents.dev?.source == null) throw noSource('stage', 'dev')
    const { serial, connectors } = documents.dev
    return { environment: 'dev', serial, definitions: documents.dev, connectors, ...none }
  }
  const { stage, prod } = documents
  if (stage === null || stage.version === null) throw noSource('prod', 'stage')
  const asked = selection.version
  const stays = asked === null && prod?.pinned === true
  const version = typeof asked === 'number' ? asked : stays ? prod.version : stage.version
  const digest = version === null ? undefined : stage.versions[version]
  if (version === null || digest === undefined)
    throw noVersion(version, Object.keys(stage.versions))
  const content = options.expected?.get(version) ?? (await scene.state.readVersion(version, digest))
  if (content === null) throw noVersion(version, Object.keys(stage.versions))
  return {
    environment: 'stage',
    serial: stage.serial,
    definitions: content,
    connectors: content.connectors,
    version,
    pinned: typeof asked === 'number' || stays,
    versionRead: options.expected?.has(version) === true ? null : version
  }
}

function noSource(environment: OwnEnvironment, source: OwnEnvironment): Refusal {
  return new Refusal(
    problem(
      'NO_SOURCE',
      'The environment before has nothing yet',
      `${environment} takes its definitions from ${source}, which has ${source === 'stage' ? 'no version' : 'nothing recorded'} yet. Apply it first:\n    tieline apply -e ${source}`
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

/** A publish takes what dev has, so people should know when the tree has moved on. */
function devBehind(
  workspace: Workspace,
  documents: Documents,
  resolved: Resolved
): readonly Diagnostic[] {
  if (documents.dev === null) return []
  const same = digestOf(definitionsOf(documents.dev)) === digestOf(resolved.definitions)
  if (same) return []
  const strict = workspace.settings.publish?.requireDevCurrent === true
  return [
    (strict ? problem : warning)(
      'DEV_BEHIND',
      'dev lags behind the working tree',
      'stage takes what dev has recorded, and the specs have changed since. To take the changes along:\n    tieline apply -e dev'
    )
  ]
}

function definitionsOf({ connections, components }: Definitions): Definitions {
  return { connections, components }
}

/** Every document that was read, so that a saved plan can tell whether the world has moved on. */
function basedOn(documents: Documents, version: number | null): Plan['basedOn'] {
  const read = (['dev', 'prod', 'shared', 'stage'] as const).map(document => {
    const { lineage, serial, digest } = documents[document] ?? {
      lineage: null,
      serial: 0,
      digest: null
    }
    return { document, lineage, serial, digest }
  })
  const digest = version === null ? undefined : documents.stage?.versions[version]
  if (version === null || digest === undefined) return read
  return [
    ...read,
    {
      document: `versions/${version}`,
      lineage: documents.stage?.lineage ?? null,
      serial: version,
      digest
    }
  ].sort((a, b) => compareText(a.document, b.document))
}

/** What else decides: connectors that come with tieline; for dev, the specs in normal form. */
function inputsOf(
  { workspace, documents }: Scene,
  environment: OwnEnvironment,
  wanted: Definitions
) {
  const all = [wanted, documents.dev, documents.stage, documents.prod].flatMap(each =>
    Object.values(each?.connections ?? {})
  )
  const builtIn = sortedUnique(
    all.filter(each => each.connectorDigest === null).map(each => each.connector)
  )
  return digestOf({
    connectors: builtIn.map(id => workspace.known.get(id)?.connector ?? null),
    specs: environment === 'dev' ? definitionsOf(wanted) : null
  })
}

/** The version that a publish makes; null if it makes none. */
export function versionOf(
  planned: Planned,
  about: Pick<Version, 'by' | 'at' | 'note' | 'commit'>
): Version | null {
  const { plan, documents, accompanying, resolver } = planned
  if (plan.environment !== 'stage' || plan.version.to === null) return null
  if (plan.version.to === plan.version.from) return null
  const after = contentAfter(plan, documents, accompanying, resolver.needOf)
  return {
    formatVersion: 1,
    version: plan.version.to,
    ...about,
    connectors: after.connectors,
    connections: after.connections,
    components: after.components
  }
}
