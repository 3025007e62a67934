import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import { problem, Refusal } from '../model/diagnostic.ts'
import { meant } from '../model/did-you-mean.ts'
import type { Surroundings } from './surroundings.ts'

export interface InitResult {
  /** Files made or changed, relative to the workspace. */
  readonly written: readonly string[]
  /** Where the person's key pair is; null where TIELINE_IDENTITY gives it. */
  readonly identity: string | null
}

const ignored = ['.tieline/', 'state/**/.*.tmp']

/** Makes a workspace, empty or from an example. Throws a Refusal if there is one already; nothing is overwritten. */
export async function initWorkflow(
  around: Surroundings,
  example: string | undefined
): Promise<InitResult> {
  const { folder } = around
  if (existsSync(join(folder, 'tieline.yaml'))) {
    throw new Refusal(
      problem(
        'WORKSPACE_EXISTS',
        'There is a workspace already',
        'tieline.yaml is here, so nothing was written. See what is in it:\n    tieline validate'
      )
    )
  }
  const written = example === undefined ? newWorkspace(around) : copyExample(around, example)
  const { personIdentity } = await import('../vault/person-identity.ts')
  const variable = around.variables.TIELINE_IDENTITY
  await personIdentity({ variable, configFolder: around.configFolder }).ensure()
  return {
    written: [...written, ...ignore(folder)],
    identity: variable ? null : join(around.configFolder, 'identity')
  }
}

function newWorkspace(around: Surroundings): readonly string[] {
  const { folder } = around
  mkdirSync(folder, { recursive: true })
  const name =
    basename(folder)
      .replace(/[^\p{L}\p{Nd} _-]/gu, '')
      .slice(0, 100) || 'My app'
  writeFileSync(
    join(folder, 'tieline.yaml'),
    `# yaml-language-server: $schema=${schemaFrom(around, folder, 'workspace')}\napp:\n  name: ${JSON.stringify(name)}\n`,
    { flag: 'wx' }
  )
  return ['tieline.yaml']
}

function copyExample(around: Surroundings, example: string): readonly string[] {
  const examples = join(around.packageFolder, 'examples')
  const known = readdirSync(examples).filter(each =>
    existsSync(join(examples, each, 'tieline.yaml'))
  )
  if (!known.includes(example)) {
    throw new Refusal(
      problem(
        'EXAMPLE_UNKNOWN',
        'No such example',
        `There is no example "${example}".${meant(example, known)} There is ${known.join(', ')}.`
      )
    )
  }
  const source = join(examples, example)
  const files = readdirSync(source, { recursive: true, withFileTypes: true })
    .filter(each => each.isFile())
    .map(each => relative(source, join(each.parentPath, each.name)))
    .filter(each => !/^(\.tieline|state)(\/|\\|$)/.test(each))
    .sort()
  const taken = files.filter(each => existsSync(join(around.folder, each)))
  if (taken.length > 0) {
    throw new Refusal(
      problem(
        'FILES_EXIST',
        'Files are in the way',
        `Nothing was written, because these are here already: ${taken.join(', ')}. Use an empty folder.`
      )
    )
  }
  for (const file of files) {
    const target = join(around.folder, file)
    mkdirSync(dirname(target), { recursive: true })
    cpSync(join(source, file), target)
    if (file.endsWith('.yaml')) pointToSchema(around, target)
  }
  return files.map(each => each.split(sep).join('/'))
}

/** The first line of a spec tells editors where its schema is; from another folder, that is elsewhere. */
function pointToSchema(around: Surroundings, file: string): void {
  const text = readFileSync(file, 'utf8')
  const pointed = text.replace(
    /^(# yaml-language-server: \$schema=)\S*\/([a-z]+)\.schema\.json/,
    (_, start: string, name: string) => `${start}${schemaFrom(around, dirname(file), name)}`
  )
  if (pointed !== text) writeFileSync(file, pointed)
}

/**
 * Where a spec in the folder `from` finds its schema: relative to an installed tieline, so that help fits the version in use;
 * else the published one.
 */
export function schemaFrom(
  { folder, packageFolder }: Surroundings,
  from: string,
  name: string
): string {
  const installed = [folder, ...parents(folder)]
    .map(each => join(each, 'node_modules', 'tieline', 'schemas', `${name}.schema.json`))
    .find(each => existsSync(each))
  if (installed !== undefined) {
    const path = relative(from, installed).split(sep).join('/')
    return path.startsWith('.') ? path : `./${path}`
  }
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'))
  return `https://unpkg.com/tieline@${version}/schemas/${name}.schema.json`
}

function parents(folder: string): readonly string[] {
  const parent = dirname(folder)
  return parent === folder ? [] : [parent, ...parents(parent)]
}

function ignore(folder: string): readonly string[] {
  const file = join(folder, '.gitignore')
  const before = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const lines = before.split(/\r?\n/)
  const missing = ignored.filter(each => !lines.includes(each))
  if (missing.length === 0) return []
  const start = before === '' || before.endsWith('\n') ? before : `${before}\n`
  writeFileSync(file, `${start}${missing.join('\n')}\n`)
  return ['.gitignore']
}
