// The connection that survives: it comes back by itself, with everything that was missed, and nothing of what was sent is lost.

import type { FrameCalls } from "../../gen/frames.js";
import type {
  Content,
  ConversationId,
  Message,
  Ready,
  Resumed,
  SendMessageRequest,
  ServerFrame,
  Stored,
  UserId,
} from "../../gen/messages.js";
import { type Backoff, CONNECT_BACKOFF, pauseMs, sleep } from "../backoff.js";
import { Call, type ParlanceError, type Result } from "../error.js";
import { Emitter } from "../events.js";
import type { CallOptions } from "../http.js";
import { uuidv7 } from "../uuid.js";
import { Calls, type FrameCall } from "./calls.js";
import { CatchUp, type Sources } from "./catchup.js";
import { ended, finalError, wantsToken } from "./end.js";
import { Frames } from "./frames.js";
import { type End, Link, type SocketConstructor } from "./link.js";
import { Order } from "./order.js";
import type { Outgoing } from "./outbox.js";
import { Pulse } from "./pulse.js";
import { Sending } from "./sending.js";
import type { SocketContext, SocketEvents, SocketOptions, SocketState } from "./surface.js";

/** A connection that lived so long was a good one: the next pause is a short one. */
const GOOD_MS = 10_000;

/** A connection to the server, as long as the page wants one. */
export class ParlanceSocket extends Emitter<SocketEvents> {
  /** Every frame of the server as it comes. The events of the connection itself are what most pages want: each message once, in order. */
  readonly frames = new Frames();
  readonly #context: SocketContext;
  readonly #make: SocketConstructor;
  readonly #backoff: Backoff;
  readonly #sending: Sending;
  readonly #order: Order;
  readonly #catchUp: CatchUp;
  readonly #calls: Calls;
  readonly #closing = new AbortController();
  #opened: (() => void)[] = [];
  #link: Link | undefined;
  #ready: Ready | undefined;
  #state: SocketState = "connecting";
  #hurry = new AbortController();
  #goAwayMs: number | undefined;
  #clockMs = 0;

  constructor(context: SocketContext, options: SocketOptions = {}) {
    super();
    this.#context = context;
    this.#make = options.webSocket ?? platformSocket();
    this.#backoff = options.backoff ?? CONNECT_BACKOFF;
    this.#order = new Order(
      (message) => this.emit("message", message),
      (id) => this.#link && void this.#catchUp.fill(id as ConversationId, this.#link.signal),
    );
    for (const [id, sequence] of Object.entries(options.positions ?? {})) this.#order.begin(id, BigInt(sequence));
    const send = (frame: object) => this.#link?.send(JSON.stringify(frame)) ?? false;
    this.#calls = new Calls({ open: (signal) => this.#whenOpen(signal), send });
    const tell = (message: Outgoing) => this.emit("outgoing", message);
    const way = { open: () => this.#link !== undefined, id: () => this.#calls.id(), send, tell };
    this.#sending = new Sending(way, this.#backoff, options.unsent ?? []);
    const resume: Sources["resume"] = async (positions, signal) => {
      // of any length: only the end of the connection ends the wait
      const result = await this.#calls.attempt("resume", { positions }, { signal, timeoutMs: 2 ** 30 });
      return result as Result<Resumed, ParlanceError>;
    };
    const gone = (id: ConversationId) => {
      this.#order.forget(id);
      this.emit("gone", id);
    };
    this.#catchUp = new CatchUp(this.#order, { ...context.sources, resume, gone }, this.#backoff);
    void this.#run();
  }

  /** Where the connection stands. */
  get state(): SocketState {
    return this.#state;
  }

  /** Whose connection it is, once it was open. */
  get userId(): UserId | undefined {
    return this.#ready?.userId;
  }

  /** The server's clock, in milliseconds since 1970, as well as it is known. */
  now(): number {
    return Date.now() + this.#clockMs;
  }

  /**
   * Sends a message, now or as soon as there is a connection; as often as it takes, and it is there once. It arrives as a `message` event too.
   * A page that has to know the id before gives one of its own, a new one for each message: a version 7 UUID.
   */
  send(conversationId: ConversationId, content: Content, clientMessageId = uuidv7(this.now())): Outgoing {
    return this.#sending.take({ conversationId, clientMessageId, content });
  }

  /** Sends text. */
  sendText(conversationId: ConversationId, body: string): Outgoing {
    return this.send(conversationId, { text: { body } });
  }

  /** Asks by frame: no new request to set up, and the same answers and errors as by REST. */
  call<Name extends FrameCall>(
    name: Name,
    request: FrameCalls[Name]["request"],
    options: CallOptions = {},
  ): Call<FrameCalls[Name]["answer"], FrameCalls[Name]["error"]> {
    const result = this.#calls.run(name, request, options, this.#backoff);
    return new Call(result as Promise<Result<FrameCalls[Name]["answer"], FrameCalls[Name]["error"]>>);
  }

  /** Messages that are not stored yet: a page that keeps them can go on later, with the option `unsent`. */
  unsent(): SendMessageRequest[] {
    return this.#sending.unsent();
  }

  /** Up to where each conversation has been told: a page that keeps this can go on later, with the option `positions`. */
  positions(): Record<string, string> {
    return Object.fromEntries([...this.#order.positions()].map(([id, sequence]) => [id, `${sequence}`]));
  }

  /** Does not wait any longer for the next attempt, e.g. because the network is back. */
  hurry(): void {
    this.#hurry.abort();
  }

  /** Ends the connection for good. What was not sent stays in {@link unsent}. */
  close(): void {
    this.#closing.abort();
    this.#link?.close(1000, "");
    this.#calls.lost("CANCELLED");
    this.#hurry.abort();
    this.#enter("closed");
  }

  async #run(): Promise<void> {
    const online = () => this.hurry();
    const page = globalThis as { addEventListener?: Listen; removeEventListener?: Listen };
    page.addEventListener?.("online", online);
    const error = await this.#connectAgain();
    page.removeEventListener?.("online", online);
    this.#closing.abort();
    this.#calls.lost("CANCELLED");
    this.#enter("closed");
    if (error) this.emit("ended", error);
  }

  /** Connects until that makes no sense any more. Why, unless the page has closed it. */
  async #connectAgain(): Promise<ParlanceError | undefined> {
    for (let failed = 0; !this.#closing.signal.aborted;) {
      const token = this.#context.session.access();
      if (token === undefined) return ended("UNAUTHENTICATED", "nobody is logged in");
      this.#enter("connecting");
      const begun = Date.now();
      const { end, wasOpen } = await this.#connect(token);
      if (this.#isClosing()) return undefined;
      this.#enter("waiting");
      const final = wasOpen ? finalError(end) : await this.#context.probe();
      if (final) return final;
      if (wasOpen && wantsToken(end)) await this.#context.session.refresh(token);
      failed = wasOpen && Date.now() - begun > GOOD_MS ? 1 : failed + 1;
      await this.#pause(this.#goAwayMs ?? pauseMs(this.#backoff, failed));
    }
    return undefined;
  }

  async #pause(ms: number): Promise<void> {
    this.#goAwayMs = undefined;
    this.#hurry = new AbortController();
    if (this.#isClosing()) return;
    await sleep(ms, this.#hurry.signal);
  }

  /** One connection from its beginning to its end. */
  #connect(token: string): Promise<{ end: End; wasOpen: boolean }> {
    return new Promise((resolve) => {
      let pulse: Pulse | undefined;
      const onEnd = (end: End) => {
        const wasOpen = pulse !== undefined;
        pulse?.stop();
        this.#link = undefined;
        this.#sending.end();
        this.#calls.lost("NO_ANSWER");
        resolve({ end, wasOpen });
      };
      const onFrame = (frame: ServerFrame) => {
        if (frame.ready) {
          const beats = { ping: () => this.#calls.attempt("ping", {}), renew: () => this.#renew() };
          pulse = new Pulse(link, frame.ready, beats);
          this.#begin(link, frame.ready);
        } else {
          this.#take(frame);
        }
        this.frames.told(frame);
      };
      const link = new Link(this.#make, this.#context.url, token, onFrame, onEnd);
    });
  }

  /** The server is there. */
  #begin(link: Link, ready: Ready): void {
    this.#link = link;
    this.#ready = ready;
    link.maxBytes = ready.maxFrameBytes;
    if (ready.serverTime !== undefined) this.#clockMs = Date.parse(ready.serverTime) - Date.now();
    this.#enter("open");
    for (const opened of this.#opened.splice(0)) opened();
    this.#sending.begin();
    void this.#catchUp.run(link.signal).then((conversations) => conversations && this.emit("synced", conversations));
  }

  #take(frame: ServerFrame): void {
    if (frame.message) {
      this.#arrived(frame.message);
    } else if (frame.stored) {
      this.#stored(frame.stored);
    } else if (this.#sending.answered(frame) || this.#calls.answered(frame.requestId, frame)) {
      return;
    } else if (frame.readMoved) {
      this.emit("readMoved", frame.readMoved);
    } else if (frame.conversationChanged) {
      const { conversationId, change } = frame.conversationChanged;
      if (change === "CONVERSATION_CHANGE_LEFT") this.#order.forget(conversationId);
      this.emit("conversationChanged", frame.conversationChanged);
    } else if (frame.goAway) {
      this.#goAwayMs = frame.goAway.reconnectAfterMs;
    } else if (frame.error) {
      this.emit("problem", frame.error);
    }
  }

  #stored(stored: Stored): void {
    const senderId = this.#ready?.userId;
    const message = senderId === undefined ? undefined : this.#sending.message(stored, senderId);
    // without the content of what was stored, the message is read like any that is missing
    if (message) this.#arrived(message);
  }

  #arrived(message: Message): void {
    const tell = message.senderId === this.#ready?.userId ? this.#sending.stored(message) : undefined;
    this.#order.take(message);
    tell?.();
  }

  /** Puts a new token in the place of the one that is about to expire. When that one expires, or nothing if it did not work. */
  async #renew(): Promise<string | undefined> {
    const { session } = this.#context;
    const accessToken = await session.refresh(session.access() ?? "");
    if (accessToken === undefined) return undefined;
    const result = await this.#calls.attempt("renew", { accessToken });
    return result.ok ? (result.value as { tokenExpiresAt?: string }).tokenExpiresAt : undefined;
  }

  #whenOpen(signal: AbortSignal): Promise<boolean> {
    if (this.#link) return Promise.resolve(true);
    if (signal.aborted || this.#closing.signal.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#opened.push(() => resolve(true));
      signal.addEventListener("abort", () => resolve(false));
      this.#closing.signal.addEventListener("abort", () => resolve(false));
    });
  }

  #isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  #enter(state: SocketState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.emit("state", state);
  }
}

type Listen = (type: string, listener: () => void) => void;

function platformSocket(): SocketConstructor {
  const { WebSocket: found } = globalThis as { WebSocket?: SocketConstructor };
  if (found) return found;
  throw new TypeError("there is no WebSocket here: give one with the option `webSocket` (Node 20: run it with --experimental-websocket)");
}
