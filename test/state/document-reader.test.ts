import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { digestOf } from '../../engine/model/digest.ts'
import { emptyContent } from '../../engine/model/documents.ts'
import type { Version } from '../../engine/model/generated/types.ts'
import { formatDocument } from '../../engine/state/format-document.ts'
import { temporaryFolder } from '../support/assert.ts'
import { aConnection, aState } from '../support/builders.ts'
import { filesIn, refuses, storeIn } from '../support/state-workspace.ts'

const version: Version = {
  formatVersion: 1,
  version: 1,
  by: 'ana@example.com',
  at: '2026-03-04T12:00:00Z',
  note: null,
  commit: null,
  connectors: {},
  connections: { salesforce: aConnection() },
  components: {}
}

/** A workspace in which files of the state folder have these texts. */
function aWorkspace(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'state/versions'), { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, 'state', name), text)
  return folder
}

/** The only problem of a workspace whose dev.json has this text. */
async function problemOf(text: string) {
  const { documents, problems } = await storeIn(aWorkspace({ 'dev.json': text })).read()
  assert.is(documents.dev, null)
  assert.is(problems.length, 1)
  assert.is(problems[0]?.at?.file, 'state/dev.json')
  return problems[0]
}

test('reads nothing as no documents, and creates nothing', async () => {
  const folder = temporaryFolder()
  assert.equal(await storeIn(folder).read(), {
    documents: { dev: null, stage: null, prod: null, shared: null },
    problems: []
  })
  assert.equal(filesIn(folder), [])
})

test('reads what is sound beside what is not, and tells all problems', async () => {
  const folder = aWorkspace({
    'dev.json': '{',
    'stage.json': formatDocument(aState('stage')),
    'prod.json': formatDocument({ ...aState('prod'), serial: 7 })
  })
  const { documents, problems } = await storeIn(folder).read()
  assert.equal(documents, { dev: null, stage: aState('stage'), prod: null, shared: null })
  assert.equal(
    problems.map(each => [each.code, each.at?.file]),
    [
      ['STATE_BROKEN', 'state/dev.json'],
      ['STATE_EDITED', 'state/prod.json']
    ]
  )
})

test('does not mind another layout, line endings or a byte order mark', async () => {
  const text = `\uFEFF${JSON.stringify(aState('dev')).replaceAll(',', ',\r\n')}`
  const { documents, problems } = await storeIn(aWorkspace({ 'dev.json': text })).read()
  assert.equal(problems, [])
  assert.equal(documents.dev, aState('dev'))
})

test('finds the first mark of a merge, with its line and the way out', async () => {
  const lines = formatDocument(aState('dev')).split('\n')
  lines.splice(4, 0, '<<<<<<< HEAD', '  "x": 1,', '=======', '  "x": 2,', '>>>>>>> theirs')
  const found = await problemOf(lines.join('\n'))
  assert.is(found?.code, 'STATE_CONFLICT')
  assert.equal(found?.at, { file: 'state/dev.json', line: 5, column: 1 })
  assert.match(found?.detail ?? '', '\n    git checkout --no-overlay HEAD -- state\n')
  assert.match(found?.detail ?? '', '\n    tieline plan --all\n')
})

test('tells broken, newer and edited documents apart', async () => {
  const { digest, ...content } = aState('dev')
  const cases: readonly (readonly [code: string, document: unknown, detail: RegExp])[] = [
    ['STATE_BROKEN', [], /At the top: must be object/],
    ['STATE_BROKEN', { ...content, digest, more: 1 }, /additional properties: "more"/],
    ['STATE_BROKEN', { ...content, serial: 'x' }, /'digest'[\s\S]*At \/serial: must be integer/],
    ['STATE_BROKEN', aState('stage'), /the state of stage, not of dev/],
    ['STATE_BROKEN', { ...aState('dev'), given: { a: '\ud800' } }, /Unicode/],
    ['STATE_NEWER', { formatVersion: 2, anything: true }, /npm install tieline@latest/],
    ['STATE_EDITED', { ...content, serial: 2, digest }, /tieline state verify --accept -e dev/]
  ]
  for (const [code, document, detail] of cases) {
    const found = await problemOf(formatDocument(document))
    assert.is(found?.code, code)
    assert.match(found?.detail ?? '', detail)
  }
})

test('repeats no text of a broken document', async () => {
  const [first, second] = [
    await problemOf('{ "token": hunter2'),
    await problemOf(formatDocument({ ...aState('dev'), lineage: 'hunter2' }))
  ]
  assert.is(`${first?.detail}${second?.detail}`.includes('hunter2'), false)
})

test('opens neither pipes nor folders nor links that leave the workspace', async () => {
  const folder = aWorkspace({})
  const outside = join(temporaryFolder(), 'dev.json')
  writeFileSync(outside, formatDocument(aState('dev')))
  symlinkSync(outside, join(folder, 'state/dev.json'))
  execFileSync('mkfifo', [join(folder, 'state/stage.json')])
  mkdirSync(join(folder, 'state/prod.json'))
  symlinkSync('nowhere', join(folder, 'state/shared.json'))

  const { documents, problems } = await storeIn(folder).read()
  assert.equal(Object.values(documents), [null, null, null, null])
  assert.equal(
    problems.map(each => [each.code, /: (It .*?)\. /.exec(each.detail)?.[1]]),
    [
      ['STATE_UNREADABLE', 'It is a link that leaves the workspace'],
      ['STATE_UNREADABLE', 'It is not a regular file'],
      ['STATE_UNREADABLE', 'It is not a regular file'],
      ['STATE_UNREADABLE', 'It cannot be read']
    ]
  )
})

test('refuses a state folder that is a file, or a link that leaves the workspace', async () => {
  const [first, second] = [temporaryFolder(), temporaryFolder()]
  writeFileSync(join(first, 'state'), '')
  symlinkSync(aWorkspace({ 'dev.json': formatDocument(aState('dev')) }), join(second, 'state'))
  for (const folder of [first, second]) {
    const store = storeIn(folder)
    const { problems } = await store.read()
    assert.equal(
      problems.map(each => each.code),
      ['STATE_UNREADABLE']
    )
    const write = () => store.withLock('test', writer => writer.write(emptyContent('stage')))
    assert.ok(await refuses(write, 'STATE_UNREADABLE'))
  }
})

test('refuses a document of more than 64 MiB', async () => {
  const folder = aWorkspace({ 'dev.json': formatDocument(aState('dev')) })
  truncateSync(join(folder, 'state/dev.json'), 64 * 1024 * 1024 + 1)
  const { problems } = await storeIn(folder).read()
  assert.match(problems[0]?.detail ?? '', 'larger than 64 MiB')
})

test('reads a version only by the digest that stage names', async () => {
  const store = storeIn(aWorkspace({ 'versions/1.json': formatDocument(version) }))
  assert.equal(await store.readVersion(1, digestOf(version)), version)
  assert.is(await store.readVersion(1, digestOf('another')), null)
  assert.is(await store.readVersion(2, digestOf(version)), null)
})

test('refuses a version that is damaged, newer or under another number', async () => {
  const newer = { ...version, formatVersion: 2 }
  const odd = { ...version, more: 1 }
  const store = storeIn(
    aWorkspace({
      'versions/1.json': '{',
      'versions/2.json': formatDocument(version),
      'versions/3.json': formatDocument(newer),
      'versions/4.json': formatDocument(odd)
    })
  )
  await refuses(() => store.readVersion(1, digestOf(version)), 'VERSION_DAMAGED')
  await refuses(() => store.readVersion(2, digestOf(version)), 'VERSION_DAMAGED')
  await refuses(() => store.readVersion(3, digestOf(newer)), 'STATE_NEWER')
  await refuses(() => store.readVersion(4, digestOf(odd)), 'VERSION_DAMAGED')
})

/** Two branches that both wrote dev from the same start, merged by git. Where it stands is what git made of them. */
async function mergedByGit(attributes: string, ...mergeFlags: string[]) {
  const folder = temporaryFolder()
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@example.com', ...args], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' }
    })
  const write = async (...names: string[]) => {
    const connections = Object.fromEntries(names.map(name => [name, aConnection({ name })]))
    await storeIn(folder).withLock('test', writer =>
      writer.write({ ...emptyContent('dev'), connections, given: { 'a.1': names.join() } })
    )
    git('add', 'state')
    git('commit', '-m', names.join())
    return readFileSync(join(folder, 'state/dev.json'), 'utf8')
  }
  git('init', '-b', 'main')
  if (attributes !== '') appendFileSync(join(folder, '.git/info/attributes'), attributes)
  await write('f', 'm', 't')
  git('checkout', '-b', 'other')
  const theirs = await write('f', 'm', 't', 'z')
  git('checkout', 'main')
  const ours = await write('a', 'f', 'm', 't')
  try {
    git('merge', ...mergeFlags, 'other')
  } catch {
    // Conflicts are what this is about.
  }
  const text = readFileSync(join(folder, 'state/dev.json'), 'utf8')
  const { documents, problems } = await storeIn(folder).read()
  return { ours, theirs, text, documents, code: problems[0]?.code }
}

test('never reads what git merged of two branches that both wrote', async () => {
  const plain = await mergedByGit('')
  assert.is(plain.code, 'STATE_CONFLICT')
  const patient = await mergedByGit('', '-X', 'patience')
  assert.is(patient.code, 'STATE_CONFLICT')

  for (const side of ['ours', 'theirs']) {
    const mixed = await mergedByGit('', '-X', side)
    assert.is.not(mixed.text, mixed.ours)
    assert.is.not(mixed.text, mixed.theirs)
    assert.is(mixed.code, 'STATE_EDITED')
    assert.is(mixed.documents.dev, null)
  }

  const union = await mergedByGit('state/*.json merge=union')
  assert.is(union.documents.dev, null)
  assert.match(union.code ?? '', /^STATE_(EDITED|BROKEN)$/)

  // git leaves one side whole, and says that there is a conflict.
  const binary = await mergedByGit('state/*.json -merge')
  assert.is(binary.text, binary.ours)
  assert.is(binary.code, undefined)
})

test.run()
