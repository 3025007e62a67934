import { randomUUID } from 'node:crypto'
import { existsSync, linkSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Documents, slotsIn } from '../model/documents.ts'
import type { DoctorCheck, Slot } from '../model/generated/types.ts'
import { git } from './actor.ts'
import { check, type Doctor, orRefused, systemCode } from './doctor-check.ts'
import { isOpen } from './doctor-person.ts'
import { folderCheck } from './doctor-state.ts'
import { openSlotKeys } from './open-vault.ts'
import { openState, type Workspace } from './open-workspace.ts'
import { isPermitted } from './permit.ts'

const mebibyte = 1024 * 1024

/** Less is soon used up; with less still, a refresh has no room for its answer. */
const leastFree = { warning: 200 * mebibyte, failed: 5 * mebibyte } as const

/** Where credentials live: kept out of git, the person's alone, on a disk that does what is needed, and open to whom it should be. */
export async function vaultChecks(doctor: Doctor): Promise<readonly DoctorCheck[]> {
  const { workspace, around } = doctor
  if (workspace === null) return []
  const folder = (workspace.settings.vault ?? 'file:.tieline/vault').slice('file:'.length)
  const own = existsSync(join(around.folder, folder)) ? folder : '.tieline'
  return [
    ...(await ignoredChecks(doctor, folder)),
    folderCheck(doctor, 'vault-folder', folder, 'Nothing is stored yet'),
    ...permissionChecks(doctor, folder),
    ...diskChecks(doctor, own),
    ...(await orRefused('vault', () => readerChecks(doctor, workspace)))
  ]
}

async function ignoredChecks(
  { around: { folder: root } }: Doctor,
  folder: string
): Promise<readonly DoctorCheck[]> {
  if ((await git(root, ['rev-parse', '--git-dir'])) === null) return []
  const places = ['.tieline', ...(folder.startsWith('.tieline/') ? [] : [folder])]
  const committed = await git(root, ['ls-files', '--', ...places])
  if (committed !== null && committed.trim() !== '') {
    return [
      check(
        'ignored',
        'failed',
        'git has committed files that belong to this machine alone.',
        `What the vault holds is sealed, but does not belong into a repository. Take it out, and have git ignore it:\n    git rm -r --cached ${places.join(' ')}`
      )
    ]
  }
  const seen: string[] = []
  for (const place of places) {
    const answer = await git(root, ['check-ignore', '--', `${place}/vault.json`])
    if (answer === null || answer.trim() === '') seen.push(place)
  }
  return [
    seen.length === 0
      ? check('ignored', 'ok', `git ignores ${places.join(' and ')}.`)
      : check(
          'ignored',
          'failed',
          `git does not ignore ${seen.join(' and ')}.`,
          `The next commit could take the vault along. Add a line for it:\n    echo '${seen[0]}/' >> .gitignore`
        )
  ]
}

function permissionChecks(
  { around: { folder: root } }: Doctor,
  folder: string
): readonly DoctorCheck[] {
  const path = join(root, folder)
  if (process.platform === 'win32' || !existsSync(path)) return []
  return [
    isOpen(path)
      ? check(
          'vault-permissions',
          'warning',
          'Others on this machine can look into the vault.',
          `What is in it is sealed, but who can write there can also delete it. Make it yours alone:\n    chmod -R go= ${folder}`
        )
      : check('vault-permissions', 'ok', 'The vault is yours alone.')
  ]
}

/** Hard links decide which of two writers comes first. */
function diskChecks({ around }: Doctor, folder: string): readonly DoctorCheck[] {
  const path = join(around.folder, folder)
  if (!existsSync(path) || !statSync(path).isDirectory()) return []
  return [linkCheck(path, folder), spaceCheck(path)]
}

function linkCheck(path: string, folder: string): DoctorCheck {
  const first = join(path, `.doctor.${randomUUID()}.tmp`)
  const second = join(path, `.doctor.${randomUUID()}.tmp`)
  try {
    writeFileSync(first, '', { flag: 'wx', mode: 0o600 })
    linkSync(first, second)
    return check('hard-links', 'ok', 'The disk of the vault has hard links.')
  } catch (error) {
    return check(
      'hard-links',
      'failed',
      `Files in ${folder} cannot be made, or not linked.`,
      `The system refuses it${systemCode(error)}. Several processes could then not agree on who writes first. Keep the workspace on a disk of this machine: network folders, and some shared ones of virtual machines, lack this.`
    )
  } finally {
    for (const each of [second, first]) rmSync(each, { force: true })
  }
}

function spaceCheck(path: string): DoctorCheck {
  const { bavail, bsize } = statfsSync(path)
  const free = bavail * bsize
  const shown =
    free >= 1024 * mebibyte
      ? `${Math.floor(free / (1024 * mebibyte))} GiB`
      : `${Math.floor(free / mebibyte)} MiB`
  if (free >= leastFree.warning) return check('disk', 'ok', `The disk has ${shown} free.`)
  return check(
    'disk',
    free < leastFree.failed ? 'failed' : 'warning',
    `The disk has only ${shown} free.`,
    'Tokens that a service hands out once must find room. Make some.'
  )
}

/** Of the slots that the actor's role may read, those that the key opens and those that it does not. */
async function readerChecks(
  { around, actor }: Doctor,
  { settings }: Workspace
): Promise<readonly DoctorCheck[]> {
  const { documents } = await openState(around, settings, actor ?? '').read()
  const keys = await openSlotKeys(around, settings, async () => documents)
  const slots = slotsIn(documents).filter(slot =>
    isPermitted(settings, actor, { kind: 'read', slot })
  )
  const found = await keys.list(slots)
  const problems = found.flatMap(({ problem }) =>
    problem === null ? [] : [check('vault', 'failed', `${problem.summary}.`, problem.detail)]
  )
  const sound = found.filter(each => each.problem === null)
  const opened = sound.filter(each => each.canOpen).map(each => each.slot)
  const closed = sound.filter(each => !each.canOpen).map(each => each.slot)
  const missing = slots.filter(slot => isMissing(documents, slot, found))
  return [
    ...problems,
    ...(opened.length === 0 ? [] : [check('vault', 'ok', `Your key opens ${opened.join(', ')}.`)]),
    ...(closed.length === 0
      ? []
      : [
          check(
            'vault',
            'warning',
            `Your key does not open ${closed.join(', ')}, which your role may read.`,
            'A super-admin takes you in, once your key stands in tieline.yaml (for a client: in its file):\n    tieline vault recipients'
          )
        ]),
    ...(missing.length === 0
      ? []
      : [
          check(
            'vault',
            'warning',
            `The vault that state names for ${missing.join(', ')} is not here.`,
            'What was authorized there is in another folder, or on another machine. Use that one, or authorize here after beginning anew:\n    tieline vault init --replace'
          )
        ]),
    ...(found.length + missing.length === 0
      ? [check('vault', 'ok', 'No keys have been made yet for what your role may read.')]
      : [])
  ]
}

function isMissing(
  documents: Documents,
  slot: Slot,
  found: readonly { readonly slot: Slot }[]
): boolean {
  return documents[slot]?.vault != null && found.every(each => each.slot !== slot)
}
