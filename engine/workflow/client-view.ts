import { type Diagnostic, problem, Refusal, warning } from '../model/diagnostic.ts'
import { meant } from '../model/did-you-mean.ts'
import {
  type ClientEnvironment,
  clientEnvironment,
  clientOf,
  clientsIn,
  type Documents
} from '../model/documents.ts'
import type { ClientSpec, LinkName, State } from '../model/generated/types.ts'
import { sortedUnique } from '../model/record.ts'
import type { Located } from '../model/specs.ts'

/** A client as planning sees it: its document under the name that it shall have. */
export interface ClientView {
  readonly documents: Documents
  /** null: it is to be removed. */
  readonly spec: Located<ClientSpec> | null
  /** The name of its document so far, if that is another one. */
  readonly renamedFrom: ClientEnvironment | null
  /** It was removed, and is installed again: nothing of before may be used. */
  readonly isNewLineage: boolean
}

/** Whether nothing is left of an installation but the memory of it. */
export function isGone(document: State): boolean {
  const { version, connections, components, users, authorizations } = document
  return (
    version === null &&
    [connections, components, users].every(each => Object.keys(each).length === 0) &&
    Object.values(authorizations).every(each => each.ended !== null)
  )
}

/** The clients that there are or shall be, in the order in which they are planned: who moves away from a name goes first. */
export function clientsToPlan(
  specs: readonly Located<ClientSpec>[],
  documents: Documents
): readonly ClientEnvironment[] {
  const moved = specs.flatMap(each => formerName(each, documents) ?? [])
  const left = clientsIn(documents).filter(each => {
    const document = documents[each]
    return document !== undefined && !isGone(document) && !moved.includes(clientOf(each))
  })
  const all = sortedUnique([...specs.map(each => each.linkName), ...left.map(clientOf)])
  const isMoving = (name: LinkName) =>
    specs.some(each => each.linkName === name && formerName(each, documents) !== undefined)
  return [...all.filter(isMoving), ...all.filter(each => !isMoving(each))].map(clientEnvironment)
}

/** Throws a Refusal for a client that is neither in the specs nor recorded, or whose name is still another one's. */
export function viewClient(
  environment: ClientEnvironment,
  specs: readonly Located<ClientSpec>[],
  documents: Documents
): ClientView {
  const linkName = clientOf(environment)
  const spec = specs.find(each => each.linkName === linkName) ?? null
  const recorded = documents[environment]
  if (spec === null) {
    const follower = followerOf(linkName, specs, documents)
    // One that is removed already has nothing left to do: the command may be run again.
    if (recorded === undefined) throw unknownClient(environment, specs)
    if (follower !== null) throw goesOnAs(environment, follower)
    return { documents, spec, renamedFrom: null, isNewLineage: false }
  }
  const former = formerName(spec, documents)
  if (former !== undefined) {
    if (recorded !== undefined) throw nameTaken(spec, environment)
    const renamedFrom = clientEnvironment(former)
    return {
      documents: moved(documents, renamedFrom, environment),
      spec,
      renamedFrom,
      isNewLineage: false
    }
  }
  const follower = followerOf(linkName, specs, documents)
  if (recorded !== undefined && follower !== null) throw goesOnAs(environment, follower)
  if (recorded === undefined || !isGone(recorded)) {
    checkFormerName(spec, recorded)
    return { documents, spec, renamedFrom: null, isNewLineage: false }
  }
  const { [environment]: _, ...others } = documents
  return { documents: others as Documents, spec, renamedFrom: null, isNewLineage: true }
}

/**
 * A rename hands over all that a client authorized. Whoever wrote the spec chose the people, so a reviewer has to see who they are, and
 * that the old name goes to somebody else where it does.
 */
export function takesOver(
  { spec, renamedFrom }: ClientView,
  specs: readonly Located<ClientSpec>[]
): readonly Diagnostic[] {
  if (spec === null || renamedFrom === null) return []
  const { linkName } = spec
  const former = clientOf(renamedFrom)
  const people = Object.entries(spec.spec.members ?? {}).map(
    ([email, { role }]) => `${email} (${role})`
  )
  const who =
    people.length === 0
      ? `clients/${linkName}.yaml names no members.`
      : `Who acts for it from here on: ${people.slice(0, 10).join(', ')}${people.length > 10 ? ` and ${people.length - 10} more` : ''}.`
  const isReused = specs.some(each => each.linkName === former)
  const rest = isReused
    ? ` There is a clients/${former}.yaml all the same: that is another client then, which has nothing of this one and is installed anew.`
    : ''
  return [
    warning(
      'CLIENT_TAKES_OVER',
      'A client takes over what another name authorized',
      `clients/${linkName}.yaml says \`previously: ${former}\`, so everything that ${renamedFrom} has authorized goes on as client/${linkName}. ${who}${rest} Its credentials stay sealed to those who read them now, until one of these brings the readers in line:\n    tieline vault recipients`
    )
  ]
}

/** The link name under which the installation of a spec is still recorded; undefined where it is recorded under its own, or not at all. */
function formerName(
  { linkName, spec: { previously } }: Located<ClientSpec>,
  documents: Documents
): LinkName | undefined {
  if (previously === undefined || previously === linkName) return undefined
  const own = documents[clientEnvironment(linkName)]
  const before = documents[clientEnvironment(previously)]
  if (own !== undefined && !isGone(own)) return undefined
  return before === undefined || isGone(before) ? undefined : previously
}

/** The client that a recorded name goes on as, while that is still to be applied. */
function followerOf(
  linkName: LinkName,
  specs: readonly Located<ClientSpec>[],
  documents: Documents
): LinkName | null {
  const found = specs.find(
    each => each.linkName !== linkName && formerName(each, documents) === linkName
  )
  return found?.linkName ?? null
}

function moved(documents: Documents, from: ClientEnvironment, to: ClientEnvironment): Documents {
  const { [from]: document, ...others } = documents
  return document === undefined
    ? documents
    : ({ ...others, [to]: { ...document, environment: to } } as Documents)
}

/** A `previously` that nothing was ever called is a slip that would cost the client all its authorizations. */
function checkFormerName(
  { linkName, spec: { previously }, place }: Located<ClientSpec>,
  recorded: State | undefined
): void {
  if (previously === undefined || recorded !== undefined) return
  throw new Refusal(
    problem(
      'PREVIOUSLY_UNKNOWN',
      'Former link name is unknown',
      `No client is recorded as ${previously}, so ${linkName} cannot go on with its authorizations and history. Correct \`previously\`, or take it away if ${linkName} is new.`,
      place('/previously')
    )
  )
}

function goesOnAs(environment: ClientEnvironment, follower: LinkName): Refusal {
  return new Refusal(
    problem(
      'CLIENT_RENAMED',
      'The client goes on under another name',
      `What is recorded as ${environment} goes on as client/${follower} (clients/${follower}.yaml says so with \`previously\`). Apply that first:\n    tieline apply -e client/${follower}`
    )
  )
}

/** What is left of an installation that was removed is its history, which no other one may go on with. */
function nameTaken(
  { linkName, spec, place }: Located<ClientSpec>,
  environment: ClientEnvironment
): Refusal {
  const { previously = '' } = spec
  return new Refusal(
    problem(
      'CLIENT_NAME_TAKEN',
      'Another installation has this name',
      `Another installation was called ${environment} and was removed; its history goes by this name, so that of client/${previously} cannot go on under it. Give the client a name that was never used (rename clients/${linkName}.yaml), or see what was there:\n    tieline state history -e client/${linkName}`,
      place('/previously')
    )
  )
}

function unknownClient(
  environment: ClientEnvironment,
  specs: readonly Located<ClientSpec>[]
): Refusal {
  const linkName = clientOf(environment)
  const known = specs.map(each => each.linkName)
  return new Refusal(
    problem(
      'CLIENT_UNKNOWN',
      'No such client',
      `There is no clients/${linkName}.yaml, and nothing is recorded for ${environment}.${meant(linkName, known)} ${known.length === 0 ? 'The workspace has no clients.' : `The clients are ${known.slice(0, 10).join(', ')}${known.length > 10 ? ' and others' : ''}.`}`
    )
  )
}
