// The parts of the runtime by themselves.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type ConversationId,
  type Message,
  MessageId,
  Parlance,
  type ParlanceOptions,
  UserId,
  uuidv7,
  validateListMessagesRequest,
  validateLookUpUsersRequest,
  validateResume,
  validateSendMessageRequest,
} from "../src/index.js";
import { methods } from "../src/gen/services.js";
import { pauseMs } from "../src/runtime/backoff.js";
import { place } from "../src/runtime/http.js";
import { Order } from "../src/runtime/socket/order.js";
import { Outbox, Outgoing } from "../src/runtime/socket/outbox.js";

const conversationId = "7" as ConversationId;

test("ids of messages are version 7 UUIDs, in order and unlike", () => {
  const ids = Array.from({ length: 10_000 }, () => uuidv7());
  assert.ok(ids.every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id)));
  assert.deepEqual([...ids].sort(), ids);
  assert.equal(new Set(ids).size, ids.length);
  const made = Number.parseInt(uuidv7(1_700_000_000_000).replaceAll("-", "").slice(0, 12), 16);
  assert.equal(made, 1_700_000_000_000);
});

test("pauses grow up to a bound and are not the same for all", () => {
  const backoff = { firstMs: 100, mostMs: 1_000 };
  assert.deepEqual(
    [1, 2, 3, 4, 5, 60].map((failed) => pauseMs(backoff, failed, () => 1)),
    [100, 200, 400, 800, 1_000, 1_000],
  );
  assert.equal(
    pauseMs(backoff, 3, () => 0),
    100,
  );
});

test("requests find their place in path, query and body", () => {
  assert.deepEqual(place(methods.listMembers, { conversationId: "7", pageSize: 2, pageToken: "a/b" }), {
    target: "/v1/conversations/7/members?pageSize=2&pageToken=a%2Fb",
  });
  assert.deepEqual(place(methods.lookUpUsers, { names: ["a", "b c"] }), { target: "/v1/users?names=a&names=b+c" });
  assert.deepEqual(place(methods.markRead, { conversationId: "7", sequence: "3" }), {
    target: "/v1/conversations/7/read-position",
    body: '{"sequence":"3"}',
  });
  const nested = { path: "/v1/{a.b}/x", body: "*", query: [] };
  assert.deepEqual(place(nested, { a: { b: "é?", c: 1 } }), { target: "/v1/%C3%A9%3F/x", body: '{"a":{"c":1}}' });
});

test("every rule that a message breaks is named, with its path", () => {
  const id = "0193b2a4-7c1e-7d3a-9a51-0c8f3d2e4b6a";
  const broken = (value: object) => validateSendMessageRequest(value).map(({ field, rule }) => `${field} ${rule}`);
  assert.deepEqual(broken({ conversationId, clientMessageId: id, content: { text: { body: "x" } } }), []);
  assert.deepEqual(broken({}), ["conversationId uint64.gt", "clientMessageId string.pattern", "content required"]);
  assert.deepEqual(broken({ conversationId, clientMessageId: id, content: {} }), ["content.kind required"]);
  assert.deepEqual(broken({ conversationId, clientMessageId: id, content: { text: { body: "é".repeat(4_097) } } }), [
    "content.text.body string.max_bytes",
  ]);
  assert.deepEqual(broken({ conversationId, clientMessageId: id, content: { text: { body: "x" }, custom: { kind: "a" } } }), [
    "content.custom oneof",
  ]);
  assert.deepEqual(broken({ conversationId: "18446744073709551616", clientMessageId: id, content: { text: { body: "x" } }, more: 1 }), [
    "more unknown",
    "conversationId range",
  ]);
  assert.deepEqual(
    validateListMessagesRequest({ conversationId, direction: 7, limit: 201 }).map(({ rule }) => rule),
    ["enum.defined_only"],
  );
  assert.deepEqual(
    validateLookUpUsersRequest({ names: ["", "x"] }).map(({ field }) => field),
    ["names[0]"],
  );
  assert.deepEqual(
    validateResume({ positions: [{ conversationId: "0" }] }).map(({ field }) => field),
    ["positions[0].conversationId"],
  );
});

function message(sequence: number): Message {
  return {
    messageId: MessageId(`${sequence}`),
    conversationId,
    sequence: `${sequence}`,
    senderId: UserId("1"),
    clientMessageId: "",
  } as Message;
}

test("messages come in order, each once, and a gap is noticed", () => {
  const told: string[] = [];
  let gaps = 0;
  const order = new Order(
    (each) => told.push(each.sequence),
    () => (gaps += 1),
  );
  for (const sequence of [5, 6, 6, 5, 9, 8]) order.take(message(sequence));
  assert.deepEqual(told, ["5", "6"]);
  assert.equal(gaps, 2);
  assert.ok(order.hasGap(conversationId));
  order.take(message(7));
  assert.deepEqual(told, ["5", "6", "7", "8", "9"]);
  assert.equal(order.position(conversationId), 9n);
  assert.equal(order.begin(conversationId, 1n), false);
});

test("the outbox sends what was not answered again on the next connection, in order", () => {
  const outbox = new Outbox();
  const made = [1, 2, 3].map((each) => new Outgoing({ conversationId, clientMessageId: `${each}`, content: { text: { body: "x" } } }));
  for (const outgoing of made) outbox.add(outgoing);
  const ids = () => outbox.next().map(({ clientMessageId }) => clientMessageId);
  assert.deepEqual(ids(), ["1", "2", "3"]);
  assert.deepEqual(ids(), []);
  outbox.done("1");
  outbox.begin();
  assert.deepEqual(ids(), ["2", "3"]);
  outbox.again("2");
  assert.deepEqual(ids(), ["2"]);
});

test("nothing is sent by a client that has no server", async () => {
  const options: ParlanceOptions = { url: "http://127.0.0.1:1", backoff: { firstMs: 1, mostMs: 2 } };
  const refused = await new Parlance(options).user.getProfile().result();
  assert.equal(refused.error?.reason, "NO_ANSWER");
});
