// What a project that takes the package as a tarball may write.

import { ConversationKind, type CreateGroupError, Parlance, UserId, validateCreateGroupRequest } from "@parlance/client";

const client = new Parlance({ url: "https://chat.example.com" });

export async function begin(title: string): Promise<string> {
  if (validateCreateGroupRequest({ title }).length > 0) return "another title, please";
  const result = await client.conversation.createGroup({ title, userIds: [UserId("7")] }).result();
  if (!result.ok) return why(result.error);
  const socket = client.connect();
  socket.on("message", (message) => console.log(message.content?.text?.body));
  return result.value.conversation?.kind === ConversationKind.GROUP ? "a group" : "something newer than this page";
}

function why(error: CreateGroupError): string {
  return error.reason === "GROUP_FULL" ? "too many" : error.message;
}

// @ts-expect-error an id of one kind is not one of another
client.message.listMessages({ conversationId: UserId("7") });
// @ts-expect-error a message has one content only
client.connect().send("7" as never, { text: { body: "x" }, custom: { kind: "k" } });
