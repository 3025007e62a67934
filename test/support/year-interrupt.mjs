/**
 * Preloaded with `node --import`, it sends its process TEST_SIGNAL at the instant before a file gets the name TEST_BEFORE (the end of its
 * path), once, having said so: SIGKILL for a crash, SIGSTOP to be continued from outside.
 */
import fs, { writeSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const { TEST_SIGNAL: signal, TEST_BEFORE: name } = process.env
const { renameSync } = fs
let isDone = false

fs.renameSync = (from, to) => {
  if (!isDone && String(to).endsWith(name)) {
    isDone = true
    writeSync(2, `${signal} before ${name}\n`)
    process.kill(process.pid, signal)
  }
  return renameSync(from, to)
}
syncBuiltinESMExports()
