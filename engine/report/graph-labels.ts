import type {
  Graph,
  GraphClient,
  GraphComponent,
  GraphConnection,
  GraphId
} from '../model/generated/types.ts'
import { cleaned } from './strip-control.ts'

/** A node as it is drawn. Nothing in it is a control character or takes several lines. */
export interface DrawnNode {
  readonly id: GraphId
  readonly kind: 'connection' | 'component' | 'client'
  /** The display name, then what else there is to know. */
  readonly lines: readonly string[]
}

export function drawnNodes(given: Graph): readonly DrawnNode[] {
  const { connections, components, clients } = cleaned(given)
  return [
    ...components.map(drawnComponent),
    ...connections.map(drawnConnection),
    ...clients.map(drawnClient)
  ]
}

function drawnComponent({ linkName, name, kind }: GraphComponent): DrawnNode {
  return {
    id: `component/${linkName}`,
    kind: 'component',
    lines: [name, `${linkName} (${kind})`]
  }
}

function drawnConnection(connection: GraphConnection): DrawnNode {
  const { linkName, name, service, level, authorization } = connection
  return {
    id: `connection/${linkName}`,
    kind: 'connection',
    lines: [name, `${linkName} (${service})`, `${level}, ${authorization}`]
  }
}

function drawnClient(client: GraphClient): DrawnNode {
  const { linkName, name } = client
  return {
    id: `client/${linkName}`,
    kind: 'client',
    lines: [name, linkName, versionWords(client)]
  }
}

/** `runs version 2, wants 3`. */
export function versionWords({ wants, runs }: GraphClient): string {
  if (runs === null) return wants === null ? 'not installed yet' : `wants version ${wants}`
  return wants === null || wants === runs
    ? `runs version ${runs}`
    : `runs version ${runs}, wants ${wants}`
}

/** `Field Service: prod, around connection/salesforce`. */
export function graphTitle(given: Graph): string {
  const { app, source, around } = cleaned(given)
  const where = source === 'tree' ? 'the specs' : source
  return `${app}: ${where}${around === null ? '' : `, around ${around}`}`
}

/** `9 components, 7 connections and 2 clients`. */
export function graphCounts({ components, connections, clients }: Graph): string {
  return `${counted(components.length, 'component')}, ${counted(connections.length, 'connection')} and ${counted(clients.length, 'client')}`
}

function counted(count: number, what: string): string {
  return `${count === 0 ? 'no' : count} ${what}${count === 1 ? '' : 's'}`
}
