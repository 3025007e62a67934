// timeout: 300s
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rejects, run } from '../support/assert.ts'
import { loopbackWorkspace, startLoopbackServer } from '../support/cli-loopback.ts'
import {
  aMachine,
  cleanEnvironment,
  type Machine,
  mainFile,
  repository,
  writeFiles
} from '../support/cli-run.ts'
import { type Allowance, type Traced, trace, violations } from '../support/cli-trace.ts'

const git = (await run('sh', ['-c', 'command -v git'])).stdout.trim()

/** All that may be opened outside the workspace. */
function allowed(machine: Machine): readonly Allowance[] {
  const { home } = machine
  const ours = (path: string, why: string) => ({ path: join(repository, path), why })
  return [
    ours('dist', 'the program itself'),
    ours('node_modules', 'packages it is made of'),
    ours('package.json', 'Node asks it how to load the program'),
    ours('connectors', 'the connectors that come with tieline'),
    ours('schemas', 'what a schema says of a key is told with a mistake in it'),
    { path: join(home, '.config/tieline'), why: 'the configuration of tieline' },

    { path: process.execPath, why: 'Node reads itself' },
    { path: /\/openssl\.cnf$/, program: 'node', why: 'Node sets up its TLS when it starts' },
    { path: /^\/proc\/\d+\/(maps|cgroup)$/, program: 'node', why: 'Node looks at its own memory' },
    { path: '/proc/meminfo', program: 'node', why: 'Node sizes its heap' },
    { path: '/proc/sys/vm/overcommit_memory', why: 'the C library sizes its heap' },
    { path: '/sys/fs/cgroup', program: 'node', why: 'Node asks how much memory it may use' },
    { path: /^\/etc\/ld\.so\.(cache|preload)$/, why: 'the loader finds libraries' },
    { path: /^\/(usr\/)?lib(64)?\/.*\.so(\.[0-9.]+)?$/, why: 'libraries of Node and git' },

    { path: '/dev/null', why: 'git closes the streams that it lacks' },
    { path: '/etc/gitconfig', program: 'git', why: 'settings of git: the machine' },
    { path: join(home, '.gitconfig'), program: 'git', why: 'settings of git: the person' },
    { path: join(home, '.config/git'), program: 'git', why: 'settings of git: the person' },
    {
      path: join(dirname(home), 'named-by-git-config'),
      program: 'git',
      why: 'settings of git: files that the repository includes. git itself reads them as settings or patterns, and tells us nothing of them'
    },
    { path: /^\/etc\/locale\.alias$/, program: 'git', why: 'git chooses its language' },
    { path: /^\/usr\/(lib|share)\/locale\//, program: 'git', why: 'git chooses its language' },
    { path: /\/gconv-modules\.cache$/, program: 'git', why: 'git chooses its character set' }
  ]
}

/** In the workspace: what git keeps is for git, and what git ignores is for nobody, but for `state/` and `.tieline/`. */
const closed = [
  { path: '.git', but: 'git' },
  { path: '.env' },
  { path: 'secrets/crm' },
  { path: 'src/ignored.ts' },
  { path: 'connections/ignored.yaml' },
  { path: 'components/ignored.yaml' },
  { path: 'connectors/ignored.yaml' }
]

/** In the workspace, and not the reader's own: folders of these names come first on the PATH. */
const bait = ['.', 'node_modules/.bin']

function traced(machine: Machine, command: string, args: readonly string[]): Promise<Traced> {
  const { folder, home } = machine
  const path = [...bait, join(folder, 'node_modules/.bin'), dirname(git), '/usr/bin', '/bin']
  const variables = {
    ...cleanEnvironment(home),
    // The actor is asked for in git, which must not be the workspace's own.
    TIELINE_ACTOR: undefined,
    PATH: path.join(delimiter),
    SOUND_ID: 'a variable that nobody needs yet',
    AWS_SECRET_ACCESS_KEY: 'a variable that nobody may read'
  }
  return trace(command, args, { cwd: folder, env: variables })
}

function wrongIn(machine: Machine, run: Traced): readonly string[] {
  const programs = [process.execPath, git]
  return violations(run, {
    workspace: machine.folder,
    closed,
    allowed: allowed(machine),
    programs
  })
}

/** `codes`: commands that only read, and how each of them ends. */
async function isHarmless(
  machine: Machine,
  codes: Readonly<Record<string, number>>
): Promise<void> {
  const found: string[] = []
  for (const [command, code] of Object.entries(codes)) {
    const result = await traced(machine, process.execPath, [mainFile, ...command.split(' ')])
    for (const each of wrongIn(machine, result)) found.push(`${command}: ${each}`)
    assert.is(result.code, code, `${command}\n${result.stderr}${result.stdout}`)
    assert.not.match(`${result.stdout}${result.stderr}`, /^ {4}at /m)
    assert.not.match(`${result.stdout}${result.stderr}`, 'OUTSIDE-CONTENT')
  }
  assert.equal(found, [])
  assert.equal(readdirSync(dirname(machine.folder)).includes('marker'), false, 'a program ran')
}

/** What lies beside every workspace here; nothing may read it. */
function plantOutside({ folder }: Machine): void {
  const root = dirname(folder)
  writeFiles(join(root, 'outside'), {
    'secret.yaml': 'OUTSIDE-CONTENT: connector: crm\n',
    'secret.json': '{"OUTSIDE-CONTENT": 1}\n',
    secret: 'OUTSIDE-CONTENT\n',
    'folder/inner.yaml': 'OUTSIDE-CONTENT: 1\n',
    'folder/inner.ts': 'connection("crm") // OUTSIDE-CONTENT\n'
  })
  writeFiles(join(root, 'named-by-git-config'), { config: '[user]\n', ignore: 'never-there\n' })
}

/** A repository that would run a program of its own in every way that git knows. */
async function plantGit({ folder }: Machine): Promise<void> {
  const root = dirname(folder)
  const script = `#!/bin/sh\ntouch ${join(root, 'marker')}\n`
  writeFiles(folder, {
    'evil.sh': script,
    git: script,
    'node_modules/.bin/git': script,
    '.gitattributes': '* filter=evil diff=evil merge=evil\n*.yaml working-tree-encoding=UTF-16\n'
  })
  await run('git', ['init', '-q', folder])
  const evil = join(folder, 'evil.sh')
  const settings: Readonly<Record<string, string>> = {
    'core.fsmonitor': evil,
    'core.hooksPath': join(folder, 'hooks'),
    'core.pager': evil,
    'core.editor': evil,
    'core.sshCommand': evil,
    'core.askPass': evil,
    'core.gitProxy': evil,
    'core.alternateRefsCommand': evil,
    'core.attributesFile': join(folder, '.gitattributes'),
    'core.excludesFile': join(root, 'named-by-git-config/ignore'),
    'include.path': join(root, 'named-by-git-config/config'),
    'core.untrackedCache': 'true',
    'credential.helper': evil,
    'diff.external': evil,
    'diff.evil.textconv': evil,
    'diff.evil.command': evil,
    'filter.evil.clean': evil,
    'filter.evil.smudge': evil,
    'filter.evil.process': evil,
    'filter.evil.required': 'true',
    'merge.evil.driver': evil,
    'gpg.program': evil,
    'alias.check-ignore': `!${evil}`,
    'alias.config': `!${evil}`,
    'uploadpack.packObjectsHook': evil,
    'remote.origin.url': 'ext::sh -c touch% marker',
    'remote.origin.promisor': 'true',
    'remote.origin.partialCloneFilter': 'blob:none',
    'extensions.partialClone': 'origin'
  }
  for (const [key, value] of Object.entries(settings)) {
    await run('git', ['-C', folder, 'config', key, value])
  }
  for (const hook of ['fsmonitor-watchman', 'post-index-change', 'pre-auto-gc', 'post-checkout']) {
    writeFiles(folder, { [`.git/hooks/${hook}`]: script, [`hooks/${hook}`]: script })
    for (const where of ['.git/hooks', 'hooks']) chmodSync(join(folder, where, hook), 0o755)
  }
  for (const file of ['evil.sh', 'git', 'node_modules/.bin/git']) {
    chmodSync(join(folder, file), 0o755)
  }
}

const ignores = `.tieline/
.env
secrets/
src/ignored.ts
connections/ignored.yaml
components/ignored.yaml
connectors/ignored.yaml
`

/** A workspace with state and a vault, which is in order as far as tieline can see. */
async function soundMachine(): Promise<Machine> {
  const server = await startLoopbackServer()
  const machine = aMachine({
    ...loopbackWorkspace(server.origin),
    '.gitignore': ignores,
    'connections/crm.yaml':
      'connector: crm\nscopes: [read]\nclient: { id: env:SOUND_ID, secret: file:secrets/crm }\n',
    'components/form.yaml':
      'kind: form\nname: Form\nuses: [board, crm, files]\nsource: src/form.*\n',
    'src/form.ts': 'connection("crm"); connection("board"); connection("files")\n'
  })
  const { tieline } = machine
  for (const env of ['dev', 'stage', 'prod']) {
    const { code, stderr } = await tieline(['apply', '-e', env, '--auto-approve', '-q'])
    assert.is(code, 0, stderr)
  }
  const env = { BOARD_KEY: 'a key for tests alone' }
  const { code, stderr } = await tieline(['authorize', 'board', '--from', 'key=env:BOARD_KEY'], {
    env
  })
  assert.is(code, 0, stderr)
  await server.close()
  writeFiles(machine.folder, {
    '.env': 'CRM_SECRET=ignored\n',
    'secrets/crm': 'ignored\n',
    'src/other.ts': 'connection("nobody_asks")\n'
  })
  plantOutside(machine)
  await plantGit(machine)
  return machine
}

test('in a sound workspace with a hostile repository, nothing but git is started and nothing else is touched', async () => {
  const machine = await soundMachine()
  await isHarmless(machine, {
    validate: 0,
    plan: 0,
    'plan -e prod': 0,
    'plan --all --format json': 0,
    status: 0
  })
})

test('specs that lead elsewhere, or to what is no file, are refused unopened', async () => {
  const machine = await soundMachine()
  const { folder } = machine
  const outside = join(dirname(folder), 'outside')
  const everything = readFileSync(process.execPath).subarray(0, 600_000)
  writeFiles(folder, {
    'connections/forbidden.yaml': `connector: crm
scopes: [read]
client: { id: env:AWS_SECRET_ACCESS_KEY, secret: file:/etc/shadow }
environments:
  dev: { client: { id: env:TIELINE_IDENTITY, secret: file:../../secret } }
`,
    'connections/elsewhere.yaml': `connector: crm
scopes: [read]
client: { id: file:../outside/secret, secret: file:${outside}/secret }
`,
    'connections/ignored.yaml': 'connector: crm\nscopes: [read]\n',
    'components/ignored.yaml': 'kind: form\n',
    'connectors/ignored.yaml': 'id: ignored\n',
    'src/ignored.ts': 'connection("ignored")\n',
    'connections/base64.yaml': everything.toString('base64'),
    'connections/binary.yaml': everything,
    'components/base64.yaml': `kind: ${everything.toString('base64')}\n`,
    'components/up.yaml': 'kind: form\nsource: ../outside/*\n',
    'components/root.yaml': 'kind: form\nsource: /etc/*\n',
    'components/braces.yaml': 'kind: form\nsource: "{..,src}/outside/*"\n',
    'components/ignored_source.yaml': 'kind: form\nuses: [crm]\nsource: src/ignored.*\n',
    'components/all.yaml': 'kind: form\nsource: "**/*"\n',
    'components/hidden.yaml': 'kind: form\nsource: "{.git,.tieline,state,secrets}/**"\n',
    'components/env.yaml': 'kind: form\nsource: .env\n',
    'components/through_link.yaml': 'kind: form\nsource: src/linked/*\n',
    'components/link.yaml': 'kind: form\nsource: src/link.ts\n',
    'components/pipe.yaml': 'kind: form\nsource: src/pipe.ts\n',
    'components/device.yaml': 'kind: form\nsource: src/device.ts\n'
  })
  symlinkSync(join(outside, 'secret.yaml'), join(folder, 'connections/link.yaml'))
  symlinkSync('../.env', join(folder, 'connections/to_ignored.yaml'))
  symlinkSync('../.git/config', join(folder, 'connections/to_git.yaml'))
  symlinkSync('/etc/shadow', join(folder, 'components/shadow.yaml'))
  symlinkSync(outside, join(folder, 'clients'))
  symlinkSync(join(outside, 'folder'), join(folder, 'src/linked'))
  symlinkSync(join(outside, 'folder/inner.ts'), join(folder, 'src/link.ts'))
  symlinkSync('/dev/random', join(folder, 'src/device.ts'))
  const pipes = ['connections/pipe.yaml', 'src/pipe.ts', 'state/pipe.json', '.tieline/vault/pipe']
  await run('mkfifo', pipes, { cwd: folder })
  const socket = createServer()
  await new Promise<void>(done => socket.listen(join(folder, 'connections/socket.yaml'), done))
  try {
    await isHarmless(machine, { validate: 1, plan: 1, 'plan --all --format json': 1, status: 0 })
  } finally {
    socket.close()
  }
})

test('state and vault that lead elsewhere, or to what is no file, are refused unopened', async () => {
  const sound = await soundMachine()
  const outside = join(dirname(sound.folder), 'outside')
  const inVault = join(sound.folder, '.tieline/vault')
  const credential = readdirSync(inVault).find(name => name !== 'vault.json') ?? ''
  const aside = join(dirname(sound.folder), 'aside')
  cpSync(sound.folder, aside, { recursive: true, verbatimSymlinks: true })
  const again = (change: () => void): void => {
    rmSync(sound.folder, { recursive: true })
    cpSync(aside, sound.folder, { recursive: true, verbatimSymlinks: true })
    change()
  }
  const linked = (path: string, to: string): void => {
    rmSync(join(sound.folder, path), { recursive: true })
    symlinkSync(to, join(sound.folder, path))
  }

  again(() => linked('state/dev.json', join(outside, 'secret.json')))
  await isHarmless(sound, { validate: 1, 'plan --all': 1, status: 1 })
  again(() => linked('state', outside))
  await isHarmless(sound, { validate: 1, 'plan --all': 1, status: 1 })
  again(() => linked('state/versions', outside))
  await isHarmless(sound, { 'plan --all': 1, status: 0 })

  // Status goes on without the vault's word, and says that it is damaged.
  again(() => linked(`.tieline/vault/${credential}`, join(outside, 'secret.json')))
  await isHarmless(sound, { 'plan --all': 0, status: 0 })
  again(() => linked('.tieline/vault/vault.json', '/etc/shadow'))
  await isHarmless(sound, { 'plan --all': 0, status: 0 })
  again(() => linked('.tieline/vault', outside))
  await isHarmless(sound, { 'plan --all': 0, status: 1 })
  again(() => linked('.tieline', outside))
  await isHarmless(sound, { 'plan --all': 0, status: 1 })

  again(() => {
    rmSync(join(inVault, credential))
    rmSync(join(sound.folder, 'state/versions'), { recursive: true })
  })
  await run('mkfifo', ['state/versions', join(inVault, credential)], { cwd: sound.folder })
  await isHarmless(sound, { 'plan --all': 1, status: 0 })

  again(() => rmSync(join(sound.folder, 'state/dev.json')))
  await run('mkfifo', ['state/dev.json'], { cwd: sound.folder })
  await isHarmless(sound, { validate: 1, 'plan --all': 1, status: 1 })
})

test('a workspace file that leads elsewhere, or is no file, is refused unopened', async () => {
  const machine = aMachine()
  plantOutside(machine)
  const workspace = join(machine.folder, 'tieline.yaml')
  symlinkSync('../outside/secret.yaml', workspace)
  await isHarmless(machine, { validate: 1, plan: 1, status: 1 })
  rmSync(workspace)
  await run('mkfifo', [workspace])
  await isHarmless(machine, { validate: 1, plan: 1, status: 1 })
  rmSync(workspace)
  mkdirSync(workspace)
  await isHarmless(machine, { validate: 1, plan: 1, status: 1 })
})

test('the checks of this file catch each thing that they are there for', async () => {
  const machine = await soundMachine()
  const { folder } = machine
  const outside = join(dirname(folder), 'outside')
  symlinkSync(join(outside, 'secret'), join(folder, 'src/innocent.ts'))
  const breaches: Readonly<Record<string, readonly [code: string, sentence: RegExp]>> = {
    'a secret file': ["fs.readFileSync('/etc/shadow')", /^node: opens \/etc\/shadow$/],
    'a file beside': ["fs.readFileSync('../outside/secret')", /opens .*\/outside\/secret$/],
    'a file behind a link': ["fs.readFileSync('src/innocent.ts')", /opens .*\/outside\/secret$/],
    'an ignored file': ["fs.readFileSync('.env')", /opens .*\/work\/\.env$/],
    'a file of git': ["fs.readFileSync('.git/config')", /opens .*\/work\/\.git\/config$/],
    'a folder': ["fs.readdirSync('../outside')", /opens .*\/outside$/],
    'a new file': ["fs.writeFileSync('src/new.ts', '')", /writes .*\/src\/new\.ts$/],
    'a deletion': ["fs.rmSync('src/other.ts')", /changes a file: unlink/],
    'a folder made': ["fs.mkdirSync('made')", /changes a file: mkdir/],
    'a shell': ["child.execSync('true')", /starts \/bin\/sh$/],
    'a git from the workspace': ["child.spawnSync('./git')", /starts \.\/git$/],
    'a program of git': [
      `child.spawnSync('${git}', ['status'], { stdio: 'ignore' })`,
      /^git: starts .*evil\.sh$/
    ],
    'a connection': ["net.connect(9, '127.0.0.1').on('error', () => {})", /opens a socket/],
    'a name that is looked up': ["dns.lookup('tieline.invalid', () => {})", /opens a socket/],
    'a named socket': ["net.connect('/tmp/nothing').on('error', () => {})", /opens a socket/]
  }
  const names = ['fs', 'child_process as child', 'net', 'dns']
  const imports = names.map(
    each => `import * as ${each.split(' ').pop()} from '${each.split(' ')[0]}'`
  )
  const script = join(dirname(folder), 'breach.mjs')
  for (const [name, [code, sentence]] of Object.entries(breaches)) {
    writeFileSync(script, `${imports.join('\n')}\n${code}\n`)
    const found = wrongIn(machine, await traced(machine, process.execPath, [script]))
    const own = found.filter(each => !each.endsWith('breach.mjs'))
    assert.ok(
      own.some(each => sentence.test(each)),
      `${name}: ${JSON.stringify(own)}`
    )
  }
  await rejects(() => traced(machine, 'no-such-program', []))
})

test.run()
