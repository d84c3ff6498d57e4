// What a page sees of its connection: where it stands, what it tells, and how it may be told to behave.

import type { Conversation, ConversationChanged, ConversationId, Message, ReadMoved, SendMessageRequest } from "../../gen/messages.js";
import type { Backoff } from "../backoff.js";
import type { ParlanceError, ProblemLike } from "../error.js";
import type { Session } from "../session.js";
import type { Sources } from "./catchup.js";
import type { SocketConstructor } from "./link.js";
import type { Outgoing } from "./outbox.js";

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
