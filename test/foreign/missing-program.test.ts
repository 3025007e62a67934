import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rejects } from '../support/assert.ts'
import { needsProgram, startProgram } from '../support/foreign-program.ts'

test('a server that is not installed fails its tests, and says what to install', async () => {
  const command = 'no-server-of-this-name'
  const packages = 'its-package'
  const says = /no-server-of-this-name is not on this machine.*apt-get install .* its-package$/
  assert.throws(() => needsProgram(command, packages), says)
  const isReady = async (): Promise<boolean> => true
  await rejects(() => startProgram({ command, packages, args: [], folder: '/', isReady }), says)
})

test('a server that ends at once is no server, and what it said is shown', async () => {
  await rejects(
    () =>
      startProgram({
        command: 'ls',
        packages: 'coreutils',
        args: ['/no/such/folder'],
        folder: '/',
        isReady: async () => false
      }),
    /ls ended at once:\n.*\/no\/such\/folder/
  )
})

test.run()
