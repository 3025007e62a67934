// Makes the TypeScript types and the compiled validators of engine/model/generated from the JSON Schemas in this folder.
// `--check` writes no types and fails when the committed ones are stale.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import standaloneCode from 'ajv/dist/standalone/index.js'
import { build } from 'esbuild'
import { compile } from 'json-schema-to-typescript'
import { parse } from 'yaml'

const here = dirname(fileURLToPath(import.meta.url))
const generated = join(here, '../engine/model/generated')
const compiled = join(here, '../dist/model/generated')

const schemas = readdirSync(here)
  .filter(name => name.endsWith('.schema.json'))
  .sort()
  .map(name => JSON.parse(readFileSync(join(here, name), 'utf8')))

const types = await typesOf(schemas)
const typesFile = join(generated, 'types.ts')
if (process.argv.includes('--check')) {
  if (readFileSync(typesFile, 'utf8') !== types) {
    console.error('engine/model/generated/types.ts is stale. Run: npm run generate')
    process.exitCode = 1
  }
} else {
  writeIfChanged(typesFile, types)
}

// The validators are not committed: they are made here, for the sources and beside what tsc writes. One file a document,
// because a command pays for what it imports.
for (const [name, text] of await validatorsOf(schemas)) {
  for (const folder of [generated, compiled]) {
    mkdirSync(join(folder, 'validators'), { recursive: true })
    writeIfChanged(join(folder, 'validators', name), text)
  }
}

// The connectors in the form in which a command reads them fastest.
const connectors = join(here, '../connectors')
const built = join(here, '../dist/connectors')
mkdirSync(built, { recursive: true })
const ids = readdirSync(connectors).flatMap(name => /^(.+)\.yaml$/.exec(name)?.[1] ?? [])
for (const id of ids) {
  const content = parse(readFileSync(join(connectors, `${id}.yaml`), 'utf8'))
  writeIfChanged(join(built, `${id}.json`), JSON.stringify(content))
}
for (const name of readdirSync(built)) {
  if (!ids.includes(name.replace('.json', ''))) rmSync(join(built, name))
}

/** One file with one type for every titled schema, whichever files refer to it. */
async function typesOf(all) {
  const definitions = {}
  for (const schema of all) {
    for (const [key, part] of Object.entries(schema.$defs ?? {}))
      definitions[nameOf(schema.$id, key, part)] = part
    if (schema.type !== undefined) definitions[schema.title] = schema
  }
  const names = new Map()
  for (const schema of all) {
    names.set(schema.$id, schema.title)
    for (const [key, part] of Object.entries(schema.$defs ?? {}))
      names.set(`${schema.$id}#/$defs/${key}`, nameOf(schema.$id, key, part))
  }
  const bundle = {
    title: 'Generated',
    type: 'object',
    additionalProperties: false,
    $defs: rewrite(definitions, names)
  }
  const text = await compile(bundle, 'Generated', {
    additionalProperties: false,
    unreachableDefinitions: true,
    ignoreMinAndMaxItems: true,
    bannerComment: '// Generated from schemas/ by `npm run generate`. Do not edit.',
    style: { semi: false, singleQuote: true, printWidth: 100 }
  })
  return readonlyTypes(text)
}

function nameOf(_file, key, part) {
  return part.title ?? key[0].toUpperCase() + key.slice(1)
}

/** Turns references between files into references inside the bundle; what stands beside a reference is for editors only. */
function rewrite(value, names) {
  if (Array.isArray(value)) return value.map(item => rewrite(item, names))
  if (value === null || typeof value !== 'object') return value
  if (typeof value.$ref === 'string') {
    const name = names.get(value.$ref)
    if (name === undefined) throw new Error(`schemas: nothing is called ${value.$ref}`)
    return { $ref: `#/$defs/${name}` }
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(
        ([key]) =>
          !['$defs', '$id', '$schema', 'discriminator', 'propertyNames', 'anyOf'].includes(key)
      )
      .map(([key, item]) => [key, rewrite(item, names)])
  )
}

function readonlyTypes(text) {
  return text
    .replace(/export interface Generated \{\}\n?/, '')
    .replace(
      /( \*\n)? \* This interface was referenced by `Generated`'s JSON-Schema\n \* via the `definition` "\w+"\.\n/g,
      ''
    )
    .replace(/\n +\*\n( +)\* @minItems \d+/g, '')
    .replace(/\/\*\*\n \*\/\n/g, '')
    .replace(/^( +)((?:[\w$]+|'[^']+'|"[^"]+")\??: )/gm, '$1readonly $2')
    .replace(/^( +)(\[k: string\]: )/gm, '$1readonly $2')
    .replace(/([\w$]+|\([^()]*\))\[\]/g, 'readonly $1[]')
    .replace(/^( +)\}\[\]$/gm, '$1}[]')
}

async function validatorsOf(all) {
  const ajv = new Ajv2020({
    schemas: all,
    strict: true,
    strictRequired: false,
    strictTypes: false,
    allErrors: true,
    discriminator: true,
    inlineRefs: false,
    keywords: ['tsType'],
    code: { source: true, esm: true }
  })
  const files = []
  for (const schema of all.filter(each => each.type !== undefined)) {
    const name = `validate${schema.title}`
    const bundled = await build({
      // ajv's ESM output still calls require() for its helpers; bundling makes it one file without imports.
      stdin: {
        contents: standaloneCode(ajv, { [name]: schema.$id }),
        resolveDir: here,
        loader: 'js'
      },
      bundle: true,
      format: 'esm',
      platform: 'neutral',
      write: false,
      minify: true,
      legalComments: 'none'
    })
    const file = schema.$id.replace('.schema.json', '')
    files.push([`${file}.js`, bundled.outputFiles[0].text])
    files.push([
      `${file}.d.ts`,
      `import type { ${schema.title} } from '../types.ts'\nimport type { Validator } from '../../validator.ts'\nexport const ${name}: Validator<${schema.title}>\n`
    ])
  }
  return files
}

function writeIfChanged(file, text) {
  try {
    if (readFileSync(file, 'utf8') === text) return
  } catch {}
  writeFileSync(file, text)
}
