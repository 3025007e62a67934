/** Checks that every file of engine/ imports only what its stage may, and that pure stages stay pure. */
import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join, posix, sep } from 'node:path'
import ts from 'typescript'

export interface StageRule {
  /** Other stages it may import; itself it may always. */
  readonly stages: readonly string[]
  /** Packages, and modules of Node with their `node:`. `node:*` stands for all of those. */
  readonly externals: readonly string[]
  /** No clock, chance, network, console or process. */
  readonly pure?: true
}

/** By the name of the folder under engine/. */
export type LayeringTable = Readonly<Record<string, StageRule>>

export interface LayeringReport {
  readonly scanned: number
  /** `plan/due.ts:3 may not import state/lock.ts`, by path and then by line. */
  readonly problems: readonly string[]
}

export function checkLayering(folder: string, table: LayeringTable): LayeringReport {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map(path => path.replaceAll(sep, '/'))
    .filter(path => path.endsWith('.ts'))
    .sort()
  const problems = paths.flatMap(path => {
    const source = readSource(folder, path)
    return [...checkFile(path, source, table)]
      .sort(([a], [b]) => a - b)
      .map(([at, what]) => {
        return `${path}:${source.getLineAndCharacterOfPosition(at).line + 1} ${what}`
      })
  })
  return { scanned: paths.length, problems }
}

type Found = readonly [position: number, what: string]

function readSource(folder: string, path: string): ts.SourceFile {
  const text = readFileSync(join(folder, path), 'utf8')
  return ts.createSourceFile(path, text, ts.ScriptTarget.ES2023)
}

function checkFile(path: string, source: ts.SourceFile, table: LayeringTable): readonly Found[] {
  const computed = findAll(source, computedImport)
  if (path === 'index.ts') return [...checkIndex(path, source), ...computed]

  const stage = stageOf(path)
  const rule = table[stage]
  if (rule === undefined) return [[0, 'belongs to no stage of the table']]
  const imports = importsOf(source).flatMap(([at, name]): readonly Found[] => {
    const what = checkImport(path, name, stage, rule)
    return what === undefined ? [] : [[at, what]]
  })
  // Generated code is checked for what it imports, not for how it is written.
  const isPure = rule.pure === true && !isGenerated(path)
  const impure = isPure ? findAll(source, impurity) : []
  return [...imports, ...computed, ...impure]
}

/** Other programs see engine/index.ts: it may lead anywhere inside engine, and hold nothing itself. */
function checkIndex(path: string, source: ts.SourceFile): readonly Found[] {
  return source.statements.flatMap((statement): readonly Found[] => {
    const at = statement.getStart(source)
    const target = ts.isExportDeclaration(statement) ? statement.moduleSpecifier : undefined
    if (target === undefined || !ts.isStringLiteral(target)) return [[at, 'may only re-export']]
    if (!isRelative(target.text)) return [[at, `may not re-export ${target.text}`]]
    const what = checkTarget(path, target.text)
    return what === undefined ? [] : [[at, what]]
  })
}

function importsOf(source: ts.SourceFile): readonly Found[] {
  // Finds static and dynamic imports, re-exports and the import('...') of types, but no computed names.
  const { importedFiles } = ts.preProcessFile(source.text, true, true)
  return importedFiles.map(({ pos, fileName }) => [pos, fileName])
}

function checkImport(path: string, name: string, stage: string, rule: StageRule) {
  if (!isRelative(name)) return checkExternal(name, rule)

  const problem = checkTarget(path, name)
  if (problem !== undefined) return problem
  const target = resolveFrom(path, name)
  const other = stageOf(target)
  return other === stage || rule.stages.includes(other) ? undefined : `may not import ${target}`
}

function checkExternal(name: string, rule: StageRule): string | undefined {
  if (!name.startsWith('node:') && isBuiltin(name)) return `writes node:${name} without the node:`
  const external = name.startsWith('node:') ? name : packageOf(name)
  const isAllowed =
    rule.externals.includes(external) ||
    (name.startsWith('node:') && rule.externals.includes('node:*'))
  return isAllowed ? undefined : `may not import ${external}`
}

function checkTarget(path: string, name: string): string | undefined {
  const target = resolveFrom(path, name)
  if (target.startsWith('../')) return `may not import ${name}, which is outside engine`
  // The compiled validators are the one JavaScript file.
  if (!target.endsWith('.ts') && !isGenerated(target)) return `imports ${name}, which is no .ts`
  return undefined
}

function computedImport(node: ts.Node): string | undefined {
  if (!ts.isCallExpression(node) || node.expression.kind !== ts.SyntaxKind.ImportKeyword) return
  const [name] = node.arguments
  return name && ts.isStringLiteralLike(name) ? undefined : 'imports a computed name'
}

const impureMembers = ['Date.now', 'Math.random']
const impureObjects = ['process', 'console', 'globalThis']
const impureCalls = ['fetch', 'Date']

function impurity(node: ts.Node): string | undefined {
  if (ts.isNewExpression(node)) {
    return isNamed(node.expression, ['Date']) ? 'is in a pure stage, but uses new Date(' : undefined
  }
  if (ts.isCallExpression(node) && isNamed(node.expression, impureCalls)) {
    return `is in a pure stage, but uses ${node.expression.text}(`
  }
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    const member = `${node.expression.text}.${node.name.text}`
    const isImpure = isNamed(node.expression, impureObjects) || impureMembers.includes(member)
    return isImpure ? `is in a pure stage, but uses ${member}` : undefined
  }
  return undefined
}

function isNamed(node: ts.Node, names: readonly string[]): node is ts.Identifier {
  return ts.isIdentifier(node) && names.includes(node.text)
}

function findAll(source: ts.SourceFile, check: (node: ts.Node) => string | undefined) {
  const found: Found[] = []
  const visit = (node: ts.Node): void => {
    const what = check(node)
    if (what !== undefined) found.push([node.getStart(source), what])
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

function stageOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : ''
}

function resolveFrom(path: string, name: string): string {
  return posix.join(posix.dirname(path), name)
}

function isRelative(name: string): boolean {
  return name.startsWith('.') || name.startsWith('/')
}

function isGenerated(path: string): boolean {
  return path.startsWith('model/generated/')
}

function packageOf(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/')
}
