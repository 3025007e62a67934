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

/** Runs a step that speaks with a person, who is told right away how it ended. */
export async function toldStep<T>(
  { err, errStyle: { green, red, symbols }, interactive }: Terminal,
  what: string,
  work: () => Promise<T>
): Promise<T> {
  const tell = (line: string): void => {
    if (interactive) err(`${line}\n\n`)
  }
  try {
    const result = await work()
    tell(`${green(symbols.done)} ${what}`)
    return result
  } catch (error) {
    tell(`${red(symbols.failed)} ${what}`)
    throw error
  }
}
