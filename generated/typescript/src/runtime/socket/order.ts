// Sequences: each conversation's messages in order, each once, none left out.

import type { Message } from "../../gen/messages.js";

/** What is known of one conversation. */
interface Place {
  /** Everything up to here has been delivered. */
  sequence: bigint;
  /** What arrived beyond a gap. */
  early: Map<bigint, Message>;
}

/** Puts messages in order. */
export class Order {
  readonly #places = new Map<string, Place>();
  readonly #deliver: (message: Message) => void;
  readonly #gap: (conversationId: string) => void;

  /** `deliver` gets each message once, in order; `gap` is told when one is missing. */
  constructor(deliver: (message: Message) => void, gap: (conversationId: string) => void) {
    this.#deliver = deliver;
    this.#gap = gap;
  }

  /** Up to where a conversation has been delivered; nothing if it is not known. */
  position(conversationId: string): bigint | undefined {
    return this.#places.get(conversationId)?.sequence;
  }

  /** Up to where each conversation has been delivered. */
  *positions(): IterableIterator<[conversationId: string, sequence: bigint]> {
    for (const [id, place] of this.#places) yield [id, place.sequence];
  }

  /** Begins after a sequence, unless the conversation is known already. */
  begin(conversationId: string, sequence: bigint): boolean {
    if (this.#places.has(conversationId)) return false;
    this.#places.set(conversationId, { sequence, early: new Map() });
    return true;
  }

  /** Forgets a conversation that the user is no longer in. */
  forget(conversationId: string): void {
    this.#places.delete(conversationId);
  }

  /** Whether messages have arrived beyond one that is missing. */
  hasGap(conversationId: string): boolean {
    return (this.#places.get(conversationId)?.early.size ?? 0) > 0;
  }

  /** A message has arrived. One that is the first of its conversation begins it. */
  take(message: Message): void {
    const sequence = BigInt(message.sequence);
    this.begin(message.conversationId, sequence - 1n);
    const place = this.#places.get(message.conversationId);
    if (!place || sequence <= place.sequence) return;
    place.early.set(sequence, message);
    for (;;) {
      const next = place.early.get(place.sequence + 1n);
      if (!next) break;
      place.sequence += 1n;
      place.early.delete(place.sequence);
      this.#deliver(next);
    }
    if (place.early.size > 0) this.#gap(message.conversationId);
  }
}
