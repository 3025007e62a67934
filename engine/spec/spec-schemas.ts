import { readFileSync } from 'node:fs'
import { pointerSegments } from './index-places.ts'

/** The part of a JSON Schema that tells what is allowed. */
export interface Schema {
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, Schema>>
  readonly description?: string
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly pattern?: string
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly propertyNames?: Schema
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly oneOf?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
  readonly discriminator?: { readonly propertyName: string }
}

export type SchemaName = 'workspace' | 'connection' | 'component' | 'client' | 'connector'

const loaded = new Map<string, Schema>()

/** A schema that comes with tieline. Only read to explain a mistake: the validators are compiled. */
export function schemaNamed(file: string): Schema {
  const before = loaded.get(file)
  if (before !== undefined) return before
  const url = new URL(`../../schemas/${file}`, import.meta.url)
  const schema = JSON.parse(readFileSync(url, 'utf8')) as Schema
  loaded.set(file, schema)
  return schema
}

/**
 * What a schema says about the place at a JSON Pointer of a document: that place's own words and the schema they refer to, laid
 * together. Undefined where it says nothing.
 */
export function schemaAt(name: SchemaName, pointer: string, document: unknown): Schema | undefined {
  let schema: Schema | undefined = resolveRef(schemaNamed(`${name}.schema.json`))
  let value = document
  for (const segment of pointerSegments(pointer)) {
    if (schema === undefined) return undefined
    schema = child(chosen(schema, value), segment, value)
    value = memberOf(value, segment)
  }
  return schema === undefined ? undefined : chosen(schema, value)
}

/** The value at a JSON Pointer of plain data. */
export function valueAt(document: unknown, pointer: string): unknown {
  return pointerSegments(pointer).reduce(memberOf, document)
}

function memberOf(value: unknown, key: string): unknown {
  const isHolder = typeof value === 'object' && value !== null && Object.hasOwn(value, key)
  return isHolder ? (value as Readonly<Record<string, unknown>>)[key] : undefined
}

function child(schema: Schema, key: string, value: unknown): Schema | undefined {
  if (Array.isArray(value)) return schema.items && resolveRef(schema.items)
  const properties = schema.properties ?? {}
  if (Object.hasOwn(properties, key)) {
    const property = properties[key]
    return property && resolveRef(property)
  }
  const { additionalProperties: rest } = schema
  return typeof rest === 'object' ? resolveRef(rest) : undefined
}

/** Of several alternatives the one that the value means: by its tag, or else by its type. */
function chosen(schema: Schema, value: unknown): Schema {
  const tag = schema.discriminator?.propertyName
  const match = schema.oneOf?.map(resolveRef).find(each => {
    if (tag !== undefined) return each.properties?.[tag]?.const === memberOf(value, tag)
    return each.type === shapeOf(value)
  })
  if (match === undefined) return schema
  // One thing or a list of them: what one thing looks like has alternatives of its own.
  const inner = tag === undefined ? chosen(match, value) : match
  return { ...inner, description: describe(schema, inner) }
}

function shapeOf(value: unknown): 'array' | 'object' | null {
  if (Array.isArray(value)) return 'array'
  return typeof value === 'object' && value !== null ? 'object' : null
}

function describe(...schemas: readonly Schema[]): string {
  return schemas.find(each => each.description !== undefined)?.description ?? ''
}

export function resolveRef(schema: Schema): Schema {
  if (schema.$ref === undefined) return schema
  const [file = '', path = ''] = schema.$ref.split('#/$defs/')
  const target = schemaNamed(file).$defs?.[path]
  if (target === undefined) throw new Error(`schemas: nothing is called ${schema.$ref}`)
  const { $ref: _ref, ...own } = schema
  return { ...resolveRef(target), ...own }
}

/** Every word that the schemas of specs know: keys and fixed values. */
export function vocabulary(): ReadonlySet<string> {
  const words = new Set(['true', 'false', 'null'])
  const collect = (value: unknown, key: string): void => {
    if (typeof value !== 'object' || value === null) {
      if ((key === 'const' || key === 'enum') && typeof value === 'string') words.add(value)
      return
    }
    for (const [name, part] of Object.entries(value)) {
      if (key === 'properties') words.add(name)
      collect(part, Array.isArray(value) ? key : name)
    }
  }
  const files = ['workspace', 'connection', 'component', 'client', 'connector', 'common']
  for (const file of files) collect(schemaNamed(`${file}.schema.json`), '')
  return words
}
