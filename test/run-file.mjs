/**
 * Runs one test file: `node --import tsx test/run-file.mjs FILE [NAME...]`, where NAMEs choose tests by their names.
 * Started by run.mjs, it tells the parent which test has begun and, at the end, the sums; without a report the
 * parent counts the file as failed. Whatever uvu would let pass in silence is a "problem", and each one is a failure.
 */
import { register } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

// How uvu's own command loads files: `run()` then only queues the suite, and we call it and see what it returns.
globalThis.UVU_DEFER = 1
globalThis.UVU_INDEX = 0
globalThis.UVU_QUEUE = [[]]

const watchedUrl = new URL('./support/watched-uvu.mjs', import.meta.url).href
register(
  `data:text/javascript,${encodeURIComponent(`
    const watched = ${JSON.stringify(watchedUrl)}
    export const resolve = (specifier, context, next) =>
      specifier === 'uvu' && context.parentURL !== watched
        ? { url: watched, shortCircuit: true }
        : next(specifier, context)
  `)}`
)
const { asError, watch } = await import('./support/watched-uvu.mjs')

// Kept, since a test may replace them.
const send = process.send?.bind(process)
const exit = process.exit.bind(process)

/** How long things may still go wrong after the last test, when something open keeps the process alive. */
const graceMs = 200

const [file, ...names] = process.argv.slice(2)
const sums = { passed: 0, failed: 0 }
let problems = 0
let isFinished = false

watch.names = names
watch.started = name => send?.({ started: name })
watch.problem = (what, error) => {
  problems++
  const stack = error === undefined ? '' : `\n    ${stackOf(error)}`
  console.error(`\n   PROBLEM  ${what}${stack}\n`)
}

if (send) {
  // The parent is gone, so nobody is left to end what this file started.
  process.on('disconnect', () => process.kill(-process.pid, 'SIGKILL'))
  process.channel.unref()
}
process.on('uncaughtException', error => {
  watch.problem(`something was thrown that no test waited for${during()}`, error)
})
process.on('beforeExit', () => {
  if (isFinished) return
  watch.problem(`nothing is left that could end the wait${during()}`)
  finish()
})
process.on('exit', code => {
  if (isFinished) return
  console.error(`\n   PROBLEM  the process ended with code ${code}${during()}\n`)
  process.exitCode = code || 1
})

if (await load()) {
  await runQueue()
  checkNothingWasForgotten()
  // A late throw must still be seen. If nothing is open, this takes no time.
  await new Promise(done => {
    process.prependOnceListener('beforeExit', () => {
      isFinished = true
      done()
    })
    setTimeout(done, graceMs).unref()
  })
}
finish()

async function load() {
  try {
    await import(pathToFileURL(resolve(file)).href)
    return true
  } catch (error) {
    watch.problem(`${file} cannot be loaded`, error)
    return false
  }
}

async function runQueue() {
  for (const run of globalThis.UVU_QUEUE[0]) {
    const failuresBefore = watch.failures.length
    const [errors, ran, , max] = await run()
    sums.passed += ran
    sums.failed += Math.max(max - ran, errors === true ? 0 : 1)
    if (errors !== true) console.log(`\n${withoutOurFrames(errors)}`)
    const lost = errors === true ? watch.failures.slice(failuresBefore) : []
    for (const { name, error } of lost) console.log(`\n   FAIL  "${name}"\n    ${stackOf(error)}`)
  }
}

function checkNothingWasForgotten() {
  if (watch.declared === 0) watch.problem(`${file} has no tests`)
  for (const { label, waiting } of watch.suites) {
    if (waiting === 0) continue
    const suite = label === '' ? 'test' : `the suite "${label}"`
    watch.problem(`${waiting} not run: the last call of run() on ${suite} is missing or too early`)
  }
}

function finish() {
  isFinished = true
  const failed = sums.failed + problems
  const report = { ...sums, failed, skipped: watch.skipped, matched: [...watch.matched] }
  if (send) send({ report }, () => exit(failed > 0 ? 1 : 0))
  else {
    console.log(`${report.passed} passed, ${failed} failed, ${report.skipped} skipped`)
    exit(failed > 0 ? 1 : 0)
  }
}

function during() {
  return watch.current === '' ? '' : `, during "${watch.current}"`
}

function stackOf(error) {
  const { stack, message } = asError(error)
  return withoutOurFrames(stack ?? message).replaceAll('\n', '\n    ')
}

function withoutOurFrames(text) {
  return text.replaceAll(/\n\s+at [^\n]*(?:watched-uvu|run-file|uvu\/dist\/index)\.mjs[^\n]*/g, '')
}
