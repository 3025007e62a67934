import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  realpathSync
} from 'node:fs'
import { join, relative, sep } from 'node:path'
import type { Diagnostic } from '../model/diagnostic.ts'
import { type SpecCode, specProblem, topOf } from './spec-summaries.ts'

/** The longest file that is read, in bytes. */
export const largestFile = 1024 * 1024

/** The content of a file, or why it was not read. */
export type ReadResult =
  | { readonly bytes: Buffer; readonly problem?: never }
  | { readonly bytes?: never; readonly problem: Diagnostic }

/**
 * Reads a plain file of the workspace. `root` is the workspace's real path, `file` is relative to it. Never opens what could
 * block or act when opened (a pipe, a device), nor what a link shows outside the workspace or inside .git and .tieline.
 */
export function readSafely(root: string, file: string): ReadResult {
  try {
    const real = realpathSync.native(join(root, file))
    if (!isInside(root, real)) return refuse('LINK_LEAVES_WORKSPACE', leavesDetail, file)
    if (!lstatSync(real).isFile()) return refuse('SPECIAL_FILE', specialDetail, file)
    return readPlain(real, file)
  } catch (error) {
    return refuse('FILE_UNREADABLE', unreadableDetail(error), file)
  }
}

/** Whether a real path is in the workspace, and not among what git and tieline keep for themselves there. */
export function isInside(root: string, real: string): boolean {
  if (real === root) return true
  const inner = relative(root, real).split(sep)
  return inner[0] !== '..' && real.startsWith(root) && !inner.some(isPrivate)
}

function isPrivate(segment: string): boolean {
  return segment === '.git' || segment === '.tieline'
}

/** The file may have become another one since it was looked at, so what was opened is looked at again. */
function readPlain(real: string, file: string): ReadResult {
  const descriptor = openSync(
    real,
    constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  )
  try {
    const status = fstatSync(descriptor)
    if (!status.isFile()) return refuse('SPECIAL_FILE', specialDetail, file)
    if (status.size > largestFile) return refuse('FILE_TOO_LARGE', largeDetail, file)
    const bytes = Buffer.alloc(status.size)
    let length = 0
    while (length < bytes.length) {
      const count = readSync(descriptor, bytes, length, bytes.length - length, null)
      if (count === 0) break
      length += count
    }
    return { bytes: bytes.subarray(0, length) }
  } finally {
    closeSync(descriptor)
  }
}

function refuse(code: SpecCode, detail: string, file: string): ReadResult {
  return { problem: specProblem(code, detail, topOf(file)) }
}

export const leavesDetail =
  'This is a link to something outside the workspace, or to the private files of git or tieline, and was not opened. ' +
  'Put a copy of the file here, or link to a file of the workspace.'

export const specialDetail =
  'A plain file belongs here, but this is a folder, a pipe, a socket or a device. It was not opened. Remove or rename it.'

const largeDetail = 'The file is larger than 1 MiB and was not read. Make it smaller, or split it.'

function unreadableDetail(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ENOENT') return 'The file, or the file it links to, is not there.'
  if (code === 'EACCES' || code === 'EPERM')
    return 'The rights of the file do not allow to read it.'
  if (code === 'ELOOP') return 'The links lead in a circle.'
  return `The file could not be read${/^[A-Z0-9]+$/.test(code) ? ` (${code})` : ''}.`
}
