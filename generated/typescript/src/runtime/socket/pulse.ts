// What a connection needs from time to time: a sign of life, and a new token before the old one expires.

import type { Ready } from "../../gen/messages.js";
import type { Result } from "../error.js";
import type { Link } from "./link.js";

/** What is done. */
export interface Beats {
  /** Asks whether the server is there. */
  ping(): Promise<Result<unknown, unknown>>;
  /** When the new token expires; nothing if there is none yet. */
  renew(): Promise<string | undefined>;
}

/** A token is renewed this long before it expires, or in the middle of its life if that is shorter. */
const MARGIN_MS = 60_000;
/** After a renewal that did not work. */
const AGAIN_MS = 5_000;
/** No timer is longer. */
const LONGEST_MS = 2 ** 31 - 1;

/** The timers of one connection. */
export class Pulse {
  readonly #link: Link;
  readonly #beats: Beats;
  readonly #clockMs: number;
  readonly #pinging: ReturnType<typeof setInterval> | undefined;
  #renewal: ReturnType<typeof setTimeout> | undefined;

  constructor(link: Link, ready: Ready, beats: Beats) {
    this.#link = link;
    this.#beats = beats;
    this.#clockMs = ready.serverTime === undefined ? 0 : Date.parse(ready.serverTime) - Date.now();
    if (ready.pingIntervalMs > 0) this.#pinging = setInterval(() => void this.#ping(ready.pingIntervalMs), ready.pingIntervalMs);
    this.#renewBefore(ready.tokenExpiresAt);
  }

  /** The connection has ended. */
  stop(): void {
    clearInterval(this.#pinging);
    clearTimeout(this.#renewal);
  }

  /** The server's own pings are not seen by a page: one that hears nothing asks. */
  async #ping(interval: number): Promise<void> {
    if (Date.now() - this.#link.heardAt < interval) return;
    const answer = await this.#beats.ping();
    if (!answer.ok) this.#link.close(1006, "the server does not answer");
  }

  #renewBefore(expiresAt: string | undefined): void {
    if (expiresAt === undefined) return;
    const left = Date.parse(expiresAt) - (Date.now() + this.#clockMs);
    this.#renewIn(Math.max(left - MARGIN_MS, left / 2));
  }

  #renewIn(ms: number): void {
    this.#renewal = setTimeout(() => void this.#renew(), Math.min(Math.max(ms, 0), LONGEST_MS));
  }

  async #renew(): Promise<void> {
    const expiresAt = await this.#beats.renew();
    if (this.#link.signal.aborted) return;
    if (expiresAt === undefined) this.#renewIn(AGAIN_MS);
    else this.#renewBefore(expiresAt);
  }
}
