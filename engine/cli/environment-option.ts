import { InvalidArgumentError, Option } from 'commander'
import { problem, Refusal } from '../model/diagnostic.ts'
import { environments, ownSlots } from '../model/documents.ts'
import type { Environment, OwnEnvironment, Slot } from '../model/generated/types.ts'

const choices = 'It is dev, stage, prod or client/<link name>.'

export function environmentOption(): Option {
  return new Option(
    '-e, --env <env>',
    'dev, stage, prod or client/<name> (else TIELINE_ENV, else dev)'
  ).argParser(parseEnvironment)
}

/** The environments up to which a road leads, and the documents of state: the same names, and `shared`. */
export function parseEnvironment(value: string): Environment {
  if (isEnvironment(value)) return value
  throw new InvalidArgumentError(choices)
}

export function parseSlot(value: string): Slot {
  if (isSlot(value)) return value
  throw new InvalidArgumentError('It is shared, dev, stage, prod or client/<link name>.')
}

export function collectEnvironments(
  value: string,
  before: readonly Environment[]
): readonly Environment[] {
  return [...before, parseEnvironment(value)]
}

/** A misspelt variable must not lead to another environment than was meant. */
export function environmentOf({ env }: { readonly env?: Environment }): Environment {
  const named = env ?? (process.env.TIELINE_ENV || 'dev')
  if (isEnvironment(named)) return named
  throw new Refusal(
    problem(
      'USAGE',
      'The command line is not understood',
      'TIELINE_ENV names no environment. Set it to dev, stage, prod or client/<link name>, or say it with -e.'
    )
  )
}

function isEnvironment(value: string): value is Environment {
  return (
    environments.includes(value as OwnEnvironment) || /^client\/[a-z][a-z0-9_]{0,49}$/.test(value)
  )
}

function isSlot(value: string): value is Slot {
  return ownSlots.includes(value as Slot) || isEnvironment(value)
}
