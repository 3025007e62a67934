import { problem, Refusal } from '../model/diagnostic.ts'
import type { Settings } from '../model/specs.ts'
import { git } from './actor.ts'
import type { Surroundings } from './surroundings.ts'

const specs = ['tieline.yaml', 'connections', 'components', 'clients', 'connectors']

/** Where the team publishes from one branch, stage and prod are applied from there alone, with all specs committed. */
export async function checkBranch({ folder }: Surroundings, { publish }: Settings): Promise<void> {
  const wanted = publish?.branch
  if (wanted === undefined) return
  const branch = (await git(folder, ['rev-parse', '--abbrev-ref', 'HEAD']))?.trim()
  if (branch !== wanted) {
    throw new Refusal(
      problem(
        'BRANCH_REFUSED',
        'Not the branch to publish from',
        `stage and prod are applied from ${wanted} only (publish.branch in tieline.yaml), and this is ${branch ?? 'no git repository'}. A plan is possible from anywhere.`
      )
    )
  }
  const open = (await git(folder, ['status', '--porcelain', '--', ...specs]))?.trim()
  if (open === '') return
  throw new Refusal(
    problem(
      'UNCOMMITTED_SPECS',
      'Specs are not committed',
      `stage and prod are applied from committed specs only (publish.branch in tieline.yaml). Commit first:\n    git status`
    )
  )
}
