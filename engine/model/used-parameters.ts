import { openNames } from './address.ts'
import type { Connector, Way } from './generated/types.ts'

/** The parameters that one way to authorize, or the API, names: of the others, a connection on that way needs no value. */
export function usedParameters({ api }: Connector, way: Way): ReadonlySet<string> {
  const names = openNames(JSON.stringify([way, api]))
  return new Set(names.map(each => each.split('.')[0] ?? each))
}
