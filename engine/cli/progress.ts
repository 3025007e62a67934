import type { Terminal } from './terminal.ts'

/** Runs one step and shows how it goes: drawn live in a terminal, nothing in a pipe, where the outcome is reported at the end. */
export async function shownStep<T>(
  terminal: Terminal,
  what: string,
  work: () => Promise<T>
): Promise<T> {
  if (!terminal.isTTY || terminal.quiet) return work()
  const { Listr } = await import('listr2')
  const result: T[] = []
  const tasks = new Listr(
    [
      {
        title: what,
        task: async () => {
          result.push(await work())
        }
      }
    ],
    // Our own handler finishes the step and saves; listr2's would end the process at once.
    {
      registerSignalListeners: false,
      rendererOptions: { collapseErrors: true, showErrorMessage: false }
    }
  )
  await tasks.run()
  return result[0] as T
}
