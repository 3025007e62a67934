import { existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { type Diagnostic, Refusal } from '../model/diagnostic.ts'
import { clientOf, type Documents, isClient, ownSlots, visibleSlots } from '../model/documents.ts'
import type { ClientSpec, Environment, LinkName } from '../model/generated/types.ts'
import { validateClientSpec } from '../model/generated/validators/client.js'
import { validateWorkspaceSpec } from '../model/generated/validators/workspace.js'
import type { RefreshLeases, SecretResolver, Vault } from '../model/ports.ts'
import type { KnownConnectors, Settings } from '../model/specs.ts'
import type { Target } from '../model/target.ts'
import { listSpecs } from '../spec/list-specs.ts'
import { openCatalogue } from '../spec/load-catalogue.ts'
import { readSpec } from '../spec/read-spec.ts'
import { specProblem } from '../spec/spec-summaries.ts'
import { checkFolders } from '../spec/workspace-folders.ts'
import { openLeases, openVault, vaultFolder } from './open-vault.ts'
import { poolsOf, type Resolver, resolverFor } from './open-workspace.ts'
import { readDocuments, stateFile } from './read-documents.ts'
import { remembered, stampOf } from './remembered.ts'
import { referenceResolver } from './resolve-references.ts'
import type { Surroundings } from './surroundings.ts'

export interface RunTimeOptions {
  readonly environment: Environment
  /** In whose name; null where nobody says, as in an application that reads with a key of its own. */
  readonly actor: string | null
}

/** What of a workspace is read at run time: as its files are at one moment. */
export interface RunTimeScene extends RunTimeOptions {
  readonly around: Surroundings
  readonly settings: Settings
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
 * Reads tieline.yaml and the state of one environment, and again only when they changed; for a client's installation its spec as well,
 * for its members. Other specs are never read: workspace connectors travel in state, where each connection keeps to the one it was
 * recorded with.
 */
export function openRunTimeScenes(around: Surroundings, options: RunTimeOptions): RunTimeScenes {
  const workspace = remembered(
    () => settingsFiles(around.folder, options.environment).map(stampOf).join(' '),
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
  readonly settings: Settings
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
  const settings = readSettings(around.folder, environment)
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
    files: visibleSlots(environment).map(slot => join(around.folder, stateFile(settings, slot)))
  }
}

/** The files that settings are read from, absolute; of a client whose spec is not there, all that could be its spec under another name. */
function settingsFiles(folder: string, environment: Environment): readonly string[] {
  const workspace = join(folder, 'tieline.yaml')
  if (!isClient(environment)) return [workspace]
  const own = join(folder, clientFile(clientOf(environment)))
  if (existsSync(own)) return [workspace, own]
  return [workspace, own, ...clientNames(folder).map(name => join(folder, clientFile(name)))]
}

function clientFile(linkName: LinkName): string {
  return `clients/${linkName}.yaml`
}

/** Without opening any. */
function clientNames(folder: string): readonly LinkName[] {
  const { files } = listSpecs(realpathSync(folder)) ?? { files: [] }
  const specs = files.filter(each => each.folder === 'clients' && each.problem === null)
  return specs.map(each => each.linkName).sort()
}

/** tieline.yaml, and of a client its spec. Throws a Refusal that tells everything that is wrong with them. */
function readSettings(folder: string, environment: Environment): Settings {
  const file = { folder: null, file: 'tieline.yaml', linkName: 'tieline', problem: null }
  if (!existsSync(join(folder, file.file))) throw new Refusal(noWorkspace)
  const root = realpathSync(folder)
  const { located, diagnostics } = readSpec(root, file, validateWorkspaceSpec, 'workspace')
  const found = [...diagnostics, ...(located === null ? [] : checkFolders(located))]
  const errors = found.filter(each => each.severity === 'error')
  if (located === null || errors.length > 0) throw new Refusal(...errors)
  const client = isClient(environment) ? readClient(root, clientOf(environment)) : null
  return { ...located.spec, clients: new Map(client ?? []) }
}

/** By its recorded name and, where a rename is still to be applied, by its new one as well. */
function readClient(root: string, name: LinkName): readonly (readonly [LinkName, ClientSpec])[] {
  const own = clientFile(name)
  if (existsSync(join(root, own))) {
    const { located, diagnostics } = readClientSpec(root, name)
    const errors = diagnostics.filter(each => each.severity === 'error')
    if (located === null || errors.length > 0) throw new Refusal(...errors)
    return [[name, located.spec]]
  }
  const others = clientNames(root).flatMap(each => readClientSpec(root, each).located ?? [])
  const renamed = others.find(each => each.spec.previously === name)
  if (renamed === undefined) return []
  return [
    [name, renamed.spec],
    [renamed.linkName, renamed.spec]
  ]
}

function readClientSpec(root: string, linkName: LinkName) {
  const file = { folder: 'clients', file: clientFile(linkName), linkName, problem: null } as const
  return readSpec(root, file, validateClientSpec, 'client')
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
  const documents = documentsFor(around, settings, options.environment)
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

/**
 * The documents that matter at run time: ours, since who may have left a deposit is judged by all of them, or that of one client. What
 * is wrong with those of other environments stops nobody here. Throws a Refusal for what is wrong with those in use.
 */
function documentsFor(
  around: Surroundings,
  settings: Settings,
  environment: Environment
): Documents {
  const slots = isClient(environment) ? [environment] : ownSlots
  const { documents, problems } = readDocuments(around, settings, slots)
  const stopping = visibleSlots(environment).flatMap(slot => problems.get(slot) ?? [])
  if (stopping.length > 0) throw new Refusal(...stopping)
  return documents
}
