// Made from schema/ by build-support; what is changed here is lost.

import { type Violation, violations } from "../runtime/validate.js";
import * as tables from "./tables.js";

/** Every rule of the schema that `value` breaks. */
export function validateAddMembersRequest(value: unknown): Violation[] {
  return violations(tables.AddMembersRequest, value);
}

/** Every rule of the schema that `value` breaks. */
export function validateChangeRoleRequest(value: unknown): Violation[] {
  return violations(tables.ChangeRoleRequest, value);
}

/** Every rule of the schema that `value` breaks. */
export function validateClientFrame(value: unknown): Violation[] {
  return violations(tables.ClientFrame, value);
}

/** Every rule of the schema that `value` breaks. */
export function validateContent(value: unknown): Violation[] {
  return violations(tables.Content, value);
}

/** Every rule of the schema that `value` breaks. */
export function validateCreateGroupRequest(value: unknown): Violation[] {
  return violations(tables.CreateGroupRequest, value);
}

/** Every rule of the schema that `value` breaks. */
export function validateCustom(value: unknown): Violation[] {
  return violations(tables.Custom, value);
}

/** Every rule of the schema that `value` breaks. */
export function validateGetConversationRequest(value: unknown): Violation[] {
  return violations(tables.GetConversationRequest, value);
}

/** Every rule of the schema that `value` breaks. */
export function validateGetProfileRequest(value: unknown): Violation[] {
  return violations(tables.GetProfileRequest, value);
}

/** Every rule of the schema that `value` breaks. */
export function validateGetUserRequest(value: unknown): Violation[] {
  return violations(tables.GetUserRequest, value);
}

/** Every rule of the schema that `value` breaks. */
export function validateLeaveGroupRequest(value: unknown): Violation[] {
  return violations(tables.LeaveGroupRequest, value);
}

/** Every rule of the schema that `value` breaks. */
export function validateListConversationsRequest(value: unknown): Violation[] {
  return violations(tables.ListConversationsRequest, value);
}

/** Every rule of the schema that `value` breaks. */
export function validateListMembersRequest(value: unknown): Violation[] {
  return violations(tables.ListMembersRequest, value);
}

/** Every rule of the schema that `value` breaks. */
export function validateListMessagesRequest(value: unknown): Violation[] {
  return violations(tables.ListMessagesRequest, value);
}

/** Every rule of the schema that `value` breaks. */
export function validateLogInRequest(value: unknown): Violation[] {
  return violations(tables.LogInRequest, value);
}

/** Every rule of the schema that `value` breaks. */
export function validateLogOutAllRequest(value: unknown): Violation[] {
  return violations(tables.LogOutAllRequest, value);
}

/** Every rule of the schema that `value` breaks. */
export function validateLogOutRequest(value: unknown): Violation[] {
  return violations(tables.LogOutRequest, value);
}

/** Every rule of the schema that `value` breaks. */
export function validateLookUpUsersRequest(value: unknown): Violation[] {
  return violations(tables.LookUpUsersRequest, value);
}

/** Every rule of the schema that `value` breaks. */
export function validateMarkReadRequest(value: unknown): Violation[] {
  return violations(tables.MarkReadRequest, value);
}

/** Every rule of the schema that `value` breaks. */
export function validateOpenDirectRequest(value: unknown): Violation[] {
  return violations(tables.OpenDirectRequest, value);
}

/** Every rule of the schema that `value` breaks. */
export function validatePing(value: unknown): Violation[] {
  return violations(tables.Ping, value);
}

/** Every rule of the schema that `value` breaks. */
export function validatePosition(value: unknown): Violation[] {
  return violations(tables.Position, value);
}

/** Every rule of the schema that `value` breaks. */
export function validateProfile(value: unknown): Violation[] {
  return violations(tables.Profile, value);
}

/** Every rule of the schema that `value` breaks. */
export function validateRefreshRequest(value: unknown): Violation[] {
  return violations(tables.RefreshRequest, value);
}

/** Every rule of the schema that `value` breaks. */
export function validateRegisterRequest(value: unknown): Violation[] {
  return violations(tables.RegisterRequest, value);
}

/** Every rule of the schema that `value` breaks. */
export function validateRemoveMemberRequest(value: unknown): Violation[] {
  return violations(tables.RemoveMemberRequest, value);
}

/** Every rule of the schema that `value` breaks. */
export function validateRenameGroupRequest(value: unknown): Violation[] {
  return violations(tables.RenameGroupRequest, value);
}

/** Every rule of the schema that `value` breaks. */
export function validateRenew(value: unknown): Violation[] {
  return violations(tables.Renew, value);
}

/** Every rule of the schema that `value` breaks. */
export function validateResume(value: unknown): Violation[] {
  return violations(tables.Resume, value);
}

/** Every rule of the schema that `value` breaks. */
export function validateSendMessageRequest(value: unknown): Violation[] {
  return violations(tables.SendMessageRequest, value);
}

/** Every rule of the schema that `value` breaks. */
export function validateText(value: unknown): Violation[] {
  return violations(tables.Text, value);
}

/** Every rule of the schema that `value` breaks. */
export function validateUpdateProfileRequest(value: unknown): Violation[] {
  return violations(tables.UpdateProfileRequest, value);
}
