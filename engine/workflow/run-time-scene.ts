import { existsSync, realpathSync, statSync } from 'node:fs'
import { join, posix } from 'node:path'
import { type Diagnostic, Refusal } from '../model/diagnostic.ts'
import type { Documents } from '../model/documents.ts'
import type { OwnEnvironment, Slot, WorkspaceSpec } from '../model/generated/types.ts'
import { validateWorkspaceSpec } from '../model/generated/validators/workspace.js'
import type { RefreshLeases, SecretResolver, Vault } from '../model/ports.ts'
import type { KnownConnectors } from '../model/specs.ts'
import type { Target } from '../model/target.ts'
import { openCatalogue } from '../spec/load-catalogue.ts'
import { readSpec } from '../spec/read-spec.ts'
import { specProblem } from '../spec/spec-summaries.ts'
import { checkFolders } from '../spec/workspace-folders.ts'
import { openLeases, openVault, vaultFolder } from './open-vault.ts'
import { openState, poolsOf, type Resolver, resolverFor } from './open-workspace.ts'
import { referenceResolver } from './resolve-references.ts'
import type { Surroundings } from './surroundings.ts'

export interface RunTimeOptions {
  readonly environment: OwnEnvironment
  /** In whose name; null where nobody says, as in an application that reads with a key of its own. */
  readonly actor: string | null
}

/** What of a workspace is read at run time: as its files are at one moment. */
export interface RunTimeScene extends RunTimeOptions {
  readonly around: Surroundings
  readonly settings: WorkspaceSpec
  readonly documents: Documents
  readonly resolver: Resolver
  readonly vault: Vault
  readonly leases: RefreshLeases
  readonly secrets: SecretResolver
  /** Changes whenever something in the vault's folder is made, replaced or deleted. */
  readonly vaultStamp: () => string
  /** Remembered for as long as the files stay as they are. */
  readonly targets: Map<string, Target>
  /** Deposits that may not be adopted, with why, as of the vault's stamp. */
  readonly refused: { stamp: string; readonly deposits: Map<string, readonly Diagnostic[]> }
}

/** Gives what is read at run time. */
export interface RunTimeScenes {
  /** The same as before unless a file changed. Throws a Refusal if one that is needed cannot be read. */
  readonly current: () => Promise<RunTimeScene>
}

/**
 * Reads tieline.yaml and the state of one environment, and again only when they changed. Specs are never read: workspace
 * connectors travel in state, where each connection keeps to the one it was recorded with.
 */
export function openRunTimeScenes(around: Surroundings, options: RunTimeOptions): RunTimeScenes {
  const workspace = remembered(
    () => stampOf(join(around.folder, 'tieline.yaml')),
    () => openSettings(around, options, latest)
  )
  const scene = remembered<RunTimeScene, Opened>(
    opened => opened.files.map(stampOf).join(' '),
    opened => readScene(around, options, opened)
  )
  async function latest(): Promise<Documents> {
    return (await current()).documents
  }
  async function current(): Promise<RunTimeScene> {
    return scene(await workspace(undefined))
  }
  return { current }
}

/** What tieline.yaml decides. */
interface Opened {
  readonly settings: WorkspaceSpec
  readonly known: KnownConnectors
  readonly vault: Vault
  readonly leases: RefreshLeases
  readonly vaultFolder: string
  /** The state documents that matter, absolute. */
  readonly files: readonly string[]
}

async function openSettings(
  around: Surroundings,
  { environment, actor }: RunTimeOptions,
  documents: () => Promise<Documents>
): Promise<Opened> {
  const settings = readSettings(around.folder)
  const catalogue = openCatalogue(join(around.packageFolder, 'dist', 'connectors'))
  return {
    settings,
    known: {
      ids: catalogue.ids,
      get: id => {
        const connector = catalogue.get(id)
        return connector === undefined ? undefined : { connector, digest: null }
      }
    },
    vault: await openVault(around, settings, documents, actor),
    leases: await openLeases(around, settings),
    vaultFolder: vaultFolder(around, settings),
    files: neededSlots(environment).map(slot => join(around.folder, stateFile(settings, slot)))
  }
}

/** tieline.yaml alone. Throws a Refusal that tells everything that is wrong with it. */
function readSettings(folder: string): WorkspaceSpec {
  const file = { folder: null, file: 'tieline.yaml', linkName: 'tieline', problem: null }
  if (!existsSync(join(folder, file.file))) throw new Refusal(noWorkspace)
  const root = realpathSync(folder)
  const { located, diagnostics } = readSpec(root, file, validateWorkspaceSpec, 'workspace')
  const found = [...diagnostics, ...(located === null ? [] : checkFolders(located))]
  const errors = found.filter(each => each.severity === 'error')
  if (located === null || errors.length > 0) throw new Refusal(...errors)
  return located.spec
}

const noWorkspace = specProblem(
  'NO_WORKSPACE',
  'There is no tieline.yaml in this folder. Name the folder that holds it: with -C, or as the first argument of openConnections.',
  null
)

async function readScene(
  around: Surroundings,
  options: RunTimeOptions,
  { settings, known, vault, leases, vaultFolder: folder }: Opened
): Promise<RunTimeScene> {
  const { documents, problems } = await openState(around, settings, '').read()
  // What is wrong with the state of another environment stops nobody here.
  const needed = neededSlots(options.environment).map(slot => stateFile(settings, slot))
  const elsewhere = new Set(
    (['dev', 'stage', 'prod', 'shared'] as const)
      .map(slot => stateFile(settings, slot))
      .filter(file => !needed.includes(file))
  )
  const stopping = problems.filter(each => !elsewhere.has(each.at?.file ?? ''))
  if (stopping.length > 0) throw new Refusal(...stopping)
  return {
    around,
    ...options,
    settings,
    documents,
    resolver: resolverFor(known, poolsOf(documents)),
    vault,
    leases,
    secrets: referenceResolver(around, settings, vault),
    vaultStamp: () => stampOf(folder),
    targets: new Map(),
    refused: { stamp: '', deposits: new Map() }
  }
}

function neededSlots(environment: OwnEnvironment): readonly Slot[] {
  return [environment, 'shared']
}

/** Relative to the workspace, as diagnostics name it. */
function stateFile({ state = 'file:state' }: WorkspaceSpec, slot: Slot): string {
  const folder = state.slice('file:'.length).replaceAll('\\', '/')
  return posix.join(folder, '.', `${slot}.json`)
}

/** Another one after every write, also one that keeps size and time: what replaces a file has a number of its own. */
function stampOf(path: string): string {
  const status = statSync(path, { bigint: true, throwIfNoEntry: false })
  if (status === undefined) return 'none'
  const { dev, ino, size, mtimeNs, ctimeNs } = status
  return `${dev}.${ino}.${size}.${mtimeNs}.${ctimeNs}`
}

/**
 * Calls `read` again only where the stamp differs from the one before that reading. What fails is not remembered. `given`
 * counts as a part of the stamp.
 */
function remembered<T, Given = undefined>(
  stamp: (given: Given) => string,
  read: (given: Given) => Promise<T>
): (given: Given) => Promise<T> {
  let last: { stamp: string; given: Given; value: Promise<T> } | null = null
  return given => {
    // Before reading, so that a change in between is seen at the next call.
    const now = stamp(given)
    if (last !== null && last.stamp === now && last.given === given) return last.value
    const value = read(given)
    last = { stamp: now, given, value }
    value.catch(() => {
      if (last?.value === value) last = null
    })
    return value
  }
}
