import { problem, Refusal } from '../model/diagnostic.ts'
import type { OwnEnvironment } from '../model/generated/types.ts'
import { tokenWorkflow } from '../workflow/token.ts'
import type { CommandContext } from './globals.ts'
import { showDiagnostics, showJson } from './show.ts'

export interface TokenFlags {
  readonly user?: string
  readonly headers?: boolean
}

/** Prints a credential and nothing else, so that it can be piped. Exit codes: 0 done, 1 failed. */
export async function tokenCommand(
  { around, terminal, format }: CommandContext,
  connection: string,
  environment: OwnEnvironment,
  flags: TokenFlags
): Promise<number> {
  const result = await tokenWorkflow(around, { connection, environment, user: flags.user })
  const { accessToken, headers, query, expiresAt, diagnostics } = result
  await showDiagnostics(terminal, diagnostics)
  if (format === 'json') {
    await showJson(terminal, { formatVersion: 1, accessToken, headers, query, expiresAt })
    return 0
  }
  if (flags.headers === true) {
    if (Object.keys(headers).length === 0) throw notInHeaders(connection)
    for (const [name, value] of Object.entries(headers)) terminal.out(`${name}: ${value}\n`)
    return 0
  }
  if (accessToken === null) throw noToken(connection, environment)
  terminal.out(`${accessToken}\n`)
  return 0
}

function noToken(connection: string, environment: OwnEnvironment): Refusal {
  return new Refusal(
    problem(
      'NO_ACCESS_TOKEN',
      'This connection has no access token',
      `${connection} is not authorized with OAuth2. Print what to add to a request instead:\n    tieline token ${connection} -e ${environment} --headers`
    )
  )
}

function notInHeaders(connection: string): Refusal {
  return new Refusal(
    problem(
      'NOT_IN_HEADERS',
      'The credential does not travel in headers',
      `${connection} sends its credential in the query of a request. Print all there is to send:\n    tieline token ${connection} --format json`
    )
  )
}
