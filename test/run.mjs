/**
 * Runs the tests: `npm test -- [NAME...]`, or `node test/run.mjs [--root FOLDER] [NAME...]`.
 *
 * Each file matching *.test.ts runs in a process of its own, as many at a time as there are cores.
 * A NAME that is part of some file's path chooses files; any other NAME chooses tests by a part of their name, in the
 * chosen files or else in all. A NAME that matches nothing is a failure.
 * A file that needs longer than 120 s says so in its first ten lines: `// timeout: 300s`. Those files start first.
 * A test may be skipped only with a reason at the end of its name: `test.skip('... (skipped: needs a display)')`.
 *
 * The last line is always `N passed, N failed`, with `, N skipped` behind it if there are any.
 * The exit code is 1 if anything failed or if nothing ran.
 */
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism, constants } from 'node:os'
import { join, relative, resolve, sep } from 'node:path'
import { parseArgs } from 'node:util'

const repository = resolve(import.meta.dirname, '..')
const defaultSeconds = 120
/** How long we wait for the last output after a file's process has ended. */
const drainMs = 500

const { values, positionals: names } = parseArgs({
  allowPositionals: true,
  options: { root: { type: 'string', default: 'test' } }
})

const running = new Set()
process.on('exit', () => {
  for (const child of running) killGroup(child)
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => process.exit(128 + constants.signals[signal]))
}

const all = findFiles(values.root)
const pathNames = names.filter(name => all.some(file => file.path.includes(name)))
const testNames = names.filter(name => !pathNames.includes(name))
const chosen = all.filter(
  file => pathNames.length === 0 || pathNames.some(name => file.path.includes(name))
)

const results = await runAll(longestFirst(chosen))

const total = key => results.reduce((sum, result) => sum + result[key], 0)
const unmatched = testNames.filter(name => !results.some(result => result.matched.includes(name)))
for (const name of unmatched)
  console.log(`FAIL  No file and no test is called ${JSON.stringify(name)}`)
const failedFiles = results.filter(result => result.failed > 0).map(result => result.path)
if (failedFiles.length > 0) console.log(`\nFailed: ${failedFiles.join(' ')}`)

const passed = total('passed')
const skipped = total('skipped')
let failed = total('failed') + unmatched.length
if (passed + failed === 0) {
  console.log('FAIL  Nothing ran')
  failed = 1
}
process.exitCode = failed > 0 ? 1 : 0
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)

function findFiles(root) {
  const folder = resolve(repository, root)
  return readdirSync(folder, { recursive: true })
    .filter(name => name.endsWith('.test.ts') && !name.split(sep).includes('fixtures'))
    .map(name => {
      const path = relative(repository, join(folder, name)).replaceAll(sep, '/')
      const text = readFileSync(join(folder, name), 'utf8')
      return { path, size: text.length, seconds: readTimeout(path, text) }
    })
}

function readTimeout(path, text) {
  const head = text.split('\n', 10).join('\n')
  const wish = head.match(/^\/\/ timeout:(.*)$/m)?.[1]
  if (wish === undefined) return defaultSeconds
  const seconds = wish.match(/^ (\d+)s$/)?.[1]
  if (seconds === undefined) throw new Error(`${path}: write the limit as "// timeout: 300s"`)
  return Number(seconds)
}

function longestFirst(files) {
  return files.toSorted((a, b) => b.seconds - a.seconds || b.size - a.size)
}

async function runAll(files) {
  const waiting = [...files]
  const done = []
  const worker = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const result = await runFile(file)
      done.push(result)
      print(result)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
  return done
}

/** Never rejects: whatever goes wrong is a failed result. */
function runFile({ path, seconds }) {
  const began = performance.now()
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, 'run-file.mjs'), path, ...testNames],
    // A group of its own, so that we can end whatever the file has started.
    { cwd: repository, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] }
  )
  running.add(child)

  const output = []
  let current = ''
  let report
  let why = ''
  child.stdout.on('data', chunk => output.push(chunk))
  child.stderr.on('data', chunk => output.push(chunk))
  child.on('message', message => {
    if (message.started !== undefined) current = message.started
    if (message.report !== undefined) report = message.report
  })
  const killTimer = setTimeout(() => {
    why = `ended after ${seconds} s${current === '' ? '' : `, during "${current}"`}`
    killGroup(child)
  }, seconds * 1000)

  return new Promise(settle => {
    const end = code => {
      clearTimeout(killTimer)
      running.delete(child)
      if (why === '' && report === undefined) why = `ended without a report (${code})`
      if (why === '' && code !== 0 && report.failed === 0) why = `ended with ${code}`
      settle({
        path,
        why,
        passed: report?.passed ?? 0,
        failed: (report?.failed ?? 0) + (why === '' ? 0 : 1),
        skipped: report?.skipped ?? 0,
        matched: report?.matched ?? [],
        seconds: (performance.now() - began) / 1000,
        output: Buffer.concat(output).toString()
      })
    }
    child.on('error', error => end(error.message))
    child.on('exit', (code, signal) => {
      // What the file left running goes too; it could hold the pipes open for ever.
      killGroup(child)
      const drainTimer = setTimeout(() => {
        child.stdout.destroy()
        child.stderr.destroy()
      }, drainMs)
      child.on('close', () => {
        clearTimeout(drainTimer)
        end(code ?? signal)
      })
    })
  })
}

function killGroup(child) {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch (error) {
    if (error.code !== 'ESRCH' && error.code !== 'EPERM') throw error
  }
}

function print({ path, why, passed, failed, skipped, seconds, output }) {
  if (passed + failed + skipped === 0) return
  const skips = skipped > 0 ? `, ${skipped} skipped` : ''
  const time = `${seconds.toFixed(1)} s`
  if (failed === 0) return console.log(`ok    ${path}  ${passed} passed${skips}  ${time}`)
  console.log(`FAIL  ${path}  ${passed} passed, ${failed} failed${skips}  ${time}`)
  console.log(output.trimEnd())
  if (why !== '') console.log(`\n   PROBLEM  ${path} ${why}`)
  console.log('')
}
