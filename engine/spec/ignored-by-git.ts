import { execFile } from 'node:child_process'
import { lstatSync, realpathSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import type { Diagnostic } from '../model/diagnostic.ts'
import { carefulOptions, gitEnvironment } from './careful-git.ts'
import { isInside } from './read-safely.ts'
import { specProblem } from './spec-summaries.ts'

const timeLimit = 10_000
const largestOutput = 64 * 1024 * 1024

/** What git ignores of some files; a problem where git cannot be asked, for then nobody knows. */
export interface Ignored {
  readonly files: ReadonlySet<string>
  readonly problem: Diagnostic | null
}

/**
 * Asks git which of the files (relative to the real path `root`) it ignores, themselves or what they link to. Outside of a git
 * work tree nothing is. Starts git and nothing else: whatever the repository's own configuration says, no hook, monitor or
 * transport of it runs.
 */
export async function ignoredByGit(root: string, files: readonly string[]): Promise<Ignored> {
  const findTop = topFinder()
  const questions = new Map<string, Map<string, Set<string>>>()
  for (const file of files) {
    for (const path of pathsOf(root, file)) {
      for (const [top, asked] of tops(path, root, findTop)) {
        const ofTop = questions.get(top) ?? new Map<string, Set<string>>()
        ofTop.set(asked, (ofTop.get(asked) ?? new Set()).add(file))
        questions.set(top, ofTop)
      }
    }
  }

  const ignored = new Set<string>()
  for (const [top, asked] of questions) {
    const answer = await checkIgnore(top, [...asked.keys()])
    if (typeof answer === 'string') return { files: ignored, problem: gitFailed(answer) }
    for (const path of answer) for (const file of asked.get(path) ?? []) ignored.add(file)
  }
  return { files: ignored, problem: null }
}

/** The paths by which git knows a file: its own, and where it leads if it is a link. Git does not look behind links. */
function pathsOf(root: string, file: string): readonly string[] {
  try {
    const folder = realpathSync.native(dirname(join(root, file)))
    if (!isInside(root, folder)) return []
    const own = join(folder, basename(file))
    if (!lstatSync(own).isSymbolicLink()) return [own]
    const target = realpathSync.native(own)
    return isInside(root, target) ? [own, target] : [own]
  } catch {
    // Not there, or a link to nowhere: reading it will tell.
    return []
  }
}

/** Every repository that may ignore a path: its nearest, and those in which that one lies, up to the workspace's own. */
function tops(
  path: string,
  root: string,
  findTop: (folder: string) => string | null
): readonly (readonly [string, string])[] {
  const found: (readonly [string, string])[] = []
  for (let inner = path; ; ) {
    const top = findTop(dirname(inner))
    if (top === null) return found
    found.push([top, inner])
    if (!top.startsWith(root + sep)) return found
    inner = top
  }
}

/** Finds the work tree that a folder lies in, by its .git, remembering what it saw. */
function topFinder(): (folder: string) => string | null {
  const known = new Map<string, string | null>()
  const find = (folder: string): string | null => {
    const before = known.get(folder)
    if (before !== undefined) return before
    const parent = dirname(folder)
    const found = holdsRepository(folder) ? folder : parent === folder ? null : find(parent)
    known.set(folder, found)
    return found
  }
  return find
}

/** An empty .git is no repository, neither for git. In a linked work tree or a submodule, .git is a file. */
function holdsRepository(folder: string): boolean {
  const git = lstatSync(join(folder, '.git'), { throwIfNoEntry: false })
  if (git === undefined) return false
  if (git.isFile()) return true
  return lstatSync(join(folder, '.git', 'HEAD'), { throwIfNoEntry: false }) !== undefined
}

/** Those of the paths that the repository ignores, or the word with which git refused. */
function checkIgnore(
  top: string,
  paths: readonly string[]
): Promise<ReadonlySet<string> | GitRefusal> {
  const byGit = new Map(paths.map(path => [`./${relative(top, path).split(sep).join('/')}`, path]))
  const args = [...carefulOptions, 'check-ignore', '-z', '--stdin']

  return new Promise(resolve => {
    const child = execFile(
      'git',
      args,
      { cwd: top, env: gitEnvironment(top, top), timeout: timeLimit, maxBuffer: largestOutput },
      (error, stdout, stderr) => {
        // Exit code 1: none of the paths is ignored.
        if (error !== null && error.code !== 1) return resolve(refusalOf(error, stderr))
        const found = stdout.split('\0').flatMap(each => byGit.get(each) ?? [])
        resolve(new Set(found))
      }
    )
    // A git that ends before it has read everything is told by its exit code.
    child.stdin?.on('error', () => {})
    child.stdin?.end([...byGit.keys()].map(each => `${each}\0`).join(''))
  })
}

type GitRefusal = 'not-there' | 'too-slow' | 'owner' | 'failed'

function refusalOf(
  error: { readonly code?: unknown; readonly killed?: boolean },
  stderr: string
): GitRefusal {
  if (error.code === 'ENOENT') return 'not-there'
  if (error.killed === true) return 'too-slow'
  return stderr.includes('dubious ownership') ? 'owner' : 'failed'
}

const reasons: Readonly<Record<GitRefusal, string>> = {
  'not-there': 'The program git was not found. Install it, or put it on the PATH.',
  'too-slow': 'Git did not answer within 10 seconds.',
  owner:
    'The repository belongs to another user, so git refuses to read it. If you trust it, say so:\n' +
    '    git config --global --add safe.directory "$(pwd)"',
  failed: 'See what git itself says:\n    git check-ignore tieline.yaml'
}

function gitFailed(refusal: GitRefusal): Diagnostic {
  const detail =
    'The workspace is in a git repository, and tieline reads nothing that git ignores. So nothing was read.\n\n'
  return specProblem('GIT_FAILED', detail + reasons[refusal], null)
}
