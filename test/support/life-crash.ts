/**
 * Cuts this process off without ending it: from a chosen change on disk on, every change fails (of a file's content the first half
 * is written), so that nothing that runs still, not even what tidies up, leaves a trace. `restart` makes what was left behind that
 * of a process that is gone.
 */
import fs, { existsSync, readdirSync, readFileSync, statSync, utimesSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'

export class CutOff extends Error {
  constructor() {
    super('The process is cut off here')
    this.name = 'CutOff'
  }
}

export interface Cut {
  /** Runs `work` up to its `point`th change on disk. true: it was cut off there, false: it ended before. */
  readonly off: (point: number, work: () => Promise<unknown>) => Promise<boolean>
  /** How many changes `work` made. */
  readonly count: <T>(
    work: () => Promise<T>
  ) => Promise<{ readonly result: T; readonly count: number }>
  readonly restore: () => void
}

type Fs = Record<string, (...args: never[]) => unknown>

/** No process has it. */
const gonePid = 2 ** 30

const changes = ['mkdir', 'rename', 'link', 'unlink', 'copyFile', 'rmdir', 'rm'] as const

/** Puts itself between everything and the disk. fsync does nothing, which makes it faster: nobody turns off the power here. */
export function installCut(): Cut {
  let [left, isCut, count] = [Number.POSITIVE_INFINITY, false, 0]
  /** true for the change that is cut off in its middle. */
  const isHere = (): boolean => {
    if (isCut) throw new CutOff()
    count += 1
    left -= 1
    isCut = left < 0
    return isCut
  }
  const check = (): void => {
    if (isHere()) throw new CutOff()
  }
  const restored: (() => void)[] = []
  const replace = (object: object, name: string, make: (original: Fs[string]) => unknown): void => {
    const all = object as Record<string, unknown>
    const original = all[name] as Fs[string]
    all[name] = make(original)
    restored.push(() => {
      all[name] = original
    })
  }
  const before = (isChange: (...args: never[]) => boolean) => (original: Fs[string]) =>
    function (this: unknown, ...args: never[]) {
      if (isChange(...args)) check()
      return original.apply(this, args)
    }
  for (const name of changes) {
    const isChange = (path: never) => name !== 'rm' || existsSync(path)
    replace(fs, `${name}Sync`, before(isChange))
    replace(fs.promises, name, original => async (...args: never[]) => {
      if (isChange(args[0] as never)) check()
      return original.apply(fs.promises, args)
    })
  }
  const isWriting = (flags: unknown): boolean =>
    typeof flags === 'number'
      ? (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR | fs.constants.O_CREAT)) !== 0
      : /[wa+]/.test(String(flags ?? 'r'))
  replace(
    fs,
    'openSync',
    before((_path: never, flags: never) => isWriting(flags))
  )
  replace(
    fs,
    'ftruncateSync',
    before(() => true)
  )
  replace(fs, 'fsyncSync', () => () => {})
  const writeHalf = (original: Fs[string], target: unknown, data: unknown): never => {
    const text = Buffer.isBuffer(data) ? data : Buffer.from(String(data))
    original(...([target, text.subarray(0, text.length / 2)] as never[]))
    throw new CutOff()
  }
  replace(fs, 'writeFileSync', original => (file: unknown, data: unknown, ...rest: never[]) => {
    if (file === 1 || file === 2) return original(...([file, data, ...rest] as never[]))
    return isHere()
      ? writeHalf(original, file, data)
      : original(...([file, data, ...rest] as never[]))
  })
  replace(fs.promises, 'open', original => async (...args: never[]) => {
    if (isWriting(args[1])) check()
    const handle = (await original.apply(fs.promises, args)) as fs.promises.FileHandle
    const { writeFile } = handle
    handle.writeFile = async (data, ...rest) => {
      if (isHere()) {
        fs.writeSync(handle.fd, String(data).slice(0, String(data).length / 2))
        throw new CutOff()
      }
      return writeFile.call(handle, data, ...rest)
    }
    handle.sync = async () => {}
    return handle
  })
  syncBuiltinESMExports()

  return {
    off: async (point, work) => {
      const listeners = new Set(process.listeners('exit'))
      left = point
      try {
        await work()
      } catch (error) {
        if (!isCut) throw error
      } finally {
        // What runs on in the background must find nothing to write to.
        if (isCut) await new Promise(resolve => setTimeout(resolve, 5))
        left = Number.POSITIVE_INFINITY
      }
      const wasCut = isCut
      isCut = false
      for (const each of process.listeners('exit')) {
        if (wasCut && !listeners.has(each)) process.off('exit', each as () => void)
      }
      return wasCut
    },
    count: async work => {
      const start = count
      return { result: await work(), count: count - start }
    },
    restore: () => {
      for (const each of restored) each()
      syncBuiltinESMExports()
    }
  }
}

/** Nobody is at work any more on what was left, and a while has passed. */
export function restart(folder: string): void {
  const old = new Date(Date.now() - 120_000)
  for (const name of ['.tieline/locks', '.tieline/vault', '.tieline/pending']) {
    const path = join(folder, name)
    if (!existsSync(path)) continue
    for (const each of readdirSync(path)) {
      const file = join(path, each)
      if (!statSync(file).isFile()) continue
      const text = readFileSync(file, 'utf8')
      const now = text.replace(new RegExp(`("pid": ?)${process.pid}\\b`), `$1${gonePid}`)
      if (now !== text) fs.writeFileSync(file, now)
      if (each.endsWith('.tmp') || now !== text) utimesSync(file, old, old)
    }
  }
}
