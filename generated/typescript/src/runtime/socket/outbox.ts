// Messages on their way: kept with their ids until the server says that they are stored or never will be.

import type { Content, ConversationId, Message, SendMessageRequest } from "../../gen/messages.js";
import type { SendMessageError } from "../../gen/errors.js";

/** How far a message has come. */
export type OutgoingState =
  /** Not sent, or sent without an answer so far. */
  | "waiting"
  /** Durable: the server will store it, or say why not. */
  | "accepted"
  /** It has its place. */
  | "stored"
  /** It was refused for good. */
  | "refused";

/** A message on its way. */
export class Outgoing {
  readonly clientMessageId: string;
  readonly conversationId: ConversationId;
  readonly content: Content;
  /** Resolved when the message is durable. */
  readonly accepted: Promise<void>;
  /** The stored message; rejected with a {@link SendMessageError} if the server refuses it. */
  readonly stored: Promise<Message>;
  #state: OutgoingState = "waiting";
  #error: SendMessageError | undefined;
  #settle!: { accept: () => void; store: (message: Message) => void; refuse: (error: SendMessageError) => void };

  constructor(request: SendMessageRequest) {
    this.clientMessageId = request.clientMessageId;
    this.conversationId = request.conversationId;
    this.content = request.content;
    let accept: () => void, refuseAccept: (error: SendMessageError) => void;
    this.accepted = new Promise((resolve, reject) => {
      accept = resolve;
      refuseAccept = reject;
    });
    this.stored = new Promise((resolve, reject) => {
      this.#settle = {
        accept: () => accept(),
        store: resolve,
        refuse: (error) => {
          refuseAccept(error);
          reject(error);
        },
      };
    });
    // who does not wait for the fate of a message sees it by its state
    this.accepted.catch(() => undefined);
    this.stored.catch(() => undefined);
  }

  get state(): OutgoingState {
    return this.#state;
  }

  /** Why it was refused. */
  get error(): SendMessageError | undefined {
    return this.#error;
  }

  /** For the outbox. */
  accept(): boolean {
    if (this.#state !== "waiting") return false;
    this.#state = "accepted";
    this.#settle.accept();
    return true;
  }

  /** For the outbox. */
  store(message: Message): void {
    this.accept();
    this.#state = "stored";
    this.#settle.store(message);
  }

  /** For the outbox. */
  refuse(error: SendMessageError): void {
    this.#state = "refused";
    this.#error = error;
    this.#settle.refuse(error);
  }

  /** What is sent. */
  request(): SendMessageRequest {
    const { clientMessageId, conversationId, content } = this;
    return { conversationId, clientMessageId, content };
  }
}

/** So many messages may be under way without an answer: the server is not flooded, and order survives its push-back. */
const WINDOW = 100;

/** Messages that are not stored yet, in the order in which they were given. */
export class Outbox {
  readonly #waiting = new Map<string, Outgoing>();
  /** Sent on the present connection and not answered. */
  readonly #under = new Set<string>();
  /** Sent on the present connection, answered or not. */
  readonly #sent = new Set<string>();

  add(message: Outgoing): void {
    this.#waiting.set(message.clientMessageId, message);
  }

  get(clientMessageId: string): Outgoing | undefined {
    return this.#waiting.get(clientMessageId);
  }

  /** What is kept. */
  all(): Outgoing[] {
    return [...this.#waiting.values()];
  }

  /** A new connection: nothing has been sent on it. */
  begin(): void {
    this.#under.clear();
    this.#sent.clear();
  }

  /** What may be sent now; it counts as sent from here on. */
  next(): Outgoing[] {
    const next: Outgoing[] = [];
    for (const [id, message] of this.#waiting) {
      if (this.#under.size >= WINDOW) break;
      if (this.#sent.has(id)) continue;
      this.#sent.add(id);
      this.#under.add(id);
      next.push(message);
    }
    return next;
  }

  /** The server has it. */
  answered(clientMessageId: string): void {
    this.#under.delete(clientMessageId);
  }

  /** The server pushed it back: it is to be sent again. */
  again(clientMessageId: string): void {
    this.#under.delete(clientMessageId);
    this.#sent.delete(clientMessageId);
  }

  /** Stored or refused for good. */
  done(clientMessageId: string): Outgoing | undefined {
    const message = this.#waiting.get(clientMessageId);
    this.#waiting.delete(clientMessageId);
    this.#under.delete(clientMessageId);
    this.#sent.delete(clientMessageId);
    return message;
  }
}
