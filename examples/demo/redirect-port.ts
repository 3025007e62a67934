/** Some services compare the redirect address exactly, port included, so a connector names one port of this machine. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { parse } from 'yaml'
import { DemoFailure } from './failure.ts'

const connectors = ['salesforce', 'zoho_crm']

/** Fails if something else listens where the browser will be sent back to. */
export async function checkRedirectPorts(): Promise<void> {
  for (const port of new Set(connectors.flatMap(portsOf))) {
    const free = (await isFree(port, '127.0.0.1')) && (await isFree(port, '::1'))
    if (free) continue
    throw new DemoFailure(
      `Port ${port} of this machine is taken, and the browser has to be sent back to just that one after each consent. ` +
        'Perhaps another demo is running.\n' +
        `End the program that listens there, and run the demo again. To find it:\n    lsof -i tcp:${port}`
    )
  }
}

function portsOf(connector: string): readonly number[] {
  const file = new URL(`../../connectors/${connector}.yaml`, import.meta.url)
  const { auth } = parse(readFileSync(file, 'utf8')) as {
    readonly auth: readonly { readonly redirect?: { readonly port: number | 'any' } }[]
  }
  return auth.flatMap(({ redirect }) => (typeof redirect?.port === 'number' ? [redirect.port] : []))
}

/** Also true where the machine has no such address. */
function isFree(port: number, host: string): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'EADDRINUSE' && error.code !== 'EACCES')
    })
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)))
  })
}
