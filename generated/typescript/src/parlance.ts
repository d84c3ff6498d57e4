// The client: services, the session, the connection.

import { type ConversationId, type UserId } from "./gen/messages.js";
import { Services, methods } from "./gen/services.js";
import { ParlanceError } from "./runtime/error.js";
import { type FetchLike, Http, type HttpOptions } from "./runtime/http.js";
import { Session, type TokenStore, memoryStore } from "./runtime/session.js";
import { isObject } from "./runtime/table.js";
import { ParlanceSocket } from "./runtime/socket/socket.js";
import type { SocketOptions } from "./runtime/socket/surface.js";

/** What a client needs to know. */
export interface ParlanceOptions extends Omit<HttpOptions, "tokens"> {
  /** Where tokens are kept; as long as the page is open unless told otherwise. */
  store?: TokenStore;
}

/** Reasons for which the server lets nobody in, however often one tries. */
const FINAL: readonly string[] = ["UNAUTHENTICATED", "SESSION_ENDED", "ORIGIN_NOT_ALLOWED", "PERMISSION_DENIED"];

/** A client of Parlance: one user on one device. */
export class Parlance extends Services {
  /** Who is logged in. */
  readonly session: Session;
  readonly #url: string;
  readonly #fetch: FetchLike;

  constructor(options: ParlanceOptions) {
    const holder: { session?: Session } = {};
    const tokens = {
      access: () => holder.session?.access(),
      refresh: (stale: string) => holder.session?.refresh(stale) ?? Promise.resolve(undefined),
    };
    const http = new Http({ ...options, tokens });
    super(http);
    this.#url = options.url.replace(/\/+$/, "");
    this.#fetch = options.fetch ?? ((url, init) => fetch(url, init));
    this.session = new Session(options.store ?? memoryStore(), (refreshToken) => http.call(methods.refresh, { refreshToken }).result());
    holder.session = this.session;
  }

  /** Registers a user and logs this device in. */
  async signUp(request: { name: string; password: string; deviceId: string; displayName?: string }): Promise<UserId> {
    const { user, tokens } = await this.auth.register(request);
    this.session.set(tokens);
    return user?.userId ?? ("" as UserId);
  }

  /** Logs this device in. */
  async signIn(request: { name: string; password: string; deviceId: string }): Promise<UserId> {
    const { user, tokens } = await this.auth.logIn(request);
    this.session.set(tokens);
    return user?.userId ?? ("" as UserId);
  }

  /** Ends this device's session. */
  async signOut(): Promise<void> {
    await this.auth.logOut({});
    this.session.set(undefined);
  }

  /** Opens the connection over which messages come and go; it is kept until it is closed. */
  connect(options: SocketOptions = {}): ParlanceSocket {
    const context = {
      url: `${this.#url.replace(/^http/, "ws")}/v1/ws`,
      session: this.session,
      sources: {
        history: async (conversationId: ConversationId, from: bigint, limit: number, signal: AbortSignal) => {
          const request = { conversationId, fromSequence: `${from}` as const, direction: "LIST_DIRECTION_FORWARD" as const, limit };
          const result = await this.message.listMessages(request, { signal }).result();
          return result.ok ? ({ ok: true, value: result.value.messages } as const) : result;
        },
        conversations: (signal: AbortSignal) => this.conversation.listAllConversations({ pageSize: 100 }, { signal }).toArray(),
      },
      probe: () => this.#probe(),
    };
    return new ParlanceSocket(context, options);
  }

  /** A page is not told why a WebSocket was not opened; the same request without one says it. */
  async #probe(): Promise<ParlanceError | undefined> {
    const token = this.session.access();
    if (token === undefined) return new ParlanceError("the connection", "UNAUTHENTICATED", "nobody is logged in");
    const reason = await this.#ask(token);
    if (reason === "TOKEN_EXPIRED" && (await this.session.refresh(token)) !== undefined) return undefined;
    return FINAL.includes(reason) ? new ParlanceError("the connection", reason, "the server lets nobody in with this session") : undefined;
  }

  async #ask(token: string): Promise<string> {
    const signal = AbortSignal.timeout(10_000);
    const headers = { authorization: `Bearer ${token}` };
    try {
      const answer = await this.#fetch(`${this.#url}/v1/ws`, { method: "GET", headers, signal, cache: "no-store", credentials: "omit" });
      const problem: unknown = JSON.parse(await answer.text());
      return isObject(problem) ? String(problem["reason"]) : "";
    } catch {
      // not reachable, or not our server: it may be so later
      return "";
    }
  }
}
