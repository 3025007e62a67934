import { git } from './actor.ts'

/** The git commit of the working tree, with + behind it where it has changes; null without git. */
export async function commitOf(folder: string): Promise<string | null> {
  const head = (await git(folder, ['rev-parse', '--verify', 'HEAD']))?.trim()
  if (head === undefined || head === '') return null
  const status = await git(folder, ['status', '--porcelain', '--', '.', ':(exclude)state'])
  return status?.trim() === '' ? head : `${head}+`
}
