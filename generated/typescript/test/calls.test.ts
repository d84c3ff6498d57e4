// Calls over HTTP, with a running platform.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type FetchLike, type MemberRole, Parlance, ParlanceError, type SendMessageError, UserId, uuidv7 } from "../src/index.js";
import { Server, direct } from "./server.js";

let server: Server;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());

/** `fetch` that writes down what it is asked for. */
function noting(seen: { url: string; headers: Record<string, string> }[], first?: (nth: number) => Response | undefined): FetchLike {
  return async (url, init) => {
    seen.push({ url, headers: init.headers });
    return first?.(seen.length) ?? fetch(url, init);
  };
}

test("a user registers, another one is found, a message is sent and read", async () => {
  const { client: ada } = await server.user("ada");
  const { client: bob, id: bobId } = await server.user("bob");
  const { users } = await ada.user.lookUpUsers({ names: ["bob", "nobody"] });
  assert.deepEqual(
    users.map((user) => user.userId),
    [bobId],
  );
  const conversationId = await direct(ada, bobId);
  const sent = await ada.message.sendMessage({ conversationId, clientMessageId: uuidv7(), content: { text: { body: "hello" } } });
  assert.equal(sent.message?.sequence, "1");
  const { messages, nextSequence } = await bob.message.listMessages({ conversationId });
  assert.equal(messages[0]?.content?.text?.body, "hello");
  assert.equal(nextSequence, "0");
});

test("what has its zero value is there all the same", async () => {
  const { client } = await server.user("zero");
  const { conversation } = await client.conversation.createGroup({ title: "Engine room" });
  assert.equal(conversation?.peerId, "0");
  assert.equal(conversation.unreadCount, "0");
  assert.equal(conversation.lastMessage, undefined);
  const { conversations } = await (await server.user("empty")).client.conversation.listConversations();
  assert.deepEqual(conversations, []);
});

test("a profile is changed by a mask", async () => {
  const { client } = await server.user("masked");
  await client.user.updateProfile({ profile: { displayName: "M", about: "before" } });
  const { user } = await client.user.updateProfile({ profile: { displayName: "ignored", about: "after" }, updateMask: "about" });
  assert.equal(user?.displayName, "M");
  assert.equal(user.about, "after");
});

/** Every reason is named; that this compiles without a `default` shows that no other is possible. */
function advice(error: SendMessageError): string {
  switch (error.reason) {
    case "NOT_A_MEMBER":
      return "join first";
    case "CONFLICTING_DUPLICATE":
      return "new id";
    case "MESSAGE_ID_OUT_OF_TIME":
      return "clock";
    case "INVALID_ARGUMENT":
      return error.violations.map((violation) => `${violation.field} ${violation.rule}`).join();
    case "UNAUTHENTICATED":
    case "TOKEN_EXPIRED":
    case "SESSION_ENDED":
      return "log in";
    case "RATE_LIMITED":
    case "OVERLOADED":
    case "DEADLINE_EXCEEDED":
    case "UNAVAILABLE":
    case "NO_ANSWER":
      return "later";
    case "MALFORMED":
    case "TOO_LARGE":
    case "UNSUPPORTED_MEDIA_TYPE":
    case "INTERNAL":
    case "UNEXPECTED":
    case "CANCELLED":
      return "report";
  }
}

test("an error is one of those that the call may give", async () => {
  const { client: ada } = await server.user("ada2");
  const { client: eve, id: eveId } = await server.user("eve2");
  const conversationId = await direct(ada, eveId);
  const stranger = (await server.user("stranger2")).client;
  const request = { conversationId, clientMessageId: uuidv7(), content: { text: { body: "x" } } };
  const refused = await stranger.message.sendMessage(request).result();
  assert.equal(refused.ok ? "" : advice(refused.error), "join first");
  await eve.message.sendMessage(request);
  const other = await eve.message.sendMessage({ ...request, content: { text: { body: "y" } } }).result();
  assert.equal(other.ok ? "" : advice(other.error), "new id");
  const old = await eve.message.sendMessage({ ...request, clientMessageId: uuidv7(1_000) }).result();
  assert.equal(old.ok ? "" : advice(old.error), "clock");
  const loggedOut = await new Parlance({ url: server.url }).message.sendMessage(request).result();
  assert.equal(loggedOut.ok ? "" : advice(loggedOut.error), "log in");
  await assert.rejects(async () => stranger.message.sendMessage(request), { name: "ParlanceError", reason: "NOT_A_MEMBER" });
});

test("rules are checked before anything is sent, with the words of the server", async () => {
  const seen: { url: string; headers: Record<string, string> }[] = [];
  const careful = new Parlance({ url: server.url, fetch: noting(seen) });
  const careless = new Parlance({ url: server.url, validate: false });
  const wrong = { name: "1", password: "short", displayName: "x".repeat(65), deviceId: "no spaces" };
  const here = await careful.auth.register(wrong).result();
  const there = await careless.auth.register(wrong).result();
  assert.equal(seen.length, 0);
  assert.equal(here.error?.violations.length, 4);
  assert.deepEqual(here.error.violations, there.error?.violations);
});

test("lists are read to their end, page by page", async () => {
  const { client, id } = await server.user("owner3");
  const names = Array.from({ length: 25 }, (_, index) => `member3-${index}`);
  const ids: UserId[] = [];
  for (const name of names) ids.push((await server.user(name)).id);
  const { conversation } = await client.conversation.createGroup({ title: "Many", userIds: ids });
  assert.ok(conversation);
  const { conversationId } = conversation;
  const members = client.conversation.listAllMembers({ conversationId, pageSize: 7 });
  const found = (await members.toArray()).map((member) => member.userId).sort();
  assert.deepEqual(found, [...ids, id].sort());
  let pages = 0;
  for await (const page of members.pages()) pages += page.members.length > 0 ? 1 : 0;
  assert.equal(pages, 4);
  assert.equal((await client.conversation.listAllMembers({ conversationId, pageSize: 7 }).toArray(3)).length, 3);
  for (let sent = 0; sent < 12; sent += 1) {
    await client.message.sendMessage({ conversationId, clientMessageId: uuidv7(), content: { text: { body: `${sent}` } } });
  }
  const said: string[] = [];
  for await (const message of client.message.listAllMessages({ conversationId, direction: "LIST_DIRECTION_FORWARD", limit: 5 })) {
    said.push(message.content?.text?.body ?? "");
  }
  assert.deepEqual(
    said,
    Array.from({ length: 12 }, (_, index) => `${index}`),
  );
  const roles: MemberRole[] = (await members.toArray()).map((member) => member.role);
  assert.equal(roles.filter((role) => role === "MEMBER_ROLE_OWNER").length, 1);
});

test("what may be repeated is repeated; what needs a key has the same one each time", async () => {
  const { client } = await server.user("patient4");
  const seen: { url: string; headers: Record<string, string> }[] = [];
  const away = (nth: number) => (nth < 3 ? new Response("no backend", { status: 503 }) : undefined);
  const retrying = new Parlance({ url: server.url, fetch: noting(seen, away), backoff: { firstMs: 1, mostMs: 5 } });
  retrying.session.set(client.session.tokens);
  const { conversation } = await retrying.conversation.createGroup({ title: "Again" });
  assert.ok(conversation);
  assert.equal(seen.length, 3);
  const keys = new Set(seen.map(({ headers }) => headers["idempotency-key"]));
  assert.equal(keys.size, 1);
  assert.match([...keys][0] ?? "", /^[0-9a-f-]{36}$/);
  const once = await retrying.conversation.getConversation({ conversationId: conversation.conversationId }, { attempts: 1 });
  assert.equal(once.conversation?.title, "Again");
});

test("who is slow is given up, and who gives up is let go", async () => {
  const silent: FetchLike = (_, { signal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(new DOMException("", "AbortError"))));
  const client = new Parlance({ url: server.url, fetch: silent, backoff: { firstMs: 1, mostMs: 5 } });
  const begun = Date.now();
  const late = await client.auth.logIn({ name: "ada", password: "x", deviceId: "d" }, { timeoutMs: 50, attempts: 2 }).result();
  assert.equal(late.error?.reason, "NO_ANSWER");
  assert.ok(Date.now() - begun >= 100);
  const controller = new AbortController();
  const call = client.user.getProfile({}, { signal: controller.signal }).result();
  controller.abort();
  assert.equal((await call).error?.reason, "CANCELLED");
});

test("nothing is sent again that the server has refused for good", async () => {
  const seen: { url: string; headers: Record<string, string> }[] = [];
  const client = new Parlance({ url: server.url, fetch: noting(seen) });
  const refused = await client.auth.logIn({ name: "nobody", password: "x", deviceId: "d" }).result();
  assert.equal(refused.error?.reason, "WRONG_CREDENTIALS");
  assert.ok(refused.error instanceof ParlanceError);
  assert.equal(seen.length, 1);
});

test("a reason that this client does not know is told as such", async () => {
  const newer: FetchLike = () => Promise.resolve(new Response(JSON.stringify({ reason: "MOON_PHASE", code: "ABORTED" }), { status: 409 }));
  const refused = await new Parlance({ url: server.url, fetch: newer }).user.getProfile().result();
  assert.equal(refused.error?.reason, "UNEXPECTED");
  assert.equal(refused.error.problem?.reason, "MOON_PHASE");
});

test("an expired token is refreshed once, however many calls meet it", async () => {
  const brief = await Server.start("logic.access_token_lifetime=1s");
  try {
    const seen: { url: string; headers: Record<string, string> }[] = [];
    const { client } = await brief.user("brief", { fetch: noting(seen) });
    const before = client.session.tokens?.refreshToken;
    await sleep(1_600);
    const profiles = await Promise.all([1, 2, 3, 4].map(async () => client.user.getProfile()));
    assert.ok(profiles.every(({ user }) => user?.name === "brief"));
    assert.notEqual(client.session.tokens?.refreshToken, before);
    assert.equal(seen.filter(({ url }) => url.endsWith("/v1/sessions/refresh")).length, 1);
  } finally {
    await brief.stop();
  }
});

test("who is logged out everywhere is told, and not logged out by a server in trouble", async () => {
  const { client } = await server.user("gone5");
  const other = new Parlance({ url: server.url });
  await other.signIn({ name: "gone5", password: "correct horse", deviceId: "phone" });
  await other.auth.logOutAll();
  const refused = await client.user.getProfile().result();
  assert.equal(refused.error?.reason, "SESSION_ENDED");
  const troubled: FetchLike = () => Promise.resolve(new Response("", { status: 500 }));
  const kept = new Parlance({ url: server.url, fetch: troubled });
  kept.session.set(other.session.tokens);
  assert.equal(await kept.session.refresh(kept.session.access() ?? ""), undefined);
  assert.ok(kept.session.tokens);
});

test("ids are of their kind", () => {
  assert.equal(UserId("7203685477580800001"), "7203685477580800001");
  assert.throws(() => UserId("ada"), TypeError);
});

test("an answer that is lost is asked for again: the group is made once", async () => {
  const { client } = await server.user("loser4");
  let lost = 0;
  const losing: FetchLike = async (url, init) => {
    const answer = await fetch(url, init);
    if (init.method === "POST" && (lost += 1) === 1) throw new TypeError("connection lost");
    return answer;
  };
  const retrying = new Parlance({ url: server.url, fetch: losing, backoff: { firstMs: 1, mostMs: 5 } });
  retrying.session.set(client.session.tokens);
  await retrying.conversation.createGroup({ title: "Once" });
  assert.equal(lost, 2);
  const groups = await client.conversation.listAllConversations().toArray();
  assert.equal(groups.length, 1);
});
