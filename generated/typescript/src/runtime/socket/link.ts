// One WebSocket connection: lines of JSON in, lines of JSON out, several of them in a message.

import { ServerFrame as ServerFrameTable } from "../../gen/tables.js";
import type { ServerFrame } from "../../gen/messages.js";
import { complete } from "../table.js";

/** The part of a WebSocket that is used; that of browsers and that of Node's packages fit. */
export interface SocketLike {
  readonly readyState: number;
  send(text: string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: string, listener: (event: never) => void): void;
}

/** Opens a WebSocket. */
export type SocketConstructor = new (url: string, protocols: string[]) => SocketLike;

/** How a connection ended. */
export interface End {
  /** Close code; 1006 if the connection was lost. */
  code: number;
  reason: string;
}

/** Subprotocol of frames in JSON. */
const PROTOCOL = "parlance.v1.json";
/** A browser cannot set headers on a WebSocket: its token is a subprotocol that begins so. */
const BEARER = "bearer.";
/** How long the whole way to the first frame may take. */
const OPEN_MS = 15_000;
/** Largest WebSocket message until the server says how large one may be. */
const MESSAGE_BYTES = 16 * 1024;
const OPEN = 1;

/** A connection, from opening to its end. */
export class Link {
  /** Ends when the connection does. */
  readonly signal: AbortSignal;
  /** When something was heard last, in milliseconds since 1970. */
  heardAt = Date.now();
  /** Largest WebSocket message that the server takes. */
  maxBytes = MESSAGE_BYTES;
  readonly #socket: SocketLike;
  readonly #controller = new AbortController();
  readonly #onEnd: (end: End) => void;
  #lines: string[] = [];
  #opening: ReturnType<typeof setTimeout>;

  constructor(make: SocketConstructor, url: string, token: string, onFrame: (frame: ServerFrame) => void, onEnd: (end: End) => void) {
    this.signal = this.#controller.signal;
    this.#onEnd = onEnd;
    this.#socket = new make(url, [PROTOCOL, BEARER + token]);
    this.#opening = setTimeout(() => this.#end({ code: 1006, reason: "no answer" }), OPEN_MS);
    this.#socket.addEventListener("message", (event: { data: unknown }) => {
      clearTimeout(this.#opening);
      this.heardAt = Date.now();
      for (const frame of frames(event.data)) {
        if (!this.signal.aborted) onFrame(frame);
      }
    });
    this.#socket.addEventListener("close", (event: End) => this.#end({ code: event.code, reason: event.reason }));
    this.#socket.addEventListener("error", () => this.#end({ code: 1006, reason: "connection failed" }));
  }

  /** Sends a frame; those of one turn of the event loop go together. `false` if the server takes no frame of this size. */
  send(line: string): boolean {
    if (size(line) > this.maxBytes) return false;
    if (this.#lines.length === 0) queueMicrotask(() => this.#flush());
    this.#lines.push(line);
    return true;
  }

  /** Says goodbye. The end is told at once: what the peer says after is of no interest. */
  close(code: number, reason: string): void {
    this.#flush();
    this.#end({ code, reason });
  }

  #flush(): void {
    const lines = this.#lines;
    this.#lines = [];
    let message = "";
    let bytes = 0;
    for (const line of lines) {
      const more = size(line) + 1;
      if (bytes > 0 && bytes + more > this.maxBytes) {
        this.#write(message);
        message = "";
        bytes = 0;
      }
      message += message === "" ? line : `\n${line}`;
      bytes += more;
    }
    if (message !== "") this.#write(message);
  }

  #write(message: string): void {
    if (this.#socket.readyState === OPEN) this.#socket.send(message);
  }

  #end(end: End): void {
    if (this.signal.aborted) return;
    clearTimeout(this.#opening);
    this.#controller.abort();
    if (this.#socket.readyState <= OPEN) this.#socket.close(end.code === 1000 ? 1000 : 4000, end.reason);
    this.#onEnd(end);
  }
}

function size(text: string): number {
  // at most three bytes a unit of UTF-16: long texts only are worth counting
  return text.length * 3 <= MESSAGE_BYTES ? text.length : new TextEncoder().encode(text).length;
}

/** The frames of a message. A line that is no frame is one of a later version, or of nobody: it is left out. */
function frames(data: unknown): ServerFrame[] {
  if (typeof data !== "string") return [];
  return data.split("\n").flatMap((line) => {
    if (line.trim() === "") return [];
    try {
      return [complete<ServerFrame>(ServerFrameTable, JSON.parse(line))];
    } catch {
      return [];
    }
  });
}
