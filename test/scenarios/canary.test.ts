// timeout: 300s
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type RunResult, run } from '../support/assert.ts'
import { Aviary, canary, formsOf, plainCanary } from '../support/cli-canary.ts'
import { runInside } from '../support/cli-inside.ts'
import {
  type Answerer,
  type Heard,
  json,
  loopbackWorkspace,
  startLoopbackServer
} from '../support/cli-loopback.ts'
import { aMachine, type Files, type Machine } from '../support/cli-run.ts'
import { followConsent, startOAuthServer } from '../support/oauth-server.ts'

const [text, inJson] = [[], ['--format', 'json']]
const formats: readonly (readonly string[])[] = [text, inJson]

/** Everything that a command said, without the code. */
function saidIn({ stdout, stderr }: RunResult): string {
  return `${stdout}\n${stderr}`
}

/** Runs a command, within this process if it can, and looks at what it says; in both formats, if none is given. */
async function lookAt(
  aviary: Aviary,
  machine: Machine,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  chosen: readonly (readonly string[])[] = formats
): Promise<readonly RunResult[]> {
  const results: RunResult[] = []
  for (const format of chosen) {
    const isInside = args[0] !== 'exec'
    const all = [...args, ...format]
    const result = isInside
      ? await runInside(machine, all, env)
      : await machine.tieline(all, { env })
    const where = `tieline ${[...args, ...format].join(' ')}`
    aviary.look(result.stdout, `stdout of ${where}`)
    aviary.look(result.stderr, `stderr of ${where}`)
    assert.not.match(saidIn(result), /^ {4}at /m, where)
    assert.not.match(saidIn(result), 'INTERNAL_ERROR', where)
    results.push(result)
  }
  return results
}

/** Reads, moves and draws all that is recorded, hands the app on and takes it in again. */
async function lookAround(
  aviary: Aviary,
  machine: Machine,
  env: Readonly<Record<string, string>>,
  environment = 'dev'
): Promise<void> {
  const bundle = `app-${bundles++}.json`
  for (const command of [
    ...['state list', 'state history', 'state verify', 'doctor', 'fmt --check', 'fmt'],
    ...['state show connection/board', 'state show component/form', 'plan', 'status'].map(
      each => `${each} -e ${environment}`
    ),
    ...[`state list -e ${environment}`, `state history -e ${environment}`, 'state undo'],
    ...['state mv connection/board panel', 'state mv connection/board panel --dry-run'],
    ...['state mv connection/board panel --auto-approve', 'state undo --auto-approve'],
    ...[`state rm component/form -e ${environment} --dry-run`, 'state rm connection/crm --dry-run'],
    ...[`export --out ${bundle}`, `export --out ${bundle} --force`, `import ${bundle} --dry-run`]
  ]) {
    await lookAt(aviary, machine, command.split(' '), env)
  }
  for (const [slot, id] of recordsIn(machine)) {
    const record = [`authorization/${id}`, '-e', slot]
    await lookAt(aviary, machine, ['state', 'show', ...record], env)
    await lookAt(aviary, machine, ['state', 'rm', ...record, '--dry-run'], env)
  }
  const drawings = ['text', 'json', 'mermaid', 'dot', 'svg'].map(each => ['--format', each])
  await lookAt(aviary, machine, ['graph'], env, drawings)
  await lookAt(aviary, machine, ['graph', '-e', environment], env, drawings)
  await lookAt(aviary, machine, ['graph', '--around', 'connection/board'], env, drawings)
}

let bundles = 0

/** Every recorded authorization: its document and id. */
function recordsIn({ folder }: Machine): readonly (readonly [slot: string, id: string])[] {
  const files = { shared: 'shared', dev: 'dev', 'client/acme': 'clients/acme' }
  return Object.entries(files).flatMap(([slot, file]) => {
    const path = join(folder, `state/${file}.json`)
    if (!existsSync(path)) return []
    const { authorizations }: { authorizations: object } = JSON.parse(readFileSync(path, 'utf8'))
    return Object.keys(authorizations).map(id => [slot, id] as const)
  })
}

async function applied(server: { readonly origin: string }): Promise<Machine> {
  const machine = aMachine(loopbackWorkspace(server.origin))
  for (const environment of ['dev', 'stage']) {
    const { code, stderr } = await runInside(machine, [
      'apply',
      '-e',
      environment,
      '--auto-approve'
    ])
    assert.is(code, 0, stderr)
  }
  return machine
}

/** Looks at all that is left on the disk. Nothing of it may hold a secret: the vault is sealed. */
function lookAtDisk(aviary: Aviary, machine: Machine, but: readonly string[] = []): void {
  aviary.lookInFolder(dirname(machine.folder), new Set(but))
}

test('a secret written into a spec, where it must not be, is never repeated', async () => {
  const aviary = new Aviary()
  const secret = (name: string): string => aviary.add(name, plainCanary(name))
  const client = (id: string, part: string): string =>
    `connector: salesforce\nscopes: [api, refresh_token]\nclient: { id: ${id}, secret: ${part} }\n`
  const sound = client('env:A_ID', 'env:A_SECRET')
  const connections = [
    client(secret('id'), 'env:A_SECRET'),
    client('env:A_ID', secret('secret')),
    client('env:A_ID', `"${secret('quoted')}"`),
    client('env:A_ID', `env:${secret('in_env')}`),
    client('env:A_ID', `vault:${secret('in_vault')}!`),
    client('env:A_ID', `[${secret('list')}]`),
    client('env:A_ID', `{ value: ${secret('map')} }`),
    `${sound}client_secret: ${secret('unknown_key')}\n`,
    `${sound}password: >-\n  ${secret('folded')}\n`,
    `${sound}${secret('as_a_key')}: 1\n`,
    `${sound}fields: { key: ${secret('fields')} }\n`,
    `connector: salesforce\nclient: ${secret('whole_client')}\n`,
    `${sound}environments: { dev: { client: { id: ${secret('dev_id')} } } }\n`,
    `${sound}environments: { dev: { client: { id: env:B, secret: ${secret('dev')} } } }\n`,
    `${sound}environments: { dev: { secret: ${secret('dev_key')} } }\n`,
    `${sound}environments: { dev: { origin: "http://u:${secret('origin')}@127.0.0.1" } }\n`,
    `${sound}parameters: { domain: "${secret('parameter')}!" }\n`,
    `${sound}parameters: { region: ${secret('odd_parameter')}, deep: { a: [${secret('deep_parameter')}] } }\n`,
    `${sound}parameters: { ${secret('parameter_key')}: 1 }\n`,
    `${sound}environments: { dev: { parameters: { place: ${secret('dev_parameter')} }, origin: 1 } }\n`,
    `${sound}parameters: { password: ${secret('no_parameter')} }\n`,
    `connector: salesforce\nclient: { secret: "${secret('open_quote')}\nscopes: [api]\n`,
    `connector: salesforce\n  secret: ${secret('indent')}\n scopes: [\n`,
    `a: &x ${secret('anchor')}\nb: *y\nclient: { secret: ${secret('near')} }\n`,
    `${sound}client: { id: env:A_ID, secret: ${secret('twice')} }\n`,
    `<<<<<<< HEAD\nsecret: ${secret('ours')}\n=======\nsecret: x\n>>>>>>> other\n`,
    `${sound}secret: !!binary ${secret('tag')}\n`,
    `${secret('only')}`,
    `connector: twilio\nclient: { id: env:A_ID, secret: ${secret('not_oauth')} }\n`
  ]
  const clients = [
    `name: Acme\nconnections: { crm: { client: { id: env:A, secret: ${secret('client')} } } }\n`,
    `name: Acme\nconnections: { crm: { parameters: { region: ${secret('client_parameter')}, b: 1 } } }\n`,
    `name: Acme\nmembers: { ${secret('client_member')}: { role: ${secret('client_role')} } }\n`,
    `name: Acme\nmembers: { it@acme.example: { role: admin, key: ${secret('client_key')} } }\n`
  ]
  const files: Files = {
    ...numbered('connections', connections),
    ...numbered('clients', clients),
    'components/deluge.yaml': 'kind: form\nsource: deluge.dg\n',
    'deluge.dg': `invokeurl [ url: "https://x.example/?key=${secret('source')}" connection: "none" ]\n`,
    'components/script.yaml': 'kind: form\nsource: script.ts\n',
    'script.ts': `const password = '${secret('line_before')}'\nconnection("none")\nfetch(url, { headers: { Authorization: 'Bearer ${secret('bearer')}' } })\n`,
    'components/name.yaml': 'kind: form\nuses: [crm]\nsource: name.ts\n',
    'name.ts': `connection("${secret('as_a_name')}!")\n`
  }
  const workspaces = [
    'app: { name: A }\n',
    `app: { name: A }\nstate: postgres://u:${secret('state')}@host/db\nvault: s3://${secret('vault')}@bucket\n`,
    `app: { name: A }\nmembers: { a@b.example: { role: developer, key: ${secret('member')} } }\n`,
    `app: { name: A }\nruntime: { prod: [${secret('runtime')}] }\n`,
    `app: { name: A }\npassword: ${secret('in_workspace')}\n`
  ]
  const commands = [
    'plan',
    'plan --all',
    'status',
    'apply --auto-approve',
    'authorize crm',
    'token crm'
  ]
  for (const [index, workspace] of workspaces.entries()) {
    const machine = aMachine({ 'tieline.yaml': workspace, ...(index === 0 ? files : {}) })
    const [result] = await lookAt(aviary, machine, ['validate'])
    const wrong = index === 0 ? Object.keys(files) : ['tieline.yaml']
    for (const file of wrong.filter(each => /^(connections|clients|tieline)/.test(each))) {
      assert.match(result?.stderr ?? '', `${file}:`, `no mistake was found in ${file}`)
    }
    for (const command of index === 0 ? commands : commands.slice(0, 1)) {
      await lookAt(aviary, machine, command.split(' '))
    }
    assert.not.ok(readdirSync(machine.folder).includes('state'), 'it was applied')
  }
  assert.equal(aviary.leaks, [])
})

/** One file each: `folder/case_01.yaml`. */
function numbered(folder: string, texts: readonly string[]): Files {
  return Object.fromEntries(
    texts.map((text, index) => [`${folder}/case_${String(index).padStart(2, '0')}.yaml`, text])
  )
}

test('a secret on the command line, where it must not be, is never repeated', async () => {
  const aviary = new Aviary()
  const server = await startLoopbackServer()
  const machine = await applied(server)
  const literal = aviary.add('a literal', plainCanary('literal'))
  for (const args of [
    ['authorize', 'board', '--from', `key=${literal}`],
    ['authorize', 'board', '--from', literal],
    ['authorize', 'board', `--key=${literal}`],
    ['authorize', 'board', '--key', literal],
    ['authorize', 'board', literal],
    ['token', 'board', `--token=${literal}`]
  ]) {
    const results = await runInside(machine, args)
    assert.is(results.code, 1)
    aviary.look(saidIn(results), args.slice(0, 3).join(' ').replaceAll(literal, '...'))
  }
  await server.close()
  assert.equal(aviary.leaks, [])
})

test('what is entered for basic and API key is seen by the service alone, whatever it answers', async () => {
  const aviary = new Aviary()
  const key = aviary.add('key', plainCanary('key'))
  const odd = aviary.add('odd password', canary('odd'))
  const env = { BOARD_KEY: key, FILES_USER: 'ana', FILES_PASSWORD: odd }
  const server = await startLoopbackServer()
  const machine = await applied(server)
  const stop = aviary.watchProcesses()
  const echo: Answerer = ({ request, body }, response) => {
    const said = `${JSON.stringify(request.headers)} ${decoded(request.headers.authorization)} ${body} ${request.url}`
    response.writeHead(401, { 'Content-Type': 'text/html', 'X-Echo': encodeURIComponent(said) })
    response.end(`<html>${said}</html>`)
  }
  // What the service was sent is all that it can repeat.
  const own = ({ request }: Heard): string =>
    `${request.headers['x-key'] ?? decoded(request.headers.authorization).replace('ana:', '')}`
  const answers: readonly Answerer[] = [
    echo,
    (heard, response) => json(response, 403, { error: own(heard), headers: heard.request.headers }),
    (heard, response) => json(response, 500, { message: `${own(heard)} is wrong` }),
    ({ request }, response) => json(response, 401, { detail: request.headers.authorization }),
    (heard, response) =>
      response.writeHead(302, { Location: `/?${encodeURIComponent(own(heard))}` }).end(),
    (heard, response) =>
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(`<p>${own(heard)}</p>`),
    (heard, response) => json(response, 200, { sub: own(heard), name: `I am ${own(heard)}` }),
    (heard, response) => json(response, 200, { sub: { [own(heard)]: 1 }, name: [own(heard)] }),
    ({ request }, response) => json(response, 200, { sub: request.headers.authorization, name: 1 }),
    (heard, response) => json(response, 200, { sub: `${'x'.repeat(190)}${own(heard)}`, name: '' }),
    (_, response) => response.destroy(),
    (_, response) => json(response, 200, { sub: 'ana', name: 'Ana' })
  ]
  const board = ['authorize', 'board', '--from', 'key=env:BOARD_KEY']
  const files = [
    'authorize',
    'files',
    '--from',
    'user=env:FILES_USER',
    '--from',
    'password=env:FILES_PASSWORD'
  ]
  for (const [index, answer] of answers.entries()) {
    server.answers(answer)
    if (index === 0) aviary.look(saidIn(await machine.tieline(board, { env })), 'a process')
    await lookAt(aviary, machine, board, env, [index % 2 === 0 ? text : inJson])
    await lookAt(aviary, machine, files, env, [index % 2 === 0 ? inJson : text])
    lookAtDisk(aviary, machine)
    assert.equal(aviary.leaks, [], `answer ${index}`)
  }
  for (const args of [
    ['plan', '--all'],
    ['plan', '--out', 'plan.json']
  ]) {
    await lookAt(aviary, machine, args, env)
  }
  await lookAround(aviary, machine, env)

  // It did travel, and comes out where it is asked for.
  assert.ok(server.heard.some(({ request }) => request.headers['x-key'] === key))
  assert.ok(
    server.heard.some(({ request }) => decoded(request.headers.authorization) === `ana:${odd}`)
  )
  const { stdout } = await machine.tieline(['token', 'board', '--headers'])
  assert.is(stdout, `X-Key: ${key}\n`)
  await server.close()
  await lookAt(aviary, machine, board, env)
  lookAtDisk(aviary, machine)
  await stop()
  assert.equal(aviary.leaks, [])
})

test('client secret, code and tokens of OAuth2 are seen by the service alone, whatever it answers', async () => {
  const aviary = new Aviary()
  const [code, access, refresh, idToken] = ['code', 'access', 'refresh', 'id'].map(name =>
    aviary.add(`${name} from the service`, plainCanary(name))
  )
  const secret = aviary.add('client secret', plainCanary('client'))
  const env = { CRM_ID: 'the-client', CRM_SECRET: secret }
  const tokens = {
    access_token: access,
    refresh_token: refresh,
    id_token: idToken,
    token_type: 'Bearer',
    expires_in: 1,
    scope: 'read offline_access'
  }
  const all = `${code} ${secret} ${Buffer.from(`the-client:${secret}`).toString('base64')}`
  const atToken =
    (
      answer: Answerer,
      atTest: Answerer = (_, response) => json(response, 200, { sub: 'ana', name: 'Ana' })
    ): Answerer =>
    (heard, response) =>
      (heard.request.url === '/token' ? answer : atTest)(heard, response)
  const granted: Answerer = (_, response) => json(response, 200, tokens)
  const echo: Answerer = ({ request, body }, response) =>
    json(response, 400, {
      error: 'invalid_grant',
      error_description: `${body} ${request.headers.authorization} ${all}`,
      error_uri: `https://example.com/${secret}`
    })
  const failing: Readonly<Record<string, Answerer>> = {
    'an error that repeats all': atToken(echo),
    'an error code that is the secret': atToken((_, response) =>
      json(response, 400, { error: secret, error_description: all })
    ),
    'a client that is refused': atToken((_, response) =>
      json(response, 401, { error: 'invalid_client', error_description: `${secret} is wrong` })
    ),
    'a page': atToken((_, response) =>
      response.writeHead(500, { 'Content-Type': 'text/html' }).end(`<h1>${all} ${access}</h1>`)
    ),
    'a page that says yes': atToken((_, response) =>
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(`<h1>${all}</h1>`)
    ),
    'a redirect': atToken((_, response) =>
      response.writeHead(307, { Location: `http://127.0.0.1:9/${secret}?${access}` }).end()
    ),
    'no access token': atToken((_, response) =>
      json(response, 200, { refresh_token: refresh, token_type: 'Bearer', error: refresh })
    ),
    'an access token that fits in no header': atToken((_, response) =>
      json(response, 200, { ...tokens, access_token: `${access}\r\nX: ${access}` })
    ),
    'an error beside the tokens': atToken((_, response) =>
      json(response, 400, {
        ...tokens,
        error: 'nope',
        error_description: `${access} ${refresh} ${idToken}`
      })
    ),
    'broken JSON': atToken((_, response) =>
      response
        .writeHead(200, { 'Content-Type': 'application/json' })
        .end(`{"access_token": "${access}`)
    ),
    'a test request that echoes': atToken(granted, ({ request }, response) =>
      json(response, 401, { error: 'nope', message: request.headers.authorization })
    ),
    'a test request that redirects': atToken(granted, (_, response) =>
      response.writeHead(302, { Location: `http://127.0.0.1:9/?token=${access}` }).end()
    )
  }
  const passing: Readonly<Record<string, Answerer>> = {
    'an account that is called like the token': atToken(granted, (_, response) =>
      json(response, 200, { sub: access, name: `${access} and ${refresh}` })
    ),
    'tokens of another kind': atToken((_, response) =>
      json(response, 200, { ...tokens, token_type: access })
    ),
    'scopes that are the token': atToken((_, response) =>
      json(response, 200, { ...tokens, scope: `read ${access}` })
    ),
    'a plain yes': atToken(granted)
  }

  const server = await startLoopbackServer()
  const machine = await applied(server)
  const stop = aviary.watchProcesses()
  let rounds = 0
  // Pasting and text, then browser and JSON, by turns.
  const authorize = async (name: string, query: string): Promise<number> => {
    const pastes = rounds++ % 2 === 0
    const flags = pastes ? ['--no-browser'] : ['--method', 'browser', '--format', 'json']
    const running = machine.start(['authorize', 'crm', '--switch-account', ...flags], env)
    const [, address = ''] = await running.says(/^ {4}(http\S+)/m)
    const { searchParams } = new URL(address)
    const redirected = `${searchParams.get('redirect_uri')}?state=${searchParams.get('state')}&${query}`
    if (pastes) running.write(redirected)
    else {
      const page = await fetch(redirected, { redirect: 'manual' })
      aviary.look(await page.text(), `the page after: ${name}`)
      aviary.look(JSON.stringify([...page.headers]), `the headers after: ${name}`)
    }
    const result = await running.ends
    aviary.look(result.stdout, `stdout after: ${name}`)
    aviary.look(result.stderr, `stderr after: ${name}`)
    assert.not.match(saidIn(result), /INTERNAL_ERROR|^ {4}at /m)
    lookAtDisk(aviary, machine)
    assert.equal(aviary.leaks, [], name)
    return result.code
  }

  for (const [name, answer] of Object.entries(failing)) {
    server.answers(answer)
    assert.is(await authorize(name, `code=${code}`), 1, name)
  }
  const denied = `error=access_denied&error_description=${encodeURIComponent(all)}&code=${code}`
  assert.is(await authorize('a redirect that says no', denied), 1)
  for (const [name, answer] of Object.entries(passing)) {
    server.answers(answer)
    await authorize(name, `code=${code}`)
  }

  // By now the token has run out. Refreshing fails in every way, and then works.
  await new Promise(done => setTimeout(done, 1100))
  for (const [name, answer] of Object.entries(failing).slice(0, 10)) {
    if (name === 'an error that repeats all' || name === 'an error code that is the secret')
      continue
    forgetFailures(machine)
    server.answers(answer)
    const results = await lookAt(aviary, machine, ['token', 'crm'], env)
    assert.ok(
      results.every(each => each.code === 1),
      name
    )
    lookAtDisk(aviary, machine)
    assert.equal(aviary.leaks, [], name)
  }
  forgetFailures(machine)
  server.answers(atToken(granted))
  const { stdout } = await machine.tieline(['token', 'crm'], { env })
  assert.is(stdout, `${access}\n`)
  lookAtDisk(aviary, machine)
  server.answers(atToken(echo))
  await new Promise(done => setTimeout(done, 1100))
  forgetFailures(machine)
  await lookAt(aviary, machine, ['token', 'crm'], env)
  for (const args of [['status'], ['plan'], ['plan', '--all'], ['plan', '--out', 'plan.json']]) {
    await lookAt(aviary, machine, args, env)
  }
  await server.close()
  await lookAt(aviary, machine, ['token', 'crm'], env)
  lookAtDisk(aviary, machine)
  await stop()
  assert.equal(aviary.leaks, [])
})

/** A service that failed is left alone for a while; here it is asked again at once. */
function forgetFailures({ folder }: Machine): void {
  rmSync(join(folder, '.tieline/vault/leases'), { recursive: true, force: true })
}

test('with a real OAuth2 server, tokens come out where they are asked for and nowhere else', async () => {
  const aviary = new Aviary()
  const secret = aviary.add('client secret', plainCanary('real'))
  const server = await startOAuthServer({
    clients: [
      {
        id: 'the-client',
        secret,
        authentication: 'client_secret_basic',
        redirectUris: ['http://127.0.0.1/callback']
      }
    ],
    scopes: ['read'],
    accessTokenLifetime: 1
  })
  const env = { CRM_ID: 'the-client', CRM_SECRET: secret }
  const machine = await applied(server)
  const stop = aviary.watchProcesses()
  const running = machine.start(['authorize', 'crm', '--method', 'browser'], env)
  const [, address = ''] = await running.says(/^ {4}(http\S+)/m)
  const { redirected } = await followConsent(address)
  aviary.add('code', new URL(redirected).searchParams.get('code') ?? '')
  const result = await running.ends
  assert.is(result.code, 0, result.stderr)
  aviary.look(saidIn(result), 'authorize')

  const first = await machine.tieline(['token', 'crm'], { env })
  await new Promise(done => setTimeout(done, 1100))
  const second = await machine.tieline(['token', 'crm'], { env })
  assert.is(second.code, 0, second.stderr)
  assert.is.not(first.stdout, second.stdout)
  aviary.add('first access token', first.stdout.trim())
  aviary.add('second access token', second.stdout.trim())
  aviary.look(first.stderr + second.stderr, 'stderr of token')
  // One value comes in by a pipe. The key of each slot, and the tokens of later refreshes, nobody but the vault ever sees.
  const value = aviary.add('value of the vault', plainCanary('value'))
  const set = await machine.tieline(['vault', 'set', 'crm_value', '--for', 'crm'], {
    env,
    input: `${value}\n`
  })
  assert.is(set.code, 0, set.stderr)
  aviary.look(saidIn(set), 'vault set')
  for (const args of [
    ['status'],
    ['plan', '--all'],
    ['status', '--refresh'],
    ['plan', '--refresh'],
    ['status', '--by', 'ana@example.com'],
    ['types'],
    ['vault', 'key'],
    ['vault', 'recipients'],
    ['vault', 'rotate'],
    ['request', 'crm', '/no-such-page'],
    ['exec', 'crm', '--', process.execPath, '-e', ''],
    ['revoke', 'crm', '--auto-approve'],
    ['revoke', 'crm', '--auto-approve'],
    ['token', 'crm']
  ]) {
    await lookAt(aviary, machine, args, env)
    lookAtDisk(aviary, machine)
    assert.equal(aviary.leaks, [], args.join(' '))
  }
  await stop()
  await server.close()
  await lookAround(aviary, machine, env)
  lookAtDisk(aviary, machine)
  assert.equal(aviary.leaks, [])
})

test("a person's key is never repeated, and no program that tieline starts is given it", async () => {
  const aviary = new Aviary()
  const { generateX25519Identity, identityToRecipient } = await import('age-encryption')
  const identity = aviary.add('identity', await generateX25519Identity())
  const server = await startLoopbackServer()
  const machine = await applied(server)
  const bin = join(dirname(machine.folder), 'bin')
  const real = (await run('sh', ['-c', 'command -v git'])).stdout.trim()
  const seen = join(dirname(machine.folder), 'seen-by-git')
  await run('mkdir', [bin])
  writeFileSync(join(bin, 'git'), `#!/bin/sh\nenv >>'${seen}'\nexec '${real}' "$@"\n`, {
    mode: 0o755
  })
  await run('git', ['init', '-q'], { cwd: machine.folder })
  const file = join(dirname(machine.folder), 'identity.txt')
  writeFileSync(file, `${identity}\n`, { mode: 0o600 })

  const key = aviary.add('key', plainCanary('key'))
  const from = ['authorize', 'board', '--from', 'key=env:BOARD_KEY', '--as', 'ana@example.com']
  const broken = aviary.add('no identity', plainCanary('broken'))
  const other = aviary.add('other identity', await generateX25519Identity())
  const common = { BOARD_KEY: key, PATH: `${bin}:${process.env.PATH}` }
  for (const [given, code] of [
    [identity, 0],
    [file, 0],
    [other, 1],
    [broken, 1],
    [`AGE-SECRET-KEY-1${broken}`, 1],
    [`${identity.slice(0, -1)}?`, 1]
  ] as const) {
    aviary.add(`given ${given === file ? 'path' : ''}`, given === file ? broken : given)
    const env = { ...common, TIELINE_IDENTITY: given }
    const results = await lookAt(aviary, machine, from, env, [code === 0 ? text : inJson])
    assert.equal(
      results.map(each => each.code),
      [code]
    )
    await lookAt(aviary, machine, ['status'], env, [text])
    if (code !== 0) await lookAt(aviary, machine, ['token', 'board', '--headers'], env)
  }
  assert.ok(readdirSync(dirname(seen)).includes('seen-by-git'), 'git was not asked')
  lookAtDisk(aviary, machine, [file])
  await server.close()
  // The key to the service is handed to git like every variable that is not ours.
  assert.equal(
    aviary.leaks.filter(each => each.where !== seen || each.secret !== 'key'),
    []
  )
  assert.match(await identityToRecipient(identity), /^age1/)
})

test('what a client authorizes is shown to nobody, whoever looks, and lies nowhere in the clear', async () => {
  const aviary = new Aviary()
  const key = aviary.add('key', plainCanary('client-key'))
  const password = aviary.add('password', canary('client-password'))
  const { generateX25519Identity, identityToRecipient } = await import('age-encryption')
  const [it, jo, app] = [
    aviary.add('admin', await generateX25519Identity()),
    aviary.add('user', await generateX25519Identity()),
    aviary.add('application', await generateX25519Identity())
  ]
  const [itKey, joKey, appKey] = await Promise.all([it, jo, app].map(identityToRecipient))
  const server = await startLoopbackServer()
  const members = `{ it@acme.example: { role: admin, key: ${itKey} }, jo@acme.example: { role: user, key: ${joKey} } }`
  const workspace = `app: { name: Loopback }\nconnectors: { custom: true }\nruntime: { clients: [${appKey}] }\n`
  const machine = aMachine({
    ...loopbackWorkspace(server.origin),
    'tieline.yaml': workspace,
    'connections/files.yaml': 'connector: files\nlevel: logged-in-user\n',
    'clients/acme.yaml': `name: Acme\nmembers: ${members}\n`
  })
  for (const environment of ['dev', 'stage', 'prod', 'client/acme']) {
    const { code, stderr } = await runInside(machine, [
      'apply',
      '-e',
      environment,
      '--auto-approve'
    ])
    assert.is(code, 0, stderr)
  }
  const asIt = { TIELINE_IDENTITY: it, TIELINE_ACTOR: 'it@acme.example' }
  const asJo = { TIELINE_IDENTITY: jo, TIELINE_ACTOR: 'jo@acme.example' }
  const secrets = { BOARD_KEY: key, FILES_USER: 'jo', FILES_PASSWORD: password }
  const stop = aviary.watchProcesses()
  const board = ['authorize', 'board', '-e', 'client/acme', '--from', 'key=env:BOARD_KEY']
  const files = ['authorize', 'files', '-e', 'client/acme', '--from', 'user=env:FILES_USER']
  const own = [...files, '--from', 'password=env:FILES_PASSWORD']
  for (const [args, who] of [
    [board, asIt],
    [own, asJo]
  ] as const) {
    const results = await lookAt(aviary, machine, args, { ...secrets, ...who })
    assert.equal(
      results.map(each => each.code),
      [0, 0]
    )
  }
  for (const [turn, who] of [asIt, asJo, {}].entries()) {
    for (const [index, command] of [
      ...['status', 'status -e client/acme', 'status -e client/acme --refresh', 'plan --all'],
      ...['status --by it@acme.example', 'status --by jo@acme.example', 'state verify'],
      ...['plan -e client/acme', 'types -e client/acme', 'vault recipients', 'exec files -- env']
    ].entries()) {
      const format = (turn + index) % 2 === 0 ? text : inJson
      await lookAt(aviary, machine, command.split(' '), who, [format])
    }
    if (who === asIt) continue
    await lookAt(aviary, machine, ['token', 'board', '-e', 'client/acme'], who)
    await lookAt(aviary, machine, ['revoke', 'board', '-e', 'client/acme'], who, [text])
    await lookAt(aviary, machine, board, { ...secrets, ...who }, [inJson])
  }
  for (const who of [asIt, {}]) await lookAround(aviary, machine, who, 'client/acme')
  const written = readdirSync(join(machine.folder, 'state'), {
    recursive: true,
    encoding: 'utf8'
  })
  assert.ok(written.includes(join('history', 'clients', 'acme.jsonl')), written.join())
  assert.ok(readdirSync(machine.folder).some(each => /^app-\d+\.json$/.test(each)))
  // It did travel, and comes out where it is asked for.
  const token = ['token', 'board', '-e', 'client/acme', '--headers']
  const { stdout } = await machine.tieline(token, { env: { TIELINE_IDENTITY: app } })
  assert.is(stdout, `X-Key: ${key}\n`)
  rmSync(join(machine.folder, 'clients/acme.yaml'))
  await lookAt(aviary, machine, ['plan', '-e', 'client/acme'])
  await lookAt(aviary, machine, ['apply', '-e', 'client/acme', '--auto-approve'], {}, [text])
  await lookAt(aviary, machine, ['state', 'verify'])
  await server.close()
  lookAtDisk(aviary, machine)
  await stop()
  assert.equal(aviary.leaks, [])
})

test('the search of this file finds a secret in every form', () => {
  const secret = canary('proof')
  const latin = Buffer.from(`user:${secret}`)
  const forms = [
    secret,
    encodeURIComponent(secret),
    JSON.stringify({ secret }),
    latin.toString('base64'),
    `a${latin.toString('base64url')}b`,
    Buffer.from(`u:${secret}:x`).toString('base64'),
    Buffer.from(`us:${secret}`).toString('base64'),
    Buffer.from(secret).toString('hex')
  ]
  for (const form of forms) {
    const aviary = new Aviary()
    aviary.add('proof', secret)
    aviary.look(`before ${form} after`, 'here')
    assert.equal(aviary.leaks, [{ secret: 'proof', where: 'here' }], form)
  }
  assert.ok(formsOf(secret).every(each => each.length > 12))
})

function decoded(authorization: string | undefined): string {
  return Buffer.from(authorization?.split(' ')[1] ?? '', 'base64').toString()
}

test.run()
