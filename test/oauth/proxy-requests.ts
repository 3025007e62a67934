/** Sends requests under given variables and prints what came: a process of its own, since trust in a certificate is given at start. */
import { Refusal } from '../../engine/model/diagnostic.ts'
import { sendRequest } from '../../engine/oauth/send-request.ts'

export interface ProxiedRequest {
  readonly url: string
  readonly variables: Readonly<Record<string, string>>
}

const requests: readonly ProxiedRequest[] = JSON.parse(process.argv[2] ?? '[]')
const results: unknown[] = []
for (const { url, variables } of requests) {
  Object.assign(process.env, variables)
  const request = { method: 'POST', headers: { 'X-Asked': 'yes' }, body: 'a=b', timeLimitMs: 5000 }
  results.push(
    await sendRequest(url, request).then(
      ({ status, text }) => ({ status, text }),
      (error: unknown) => ({
        error: error instanceof Error ? error.message : String(error),
        diagnostics: error instanceof Refusal ? error.diagnostics : []
      })
    )
  )
  for (const name of Object.keys(variables)) delete process.env[name]
}
console.log(JSON.stringify(results))
