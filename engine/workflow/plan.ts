import { type Diagnostic, hasErrors, problem, Refusal, warning } from '../model/diagnostic.ts'
import { digestOf } from '../model/digest.ts'
import { type Documents, isClient } from '../model/documents.ts'
import type { Environment, Plan, Selection, Version } from '../model/generated/types.ts'
import type { WriteAbout } from '../model/ports.ts'
import { type Accompanying, contentAfter } from '../plan/content-after.ts'
import { asksForSomething, isRefusedSelection, planEnvironment } from '../plan/plan-environment.ts'
import { renameHints } from '../plan/rename-hints.ts'
import { trimDefinitions } from '../plan/trim-definitions.ts'
import type { Resolved } from '../resolve/resolve-specs.ts'
import { type ClientView, takesOver, viewClient } from './client-view.ts'
import {
  poolsOf,
  type Resolver,
  resolverFor,
  soundSpecs,
  type Workspace
} from './open-workspace.ts'
import { hasRoles } from './permit.ts'
import {
  basedOn,
  definitionsOf,
  inputsOf,
  openScene,
  resolveScene,
  type Scene
} from './plan-scene.ts'
import { permitAll } from './sight.ts'
import type { Surroundings } from './surroundings.ts'
import { mayRevoke, wantedSource } from './wanted-source.ts'

/** A plan, and what applying it needs beside. */
export interface Planned {
  readonly plan: Plan
  readonly accompanying: Accompanying
  /** What the plan was computed from; a client that is renamed is there under its new name. */
  readonly documents: Documents
  readonly resolver: Resolver
  /** How the document is written. */
  readonly writing: Pick<WriteAbout, 'movedFrom' | 'isNewLineage'>
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

export const everything: Selection = {
  components: [],
  connections: [],
  withReferences: false,
  version: null
}

/** Plans one environment. Throws a Refusal where specs or state do not allow a plan. */
export async function planWorkflow(
  around: Surroundings,
  environment: Environment,
  selection: Selection
): Promise<PlanResult> {
  const scene = await openScene(around)
  await permitAll(around, scene.workspace.settings, environment)
  const planned = await planOne(scene, environment, selection)
  return {
    plans: [planned],
    diagnostics: scene.diagnostics,
    texts: scene.workspace.textsOf(scene.diagnostics)
  }
}

export interface PlanOptions {
  /** The documents that were really read, where `documents` are as if something were applied. */
  readonly readFrom?: Documents
  /** Versions that would have been made on the way. */
  readonly expected?: ReadonlyMap<number, Version>
  readonly asIfDevWereApplied?: boolean
  /** The serial that gives new entries their ids; a saved plan keeps the one it was made with. */
  readonly serial?: number
  /** What the specs are in normal form, where it is known already. */
  readonly resolved?: Resolved
}

/** Plans one environment on given documents. */
export async function planOne(
  given: Scene,
  environment: Environment,
  selection: Selection,
  options: PlanOptions = {}
): Promise<Planned> {
  const client = clientIn(given, environment)
  const scene = client === null ? given : { ...given, documents: client.documents }
  const { documents, workspace } = scene
  const serial = options.serial ?? (documents.dev?.serial ?? 0) + 1
  const resolved = options.resolved ?? resolveScene(scene, serial)
  const expected = options.expected ?? new Map<number, Version>()
  const wanted = await wantedSource(scene, { environment, selection, resolved, client, expected })
  const resolver = resolverFor(workspace.known, [
    ...poolsOf(documents),
    { connectors: wanted.connectors }
  ])
  const before = documents[environment]
  const definitions = trimDefinitions(definitionsOf(wanted.definitions), environment)
  const plan = planEnvironment({
    environment,
    renamedFrom: client?.renamedFrom ?? null,
    documents,
    wanted: definitions,
    source: wanted.source,
    basedOn: basedOn(
      options.readFrom ?? given.documents,
      client?.renamedFrom ?? environment,
      wanted.versionsRead
    ),
    inputs: inputsOf(scene, environment, wanted.definitions, client?.spec?.spec ?? null),
    selection,
    version:
      environment === 'prod' || isClient(environment)
        ? { from: before?.version ?? null, to: wanted.version, pinned: wanted.pinned }
        : { from: null, to: null, pinned: false },
    needOf: resolver.needOf,
    hasMembers: hasRoles(workspace.settings, environment),
    mayRevoke: mayRevoke(environment, wanted, documents),
    diagnostics: [
      ...wanted.diagnostics,
      ...(client === null ? [] : takesOver(client, soundSpecs(workspace).clients)),
      ...(environment === 'stage' && options.asIfDevWereApplied !== true
        ? devBehind(workspace, documents, resolved)
        : [])
    ]
  })
  const hints =
    environment === 'dev' && before != null
      ? renameHints(
          hasErrors(plan.diagnostics) ? null : plan.changes,
          definitionsOf(before),
          definitions
        )
      : []
  return judged(
    { ...plan, diagnostics: [...plan.diagnostics, ...hints] },
    {
      accompanying: { connectors: wanted.connectors, given: resolved.given, versionDigest: null },
      documents,
      resolver,
      writing: writingOf(client)
    }
  )
}

/** Throws a Refusal for what no plan can be made of; what a rule says no to is shown. */
function judged(plan: Plan, rest: Omit<Planned, 'plan' | 'refused' | 'asks'>): Planned {
  const errors = plan.diagnostics.filter(each => each.severity === 'error')
  const byRule = errors.some(({ code }) => code === 'PROTECTED' || code === 'DEV_BEHIND')
  if (errors.length > 0 && !byRule) throw new Refusal(...errors)
  return {
    plan,
    ...rest,
    refused: byRule || isRefusedSelection(plan.held, plan.selection),
    asks: asksForSomething(plan, rest.documents)
  }
}

function clientIn({ workspace, documents }: Scene, environment: Environment): ClientView | null {
  if (!isClient(environment)) return null
  return viewClient(environment, soundSpecs(workspace).clients, documents)
}

function writingOf(client: ClientView | null): Planned['writing'] {
  if (client === null) return {}
  return {
    ...(client.renamedFrom === null ? {} : { movedFrom: client.renamedFrom }),
    ...(client.isNewLineage ? { isNewLineage: true } : {})
  }
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
