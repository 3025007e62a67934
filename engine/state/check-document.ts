import { type Diagnostic, problem } from '../model/diagnostic.ts'
import { digestOf } from '../model/digest.ts'
import type { Slot, State } from '../model/generated/types.ts'
import { validateState } from '../model/generated/validators/state.js'
import type { SchemaError } from '../model/validator.ts'

/** The newest format that this program reads. */
const formatVersion = 1

/** With the problem STATE_EDITED there is a state all the same: one that only `state verify --accept` may use. */
export type CheckedState =
  | { readonly state: State; readonly problem: Diagnostic | null }
  | { readonly state: null; readonly problem: Diagnostic }

/** What the text of a state document says, or what is wrong with it. `file` and `folder`, that of all state, are relative to the workspace. */
export function checkState(text: string, slot: Slot, file: string, folder: string): CheckedState {
  const line = conflictLine(text)
  if (line !== null) return { state: null, problem: conflictProblem(file, folder, line) }

  const broken = (wrong: string) => ({ state: null, problem: brokenProblem(wrong, file) })
  const value = parseJson(text)
  if (value === undefined) return broken('It is not JSON.')
  if (isNewer(value)) return { state: null, problem: newerProblem(file) }
  if (!validateState(value)) return broken(schemaErrors(validateState.errors ?? []))
  if (value.environment !== slot) {
    return broken(`It says that it is the state of ${value.environment}, not of ${slot}.`)
  }
  const digest = stateDigest(value)
  if (digest === null) return broken('It holds text that is not valid Unicode.')
  return {
    state: value,
    problem: digest === value.digest ? null : editedProblem(slot, file, folder)
  }
}

/** Over everything but the digest itself; null for what canonical JSON cannot express (half a surrogate pair). */
export function stateDigest(state: Omit<State, 'digest'> & { readonly digest?: unknown }) {
  const { digest, ...content } = state
  try {
    return digestOf(content)
  } catch {
    return null
  }
}

/** A newer format may look different in every other way, so this is asked first. */
export function isNewer(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('formatVersion' in value)) return false
  return typeof value.formatVersion === 'number' && value.formatVersion > formatVersion
}

/** The line, from 1, of the first mark that git leaves where it could not merge; null without one. */
export function conflictLine(text: string): number | null {
  const mark = /^(?:(?:<{7}|>{7}|\|{7})(?:\s|$)|={7}\s*$)/m.exec(text)
  return mark && text.slice(0, mark.index).split('\n').length
}

/** Undefined for what is not JSON: the parser's own words would repeat a part of the text. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** At most so many are shown; one is mostly the cause of the others. */
const shownErrors = 5

/** One sentence for each place at which a document breaks its schema. Repeats names, never values. */
export function schemaErrors(errors: readonly SchemaError[]): string {
  const told = new Set(errors.map(tellError))
  const rest = told.size > shownErrors ? [`And ${told.size - shownErrors} more.`] : []
  return [...[...told].slice(0, shownErrors), ...rest].join('\n')
}

function tellError({ instancePath, message, params }: SchemaError): string {
  const extra = params.additionalProperty
  const name = typeof extra === 'string' ? `: ${JSON.stringify(extra)}` : ''
  return `At ${instancePath || 'the top'}: ${message ?? 'is not as it should be'}${name}.`
}

export function unreadableProblem(wrong: string, file: string): Diagnostic {
  return problem(
    'STATE_UNREADABLE',
    'State cannot be read',
    `${file}: ${wrong} Without it nobody can tell what has been applied.\n\n` +
      'Put that right, or take back what was committed last:\n' +
      `    git checkout HEAD -- ${file}`,
    start(file)
  )
}

export function newerProblem(file: string): Diagnostic {
  return problem(
    'STATE_NEWER',
    'State was written by a newer tieline',
    `${file} has a format that this tieline does not know, and it could lose what is new in it.\n\n` +
      'Upgrade:\n    npm install tieline@latest',
    start(file)
  )
}

function brokenProblem(wrong: string, file: string): Diagnostic {
  return problem(
    'STATE_BROKEN',
    'State file is damaged',
    `${file} is not a state document that tieline wrote.\n${wrong}\n\n` +
      'Take back what was committed last, then see what is left to do:\n' +
      `    git checkout HEAD -- ${file}\n    tieline plan --all`,
    start(file)
  )
}

/** `file`, in the folder of all state, is a document or a history. */
export function conflictProblem(file: string, folder: string, line: number): Diagnostic {
  return problem(
    'STATE_CONFLICT',
    'State has a merge conflict',
    `${file} was written on two branches, and git could not merge them. Never merge it by hand: the result would be a state ` +
      'that no environment ever had.\n\n' +
      `Take all of ${folder}/ from one side, documents and history alike. The side you are on:\n` +
      `    git checkout --no-overlay HEAD -- ${folder}\n` +
      'The side that is merged in (in a rebase REBASE_HEAD):\n' +
      `    git checkout --no-overlay MERGE_HEAD -- ${folder}\n\n` +
      'Then record again what was authorized on the other side, and see what is left to do:\n' +
      '    tieline state verify\n    tieline plan --all\n\n' +
      'Where the conflict has been committed already, take the side of the commit before it:\n' +
      `    git checkout --no-overlay HEAD^ -- ${folder}`,
    { file, line, column: 1 }
  )
}

function editedProblem(slot: Slot, file: string, folder: string): Diagnostic {
  return problem(
    'STATE_EDITED',
    'State was changed by something else than tieline',
    `The content of ${file} does not fit its digest: it was edited by hand, or git merged two branches that both wrote it. ` +
      'What it says may never have been applied.\n\n' +
      'See what changed, and take back what was committed last:\n' +
      `    git diff HEAD -- ${file}\n    git checkout HEAD -- ${file}\n\n` +
      `Where git merged it, take all of ${folder}/ from one side, HEAD^ or HEAD^2, documents and history alike:\n` +
      `    git checkout --no-overlay HEAD^ -- ${folder}\n\n` +
      'Or, if what it says is right:\n' +
      `    tieline state verify --accept -e ${slot}`,
    start(file)
  )
}

function start(file: string) {
  return { file, line: 1, column: 1 }
}
