import { type Diagnostic, note, problem, Refusal, warning } from '../model/diagnostic.ts'
import { clientsIn, type Documents, isClient, slotsIn } from '../model/documents.ts'
import type { CredentialFile, Environment, Slot } from '../model/generated/types.ts'
import type { Vault } from '../model/ports.ts'
import type { Settings } from '../model/specs.ts'
import type { FileState } from '../state/open-file-state.ts'
import { actorOf } from './actor.ts'
import { authorizeSceneOf } from './authorize.ts'
import { isGone } from './client-view.ts'
import { mendState } from './mend.ts'
import { openVault, vaultFolder } from './open-vault.ts'
import { openState, openWorkspace, type Workspace } from './open-workspace.ts'
import { orphanedCredentials } from './orphaned-credentials.ts'
import { orphanedGrants } from './orphaned-grants.ts'
import { clientSpecOf, isGuest, isPermitted } from './permit.ts'
import { runAs } from './run-as.ts'
import { isAbout, openSeenState } from './state-list.ts'
import type { Surroundings } from './surroundings.ts'
import { recordUserCounts } from './user-counts.ts'

/**
 * Brings records and vault together again (what was stored and not recorded is recorded, what was deposited is adopted, what ended is
 * dropped), and then compares everything with everything: documents, histories, versions, records, credentials and keys. What was
 * mended is a warning or a note; what needs a person is an error, and says how to mend it. Of a slot whose keys are elsewhere, only
 * that is told.
 */
export async function verify(around: Surroundings): Promise<readonly Diagnostic[]> {
  const workspace = await openWorkspace(around)
  const actor = await actorOf(around)
  const { slots } = await openSeenState(around, undefined)
  const state = openState(around, workspace.settings, actor)
  const scene = { around, workspace, settings: workspace.settings, state, actor, slots }
  const before = await state.read()
  const mended = before.problems.length > 0 ? [] : await mend(scene, before.documents)
  const { documents } = await state.read()
  const guest = isGuest(workspace.settings, actor)
  const found = (await state.verify()).filter(each => !guest || isAbout(each, slots))
  const orphaned = await orphanedGrants(around, { settings: workspace.settings, actor })
  const all = [
    ...mended,
    ...found,
    ...clientFindings(scene, documents),
    ...(await vaultFindings(scene, documents)),
    ...orphaned.diagnostics
  ]
  await orphaned.forget()
  return onlyOnce(all)
}

interface VerifyScene {
  readonly around: Surroundings
  readonly workspace: Workspace
  readonly settings: Settings
  readonly state: FileState
  readonly actor: string
  /** Those that the actor sees. */
  readonly slots: readonly Slot[]
}

/** What could not be mended needs a person. */
async function mend(scene: VerifyScene, documents: Documents): Promise<readonly Diagnostic[]> {
  const { around, workspace, settings, actor } = scene
  const state = runAs(scene.state, 'state verify')
  try {
    const authorizing = await authorizeSceneOf(around, workspace, state, documents, actor)
    const mended = await mendState(authorizing)
    const told = mended.diagnostics.map(each =>
      each.code === 'RECORDS_MENDED' ? each : { ...each, severity: 'error' as const }
    )
    // Only somebody who may write what a refresh finds out.
    if (!isPermitted(settings, actor, { kind: 'repair-state' })) return told
    const counting = { documents: mended.documents, state, actor, clock: around.clock }
    const { vault } = authorizing
    const isCounted = await recordUserCounts({ ...counting, vault })
    return isCounted ? [...told, countsMended] : told
  } catch (error) {
    if (error instanceof Refusal) return error.diagnostics
    throw error
  }
}

const countsMended = note(
  'USER_COUNTS_MENDED',
  'The count of users was out of date',
  'State now says how many people have authorized each connection, as the vault has it.'
)

/** Installations whose spec is gone: right only if they are to be removed. */
function clientFindings(
  { workspace, settings, slots }: VerifyScene,
  documents: Documents
): readonly Diagnostic[] {
  // Where a spec is broken, a client may be missing for that reason alone.
  if (workspace.specs === null) return []
  return clientsIn(documents).flatMap(client => {
    const document = documents[client]
    if (document === undefined || isGone(document) || !slots.includes(client)) return []
    if (clientSpecOf(settings, client) !== undefined) return []
    return [
      note(
        'CLIENT_WITHOUT_SPEC',
        'An installed client has no spec',
        `${client} is installed, and no file in clients/ stands for it, so the next plan removes it and ends its authorizations:\n    tieline plan -e ${client}\n\nIf the client has another link name now, say so first:\n    tieline state mv ${client} client/NAME`
      )
    ]
  })
}

async function vaultFindings(
  { around, settings, actor, slots }: VerifyScene,
  documents: Documents
): Promise<readonly Diagnostic[]> {
  let vault: Vault
  try {
    vault = await openVault(around, settings, async () => documents, actor)
  } catch (error) {
    if (error instanceof Refusal) return error.diagnostics
    throw error
  }
  const { files, problems } = await vault.list()
  const { vaultIn } = await import('../vault/vault-keys.ts')
  const here = await vaultIn(vaultFolder(around, settings)).catch(() => null)
  const found: Diagnostic[] = []
  const elsewhere: Slot[] = []
  for (const slot of slotsIn(documents).filter(each => slots.includes(each))) {
    const standing = await standingOf(vault, documents, slot)
    if (standing === 'ours') {
      found.push(...slotFindings(documents, slot, files, problems))
    } else if (standing === 'missing') {
      if (here === null) elsewhere.push(slot)
      else found.push(keysMissing(slot))
    } else if (standing !== 'none') found.push(...standing)
  }
  const folder = (settings.vault ?? 'file:.tieline/vault').slice('file:'.length)
  const isGuestHere = isGuest(settings, actor)
  return [
    ...found,
    ...(elsewhere.length === 0 ? [] : [noVaultHere(elsewhere)]),
    // Of what is no installation's that they see, guests are told nothing.
    ...(isGuestHere ? [] : [...problems, ...orphanedCredentials(documents, files, folder)])
  ]
}

/** Whether a slot's keys are the ones that state names; `none` where it names none; what is wrong with them. */
async function standingOf(
  vault: Vault,
  documents: Documents,
  slot: Slot
): Promise<'ours' | 'missing' | 'none' | readonly Diagnostic[]> {
  const isCommitted = documents[slot]?.vault != null
  try {
    const commitment = await vault.commitment(slot)
    if (commitment !== null) return 'ours'
    return isCommitted ? 'missing' : 'none'
  } catch (error) {
    if (error instanceof Refusal) return error.diagnostics
    throw error
  }
}

/** Records without a credential, and credentials without a record. */
function slotFindings(
  documents: Documents,
  slot: Slot,
  files: readonly CredentialFile[],
  damaged: readonly Diagnostic[]
): readonly Diagnostic[] {
  const records = documents[slot]?.authorizations ?? {}
  const stored = new Set(files.map(each => each.id))
  // A damaged file is told by itself.
  const isDamaged = (id: string): boolean => damaged.some(each => each.detail.includes(id))
  const dangling = Object.entries(records).filter(
    ([id, { ended, level }]) =>
      ended === null && level === 'administrator' && !stored.has(id) && !isDamaged(id)
  )
  const unrecorded = files.filter(
    each => each.slot === slot && each.user === null && !Object.hasOwn(records, each.id)
  )
  return [
    ...dangling.map(([id, record]) =>
      problem(
        'RECORD_WITHOUT_CREDENTIAL',
        'A recorded authorization has no credential',
        `${nameOf(documents, slot, record.connection)} is recorded in ${slot} as authorized by ${record.by} with ${record.account.name}, and the vault that state names does not have its credential. Nothing can use it. Bring the vault back from a backup, or authorize again:\n    tieline authorize ${nameOf(documents, slot, record.connection)} -e ${environmentFor(slot)}\n\nIf it is no longer needed, drop the record:\n    tieline state rm authorization/${id} -e ${slot}`
      )
    ),
    ...(unrecorded.length === 0 ? [] : [withoutRecord(documents, slot, unrecorded)])
  ]
}

function withoutRecord(
  documents: Documents,
  slot: Slot,
  files: readonly CredentialFile[]
): Diagnostic {
  const names = [...new Set(files.map(each => nameOf(documents, slot, each.connection)))].sort()
  return warning(
    'CREDENTIAL_WITHOUT_RECORD',
    'A stored credential has no record',
    `The vault holds ${files.length === 1 ? 'a credential' : `${files.length} credentials`} of ${slot} that state does not know: ${names.slice(0, 10).join(', ')}. Your key does not open that slot, so it could not be mended. Somebody who reads ${slot} runs:\n    tieline state verify`
  )
}

/** The link name of a connection by its id; else what it was called at first. */
function nameOf(documents: Documents, slot: Slot, id: string): string {
  const own = [slot, 'dev', 'stage', 'prod'] as const
  for (const each of own) {
    const found = Object.entries(documents[each]?.connections ?? {}).find(
      ([, connection]) => connection.id === id
    )
    if (found !== undefined) return found[0]
  }
  return id.replace(/\.[0-9]+$/, '')
}

function environmentFor(slot: Slot): Environment {
  return slot === 'shared' ? 'dev' : slot
}

function keysMissing(slot: Slot): Diagnostic {
  const way = isClient(slot)
    ? 'Bring them back from a backup. If there is none, the client has to be removed and installed anew, and authorizes again.'
    : 'Bring them back from a backup, or begin anew and authorize everything again:\n    tieline vault init --replace'
  return problem(
    'VAULT_ELSEWHERE',
    'State belongs to a vault that is not here',
    `State names keys of ${slot} that are not in the vault that is here, so what is authorized there could not be compared. ${way}`
  )
}

function noVaultHere(slots: readonly Slot[]): Diagnostic {
  const shown = slots.slice(0, 10).join(', ')
  return note(
    'VAULT_ELSEWHERE',
    'State belongs to a vault that is not here',
    `There is no vault in this folder, so what is authorized in ${shown}${slots.length > 10 ? ' and others' : ''} could not be compared with credentials. Verify again where the vault is.`
  )
}

const ranks: Readonly<Record<Diagnostic['severity'], number>> = { error: 0, warning: 1, note: 2 }

/** Mending and comparing may find the same: the more severe one is told. */
function onlyOnce(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const told = new Map<string, Diagnostic>()
  for (const each of diagnostics) {
    const key = JSON.stringify([each.code, each.detail, each.at])
    const before = told.get(key)
    if (before === undefined || ranks[each.severity] < ranks[before.severity]) told.set(key, each)
  }
  return [...told.values()]
}
