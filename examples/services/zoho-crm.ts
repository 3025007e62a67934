/** A stand-in for Zoho CRM, at the paths and with the habits of the real one. */
import { digitsOf, nameOf } from './accounts.ts'
import { type OAuthServiceOptions, startOAuthService } from './oauth.ts'
import { type Service, sendJson, urlOf } from './service.ts'

/** Each has its own accounts, tokens and addresses. */
export type DataCentre = 'us' | 'eu'
const topLevelDomains: Readonly<Record<DataCentre, string>> = { us: 'com', eu: 'eu' }

export interface ZohoCrmOptions extends OAuthServiceOptions {
  readonly dataCentre?: DataCentre
}

export function startZohoCrm({ dataCentre = 'us', ...options }: ZohoCrmOptions): Promise<Service> {
  const domain = topLevelDomains[dataCentre]
  return startOAuthService(
    {
      service: 'Zoho CRM',
      connector: 'zoho_crm',
      paths: {
        authorize: '/oauth/v2/auth',
        token: '/oauth/v2/token',
        revoke: '/oauth/v2/token/revoke'
      },
      scopeSeparator: ',',
      isPkceRequired: false,
      accessTokenLifetime: 3600,
      bringsRefreshToken: ({ access_type }) => access_type === 'offline',
      tokenAnswer: (status, answer) =>
        status === 200
          ? {
              status,
              answer: {
                ...answer,
                api_domain: `https://www.zohoapis.${domain}`,
                token_type: 'Bearer'
              }
            }
          : { status: 200, answer: { error: errorOf(answer.error) } },
      callbackParameters: {
        location: dataCentre,
        'accounts-server': `https://accounts.zoho.${domain}`
      },
      tokenScheme: 'Zoho-oauthtoken',
      answerApi: (request, response, bearer) => {
        if (bearer === null) {
          return sendJson(response, 401, problem('INVALID_TOKEN', 'invalid oauth token'))
        }
        const url = urlOf(request)
        const isUsers = url.pathname === '/crm/v8/users'
        if (!isUsers || url.searchParams.get('type') !== 'CurrentUser') {
          return sendJson(
            response,
            404,
            problem(
              'INVALID_URL_PATTERN',
              'Please check if the URL trying to access is a correct one'
            )
          )
        }
        if (!bearer.scopes.has('ZohoCRM.users.READ') && !bearer.scopes.has('ZohoCRM.users.ALL')) {
          return sendJson(
            response,
            401,
            problem('OAUTH_SCOPE_MISMATCH', 'invalid oauth scope to access this URL')
          )
        }
        sendJson(response, 200, users(bearer.account))
      }
    },
    options
  )
}

/** Zoho says what went wrong in a member of an answer with status 200, and in words of its own. */
function errorOf(standard: unknown): string {
  return standard === 'invalid_grant' ? 'invalid_code' : String(standard)
}

function problem(code: string, message: string) {
  return { code, details: {}, message, status: 'error' }
}

function users(account: string) {
  const { name, given, family } = nameOf(account)
  const user = {
    id: `5725767000000${digitsOf(account, 6)}`,
    full_name: name,
    first_name: given,
    last_name: family,
    email: account,
    role: { name: 'CEO', id: '5725767000000026005' },
    profile: { name: 'Administrator', id: '5725767000000026011' },
    status: 'active',
    confirm: true,
    locale: 'en_US',
    time_zone: 'Europe/Berlin'
  }
  return { users: [user], info: { per_page: 200, count: 1, page: 1, more_records: false } }
}
