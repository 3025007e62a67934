export type { Diagnostic, Plan, Plans, State, Status, Version } from './model/generated/types.ts'
