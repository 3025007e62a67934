/**
 * uvu, watched. test/run-file.mjs lets test files get this module when they import 'uvu', because uvu 0.5.6 loses
 * failures (a thrown string, a throwing hook, a forgotten run) and keeps no names of what it skips.
 * Nothing is added to what tests may write: the types stay uvu's.
 */
import { inspect, types } from 'node:util'
import * as uvu from 'uvu'

/** What run-file.mjs wants to know, and what it asks for. */
export const watch = {
  /** Only tests whose name contains one of these are run; none means all. */
  names: [],
  matched: new Set(),
  declared: 0,
  skipped: 0,
  suites: [],
  /** The errors of failed tests, in case uvu loses them while formatting. */
  failures: [],
  current: '',
  started(_name) {},
  problem(_what, _error) {}
}

export const asError = thrown =>
  thrown instanceof Error || types.isNativeError(thrown)
    ? thrown
    : new Error(`threw ${inspect(thrown)}, which is not an Error`)

export const suite = (name = '', state = {}) => watched(uvu.suite(name, state), name)
export const test = watched(uvu.suite(), '')
export const exec = () => {
  throw new Error('Tests do not call exec: test/run.mjs does that')
}

function watched(inner, label) {
  /** Since the last run(): what was declared, and what of it the filter let through. */
  const own = { label, waiting: 0, selected: 0 }
  watch.suites.push(own)

  const isWanted = name => {
    watch.declared++
    own.waiting++
    const isWanted = isSelected(name)
    if (isWanted) own.selected++
    return isWanted
  }
  const declare = add => (name, handler) => {
    if (isWanted(name)) add(name, settled(name, handler))
  }

  const outer = declare(inner)
  outer.only = (name, handler) => {
    watch.problem(`"${name}" is marked .only, which hides the other tests`)
    declare(inner.only)(name, handler)
  }
  outer.skip = (name = '') => {
    if (!isWanted(name)) return
    watch.skipped++
    if (!/\(skipped: .+\)$/.test(name)) {
      watch.problem(`"${name}" is skipped without a reason: end its name in "(skipped: why)"`)
    }
  }

  // uvu runs no test of a suite whose before hook throws, and does not say so.
  outer.before = hook => inner.before(reported('before', hook, true))
  outer.before.each = hook => inner.before.each(state => attempt(hook, state))
  // What these throw would replace the failure of the test, or of the whole suite. So it is told, but not thrown.
  outer.after = hook => inner.after(reported('after', hook, false))
  outer.after.each = hook => inner.after.each(reported('after.each', hook, false))

  outer.run = () => {
    inner.run()
    // A suite of which the filter left nothing must not run its hooks either.
    if (own.waiting > 0 && own.selected === 0) globalThis.UVU_QUEUE[0].pop()
    own.waiting = 0
    own.selected = 0
  }
  return outer
}

function isSelected(name) {
  const hits = watch.names.filter(part => name.includes(part))
  for (const part of hits) watch.matched.add(part)
  return watch.names.length === 0 || hits.length > 0
}

function settled(name, handler) {
  return async state => {
    watch.current = name
    watch.started(name)
    try {
      await attempt(handler, state)
    } catch (error) {
      watch.failures.push({ name, error })
      throw error
    } finally {
      watch.current = ''
    }
  }
}

function reported(kind, hook, stops) {
  return async state => {
    try {
      await attempt(hook, state)
    } catch (error) {
      const place = state.__test__ ? ` of "${state.__test__}"` : ''
      watch.problem(`the ${kind} hook${place} threw`, error)
      if (stops) throw error
    }
  }
}

async function attempt(callback, state) {
  try {
    await callback(state)
  } catch (thrown) {
    throw asError(thrown)
  }
}
