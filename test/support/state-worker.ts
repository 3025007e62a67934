/**
 * A process that writes state, so that tests can race and kill it: `state-worker FOLDER COMMAND [NUMBER]`.
 * It says what it has come to on stdout, a word a line, and leaves marks in FOLDER/marks while it holds the lock.
 */
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { Refusal } from '../../engine/model/diagnostic.ts'
import { emptyContent } from '../../engine/model/documents.ts'
import type { StateWriter } from '../../engine/model/ports.ts'
import { openFileState } from '../../engine/state/open-file-state.ts'

const [folder = '', command = '', number = '1'] = process.argv.slice(2)
const store = openFileState(folder, 'state', '.tieline/locks', {
  actor: `worker-${process.pid}@example.com`,
  clock: { now: () => new Date() }
})
const say = (word: string) => process.stdout.write(`${word}\n`)
const wait = (milliseconds: number) => new Promise(resolve => setTimeout(resolve, milliseconds))

const commands: Readonly<Record<string, () => Promise<void>>> = {
  /** Adds one to a counter, NUMBER times. */
  async count() {
    for (let i = 0; i < Number(number); i++) {
      await patiently(async writer => {
        const { dev } = await writer.read()
        const content = dev ?? emptyContent('dev')
        const count = Number(content.given.count ?? 0) + 1
        await writer.write({ ...content, given: { count: String(count) } })
      })
    }
  },

  /** Holds the lock until killed. */
  async hold() {
    await store.withLock('hold', async () => {
      appendFileSync(join(folder, 'marks'), `enter ${process.pid}\n`)
      say('held')
      await wait(600_000)
    })
  },

  /** Takes and releases the lock, NUMBER times. */
  async take() {
    for (let i = 0; i < Number(number); i++) await patiently(() => wait(Math.random() * 4))
  },

  /** Writes documents of some 400 kB that are all of one letter, until killed. */
  async write() {
    await store.withLock('write', async writer => {
      for (let i = 0; ; i++) {
        const letter = String.fromCharCode(97 + (i % 26))
        await writer.write({ ...emptyContent('dev'), given: { text: letter.repeat(400_000) } })
        if (i === 0) say('writing')
        await wait(0)
      }
    })
  },

  /** Gives the client `old` the name `new`, where it has not got it yet, and goes on with it. */
  async move() {
    await store.withLock('move', async writer => {
      const before = (await writer.read())['client/old']
      if (before !== undefined) {
        await writer.write({ ...before, environment: 'client/new' }, { movedFrom: 'client/old' })
      }
      const moved = (await writer.read())['client/new']
      if (moved !== undefined) await writer.write({ ...moved, pinned: true })
    })
  },

  /** Writes dev NUMBER times. */
  async dev() {
    await store.withLock('dev', async writer => {
      for (let i = 0; i < Number(number); i++) {
        const content = (await writer.read()).dev ?? emptyContent('dev')
        await writer.write({ ...content, given: { text: String(i) } })
      }
    })
  },

  /** Writes one document of NUMBER bytes. */
  async fill() {
    await store.withLock('fill', writer =>
      writer.write({ ...emptyContent('dev'), given: { text: 'x'.repeat(Number(number)) } })
    )
  },

  /** Ends in the middle of its work, without letting go of the lock itself. */
  async exit() {
    await store.withLock('exit', async () => process.exit(0))
  }
}

/** Many processes at once may wait longer than a person should have to. */
async function patiently(work: (writer: StateWriter) => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      return await store.withLock(command, async writer => {
        appendFileSync(join(folder, 'marks'), `enter ${process.pid}\n`)
        await work(writer)
        appendFileSync(join(folder, 'marks'), `leave ${process.pid}\n`)
      })
    } catch (error) {
      if (!(error instanceof Refusal) || error.diagnostics[0]?.code !== 'STATE_LOCKED') throw error
    }
  }
}

try {
  await commands[command]?.()
  say('done')
} catch (error) {
  if (!(error instanceof Refusal)) throw error
  for (const { code, detail } of error.diagnostics) say(`${code} ${JSON.stringify(detail)}`)
  process.exitCode = 1
}
