// Made from schema/ by build-support; what is changed here is lost.

import type { AtMostOneOf, FieldMask, Id, OneOf, OpenEnum, Timestamp, Uint64 } from "../runtime/wire.js";
import { idOf } from "../runtime/wire.js";

/** A number in decimal digits that names one thing; `ConversationId("123")` makes one of text. */
export type ConversationId = Id<"ConversationId">;
export const ConversationId = idOf("ConversationId");

/** A number in decimal digits that names one thing; `MessageId("123")` makes one of text. */
export type MessageId = Id<"MessageId">;
export const MessageId = idOf("MessageId");

/** A number in decimal digits that names one thing; `UserId("123")` makes one of text. */
export type UserId = Id<"UserId">;
export const UserId = idOf("UserId");

/** What changed about a conversation. */
export const ConversationChange = {
  /** Not used. */
  UNSPECIFIED: "CONVERSATION_CHANGE_UNSPECIFIED",
  /** The user is in it from now on. */
  JOINED: "CONVERSATION_CHANGE_JOINED",
  /** The user is out of it from now on. */
  LEFT: "CONVERSATION_CHANGE_LEFT",
  /** It has another title. */
  RENAMED: "CONVERSATION_CHANGE_RENAMED",
  /** Others came, went, or have another role. */
  MEMBERS: "CONVERSATION_CHANGE_MEMBERS",
} as const;
/** What changed about a conversation. */
export type ConversationChange = OpenEnum<typeof ConversationChange>;

/** Kinds of conversation. */
export const ConversationKind = {
  /** Not used. */
  UNSPECIFIED: "CONVERSATION_KIND_UNSPECIFIED",
  /** Between two users, one for each pair. */
  DIRECT: "CONVERSATION_KIND_DIRECT",
  /** Between any number of users. */
  GROUP: "CONVERSATION_KIND_GROUP",
} as const;
/** Kinds of conversation. */
export type ConversationKind = OpenEnum<typeof ConversationKind>;

/** Which way to read. */
export const ListDirection = {
  /** Backward. */
  UNSPECIFIED: "LIST_DIRECTION_UNSPECIFIED",
  /** From `from_sequence` to older messages. */
  BACKWARD: "LIST_DIRECTION_BACKWARD",
  /** From `from_sequence` to newer messages. */
  FORWARD: "LIST_DIRECTION_FORWARD",
} as const;
/** Which way to read. */
export type ListDirection = OpenEnum<typeof ListDirection>;

/** What a member may do. */
export const MemberRole = {
  /** Not used. */
  UNSPECIFIED: "MEMBER_ROLE_UNSPECIFIED",
  /** Everything; each group has exactly one. */
  OWNER: "MEMBER_ROLE_OWNER",
  /** Rename, add, remove plain members. */
  ADMIN: "MEMBER_ROLE_ADMIN",
  /** Read and write. */
  MEMBER: "MEMBER_ROLE_MEMBER",
} as const;
/** What a member may do. */
export type MemberRole = OpenEnum<typeof MemberRole>;

/** The message is durable: it will be stored once, or rejected. */
export interface Accepted {
  /** Which message. */
  clientMessageId: string;
}

/** Asks for more members. */
export interface AddMembersRequest {
  /** Which group. */
  conversationId: ConversationId;
  /** Whom to add, at most 1000 at once. */
  userIds: UserId[];
}

/** The group with its new members. */
export interface AddMembersResponse {
  /** As the caller sees it. */
  conversation?: Conversation;
  /** Who was not a member before. */
  addedUserIds: UserId[];
}

/** Asks for another role. */
export interface ChangeRoleRequest {
  /** In which group. */
  conversationId: ConversationId;
  /** Whose. */
  userId: UserId;
  /** The new role. */
  role: "MEMBER_ROLE_OWNER" | "MEMBER_ROLE_ADMIN" | "MEMBER_ROLE_MEMBER";
}

/** The member in the new role. */
export interface ChangeRoleResponse {
  /** As it is now. */
  member?: Member;
}

/** From client to server. */
export type ClientFrame = {
  /** Chosen by the client, repeated in the answer; 0 if the client does not care. */
  requestId?: Uint64;
} & OneOf<{
  /** Sends a message. Answered by `accepted` once it is durable, later by `stored` or `rejected`. */
  send: SendMessageRequest;
  /** Asks for what was missed, conversation by conversation. Answered by `message` frames, then `resumed`. */
  resume: Resume;
  /** Puts a new access token in the place of the one that is about to expire. */
  renew: Renew;
  /** Asks whether the server is there. */
  ping: Ping;
  /** Moves the read position. */
  markRead: MarkReadRequest;
  /** Reads history. */
  listMessages: ListMessagesRequest;
  /** Lists conversations. */
  listConversations: ListConversationsRequest;
  /** Reads one conversation. */
  getConversation: GetConversationRequest;
  /** Opens a direct conversation. */
  openDirect: OpenDirectRequest;
  /** Creates a group. */
  createGroup: CreateGroupRequest;
  /** Adds members. */
  addMembers: AddMembersRequest;
  /** Leaves a group. */
  leaveGroup: LeaveGroupRequest;
  /** Lists members. */
  listMembers: ListMembersRequest;
  /** Looks users up. */
  lookUpUsers: LookUpUsersRequest;
}>;

/** What a message says. */
export type Content = OneOf<{
  /** Plain text. */
  text: Text;
  /** Anything that the clients agree on. */
  custom: Custom;
}>;

/** A conversation as one of its members sees it. */
export interface Conversation {
  /** Unique, never used again. */
  conversationId: ConversationId;
  /** Direct or group. */
  kind: ConversationKind;
  /** A group's title; empty for a direct conversation. */
  title: string;
  /** The other user of a direct conversation; 0 for a group. */
  peerId: UserId;
  /** How many members. */
  memberCount: number;
  /** When it was created. */
  createdAt?: Timestamp;
  /** When the last message was stored; the creation if there is none. */
  lastActivityAt?: Timestamp;
  /** The newest message, if any. */
  lastMessage?: Message;
  /** Sequence of the newest message; 0 if there is none. */
  lastSequence: Uint64;
  /** Up to where the caller has read. */
  readSequence: Uint64;
  /** How many messages lie beyond the read position. */
  unreadCount: Uint64;
  /** The caller's role. */
  role: MemberRole;
}

/** Something about a conversation changed. Only a notice: `get_conversation` has the whole. */
export interface ConversationChanged {
  /** Which one. */
  conversationId: ConversationId;
  /** What. */
  change: ConversationChange;
  /** The title now. */
  title: string;
}

/** Asks for a new group. */
export interface CreateGroupRequest {
  /** 1 to 64 characters. */
  title: string;
  /** Members besides the caller, at most 1000 at once. */
  userIds?: UserId[];
}

/** The new group. */
export interface CreateGroupResponse {
  /** As the caller sees it. */
  conversation?: Conversation;
}

/** Anything that the clients agree on; the server does not look inside. */
export interface Custom {
  /** Names the format, e.g. `poll.v1`. */
  kind: string;
  /** The content, often JSON; at most 8 KiB. */
  data?: string;
}

/** Asks for a conversation. */
export interface GetConversationRequest {
  /** Which one. */
  conversationId: ConversationId;
}

/** A conversation. */
export interface GetConversationResponse {
  /** As the caller sees it. */
  conversation?: Conversation;
}

/** Asks for the caller's own profile. */
export interface GetProfileRequest {
}

/** The caller's own profile. */
export interface GetProfileResponse {
  /** As others see it. */
  user?: User;
}

/** Asks for a user. */
export interface GetUserRequest {
  /** Which one. */
  userId: UserId;
}

/** A user. */
export interface GetUserResponse {
  /** As others see it. */
  user?: User;
}

/** The server is about to close the connection. */
export interface GoAway {
  /** How long to wait before connecting again, in milliseconds; different for each client, so that they do not all come at once. */
  reconnectAfterMs: number;
}

/** Asks to leave a group. */
export interface LeaveGroupRequest {
  /** Which one. */
  conversationId: ConversationId;
}

/** The caller is no longer a member. */
export interface LeaveGroupResponse {
}

/** Asks for conversations. */
export interface ListConversationsRequest {
  /** How many at most; more than 100 are 100, and 0 is 50. */
  pageSize?: number;
  /** `next_page_token` of the page before. */
  pageToken?: string;
}

/** A page of conversations. */
export interface ListConversationsResponse {
  /** The one with the latest activity first. */
  conversations: Conversation[];
  /** For the next page; empty on the last. */
  nextPageToken: string;
}

/** Asks for members. */
export interface ListMembersRequest {
  /** Of which conversation. */
  conversationId: ConversationId;
  /** How many at most; more than 500 are 500, and 0 is 100. */
  pageSize?: number;
  /** `next_page_token` of the page before. */
  pageToken?: string;
}

/** A page of members. */
export interface ListMembersResponse {
  /** By user id. */
  members: Member[];
  /** For the next page; empty on the last. */
  nextPageToken: string;
}

/** Asks for history. */
export interface ListMessagesRequest {
  /** Of which conversation. */
  conversationId: ConversationId;
  /** The first sequence wanted; 0 for the newest (backward) or the oldest (forward). */
  fromSequence?: Uint64;
  /** Which way. */
  direction?: "LIST_DIRECTION_UNSPECIFIED" | "LIST_DIRECTION_BACKWARD" | "LIST_DIRECTION_FORWARD";
  /** How many at most; more than 200 are 200, and 0 is 50. */
  limit?: number;
}

/** A page of history. */
export interface ListMessagesResponse {
  /** In the direction asked for. */
  messages: Message[];
  /** `from_sequence` of the next page; 0 if there is none. */
  nextSequence: Uint64;
}

/** Asks for a session. */
export interface LogInRequest {
  /** The user's name, in any case. */
  name: string;
  /** The user's password. */
  password: string;
  /** Names this device among the user's devices. */
  deviceId: string;
}

/** A session. */
export interface LogInResponse {
  /** As others see it. */
  user?: User;
  /** For this device. */
  tokens?: Tokens;
}

/** Asks to end all sessions. */
export interface LogOutAllRequest {
}

/** All sessions have ended. */
export interface LogOutAllResponse {
  /** How many there were. */
  ended: number;
}

/** Asks to end this device's session. */
export interface LogOutRequest {
}

/** The session has ended. */
export interface LogOutResponse {
}

/** Asks for users. */
export interface LookUpUsersRequest {
  /** By name, in any case; at most 100. */
  names?: string[];
  /** By id; at most 100. */
  userIds?: UserId[];
}

/** Users. */
export interface LookUpUsersResponse {
  /** Those that exist, each once, in no order. */
  users: User[];
}

/** Asks to move the read position. */
export interface MarkReadRequest {
  /** In which conversation. */
  conversationId: ConversationId;
  /** Everything up to this one has been read; what lies beyond the last message counts as the last. */
  sequence: Uint64;
}

/** The read position. */
export interface MarkReadResponse {
  /** Where it stands now. */
  readSequence: Uint64;
  /** How many messages lie beyond it. */
  unreadCount: Uint64;
}

/** A member of a conversation. */
export interface Member {
  /** Who. */
  userId: UserId;
  /** The user's name. */
  name: string;
  /** What clients show. */
  displayName: string;
  /** What the member may do. */
  role: MemberRole;
  /** Since when. */
  joinedAt?: Timestamp;
  /** Up to where the member has read. */
  readSequence: Uint64;
}

/** A stored message. */
export interface Message {
  /** Unique, never used again, grows with time. */
  messageId: MessageId;
  /** Where it was sent. */
  conversationId: ConversationId;
  /** Its place in the conversation: 1, 2, 3, … without a gap. */
  sequence: Uint64;
  /** Who sent it. */
  senderId: UserId;
  /** The id that the sending client gave it. */
  clientMessageId: string;
  /** What it says. */
  content?: Content;
  /** When it was stored. */
  sentAt?: Timestamp;
}

/** Asks for the direct conversation with a user. */
export interface OpenDirectRequest {
  /** The other one. */
  userId: UserId;
}

/** The direct conversation. */
export interface OpenDirectResponse {
  /** As the caller sees it. */
  conversation?: Conversation;
}

/** Asks whether the server is there. */
export interface Ping {
}

/** The server is there. */
export interface Pong {
  /** Its clock. */
  serverTime?: Timestamp;
}

/** Up to where a client has a conversation. */
export interface Position {
  /** Which one. */
  conversationId: ConversationId;
  /** The last sequence that the client has; 0 for none. */
  sequence?: Uint64;
}

/**
 * An error: the body of a REST answer that is not 2xx, the content of an error frame. gRPC carries the same as google.rpc.Status with
 * ErrorInfo, BadRequest and RetryInfo.
 */
export interface Problem {
  /** A reason of the catalogue, e.g. `NOT_A_MEMBER`. */
  reason: string;
  /** The gRPC status code's name, e.g. `PERMISSION_DENIED`. */
  code: string;
  /** What happened, for a developer to read. */
  message: string;
  /** Whether the very same request may succeed later. */
  retryable: boolean;
  /** What the client should do. */
  advice: string;
  /** Every rule that the request breaks. */
  violations: Violation[];
  /** How long to wait before trying again, in milliseconds; 0 if nothing is known. */
  retryAfterMs: Uint64;
}

/** What a user may change. */
export interface Profile {
  /** What clients show, at most 64 characters; empty for the name. */
  displayName?: string;
  /** A few words about the user, at most 280 characters. */
  about?: string;
}

/** The user's read position moved. */
export interface ReadMoved {
  /** In which conversation. */
  conversationId: ConversationId;
  /** To where. */
  readSequence: Uint64;
  /** How many messages lie beyond it. */
  unreadCount: Uint64;
}

/** The first frame of every connection: from here on live messages arrive. */
export interface Ready {
  /** Whose connection it is. */
  userId: UserId;
  /** Which device's. */
  deviceId: string;
  /** For client message ids, if the client's clock is not to be trusted. */
  serverTime?: Timestamp;
  /** When the token ends; a `renew` before keeps the connection. */
  tokenExpiresAt?: Timestamp;
  /** Largest WebSocket message that the server takes, in bytes. */
  maxFrameBytes: number;
  /** How often the server pings, in milliseconds. */
  pingIntervalMs: number;
}

/** Asks for new tokens. */
export interface RefreshRequest {
  /** The one that came with the newest access token. */
  refreshToken: string;
}

/** New tokens. */
export interface RefreshResponse {
  /** They replace the old ones. */
  tokens?: Tokens;
}

/** Asks for a new user. */
export interface RegisterRequest {
  /** 3 to 32 letters, digits, dots, dashes and underscores, beginning with a letter. */
  name: string;
  /** 8 to 72 bytes; more would be cut by bcrypt. */
  password: string;
  /** What clients show, at most 64 characters; empty for the name. */
  displayName?: string;
  /** Names this device among the user's devices: chosen by the client, kept over restarts. */
  deviceId: string;
}

/** A new user. */
export interface RegisterResponse {
  /** As others see it. */
  user?: User;
  /** For the device that registered. */
  tokens?: Tokens;
}

/** The message was refused after it had been accepted. */
export interface Rejected {
  /** Which message. */
  clientMessageId: string;
  /** Where it was to go. */
  conversationId: ConversationId;
  /** Why. */
  problem?: Problem;
}

/** Asks to remove a member. */
export interface RemoveMemberRequest {
  /** From which group. */
  conversationId: ConversationId;
  /** Whom. */
  userId: UserId;
}

/** The member is gone. */
export interface RemoveMemberResponse {
}

/** Asks for another title. */
export interface RenameGroupRequest {
  /** Which group. */
  conversationId: ConversationId;
  /** 1 to 64 characters. */
  title: string;
}

/** The renamed group. */
export interface RenameGroupResponse {
  /** As the caller sees it. */
  conversation?: Conversation;
}

/** A new access token for this connection. */
export interface Renew {
  /** Of the same user and device. */
  accessToken: string;
}

/** The new token is in place. */
export interface Renewed {
  /** When it ends. */
  tokenExpiresAt?: Timestamp;
}

/** Asks for what was missed. */
export interface Resume {
  /** Up to where the client has each conversation without a gap; at most 1000. */
  positions: Position[];
}

/** What was missed has been sent as `message` frames, in order within each conversation. */
export interface Resumed {
  /** Conversations in which more than 1000 messages were missed: the client reads on from here by `list_messages`. */
  incomplete: Position[];
  /** Conversations that the user is no longer a member of. */
  goneConversationIds: ConversationId[];
}

/** Asks to send a message. */
export interface SendMessageRequest {
  /** Where to. */
  conversationId: ConversationId;
  /** A version 7 UUID, new for each message and the same for each attempt to send it: that makes trying again safe. */
  clientMessageId: string;
  /** What to say. */
  content: Content;
}

/** The message's fate. */
export interface SendMessageResponse {
  /** The stored message; missing while it is only accepted. */
  message?: Message;
}

/** From server to client. */
export type ServerFrame = {
  /** That of the client's frame which this one answers; 0 if it answers none. */
  requestId: Uint64;
} & AtMostOneOf<{
  /** The first frame of every connection. */
  ready: Ready;
  /** The message is durable. */
  accepted: Accepted;
  /** The message has its id and place. */
  stored: Stored;
  /** The message was refused after it had been accepted, and is gone. */
  rejected: Rejected;
  /** A message of one of the user's conversations. */
  message: Message;
  /** The user's read position moved, on this or another device. */
  readMoved: ReadMoved;
  /** Title or members of a conversation changed, or the user is in or out of it. */
  conversationChanged: ConversationChanged;
  /** What was missed is complete. */
  resumed: Resumed;
  /** The new token is in place. */
  renewed: Renewed;
  /** The server is there. */
  pong: Pong;
  /** A frame was refused. With a close code in the catalogue the connection ends after it. */
  error: Problem;
  /** The server is about to close the connection. */
  goAway: GoAway;
  /** Answers `mark_read`. */
  markRead: MarkReadResponse;
  /** Answers `list_messages`. */
  listMessages: ListMessagesResponse;
  /** Answers `list_conversations`. */
  listConversations: ListConversationsResponse;
  /** Answers `get_conversation`. */
  getConversation: GetConversationResponse;
  /** Answers `open_direct`. */
  openDirect: OpenDirectResponse;
  /** Answers `create_group`. */
  createGroup: CreateGroupResponse;
  /** Answers `add_members`. */
  addMembers: AddMembersResponse;
  /** Answers `leave_group`. */
  leaveGroup: LeaveGroupResponse;
  /** Answers `list_members`. */
  listMembers: ListMembersResponse;
  /** Answers `look_up_users`. */
  lookUpUsers: LookUpUsersResponse;
}>;

/** The message has its id and place. */
export interface Stored {
  /** Which message. */
  clientMessageId: string;
  /** Its id. */
  messageId: MessageId;
  /** Where it stands. */
  conversationId: ConversationId;
  /** Its place there. */
  sequence: Uint64;
  /** When it was stored. */
  sentAt?: Timestamp;
}

/** Plain text. */
export interface Text {
  /** 1 byte to 8 KiB. */
  body: string;
}

/** What lets a device act for its user. */
export interface Tokens {
  /** For the header `Authorization: Bearer …` and the upgrade of a WebSocket. */
  accessToken: string;
  /** When the access token ends. */
  accessExpiresAt?: Timestamp;
  /** For `Refresh`, once. */
  refreshToken: string;
  /** When the refresh token ends. */
  refreshExpiresAt?: Timestamp;
}

/** Asks to change the own profile. */
export interface UpdateProfileRequest {
  /** The new values. */
  profile: Profile;
  /** Which of them to change; all if missing. */
  updateMask?: FieldMask;
}

/** The changed profile. */
export interface UpdateProfileResponse {
  /** As others see it from now on. */
  user?: User;
}

/** A user as others see it. */
export interface User {
  /** Unique, never used again. */
  userId: UserId;
  /** Unique without regard to case. */
  name: string;
  /** What clients show; the name if none was given. */
  displayName: string;
  /** A few words about the user. */
  about: string;
  /** When the user registered. */
  createdAt?: Timestamp;
}

/** A rule that the request breaks. */
export interface Violation {
  /** Path of the field in JSON, e.g. `content.text.body`. It begins at the request, on a WebSocket too. */
  field: string;
  /** Which rule, e.g. `string.max_bytes`. */
  rule: string;
  /** What is wrong, for a developer to read. */
  message: string;
}

/** All messages by name. */
export interface Messages {
  Accepted: Accepted;
  AddMembersRequest: AddMembersRequest;
  AddMembersResponse: AddMembersResponse;
  ChangeRoleRequest: ChangeRoleRequest;
  ChangeRoleResponse: ChangeRoleResponse;
  ClientFrame: ClientFrame;
  Content: Content;
  Conversation: Conversation;
  ConversationChanged: ConversationChanged;
  CreateGroupRequest: CreateGroupRequest;
  CreateGroupResponse: CreateGroupResponse;
  Custom: Custom;
  GetConversationRequest: GetConversationRequest;
  GetConversationResponse: GetConversationResponse;
  GetProfileRequest: GetProfileRequest;
  GetProfileResponse: GetProfileResponse;
  GetUserRequest: GetUserRequest;
  GetUserResponse: GetUserResponse;
  GoAway: GoAway;
  LeaveGroupRequest: LeaveGroupRequest;
  LeaveGroupResponse: LeaveGroupResponse;
  ListConversationsRequest: ListConversationsRequest;
  ListConversationsResponse: ListConversationsResponse;
  ListMembersRequest: ListMembersRequest;
  ListMembersResponse: ListMembersResponse;
  ListMessagesRequest: ListMessagesRequest;
  ListMessagesResponse: ListMessagesResponse;
  LogInRequest: LogInRequest;
  LogInResponse: LogInResponse;
  LogOutAllRequest: LogOutAllRequest;
  LogOutAllResponse: LogOutAllResponse;
  LogOutRequest: LogOutRequest;
  LogOutResponse: LogOutResponse;
  LookUpUsersRequest: LookUpUsersRequest;
  LookUpUsersResponse: LookUpUsersResponse;
  MarkReadRequest: MarkReadRequest;
  MarkReadResponse: MarkReadResponse;
  Member: Member;
  Message: Message;
  OpenDirectRequest: OpenDirectRequest;
  OpenDirectResponse: OpenDirectResponse;
  Ping: Ping;
  Pong: Pong;
  Position: Position;
  Problem: Problem;
  Profile: Profile;
  ReadMoved: ReadMoved;
  Ready: Ready;
  RefreshRequest: RefreshRequest;
  RefreshResponse: RefreshResponse;
  RegisterRequest: RegisterRequest;
  RegisterResponse: RegisterResponse;
  Rejected: Rejected;
  RemoveMemberRequest: RemoveMemberRequest;
  RemoveMemberResponse: RemoveMemberResponse;
  RenameGroupRequest: RenameGroupRequest;
  RenameGroupResponse: RenameGroupResponse;
  Renew: Renew;
  Renewed: Renewed;
  Resume: Resume;
  Resumed: Resumed;
  SendMessageRequest: SendMessageRequest;
  SendMessageResponse: SendMessageResponse;
  ServerFrame: ServerFrame;
  Stored: Stored;
  Text: Text;
  Tokens: Tokens;
  UpdateProfileRequest: UpdateProfileRequest;
  UpdateProfileResponse: UpdateProfileResponse;
  User: User;
  Violation: Violation;
}
