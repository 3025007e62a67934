import { delugeLexer, endOfText, isClosed } from '../deluge/deluge-lexer.ts'
import { openers } from '../deluge/find-deluge-references.ts'
import { integrationTask } from '../deluge/integration-tasks.ts'
import type { Diagnostic, Place } from '../model/diagnostic.ts'
import {
  type CreatorFrame,
  exportFrame,
  needsHeader,
  type Opening,
  openFrame,
  type UnknownPart
} from './creator-frames.ts'
import { shownName } from './creator-names.ts'
import {
  type CreatorNotes,
  cutOff,
  partGuessed,
  partsSkipped,
  partUnknown,
  referenceUnclear,
  textOpen,
  tooDeep,
  tooMany,
  unbalanced
} from './creator-notes.ts'
import { pageScripts } from './creator-page.ts'
import type { CreatorPart } from './creator-parts.ts'
import type { CreatorScript } from './creator-scripts.ts'

export interface CreatorParts {
  /** Display name of the application, as it stands between its quotes. */
  readonly app: string
  readonly parts: readonly CreatorPart[]
}

/**
 * Components and their scripts, from an export whose lines end in LF. What was not understood is added to the notes. Never holds more
 * than a thousand open brackets, and takes time in proportion to the text.
 */
export function readCreatorParts(text: string, notes: CreatorNotes): CreatorParts {
  return new PartReader(text, notes).read()
}

const mostComponents = 10_000
const mostScripts = 50_000
const mostDeep = 1000
/** Longer ones are none. */
const longestHeader = 500

/** How often something occurred, and where first. */
interface Tally {
  count: number
  line: number
}

class PartReader {
  readonly #text: string
  readonly #notes: CreatorNotes
  readonly #lexer
  readonly #stack: CreatorFrame[] = []
  /** Of each bracket, how many are open. */
  readonly #open = new Map<string, number>()
  readonly #parts: CreatorPart[] = []
  readonly #guessed = new Map<string, Tally & { readonly word: string; readonly kind: string }>()
  readonly #skipped = newTally()
  readonly #unbalanced = newTally()
  readonly #textOpen = newTally()
  readonly #tooMany = newTally()
  readonly #scriptsLeftOut = newTally()
  #scripts = 0
  #app: string | null = null

  constructor(text: string, notes: CreatorNotes) {
    this.#text = text
    this.#notes = notes
    this.#lexer = delugeLexer(text)
  }

  read(): CreatorParts {
    const lexer = this.#lexer
    const root = exportFrame()
    this.#stack.push(root)
    while (this.#stack.length <= mostDeep) {
      const top = this.#stack.at(-1) ?? root
      const kind = lexer.next(top.role === 'script')
      if (kind === 'end') break
      if (kind !== 'close') this.#readHead(top)
      if (kind === 'open') this.#openBracket(top)
      else if (kind === 'close') this.#closeBracket(top)
      else if (kind === 'word' && top.role !== 'script') this.#readWord(top)
      else if (kind === 'text' && lexer.isOpen && this.#letter() === '"')
        tally(this.#textOpen, lexer.line)
    }
    this.#end()
    return { app: this.#app ?? '', parts: this.#parts }
  }

  #letter(): string {
    return this.#text.charAt(this.#lexer.start)
  }

  /** Keeps in mind where the line began. A bracket at the start of a line goes on with the line before. */
  #readHead(top: CreatorFrame): void {
    if (!needsHeader(top)) return
    const { kind, isFirst, start, line } = this.#lexer
    if (top.headStart === -1 || (isFirst && kind !== 'open')) {
      top.headStart = start
      top.headLine = line
      top.headEnd = -1
    }
  }

  #openBracket(top: CreatorFrame): void {
    const bracket = this.#letter()
    this.#open.set(bracket, (this.#open.get(bracket) ?? 0) + 1)
    const opening = this.#opening(top, bracket)
    const opened = openFrame(top, opening)
    if (needsHeader(top) && top.headEnd === -1) top.headEnd = opening.start
    if (opened.role === 'application') this.#app ??= quoted(opening.header)
    const isNew = opened.part !== null && opened.part !== top.part
    if (isNew && opened.part !== null && !this.#addPart(opened.part)) {
      this.#stack.push({ ...opened, role: 'other', part: null })
    } else this.#stack.push(opened)
  }

  #opening(top: CreatorFrame, bracket: string): Opening {
    const { start, line } = this.#lexer
    const { headStart, headLine } = top
    const end = top.headEnd === -1 ? start : top.headEnd
    const isHeader = needsHeader(top) && headStart !== -1 && end - headStart <= longestHeader
    const header = isHeader ? this.#text.slice(headStart, end).trim() : ''
    const hasParameters = end < start && this.#text.charAt(end) === '('
    return { bracket, header, headStart, headLine, start, line, hasParameters }
  }

  #addPart(part: CreatorPart): boolean {
    if (this.#parts.length === mostComponents) {
      tally(this.#tooMany, part.line)
      return false
    }
    this.#parts.push(part)
    const { unknown: word, kind, line } = part
    if (word === null) return true
    const key = `${kind} ${word}`
    const guess = this.#guessed.get(key) ?? { word, kind, ...newTally() }
    tally(guess, line)
    // Hostile texts have many; those that are counted no more would only be cut.
    if (this.#guessed.size < 100) this.#guessed.set(key, guess)
    return true
  }

  #closeBracket(top: CreatorFrame): void {
    const opener = openers[this.#letter()] ?? ''
    if (top.bracket !== opener) {
      tally(this.#unbalanced, this.#lexer.line)
      // A bracket that closes nothing is skipped; one that closes something further out ends all that stands in there.
      if ((this.#open.get(opener) ?? 0) === 0) return
      while (this.#stack.at(-1)?.bracket !== opener) this.#pop(false)
    }
    this.#pop(true)
  }

  /** Ends the innermost frame: with the bracket that was just read, or before it. */
  #pop(hasBracket: boolean): void {
    const frame = this.#stack.pop()
    if (frame === undefined) return
    this.#open.set(frame.bracket, (this.#open.get(frame.bracket) ?? 0) - 1)
    const parent = this.#stack.at(-1)
    if (parent !== undefined && needsHeader(parent) && (frame.bracket === '{' || frame.isRoot)) {
      parent.headStart = -1
      parent.headEnd = -1
    }
    if (!frame.isRoot) return
    if (frame.unknown !== null) this.#endUnknown(frame.unknown)
    if (frame.role === 'script') this.#endScript(frame, hasBracket)
  }

  #endScript({ part, label, start, line }: CreatorFrame, hasBracket: boolean): void {
    if (part === null) return
    // Of a function all is kept, as it says what the parameters are; of others what stands between the brackets.
    const isWhole = part.kind === 'function' && hasBracket
    const text = this.#text.slice(start, isWhole ? this.#lexer.end : this.#lexer.start)
    this.#addScript(part, { label, text, line, isOneLine: false })
  }

  #addScript(part: CreatorPart, script: CreatorScript): void {
    if (this.#scripts === mostScripts) tally(this.#scriptsLeftOut, script.line)
    else {
      this.#scripts++
      part.scripts.push(script)
    }
  }

  #endUnknown({ header, line, isSuspicious, isTaken }: UnknownPart): void {
    if (isSuspicious) this.#notes.add(at => partUnknown(at(line), header))
    else if (!isTaken) tally(this.#skipped, line)
  }

  /** Takes names and contents of components, and looks for references where no script is. */
  #readWord(top: CreatorFrame): void {
    const { start, end, line } = this.#lexer
    // No word that matters is longer.
    if (end - start > 20) return
    const word = this.#text.slice(start, end).toLowerCase()
    const { part } = top
    if (part !== null && top.role === 'component') {
      if (word === 'displayname') part.display ??= this.#textBehind(end)
      if (word === 'content' && part.kind === 'page') this.#readContent(part, end)
    }
    if (!this.#isReference(word, start, end)) return
    if (top.unknown !== null) top.unknown.isSuspicious = true
    else this.#noteOutside(part, line)
  }

  #readContent(part: CreatorPart, from: number): void {
    const content = this.#textBehind(from)
    const { line } = this.#lexer
    if (content === null) return
    const { text, isSuspicious } = pageScripts(content)
    if (text !== '') this.#addScript(part, { label: 'content', text, line, isOneLine: true })
    if (isSuspicious) this.#noteOutside(part, line)
  }

  #noteOutside(part: CreatorPart | null, line: number): void {
    const name = part === null ? null : shownName(part.name)
    this.#notes.add(at => referenceUnclear(at(line), name, 'outside'))
  }

  #isReference(word: string, start: number, end: number): boolean {
    if (word === 'invokeurl' || word === 'invokeapi') return true
    if (word === 'connection') return startsHere(/\s*[:=](?!=)/y, this.#text, end) !== null
    if (word !== 'zoho') return false
    const call = startsHere(/zoho(?:\s{0,9}\.\s{0,9}\w{1,50}){2,5}\s{0,9}\(/iy, this.#text, start)
    const names = call?.slice(0, -1).replace(/\s/g, '').toLowerCase().split('.')
    return names !== undefined && integrationTask(names) !== null
  }

  /** What stands between quotes behind `=`. */
  #textBehind(from: number): string | null {
    const sign = startsHere(/\s*=\s*(?=")/y, this.#text, from)
    if (sign === null) return null
    const start = from + sign.length
    const end = endOfText(this.#text, start)
    return this.#text.slice(start + 1, isClosed(this.#text, start, end) ? end - 1 : end)
  }

  #end(): void {
    const { line } = this.#lexer
    const open = this.#stack.length - 1
    const vital = this.#notes.addVital
    if (open >= mostDeep) vital(at => tooDeep(at(line), mostDeep))
    else if (open > 0) vital(at => cutOff(at(line), open))
    while (this.#stack.length > 1) this.#pop(false)

    const tell = (found: Tally, make: (at: Place, count: number) => Diagnostic): void => {
      if (found.count > 0) vital(at => make(at(found.line), found.count))
    }
    tell(this.#skipped, partsSkipped)
    tell(this.#unbalanced, unbalanced)
    tell(this.#textOpen, textOpen)
    tell(this.#tooMany, (at, more) => tooMany(at, 'components', mostComponents, more))
    tell(this.#scriptsLeftOut, (at, more) => tooMany(at, 'scripts', mostScripts, more))
    for (const guess of this.#guessed.values()) {
      tell(guess, (at, count) => partGuessed(at, guess.word, guess.kind, count))
    }
  }
}

function newTally(): Tally {
  return { count: 0, line: 1 }
}

function tally(counter: Tally, line: number): void {
  if (counter.count === 0) counter.line = line
  counter.count++
}

function quoted(header: string): string {
  return header.slice(header.indexOf('"') + 1, header.lastIndexOf('"'))
}

function startsHere(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0] ?? null
}
