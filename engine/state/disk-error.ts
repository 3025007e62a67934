import { type Diagnostic, problem, Refusal } from '../model/diagnostic.ts'

const words: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full',
  EDQUOT: 'The disk quota is used up',
  EFBIG: 'The file would be larger than allowed',
  EACCES: 'Permission is denied',
  EPERM: 'Permission is denied',
  EROFS: 'The disk is read-only',
  EISDIR: 'A folder stands in its place',
  ENOTDIR: 'A file stands where a folder belongs',
  EEXIST: 'Something else stands in its place',
  ENOENT: 'Its folder is gone',
  ELOOP: 'Its links lead in a circle',
  EIO: 'The disk reports an error',
  EMFILE: 'Too many files are open',
  ENFILE: 'Too many files are open'
}

/** The code of a system error (`ENOSPC`), or an empty text. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return ''
  return typeof error.code === 'string' ? error.code : ''
}

/** A sentence for somebody who does not know the codes of system errors. */
export function plainWords(error: unknown): string {
  const code = codeOf(error)
  if (Object.hasOwn(words, code)) return `${words[code]} (${code}).`
  return code === '' ? 'The reason is unknown.' : `The system says ${code}.`
}

/** `file` is relative to the workspace, with forward slashes; `isChanged` if its new content is in place already. */
export function notWritten(file: string, error: unknown, isChanged: boolean): Refusal {
  const refusal = new Refusal(notWrittenProblem(file, plainWords(error), isChanged))
  refusal.cause = error
  return refusal
}

export function notWrittenProblem(file: string, why: string, isChanged: boolean): Diagnostic {
  const left = isChanged
    ? 'Its new content is in place, but may be lost if the computer stops now.'
    : 'What was there before is unchanged.'
  return problem(
    'STATE_NOT_WRITTEN',
    'State could not be written',
    `${file} could not be written. ${why} ${left}\n\n` +
      'Put that right and run the command again: it goes on where it stopped.',
    { file, line: 1, column: 1 }
  )
}
