import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { recordConsent } from '../../engine/apply/record-consent.ts'
import type { Slot } from '../../engine/model/generated/types.ts'
import type { Vault } from '../../engine/model/ports.ts'
import { openFileState } from '../../engine/state/open-file-state.ts'
import { temporaryFolder } from '../support/assert.ts'
import { refuses } from '../support/state-workspace.ts'
import { aSecret } from '../vault/a-vault.ts'

/** A vault that remembers what was stored, and lets something happen at that moment. */
function aVault(meanwhile: () => Promise<unknown> = async () => {}) {
  const stored: string[] = []
  const vault: Pick<Vault, 'store' | 'commitment' | 'remove'> = {
    store: async ({ id }) => {
      stored.push(id)
      await meanwhile()
      return 'adopted'
    },
    commitment: async () => null,
    remove: async () => {}
  }
  return { vault: vault as Vault, stored }
}

function aState() {
  const who = { actor: 'it@acme.example', clock: { now: () => new Date() } }
  return openFileState(temporaryFolder(), 'state', '.tieline/locks', who)
}

const nothing = () => []
const options = { linkName: 'crm', switchAccount: false }

async function record(slot: Slot) {
  const state = aState()
  const { vault, stored } = aVault()
  const credential = aSecret({ slot })
  const work = () => recordConsent(credential, { state, vault }, nothing, options)
  return { state, work, stored, id: credential.id }
}

test('the first consent of an environment of ours makes the document of its slot', async () => {
  const { state, work, id } = await record('shared')
  assert.is(await work(), 'adopted')
  const { documents } = await state.read()
  assert.equal(Object.keys(documents.shared?.authorizations ?? {}), [id])
})

test('for a client that is gone, or goes on under another name, no document is made anew', async () => {
  const { state, work, id, stored } = await record('client/acme')
  await refuses(work, 'INSTALLATION_MOVED')
  const { documents } = await state.read()
  assert.is(documents['client/acme'], undefined)
  // Whoever has the installation's document finds it, and records it there.
  assert.equal(stored, [id])
})

test.run()
