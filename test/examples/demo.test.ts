// timeout: 240s
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { run, temporaryFolder } from '../support/assert.ts'

const repository = resolve(import.meta.dirname, '../..')
const realCli = pathToFileURL(join(repository, 'dist/cli/main.js')).href
const demoCommand = ['--import', 'tsx', join(repository, 'examples/demo.ts')] as const
/** What the connectors of Salesforce and Zoho CRM name. */
const redirectPort = 47823

/** Where one run of the demo happens: with a home, a place for temporary folders, and a log of the commands. */
interface Stage {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  readonly cli: string
  readonly log: string
  /** Folders of demos that are still there. */
  readonly left: () => readonly string[]
}

/** `script` is run in the place of the tieline command, after a line was written to the log. */
function aStage(script = `await import(${JSON.stringify(realCli)})`): Stage {
  const folder = temporaryFolder()
  const [home, temporary] = [join(folder, 'home'), join(folder, 'tmp')]
  for (const each of [home, temporary]) mkdirSync(each)
  // Somebody whose settings would break a demo that used them.
  writeFileSync(join(home, '.gitconfig'), '[commit]\n  gpgsign = true\n[gpg]\n  program = /none\n')
  const [cli, log] = [join(folder, 'cli.mjs'), join(folder, 'log')]
  writeFileSync(cli, `${recorder(log)}\n${script}\n`)
  return {
    env: {
      HOME: home,
      TMPDIR: temporary,
      TIELINE_DEMO_CLI: cli,
      XDG_CONFIG_HOME: undefined,
      TIELINE_IDENTITY: undefined,
      TIELINE_ENV: 'prod',
      FORCE_COLOR: undefined
    },
    home,
    cli,
    log,
    left: () => readdirSync(temporary).filter(name => name.startsWith('tieline-demo'))
  }
}

/** Writes down what the command was called with, and every answer that it gets. */
function recorder(log: string): string {
  return `
    import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs'
    const write = entry => appendFileSync(${JSON.stringify(log)}, JSON.stringify(entry) + '\\n')
    const specs = existsSync('connections') ? readdirSync('connections').map(each => 'connections/' + each) : []
    const addresses = specs.flatMap(each => readFileSync(each, 'utf8').match(/http:\\/\\/localhost:\\d+/g) ?? [])
    write({ pid: process.pid, folder: process.cwd(), args: process.argv.slice(2), env: process.env, addresses })
    const { fetch } = globalThis
    globalThis.fetch = async (...request) => {
      const response = await fetch(...request)
      write({ answer: await response.clone().text() })
      return response
    }`
}

interface Call {
  readonly pid: number
  readonly folder: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly addresses: readonly string[]
}

function readLog({ log }: Stage) {
  const entries = readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Partial<Call> & { readonly answer?: string })
  return {
    calls: entries.filter((each): each is Call => each.args !== undefined),
    answers: entries.flatMap(({ answer }) => (answer === undefined ? [] : [answer]))
  }
}

function demo({ env }: Stage, args: readonly string[] = []) {
  return run(process.execPath, [...demoCommand, ...args], { env, timeout: 120_000 })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Another run of these tests on this machine may have it for a while. */
async function redirectPortIsFree(): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const server = createServer()
    const free = await new Promise<boolean>(settle => {
      server.once('error', () => settle(false))
      server.listen(redirectPort, '127.0.0.1', () => server.close(() => settle(true)))
    })
    if (free) return
    await delay(100)
  }
}

const story = [
  'init --example field-service',
  'validate',
  'plan',
  'apply --auto-approve',
  'authorize salesforce --method browser',
  'authorize zoho_crm --method browser',
  'authorize zoho_crm_partners --method browser',
  'authorize my_salesforce --method browser',
  'authorize zoho_projects --from username=env:ZOHO_PROJECTS_USER --from auth_token=env:ZOHO_PROJECTS_TOKEN',
  'authorize twilio --from account_sid=env:TWILIO_ACCOUNT --from key_sid=env:TWILIO_KEY --from key_secret=env:TWILIO_SECRET',
  'authorize dispatch_board --from board_key=env:DISPATCH_BOARD_KEY',
  'status',
  'token salesforce --headers',
  "apply -e stage --auto-approve -m 'First publish'",
  'token dispatch_board -e stage --headers',
  'plan',
  'apply --auto-approve',
  'plan -e stage --connection zoho_crm',
  'plan -e stage --connection zoho_crm --with-references --out publish.json',
  "apply publish.json -m 'Read contacts'",
  'authorize zoho_crm -e dev -e stage --method browser',
  'status -e stage',
  'apply --road prod --auto-approve',
  'plan --detailed-exitcode',
  'plan -e prod'
]

test('the demo tells its story to the end with the real commands, and leaves nothing behind', async () => {
  await redirectPortIsFree()
  const stage = aStage()
  const { code, stdout, stderr } = await demo(stage)
  assert.is(code, 0, `${stdout}${stderr}`)
  assert.is(stderr, '')
  for (const phrase of [
    'The specs are sound.',
    'salesforce is authorized in dev as ana@field-service.example',
    'dispatch_board: the shared authorization covers it, nobody is asked',
    'Mia',
    '+scopes: [ZohoCRM.modules.contacts.READ,',
    'The selection cannot be published as it is.',
    'stage: version 1 → 2',
    'prod: version 2, the first',
    '\nNo changes.\n',
    'The demo did all that it said'
  ]) {
    assert.ok(stdout.includes(phrase), phrase)
  }

  const { calls, answers } = readLog(stage)
  const shown = [...stdout.matchAll(/^\$ tieline (.*)$/gm)].map(([, line]) => line)
  assert.equal(shown, story)
  assert.equal(
    calls.map(({ args }) => args.map(each => (/\s/.test(each) ? `'${each}'` : each)).join(' ')),
    story
  )

  const secrets = Object.entries(calls[0]?.env ?? {})
    .filter(([name]) => /(SECRET|TOKEN|KEY|ACCOUNT)$/.test(name))
    .map(([, value]) => value)
  const tokens = answers.flatMap(answer =>
    [...answer.matchAll(/"(?:access|refresh)_token":"([^"]+)"/g)].map(([, token = '']) => token)
  )
  assert.is(secrets.length, 8)
  assert.ok(tokens.length >= 10, `${tokens.length} tokens`)
  for (const secret of [...secrets, ...tokens]) assert.not.ok(stdout.includes(secret), 'a secret')

  assert.equal(stage.left(), [])
  assert.equal(readdirSync(stage.home), ['.gitconfig'])
  for (const { pid, folder, env } of calls) {
    assert.not.ok(isAlive(pid))
    assert.not.ok(existsSync(folder))
    assert.is(env.TIELINE_ENV, undefined)
    assert.is.not(env.HOME, stage.home)
  }
  const addresses = new Set(calls.flatMap(call => call.addresses))
  assert.ok(addresses.size >= 5)
  for (const address of addresses) {
    // The first command runs before the demo sets its own addresses.
    if (/:47\d\d$/.test(address)) continue
    const isClosed = await fetch(address).then(
      () => false,
      () => true
    )
    assert.ok(isClosed, address)
  }
})

test('with --keep the workspace stays, and the demo says where', async () => {
  const stage = aStage('process.exit(0)')
  const { code, stdout } = await demo(stage, ['--keep'])
  assert.is(code, 1)
  const kept = /^Kept: (.+)$/m.exec(stdout)?.[1] ?? ''
  assert.ok(existsSync(kept))
  assert.is(stage.left().length, 1)
})

const sabotage: readonly (readonly [name: string, script: string, command: string, why: string])[] =
  [
    [
      'commands that do nothing and call it a success',
      'process.exit(0)',
      'tieline init --example field-service',
      'Expected it to say "tieline.yaml". It did not.'
    ],
    [
      'a command that works, and ends with another exit code',
      `await import(${JSON.stringify(realCli)}); process.exitCode = 2`,
      'tieline init --example field-service',
      'Expected exit code 0. It was 2.'
    ],
    [
      'a command that says more than it should',
      `await import(${JSON.stringify(realCli)}); if (process.argv[2] === 'validate') console.error('warning')`,
      'tieline validate',
      'Expected it to say "✔ The specs are sound." and nothing else.'
    ]
  ]
for (const [name, script, command, why] of sabotage) {
  test(`the demo fails at ${name}`, async () => {
    const stage = aStage(script)
    const { code, stderr } = await demo(stage)
    assert.is(code, 1)
    assert.ok(stderr.includes(command), stderr)
    assert.ok(stderr.includes(why), stderr)
    assert.equal(stage.left(), [])
  })
}

test('a secret in the output of a command is not shown, and ends the demo', async () => {
  const stage = aStage('console.log("the secret is " + process.env.TWILIO_SECRET)')
  const { code, stdout, stderr } = await demo(stage)
  assert.is(code, 1)
  assert.ok(stderr.includes('There is a secret in its output.'), stderr)
  const secret = readLog(stage).calls[0]?.env.TWILIO_SECRET ?? ''
  assert.ok(secret.length > 20)
  assert.not.ok(`${stdout}${stderr}`.includes(secret))
})

for (const [signal, expected] of [
  ['SIGINT', 130],
  ['SIGTERM', 143]
] as const) {
  test(`${signal} ends the demo, the command that runs, and the folder`, async () => {
    const stage = aStage('setInterval(() => {}, 1000)')
    const child = spawn(process.execPath, demoCommand, {
      env: { ...process.env, ...stage.env },
      stdio: 'ignore'
    })
    const ended = new Promise(settle => child.once('close', settle))
    for (let tries = 0; tries < 200 && !existsSync(stage.log); tries++) await delay(50)
    assert.is(stage.left().length, 1)
    child.kill(signal)
    assert.is(await ended, expected)
    assert.equal(stage.left(), [])
    for (const { pid } of readLog(stage).calls) assert.not.ok(isAlive(pid))
  })
}

test('if the redirect port is taken, the demo says so before it does anything', async () => {
  await redirectPortIsFree()
  const server = createServer()
  await new Promise<void>(listening => server.listen(redirectPort, '127.0.0.1', listening))
  try {
    const stage = aStage()
    const { code, stderr } = await demo(stage)
    assert.is(code, 1)
    assert.ok(stderr.includes(`Port ${redirectPort} of this machine is taken`), stderr)
    assert.ok(stderr.includes(`lsof -i tcp:${redirectPort}`))
    assert.not.ok(existsSync(stage.log))
    assert.equal(stage.left(), [])
  } finally {
    await new Promise(closed => server.close(closed))
  }
})

test('a missing build is told with the way out', async () => {
  const stage = aStage()
  const env = { ...stage.env, TIELINE_DEMO_CLI: join(stage.home, 'nothing.js') }
  const { code, stderr } = await demo({ ...stage, env })
  assert.is(code, 1)
  assert.ok(stderr.includes('npm install'), stderr)
})

test('--help tells every option, and an unknown one is refused with the help', async () => {
  const stage = aStage()
  const help = await demo(stage, ['--help'])
  assert.is(help.code, 0)
  for (const option of ['--browser', '--full', '--keep']) assert.ok(help.stdout.includes(option))
  const unknown = await demo(stage, ['--borwser'])
  assert.is(unknown.code, 1)
  assert.ok(unknown.stderr.includes("'--borwser'"), unknown.stderr)
  assert.ok(unknown.stderr.includes('--browser'))
})

test('commands keep colour and width for a program that passes them on to a terminal', async () => {
  const say = async (env: Stage['env']) =>
    (
      await run(process.execPath, [new URL(realCli).pathname, 'validate'], {
        cwd: temporaryFolder(),
        env
      })
    ).stderr
  const plain = await say({ FORCE_COLOR: undefined, NO_COLOR: undefined, COLUMNS: undefined })
  assert.not.ok(plain.includes('\u001b['))
  const coloured = await say({ FORCE_COLOR: '1', NO_COLOR: undefined, COLUMNS: '40' })
  assert.ok(coloured.includes('\u001b['))
  assert.ok(coloured.split('\n').length > plain.split('\n').length)
})

test.run()
