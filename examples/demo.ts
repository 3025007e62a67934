/** The example app, from its specs to prod, with the real commands and with services on this machine: `npm run demo`. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { DemoFailure, Interrupted } from './demo/failure.ts'
import { makePlace, type Place } from './demo/place.ts'
import { createPrinter } from './demo/printer.ts'
import { checkRedirectPorts } from './demo/redirect-port.ts'
import { tellStory } from './demo/story.ts'
import { startAllServices } from './services/all.ts'

const help = `Usage: npm run demo -- [options]

Takes the example app from its specs to prod: validates, plans, applies, authorizes and publishes it with the real
commands. The services it talks to, a real OAuth server among them, run on this machine while the demo does.
Everything happens in a temporary folder, and with a key of its own. It ends with exit code 1 at the first step that
does not do what it says.

Options:
  --browser  follow the addresses in your own browser; otherwise a script does
  --full     show long output whole
  --keep     keep the temporary folder, and print where it is
  --help     show this

Example:
    npm run demo -- --browser
`

/** For the demo's own test: another script in the place of the tieline command. */
const cli =
  process.env.TIELINE_DEMO_CLI ?? fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))

const interrupt = new AbortController()
let interruptedBy = 130
process.once('SIGINT', () => interrupt.abort())
process.once('SIGTERM', () => {
  interruptedBy = 143
  interrupt.abort()
})
// Whoever reads the output went away (`| head`).
process.stdout.on('error', () => interrupt.abort())

process.exitCode = await main()

/** Exit codes: 0 told to the end, 1 a step failed, 130 and 143 interrupted. */
async function main(): Promise<number> {
  try {
    const options = readOptions()
    if (options.help) console.log(help.trimEnd())
    else await tellInPlace(options)
    return 0
  } catch (error) {
    if (error instanceof Interrupted) {
      console.error('\nInterrupted. What the demo had started is ended.')
      return interruptedBy
    }
    if (!(error instanceof DemoFailure)) throw error
    console.error(`\n${error.message}`)
    return 1
  }
}

function readOptions() {
  const type = 'boolean'
  const option = { type, default: false } as const
  try {
    const options = { browser: option, full: option, keep: option, help: option }
    return parseArgs({ options }).values
  } catch (error) {
    throw new DemoFailure(`${error instanceof Error ? error.message : error}\n\n${help.trimEnd()}`)
  }
}

async function tellInPlace(options: ReturnType<typeof readOptions>): Promise<void> {
  if (!existsSync(cli)) {
    throw new DemoFailure(
      'The command is not built yet. Build it, and run the demo again:\n    npm install'
    )
  }
  await checkRedirectPorts()
  const place = makePlace()
  try {
    await tell(place, options)
  } finally {
    if (options.keep) console.log(`\nKept: ${place.workspace}`)
    else place.remove()
  }
}

async function tell(place: Place, options: ReturnType<typeof readOptions>): Promise<void> {
  const began = performance.now()
  const short = options.full ? '' : ' Long output is shortened; --full shows it whole.'
  console.log(`The demo works in ${place.folder}, with services on this machine.${short}`)
  const services = await startAllServices({ ports: 'any' })
  try {
    const isColoured = process.stdout.isTTY === true && !process.env.NO_COLOR
    const printer = createPrinter(text => void process.stdout.write(text), isColoured)
    for (const [name, value] of Object.entries(services.variables)) {
      if (!/_(CLIENT_ID|USER)$/.test(name)) printer.keepSecret(value)
    }
    await tellStory({
      place,
      services,
      printer,
      signal: interrupt.signal,
      cli,
      withBrowser: options.browser,
      isFull: options.full,
      terminal: isColoured ? { columns: process.stdout.columns } : null
    })
    const seconds = Math.round((performance.now() - began) / 1000)
    console.log(`\nThe demo did all that it said, in ${seconds} seconds.`)
  } finally {
    await services.close()
  }
}
