import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { Connector } from '../model/generated/types.ts'
import { validateConnector } from '../model/generated/validators/connector.js'

/** The connectors that come with tieline. */
export interface Catalogue {
  /** Sorted. */
  readonly ids: () => readonly string[]
  /** Undefined where there is no connector with this id. */
  readonly get: (id: string) => Connector | undefined
}

const connectorId = /^[a-z][a-z0-9_-]{0,49}$/

/**
 * Opens a folder of connectors, one file each: `<id>.yaml`, or `<id>.json` as the build makes it, because YAML takes long to read. A file
 * is read when its connector is asked for, and once only. Throws where a file breaks the schema or bears another id: these files are
 * part of the program, so that is the program's mistake.
 */
export function openCatalogue(folder: string): Catalogue {
  const known = new Map<string, Connector | undefined>()
  return {
    ids: () =>
      readdirSync(folder)
        .flatMap(name => /^(.+)\.(?:yaml|json)$/.exec(name)?.[1] ?? [])
        .filter(id => connectorId.test(id))
        .sort(),
    get: id => {
      // An id may come from a user's file: only what looks like one gets near a path.
      if (!connectorId.test(id)) return undefined
      if (!known.has(id)) known.set(id, readConnector(folder, id))
      return known.get(id)
    }
  }
}

function readConnector(folder: string, id: string): Connector | undefined {
  const file = ['json', 'yaml'].map(end => join(folder, `${id}.${end}`)).find(existsSync)
  if (file === undefined) return undefined

  const text = readFileSync(file, 'utf8')
  const content: unknown = file.endsWith('.json') ? JSON.parse(text) : parse(text)
  if (!validateConnector(content)) {
    const faults = (validateConnector.errors ?? []).map(
      each => `${each.instancePath || '/'} ${each.message ?? each.keyword}`
    )
    throw new Error(`Connector ${file} breaks its schema: ${faults.join('; ')}`)
  }
  if (content.id !== id) throw new Error(`Connector ${file} has the id ${content.id}`)
  return content
}
