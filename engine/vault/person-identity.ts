import { promises as fs } from 'node:fs'
import { join } from 'node:path'
import { problem, Refusal } from '../model/diagnostic.ts'
import { createFile, makeFolder, readText, replaceFile } from './durable-file.ts'
import { type Keychain, systemKeychain } from './keychain.ts'

/** A person's age key pair. */
export interface Identity {
  /** The public half: what is sealed to it, only the secret key opens. */
  readonly recipient: string
  /** A function, so that printing the object does not print the key. */
  readonly secretKey: () => string
}

/** Where the key pair of whoever runs this comes from. Both throw a Refusal if there is one that cannot be used. */
export interface IdentitySource {
  /** null if there is none yet. */
  readonly find: () => Promise<Identity | null>
  /** Makes one if there is none yet. */
  readonly ensure: () => Promise<Identity>
}

export interface PersonOptions {
  /** TIELINE_IDENTITY: an age secret key, or the path of a file that holds one. It wins. */
  readonly variable: string | undefined
  /** Absolute path of the person's configuration folder for tieline. */
  readonly configFolder: string
  /** The operating system's, if left out: one account for each configuration folder. */
  readonly keychain?: Keychain
}

/** First line of the file of somebody whose key is in the keychain. */
const inKeychain = '# tieline: this key is in the keychain of the operating system'

/**
 * The person's own key pair: of the variable, else of `identity` in the configuration folder, else of the keychain. It is made on first
 * use, in the file; `moveToKeychain` takes it from there.
 */
export function personIdentity(options: PersonOptions): IdentitySource {
  const { variable, configFolder } = options
  const path = join(configFolder, 'identity')
  const find = async (): Promise<Identity | null> => {
    if (variable !== undefined && variable !== '') return identityOf(variable)
    const text = await readIdentityText(path)
    if (text === null) return fromKeychain(keychainOf(options))
    if (text.startsWith(inKeychain)) return movedIdentity(path, text, keychainOf(options))
    return identityIn(path, text)
  }
  return { find, ensure: async () => (await find()) ?? makeIdentity(configFolder, path) }
}

/**
 * Moves the person's key, made if there is none, from its file into the keychain, and leaves a note in the file. Throws a Refusal
 * (KEYCHAIN_UNAVAILABLE) if that cannot be; the file then stays.
 */
export async function moveToKeychain(options: PersonOptions): Promise<Identity> {
  const { variable, configFolder } = options
  if (variable !== undefined && variable !== '') {
    throw noKeychain('TIELINE_IDENTITY is set, and it wins over the keychain. Unset it first.')
  }
  const identity = await personIdentity(options).ensure()
  const keychain = keychainOf(options)
  await keychain.write(identity.secretKey()).catch(() => {})
  // Read back before the file goes: a keychain that forgets would cost all that is sealed.
  if ((await keychain.read()) !== identity.secretKey()) {
    throw noKeychain(
      'There is no keychain here that can be written: it is locked, this is no desktop session, or a package is missing:\n    npm install @napi-rs/keyring\n\n' +
        'Your key stays in its file.'
    )
  }
  await makeFolder(configFolder)
  const path = join(configFolder, 'identity')
  const place = await fs.realpath(path).catch(() => path)
  await replaceFile(place, `${inKeychain}\n# public key: ${identity.recipient}\n`)
  return identity
}

function keychainOf({ keychain, configFolder }: PersonOptions): Keychain {
  return keychain ?? systemKeychain(configFolder)
}

async function fromKeychain(keychain: Keychain): Promise<Identity | null> {
  const text = await keychain.read()
  return text === null ? null : toIdentity(text)
}

async function movedIdentity(path: string, text: string, keychain: Keychain): Promise<Identity> {
  const identity = await fromKeychain(keychain)
  if (identity !== null && text.includes(identity.recipient)) return identity
  return refuse(`${path} says that it is in the keychain, which does not give it out.`)
}

function noKeychain(detail: string): Refusal {
  return new Refusal(problem('KEYCHAIN_UNAVAILABLE', 'The keychain cannot be used', detail))
}

async function identityOf(variable: string): Promise<Identity> {
  if (/^\s*AGE-SECRET-KEY-/i.test(variable)) {
    return (await toIdentity(variable)) ?? refuse('TIELINE_IDENTITY is no age secret key.')
  }
  // What looks like a path may be a mistyped key, so it is not repeated.
  const unreadable =
    'TIELINE_IDENTITY is neither an age secret key nor the path of a file that can be read.'
  const identity = await readIdentity(variable).catch((error: unknown) => {
    throw error instanceof Refusal ? error : refusal(unreadable)
  })
  return identity ?? refuse(unreadable)
}

async function readIdentity(path: string): Promise<Identity | null> {
  const text = await readIdentityText(path)
  return text === null ? null : identityIn(path, text)
}

async function readIdentityText(path: string): Promise<string | null> {
  const text = await readText(path, { followLink: true })
  if (text !== null) await checkPermissions(path)
  return text
}

async function identityIn(path: string, text: string): Promise<Identity> {
  const lines = text.split(/\r?\n/).filter(line => line.trim() !== '' && !line.startsWith('#'))
  const identity = lines.length === 1 ? await toIdentity(lines[0] ?? '') : null
  return identity ?? refuse(`${path} must hold one age secret key, as age-keygen writes it.`)
}

async function checkPermissions(path: string): Promise<void> {
  const { mode } = await fs.stat(path)
  if (process.platform === 'win32' || (mode & 0o077) === 0) return
  throw new Refusal(
    problem(
      'IDENTITY_PERMISSIONS',
      'Your key can be read by others',
      `${path} opens the vault, and its permissions are ${(mode & 0o777).toString(8).padStart(4, '0')}. It is not used until ` +
        `it is yours alone:\n    chmod 600 ${path}`
    )
  )
}

/** The key that was asked for last. It is asked for with every slot, and to derive its public half takes milliseconds. */
let known: Identity | null = null

/** null if the text is no X25519 identity. */
async function toIdentity(text: string): Promise<Identity | null> {
  const key = text.trim().toUpperCase()
  if (known?.secretKey() === key) return known
  const { identityToRecipient } = await import('age-encryption')
  try {
    known = { recipient: await identityToRecipient(key), secretKey: () => key }
    return known
  } catch {
    // Without its cause: that may repeat the key.
    return null
  }
}

/** Two processes that come here at once end up with the same key. */
async function makeIdentity(folder: string, path: string): Promise<Identity> {
  const { generateX25519Identity, identityToRecipient } = await import('age-encryption')
  const key = await generateX25519Identity()
  const recipient = await identityToRecipient(key)
  const created = new Date().toISOString().replace(/\.\d+Z$/, 'Z')
  await makeFolder(folder)
  const isOurs = await createFile(
    path,
    `# created: ${created}\n# public key: ${recipient}\n${key}\n`
  )
  if (isOurs) return { recipient, secretKey: () => key }
  return (await readIdentity(path)) ?? refuse(`${path} was there a moment ago and is gone.`)
}

function refuse(detail: string): never {
  throw refusal(detail)
}

function refusal(detail: string): Refusal {
  return new Refusal(
    problem(
      'IDENTITY_UNREADABLE',
      'Your key cannot be read',
      `${detail} It opens the vault. To see what such a file looks like:\n    age-keygen`
    )
  )
}
