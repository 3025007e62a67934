import { type Command, InvalidArgumentError } from 'commander'
import type { ExportFlags } from './command-export.ts'
import type { ImportFlags } from './command-import.ts'
import type { ProgramTools } from './program-run-time.ts'

/** The commands that hand an app on, and take one over. */
export function addBundleCommands(program: Command, { addCommand, run }: ProgramTools): void {
  addCommand(
    program,
    'export',
    'write a published version to a file that another workspace can import',
    'tieline export --out field-service.json --version 3'
  )
    .requiredOption('--out <file>', 'the file to write')
    .option('--version <n>', 'the version to export (else the newest)', parseVersion)
    .option('--force', 'replace the file if it is there')
    .action((flags: ExportFlags, command: Command) =>
      run(command, async context =>
        (await import('./command-export.ts')).exportCommand(context, flags)
      )
    )

  addCommand(
    program,
    'import',
    'bring in the connections and components of another app',
    'tieline import field-service.json --dry-run'
  )
    .argument('<file>', 'what export wrote, or an application export of Zoho Creator (.ds)')
    .option('--dry-run', 'show every file that would be written, and write none')
    .action((file: string, flags: ImportFlags, command: Command) =>
      run(command, async context =>
        (await import('./command-import.ts')).importCommand(context, file, flags)
      )
    )
}

function parseVersion(value: string): number {
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value)
  throw new InvalidArgumentError('It is a number from 1.')
}
