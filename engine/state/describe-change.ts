import type {
  HistoryAction,
  HistoryChange,
  HistorySubject,
  State
} from '../model/generated/types.ts'
import { compareText } from '../model/record.ts'
import { formatLine } from './format-document.ts'

type Entries = State['connections'] | State['components']

/**
 * What a write changed, sorted by subject, name and action: nothing twice, and never nothing. Connections and components go by their
 * ids, so that one with another link name is a rename.
 */
export function describeChange(before: State | null, after: State): readonly HistoryChange[] {
  const name = connectionNames(before, after)
  const changes = [
    ...ofDocument(before, after),
    ...ofVersions(before, after),
    ...ofKeys(before, after),
    ...ofEntries('connection', before?.connections ?? {}, after.connections),
    ...ofServing(before, after, name),
    ...ofEntries('component', before?.components ?? {}, after.components),
    ...ofAuthorizations(before?.authorizations ?? {}, after.authorizations, name),
    ...ofUsers(before?.users ?? {}, after.users, name)
  ]
  const all = changes.length > 0 ? changes : [change('document', after.environment, 'change')]
  const byText = new Map(all.map(each => [formatLine(each), each]))
  return [...byText.values()].sort(
    (a, b) =>
      compareText(a.subject, b.subject) ||
      compareText(a.name, b.name) ||
      compareText(a.action, b.action)
  )
}

function change(
  subject: HistorySubject,
  name: string,
  action: HistoryAction,
  from?: string
): HistoryChange {
  return from === undefined ? { subject, name, action } : { subject, name, action, from }
}

function isSame(a: unknown, b: unknown): boolean {
  return formatLine(a) === formatLine(b)
}

/** The link name of a connection by its id, after the write or before it; else the id without its number. */
function connectionNames(before: State | null, after: State): (id: string) => string {
  const names = new Map<string, string>()
  for (const { connections } of [...(before === null ? [] : [before]), after]) {
    for (const [linkName, { id }] of Object.entries(connections)) names.set(id, linkName)
  }
  return id => names.get(id) ?? id.replace(/\.[0-9]+$/, '')
}

function ofDocument(before: State | null, after: State): readonly HistoryChange[] {
  const { environment } = after
  if (before === null) return [change('document', environment, 'add')]
  return [
    ...(before.environment === environment
      ? []
      : [change('document', environment, 'rename', before.environment)]),
    ...(before.lineage === after.lineage ? [] : [change('document', environment, 'add')]),
    ...(before.pinned === after.pinned ? [] : [change('document', environment, 'change')])
  ]
}

/** Of stage those that it published, of the others the one that they run. */
function ofVersions(before: State | null, after: State): readonly HistoryChange[] {
  const published = byKey(
    before?.versions ?? {},
    after.versions,
    (number, action) => change('version', number, action),
    isSame
  )
  const [from, to] = [before?.version ?? null, after.version]
  if (published.length > 0 || from === to) return published
  return to === null
    ? [change('version', String(from), 'remove')]
    : [change('version', String(to), 'change', from === null ? undefined : String(from))]
}

function ofKeys(before: State | null, after: State): readonly HistoryChange[] {
  const [from, to] = [before?.vault ?? null, after.vault]
  if (isSame(from, to)) return []
  return [change('keys', after.environment, from === null ? 'add' : to ? 'change' : 'remove')]
}

function ofEntries(
  subject: 'connection' | 'component',
  before: Entries,
  after: Entries
): readonly HistoryChange[] {
  const byId = (entries: Entries) =>
    new Map(Object.entries(entries).map(([linkName, entry]) => [entry.id, { linkName, entry }]))
  const [old, now] = [byId(before), byId(after)]
  const gone = [...old].filter(([id]) => !now.has(id))
  const stayed = [...now].flatMap(([id, { linkName, entry }]) => {
    const was = old.get(id)
    if (was === undefined) return [change(subject, linkName, 'add')]
    return [
      ...(was.linkName === linkName ? [] : [change(subject, linkName, 'rename', was.linkName)]),
      ...(isSame(was.entry, entry) ? [] : [change(subject, linkName, 'change')])
    ]
  })
  return [...gone.map(([, { linkName }]) => change(subject, linkName, 'remove')), ...stayed]
}

/** What a connection that goes is not told to use no longer. */
function ofServing(
  before: State | null,
  after: State,
  nameOf: (id: string) => string
): readonly HistoryChange[] {
  return Object.values(after.connections)
    .filter(({ id }) => own(before?.serving ?? {}, id) !== own(after.serving, id))
    .map(({ id }) => change('connection', nameOf(id), 'use'))
}

function ofAuthorizations(
  before: State['authorizations'],
  after: State['authorizations'],
  nameOf: (id: string) => string
): readonly HistoryChange[] {
  return byKey(
    before,
    after,
    (_credential, action, record) => change('authorization', nameOf(record.connection), action),
    isSame,
    (was, is) => (was.ended === null && is.ended !== null ? 'end' : 'change')
  )
}

function ofUsers(
  before: State['users'],
  after: State['users'],
  nameOf: (id: string) => string
): readonly HistoryChange[] {
  return byKey(before, after, (id, action) => change('users', nameOf(id), action), isSame)
}

/** What was added, changed and removed of two records. */
function byKey<T>(
  before: Readonly<Record<string, T>>,
  after: Readonly<Record<string, T>>,
  tell: (key: string, action: HistoryAction, value: T) => HistoryChange,
  isSame: (a: T, b: T) => boolean,
  actionOf: (was: T, is: T) => HistoryAction = () => 'change'
): readonly HistoryChange[] {
  const gone = Object.entries(before).filter(([key]) => !Object.hasOwn(after, key))
  const stayed = Object.entries(after).flatMap(([key, value]) => {
    const was = own(before, key)
    if (was === undefined) return [tell(key, 'add', value)]
    return isSame(was, value) ? [] : [tell(key, actionOf(was, value), value)]
  })
  return [...gone.map(([key, value]) => tell(key, 'remove', value)), ...stayed]
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined
}
