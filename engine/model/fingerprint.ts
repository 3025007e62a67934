import { digestOfText } from './digest.ts'

/** What people compare to make sure that a public key (age1...) is somebody's: 32 hexadecimal digits in groups of four. */
export function fingerprintOf(publicKey: string): string {
  const hex = digestOfText(publicKey).slice('sha256:'.length, 'sha256:'.length + 32)
  return (hex.match(/.{4}/g) ?? []).join(' ')
}

/** Whether somebody means this key; spaces and letter case make no difference. */
export function isFingerprint(given: string, publicKey: string): boolean {
  return given.replace(/\s/g, '').toLowerCase() === fingerprintOf(publicKey).replaceAll(' ', '')
}
