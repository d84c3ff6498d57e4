// The connection that survives: it comes back by itself, with everything that was missed, and nothing of what was sent is lost.

import { type Reason, catalogue } from "../../gen/errors.js";
import type { FrameCalls } from "../../gen/frames.js";
import type {
  ClientFrame,
  Content,
  Conversation,
  ConversationChanged,
  ConversationId,
  Message,
  ReadMoved,
  Ready,
  Resumed,
  SendMessageRequest,
  ServerFrame,
  Stored,
  UserId,
} from "../../gen/messages.js";
import { methods } from "../../gen/services.js";
import { type Backoff, CONNECT_BACKOFF, pauseMs, sleep } from "../backoff.js";
import { Call, ParlanceError, type ProblemLike, type Result, failure, invalid } from "../error.js";
import { Emitter } from "../events.js";
import type { CallOptions } from "../http.js";
import type { Session } from "../session.js";
import { uuidv7 } from "../uuid.js";
import { violations } from "../validate.js";
import { Calls, type FrameCall, tooLarge } from "./calls.js";
import { CatchUp, type Sources } from "./catchup.js";
import { type End, Link, type SocketConstructor } from "./link.js";
import { Order } from "./order.js";
import { Outbox, Outgoing } from "./outbox.js";
import { Pulse } from "./pulse.js";

/** Where a connection stands. */
export type SocketState =
  /** On its way. */
  | "connecting"
  /** Live. */
  | "open"
  /** It was lost; another one follows after a pause. */
  | "waiting"
  /** Closed for good, by the page or by the server. */
  | "closed";

/** What a connection tells. */
export interface SocketEvents {
  /** Where the connection stands now. */
  state: SocketState;
  /** A message of one of the user's conversations, own ones too: each once, in the order of its conversation, none left out. */
  message: Message;
  /** Everything missed has been told by `message`; these are the user's conversations. */
  synced: Conversation[];
  /** The read position moved, on this or another device. */
  readMoved: ReadMoved;
  /** Title or members of a conversation changed, or the user is in or out of it. */
  conversationChanged: ConversationChanged;
  /** The user left a conversation, or was removed, while there was no connection. */
  gone: ConversationId;
  /** An own message is accepted, stored or refused. */
  outgoing: Outgoing;
  /** Something went wrong that belongs to no request. */
  problem: ProblemLike;
  /** The server will have no more of it; connecting again will not help. */
  ended: ParlanceError;
}

/** How a connection behaves. */
export interface SocketOptions {
  /** What opens WebSockets; that of the platform if there is one. */
  webSocket?: SocketConstructor;
  /** Pauses between connections. */
  backoff?: Backoff;
  /** Up to where conversations are known, from {@link ParlanceSocket.positions} of an earlier page. */
  positions?: Readonly<Record<string, string>>;
  /** Messages that were not stored, from {@link ParlanceSocket.unsent} of an earlier page. */
  unsent?: readonly SendMessageRequest[];
}

/** What the connection needs of the client. */
export interface SocketContext {
  /** Of the WebSocket. */
  url: string;
  session: Session;
  sources: Pick<Sources, "history" | "conversations">;
  /** Why the server lets nobody in; nothing if it would. */
  probe(): Promise<ParlanceError | undefined>;
}

/** With these the server asks for another connection; what it closes with otherwise is final. */
const PASSING: readonly string[] = ["INTERNAL", "TOKEN_EXPIRED", "UNAUTHENTICATED"];
/** A connection that lived so long was a good one: the next pause is a short one. */
const GOOD_MS = 10_000;

/** A connection to the server, as long as the page wants one. */
export class ParlanceSocket extends Emitter<SocketEvents> {
  readonly #context: SocketContext;
  readonly #make: SocketConstructor;
  readonly #backoff: Backoff;
  readonly #outbox = new Outbox();
  readonly #order: Order;
  readonly #catchUp: CatchUp;
  readonly #calls: Calls;
  readonly #closing = new AbortController();
  readonly #requests = new Map<string, string>();
  #opened: (() => void)[] = [];
  #link: Link | undefined;
  #ready: Ready | undefined;
  #state: SocketState = "connecting";
  #hurry = new AbortController();
  #goAwayMs: number | undefined;
  #clockMs = 0;
  #pushedBack: ReturnType<typeof setTimeout> | undefined;

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
    for (const request of options.unsent ?? []) this.#outbox.add(new Outgoing(request));
    this.#calls = new Calls({
      open: (signal) => this.#whenOpen(signal),
      send: (frame) => this.#link?.send(JSON.stringify(frame)) ?? false,
    });
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
   */
  send(conversationId: ConversationId, content: Content): Outgoing {
    const message = new Outgoing({ conversationId, clientMessageId: uuidv7(this.now()), content });
    const broken = violations(methods.sendMessage.request, message.request());
    if (broken.length > 0) {
      this.#refuse(message, invalid(broken));
    } else {
      this.#outbox.add(message);
      this.#flush();
    }
    return message;
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
    return this.#outbox.all().map((message) => message.request());
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
      const final = wasOpen ? final_(end) : await this.#context.probe();
      if (final) return final;
      if (wasOpen && (reasonOf(end) === "TOKEN_EXPIRED" || reasonOf(end) === "UNAUTHENTICATED")) {
        await this.#context.session.refresh(token);
      }
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
        clearTimeout(this.#pushedBack);
        this.#pushedBack = undefined;
        this.#calls.lost("NO_ANSWER");
        resolve({ end, wasOpen });
      };
      const link = new Link(
        this.#make,
        this.#context.url,
        token,
        (frame) => {
          if (frame.ready) {
            pulse = new Pulse(link, frame.ready, {
              ping: () => this.#calls.attempt("ping", {}),
              renew: () => this.#renew(),
            });
            this.#begin(link, frame.ready);
          } else {
            this.#take(frame);
          }
        },
        onEnd,
      );
    });
  }

  /** The server is there. */
  #begin(link: Link, ready: Ready): void {
    this.#link = link;
    this.#ready = ready;
    link.maxBytes = ready.maxFrameBytes;
    if (ready.serverTime !== undefined) this.#clockMs = Date.parse(ready.serverTime) - Date.now();
    this.#outbox.begin();
    this.#requests.clear();
    this.#enter("open");
    for (const opened of this.#opened.splice(0)) opened();
    this.#flush();
    void this.#catchUp.run(link.signal).then((conversations) => conversations && this.emit("synced", conversations));
  }

  #take(frame: ServerFrame): void {
    if (frame.message) {
      this.#arrived(frame.message);
    } else if (frame.stored) {
      this.#stored(frame.stored);
    } else if (frame.accepted) {
      const message = this.#outbox.get(frame.accepted.clientMessageId);
      this.#outbox.answered(frame.accepted.clientMessageId);
      if (message?.accept()) this.emit("outgoing", message);
      this.#flush();
    } else if (frame.rejected) {
      const message = this.#outbox.done(frame.rejected.clientMessageId);
      if (message) this.#refuse(message, frame.rejected.problem ?? unknownProblem());
    } else if (frame.error && this.#requests.has(frame.requestId)) {
      this.#pushBack(frame.requestId, frame.error);
    } else if (this.#calls.answered(frame.requestId, frame)) {
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

  #stored({ clientMessageId, messageId, conversationId, sequence, sentAt }: Stored): void {
    const outgoing = this.#outbox.get(clientMessageId);
    const senderId = this.#ready?.userId;
    // without the content of what was stored, the message is read like any that is missing
    if (!outgoing || senderId === undefined) return;
    const { content } = outgoing;
    this.#arrived({ messageId, conversationId, sequence, senderId, clientMessageId, content, ...(sentAt === undefined ? {} : { sentAt }) });
  }

  #arrived(message: Message): void {
    const own = message.senderId === this.#ready?.userId ? this.#outbox.done(message.clientMessageId) : undefined;
    own?.store(message);
    this.#order.take(message);
    if (!own) return;
    this.emit("outgoing", own);
    this.#flush();
  }

  /** A message was not taken: it is sent again if that may help. */
  #pushBack(requestId: string, problem: ProblemLike): void {
    const id = this.#requests.get(requestId) ?? "";
    this.#requests.delete(requestId);
    if (!problem.retryable) {
      const message = this.#outbox.done(id);
      if (message) this.#refuse(message, problem);
      return this.#flush();
    }
    this.#outbox.again(id);
    const wait = Math.max(Number(problem.retryAfterMs), pauseMs(this.#backoff, 1));
    this.#pushedBack ??= setTimeout(() => {
      this.#pushedBack = undefined;
      this.#flush();
    }, wait);
  }

  #refuse(message: Outgoing, problem: ProblemLike): void {
    const { name, reasons } = methods.sendMessage;
    message.refuse(failure(name, reasons, problem));
    this.emit("outgoing", message);
  }

  /** Sends what may be sent. */
  #flush(): void {
    if (!this.#link || this.#pushedBack !== undefined) return;
    for (const message of this.#outbox.next()) {
      const requestId = this.#calls.id();
      this.#requests.set(requestId, message.clientMessageId);
      const frame: ClientFrame = { requestId, send: message.request() };
      if (!this.#link.send(JSON.stringify(frame))) {
        this.#outbox.done(message.clientMessageId);
        this.#refuse(message, tooLarge());
      }
    }
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

/** Of an end that is final: why. */
function final_(end: End): ParlanceError | undefined {
  const reason = reasonOf(end);
  if (reason === undefined) return undefined;
  return catalogue[reason].retryable || PASSING.includes(reason) ? undefined : ended(reason, end.reason);
}

/** The reason of the catalogue with which the server has closed. */
function reasonOf({ code, reason }: End): Reason | undefined {
  const named = Object.hasOwn(catalogue, reason) ? (reason as Reason) : undefined;
  if (named !== undefined && catalogue[named].close === code) return named;
  return (Object.keys(catalogue) as Reason[]).find((each) => catalogue[each].close === code && code !== 0);
}

function ended(reason: Reason, message: string): ParlanceError {
  return new ParlanceError("the connection", reason, message);
}

function unknownProblem(): ProblemLike {
  return { reason: "", code: "UNKNOWN", message: "", retryable: false, advice: "", violations: [], retryAfterMs: "0" };
}

function platformSocket(): SocketConstructor {
  const { WebSocket: found } = globalThis as { WebSocket?: SocketConstructor };
  if (found) return found;
  throw new TypeError("there is no WebSocket here: give one with the option `webSocket` (Node 20: run it with --experimental-websocket)");
}
