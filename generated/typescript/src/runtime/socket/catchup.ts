// What was missed: asked for by sequence, conversation by conversation, until nothing is missing.

import type { Conversation, ConversationId, Message, Position, Resumed } from "../../gen/messages.js";
import { type Backoff, pauseMs, sleep } from "../backoff.js";
import { ParlanceError, type Result } from "../error.js";
import type { Order } from "./order.js";

/** A `resume` frame takes so many positions. */
const MOST_POSITIONS = 1_000;
/** So many messages are asked for at once. */
const PAGE = 200;
/** What seems to be missing may only be late: own receipts wait for company. */
const PATIENCE_MS = 150;

/** Where what was missed comes from. */
export interface Sources {
  resume(positions: Position[], signal: AbortSignal): Promise<Result<Resumed, ParlanceError>>;
  /** A page of history, oldest first, from a sequence on. */
  history(conversationId: ConversationId, from: bigint, limit: number, signal: AbortSignal): Promise<Result<Message[], ParlanceError>>;
  conversations(signal: AbortSignal): Promise<Conversation[]>;
  gone(conversationId: ConversationId): void;
}

/** Catches up, once a connection; and fills gaps. */
export class CatchUp {
  readonly #order: Order;
  readonly #sources: Sources;
  readonly #backoff: Backoff;
  readonly #filling = new Set<string>();
  #resuming = false;
  #before = false;

  constructor(order: Order, sources: Sources, backoff: Backoff) {
    this.#order = order;
    this.#sources = sources;
    this.#backoff = backoff;
  }

  /** Everything that was missed while there was no connection. All conversations of the user, when it is complete; nothing if it ended. */
  async run(signal: AbortSignal): Promise<Conversation[] | undefined> {
    this.#resuming = true;
    try {
      await this.#resume([...this.#order.positions()].map(position), signal);
      const conversations = await this.#retry(signal, async () => {
        try {
          return await this.#sources.conversations(signal);
        } catch (error) {
          if (error instanceof ParlanceError) return undefined;
          throw error;
        }
      });
      if (!conversations) return undefined;
      // those that came while this client was away begin at what the user has read; at first, everything before now is history
      const fresh: [string, bigint][] = [];
      for (const { conversationId, lastSequence, readSequence } of conversations) {
        const from = BigInt(this.#before ? readSequence : lastSequence);
        if (this.#order.begin(conversationId, from) && this.#before) fresh.push([conversationId, from]);
      }
      await this.#resume(fresh.map(position), signal);
      if (signal.aborted) return undefined;
      this.#before = true;
      return conversations;
    } finally {
      this.#resuming = false;
      for (const [id] of this.#order.positions()) {
        if (this.#order.hasGap(id) && !signal.aborted) void this.fill(id as ConversationId, signal);
      }
    }
  }

  /** A message is missing in a conversation: waits a little, then reads it, and those after it. */
  async fill(conversationId: ConversationId, signal: AbortSignal): Promise<void> {
    if (this.#resuming || this.#filling.has(conversationId)) return;
    this.#filling.add(conversationId);
    try {
      if (await sleep(PATIENCE_MS, signal)) await this.#read(conversationId, signal, () => this.#order.hasGap(conversationId));
    } finally {
      this.#filling.delete(conversationId);
    }
  }

  async #resume(positions: Position[], signal: AbortSignal): Promise<void> {
    for (let at = 0; at < positions.length && !signal.aborted; at += MOST_POSITIONS) {
      const part = positions.slice(at, at + MOST_POSITIONS);
      const resumed = await this.#retry(signal, async () => {
        const result = await this.#sources.resume(part, signal);
        return result.ok ? result.value : undefined;
      });
      for (const id of resumed?.goneConversationIds ?? []) this.#sources.gone(id);
      for (const { conversationId } of resumed?.incomplete ?? []) await this.#read(conversationId, signal, () => true);
    }
  }

  /** Reads on from what has been delivered, to the end of the conversation. */
  async #read(conversationId: ConversationId, signal: AbortSignal, wanted: () => boolean): Promise<void> {
    while (wanted()) {
      const from = this.#order.position(conversationId);
      if (from === undefined) return;
      const messages = await this.#retry(signal, async () => {
        const result = await this.#sources.history(conversationId, from + 1n, PAGE, signal);
        if (result.ok) return result.value;
        // nobody is told more of a conversation that the user has left
        return result.error.retryable ? undefined : [];
      });
      if (!messages) return;
      for (const message of messages) this.#order.take(message);
      if (messages.length < PAGE) return;
    }
  }

  async #retry<T>(signal: AbortSignal, attempt: () => Promise<T | undefined>): Promise<T | undefined> {
    for (let failed = 1; !signal.aborted; failed += 1) {
      const value = await attempt();
      if (value !== undefined) return value;
      await sleep(pauseMs(this.#backoff, failed), signal);
    }
    return undefined;
  }
}

function position([conversationId, sequence]: [string, bigint]): Position {
  return { conversationId: conversationId as ConversationId, sequence: `${sequence}` };
}
