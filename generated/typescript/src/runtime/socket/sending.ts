// Messages from the page to the server: sent, sent again where that helps, and told of until their fate is known.

import type { ClientFrame, Message, SendMessageRequest, ServerFrame, Stored, UserId } from "../../gen/messages.js";
import { methods } from "../../gen/services.js";
import { type Backoff, pauseMs } from "../backoff.js";
import { type ProblemLike, failure, invalid } from "../error.js";
import { violations } from "../validate.js";
import { Outbox, Outgoing } from "./outbox.js";
import { catalogued } from "./refusal.js";

/** What is needed of the connection. */
export interface Way {
  /** Whether there is a connection. */
  open(): boolean;
  /** A number that no other frame of this client has. */
  id(): `${bigint}`;
  /** `false` if the server takes no frame of this size. */
  send(frame: ClientFrame): boolean;
  /** The page learns what became of a message. */
  tell(message: Outgoing): void;
}

/** All messages that are not stored yet. */
export class Sending {
  readonly #way: Way;
  readonly #backoff: Backoff;
  readonly #outbox = new Outbox();
  /** Ids of messages by those of the frames that carried them on this connection. */
  readonly #requests = new Map<string, string>();
  #pushedBack: ReturnType<typeof setTimeout> | undefined;

  constructor(way: Way, backoff: Backoff, unsent: readonly SendMessageRequest[]) {
    this.#way = way;
    this.#backoff = backoff;
    for (const request of unsent) this.#outbox.add(new Outgoing(request));
  }

  /** Takes a message, for now or for when there is a connection. */
  take(request: SendMessageRequest): Outgoing {
    const message = new Outgoing(request);
    const broken = violations(methods.sendMessage.request, request);
    if (broken.length > 0) {
      this.#refuse(message, invalid(broken));
    } else if (this.#outbox.get(message.clientMessageId)) {
      this.#refuse(message, catalogued("CONFLICTING_DUPLICATE", "a message with this id is on its way"));
    } else {
      this.#outbox.add(message);
      this.flush();
    }
    return message;
  }

  /** Messages that are not stored yet. */
  unsent(): SendMessageRequest[] {
    return this.#outbox.all().map((message) => message.request());
  }

  /** A connection begins: nothing has been sent on it. */
  begin(): void {
    this.#outbox.begin();
    this.#requests.clear();
    this.flush();
  }

  /** The connection has ended. */
  end(): void {
    clearTimeout(this.#pushedBack);
    this.#pushedBack = undefined;
  }

  /** Takes what a frame says of a message; `false` if it says nothing of one. */
  answered(frame: ServerFrame): boolean {
    if (frame.accepted) {
      const { clientMessageId } = frame.accepted;
      this.#outbox.answered(clientMessageId);
      const message = this.#outbox.get(clientMessageId);
      if (message?.accept()) this.#way.tell(message);
      this.flush();
    } else if (frame.rejected) {
      const message = this.#outbox.done(frame.rejected.clientMessageId);
      if (message) this.#refuse(message, frame.rejected.problem ?? UNKNOWN);
    } else if (frame.error && this.#requests.has(frame.requestId)) {
      this.#pushBack(frame.requestId, frame.error);
    } else {
      return false;
    }
    return true;
  }

  /** The message whose receipt has come; nothing if its content is not known here. */
  message({ clientMessageId, messageId, conversationId, sequence, sentAt }: Stored, senderId: UserId): Message | undefined {
    const content = this.#outbox.get(clientMessageId)?.content;
    if (!content) return undefined;
    return { messageId, conversationId, sequence, senderId, clientMessageId, content, ...(sentAt === undefined ? {} : { sentAt }) };
  }

  /** A message of this user is stored; what is to be done once everybody knows, if it was sent from here. */
  stored(message: Message): (() => void) | undefined {
    const own = this.#outbox.done(message.clientMessageId);
    if (!own) return undefined;
    own.store(message);
    return () => {
      this.#way.tell(own);
      this.flush();
    };
  }

  /** Sends what may be sent. */
  flush(): void {
    if (!this.#way.open() || this.#pushedBack !== undefined) return;
    for (const message of this.#outbox.next()) {
      const requestId = this.#way.id();
      this.#requests.set(requestId, message.clientMessageId);
      if (!this.#way.send({ requestId, send: message.request() })) {
        this.#outbox.done(message.clientMessageId);
        this.#refuse(message, catalogued("TOO_LARGE", "the frame is larger than the server takes"));
      }
    }
  }

  /** A message was not taken: it is sent again if that may help. */
  #pushBack(requestId: string, problem: ProblemLike): void {
    const id = this.#requests.get(requestId) ?? "";
    this.#requests.delete(requestId);
    if (!problem.retryable) {
      const message = this.#outbox.done(id);
      if (message) this.#refuse(message, problem);
      return this.flush();
    }
    this.#outbox.again(id);
    const wait = Math.max(Number(problem.retryAfterMs), pauseMs(this.#backoff, 1));
    this.#pushedBack ??= setTimeout(() => {
      this.#pushedBack = undefined;
      this.flush();
    }, wait);
  }

  #refuse(message: Outgoing, problem: ProblemLike): void {
    const { name, reasons } = methods.sendMessage;
    message.refuse(failure(name, reasons, problem));
    this.#way.tell(message);
  }
}

/** A server that says no more. */
const UNKNOWN: ProblemLike = { reason: "", code: "UNKNOWN", message: "", retryable: false, advice: "", violations: [], retryAfterMs: "0" };
