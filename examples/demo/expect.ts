/** What a command must do, or else the demo fails. */
import { flat } from './excerpt.ts'
import { DemoFailure } from './failure.ts'
import type { Ended } from './process.ts'

export interface Expectation {
  /** 0 if not given. */
  readonly exit?: number
  /** Phrases that its output holds, wherever lines are broken. */
  readonly says?: readonly string[]
  /** All that it says. */
  readonly saysOnly?: string
}

/** Throws a DemoFailure that names everything that was expected and did not happen. */
export function expectOf(ended: Ended, expected: Expectation): void {
  const wrong = wrongWith(ended, expected)
  if (wrong.length > 0) throw new DemoFailure(wrong.join('\n'))
}

/** A sentence for everything that was expected and did not happen. */
export function wrongWith(
  { code, result, talk }: Ended,
  { exit = 0, says = [], saysOnly }: Expectation
): readonly string[] {
  const said = flat(`${talk}\n${result}`).trim()
  return [
    ...(code === exit ? [] : [`Expected exit code ${exit}. It was ${code}.`]),
    ...says
      .filter(phrase => !said.includes(phrase))
      .map(phrase => `Expected it to say ${JSON.stringify(phrase)}. It did not.`),
    ...(saysOnly === undefined || said === saysOnly
      ? []
      : [`Expected it to say ${JSON.stringify(saysOnly)} and nothing else.`])
  ]
}
