import { problem, Refusal } from '../model/diagnostic.ts'
import {
  type ClientEnvironment,
  clientEnvironment,
  type Documents,
  environments,
  isClient
} from '../model/documents.ts'
import type { Connection, Environment, Level, LinkName } from '../model/generated/types.ts'
import type { Settings } from '../model/specs.ts'
import { actorOf, knownActor } from './actor.ts'
import { clientRoleOf, clientsOfActor, isGuest, isPermitted, permit } from './permit.ts'
import type { Surroundings } from './surroundings.ts'

/**
 * What somebody sees of an environment: everything; of a client's installation, as its plain user, what each user authorizes for
 * themselves; or nothing.
 */
export type Sight = 'all' | 'own' | 'none'

/** Who is nobody's member sees our environments as their files do, and no client's. */
export function sightOf(settings: Settings, environment: Environment, actor: string | null): Sight {
  if (!isClient(environment)) return isGuest(settings, actor) ? 'none' : 'all'
  if (!isPermitted(settings, actor, { kind: 'look', environment })) return 'none'
  const isUser = clientRoleOf(settings, environment, actor) === 'user'
  return isUser && !seesAsOurs(settings, environment, actor) ? 'own' : 'all'
}

/** Somebody may be a member here and at a client. */
function seesAsOurs(settings: Settings, environment: ClientEnvironment, actor: string | null) {
  const ours = { ...settings, clients: new Map() }
  return settings.members !== undefined && isPermitted(ours, actor, { kind: 'look', environment })
}

export function isSeen(sight: Sight, { level }: { readonly level: Level }): boolean {
  return sight === 'all' || (sight === 'own' && level === 'logged-in-user')
}

/** The recorded connections of an environment that somebody sees, by link name. */
export function seenConnections(
  settings: Settings,
  documents: Documents,
  environment: Environment,
  actor: string | null
): Readonly<Record<LinkName, Connection>> {
  const sight = sightOf(settings, environment, actor)
  const all = Object.entries(documents[environment]?.connections ?? {})
  return Object.fromEntries(all.filter(([, each]) => isSeen(sight, each)))
}

/** The environments that a command looks at where none is named: ours, or those of the clients that somebody is a member of. */
export function ownEnvironments(
  settings: Settings,
  documents: Documents,
  actor: string | null
): readonly Environment[] {
  if (actor === null || !isGuest(settings, actor)) return environments
  const all = clientsOfActor(settings, actor).map(linkName => {
    const former = settings.clients.get(linkName)?.previously
    const names = former === undefined ? [linkName] : [linkName, former]
    const found = names.map(clientEnvironment).find(each => documents[each] !== undefined)
    return found ?? clientEnvironment(linkName)
  })
  return [...new Set(all)]
}

/** The clients that somebody sees something of, under the names that they are recorded as, or will be. */
export function seenClients(
  settings: Settings,
  actor: string | null
): readonly ClientEnvironment[] {
  const all = [...settings.clients.keys()].map(clientEnvironment)
  return all.filter(each => sightOf(settings, each, actor) !== 'none')
}

/** Throws a Refusal unless the actor sees something of the environment. */
export async function permitLook(
  around: Surroundings,
  settings: Settings,
  environment: Environment,
  actor: string | null
): Promise<void> {
  if (sightOf(settings, environment, actor) !== 'none') return
  permit(settings, actor ?? (await actorOf(around)), { kind: 'look', environment })
}

/**
 * Throws a Refusal unless somebody may see all of an environment: what is planned or published there, and how it hangs together.
 * Members of clients are held to what is theirs; whoever is nobody's member sees what the files show.
 */
export async function permitAll(
  around: Surroundings,
  settings: Settings,
  environment: Environment
): Promise<void> {
  // Without clients nobody is only theirs, and git need not be asked who this is.
  if (settings.clients.size === 0) return
  const actor = await knownActor(around)
  if (actor === null || !isGuest(settings, actor)) return
  const sight = sightOf(settings, environment, actor)
  if (sight === 'all') return
  if (sight === 'none') permit(settings, actor, { kind: 'look', environment })
  throw new Refusal(
    problem(
      'ROLE_REFUSED',
      'Your role may not do this',
      `${actor} is a user of ${environment}, and sees what users authorize there. To see all of it, one must be an admin of ${environment}. How your own connections stand:\n    tieline status -e ${environment}`
    )
  )
}
