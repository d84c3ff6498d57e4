// Made from schema/ by build-support; what is changed here is lost.

import type { ErrorOf } from "../runtime/http.js";
import type { Effect } from "../runtime/repeat.js";
import type { MessageTable } from "../runtime/table.js";
import { catalogue, reasons } from "./errors.js";
import * as tables from "./tables.js";
import type {
  AddMembersReason,
  CreateGroupReason,
  GetConversationReason,
  LeaveGroupReason,
  ListConversationsReason,
  ListMembersReason,
  ListMessagesReason,
  LookUpUsersReason,
  MarkReadReason,
  OpenDirectReason,
  FrameReason,
  Reason,
} from "./errors.js";
import type {
  Accepted,
  AddMembersRequest,
  AddMembersResponse,
  ConversationChanged,
  CreateGroupRequest,
  CreateGroupResponse,
  GetConversationRequest,
  GetConversationResponse,
  GoAway,
  LeaveGroupRequest,
  LeaveGroupResponse,
  ListConversationsRequest,
  ListConversationsResponse,
  ListMembersRequest,
  ListMembersResponse,
  ListMessagesRequest,
  ListMessagesResponse,
  LookUpUsersRequest,
  LookUpUsersResponse,
  MarkReadRequest,
  MarkReadResponse,
  Message,
  OpenDirectRequest,
  OpenDirectResponse,
  Ping,
  Pong,
  Problem,
  ReadMoved,
  Ready,
  Rejected,
  Renew,
  Renewed,
  Resume,
  Resumed,
  SendMessageRequest,
  Stored,
} from "./messages.js";

/** What clients may ask by frame. */
export interface FrameCalls {
  /** Sends a message. Answered by `accepted` once it is durable, later by `stored` or `rejected`. */
  send: { request: SendMessageRequest; answer: Accepted; error: ErrorOf<Reason> };
  /** Asks for what was missed, conversation by conversation. Answered by `message` frames, then `resumed`. */
  resume: { request: Resume; answer: Resumed; error: ErrorOf<Reason> };
  /** Puts a new access token in the place of the one that is about to expire. */
  renew: { request: Renew; answer: Renewed; error: ErrorOf<Reason> };
  /** Asks whether the server is there. */
  ping: { request: Ping; answer: Pong; error: ErrorOf<Reason> };
  /** Moves the read position. */
  markRead: { request: MarkReadRequest; answer: MarkReadResponse; error: ErrorOf<MarkReadReason | FrameReason> };
  /** Reads history. */
  listMessages: { request: ListMessagesRequest; answer: ListMessagesResponse; error: ErrorOf<ListMessagesReason | FrameReason> };
  /** Lists conversations. */
  listConversations: { request: ListConversationsRequest; answer: ListConversationsResponse; error: ErrorOf<ListConversationsReason | FrameReason> };
  /** Reads one conversation. */
  getConversation: { request: GetConversationRequest; answer: GetConversationResponse; error: ErrorOf<GetConversationReason | FrameReason> };
  /** Opens a direct conversation. */
  openDirect: { request: OpenDirectRequest; answer: OpenDirectResponse; error: ErrorOf<OpenDirectReason | FrameReason> };
  /** Creates a group. */
  createGroup: { request: CreateGroupRequest; answer: CreateGroupResponse; error: ErrorOf<CreateGroupReason | FrameReason> };
  /** Adds members. */
  addMembers: { request: AddMembersRequest; answer: AddMembersResponse; error: ErrorOf<AddMembersReason | FrameReason> };
  /** Leaves a group. */
  leaveGroup: { request: LeaveGroupRequest; answer: LeaveGroupResponse; error: ErrorOf<LeaveGroupReason | FrameReason> };
  /** Lists members. */
  listMembers: { request: ListMembersRequest; answer: ListMembersResponse; error: ErrorOf<ListMembersReason | FrameReason> };
  /** Looks users up. */
  lookUpUsers: { request: LookUpUsersRequest; answer: LookUpUsersResponse; error: ErrorOf<LookUpUsersReason | FrameReason> };
}

/** What the server says, by the name of the frame. */
export interface ServerFrames {
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
}

/** What the schema says of such a frame. */
export interface FrameTable {
  readonly name: string;
  readonly reply: string;
  readonly effect: Effect;
  readonly timeoutMs: number;
  readonly attempts: number;
  readonly reasons: readonly Reason[];
  readonly request: MessageTable;
}

const all = Object.keys(catalogue) as Reason[];

export const frameCalls: { readonly [Name in keyof FrameCalls]: FrameTable } = {
  send: {
    name: "send",
    reply: "accepted",
    effect: "REPEATABLE",
    timeoutMs: 10000,
    attempts: 1,
    reasons: all,
    request: tables.SendMessageRequest,
  },
  resume: {
    name: "resume",
    reply: "resumed",
    effect: "REPEATABLE",
    timeoutMs: 10000,
    attempts: 1,
    reasons: all,
    request: tables.Resume,
  },
  renew: {
    name: "renew",
    reply: "renewed",
    effect: "REPEATABLE",
    timeoutMs: 10000,
    attempts: 1,
    reasons: all,
    request: tables.Renew,
  },
  ping: {
    name: "ping",
    reply: "pong",
    effect: "REPEATABLE",
    timeoutMs: 10000,
    attempts: 1,
    reasons: all,
    request: tables.Ping,
  },
  markRead: {
    name: "parlance.v1.MessageService.MarkRead",
    reply: "markRead",
    effect: "REPEATABLE",
    timeoutMs: 5000,
    attempts: 4,
    reasons: [...reasons.markRead, ...reasons.frame],
    request: tables.MarkReadRequest,
  },
  listMessages: {
    name: "parlance.v1.MessageService.ListMessages",
    reply: "listMessages",
    effect: "READ",
    timeoutMs: 5000,
    attempts: 4,
    reasons: [...reasons.listMessages, ...reasons.frame],
    request: tables.ListMessagesRequest,
  },
  listConversations: {
    name: "parlance.v1.ConversationService.ListConversations",
    reply: "listConversations",
    effect: "READ",
    timeoutMs: 5000,
    attempts: 4,
    reasons: [...reasons.listConversations, ...reasons.frame],
    request: tables.ListConversationsRequest,
  },
  getConversation: {
    name: "parlance.v1.ConversationService.GetConversation",
    reply: "getConversation",
    effect: "READ",
    timeoutMs: 5000,
    attempts: 4,
    reasons: [...reasons.getConversation, ...reasons.frame],
    request: tables.GetConversationRequest,
  },
  openDirect: {
    name: "parlance.v1.ConversationService.OpenDirect",
    reply: "openDirect",
    effect: "REPEATABLE",
    timeoutMs: 5000,
    attempts: 4,
    reasons: [...reasons.openDirect, ...reasons.frame],
    request: tables.OpenDirectRequest,
  },
  createGroup: {
    name: "parlance.v1.ConversationService.CreateGroup",
    reply: "createGroup",
    effect: "KEYED",
    timeoutMs: 10000,
    attempts: 4,
    reasons: [...reasons.createGroup, ...reasons.frame],
    request: tables.CreateGroupRequest,
  },
  addMembers: {
    name: "parlance.v1.ConversationService.AddMembers",
    reply: "addMembers",
    effect: "REPEATABLE",
    timeoutMs: 10000,
    attempts: 4,
    reasons: [...reasons.addMembers, ...reasons.frame],
    request: tables.AddMembersRequest,
  },
  leaveGroup: {
    name: "parlance.v1.ConversationService.LeaveGroup",
    reply: "leaveGroup",
    effect: "KEYED",
    timeoutMs: 5000,
    attempts: 4,
    reasons: [...reasons.leaveGroup, ...reasons.frame],
    request: tables.LeaveGroupRequest,
  },
  listMembers: {
    name: "parlance.v1.ConversationService.ListMembers",
    reply: "listMembers",
    effect: "READ",
    timeoutMs: 5000,
    attempts: 4,
    reasons: [...reasons.listMembers, ...reasons.frame],
    request: tables.ListMembersRequest,
  },
  lookUpUsers: {
    name: "parlance.v1.UserService.LookUpUsers",
    reply: "lookUpUsers",
    effect: "READ",
    timeoutMs: 5000,
    attempts: 4,
    reasons: [...reasons.lookUpUsers, ...reasons.frame],
    request: tables.LookUpUsersRequest,
  },
};
