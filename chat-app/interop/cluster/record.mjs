// Records what Node's adapters publish: every kind of message, in each encoding, as the golden files that lesson 12's
// tests read. Run it again after an upgrade of an adapter: `npm run record`, then look at the difference.
//
// A line is {name, channel, base64}, or {name, entry} for an entry of a stream, or {name, session} for a session that is
// kept. The ids in it are random: the tests read them from the messages.

import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createAdapter, createShardedAdapter } from "@socket.io/redis-adapter";
import { Emitter } from "@socket.io/redis-emitter";
import { createAdapter as createStreamsAdapter } from "@socket.io/redis-streams-adapter";
import { Server } from "socket.io";
import { io as connectClient } from "socket.io-client";
import { connect, startRedis, within } from "./redis.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const golden = join(here, "../../../lessons/12-several-servers/tests/golden");

/** A server of Node's with one client in `/chat` and one in `/`. */
async function node(redis, make, heard, options) {
  const clients = [await connect(redis.url), await connect(redis.url)];
  spy(clients[0], heard);
  const http = createServer();
  const io = new Server(http, { ...options, adapter: make(clients[0], clients[1]) });
  const sockets = [];
  for (const name of ["/", "/chat"]) {
    io.of(name).on("connection", (socket) => {
      socket.data = { name: "Ann", cups: 3 };
      socket.join("tea");
      sockets.push(socket);
    });
    io.of(name).on("count", (answer) => answer(7));
    io.of(name).on("news", () => {});
  }
  await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${http.address().port}`;
  const browsers = ["/", "/chat"].map((name) => {
    const client = connectClient(url + name, { transports: ["websocket"], forceNew: true });
    client.on("question", (answer) => answer("yes"));
    client.on("bytes?", (answer) => answer(Buffer.from([1, 2, 3])));
    return client;
  });
  await within(10_000, "clients connect", Promise.all(
    browsers.map((client) => new Promise((resolve) => client.once("connect", resolve))),
  ));
  return {
    io,
    sockets,
    async stop() {
      browsers.forEach((client) => client.disconnect());
      await io.close();
      await Promise.all(clients.map((client) => client.quit().catch(() => {})));
    },
  };
}

/** Writes down what a client publishes. A subscriber of our own would be counted as a server. */
function spy(client, heard) {
  for (const method of ["publish", "sPublish"]) {
    const publish = client[method].bind(client);
    client[method] = (channel, payload) => {
      heard.push({ channel, payload: Buffer.from(payload) });
      return publish(channel, payload);
    };
  }
}

const operations = (io, publish, emitter) => ({
  "broadcast to all": () => io.emit("news", "tea", 42, -1, 1.5, null, true, { deep: ["é", []] }),
  "broadcast to a room": () => io.to("tea").emit("news"),
  "broadcast to two rooms, but not a third": () => io.to("tea").to("cake").except("asleep").emit("news", "hello"),
  "broadcast, volatile": () => io.volatile.emit("news", "hello"),
  "broadcast, not compressed": () => io.compress(false).emit("news", "hello"),
  "broadcast of bytes": () => io.to("tea").emit("photo", Buffer.from([1, 2, 3]), { nested: [Buffer.from("tea")] }),
  "broadcast of a typed array": () => io.emit("photo", new Uint8Array([1, 2, 3, 4, 5])),
  "broadcast of undefined and a date": () => io.emit("news", undefined, new Date(0)),
  "broadcast of large numbers": () => io.emit("news", 255, 256, 65_536, 4_294_967_296, -129, -2_147_483_649, 2 ** 60),
  "broadcast of a long text": () => io.emit("news", "t".repeat(300)),
  "broadcast in the main namespace": () => io.server.of("/").to("tea").emit("news", "hello"),
  "broadcast with acknowledgements": () => io.timeout(300).emitWithAck("question"),
  "broadcast with bytes as acknowledgements": () => io.timeout(300).emitWithAck("bytes?"),
  "join": () => io.in("tea").except("asleep").socketsJoin(["cake", "late"]),
  "leave": () => io.socketsLeave("cake"),
  "rooms": () => io.adapter.allRooms?.(),
  "fetch sockets": () => io.in("tea").fetchSockets(),
  // Version 8 answers this request of older versions, and never sends it.
  "ids of sockets": () => publish({ uid: "older1", requestId: "older2", type: 0, rooms: ["tea"] }),
  "server event": () => io.serverSideEmit("news", "tea", { cups: 2 }),
  "server event with answers": () => io.serverSideEmitWithAck("count"),
  "disconnect": () => io.in("nobody").disconnectSockets(true),
  ...(emitter && {
    "emitter: broadcast": () => emitter.of("/chat").to("tea").emit("news", "hello", Buffer.from([9])),
    "emitter: join": () => emitter.of("/chat").in("tea").socketsJoin("cake"),
    "emitter: leave": () => emitter.of("/chat").socketsLeave(["cake"]),
    "emitter: server event": () => emitter.of("/chat").serverSideEmit("news", 1),
    "emitter: disconnect": () => emitter.of("/chat").in("nobody").disconnectSockets(),
  }),
});

/** Performs each operation on the first of two servers and writes down what passes. */
async function record(file, redis, make, sharded) {
  const heard = [];
  const nodes = [await node(redis, make, heard), await node(redis, make, heard)];
  const chat = nodes[0].io.of("/chat");
  chat.server = nodes[0].io;
  const outside = await connect(redis.url);
  spy(outside, heard);
  const emitter = sharded ? undefined : new Emitter(outside);
  const publish = (request) =>
    sharded ? undefined : outside.publish("socket.io-request#/chat#", JSON.stringify(request));
  const lines = [];
  for (const [name, run] of Object.entries(operations(chat, publish, emitter))) {
    heard.length = 0;
    await run();
    await sleep(200);
    for (const { channel, payload } of heard) {
      lines.push({ name, channel, base64: payload.toString("base64") });
    }
  }
  await outside.quit();
  await Promise.all(nodes.map((node) => node.stop()));
  await writeFile(join(golden, file), lines.map((line) => JSON.stringify(line)).join("\n") + "\n");
  console.log(`${file}: ${lines.length} messages`);
}

/** The same for the adapter with a stream, and with a client that vanishes. */
async function recordStreams(file, redis) {
  const heard = [];
  // Each of its namespaces needs connections of its own, and it makes them.
  const make = (client) => {
    const add = client.xAdd.bind(client);
    client.xAdd = (key, id, entry, options) => {
      heard.push({ entry });
      return add(key, id, entry, options);
    };
    const set = client.set.bind(client);
    client.set = (key, session, options) => {
      heard.push({ session, key });
      return set(key, session, options);
    };
    return createStreamsAdapter(client);
  };
  const recovering = { connectionStateRecovery: {} };
  const nodes = [await node(redis, make, heard, recovering), await node(redis, make, heard, recovering)];
  const chat = nodes[0].io.of("/chat");
  chat.server = nodes[0].io;
  await sleep(200);
  const lines = [];
  const steps = {
    ...operations(chat, () => undefined),
    "a client vanishes": () => nodes[0].sockets.find((socket) => socket.nsp === chat).conn.close(),
  };
  for (const [name, run] of Object.entries(steps)) {
    heard.length = 0;
    await run();
    await sleep(200);
    for (const { channel, payload, ...rest } of heard) {
      lines.push(channel ? { name, channel, base64: payload.toString("base64") } : { name, ...rest });
    }
  }
  await Promise.all(nodes.map((node) => node.stop()));
  await writeFile(join(golden, file), lines.map((line) => JSON.stringify(line)).join("\n") + "\n");
  console.log(`${file}: ${lines.length} messages`);
}

// With names, only these are recorded again.
const only = process.argv.slice(2);
const wanted = (file) => only.length === 0 || only.includes(file);
const redis = await startRedis();
try {
  if (wanted("streams.jsonl")) await recordStreams("streams.jsonl", redis);
  if (wanted("redis-adapter.jsonl")) await record("redis-adapter.jsonl", redis, (pub, sub) => createAdapter(pub, sub));
  if (wanted("redis-adapter-specific.jsonl")) await record("redis-adapter-specific.jsonl", redis, (pub, sub) =>
    createAdapter(pub, sub, { publishOnSpecificResponseChannel: true }));
  if (wanted("sharded.jsonl")) await record("sharded.jsonl", redis, (pub, sub) => createShardedAdapter(pub, sub), true);
} finally {
  await redis.stop();
}
process.exit(0);
