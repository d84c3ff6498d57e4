// Calls over HTTP: a request becomes path, query and body as the schema says; the token is put in and refreshed; what may be repeated is.

import { type Backoff, CALL_BACKOFF } from "./backoff.js";
import { Call, type CallError, type LocalReason, ParlanceError, type ProblemLike, type Result, failure, invalid } from "./error.js";
import { type Effect, repeat } from "./repeat.js";
import { type Json, type MessageTable, complete, isObject } from "./table.js";
import { uuidv7 } from "./uuid.js";
import { violations } from "./validate.js";

/** What the schema says of a method. */
export interface MethodTable<Request, Response, Reason extends string> {
  /** Full name, e.g. `parlance.v1.MessageService.SendMessage`. */
  readonly name: string;
  readonly verb: string;
  /** With fields of the request in braces, by their names in JSON. */
  readonly path: string;
  /** `*` for the request without what the path binds, the name of a field, or nothing. */
  readonly body: string;
  /** Fields that go into the query, by their paths in JSON. */
  readonly query: readonly string[];
  /** Whether it is called without a token. */
  readonly open: boolean;
  readonly effect: Effect;
  /** For one attempt. */
  readonly timeoutMs: number;
  /** In all. */
  readonly attempts: number;
  readonly reasons: readonly Reason[];
  readonly request: MessageTable;
  readonly response: MessageTable;
  /** Never set: carries the types. */
  readonly types?: (request: Request) => Response;
}

/** What a caller may want otherwise than the schema says. */
export interface CallOptions {
  /** Gives the call up: its error is `CANCELLED`. */
  signal?: AbortSignal;
  /** How long one attempt may take, in milliseconds. */
  timeoutMs?: number;
  /** How often to try in all; 1 is never again. */
  attempts?: number;
  /** For calls that are repeated safely only with a key: one that outlives this page. Made anew for each call if missing. */
  idempotencyKey?: string;
}

/** Where access tokens come from. */
export interface TokenSource {
  /** The token to use; nothing while logged out. */
  access(): string | undefined;
  /** A newer one than `stale`, or nothing if there is none to be had now. */
  refresh(stale: string): Promise<string | undefined>;
}

/** The part of `fetch` that is used. */
export type FetchLike = (
  url: string,
  init: { method: string; headers: Record<string, string>; body?: string; signal: AbortSignal; cache: "no-store"; credentials: "omit" },
) => Promise<{ readonly status: number; text(): Promise<string> }>;

/** How calls are made. */
export interface HttpOptions {
  /** Where the server is, e.g. `https://chat.example.com`. */
  url: string;
  tokens: TokenSource;
  fetch?: FetchLike;
  backoff?: Backoff;
  /** Whether to check requests before they are sent, which saves the way to the server; on unless told otherwise. */
  validate?: boolean;
}

/** Errors that a call may end with. */
export type ErrorOf<Reason extends string> = CallError<Reason | LocalReason>;

/** Makes calls. */
export class Http {
  readonly #options: HttpOptions;
  readonly #fetch: FetchLike;
  readonly #url: string;

  constructor(options: HttpOptions) {
    this.#options = options;
    this.#url = options.url.replace(/\/+$/, "");
    // bound: browsers refuse a `fetch` that is called as a method of something else
    this.#fetch = options.fetch ?? ((url, init) => fetch(url, init));
  }

  /** Calls a method. */
  call<Request extends object, Response, Reason extends string>(
    method: MethodTable<Request, Response, Reason>,
    request: Request,
    options: CallOptions = {},
  ): Call<Response, ErrorOf<Reason>> {
    // each reason is one of the union's, which TypeScript cannot follow through the class
    return new Call(this.#run(method, request as Json, options) as Promise<Result<Response, ErrorOf<Reason>>>);
  }

  async #run<Request, Response, Reason extends string>(
    method: MethodTable<Request, Response, Reason>,
    request: Json,
    options: CallOptions,
  ): Promise<Result<Response, ParlanceError<Reason | LocalReason>>> {
    if (this.#options.validate ?? true) {
      const broken = violations(method.request, request);
      if (broken.length > 0) return { ok: false, error: failure(method.name, method.reasons, invalid(broken)) };
    }
    const headers: Record<string, string> = { accept: "application/json" };
    if (method.effect === "KEYED") headers["idempotency-key"] = options.idempotencyKey ?? uuidv7();
    const policy = {
      attempts: options.attempts ?? method.attempts,
      backoff: this.#options.backoff ?? CALL_BACKOFF,
      signal: options.signal,
      mayRepeat: (error: ParlanceError) => error.retryable,
    };
    return repeat(policy, () => this.#authorized(method, request, headers, options));
  }

  /** One attempt; a second one with a new token does not count. */
  async #authorized<Request, Response, Reason extends string>(
    method: MethodTable<Request, Response, Reason>,
    request: Json,
    headers: Record<string, string>,
    options: CallOptions,
  ): Promise<Result<Response, ParlanceError<Reason | LocalReason>>> {
    const token = method.open ? undefined : this.#options.tokens.access();
    const first = await this.#attempt(method, request, bearing(headers, token), options);
    if (first.ok || token === undefined || first.error.reason !== "TOKEN_EXPIRED") return first;
    const renewed = await this.#options.tokens.refresh(token);
    return renewed === undefined ? first : this.#attempt(method, request, bearing(headers, renewed), options);
  }

  async #attempt<Request, Response, Reason extends string>(
    method: MethodTable<Request, Response, Reason>,
    request: Json,
    headers: Record<string, string>,
    options: CallOptions,
  ): Promise<Result<Response, ParlanceError<Reason | LocalReason>>> {
    const { target, body } = place(method, request);
    const timeoutMs = options.timeoutMs ?? method.timeoutMs;
    const controller = new AbortController();
    const abort = () => controller.abort();
    const timer = setTimeout(abort, timeoutMs);
    options.signal?.addEventListener("abort", abort);
    try {
      if (options.signal?.aborted) controller.abort();
      const answer = await this.#fetch(this.#url + target, {
        method: method.verb,
        headers: body === undefined ? headers : { ...headers, "content-type": "application/json" },
        ...(body === undefined ? {} : { body }),
        signal: controller.signal,
        cache: "no-store",
        credentials: "omit",
      });
      return read(method, answer.status, await answer.text());
    } catch (cause) {
      const cancelled = options.signal?.aborted ?? false;
      const late = controller.signal.aborted ? `no answer within ${timeoutMs} ms` : "the server cannot be reached";
      const error = cancelled
        ? new ParlanceError(method.name, "CANCELLED" as const, "the caller gave up", undefined, cause)
        : new ParlanceError(method.name, "NO_ANSWER" as const, late, undefined, cause);
      return { ok: false, error };
    } finally {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", abort);
    }
  }
}

function bearing(headers: Record<string, string>, token: string | undefined): Record<string, string> {
  return token === undefined ? headers : { ...headers, authorization: `Bearer ${token}` };
}

function read<Request, Response, Reason extends string>(
  method: MethodTable<Request, Response, Reason>,
  status: number,
  text: string,
): Result<Response, ParlanceError<Reason | LocalReason>> {
  const value = parse(text);
  if (status >= 200 && status < 300) return { ok: true, value: complete<Response>(method.response, value) };
  return { ok: false, error: failure(method.name, method.reasons, problemOf(status, value)) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a server of ours says; or, where something in between has answered, what can be said of it. */
function problemOf(status: number, value: unknown): ProblemLike {
  const passing = [429, 502, 503, 504].includes(status);
  const unsaid = {
    reason: `HTTP_${status}`,
    code: "UNKNOWN",
    message: "",
    retryable: passing,
    advice: "",
    violations: [],
    retryAfterMs: "0",
  };
  const said = isObject(value) && typeof value["reason"] === "string" ? (value as Partial<ProblemLike>) : {};
  return { ...unsaid, ...(said.reason === undefined ? {} : { retryable: false }), ...said };
}

/** Where the parts of a request go. */
export function place(
  method: Pick<MethodTable<unknown, unknown, string>, "path" | "body" | "query">,
  request: Json,
): { target: string; body?: string } {
  const bound: string[] = [];
  const path = method.path.replace(/\{([^}]+)\}/g, (_, field: string) => {
    bound.push(field);
    return encodeURIComponent(text(at(request, field)));
  });
  const query = new URLSearchParams();
  for (const field of method.query) {
    const value = at(request, field);
    for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (item !== undefined && item !== null) query.append(field, text(item));
    }
  }
  const search = query.toString();
  const target = search === "" ? path : `${path}?${search}`;
  if (method.body === "") return { target };
  const body = method.body === "*" ? without(request, bound) : (request[method.body] ?? {});
  return { target, body: JSON.stringify(body) };
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? `${value}` : "";
}

function at(request: Json, path: string): unknown {
  return path.split(".").reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), request);
}

/** The request without what the path binds. */
function without(request: Json, paths: readonly string[]): Json {
  const left = { ...request };
  for (const path of paths) {
    const [name = "", ...rest] = path.split(".");
    const inner = left[name];
    if (rest.length === 0) delete left[name];
    else if (isObject(inner)) left[name] = without(inner, [rest.join(".")]);
  }
  return left;
}
