import { problem } from '../model/diagnostic.ts'
import { meant } from '../model/did-you-mean.ts'
import { isClient } from '../model/documents.ts'
import type { LinkName, State, Subject } from '../model/generated/types.ts'
import { compareText } from '../model/record.ts'

/** A recorded connection or component. */
export interface EntryName {
  readonly subject: Subject
  readonly linkName: LinkName
}

export const pools = { connection: 'connections', component: 'components' } as const

/** What a name on the command line means: `connection/x`, `component/x`, or `x` for either. */
export function parseEntryName(text: string): {
  readonly subject: Subject | null
  readonly linkName: LinkName
} {
  const [, subject, rest] = /^(connection|component)\/(.*)$/s.exec(text) ?? []
  return subject === undefined
    ? { subject: null, linkName: text }
    : { subject: subject as Subject, linkName: rest ?? '' }
}

export function isLinkName(text: string): text is LinkName {
  return /^[a-z][a-z0-9_]{0,49}$/.test(text)
}

export function unknownEntry(document: State | null | undefined, text: string, where: string) {
  const { subject, linkName } = parseEntryName(text)
  const names = namesIn(document, subject)
  const what = subject === null ? 'connection or component' : subject
  const there =
    names.length === 0
      ? `Nothing is recorded in ${where} yet.`
      : `${where} has no ${what} recorded that is called ${quoted(linkName)}.${meant(linkName, names)}`
  return problem(
    'ENTRY_UNKNOWN',
    'Nothing is recorded under this name',
    `${there} What there is:\n    tieline state list -e ${where}`
  )
}

export function ambiguousEntry(linkName: LinkName, where: string) {
  return problem(
    'ENTRY_AMBIGUOUS',
    'A connection and a component have this name',
    `${where} has a connection and a component that are called ${linkName}. Say which one is meant: connection/${linkName} or component/${linkName}.`
  )
}

export function unknownSource(
  dev: State,
  { subject, linkName: from }: ReturnType<typeof parseEntryName>,
  to: LinkName
) {
  const subjects = subject === null ? (['connection', 'component'] as const) : [subject]
  const isRetired = subjects.some(each => Object.hasOwn(dev.retired[pools[each]], from))
  const detail = isRetired
    ? `dev had ${from} once, and nothing is recorded as ${to} that could go on as it. Where ${to} is in the specs but not applied yet, say there with \`previously: ${from}\` that it goes on.`
    : `dev has nothing recorded that is called ${quoted(from)}, and never had.${meant(from, namesIn(dev, subject))} What there is:\n    tieline state list -e dev`
  return sourceUnknown(detail)
}

function sourceUnknown(detail: string) {
  return problem('MOVE_SOURCE_UNKNOWN', 'There is nothing to move under this name', detail)
}

function namesIn(document: State | null | undefined, subject: Subject | null): readonly string[] {
  const subjects = subject === null ? (['connection', 'component'] as const) : [subject]
  return subjects.flatMap(each => Object.keys(document?.[pools[each]] ?? {})).sort(compareText)
}

/** What a person typed may hold anything. */
function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 80))
}

/** For a name that something else has. */
export function takenProblem(detail: string) {
  return problem('MOVE_TARGET_TAKEN', 'The new name is taken', `${detail} Nothing was changed.`)
}

export function targetTaken(subject: Subject, from: LinkName, to: LinkName) {
  return takenProblem(
    from === to
      ? `The ${subject} is called ${to} already.`
      : `dev has a ${subject} ${to} beside ${from}, and two cannot become one. Take one of them out of the specs and apply that first, if it is no longer meant.`
  )
}

export function goesOnAs(subject: Subject, from: LinkName, carrier: LinkName) {
  return sourceUnknown(
    `What was called ${from} goes on as ${subject} ${carrier}. To give that another name:\n    tieline state mv ${subject}/${carrier} NAME`
  )
}

export function targetPublished(subject: Subject, from: LinkName, to: LinkName, where: string) {
  return takenProblem(
    `${to} is a ${subject} of its own: ${where} has it under the same id, so it cannot go on as what ${from} was.`
  )
}

export function targetAuthorized(from: LinkName, to: LinkName) {
  return takenProblem(
    `${to} has authorizations or values of its own, so it cannot go on as what ${from} was. See them, and revoke what is not needed:\n    tieline status\n    tieline revoke ${to} -e dev\n\nA record that stays after that goes with "tieline state rm authorization/ID".`
  )
}

/** For whatever cannot be the new name of something. */
export function nameInvalid(
  detail = 'A link name has lower-case letters, digits and underscores, at most 50, and starts with a letter.'
) {
  return problem('MOVE_NAME_INVALID', 'This is no new link name', `${detail} Nothing was changed.`)
}

export function otherSubject(from: Subject, to: Subject) {
  return nameInvalid(`A ${from} cannot become a ${to}. Give the new name alone.`)
}

export function isProtected(linkName: LinkName) {
  return problem(
    'PROTECTED',
    'Connection is protected',
    `Connection ${linkName} is protected. If it shall go all the same, take \`protect: true\` out of connections/${linkName}.yaml and apply that first.`
  )
}

export function isReferenced(
  subject: Subject,
  environment: State['environment'],
  places: readonly LinkName[]
) {
  const verb = subject === 'connection' ? 'uses' : 'depends on'
  const lines = places.map(each => `component ${each} ${verb} it`).join('; ')
  const how = isClient(environment)
    ? 'Remove the components from the record first, if they shall go.'
    : `Take the references out of the specs and apply that as far as ${environment} first, or remove the components from the record as well.`
  return problem(
    'ENTRY_REFERENCED',
    'Something refers to it',
    `The record of ${environment} would name something that is not there: ${lines}. ${how} Nothing was changed.`
  )
}
