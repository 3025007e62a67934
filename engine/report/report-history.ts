import type {
  History,
  HistoryAction,
  HistoryChange,
  HistorySubject,
  ToldWrite
} from '../model/generated/types.ts'
import { enumerated, indented, joined, paintWords, spaced } from './layout.ts'
import { cleaned } from './strip-control.ts'
import type { Style } from './style.ts'
import { counted, namesWords } from './words.ts'

/** Who wrote what and when, the newest first, and what can be taken back. */
export function reportHistory(given: History, style: Style): string {
  const { entries, older, environment } = cleaned(given)
  if (entries.length === 0) {
    return environment === null
      ? 'Nothing was written yet.\n'
      : `Nothing was written to ${environment} yet.\n`
  }
  const command = `tieline state history${environment === null ? '' : ` -e ${environment}`} --limit ${entries.length + older}`
  return joined(
    spaced([
      ...entries.map(each => writeLines(each, style)),
      older === 0 ? [] : [`${counted(older, 'older write')}:`, `    ${style.cyan(command)}`]
    ])
  )
}

function writeLines(write: ToldWrite, style: Style): readonly string[] {
  const { document, entry } = write
  const { at, by, operation, serial, version, note, commit, changes } = entry
  const isTold = changes.some(each => each.subject === 'version')
  const runs = version === null || isTold ? '' : `, version ${version}`
  const title = `${style.bold(document)} ${serial}  ${timeOf(at)}  ${by}`
  const known = entry.document === document ? '' : ` (as ${entry.document})`
  return [
    ...indented(title, style.width, 0, 4),
    ...indented(`${operation}${runs}${known}`, style.width, 4),
    ...(note === null || note === '' ? [] : indented(`"${note}"`, style.width, 4)),
    ...(commit === null
      ? []
      : [
          `    ${style.dim(`commit ${commit.slice(0, 12)}${commit.endsWith('+') && commit.length > 12 ? '+' : ''}`)}`
        ]),
    ...indented(changeWords(changes).join('; '), style.width, 4, 6),
    ...undoLines(write, style)
  ]
}

function undoLines(
  { document, entry, takenBack, undoable }: ToldWrite,
  style: Style
): readonly string[] {
  if (takenBack !== null) {
    return indented(paintWords(`taken back by serial ${takenBack}`, style.dim), style.width, 4)
  }
  if (!undoable) return []
  const { serial, operation } = entry
  const isUndo = operation.startsWith('state undo ')
  return [
    `    ${style.dim(isUndo ? 'to do it again:' : 'to take it back:')} ${style.cyan(`tieline state undo ${serial} -e ${document}`)}`
  ]
}

/** To the minute; any other text as it is. */
function timeOf(at: string): string {
  return at.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?Z$/, '$1 $2 UTC')
}

/** What a write changed, in words: alike things together. */
export function changeWords(changes: readonly HistoryChange[]): readonly string[] {
  const groups = new Map<string, HistoryChange[]>()
  const replaced = changes.filter(each => each.action === 'add' && isReplaced(each, changes))
  const told = changes.filter(each => !isReplaced(each, changes))
  const inOrder = told.toSorted((a, b) => rankOf(a.subject) - rankOf(b.subject))
  for (const each of inOrder) {
    const alone =
      each.from !== undefined || each.subject === 'version' || each.subject === 'document'
    const key = JSON.stringify([each.subject, each.action, alone ? each.name : null])
    groups.set(key, [...(groups.get(key) ?? []), each])
  }
  const others = replaced.map(
    ({ subject, name }) => `${subject} ${name} is another one than before`
  )
  const words = [...groups.values()].flatMap(group => {
    const [first] = group
    return first === undefined
      ? []
      : [
          groupWords(
            first,
            group.map(each => each.name)
          )
        ]
  })
  return [...words, ...others]
}

/** It came and went in one write: the name stands for something else. */
function isReplaced({ subject, name }: HistoryChange, changes: readonly HistoryChange[]): boolean {
  const isEntry = subject === 'connection' || subject === 'component'
  const actions = changes
    .filter(each => each.subject === subject && each.name === name)
    .map(each => each.action)
  return isEntry && actions.includes('add') && actions.includes('remove')
}

const order: readonly HistorySubject[] = [
  ...(['document', 'version', 'connection', 'component'] as const),
  ...(['authorization', 'users', 'keys'] as const)
]

/** What there is comes before what it was given. */
function rankOf(subject: HistorySubject): number {
  return order.indexOf(subject)
}

function groupWords(
  { subject, action, name, from }: HistoryChange,
  names: readonly string[]
): string {
  switch (subject) {
    case 'connection':
    case 'component':
      return entryWords(subject, action, names, from)
    case 'authorization':
      return `${names.length === 1 ? 'authorization' : 'authorizations'} of ${namesWords(names)} ${authorizationWords(action)}`
    case 'users':
      return `users of ${namesWords(names)} counted`
    case 'version':
      return versionWords(action, name, from)
    case 'keys':
      return action === 'add'
        ? 'the keys of the vault are named'
        : 'other keys of the vault are named'
    case 'document':
      return documentWords(action, name, from)
  }
}

function entryWords(
  subject: HistorySubject,
  action: HistoryAction,
  names: readonly string[],
  from: string | undefined
): string {
  const what = `${subject}${names.length === 1 ? '' : 's'} ${namesWords(names)}`
  switch (action) {
    case 'add':
      return `${what} added`
    case 'remove':
      return `${what} removed`
    case 'rename':
      return from === undefined
        ? `${what} renamed`
        : `${subject} ${enumerated(names)} renamed from ${from}`
    case 'use':
      return `${what} ${names.length === 1 ? 'takes' : 'take'} up an authorization`
    case 'change':
    case 'end':
      return `${what} changed`
  }
}

function authorizationWords(action: HistoryAction): string {
  switch (action) {
    case 'add':
      return 'given'
    case 'end':
      return 'ended'
    case 'remove':
      return 'dropped'
    case 'change':
    case 'rename':
    case 'use':
      return 'changed'
  }
}

function versionWords(action: HistoryAction, name: string, from: string | undefined): string {
  if (action === 'add') return `version ${name} published`
  if (action === 'remove') return `version ${name} removed`
  return from === undefined ? `runs version ${name}` : `runs version ${name}, before ${from}`
}

function documentWords(action: HistoryAction, name: string, from: string | undefined): string {
  switch (action) {
    case 'add':
      return `the state of ${name} begins`
    case 'rename':
      return from === undefined ? `renamed to ${name}` : `${from} renamed to ${name}`
    case 'remove':
      return `the state of ${name} ends`
    case 'change':
    case 'end':
    case 'use':
      return 'settings of the document changed'
  }
}
