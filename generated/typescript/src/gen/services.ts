// Made from schema/ by build-support; what is changed here is lost.

import type { Call } from "../runtime/error.js";
import type { CallOptions, ErrorOf, Http, MethodTable } from "../runtime/http.js";
import { reasons } from "./errors.js";
import * as tables from "./tables.js";
import { Pager } from "../runtime/page.js";
import type {
  RegisterReason,
  LogInReason,
  RefreshReason,
  LogOutReason,
  LogOutAllReason,
  OpenDirectReason,
  CreateGroupReason,
  GetConversationReason,
  ListConversationsReason,
  RenameGroupReason,
  AddMembersReason,
  RemoveMemberReason,
  LeaveGroupReason,
  ChangeRoleReason,
  ListMembersReason,
  SendMessageReason,
  ListMessagesReason,
  MarkReadReason,
  GetProfileReason,
  UpdateProfileReason,
  GetUserReason,
  LookUpUsersReason,
} from "./errors.js";
import type {
  AddMembersRequest,
  AddMembersResponse,
  ChangeRoleRequest,
  ChangeRoleResponse,
  Conversation,
  CreateGroupRequest,
  CreateGroupResponse,
  GetConversationRequest,
  GetConversationResponse,
  GetProfileRequest,
  GetProfileResponse,
  GetUserRequest,
  GetUserResponse,
  LeaveGroupRequest,
  LeaveGroupResponse,
  ListConversationsRequest,
  ListConversationsResponse,
  ListMembersRequest,
  ListMembersResponse,
  ListMessagesRequest,
  ListMessagesResponse,
  LogInRequest,
  LogInResponse,
  LogOutAllRequest,
  LogOutAllResponse,
  LogOutRequest,
  LogOutResponse,
  LookUpUsersRequest,
  LookUpUsersResponse,
  MarkReadRequest,
  MarkReadResponse,
  Member,
  Message,
  OpenDirectRequest,
  OpenDirectResponse,
  RefreshRequest,
  RefreshResponse,
  RegisterRequest,
  RegisterResponse,
  RemoveMemberRequest,
  RemoveMemberResponse,
  RenameGroupRequest,
  RenameGroupResponse,
  SendMessageRequest,
  SendMessageResponse,
  UpdateProfileRequest,
  UpdateProfileResponse,
} from "./messages.js";

const register: MethodTable<RegisterRequest, RegisterResponse, RegisterReason> = {
  name: "parlance.v1.AuthService.Register",
  verb: "POST",
  path: "/v1/users",
  body: "*",
  query: [],
  open: true,
  effect: "KEYED",
  timeoutMs: 10000,
  attempts: 3,
  reasons: reasons.register,
  request: tables.RegisterRequest,
  response: tables.RegisterResponse,
};

const logIn: MethodTable<LogInRequest, LogInResponse, LogInReason> = {
  name: "parlance.v1.AuthService.LogIn",
  verb: "POST",
  path: "/v1/sessions",
  body: "*",
  query: [],
  open: true,
  effect: "REPEATABLE",
  timeoutMs: 10000,
  attempts: 3,
  reasons: reasons.logIn,
  request: tables.LogInRequest,
  response: tables.LogInResponse,
};

const refresh: MethodTable<RefreshRequest, RefreshResponse, RefreshReason> = {
  name: "parlance.v1.AuthService.Refresh",
  verb: "POST",
  path: "/v1/sessions/refresh",
  body: "*",
  query: [],
  open: true,
  effect: "KEYED",
  timeoutMs: 10000,
  attempts: 4,
  reasons: reasons.refresh,
  request: tables.RefreshRequest,
  response: tables.RefreshResponse,
};

const logOut: MethodTable<LogOutRequest, LogOutResponse, LogOutReason> = {
  name: "parlance.v1.AuthService.LogOut",
  verb: "DELETE",
  path: "/v1/sessions/current",
  body: "",
  query: [],
  open: false,
  effect: "REPEATABLE",
  timeoutMs: 5000,
  attempts: 4,
  reasons: reasons.logOut,
  request: tables.LogOutRequest,
  response: tables.LogOutResponse,
};

const logOutAll: MethodTable<LogOutAllRequest, LogOutAllResponse, LogOutAllReason> = {
  name: "parlance.v1.AuthService.LogOutAll",
  verb: "DELETE",
  path: "/v1/sessions",
  body: "",
  query: [],
  open: false,
  effect: "REPEATABLE",
  timeoutMs: 5000,
  attempts: 4,
  reasons: reasons.logOutAll,
  request: tables.LogOutAllRequest,
  response: tables.LogOutAllResponse,
};

const openDirect: MethodTable<OpenDirectRequest, OpenDirectResponse, OpenDirectReason> = {
  name: "parlance.v1.ConversationService.OpenDirect",
  verb: "POST",
  path: "/v1/direct-conversations",
  body: "*",
  query: [],
  open: false,
  effect: "REPEATABLE",
  timeoutMs: 5000,
  attempts: 4,
  reasons: reasons.openDirect,
  request: tables.OpenDirectRequest,
  response: tables.OpenDirectResponse,
};

const createGroup: MethodTable<CreateGroupRequest, CreateGroupResponse, CreateGroupReason> = {
  name: "parlance.v1.ConversationService.CreateGroup",
  verb: "POST",
  path: "/v1/groups",
  body: "*",
  query: [],
  open: false,
  effect: "KEYED",
  timeoutMs: 10000,
  attempts: 4,
  reasons: reasons.createGroup,
  request: tables.CreateGroupRequest,
  response: tables.CreateGroupResponse,
};

const getConversation: MethodTable<GetConversationRequest, GetConversationResponse, GetConversationReason> = {
  name: "parlance.v1.ConversationService.GetConversation",
  verb: "GET",
  path: "/v1/conversations/{conversationId}",
  body: "",
  query: [],
  open: false,
  effect: "READ",
  timeoutMs: 5000,
  attempts: 4,
  reasons: reasons.getConversation,
  request: tables.GetConversationRequest,
  response: tables.GetConversationResponse,
};

const listConversations: MethodTable<ListConversationsRequest, ListConversationsResponse, ListConversationsReason> = {
  name: "parlance.v1.ConversationService.ListConversations",
  verb: "GET",
  path: "/v1/conversations",
  body: "",
  query: ["pageSize", "pageToken"],
  open: false,
  effect: "READ",
  timeoutMs: 5000,
  attempts: 4,
  reasons: reasons.listConversations,
  request: tables.ListConversationsRequest,
  response: tables.ListConversationsResponse,
};

const renameGroup: MethodTable<RenameGroupRequest, RenameGroupResponse, RenameGroupReason> = {
  name: "parlance.v1.ConversationService.RenameGroup",
  verb: "PATCH",
  path: "/v1/conversations/{conversationId}",
  body: "*",
  query: [],
  open: false,
  effect: "REPEATABLE",
  timeoutMs: 5000,
  attempts: 4,
  reasons: reasons.renameGroup,
  request: tables.RenameGroupRequest,
  response: tables.RenameGroupResponse,
};

const addMembers: MethodTable<AddMembersRequest, AddMembersResponse, AddMembersReason> = {
  name: "parlance.v1.ConversationService.AddMembers",
  verb: "POST",
  path: "/v1/conversations/{conversationId}/members",
  body: "*",
  query: [],
  open: false,
  effect: "REPEATABLE",
  timeoutMs: 10000,
  attempts: 4,
  reasons: reasons.addMembers,
  request: tables.AddMembersRequest,
  response: tables.AddMembersResponse,
};

const removeMember: MethodTable<RemoveMemberRequest, RemoveMemberResponse, RemoveMemberReason> = {
  name: "parlance.v1.ConversationService.RemoveMember",
  verb: "DELETE",
  path: "/v1/conversations/{conversationId}/members/{userId}",
  body: "",
  query: [],
  open: false,
  effect: "KEYED",
  timeoutMs: 5000,
  attempts: 4,
  reasons: reasons.removeMember,
  request: tables.RemoveMemberRequest,
  response: tables.RemoveMemberResponse,
};

const leaveGroup: MethodTable<LeaveGroupRequest, LeaveGroupResponse, LeaveGroupReason> = {
  name: "parlance.v1.ConversationService.LeaveGroup",
  verb: "POST",
  path: "/v1/conversations/{conversationId}/leave",
  body: "",
  query: [],
  open: false,
  effect: "KEYED",
  timeoutMs: 5000,
  attempts: 4,
  reasons: reasons.leaveGroup,
  request: tables.LeaveGroupRequest,
  response: tables.LeaveGroupResponse,
};

const changeRole: MethodTable<ChangeRoleRequest, ChangeRoleResponse, ChangeRoleReason> = {
  name: "parlance.v1.ConversationService.ChangeRole",
  verb: "PATCH",
  path: "/v1/conversations/{conversationId}/members/{userId}",
  body: "*",
  query: [],
  open: false,
  effect: "KEYED",
  timeoutMs: 5000,
  attempts: 4,
  reasons: reasons.changeRole,
  request: tables.ChangeRoleRequest,
  response: tables.ChangeRoleResponse,
};

const listMembers: MethodTable<ListMembersRequest, ListMembersResponse, ListMembersReason> = {
  name: "parlance.v1.ConversationService.ListMembers",
  verb: "GET",
  path: "/v1/conversations/{conversationId}/members",
  body: "",
  query: ["pageSize", "pageToken"],
  open: false,
  effect: "READ",
  timeoutMs: 5000,
  attempts: 4,
  reasons: reasons.listMembers,
  request: tables.ListMembersRequest,
  response: tables.ListMembersResponse,
};

const sendMessage: MethodTable<SendMessageRequest, SendMessageResponse, SendMessageReason> = {
  name: "parlance.v1.MessageService.SendMessage",
  verb: "POST",
  path: "/v1/conversations/{conversationId}/messages",
  body: "*",
  query: [],
  open: false,
  effect: "REPEATABLE",
  timeoutMs: 5000,
  attempts: 4,
  reasons: reasons.sendMessage,
  request: tables.SendMessageRequest,
  response: tables.SendMessageResponse,
};

const listMessages: MethodTable<ListMessagesRequest, ListMessagesResponse, ListMessagesReason> = {
  name: "parlance.v1.MessageService.ListMessages",
  verb: "GET",
  path: "/v1/conversations/{conversationId}/messages",
  body: "",
  query: ["fromSequence", "direction", "limit"],
  open: false,
  effect: "READ",
  timeoutMs: 5000,
  attempts: 4,
  reasons: reasons.listMessages,
  request: tables.ListMessagesRequest,
  response: tables.ListMessagesResponse,
};

const markRead: MethodTable<MarkReadRequest, MarkReadResponse, MarkReadReason> = {
  name: "parlance.v1.MessageService.MarkRead",
  verb: "PUT",
  path: "/v1/conversations/{conversationId}/read-position",
  body: "*",
  query: [],
  open: false,
  effect: "REPEATABLE",
  timeoutMs: 5000,
  attempts: 4,
  reasons: reasons.markRead,
  request: tables.MarkReadRequest,
  response: tables.MarkReadResponse,
};

const getProfile: MethodTable<GetProfileRequest, GetProfileResponse, GetProfileReason> = {
  name: "parlance.v1.UserService.GetProfile",
  verb: "GET",
  path: "/v1/profile",
  body: "",
  query: [],
  open: false,
  effect: "READ",
  timeoutMs: 5000,
  attempts: 4,
  reasons: reasons.getProfile,
  request: tables.GetProfileRequest,
  response: tables.GetProfileResponse,
};

const updateProfile: MethodTable<UpdateProfileRequest, UpdateProfileResponse, UpdateProfileReason> = {
  name: "parlance.v1.UserService.UpdateProfile",
  verb: "PATCH",
  path: "/v1/profile",
  body: "profile",
  query: ["updateMask"],
  open: false,
  effect: "REPEATABLE",
  timeoutMs: 5000,
  attempts: 4,
  reasons: reasons.updateProfile,
  request: tables.UpdateProfileRequest,
  response: tables.UpdateProfileResponse,
};

const getUser: MethodTable<GetUserRequest, GetUserResponse, GetUserReason> = {
  name: "parlance.v1.UserService.GetUser",
  verb: "GET",
  path: "/v1/users/{userId}",
  body: "",
  query: [],
  open: false,
  effect: "READ",
  timeoutMs: 5000,
  attempts: 4,
  reasons: reasons.getUser,
  request: tables.GetUserRequest,
  response: tables.GetUserResponse,
};

const lookUpUsers: MethodTable<LookUpUsersRequest, LookUpUsersResponse, LookUpUsersReason> = {
  name: "parlance.v1.UserService.LookUpUsers",
  verb: "GET",
  path: "/v1/users",
  body: "",
  query: ["names", "userIds"],
  open: false,
  effect: "READ",
  timeoutMs: 5000,
  attempts: 4,
  reasons: reasons.lookUpUsers,
  request: tables.LookUpUsersRequest,
  response: tables.LookUpUsersResponse,
};

/** What the schema says of each call. */
export const methods = {
  register,
  logIn,
  refresh,
  logOut,
  logOutAll,
  openDirect,
  createGroup,
  getConversation,
  listConversations,
  renameGroup,
  addMembers,
  removeMember,
  leaveGroup,
  changeRole,
  listMembers,
  sendMessage,
  listMessages,
  markRead,
  getProfile,
  updateProfile,
  getUser,
  lookUpUsers,
} as const;

/** Getting in and out. */
export class AuthServiceClient {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** Creates a user and logs the device in. */
  register(request: RegisterRequest, options?: CallOptions): Call<RegisterResponse, ErrorOf<RegisterReason>> {
    return this.#http.call(methods.register, request, options);
  }

  /** Opens a session for a device. A session that the device had before is ended. */
  logIn(request: LogInRequest, options?: CallOptions): Call<LogInResponse, ErrorOf<LogInReason>> {
    return this.#http.call(methods.logIn, request, options);
  }

  /** Exchanges a refresh token for new tokens. Each one works once: using it again ends the session that it belongs to. */
  refresh(request: RefreshRequest, options?: CallOptions): Call<RefreshResponse, ErrorOf<RefreshReason>> {
    return this.#http.call(methods.refresh, request, options);
  }

  /** Ends the session of this device and closes its connections. */
  logOut(request: LogOutRequest = {}, options?: CallOptions): Call<LogOutResponse, ErrorOf<LogOutReason>> {
    return this.#http.call(methods.logOut, request, options);
  }

  /** Ends all sessions of the caller, this one included. */
  logOutAll(request: LogOutAllRequest = {}, options?: CallOptions): Call<LogOutAllResponse, ErrorOf<LogOutAllReason>> {
    return this.#http.call(methods.logOutAll, request, options);
  }
}

/** Direct conversations and groups. */
export class ConversationServiceClient {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** The direct conversation with another user; created if there is none. */
  openDirect(request: OpenDirectRequest, options?: CallOptions): Call<OpenDirectResponse, ErrorOf<OpenDirectReason>> {
    return this.#http.call(methods.openDirect, request, options);
  }

  /** Creates a group that the caller owns. */
  createGroup(request: CreateGroupRequest, options?: CallOptions): Call<CreateGroupResponse, ErrorOf<CreateGroupReason>> {
    return this.#http.call(methods.createGroup, request, options);
  }

  /** One conversation of the caller. */
  getConversation(request: GetConversationRequest, options?: CallOptions): Call<GetConversationResponse, ErrorOf<GetConversationReason>> {
    return this.#http.call(methods.getConversation, request, options);
  }

  /** The caller's conversations, the one with the latest activity first. */
  listConversations(request: ListConversationsRequest = {}, options?: CallOptions): Call<ListConversationsResponse, ErrorOf<ListConversationsReason>> {
    return this.#http.call(methods.listConversations, request, options);
  }

  /** As `listConversations`, everything: page by page, as it is asked for. */
  listAllConversations(request: ListConversationsRequest = {}, options?: CallOptions): Pager<ListConversationsResponse, Conversation> {
    const table = { cursor: "pageToken", next: "nextPageToken", items: "conversations" };
    return new Pager(table, options, (cursor, options) => this.listConversations({ ...request, ...cursor }, options));
  }

  /** Gives a group another title. For the owner and admins. */
  renameGroup(request: RenameGroupRequest, options?: CallOptions): Call<RenameGroupResponse, ErrorOf<RenameGroupReason>> {
    return this.#http.call(methods.renameGroup, request, options);
  }

  /** Adds users to a group. For the owner and admins. Those who are members already stay as they are. */
  addMembers(request: AddMembersRequest, options?: CallOptions): Call<AddMembersResponse, ErrorOf<AddMembersReason>> {
    return this.#http.call(methods.addMembers, request, options);
  }

  /** Removes a member from a group. For the owner and, towards plain members, admins. */
  removeMember(request: RemoveMemberRequest, options?: CallOptions): Call<RemoveMemberResponse, ErrorOf<RemoveMemberReason>> {
    return this.#http.call(methods.removeMember, request, options);
  }

  /** Leaves a group. */
  leaveGroup(request: LeaveGroupRequest, options?: CallOptions): Call<LeaveGroupResponse, ErrorOf<LeaveGroupReason>> {
    return this.#http.call(methods.leaveGroup, request, options);
  }

  /** Gives a member another role. For the owner; who makes another member the owner becomes an admin. */
  changeRole(request: ChangeRoleRequest, options?: CallOptions): Call<ChangeRoleResponse, ErrorOf<ChangeRoleReason>> {
    return this.#http.call(methods.changeRole, request, options);
  }

  /** The members of a conversation, by user id. */
  listMembers(request: ListMembersRequest, options?: CallOptions): Call<ListMembersResponse, ErrorOf<ListMembersReason>> {
    return this.#http.call(methods.listMembers, request, options);
  }

  /** As `listMembers`, everything: page by page, as it is asked for. */
  listAllMembers(request: ListMembersRequest, options?: CallOptions): Pager<ListMembersResponse, Member> {
    const table = { cursor: "pageToken", next: "nextPageToken", items: "members" };
    return new Pager(table, options, (cursor, options) => this.listMembers({ ...request, ...cursor }, options));
  }
}

/** What is said in conversations. */
export class MessageServiceClient {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /**
   * Sends a message to a conversation that the caller is a member of. Answers once it is stored, or, if that takes more than two
   * seconds, once it is accepted: durable, to be stored soon.
   */
  sendMessage(request: SendMessageRequest, options?: CallOptions): Call<SendMessageResponse, ErrorOf<SendMessageReason>> {
    return this.#http.call(methods.sendMessage, request, options);
  }

  /** The history of a conversation by sequence. */
  listMessages(request: ListMessagesRequest, options?: CallOptions): Call<ListMessagesResponse, ErrorOf<ListMessagesReason>> {
    return this.#http.call(methods.listMessages, request, options);
  }

  /** As `listMessages`, everything: page by page, as it is asked for. */
  listAllMessages(request: ListMessagesRequest, options?: CallOptions): Pager<ListMessagesResponse, Message> {
    const table = { cursor: "fromSequence", next: "nextSequence", items: "messages" };
    return new Pager(table, options, (cursor, options) => this.listMessages({ ...request, ...cursor }, options));
  }

  /** Moves the caller's read position. It never moves back. The caller's other devices are told. */
  markRead(request: MarkReadRequest, options?: CallOptions): Call<MarkReadResponse, ErrorOf<MarkReadReason>> {
    return this.#http.call(methods.markRead, request, options);
  }
}

/** Profiles. */
export class UserServiceClient {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** The caller's own profile. */
  getProfile(request: GetProfileRequest = {}, options?: CallOptions): Call<GetProfileResponse, ErrorOf<GetProfileReason>> {
    return this.#http.call(methods.getProfile, request, options);
  }

  /** Changes the caller's own profile. */
  updateProfile(request: UpdateProfileRequest, options?: CallOptions): Call<UpdateProfileResponse, ErrorOf<UpdateProfileReason>> {
    return this.#http.call(methods.updateProfile, request, options);
  }

  /** One user by id. */
  getUser(request: GetUserRequest, options?: CallOptions): Call<GetUserResponse, ErrorOf<GetUserReason>> {
    return this.#http.call(methods.getUser, request, options);
  }

  /** Users by name or id. Those that do not exist are left out of the answer. */
  lookUpUsers(request: LookUpUsersRequest = {}, options?: CallOptions): Call<LookUpUsersResponse, ErrorOf<LookUpUsersReason>> {
    return this.#http.call(methods.lookUpUsers, request, options);
  }
}

/** All services. */
export class Services {
  /** Getting in and out. */
  readonly auth: AuthServiceClient;
  /** Direct conversations and groups. */
  readonly conversation: ConversationServiceClient;
  /** What is said in conversations. */
  readonly message: MessageServiceClient;
  /** Profiles. */
  readonly user: UserServiceClient;

  constructor(http: Http) {
    this.auth = new AuthServiceClient(http);
    this.conversation = new ConversationServiceClient(http);
    this.message = new MessageServiceClient(http);
    this.user = new UserServiceClient(http);
  }
}
