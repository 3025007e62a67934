import { type Command, Option } from 'commander'
import type { FmtFlags } from './command-fmt.ts'
import type { GraphFlags } from './command-graph.ts'
import { parseEnvironment } from './environment-option.ts'
import { alsoPrints, formatOf } from './formats.ts'
import type { ProgramTools } from './program-run-time.ts'

/** The commands that look at specs and put them in order: graph and fmt. */
export function addToolCommands(program: Command, tools: ProgramTools): void {
  const { addCommand, run } = tools
  const graph = addCommand(
    program,
    'graph',
    'draw connections, components and clients',
    'tieline graph --around salesforce --format svg > salesforce.svg'
  )
    .addOption(
      new Option(
        '-e, --env <env>',
        'what this environment has recorded (else what the specs say)'
      ).argParser(parseEnvironment)
    )
    .option(
      '--around <name>',
      'only what a change of this connection, component or client would touch: all that uses it, directly or through others, and what it uses itself. A link name, or connection/NAME, component/NAME, client/NAME'
    )
    .action((flags: GraphFlags, command: Command) =>
      run(command, async context =>
        (await import('./command-graph.ts')).graphCommand(context, formatOf(command), flags)
      )
    )
  alsoPrints(program, graph, ['mermaid', 'dot', 'svg'])

  addCommand(
    program,
    'fmt',
    'put specs in canonical order and layout, comments kept',
    'tieline fmt --check'
  )
    .argument('[file...]', 'specs, or folders of specs; all where left out')
    .option('--check', 'write nothing; exit with 1 if a file would change')
    .action((files: readonly string[], flags: FmtFlags, command: Command) =>
      run(command, async context =>
        (await import('./command-fmt.ts')).fmtCommand(context, files, flags)
      )
    )
}
