import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type RunOptions, type RunResult, run, temporaryFolder } from '../support/assert.ts'
import { codesIn, documentIn, isTidy } from '../support/cli-expect.ts'
import { aMachine, cleanEnvironment, mainFile } from '../support/cli-run.ts'
import {
  type Answering,
  aConnector,
  aHub,
  anOAuthSecret,
  aWorkspace,
  type RunTimeWorkspace,
  type Service,
  secret,
  startService
} from '../support/run-time-workspace.ts'

const services: Service[] = []
test.after.each(async () => {
  for (const each of services.splice(0)) await each.close()
})

interface Scene {
  readonly workspace: RunTimeWorkspace
  readonly seen: Service['seen']
  readonly origin: string
  readonly environment: NonNullable<RunOptions['env']>
  readonly tieline: (args: readonly string[], options?: RunOptions) => Promise<RunResult>
}

/** `hub` is OAuth2, `board` has a key in the query. */
async function aScene(
  answer: Answering = (_, response) => response.end('{"ok":true}')
): Promise<Scene> {
  const service = await startService(answer)
  services.push(service)
  const workspace = aWorkspace(aConnector(service.origin))
  workspace.record('dev', {
    hub: aHub(),
    board: aHub({ id: 'board.1', auth: 'query', client: null, scopes: [] })
  })
  await workspace.authorize('dev', 'hub')
  const fields = { key: 'canary-key' }
  await workspace.authorize('dev', 'board', { clientId: null, secret: { kind: 'fields', fields } })
  const environment = {
    ...cleanEnvironment(workspace.folder),
    XDG_CONFIG_HOME: join(workspace.configFolder, '..'),
    TIELINE_IDENTITY: join(workspace.configFolder, 'identity')
  }
  return {
    workspace,
    seen: service.seen,
    origin: service.origin,
    environment,
    tieline: (args, options = {}) =>
      run(process.execPath, [mainFile, ...args], {
        cwd: workspace.folder,
        ...options,
        env: { ...environment, ...options.env }
      })
  }
}

test('token prints the token, the header lines, or all there is to send', async () => {
  const { tieline } = await aScene()
  assert.is((await tieline(['token', 'hub'])).stdout, `${secret}\n`)
  assert.is(
    (await tieline(['token', 'hub', '--headers'])).stdout,
    `Authorization: Bearer ${secret}\n`
  )
  const all = documentIn(await tieline(['token', 'board', '--format', 'json']), 'token')
  assert.equal(all, {
    formatVersion: 1,
    accessToken: null,
    headers: {},
    query: { api_key: 'canary-key' },
    expiresAt: null
  })
  const cases: readonly (readonly [args: string, meant: string])[] = [
    ['token board', 'tieline token board -e dev --headers'],
    ['token board --headers', 'tieline request board -e dev PATH'],
    ['token hubb', 'Did you mean "hub"?']
  ]
  for (const [args, meant] of cases) {
    const result = await tieline(args.split(' '))
    isTidy(result, args)
    assert.equal([result.code, result.stdout], [1, ''], args)
    assert.match(result.stderr.replace(/\s+/g, ' '), meant, args)
  }
})

test('request prints the body of the answer, and nothing else', async () => {
  const { tieline, seen, workspace } = await aScene()
  const plain = await tieline(['request', 'hub', '/leads?max=2'])
  assert.equal([plain.code, plain.stdout, plain.stderr], [0, '{"ok":true}', ''])
  assert.is(seen[0]?.method, 'GET')
  assert.is(seen[0]?.url, '/api/v1/leads?max=2')
  assert.is(seen[0]?.headers.authorization, `Bearer ${secret}`)

  await tieline(['request', 'hub', '/leads', '--data', '{"a":1}', '--header', 'X-One: 1'])
  assert.is(seen[1]?.method, 'POST')
  assert.is(seen[1]?.body, '{"a":1}')
  assert.is(seen[1]?.headers['content-type'], 'application/json')
  assert.is(seen[1]?.headers['x-one'], '1')

  writeFileSync(join(workspace.folder, 'body.txt'), 'from a file')
  await tieline(['request', 'board', 'put', '/leads/1', '--data', '@body.txt'])
  assert.is(seen[2]?.method, 'PUT')
  assert.is(seen[2]?.url, '/api/v1/leads/1?api_key=canary-key')
  assert.is(seen[2]?.body, 'from a file')

  const elsewhere = temporaryFolder()
  writeFileSync(join(elsewhere, 'body.txt'), 'from where the command runs')
  const there = ['-C', workspace.folder, 'request', 'hub', '/x', '--data', '@body.txt']
  await tieline(there, { cwd: elsewhere })
  assert.is(seen[3]?.body, 'from where the command runs')

  await tieline(['request', 'hub', 'PATCH', '/x', '--data', '-'], { input: 'from a pipe' })
  assert.is(seen[4]?.body, 'from a pipe')
})

test('request shows status and headers where asked to, and fails where the service does', async () => {
  const { tieline } = await aScene((request, response) => {
    response.writeHead(request.url.endsWith('/gone') ? 404 : 200, { 'x-found': 'yes' })
    response.end(Buffer.from([0x68, 0x69, 0xff]))
  })
  const shown = await tieline(['request', 'hub', '/me', '--include'])
  assert.match(shown.stdout, /^200 OK\n/)
  assert.match(shown.stdout, '\nx-found: yes\n')
  const gone = await tieline(['request', 'hub', '/gone'])
  assert.equal([gone.code, gone.stderr], [1, '404 Not Found\n'])
  const json = await tieline(['request', 'hub', '/gone', '--format', 'json'])
  assert.is(json.code, 1)
  assert.is(json.stderr, '')
  const document = documentIn(json, 'request') as Record<string, unknown>
  assert.is(document.status, 404)
  assert.is(document.body, null)
  assert.is(document.bodyBase64, Buffer.from([0x68, 0x69, 0xff]).toString('base64'))
})

test('a body is printed while it comes', async () => {
  let finish = (): void => {}
  const { environment, workspace } = await aScene((_, response) => {
    response.write('first\n')
    finish = () => response.end('last\n')
  })
  const child = spawn(process.execPath, [mainFile, 'request', 'hub', '/events'], {
    cwd: workspace.folder,
    env: Object.fromEntries(Object.entries(environment).filter(each => each[1] !== undefined))
  })
  const pieces: string[] = []
  for await (const piece of child.stdout.setEncoding('utf8')) {
    pieces.push(piece)
    finish()
  }
  assert.equal(pieces, ['first\n', 'last\n'])
})

test('what cannot be requested is refused before anything is sent', async () => {
  const { tieline, seen, origin } = await aScene()
  const cases: readonly (readonly [args: readonly string[], code: string])[] = [
    [['hub', 'https://hub.example/me'], 'REQUEST_ELSEWHERE'],
    [['hub', '/me', '--header', 'Authorization: Bearer canary'], 'HEADER_TAKEN'],
    [['hub', '/me', '--header', 'canary without a colon'], 'HEADER_INVALID'],
    [['hub', '/me', '--data', '@not-there'], 'DATA_UNREADABLE'],
    [['hub', '/me', '/you'], 'USAGE']
  ]
  for (const [args, code] of cases) {
    const result = await tieline(['request', ...args, '--format', 'json'])
    assert.equal([result.code, ...codesIn(result, code)], [1, code])
    assert.not.match(result.stdout, 'canary')
  }
  assert.is(seen.length, 0)
  await tieline(['request', 'hub', `${origin}/elsewhere`])
  assert.is(seen[0]?.url, '/elsewhere')
})

test('exec gives a program what it needs for its connections, and never our key', async () => {
  const { tieline, origin } = await aScene()
  const script = 'console.log(JSON.stringify(process.env)); process.exit(7)'
  const args = ['exec', 'hub', 'board', '-e', 'dev', '--', process.execPath, '-e', script]
  const { code, stdout, stderr } = await tieline(args)
  assert.equal([code, stderr], [7, ''])
  const variables = JSON.parse(stdout)
  assert.is(variables.TIELINE_HUB_TOKEN, secret)
  assert.is(variables.TIELINE_HUB_HEADER, `Authorization: Bearer ${secret}`)
  assert.is(variables.TIELINE_HUB_BASE_URL, `${origin}/api/v1`)
  assert.match(variables.TIELINE_HUB_EXPIRES_AT, /^20/)
  assert.is(variables.TIELINE_HUB_QUERY, undefined)
  assert.is(variables.TIELINE_BOARD_QUERY, 'api_key=canary-key')
  assert.is(variables.TIELINE_BOARD_TOKEN, undefined)
  assert.is(variables.TIELINE_IDENTITY, undefined)
  assert.is(variables.TIELINE_ACTOR, 'ana@example.com')
})

test('exec passes arguments, input and signals on to the program as they are', async () => {
  const { tieline, workspace, environment } = await aScene()
  const echo = 'process.stdin.pipe(process.stdout); console.log(process.argv.slice(1).join("|"))'
  const args = ['exec', 'hub', '--', process.execPath, '-e', echo, '--', '--help', '-e', 'a b']
  const { stdout } = await tieline(args, { input: 'typed' })
  assert.is(stdout, '--help|-e|a b\ntyped')

  const wait =
    'process.on("SIGTERM", () => process.exit(3)); console.error("up"); setInterval(() => {}, 1000)'
  const machine = aMachine()
  for (const [script, signal, code] of [
    [wait, 'SIGTERM', 3],
    ['console.error("up"); setInterval(() => {}, 1000)', 'SIGTERM', 143],
    ['console.error("up"); setInterval(() => {}, 1000)', 'SIGINT', 130]
  ] as const) {
    const words = ['-C', workspace.folder, 'exec', 'hub', '--', process.execPath, '-e', script]
    const running = machine.start(words, environment)
    await running.says(/up/)
    process.kill(running.pid, signal)
    assert.is((await running.ends).code, code)
  }
})

test('exec starts nothing where a connection cannot be used, and tells of all of them', async () => {
  const { tieline, workspace } = await aScene()
  const refused = await tieline([
    'exec',
    'hubb',
    'hub',
    'bord',
    '--format',
    'json',
    '--',
    'echo',
    'ran'
  ])
  assert.equal(codesIn(refused, 'exec'), ['CONNECTION_UNKNOWN', 'CONNECTION_UNKNOWN'])
  assert.is(refused.code, 1)
  const missing = await tieline(['exec', 'hub', '--format', 'json', '--', 'no-such-program-here'])
  assert.equal(codesIn(missing, 'exec'), ['PROGRAM_NOT_STARTED'])
  for (const args of [
    ['exec', 'hub'],
    ['exec', 'hub', 'echo'],
    ['exec', '--', 'echo']
  ]) {
    const result = await tieline([...args.slice(0, 1), '--format', 'json', ...args.slice(1)])
    assert.equal(codesIn(result, args.join(' ')), ['USAGE'], args.join(' '))
  }
  workspace.record('dev', { hub: aHub({ scopes: ['read', 'write'] }) })
  workspace.state('dev', {})
  const less = await tieline(['exec', 'hub', '--', 'echo', 'ran'])
  assert.is(less.stdout, 'ran\n')
  assert.match(less.stderr, 'runs without write')
})

test('run time works whatever the specs are like; types needs them sound', async () => {
  const { tieline, workspace } = await aScene()
  mkdirSync(join(workspace.folder, 'connections'))
  writeFileSync(join(workspace.folder, 'connections/hub.yaml'), 'connector: [\n')
  assert.is((await tieline(['token', 'hub'])).stdout, `${secret}\n`)
  assert.is((await tieline(['request', 'hub', '/me'])).code, 0)
  assert.is((await tieline(['exec', 'hub', '--', 'true'])).code, 0)
  const refused = await tieline(['types', '--format', 'json'])
  assert.is(refused.code, 1)
  assert.ok(codesIn(refused, 'types').length > 0)
})

test('a token that has run out and cannot be renewed is told as expired', async () => {
  const { tieline, workspace } = await aScene()
  const expired = { refreshToken: null, expiresAt: '2026-01-01T00:00:00.000Z' }
  await workspace.authorize(
    'dev',
    'hub',
    { secret: anOAuthSecret(expired) },
    { at: '2026-02-01T00:00:00.000Z' }
  )
  for (const args of [
    ['token', 'hub'],
    ['request', 'hub', '/me'],
    ['exec', 'hub', '--', 'true']
  ]) {
    const result = await tieline(['--format', 'json', ...args])
    assert.equal(codesIn(result, args.join(' ')), ['AUTHORIZATION_EXPIRED'])
  }
})

test('types writes declarations of the specs, the same every time', async () => {
  const { tieline, folder } = aMachine({
    'tieline.yaml': 'app: { name: A }\n',
    'connections/crm.yaml':
      'connector: salesforce\nname: "CRM */ x"\nlevel: logged-in-user\nscopes: [refresh_token, api]\nclient: { id: env:A_ID, secret: env:A_SECRET }\n',
    'connections/texts.yaml': 'connector: twilio\n',
    'components/form.yaml': 'kind: form\nname: Form\nuses: [crm, texts]\n'
  })
  const { code, stdout } = await tieline(['types'])
  assert.is(code, 0)
  assert.match(
    stdout,
    "kind: 'oauth2'\n    level: 'logged-in-user'\n    scopes: 'api' | 'refresh_token'"
  )
  assert.match(stdout, "kind: 'api-key'\n    level: 'administrator'\n    scopes: never")
  const file = join(folder, 'connections.d.ts')
  await tieline(['types', '--out', 'connections.d.ts'])
  assert.is(readFileSync(file, 'utf8'), stdout)
  const { mtimeMs } = statSync(file)
  const again = await tieline(['types', '--out', 'connections.d.ts'])
  assert.equal([again.code, again.stdout], [0, ''])
  assert.is(statSync(file).mtimeMs, mtimeMs)
  const nowhere = await tieline(['types', '--out', 'no/such/folder.ts', '--format', 'json'])
  assert.equal(codesIn(nowhere, 'types'), ['TYPES_NOT_WRITTEN'])
})

test.run()
