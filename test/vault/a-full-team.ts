import * as assert from 'uvu/assert'
import { aSecret, aSignIn, aTeam } from './a-vault.ts'

const owner = { connection: 'example.1', slot: 'prod' } as const

/** prod with all that a slot can hold: records, one of them refreshed, one ended, deposits and values. */
export async function aFullTeam() {
  const team = await aTeam()
  const [ana, dev, guest] = [team.vaultAs('ana'), team.vaultAs('dev'), team.vaultAs('guest')]
  const [first, second, ended, left] = [1, 2, 3, 4].map(() => aSecret({ slot: 'prod' }))
  const elsewhere = aSecret({ slot: 'dev' })
  if (!first || !second || !ended || !left) throw new Error('unreachable')
  for (const each of [first, second, ended, elsewhere]) await ana.store(each)
  await ana.replace({ ...second, generation: 2 })
  await ana.remove(ended.id)
  await dev.store(left)
  const signIn = aSignIn('guest@example.com', { slot: 'prod' })
  await guest.store(signIn)
  await ana.setValue('ONE', 'value 1', owner, 'ana@example.com')
  await dev.setValue('TWO', 'value 2', owner, 'dev@example.com')
  return { ...team, first, second, ended, left, signIn, elsewhere }
}

export type FullTeam = Awaited<ReturnType<typeof aFullTeam>>

/** All of it works for a reader, and nothing for somebody who is none. */
export async function expectWhole(team: FullTeam, reader: 'ana' | 'adam' | 'user'): Promise<void> {
  const vault = team.vaultAs(reader)
  assert.equal(await vault.open(team.first.id), team.first)
  assert.equal(await vault.open(team.second.id), { ...team.second, generation: 2 })
  assert.is(await vault.open(team.ended.id), null)
  assert.is(await vault.value('ONE', owner), 'value 1')
  assert.is(await vault.value('TWO', owner), 'value 2')
  assert.equal((await vault.list()).problems, [])
}
