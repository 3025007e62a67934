import type { Clock, RefreshFailure } from '../model/ports.ts'
import type { ProviderFailure } from '../oauth/provider-failure.ts'

/** A service that is down, and one that said no: perhaps somebody is about to correct a setting. */
const firstMs = { unavailable: 30_000, other: 10_000 }
const longestMs = 5 * 60_000
const leastMs = 1000

/**
 * How a renewal failed, and when the service may be asked again: as it says itself (Retry-After), else after half a minute if
 * it was not available, or ten seconds; twice as long after each further failure, up to five minutes.
 */
export function coolDown(
  failure: Pick<ProviderFailure, 'message' | 'retryAfterMs'> & {
    readonly kind: RefreshFailure['kind']
  },
  last: RefreshFailure | null,
  clock: Clock
): RefreshFailure {
  const { kind, message, retryAfterMs } = failure
  const times = (last?.times ?? 0) + 1
  const first = kind === 'try-again' ? firstMs.unavailable : firstMs.other
  const usual = Math.min(first * 2 ** Math.min(times - 1, 10), longestMs)
  const pause = retryAfterMs === null ? usual : Math.max(retryAfterMs, leastMs)
  return { kind, message, times, until: new Date(clock.now().getTime() + pause).toISOString() }
}
