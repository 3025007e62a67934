import { skipBlank } from '../deluge/deluge-lexer.ts'
import { type DelugeReferences, findDelugeReferences } from '../deluge/find-deluge-references.ts'
import type { Diagnostic } from '../model/diagnostic.ts'
import type { LinkName } from '../model/generated/types.ts'
import type { CreatorComponent, CreatorExport } from './creator-export.ts'
import { creatorLinkNames, creatorPathPart, displayName } from './creator-names.ts'
import {
  type CreatorNotes,
  connectionName,
  creatorNotes,
  namesChanged,
  notAnExport,
  referenceUnclear,
  sourceTooLarge,
  tooLarge
} from './creator-notes.ts'
import type { CreatorPart } from './creator-parts.ts'
import { type CreatorScript, type JoinedScripts, joinScripts } from './creator-scripts.ts'
import { readCreatorParts } from './read-creator-parts.ts'

/** UTF-16 units. */
const mostText = 64 * 1024 * 1024
/** Bytes: what tieline reads of a source file. */
const mostSource = 1024 * 1024
/** An export begins with a comment of a few lines. */
const longestStart = 64 * 1024

const beginning = /application\s{1,20}"(?:[^"\\\n]|\\.){0,200}"\s{0,50}\{/iy
const linkNamePattern = /^[a-z][a-z0-9_]{0,49}$/

/** Whether a text begins like an application export of Zoho Creator (.ds). Looks at its first 64 thousand characters only. */
export function looksLikeCreatorExport(text: string): boolean {
  const start = text.slice(0, longestStart)
  beginning.lastIndex = skipBlank(start, start.startsWith('\uFEFF') ? 1 : 0, true)
  return beginning.test(start)
}

/**
 * The components of an application export of Zoho Creator (.ds) and the connections that their scripts name. `file` is what the places
 * of notes name. Takes any text: one that is no export, or larger than 64 million characters, gives no component and an error among
 * the notes; one that is cut off gives what stands before its end. The format is documented nowhere: what was not understood is
 * noted with its line, nothing is guessed. Takes time in proportion to the text.
 */
export function readCreatorExport(text: string, file = 'application.ds'): CreatorExport {
  if (text.length > mostText) return nothing(tooLarge('64 million characters'))
  if (!looksLikeCreatorExport(text)) return nothing(notAnExport())

  const notes = creatorNotes(file)
  const { app, parts } = readCreatorParts(text.replace(/\r\n?/g, '\n'), notes)
  const linkNames = creatorLinkNames(parts.map(each => each.name))
  noteChanges(parts, linkNames, notes)
  const folder = `creator/${creatorPathPart(app)}`
  const components = parts.map((part, at) => componentOf(part, linkNames[at] ?? '', folder, notes))
  return { app: displayName(app) || 'Application', components, notes: notes.list() }
}

function nothing(note: Diagnostic): CreatorExport {
  return { app: '', components: [], notes: [note] }
}

function noteChanges(
  parts: readonly CreatorPart[],
  linkNames: readonly LinkName[],
  notes: CreatorNotes
): void {
  const changes = parts.flatMap(({ name, line }, at) => {
    const to = linkNames[at] ?? ''
    return to === name.toLowerCase() ? [] : [{ line, from: name, to }]
  })
  const [first] = changes
  if (first !== undefined) notes.addVital(at => namesChanged(at(first.line), changes))
}

function componentOf(
  part: CreatorPart,
  linkName: LinkName,
  folder: string,
  notes: CreatorNotes
): CreatorComponent {
  const { kind, line, scripts } = part
  const joined = joinScripts(scripts)
  const isLarge = new TextEncoder().encode(joined.text).length > mostSource
  if (isLarge) notes.addVital(at => sourceTooLarge(at(line), linkName))
  const path = `${folder}/${kind}/${creatorPathPart(linkName)}.dg`
  return {
    linkName,
    kind,
    name: displayName(part.display ?? '') || displayName(part.name) || linkName,
    uses: usesOf(linkName, isLarge ? apart(scripts) : [joined], notes),
    source: joined.text === '' || isLarge ? null : { path, text: joined.text },
    line
  }
}

/** What is too much for one file is searched script by script, so that a hostile one holds no more open brackets than a script may. */
function apart(scripts: readonly CreatorScript[]): readonly JoinedScripts[] {
  return scripts.map(each => joinScripts([each]))
}

function usesOf(
  component: LinkName,
  texts: readonly JoinedScripts[],
  notes: CreatorNotes
): readonly LinkName[] {
  const uses = new Set<LinkName>()
  for (const joined of texts) {
    const found = findDelugeReferences(joined.text)
    for (const { connection } of found.sure) {
      if (linkNamePattern.test(connection)) uses.add(connection)
    }
    noteReferences(component, joined, found, notes)
  }
  return [...uses].sort()
}

function noteReferences(
  component: LinkName,
  joined: JoinedScripts,
  { sure, unclear }: DelugeReferences,
  notes: CreatorNotes
): void {
  for (const { connection, offset } of sure) {
    if (linkNamePattern.test(connection)) continue
    const line = notes.isFull() ? 1 : joined.lineOf(offset)
    notes.add(at => connectionName(at(line), component, connection))
  }
  for (const { offset, why } of unclear) {
    const line = notes.isFull() ? 1 : joined.lineOf(offset)
    notes.add(at => referenceUnclear(at(line), component, why))
  }
}
