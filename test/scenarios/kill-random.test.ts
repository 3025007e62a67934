// timeout: 300s
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { age, argumentsOf, assertTidy, killed, life, redo, serving } from '../support/kill-story.ts'
import { programFile } from '../support/scenario-program.ts'
import { keyFiles, makeScenario, outcomeOf, startTieline } from '../support/scenario-workspace.ts'

/** So many kills for each command of the life above. */
const killsPerCommand = 5

test('kills at random instants, more than fifty, change nothing in the end', () =>
  serving(async service => {
    const undisturbed = makeScenario(keyFiles(service.origin))
    for (const chapter of life) {
      chapter.edit?.(undisturbed)
      await redo(undisturbed, chapter)
    }
    await undisturbed.apply('dev')
    const scenario = makeScenario(keyFiles(service.origin))
    const kills: string[] = []
    // How long a command takes here and now.
    let usual = 300
    for (const chapter of life) {
      chapter.edit?.(scenario)
      for (let tries = 0, own = 0; own < killsPerCommand && tries < 15; tries++) {
        const began = performance.now()
        const running = startTieline(scenario, programFile(), argumentsOf(chapter))
        const instant = usual * (0.4 + 0.7 * Math.random())
        const timer = setTimeout(() => running.child.kill('SIGKILL'), instant)
        const { code, stderr } = await running.ends
        clearTimeout(timer)
        if (code === killed) {
          own += 1
          kills.push(`${argumentsOf(chapter).join(' ')} at ${Math.round(instant)} ms`)
        } else {
          assert.is(code, 0, `${stderr} after ${kills.join(', ')}`)
          usual = performance.now() - began
        }
        age(scenario)
      }
      await redo(scenario, chapter)
    }
    await scenario.apply('dev')
    assert.ok(kills.length >= 50, `only ${kills.length} kills`)
    assert.equal(await outcomeOf(scenario), await outcomeOf(undisturbed), kills.join(', '))
    await assertTidy(scenario, `after ${kills.join(', ')}`)
  }))

test.run()
