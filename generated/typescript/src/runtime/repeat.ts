// Trying again: only what may be repeated, only for reasons that may pass, as often as the schema says.

import { type Backoff, pauseMs, sleep } from "./backoff.js";
import type { ParlanceError, Result } from "./error.js";

/** What repeating a request does. */
export type Effect =
  /** It changes nothing. */
  | "READ"
  /** Twice leaves what once leaves. */
  | "REPEATABLE"
  /** Repeated safely only with the same key. */
  | "KEYED";

/** How often to try. */
export interface Policy<Failure> {
  /** In all; 1 is never again. */
  attempts: number;
  backoff: Backoff;
  signal: AbortSignal | undefined;
  mayRepeat: (failure: Failure) => boolean;
}

/** Nobody waits longer than this for another attempt; the caller gets the error, which says how long it would be. */
const LONGEST_WAIT_MS = 20_000;

/** Tries until there is an answer, an error that will not pass, or no attempt left. */
export async function repeat<Answer, Failure extends ParlanceError>(
  policy: Policy<Failure>,
  attempt: () => Promise<Result<Answer, Failure>>,
): Promise<Result<Answer, Failure>> {
  for (let tries = 1; ; tries += 1) {
    const result = await attempt();
    if (result.ok || tries >= policy.attempts || !policy.mayRepeat(result.error)) return result;
    const pause = Math.max(pauseMs(policy.backoff, tries), result.error.retryAfterMs);
    if (pause > LONGEST_WAIT_MS || !(await sleep(pause, policy.signal))) return result;
  }
}
