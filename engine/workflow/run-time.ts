import type { Credential } from '../model/credential.ts'
import { Refusal } from '../model/diagnostic.ts'
import { clientEnvironment, isClient } from '../model/documents.ts'
import type { Slot } from '../model/generated/types.ts'
import { without } from '../model/record.ts'
import type { Settings } from '../model/specs.ts'
import type { Target } from '../model/target.ts'
import { identityOf } from './open-vault.ts'
import { clientRoleOf, hasMembers, isPermitted, permit, roleOf } from './permit.ts'
import { openUsable, type UserIndex, userIndex } from './run-time-credential.ts'
import { connectionUnknown, notAuthorized, scopesMissing } from './run-time-refusal.ts'
import { openRunTimeScenes, type RunTimeOptions, type RunTimeScene } from './run-time-scene.ts'
import type { Surroundings } from './surroundings.ts'

export type { RunTimeOptions } from './run-time-scene.ts'

export interface WorkingRequest {
  /** Link name. */
  readonly connection: string
  /** logged-in-user: whose credential; undefined takes the actor's own. */
  readonly user: string | undefined
  /** Scopes that must have been granted; without them SCOPES_MISSING is thrown. */
  readonly scopes?: readonly string[] | undefined
  /** A credential that the service refused, to be renewed unless somebody did meanwhile. */
  readonly refused?: Credential | undefined
}

/** A credential that works now. */
export interface Working {
  readonly target: Target
  readonly credential: Credential
  /** logged-in-user: whose; else null. */
  readonly user: string | null
  /** Scopes that the connection needs, and that were not granted. */
  readonly missing: readonly string[]
}

/** What an application asks for at run time. */
export interface RunTime {
  /**
   * A working credential of a connection, renewed if it has run out. Throws a Refusal that says what to do: CONNECTION_UNKNOWN,
   * NOT_AUTHORIZED, NOT_ADOPTED, AUTHORIZATION_EXPIRED, AUTHORIZATION_REVOKED, NEEDS_REAUTHORIZATION, SCOPES_MISSING,
   * PROVIDER_UNAVAILABLE and what vault and state say when they cannot be read.
   */
  readonly working: (request: WorkingRequest) => Promise<Working>
}

/** Opens nothing yet: whatever is wrong with a workspace is told at the first use. */
export function openRunTime(around: Surroundings, options: RunTimeOptions): RunTime {
  const scenes = openRunTimeScenes(around, options)
  const users = userIndex()
  return {
    working: async request => {
      const scene = await scenes.current()
      try {
        return await working(scene, users, request)
      } catch (error) {
        // Between our reading of state and of the vault, somebody may have replaced what state named.
        if (!isNotHere(error)) throw error
        const now = await scenes.current()
        if (now === scene) throw error
        return working(now, users, request)
      }
    }
  }
}

async function working(
  scene: RunTimeScene,
  users: UserIndex,
  request: WorkingRequest
): Promise<Working> {
  const { environment } = scene
  // What a client's installation has is not told to who may not use it.
  if (isClient(environment)) await checkRole(scene, environment)
  const target = await targetIn(scene, request.connection)
  const isOwn = target.need.level === 'logged-in-user'
  const user = isOwn ? (request.user ?? (await ownUser(scene))) : null
  if (!isClient(environment)) await checkRole(scene, target.need.slot)
  // Nobody's member hears of others as if they had authorized nothing. Without a name it is the application, whose key tells.
  const isOther = user !== null && scene.actor !== null && user !== scene.actor
  if (isOther && !(await maySee(scene, target.need.slot))) throw notAuthorized(target, user)
  const opened = await openUsable(scene, users, target, user)
  const { validCredential } = await import('../runtime/valid-credential.ts')
  const credential = await validCredential({
    credential: opened,
    target,
    resolve: scene.secrets,
    clock: scene.around.clock,
    vault: scene.vault,
    leases: scene.leases,
    ...(request.refused === undefined ? {} : { force: request.refused.generation })
  })
  const granted = grantedTo(credential)
  const lacking = without(request.scopes ?? [], granted)
  if (lacking.length > 0) throw scopesMissing(target, user, lacking, credential.record.asked)
  return { target, credential, user, missing: without(target.need.scopes, granted) }
}

/** The connection as the environment has it recorded, never as the tree has it. */
async function targetIn(scene: RunTimeScene, linkName: string): Promise<Target> {
  const known = scene.targets.get(linkName)
  if (known !== undefined) return known
  const { documents, environment, resolver } = scene
  const connections = documents[environment]?.connections ?? {}
  const connection = Object.hasOwn(connections, linkName) ? connections[linkName] : undefined
  if (connection === undefined) {
    const names = (await maySee(scene, environment)) ? Object.keys(connections) : null
    throw connectionUnknown(linkName, environment, names)
  }
  const target = resolver.targetOf(linkName, connection, environment)
  scene.targets.set(linkName, target)
  return target
}

/** Whoever is no member and has no key of the slot, as a member of another client, is not told what is there. */
async function maySee({ settings, actor, vault }: RunTimeScene, slot: Slot): Promise<boolean> {
  if (!hasMembers(settings, slot)) return true
  if (actor !== null && isMember(settings, slot, actor)) return true
  return vault.canRead(slot)
}

async function ownUser({ around, actor }: RunTimeScene): Promise<string> {
  const { actorOf } = await import('./actor.ts')
  return actor ?? actorOf(around)
}

/** As of the last answer that named them; of one that named none, what was granted with the consent. */
function grantedTo({ secret, record }: Credential): readonly string[] {
  return secret.kind === 'oauth2' && secret.scopes.length > 0 ? secret.scopes : record.granted
}

/**
 * Members are held to their roles, unless they run the application itself: with one of its keys. Of anybody else the key decides
 * alone whether they can read.
 */
async function checkRole({ settings, actor, around }: RunTimeScene, slot: Slot): Promise<void> {
  const action = { kind: 'read', slot } as const
  if (actor === null || !isMember(settings, slot, actor)) return
  if (isPermitted(settings, actor, action)) return
  const own = await (await identityOf(around)).find()
  if (own !== null && applicationKeys(settings, slot).includes(own.recipient)) return
  permit(settings, actor, action)
}

/** Of ours or, where it is a client's slot, of that client. */
function isMember(settings: Settings, slot: Slot, actor: string): boolean {
  if (roleOf(settings, actor) !== null) return true
  return isClient(slot) && clientRoleOf(settings, slot, actor) !== null
}

function applicationKeys({ runtime = {}, clients }: Settings, slot: Slot): readonly string[] {
  if (!isClient(slot)) return runtime[slot] ?? []
  // Of this client alone; a rename that is still to be applied gives it two names.
  const names = [slot, ...[...clients.keys()].map(clientEnvironment)]
  return [...(runtime.clients ?? []), ...names.flatMap(name => runtime[name] ?? [])]
}

function isNotHere(error: unknown): boolean {
  return (
    error instanceof Refusal && error.diagnostics.some(each => each.code === 'CREDENTIAL_NOT_HERE')
  )
}
