/**
 * A process of an application that asks for a working credential: `refresh-worker JSON`. It says `ready`, begins when a line comes on
 * stdin, and says for each caller what it got. At one point of a renewal it can be told to say so and wait, to be killed or stopped
 * there.
 */
import { promises as fs } from 'node:fs'
import { Refusal } from '../../engine/model/diagnostic.ts'
import type { RefreshLease, RefreshLeases } from '../../engine/model/ports.ts'
import { validCredential } from '../../engine/runtime/valid-credential.ts'
import { openRefreshLeases } from '../../engine/vault/refresh-leases.ts'
import { anOAuthTarget } from '../oauth/a-target.ts'
import type { Pause, Work } from './refresh-processes.ts'
import { optionsIn, vaultFolderIn, vaultIn } from './refresh-vault.ts'

const work: Work = JSON.parse(process.argv[2] ?? '')
const say = (line: string) => process.stdout.write(`${line}\n`)

/** Long enough to be killed or stopped in; whoever is not goes on. */
async function pauseAt(point: Pause): Promise<void> {
  if (work.pauseAt !== point) return
  say(`at ${point}`)
  await new Promise(resolve => setTimeout(resolve, 2000))
}

function paused(leases: RefreshLeases): RefreshLeases {
  return {
    ...leases,
    claim: async wish => {
      const claim = await leases.claim(wish)
      if (claim.outcome !== 'held') return claim
      await pauseAt('claimed')
      return { outcome: 'held', lease: pausedLease(claim.lease) }
    }
  }
}

function pausedLease(lease: RefreshLease): RefreshLease {
  return {
    ...lease,
    sending: async room => {
      const mayAsk = await lease.sending(room)
      await pauseAt('marked')
      return mayAsk
    },
    done: async () => {
      await pauseAt('stored')
      await lease.done()
    }
  }
}

const { link } = fs
fs.link = async (from, to) => {
  // The whole of the next generation is on the disk, under no name yet.
  if (String(to).includes(`${work.id}.`)) await pauseAt('writing')
  await link(from, to)
}

const target = anOAuthTarget(work.origin)
const credential = await vaultIn(work.folder).open(work.id)
if (credential === null) throw new Error('There is no such credential')
const leases = paused(openRefreshLeases(vaultFolderIn(work.folder), work.times))
const options = { ...optionsIn(work.folder, target, credential), leases }

say('ready')
await new Promise(resolve => process.stdin.once('data', resolve))
process.stdin.destroy()

await Promise.all(
  Array.from({ length: work.callers }, async () => {
    try {
      const { generation, secret } = await validCredential(options)
      const token = secret.kind === 'oauth2' ? secret.accessToken : ''
      say(`got ${generation} ${token}`)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      for (const { code, detail } of error.diagnostics) {
        say(`refused ${code} ${JSON.stringify(detail)}`)
      }
    }
  })
)
say('end')
