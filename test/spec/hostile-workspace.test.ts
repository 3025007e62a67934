import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { run, temporaryFolder } from '../support/assert.ts'
import {
  everythingSaid,
  type Files,
  loadFolder,
  sound,
  told,
  writeWorkspace
} from './spec-workspace.ts'

const component = 'kind: form\nsource: forms/*\n'

test('pipes, folders and links out of the workspace are told and not opened', async () => {
  const folder = writeWorkspace({ ...sound, 'components/form.yaml': component, 'forms/a.js': '' })
  execFileSync('mkfifo', [join(folder, 'connections/pipe.yaml'), join(folder, 'forms/pipe.js')])
  mkdirSync(join(folder, 'connections/folder.yaml'))
  symlinkSync('/etc/passwd', join(folder, 'connections/out.yaml'))
  symlinkSync('/etc/passwd', join(folder, 'forms/out.js'))
  symlinkSync('/dev/zero', join(folder, 'components/zero.yaml'))
  symlinkSync('nothing.yaml', join(folder, 'connections/gone.yaml'))
  symlinkSync('circle.yaml', join(folder, 'connections/circle.yaml'))
  symlinkSync('/etc', join(folder, 'clients'))
  const result = await loadFolder(folder)
  assert.equal(told(result), [
    'LINK_LEAVES_WORKSPACE clients:1:1',
    'LINK_LEAVES_WORKSPACE components/zero.yaml:1:1',
    'FILE_UNREADABLE connections/circle.yaml:1:1',
    'SPECIAL_FILE connections/folder.yaml:1:1',
    'FILE_UNREADABLE connections/gone.yaml:1:1',
    'LINK_LEAVES_WORKSPACE connections/out.yaml:1:1',
    'SPECIAL_FILE connections/pipe.yaml:1:1',
    'LINK_LEAVES_WORKSPACE forms/out.js:1:1',
    'SPECIAL_FILE forms/pipe.js:1:1'
  ])
  assert.not.match(everythingSaid(result), 'root:')
})

test('a tieline.yaml that is a pipe or a link out is told and not opened', async () => {
  const folder = writeWorkspace(sound)
  rmSync(join(folder, 'tieline.yaml'))
  symlinkSync('/etc/passwd', join(folder, 'tieline.yaml'))
  assert.equal(told(await loadFolder(folder)), ['LINK_LEAVES_WORKSPACE tieline.yaml:1:1'])
  rmSync(join(folder, 'tieline.yaml'))
  execFileSync('mkfifo', [join(folder, 'tieline.yaml')])
  assert.equal(told(await loadFolder(folder)), ['SPECIAL_FILE tieline.yaml:1:1'])
})

test('links inside the workspace are followed, but not into what git and tieline keep', async () => {
  const folder = writeWorkspace({
    ...sound,
    'common/a.yaml': 'connector: x\n',
    '.tieline/vault/b.yaml': 'connector: hunter2\n'
  })
  symlinkSync('../common/a.yaml', join(folder, 'connections/a.yaml'))
  symlinkSync('common', join(folder, 'components'))
  rmSync(join(folder, 'common/a.yaml'))
  writeFileSync(join(folder, 'common/a.yaml'), 'connector: x\n')
  symlinkSync('../.tieline/vault/b.yaml', join(folder, 'connections/b.yaml'))
  assert.equal(told(await loadFolder(folder)), [
    'MISSING_KEY components/a.yaml:1:1',
    'UNKNOWN_KEY components/a.yaml:1:1',
    'LINK_LEAVES_WORKSPACE connections/b.yaml:1:1'
  ])
})

const bomb = [
  'connector: a',
  'parameters:',
  '  a0: &a0 [x, x, x, x, x, x, x, x]',
  ...Array.from({ length: 9 }, (_, at) => `  a${at + 1}: &a${at + 1} [${`*a${at}, `.repeat(8)}]`)
].join('\n')
const deepAndLong: readonly (readonly [what: string, text: string, code: string])[] = [
  ['an alias bomb', bomb, 'ALIAS_LIMIT'],
  ['an alias inside its own anchor', 'connector: a\nparameters: &p { q: *p }\n', 'ALIAS_LIMIT'],
  ['brackets without end', '['.repeat(1_000_000), 'YAML_TOO_COMPLEX'],
  ['mappings in mappings', '{"a":'.repeat(200_000), 'YAML_TOO_COMPLEX'],
  ['dashes without end', '- '.repeat(500_000), 'YAML_TOO_COMPLEX'],
  ['question marks without end', '? '.repeat(500_000), 'YAML_TOO_COMPLEX'],
  [
    'stairs',
    Array.from({ length: 500 }, (_, at) => `${' '.repeat(at)}a:`).join('\n'),
    'YAML_TOO_COMPLEX'
  ],
  [
    'a hundred thousand keys',
    Array.from({ length: 80_000 }, (_, at) => `k${at}: 1`).join('\n'),
    'YAML_TOO_COMPLEX'
  ],
  ['more than 1 MiB', `connector: a\n${'#'.repeat(2 * 1024 * 1024)}`, 'FILE_TOO_LARGE']
]

for (const [what, text, code] of deepAndLong) {
  test(`${what} is refused soon`, async () => {
    const folder = writeWorkspace({ ...sound, 'connections/salesforce.yaml': text })
    const began = performance.now()
    const { diagnostics } = await loadFolder(folder)
    assert.is(diagnostics[0]?.code, code)
    assert.ok(diagnostics.length <= 20)
    assert.ok(performance.now() - began < 15_000)
  })
}

test('bytes that are no UTF-8 are told where the first one stands', async () => {
  const latin1 = Buffer.from('connector: a\nname: Caf\u00e9\n', 'latin1')
  const folder = writeWorkspace({ ...sound, 'connections/salesforce.yaml': latin1 })
  const result = await loadFolder(folder)
  assert.equal(told(result), ['NOT_UTF8 connections/salesforce.yaml:2:10'])
  assert.is(result.texts.size, 0)
})

test('what git ignores is not read: specs with a warning, sources without one', async () => {
  const folder = repository({
    ...sound,
    '.gitignore': 'local*\n/hidden/\n',
    'connections/local.yaml': 'not: sound\n',
    'connections/local.yml': 'not: sound\n',
    'connections/local-name.yaml': '',
    'hidden/linked.yaml': 'not: sound\n',
    'components/form.yaml': component,
    'components/page.yaml': 'kind: page\nsource: hidden/*\n',
    'forms/a.js': '',
    'forms/local.js': 'connection("nowhere")'
  })
  symlinkSync('../hidden/linked.yaml', join(folder, 'connections/linked.yaml'))
  const { diagnostics } = await loadFolder(folder)
  assert.equal(
    diagnostics.map(each => [each.code, each.severity, each.at?.file]),
    [
      ['SOURCE_MISSING', 'error', 'components/page.yaml'],
      ['SPEC_IGNORED', 'warning', 'connections/linked.yaml'],
      ['SPEC_IGNORED', 'warning', 'connections/local.yaml']
    ]
  )
  writeFileSync(join(folder, '.gitignore'), 'local*\ntieline.yaml\n')
  assert.equal(told(await loadFolder(folder)).at(-1), 'SPEC_IGNORED tieline.yaml:1:1')
})

test('the source of a component holds only what git does not ignore', async () => {
  const folder = repository({
    ...sound,
    '.gitignore': 'build.js\n',
    'components/form.yaml': component,
    'forms/a.js': '',
    'forms/build.js': ''
  })
  const { specs } = await loadFolder(folder)
  assert.equal(specs?.components[0]?.source?.files, ['forms/a.js'])
})

test('a workspace below the top of its repository, and one in a repository of its own inside, are asked right', async () => {
  const folder = repository({ '.gitignore': '*.draft.yaml\n/inner/connections/out.yaml\n' })
  const inner = writeWorkspace(sound, join(folder, 'inner'))
  writeWorkspace({ 'connections/out.yaml': 'not: sound\n' }, inner)
  assert.equal(told(await loadFolder(inner)), ['SPEC_IGNORED connections/out.yaml:1:1'])

  writeWorkspace({ 'forms/module/a.js': '', 'forms/module/b.js': '' }, inner)
  writeWorkspace({ 'components/form.yaml': 'kind: form\nsource: forms/module/*\n' }, inner)
  git(join(inner, 'forms/module'), 'init', '-q')
  writeWorkspace({ 'forms/module/.gitignore': 'b.js\n' }, inner)
  const { specs } = await loadFolder(inner)
  assert.equal(specs?.components[0]?.source?.files, ['forms/module/a.js'])

  git(folder, 'add', '.gitignore', 'inner/tieline.yaml')
  writeFileSync(join(folder, '.gitignore'), 'out.yaml\nmodule/\n')
  assert.equal(told(await loadFolder(inner)), [
    'SOURCE_MISSING components/form.yaml:2:9',
    'SPEC_IGNORED connections/out.yaml:1:1'
  ])
})

test('sources in a submodule are read', async () => {
  const folder = repository({ ...sound, 'components/form.yaml': 'kind: form\nsource: forms/*\n' })
  const module = repository({ 'a.js': 'connection("salesforce")' })
  git(module, 'add', '.')
  git(module, 'commit', '-qm', 'one')
  git(folder, '-c', 'protocol.file.allow=always', 'submodule', 'add', '-q', module, 'forms')
  assert.equal(told(await loadFolder(folder)), ['UNDECLARED_REFERENCE forms/a.js:1:13'])
})

test('nothing that the configuration of a repository names is run', async () => {
  const folder = repository({ ...sound, '.gitignore': 'x\n' })
  const ran = join(temporaryFolder(), 'ran')
  const script = join(folder, '.git', 'run')
  writeFileSync(script, `#!/bin/sh\ntouch ${ran}\n`, { mode: 0o755 })
  git(folder, 'add', '.')
  for (const name of [
    'core.fsmonitor',
    'core.pager',
    'core.editor',
    'core.sshCommand',
    'core.askPass'
  ]) {
    git(folder, 'config', name, script)
  }
  git(folder, 'config', 'core.hooksPath', join(folder, '.git'))
  git(folder, 'config', 'core.worktree', '/')
  git(folder, 'config', 'alias.check-ignore', `!${script}`)
  const { diagnostics, specs } = await loadFolder(folder)
  assert.equal(diagnostics, [])
  assert.ok(specs !== null)
  assert.not(existsSync(ran))
  // The trap itself works: git alone walks into it.
  await run('git', ['-c', `core.worktree=${folder}`, 'status'], { cwd: folder })
  assert.ok(existsSync(ran))
})

test('objects that a partial clone lacks are not fetched, since that runs what the repository names', async () => {
  const folder = repository({ ...sound, '.gitignore': 'x\n' })
  const ran = join(temporaryFolder(), 'ran')
  const script = join(folder, '.git', 'run')
  writeFileSync(script, `#!/bin/sh\ntouch ${ran}\nexit 1\n`, { mode: 0o755 })
  git(folder, 'add', '.gitignore')
  git(folder, 'commit', '-qm', 'one')
  git(folder, 'update-index', '--skip-worktree', '.gitignore')
  rmSync(join(folder, '.gitignore'))
  rmSync(join(folder, '.git/objects'), { recursive: true })
  mkdirSync(join(folder, '.git/objects'))
  const settings = {
    'core.repositoryFormatVersion': '1',
    'extensions.partialClone': 'origin',
    'remote.origin.promisor': 'true',
    'remote.origin.url': folder,
    'remote.origin.uploadpack': script,
    'protocol.allow': 'always',
    'protocol.file.allow': 'always'
  }
  for (const [name, value] of Object.entries(settings)) git(folder, 'config', name, value)
  await loadFolder(folder)
  assert.not(existsSync(ran))
  // The trap itself works: git alone walks into it.
  await run('git', ['check-ignore', 'tieline.yaml'], { cwd: folder })
  assert.ok(existsSync(ran))
})

test('a workspace that looks like a bare repository is none', async () => {
  const ran = join(temporaryFolder(), 'ran')
  const outer = repository({})
  const folder = writeWorkspace(
    {
      ...sound,
      HEAD: 'ref: refs/heads/main\n',
      'objects/x': '',
      'refs/x': '',
      config: `[core]\n\tbare = true\n\tfsmonitor = touch ${ran}\n`
    },
    join(outer, 'inner')
  )
  const { diagnostics } = await loadFolder(folder)
  assert.equal(diagnostics, [])
  assert.not(existsSync(ran))
})

test('where git cannot be asked, nothing is read', async () => {
  const folder = repository(sound)
  writeFileSync(join(folder, '.git', 'config'), '[core\n')
  const broken = await loadFolder(folder)
  assert.equal(told(broken), ['GIT_FAILED'])
  assert.is(broken.workspace, null)

  const before = process.env.PATH
  process.env.PATH = join(folder, 'bin')
  try {
    writeWorkspace({ 'bin/git': '#!/bin/sh\nexit 1\n' }, folder)
    const elsewhere = temporaryFolder()
    process.env.PATH = `${elsewhere}:${join(folder, 'bin')}:bin`
    const { diagnostics } = await loadFolder(folder)
    assert.match(diagnostics[0]?.detail ?? '', 'git was not found')
    assert.equal(told(await loadFolder(writeWorkspace(sound))), [])
  } finally {
    process.env.PATH = before
  }
})

function repository(files: Files): string {
  const folder = writeWorkspace(files)
  git(folder, 'init', '-q')
  return folder
}

function git(folder: string, ...args: readonly string[]): void {
  const own = ['-c', 'user.name=a', '-c', 'user.email=a@example.com']
  execFileSync('git', [...own, ...args], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
}

test.run()
