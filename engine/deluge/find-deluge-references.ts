import { type DelugeLexer, delugeLexer, endOfText, isClosed, skipBlank } from './deluge-lexer.ts'
import { type IntegrationTask, integrationTask } from './integration-tasks.ts'

/** A connection that a script surely names, and where the name begins (UTF-16 units, behind the quote). */
export interface DelugeReference {
  readonly connection: string
  readonly offset: number
}

/** What looks like a reference: its name is computed, or nobody knows whether the argument names a connection at all. */
export interface UnclearReference {
  readonly offset: number
  readonly why: 'computed' | 'unknown-task'
}

export interface DelugeReferences {
  /** In the order of the text. */
  readonly sure: readonly DelugeReference[]
  readonly unclear: readonly UnclearReference[]
}

interface Call {
  readonly task: IntegrationTask
  readonly offset: number
  /** Arguments that have ended. */
  before: number
  /** Tokens of the argument that is being read. */
  tokens: number
  /** Its first token. */
  literal: { readonly value: string; readonly offset: number } | null
  isNull: boolean
}

interface Open {
  readonly bracket: string
  /** These are the brackets of a request, `invokeurl [ ]` or `invokeapi [ ]`. */
  readonly isRequest: boolean
  readonly call: Call | null
}

export const openers: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' }

const requests: ReadonlySet<string> = new Set(['invokeurl', 'invokeapi'])
const linkName = /^[a-z][a-z0-9_]{0,49}$/
/** `zoho`, a service, a version and a task are four. */
const longestChain = 6

/**
 * The connections of a Deluge text: `connection: "x"` directly inside the brackets of `invokeurl [ ]` or
 * `invokeapi [ ]`, and the last argument of integration tasks that are known to take one. Comments and texts are skipped. Takes time in
 * proportion to the text, and never throws.
 */
export function findDelugeReferences(text: string): DelugeReferences {
  const sure: DelugeReference[] = []
  const unclear: UnclearReference[] = []
  const open: Open[] = []
  const count = new Map<string, number>()
  const lexer = delugeLexer(text)
  let isRequest = false
  /** The names of `a.b.c`, as far as they were read. */
  const chain: string[] = []
  let isAfterDot = false

  for (lexer.next(true); lexer.kind !== 'end'; lexer.next(true)) {
    const { kind, start, end } = lexer
    const letter = text.charAt(start)
    const top = open.at(-1)
    if (top?.call) readArgument(top.call, text, lexer)
    if (kind === 'word') {
      const name = text.slice(start, end).toLowerCase()
      if (name === 'connection' && top?.isRequest) readValue(text, end, sure, unclear)
      isRequest = requests.has(name)
      if (!isAfterDot || chain.length === longestChain) chain.length = 0
      chain.push(name)
      isAfterDot = false
      continue
    }
    if (kind === 'open') {
      const task = letter === '(' ? integrationTask(chain) : null
      open.push({
        bracket: letter,
        isRequest: letter === '[' && isRequest,
        call: task === null ? null : newCall(task, start)
      })
      count.set(letter, (count.get(letter) ?? 0) + 1)
    }
    const opener = kind === 'close' ? (openers[letter] ?? '') : ''
    // A closing bracket that nothing opened is skipped, so that one slip does not hide the rest.
    while ((count.get(opener) ?? 0) > 0) {
      const last = open.pop()
      if (last === undefined) break
      count.set(last.bracket, (count.get(last.bracket) ?? 0) - 1)
      if (last.bracket !== opener) continue
      if (last.call !== null) endCall(last.call, sure, unclear)
      break
    }
    isRequest = false
    isAfterDot = letter === '.' && chain.length > 0 && !isAfterDot
    if (!isAfterDot) chain.length = 0
  }
  return { sure, unclear }
}

function newCall(task: IntegrationTask, offset: number): Call {
  return { task, offset, before: 0, tokens: 0, literal: null, isNull: false }
}

/** Takes a token that stands directly between the brackets of a call. */
function readArgument(call: Call, text: string, lexer: DelugeLexer): void {
  const { kind, start, end } = lexer
  const letter = text.charAt(start)
  if (kind === 'close') return
  if (letter === ',') {
    call.before++
    call.tokens = 0
    call.literal = null
    call.isNull = false
    return
  }
  call.tokens++
  if (call.tokens > 1) return
  call.isNull = kind === 'word' && text.slice(start, end) === 'null'
  if (kind === 'text' && isClosed(text, start, end)) {
    call.literal = { value: text.slice(start + 1, end - 1), offset: start + 1 }
  }
}

function endCall(call: Call, sure: DelugeReference[], unclear: UnclearReference[]): void {
  const count = call.before + (call.tokens > 0 ? 1 : 0)
  const literal = call.tokens === 1 ? call.literal : null
  if (call.task.position === count) {
    // Nothing is named: the task goes without a connection.
    if ((call.isNull && call.tokens === 1) || literal?.value === '') return
    if (literal === null || literal.value.includes('\\')) {
      unclear.push({ offset: call.offset, why: 'computed' })
    } else sure.push({ connection: literal.value, offset: literal.offset })
  } else if (count > 1 && literal !== null && linkName.test(literal.value)) {
    unclear.push({ offset: literal.offset, why: 'unknown-task' })
  }
}

/** Reads `: "x"` behind the word `connection`; takes nothing if no colon stands there. */
function readValue(
  text: string,
  from: number,
  sure: DelugeReference[],
  unclear: UnclearReference[]
): void {
  const colon = skipBlank(text, from, true)
  if (text.charAt(colon) !== ':') return
  const start = skipBlank(text, colon + 1, true)
  const quote = text.charAt(start)
  const end = quote === '"' || quote === "'" ? endOfText(text, start) : start
  const connection = text.slice(start + 1, end - 1)
  const next = text.charAt(skipBlank(text, end, true))
  const isPart = next !== '' && '+.-*/%?'.includes(next)
  if (!isClosed(text, start, end) || connection.includes('\\') || isPart) {
    unclear.push({ offset: colon, why: 'computed' })
  } else sure.push({ connection, offset: start + 1 })
}
