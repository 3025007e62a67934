import type { Because, Held, Plan } from '../model/generated/types.ts'
import { indented, isCommand, paintWords, prose } from './layout.ts'
import type { Style } from './style.ts'
import { becauseWords, heldWords } from './words.ts'

/** What stays behind, each with its reason and what it waits for; then the commands that take that along, each once. */
export function reportHeld(plan: Plan, style: Style): readonly string[] {
  if (plan.held.length === 0) return []
  const waiting = plan.held.filter(({ missing }) => missing.length > 0)
  const commands = [...new Set(waiting.flatMap(commandsOf))]
  return [
    style.bold('Held back:'),
    ...plan.held.flatMap(held => heldLines(held, plan, style)),
    ...(commands.length === 0 ? [] : ['  To take along what is missing:']),
    ...commands.map(command => `      ${style.cyan(command)}`)
  ]
}

/** The list of what is missing tells the message; without one, the message speaks for itself. */
function heldLines(held: Held, plan: Plan, style: Style): readonly string[] {
  const { subject, linkName, code, message, missing } = held
  const lines = message.split('\n').filter(line => line.trim() !== '')
  const [why = heldWords(code), ...more] = missing.length === 0 ? lines : []
  const title = `${style.yellow(style.symbols.attention)} ${subject} ${style.bold(linkName)}: ${why}`
  return [
    ...indented(title, style.width, 2, 6),
    ...more.flatMap(line => prose(line, style, 6)),
    ...missing.flatMap(each => missingLines(each, held, plan, style))
  ]
}

function missingLines(
  { component, because }: Held['missing'][number],
  { code }: Held,
  plan: Plan,
  style: Style
): readonly string[] {
  // Those that still hold a reference are told by the title.
  const why = code === 'STILL_REFERENCED' ? null : missingWords(because, plan)
  const reason = why === null ? '' : paintWords(`: ${why}`, style.dim)
  return indented(`component ${component}${reason}`, style.width, 6, 8)
}

/** A connection that was selected needs its components whether it changes or not. */
function missingWords(because: Because, { source }: Plan): string | null {
  return because.code === 'REFERENCES_CHANGED_CONNECTION'
    ? `uses ${because.connection}`
    : becauseWords(because, source.environment)
}

function commandsOf({ message }: Held): readonly string[] {
  return message
    .split('\n')
    .filter(isCommand)
    .map(line => line.trim())
}
