// Everything that a page needs.

export * from "./gen/errors.js";
export * from "./gen/frames.js";
export * from "./gen/messages.js";
export * from "./gen/services.js";
export * from "./gen/validate.js";
export { Parlance, type ParlanceOptions } from "./parlance.js";
export type { Backoff } from "./runtime/backoff.js";
export { Call, type CallError, type LocalReason, ParlanceError, type Result } from "./runtime/error.js";
export type { CallOptions, ErrorOf, FetchLike, HttpOptions, TokenSource } from "./runtime/http.js";
export { Http } from "./runtime/http.js";
export { Pager } from "./runtime/page.js";
export { Session, type TokenStore, localStore, memoryStore } from "./runtime/session.js";
export type { SocketConstructor, SocketLike } from "./runtime/socket/link.js";
export { Outgoing, type OutgoingState } from "./runtime/socket/outbox.js";
export { ParlanceSocket } from "./runtime/socket/socket.js";
export type { SocketEvents, SocketOptions, SocketState } from "./runtime/socket/surface.js";
export { uuidv7 } from "./runtime/uuid.js";
export type {
  Base64,
  Double,
  Duration,
  FieldMask,
  Id,
  Int64,
  OneOf,
  OpenEnum,
  Timestamp,
  Uint64,
  Unknown,
  UnknownName,
} from "./runtime/wire.js";
