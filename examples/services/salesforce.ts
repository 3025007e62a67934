/** A stand-in for Salesforce, at the paths and with the habits of the real one. */
import { digitsOf, nameOf } from './accounts.ts'
import { type OAuthServiceOptions, startOAuthService } from './oauth.ts'
import { pathOf, type Service, sendJson } from './service.ts'

const identityScopes = ['openid', 'id', 'profile', 'email', 'full']

export function startSalesforce(options: OAuthServiceOptions): Promise<Service> {
  return startOAuthService(
    {
      service: 'Salesforce',
      connector: 'salesforce',
      paths: {
        authorize: '/services/oauth2/authorize',
        token: '/services/oauth2/token',
        revoke: '/services/oauth2/revoke'
      },
      scopeSeparator: ' ',
      isPkceRequired: true,
      accessTokenLifetime: 7200,
      bringsRefreshToken: ({ scope }) => /\b(refresh_token|offline_access)\b/.test(String(scope)),
      tokenAnswer: (status, answer) => {
        if (status !== 200) return { status, answer }
        // How long a token lives is the organisation's session policy, and the answer does not tell.
        const { expires_in: _, ...rest } = answer
        const issued = {
          instance_url: 'https://field-service.my.salesforce.com',
          issued_at: String(Date.now())
        }
        return { status, answer: { ...rest, ...issued } }
      },
      callbackParameters: {},
      tokenScheme: 'Bearer',
      answerApi: (request, response, bearer) => {
        if (bearer === null) {
          return sendJson(response, 401, [
            { message: 'Session expired or invalid', errorCode: 'INVALID_SESSION_ID' }
          ])
        }
        if (pathOf(request) !== '/services/oauth2/userinfo') {
          return sendJson(response, 404, [
            { errorCode: 'NOT_FOUND', message: 'The requested resource does not exist' }
          ])
        }
        if (!identityScopes.some(scope => bearer.scopes.has(scope))) {
          return sendJson(response, 403, [
            { errorCode: 'INSUFFICIENT_ACCESS', message: 'The token lacks the openid scope' }
          ])
        }
        sendJson(response, 200, salesforceUser(bearer.account))
      }
    },
    options
  )
}

function salesforceUser(account: string) {
  const organization = '00D5g000004FsDEEA0'
  const user = `0055g00000${digitsOf(account, 5)}AAC`
  const { name, given, family } = nameOf(account)
  return {
    sub: `https://login.salesforce.com/id/${organization}/${user}`,
    user_id: user,
    organization_id: organization,
    preferred_username: account,
    nickname: given.toLowerCase(),
    name,
    email: account,
    email_verified: true,
    given_name: given,
    family_name: family,
    zoneinfo: 'Europe/Berlin',
    active: true,
    user_type: 'STANDARD',
    language: 'en_US',
    locale: 'en_US'
  }
}
