import { unescapeText } from './creator-names.ts'

const entities: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
  '&#39;': "'",
  '&#34;': '"',
  '&amp;': '&'
}

export interface PageScripts {
  /** The Deluge between `<%` and `%>`, one below the other; empty without any. */
  readonly text: string
  /** Something that looks like a reference stands outside. */
  readonly isSuspicious: boolean
}

/** The scripts of a page's `Content` (what stands between its quotes), in which `<%` and `%>` may be written as entities. */
export function pageScripts(content: string): PageScripts {
  const text = unescapeText(content)
    .replace(/&(?:lt|gt|quot|apos|#39|#34|amp);/g, found => entities[found] ?? found)
    .replace(/\r\n?/g, '\n')
  const scripts: string[] = []
  const rest: string[] = []
  let at = 0
  while (at < text.length) {
    const start = text.indexOf('<%', at)
    rest.push(text.slice(at, start === -1 ? text.length : start))
    if (start === -1) break
    const found = text.indexOf('%>', start + 2)
    const end = found === -1 ? text.length : found
    const script = text.slice(start + 2, end)
    // `<%=value%>` prints a value.
    scripts.push(script.startsWith('=') ? `${script.slice(1).trim()};` : script.trim())
    at = end + 2
  }
  const isSuspicious = rest.some(each =>
    /\b(?:invokeurl|invokeapi|connection\w{0,30}\s{0,9}[:=(])/i.test(each)
  )
  return { text: scripts.filter(each => each !== '').join('\n'), isSuspicious }
}
