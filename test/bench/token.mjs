/**
 * How fast `.token()` gives a credential that has not run out: `node test/bench/token.mjs [SECONDS]` after a build. One process, and
 * four at once. Beside it stands the least that anybody could do, one stat of the credential's file and reading it as JSON, so that
 * the ratio says something on any machine. Measures, and judges nothing.
 */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { promises as fs, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const dist = resolve(import.meta.dirname, '../../dist')
const [first = '2', folder, seconds] = process.argv.slice(2)

if (folder === undefined) await measureAll(Number(first))
else console.log(JSON.stringify(await measure(first, folder, Number(seconds) * 1000)))

async function measureAll(seconds) {
  const folder = await makeWorkspace()
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  console.log('             processes  per second   p50 us   p99 us    ratio')
  for (const count of [1, 4]) {
    const bare = await together(count, 'bare', folder, seconds)
    const token = await together(count, 'token', folder, seconds)
    show('stat + JSON', count, bare, '')
    show('.token()', count, token, `${(token.perSecond / bare.perSecond).toFixed(1)}x`)
  }
}

function show(name, count, { perSecond, p50, p99 }, ratio) {
  const columns = [
    name.padEnd(13),
    String(count).padStart(9),
    perSecond.toFixed(0).padStart(12),
    p50.toFixed(0).padStart(9),
    p99.toFixed(0).padStart(9),
    ratio.padStart(9)
  ]
  console.log(columns.join(''))
}

/** Calls of all processes together; of the times, the middle process and the worst. */
async function together(count, what, folder, seconds) {
  const results = await Promise.all(
    Array.from({ length: count }, () => inProcess(what, folder, seconds))
  )
  const sorted = results.map(each => each.p50).toSorted((a, b) => a - b)
  return {
    perSecond: results.reduce((sum, each) => sum + each.perSecond, 0),
    p50: sorted[Math.floor(sorted.length / 2)],
    p99: Math.max(...results.map(each => each.p99))
  }
}

function inProcess(what, folder, seconds) {
  return new Promise((settle, fail) => {
    const args = [import.meta.filename, what, folder, String(seconds)]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    child.stdout.on('data', chunk => {
      text += chunk
    })
    child.on('close', code => {
      if (code === 0) settle(JSON.parse(text))
      else fail(new Error(`${what} ended with ${code}`))
    })
  })
}

/** One call after the other for so long; times in microseconds. */
async function measure(what, folder, milliseconds) {
  const call = await (what === 'bare' ? bareCall(folder) : tokenCall(folder))
  for (let warm = 0; warm < 200; warm += 1) await call()
  const times = []
  const began = performance.now()
  while (performance.now() - began < milliseconds) {
    const start = performance.now()
    await call()
    times.push((performance.now() - start) * 1000)
  }
  const took = (performance.now() - began) / 1000
  times.sort((a, b) => a - b)
  const at = part => times[Math.min(times.length - 1, Math.floor(times.length * part))]
  return { perSecond: times.length / took, p50: at(0.5), p99: at(0.99) }
}

async function tokenCall(folder) {
  const { openConnections } = await import(join(dist, 'index.js'))
  const hub = openConnections(folder, {
    env: 'dev',
    identity: join(folder, 'identity')
  }).connection('hub')
  return () => hub.token()
}

async function bareCall(folder) {
  const vault = join(folder, '.tieline/vault')
  const [name] = readdirSync(vault).filter(each => /^[0-9a-f-]{36}\.\d+\.json$/.test(each))
  const file = join(vault, name)
  return async () => {
    await fs.stat(file)
    return JSON.parse(await fs.readFile(file, 'utf8'))
  }
}

/** A workspace with one authorized connection, as apply and authorize leave it. */
async function makeWorkspace() {
  const from = path => import(join(dist, path))
  const [{ openFileVault }, { personIdentity }, { needOf }, { emptyContent }, { digestOf }] =
    await Promise.all(
      [
        'vault/file-vault',
        'vault/person-identity',
        'resolve/need-of',
        'model/documents',
        'model/digest'
      ].map(path => from(`${path}.js`))
    )
  const folder = mkdtempSync(join(tmpdir(), 'tieline-bench-'))
  const identity = personIdentity({ variable: undefined, configFolder: folder })
  const connector = JSON.parse(await fs.readFile(join(dist, 'connectors/zoho_crm.json'), 'utf8'))
  const connection = {
    id: 'hub.1',
    name: 'Hub',
    connector: connector.id,
    connectorDigest: null,
    auth: connector.auth[0].id,
    level: 'administrator',
    authorization: 'separate',
    allScopes: false,
    scopes: ['ZohoCRM.users.READ'],
    parameters: {},
    client: { id: 'env:HUB_ID', secret: 'env:HUB_SECRET' },
    environments: {},
    protect: false
  }
  const need = needOf(connection, connector, 'dev')
  const now = Date.now()
  const record = {
    connection: connection.id,
    level: need.level,
    basis: need.basis,
    asked: need.scopes,
    granted: need.scopes,
    account: { id: '1', name: 'ops@example.com' },
    by: 'ana@example.com',
    at: new Date(now).toISOString(),
    ended: null
  }
  const id = randomUUID()
  const vault = openFileVault(join(folder, '.tieline/vault'), {
    identity,
    committed: async () => null,
    readers: async () => [(await identity.ensure()).recipient],
    actor: null,
    memberKey: () => undefined
  })
  await vault.store({
    formatVersion: 1,
    id,
    slot: 'dev',
    connection: connection.id,
    user: null,
    generation: 1,
    record,
    clientId: 'hub-client',
    dead: null,
    secret: {
      kind: 'oauth2',
      accessToken: randomUUID(),
      refreshToken: randomUUID(),
      obtainedAt: record.at,
      expiresAt: new Date(now + 36_000_000).toISOString(),
      lifetime: 36_000,
      scopes: need.scopes,
      learnt: {},
      dpopKey: null
    }
  })
  const content = {
    ...emptyContent('dev'),
    formatVersion: 1,
    lineage: randomUUID(),
    serial: 1,
    vault: await vault.commitment('dev'),
    connections: { hub: connection },
    serving: { [connection.id]: id },
    authorizations: { [id]: record }
  }
  mkdirSync(join(folder, 'state'))
  writeFileSync(join(folder, 'tieline.yaml'), 'app: { name: Bench }\n')
  writeFileSync(
    join(folder, 'state/dev.json'),
    JSON.stringify({ ...content, digest: digestOf(content) })
  )
  return folder
}
