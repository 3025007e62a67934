/** Stand-ins for Zoho Projects and Twilio, which both want HTTP Basic, each at its own paths. */
import { basicOf, pathOf, type Service, sendJson, startService } from './service.ts'

export interface ZohoProjectsOptions {
  /** 0, the default, takes any free port. */
  readonly port?: number
  readonly username: string
  readonly authToken: string
}

export function startZohoProjects(options: ZohoProjectsOptions): Promise<Service> {
  const { port = 0, username, authToken } = options
  return startService(port, () => (request, response) => {
    const [user, secret] = basicOf(request) ?? []
    if (user !== username || secret !== authToken) {
      response.setHeader('www-authenticate', 'Basic realm="Zoho Projects"')
      return sendJson(response, 401, {
        error: { code: 6401, message: 'The user name or the token is wrong.' }
      })
    }
    if (request.method !== 'GET' || pathOf(request) !== '/api/v3/portals') {
      return sendJson(response, 404, { error: { code: 6404, message: 'Resource not found.' } })
    }
    sendJson(response, 200, [
      { id: '60021876000', portal_name: 'fieldservice', org_name: 'Field Service', plan: 'PREMIUM' }
    ])
  })
}

export interface TwilioOptions {
  /** 0, the default, takes any free port. */
  readonly port?: number
  /** `AC` and 32 hexadecimal digits. */
  readonly accountSid: string
  /** `SK` and 32 hexadecimal digits. */
  readonly keySid: string
  readonly keySecret: string
}

export function startTwilio(options: TwilioOptions): Promise<Service> {
  const { port = 0, accountSid, keySid, keySecret } = options
  return startService(port, () => (request, response) => {
    const [user, secret] = basicOf(request) ?? []
    if (user !== keySid || secret !== keySecret) {
      response.setHeader('www-authenticate', 'Basic realm="Twilio API"')
      return sendJson(response, 401, twilioProblem(20003, 'Authenticate', 401))
    }
    const path = `/2010-04-01/Accounts/${accountSid}`
    switch (`${request.method} ${pathOf(request)}`) {
      case `GET ${path}/Calls.json`:
        return sendJson(response, 200, emptyPage(`${path}/Calls.json`, 'calls'))
      case `GET ${path}/Messages.json`:
        return sendJson(response, 200, emptyPage(`${path}/Messages.json`, 'messages'))
      default:
        return sendJson(
          response,
          404,
          twilioProblem(20404, 'The requested resource was not found', 404)
        )
    }
  })
}

function emptyPage(path: string, list: string) {
  return {
    first_page_uri: `${path}?PageSize=1&Page=0`,
    next_page_uri: null,
    page: 0,
    page_size: 1,
    [list]: []
  }
}

function twilioProblem(code: number, message: string, status: number) {
  return { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status }
}
