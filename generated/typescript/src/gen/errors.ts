// Made from schema/ by build-support; what is changed here is lost.

import type { ErrorOf } from "../runtime/http.js";

/** Every reason for which something is refused: what it means on each surface, and what to do. */
export const catalogue = {
  /** The request breaks a rule of the schema; the violations say which. */
  INVALID_ARGUMENT: { code: "INVALID_ARGUMENT", http: 400, close: 0, retryable: false, advice: "Correct the fields that the violations name." },
  /** The bytes are no valid JSON or protobuf of the expected message. */
  MALFORMED: { code: "INVALID_ARGUMENT", http: 400, close: 4400, retryable: false, advice: "Send a message of the documented form." },
  /** The request or frame is larger than the limit. */
  TOO_LARGE: { code: "RESOURCE_EXHAUSTED", http: 413, close: 1009, retryable: false, advice: "Send less at once." },
  /** There is no token, or it is not valid. */
  UNAUTHENTICATED: { code: "UNAUTHENTICATED", http: 401, close: 4401, retryable: false, advice: "Log in and send the access token." },
  /** The access token is past its time. */
  TOKEN_EXPIRED: { code: "UNAUTHENTICATED", http: 401, close: 4402, retryable: false, advice: "Refresh the session and use the new token." },
  /** The caller is known and may not call this. */
  PERMISSION_DENIED: { code: "PERMISSION_DENIED", http: 403, close: 0, retryable: false, advice: "Ask somebody who may." },
  /** The caller sends more than its class allows. */
  RATE_LIMITED: { code: "RESOURCE_EXHAUSTED", http: 429, close: 0, retryable: true, advice: "Wait for the time that retry_after_ms says, then try again." },
  /** There was not enough time. */
  DEADLINE_EXCEEDED: { code: "DEADLINE_EXCEEDED", http: 504, close: 0, retryable: true, advice: "Try again with the same ids." },
  /** Something that the request needs is away for now. */
  UNAVAILABLE: { code: "UNAVAILABLE", http: 503, close: 1013, retryable: true, advice: "Try again after a pause that grows." },
  /** A fault of the server; its log has the details. */
  INTERNAL: { code: "INTERNAL", http: 500, close: 1011, retryable: false, advice: "Report it with the time and the trace id." },
  /** There is no such route, method or frame. */
  NO_SUCH_ROUTE: { code: "UNIMPLEMENTED", http: 404, close: 0, retryable: false, advice: "Look the route up in the API description." },
  /** The route does not know this verb. */
  METHOD_NOT_ALLOWED: { code: "UNIMPLEMENTED", http: 405, close: 0, retryable: false, advice: "Use a verb that the Allow header names." },
  /** The body is not of a media type that the route takes. */
  UNSUPPORTED_MEDIA_TYPE: { code: "INVALID_ARGUMENT", http: 415, close: 0, retryable: false, advice: "Send application/json." },
  /** The idempotency key was used for another request. */
  IDEMPOTENCY_KEY_REUSED: { code: "FAILED_PRECONDITION", http: 422, close: 0, retryable: false, advice: "Use a new key for a new request." },
  /**
   * The request that came first with this idempotency key is not answered yet. This one has waited for that answer as long as it could, and
   * changed nothing.
   */
  IDEMPOTENCY_KEY_IN_USE: { code: "ABORTED", http: 409, close: 0, retryable: true, advice: "Try again with the same key after the time that retry_after_ms says." },
  /** The server has as much to do as it can, and has not begun with this. */
  OVERLOADED: { code: "RESOURCE_EXHAUSTED", http: 503, close: 0, retryable: true, advice: "Try again after a pause that grows." },
  /** The user name is taken; names are equal without regard to case. */
  NAME_TAKEN: { code: "ALREADY_EXISTS", http: 409, close: 0, retryable: false, advice: "Choose another name." },
  /** The name or the password is wrong. */
  WRONG_CREDENTIALS: { code: "UNAUTHENTICATED", http: 401, close: 0, retryable: false, advice: "Check name and password." },
  /** The refresh token is unknown, expired or revoked. */
  REFRESH_INVALID: { code: "UNAUTHENTICATED", http: 401, close: 0, retryable: false, advice: "Log in again." },
  /** The refresh token was used before; the whole family is revoked since it may have been stolen. */
  REFRESH_REUSED: { code: "UNAUTHENTICATED", http: 401, close: 0, retryable: false, advice: "Log in again and, if it was not you, change the password." },
  /** The session was ended by logging out. */
  SESSION_ENDED: { code: "UNAUTHENTICATED", http: 401, close: 4403, retryable: false, advice: "Log in again." },
  /** There is no such user. */
  USER_NOT_FOUND: { code: "NOT_FOUND", http: 404, close: 0, retryable: false, advice: "Check the id or the name." },
  /** There is no such conversation, or the caller is not in it. */
  CONVERSATION_NOT_FOUND: { code: "NOT_FOUND", http: 404, close: 0, retryable: false, advice: "Check the id; you may have been removed." },
  /** The caller is not a member of the conversation. */
  NOT_A_MEMBER: { code: "PERMISSION_DENIED", http: 403, close: 0, retryable: false, advice: "Ask an admin of the group to add you." },
  /** The member's role does not allow it. */
  ROLE_TOO_LOW: { code: "PERMISSION_DENIED", http: 403, close: 0, retryable: false, advice: "Ask an admin or the owner." },
  /** The operation is for groups only. */
  NOT_A_GROUP: { code: "FAILED_PRECONDITION", http: 409, close: 0, retryable: false, advice: "Create a group for this." },
  /** The user whom it is about is not a member. */
  MEMBER_NOT_FOUND: { code: "NOT_FOUND", http: 404, close: 0, retryable: false, advice: "List the members." },
  /** The group would have more members than allowed. */
  GROUP_FULL: { code: "RESOURCE_EXHAUSTED", http: 409, close: 0, retryable: false, advice: "Remove members first." },
  /** The owner cannot leave, be removed or lose the role without a successor. */
  OWNER_MUST_STAY: { code: "FAILED_PRECONDITION", http: 409, close: 0, retryable: false, advice: "Make another member the owner first." },
  /** A conversation with oneself is not offered. */
  PEER_IS_SELF: { code: "INVALID_ARGUMENT", http: 400, close: 0, retryable: false, advice: "Name another user." },
  /** The client message id was used for another message of this sender. */
  CONFLICTING_DUPLICATE: { code: "ALREADY_EXISTS", http: 409, close: 0, retryable: false, advice: "Use a new id for a new message." },
  /** The client message id's time is too far from the server's, or too much was said in the conversation since. */
  MESSAGE_ID_OUT_OF_TIME: { code: "INVALID_ARGUMENT", http: 400, close: 0, retryable: false, advice: "Make version 7 UUIDs from server_time of the ready frame, when the message is first sent. If this one is not in the history, send it under a new id." },
  /** The page token is not one that this list gave. */
  PAGE_TOKEN_INVALID: { code: "INVALID_ARGUMENT", http: 400, close: 0, retryable: false, advice: "Begin again without a token." },
  /** The client reads more slowly than messages arrive for it. */
  SLOW_CONSUMER: { code: "RESOURCE_EXHAUSTED", http: 503, close: 4408, retryable: true, advice: "Connect again and resume." },
  /** The server is going down; another one, or this one, will be there shortly. */
  GOING_AWAY: { code: "UNAVAILABLE", http: 503, close: 1001, retryable: true, advice: "Connect again after the pause that the frame says, and resume." },
  /** None of the offered subprotocols is known. */
  SUBPROTOCOL_UNKNOWN: { code: "INVALID_ARGUMENT", http: 400, close: 0, retryable: false, advice: "Offer parlance.v1.json or parlance.v1.binary." },
  /** The page that opened the connection is not of an allowed origin. */
  ORIGIN_NOT_ALLOWED: { code: "PERMISSION_DENIED", http: 403, close: 0, retryable: false, advice: "Add the origin to gateway.allowed_origins." },
  /** The connection does not answer pings. */
  PING_TIMEOUT: { code: "DEADLINE_EXCEEDED", http: 504, close: 4409, retryable: true, advice: "Connect again and resume." },
  /** The user has more connections than allowed. */
  TOO_MANY_CONNECTIONS: { code: "RESOURCE_EXHAUSTED", http: 429, close: 4429, retryable: false, advice: "Close one of the other connections." },
} as const;

/** A reason of the catalogue. */
export type Reason = keyof typeof catalogue;

/** The reasons that each call may give. */
export const reasons = {
  register: ["INVALID_ARGUMENT", "MALFORMED", "TOO_LARGE", "RATE_LIMITED", "DEADLINE_EXCEEDED", "UNAVAILABLE", "INTERNAL", "UNSUPPORTED_MEDIA_TYPE", "IDEMPOTENCY_KEY_REUSED", "IDEMPOTENCY_KEY_IN_USE", "OVERLOADED", "NAME_TAKEN"],
  logIn: ["INVALID_ARGUMENT", "MALFORMED", "TOO_LARGE", "RATE_LIMITED", "DEADLINE_EXCEEDED", "UNAVAILABLE", "INTERNAL", "UNSUPPORTED_MEDIA_TYPE", "OVERLOADED", "WRONG_CREDENTIALS"],
  refresh: ["INVALID_ARGUMENT", "MALFORMED", "TOO_LARGE", "RATE_LIMITED", "DEADLINE_EXCEEDED", "UNAVAILABLE", "INTERNAL", "UNSUPPORTED_MEDIA_TYPE", "IDEMPOTENCY_KEY_REUSED", "IDEMPOTENCY_KEY_IN_USE", "OVERLOADED", "REFRESH_INVALID", "REFRESH_REUSED"],
  logOut: ["INVALID_ARGUMENT", "UNAUTHENTICATED", "TOKEN_EXPIRED", "RATE_LIMITED", "DEADLINE_EXCEEDED", "UNAVAILABLE", "INTERNAL", "OVERLOADED", "SESSION_ENDED"],
  logOutAll: ["INVALID_ARGUMENT", "UNAUTHENTICATED", "TOKEN_EXPIRED", "RATE_LIMITED", "DEADLINE_EXCEEDED", "UNAVAILABLE", "INTERNAL", "OVERLOADED", "SESSION_ENDED"],
  openDirect: ["INVALID_ARGUMENT", "MALFORMED", "TOO_LARGE", "UNAUTHENTICATED", "TOKEN_EXPIRED", "RATE_LIMITED", "DEADLINE_EXCEEDED", "UNAVAILABLE", "INTERNAL", "UNSUPPORTED_MEDIA_TYPE", "OVERLOADED", "SESSION_ENDED", "USER_NOT_FOUND", "PEER_IS_SELF"],
  createGroup: ["INVALID_ARGUMENT", "MALFORMED", "TOO_LARGE", "UNAUTHENTICATED", "TOKEN_EXPIRED", "RATE_LIMITED", "DEADLINE_EXCEEDED", "UNAVAILABLE", "INTERNAL", "UNSUPPORTED_MEDIA_TYPE", "IDEMPOTENCY_KEY_REUSED", "IDEMPOTENCY_KEY_IN_USE", "OVERLOADED", "SESSION_ENDED", "USER_NOT_FOUND", "GROUP_FULL"],
  getConversation: ["INVALID_ARGUMENT", "UNAUTHENTICATED", "TOKEN_EXPIRED", "RATE_LIMITED", "DEADLINE_EXCEEDED", "UNAVAILABLE", "INTERNAL", "OVERLOADED", "SESSION_ENDED", "CONVERSATION_NOT_FOUND"],
  listConversations: ["INVALID_ARGUMENT", "UNAUTHENTICATED", "TOKEN_EXPIRED", "RATE_LIMITED", "DEADLINE_EXCEEDED", "UNAVAILABLE", "INTERNAL", "OVERLOADED", "SESSION_ENDED", "PAGE_TOKEN_INVALID"],
  renameGroup: ["INVALID_ARGUMENT", "MALFORMED", "TOO_LARGE", "UNAUTHENTICATED", "TOKEN_EXPIRED", "RATE_LIMITED", "DEADLINE_EXCEEDED", "UNAVAILABLE", "INTERNAL", "UNSUPPORTED_MEDIA_TYPE", "OVERLOADED", "SESSION_ENDED", "CONVERSATION_NOT_FOUND", "ROLE_TOO_LOW", "NOT_A_GROUP"],
  addMembers: ["INVALID_ARGUMENT", "MALFORMED", "TOO_LARGE", "UNAUTHENTICATED", "TOKEN_EXPIRED", "RATE_LIMITED", "DEADLINE_EXCEEDED", "UNAVAILABLE", "INTERNAL", "UNSUPPORTED_MEDIA_TYPE", "OVERLOADED", "SESSION_ENDED", "USER_NOT_FOUND", "CONVERSATION_NOT_FOUND", "ROLE_TOO_LOW", "NOT_A_GROUP", "GROUP_FULL"],
  removeMember: ["INVALID_ARGUMENT", "UNAUTHENTICATED", "TOKEN_EXPIRED", "RATE_LIMITED", "DEADLINE_EXCEEDED", "UNAVAILABLE", "INTERNAL", "IDEMPOTENCY_KEY_REUSED", "IDEMPOTENCY_KEY_IN_USE", "OVERLOADED", "SESSION_ENDED", "CONVERSATION_NOT_FOUND", "ROLE_TOO_LOW", "NOT_A_GROUP", "MEMBER_NOT_FOUND", "OWNER_MUST_STAY"],
  leaveGroup: ["INVALID_ARGUMENT", "UNAUTHENTICATED", "TOKEN_EXPIRED", "RATE_LIMITED", "DEADLINE_EXCEEDED", "UNAVAILABLE", "INTERNAL", "IDEMPOTENCY_KEY_REUSED", "IDEMPOTENCY_KEY_IN_USE", "OVERLOADED", "SESSION_ENDED", "CONVERSATION_NOT_FOUND", "NOT_A_GROUP", "OWNER_MUST_STAY"],
  changeRole: ["INVALID_ARGUMENT", "MALFORMED", "TOO_LARGE", "UNAUTHENTICATED", "TOKEN_EXPIRED", "RATE_LIMITED", "DEADLINE_EXCEEDED", "UNAVAILABLE", "INTERNAL", "UNSUPPORTED_MEDIA_TYPE", "IDEMPOTENCY_KEY_REUSED", "IDEMPOTENCY_KEY_IN_USE", "OVERLOADED", "SESSION_ENDED", "CONVERSATION_NOT_FOUND", "ROLE_TOO_LOW", "NOT_A_GROUP", "MEMBER_NOT_FOUND", "OWNER_MUST_STAY"],
  listMembers: ["INVALID_ARGUMENT", "UNAUTHENTICATED", "TOKEN_EXPIRED", "RATE_LIMITED", "DEADLINE_EXCEEDED", "UNAVAILABLE", "INTERNAL", "OVERLOADED", "SESSION_ENDED", "CONVERSATION_NOT_FOUND", "PAGE_TOKEN_INVALID"],
  sendMessage: ["INVALID_ARGUMENT", "MALFORMED", "TOO_LARGE", "UNAUTHENTICATED", "TOKEN_EXPIRED", "RATE_LIMITED", "DEADLINE_EXCEEDED", "UNAVAILABLE", "INTERNAL", "UNSUPPORTED_MEDIA_TYPE", "OVERLOADED", "SESSION_ENDED", "NOT_A_MEMBER", "CONFLICTING_DUPLICATE", "MESSAGE_ID_OUT_OF_TIME"],
  listMessages: ["INVALID_ARGUMENT", "UNAUTHENTICATED", "TOKEN_EXPIRED", "RATE_LIMITED", "DEADLINE_EXCEEDED", "UNAVAILABLE", "INTERNAL", "OVERLOADED", "SESSION_ENDED", "NOT_A_MEMBER"],
  markRead: ["INVALID_ARGUMENT", "MALFORMED", "TOO_LARGE", "UNAUTHENTICATED", "TOKEN_EXPIRED", "RATE_LIMITED", "DEADLINE_EXCEEDED", "UNAVAILABLE", "INTERNAL", "UNSUPPORTED_MEDIA_TYPE", "OVERLOADED", "SESSION_ENDED", "NOT_A_MEMBER"],
  getProfile: ["INVALID_ARGUMENT", "UNAUTHENTICATED", "TOKEN_EXPIRED", "RATE_LIMITED", "DEADLINE_EXCEEDED", "UNAVAILABLE", "INTERNAL", "OVERLOADED", "SESSION_ENDED", "USER_NOT_FOUND"],
  updateProfile: ["INVALID_ARGUMENT", "MALFORMED", "TOO_LARGE", "UNAUTHENTICATED", "TOKEN_EXPIRED", "RATE_LIMITED", "DEADLINE_EXCEEDED", "UNAVAILABLE", "INTERNAL", "UNSUPPORTED_MEDIA_TYPE", "OVERLOADED", "SESSION_ENDED", "USER_NOT_FOUND"],
  getUser: ["INVALID_ARGUMENT", "UNAUTHENTICATED", "TOKEN_EXPIRED", "RATE_LIMITED", "DEADLINE_EXCEEDED", "UNAVAILABLE", "INTERNAL", "OVERLOADED", "SESSION_ENDED", "USER_NOT_FOUND"],
  lookUpUsers: ["INVALID_ARGUMENT", "UNAUTHENTICATED", "TOKEN_EXPIRED", "RATE_LIMITED", "DEADLINE_EXCEEDED", "UNAVAILABLE", "INTERNAL", "OVERLOADED", "SESSION_ENDED"],
  frame: ["MALFORMED", "TOO_LARGE", "NO_SUCH_ROUTE"],
} as const;

/** Why `register` may be refused. */
export type RegisterReason = (typeof reasons)["register"][number];
export type RegisterError = ErrorOf<RegisterReason>;

/** Why `logIn` may be refused. */
export type LogInReason = (typeof reasons)["logIn"][number];
export type LogInError = ErrorOf<LogInReason>;

/** Why `refresh` may be refused. */
export type RefreshReason = (typeof reasons)["refresh"][number];
export type RefreshError = ErrorOf<RefreshReason>;

/** Why `logOut` may be refused. */
export type LogOutReason = (typeof reasons)["logOut"][number];
export type LogOutError = ErrorOf<LogOutReason>;

/** Why `logOutAll` may be refused. */
export type LogOutAllReason = (typeof reasons)["logOutAll"][number];
export type LogOutAllError = ErrorOf<LogOutAllReason>;

/** Why `openDirect` may be refused. */
export type OpenDirectReason = (typeof reasons)["openDirect"][number];
export type OpenDirectError = ErrorOf<OpenDirectReason>;

/** Why `createGroup` may be refused. */
export type CreateGroupReason = (typeof reasons)["createGroup"][number];
export type CreateGroupError = ErrorOf<CreateGroupReason>;

/** Why `getConversation` may be refused. */
export type GetConversationReason = (typeof reasons)["getConversation"][number];
export type GetConversationError = ErrorOf<GetConversationReason>;

/** Why `listConversations` may be refused. */
export type ListConversationsReason = (typeof reasons)["listConversations"][number];
export type ListConversationsError = ErrorOf<ListConversationsReason>;

/** Why `renameGroup` may be refused. */
export type RenameGroupReason = (typeof reasons)["renameGroup"][number];
export type RenameGroupError = ErrorOf<RenameGroupReason>;

/** Why `addMembers` may be refused. */
export type AddMembersReason = (typeof reasons)["addMembers"][number];
export type AddMembersError = ErrorOf<AddMembersReason>;

/** Why `removeMember` may be refused. */
export type RemoveMemberReason = (typeof reasons)["removeMember"][number];
export type RemoveMemberError = ErrorOf<RemoveMemberReason>;

/** Why `leaveGroup` may be refused. */
export type LeaveGroupReason = (typeof reasons)["leaveGroup"][number];
export type LeaveGroupError = ErrorOf<LeaveGroupReason>;

/** Why `changeRole` may be refused. */
export type ChangeRoleReason = (typeof reasons)["changeRole"][number];
export type ChangeRoleError = ErrorOf<ChangeRoleReason>;

/** Why `listMembers` may be refused. */
export type ListMembersReason = (typeof reasons)["listMembers"][number];
export type ListMembersError = ErrorOf<ListMembersReason>;

/** Why `sendMessage` may be refused. */
export type SendMessageReason = (typeof reasons)["sendMessage"][number];
export type SendMessageError = ErrorOf<SendMessageReason>;

/** Why `listMessages` may be refused. */
export type ListMessagesReason = (typeof reasons)["listMessages"][number];
export type ListMessagesError = ErrorOf<ListMessagesReason>;

/** Why `markRead` may be refused. */
export type MarkReadReason = (typeof reasons)["markRead"][number];
export type MarkReadError = ErrorOf<MarkReadReason>;

/** Why `getProfile` may be refused. */
export type GetProfileReason = (typeof reasons)["getProfile"][number];
export type GetProfileError = ErrorOf<GetProfileReason>;

/** Why `updateProfile` may be refused. */
export type UpdateProfileReason = (typeof reasons)["updateProfile"][number];
export type UpdateProfileError = ErrorOf<UpdateProfileReason>;

/** Why `getUser` may be refused. */
export type GetUserReason = (typeof reasons)["getUser"][number];
export type GetUserError = ErrorOf<GetUserReason>;

/** Why `lookUpUsers` may be refused. */
export type LookUpUsersReason = (typeof reasons)["lookUpUsers"][number];
export type LookUpUsersError = ErrorOf<LookUpUsersReason>;

/** Why any frame may be refused. */
export type FrameReason = (typeof reasons)["frame"][number];
