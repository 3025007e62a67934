import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkLayering, type LayeringTable } from './support/layering.ts'

/**
 * What each stage may import, beside itself. A stage imports model/ and no other stage; oauth/, process/ and deluge/ are the
 * shared floors; workflow/ joins the stages; cli/ sits on top. A new stage or package gets its place here first.
 */
const table: LayeringTable = {
  model: {
    stages: [],
    externals: ['canonicalize', 'fastest-levenshtein', 'node:crypto', 'node:util'],
    pure: true
  },
  deluge: { stages: [], externals: [], pure: true },
  spec: {
    stages: ['model', 'deluge'],
    externals: [
      'yaml',
      'tinyglobby',
      'fastest-levenshtein',
      'node:fs',
      'node:path',
      'node:child_process',
      'node:crypto',
      'node:util',
      'node:url'
    ]
  },
  resolve: { stages: ['model'], externals: ['node:util'], pure: true },
  process: { stages: [], externals: ['node:fs', 'node:os'] },
  state: {
    stages: ['model', 'process'],
    externals: ['node:fs', 'node:fs/promises', 'node:path', 'node:os', 'node:crypto']
  },
  plan: { stages: ['model'], externals: ['node:util'], pure: true },
  apply: { stages: ['model'], externals: ['node:util'] },
  oauth: { stages: ['model'], externals: ['oauth4webapi', 'jose', 'undici'] },
  authorize: { stages: ['model', 'oauth'], externals: ['node:http', 'node:crypto'] },
  vault: {
    stages: ['model', 'process'],
    externals: [
      'age-encryption',
      '@scure/base',
      '@napi-rs/keyring',
      'canonicalize',
      'node:fs',
      'node:path',
      'node:os',
      'node:crypto'
    ]
  },
  runtime: { stages: ['model', 'oauth'], externals: [] },
  bundle: { stages: ['model', 'deluge'], externals: ['canonicalize', 'yaml'], pure: true },
  report: {
    stages: ['model'],
    externals: ['diff', 'picocolors'],
    pure: true
  },
  workflow: {
    stages: [
      'model',
      'spec',
      'resolve',
      'state',
      'plan',
      'apply',
      'oauth',
      'authorize',
      'vault',
      'runtime',
      'bundle'
    ],
    externals: [
      'json-schema-to-typescript',
      'p-limit',
      'node:child_process',
      'node:crypto',
      'node:fs',
      'node:os',
      'node:path',
      'node:util'
    ]
  },
  cli: {
    stages: ['workflow', 'report', 'model'],
    externals: [
      'commander',
      'listr2',
      'open',
      '@clack/prompts',
      'picocolors',
      '@viz-js/viz',
      'node:*'
    ]
  }
}

test('every file of engine imports only what its stage may', () => {
  const { scanned, problems } = checkLayering(`${import.meta.dirname}/../engine`, table)
  assert.ok(scanned > 0, 'No file was scanned')
  assert.is(problems.join('\n'), '')
})

test('a violation of each sort is reported, and what is allowed or only looks alike is not', () => {
  const { scanned, problems } = checkLayering(
    `${import.meta.dirname}/fixtures/layering/engine`,
    table
  )
  assert.is(scanned, 13)
  assert.equal(problems, [
    'authorize/through-oauth.ts:4 may not import oauth4webapi',
    'cli/main.ts:6 may not import plan/stays-pure.ts',
    'index.ts:4 may only re-export',
    'index.ts:5 may only re-export',
    'index.ts:6 may not re-export yaml',
    'loose.ts:1 belongs to no stage of the table',
    'model/imports-a-stage.ts:2 may not import plan/stays-pure.ts',
    'plan/imports-packages.ts:2 may not import yaml',
    'plan/imports-packages.ts:3 may not import @clack/prompts',
    'plan/imports-packages.ts:4 may not import node:fs',
    'plan/imports-packages.ts:5 writes node:util without the node:',
    'plan/imports-packages.ts:6 may not import node:util/types',
    'plan/imports-stages.ts:2 may not import state/store.ts',
    'plan/imports-stages.ts:3 may not import state/store.ts',
    'plan/imports-stages.ts:4 may not import resolve/resolve.ts',
    'plan/imports-stages.ts:5 may not import oauth/request.ts',
    'plan/imports-stages.ts:6 may not import report/report.ts',
    'plan/imports-stages.ts:7 may not import state/store.ts',
    'plan/imports-stages.ts:8 imports ../model/words.js, which is no .ts',
    'plan/imports-stages.ts:9 may not import ../../../layering.test.ts, which is outside engine',
    'plan/imports-stages.ts:10 may not import index.ts',
    'plan/imports-stages.ts:13 imports a computed name',
    'plan/is-impure.ts:2 is in a pure stage, but uses Date.now',
    'plan/is-impure.ts:3 is in a pure stage, but uses Math.random',
    'plan/is-impure.ts:4 is in a pure stage, but uses new Date(',
    'plan/is-impure.ts:5 is in a pure stage, but uses Date(',
    'plan/is-impure.ts:6 is in a pure stage, but uses process.env',
    'plan/is-impure.ts:7 is in a pure stage, but uses fetch(',
    'plan/is-impure.ts:8 is in a pure stage, but uses console.log',
    'plan/is-impure.ts:9 is in a pure stage, but uses globalThis.fetch',
    'surprise/new-stage.ts:1 belongs to no stage of the table',
    'workflow/reports.ts:4 may not import report/report.ts'
  ])
})

test.run()
