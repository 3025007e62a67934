/** The specs of the app, as the year changes them. */
import type { Name, Person, Year } from './year-workspace.ts'

type Files = Readonly<Record<string, string>>

const roles = [
  ['ana', 'super-admin'],
  ['ada', 'admin'],
  ['dan', 'developer'],
  ['eve', 'developer']
] as const

/** Members, the application's own key, and from where it is published. */
export function workspace({ people }: Year, without: readonly Name[] = []): string {
  const members = roles.flatMap(([name, role]) => {
    const { email, key } = people[name]
    return without.includes(name) ? [] : [`  ${email}: { role: ${role}, key: ${key} }`]
  })
  const slots = ['dev', 'stage', 'prod', 'shared', 'clients']
  return `app: { name: Orchard }
members:
${members.join('\n')}
  ${people.uwe.email}: { role: user }
runtime:
${slots.map(each => `  ${each}: [${people.app.key}]`).join('\n')}
connectors: { custom: true }
publish: { branch: main, requireDevCurrent: true }
`
}

/** A connection to the CRM; each environment has an authorization of its own. */
export function crm(scopes: string, more: string = ''): string {
  return oauth('crm', 'CRM', scopes, more)
}

export function mailbox(level: 'logged-in-user' | 'administrator', more: string = ''): string {
  return oauth('mail', 'MAIL', 'offline_access, send', `level: ${level}\n${more}`)
}

function oauth(connector: string, variables: string, scopes: string, more: string): string {
  return `connector: ${connector}
scopes: [${scopes}]
authorization: separate
client: { id: env:${variables}_ID, secret: env:${variables}_SECRET }
${more}`
}

export function pager(authorization: 'shared' | 'separate'): string {
  return `connector: pager\nauthorization: ${authorization}\n`
}

interface Part {
  readonly kind: string
  readonly name: string
  readonly uses: readonly string[]
  /** Name of its file in `src`, if it is not the link name. */
  readonly source?: string
  readonly more?: string
}

/** A component and its code, which uses what the component says. */
export function component(linkName: string, { kind, name, uses, source, more }: Part): Files {
  const file = `src/${source ?? linkName}.ts`
  return {
    [`components/${linkName}.yaml`]: `kind: ${kind}
name: ${name}
uses: [${uses.toSorted().join(', ')}]
source: ${file}
${more ?? ''}`,
    [file]: code(...uses)
  }
}

export function code(...uses: readonly string[]): string {
  return uses.map(each => `connection('${each}').fetch('/')\n`).join('')
}

/** `more` goes between the name and the members. */
export function client(
  name: string,
  admin: Person,
  user: Person | null,
  more: string = ''
): string {
  const member = ({ email, key }: Person, role: string) =>
    `  ${email}:\n    role: ${role}\n    key: ${key}\n`
  return `name: ${name}
${more}members:
${member(admin, 'admin')}${user === null ? '' : member(user, 'user')}`
}
