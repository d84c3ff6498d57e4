// Lists that come in pages.

import type { CallOptions } from "./http.js";

/** Names of the fields with which a list is paged. */
export interface PageTable {
  /** In the request: where to go on. */
  readonly cursor: string;
  /** In the response: where the next page begins; empty or 0 on the last one. */
  readonly next: string;
  /** In the response: what is listed. */
  readonly items: string;
}

/** Everything that a list has, fetched page by page as it is asked for: `for await (const item of pager)`. */
export class Pager<Page, Item> implements AsyncIterable<Item> {
  readonly #table: PageTable;
  readonly #fetch: (cursor: Record<string, string>, options: CallOptions | undefined) => PromiseLike<Page>;
  readonly #options: CallOptions | undefined;

  constructor(
    table: PageTable,
    options: CallOptions | undefined,
    fetch: (cursor: Record<string, string>, options: CallOptions | undefined) => PromiseLike<Page>,
  ) {
    this.#table = table;
    this.#options = options;
    this.#fetch = fetch;
  }

  /** The pages as they come. */
  async *pages(): AsyncGenerator<Page, void, undefined> {
    const seen = new Set<string>();
    let cursor: Record<string, string> = {};
    for (;;) {
      const page = await this.#fetch(cursor, this.#options);
      yield page;
      const next = this.#field(page, this.#table.next);
      if (typeof next !== "string" || next === "" || next === "0") return;
      if (seen.has(next)) throw new Error(`the server leads back to page ${next}`);
      seen.add(next);
      cursor = { [this.#table.cursor]: next };
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for await (const page of this.pages()) {
      yield* this.#field(page, this.#table.items) as Item[];
    }
  }

  /** All items, or the first `most` of them. */
  async toArray(most = Infinity): Promise<Item[]> {
    const items: Item[] = [];
    if (most <= 0) return items;
    for await (const item of this) {
      items.push(item);
      if (items.length >= most) break;
    }
    return items;
  }

  #field(page: Page, name: string): unknown {
    return (page as Record<string, unknown>)[name];
  }
}
