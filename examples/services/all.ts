/**
 * All services that the example app talks to, with accounts and keys that are made up anew each time.
 * Run by itself (`node --import tsx examples/services/all.ts`) it listens at the addresses that the example's files name,
 * and prints the variables to set.
 */
import { randomBytes } from 'node:crypto'
import { argv } from 'node:process'
import { fileURLToPath } from 'node:url'
import { startTwilio, startZohoProjects } from './basic.ts'
import { startDispatchBoard } from './dispatch-board.ts'
import { startSalesforce } from './salesforce.ts'
import type { Service } from './service.ts'
import { startZohoCrm } from './zoho-crm.ts'

/** Where the files of examples/field-service expect each service. */
const ports = {
  salesforce: 4710,
  zohoCrm: 4720,
  zohoCrmPartners: 4721,
  zohoProjects: 4730,
  twilio: 4740,
  dispatchBoard: 4750
}

export interface AllServices {
  /** From each origin that the example's files name to the one where the service really listens. */
  readonly origins: ReadonlyMap<string, string>
  /** The variables that the example's files refer to, and those for `authorize --from`. */
  readonly variables: Readonly<Record<string, string>>
  readonly close: () => Promise<void>
}

export interface AllServicesOptions {
  /** `named`: the ports that the example's files name. `any`: free ones. */
  readonly ports: 'named' | 'any'
}

export async function startAllServices(options: AllServicesOptions): Promise<AllServices> {
  const variables = makeVariables()
  const port = (name: keyof typeof ports) => (options.ports === 'named' ? ports[name] : 0)
  const client = (prefix: 'SALESFORCE' | 'ZOHO' | 'ZOHO_PARTNERS') => ({
    id: variables[`${prefix}_CLIENT_ID`],
    secret: variables[`${prefix}_CLIENT_SECRET`]
  })
  const starting: readonly (readonly [number, Promise<Service>])[] = [
    [
      ports.salesforce,
      startSalesforce({ port: port('salesforce'), clients: [client('SALESFORCE')] })
    ],
    [ports.zohoCrm, startZohoCrm({ port: port('zohoCrm'), clients: [client('ZOHO')] })],
    [
      ports.zohoCrmPartners,
      startZohoCrm({
        port: port('zohoCrmPartners'),
        clients: [client('ZOHO_PARTNERS')],
        dataCentre: 'eu',
        account: 'lea@partner.example'
      })
    ],
    [
      ports.zohoProjects,
      startZohoProjects({
        port: port('zohoProjects'),
        username: variables.ZOHO_PROJECTS_USER,
        authToken: variables.ZOHO_PROJECTS_TOKEN
      })
    ],
    [
      ports.twilio,
      startTwilio({
        port: port('twilio'),
        accountSid: variables.TWILIO_ACCOUNT,
        keySid: variables.TWILIO_KEY,
        keySecret: variables.TWILIO_SECRET
      })
    ],
    [
      ports.dispatchBoard,
      startDispatchBoard({ port: port('dispatchBoard'), key: variables.DISPATCH_BOARD_KEY })
    ]
  ]
  const settled = await Promise.allSettled(starting.map(([, service]) => service))
  const running = settled.flatMap(each => (each.status === 'fulfilled' ? [each.value] : []))
  const close = async () => {
    await Promise.all(running.map(service => service.close()))
  }
  for (const each of settled) {
    if (each.status === 'fulfilled') continue
    await close()
    throw each.reason
  }
  const origins = starting.map(
    ([named], index) => [`http://localhost:${named}`, running[index]?.origin ?? ''] as const
  )
  return { origins: new Map(origins), variables, close }
}

function makeVariables() {
  const secret = () => randomBytes(24).toString('base64url')
  return {
    SALESFORCE_CLIENT_ID: 'field-service-app',
    SALESFORCE_CLIENT_SECRET: secret(),
    ZOHO_CLIENT_ID: 'field-service-app',
    ZOHO_CLIENT_SECRET: secret(),
    ZOHO_PARTNERS_CLIENT_ID: 'field-service-partners',
    ZOHO_PARTNERS_CLIENT_SECRET: secret(),
    ZOHO_PROJECTS_USER: 'ana@field-service.example',
    ZOHO_PROJECTS_TOKEN: secret(),
    TWILIO_ACCOUNT: `AC${randomBytes(16).toString('hex')}`,
    TWILIO_KEY: `SK${randomBytes(16).toString('hex')}`,
    TWILIO_SECRET: secret(),
    DISPATCH_BOARD_KEY: secret()
  }
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const { variables } = await startAllServices({ ports: 'named' })
  for (const [name, value] of Object.entries(variables)) console.log(`export ${name}='${value}'`)
  console.error('The services run until Ctrl-C. Set the variables in another terminal.')
}
