import { existsSync, lstatSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Refusal } from '../model/diagnostic.ts'
import { fingerprintOf } from '../model/fingerprint.ts'
import type { DoctorCheck } from '../model/generated/types.ts'
import { check, type Doctor } from './doctor-check.ts'
import { identityOf } from './open-vault.ts'

/** The person's own key: where it is, who could read it, and whether it is the one that the others know. */
export async function keyChecks(doctor: Doctor): Promise<readonly DoctorCheck[]> {
  const folder = configCheck(doctor)
  try {
    const identity = await (await identityOf(doctor.around)).find()
    if (identity === null) return [...folder, noKey(doctor)]
    const fingerprint = fingerprintOf(identity.recipient)
    return [
      ...folder,
      check('key', 'ok', `Your key is ${placeOfKey(doctor)}: ${fingerprint}`),
      ...memberCheck(doctor, identity.recipient)
    ]
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return [
      ...folder,
      ...error.diagnostics.map(({ summary, detail }) =>
        check('key', 'failed', `${summary}.`, detail)
      )
    ]
  }
}

/** As the key is looked for: what comes first wins. */
function placeOfKey({ around: { variables, configFolder } }: Doctor): string {
  const { TIELINE_IDENTITY: variable = '' } = variables
  if (variable !== '') {
    return /^\s*AGE-SECRET-KEY-/i.test(variable)
      ? 'in the variable TIELINE_IDENTITY'
      : 'in the file that the variable TIELINE_IDENTITY names'
  }
  const path = join(configFolder, 'identity')
  const isMoved = !existsSync(path) || readFileSync(path, 'utf8').startsWith('# tieline: this key')
  return isMoved ? 'in the keychain of the operating system' : `in ${path}`
}

function noKey({ workspace }: Doctor): DoctorCheck {
  const isAlone = workspace === null || workspace.settings.members === undefined
  return isAlone
    ? check('key', 'ok', 'You have no key yet: the first authorization makes it.')
    : check(
        'key',
        'warning',
        'You have no key yet.',
        'It is what opens the vault, and what your deposits are known by. Make it, and have its public half entered beside your name:\n    tieline vault key'
      )
}

/** The key beside somebody's name is what others seal to, and know deposits by. */
function memberCheck({ workspace, actor }: Doctor, recipient: string): readonly DoctorCheck[] {
  if (workspace === null || actor === null) return []
  const { members = {}, clients } = workspace.settings
  const entries = [
    ...(Object.hasOwn(members, actor) ? [['tieline.yaml', members[actor]?.key] as const] : []),
    ...[...clients].flatMap(([linkName, { members: theirs = {} }]) =>
      Object.hasOwn(theirs, actor)
        ? [[`clients/${linkName}.yaml`, theirs[actor]?.key] as const]
        : []
    )
  ]
  return entries.map(([file, key]) => {
    if (key === recipient) return check('member-key', 'ok', `${file} names your key.`)
    const how =
      'Have the public half of the key that you use entered as `key` of your member entry:\n    tieline vault key'
    return key === undefined
      ? check(
          'member-key',
          'warning',
          `${file} names no key for you.`,
          `Without it nobody can seal anything to you, or know what you deposit. ${how}`
        )
      : check(
          'member-key',
          'failed',
          `${file} names another key for you.`,
          `What is sealed to that one, yours does not open, and what you deposit is refused. Use that key (TIELINE_IDENTITY), or change the entry. ${how}`
        )
  })
}

/** Folder and file are the person's alone. */
function configCheck({ around: { configFolder } }: Doctor): readonly DoctorCheck[] {
  if (process.platform === 'win32') return []
  const path = join(configFolder, 'identity')
  const open = [
    ...(isOpen(configFolder) ? [`chmod 700 ${configFolder}`] : []),
    ...(isOpen(path) ? [`chmod 600 ${path}`] : [])
  ]
  if (!existsSync(configFolder)) return []
  if (open.length === 0) {
    return [check('config-permissions', 'ok', `${configFolder} is yours alone.`)]
  }
  // A key that others can read is not used.
  const isKey = isOpen(path)
  return [
    check(
      'config-permissions',
      isKey ? 'failed' : 'warning',
      isKey ? 'Others can read your key.' : 'Others can look into the folder of your key.',
      `Make it yours alone:\n${open.map(each => `    ${each}`).join('\n')}`
    )
  ]
}

/** Whether anybody but the owner has rights to it. */
export function isOpen(path: string): boolean {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return false
  const status = statSync(path, { throwIfNoEntry: false })
  return status !== undefined && (status.mode & 0o077) !== 0
}
