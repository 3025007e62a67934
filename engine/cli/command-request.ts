import { readFileSync } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { problem, Refusal } from '../model/diagnostic.ts'
import type { Environment } from '../model/generated/types.ts'
import { stripControl } from '../report/strip-control.ts'
import { knownActor } from '../workflow/actor.ts'
import { openRequests } from '../workflow/request.ts'
import { openRunTime } from '../workflow/run-time.ts'
import type { CommandContext } from './globals.ts'
import { showJson } from './show.ts'
import type { Terminal } from './terminal.ts'

export interface RequestFlags {
  readonly user?: string
  readonly header?: readonly string[]
  readonly data?: string
  readonly include?: boolean
}

/** Prints the body of the answer as it comes. Exit codes: 0 a status below 400, 1 any other, or nothing was sent. */
export async function requestCommand(
  { around, terminal, format }: CommandContext,
  connection: string,
  words: readonly string[],
  environment: Environment,
  flags: RequestFlags
): Promise<number> {
  const { method, path } = methodAndPath(words, flags)
  const body = flags.data === undefined ? null : await bodyOf(flags.data)
  const headers = headersOf(flags.header ?? [])
  if (body !== null && !headers.has('content-type') && isJson(body))
    headers.set('content-type', 'application/json')
  const runTime = openRunTime(around, { environment, actor: await knownActor(around) })
  const answer = await openRequests(runTime).send({ connection, user: flags.user }, path, {
    method,
    headers,
    body
  })
  if (format === 'json') await showAnswer(terminal, answer)
  else await printAnswer(terminal, answer, flags.include === true)
  if (answer.status < 400) return 0
  if (format !== 'json') terminal.err(`${statusOf(answer)}\n`)
  return 1
}

function methodAndPath(
  words: readonly string[],
  { data }: RequestFlags
): { readonly method: string; readonly path: string } {
  const [first, second, ...more] = words
  if (first === undefined || more.length > 0) throw misused('It takes one method and one path.')
  if (second === undefined) return { method: data === undefined ? 'GET' : 'POST', path: first }
  if (!/^[A-Za-z]{1,20}$/.test(first)) throw misused('The method stands before the path.')
  return { method: first.toUpperCase(), path: second }
}

function misused(what: string): Refusal {
  return new Refusal(
    problem(
      'USAGE',
      'The command line is not understood',
      `${what} For example:\n    tieline request CONNECTION POST /path --data @body.json`
    )
  )
}

/** A file is named as in any other program: from where the command runs. */
async function bodyOf(data: string): Promise<Uint8Array<ArrayBuffer> | string> {
  if (data === '-') return new Uint8Array(await buffer(process.stdin))
  if (!data.startsWith('@')) return data
  const file = data.slice(1)
  try {
    return new Uint8Array(readFileSync(file))
  } catch {
    throw new Refusal(
      problem('DATA_UNREADABLE', 'The body cannot be read', `There is no file ${file} to read.`)
    )
  }
}

function isJson(body: Uint8Array | string): boolean {
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body)
  if (!/^\s*[[{]/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Messages never repeat a header: its value may be a secret. */
function headersOf(lines: readonly string[]): Headers {
  const headers = new Headers()
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^:]+):(.*)$/s.exec(line) ?? []
    try {
      headers.append(name.trim(), value.trim())
    } catch {
      throw new Refusal(
        problem(
          'HEADER_INVALID',
          'A header cannot be sent',
          'A header is written as NAME:VALUE, without line breaks:\n    --header "Accept: application/json"'
        )
      )
    }
  }
  return headers
}

function statusOf({ status, statusText }: Response): string {
  return stripControl(`${status} ${statusText}`.trim())
}

async function printAnswer(terminal: Terminal, answer: Response, include: boolean): Promise<void> {
  if (include) {
    terminal.out(`${statusOf(answer)}\n`)
    for (const [name, value] of answer.headers) terminal.out(stripControl(`${name}: ${value}\n`))
    terminal.out('\n')
  }
  const decoder = new TextDecoder()
  let last = '\n'
  for await (const chunk of answer.body ?? []) {
    // A terminal would do what the service writes; a pipe gets every byte.
    const out = terminal.isTTY ? stripControl(decoder.decode(chunk, { stream: true })) : chunk
    if (typeof out === 'string') last = out.at(-1) ?? last
    await written(out)
  }
  if (last !== '\n') await written('\n')
}

/** A slow reader is waited for; one that has gone away wants no more. */
function written(out: string | Uint8Array): Promise<void> {
  return new Promise(settle => {
    process.stdout.write(out, () => settle())
  })
}

async function showAnswer(terminal: Terminal, answer: Response): Promise<void> {
  const bytes = new Uint8Array(await answer.arrayBuffer())
  const text = textOf(bytes)
  await showJson(terminal, {
    formatVersion: 1,
    status: answer.status,
    headers: Object.fromEntries(answer.headers),
    body: text,
    ...(text === null ? { bodyBase64: Buffer.from(bytes).toString('base64') } : {})
  })
}

/** null for what is no text. */
function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}
