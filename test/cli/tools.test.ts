import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, CommanderError, Option } from 'commander'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { environmentOf, environmentOption } from '../../engine/cli/environment-option.ts'
import type { GlobalFlags } from '../../engine/cli/globals.ts'
import { addToolCommands } from '../../engine/cli/program-tools.ts'
import { Refusal } from '../../engine/model/diagnostic.ts'
import { createStyle } from '../../engine/report/style.ts'
import { keyFiles, makeScenario, type Scenario } from '../support/scenario-workspace.ts'

const scenario = makeScenario(keyFiles('http://127.0.0.1:9'))
const style = createStyle({ color: false, width: 100, unicode: true })

interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** A program with these commands, and one more that prints text and json only, built as the real one is. */
async function tieline(args: readonly string[], { around }: Scenario = scenario): Promise<Ran> {
  let [out, err, code] = ['', '', 0]
  const write = (text: string): void => {
    out += text
  }
  const run: Parameters<typeof addToolCommands>[1]['run'] = async (command, work) => {
    const { format = 'text' } = command.optsWithGlobals<GlobalFlags>()
    const terminal = {
      out: write,
      err: (text: string) => {
        err += text
      },
      interactive: false,
      isTTY: false,
      style,
      errStyle: style,
      quiet: false
    }
    code = await work({ around, terminal, format })
  }
  const program = new Command('tieline')
    .addOption(
      new Option('--format <format>', 'how to print results')
        .choices(['text', 'json'])
        .default('text')
    )
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: write, outputError: () => {} })
    .exitOverride()
  const addCommand = (parent: Command, name: string, summary: string, shown: string): Command =>
    parent
      .command(name)
      .description(summary)
      .addHelpText('after', `\nExample:\n    ${shown}`)
      .exitOverride()
  addCommand(program, 'other', 'another command', 'tieline other').action((_, command) =>
    run(command, async ({ terminal, format }) => {
      terminal.out(format)
      return 0
    })
  )
  const collect = (value: string, before: readonly string[]) => [...before, value]
  addToolCommands(program, {
    run,
    addCommand,
    environmentOption,
    environmentOf,
    collect
  })
  try {
    await program.parseAsync(['node', 'tieline', ...args])
  } catch (error) {
    if (error instanceof CommanderError) return { code: error.exitCode, out, err: error.message }
    if (!(error instanceof Refusal)) throw error
    return { code: 1, out, err: error.message }
  }
  return { code, out, err }
}

test('graph prints every format, and text where none is named', async () => {
  const starts = {
    text: /^Test: the specs\nIt shows 1 component, 2 connections and no clients\.\n/,
    json: /^\{\n {2}"formatVersion": 1,/,
    mermaid: /^flowchart LR\n/,
    dot: /^digraph "Test: the specs" \{\n/,
    svg: /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" /
  }
  for (const [format, start] of Object.entries(starts)) {
    assert.match((await tieline(['graph', '--format', format])).out, start)
    assert.match((await tieline(['--format', format, 'graph'])).out, start)
    assert.match((await tieline([`--format=${format}`, 'graph'])).out, start)
  }
  assert.match((await tieline(['graph'])).out, starts.text)
})

test('other commands go on refusing the formats of graph', async () => {
  assert.is((await tieline(['other', '--format', 'json'])).out, 'json')
  assert.is((await tieline(['other'])).out, 'text')
  for (const format of ['svg', 'mermaid', 'yaml']) {
    const { code, out, err } = await tieline(['other', '--format', format])
    assert.equal([code, out], [1, ''])
    assert.is(
      err,
      `error: option '--format <format>' argument '${format}' is invalid. Allowed choices are text, json.`
    )
  }
  assert.match((await tieline(['graph', '--format', 'png'])).err, 'text, json, mermaid, dot, svg.')
})

test('help names the formats of each command', async () => {
  assert.match(
    (await tieline(['graph', '--help'])).out,
    /"text",\s+"json",\s+"mermaid",\s+"dot",\s+"svg"/
  )
  assert.not.match((await tieline(['other', '--help'])).out, 'mermaid')
  assert.not.match((await tieline(['--help'])).out, 'mermaid')
})

test('graph draws a part, and tells what it does not know', async () => {
  const { out } = await tieline(['graph', '--around', 'hub', '--format', 'json'])
  const { around, connections } = JSON.parse(out)
  assert.equal([around, connections.length], ['connection/hub', 1])
  assert.match((await tieline(['graph', '--around', 'hbu'])).err, 'GRAPH_UNKNOWN')
  assert.match((await tieline(['graph', '-e', 'prod'])).err, 'GRAPH_NO_RECORD')
})

test('fmt lists what it formats, and --check fails where something would change', async () => {
  const untidy = makeScenario({
    ...keyFiles('http://127.0.0.1:9'),
    'connections/hub.yaml': 'level: administrator\nconnector: board\n'
  })
  const file = join(untidy.folder, 'connections/hub.yaml')
  assert.ok(existsSync(file))
  assert.equal(await tieline(['fmt', '--check', 'connections'], untidy), {
    code: 1,
    out: 'connections/hub.yaml\n',
    err: ''
  })
  const { out } = await tieline(['fmt', 'connections/hub.yaml', '--format', 'json'], untidy)
  assert.equal(JSON.parse(out), {
    formatVersion: 1,
    changed: ['connections/hub.yaml'],
    diagnostics: []
  })
  assert.is(readFileSync(file, 'utf8'), 'connector: board\nlevel: administrator\n')
  assert.equal(await tieline(['fmt', '--check', 'connections'], untidy), {
    code: 0,
    out: '',
    err: ''
  })
})

test('fmt fails where a file is no YAML', async () => {
  const broken = makeScenario({
    ...keyFiles('http://127.0.0.1:9'),
    'connections/hub.yaml': 'connector: [\n'
  })
  const { code, err } = await tieline(['fmt', 'connections/hub.yaml'], broken)
  assert.is(code, 1)
  assert.match(err, /YAML is not valid/)
  assert.match(err, 'connections/hub.yaml')
})

test.run()
