import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, promises as fs, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Credential } from '../../engine/model/credential.ts'
import { temporaryFolder } from '../support/assert.ts'
import { aSecret, aTeam, aVault, cutOffAfter, filesIn } from './a-vault.ts'

/** Runs `work` cut off at each of its steps in turn, each time on ground prepared anew. Gives how many there were. */
async function atEachStep<T>(
  prepare: () => Promise<T>,
  work: (ground: T) => Promise<unknown>,
  expect: (ground: T, isDone: boolean) => Promise<void>
): Promise<number> {
  for (let steps = 0; ; steps++) {
    const ground = await prepare()
    const isDone = await cutOffAfter(steps, () => work(ground))
    await expect(ground, isDone)
    if (isDone) return steps
  }
}

test('a first credential that is cut off anywhere is there or not, and the next one is stored', async () => {
  const credential = aSecret()
  const steps = await atEachStep(
    async () => aVault(),
    ({ vault }) => vault.store(credential),
    async ({ vaultOf }, isDone) => {
      const found = await vaultOf().open(credential.id)
      if (found !== null || isDone) assert.equal(found, credential)
      const next = aSecret()
      assert.is(await vaultOf().store(next), 'adopted')
      assert.equal(await vaultOf().open(next.id), next)
      assert.equal((await vaultOf().list()).problems, [])
    }
  )
  assert.ok(steps > 10, `${steps} steps`)
})

test('a next generation that is cut off anywhere leaves the one before or is stored', async () => {
  const credential = aSecret()
  const steps = await atEachStep(
    async () => {
      const ground = aVault()
      await ground.vault.store(credential)
      return ground
    },
    ({ vault }) => vault.replace({ ...credential, generation: 2 }),
    async ({ vaultOf, folder }, isDone) => {
      const found = await vaultOf().open(credential.id)
      const generation = isDone ? 2 : (found?.generation ?? 0)
      assert.equal(found, { ...credential, generation })
      const next = { ...credential, generation: generation + 1 }
      assert.is(await vaultOf().replace(next), 'stored')
      assert.equal(await vaultOf().open(credential.id), next)
      const names = Object.keys(filesIn(folder)).filter(name => name.startsWith(credential.id))
      assert.equal(names, [`${credential.id}.${generation + 1}.json`])
    }
  )
  assert.ok(steps > 5, `${steps} steps`)
})

test('an ending that is cut off anywhere can be done again', async () => {
  const credential = aSecret()
  await atEachStep(
    async () => {
      const ground = aVault()
      await ground.vault.store(credential)
      return ground
    },
    ({ vault }) => vault.remove(credential.id),
    async ({ vaultOf, folder }, isDone) => {
      if (isDone) assert.is(await vaultOf().open(credential.id), null)
      await vaultOf().remove(credential.id)
      assert.is(await vaultOf().open(credential.id), null)
      assert.is(await vaultOf().replace({ ...credential, generation: 2 }), 'ended')
      const names = Object.keys(filesIn(folder)).filter(name => name.startsWith(credential.id))
      assert.equal(names, [`${credential.id}.gone`])
      const ledgers = Object.entries(filesIn(folder)).filter(([name]) => /^ledger/.test(name))
      assert.match(ledgers.at(-1)?.[1] ?? '', `"${credential.id}": "ended"`)
    }
  )
})

test('a deposit that is cut off while it is taken in can be taken in again', async () => {
  const credential = aSecret({ slot: 'prod' })
  await atEachStep(
    async () => {
      const team = await aTeam()
      await team.vaultAs('dev').store(credential)
      return team
    },
    team => team.vaultAs('ana').adopt(credential.id, () => null),
    async (team, isDone) => {
      const adopted = await team.vaultAs('adam').adopt(credential.id, () => null)
      if (isDone) assert.is(adopted, null)
      assert.equal(await team.vaultAs('adam').open(credential.id), credential)
      assert.not.ok(existsSync(join(team.folder, `${credential.id}.deposit.json`)))
    }
  )
})

test('a record that is stored counts, even where the disk has no room for its ledger entry', async () => {
  const ground = aVault()
  const credential = aSecret()
  await ground.vault.store(credential)
  const { open } = fs
  const full = Object.assign(new Error('no space left'), { code: 'ENOSPC', syscall: 'open' })
  Object.assign(fs, {
    open: (...args: Parameters<typeof open>) =>
      args[1] === 'wx' && String(args[0]).includes('ledger') ? Promise.reject(full) : open(...args)
  })
  try {
    assert.is(await ground.vault.replace({ ...credential, generation: 2 }), 'stored')
  } finally {
    Object.assign(fs, { open })
  }
  assert.is((await ground.vaultOf().open(credential.id))?.generation, 2)
  assert.is(await ground.vault.replace({ ...credential, generation: 3 }), 'stored')
})

const program = `
import { promises as fs } from 'node:fs'
const { folder, configFolder, credential, stopAt, engine } = JSON.parse(process.argv[2])
const { openFileVault } = await import(engine + '/vault/file-vault.ts')
const { personIdentity } = await import(engine + '/vault/person-identity.ts')
const identity = personIdentity({ variable: undefined, configFolder })
const vault = openFileVault(folder, {
  identity,
  committed: async () => null,
  readers: async () => [(await identity.ensure()).recipient],
  actor: null,
  memberKey: () => undefined
})
const { link } = fs
let links = 0
fs.link = async (from, to) => {
  if (++links === stopAt.link && stopAt.before) process.kill(process.pid, 'SIGSTOP')
  await link(from, to)
  if (links === stopAt.link && !stopAt.before) process.kill(process.pid, 'SIGSTOP')
}
console.log(await vault.replace(credential).catch(error => error.message))
`

/** A process that stores a generation and stops itself around one of its links: 1 is the record, 2 the ledger. */
async function stoppedWriter(
  ground: ReturnType<typeof aVault>,
  credential: Credential,
  stopAt: { readonly link: number; readonly before: boolean }
) {
  const file = join(temporaryFolder(), 'writer.mts')
  writeFileSync(file, program)
  const { folder, configFolder } = ground
  const engine = join(import.meta.dirname, '..', '..', 'engine')
  const options = JSON.stringify({ folder, configFolder, credential, stopAt, engine })
  const child = spawn(process.execPath, ['--import', 'tsx', file, options], {
    cwd: join(engine, '..'),
    stdio: ['ignore', 'pipe', 'inherit']
  })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk
  })
  const ended = new Promise<string>(resolve => child.on('close', () => resolve(said.trim())))
  await until(() => isStopped(child))
  return { child, ended }
}

function isStopped({ pid }: ChildProcess): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T')
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(resolve => setTimeout(resolve, 20))
}

test('an end that is cut off anywhere is completed by the next sweep, and leaves no sealed file', async () => {
  const credential = aSecret()
  await atEachStep(
    async () => {
      const ground = aVault()
      await ground.vault.store(credential)
      return ground
    },
    ({ vault }) => vault.remove(credential.id),
    async ({ vaultOf, folder }) => {
      const isEnded =
        (await vaultOf()
          .open(credential.id)
          .catch(() => null)) === null
      await vaultOf().sweep()
      const names = Object.keys(filesIn(folder)).filter(
        name => name.startsWith(credential.id) && name.endsWith('.json')
      )
      assert.equal(names, isEnded ? [] : [`${credential.id}.1.json`])
    }
  )
})

test('a process that was stopped before it stored finds what came after, and stores nothing', async () => {
  const ground = aVault()
  const credential = aSecret()
  await ground.vault.store(credential)
  const late = { ...credential, generation: 2, clientId: 'late' }
  const { child, ended } = await stoppedWriter(ground, late, { link: 1, before: true })
  await ground.vault.replace({ ...credential, generation: 2 })
  await ground.vault.replace({ ...credential, generation: 3 })
  child.kill('SIGCONT')
  assert.is(await ended, 'superseded')
  assert.equal(await ground.vault.open(credential.id), { ...credential, generation: 3 })
  const names = Object.keys(filesIn(ground.folder))
  assert.not.ok(names.some(name => name.includes('.2.json') && name.startsWith(credential.id)))
})

test('a process that was stopped before it stored finds that the credential was ended', async () => {
  const ground = aVault()
  const credential = aSecret()
  await ground.vault.store(credential)
  const late = { ...credential, generation: 2 }
  const { child, ended } = await stoppedWriter(ground, late, { link: 1, before: true })
  await ground.vault.remove(credential.id)
  child.kill('SIGCONT')
  assert.is(await ended, 'ended')
  assert.is(await ground.vault.open(credential.id), null)
})

test('nobody waits for a process that was stopped or killed while it wrote the ledger', async () => {
  for (const before of [true, false]) {
    const ground = aVault()
    const [credential, other] = [aSecret(), aSecret()]
    await ground.vault.store(credential)
    await ground.vault.store(other)
    const late = { ...credential, generation: 2 }
    const { child, ended } = await stoppedWriter(ground, late, { link: 2, before })
    await ground.vault.replace({ ...other, generation: 2 })
    await ground.vault.replace({ ...credential, generation: 3 })
    child.kill(before ? 'SIGCONT' : 'SIGKILL')
    if (before) assert.is(await ended, 'stored')
    else await ended
    assert.is((await ground.vaultOf().open(credential.id))?.generation, 3)
    assert.is((await ground.vaultOf().open(other.id))?.generation, 2)
    const ledger = Object.entries(filesIn(ground.folder)).filter(([name]) => /^ledger/.test(name))
    assert.equal(JSON.parse(ledger.at(-1)?.[1] ?? '{}').generations, {
      [credential.id]: 3,
      [other.id]: 2
    })
  }
})

test.run()
