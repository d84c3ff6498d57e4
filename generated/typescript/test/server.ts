// `parlance dev` as a child process, on a folder of its own: it can be killed and started again on its data.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ConversationId, Parlance, type ParlanceOptions, type UserId } from "../src/index.js";

const BINARY = process.env["PARLANCE"] ?? "../../target/debug/parlance";
const PATIENCE_MS = 30_000;

/** A server of a test. */
export class Server {
  readonly folder: string;
  readonly #settings: string[];
  #child: ChildProcess | undefined;
  #url = "";

  private constructor(folder: string, settings: string[]) {
    this.folder = folder;
    this.#settings = settings;
  }

  /** Starts one on an empty folder, with limits that no test meets. */
  static async start(...settings: string[]): Promise<Server> {
    const server = new Server(await mkdtemp(join(tmpdir(), "parlance-")), settings);
    await server.startAgain();
    return server;
  }

  get url(): string {
    return this.#url;
  }

  /** On the data that is there, at the same address. */
  async startAgain(): Promise<void> {
    await rm(join(this.folder, "address"), { force: true });
    const listen = this.#url === "" ? "127.0.0.1:0" : new URL(this.#url).host;
    const limits = ["credentials", "read", "write", "send"].flatMap((rate) => [
      `limits.${rate}.per_second=1000000`,
      `limits.${rate}.burst=1000000`,
    ]);
    const settings = ["repo.bcrypt_cost=4", "telemetry.level=error", ...limits, ...this.#settings];
    const flags = ["dev", "--data", this.folder, "--listen", listen, ...settings.flatMap((setting) => ["--set", setting])];
    this.#child = spawn(BINARY, flags, { stdio: ["ignore", "ignore", "inherit"] });
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(10)) {
      if (this.#child.exitCode !== null) throw new Error(`the server ended at its start with ${this.#child.exitCode}`);
      const address = await readFile(join(this.folder, "address"), "utf8").catch(() => "");
      if (address !== "") {
        this.#url = address.trim();
        return;
      }
    }
    throw new Error("the server is not ready in time");
  }

  /** SIGKILL: nothing is brought to an end. */
  kill(): Promise<void> {
    return this.#signal("SIGKILL");
  }

  /** Asks it to end, as Ctrl-C does. */
  interrupt(): Promise<void> {
    return this.#signal("SIGINT");
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #signal(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  /** A new user on a device of its own. */
  async user(name: string, options: Partial<ParlanceOptions> = {}): Promise<{ client: Parlance; id: UserId }> {
    const client = new Parlance({ url: this.#url, ...options });
    const id = await client.signUp({ name, password: "correct horse", deviceId: `${name}-laptop` });
    return { client, id };
  }
}

/** The direct conversation of two users. */
export async function direct(client: Parlance, peer: UserId): Promise<ConversationId> {
  const { conversation } = await client.conversation.openDirect({ userId: peer });
  if (!conversation) throw new Error("a conversation was asked for");
  return conversation.conversationId;
}

/** Waits until something holds; what it is, for the message if it never does. */
export async function until(what: string, holds: () => boolean, patienceMs = 20_000): Promise<void> {
  for (const end = Date.now() + patienceMs; Date.now() < end; await sleep(10)) {
    if (holds()) return;
  }
  throw new Error(`never came: ${what}`);
}
