// Refusals that the client foresees, in the words of the catalogue.

import { type Reason, catalogue } from "../../gen/errors.js";
import type { ProblemLike } from "../error.js";

/** What the server would say. */
export function catalogued(reason: Reason, message: string): ProblemLike {
  const { code, retryable, advice } = catalogue[reason];
  return { reason, code, message, retryable, advice, violations: [], retryAfterMs: "0" };
}
