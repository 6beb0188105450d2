// Servers in Rust and in JavaScript on one Redis, and clients that write down what they hear.

import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Server } from "socket.io";
import { io as connectClient } from "socket.io-client";
import { connect, within } from "./redis.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const examples = resolve(process.env.EXAMPLES ?? join(here, "../../../target/debug/examples"));

/** A Rust server on that Redis. */
export async function startRust(redis, options) {
  const program = join(examples, "cluster_node");
  if (!existsSync(program)) {
    throw new Error(`${program} is missing: cargo build -p lesson-12-several-servers --features redis --examples`);
  }
  const child = spawn(program, ["--redis", redis.url, ...options], { stdio: ["ignore", "pipe", "inherit"] });
  process.once("exit", () => child.kill("SIGKILL"));
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const address = new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`cluster_node ended with status ${code}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const match = /^Listening on (http:\/\/\S+)$/.exec(line);
      if (match) resolve(match[1]);
    });
  });
  const url = await within(20_000, "cluster_node listens", address);
  return {
    url,
    async stop() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** A Node server on that Redis. `make` makes its adapter of two connections. */
export async function startNode(redis, make, options) {
  const clients = [await connect(redis.url), await connect(redis.url)];
  const http = createServer();
  const io = new Server(http, { ...options, adapter: make(...clients) });
  const chat = io.of("/chat");
  chat.on("connection", (socket) => {
    socket.data = { from: "Node" };
    socket.on("join", (room, answer) => {
      socket.join(room);
      answer(true);
    });
  });
  chat.on("news", (text) => chat.local.emit("servers say", text));
  chat.on("count", (number, answer) => answer(number + 2));
  await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
  return {
    chat,
    url: `http://127.0.0.1:${http.address().port}`,
    async stop() {
      await io.close();
      await Promise.all(clients.map((client) => client.quit().catch(() => {})));
    },
  };
}

const clients = [];

/** Disconnects every client that entered: after a test that failed, too, or the process would not end. */
export function leaveAll() {
  clients.splice(0).forEach((socket) => socket.disconnect());
}

/** A client in `/chat`, in these rooms, with everything that it hears. */
export async function enter(url, name, ...rooms) {
  const socket = connectClient(`${url}/chat`, { transports: ["websocket"], forceNew: true, query: { name } });
  clients.push(socket);
  const heard = [];
  const waiting = [];
  socket.onAny((event, ...args) => {
    if (typeof args.at(-1) === "function") return args.pop()(name);
    heard.push([event, ...args]);
    waiting.splice(0).forEach((wake) => wake());
  });
  await within(10_000, `${name} connects`, new Promise((resolve) => socket.once("connect", resolve)));
  for (const room of rooms) assert.equal(await socket.emitWithAck("join", room), true);
  return {
    socket,
    /** The next thing that it hears. */
    next: () =>
      within(10_000, `${name} hears something`, (async () => {
        while (heard.length === 0) await new Promise((resolve) => waiting.push(resolve));
        return heard.shift();
      })()),
    /** Forgets what it has heard. Returns whether there was anything. */
    drain: () => heard.splice(0).length > 0,
    ask: (event, ...args) => socket.timeout(10_000).emitWithAck(event, ...args),
    left: new Promise((resolve) => socket.once("disconnect", resolve)),
  };
}
