// What a call comes to: an answer, or an error whose reason is one of those that the call may give.

import type { Violation } from "./validate.js";

/** Reasons that only a client knows. */
export type LocalReason =
  /** No answer came: no connection, or it took too long. Whether the request was carried out is not known. */
  | "NO_ANSWER"
  /** The caller gave up, by its signal or by closing the client. */
  | "CANCELLED"
  /** The server gave a reason that this client does not know for this call; `problem.reason` has it. */
  | "UNEXPECTED";

/** The body of a REST answer that is not 2xx, as far as this runtime looks at it. */
export interface ProblemLike {
  reason: string;
  code: string;
  message: string;
  retryable: boolean;
  advice: string;
  violations: Violation[];
  retryAfterMs: string;
}

/** Why a call failed. `switch (error.reason)` knows all reasons that are possible. */
export class ParlanceError<Reason extends string = string> extends Error {
  override readonly name = "ParlanceError";
  /** A reason of the catalogue that this call may give, or one that only a client knows. */
  readonly reason: Reason;
  /** What the server said; missing if no server said anything. */
  readonly problem: ProblemLike | undefined;
  /** The call's full name in the schema. */
  readonly method: string;

  constructor(method: string, reason: Reason, message: string, problem?: ProblemLike, cause?: unknown) {
    super(`${method}: ${reason}${message === "" ? "" : `: ${message}`}`, cause === undefined ? undefined : { cause });
    this.reason = reason;
    this.method = method;
    this.problem = problem;
  }

  /** Every rule that the request breaks; with `INVALID_ARGUMENT`. */
  get violations(): readonly Violation[] {
    return this.problem?.violations ?? [];
  }

  /** Whether the very same request may succeed later. */
  get retryable(): boolean {
    return this.problem ? this.problem.retryable : this.reason === "NO_ANSWER";
  }

  /** How long to wait before trying again, in milliseconds; 0 if nothing is known. */
  get retryAfterMs(): number {
    return Number(this.problem?.retryAfterMs ?? 0);
  }
}

/** An error that has one of these reasons; as a union, so that `switch` narrows it. */
export type CallError<Reason extends string> = Reason extends string ? ParlanceError<Reason> : never;

/** An answer or an error. */
export type Result<Answer, Failure> =
  | { readonly ok: true; readonly value: Answer; readonly error?: never }
  | { readonly ok: false; readonly error: Failure; readonly value?: never };

/**
 * A call under way. `await call` gives the answer or throws the error; `await call.result()` gives either without throwing, and there
 * TypeScript knows the reasons.
 */
export class Call<Answer, Failure extends ParlanceError> implements PromiseLike<Answer> {
  readonly #result: Promise<Result<Answer, Failure>>;

  constructor(result: Promise<Result<Answer, Failure>>) {
    this.#result = result;
  }

  /** The answer or the error. */
  result(): Promise<Result<Answer, Failure>> {
    return this.#result;
  }

  /** The answer, as a promise that is rejected with the error. */
  answer(): Promise<Answer> {
    return this.#result.then((result) => {
      if (result.ok) return result.value;
      throw result.error;
    });
  }

  then<A = Answer, B = never>(
    onfulfilled?: ((value: Answer) => A | PromiseLike<A>) | null,
    onrejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.answer().then(onfulfilled, onrejected);
  }

  catch<B>(onrejected: (error: unknown) => B | PromiseLike<B>): Promise<Answer | B> {
    return this.answer().catch(onrejected);
  }

  finally(onfinally: () => void): Promise<Answer> {
    return this.answer().finally(onfinally);
  }
}

/** Gives the error one of the reasons that the call may give. */
export function failure<Reason extends string>(
  method: string,
  reasons: readonly Reason[],
  problem: ProblemLike,
): ParlanceError<Reason | "UNEXPECTED"> {
  const known = reasons.find((reason) => reason === problem.reason);
  const message = known === undefined ? `${problem.reason}: ${problem.message}` : problem.message;
  return new ParlanceError(method, known ?? "UNEXPECTED", message, problem);
}

/** What a server would have said of a request that breaks rules. */
export function invalid(broken: Violation[]): ProblemLike {
  return {
    reason: "INVALID_ARGUMENT",
    code: "INVALID_ARGUMENT",
    message: broken.map(({ field, message }) => `${field} ${message}`).join("; "),
    retryable: false,
    advice: "Correct the fields that the violations name.",
    violations: broken,
    retryAfterMs: "0",
  };
}
