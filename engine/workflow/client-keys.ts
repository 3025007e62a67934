import { type Diagnostic, note, Refusal, warning } from '../model/diagnostic.ts'
import { type ClientEnvironment, clientOf, type Documents } from '../model/documents.ts'
import type { Slot } from '../model/generated/types.ts'
import type { StateStore } from '../model/ports.ts'
import type { Settings } from '../model/specs.ts'
import { identityOf, openSlotKeys, vaultFolder } from './open-vault.ts'
import { soundDocuments } from './open-workspace.ts'
import { clientSpecOf } from './permit.ts'
import { latestDocuments } from './read-documents.ts'
import type { Surroundings } from './surroundings.ts'
import { isAlone, readerOf, wantedReaders } from './vault-readers.ts'

/**
 * Makes the keys of an installation that has none yet, for its readers, and commits to them in its state. Call it without holding the
 * state's lock, whenever the client's document was written: it does nothing where state names keys, and where one person is all there is
 * the first authorization makes them. Cut off at any instant, it can be run again: nothing is ever sealed to keys that state does not
 * name. What it cannot do is a warning, since the client is installed all the same.
 */
export async function ensureClientKeys(
  around: Surroundings,
  settings: Settings,
  state: StateStore,
  client: ClientEnvironment
): Promise<readonly Diagnostic[]> {
  try {
    const documents = await soundDocuments(state)
    const document = documents[client]
    const isDone = document === undefined || document.vault !== null
    if (isDone || isAlone(settings, client)) return []
    return await makeKeys(around, settings, state, documents, client)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return error.diagnostics.map(each => ({ ...each, severity: 'warning' }))
  }
}

async function makeKeys(
  around: Surroundings,
  settings: Settings,
  state: StateStore,
  documents: Documents,
  client: ClientEnvironment
): Promise<readonly Diagnostic[]> {
  const own = (await (await identityOf(around)).find())?.recipient ?? ''
  const readers = wantedReaders(settings, own, client)
  if (readers.length === 0) return [clientHasNoReader(settings, client)]
  const { vaultIn } = await import('../vault/vault-keys.ts')
  const here = await vaultIn(vaultFolder(around, settings))
  if (isElsewhere(documents, here)) return [vaultElsewhere(client)]
  const keys = await openSlotKeys(around, settings, latestDocuments(around, settings, state))
  const isMade = await state.withLock(`apply ${client}`, async writer => {
    const before = (await writer.read())[client]
    if (before === undefined || before.vault !== null) return false
    await writer.write({ ...before, vault: await keys.remake(client, readers) })
    return true
  })
  const named = readers.map(key => readerOf(settings, own, key, client))
  return isMade ? [keysMade(client, named)] : []
}

/** Whether state names a vault that is another one than `here`, or than none. */
function isElsewhere(documents: Documents, here: string | null): boolean {
  return Object.values(documents).some(each => each?.vault != null && each.vault.id !== here)
}

/** For who could make or use keys of an installation that nobody is to read. */
export function clientHasNoReader(settings: Settings, client: ClientEnvironment): Diagnostic {
  const { members = {} } = clientSpecOf(settings, client) ?? {}
  const file = `clients/${clientOf(client)}.yaml`
  const admins = Object.entries(members).flatMap(([email, { role }]) =>
    role === 'admin' ? [email] : []
  )
  const who =
    admins.length === 0
      ? `${file} names no member with the role admin. Somebody of the client has to become one, and then shows`
      : `${admins.slice(0, 5).join(' or ')} has to show`
  return warning(
    'CLIENT_HAS_NO_READER',
    'Nobody at the client can read what is authorized',
    `No admin of ${client} has a key, so nothing that is authorized there could be sealed for anybody, and authorizing is refused. ` +
      `${who} the public half of their own key, the answer of "tieline vault key". It goes into ${file} as \`key\` of their member entry, and then:\n    tieline vault recipients`
  )
}

function keysMade(
  client: ClientEnvironment,
  readers: readonly { readonly name: string | null; readonly fingerprint: string }[]
): Diagnostic {
  const list = readers.map(each => `${each.name ?? 'a key'} (${each.fingerprint})`).join(', ')
  return note(
    'CLIENT_KEYS_MADE',
    'The client has keys of its own now',
    `What is authorized in ${client} is sealed, and read by ${list}. Compare the fingerprints with what their owners see in "tieline vault key" before anything is authorized.`
  )
}

function vaultElsewhere(slot: Slot): Diagnostic {
  return warning(
    'VAULT_ELSEWHERE',
    'State belongs to a vault that is not here',
    `State names keys of a vault that is not in this folder, so none were made for ${slot}, and nothing can be authorized there yet. Where that vault is, make them:\n    tieline vault recipients`
  )
}
