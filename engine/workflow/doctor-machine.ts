import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DoctorCheck } from '../model/generated/types.ts'
import { fetchFor } from '../oauth/proxy.ts'
import { git } from './actor.ts'
import { check, type Doctor, orRefused } from './doctor-check.ts'

/** The oldest Node that works. */
const leastNode = [20, 19] as const

/** Node, git, the way to the services, and how a person would authorize here. */
export async function machineChecks(doctor: Doctor): Promise<readonly DoctorCheck[]> {
  return [
    nodeCheck(process.versions.node),
    versionCheck(doctor),
    await gitCheck(doctor),
    actorCheck(doctor),
    ...(await proxyChecks(doctor)),
    browserCheck(doctor)
  ]
}

function nodeCheck(version: string): DoctorCheck {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [needed, least] = leastNode
  const isFit = major > needed || (major === needed && minor >= least)
  return isFit
    ? check('node', 'ok', `Node ${version}.`)
    : check(
        'node',
        'failed',
        `Node ${version} is too old.`,
        `tieline needs Node ${needed}.${least} or later.`
      )
}

function versionCheck({ around }: Doctor): DoctorCheck {
  try {
    const text = readFileSync(join(around.packageFolder, 'package.json'), 'utf8')
    const { version }: { readonly version?: unknown } = JSON.parse(text)
    if (typeof version === 'string') return check('tieline', 'ok', `tieline ${version}.`)
  } catch {
    // Said below.
  }
  return check(
    'tieline',
    'failed',
    'The package of tieline is damaged.',
    'Its package.json cannot be read. Install it anew:\n    npm install tieline'
  )
}

async function gitCheck({ around: { folder } }: Doctor): Promise<DoctorCheck> {
  const version = await git(folder, ['--version'])
  if (version === null) {
    return check(
      'git',
      'warning',
      'git was not found.',
      'Specs and state are made to be committed, and plans of stage and prod may ask for a branch. Install git, or put it on the PATH.'
    )
  }
  const top = await git(folder, ['rev-parse', '--show-toplevel'])
  const number = /\d+(?:\.\d+)+/.exec(version)?.[0] ?? ''
  return top === null
    ? check(
        'git',
        'warning',
        `git ${number}, and this folder is in no repository that it reads.`,
        'Nobody can see what changed, or take anything back. Make one, and commit specs and state:\n    git init'
      )
    : check('git', 'ok', `git ${number}, and this folder is in a repository.`)
}

function actorCheck({ actor, workspace }: Doctor): DoctorCheck {
  if (actor === null) {
    return check(
      'actor',
      'warning',
      'Nobody says who you are.',
      'Whatever changes state needs a name. Say it with --as EMAIL or TIELINE_ACTOR, or tell git:\n    git config user.email you@example.com'
    )
  }
  const { members } = workspace?.settings ?? {}
  if (members === undefined) return check('actor', 'ok', `You act as ${actor}.`)
  const role = Object.hasOwn(members, actor) ? members[actor]?.role : undefined
  if (role !== undefined) return check('actor', 'ok', `You act as ${actor}, ${role} here.`)
  const isClients = [...(workspace?.settings.clients.values() ?? [])].some(each =>
    Object.hasOwn(each.members ?? {}, actor)
  )
  return isClients
    ? check('actor', 'ok', `You act as ${actor}, a member of a client.`)
    : check(
        'actor',
        'warning',
        `You act as ${actor}, who is no member of this workspace.`,
        'Members stand in tieline.yaml, those of a client in its file. Say who you are with --as EMAIL, or have yourself added.'
      )
}

/** Their values may hold a password, so they are told by their names alone. */
async function proxyChecks({ around: { variables } }: Doctor): Promise<readonly DoctorCheck[]> {
  const names = Object.keys(variables)
    .filter(each => /^(?:https?|no)_proxy$/i.test(each) && (variables[each] ?? '').trim() !== '')
    .sort()
  if (names.length === 0)
    return [check('proxy', 'ok', 'Services are asked directly: no proxy is set.')]
  return orRefused('proxy', async () => {
    await fetchFor('https://proxy.invalid/')
    return [check('proxy', 'ok', `Services are asked as ${names.join(', ')} says.`)]
  })
}

function browserCheck({
  place: { hasDisplay, isRemote },
  around: { variables }
}: Doctor): DoctorCheck {
  const isCi = (variables.CI ?? '') !== ''
  if (hasDisplay && !isRemote && !isCi) {
    return check('browser', 'ok', 'A browser can be opened here: authorizing with OAuth2 uses it.')
  }
  const why = isCi
    ? 'This is a CI job'
    : isRemote
      ? 'You are here over SSH'
      : 'There is no display here'
  return check(
    'browser',
    'ok',
    `${why}: for OAuth2, the address is shown and you paste back where it leads.`
  )
}
