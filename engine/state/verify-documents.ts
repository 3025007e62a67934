import { type Diagnostic, note, problem, warning } from '../model/diagnostic.ts'
import { type Documents, isClient, slotsIn, visibleSlots } from '../model/documents.ts'
import type { Environment, Place, Slot, State } from '../model/generated/types.ts'
import { sortedUnique } from '../model/record.ts'
import type { DocumentNames } from './document-names.ts'
import { type VersionFiles, versionProblem } from './document-reader.ts'

/**
 * What sound documents say that does not fit together: versions, sources, references and ids. Pure; `names` tells where the problems
 * are. Records and vault are compared elsewhere.
 */
export function verifyDocuments(
  documents: Documents,
  found: VersionFiles,
  names: DocumentNames
): readonly Diagnostic[] {
  const at = (slot: Slot): Place => ({ file: names.ofSlot(slot), line: 1, column: 1 })
  const states = slotsIn(documents).flatMap(slot => documents[slot] ?? [])
  return [
    ...verifyVersions(documents.stage, found, names),
    ...states.flatMap(state => verifyVersionNames(state, documents, at)),
    ...states.flatMap(state => verifySource(state, documents, names, at)),
    ...states.flatMap(state => verifyIds(state, names, at)),
    ...states.flatMap(state => verifyReferences(state, at)),
    ...states.flatMap(state => verifyAuthorizations(state, documents, found, at))
  ]
}

type PlaceOf = (slot: Slot) => Place

/** Versions whose file is not what stage names, and files that no state names. */
function verifyVersions(
  stage: State | null,
  { files, versions }: VersionFiles,
  names: DocumentNames
): readonly Diagnostic[] {
  const named = Object.entries(stage?.versions ?? {})
  const wrong = named.flatMap(([number, digest]) => {
    const file = names.ofVersion(Number(number))
    if (!files.has(Number(number))) return [missingVersion(number, file)]
    return versions[Number(number)]?.digest === digest
      ? []
      : [versionProblem('Its content does not fit the digest that stage names.', file)]
  })
  const unnamed = [...files]
    .filter(each => !Object.hasOwn(stage?.versions ?? {}, each))
    .sort((a, b) => a - b)
  return [...wrong, ...unnamed.map(each => unnamedVersion(each, names.ofVersion(each)))]
}

/** Versions that prod or a client runs or ran, and that stage does not know. */
function verifyVersionNames(
  state: State,
  { stage }: Documents,
  at: PlaceOf
): readonly Diagnostic[] {
  const { environment, version, had } = state
  if (environment === 'stage') return []
  const named = new Set([...had, ...(version === null ? [] : [version])])
  const unknown = [...named].filter(each => !Object.hasOwn(stage?.versions ?? {}, each))
  return unknown
    .sort((a, b) => a - b)
    .map(number =>
      problem(
        'VERSION_UNPUBLISHED',
        'Stage has not published this version',
        `${environment} ${number === version ? 'runs' : 'has run'} version ${number}, which stage does not know: the state of ` +
          `stage is older than that of ${environment}, so an older file was put in its place.\n\n${takeBack('stage', at)}`,
        at(environment)
      )
    )
}

/** A document cannot be taken from one that does not exist yet. */
function verifySource(
  { environment, source }: State,
  documents: Documents,
  names: DocumentNames,
  at: PlaceOf
): readonly Diagnostic[] {
  if (source === null || source.environment === 'tree' || source.serial === null) return []
  const from = source.environment
  const serial = documents[from]?.serial ?? 0
  if (serial >= source.serial) return []
  const now = serial === 0 ? 'has no state now' : `is at serial ${serial} now`
  return [
    problem(
      'SOURCE_TAKEN_BACK',
      'Source is older than what was taken from it',
      `${environment} was applied from serial ${source.serial} of ${from}, which ${now}: an older ${names.ofSlot(from)} was put in ` +
        `its place. Ids that were given since could be given again.\n\n${takeBack(from, at)}`,
      at(from)
    )
  ]
}

/** Each id is one connection, or one component. */
function verifyIds(
  { environment, connections, components }: State,
  names: DocumentNames,
  at: PlaceOf
): readonly Diagnostic[] {
  return [connections, components].flatMap(entries => {
    const byId = new Map<string, string[]>()
    for (const [linkName, { id }] of Object.entries(entries)) {
      byId.set(id, [...(byId.get(id) ?? []), linkName])
    }
    const twice = [...byId.values()].filter(each => each.length > 1)
    return twice.map(linkNames =>
      problem(
        'ID_TWICE',
        'Two entries have the same id',
        `${linkNames.join(' and ')} have the same id in ${names.ofSlot(environment)}, so a rename or an authorization of one is one ` +
          `of the other too.\n\n${takeBack(environment, at)}`,
        at(environment)
      )
    )
  })
}

/** Names in definitions that stand for nothing. */
function verifyReferences(state: State, at: PlaceOf): readonly Diagnostic[] {
  const { environment, connections, components, connectors } = state
  const lacks = (record: object, name: string) => !Object.hasOwn(record, name)
  const told = [
    ...Object.entries(components).flatMap(([name, { uses, depends }]) => [
      ...uses
        .filter(each => lacks(connections, each))
        .map(each => `${name} uses the connection ${each}`),
      ...depends
        .filter(each => lacks(components, each))
        .map(each => `${name} depends on the component ${each}`)
    ]),
    ...Object.entries(connections).flatMap(([name, { connector, connectorDigest }]) =>
      connectorDigest !== null && lacks(connectors, connectorDigest)
        ? [`${name} is on the workspace's connector ${connector}`]
        : []
    )
  ]
  return told.map(each =>
    problem(
      'ENTRY_DANGLING',
      'Recorded entry refers to nothing',
      `${each}, which the state of ${environment} does not hold.\n\n` +
        `See what applying would put right:\n    tieline plan -e ${environmentFor(environment)}`,
      at(environment)
    )
  )
}

/** Records, counts and choices of connections that are gone. */
function verifyAuthorizations(
  state: State,
  documents: Documents,
  found: VersionFiles,
  at: PlaceOf
): readonly Diagnostic[] {
  const { environment } = state
  const live = Object.values(state.authorizations).filter(each => each.ended === null)
  const known = idsFor(environment, documents, found)
  const unknown = [...live.map(each => each.connection), ...Object.keys(state.users)].filter(
    id => !known.has(id)
  )
  const own = new Set(Object.values(state.connections).map(each => each.id))
  const records = new Map(
    recordSlots(environment).flatMap(slot => Object.entries(documents[slot]?.authorizations ?? {}))
  )
  const lost = Object.entries(state.serving).filter(
    ([id, credential]) => !own.has(id) || records.get(credential)?.connection !== id
  )
  const tell = (what: string) =>
    warning(
      'AUTHORIZATION_DANGLING',
      'Authorization belongs to nothing',
      `${what}\n\nSee what applying would end or ask for again:\n    tieline plan -e ${environmentFor(environment)}`,
      at(environment)
    )
  return [
    ...sortedUnique(unknown).map(id =>
      tell(
        `${nameOf(id)} is authorized in ${environment}, but no environment has a connection with its id.`
      )
    ),
    ...lost.map(([id]) =>
      tell(
        `${environment} is to use an authorization of ${nameOf(id)} that no state document has, or not for it.`
      )
    )
  ]
}

/** The slots whose records an environment may use. */
function recordSlots(slot: Slot): readonly Slot[] {
  return slot === 'shared' ? ['shared'] : visibleSlots(slot)
}

/**
 * Ids of the connections that a record of a slot may belong to. Going back ends no authorization, so while an environment is back
 * those of the versions it has run count too.
 */
function idsFor(slot: Slot, documents: Documents, { versions }: VersionFiles): ReadonlySet<string> {
  const users: readonly Environment[] = isClient(slot) ? [slot] : ['dev', 'stage', 'prod']
  const states = users.flatMap(each => documents[each] ?? [])
  const had = states.filter(isBack).flatMap(each => each.had)
  const definitions = [...states, ...had.flatMap(each => versions[each]?.content ?? [])]
  return new Set(
    definitions.flatMap(({ connections }) => Object.values(connections).map(each => each.id))
  )
}

function isBack({ pinned, version, had }: State): boolean {
  return pinned || (version ?? 0) < Math.max(0, ...had)
}

/** What shared holds is ended with dev. */
function environmentFor(slot: Slot): Environment {
  return slot === 'shared' ? 'dev' : slot
}

/** An id without its number is the link name that the connection had at first. */
function nameOf(id: string): string {
  return id.replace(/\.[0-9]+$/, '')
}

function takeBack(slot: Slot, at: PlaceOf): string {
  const { file } = at(slot)
  return `Find the commit before that, and take the state of all environments from it:\n    git log --oneline -- ${file}`
}

function missingVersion(number: string, file: string): Diagnostic {
  return problem(
    'VERSION_MISSING',
    'Published version is missing',
    `stage has published version ${number}, but ${file} is not there. Nothing can go back to that version, and who runs it cannot ` +
      `be compared with it.\n\nTake back what was committed:\n    git checkout HEAD -- ${file}`,
    { file, line: 1, column: 1 }
  )
}

function unnamedVersion(number: number, file: string): Diagnostic {
  return note(
    'VERSION_UNNAMED',
    'Version file that no state names',
    `${file} was left by a publish that was cut off, or stage was taken back. It counts for nothing, and publishing version ${number} ` +
      'replaces it.',
    { file, line: 1, column: 1 }
  )
}
