import type { LinkName } from '../model/generated/types.ts'

const longestLinkName = 50
const longestName = 100

/**
 * The link names that tieline gives to what an export calls `names`, in the order given: lower case, `_` for every character that is
 * no letter of English, digit or `_`, `c_` before what would not begin with a letter, cut to 50; where that is taken, the lowest of
 * `_2`, `_3` and so on that is free.
 */
export function creatorLinkNames(names: readonly string[]): readonly LinkName[] {
  const taken = new Set<LinkName>()
  const reached = new Map<string, number>()
  return names.map(name => {
    const plain = creatorLinkName(name)
    for (let number = reached.get(plain) ?? 1; ; number++) {
      const ending = number === 1 ? '' : `_${number}`
      const linkName = plain.slice(0, longestLinkName - ending.length) + ending
      if (taken.has(linkName)) continue
      taken.add(linkName)
      reached.set(plain, number + 1)
      return linkName
    }
  })
}

function creatorLinkName(name: string): LinkName {
  const plain = name.toLowerCase().replace(/[^a-z0-9_]/g, '_')
  return (/^[a-z]/.test(plain) ? plain : `c_${plain}`).slice(0, longestLinkName)
}

/** What Windows keeps for devices. */
const device = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])$/

/** A part of a path that every system takes; different for different link names. */
export function creatorPathPart(name: string): string {
  const part = creatorLinkName(name)
  return device.test(part) ? `${part}-` : part
}

/** The value of a text of an export, without its quotes. */
export function unescapeText(text: string): string {
  return text
    .replace(/\\(?:u([0-9a-fA-F]{4})|([\s\S]))/g, (_all, code?: string, letter = '') =>
      code === undefined ? (escapes[letter] ?? letter) : String.fromCharCode(parseInt(code, 16))
    )
    .replace(/\p{Surrogate}/gu, '\uFFFD')
}

const escapes: Readonly<Record<string, string>> = {
  // biome-ignore format: one a letter
  n: '\n',
  t: '\t',
  r: '',
  b: '',
  f: ''
}

/** A display name as tieline takes it: printable, at most 100 characters; empty if nothing of it is left. */
export function displayName(text: string): string {
  const printable = unescapeText(text)
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim()
  return [...printable].slice(0, longestName).join('').trim()
}

/** In quotes, if it reads like a name; what somebody pasted where a name belongs is not repeated. */
export function shownName(name: string): string | null {
  const word = name.replace(/_\d{1,2}(?=_|$)/g, '')
  const isMixed = name.length >= 16 && /[A-Za-z]/.test(word) && /[0-9]/.test(word)
  return /^[A-Za-z_][\w. -]{0,49}$/.test(name) && !isMixed ? `"${name}"` : null
}
