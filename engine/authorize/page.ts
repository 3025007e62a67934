import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'

/** A page of the local server. Texts are escaped. */
export interface Page {
  readonly status: number
  readonly title: string
  readonly text: string
}

const style =
  ':root{color-scheme:light dark;font:1rem/1.6 system-ui,sans-serif}' +
  'body{margin:0;min-height:100vh;display:grid;place-items:center}' +
  'main{max-width:34rem;padding:2rem}h1{font-size:1.4rem;line-height:1.3;margin:0 0 .75rem}' +
  'p{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}'

const styleDigest = createHash('sha256').update(style).digest('base64')

/** For every answer: the address holds a code, and nobody else is to see or keep it. */
export const safeHeaders: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${styleDigest}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  Connection: 'close'
}

/** Answers with a page that loads nothing from anywhere. Resolves when it is on its way, or nobody listens any more. */
export function sendPage(response: ServerResponse, page: Page): Promise<void> {
  if (response.destroyed || response.writableEnded) return Promise.resolve()
  return new Promise(resolve => {
    response.once('close', resolve)
    response.writeHead(page.status, { ...safeHeaders, 'Content-Type': 'text/html; charset=utf-8' })
    response.end(html(page))
  })
}

function html({ title, text }: Page): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escaped(title)}</title>`,
    '<link rel="icon" href="data:,">',
    `<style>${style}</style>`,
    '</head>',
    `<body><main><h1>${escaped(title)}</h1><p>${escaped(text)}</p></main></body>`,
    '</html>',
    ''
  ].join('\n')
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.codePointAt(0)};`)
}
