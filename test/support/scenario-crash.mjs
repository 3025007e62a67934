/**
 * Preloaded with `node --import`, it kills its process with SIGKILL at a chosen point: `TEST_CRASH_AT=N` before the Nth change on
 * disk (of a file's content: when half of it is written), `TEST_CRASH_AFTER=/path` when a request to an address with that path was
 * answered, `TEST_CRASH_BEFORE=/path` when it is about to be sent. `TEST_CRASH_LOG=FILE` writes the points into a file instead.
 */
import fs, { appendFileSync, constants, writeSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const {
  TEST_CRASH_AT: at,
  TEST_CRASH_AFTER: after,
  TEST_CRASH_BEFORE: before,
  TEST_CRASH_LOG: log
} = process.env
let count = 0

function die() {
  process.kill(process.pid, 'SIGKILL')
  // Signals to oneself arrive at once; nothing below may run in any case.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

function isPoint(what, ...about) {
  count += 1
  if (log !== undefined) appendFileSync(log, `${count} ${what} ${about.join(' ')}\n`)
  return String(count) === at
}

function point(what, ...about) {
  if (isPoint(what, ...about)) die()
}

const writes = flags =>
  typeof flags === 'number'
    ? (flags & (constants.O_WRONLY | constants.O_RDWR | constants.O_CREAT)) !== 0
    : /[wa+]/.test(flags ?? 'r')

function wrap(object, name, check) {
  const original = object[name]
  object[name] = function (...args) {
    check(...args)
    return original.apply(this, args)
  }
}

// Not fsync: a process that is killed takes nothing with it that the system has been told.
for (const name of ['mkdir', 'rename', 'link', 'unlink', 'copyFile', 'rmdir']) {
  wrap(fs, `${name}Sync`, path => point(name, path))
  wrap(fs.promises, name, path => point(name, path))
}
// Some versions of Node make rmSync of unlinkSync.
wrap(fs, 'rmSync', path => fs.existsSync(path) && point('rm', path))
wrap(fs.promises, 'rm', path => fs.existsSync(path) && point('rm', path))
const real = { openSync: fs.openSync, writeFileSync: fs.writeFileSync, open: fs.promises.open }
wrap(fs, 'openSync', (path, flags) => writes(flags) && point('open', path))
wrap(fs, 'ftruncateSync', () => point('truncate'))
fs.writeFileSync = (file, data, ...rest) => {
  if (log === file || file === 1 || file === 2) return real.writeFileSync(file, data, ...rest)
  if (isPoint('write', file)) {
    const descriptor = typeof file === 'number' ? file : real.openSync(file, 'w')
    writeSync(descriptor, String(data).slice(0, String(data).length / 2))
    die()
  }
  return real.writeFileSync(file, data, ...rest)
}
fs.promises.open = async (path, flags, ...rest) => {
  if (!writes(flags)) return watched(await real.open(path, flags, ...rest))
  point('open', path)
  return watched(await real.open(path, flags, ...rest))
}

function watched(handle) {
  const { writeFile } = handle
  handle.writeFile = async (data, ...rest) => {
    if (isPoint('write')) {
      writeSync(handle.fd, String(data).slice(0, String(data).length / 2))
      die()
    }
    return writeFile.call(handle, data, ...rest)
  }
  return handle
}
syncBuiltinESMExports()

const { fetch } = globalThis
globalThis.fetch = async (input, init) => {
  const { pathname } = new URL(typeof input === 'object' && 'url' in input ? input.url : input)
  if (pathname === before) die()
  const response = await fetch(input, init)
  if (pathname === after) die()
  return response
}
