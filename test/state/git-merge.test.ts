import { type ExecFileSyncOptionsWithStringEncoding, execFileSync } from 'node:child_process'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { clientsIn, emptyContent, type StateContent } from '../../engine/model/documents.ts'
import type { Slot, Version } from '../../engine/model/generated/types.ts'
import type { StateWriter, WriteAbout } from '../../engine/model/ports.ts'
import { rejects, temporaryFolder } from '../support/assert.ts'
import { aConnection, aRecord } from '../support/builders.ts'
import { filesIn, refuses, storeIn } from '../support/state-workspace.ts'

const salesforce = aConnection({ authorization: 'shared' })

interface Repository {
  readonly folder: string
  readonly git: (...args: string[]) => string
  /** Writes under the lock, and commits what was written. */
  readonly commit: (work: (writer: StateWriter) => Promise<unknown>) => Promise<void>
  /** Merges the other branch; whether git found nothing to ask. */
  readonly merge: (...flags: string[]) => boolean
  /** Runs every git command of a message as it stands there. */
  readonly follow: (detail: string, pattern: RegExp) => void
  /** Every file of state, as it is. */
  readonly files: () => Readonly<Record<string, string>>
}

function aRepository(): Repository {
  const folder = temporaryFolder()
  const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' }
  const options: ExecFileSyncOptionsWithStringEncoding = {
    cwd: folder,
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'pipe']
  }
  const git = (...args: string[]) => execFileSync('git', args, options)
  git('init', '-q', '-b', 'main')
  git('config', 'user.name', 'Ana')
  git('config', 'user.email', 'ana@example.com')
  writeFileSync(join(folder, '.gitignore'), '.tieline/\n')
  return {
    folder,
    git,
    commit: async work => {
      await storeIn(folder).withLock('test', work)
      git('add', '-A')
      git('commit', '-q', '-m', 'work')
    },
    merge: (...flags) => {
      try {
        git('merge', '-q', ...flags, 'other')
        return true
      } catch {
        return false
      }
    },
    follow: (detail, pattern) => {
      const commands = detail.split('\n').filter(each => pattern.test(each))
      assert.ok(commands.length > 0, `No such command in: ${detail}`)
      for (const command of commands) execFileSync('sh', ['-c', command], options)
    },
    files: () => {
      const names = git('ls-files', '-co', '--deduplicate', '--', 'state').trim().split('\n')
      return Object.fromEntries(
        names.map(name => [name, readFileSync(join(folder, name), 'utf8')] as const)
      )
    }
  }
}

async function writeDev(writer: StateWriter, change: Partial<StateContent>, about?: WriteAbout) {
  const before = (await writer.read()).dev ?? emptyContent('dev')
  const connections = { ...before.connections, ...change.connections }
  await writer.write({ ...before, ...change, connections }, about)
}

/** One branch adds a connection and authorizes it, the other adds another one and publishes. */
async function twoBranches(): Promise<Repository> {
  const repository = aRepository()
  const { git, commit } = repository
  await commit(writer => writeDev(writer, { connections: { salesforce } }))
  git('checkout', '-q', '-b', 'other')
  await commit(async writer => {
    const zoho = aConnection({ id: 'zoho.2', name: 'Zoho Connection' })
    await writeDev(writer, { connections: { zoho } })
    const version: Version = {
      formatVersion: 1,
      version: 1,
      by: 'bo@example.com',
      at: '2026-03-04T12:00:00Z',
      note: null,
      commit: null,
      connectors: {},
      connections: { salesforce, zoho },
      components: {}
    }
    const digest = await writer.writeVersion(version)
    await writer.write({ ...emptyContent('stage'), version: 1, versions: { 1: digest } })
  })
  git('checkout', '-q', 'main')
  await commit(async writer => {
    const gmail = aConnection({ id: 'gmail.2', name: 'Gmail Connection' })
    await writeDev(writer, { connections: { gmail } })
    await writer.write({
      ...emptyContent('shared'),
      authorizations: { '11111111-1111-4111-8111-111111111111': aRecord(salesforce, 'dev') }
    })
  })
  return repository
}

/** Everything reads and writes again, and every document has its whole history. */
async function isSound({ folder }: Repository): Promise<void> {
  const store = storeIn(folder)
  assert.equal((await store.read()).problems, [])
  const found = (await store.verify()).map(each => each.code)
  assert.equal(found, [])
  await store.withLock('next', writer => writeDev(writer, { pinned: true }))
  const { entries, problems } = await store.history('dev')
  assert.equal(problems, [])
  assert.equal(
    entries.map(each => each.serial),
    [1, 2, 3]
  )
}

test('conflicts in document and history, and takes either side whole as the message says', async () => {
  const sides = [
    { command: /git checkout --no-overlay HEAD -- state$/, branch: 'main', connection: 'gmail' },
    {
      command: /git checkout --no-overlay MERGE_HEAD -- state$/,
      branch: 'other',
      connection: 'zoho'
    }
  ]
  for (const { command, branch, connection } of sides) {
    const repository = await twoBranches()
    const { folder, git, merge, follow, files } = repository
    git('checkout', '-q', branch)
    const before = files()
    git('checkout', '-q', 'main')
    assert.is(merge(), false)
    assert.equal(git('diff', '--name-only', '--diff-filter=U').trim().split('\n'), [
      'state/dev.json',
      'state/history/dev.jsonl'
    ])

    const { documents, problems } = await storeIn(folder).read()
    assert.is(documents.dev, null)
    assert.equal(
      problems.map(each => `${each.code} ${each.at?.file}`),
      ['STATE_CONFLICT state/dev.json']
    )
    const told = await storeIn(folder).history('dev')
    assert.equal(
      told.problems.map(each => each.at?.file),
      ['state/dev.json', 'state/history/dev.jsonl']
    )
    await refuses(
      () => storeIn(folder).withLock('x', writer => writer.write(emptyContent('dev'))),
      'STATE_CONFLICT'
    )

    const { detail = '' } = problems[0] ?? {}
    follow(detail, command)
    assert.equal(files(), before)
    git('commit', '-q', '-m', 'merged')
    const { dev } = (await storeIn(folder).read()).documents
    assert.equal(Object.keys(dev?.connections ?? {}), [connection, 'salesforce'].sort())
    await isSound(repository)
  }
})

test('refuses to write where only the document was put right', async () => {
  const { folder, git, merge, follow } = await twoBranches()
  assert.is(merge(), false)
  git('checkout', '--ours', '--', 'state/dev.json')
  const write = () => storeIn(folder).withLock('x', writer => writeDev(writer, { pinned: true }))
  const refusal = await refuses(write, 'STATE_CONFLICT')
  const { detail = '', at } = refusal.diagnostics[0] ?? {}
  assert.is(at?.file, 'state/history/dev.jsonl')
  follow(detail, /git checkout --no-overlay HEAD -- state$/)
  await write()
  assert.equal((await storeIn(folder).history('dev')).problems, [])
})

test('comes out of a conflict that was committed', async () => {
  const repository = await twoBranches()
  const { folder, git, merge, follow, files } = repository
  const before = files()
  assert.is(merge(), false)
  git('add', '-A')
  git('commit', '-q', '-m', 'with the marks')
  const { problems } = await storeIn(folder).read()
  assert.equal(
    problems.map(each => each.code),
    ['STATE_CONFLICT']
  )
  follow(problems[0]?.detail ?? '', /git checkout --no-overlay HEAD\^ -- state$/)
  assert.equal(files(), before)
  await isSound(repository)
})

test('never reads what a merge driver made of both sides, and says how to come out of it', async () => {
  for (const flags of [['-X', 'ours'], ['-X', 'theirs'], []]) {
    const repository = await twoBranches()
    const { folder, merge, follow } = repository
    if (flags.length === 0) {
      appendFileSync(join(folder, '.git/info/attributes'), 'state/** merge=union\n')
    }
    assert.is(merge(...flags), true, 'git was to find no conflict')
    const { documents, problems } = await storeIn(folder).read()
    assert.is(documents.dev, null)
    const [found] = problems
    if (flags.length > 0) assert.is(found?.code, 'STATE_EDITED')
    if (found?.code !== 'STATE_EDITED') {
      assert.is(found?.code, 'STATE_BROKEN')
      continue
    }
    follow(found.detail, /git checkout --no-overlay HEAD\^ -- state$/)
    await isSound(repository)
  }
})

/** One branch renames a client, the other writes to it; then whoever merges keeps both documents. */
async function renamedAndWritten(times: number): Promise<Repository> {
  const repository = aRepository()
  const { git, commit, merge } = repository
  const [old, now] = ['client/old', 'client/new'] as const
  const write = (slot: Slot, pinned: boolean, about?: WriteAbout) => (writer: StateWriter) =>
    writer.write({ ...emptyContent(slot), pinned }, about)
  await commit(write(old, false))
  git('checkout', '-q', '-b', 'other')
  for (let i = 0; i < times; i++) await commit(write(old, i % 2 === 0))
  git('checkout', '-q', 'main')
  await commit(write(now, true, { movedFrom: old }))
  assert.is(merge(), false)
  git('checkout', '-q', 'other', '--', 'state/clients/old.json', 'state/history/clients/old.jsonl')
  git('checkout', '-q', 'main', '--', 'state/clients/new.json', 'state/history/clients/new.jsonl')
  git('add', '-A')
  git('commit', '-q', '-m', 'merged')
  return repository
}

test('finds a client that was renamed on one branch and written to on the other', async () => {
  for (const times of [1, 2]) {
    const { folder, follow } = await renamedAndWritten(times)
    const { problems } = await storeIn(folder).read()
    assert.equal(
      problems.map(each => each.code),
      ['LINEAGE_TWICE']
    )
    await rejects(() => storeIn(folder).withLock('x', writer => writer.read()))
    assert.equal(filesIn(join(folder, 'state/clients')), ['new.json', 'old.json'])

    follow(problems[0]?.detail ?? '', /git checkout --no-overlay HEAD\^ -- state$/)
    const after = await storeIn(folder).read()
    assert.equal(after.problems, [])
    assert.equal(clientsIn(after.documents), ['client/new'])
    assert.is((await storeIn(folder).history('client/new')).entries.length, 2)
  }
})

test.run()
