// Three chat servers behind nginx, from chat-app/deploy/local, and people who talk on them with the official client.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { io } from "socket.io-client";

const here = dirname(fileURLToPath(import.meta.url));
const local = resolve(here, "../../deploy/local");
const program = resolve(process.env.CHAT_APP ?? join(here, "../../../target/debug/chat-app"));

/** Why the tests cannot run here, or false. With CI=true they have to. */
export function missing() {
  if (process.env.CI === "true") return false;
  const path = process.env.PATH.split(":");
  const has = (name) => [...path, "/usr/sbin"].some((folder) => existsSync(join(folder, name)));
  const absent = ["redis-server", "redis-cli", "nginx"].find((name) => !has(name));
  if (absent) return `${absent} is missing`;
  if (!has("initdb") && !existsSync("/usr/lib/postgresql")) return "PostgreSQL is missing";
  return existsSync(program) ? false : `${program} is missing (cargo build -p chat-app --features cluster)`;
}

/** Waits until `probe` returns something true, and returns that. */
export async function until(what, probe, milliseconds = 20_000) {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`${what}: not in ${milliseconds} ms`);
    await sleep(20);
  }
}

/** Runs a command of deploy/local, and waits for its end. */
async function run(...args) {
  const child = spawn(local, args, { stdio: ["ignore", "inherit", "inherit"] });
  const [status] = await once(child, "exit");
  if (status !== 0) throw new Error(`local ${args.join(" ")}: status ${status}`);
}

/** Starts everything, and ends it when the test ends. */
export async function startCluster(t) {
  const flags = "--no-limits --log warn";
  const child = spawn(local, { env: { ...process.env, CHAT_FLAGS: flags }, stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "exit");
  t.after(async () => {
    child.stdin.end();
    await ended;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (pattern) => {
    const { value } = await lines.next();
    const match = pattern.exec(value ?? "");
    if (!match) throw new Error(`deploy/local did not start: ${value}`);
    return match[1];
  };
  const url = await line(/^Listening on (\S+)$/);
  const folder = await line(/^Folder (\S+)$/);
  const nodes = ["chat1", "chat2", "chat3"];
  const port = (node) => readFileSync(join(folder, `${node}.port`), "utf8").trim();
  const cluster = {
    url,
    nodes,
    start: (part) => run("start", folder, part),
    stop: (part, signal = "TERM") => run("stop", folder, part, signal),
    log: (part) => readFileSync(join(folder, `${part}.log`), "utf8"),
    /** What a server says of itself, or undefined if it is not there. */
    async health(node) {
      const answer = await fetch(`http://127.0.0.1:${port(node)}/health`).catch(() => undefined);
      return answer && { code: answer.status, ...(await answer.json()) };
    },
    /** A number from a server's metrics. */
    async metric(node, name) {
      const text = await (await fetch(`http://127.0.0.1:${port(node)}/metrics`)).text();
      return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1] ?? 0);
    },
  };
  await until("all servers", async () => {
    const health = await Promise.all(nodes.map(cluster.health));
    return health.every((it) => it?.status === "ok");
  });
  cluster.cookies = await findCookies(cluster);
  return cluster;
}

/** nginx chooses a server by a cookie: finds one that leads to each of them. */
async function findCookies(cluster) {
  const cookies = {};
  for (let number = 0; Object.keys(cookies).length < cluster.nodes.length; number++) {
    const sockets = () => Promise.all(cluster.nodes.map((node) => cluster.metric(node, "chat_sockets")));
    const before = await sockets();
    const socket = io(`${cluster.url}/chat`, { ...OPTIONS, extraHeaders: { cookie: `chat_client=c${number}` } });
    await once(socket, "connect");
    const after = await sockets();
    const at = after.findIndex((count, index) => count > before[index]);
    cookies[cluster.nodes[at]] ??= `c${number}`;
    socket.disconnect();
    await until("no socket", async () => (await sockets()).every((count) => count === 0));
  }
  return cookies;
}

const OPTIONS = { forceNew: true, transports: ["websocket"], reconnectionDelay: 50, reconnectionDelayMax: 500, timeout: 3000 };

/** A person with the official client, on the server that the cookie leads to. */
export class Person {
  constructor(t, cluster, node, name, options = {}) {
    this.name = name;
    this.heard = [];
    this.people = [];
    this.acknowledged = [];
    this.next = 0;
    const headers = { cookie: `chat_client=${cluster.cookies[node]}` };
    const auth = { person: `the secret of ${name}` };
    this.socket = io(`${cluster.url}/chat`, { ...OPTIONS, extraHeaders: headers, auth, ...options });
    this.socket.on("msg_to_room", (nickname, text, { id }) => this.heard.push({ nickname, text, id }));
    this.socket.on("nicknames", (people) => (this.people = people));
    // Each connection is new to the server: no server knows the sessions of another.
    this.socket.on("connect", () => {
      this.connections = (this.connections ?? 0) + 1;
      this.socket.emit("join", "Tea", () => {});
      this.socket.emit("nickname", name, () => {});
    });
    t.after(() => this.socket.disconnect());
  }

  /** Emits, and returns the acknowledgement, or undefined if there is none in time. */
  async ask(event, ...args) {
    return new Promise((resolve) => {
      this.socket.timeout(3000).emit(event, ...args, (error, ...answer) => resolve(error ? undefined : answer));
    });
  }

  /** Waits until there is a connection, a room and a nickname. */
  async seated() {
    await until(`${this.name} is seated`, async () => (await this.ask("nickname", this.name))?.[0] === true);
    return this;
  }

  /** Says the next sentence, again and again until it is acknowledged, as the page does. */
  async say() {
    const text = `${this.name} ${this.next}`;
    const key = text.replace(" ", "-");
    for (;;) {
      if (!this.socket.connected) {
        await sleep(10);
        continue;
      }
      const lost = new AbortController();
      const gone = () => lost.abort();
      this.socket.once("disconnect", gone);
      const end = once(lost.signal, "abort").then(() => undefined);
      const answer = await Promise.race([this.ask("user message", text, key), end]);
      this.socket.off("disconnect", gone);
      if (answer?.[0] === true) {
        this.next += 1;
        this.acknowledged.push({ text, number: answer[1], at: Date.now() });
        return answer[1];
      }
      // The servers have no limits: one that has was started again without its flags.
      const limited = answer?.[1].startsWith("Too many");
      if (answer && (answer[2] !== "later" || limited)) throw new Error(`${text}: ${answer.join(", ")}`);
      await sleep(20);
    }
  }

  /** Says sentences until `stop()` is called, and waits for the last of them. */
  talk() {
    let going = true;
    const talking = (async () => {
      while (going) {
        await this.say();
        await sleep(5);
      }
    })();
    return () => {
      going = false;
      return talking;
    };
  }
}

/** All messages of the room, oldest first. */
export async function wholeHistory(person) {
  await person.seated();
  const all = [];
  for (let before = Number.MAX_SAFE_INTEGER; ; before = all[0].id) {
    const [page] = await until("history", () => person.ask("history", before));
    if (page.length === 0) return all;
    all.unshift(...page.map(([nickname, text, { id }]) => ({ nickname, text, id })));
  }
}
