import { type Diagnostic, hasErrors } from '../model/diagnostic.ts'
import type { SchemaError, Validator } from '../model/validator.ts'
import { escapePointer } from './index-places.ts'
import type { ParsedYaml } from './parse-yaml.ts'
import { prune } from './prune.ts'
import { explainError, wrongKey } from './schema-words.ts'
import { resolveRef, type SchemaName, schemaAt, valueAt } from './spec-schemas.ts'
import { specProblem } from './spec-summaries.ts'

export interface SchemaResult<T> {
  /** The document, if it keeps to the schema; else what remains without all that does not; null if that is nothing whole. */
  readonly spec: T | null
  readonly diagnostics: readonly Diagnostic[]
  /** JSON Pointers of what the schema has no place for. Nobody knows what stands there, so it is not shown. */
  readonly unknown: readonly string[]
}

/** Checks a document against its schema: one diagnostic for each mistake, in words, at its key or value. */
export function checkSchema<T>(
  parsed: ParsedYaml,
  validator: Validator<T>,
  name: SchemaName
): SchemaResult<T> {
  if (validator(parsed.value)) return { spec: parsed.value, diagnostics: [], unknown: [] }

  const validatorErrors = validator.errors ?? []
  const errors = withoutNoise(validatorErrors, name, parsed.value)
  const seen = new Set<string>()
  const diagnostics = errors.flatMap(error => {
    const { code, detail, pointer, isKey } = explainError(error, name, parsed.value)
    // One value may break several rules; the first one tells what it should be.
    const once = `${isKey} ${pointer} ${error.keyword === 'required' ? detail : ''}`
    if (seen.has(once)) return []
    seen.add(once)
    return [specProblem(code, detail, isKey ? parsed.keyPlace(pointer) : parsed.place(pointer))]
  })
  if (!hasErrors(diagnostics)) throw new Error(`The ${name} schema refuses a file without a reason`)
  const spec = prune(parsed.value, validatorErrors, validator)
  return { spec, diagnostics, unknown: errors.flatMap(unknownPointers) }
}

function unknownPointers(error: SchemaError): readonly string[] {
  const key = wrongKey(error)
  return key === null ? [] : [`${error.instancePath}/${escapePointer(key)}`]
}

/**
 * The validator reports each alternative that does not fit, and then that none fits. What remains: the mistakes inside the
 * alternative that was meant, or else one error for all.
 */
function withoutNoise(
  errors: readonly SchemaError[],
  name: SchemaName,
  document: unknown
): readonly SchemaError[] {
  const dropped = new Set<SchemaError>()
  for (const whole of errors) {
    if (isAboutKey(whole, document)) dropped.add(whole)
    if (whole.keyword === 'discriminator' && !hasTag(whole, document)) dropped.add(whole)
    if (whole.keyword !== 'oneOf' && whole.keyword !== 'anyOf') continue
    if (isOneOrList(whole, name, document)) {
      for (const each of noiseOfShape(whole, errors, document)) dropped.add(each)
      continue
    }

    const parts = errors.filter(each => isPartOf(each, whole))
    const meant = meantBranch(whole, name, document)
    for (const part of parts) if (branchOf(part, whole) !== meant) dropped.add(part)
    if (parts.some(each => branchOf(each, whole) === meant)) dropped.add(whole)
  }
  return errors.filter(each => !dropped.has(each))
}

/** What is wrong with a key comes twice: as an error of its own, and as the broken `propertyNames` that names the key. */
function isAboutKey(error: SchemaError, document: unknown): boolean {
  const isOfText = ['pattern', 'minLength', 'maxLength'].includes(error.keyword)
  return isOfText && typeof valueAt(document, error.instancePath) !== 'string'
}

function hasTag(error: SchemaError, document: unknown): boolean {
  const tag = String(error.params.tag)
  return valueAt(document, `${error.instancePath}/${tag}`) !== undefined
}

/** Whether an error comes from within one of the alternatives of another. */
function isPartOf(error: SchemaError, whole: SchemaError): boolean {
  const isBelow =
    error.instancePath === whole.instancePath ||
    error.instancePath.startsWith(`${whole.instancePath}/`)
  return isBelow && error.schemaPath.startsWith(`${whole.schemaPath}/`)
}

function branchOf(error: SchemaError, whole: SchemaError): number {
  return Number.parseInt(error.schemaPath.slice(whole.schemaPath.length + 1), 10)
}

/** The alternative for a list, where a list was given. */
function meantBranch(whole: SchemaError, name: SchemaName, document: unknown): number {
  if (whole.keyword !== 'oneOf' || !Array.isArray(valueAt(document, whole.instancePath))) return -1
  const parent = whole.instancePath.slice(0, whole.instancePath.lastIndexOf('/'))
  const key = whole.instancePath.slice(parent.length + 1)
  const branches = schemaAt(name, parent, document)?.properties?.[key]?.oneOf ?? []
  return branches.findIndex(each => each.type === 'array')
}

/** Whether a mapping or a list of such mappings is allowed. */
function isOneOrList(whole: SchemaError, name: SchemaName, document: unknown): boolean {
  const parent = whole.instancePath.slice(0, whole.instancePath.lastIndexOf('/'))
  const key = whole.instancePath.slice(parent.length + 1)
  const property = schemaAt(name, parent, document)?.properties?.[key]
  const types = (property && resolveRef(property).oneOf)?.map(each => resolveRef(each).type) ?? []
  return types.includes('array') && types.includes('object')
}

/** What the validator says of the shape that was not written; of neither, that it must be one of them. */
function noiseOfShape(
  whole: SchemaError,
  errors: readonly SchemaError[],
  document: unknown
): readonly SchemaError[] {
  const value = valueAt(document, whole.instancePath)
  const here = errors.filter(
    each => each !== whole && each.instancePath === whole.instancePath && each.keyword === 'type'
  )
  return typeof value === 'object' && value !== null ? [...here, whole] : here
}
