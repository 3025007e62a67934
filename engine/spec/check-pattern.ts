import { type Finding, finding } from './connector-finding.ts'

/** What is wrong with a regular expression of a connector. */
export interface PatternFault {
  readonly kind: 'invalid' | 'slow'
  readonly detail: string
}

/**
 * Checks a pattern before anything is matched with it: it must compile with the `u` flag, and no group that repeats may hold a
 * repetition or an alternation, as in `(a+)+`, because a text that nearly fits could then take hours. A group whose every
 * round begins with a character that fits nowhere else in it, as in `(?:-[a-z]+)*`, is fine.
 */
export function checkPattern(pattern: string): PatternFault | undefined {
  try {
    anchored(pattern)
  } catch (error) {
    return { kind: 'invalid', detail: error instanceof Error ? error.message : String(error) }
  }
  const slow = slowGroup(tokensOf(pattern))
  if (slow === undefined) return undefined
  return {
    kind: 'slow',
    detail: `The group ${slow} repeats and holds a repetition or an alternation.`
  }
}

/** The same as findings at the pattern's place; none where there is no pattern. */
export function patternFindings(pattern: string | undefined, pointer: string): readonly Finding[] {
  const fault = pattern === undefined ? undefined : checkPattern(pattern)
  if (fault === undefined) return []
  if (fault.kind === 'invalid') {
    return [finding('CONNECTOR_PATTERN', pointer, `It must compile: ${fault.detail}.`)]
  }
  const detail = `${fault.detail} A text that nearly fits could hang the program. Say the same without the repetition inside.`
  return [finding('CONNECTOR_PATTERN_SLOW', pointer, detail)]
}

/** The pattern as it is applied: to the whole text. */
export function anchored(pattern: string): RegExp {
  // Compiled alone first: a stray parenthesis could otherwise close the group that anchors it.
  new RegExp(pattern, 'u')
  return new RegExp(`^(?:${pattern})$`, 'u')
}

interface Token {
  readonly kind: 'open' | 'close' | 'atom' | 'or' | 'repeat'
  readonly text: string
}

const tokenPattern =
  /(?<open>\((?:\?(?:[:=!]|<[=!]|<[^>]*>))?)|(?<close>\))|(?<or>\|)|(?<repeat>(?:[*+?]|\{\d+(?:,\d*)?\})\??)|(?<atom>\\(?:[pPu]\{[^}]*\}|k<[^>]*>|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[A-Za-z]|.)|\[(?:\\.|[^\]\\])*\]|.)/gsu

function tokensOf(pattern: string): readonly Token[] {
  return [...pattern.matchAll(tokenPattern)].map(match => {
    const found = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined)
    return { kind: (found?.[0] ?? 'atom') as Token['kind'], text: match[0] }
  })
}

interface Group {
  readonly start: number
  /** Fits texts of several lengths or in several ways: holds `*`, `+`, `?`, `{2,5}` or an alternation. */
  wavers: boolean
  /** How often what wavers in it repeats at most. */
  rounds: number
}

/** More rounds than this multiply the ways to match too far; fewer stay harmless with the short texts that are matched. */
const fewRounds = 3

function slowGroup(tokens: readonly Token[]): string | undefined {
  const groups: Group[] = [{ start: 0, wavers: false, rounds: 1 }]
  for (const [index, token] of tokens.entries()) {
    const here = groups.at(-1)
    if (here === undefined) return undefined
    const [least, most] = roundsOf(tokens[index + 1])
    if (token.kind === 'open') groups.push({ start: index, wavers: false, rounds: 1 })
    if (token.kind === 'or' || (token.kind === 'atom' && least !== most)) here.wavers = true
    if (token.kind !== 'close') continue

    groups.pop()
    const separated = isSeparated(tokens.slice(here.start + 1, index))
    const rounds = here.wavers && !separated ? here.rounds * Math.max(most, 1) : 1
    if (rounds > fewRounds) {
      const group = tokens.slice(here.start, index + 2)
      return group.map(each => each.text).join('')
    }
    const outer = groups.at(-1)
    if (outer === undefined) continue
    outer.wavers ||= here.wavers || least !== most
    outer.rounds = Math.max(outer.rounds, rounds)
  }
  return undefined
}

/** The least and the most rounds of what stands before the token. */
function roundsOf(token: Token | undefined): readonly [number, number] {
  const text = token?.kind === 'repeat' ? token.text : ''
  if (text === '') return [1, 1]
  if (text.startsWith('?')) return [0, 1]
  if (!text.startsWith('{')) return [text.startsWith('+') ? 1 : 0, Number.POSITIVE_INFINITY]
  const [, least = '', comma = '', most = ''] = /^\{(\d+)(,?)(\d*)\}/.exec(text) ?? []
  if (comma === '') return [Number(least), Number(least)]
  return [Number(least), most === '' ? Number.POSITIVE_INFINITY : Number(most)]
}

/** Whether each round begins with a character that nothing else in the group can match, so that rounds cannot be cut otherwise. */
function isSeparated(body: readonly Token[]): boolean {
  const [first, ...rest] = body
  if (first?.kind !== 'atom' || !/^(?:\\?[-_./:,;@ ])$/.test(first.text) || first.text === '.') {
    return false
  }
  if (rest[0]?.kind === 'repeat') return false
  const separator = first.text.slice(-1)
  const others = rest.filter(each => each.kind === 'atom')
  // An alternative of its own could do without the separator: a|b stands beside it, not behind it.
  const depths = rest.reduce(
    (seen, each) => ({
      depth: seen.depth + (each.kind === 'open' ? 1 : each.kind === 'close' ? -1 : 0),
      beside: seen.beside || (each.kind === 'or' && seen.depth === 0)
    }),
    { depth: 0, beside: false }
  )
  return !depths.beside && !others.some(each => mayMatch(each.text, separator))
}

function mayMatch(atom: string, character: string): boolean {
  try {
    return new RegExp(`^${atom}$`, 'u').test(character)
  } catch {
    return true // a back reference, which could be anything
  }
}
