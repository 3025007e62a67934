import { problem, Refusal } from '../model/diagnostic.ts'
import type { Conversation, Place } from '../workflow/authorize-scene.ts'
import type { Terminal } from './terminal.ts'

/** Speaks with the person at the terminal. Where nobody is there, questions are refused with what to do instead. */
export function terminalConversation(terminal: Terminal): Conversation {
  return {
    showAddress: async ({ target, authorizationUrl, redirectUri, start }) => {
      const { linkName, environment, service } = target
      await say(
        terminal,
        `Authorize ${linkName} in ${environment}: open this address and allow ${service} access.\n\n    ${authorizationUrl}`,
        1
      )
      if (start === null) {
        await say(
          terminal,
          `Afterwards your browser shows an error, at an address that begins with\n\n    ${redirectUri}\n\nCopy that whole address from its address bar.`
        )
        return
      }
      terminal.err(`Waiting for the answer at ${redirectUri}\n`)
      onInterrupt(terminal, () => {})
      if (mayOpenBrowser(terminal)) await openBrowser(start)
    },
    showRefused: what => {
      terminal.err(`${what.charAt(0).toUpperCase()}${what.slice(1)}. Still waiting.\n`)
    },
    showDevice: async ({ target, userCode, verificationUri, complete, expiresIn }) => {
      const { linkName, environment, service } = target
      await say(
        terminal,
        `Authorize ${linkName} in ${environment}: open this address on any device, enter the code, and allow ${service} access.\n\n    ${verificationUri}\n    ${userCode}`,
        1
      )
      if (complete !== null)
        await say(terminal, `Or open it with the code in it:\n\n    ${complete}`, 1)
      await say(
        terminal,
        `Waiting for your answer there; the code works for ${minutes(expiresIn)}. Enter it only if you started this yourself.`
      )
      onInterrupt(terminal, () => {})
    },
    readRedirect: async again => {
      if (again !== null)
        terminal.err(`${again.charAt(0).toUpperCase()}${again.slice(1)}. Try again.\n`)
      return readLine(terminal, 'Address: ')
    },
    askFields: async (target, fields) => {
      if (!terminal.interactive)
        throw nobodyThere(target.linkName, target.environment, Object.keys(fields))
      const { intro, isCancel, password, text } = await import('@clack/prompts')
      const output = { output: process.stderr }
      intro(`Authorize ${target.linkName} in ${target.environment} at ${target.service}`, output)
      const answers: [string, string][] = []
      for (const [name, { title, description, secret, pattern }] of Object.entries(fields)) {
        const message = description === undefined ? title : `${title} (${description})`
        const question = { message, validate: checkOf(pattern), ...output }
        const answer = await (secret ? password(question) : text(question))
        if (isCancel(answer)) {
          // In a prompt, Ctrl-C arrives as a key. It ends the command like any other.
          process.emit('SIGINT')
          throw cancelled(target.linkName, target.environment)
        }
        answers.push([name, answer])
      }
      return Object.fromEntries(answers)
    }
  }
}

/** Talk, broken at spaces as wide as the terminal is; addresses and codes stay whole. */
async function say(terminal: Terminal, text: string, emptyLines = 0): Promise<void> {
  const { joined, wrap } = await import('../report/layout.ts')
  const lines = text
    .split('\n')
    .flatMap(line => (line.startsWith(' ') ? [line] : wrap(line, terminal.errStyle.width)))
  terminal.err(joined(lines) + '\n'.repeat(emptyLines))
}

/** Says at once what the authorization would refuse, and never repeats it. */
function checkOf(pattern: string | undefined): (value: string | undefined) => string | undefined {
  const expected = pattern === undefined ? /./su : new RegExp(`^(?:${pattern})$`, 'u')
  return value =>
    expected.test(value ?? '') ? undefined : 'This is not what it looks like at the service.'
}

/** Where the command runs: it decides whether a browser can open here and reach back. */
export function placeOf(): Place {
  const { SSH_CONNECTION, SSH_TTY, DISPLAY, WAYLAND_DISPLAY, WSL_DISTRO_NAME } = process.env
  return {
    hasDisplay:
      process.platform !== 'linux' || Boolean(DISPLAY || WAYLAND_DISPLAY || WSL_DISTRO_NAME),
    isRemote: Boolean(SSH_CONNECTION || SSH_TTY)
  }
}

/** A browser is opened for a person at this very machine only; the address stands on the screen in any case. */
function mayOpenBrowser({ interactive }: Terminal): boolean {
  const { hasDisplay, isRemote } = placeOf()
  return interactive && hasDisplay && !isRemote && !process.env.CI
}

function minutes(seconds: number): string {
  const count = Math.max(1, Math.floor(seconds / 60))
  return count === 1 ? 'a minute' : `${count} minutes`
}

/** A missing opener arrives as an event, and must not end the program. */
async function openBrowser(address: string): Promise<void> {
  try {
    const { default: open } = await import('open')
    const child = await open(address)
    child.on('error', () => {})
    child.unref()
  } catch {
    // The address has been printed.
  }
}

/** One line from standard input; null at its end, or when Ctrl-C is pressed. */
export async function readLine(terminal: Terminal, question: string): Promise<string | null> {
  const { createInterface } = await import('node:readline')
  terminal.err(question)
  const lines = createInterface({ input: process.stdin, terminal: false })
  let isInterrupted = false
  const forget = onInterrupt(terminal, () => {
    isInterrupted = true
    lines.close()
  })
  try {
    for await (const line of lines) return line
    // Nobody has ended the line of the question.
    if (!isInterrupted) terminal.err('\n')
    return null
  } finally {
    forget()
    lines.close()
  }
}

/** Ends the line that the terminal has written ^C into. The command itself decides what becomes of its work. */
function onInterrupt({ interactive, err }: Terminal, work: () => void): () => void {
  const listener = (): void => {
    if (interactive) err('\n')
    work()
  }
  process.once('SIGINT', listener)
  return () => process.off('SIGINT', listener)
}

function nobodyThere(linkName: string, environment: string, fields: readonly string[]): Refusal {
  const from = fields.map(name => `--from ${name}=env:${name.toUpperCase()}`).join(' ')
  return new Refusal(
    problem(
      'NOBODY_TO_ASK',
      'Fields are missing and nobody can be asked',
      `${linkName} needs ${fields.join(', ')}, and this is no terminal. Give them by reference:\n    tieline authorize ${linkName} -e ${environment} ${from}`
    )
  )
}

function cancelled(linkName: string, environment: string): Refusal {
  return new Refusal(
    problem(
      'AUTHORIZATION_CANCELLED',
      'The authorization was cancelled',
      `Connection "${linkName}" was not authorized, and nothing was stored. To ask again:\n    tieline authorize ${linkName} -e ${environment}`
    )
  )
}
