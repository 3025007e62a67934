export type { Diagnostic, Plan, Plans, State, Status, Version } from './model/generated/types.ts'
export type {
  AnyConnections,
  Connection,
  ConnectionOf,
  ConnectionsOptions,
  ConnectionType,
  ConnectionTypes,
  HeaderRequest,
  OAuth2Connection,
  OpenConnections,
  ScopeOptions
} from './workflow/connection-types.ts'
export { openConnections } from './workflow/open-connections.ts'
export { TielineError } from './workflow/tieline-error.ts'
