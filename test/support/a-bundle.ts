import { digestOf } from '../../engine/model/digest.ts'
import type {
  Bundle,
  BundledComponent,
  BundledConnection
} from '../../engine/model/generated/types.ts'

/** A sound bundle with one connection and one component that uses it, unless overridden; its digest fits. */
export function aBundle(overrides: Partial<Bundle> = {}): Bundle {
  return sealed({
    format: 'tieline-bundle',
    formatVersion: 1,
    app: 'App',
    version: 1,
    connectors: {},
    connections: { crm: aBundledConnection() },
    components: { form: aBundledComponent({ uses: ['crm'] }) },
    files: [],
    ...overrides
  })
}

/** Any content under a digest that fits, also content that is wrong. */
export function sealed<T extends object>(content: T): T & { readonly digest: string } {
  return { ...content, digest: digestOf({ ...content, digest: undefined }) }
}

export function aBundledConnection(overrides: Partial<BundledConnection> = {}): BundledConnection {
  return {
    name: 'Twilio Connection',
    connector: 'twilio',
    connectorDigest: null,
    auth: 'api-key',
    level: 'administrator',
    authorization: 'separate',
    allScopes: false,
    scopes: [],
    parameters: {},
    client: null,
    environments: {},
    protect: false,
    ...overrides
  }
}

export function aBundledComponent(overrides: Partial<BundledComponent> = {}): BundledComponent {
  return { name: 'form', kind: 'form', uses: [], depends: [], source: null, ...overrides }
}

/** A component with source files, and the files. */
export function aSourced(
  uses: readonly string[],
  files: Readonly<Record<string, string>>,
  glob = Object.keys(files)[0] ?? ''
): Pick<Bundle, 'files' | 'components'> {
  const paths = Object.keys(files).sort()
  return {
    files: paths.map(path => ({ path, text: files[path] ?? '' })),
    components: { form: aBundledComponent({ uses, source: { glob, files: paths } }) }
  }
}
