// Requests and their answers over one WebSocket.

import { type ClientFrame, type ServerFrame } from "../../gen/messages.js";
import { type FrameCalls, frameCalls } from "../../gen/frames.js";
import { type Backoff } from "../backoff.js";
import { type LocalReason, ParlanceError, type Result, failure, invalid } from "../error.js";
import type { CallOptions } from "../http.js";
import { repeat } from "../repeat.js";
import { violations } from "../validate.js";
import { catalogued } from "./refusal.js";

/** The frames that a client may ask something with, except messages, which the outbox sends. */
export type FrameCall = Exclude<keyof FrameCalls, "send">;

type Answer = Result<unknown, ParlanceError>;

interface Pending {
  name: FrameCall;
  settle: (answer: Answer) => void;
}

/** Sends a frame on the connection that there is, when there is one. */
export interface Carrier {
  /** Resolved when frames can be sent; `false` if the signal ends the wait. */
  open(signal: AbortSignal): Promise<boolean>;
  /** `false` if the frame is too large. */
  send(frame: ClientFrame): boolean;
}

/** Calls under way. */
export class Calls {
  readonly #pending = new Map<string, Pending>();
  readonly #carrier: Carrier;
  #last = 0n;

  constructor(carrier: Carrier) {
    this.#carrier = carrier;
  }

  /** A number that no other frame of this client has. */
  id(): `${bigint}` {
    this.#last += 1n;
    return `${this.#last}`;
  }

  /** Calls, again where that is allowed. */
  async run(name: FrameCall, request: object, options: CallOptions, backoff: Backoff): Promise<Answer> {
    const table = frameCalls[name];
    const broken = violations(table.request, request);
    if (broken.length > 0) return { ok: false, error: failure(table.name, table.reasons, invalid(broken)) };
    const policy = {
      attempts: options.attempts ?? table.attempts,
      backoff,
      signal: options.signal,
      // a frame carries no key: what needs one is repeated only if the server has not begun with it
      mayRepeat: (error: ParlanceError) => error.retryable && (table.effect !== "KEYED" || error.reason === "RATE_LIMITED"),
    };
    return repeat(policy, () => this.attempt(name, request, options));
  }

  /** One attempt, which begins when there is a connection. */
  async attempt(name: FrameCall, request: object, options: CallOptions = {}): Promise<Answer> {
    const table = frameCalls[name];
    const timeoutMs = options.timeoutMs ?? table.timeoutMs;
    const controller = new AbortController();
    const abort = () => controller.abort();
    const timer = setTimeout(abort, timeoutMs);
    options.signal?.addEventListener("abort", abort);
    if (options.signal?.aborted) abort();
    const requestId = this.id();
    try {
      if (!(await this.#carrier.open(controller.signal))) return this.#lost(name, options.signal, timeoutMs);
      return await new Promise<Answer>((resolve) => {
        controller.signal.addEventListener("abort", () => resolve(this.#lost(name, options.signal, timeoutMs)));
        this.#pending.set(requestId, { name, settle: resolve });
        // the name of a frame is a field of the union: TypeScript does not see that they go together
        const sent = this.#carrier.send({ requestId, [name]: request } as unknown as ClientFrame);
        if (!sent)
          resolve({
            ok: false,
            error: failure(table.name, table.reasons, catalogued("TOO_LARGE", "the frame is larger than the server takes")),
          });
      });
    } finally {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", abort);
      this.#pending.delete(requestId);
    }
  }

  /** An answer has arrived. `false` if nobody has asked. */
  answered(requestId: string, frame: ServerFrame): boolean {
    const pending = this.#pending.get(requestId);
    if (!pending) return false;
    const table = frameCalls[pending.name];
    if (frame.error) {
      pending.settle({ ok: false, error: failure(table.name, table.reasons, frame.error) });
    } else {
      pending.settle({ ok: true, value: (frame as unknown as Record<string, unknown>)[table.reply] });
    }
    return true;
  }

  /** The connection is gone: what was asked on it will not be answered. */
  lost(reason: LocalReason): void {
    for (const { name, settle } of this.#pending.values()) {
      settle({ ok: false, error: new ParlanceError(frameCalls[name].name, reason, "the connection ended") });
    }
  }

  #lost(name: FrameCall, signal: AbortSignal | undefined, timeoutMs: number): Answer {
    const error = signal?.aborted
      ? new ParlanceError(frameCalls[name].name, "CANCELLED", "the caller gave up")
      : new ParlanceError(frameCalls[name].name, "NO_ANSWER", `no answer within ${timeoutMs} ms`);
    return { ok: false, error };
  }
}
