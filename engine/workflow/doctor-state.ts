import { accessSync, constants, existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { environmentsIn, slotsIn } from '../model/documents.ts'
import type { DoctorCheck } from '../model/generated/types.ts'
import { lookAtLock } from '../state/look-at-lock.ts'
import { git } from './actor.ts'
import { check, type Doctor, orRefused, systemCode } from './doctor-check.ts'
import { openState, type Workspace } from './open-workspace.ts'

/** A clock that is behind by more is wrong, and not only another one. */
const mostBehindMs = 5 * 60_000

/** Where state lives, whether it can be read and written, and what git and the clock have to say. */
export async function stateChecks(doctor: Doctor): Promise<readonly DoctorCheck[]> {
  const { workspace } = doctor
  if (workspace === null) return [await clockCheck(doctor, [])]
  const folder = (workspace.settings.state ?? 'file:state').slice('file:'.length)
  return [
    folderCheck(doctor, 'state-folder', folder, 'Nothing is recorded yet'),
    ...(await orRefused('state', () => documentsCheck(doctor, workspace))),
    lockCheck(doctor),
    ...(await committedChecks(doctor, folder)),
    await clockCheck(doctor, await timesOf(doctor, workspace))
  ]
}

/** Whether a folder of ours can be read and written; `nothing` where there is none yet. */
export function folderCheck(
  { around }: Doctor,
  id: string,
  folder: string,
  nothing: string
): DoctorCheck {
  const path = join(around.folder, folder)
  if (!existsSync(path)) return check(id, 'ok', `${nothing}: there is no ${folder}.`)
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
    return check(id, 'ok', `${folder} can be read and written.`)
  } catch (error) {
    return check(
      id,
      'failed',
      `${folder} cannot be read and written.`,
      `The system refuses it${systemCode(error)}. Make the folder and its files yours:\n    ls -la ${folder}`
    )
  }
}

async function documentsCheck(
  { around, actor }: Doctor,
  { settings }: Workspace
): Promise<readonly DoctorCheck[]> {
  const { documents, problems } = await openState(around, settings, actor ?? '').read()
  const found = problems.map(each =>
    check('state', 'failed', `${each.summary}: ${each.at?.file ?? 'state'}.`, each.detail)
  )
  const count = slotsIn(documents).filter(slot => documents[slot] != null).length
  if (found.length > 0) return found
  return [
    check(
      'state',
      'ok',
      count === 0 ? 'No state has been written yet.' : `State can be read: ${count} documents.`
    )
  ]
}

function lockCheck({ around }: Doctor): DoctorCheck {
  const lock = lookAtLock(realpathSync(around.folder), '.tieline/locks', around.clock)
  if (lock === null) return check('lock', 'ok', 'Nobody holds the lock of state.')
  if (lock.isGone) {
    return check(
      'lock',
      'ok',
      'The lock of state is left over from a process that is gone: the next writer takes it over.'
    )
  }
  return check(
    'lock',
    'warning',
    'The lock of state is held.',
    `${lock.description} If you are sure that this process runs no more, end its lock:\n    tieline state unlock ${lock.id}`
  )
}

async function committedChecks(
  { around: { folder: root } }: Doctor,
  folder: string
): Promise<readonly DoctorCheck[]> {
  if ((await git(root, ['rev-parse', '--git-dir'])) === null) return []
  if (!existsSync(join(root, folder))) return []
  const ignored = await git(root, ['check-ignore', '--', `${folder}/dev.json`])
  if (ignored !== null && ignored.trim() !== '') {
    return [
      check(
        'state-committed',
        'warning',
        'git ignores the state.',
        `It holds no secret, and the others need it: take ${folder} out of .gitignore, and commit it.`
      )
    ]
  }
  const open = await git(root, ['status', '--porcelain', '--untracked-files=all', '--', folder])
  const count = (open ?? '').split('\n').filter(each => each.trim() !== '').length
  return [
    count === 0
      ? check('state-committed', 'ok', 'State is committed.')
      : check(
          'state-committed',
          'ok',
          `State has changes that are not committed (${count} ${count === 1 ? 'file' : 'files'}).`,
          `Others see them once they are committed:\n    git add ${folder}`
        )
  ]
}

/** When state was written last, as it says itself. */
async function timesOf(
  { around, actor }: Doctor,
  { settings }: Workspace
): Promise<readonly string[]> {
  const state = openState(around, settings, actor ?? '')
  const { documents } = await state.read()
  const histories = await Promise.all(slotsIn(documents).map(slot => state.history(slot)))
  return [
    ...histories.flatMap(({ entries }) => entries.at(-1)?.at ?? []),
    ...[...environmentsIn(documents), 'shared' as const].flatMap(slot =>
      Object.values(documents[slot]?.authorizations ?? {}).map(each => each.at)
    )
  ]
}

/** Offline nobody says what time it is, but it is later than what has happened already. */
async function clockCheck({ around }: Doctor, times: readonly string[]): Promise<DoctorCheck> {
  const seconds = Number((await git(around.folder, ['log', '-1', '--format=%ct']))?.trim())
  const commit = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0
  const written = times.map(each => Date.parse(each)).filter(each => !Number.isNaN(each))
  const newest = written.reduce((latest, each) => Math.max(latest, each), 0)
  const now = around.clock.now()
  const what = newest >= commit ? 'state was written' : 'the last commit was made'
  const latest = Math.max(newest, commit)
  if (now.getTime() >= latest - mostBehindMs) {
    return check('clock', 'ok', `The clock says ${now.toISOString()}, which can be.`)
  }
  return check(
    'clock',
    'warning',
    'The clock of this machine is behind, or that of another one was ahead.',
    `It says ${now.toISOString()}, and ${what} at ${new Date(latest).toISOString()}. Services refuse requests whose time is wrong, and the history tells false times. Set the clock.`
  )
}
