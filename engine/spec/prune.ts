import type { SchemaError, Validator } from '../model/validator.ts'
import { escapePointer, pointerSegments } from './index-places.ts'
import { wrongKey } from './schema-words.ts'

/**
 * What remains of a document when everything that breaks its schema is left out: enough for the checks that come after, so that all
 * mistakes of a file are told in one go. null if that is no whole document any more. Lists go as a whole, so that places stay right.
 */
export function prune<T>(
  document: unknown,
  errors: readonly SchemaError[],
  validator: Validator<T>
): T | null {
  const copy: unknown = structuredClone(document)
  let left = errors
  // What loses a required part may have to go too, with the parts that hold it: at most to the depth of a spec.
  for (let round = 0; round < 4; round += 1) {
    for (const error of left) remove(copy, wrongPart(error))
    if (validator(copy)) return copy
    left = validator.errors ?? []
  }
  return null
}

function wrongPart(error: SchemaError): string {
  const key = wrongKey(error)
  return key === null ? error.instancePath : `${error.instancePath}/${escapePointer(key)}`
}

function remove(document: unknown, pointer: string): void {
  const path: { readonly holder: Record<string, unknown>; readonly key: string }[] = []
  let value = document
  for (const key of pointerSegments(pointer)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) break
    const holder = value as Record<string, unknown>
    path.push({ holder, key })
    value = holder[key]
  }
  const last = path.findLast(({ holder }) => !Array.isArray(holder))
  if (last !== undefined) delete last.holder[last.key]
}
