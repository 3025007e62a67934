import type { Command } from 'commander'
import type { ProgramTools } from './program-run-time.ts'

/** The command that looks at the set-up. */
export function addDoctorCommand(program: Command, { addCommand, run }: ProgramTools): void {
  addCommand(
    program,
    'doctor',
    'look at the set-up, and say what to do about it',
    'tieline doctor --online'
  )
    .option('--online', 'ask the services of the recorded connections for an answer as well')
    .action((flags: { readonly online?: boolean }, command: Command) =>
      run(command, async context =>
        (await import('./command-doctor.ts')).doctorCommand(context, flags)
      )
    )
}
