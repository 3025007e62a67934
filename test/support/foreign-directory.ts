/** A workspace with connections to a Glewlwyd. */
import type { RunResult } from './assert.ts'
import type { Files } from './cli-run.ts'
import { type ForeignConsentOptions, giveConsent } from './foreign-consent.ts'
import type { ClientName, Glewlwyd, Habit } from './foreign-glewlwyd.ts'
import { appliedWorkspace, type ForeignWorkspace, foreignConnector } from './foreign-workspace.ts'

export interface DirectoryConnection {
  readonly connector?: string
  readonly auth?: string
  readonly scopes: readonly string[]
  readonly instance?: Habit
  readonly client?: ClientName
}

const connectors = ['', '_robot', '_device', '_strict', '_plain'].map(end => `glewlwyd${end}`)

/** Connections by link name, recorded in dev. The clients are in variables: `APP_ID`, `APP_SECRET` and so on. */
export function directoryWorkspace(
  server: Glewlwyd,
  connections: Readonly<Record<string, DirectoryConnection>>
): Promise<ForeignWorkspace> {
  const variables = Object.entries(server.clients).flatMap(([name, { id, secret }]) => [
    [`${name.toUpperCase()}_ID`, id],
    [`${name.toUpperCase()}_SECRET`, name === 'signed' ? server.signingKey : secret]
  ])
  const files: Files = {
    'tieline.yaml': 'app: { name: Directory }\nconnectors: { custom: true }\n',
    ...Object.assign({}, ...connectors.map(id => foreignConnector(id, server.redirectPort))),
    'components/page.yaml': `kind: page\nname: Page\nuses: [${Object.keys(connections).join(', ')}]\n`
  }
  const specs = Object.entries(connections).map(([name, connection]) => [
    `connections/${name}.yaml`,
    specOf(server, connection)
  ])
  return appliedWorkspace(Object.fromEntries(variables), {
    ...files,
    ...Object.fromEntries(specs)
  })
}

function specOf(server: Glewlwyd, connection: DirectoryConnection): string {
  const { connector = 'glewlwyd', auth, scopes, instance, client = 'app' } = connection
  const name = client.toUpperCase()
  return JSON.stringify({
    connector,
    ...(auth === undefined ? {} : { auth }),
    scopes,
    parameters: {
      port: new URL(server.origin).port,
      ...(instance === undefined ? {} : { instance })
    },
    client: { id: `env:${name}_ID`, secret: `env:${name}_SECRET` }
  })
}

/** Authorizes with a browser that reaches the redirect. `page` is what it shows in the end. */
export async function authorizeInBrowser(
  server: Glewlwyd,
  workspace: ForeignWorkspace,
  connection: string,
  options: ForeignConsentOptions = {}
): Promise<RunResult & { readonly page: string }> {
  const running = workspace.start('authorize', connection, '--method', 'browser')
  const [, address = ''] = await running.says(/^ {4}(http\S+)$/m)
  const { answer } = await giveConsent(address, server.person, options)
  return { ...(await running.ends), page: answer?.body ?? '' }
}
