import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Credential } from '../../engine/model/credential.ts'
import {
  type RuntimeVault,
  type ValidCredentialOptions,
  validCredential
} from '../../engine/runtime/valid-credential.ts'
import { anOAuthTarget, shownOf, withCode } from '../oauth/a-target.ts'
import { rejects, run, temporaryFolder } from '../support/assert.ts'
import { type RefreshServer, startRefreshServer } from '../support/refresh-server.ts'
import { expiredSecret, optionsIn, storeIn, vaultIn } from '../support/refresh-vault.ts'

interface Case {
  readonly server: RefreshServer
  readonly folder: string
  readonly credential: Credential
  /** Another process each time. */
  readonly process: () => ValidCredentialOptions
}

async function aCase(
  folder = temporaryFolder(),
  serverOptions: Parameters<typeof startRefreshServer>[0] = {}
): Promise<Case> {
  const server = await startRefreshServer(serverOptions)
  const target = anOAuthTarget(server.origin, {
    way: { revocation: { ends: 'grant', url: `${server.origin}/revoke` } }
  })
  const credential = await storeIn(folder, target, expiredSecret())
  return { server, folder, credential, process: () => optionsIn(folder, target, credential) }
}

/** A vault that refuses to write until told otherwise. */
function brokenVault(vault: RuntimeVault) {
  let isBroken = true
  const broken: RuntimeVault = {
    ...vault,
    replace: async next => {
      if (isBroken) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
      return vault.replace(next)
    }
  }
  return {
    vault: broken,
    mend: () => {
      isBroken = false
    }
  }
}

function tokenOf({ secret }: Credential): string {
  return secret.kind === 'oauth2' ? secret.accessToken : ''
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 10_000; !(await condition()); ) {
    if (Date.now() > deadline) throw new Error('It did not come to that within 10 s')
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

test('what cannot be stored is handed out, and stored as soon as that is possible', async () => {
  const { server, credential, process, folder } = await aCase()
  const options = process()
  const { vault, mend } = brokenVault(options.vault)
  const here = { ...options, vault }
  const next = await validCredential(here)
  assert.ok(server.takes(tokenOf(next)))
  assert.equal(await validCredential(here), next)
  assert.is((await vaultIn(folder).open(credential.id))?.generation, 1)
  mend()
  await until(async () => (await vaultIn(folder).open(credential.id))?.generation === 2)
  assert.equal(await vaultIn(folder).open(credential.id), next)
  assert.equal(await validCredential(here), next)
  assert.is(server.refreshes.length, 1)
  await server.close()
})

test('another process finds it sealed, and does not ask the service', async () => {
  const { server, credential, process, folder } = await aCase()
  const options = process()
  const next = await validCredential({ ...options, vault: brokenVault(options.vault).vault })
  // Its disk is as full.
  const other = process()
  const got = await validCredential({ ...other, vault: brokenVault(other.vault).vault })
  assert.equal(got, next)
  assert.is((await vaultIn(folder).open(credential.id))?.generation, 1)
  assert.equal(await validCredential(process()), next)
  assert.equal(await vaultIn(folder).open(credential.id), next)
  assert.is(server.refreshes.length, 1)
  const { stdout } = await run('grep', ['-rl', 'canary', folder]).catch(() => ({ stdout: '' }))
  assert.is(stdout, '', 'nothing of it is on the disk in the clear')
  await server.close()
})

test('a sealed text that was altered is not used: one more request tells', async () => {
  const { server, credential, process, folder } = await aCase()
  const options = process()
  await validCredential({ ...options, vault: brokenVault(options.vault).vault })
  const path = join(folder, 'vault/leases', credential.id, '1-1.outcome')
  await run('sed', ['-i', 's/mac\\\\": \\\\"[0-9a-f]\\{8\\}/mac\\\\": \\\\"00000000/', path])
  await rejects(() => validCredential(process()), withCode('NEEDS_REAUTHORIZATION'))
  assert.is((await vaultIn(folder).open(credential.id))?.dead?.cause, 'interrupted-refresh')
  assert.is(server.refreshes.length, 2)
  await server.close()
})

test('a full disk loses nothing', async () => {
  const folder = temporaryFolder()
  const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder])
  const isReal = mounted.code === 0
  const filler = join(folder, 'filler')
  try {
    const { server, credential, process } = await aCase(folder, {
      // Between the room for the answer and the answer.
      beforeAnswer: async () => {
        if (isReal) fill(filler)
      }
    })
    const options = process()
    const broken = brokenVault(options.vault)
    const here = isReal ? options : { ...options, vault: broken.vault }
    const next = await validCredential(here)
    assert.ok(server.takes(tokenOf(next)))
    const isStored = async () => (await vaultIn(folder).open(credential.id))?.generation === 2
    assert.not.ok(await isStored())
    // What the sealed text did not need of its room.
    if (isReal) fill(`${filler}-2`)
    const other = process()
    const there = isReal ? other : { ...other, vault: brokenVault(other.vault).vault }
    assert.equal(await validCredential(there), next)
    assert.not.ok(await isStored())
    if (isReal) for (const path of [filler, `${filler}-2`]) rmSync(path)
    else broken.mend()
    await until(isStored)
    assert.equal(await validCredential(process()), next)
    assert.is(server.refreshes.length, 1)
    assert.ok(server.isAlive())
    await server.close()
  } finally {
    if (isReal) await run('umount', ['-l', folder])
  }
})

test('on a disk that is full already nothing is asked', async () => {
  const folder = temporaryFolder()
  const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder])
  const isReal = mounted.code === 0
  const filler = join(folder, 'filler')
  try {
    const { server, process } = await aCase(folder)
    if (isReal) fill(filler)
    const options = process()
    const noRoom = async (): Promise<never> => {
      throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
    }
    const here = isReal ? options : { ...options, leases: { ...options.leases, claim: noRoom } }
    const error = await rejects(() => validCredential(here))
    if (isReal) assert.match(shownOf(error), 'There is no room on the disk')
    assert.is(server.refreshes.length, 0)
    if (isReal) rmSync(filler)
    assert.is((await validCredential(process())).generation, 2)
    await server.close()
  } finally {
    if (isReal) await run('umount', ['-l', folder])
  }
})

/** Writes until no byte more is taken. */
function fill(path: string): void {
  const file = openSync(path, 'w')
  try {
    for (let size = 65_536; size >= 1; ) {
      try {
        if (writeSync(file, Buffer.alloc(size, 1)) < size) size = Math.floor(size / 2)
      } catch {
        size = Math.floor(size / 2)
      }
    }
  } finally {
    closeSync(file)
  }
}

test('a refresh that loses to a revoke revokes what it got', async () => {
  let revoke = async (): Promise<void> => {}
  const { server, credential, process, folder } = await aCase(undefined, {
    beforeAnswer: () => revoke()
  })
  revoke = () => vaultIn(folder).remove(credential.id)
  await rejects(() => validCredential(process()), withCode('AUTHORIZATION_REVOKED'))
  assert.equal(server.revoked, ['canary-refresh-2'])
  assert.is(await vaultIn(folder).open(credential.id), null)
  await rejects(() => validCredential(process()), withCode('AUTHORIZATION_REVOKED'))
  assert.is(server.refreshes.length, 1)
  await server.close()
})

test('if the service cannot end it, the refusal says so', async () => {
  let revoke = async (): Promise<void> => {}
  const { server, credential, process, folder } = await aCase(undefined, {
    beforeAnswer: () => revoke()
  })
  revoke = () => vaultIn(folder).remove(credential.id)
  const options = process()
  const target = anOAuthTarget(server.origin)
  const error = await rejects(
    () => validCredential({ ...options, target }),
    withCode('AUTHORIZATION_REVOKED')
  )
  assert.match(shownOf(error), 'has no way to end what it had given')
  assert.not.match(shownOf(error), /canary/)
  await server.close()
})

test.run()
