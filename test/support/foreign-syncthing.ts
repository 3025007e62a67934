/** Syncthing: a file synchroniser whose REST API takes an API key, and whose pages take HTTP Basic. */
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run, temporaryFolder } from './assert.ts'
import { freePort, needsProgram, startProgram } from './foreign-program.ts'

export interface Syncthing {
  readonly origin: string
  readonly apiKey: string
  readonly user: string
  readonly password: string
  /** What `/rest/system/status` calls the account. */
  readonly deviceId: string
  readonly stop: () => Promise<void>
}

/** It knows nobody and asks nobody: no discovery, relays, port mapping, upgrades or reports. */
const alone: Readonly<Record<string, string>> = {
  listenAddress: 'tcp://127.0.0.1:0',
  globalAnnounceEnabled: 'false',
  localAnnounceEnabled: 'false',
  relaysEnabled: 'false',
  natEnabled: 'false',
  stunKeepaliveStartS: '0',
  urAccepted: '-1',
  autoUpgradeIntervalH: '0',
  crashReportingEnabled: 'false',
  startBrowser: 'false'
}

export async function startSyncthing(): Promise<Syncthing> {
  needsProgram('syncthing', 'syncthing')
  const folder = temporaryFolder()
  const [user, password] = ['ana', `pass: ${randomBytes(12).toString('base64')}`]
  const generated = await run(
    'syncthing',
    ['generate', '--home', folder, '--no-default-folder', '--gui-user', user, '--gui-password=-'],
    { env: { HOME: folder }, input: `${password}\n` }
  )
  if (generated.code !== 0) throw new Error(`${generated.stdout}${generated.stderr}`)
  const configuration = join(folder, 'config.xml')
  const text = changed(readFileSync(configuration, 'utf8'), alone)
  writeFileSync(configuration, text)
  const origin = `http://127.0.0.1:${await freePort()}`
  const { stop } = await startProgram({
    command: 'syncthing',
    packages: 'syncthing',
    args: [
      ...['serve', '--home', folder, '--no-browser', '--no-restart', '--no-upgrade'],
      ...['--skip-port-probing', '--gui-address', origin]
    ],
    folder,
    // Without the second process that watches over the first, and without measuring the processor.
    env: { STMONITORED: 'yes', STNOUPGRADE: '1', STHASHING: 'standard' },
    isReady: async () => (await fetch(`${origin}/rest/noauth/health`)).status < 500
  })
  return {
    origin,
    apiKey: elementOf(text, /<apikey>([^<]+)</),
    user,
    password,
    deviceId: elementOf(text, /<device id="([^"]+)"/),
    stop
  }
}

function changed(text: string, elements: Readonly<Record<string, string>>): string {
  let result = text
  for (const [name, value] of Object.entries(elements)) {
    const element = new RegExp(`<${name}>[^<]*</${name}>`)
    // An option that another version does not know would leave it talking to the network.
    if (!element.test(result)) throw new Error(`Syncthing has no option ${name}`)
    result = result.replace(element, `<${name}>${value}</${name}>`)
  }
  return result
}

function elementOf(text: string, pattern: RegExp): string {
  const found = pattern.exec(text)?.[1]
  if (found === undefined)
    throw new Error(`Nothing in Syncthing's configuration matches ${pattern}`)
  return found
}
