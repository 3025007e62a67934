import type { ServerResponse } from 'node:http'
import { createServer, type Socket } from 'node:net'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type FailureKind, ProviderFailure } from '../../engine/oauth/provider-failure.ts'
import { sendRequest } from '../../engine/oauth/send-request.ts'
import { json, type SeenRequest, shownOf, startServer } from './a-target.ts'

type Answering = (request: SeenRequest, response: ServerResponse) => void

const request = { method: 'GET', headers: { Authorization: 'Bearer canary' } }
const mebibyte = 1024 * 1024

async function sentTo(answer: Answering, timeLimitMs = 5000): Promise<unknown> {
  const server = await startServer(answer)
  const sent = sendRequest(`${server.origin}/canary?canary`, { ...request, timeLimitMs })
  return sent.catch((error: unknown) => error).finally(() => server.close())
}

/** A server that speaks no HTTP of its own. */
async function sentToSocket(
  answer: (socket: Socket) => void,
  timeLimitMs = 5000
): Promise<unknown> {
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.once('data', () => answer(socket))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const sent = sendRequest(`http://127.0.0.1:${port}/canary`, { ...request, timeLimitMs })
  return sent.catch((error: unknown) => error).finally(() => server.close())
}

function isFailure(value: unknown, kind: FailureKind, message: string | RegExp): void {
  if (!(value instanceof ProviderFailure)) throw value
  assert.is(value.kind, kind, value.message)
  assert.match(value.message, message)
  assert.not.match(shownOf(value), 'canary')
}

test('reads an answer of 1 MiB and not a byte more', async () => {
  const answering =
    (size: number): Answering =>
    (_request, response) => {
      response.end('x'.repeat(size))
    }
  const whole = await sentTo(answering(mebibyte))
  assert.is(Reflect.get(Object(whole), 'text').length, mebibyte)
  isFailure(await sentTo(answering(mebibyte + 1)), 'broken-answer', 'larger than 1 MiB')
})

const bombs: readonly (readonly [string, Buffer])[] = [
  ['gzip', gzipSync(Buffer.alloc(64 * mebibyte))],
  ['deflate', deflateSync(Buffer.alloc(64 * mebibyte))],
  ['br', brotliCompressSync(Buffer.alloc(64 * mebibyte))],
  ['gzip, gzip', gzipSync(gzipSync(Buffer.alloc(64 * mebibyte)))]
]

for (const [encoding, packed] of bombs) {
  test(`counts what is packed with ${encoding} as it is unpacked`, async () => {
    assert.ok(packed.length < mebibyte)
    const before = process.memoryUsage().rss
    const result = await sentTo((_request, response) => {
      response.writeHead(200, { 'Content-Encoding': encoding }).end(packed)
    })
    isFailure(result, 'broken-answer', 'larger than 1 MiB')
    assert.ok(process.memoryUsage().rss - before < 48 * mebibyte, 'Unpacked as a whole')
  })
}

test('an endless answer ends at 1 MiB', async () => {
  const result = await sentTo((_request, response) => {
    const go = (): void => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
      if (!response.destroyed) response.once('drain', go)
    }
    go()
  })
  isFailure(result, 'broken-answer', 'larger than 1 MiB')
})

test('a body that cannot be unpacked is a broken answer', async () => {
  const result = await sentTo((_request, response) => {
    response.writeHead(200, { 'Content-Encoding': 'gzip' }).end('canary, not packed')
  })
  isFailure(result, 'broken-answer', /^the answer cannot be read \(Z_/)
})

test('a body that cannot be unpacked never hangs, whatever ends it', async () => {
  const head = 'HTTP/1.1 403 No\r\nConnection: close\r\nContent-Encoding: gzip\r\n\r\n'
  const sent = Array.from({ length: 20 }, () =>
    sentToSocket(socket => socket.end(`${head}{"error":"canary"}`), 500)
  )
  // Node's fetch misses some of these errors: then the time limit ends the wait.
  for (const result of await Promise.all(sent)) {
    assert.ok(result instanceof ProviderFailure, 'Nothing was thrown')
    assert.ok(['broken-answer', 'try-again'].includes(result.kind))
  }
})

test('the time limit counts to the last byte', async () => {
  const started = Date.now()
  const drips: NodeJS.Timeout[] = []
  const result = await sentTo((_request, response) => {
    drips.push(setInterval(() => response.write('x'), 20))
  }, 400)
  for (const drip of drips) clearInterval(drip)
  isFailure(result, 'try-again', /^no answer within 1 seconds$/)
  assert.ok(Date.now() - started < 3000)
})

test('who takes the request and never answers is tried again', async () => {
  isFailure(await sentTo(() => {}, 200), 'try-again', 'no answer within')
})

test('a redirect is an answer and is not followed', async () => {
  const elsewhere = await startServer(json(200, {}))
  const result = await sentTo((_request, response) => {
    response.writeHead(307, { Location: elsewhere.origin }).end()
  })
  assert.is(Reflect.get(Object(result), 'status'), 307)
  assert.is(elsewhere.requests.length, 0)
  await elsewhere.close()
})

test('a connection that breaks off is tried again', async () => {
  const before = await sentToSocket(socket => socket.destroy())
  isFailure(before, 'try-again', /^no connection/)
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n'
  const within = await sentToSocket(socket => {
    socket.write(`${head}{"access_token":"can`)
    setTimeout(() => socket.destroy(), 20)
  })
  isFailure(within, 'try-again', /^the connection broke off/)
})

test('what is no HTTP is a broken answer', async () => {
  for (const bytes of ['SSH-2.0-canary\r\n', 'HTTP/1.1 nonsense\r\n\r\n', '\u0000\u0001canary']) {
    isFailure(await sentToSocket(socket => socket.end(bytes)), 'broken-answer', /\(HPE_/)
  }
})

test('headers without end are refused', async () => {
  const result = await sentToSocket(socket => {
    socket.write(`HTTP/1.1 200 OK\r\n${`X-Canary: ${'x'.repeat(1000)}\r\n`.repeat(100)}`)
  })
  isFailure(result, 'broken-answer', 'UND_ERR_HEADERS_OVERFLOW')
})

test('nothing is sent over plain http to another machine', async () => {
  for (const url of ['http://example.com/', 'ftp://example.com/', 'https//example.com', '']) {
    const error = await sendRequest(url, request).catch((thrown: unknown) => thrown)
    isFailure(error, 'broken-answer', 'the address is not https')
  }
})

test('a header that cannot be sent is not repeated', async () => {
  const headers = { Authorization: 'Bearer canary\r\nX: 1' }
  const error = await sendRequest('http://127.0.0.1:1/', { ...request, headers }).catch(
    (thrown: unknown) => thrown
  )
  assert.ok(error instanceof ProviderFailure)
  assert.not.match(shownOf(error), 'canary')
})

test.run()
