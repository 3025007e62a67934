import type { Diagnostic } from '../model/diagnostic.ts'

/** What an application export of Zoho Creator (.ds) tells of components and the connections they name. */
export interface CreatorExport {
  /** Display name of the application. */
  readonly app: string
  readonly components: readonly CreatorComponent[]
  /** What was not understood, and what was left out. */
  readonly notes: readonly Diagnostic[]
}

export interface CreatorComponent {
  readonly linkName: string
  readonly kind: string
  /** Display name. */
  readonly name: string
  /** Link names of the connections that its scripts name, sorted, each once. */
  readonly uses: readonly string[]
  /** Its scripts as one file; the path is relative to the workspace, with forward slashes. null without any. */
  readonly source: { readonly path: string; readonly text: string } | null
  /** Where it stands in the export, from 1. */
  readonly line: number
}
