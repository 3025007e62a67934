/**
 * How long tieline takes to start, beside Node itself: `node test/bench/start-up.mjs [ROUNDS]` after a build.
 * Prints the median of each command and how many times that of `node -e 0` it is. Measures, and judges nothing.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const repository = resolve(import.meta.dirname, '../..')
const tieline = join(repository, 'dist/cli/main.js')
const rounds = Number(process.argv[2] ?? 15)

const folder = mkdtempSync(join(tmpdir(), 'tieline-bench-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
cpSync(join(repository, 'examples/field-service'), folder, { recursive: true })
// In a repository, as people have it: git is asked what it ignores.
spawnSync('git', ['init', '-q', folder])

const commands = {
  'node -e 0': ['-e', '0'],
  'tieline --version': [tieline, '--version'],
  'tieline --help': [tieline, '--help'],
  'tieline validate': [tieline, 'validate'],
  'tieline plan': [tieline, 'plan']
}

function run(args) {
  const began = performance.now()
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder })
  const milliseconds = performance.now() - began
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`)
  return milliseconds
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

// By turns, so that whatever else the machine does falls on all of them. The first round only warms the disk.
const times = Object.fromEntries(Object.keys(commands).map(name => [name, []]))
for (let round = 0; round <= rounds; round++) {
  for (const [name, args] of Object.entries(commands)) {
    const milliseconds = run(args)
    if (round > 0) times[name].push(milliseconds)
  }
}

const base = median(times['node -e 0'])
for (const [name, each] of Object.entries(times)) {
  const found = median(each)
  const ratio = `${(found / base).toFixed(1)}x`
  console.log(`${name.padEnd(18)} ${found.toFixed(0).padStart(5)} ms ${ratio.padStart(6)}`)
}
