/** Compiles programs that use the library as it is published: declarations only, under node_modules. */
import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import ts from 'typescript'
import { temporaryFolder } from '../support/assert.ts'

const repository = resolve(import.meta.dirname, '../..')

export interface Consumer {
  /** What the compiler says of a program of these files (path to text), a line each: `main.ts:3 TS2345 ...`. */
  readonly compile: (files: Readonly<Record<string, string>>) => readonly string[]
}

/** A package of somebody else, that depends on tieline. */
export function aConsumer(): Consumer {
  const folder = temporaryFolder()
  const modules = join(folder, 'node_modules')
  if (!existsSync(join(repository, 'dist/index.d.ts')))
    throw new Error('Build first: npm run build')
  cpSync(join(repository, 'dist'), join(modules, 'tieline/dist'), {
    recursive: true,
    filter: path => !/\.(?:js|json|tsbuildinfo)$/.test(path)
  })
  cpSync(join(repository, 'package.json'), join(modules, 'tieline/package.json'))
  symlinkSync(join(repository, 'node_modules/@types'), join(modules, '@types'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    allowImportingTsExtensions: true,
    noEmit: true,
    types: ['node'],
    typeRoots: [join(modules, '@types')]
  }
  const host = rememberingHost(options)
  return {
    compile: files => {
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true })
        writeFileSync(join(folder, path), text)
      }
      const paths = Object.keys(files).map(path => join(folder, path))
      const program = ts.createProgram(paths, options, host)
      return ts.getPreEmitDiagnostics(program).map(each => told(each, folder))
    }
  }
}

function told({ file, start, code, messageText }: ts.Diagnostic, folder: string): string {
  const text = ts.flattenDiagnosticMessageText(messageText, '\n')
  if (file === undefined || start === undefined) return `TS${code} ${text}`
  const { line } = file.getLineAndCharacterOfPosition(start)
  return `${relative(folder, file.fileName)}:${line + 1} TS${code} ${text}`
}

/** Declarations are parsed once, however many programs are compiled. */
function rememberingHost(options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options)
  const known = new Map<string, ts.SourceFile | undefined>()
  return {
    ...host,
    getSourceFile: (name, ...rest) => {
      if (!name.endsWith('.d.ts')) return host.getSourceFile(name, ...rest)
      if (!known.has(name)) known.set(name, host.getSourceFile(name, ...rest))
      return known.get(name)
    }
  }
}
