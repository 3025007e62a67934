/** The page on which a person says who they are and what the app may do: one form, one click. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type Provider from 'oidc-provider'

export interface ConsentPageOptions {
  /** What the service calls itself. */
  readonly service: string
  /** Who is signed in unless the person types something else. */
  readonly account: string
  /** Told of every grant that a person gave, with the parameters of the request. */
  readonly onGrant?: (grantId: string, parameters: Readonly<Record<string, unknown>>) => void
}

/** Shows the page (GET) and takes its answer (POST). Both end the response. */
export async function answerConsent(
  provider: Provider,
  options: ConsentPageOptions,
  request: IncomingMessage,
  response: ServerResponse
): Promise<void> {
  const { params } = await provider.interactionDetails(request, response)
  if (request.method !== 'POST') {
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store'
    })
    response.end(consentPage(options, String(params.client_id), scopesOf(params)))
    return
  }

  const form = new URLSearchParams(await text(request))
  const accountId = form.get('account')?.trim() || options.account
  if (form.get('decision') !== 'allow') {
    const refusal = { error: 'access_denied', error_description: 'The person refused.' }
    return provider.interactionFinished(request, response, refusal)
  }
  const grant = new provider.Grant({ accountId, clientId: String(params.client_id) })
  grant.addOIDCScope(scopesOf(params).join(' '))
  const grantId = await grant.save()
  options.onGrant?.(grantId, params)
  return provider.interactionFinished(request, response, {
    login: { accountId },
    consent: { grantId }
  })
}

function scopesOf(parameters: Readonly<Record<string, unknown>>): readonly string[] {
  const { scope } = parameters
  return typeof scope === 'string' ? scope.split(' ').filter(each => each !== '') : []
}

function consentPage(
  { service, account }: ConsentPageOptions,
  clientId: string,
  scopes: readonly string[]
): string {
  const items = scopes.map(scope => `<li><code>${escapeHtml(scope)}</code></li>`).join('\n')
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(service)}</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 28rem; margin: 4rem auto; padding: 0 1rem }
  input { font: inherit; width: 100%; box-sizing: border-box; padding: .4rem }
  button { font: inherit; padding: .4rem 1.5rem; margin-right: .5rem }
  small { color: #555 }
</style>
<h1>${escapeHtml(service)}</h1>
<p><b>${escapeHtml(clientId)}</b> asks for:</p>
<ul>
${items}
</ul>
<form method="post">
  <p><label>You are signed in as <input name="account" value="${escapeHtml(account)}"></label></p>
  <p>
    <button name="decision" value="allow" autofocus>Allow</button>
    <button name="decision" value="deny">Deny</button>
  </p>
</form>
<p><small>A stand-in on this machine, not the real ${escapeHtml(service)}. Any account will do.</small></p>
</html>
`
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;'
}

function escapeHtml(value: string): string {
  return value.replace(/[&<>"']/g, character => entities[character] ?? character)
}
