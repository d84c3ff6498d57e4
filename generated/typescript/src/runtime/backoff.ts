// Waiting: pauses that grow, with jitter, and that end when the caller gives up.

/** How long to wait between attempts, in milliseconds. */
export interface Backoff {
  /** The longest pause before the second attempt; it doubles with each one. */
  firstMs: number;
  /** No pause is longer. */
  mostMs: number;
}

/** For calls. */
export const CALL_BACKOFF: Backoff = { firstMs: 200, mostMs: 5_000 };

/** For connections. */
export const CONNECT_BACKOFF: Backoff = { firstMs: 500, mostMs: 30_000 };

/** The pause after this many failed attempts (1 is the first): anything up to the bound, so that clients do not come in step. */
export function pauseMs(backoff: Backoff, failed: number, random: () => number = Math.random): number {
  const bound = Math.min(backoff.mostMs, backoff.firstMs * 2 ** Math.min(failed - 1, 30));
  return Math.round(bound * (0.25 + 0.75 * random()));
}

/** Waits; ends early, with `false`, when the signal says so. */
export function sleep(ms: number, signal?: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve(false);
    const end = (whole: boolean) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      resolve(whole);
    };
    const abort = () => end(false);
    const timer = setTimeout(() => end(true), ms);
    signal?.addEventListener("abort", abort);
  });
}
