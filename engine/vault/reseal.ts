import { join } from 'node:path'
import { type Diagnostic, Refusal } from '../model/diagnostic.ts'
import type { CredentialFile } from '../model/generated/types.ts'
import {
  adoptedText,
  depositName,
  depositText,
  keysOfAdopted,
  keysOfDeposit,
  openAdopted,
  openDeposit
} from './credential-file.ts'
import { examine, type Members } from './deposits.ts'
import { deleteFile, replaceFile } from './durable-file.ts'
import { dropOlder, namesIn, numberedName, numbersOf } from './numbered-files.ts'
import type { KeyPlace, OpenKeys } from './open-keys.ts'
import {
  allRecordFiles,
  inGroups,
  type RecordFiles,
  readRecord,
  recordFiles
} from './record-files.ts'
import { vaultProblem } from './vault-problem.ts'
import { isAdoptedBy, openValue, readValueFile, valueText } from './vault-values.ts'

/** From which keys to which, and where. */
export interface Move {
  readonly folder: string
  readonly place: KeyPlace
  readonly from: OpenKeys
  readonly to: OpenKeys
  readonly memberKey: Members['memberKey']
}

/**
 * Seals all that a slot has to other keys: credentials, deposits and values. What was done before is passed over, so it can be run
 * again. Files that are not genuine stay as they are, and are the problems it returns. It writes into the place of a file; whoever
 * stored a newer one meanwhile, or ended it, finds its own unharmed, and what was written too late is deleted again.
 */
export async function reseal(move: Move): Promise<readonly Diagnostic[]> {
  const records = await inGroups(await allRecordFiles(move.folder), files =>
    files.isGone ? nothing : collecting(() => resealRecord(move, files))
  )
  const stems = new Set(
    (await namesIn(join(move.folder, 'values'))).flatMap(
      name => /^[0-9a-f]{32}(?=\.)/.exec(name) ?? []
    )
  )
  const values = await inGroups([...stems], stem => collecting(() => resealValue(move, stem)))
  return [...records, ...values].flat()
}

const nothing: Promise<readonly Diagnostic[]> = Promise.resolve([])

async function collecting(work: () => Promise<void>): Promise<readonly Diagnostic[]> {
  try {
    await work()
    return []
  } catch (error) {
    if (error instanceof Refusal) return error.diagnostics
    throw error
  }
}

async function resealRecord(move: Move, files: RecordFiles): Promise<void> {
  const { folder, place } = move
  const newest = files.generations.at(-1)
  const name = newest === undefined ? depositName(files.id) : numberedName(files.id, newest)
  const read = await readRecord(folder, place.vault, name)
  if (read === null) return
  if ('problem' in read) throw new Refusal(read.problem)
  if (read.value.slot !== place.slot) return
  const path = join(folder, name)
  const text = await (newest === undefined
    ? newDeposit(move, read.value)
    : newRecord(move, read.value, name))
  if (text !== null) await replaceFile(path, text)
  const after = await recordFiles(folder, files.id)
  const isPassed = (after.generations.at(-1) ?? 0) > (newest ?? 0)
  if (after.isGone || isPassed) await deleteFile(path)
  else await dropOlder(folder, files.id, after.generations)
}

async function newRecord(
  { place, from, to }: Move,
  file: CredentialFile,
  name: string
): Promise<string | null> {
  if (keysOfAdopted(file, [to]) !== undefined) return null
  if (keysOfAdopted(file, [from]) === undefined) throw new Refusal(vaultProblem.tampered(name))
  const found = await openAdopted(file, from)
  if ('problem' in found) throw new Refusal(found.problem)
  return adoptedText(place.vault, found.value, to)
}

async function newDeposit(
  { place, from, to, memberKey }: Move,
  file: CredentialFile
): Promise<string | null> {
  const { proof } = file
  if (proof.kind !== 'deposit') return null
  const member = await memberKey(proof.by, file.slot)
  const isDone =
    proof.mac === null
      ? 'value' in (await openDeposit(file, to))
      : member !== undefined && keysOfDeposit(file, member, [to]) !== undefined
  if (isDone) return null
  const { deposit, verified } = await examine({ memberKey }, [from], file)
  // Readers can make the depositor's proof as well: here they say that they have seen it.
  const sign =
    verified && member !== undefined
      ? (proven: unknown) => to.depositMac(member, 'credential', proven)
      : null
  return depositText(place.vault, deposit, to.recipient, sign)
}

async function resealValue(move: Move, stem: string): Promise<void> {
  const { folder, place, from, to, memberKey } = move
  const values = join(folder, 'values')
  const number = (await numbersOf(values, stem)).at(-1)
  if (number === undefined) return
  const name = numberedName(stem, number)
  const file = await readValueFile(folder, `values/${name}`)
  if (file === null || file.slot !== place.slot || isAdoptedBy(to, file)) return
  // Left for the new keys by somebody who cannot read them: one of the two opens it.
  const value = await openValue({ memberKey }, [from, to], file, `values/${name}`)
  await replaceFile(join(values, name), await valueText(place.vault, { ...file, value }, to, null))
  const after = await numbersOf(values, stem)
  if ((after.at(-1) ?? 0) > number) await deleteFile(join(values, name))
}
