import {
  type CreatorPart,
  componentSections,
  functionHeader,
  isScriptHeader,
  otherSections,
  type PartHeader,
  workflowHeader,
  workflowKinds
} from './creator-parts.ts'

/** What stands between two brackets. `section` is one of forms, reports and pages, `group` is what stands in workflow. */
export type CreatorRole =
  | 'export'
  | 'application'
  | 'section'
  | 'workflow'
  | 'group'
  | 'functions'
  | 'deluge'
  | 'component'
  | 'inside'
  | 'script'
  | 'unknown'
  | 'other'

/** A part that nobody knows, or one that was taken for what it looks like. */
export interface UnknownPart {
  readonly header: string
  readonly line: number
  /** Holds a script, or what looks like a reference. */
  isSuspicious: boolean
  /** Components were taken from it. */
  isTaken: boolean
}

export interface CreatorFrame {
  readonly bracket: string
  readonly role: CreatorRole
  /** The outermost of its script, or of its unknown part. */
  readonly isRoot: boolean
  /** Of sections and groups their header, in lower case. */
  readonly word: string
  /** The component that it belongs to. */
  readonly part: CreatorPart | null
  readonly unknown: UnknownPart | null
  /** The headers from the component down to here. */
  readonly label: string
  /** Where the script begins, and the line of that. */
  readonly start: number
  readonly line: number
  /** Where the line that is being read begins, and its first bracket; -1: nowhere yet. */
  headStart: number
  headEnd: number
  headLine: number
}

/** An opening bracket with what stands before it. */
export interface Opening {
  readonly bracket: string
  readonly header: string
  /** Where the header begins, and the bracket. */
  readonly headStart: number
  readonly headLine: number
  readonly start: number
  readonly line: number
  /** Parameters stand between the header and the bracket. */
  readonly hasParameters: boolean
}

const longestLabel = 200

export function exportFrame(): CreatorFrame {
  return newFrame('', 'export', 1)
}

type NewFrame = { -readonly [key in keyof CreatorFrame]: CreatorFrame[key] }

/** Written out, as exports have very many of them. */
function newFrame(bracket: string, role: CreatorRole, line: number): NewFrame {
  return {
    bracket,
    role,
    isRoot: false,
    word: '',
    part: null,
    unknown: null,
    label: '',
    start: 0,
    line,
    headStart: -1,
    headEnd: -1,
    headLine: 1
  }
}

// Scripts and what does not matter may hold many brackets, none of which need a frame of their own.
const plain = (role: CreatorRole): Readonly<Record<string, CreatorFrame>> => ({
  '(': newFrame('(', role, 1),
  '[': newFrame('[', role, 1),
  '{': newFrame('{', role, 1)
})
const inScript = plain('script')
const inOther = plain('other')

/** Whether what stands before a bracket in this frame tells what is behind it. */
export function needsHeader(parent: CreatorFrame): boolean {
  return parent.role !== 'script' && parent.role !== 'other'
}

/** The frame behind an opening bracket. A component that begins with it is its `part`, which its parent has not. */
export function openFrame(parent: CreatorFrame, opening: Opening): CreatorFrame {
  const { bracket } = opening
  switch (parent.role) {
    case 'script':
      return inScript[bracket] ?? parent
    case 'unknown':
      return openInUnknown(parent, opening)
    case 'component':
    case 'inside':
      return openInComponent(parent, opening)
  }
  // Elsewhere only blocks matter.
  if (parent.role === 'other' || bracket !== '{') return inOther[bracket] ?? parent
  return openBlock(parent, opening)
}

function openInUnknown({ unknown }: CreatorFrame, opening: Opening): CreatorFrame {
  const { bracket, header, line } = opening
  if (unknown !== null && isScriptHeader(header, bracket, 'page')) unknown.isSuspicious = true
  const frame = newFrame(bracket, 'unknown', line)
  frame.unknown = unknown
  return frame
}

function openInComponent({ part, label }: CreatorFrame, opening: Opening): CreatorFrame {
  const { bracket, header, line } = opening
  const isScript = isScriptHeader(header, bracket, part?.kind ?? '')
  const frame = newFrame(bracket, isScript ? 'script' : 'inside', line)
  frame.part = part
  frame.label = isScript || bracket === '{' ? joined(label, header) : label
  frame.isRoot = isScript
  frame.start = opening.start + 1
  return frame
}

function openBlock(parent: CreatorFrame, opening: Opening): CreatorFrame {
  const { header, line } = opening
  switch (parent.role) {
    case 'export': {
      const isApplication = /^application\s+"[\s\S]*"$/i.test(header)
      return isApplication ? newFrame('{', 'application', line) : unknownFrame(opening)
    }
    case 'application':
      return sectionFrame(opening)
    case 'section':
      return componentFrame(opening, componentSections.get(parent.word)?.(header) ?? null)
    case 'workflow': {
      const found = workflowHeader(header, 'form')
      return found === null ? groupFrame(opening) : componentFrame(opening, found)
    }
    case 'group': {
      const found = workflowHeader(header, parent.word)
      if (found !== null && parent.unknown !== null) parent.unknown.isTaken = true
      return componentFrame(opening, found)
    }
    case 'functions': {
      const isDeluge = wordOf(header) === 'deluge'
      return isDeluge ? newFrame('{', 'deluge', line) : unknownFrame(opening)
    }
    default:
      return functionFrame(opening)
  }
}

function sectionFrame(opening: Opening): CreatorFrame {
  const word = wordOf(opening.header)
  if (otherSections.has(word)) return newFrame('{', 'other', opening.line)
  const isKnown = word === 'workflow' || word === 'functions'
  const role = isKnown ? word : componentSections.has(word) ? 'section' : null
  if (role === null) return unknownFrame(opening)
  const frame = newFrame('{', role, opening.line)
  frame.word = word
  return frame
}

/** A group that is not known is taken for one if workflows stand in it. */
function groupFrame({ header, line }: Opening): CreatorFrame {
  const frame = newFrame('{', 'group', line)
  frame.isRoot = true
  frame.word = wordOf(header)
  frame.unknown = workflowKinds.has(frame.word) ? null : newUnknown(header, line)
  return frame
}

function functionFrame(opening: Opening): CreatorFrame {
  const { header, headStart, headLine, hasParameters } = opening
  const found = hasParameters ? functionHeader(header) : null
  if (found === null) return unknownFrame(opening)
  const frame = newFrame('{', 'script', headLine)
  frame.isRoot = true
  frame.part = newPart(found, headLine)
  frame.start = headStart
  return frame
}

function componentFrame(opening: Opening, found: PartHeader | null): CreatorFrame {
  if (found === null) return unknownFrame(opening)
  const frame = newFrame('{', 'component', opening.line)
  frame.part = newPart(found, opening.headLine)
  return frame
}

function newPart(found: PartHeader, line: number): CreatorPart {
  const { kind, name, display, unknown } = found
  return { kind, name, display, line, unknown, scripts: [] }
}

function unknownFrame({ header, line }: Opening): CreatorFrame {
  const frame = newFrame('{', 'unknown', line)
  frame.isRoot = true
  frame.unknown = newUnknown(header, line)
  return frame
}

function newUnknown(header: string, line: number): UnknownPart {
  return { header, line, isSuspicious: /connection/i.test(header), isTaken: false }
}

function wordOf(header: string): string {
  return header.toLowerCase().replace(/\s+/g, ' ')
}

/** For a comment: on one line, and not too long. */
function joined(label: string, header: string): string {
  const plainHeader = header.replace(/[\p{C}\s]+/gu, ' ').trim()
  const both =
    label === '' || plainHeader === '' ? label + plainHeader : `${label} > ${plainHeader}`
  return both.length > longestLabel ? label : both
}
