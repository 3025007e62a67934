/** What the stand-ins make up about an account that somebody typed. */
import { createHash } from 'node:crypto'

/** `ana.ruiz@field-service.example` is Ana Ruiz. */
export function nameOf(account: string) {
  const [given = 'Somebody', family = 'Example'] = account
    .replace(/@.*/, '')
    .split(/[._-]/)
    .filter(part => part !== '')
    .map(part => part.charAt(0).toUpperCase() + part.slice(1))
  return { name: `${given} ${family}`, given, family }
}

/** Always the same for the same account, as an id is. */
export function digitsOf(account: string, length: number): string {
  const hash = createHash('sha256').update(account).digest()
  return hash.readUIntBE(0, 6).toString().padStart(length, '0').slice(-length)
}
