// The connection, with a running platform that is killed, ended and started again.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type ConversationId,
  type Message,
  type Parlance,
  type ParlanceSocket,
  type SocketConstructor,
  type SocketOptions,
  type SocketState,
  uuidv7,
} from "../src/index.js";
import { Server, direct, until } from "./server.js";

const quick: SocketOptions = { backoff: { firstMs: 50, mostMs: 400 } };

let server: Server;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());

/** What a connection has told. */
class Ear {
  readonly messages: Message[] = [];
  readonly states: SocketState[] = [];
  readonly socket: ParlanceSocket;

  constructor(socket: ParlanceSocket) {
    this.socket = socket;
    socket.on("message", (message) => this.messages.push(message));
    socket.on("state", (state) => this.states.push(state));
  }
  bodies(): string[] {
    return this.messages.map((message) => message.content?.text?.body ?? "");
  }
}

async function listening(client: Parlance, options: SocketOptions = quick): Promise<Ear> {
  const ear = new Ear(client.connect(options));
  await ear.socket.once("synced");
  return ear;
}

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `${from + index}`);
}

test("messages go both ways, in order, and each has its place", async () => {
  const [{ client: ada }, { client: bob, id: bobId }] = [await server.user("ada"), await server.user("bob")];
  const conversationId = await direct(ada, bobId);
  const [hers, his] = [await listening(ada), await listening(bob)];
  const sent = numbers(1, 50).map((body) => hers.socket.sendText(conversationId, body));
  const stored = await Promise.all(sent.map((outgoing) => outgoing.stored));
  assert.deepEqual(
    stored.map((message) => message.sequence),
    numbers(1, 50),
  );
  await until("50 messages for both", () => his.messages.length === 50 && hers.messages.length === 50);
  assert.deepEqual(his.bodies(), numbers(1, 50));
  assert.deepEqual(hers.bodies(), numbers(1, 50));
  assert.ok(sent.every((outgoing) => outgoing.state === "stored"));
  assert.deepEqual(hers.socket.unsent(), []);
  hers.socket.close();
  his.socket.close();
  assert.ok([hers, his].every(({ socket }) => socket.state === "closed"));
});

test("calls by frame have the answers and errors of REST", async () => {
  const [{ client: ada }, { id: bobId }, { client: eve }] = [
    await server.user("ada2"),
    await server.user("bob2"),
    await server.user("eve2"),
  ];
  const conversationId = await direct(ada, bobId);
  const { socket } = await listening(ada);
  const { conversation } = await socket.call("getConversation", { conversationId });
  assert.equal(conversation?.peerId, bobId);
  const stranger = (await listening(eve)).socket;
  const refused = await stranger.call("markRead", { conversationId, sequence: "1" }).result();
  assert.equal(refused.error?.reason, "NOT_A_MEMBER");
  const broken = await socket.call("createGroup", { title: "" }).result();
  assert.deepEqual(
    broken.error?.violations.map(({ field, rule }) => [field, rule]),
    [["title", "string.min_len"]],
  );
  const unheard = stranger.sendText(conversationId, "let me in");
  await assert.rejects(unheard.stored, { reason: "NOT_A_MEMBER" });
  assert.equal(unheard.state, "refused");
  const empty = socket.sendText(conversationId, "");
  assert.equal(empty.error?.reason, "INVALID_ARGUMENT");
  socket.close();
  stranger.close();
});

test("read positions and changes of a group arrive", async () => {
  const [{ client: ada }, { client: bob, id: bobId }] = [await server.user("ada3"), await server.user("bob3")];
  const his = await listening(bob);
  const changed = his.socket.once("conversationChanged");
  const { conversation } = await ada.conversation.createGroup({ title: "Boilers", userIds: [bobId] });
  assert.equal((await changed).change, "CONVERSATION_CHANGE_JOINED");
  assert.ok(conversation);
  const hers = await listening(ada);
  await hers.socket.sendText(conversation.conversationId, "one").stored;
  await until("the message", () => his.messages.length === 1);
  const moved = his.socket.once("readMoved");
  await his.socket.call("markRead", { conversationId: conversation.conversationId, sequence: "1" });
  assert.equal((await moved).unreadCount, "0");
  hers.socket.close();
  his.socket.close();
});

test("a server that is killed under load loses nothing, and nothing comes twice", async () => {
  const own = await Server.start();
  try {
    const [{ client: ada }, { client: bob, id: bobId }] = [await own.user("ada"), await own.user("bob")];
    const conversationId = await direct(ada, bobId);
    const [hers, his] = [await listening(ada), await listening(bob)];
    const sent = [];
    for (let round = 0; round < 3; round += 1) {
      for (let burst = 0; burst < 10; burst += 1) {
        for (let each = 0; each < 10; each += 1) sent.push(hers.socket.sendText(conversationId, `${sent.length + 1}`));
        await sleep(5);
      }
      await own.kill();
      for (let each = 0; each < 20; each += 1) sent.push(hers.socket.sendText(conversationId, `${sent.length + 1}`));
      await own.startAgain();
    }
    await Promise.all(sent.map((outgoing) => outgoing.stored));
    await until("everything", () => his.messages.length >= sent.length && hers.messages.length >= sent.length);
    await sleep(200);
    const sequences = numbers(1, sent.length);
    assert.deepEqual(
      his.messages.map((message) => message.sequence),
      sequences,
    );
    assert.deepEqual(
      hers.messages.map((message) => message.sequence),
      sequences,
    );
    assert.deepEqual([...his.bodies()].sort(byNumber), sequences);
    assert.ok(his.states.includes("waiting"));
    hers.socket.close();
    his.socket.close();
  } finally {
    await own.stop();
  }
});

test("who was away for more than a resume holds reads on to the end", async () => {
  const [{ client: ada }, { client: bob, id: bobId }] = [await server.user("ada5"), await server.user("bob5")];
  const conversationId = await direct(ada, bobId);
  const hers = await listening(ada);
  const first = await listening(bob);
  await hers.socket.sendText(conversationId, "1").stored;
  await until("the first", () => first.messages.length === 1);
  const positions = first.socket.positions();
  first.socket.close();
  await Promise.all(numbers(2, 1_300).map((body) => hers.socket.sendText(conversationId, body).stored));
  const second = await listening(bob, { ...quick, positions });
  await until("what was missed", () => second.messages.length >= 1_299);
  assert.deepEqual(second.bodies(), numbers(2, 1_300));
  hers.socket.close();
  second.socket.close();
});

test("what a page did not get rid of, another one sends: once", async () => {
  const own = await Server.start();
  try {
    const [{ client: ada }, { client: bob, id: bobId }] = [await own.user("ada"), await own.user("bob")];
    const conversationId = await direct(ada, bobId);
    const his = await listening(bob);
    const before = await listening(ada);
    await own.kill();
    before.socket.sendText(conversationId, "written in the tunnel");
    const unsent = before.socket.unsent();
    before.socket.close();
    assert.equal(unsent.length, 1);
    await own.startAgain();
    const after = await listening(ada, { ...quick, unsent });
    const again = await listening(ada, { ...quick, unsent });
    await until("the message", () => his.messages.length > 0 && after.socket.unsent().length + again.socket.unsent().length === 0);
    await sleep(200);
    assert.deepEqual(his.bodies(), ["written in the tunnel"]);
    for (const { socket } of [his, after, again]) socket.close();
  } finally {
    await own.stop();
  }
});

test("a conversation that began while this client was away is told too", async () => {
  const own = await Server.start();
  try {
    const [{ client: ada }, { client: bob, id: bobId }] = [await own.user("ada"), await own.user("bob")];
    const slow: SocketOptions = { backoff: { firstMs: 1_500, mostMs: 1_500 } };
    const his = await listening(bob, slow);
    await own.kill();
    await own.startAgain();
    const hers = await listening(ada);
    const conversationId = await direct(ada, bobId);
    await hers.socket.sendText(conversationId, "are you there?").stored;
    await until("the message", () => his.messages.length === 1);
    assert.deepEqual(his.bodies(), ["are you there?"]);
    hers.socket.close();
    his.socket.close();
  } finally {
    await own.stop();
  }
});

test("a server that goes down says when to come back, and the client comes just then", async () => {
  const own = await Server.start("gateway.reconnect_spread=3s");
  const opened: number[] = [];
  class Watched extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols);
      opened.push(Date.now());
    }
  }
  const { client } = await own.user("ada");
  // by its own pauses it would come after a quarter of a minute at the soonest
  const backoff = { firstMs: 60_000, mostMs: 60_000 };
  const { socket } = await listening(client, { backoff, webSocket: Watched as unknown as SocketConstructor });
  try {
    const told = socket.frames.once("goAway");
    const ended = new Promise<number>((resolve) => socket.on("state", (state) => state === "waiting" && resolve(Date.now())));
    await own.interrupt();
    const { reconnectAfterMs } = await told;
    const endedAt = await ended;
    await until("another attempt", () => opened.length === 2, 10_000);
    const waited = (opened[1] ?? 0) - endedAt;
    assert.ok(waited >= reconnectAfterMs - 5 && waited < reconnectAfterMs + 2_000, `told ${reconnectAfterMs} ms, waited ${waited} ms`);
  } finally {
    socket.close();
    await own.stop();
  }
});

test("a token is renewed on the open connection, which goes on", async () => {
  const brief = await Server.start("logic.access_token_lifetime=2s");
  try {
    const { client } = await brief.user("ada");
    const ear = await listening(client);
    const before = client.session.access();
    await sleep(5_000);
    assert.notEqual(client.session.access(), before);
    assert.deepEqual(ear.states, ["open"]);
    ear.socket.close();
  } finally {
    await brief.stop();
  }
});

test("a page that comes back with an expired token gets in", async () => {
  const brief = await Server.start("logic.access_token_lifetime=1s");
  try {
    const { client } = await brief.user("ada");
    await sleep(1_600);
    const ear = await listening(client);
    assert.equal(ear.socket.state, "open");
    ear.socket.close();
  } finally {
    await brief.stop();
  }
});

test("a session that ended elsewhere ends the connection for good", async () => {
  const { client } = await server.user("ada9");
  const ear = await listening(client);
  const ended = ear.socket.once("ended");
  await client.auth.logOutAll();
  assert.equal((await ended).reason, "SESSION_ENDED");
  assert.equal(ear.socket.state, "closed");
  const late = await ear.socket.call("listConversations", {}).result();
  assert.ok(late.error?.reason === "NO_ANSWER" || late.error?.reason === "CANCELLED");
});

test("a message that the server pushes back is sent again", async () => {
  const strict = await Server.start("limits.send.per_second=20", "limits.send.burst=5");
  try {
    const [{ client: ada }, { client: bob, id: bobId }] = [await strict.user("ada"), await strict.user("bob")];
    const conversationId: ConversationId = await direct(ada, bobId);
    const [hers, his] = [await listening(ada), await listening(bob)];
    await Promise.all(numbers(1, 30).map((body) => hers.socket.sendText(conversationId, body).stored));
    await until("all of them", () => his.messages.length === 30);
    assert.deepEqual([...his.bodies()].sort(byNumber), numbers(1, 30));
    hers.socket.close();
    his.socket.close();
  } finally {
    await strict.stop();
  }
});

test("a page may choose the id of a message, and has each but once", async () => {
  const [{ client: ada }, { id: bobId }] = [await server.user("ada10"), await server.user("bob10")];
  const conversationId = await direct(ada, bobId);
  const { socket } = await listening(ada);
  const id = uuidv7();
  const once = socket.send(conversationId, { text: { body: "once" } }, id);
  const twice = socket.send(conversationId, { text: { body: "twice" } }, id);
  assert.equal(twice.error?.reason, "CONFLICTING_DUPLICATE");
  assert.equal((await once.stored).clientMessageId, id);
  socket.close();
});

test("every frame is told under its name", async () => {
  const [{ client: ada }, { id: bobId }] = [await server.user("ada11"), await server.user("bob11")];
  const conversationId = await direct(ada, bobId);
  const socket = ada.connect(quick);
  const told: string[] = [];
  for (const name of ["ready", "accepted", "stored", "pong", "message"] as const) socket.frames.on(name, () => told.push(name));
  await socket.once("synced");
  await socket.sendText(conversationId, "hello").stored;
  await socket.call("ping", {});
  assert.deepEqual(told, ["ready", "accepted", "stored", "pong"]);
  socket.close();
});

function byNumber(one: string, other: string): number {
  return Number(one) - Number(other);
}
