/** A real proxy and a real TLS server behind it, under a name that only the proxy knows. */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect, type Server } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { run, temporaryFolder } from '../support/assert.ts'
import type { ProxiedRequest } from './proxy-requests.ts'

interface Proxy {
  readonly port: number
  readonly asked: readonly { readonly target: string; readonly headers: IncomingHttpHeaders }[]
  readonly close: () => Promise<void>
}

type Endable = Pick<Duplex, 'destroy'>

interface Result {
  readonly status?: number
  readonly text?: string
  readonly error?: string
  readonly diagnostics?: readonly { readonly code: string; readonly detail: string }[]
}

const folder = temporaryFolder()
const certificate = join(folder, 'certificate.pem')
const name = 'provider.example'

async function listening(server: Server): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

function closed(server: Server, sockets: Iterable<Endable>): Promise<void> {
  for (const each of sockets) each.destroy()
  return new Promise(resolve => server.close(() => resolve()))
}

/** Answers CONNECT with a tunnel to `destination`, or with another status than 200. */
async function startProxy(destination: number, status = 200): Promise<Proxy> {
  const asked: { target: string; headers: IncomingHttpHeaders }[] = []
  const sockets = new Set<Endable>()
  const server = createServer((_request, response) => response.writeHead(500).end())
  server.on('connection', socket => sockets.add(socket))
  server.on('connect', ({ url = '', headers }, socket) => {
    asked.push({ target: url, headers })
    if (status !== 200) {
      socket.end(`HTTP/1.1 ${status} No\r\n\r\n`)
      return
    }
    const tunnel = connect(destination, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      tunnel.pipe(socket)
      socket.pipe(tunnel)
    })
    sockets.add(tunnel)
    socket.on('error', () => {})
    tunnel.on('error', () => {})
  })
  return { port: await listening(server), asked, close: () => closed(server, sockets) }
}

async function makeCertificate(): Promise<void> {
  const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', join(folder, 'key.pem')]
  const names = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
  const made = await run('openssl', ['req', '-x509', ...key, '-out', certificate, ...names])
  assert.is(made.code, 0, made.stderr)
}

async function sentWith(requests: readonly ProxiedRequest[]): Promise<readonly Result[]> {
  const script = join(import.meta.dirname, 'proxy-requests.ts')
  const none = Object.fromEntries(
    Object.keys(process.env)
      .filter(each => /^(https?|no|all)_proxy$/i.test(each))
      .map(each => [each, undefined])
  )
  const started = Date.now()
  const result = await run(
    process.execPath,
    ['--import', 'tsx', script, JSON.stringify(requests)],
    {
      env: { ...none, NODE_EXTRA_CA_CERTS: certificate }
    }
  )
  assert.is(result.code, 0, result.stderr)
  assert.not.match(result.stdout + result.stderr, 'canary')
  assert.ok(Date.now() - started < 15_000, 'The proxy kept the process alive')
  return JSON.parse(result.stdout)
}

test('asks services through the proxy that the environment names, and this machine never', async () => {
  await makeCertificate()
  const service = createTlsServer(
    { key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(certificate) },
    (request, response) => {
      if (request.url === '/redirect') response.writeHead(302, { Location: '/elsewhere' }).end()
      else response.end(`${request.headers['x-asked']} ${request.url}`)
    }
  )
  const sockets = new Set<Endable>()
  service.on('connection', socket => sockets.add(socket))
  const destination = await listening(service)
  const local = createServer((request, response) => {
    response.end(`local ${request.url}`)
  })
  const localPort = await listening(local)
  const [proxy, refusing] = [await startProxy(destination), await startProxy(destination, 407)]
  const address = `http://127.0.0.1:${proxy.port}`
  const url = `https://${name}/token`

  const results = await sentWith([
    { url, variables: { HTTPS_PROXY: address } },
    { url, variables: { https_proxy: address } },
    { url, variables: { Https_Proxy: `127.0.0.1:${proxy.port}` } },
    { url, variables: { HTTP_PROXY: `http://me:canary@127.0.0.1:${proxy.port}` } },
    { url: `https://${name}/redirect`, variables: { HTTPS_PROXY: address } },
    { url, variables: { HTTPS_PROXY: address, NO_PROXY: `other.example,${name}` } },
    { url: `http://127.0.0.1:${localPort}/x`, variables: { HTTP_PROXY: address } },
    { url: `http://localhost:${localPort}/x`, variables: { HTTP_PROXY: address } },
    { url, variables: { HTTPS_PROXY: `http://me:canary@127.0.0.1:${refusing.port}` } },
    { url, variables: { HTTPS_PROXY: 'http://127.0.0.1:1' } },
    { url, variables: { HTTPS_PROXY: 'gopher://canary' } },
    { url, variables: { HTTPS_PROXY: 'http://canary:port' } }
  ])

  const through = { status: 200, text: 'yes /token' }
  assert.equal(results.slice(0, 4), [through, through, through, through])
  assert.is(results[4]?.status, 302)
  assert.match(results[5]?.error ?? '', /\((ENOTFOUND|EAI_AGAIN)\)$/)
  assert.equal(results.slice(6, 8), [
    { status: 200, text: 'local /x' },
    { status: 200, text: 'local /x' }
  ])
  assert.match(results[8]?.error ?? '', /^no connection with the proxy that/)
  assert.match(results[9]?.error ?? '', /names \(ECONNREFUSED\)$/)
  for (const result of results.slice(10)) {
    assert.equal(
      result.diagnostics?.map(each => each.code),
      ['PROXY_INVALID']
    )
  }
  assert.equal([...new Set(proxy.asked.map(each => each.target))], [`${name}:443`])
  const authorized = proxy.asked.flatMap(each => each.headers['proxy-authorization'] ?? [])
  assert.equal(authorized, [`Basic ${btoa('me:canary')}`])

  await Promise.all([proxy.close(), refusing.close(), closed(service, sockets), closed(local, [])])
})

test.run()
