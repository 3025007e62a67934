/** What can be wrong with a connector; the summary is always the same for a code. */
export const summaries = {
  CONNECTOR_ID: 'Connector id differs from its file name',
  CONNECTOR_NAME_TAKEN: 'Name stands for two things',
  CONNECTOR_WAY_TAKEN: 'Two ways to authorize have the same id',
  CONNECTOR_NAME_UNKNOWN: 'Template names something that is not there',
  CONNECTOR_SECRET_IN_ADDRESS: 'Secret in an address',
  CONNECTOR_ADDRESS: 'Address does not make a plain URL',
  CONNECTOR_HTTP: 'Address without https',
  CONNECTOR_HOST: 'Learnt host is too wide or no host name',
  CONNECTOR_LEARNS: 'Learnt value is not held to anything',
  CONNECTOR_DEFAULT: 'Default is not among the values',
  CONNECTOR_PATTERN: 'Pattern is not a regular expression',
  CONNECTOR_PATTERN_SLOW: 'Pattern can take very long',
  CONNECTOR_PATTERN_WIDE: 'Pattern lets a value change the address',
  CONNECTOR_SCOPE: 'Scope is not among the scopes',
  CONNECTOR_GRANT: 'Grant and what it needs do not agree',
  CONNECTOR_SIGNING: 'Signing does not fit the way to authorize',
  CONNECTOR_ANSWER: 'Pointer does not lead to one member',
  CONNECTOR_REVOCATION: 'Revocation and its address do not agree',
  CONNECTOR_OAUTH_PARAMETER: 'Parameter belongs to the protocol',
  CONNECTOR_SEND: 'Credential is not sent',
  CONNECTOR_HEADER: 'Header cannot be sent'
} as const

/** One thing that is wrong with a connector. */
export interface Finding {
  readonly code: keyof typeof summaries
  /** JSON Pointer into the connector. */
  readonly pointer: string
  readonly detail: string
}

export function finding(code: Finding['code'], pointer: string, detail: string): Finding {
  return { code, pointer, detail }
}
