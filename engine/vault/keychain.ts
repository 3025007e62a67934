/** Where the operating system keeps secrets for a person. */
export interface Keychain {
  /** null where there is no keychain, or nothing of ours in it, or it stays locked. */
  readonly read: () => Promise<string | null>
  /** Throws where there is no keychain, or it stays locked. */
  readonly write: (text: string) => Promise<void>
}

/** Somebody may have to unlock it first. */
const patienceMs = 60_000

/**
 * The keychain of macOS, Windows or a Linux desktop (Secret Service), through the package @napi-rs/keyring where that is installed.
 * Service `tieline`; each account is apart.
 */
export function systemKeychain(account: string): Keychain {
  const entry = async () => {
    const { AsyncEntry } = await import('@napi-rs/keyring')
    // Without its choice of a store it would use the kernel's, which forgets when the system ends.
    return new AsyncEntry('tieline', account, { linux: { store: 'secret-service' } })
  }
  return {
    read: async () => {
      try {
        return await (await entry()).getPassword(AbortSignal.timeout(patienceMs))
      } catch {
        return null
      }
    },
    write: async text => {
      await (await entry()).setPassword(text, AbortSignal.timeout(patienceMs))
    }
  }
}
