#!/usr/bin/env node
import { readFileSync } from 'node:fs'

// Asked most often by scripts, so it loads nothing else.
if (process.argv[2] === '--version' || process.argv[2] === '-V') {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  process.stdout.write(`${JSON.parse(text).version}\n`)
} else {
  const { runProgram } = await import('./program.ts')
  process.exitCode = await runProgram(process.argv)
}
