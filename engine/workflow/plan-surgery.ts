import { type Diagnostic, problem, Refusal } from '../model/diagnostic.ts'
import { meant } from '../model/did-you-mean.ts'
import {
  type ClientEnvironment,
  clientEnvironment,
  clientOf,
  clientsIn,
  type Documents,
  environments,
  environmentsIn,
  isClient
} from '../model/documents.ts'
import type { EntryId, Environment, Slot, State } from '../model/generated/types.ts'
import type { StateStore } from '../model/ports.ts'
import type { Settings } from '../model/specs.ts'
import { isLinkName, nameInvalid, takenProblem } from '../plan/entry-names.ts'
import {
  changesSomething,
  type KnownIds,
  moveEntry,
  removeEntry,
  removeRecord,
  renameClient,
  type Surgery
} from '../plan/state-surgery.ts'
import { takeBack, writeToTakeBack } from '../plan/take-back.ts'
import { checkInstalled } from './authorize-scene.ts'
import type { Workspace } from './open-workspace.ts'
import { authorizationsOf, connectionNames } from './state-list.ts'
import { credentialIn, recordCalled } from './state-show.ts'
import type { Surroundings } from './surroundings.ts'
import { vaultContents } from './vault-contents.ts'

export type SurgeryRequest =
  | {
      readonly kind: 'mv'
      readonly from: string
      readonly to: string
      /** As it was named; other environments than dev get their names by publish. */
      readonly environment: Slot | undefined
    }
  | { readonly kind: 'rm'; readonly name: string; readonly slot: Slot }
  /** serial null: the newest that was done by hand. */
  | { readonly kind: 'undo'; readonly serial: number | null; readonly slot: Slot }

/** What is done, for people. */
export type SurgeryWhat =
  | {
      readonly kind: 'rename' | 'adopt'
      readonly subject: 'connection' | 'component'
      readonly from: string
      readonly to: string
      readonly id: EntryId
      readonly rewritten: readonly string[]
    }
  | {
      readonly kind: 'rename-client'
      readonly from: string
      readonly to: string
      /** Whether there is a spec for the new name. */
      readonly hasSpec: boolean
    }
  | {
      readonly kind: 'forget'
      readonly subject: 'connection' | 'component'
      readonly linkName: string
      readonly environment: Slot
      /** How many authorizations of it are live. */
      readonly live: number
    }
  | {
      readonly kind: 'drop-record'
      readonly credential: string
      readonly connection: string
      readonly account: string
      readonly slot: Slot
      readonly isLive: boolean
    }
  | {
      readonly kind: 'undo'
      readonly serial: number
      readonly operation: string
      readonly by: string
      readonly at: string
    }

/** A change of state by hand, ready to be shown and written: one document after the other. */
export interface PlannedSurgery {
  readonly operation: string
  readonly what: SurgeryWhat
  readonly writes: readonly { readonly before: State; readonly surgery: Surgery }[]
}

export interface SurgeryScene {
  readonly around: Surroundings
  readonly workspace: Workspace
  readonly settings: Settings
  readonly state: StateStore
  readonly actor: string
}

/** What a request means on given documents. Throws a Refusal where it may not or cannot be. */
export async function planSurgery(
  scene: SurgeryScene,
  documents: Documents,
  request: SurgeryRequest
): Promise<PlannedSurgery> {
  switch (request.kind) {
    case 'mv':
      return planMove(scene, documents, request)
    case 'rm':
      return planRemoval(scene, documents, request)
    case 'undo':
      return planUndo(scene, documents, request)
  }
}

async function planMove(
  scene: SurgeryScene,
  documents: Documents,
  request: Extract<SurgeryRequest, { kind: 'mv' }>
): Promise<PlannedSurgery> {
  const { from, to, environment } = request
  if (from.startsWith('client/')) return planClientMove(scene, documents, request)
  if (environment !== undefined && environment !== 'dev') throw new Refusal(moveForDev(environment))
  const { dev } = documents
  if (dev === null) throw new Refusal(nothingRecorded('dev'))
  const known = await knownIds(scene, documents)
  const { content, undo, ...what } = moveEntry(dev, from, to, known)
  return {
    operation: `state mv ${what.subject}/${what.from} ${what.to}`,
    what,
    writes: [{ before: dev, surgery: { content, undo } }]
  }
}

function planClientMove(
  { settings }: SurgeryScene,
  documents: Documents,
  { from, to: given }: Extract<SurgeryRequest, { kind: 'mv' }>
): PlannedSurgery {
  const source = from as ClientEnvironment
  const to = given.startsWith('client/') ? clientOf(given as ClientEnvironment) : given
  const before = Object.hasOwn(documents, source) ? documents[source] : undefined
  if (before === undefined) throw new Refusal(unknownClient(clientOf(source), documents))
  if (!isLinkName(to)) throw new Refusal(nameInvalid())
  const target = clientEnvironment(to)
  if (documents[target] !== undefined) {
    throw new Refusal(
      takenProblem(
        target === source
          ? `The client is called ${to} already.`
          : `${target} is an installation of its own: what was recorded for it would be lost.`
      )
    )
  }
  return {
    operation: `state mv ${source} ${target}`,
    what: {
      kind: 'rename-client',
      from: clientOf(source),
      to,
      hasSpec: settings.clients.has(to)
    },
    writes: [{ before, surgery: renameClient(before, target) }]
  }
}

/** Everything that could hang on an id: records, versions, authorizations, credentials and values. */
async function knownIds(scene: SurgeryScene, documents: Documents): Promise<KnownIds> {
  const published = new Map<EntryId, string>()
  const note = (where: string, definitions: Pick<State, 'connections' | 'components'>): void => {
    for (const entry of [
      ...Object.values(definitions.connections),
      ...Object.values(definitions.components)
    ]) {
      if (!published.has(entry.id)) published.set(entry.id, where)
    }
  }
  for (const environment of environmentsIn(documents)) {
    const document = documents[environment]
    if (environment !== 'dev' && document != null) note(environment, document)
  }
  for (const [number, digest] of Object.entries(documents.stage?.versions ?? {})) {
    const version = await scene.state.readVersion(Number(number), digest)
    if (version !== null) note(`version ${number}`, version)
  }
  const { credentials, values } = await vaultContents(scene, documents)
  const authorized = new Set<EntryId>([
    ...[...credentials.map(each => each.connection), ...values.map(each => each.connection)],
    ...environmentsIn(documents).flatMap(each => Object.keys(documents[each]?.users ?? {})),
    ...Object.keys(documents.shared?.users ?? {}),
    ...[...environmentsIn(documents), 'shared' as const].flatMap(slot =>
      Object.values(documents[slot]?.authorizations ?? {}).map(each => each.connection)
    )
  ])
  return { published, authorized }
}

async function planRemoval(
  scene: SurgeryScene,
  documents: Documents,
  { name, slot }: Extract<SurgeryRequest, { kind: 'rm' }>
): Promise<PlannedSurgery> {
  if (isClient(slot)) checkInstalled({ settings: scene.settings, documents }, slot)
  const document = documents[slot]
  if (document == null) throw new Refusal(nothingRecorded(slot))
  const credential = credentialIn(name)
  if (credential !== null) return planRecordRemoval(scene, documents, document, credential)
  const { content, undo, id, ...what } = removeEntry(document, name)
  const slots: readonly Slot[] = isClient(slot) ? [slot] : [slot, 'shared']
  const live = slots.flatMap(each =>
    Object.values(documents[each]?.authorizations ?? {}).filter(
      record => record.connection === id && record.ended === null
    )
  ).length
  return {
    operation: `state rm ${what.subject}/${what.linkName} -e ${slot}`,
    what: { kind: 'forget', ...what, environment: slot, live },
    writes: [{ before: document, surgery: { content, undo } }]
  }
}

/** The documents that name the credential as one in use go first, so that nothing ever points to a record that is gone. */
async function planRecordRemoval(
  scene: SurgeryScene,
  documents: Documents,
  document: State,
  given: string
): Promise<PlannedSurgery> {
  const { environment: slot } = document
  const { credential } = recordCalled(authorizationsOf(documents, slot), given, slot)
  const record = document.authorizations[credential]
  if (record === undefined) throw new Error('A listed record was expected')
  const { credentials, isOurs } = await vaultContents(scene, documents)
  const connection = connectionNames(documents, slot)(record.connection)
  if (credentials.some(each => each.id === credential)) {
    throw new Refusal(credentialHere(connection, slot))
  }
  if (!(await isOurs(slot))) throw new Refusal(vaultElsewhere(slot))
  const others: readonly Slot[] = slot === 'shared' ? environments : []
  const writes = [...others, slot].flatMap(each => {
    const before = documents[each]
    if (before == null) return []
    const surgery = removeRecord(before, credential)
    return changesSomething(surgery) ? [{ before, surgery }] : []
  })
  return {
    operation: `state rm authorization/${credential} -e ${slot}`,
    what: {
      kind: 'drop-record',
      credential,
      connection,
      account: record.account.name,
      slot,
      isLive: record.ended === null
    },
    writes
  }
}

async function planUndo(
  { settings, state }: SurgeryScene,
  documents: Documents,
  { serial, slot }: Extract<SurgeryRequest, { kind: 'undo' }>
): Promise<PlannedSurgery> {
  if (isClient(slot)) checkInstalled({ settings, documents }, slot)
  const document = documents[slot]
  if (document == null) throw new Refusal(nothingRecorded(slot))
  const { entries } = await state.history(slot)
  const entry = writeToTakeBack(entries, document, serial)
  const { content, undo } = takeBack(document, entry, entries, documents.shared?.authorizations)
  const { environment } = content
  if (environment !== slot && documents[environment] != null) {
    throw new Refusal(takenProblem(`${environment} is an installation of its own by now.`))
  }
  return {
    operation: `state undo ${entry.serial} -e ${slot}`,
    what: {
      kind: 'undo',
      serial: entry.serial,
      operation: entry.operation,
      by: entry.by,
      at: entry.at
    },
    writes: [{ before: document, surgery: { content, undo } }]
  }
}

function moveForDev(environment: Slot): Diagnostic {
  return problem(
    'MOVE_FOR_DEV',
    'Names are changed in dev',
    `dev gives connections and components their names, and ${environment} gets them by publish: the same thing has the same id everywhere. Move it in dev, and publish:\n    tieline state mv FROM TO\n    tieline plan -e ${environment === 'shared' ? 'stage' : environment}`
  )
}

function nothingRecorded(slot: Slot): Diagnostic {
  return problem(
    'STATE_EMPTY',
    'Nothing is recorded there yet',
    `There is no state of ${slot} yet, so there is nothing to change. What there is:\n    tieline state list`
  )
}

function unknownClient(linkName: string, documents: Documents): Diagnostic {
  const names = clientsIn(documents).map(clientOf)
  return problem(
    'MOVE_SOURCE_UNKNOWN',
    'There is nothing to move under this name',
    `No client is recorded as ${JSON.stringify(linkName.slice(0, 80))}.${meant(linkName, names)} What there is:\n    tieline state list`
  )
}

function credentialHere(connection: string, slot: Slot): Diagnostic {
  const environment: Environment = slot === 'shared' ? 'dev' : slot
  return problem(
    'CREDENTIAL_HERE',
    'The credential is in this vault',
    `A record is dropped only where its credential is gone: this one is here, and would go on working at the service without anybody knowing. Nothing was changed. To end it:\n    tieline revoke ${connection} -e ${environment}`
  )
}

function vaultElsewhere(slot: Slot): Diagnostic {
  return problem(
    'VAULT_ELSEWHERE',
    'State belongs to a vault that is not here',
    `The vault that the state of ${slot} names is not in this folder, so nobody can say from here whether the credential is gone. Run the command where that vault is. If it is lost, begin anew, and then drop what it held:\n    tieline vault init --replace`
  )
}
