/** The commands of the story: each is shown before its output, and must do what the story says. */
import type { AllServices } from '../services/all.ts'
import { visitLikeAPerson } from '../services/person.ts'
import { excerpt, plain } from './excerpt.ts'
import { type Expectation, expectOf, wrongWith } from './expect.ts'
import { DemoFailure } from './failure.ts'
import type { Place } from './place.ts'
import type { Printer } from './printer.ts'
import { type Ended, type ProcessOptions, runProcess } from './process.ts'

export interface Demo {
  readonly place: Place
  readonly services: AllServices
  readonly printer: Printer
  readonly signal: AbortSignal
  /** The tieline command: a script for this Node. */
  readonly cli: string
  /** Whether a person follows the addresses, in a browser of theirs; a script otherwise. */
  readonly withBrowser: boolean
  /** Whether long output is shown whole. */
  readonly isFull: boolean
  /** The terminal that shows the output; null if none does, or not in colour. */
  readonly terminal: { readonly columns: number } | null
}

export interface Shown extends Expectation {
  /** The paragraphs to show of a long output, by how they begin. Everything if not given. */
  readonly show?: readonly string[]
}

export function tieline(demo: Demo, args: readonly string[], shown: Shown): Promise<void> {
  return step(demo, commandLine('tieline', args), async () => {
    const ended = await runTieline(demo, args)
    const { talk, result } = ended
    const isWhole = demo.isFull || wrongWith(ended, shown).length > 0
    demo.printer.output(talk)
    demo.printer.output(isWhole || shown.show === undefined ? result : excerpt(result, shown.show))
    expectOf(ended, shown)
  })
}

/** Authorizes with OAuth2. The address is followed by a script, or by the person at the terminal. */
export function authorize(demo: Demo, args: readonly string[], says: string): Promise<void> {
  const command = ['authorize', ...args, '--method', 'browser']
  return step(demo, commandLine('tieline', command), async () => {
    const ended = await (demo.withBrowser ? withPerson : withScript)(demo, command)
    demo.printer.output(ended.result)
    expectOf(ended, { says: [says] })
  })
}

function withPerson(demo: Demo, command: readonly string[]): Promise<Ended> {
  demo.printer.remark('your browser shows the page: leave the account as it is and press "Allow"')
  const { variablesWithBrowser } = demo.place
  // The command itself waits for five minutes.
  return runTieline(demo, command, {
    variables: { ...variablesWithBrowser, ...demo.services.variables, ...looks(demo) },
    withPerson: true,
    limitMs: 6 * 60_000
  })
}

async function withScript(demo: Demo, command: readonly string[]): Promise<Ended> {
  const visits: Promise<string>[] = []
  const onTalk = (soFar: string) => {
    const address = /^ +(https?:\/\/\S+)\n/m.exec(plain(soFar))?.[1]
    if (address !== undefined && visits.length === 0) visits.push(visit(address))
  }
  const ended = await runTieline(demo, command, { onTalk })
  // The address is long, and nobody is going to type it.
  demo.printer.output(ended.talk.replace(/^( +https?:\/\/[^\s?]+\?)\S+$/m, '$1...'))
  for (const page of await Promise.all(visits)) {
    demo.printer.remark(`a script opens it, presses "Allow", and sees: ${page}`)
  }
  return ended
}

/** The heading of what the person sees at the end. Never rejects: if it goes wrong, the command tells why. */
async function visit(address: string): Promise<string> {
  try {
    const { status, text } = await visitLikeAPerson(address)
    return /<h1>([^<]*)<\/h1>/.exec(text)?.[1] ?? `a page with status ${status}`
  } catch {
    return 'no page'
  }
}

/** Adds a credential to a request, and shows what the service answers to it. The credential itself is not shown. */
export function request(
  demo: Demo,
  args: readonly string[],
  { url, answers }: { readonly url: string; readonly answers: string }
): Promise<void> {
  const { printer } = demo
  const command = ['token', ...args, '--headers']
  return step(demo, commandLine('tieline', command), async () => {
    const { code, result, talk } = await runTieline(demo, command)
    const headers = [...result.matchAll(/^([\w-]+): (?:(\S+) )?(\S+)$/gm)].map(
      ([, name = '', scheme = '', secret = '']) => ({ name, scheme, secret })
    )
    for (const { secret } of headers) printer.keepSecret(secret)
    printer.output(talk)
    for (const { name, scheme } of headers) {
      printer.output(`${name}: ${scheme === '' ? '' : `${scheme} `}...\n`)
    }
    expectOf({ code, talk, result: '' }, {})
    if (headers.length === 0) throw new DemoFailure('Expected it to print a header. It did not.')

    printer.remark(`the rest of it is secret; with it, GET ${url} answers:`)
    const sent = headers.map(({ name, scheme, secret }) => [name, `${scheme} ${secret}`.trim()])
    const response = await fetch(url, { headers: Object.fromEntries(sent) })
    const body = await response.text()
    printer.output(`${response.status} ${body.length > 160 ? `${body.slice(0, 160)}...` : body}\n`)
    if (response.status !== 200 || !body.includes(answers)) {
      throw new DemoFailure(`Expected status 200 and ${JSON.stringify(answers)} in the answer.`)
    }
  })
}

/** Runs git without a word. */
export function quietGit(demo: Demo, args: readonly string[]): Promise<void> {
  return blaming(commandLine('git', args), async () => {
    expectOf(await runIn(demo, 'git', args, { variables: demo.place.variables }), {})
  })
}

export function git(demo: Demo, args: readonly string[], says: string): Promise<void> {
  return step(demo, commandLine('git', args), async () => {
    const { variables } = demo.place
    const colour = ['-c', `color.ui=${demo.terminal === null ? 'never' : 'always'}`]
    const ended = await runIn(demo, 'git', [...colour, ...args], { variables })
    demo.printer.output(`${ended.talk}${ended.result}`)
    expectOf(ended, { says: [says] })
  })
}

/** Shows a command before its work is done. */
function step(demo: Demo, line: string, work: () => Promise<void>): Promise<void> {
  demo.printer.command(line)
  return blaming(line, work)
}

/** A failure tells which command it was. */
async function blaming(line: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof DemoFailure)) throw error
    throw new DemoFailure(`This command did not do what it should:\n    ${line}\n${error.message}`)
  }
}

function commandLine(program: string, args: readonly string[]): string {
  return [program, ...args.map(each => (/\s/.test(each) ? `'${each}'` : each))].join(' ')
}

function runTieline(
  demo: Demo,
  args: readonly string[],
  options: Partial<ProcessOptions> = {}
): Promise<Ended> {
  const variables = { ...demo.place.variables, ...demo.services.variables, ...looks(demo) }
  return runIn(demo, process.execPath, [demo.cli, ...args], { variables, ...options })
}

function runIn(
  { place, signal }: Demo,
  program: string,
  args: readonly string[],
  options: Partial<ProcessOptions> & Pick<ProcessOptions, 'variables'>
): Promise<Ended> {
  return runProcess(program, args, { folder: place.workspace, signal, ...options })
}

/** What a command prints goes through us, so it cannot see the terminal itself. */
function looks({ terminal }: Demo): NodeJS.ProcessEnv {
  if (terminal === null) return { NO_COLOR: '1' }
  return { FORCE_COLOR: '1', COLUMNS: `${terminal.columns}` }
}
