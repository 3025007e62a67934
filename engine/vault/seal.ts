/** Encrypts a text to a recipient, as an ASCII-armoured age file. */
export async function seal(text: string, recipient: string): Promise<string> {
  const { armor, Encrypter } = await import('age-encryption')
  const encrypter = new Encrypter()
  encrypter.addRecipient(recipient)
  return armor.encode(await encrypter.encrypt(text))
}

/** The text in an ASCII-armoured age file, or why it cannot be had. */
export async function unseal(
  sealed: string,
  secretKey: string
): Promise<{ readonly text: string } | 'damaged' | 'wrong key'> {
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
