// Made from schema/ by build-support; what is changed here is lost.

import type { EnumTable, MessageTable } from "../runtime/table.js";

export const ConversationChange: EnumTable = {
  name: "ConversationChange",
  numbers: {
    CONVERSATION_CHANGE_UNSPECIFIED: 0,
    CONVERSATION_CHANGE_JOINED: 1,
    CONVERSATION_CHANGE_LEFT: 2,
    CONVERSATION_CHANGE_RENAMED: 3,
    CONVERSATION_CHANGE_MEMBERS: 4,
  },
};

export const ConversationKind: EnumTable = {
  name: "ConversationKind",
  numbers: {
    CONVERSATION_KIND_UNSPECIFIED: 0,
    CONVERSATION_KIND_DIRECT: 1,
    CONVERSATION_KIND_GROUP: 2,
  },
};

export const ListDirection: EnumTable = {
  name: "ListDirection",
  numbers: {
    LIST_DIRECTION_UNSPECIFIED: 0,
    LIST_DIRECTION_BACKWARD: 1,
    LIST_DIRECTION_FORWARD: 2,
  },
};

export const MemberRole: EnumTable = {
  name: "MemberRole",
  numbers: {
    MEMBER_ROLE_UNSPECIFIED: 0,
    MEMBER_ROLE_OWNER: 1,
    MEMBER_ROLE_ADMIN: 2,
    MEMBER_ROLE_MEMBER: 3,
  },
};

export const Accepted: MessageTable = {
  name: "parlance.v1.Accepted",
  fields: [
    { name: "clientMessageId", kind: "string", count: "one" },
  ],
};

export const AddMembersRequest: MessageTable = {
  name: "parlance.v1.AddMembersRequest",
  fields: [
    { name: "conversationId", kind: "uint64", count: "one", rules: { gt: 0n } },
    { name: "userIds", kind: "uint64", count: "list", rules: { unique: true, minItems: 1, maxItems: 1000 } },
  ],
};

export const AddMembersResponse: MessageTable = {
  name: "parlance.v1.AddMembersResponse",
  fields: [
    { name: "conversation", kind: "message", count: "optional", message: () => Conversation },
    { name: "addedUserIds", kind: "uint64", count: "list" },
  ],
};

export const ChangeRoleRequest: MessageTable = {
  name: "parlance.v1.ChangeRoleRequest",
  fields: [
    { name: "conversationId", kind: "uint64", count: "one", rules: { gt: 0n } },
    { name: "userId", kind: "uint64", count: "one", rules: { gt: 0n } },
    { name: "role", kind: "enum", count: "one", enum: () => MemberRole, rules: { definedOnly: true, enumNotIn: [0] } },
  ],
};

export const ChangeRoleResponse: MessageTable = {
  name: "parlance.v1.ChangeRoleResponse",
  fields: [
    { name: "member", kind: "message", count: "optional", message: () => Member },
  ],
};

export const ClientFrame: MessageTable = {
  name: "parlance.v1.ClientFrame",
  fields: [
    { name: "requestId", kind: "uint64", count: "one" },
    { name: "send", kind: "message", count: "optional", message: () => SendMessageRequest, oneof: 0 },
    { name: "resume", kind: "message", count: "optional", message: () => Resume, oneof: 0 },
    { name: "renew", kind: "message", count: "optional", message: () => Renew, oneof: 0 },
    { name: "ping", kind: "message", count: "optional", message: () => Ping, oneof: 0 },
    { name: "markRead", kind: "message", count: "optional", message: () => MarkReadRequest, oneof: 0 },
    { name: "listMessages", kind: "message", count: "optional", message: () => ListMessagesRequest, oneof: 0 },
    { name: "listConversations", kind: "message", count: "optional", message: () => ListConversationsRequest, oneof: 0 },
    { name: "getConversation", kind: "message", count: "optional", message: () => GetConversationRequest, oneof: 0 },
    { name: "openDirect", kind: "message", count: "optional", message: () => OpenDirectRequest, oneof: 0 },
    { name: "createGroup", kind: "message", count: "optional", message: () => CreateGroupRequest, oneof: 0 },
    { name: "addMembers", kind: "message", count: "optional", message: () => AddMembersRequest, oneof: 0 },
    { name: "leaveGroup", kind: "message", count: "optional", message: () => LeaveGroupRequest, oneof: 0 },
    { name: "listMembers", kind: "message", count: "optional", message: () => ListMembersRequest, oneof: 0 },
    { name: "lookUpUsers", kind: "message", count: "optional", message: () => LookUpUsersRequest, oneof: 0 },
  ],
  oneofs: [{ name: "body", required: true }],
};

export const Content: MessageTable = {
  name: "parlance.v1.Content",
  fields: [
    { name: "text", kind: "message", count: "optional", message: () => Text, oneof: 0 },
    { name: "custom", kind: "message", count: "optional", message: () => Custom, oneof: 0 },
  ],
  oneofs: [{ name: "kind", required: true }],
};

export const Conversation: MessageTable = {
  name: "parlance.v1.Conversation",
  fields: [
    { name: "conversationId", kind: "uint64", count: "one" },
    { name: "kind", kind: "enum", count: "one", enum: () => ConversationKind },
    { name: "title", kind: "string", count: "one" },
    { name: "peerId", kind: "uint64", count: "one" },
    { name: "memberCount", kind: "uint32", count: "one" },
    { name: "createdAt", kind: "timestamp", count: "optional" },
    { name: "lastActivityAt", kind: "timestamp", count: "optional" },
    { name: "lastMessage", kind: "message", count: "optional", message: () => Message },
    { name: "lastSequence", kind: "uint64", count: "one" },
    { name: "readSequence", kind: "uint64", count: "one" },
    { name: "unreadCount", kind: "uint64", count: "one" },
    { name: "role", kind: "enum", count: "one", enum: () => MemberRole },
  ],
};

export const ConversationChanged: MessageTable = {
  name: "parlance.v1.ConversationChanged",
  fields: [
    { name: "conversationId", kind: "uint64", count: "one" },
    { name: "change", kind: "enum", count: "one", enum: () => ConversationChange },
    { name: "title", kind: "string", count: "one" },
  ],
};

export const CreateGroupRequest: MessageTable = {
  name: "parlance.v1.CreateGroupRequest",
  fields: [
    { name: "title", kind: "string", count: "one", rules: { minLen: 1, maxLen: 64 } },
    { name: "userIds", kind: "uint64", count: "list", rules: { unique: true, maxItems: 1000 } },
  ],
};

export const CreateGroupResponse: MessageTable = {
  name: "parlance.v1.CreateGroupResponse",
  fields: [
    { name: "conversation", kind: "message", count: "optional", message: () => Conversation },
  ],
};

export const Custom: MessageTable = {
  name: "parlance.v1.Custom",
  fields: [
    { name: "kind", kind: "string", count: "one", rules: { pattern: /^[a-z][\u{2d}-\.0-9_a-z]{0,63}$/u, patternText: "^[a-z][a-z0-9._-]{0,63}$" } },
    { name: "data", kind: "string", count: "one", rules: { maxBytes: 8192 } },
  ],
};

export const GetConversationRequest: MessageTable = {
  name: "parlance.v1.GetConversationRequest",
  fields: [
    { name: "conversationId", kind: "uint64", count: "one", rules: { gt: 0n } },
  ],
};

export const GetConversationResponse: MessageTable = {
  name: "parlance.v1.GetConversationResponse",
  fields: [
    { name: "conversation", kind: "message", count: "optional", message: () => Conversation },
  ],
};

export const GetProfileRequest: MessageTable = {
  name: "parlance.v1.GetProfileRequest",
  fields: [],
};

export const GetProfileResponse: MessageTable = {
  name: "parlance.v1.GetProfileResponse",
  fields: [
    { name: "user", kind: "message", count: "optional", message: () => User },
  ],
};

export const GetUserRequest: MessageTable = {
  name: "parlance.v1.GetUserRequest",
  fields: [
    { name: "userId", kind: "uint64", count: "one", rules: { gt: 0n } },
  ],
};

export const GetUserResponse: MessageTable = {
  name: "parlance.v1.GetUserResponse",
  fields: [
    { name: "user", kind: "message", count: "optional", message: () => User },
  ],
};

export const GoAway: MessageTable = {
  name: "parlance.v1.GoAway",
  fields: [
    { name: "reconnectAfterMs", kind: "uint32", count: "one" },
  ],
};

export const LeaveGroupRequest: MessageTable = {
  name: "parlance.v1.LeaveGroupRequest",
  fields: [
    { name: "conversationId", kind: "uint64", count: "one", rules: { gt: 0n } },
  ],
};

export const LeaveGroupResponse: MessageTable = {
  name: "parlance.v1.LeaveGroupResponse",
  fields: [],
};

export const ListConversationsRequest: MessageTable = {
  name: "parlance.v1.ListConversationsRequest",
  fields: [
    { name: "pageSize", kind: "uint32", count: "one" },
    { name: "pageToken", kind: "string", count: "one", rules: { maxLen: 256 } },
  ],
};

export const ListConversationsResponse: MessageTable = {
  name: "parlance.v1.ListConversationsResponse",
  fields: [
    { name: "conversations", kind: "message", count: "list", message: () => Conversation },
    { name: "nextPageToken", kind: "string", count: "one" },
  ],
};

export const ListMembersRequest: MessageTable = {
  name: "parlance.v1.ListMembersRequest",
  fields: [
    { name: "conversationId", kind: "uint64", count: "one", rules: { gt: 0n } },
    { name: "pageSize", kind: "uint32", count: "one" },
    { name: "pageToken", kind: "string", count: "one", rules: { maxLen: 256 } },
  ],
};

export const ListMembersResponse: MessageTable = {
  name: "parlance.v1.ListMembersResponse",
  fields: [
    { name: "members", kind: "message", count: "list", message: () => Member },
    { name: "nextPageToken", kind: "string", count: "one" },
  ],
};

export const ListMessagesRequest: MessageTable = {
  name: "parlance.v1.ListMessagesRequest",
  fields: [
    { name: "conversationId", kind: "uint64", count: "one", rules: { gt: 0n } },
    { name: "fromSequence", kind: "uint64", count: "one" },
    { name: "direction", kind: "enum", count: "one", enum: () => ListDirection, rules: { definedOnly: true } },
    { name: "limit", kind: "uint32", count: "one" },
  ],
};

export const ListMessagesResponse: MessageTable = {
  name: "parlance.v1.ListMessagesResponse",
  fields: [
    { name: "messages", kind: "message", count: "list", message: () => Message },
    { name: "nextSequence", kind: "uint64", count: "one" },
  ],
};

export const LogInRequest: MessageTable = {
  name: "parlance.v1.LogInRequest",
  fields: [
    { name: "name", kind: "string", count: "one", rules: { minLen: 1, maxLen: 32 } },
    { name: "password", kind: "string", count: "one", rules: { minBytes: 1, maxBytes: 72 } },
    { name: "deviceId", kind: "string", count: "one", rules: { pattern: /^[\u{2d}-\.0-9A-Z_a-z]{1,64}$/u, patternText: "^[A-Za-z0-9._-]{1,64}$" } },
  ],
};

export const LogInResponse: MessageTable = {
  name: "parlance.v1.LogInResponse",
  fields: [
    { name: "user", kind: "message", count: "optional", message: () => User },
    { name: "tokens", kind: "message", count: "optional", message: () => Tokens },
  ],
};

export const LogOutAllRequest: MessageTable = {
  name: "parlance.v1.LogOutAllRequest",
  fields: [],
};

export const LogOutAllResponse: MessageTable = {
  name: "parlance.v1.LogOutAllResponse",
  fields: [
    { name: "ended", kind: "uint32", count: "one" },
  ],
};

export const LogOutRequest: MessageTable = {
  name: "parlance.v1.LogOutRequest",
  fields: [],
};

export const LogOutResponse: MessageTable = {
  name: "parlance.v1.LogOutResponse",
  fields: [],
};

export const LookUpUsersRequest: MessageTable = {
  name: "parlance.v1.LookUpUsersRequest",
  fields: [
    { name: "names", kind: "string", count: "list", rules: { maxItems: 100, items: { minLen: 1, maxLen: 32 } } },
    { name: "userIds", kind: "uint64", count: "list", rules: { maxItems: 100 } },
  ],
};

export const LookUpUsersResponse: MessageTable = {
  name: "parlance.v1.LookUpUsersResponse",
  fields: [
    { name: "users", kind: "message", count: "list", message: () => User },
  ],
};

export const MarkReadRequest: MessageTable = {
  name: "parlance.v1.MarkReadRequest",
  fields: [
    { name: "conversationId", kind: "uint64", count: "one", rules: { gt: 0n } },
    { name: "sequence", kind: "uint64", count: "one", rules: { gt: 0n } },
  ],
};

export const MarkReadResponse: MessageTable = {
  name: "parlance.v1.MarkReadResponse",
  fields: [
    { name: "readSequence", kind: "uint64", count: "one" },
    { name: "unreadCount", kind: "uint64", count: "one" },
  ],
};

export const Member: MessageTable = {
  name: "parlance.v1.Member",
  fields: [
    { name: "userId", kind: "uint64", count: "one" },
    { name: "name", kind: "string", count: "one" },
    { name: "displayName", kind: "string", count: "one" },
    { name: "role", kind: "enum", count: "one", enum: () => MemberRole },
    { name: "joinedAt", kind: "timestamp", count: "optional" },
    { name: "readSequence", kind: "uint64", count: "one" },
  ],
};

export const Message: MessageTable = {
  name: "parlance.v1.Message",
  fields: [
    { name: "messageId", kind: "uint64", count: "one" },
    { name: "conversationId", kind: "uint64", count: "one" },
    { name: "sequence", kind: "uint64", count: "one" },
    { name: "senderId", kind: "uint64", count: "one" },
    { name: "clientMessageId", kind: "string", count: "one" },
    { name: "content", kind: "message", count: "optional", message: () => Content },
    { name: "sentAt", kind: "timestamp", count: "optional" },
  ],
};

export const OpenDirectRequest: MessageTable = {
  name: "parlance.v1.OpenDirectRequest",
  fields: [
    { name: "userId", kind: "uint64", count: "one", rules: { gt: 0n } },
  ],
};

export const OpenDirectResponse: MessageTable = {
  name: "parlance.v1.OpenDirectResponse",
  fields: [
    { name: "conversation", kind: "message", count: "optional", message: () => Conversation },
  ],
};

export const Ping: MessageTable = {
  name: "parlance.v1.Ping",
  fields: [],
};

export const Pong: MessageTable = {
  name: "parlance.v1.Pong",
  fields: [
    { name: "serverTime", kind: "timestamp", count: "optional" },
  ],
};

export const Position: MessageTable = {
  name: "parlance.v1.Position",
  fields: [
    { name: "conversationId", kind: "uint64", count: "one", rules: { gt: 0n } },
    { name: "sequence", kind: "uint64", count: "one" },
  ],
};

export const Problem: MessageTable = {
  name: "parlance.v1.Problem",
  fields: [
    { name: "reason", kind: "string", count: "one" },
    { name: "code", kind: "string", count: "one" },
    { name: "message", kind: "string", count: "one" },
    { name: "retryable", kind: "bool", count: "one" },
    { name: "advice", kind: "string", count: "one" },
    { name: "violations", kind: "message", count: "list", message: () => Violation },
    { name: "retryAfterMs", kind: "uint64", count: "one" },
  ],
};

export const Profile: MessageTable = {
  name: "parlance.v1.Profile",
  fields: [
    { name: "displayName", kind: "string", count: "one", rules: { maxLen: 64 } },
    { name: "about", kind: "string", count: "one", rules: { maxLen: 280 } },
  ],
};

export const ReadMoved: MessageTable = {
  name: "parlance.v1.ReadMoved",
  fields: [
    { name: "conversationId", kind: "uint64", count: "one" },
    { name: "readSequence", kind: "uint64", count: "one" },
    { name: "unreadCount", kind: "uint64", count: "one" },
  ],
};

export const Ready: MessageTable = {
  name: "parlance.v1.Ready",
  fields: [
    { name: "userId", kind: "uint64", count: "one" },
    { name: "deviceId", kind: "string", count: "one" },
    { name: "serverTime", kind: "timestamp", count: "optional" },
    { name: "tokenExpiresAt", kind: "timestamp", count: "optional" },
    { name: "maxFrameBytes", kind: "uint32", count: "one" },
    { name: "pingIntervalMs", kind: "uint32", count: "one" },
  ],
};

export const RefreshRequest: MessageTable = {
  name: "parlance.v1.RefreshRequest",
  fields: [
    { name: "refreshToken", kind: "string", count: "one", rules: { minLen: 1, maxLen: 128 } },
  ],
};

export const RefreshResponse: MessageTable = {
  name: "parlance.v1.RefreshResponse",
  fields: [
    { name: "tokens", kind: "message", count: "optional", message: () => Tokens },
  ],
};

export const RegisterRequest: MessageTable = {
  name: "parlance.v1.RegisterRequest",
  fields: [
    { name: "name", kind: "string", count: "one", rules: { pattern: /^[A-Za-z][\u{2d}-\.0-9A-Z_a-z]{2,31}$/u, patternText: "^[A-Za-z][A-Za-z0-9._-]{2,31}$" } },
    { name: "password", kind: "string", count: "one", rules: { minBytes: 8, maxBytes: 72 } },
    { name: "displayName", kind: "string", count: "one", rules: { maxLen: 64 } },
    { name: "deviceId", kind: "string", count: "one", rules: { pattern: /^[\u{2d}-\.0-9A-Z_a-z]{1,64}$/u, patternText: "^[A-Za-z0-9._-]{1,64}$" } },
  ],
};

export const RegisterResponse: MessageTable = {
  name: "parlance.v1.RegisterResponse",
  fields: [
    { name: "user", kind: "message", count: "optional", message: () => User },
    { name: "tokens", kind: "message", count: "optional", message: () => Tokens },
  ],
};

export const Rejected: MessageTable = {
  name: "parlance.v1.Rejected",
  fields: [
    { name: "clientMessageId", kind: "string", count: "one" },
    { name: "conversationId", kind: "uint64", count: "one" },
    { name: "problem", kind: "message", count: "optional", message: () => Problem },
  ],
};

export const RemoveMemberRequest: MessageTable = {
  name: "parlance.v1.RemoveMemberRequest",
  fields: [
    { name: "conversationId", kind: "uint64", count: "one", rules: { gt: 0n } },
    { name: "userId", kind: "uint64", count: "one", rules: { gt: 0n } },
  ],
};

export const RemoveMemberResponse: MessageTable = {
  name: "parlance.v1.RemoveMemberResponse",
  fields: [],
};

export const RenameGroupRequest: MessageTable = {
  name: "parlance.v1.RenameGroupRequest",
  fields: [
    { name: "conversationId", kind: "uint64", count: "one", rules: { gt: 0n } },
    { name: "title", kind: "string", count: "one", rules: { minLen: 1, maxLen: 64 } },
  ],
};

export const RenameGroupResponse: MessageTable = {
  name: "parlance.v1.RenameGroupResponse",
  fields: [
    { name: "conversation", kind: "message", count: "optional", message: () => Conversation },
  ],
};

export const Renew: MessageTable = {
  name: "parlance.v1.Renew",
  fields: [
    { name: "accessToken", kind: "string", count: "one", rules: { minLen: 1, maxLen: 4096 } },
  ],
};

export const Renewed: MessageTable = {
  name: "parlance.v1.Renewed",
  fields: [
    { name: "tokenExpiresAt", kind: "timestamp", count: "optional" },
  ],
};

export const Resume: MessageTable = {
  name: "parlance.v1.Resume",
  fields: [
    { name: "positions", kind: "message", count: "list", message: () => Position, rules: { minItems: 1, maxItems: 1000 } },
  ],
};

export const Resumed: MessageTable = {
  name: "parlance.v1.Resumed",
  fields: [
    { name: "incomplete", kind: "message", count: "list", message: () => Position },
    { name: "goneConversationIds", kind: "uint64", count: "list" },
  ],
};

export const SendMessageRequest: MessageTable = {
  name: "parlance.v1.SendMessageRequest",
  fields: [
    { name: "conversationId", kind: "uint64", count: "one", rules: { gt: 0n } },
    { name: "clientMessageId", kind: "string", count: "one", rules: { pattern: /^[0-9a-f]{8}\u{2d}[0-9a-f]{4}\u{2d}7[0-9a-f]{3}\u{2d}[8-9a-b][0-9a-f]{3}\u{2d}[0-9a-f]{12}$/u, patternText: "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$" } },
    { name: "content", kind: "message", count: "optional", message: () => Content, rules: { required: true } },
  ],
};

export const SendMessageResponse: MessageTable = {
  name: "parlance.v1.SendMessageResponse",
  fields: [
    { name: "message", kind: "message", count: "optional", message: () => Message },
  ],
};

export const ServerFrame: MessageTable = {
  name: "parlance.v1.ServerFrame",
  fields: [
    { name: "requestId", kind: "uint64", count: "one" },
    { name: "ready", kind: "message", count: "optional", message: () => Ready, oneof: 0 },
    { name: "accepted", kind: "message", count: "optional", message: () => Accepted, oneof: 0 },
    { name: "stored", kind: "message", count: "optional", message: () => Stored, oneof: 0 },
    { name: "rejected", kind: "message", count: "optional", message: () => Rejected, oneof: 0 },
    { name: "message", kind: "message", count: "optional", message: () => Message, oneof: 0 },
    { name: "readMoved", kind: "message", count: "optional", message: () => ReadMoved, oneof: 0 },
    { name: "conversationChanged", kind: "message", count: "optional", message: () => ConversationChanged, oneof: 0 },
    { name: "resumed", kind: "message", count: "optional", message: () => Resumed, oneof: 0 },
    { name: "renewed", kind: "message", count: "optional", message: () => Renewed, oneof: 0 },
    { name: "pong", kind: "message", count: "optional", message: () => Pong, oneof: 0 },
    { name: "error", kind: "message", count: "optional", message: () => Problem, oneof: 0 },
    { name: "goAway", kind: "message", count: "optional", message: () => GoAway, oneof: 0 },
    { name: "markRead", kind: "message", count: "optional", message: () => MarkReadResponse, oneof: 0 },
    { name: "listMessages", kind: "message", count: "optional", message: () => ListMessagesResponse, oneof: 0 },
    { name: "listConversations", kind: "message", count: "optional", message: () => ListConversationsResponse, oneof: 0 },
    { name: "getConversation", kind: "message", count: "optional", message: () => GetConversationResponse, oneof: 0 },
    { name: "openDirect", kind: "message", count: "optional", message: () => OpenDirectResponse, oneof: 0 },
    { name: "createGroup", kind: "message", count: "optional", message: () => CreateGroupResponse, oneof: 0 },
    { name: "addMembers", kind: "message", count: "optional", message: () => AddMembersResponse, oneof: 0 },
    { name: "leaveGroup", kind: "message", count: "optional", message: () => LeaveGroupResponse, oneof: 0 },
    { name: "listMembers", kind: "message", count: "optional", message: () => ListMembersResponse, oneof: 0 },
    { name: "lookUpUsers", kind: "message", count: "optional", message: () => LookUpUsersResponse, oneof: 0 },
  ],
  oneofs: [{ name: "body", required: false }],
};

export const Stored: MessageTable = {
  name: "parlance.v1.Stored",
  fields: [
    { name: "clientMessageId", kind: "string", count: "one" },
    { name: "messageId", kind: "uint64", count: "one" },
    { name: "conversationId", kind: "uint64", count: "one" },
    { name: "sequence", kind: "uint64", count: "one" },
    { name: "sentAt", kind: "timestamp", count: "optional" },
  ],
};

export const Text: MessageTable = {
  name: "parlance.v1.Text",
  fields: [
    { name: "body", kind: "string", count: "one", rules: { minBytes: 1, maxBytes: 8192 } },
  ],
};

export const Tokens: MessageTable = {
  name: "parlance.v1.Tokens",
  fields: [
    { name: "accessToken", kind: "string", count: "one" },
    { name: "accessExpiresAt", kind: "timestamp", count: "optional" },
    { name: "refreshToken", kind: "string", count: "one" },
    { name: "refreshExpiresAt", kind: "timestamp", count: "optional" },
  ],
};

export const UpdateProfileRequest: MessageTable = {
  name: "parlance.v1.UpdateProfileRequest",
  fields: [
    { name: "profile", kind: "message", count: "optional", message: () => Profile, rules: { required: true } },
    { name: "updateMask", kind: "fieldMask", count: "optional" },
  ],
};

export const UpdateProfileResponse: MessageTable = {
  name: "parlance.v1.UpdateProfileResponse",
  fields: [
    { name: "user", kind: "message", count: "optional", message: () => User },
  ],
};

export const User: MessageTable = {
  name: "parlance.v1.User",
  fields: [
    { name: "userId", kind: "uint64", count: "one" },
    { name: "name", kind: "string", count: "one" },
    { name: "displayName", kind: "string", count: "one" },
    { name: "about", kind: "string", count: "one" },
    { name: "createdAt", kind: "timestamp", count: "optional" },
  ],
};

export const Violation: MessageTable = {
  name: "parlance.v1.Violation",
  fields: [
    { name: "field", kind: "string", count: "one" },
    { name: "rule", kind: "string", count: "one" },
    { name: "message", kind: "string", count: "one" },
  ],
};
