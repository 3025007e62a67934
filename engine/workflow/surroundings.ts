import type { Clock } from '../model/ports.ts'

/** What a command finds around it. Passed in, so that a test can say what there is. */
export interface Surroundings {
  /** Absolute path of the workspace. */
  readonly folder: string
  /** Environment variables of this process. */
  readonly variables: Readonly<Record<string, string | undefined>>
  /** Folder of the person's own tieline configuration, absolute. */
  readonly configFolder: string
  /** Folder of the tieline package, absolute. */
  readonly packageFolder: string
  readonly clock: Clock
  /** `--as`, if it was given. */
  readonly actor: string | undefined
}
