/** One thing in which a document breaks its schema: where (JSON Pointer), which keyword, and the keyword's parameters. */
export interface SchemaError {
  readonly instancePath: string
  readonly schemaPath: string
  readonly keyword: string
  readonly params: Readonly<Record<string, unknown>>
  readonly message?: string
}

/** A compiled schema. After a call that returned false, `errors` tells all that is wrong with that document. */
export interface Validator<T> {
  (data: unknown): data is T
  readonly errors?: readonly SchemaError[] | null
}
