// The Rust client (lessons/10-socket-io/src/client) against Node's own server, in this process. The client runs in
// lesson 10's example `client_probe`, which takes a command a line and prints what happens.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Server } from "socket.io";
import { once, within } from "./servers.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const examples = resolve(process.env.EXAMPLES ?? join(here, "../../../target/debug/examples"));

/** A server of Node's on a port, a free one unless told. */
async function serve(t, options = {}, port = 0) {
  const http = createServer();
  const io = new Server(http, options);
  await new Promise((resolve, reject) => {
    http.once("error", reject);
    http.listen(port, "127.0.0.1", resolve);
  });
  let ended;
  const end = () => (ended ??= new Promise((resolve) => io.close(resolve)));
  t.after(end);
  return { io, port: http.address().port, end };
}

/** The Rust client, and everything that it prints. */
function startClient(t, port) {
  const program = join(examples, "client_probe");
  if (!existsSync(program)) {
    throw new Error(`${program} is missing: cargo build -p lesson-10-socket-io --all-features --examples`);
  }
  const child = spawn(program, ["--url", `http://127.0.0.1:${port}`], { stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const lines = [];
  const waiting = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    const news = JSON.parse(line);
    lines.push(news);
    waiting.splice(0).forEach((wake) => wake());
  });
  return {
    lines,
    tell: (...command) => child.stdin.write(`${JSON.stringify(command)}\n`),
    /** Takes the next line out that fits, with those before it left for others. */
    async next(what, ...start) {
      const fits = (line) => start.every((part, index) => JSON.stringify(line[index]) === JSON.stringify(part));
      return within(
        15_000,
        `${what} (${JSON.stringify(lines)})`,
        (async () => {
          for (;;) {
            const index = lines.findIndex(fits);
            if (index >= 0) return lines.splice(index, 1)[0];
            await new Promise((resolve) => waiting.push(resolve));
          }
        })(),
      );
    },
    /** Ends it as a program ends that has said what it wanted. */
    async finish() {
      const exit = new Promise((resolve) => child.once("exit", resolve));
      child.stdin.end();
      assert.equal(await within(10_000, "the end of the client", exit), 0);
    },
  };
}

const parsed = (news) => [...news.slice(0, 3), JSON.parse(news[3]), news[4]];

test("events, answers and bytes both ways", async (t) => {
  const { io, port } = await serve(t);
  const connected = once(io, "connection");
  const client = startClient(t, port);
  client.tell("open", "/", { token: "t" });
  const [socket] = await connected;
  assert.deepEqual(socket.handshake.auth, { token: "t" });
  assert.deepEqual(await client.next("connect", "connect"), ["connect", "/", socket.id, false]);

  socket.emit("several", 1, "two", { three: [null] });
  assert.deepEqual(parsed(await client.next("several", "event")), ["event", "/", "several", [1, "two", { three: [null] }], []]);
  socket.emit("bytes", { a: Buffer.from([1, 255]) }, Buffer.from([]));
  const placeholder = (num) => ({ _placeholder: true, num });
  assert.deepEqual(parsed(await client.next("bytes", "event")), [
    "event",
    "/",
    "bytes",
    [{ a: placeholder(0) }, placeholder(1)],
    [[1, 255], []],
  ]);

  const said = once(socket, "said");
  client.tell("emit", "/", "said", { deep: ["é", 1.5] });
  assert.deepEqual(await said, [{ deep: ["é", 1.5] }]);
  const sent = once(socket, "sent");
  client.tell("emit bytes", "/", "sent", [0, 128, 255]);
  assert.deepEqual(await sent, [Buffer.from([0, 128, 255])]);

  socket.on("double", (number, answer) => answer(number * 2, "done"));
  client.tell("ask", "/", 7, "double", 21);
  assert.deepEqual(await client.next("ack", "ack"), ["ack", 7, '[42,"done"]']);
  const answer = await new Promise((resolve) => socket.emit("question", "x", Buffer.from([9]), (...all) => resolve(all)));
  assert.deepEqual(answer, ["x", Buffer.from([9])]);

  const gone = once(socket, "disconnect");
  await client.finish();
  assert.equal((await gone)[0], "client namespace disconnect");
});

test("namespaces on one connection, and a refusal with its data", async (t) => {
  const { io, port } = await serve(t);
  const admin = io.of("/admin").use((socket, next) => {
    if (socket.handshake.auth.token === "secret") return next();
    next(Object.assign(new Error("not authorized"), { data: { code: 7 } }));
  });
  admin.on("connection", (socket) => socket.emit("welcome", "admin"));
  const client = startClient(t, port);
  client.tell("open", "/");
  await client.next("connect", "connect", "/");
  client.tell("open", "/unknown");
  const unknown = await client.next("a refusal", "connect_error", "/unknown");
  assert.deepEqual(unknown.slice(2), ["Invalid namespace", null]);
  client.tell("open", "/admin");
  const refused = await client.next("a refusal", "connect_error", "/admin");
  assert.deepEqual(refused.slice(2), ["not authorized", { code: 7 }]);
  client.tell("open", "/admin", { token: "secret" }, "again");
  await client.next("connect", "connect", "/admin");
  assert.deepEqual(parsed(await client.next("welcome", "event", "/admin"))[3], ["admin"]);
  assert.equal(io.engine.clientsCount, 1);
  const left = once([...admin.sockets.values()][0], "disconnect");
  client.tell("close", "/admin");
  assert.equal((await left)[0], "client namespace disconnect");
  assert.equal((await client.next("the end", "disconnect"))[2], "io client disconnect");
  assert.equal(io.of("/").sockets.size, 1);
});

test("many heartbeats", async (t) => {
  const { io, port } = await serve(t, { pingInterval: 50, pingTimeout: 5000 });
  const connected = once(io, "connection");
  const client = startClient(t, port);
  client.tell("open", "/");
  const [socket] = await connected;
  for (let beats = 0; beats < 20; beats += 1) await once(socket.conn, "heartbeat");
  socket.emit("still", "here");
  await client.next("an event", "event", "/", "still");
});

test("a restart of the server: what was acknowledged is there, and nothing twice", async (t) => {
  const stored = [];
  const accept = (io) =>
    io.on("connection", (socket) =>
      socket.on("store", (number, answer) => {
        stored.push(number);
        answer(true);
      }),
    );
  let server = await serve(t);
  accept(server.io);
  const client = startClient(t, server.port);
  client.tell("open", "/");
  await client.next("connect", "connect");
  const answers = [];
  let number = 0;
  for (const round of [1, 2, 3]) {
    // Some are answered, some are under way when the server ends, some are emitted while there is none.
    for (let count = 0; count < 50; count += 1) client.tell("ask", "/", (number += 1), "store", number);
    answers.push(await client.next("an answer", "ack"));
    const { port } = server;
    await server.end();
    assert.match((await client.next("the end", "disconnect"))[2], /^transport (close|error)$/);
    for (let count = 0; count < 10; count += 1) client.tell("ask", "/", (number += 1), "store", number);
    server = await serve(t, {}, port);
    accept(server.io);
    await client.next(`connect ${round}`, "connect");
  }
  const outcomes = () => client.lines.filter(([kind]) => kind === "ack" || kind === "no ack");
  client.tell("ask", "/", (number += 1), "store", number);
  answers.push(await client.next("the last answer", "ack", number));
  await within(
    15_000,
    "an end of each question",
    (async () => {
      while (answers.length + outcomes().length < number) await new Promise((resolve) => setImmediate(resolve));
    })(),
  );
  answers.push(...outcomes());
  assert.equal(new Set(stored).size, stored.length, "nothing twice");
  assert.deepEqual(stored, stored.toSorted((a, b) => a - b), "in order");
  const acknowledged = answers.filter(([kind]) => kind === "ack").map(([, it]) => it);
  assert.deepEqual(
    acknowledged.filter((it) => !stored.includes(it)),
    [],
  );
  assert.ok(acknowledged.length >= 30, `${acknowledged.length} acknowledged`);
});

test("recovery: the same id and rooms, and what was missed", async (t) => {
  const { io, port } = await serve(t, { connectionStateRecovery: {} });
  io.on("connection", (socket) => {
    if (!socket.recovered) socket.join("room");
  });
  const connected = once(io, "connection");
  const client = startClient(t, port);
  client.tell("open", "/");
  let [socket] = await connected;
  const { id } = socket;
  await client.next("connect", "connect");
  for (const round of [1, 2, 3]) {
    io.to("room").emit("heard", round);
    await client.next("an event", "event", "/", "heard");
    const back = once(io, "connection");
    const gone = once(socket, "disconnect");
    // A tunnel: the TCP connection is gone.
    socket.conn.transport.socket.terminate();
    await gone;
    io.to("room").emit("missed", round);
    await client.next("the end", "disconnect", "/");
    [socket] = await back;
    assert.deepEqual(await client.next("connect", "connect"), ["connect", "/", id, true]);
    assert.equal(JSON.parse((await client.next("what was missed", "event", "/", "missed"))[3])[0], round);
  }
});

test("a client that the server puts out does not come back by itself", async (t) => {
  const { io, port } = await serve(t);
  let connections = 0;
  io.on("connection", () => (connections += 1));
  const client = startClient(t, port);
  for (const close of [false, true]) {
    const connected = once(io, "connection");
    client.tell("open", "/", {}, ...(close ? ["again"] : []));
    const [socket] = await connected;
    await client.next("connect", "connect");
    const before = connections;
    socket.disconnect(close);
    assert.equal((await client.next("the end", "disconnect"))[2], "io server disconnect");
    // Ten times as long as it waits before it comes back.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    assert.equal(connections, before);
    assert.equal(io.engine.clientsCount, 0, "the connection is closed with the last namespace");
  }
});
