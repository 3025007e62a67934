/** Encrypts a text to recipients, as an ASCII-armoured age file. */
export async function seal(text: string, recipients: readonly string[]): Promise<string> {
  const { armor, Encrypter } = await import('age-encryption')
  const encrypter = new Encrypter()
  for (const recipient of recipients) encrypter.addRecipient(recipient)
  return armor.encode(await encrypter.encrypt(text))
}

export type Unsealed = { readonly text: string } | 'damaged' | 'wrong key'

/** The text in an ASCII-armoured age file, or why it cannot be had. */
export async function unseal(sealed: string, secretKey: string): Promise<Unsealed> {
  const { armor, Decrypter } = await import('age-encryption')
  const decrypter = new Decrypter()
  decrypter.addIdentity(secretKey)
  try {
    return { text: await decrypter.decrypt(armor.decode(sealed), 'text') }
  } catch (error) {
    // The library tells the two apart by its message alone.
    const isWrongKey = error instanceof Error && error.message.startsWith('no identity matched')
    return isWrongKey ? 'wrong key' : 'damaged'
  }
}

/** A new key pair. */
export async function newKeyPair(): Promise<{
  readonly secretKey: string
  readonly recipient: string
}> {
  const { generateX25519Identity, identityToRecipient } = await import('age-encryption')
  const secretKey = await generateX25519Identity()
  return { secretKey, recipient: await identityToRecipient(secretKey) }
}
