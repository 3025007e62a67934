/** A workspace that a team lives in for a year: its people, its services, its repository, and a book of all that happened. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import { type RunResult, run, temporaryFolder } from './assert.ts'
import { codesIn, documentIn, isTidy } from './cli-expect.ts'
import { followConsent } from './oauth-server.ts'
import { programFile, type Running, start } from './scenario-program.ts'
import { runHere } from './year-program.ts'
import { type Services, startServices, variables } from './year-services.ts'

/** Ours by role; the application, which nobody is; and the people of three clients. */
const emails = {
  ana: 'ana@orchard.example',
  ada: 'ada@orchard.example',
  dan: 'dan@orchard.example',
  eve: 'eve@orchard.example',
  uwe: 'uwe@orchard.example',
  app: 'app@orchard.example',
  ira: 'ira@acme.example',
  joe: 'joe@acme.example',
  bea: 'bea@beta.example',
  cem: 'cem@cedar.example',
  cyd: 'cyd@cedar.example'
} as const

export type Name = keyof typeof emails

export interface Person {
  readonly name: Name
  readonly email: string
  /** The public half of the key, and what people compare of it. */
  readonly key: string
  readonly fingerprint: string
  /** Runs a line as it would be typed behind `tieline`, and expects that it succeeds. Gives what it printed as the result. */
  readonly does: (line: string, how?: How) => Promise<string>
  /** The same with `--format json`: the document. */
  readonly asks: (line: string, how?: How) => Promise<Json>
  /** Expects that it is refused with these codes; gives the details. */
  readonly isRefused: (line: string, code: string, exit?: number) => Promise<string>
  /** `authorize ...` at a browser, where this account is logged in. */
  readonly consents: (line: string, account?: string) => Promise<void>
  /** Runs a line in a process that gets a signal at the instant before a file has its name, and waits for that instant. */
  readonly isInterrupted: (line: string, at: Interruption) => Promise<Running>
  readonly git: (...args: readonly string[]) => Promise<string>
  /** Commits everything. */
  readonly commits: (message: string) => Promise<void>
  /** Of processes that are started in this person's name. */
  readonly env: Readonly<Record<string, string>>
  readonly home: string
}

export interface How {
  /** Exit code that is expected, if not 0. */
  readonly exit?: number
  /** The result is a credential: kept out of the book. */
  readonly isSecret?: boolean
  /** A process of its own, however many come before it. */
  readonly isProcess?: boolean
}

export interface Interruption {
  readonly signal: 'SIGSTOP' | 'SIGKILL'
  /** The end of its path. */
  readonly before: string
}

/** What commands print is looked at field by field. */
export type Json = ReturnType<typeof JSON.parse>

export interface Year {
  readonly folder: string
  /** Beside the workspace: plans and bundles. */
  readonly desk: string
  readonly people: Readonly<Record<Name, Person>>
  readonly services: Services
  readonly counts: Counts
  /** All that commands said, with the line that made them say it. */
  readonly book: readonly Said[]
  /** Changes files of the workspace; null removes one. Every call is one edit, which somebody has a reason for. */
  readonly edit: (why: string, files: Readonly<Record<string, string | null>>) => void
  readonly read: (file: string) => string
  /** A state document: `dev`, `clients/acme`, `versions/3`. */
  readonly state: (document: string) => Json
  readonly close: () => Promise<void>
}

export interface Counts {
  edits: number
  commands: number
  processes: number
  publishes: number
  deployments: number
  rollbacks: number
  consents: number
  refusals: number
  commits: number
}

export interface Said {
  readonly line: string
  readonly text: string
}

/** So many commands run in this process before one gets a process of its own, as at a real terminal. */
const herePerProcess = 24

export async function startYear(): Promise<Year> {
  const root = temporaryFolder()
  const [folder, desk] = [join(root, 'orchard'), join(root, 'desk')]
  for (const each of [folder, desk]) mkdirSync(each)
  const services = await startServices()
  const book: Said[] = []
  const counts: Counts = {
    edits: 0,
    commands: 0,
    processes: 0,
    publishes: 0,
    deployments: 0,
    rollbacks: 0,
    consents: 0,
    refusals: 0,
    commits: 0
  }
  const house = { folder, root, counts, book, program: programFile() }
  const people = Object.fromEntries(
    await Promise.all(
      (Object.keys(emails) as Name[]).map(async name => [name, await aPerson(house, name)] as const)
    )
  ) as Year['people']
  return {
    folder,
    desk,
    people,
    services,
    counts,
    book,
    edit: (why, files) => {
      assert.ok(changesSomething(folder, files), `Nothing to do: ${why}`)
      counts.edits += 1
      for (const [path, text] of Object.entries(files)) {
        const file = join(folder, path)
        mkdirSync(dirname(file), { recursive: true })
        if (text === null) rmSync(file)
        else writeFileSync(file, text)
      }
    },
    read: file => readFileSync(join(folder, file), 'utf8'),
    state: document => JSON.parse(readFileSync(join(folder, 'state', `${document}.json`), 'utf8')),
    close: services.close
  }
}

function changesSomething(folder: string, files: Readonly<Record<string, string | null>>): boolean {
  return Object.entries(files).some(([path, text]) => {
    const file = join(folder, path)
    return (existsSync(file) ? readFileSync(file, 'utf8') : null) !== text
  })
}

interface House {
  readonly folder: string
  readonly root: string
  readonly counts: Counts
  readonly book: Said[]
  readonly program: string
}

async function aPerson(house: House, name: Name): Promise<Person> {
  const { folder, root, counts } = house
  const home = join(root, 'homes', name)
  const email = emails[name]
  mkdirSync(home, { recursive: true })
  writeFileSync(
    join(home, '.gitconfig'),
    `[user]\n\tname = ${name}\n\temail = ${email}\n[init]\n\tdefaultBranch = main\n[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n`
  )
  // Git says who ana is; the others say it themselves, which spares a program at every command.
  const actor = name === 'ana' ? {} : { TIELINE_ACTOR: email }
  const env = { ...variables, ...actor, PATH: process.env.PATH ?? '', HOME: home }
  const keyed = await run(process.execPath, [house.program, 'vault', 'key', '--format', 'json'], {
    cwd: root,
    env: { ...nothing(), ...env }
  })
  const { key, fingerprint } = JSON.parse(keyed.stdout)

  async function runs(line: string, how: How & { readonly listen?: Listen } = {}) {
    const result = await runLine(house, { name, env }, line, how)
    const expected = how.exit ?? 0
    assert.is(result.code, expected, `${name}: tieline ${line}\n${result.stdout}${result.stderr}`)
    return result
  }
  const git = async (...args: readonly string[]): Promise<string> => {
    const result = await run('git', args, { cwd: folder, env: { ...nothing(), ...env } })
    const said = `${result.stdout}${result.stderr}`
    if (result.code !== 0) throw new Error(`${name}: git ${args.join(' ')}\n${said}`)
    return result.stdout
  }
  return {
    ...{ name, email, key, fingerprint, env, home, git },
    does: async (line, how) => (await runs(line, how)).stdout,
    asks: async (line, how) => {
      const inJson = `${line} --format json`
      return documentIn(await runs(inJson, how), inJson)
    },
    isRefused: async (line, code, exit = 1) => {
      counts.refusals += 1
      const inJson = `${line} --format json`
      const result = await runs(inJson, { exit })
      assert.equal([...new Set(codesIn(result, inJson))], [code], `${result.stdout}`)
      const { diagnostics } = JSON.parse(result.stdout)
      return diagnostics.map((each: { detail: string }) => each.detail).join('\n')
    },
    consents: async (line, account = email) => {
      counts.consents += 1
      const consents = new Map<string, Promise<unknown>>()
      const listen: Listen = said => {
        for (const [address] of said.matchAll(/http:\/\/127\.0\.0\.1:\d+\/auth\?\S+(?=\n)/g)) {
          if (consents.has(address)) continue
          const consent = followConsent(address, { account }).catch((error: unknown) => error)
          consents.set(address, consent)
        }
      }
      await runs(`${line} --method browser`, { listen })
      const answers = await Promise.all(consents.values())
      assert.ok(answers.length > 0, `${name} was shown no address: ${line}`)
      assert.equal(
        answers.filter(each => each instanceof Error),
        [],
        line
      )
    },
    isInterrupted: async (line, { signal, before }) => {
      counts.commands += 1
      counts.processes += 1
      const preload = join(import.meta.dirname, 'year-interrupt.mjs')
      const running = start(
        process.execPath,
        ['--import', preload, house.program, ...wordsOf(line)],
        { cwd: folder, env: { ...env, TEST_SIGNAL: signal, TEST_BEFORE: before } }
      )
      running.child.stdin?.end()
      await running.says(new RegExp(`${signal} before`))
      return running
    },
    commits: async message => {
      counts.commits += 1
      await git('add', '-A')
      await git('commit', '-q', '--allow-empty', '-m', message)
    }
  }
}

type Listen = (said: string) => void

async function runLine(
  { folder, counts, book, program }: House,
  { name, env }: Pick<Person, 'name' | 'env'>,
  line: string,
  { isSecret, isProcess, listen }: How & { readonly listen?: Listen }
): Promise<RunResult> {
  counts.commands += 1
  const args = wordsOf(line)
  const isOwn = isProcess === true || counts.commands % (herePerProcess + 1) === 0
  if (isOwn) counts.processes += 1
  const result = isOwn
    ? await runApart(program, args, { cwd: folder, env, listen })
    : await runHere(args, { cwd: folder, env, ...(listen === undefined ? {} : { listen }) })
  const said = `${name}: tieline ${line}`
  isTidy(result, said)
  book.push({ line: said, text: `${isSecret === true ? '' : result.stdout}${result.stderr}` })
  return result
}

function runApart(
  program: string,
  args: readonly string[],
  { cwd, env, listen }: { cwd: string; env: Person['env']; listen: Listen | undefined }
): Promise<RunResult> {
  const { child, ends } = start(process.execPath, [program, ...args], { cwd, env: { ...env } })
  child.stdin?.end()
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      said += chunk
      listen?.(said)
    })
  }
  return ends
}

/** As a shell would, as far as it is needed here: words, and texts in double quotes. */
export function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '')
}

/** Removes what the test's own process was started with. */
export function nothing(): Readonly<Record<string, undefined>> {
  return Object.fromEntries(Object.keys(process.env).map(name => [name, undefined]))
}
