import { meant } from '../model/did-you-mean.ts'
import type { SchemaError } from '../model/validator.ts'
import { escapePointer, pointerSegments } from './index-places.ts'
import { patternWords } from './pattern-words.ts'
import { plainKey, showKey } from './show-key.ts'
import { resolveRef, type Schema, type SchemaName, schemaAt, valueAt } from './spec-schemas.ts'
import type { SpecCode } from './spec-summaries.ts'

/** A schema error in words for the person who wrote the file. */
export interface Explanation {
  readonly code: SpecCode
  /** Repeats keys, never values. */
  readonly detail: string
  readonly pointer: string
  /** The key at the pointer is to blame, not the value. */
  readonly isKey: boolean
}

export function explainError(error: SchemaError, name: SchemaName, document: unknown): Explanation {
  const { instancePath: pointer, params } = error
  const schema = schemaAt(name, pointer, document) ?? {}
  const value = valueAt(document, pointer)
  const key = wrongKey(error)
  if (key !== null) {
    const at = { pointer: `${pointer}/${escapePointer(key)}`, isKey: true }
    return error.keyword === 'propertyNames'
      ? { code: 'INVALID_KEY', detail: invalidKey(key, schema), ...at }
      : { code: 'UNKNOWN_KEY', detail: unknownKey(key, pointer, schema), ...at }
  }
  const where = { pointer, isKey: false }
  if (error.keyword === 'required' || error.keyword === 'anyOf') {
    return { code: 'MISSING_KEY', detail: missingKey(error, schema, document, name), ...where }
  }
  if (error.keyword === 'uniqueItems') {
    const { i = 0, j = 0 } = params
    const detail = 'This item stands in the list twice. Remove one of them.'
    return {
      code: 'DUPLICATE_ITEM',
      detail,
      ...where,
      pointer: `${pointer}/${Math.max(Number(i), Number(j))}`
    }
  }
  if (error.keyword === 'discriminator') return wrongTag(error, schema, document)
  if (isReference(schema) && isScalar(value) && value !== null) {
    return { code: 'LITERAL_SECRET', detail: literalSecret(pointer), ...where }
  }
  return { ...wrongValue(error, schema, value, pointer), ...where }
}

/** The key that an error blames; null if it blames a value. */
export function wrongKey(error: SchemaError): string | null {
  const key = error.params.additionalProperty ?? error.params.propertyName
  return typeof key === 'string' ? key : null
}

function unknownKey(key: string, pointer: string, schema: Schema): string {
  const allowed = Object.keys(schema.properties ?? {})
  const guess = key.length > 100 ? '' : meant(key, allowed)
  const place = pointer === '' ? 'in this file' : `in ${pathWords(pointer)}`
  const isNone = allowed.length === 0
  return `${showKey(key)} is not known ${place}.${guess}${isNone ? '' : ` Known here: ${allowed.join(', ')}.`}`
}

function invalidKey(key: string, schema: Schema): string {
  const { pattern = '' } = resolveRef(schema.propertyNames ?? {})
  return `${showKey(key)} cannot be a key here: a key must be ${patternWords(pattern) ?? 'written otherwise'}.`
}

function missingKey(
  error: SchemaError,
  schema: Schema,
  document: unknown,
  name: SchemaName
): string {
  const place = error.instancePath === '' ? 'This file' : upperFirst(pathWords(error.instancePath))
  if (error.keyword === 'anyOf') {
    const keys = (schema.anyOf ?? []).flatMap(each => each.required ?? [])
    return `${place} needs ${or(keys.map(each => `"${each}"`))}.`
  }
  const key = String(error.params.missingProperty)
  const about = schemaAt(name, `${error.instancePath}/${key}`, document)?.description ?? ''
  return `${place} needs "${key}".${about === '' ? '' : ` ${about}`}`
}

function wrongTag(error: SchemaError, schema: Schema, document: unknown): Explanation {
  const tag = String(error.params.tag)
  const pointer = `${error.instancePath}/${tag}`
  const allowed = (schema.oneOf ?? []).map(each => resolveRef(each).properties?.[tag]?.const)
  const value = valueAt(document, pointer)
  return {
    code: 'INVALID_VALUE',
    detail: `${upperFirst(pathWords(pointer))} must be ${or(allowed.map(String))}.${guessWord(value, allowed)}`,
    pointer,
    isKey: false
  }
}

function literalSecret(pointer: string): string {
  return (
    `${upperFirst(pathWords(pointer))} takes a reference, never the value itself: specs are committed, and a secret in them is no secret. ` +
    'Write env:NAME, file:PATH or vault:NAME. If the value was committed before, have the service issue a new one.'
  )
}

/** Type, enum, pattern and limits. */
function wrongValue(
  error: SchemaError,
  schema: Schema,
  value: unknown,
  pointer: string
): { readonly code: SpecCode; readonly detail: string } {
  const subject = pointer === '' ? 'This file' : upperFirst(pathWords(pointer))
  const about = schema.description === undefined ? '' : ` ${schema.description}`
  if (value === null) {
    const detail = `${subject} has no value, but must be ${allowedWords(error, schema)}.${about}`
    return { code: 'WRONG_TYPE', detail }
  }
  const detail = `${subject} must be ${allowedWords(error, schema)}.`
  switch (error.keyword) {
    case 'type':
      return {
        code: 'WRONG_TYPE',
        detail: `${detail}${typeHint(error.params.type, value)}${about}`
      }
    case 'oneOf':
      return {
        code: typeof value === 'string' ? 'INVALID_VALUE' : 'WRONG_TYPE',
        detail: `${detail}${about}`
      }
    default: {
      const allowed = schema.enum ?? (schema.const === undefined ? [] : [schema.const])
      const guess = guessWord(value, allowed)
      const isSaid = guess !== '' || error.keyword === 'pattern'
      return { code: 'INVALID_VALUE', detail: `${detail}${guess}${isSaid ? '' : about}` }
    }
  }
}

/** To stand after "must be". */
function allowedWords(error: SchemaError, schema: Schema): string {
  const { limit } = error.params
  switch (error.keyword) {
    case 'type':
      return isReference(schema) ? referenceWords : typeWords(String(error.params.type))
    case 'enum':
      return or((schema.enum ?? []).map(String))
    case 'const':
      return String(schema.const)
    case 'oneOf':
      return or((schema.oneOf ?? []).map(alternativeWords))
    case 'pattern':
      return patternWords(String(error.params.pattern)) ?? 'written otherwise'
    case 'minLength':
      return limit === 1 ? 'some text, not an empty one' : `at least ${limit} characters long`
    case 'maxLength':
      return `at most ${limit} characters long`
    case 'minItems':
    case 'minProperties':
      return limit === 1 ? 'given with at least one entry' : `given with at least ${limit} entries`
    case 'minimum':
      return `at least ${limit}`
    case 'maximum':
      return `at most ${limit}`
    default:
      return 'written otherwise'
  }
}

const referenceWords = 'a reference: env:NAME, file:PATH or vault:NAME'

function alternativeWords(alternative: Schema): string {
  const schema = resolveRef(alternative)
  if (schema.const !== undefined) return String(schema.const)
  return typeWords(schema.type ?? '')
}

const typeNames: Readonly<Record<string, string>> = {
  object: 'a mapping of keys and values',
  array: 'a list',
  string: 'text',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  null: 'null'
}

function typeWords(type: string): string {
  return typeNames[type] ?? 'of another type'
}

function typeHint(type: unknown, value: unknown): string {
  if (type === 'string' && isScalar(value)) return ' Put it in quotes.'
  if (type === 'array' && isScalar(value)) return ' Put it in [ ].'
  if (type === 'boolean' && typeof value === 'string') {
    return ' Write it without quotes; yes, no, on and off are text in YAML 1.2.'
  }
  return ''
}

function guessWord(value: unknown, allowed: readonly unknown[]): string {
  const words = allowed.filter(each => typeof each === 'string')
  return typeof value === 'string' && value.length < 100 ? meant(value, words) : ''
}

function isScalar(value: unknown): boolean {
  return typeof value !== 'object' || value === null
}

function isReference(schema: Schema): boolean {
  return schema.pattern?.startsWith('^(env:') === true
}

/** `environments.dev.origin`, or `item 3 of scopes`. */
export function pathWords(pointer: string): string {
  const segments = pointerSegments(pointer)
  const last = segments.at(-1) ?? ''
  if (/^\d+$/.test(last) && segments.length > 1) {
    const list = pointer.slice(0, pointer.lastIndexOf('/'))
    return `item ${Number(last) + 1} of ${pathWords(list)}`
  }
  return `"${segments.map(each => plainKey(each) ?? '...').join('.')}"`
}

function or(words: readonly string[]): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
