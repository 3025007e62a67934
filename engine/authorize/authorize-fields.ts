import { type Diagnostic, problem, Refusal } from '../model/diagnostic.ts'
import type { Field } from '../model/generated/types.ts'
import type { Target } from '../model/target.ts'
import { type Authorized, proven } from './authorized.ts'

/**
 * Authorizes with what a person entered (basic, API key): checks it, then has the service's test request decide. Throws a
 * Refusal: FIELD_MISSING and FIELD_INVALID for all fields at once, else what the test request said.
 */
export async function authorizeFields(
  target: Target,
  values: Readonly<Record<string, string>>
): Promise<Authorized> {
  if (target.way.kind === 'oauth2') throw new Error('OAuth2 has no fields to enter')
  const declared = Object.entries(target.way.fields)
  const problems = declared.flatMap(([name, field]) =>
    checkField(target, name, field, values[name])
  )
  if (problems.length > 0) throw new Refusal(...problems)
  const fields = Object.fromEntries(declared.map(([name]) => [name, values[name] ?? '']))
  return proven(target, { secret: { kind: 'fields', fields }, granted: [], clientId: null })
}

/** Never repeats the value: even of a field that is not secret, somebody may have entered the secret one. */
function checkField(
  { linkName, service }: Target,
  name: string,
  field: Field,
  value: string | undefined
): readonly Diagnostic[] {
  const where = field.description === undefined ? '' : ` ${field.description}`
  const which = `"${field.title}" (${name})`
  if (value === undefined || value === '') {
    return [
      problem(
        'FIELD_MISSING',
        'A field is missing',
        `Connection "${linkName}" needs ${which} to authorize at ${service}.${where}`
      )
    ]
  }
  if (/\p{Cc}/u.test(value)) {
    return [
      invalid(
        `${which} of connection "${linkName}" has a control character in it, such as a line end.`
      )
    ]
  }
  if (field.pattern === undefined || new RegExp(`^(?:${field.pattern})$`, 'u').test(value))
    return []
  return [
    invalid(
      `${which} of connection "${linkName}" does not look as ${service} writes it: it must match ${field.pattern}.${where}`
    )
  ]
}

function invalid(detail: string): Diagnostic {
  return problem('FIELD_INVALID', 'A field has a wrong value', detail)
}
