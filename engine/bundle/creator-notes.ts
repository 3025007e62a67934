import { type Diagnostic, note, type Place, problem, warning } from '../model/diagnostic.ts'
import { shownName } from './creator-names.ts'

/** More would be read by nobody. */
const mostNotes = 300
const mostNames = 100

/** Gathers what there is to say of an export. `file` is what places name. */
export interface CreatorNotes {
  /** Whether further notes are only counted. */
  isFull(): boolean
  readonly add: (make: (at: (line: number) => Place) => Diagnostic) => void
  /** Adds it in any case. */
  readonly addVital: CreatorNotes['add']
  /** Everything, in the order of lines. */
  list(): readonly Diagnostic[]
}

export function creatorNotes(file: string): CreatorNotes {
  const found: Diagnostic[] = []
  let more = 0
  const at = (line: number): Place => ({ file, line, column: 1 })
  return {
    isFull: () => found.length >= mostNotes,
    add: make => {
      if (found.length < mostNotes) found.push(make(at))
      else more++
    },
    addVital: make => {
      found.push(make(at))
    },
    list: () => {
      const sorted = found.toSorted((a, b) => (a.at?.line ?? 0) - (b.at?.line ?? 0))
      return more === 0 ? sorted : [...sorted, notesCut(more)]
    }
  }
}

function notesCut(more: number): Diagnostic {
  return note(
    'CREATOR_NOTES_CUT',
    'There is more to say of the export',
    `${more} more notes are not shown. Clear up those above and import again.`
  )
}

const byHand =
  'Look at the place; where it uses a connection, add that to `uses` of the component by hand.'

export function notAnExport(): Diagnostic {
  return problem(
    'CREATOR_NOT_AN_EXPORT',
    'Not an application export of Zoho Creator',
    'An export (.ds) begins with `application "Name" {`, behind a comment at most, and this text does not. Nothing was read from it.'
  )
}

export function tooLarge(most: string): Diagnostic {
  return problem(
    'CREATOR_TOO_LARGE',
    'The export is too large',
    `tieline reads exports up to ${most}. Nothing was read from this one.`
  )
}

export function cutOff(at: Place, open: number): Diagnostic {
  return warning(
    'CREATOR_CUT_OFF',
    'The export ends too early',
    `The text ends in line ${at.line} with ${counted(open, 'bracket')} still open, so a part of the export is missing. ` +
      'What stands before the end was read; the last component may be incomplete. Export the application again.',
    at
  )
}

export function tooDeep(at: Place, most: number): Diagnostic {
  return warning(
    'CREATOR_TOO_DEEP',
    'Brackets are nested too deeply',
    `In line ${at.line} more than ${most} brackets are open. No export of Creator looks like this, so tieline stopped reading there.`,
    at
  )
}

export function unbalanced(at: Place, count: number): Diagnostic {
  return warning(
    'CREATOR_UNBALANCED',
    'Brackets do not match',
    `${counted(count, 'closing bracket')} did not match what was open, the first in line ${at.line}. ` +
      'What follows may have been given to the wrong component, or to none: compare the components with those in Creator.',
    at
  )
}

export function textOpen(at: Place, count: number): Diagnostic {
  return warning(
    'CREATOR_TEXT_OPEN',
    'A text has no end',
    `${counted(count, 'text')} did not end on the same line, the first in line ${at.line}. tieline ended each with its line. ` +
      'If it goes on, what follows may have been misread: compare the components with those in Creator.',
    at
  )
}

export function tooMany(at: Place, what: string, most: number, more: number): Diagnostic {
  return warning(
    'CREATOR_TOO_MANY',
    'Too much for one import',
    `tieline reads at most ${most} ${what} of an export. ${more} more were left out, the first in line ${at.line}.`,
    at
  )
}

/** A part that was left out though something in it matters. */
export function partUnknown(at: Place, header: string): Diagnostic {
  return warning(
    'CREATOR_SECTION_UNKNOWN',
    'A part of the export is not known',
    `Line ${at.line}: ${shownName(header) ?? 'what stands here'} is no part of an export that tieline knows, and it holds a script, or what ` +
      `looks like a reference to a connection. Nothing was taken from it.\n\n${byHand}`,
    at
  )
}

/** A part that was taken for what it looks like. */
export function partGuessed(at: Place, header: string, kind: string, count: number): Diagnostic {
  return note(
    'CREATOR_SECTION_UNKNOWN',
    'A part of the export is not known',
    `Line ${at.line}: ${shownName(header) ?? 'what stands here'} is no sort of ${kind} that tieline knows. ` +
      `${counted(count, 'component')} looked like one and got the kind ${kind}.`,
    at
  )
}

export function partsSkipped(at: Place, count: number): Diagnostic {
  return note(
    'CREATOR_PARTS_SKIPPED',
    'Parts of the export were skipped',
    `${counted(count, 'part')} that tieline does not know, with neither a script nor a reference to a connection, the first in line ${at.line}.`,
    at
  )
}

const reasons = {
  computed: 'the name of the connection is computed when the script runs',
  'unknown-task':
    'the last argument may name a connection, but tieline does not know that this task takes one',
  outside: 'it stands outside of every script that tieline knows'
}

export function referenceUnclear(
  at: Place,
  component: string | null,
  why: keyof typeof reasons
): Diagnostic {
  const where = component === null ? '' : ` in ${component}`
  return warning(
    'CREATOR_REFERENCE_UNCLEAR',
    'A connection reference is not clear',
    `Line ${at.line}${where} looks like a reference to a connection: ${reasons[why]}. It was not taken.\n\n${byHand}`,
    at
  )
}

export function connectionName(at: Place, component: string, name: string): Diagnostic {
  return warning(
    'CREATOR_CONNECTION_NAME',
    'A connection has a name that cannot be used',
    `Line ${at.line} in ${component} names ${shownName(name) ?? 'a connection'}, which is no link name in tieline: those have lower-case ` +
      'letters, digits and underscores, begin with a letter and are at most 50 long. It was left out of `uses`, and `tieline validate` will ' +
      'report the source. Give the connection a link name that fits, and write it in the source and in `uses`.',
    at
  )
}

export function sourceTooLarge(at: Place, component: string): Diagnostic {
  return warning(
    'CREATOR_SOURCE_TOO_LARGE',
    'Scripts are too large for one file',
    `The scripts of ${component} (line ${at.line}) are larger than 1 MiB, which is the most that tieline reads of a source. They were searched ` +
      'for connections, and left out.',
    at
  )
}

/** What became of link names that differ by more than letter case. */
export function namesChanged(
  at: Place,
  changes: readonly { readonly line: number; readonly from: string; readonly to: string }[]
): Diagnostic {
  const shown = changes.slice(0, mostNames)
  const lines = shown.map(
    ({ line, from, to }) =>
      `    line ${line}: ${shownName(from) ?? 'a name that is not shown'} is ${to}`
  )
  const more = changes.length - shown.length
  if (more > 0) lines.push(`    and ${more} more`)
  return note(
    'CREATOR_NAME_CHANGED',
    'Link names were changed',
    'tieline writes link names in lower-case letters, digits and underscores, and each only once:\n' +
      lines.join('\n'),
    at
  )
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}
