// Cases of the official client's own test suite, against the server that it asks for.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { io } from "socket.io-client";
import { once, start, within } from "./servers.mjs";

const DATE = "2012-02-29T23:59:59.999Z";

let server;
before(async () => (server = await start("support")));
after(() => server.stop());

function client(t, namespace = "/", options = {}) {
  const socket = io(server.url + namespace, { forceNew: true, reconnectionDelay: 10, ...options });
  t.after(() => socket.close());
  return socket;
}

/** The event's own arguments. Recovery adds one: the client sends it when it comes back. */
function withoutOffset(args) {
  assert.match(args.at(-1), /^\w+\.\d+$/);
  return args.slice(0, -1);
}

const REPLIES = [
  ["hi", [], "hi", []],
  ["false", [], "false", [false]],
  ["getDate", [], "takeDate", [DATE]],
  ["getDateObj", [], "takeDateObj", [{ date: DATE }]],
  ["doge", [], "doge", [Buffer.from("asdfasdf")]],
  ["getbin", [], "takebin", [Buffer.from("asdfasdf")]],
  ["buffa", [Buffer.from("bytes")], "buffack", []],
  ["blob", [Buffer.from("bytes")], "back", []],
  ["jsonbuff", [{ hello: "lol", message: Buffer.from("bytes"), goodbye: "gotcha" }], "jsonbuff-ack", []],
  ["jsonblob", [{ hello: "lol", message: Buffer.from("bytes"), goodbye: "gotcha" }], "jsonblob-ack", []],
];
for (const [event, args, answer, expected] of REPLIES) {
  test(`${event} is answered with ${answer}`, async (t) => {
    const socket = client(t);
    const answered = once(socket, answer);
    socket.emit(event, ...args);
    assert.deepEqual(withoutOffset(await answered), expected);
  });
}

test("bytes and text arrive in the order in which they were sent", async (t) => {
  const socket = client(t);
  for (const [last, ...args] of [
    ["abuff2", Buffer.from("1"), Buffer.from("2")],
    ["blob3", Buffer.from("1"), "second", Buffer.from("3")],
  ]) {
    const answered = once(socket, `${last}-ack`);
    for (const [index, arg] of args.entries()) socket.emit(last.slice(0, -1) + (index + 1), arg);
    await answered;
  }
});

test("events in the wrong order, or without bytes, get no answer", async (t) => {
  const socket = client(t);
  const stray = [];
  socket.onAny((event) => stray.push(event));
  socket.emit("abuff2", Buffer.from("too early"));
  for (const event of ["buffa", "blob", "jsonbuff", "jsonblob"]) socket.emit(event, "text");
  await within(10_000, "echo", socket.emitWithAck("echo", "last"));
  assert.deepEqual(stray, []);
});

test("text of several bytes a character", async (t) => {
  const socket = client(t);
  const texts = [];
  const all = new Promise((resolve) => {
    socket.on("takeUtf8", (text) => texts.push(text) === 5 && resolve());
  });
  socket.emit("getUtf8");
  await within(10_000, "five texts", all);
  assert.deepEqual(texts, ["てすと", "Я Б Г Д Ж Й", "Ä ä Ü ü ß", "utf8 — string", "utf8 — string"]);
});

test("acknowledgements, from the server and from the client", async (t) => {
  const socket = client(t);
  assert.equal(await within(10_000, "echo", socket.emitWithAck("echo", 123)), 123);
  assert.equal(await within(10_000, "a date", socket.emitWithAck("getAckDate", { test: true })), DATE);
  socket.on("ack", (answer) => answer(5, { test: true }));
  const gotIt = once(socket, "got it");
  socket.emit("ack");
  await gotIt;
  const back = once(socket, "ackBack");
  socket.emit("callAck");
  assert.deepEqual(withoutOffset(await back), [5, { test: true }]);
});

test("a client that gets no acknowledgement sends the event again, and may owe its own", async (t) => {
  const socket = client(t, "/", { retries: 3, ackTimeout: 50 });
  let questions = 0;
  socket.on("ack", () => questions++);
  const failed = new Promise((resolve) => socket.emit("ack", resolve));
  assert.ok((await within(10_000, "the last retry", failed)) instanceof Error);
  // The answer to this event comes after the question to the last one.
  socket.io.opts.ackTimeout = socket._opts.ackTimeout = 10_000;
  await within(10_000, "echo", socket.emitWithAck("echo", 1));
  assert.equal(questions, 4);
});

test("an event that nothing handles is not acknowledged", async (t) => {
  await assert.rejects(client(t).timeout(50).emitWithAck("unknown"));
});

test("the id is the server's, in two namespaces", async (t) => {
  for (const namespace of ["/", "/foo"]) {
    const socket = client(t, namespace);
    assert.equal(await within(10_000, "an id", socket.emitWithAck("getId")), socket.id);
    assert.notEqual(socket.id, socket.io.engine.id);
  }
});

test("the handshake has the query and the auth payload", async (t) => {
  const [first] = await once(client(t, "/abc", { query: { "&a": "&=?a" }, auth: { e: "f" } }), "handshake");
  assert.equal(first.query["&a"], "&=?a");
  assert.deepEqual(first.auth, { e: "f" });
  const [second] = await once(client(t, "/abc?b=c&d=e"), "handshake");
  assert.deepEqual([second.query.b, second.query.d], ["c", "e"]);
  const main = client(t, "/?c=d");
  assert.equal((await within(10_000, "handshake", main.emitWithAck("getHandshake"))).query.c, "d");
});

test("middleware refuses: every client of /no, and one that asks to fail", async (t) => {
  const [custom] = await once(client(t, "/no"), "connect_error");
  assert.equal(custom.message, "Auth failed (custom namespace)");
  const [main] = await once(client(t, "/", { query: { fail: "true" } }), "connect_error");
  assert.equal(main.message, "Auth failed (main namespace)");
  const [unknown] = await once(client(t, "/nowhere"), "connect_error");
  assert.equal(unknown.message, "Invalid namespace");
});

for (const namespace of ["/timeout_socket", "/valid", "/asd"]) {
  test(`${namespace} lets every client in`, (t) => once(client(t, namespace), "connect"));
}

for (const transport of ["polling", "websocket"]) {
  test(`a client that waits for nothing gives up before its check is over: ${transport}`, async (t) => {
    const [error] = await once(client(t, "/", { transports: [transport], timeout: 0 }), "connect_error");
    assert.equal(error.message, "timeout");
  });
}

test("a client whose connection breaks comes back as the same", async (t) => {
  const socket = client(t);
  const hi = once(socket, "hi");
  socket.emit("hi");
  await hi;
  const { id } = socket;
  const back = once(socket, "connect");
  socket.io.engine.close();
  await back;
  assert.deepEqual([socket.id, socket.recovered], [id, true]);
});
