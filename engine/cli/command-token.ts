import type { Environment } from '../model/generated/types.ts'
import { accessTokenOf, credentialHeaders, tokenWorkflow } from '../workflow/token.ts'
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
  environment: Environment,
  flags: TokenFlags
): Promise<number> {
  const result = await tokenWorkflow(around, { connection, environment, user: flags.user })
  const { accessToken, headers, query, expiresAt, working, diagnostics } = result
  await showDiagnostics(terminal, diagnostics)
  if (format === 'json') {
    await showJson(terminal, { formatVersion: 1, accessToken, headers, query, expiresAt })
    return 0
  }
  if (flags.headers === true) {
    const lines = Object.entries(await credentialHeaders(working, null))
    for (const [name, value] of lines) terminal.out(`${name}: ${value}\n`)
    return 0
  }
  terminal.out(`${accessTokenOf(working)}\n`)
  return 0
}
