/** Secrets that are planted and must never be seen again, in whatever form they could come out. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { mainFile } from './cli-run.ts'

/** A secret that no other secret is a part of, with characters that encodings change. */
export function canary(name: string): string {
  return `Cnr7~${name}/+&=%?${name.length}"ÿ~${name}~tweet`
}

/** A secret that looks like none, fit for headers and addresses: what finds secrets by their look does not find this one. */
export function plainCanary(name: string): string {
  return `Cnr7.${name}_tweet-${name}.4TQ9zL`
}

/** All that a secret may look like: plain, percent-encoded, form-encoded, in JSON, in hex, in base64 at any offset. */
export function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret)
  const hex = bytes.toString('hex')
  return [
    secret,
    encodeURIComponent(secret),
    new URLSearchParams({ '': secret }).toString().slice(1),
    JSON.stringify(secret).slice(1, -1),
    hex,
    hex.toUpperCase(),
    ...[0, 1, 2].flatMap(offset => base64At(bytes, offset))
  ]
}

/** In the base64 of a longer text (such as `user:secret`) the secret stands at one of three offsets; without its ends. */
function base64At(bytes: Buffer, offset: number): readonly string[] {
  const whole = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .replace(/=+$/, '')
  const inner = whole.slice(offset === 0 ? 0 : 4, -4)
  return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')]
}

export interface Leak {
  readonly secret: string
  readonly where: string
}

/** Collects what was said, and tells which secrets are in it. */
export class Aviary {
  readonly #forms = new Map<string, readonly string[]>()
  readonly #leaks: Leak[] = []

  /** Names a secret, and returns it. */
  add(name: string, secret: string): string {
    this.#forms.set(name, formsOf(secret))
    return secret
  }

  look(text: string, where: string): void {
    for (const [secret, forms] of this.#forms) {
      if (forms.some(form => text.includes(form))) this.#leaks.push({ secret, where })
    }
  }

  /** Every file of a folder, its name and what is in it, but for the named ones. */
  lookInFolder(folder: string, but: ReadonlySet<string>): void {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      this.look(path, `the name of ${path}`)
      if (entry.isFile() && !but.has(path)) this.look(readFileSync(path, 'utf8'), path)
    }
  }

  /** What every process on this machine was started with, as often as it can be seen until `stop` is called. */
  watchProcesses(): () => Promise<void> {
    const seen = new Set<string>()
    const sample = (): void => {
      for (const pid of readdirSync('/proc').filter(each => /^\d+$/.test(each))) {
        const line = pid === String(process.pid) ? '' : commandLineOf(pid)
        if (!seen.has(line)) this.look(line, `arguments of ${pid}`)
        seen.add(line)
      }
    }
    const timer = setInterval(sample, 20)
    return async () => {
      clearInterval(timer)
      if (![...seen].some(each => each.includes(mainFile))) throw new Error('No run was seen')
    }
  }

  get leaks(): readonly Leak[] {
    const seen = new Map(this.#leaks.map(each => [`${each.secret} ${each.where}`, each]))
    return [...seen.values()]
  }
}

function commandLineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return '' // It has ended.
  }
}
