// timeout: 300s
/**
 * Random lives of a workspace against a small model of the rules. For longer runs: LIFE_RUNS sequences of LIFE_STEPS commands each,
 * from LIFE_SEED on, or the one at LIFE_PATH; LIFE_SHRINK=1 looks for a short sequence that fails as well; LIFE_STATS=1 tells how often what took effect.
 */
import fc from 'fast-check'
import { test } from 'uvu'
import { aCommand, begin, type LifeCommand } from '../support/life-commands.ts'
import { type Cut, installCut } from '../support/life-crash.ts'
import { startLifeService } from '../support/life-workspace.ts'

const {
  LIFE_RUNS = '2',
  LIFE_STEPS = '200',
  LIFE_SEED,
  LIFE_PATH,
  LIFE_SHRINK,
  LIFE_STATS
} = process.env

let service: Awaited<ReturnType<typeof startLifeService>>
let cut: Cut
const stats = new Map<string, number>()
test.before(async () => {
  service = await startLifeService()
  cut = installCut()
})
test.after(async () => {
  cut.restore()
  await service.close()
  if (LIFE_STATS !== undefined) {
    for (const [what, times] of [...stats].sort())
      console.log(`${String(times).padStart(6)} ${what}`)
  }
})

async function live(commands: readonly LifeCommand[]): Promise<void> {
  await fc.asyncModelRun(() => begin(service.origin, cut, stats), commands)
}

/** Leaves out whatever can be left out. */
async function shorten(commands: readonly LifeCommand[]): Promise<unknown> {
  let [left, last]: [readonly LifeCommand[], unknown] = [commands, null]
  for (
    let size = Math.ceil(left.length / 2);
    size >= 1;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let start = 0; start < left.length; ) {
      const shorter = [...left.slice(0, start), ...left.slice(start + size)]
      const error = await live(shorter).then(
        () => null,
        (thrown: unknown) => thrown
      )
      if (error === null) start += size
      else [left, last] = [shorter, error]
    }
  }
  return last
}

test('whatever is edited, published, deployed, upgraded, taken back, renamed and cut off, the rules hold', async () => {
  const steps = Number(LIFE_STEPS)
  let failure: unknown = null
  const { failed, seed, counterexamplePath } = await fc.check(
    fc.asyncProperty(
      fc.array(aCommand, { minLength: steps, maxLength: steps, size: 'max' }),
      async commands => {
        try {
          await live(commands)
        } catch (error) {
          failure = LIFE_SHRINK === undefined ? error : ((await shorten(commands)) ?? error)
          throw failure
        }
      }
    ),
    {
      numRuns: Number(LIFE_RUNS),
      endOnFailure: true,
      ...(LIFE_SEED === undefined ? {} : { seed: Number(LIFE_SEED) }),
      ...(LIFE_PATH === undefined ? {} : { path: LIFE_PATH })
    }
  )
  // What was run says more than the numbers that it was made of.
  if (!failed) return
  const { message } = failure instanceof Error ? failure : new Error(String(failure))
  throw new Error(`LIFE_SEED=${seed} LIFE_PATH=${counterexamplePath}: ${message}`, {
    cause: failure
  })
})

test.run()
