import type { Credential } from '../model/credential.ts'
import { type Diagnostic, Refusal, warning } from '../model/diagnostic.ts'
import type { CredentialFile } from '../model/generated/types.ts'
import type { AuthorizeScene } from './authorize-scene.ts'
import { endAtService, noteGrant, planGrantEnd } from './end-grant.ts'
import { soundDocuments } from './open-workspace.ts'

/** The credentials that could be replaced, as far as our key opens them: what is dropped cannot be read any more. */
export async function openReplaceable(
  { vault }: Pick<AuthorizeScene, 'vault'>,
  isReplaceable: (file: CredentialFile) => boolean
): Promise<readonly Credential[]> {
  const { files } = await vault.list()
  const opened: Credential[] = []
  for (const file of files.filter(each => each.facts.basis.clientId !== null)) {
    if (file.dead !== null || !isReplaceable(file)) continue
    const credential = await openOrNull(vault, file.id)
    if (credential !== null) opened.push(credential)
  }
  return opened
}

async function openOrNull(vault: AuthorizeScene['vault'], id: string): Promise<Credential | null> {
  try {
    return await vault.open(id)
  } catch (error) {
    if (error instanceof Refusal) return null
    throw error
  }
}

/**
 * Ends at their services the grants whose credentials a newer consent has replaced, so that none lives on which nobody here knows of.
 * One that the new consent stands on too is its own. Returns what people should know of those that are left.
 */
export async function endReplaced(
  scene: AuthorizeScene,
  before: readonly Credential[]
): Promise<readonly Diagnostic[]> {
  if (before.length === 0) return []
  const { files } = await scene.vault.list()
  const replaced = before.filter(each => !files.some(({ id }) => id === each.id))
  const found: Diagnostic[] = []
  for (const credential of replaced) {
    const now = files.filter(each => isSameOwner(each, credential))
    found.push(...(await endOne(scene, credential, now)))
  }
  return found
}

function isSameOwner(
  { slot, connection, user }: Pick<CredentialFile, 'slot' | 'connection' | 'user'>,
  other: Credential
): boolean {
  return slot === other.slot && connection === other.connection && user === other.user
}

async function endOne(
  scene: AuthorizeScene,
  credential: Credential,
  now: readonly CredentialFile[]
): Promise<readonly Diagnostic[]> {
  const sources = [await soundDocuments(scene.state), scene.documents] as const
  const plan = await planGrantEnd(scene, credential, sources, new Set())
  if (plan.isAsked) {
    const forget = await noteGrant(scene, plan.target)
    const { said } = await endAtService(scene, plan)
    await forget()
    return said === null ? [] : [formerGrantLeft(credential, said)]
  }
  // The same account's grant is what the new consent stands on.
  const { account } = credential.record
  const isOther =
    account.id !== null && now.every(({ facts }) => (facts.account.id ?? account.id) !== account.id)
  return plan.said === null || !isOther || plan.harms
    ? []
    : [formerGrantLeft(credential, plan.said)]
}

function formerGrantLeft({ record, slot }: Credential, said: string): Diagnostic {
  return warning(
    'FORMER_GRANT_LEFT',
    'The grant of before may be left at the service',
    `What ${record.account.name || 'an unknown account'} had given for ${slot} is replaced here. ${said}`
  )
}
