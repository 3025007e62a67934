import { isDeepStrictEqual } from 'node:util'
import type { PlannedFile, PlannedImport } from '../bundle/plan-import.ts'
import { type Diagnostic, problem } from '../model/diagnostic.ts'
import type { ComponentSpec, ConnectionSpec, Connector } from '../model/generated/types.ts'
import { validateComponentSpec } from '../model/generated/validators/component.js'
import { validateConnectionSpec } from '../model/generated/validators/connection.js'
import { validateConnector } from '../model/generated/validators/connector.js'
import type { KnownConnectors, Located, Specs } from '../model/specs.ts'
import { checkConnections } from '../resolve/check-connection.ts'
import { checkAcross } from '../spec/check-across.ts'
import { checkConnector } from '../spec/check-connector.ts'
import { checkConnectionReferences } from '../spec/check-references.ts'
import { checkSchema } from '../spec/check-schema.ts'
import { parseYaml } from '../spec/parse-yaml.ts'
import { largestFile } from '../spec/read-safely.ts'
import { findReferences } from '../spec/read-sources.ts'
import { specProblem } from '../spec/spec-summaries.ts'

/** What the specs are checked against. */
export interface CheckScene {
  readonly specs: Specs
  readonly known: KnownConnectors
  readonly apart: readonly string[]
  /** Where what came in defines no connections, components may name some that are yet to be defined. */
  readonly definesConnections: boolean
}

/**
 * Everything that `validate` would find wrong once the files are written, found before: each spec is read back from its text and
 * checked like any other. Nothing points into a file, for none is there.
 */
export function checkImport(planned: PlannedImport, scene: CheckScene): readonly Diagnostic[] {
  const found: Diagnostic[] = []
  const connectors: Located<Connector>[] = []
  const connections: Located<ConnectionSpec>[] = []
  const components: Located<ComponentSpec>[] = []
  for (const file of planned.files) {
    if (Buffer.byteLength(file.text) > largestFile) found.push(tooLarge(file))
    else if (file.subject === 'connector') read(file, 'connector', validateConnector, connectors)
    else if (file.subject === 'connection')
      read(file, 'connection', validateConnectionSpec, connections)
    else if (file.subject === 'component')
      read(file, 'component', validateComponentSpec, components)
  }
  function read<T>(
    file: PlannedFile,
    name: 'connector' | 'connection' | 'component',
    validator: Parameters<typeof checkSchema<T>>[1],
    into: Located<T>[]
  ): void {
    const { parsed, diagnostics } = parseYaml(file.text, file.path)
    found.push(...diagnostics)
    if (parsed === null) return
    const checked = checkSchema(parsed, validator, name)
    found.push(...checked.diagnostics)
    if (checked.spec === null || checked.diagnostics.length > 0) return
    const { linkName, path } = file
    into.push({ linkName, spec: checked.spec, file: path, whole: true, place: parsed.place })
  }

  assertReadBack(planned.connections, connections)
  assertReadBack(planned.components, components)
  found.push(
    ...connectors.flatMap(checkConnector),
    ...connections.flatMap(each => checkConnectionReferences(each, scene.apart)),
    ...checkConnections(connections, scene.known, new Set()),
    ...acrossAll(connections, components, scene),
    ...(scene.definesConnections ? undeclared(planned, components) : [])
  )
  return found.filter(each => each.severity === 'error').map(withoutPlace)
}

/** What YAML made of a spec is what it was. */
function assertReadBack<T>(
  planned: readonly { readonly linkName: string; readonly spec: T }[],
  located: readonly Located<T>[]
): void {
  const specs = new Map(planned.map(each => [each.linkName, each.spec]))
  for (const { linkName, spec } of located) {
    if (!isDeepStrictEqual(spec, specs.get(linkName)))
      throw new Error(`The spec of ${linkName} does not read back as it was written`)
  }
}

function acrossAll(
  connections: readonly Located<ConnectionSpec>[],
  components: readonly Located<ComponentSpec>[],
  { specs, definesConnections }: CheckScene
): readonly Diagnostic[] {
  const all = {
    connections: [...specs.connections, ...connections],
    components: [...specs.components, ...components]
  }
  return checkAcross({
    ...all,
    clients: specs.clients,
    connectionNames: new Set(all.connections.map(each => each.linkName)),
    componentNames: new Set(all.components.map(each => each.linkName))
  }).filter(each => definesConnections || each.code !== 'CONNECTION_UNKNOWN')
}

/** A source that names a connection of the workspace would use it though its component does not say so. */
function undeclared(
  { files }: PlannedImport,
  components: readonly Located<ComponentSpec>[]
): readonly Diagnostic[] {
  const uses = new Map(components.map(each => [each.linkName, new Set(each.spec.uses ?? [])]))
  return files.flatMap(({ owners, path, text }) => {
    if (owners.length === 0) return []
    const names = new Set(findReferences(path, text).map(each => each.connection))
    const meant = [...names].filter(each => /^[\w -]{1,50}$/.test(each))
    return owners.flatMap(owner =>
      meant
        .filter(each => uses.get(owner)?.has(each) !== true)
        .map(name =>
          specProblem(
            'UNDECLARED_REFERENCE',
            `${path} uses a connection ${name}, but component ${owner} does not say that it uses it.`,
            null
          )
        )
    )
  })
}

function tooLarge({ path }: PlannedFile): Diagnostic {
  return problem(
    'FILE_TOO_LARGE',
    'File is too large',
    `${path} would be larger than 1 MiB, and tieline reads no such file.`
  )
}

function withoutPlace(found: Diagnostic): Diagnostic {
  const { at, detail } = found
  if (at === null) return found
  return { ...found, at: null, detail: `In what would be ${at.file}: ${detail}` }
}
