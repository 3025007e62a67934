import { isDeepStrictEqual } from 'node:util'
import type { Credential } from '../model/credential.ts'
import { type Diagnostic, problem, Refusal } from '../model/diagnostic.ts'
import { type Documents, neighboursOf } from '../model/documents.ts'
import type { AuthorizationRecord, CredentialFile, Environment } from '../model/generated/types.ts'
import type { DepositCheck, Vault } from '../model/ports.ts'
import type { Settings } from '../model/specs.ts'
import type { Need } from '../model/target.ts'
import type { Resolver } from './open-workspace.ts'
import { hasMembers, isPermitted } from './permit.ts'

export interface AdoptionScene {
  readonly settings: Settings
  readonly documents: Documents
  readonly resolver: Pick<Resolver, 'needOf'>
  readonly vault: Pick<Vault, 'adopt' | 'list' | 'remove'>
}

/** What became of a deposit. Refused, it stays where it is and replaces nothing; `gone` if there is none with this id any more. */
export type Adoption =
  | { readonly kind: 'adopted'; readonly credential: Credential }
  | { readonly kind: 'refused'; readonly problems: readonly Diagnostic[] }
  | { readonly kind: 'gone' }

/**
 * Checks a deposit as a reader of its slot and makes it an adopted record. What a user had before is dropped then; what an
 * administrator's record replaces is dropped when state is mended. Where the disk may not be written, it counts as refused.
 */
export async function adoptDeposit(scene: AdoptionScene, id: string): Promise<Adoption> {
  const { files } = await scene.vault.list()
  try {
    const credential = await scene.vault.adopt(id, depositCheck(scene, files))
    if (credential === null) return { kind: 'gone' }
    for (const each of replacedOfUser(files, credential)) await scene.vault.remove(each.id)
    return { kind: 'adopted', credential }
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'refused', problems: error.diagnostics }
    if (isWriteProtected(error)) return { kind: 'refused', problems: [writeProtected] }
    throw error
  }
}

/**
 * What a reader checks before a deposit may serve: it is for what is recorded now, for the same account as before unless that
 * shall change, and from somebody who may authorize there. `files` is what the vault lists.
 */
export function depositCheck(
  { settings, documents, resolver }: Omit<AdoptionScene, 'vault'>,
  files: readonly CredentialFile[]
): DepositCheck {
  return ({ credential, by, verified, switchAccount }) => {
    const uses = usesOf(documents, resolver, credential)
    const fitting = uses.filter(({ need }) => fits(credential, need))
    if (fitting.length === 0) return outdated(by)
    if (!mayAuthorize(settings, credential, by, verified, fitting)) return notAllowed(by, verified)
    if (credential.record.by !== by) return otherName(by, credential.record)
    const other = switchAccount ? undefined : otherAccount(documents, files, credential)
    return other === undefined ? null : accountDiffers(by, other, credential.record)
  }
}

interface Use {
  readonly environment: Environment
  readonly need: Need
}

/** The environments in which the deposit's connection takes its authorization from the deposit's slot. */
function usesOf(
  documents: Documents,
  { needOf }: Pick<Resolver, 'needOf'>,
  { connection: id, slot }: Credential
): readonly Use[] {
  return neighboursOf(slot).flatMap((environment): readonly Use[] => {
    const connections = Object.values(documents[environment]?.connections ?? {})
    const connection = connections.find(each => each.id === id)
    if (connection === undefined) return []
    const need = needOf(connection, environment)
    return need.slot === slot ? [{ environment, need }] : []
  })
}

function fits({ connection, user, record }: Credential, need: Need): boolean {
  return (
    record.connection === connection &&
    record.level === need.level &&
    (user === null) === (need.level === 'administrator') &&
    record.ended === null &&
    isDeepStrictEqual(record.basis, need.basis)
  )
}

/**
 * Without a member key nobody can prove who they are: then it is good for that user's own record only. Where one person works alone
 * and reads everything, there is nobody who would leave a deposit.
 */
function mayAuthorize(
  settings: Settings,
  { user, slot }: Credential,
  by: string,
  verified: boolean,
  uses: readonly Use[]
): boolean {
  if (!hasMembers(settings, slot) || (!verified && user !== by)) return false
  return uses.some(({ environment, need }) =>
    isPermitted(settings, by, {
      kind: 'authorize',
      level: need.level,
      environment,
      isOwn: user === by
    })
  )
}

/** A live record of the same connection that another account stands behind. Other deposits have replaced nothing yet. */
function otherAccount(
  documents: Documents,
  files: readonly CredentialFile[],
  credential: Credential
): AuthorizationRecord | undefined {
  const { slot, user } = credential
  const adopted = files.filter(each => each.proof.kind === 'adopted')
  const deposits = new Set(files.filter(each => each.proof.kind === 'deposit').map(({ id }) => id))
  const recorded = Object.entries(documents[slot]?.authorizations ?? {})
    .filter(([id]) => user === null && !deposits.has(id))
    .map(([id, record]) => ({ id, record }))
  const stored = adopted
    .filter(each => each.slot === slot && each.user === user)
    .map(({ id, facts }) => ({ id, record: facts }))
  return [...recorded, ...stored].find(
    each =>
      each.id !== credential.id &&
      each.record.ended === null &&
      each.record.connection === credential.connection &&
      each.record.basis.connector === credential.record.basis.connector &&
      each.record.account.id !== null &&
      credential.record.account.id !== null &&
      each.record.account.id !== credential.record.account.id
  )?.record
}

function replacedOfUser(
  files: readonly CredentialFile[],
  { id, user, slot, connection, record }: Credential
): readonly CredentialFile[] {
  if (user === null) return []
  return files.filter(
    each =>
      each.id !== id &&
      each.user === user &&
      each.slot === slot &&
      each.connection === connection &&
      each.facts.at <= record.at
  )
}

function isWriteProtected(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return ['EACCES', 'EPERM', 'EROFS'].includes(code)
}

function outdated(by: string): Diagnostic {
  return problem(
    'DEPOSIT_OUTDATED',
    'A deposited credential was refused',
    `${by} deposited it for something else than what is recorded now: the connection changed in between. It serves nobody, and can be authorized again.`
  )
}

function notAllowed(by: string, verified: boolean): Diagnostic {
  return problem(
    'DEPOSIT_NOT_ALLOWED',
    'A deposited credential was refused',
    verified
      ? `${by} deposited it, whose role may not authorize there. Somebody whose role may has to authorize it again.`
      : `${by} is said to have deposited it, and no member key proves that. Somebody with a key under "members" has to authorize it again.`
  )
}

/** Who authorized it is recorded and shown, so nobody may write another name there. */
function otherName(by: string, record: AuthorizationRecord): Diagnostic {
  return problem(
    'DEPOSIT_NOT_ALLOWED',
    'A deposited credential was refused',
    `${by} deposited it, and it says that ${record.by} authorized it. Whoever authorizes something deposits it in their own name.`
  )
}

function accountDiffers(
  by: string,
  before: AuthorizationRecord,
  now: AuthorizationRecord
): Diagnostic {
  return problem(
    'DEPOSIT_ACCOUNT_DIFFERENT',
    'A deposited credential was refused',
    `${by} deposited it for the account ${now.account.name}, and ${before.account.name} was authorized before. If the account shall change, authorize again with --switch-account.`
  )
}

const writeProtected: Diagnostic = problem(
  'DEPOSIT_NOT_WRITABLE',
  'A deposited credential was refused',
  'It is right, but adopting it means writing to the vault, which is not allowed here. Somebody who reads this slot and can write has to adopt it.'
)
