import { type Diagnostic, type Place, problem, warning } from '../model/diagnostic.ts'

/** What can be wrong with the files of a workspace; the summary is always the same for a code. */
export const summaries = {
  NO_WORKSPACE: 'No workspace here',
  SPEC_IGNORED: 'Git ignores this spec',
  GIT_FAILED: 'Git does not say what it ignores',
  FILE_UNREADABLE: 'File cannot be read',
  SPECIAL_FILE: 'Not a plain file',
  LINK_LEAVES_WORKSPACE: 'Link leaves the workspace',
  FILE_TOO_LARGE: 'File is too large',
  NOT_UTF8: 'File is not UTF-8',
  CONFLICT_MARKERS: 'File has conflict markers',
  SPEC_EXTENSION: 'Spec does not end in .yaml',
  SPEC_IN_SUBFOLDER: 'Spec is in a folder of its own',
  LINK_NAME_INVALID: 'File name is no link name',
  CUSTOM_CONNECTORS_OFF: 'Workspace may not define connectors',
  EMPTY_SPEC: 'Spec is empty',
  YAML_SYNTAX: 'YAML is not valid',
  YAML_TOO_COMPLEX: 'YAML is too complex',
  MULTIPLE_DOCUMENTS: 'File holds several documents',
  DUPLICATE_KEY: 'Key stands twice',
  NON_STRING_KEY: 'Key is not text',
  UNKNOWN_TAG: 'YAML tag is not known',
  UNKNOWN_ANCHOR: 'Alias without an anchor',
  ALIAS_LIMIT: 'Too many aliases',
  UNKNOWN_KEY: 'Key is not known',
  INVALID_KEY: 'Key is not allowed',
  MISSING_KEY: 'Key is missing',
  WRONG_TYPE: 'Value has the wrong type',
  INVALID_VALUE: 'Value is not allowed',
  DUPLICATE_ITEM: 'Item stands twice',
  LITERAL_SECRET: 'Literal where a reference belongs',
  REFERENCE_FORBIDDEN: 'Reference to a variable that is not for specs',
  REFERENCE_FILE_FORBIDDEN: 'Reference to a file that is not for specs',
  FOLDER_LEAVES_WORKSPACE: 'Folder is outside the workspace',
  CONNECTION_UNKNOWN: 'Connection is not known',
  CLIENT_CONNECTION_ABSENT: 'The specs have no such connection',
  CLIENT_WITHOUT_ADMIN: 'Nobody can authorize for the client',
  COMPONENT_UNKNOWN: 'Component is not known',
  DEPENDS_ON_ITSELF: 'Component depends on itself',
  NAME_TAKEN: 'Name is taken',
  PREVIOUSLY_TWICE: 'Two specs claim the same past',
  PREVIOUSLY_ITSELF: 'Spec was not called otherwise before',
  GLOB_LEAVES_WORKSPACE: 'Source is outside the workspace',
  SOURCE_MISSING: 'Source is missing',
  SOURCE_TOO_MANY: 'Source matches too many files',
  UNDECLARED_REFERENCE: 'Source uses a connection that is not in uses',
  UNUSED_REFERENCE: 'Source does not use this connection',
  NO_SUPER_ADMIN: 'Nobody is super-admin',
  NOT_ENFORCED: 'Setting has no effect'
} as const

export type SpecCode = keyof typeof summaries

export function specProblem(code: SpecCode, detail: string, at: Place | null): Diagnostic {
  return problem(code, summaries[code], detail, at)
}

export function specWarning(code: SpecCode, detail: string, at: Place | null): Diagnostic {
  return warning(code, summaries[code], detail, at)
}

/** The start of a file. */
export function topOf(file: string): Place {
  return { file, line: 1, column: 1 }
}
