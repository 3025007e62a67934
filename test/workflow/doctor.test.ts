import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fingerprintOf } from '../../engine/model/fingerprint.ts'
import type { DoctorReport } from '../../engine/model/generated/types.ts'
import { validateDoctorReport } from '../../engine/model/generated/validators/doctor.js'
import { reportDoctor } from '../../engine/report/report-doctor.ts'
import { createStyle } from '../../engine/report/style.ts'
import { doctorWorkflow } from '../../engine/workflow/doctor.ts'
import type { Surroundings } from '../../engine/workflow/surroundings.ts'
import { temporaryFolder } from '../support/assert.ts'
import { type KeyService, keys, startKeyService } from '../support/scenario-service.ts'
import { keyFiles, makeScenario, type Scenario } from '../support/scenario-workspace.ts'

let service: KeyService
test.before(async () => {
  service = await startKeyService()
})
test.after(() => service.close())

const desktop = { hasDisplay: true, isRemote: false } as const

async function doctor(
  { around }: Pick<Scenario, 'around'>,
  more: Partial<Surroundings> = {},
  online = false
): Promise<DoctorReport> {
  const report = await doctorWorkflow({ ...around, ...more }, { place: desktop, online })
  assert.ok(validateDoctorReport(report), JSON.stringify(validateDoctorReport.errors))
  const text = reportDoctor(report, createStyle({ color: false, width: 80, unicode: true }))
  for (const secret of [...Object.values(keys), 'AGE-SECRET-KEY-', 'hunter2']) {
    assert.not.match(`${JSON.stringify(report)}${text}`, secret)
  }
  return report
}

/** Outcome and summary of the checks with an id. */
function told({ checks }: DoctorReport, id: string): readonly string[] {
  return checks.filter(each => each.id === id).map(each => `${each.outcome}: ${each.summary}`)
}

async function authorized(): Promise<Scenario> {
  const scenario = makeScenario(keyFiles(service.origin))
  await scenario.apply('dev')
  await scenario.authorize('hub', ['dev'], { from: { key: 'env:ONE' } })
  return scenario
}

/** A repository that has everything committed but the vault. */
function committed({ folder, write }: Scenario): void {
  write('.gitignore', '.tieline/\n')
  const git = (...args: readonly string[]) => execFileSync('git', args, { cwd: folder })
  git('init', '-q')
  git('add', '.')
  git('-c', 'user.email=a@b.example', '-c', 'user.name=A', 'commit', '-q', '-m', 'all')
}

test('a sound set-up has nothing to look at', async () => {
  const scenario = await authorized()
  committed(scenario)
  const report = await doctor(scenario)
  assert.equal(
    report.checks.filter(each => each.outcome !== 'ok'),
    []
  )
  assert.equal(told(report, 'vault'), ['ok: Your key opens shared.'])
  assert.equal(told(report, 'ignored'), ['ok: git ignores .tieline.'])
  assert.equal(told(report, 'state-committed'), ['ok: State is committed.'])
})

test('outside of a workspace it says so, and looks at the rest', async () => {
  const scenario = makeScenario({})
  mkdirSync(scenario.folder, { recursive: true })
  const report = await doctor(scenario)
  assert.equal(told(report, 'workspace'), ['skipped: This folder is no workspace.'])
  assert.equal(told(report, 'state'), [])
  assert.is(told(report, 'node').length, 1)
})

test('broken specs are told, and stop nothing else', async () => {
  const scenario = await authorized()
  scenario.write('connections/bad.yaml', 'connector: nothing\n')
  const report = await doctor(scenario)
  assert.equal(told(report, 'workspace'), ['failed: The specs have an error.'])
  assert.equal(told(report, 'vault'), ['ok: Your key opens shared.'])
  scenario.write('tieline.yaml', 'app: 7\n')
  assert.equal(told(await doctor(scenario), 'workspace'), ['failed: tieline.yaml cannot be read.'])
})

test('what git would commit of the vault, or has, is broken', async () => {
  const scenario = await authorized()
  execFileSync('git', ['init', '-q'], { cwd: scenario.folder })
  assert.equal(told(await doctor(scenario), 'ignored'), ['failed: git does not ignore .tieline.'])
  execFileSync('git', ['add', '.'], { cwd: scenario.folder })
  assert.match(told(await doctor(scenario), 'ignored').join(), 'git has committed files')
})

test('who could read the key, and where it is', async () => {
  const scenario = await authorized()
  const identity = join(scenario.configFolder, 'identity')
  assert.match(told(await doctor(scenario), 'key').join(), `in ${identity}: `)
  chmodSync(identity, 0o644)
  const report = await doctor(scenario)
  assert.equal(told(report, 'config-permissions'), ['failed: Others can read your key.'])
  assert.match(told(report, 'key').join(), 'failed: Your key can be read by others')

  const secret = await generateX25519Identity()
  const variables = { ...scenario.around.variables, TIELINE_IDENTITY: secret }
  const byVariable = await doctor(scenario, { variables })
  const fingerprint = fingerprintOf(await identityToRecipient(secret))
  assert.equal(told(byVariable, 'key'), [
    `ok: Your key is in the variable TIELINE_IDENTITY: ${fingerprint}`
  ])
  const wrong = { ...scenario.around.variables, TIELINE_IDENTITY: 'hunter2' }
  assert.match(told(await doctor(scenario, { variables: wrong }), 'key').join(), 'failed:')
})

test('the key beside a name in tieline.yaml is compared with the one that is used', async () => {
  const scenario = await authorized()
  const [own, other] = [await generateX25519Identity(), await generateX25519Identity()]
  const variables = { ...scenario.around.variables, TIELINE_IDENTITY: own }
  const named = async (key: string | null): Promise<readonly string[]> => {
    const entry = key === null ? '' : `, key: ${key}`
    scenario.write(
      'tieline.yaml',
      `app: { name: Test }\nconnectors: { custom: true }\nmembers: { ana@example.com: { role: super-admin${entry} } }\n`
    )
    const report = await doctor(scenario, { variables })
    assert.match(told(report, 'actor').join(), 'super-admin here')
    assert.match(told(report, 'vault').join(), 'warning: Your key does not open shared')
    return told(report, 'member-key')
  }
  assert.equal(await named(await identityToRecipient(own)), ['ok: tieline.yaml names your key.'])
  assert.equal(await named(await identityToRecipient(other)), [
    'failed: tieline.yaml names another key for you.'
  ])
  assert.equal(await named(null), ['warning: tieline.yaml names no key for you.'])
})

test('a held lock, a conflict and a clock that is behind are told', async () => {
  const scenario = await authorized()
  const { openState, openWorkspace } = await import('../../engine/workflow/open-workspace.ts')
  const { settings } = await openWorkspace(scenario.around)
  await openState(scenario.around, settings, 'ben@example.com').withLock('apply prod', async () => {
    const report = await doctor(scenario)
    assert.equal(told(report, 'lock'), ['warning: The lock of state is held.'])
    const detail = report.checks.find(each => each.id === 'lock')?.detail ?? ''
    assert.match(detail, 'ben@example.com holds the lock for "apply prod"')
    assert.match(detail, /tieline state unlock [0-9a-f-]{36}/)
  })
  const early = { clock: { now: () => new Date('2020-01-01T00:00:00.000Z') } }
  assert.match(told(await doctor(scenario, early), 'clock').join(), 'warning: The clock')
  scenario.write('state/dev.json', '<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> other\n')
  assert.equal(told(await doctor(scenario), 'state'), [
    'failed: State has a merge conflict: state/dev.json.'
  ])
})

test('a vault that others can look into, or that cannot be used where it is, is told', async () => {
  const scenario = await authorized()
  const vault = join(scenario.folder, '.tieline/vault')
  chmodSync(vault, 0o755)
  assert.equal(told(await doctor(scenario), 'vault-permissions'), [
    'warning: Others on this machine can look into the vault.'
  ])
  const other = await authorized()
  other.write(
    'tieline.yaml',
    'app: { name: Test }\nconnectors: { custom: true }\nvault: file:elsewhere\n'
  )
  symlinkSync(temporaryFolder(), join(other.folder, 'elsewhere'))
  assert.match(told(await doctor(other), 'vault').join(), 'failed: The vault cannot be used')
})

test('a service is asked only with --online, and gets no more than a plain question', async () => {
  const seen: string[] = []
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${Object.keys(request.headers).sort().join()}`)
    response.writeHead(302, { location: 'http://127.0.0.1:1/', connection: 'close' }).end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const origin = `http://127.0.0.1:${port}`
  const scenario = makeScenario(keyFiles(origin))
  await scenario.apply('dev')
  await doctor(scenario)
  assert.equal(seen, [])
  assert.equal(told(await doctor(scenario, {}, true), 'online'), [`ok: ${origin} answers.`])
  assert.is(seen.length, 1)
  assert.match(seen[0] ?? '', /^HEAD \/ (?!.*(?:authorization|cookie|x-key))/)
  await new Promise(resolve => server.close(resolve))
  const gone = await doctor(scenario, {}, true)
  assert.equal(told(gone, 'online'), [`failed: ${origin} does not answer.`])
  const detail = gone.checks.find(each => each.id === 'online')?.detail ?? ''
  assert.match(detail, 'ECONNREFUSED')
})

test('proxies are told by the names of their variables alone', async () => {
  const scenario = await authorized()
  const variables = {
    ...scenario.around.variables,
    HTTPS_PROXY: 'http://me:hunter2@proxy.example:3128',
    no_proxy: 'hunter2.example'
  }
  assert.equal(told(await doctor(scenario, { variables }), 'proxy'), [
    'ok: Services are asked as HTTPS_PROXY, no_proxy says.'
  ])
})

test('nothing is left behind, and nothing is made where there was nothing', async () => {
  const scenario = makeScenario(keyFiles(service.origin))
  writeFileSync(join(scenario.folder, 'note.txt'), '')
  await doctor(scenario)
  const { readdirSync } = await import('node:fs')
  assert.equal(
    readdirSync(scenario.folder).sort(),
    ['components', 'connections', 'connectors', 'note.txt', 'tieline.yaml'].sort()
  )
  await scenario.apply('dev')
  await scenario.authorize('hub', ['dev'], { from: { key: 'env:ONE' } })
  const before = readdirSync(scenario.folder, { recursive: true }).sort()
  await doctor(scenario)
  assert.equal(readdirSync(scenario.folder, { recursive: true }).sort(), before)
})

test.run()
