// Who is logged in: tokens, kept where the page wants them, refreshed once however many ask.

import type { Tokens } from "../gen/messages.js";
import type { TokenSource } from "./http.js";
import type { ParlanceError, Result } from "./error.js";

/** Keeps tokens while the page is closed, for all tabs of a browser. */
export interface TokenStore {
  load(): Tokens | undefined;
  /** `undefined` after logging out. */
  save(tokens: Tokens | undefined): void;
}

/** Keeps tokens as long as the page is open. */
export function memoryStore(tokens?: Tokens): TokenStore {
  let kept = tokens;
  return {
    load: () => kept,
    save: (changed) => {
      kept = changed;
    },
  };
}

/** Keeps tokens in the browser. Tabs share them. */
export function localStore(key = "parlance.tokens"): TokenStore {
  return {
    load: () => {
      const text = localStorage.getItem(key);
      return text === null ? undefined : (JSON.parse(text) as Tokens);
    },
    save: (tokens) => {
      if (tokens) localStorage.setItem(key, JSON.stringify(tokens));
      else localStorage.removeItem(key);
    },
  };
}

type Refresh = (refreshToken: string) => Promise<Result<{ tokens?: Tokens }, ParlanceError>>;

/** The tokens of one device. */
export class Session implements TokenSource {
  readonly #store: TokenStore;
  readonly #refresh: Refresh;
  readonly #ended = new Set<(error: ParlanceError) => void>();
  #under: Promise<string | undefined> | undefined;

  constructor(store: TokenStore, refresh: Refresh) {
    this.#store = store;
    this.#refresh = refresh;
  }

  /** What there is. */
  get tokens(): Tokens | undefined {
    return this.#store.load();
  }

  /** After registering or logging in; `undefined` after logging out. */
  set(tokens: Tokens | undefined): void {
    this.#store.save(tokens);
  }

  /** Has a function called when the server ends the session. */
  onEnded(listener: (error: ParlanceError) => void): () => void {
    this.#ended.add(listener);
    return () => this.#ended.delete(listener);
  }

  access(): string | undefined {
    return this.tokens?.accessToken;
  }

  /** A refresh token works once: whoever comes while one is under way gets the same answer, in other tabs too. */
  refresh(stale: string): Promise<string | undefined> {
    this.#under ??= alone(() => this.#renew(stale)).finally(() => {
      this.#under = undefined;
    });
    return this.#under;
  }

  async #renew(stale: string): Promise<string | undefined> {
    const kept = this.tokens;
    if (kept?.accessToken !== stale) return kept?.accessToken;
    const result = await this.#refresh(kept.refreshToken);
    if (result.ok) {
      this.set(result.value.tokens);
      return result.value.tokens?.accessToken;
    }
    // a server in trouble does not log anybody out
    if (result.error.problem?.code === "UNAUTHENTICATED") {
      this.set(undefined);
      for (const listener of this.#ended) listener(result.error);
    }
    return undefined;
  }
}

/** Runs one at a time among all tabs, where the platform can do that. */
function alone<T>(work: () => Promise<T>): Promise<T> {
  const locks = (globalThis as { navigator?: { locks?: Locks } }).navigator?.locks;
  return locks ? locks.request("parlance.refresh", work) : work();
}

interface Locks {
  request<T>(name: string, work: () => Promise<T>): Promise<T>;
}
