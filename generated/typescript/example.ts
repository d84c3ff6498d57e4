// A page that logs in and chats. `npm run example` serves it; the server has to allow it (README).
import { type Message, Parlance, type ParlanceSocket } from "./src/index.js";

const server = new URLSearchParams(location.search).get("server") ?? "http://127.0.0.1:7700";
const client = new Parlance({ url: server });
let socket: ParlanceSocket | undefined;
const find = (id: string) => document.getElementById(id) as HTMLInputElement;

function show(message: Message): void {
  const whose = message.senderId === socket?.userId ? "me" : "they";
  const text = message.content?.text?.body ?? "(something newer than this page)";
  find("log").append(Object.assign(document.createElement("p"), { textContent: `${message.sequence} ${whose}: ${text}` }));
}

async function enter(): Promise<void> {
  const who = { name: find("name").value, password: find("password").value, deviceId: "example-page" };
  const registered = await client.auth.register(who).result();
  if (registered.ok) client.session.set(registered.value.tokens);
  else if (registered.error.reason === "NAME_TAKEN") await client.signIn(who);
  else return alert(registered.error.message);
  socket = client.connect();
  socket.on("state", (state) => (find("state").textContent = state));
  socket.on("message", show);
}

async function say(): Promise<void> {
  const [peer] = (await client.user.lookUpUsers({ names: [find("peer").value] })).users;
  if (!peer) return alert("there is no such user");
  const { conversation } = await client.conversation.openDirect({ userId: peer.userId });
  if (conversation) socket?.sendText(conversation.conversationId, find("text").value);
  find("text").value = "";
}

for (const [form, act] of [
  ["door", enter],
  ["say", say],
] as const) {
  find(form).addEventListener("submit", (event) => {
    event.preventDefault();
    act().catch(alert);
  });
}
