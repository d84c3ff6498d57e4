// How connections end: which ends are final, and why.

import { type Reason, catalogue } from "../../gen/errors.js";
import { ParlanceError } from "../error.js";
import type { End } from "./link.js";

/** With these the server asks for another connection; what it closes with otherwise is final. */
const PASSING: readonly string[] = ["INTERNAL", "TOKEN_EXPIRED", "UNAUTHENTICATED"];

/** Of an end that is final: why. */
export function finalError(end: End): ParlanceError | undefined {
  const reason = reasonOf(end);
  if (reason === undefined) return undefined;
  return catalogue[reason].retryable || PASSING.includes(reason) ? undefined : ended(reason, end.reason);
}

/** Whether another connection needs another token. */
export function wantsToken(end: End): boolean {
  const reason = reasonOf(end);
  return reason === "TOKEN_EXPIRED" || reason === "UNAUTHENTICATED";
}

/** The error that a page is told. */
export function ended(reason: Reason, message: string): ParlanceError {
  return new ParlanceError("the connection", reason, message);
}

/** The reason of the catalogue with which the server has closed. */
function reasonOf({ code, reason }: End): Reason | undefined {
  const named = Object.hasOwn(catalogue, reason) ? (reason as Reason) : undefined;
  if (named !== undefined && catalogue[named].close === code) return named;
  return (Object.keys(catalogue) as Reason[]).find((each) => catalogue[each].close === code && code !== 0);
}
