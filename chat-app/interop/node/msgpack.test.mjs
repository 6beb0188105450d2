// The official JavaScript client with socket.io-msgpack-parser against our server.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { io } from "socket.io-client";
import parser from "socket.io-msgpack-parser";
import { built, once, start, within } from "./servers.mjs";

const skip = built("msgpack") ? false : "the example msgpack is not built: it needs the feature msgpack";

let server;
before(async () => {
  if (!skip) server = await start("msgpack");
});
after(() => server?.stop());

function client(t, namespace = "/", options = {}) {
  const socket = io(server.url + namespace, { parser, forceNew: true, reconnectionDelay: 10, ...options });
  t.after(() => socket.close());
  return socket;
}

async function connected(t, ...args) {
  const socket = client(t, ...args);
  await once(socket, "connect");
  return socket;
}

/** The event's own arguments. Recovery adds one: the client sends it when it comes back. */
function withoutOffset(args) {
  assert.match(args.at(-1), /^\w+\.\d+$/);
  return args.slice(0, -1);
}

const acknowledged = (socket, ...args) =>
  within(10_000, args[0], new Promise((resolve) => socket.emit(...args, (...answer) => resolve(answer))));

const VALUES = [
  [null, true, false, "", "tea", "☕🫖", "x".repeat(70_000)],
  [0, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER],
  [-1, -32, -33, -128, -129, -32_768, -32_769, -(2 ** 31), -(2 ** 31) - 1, Number.MIN_SAFE_INTEGER],
  // notepack.io itself loses whole numbers past 2 ** 64.
  [0.1, -2.5e-7, 1e15 + 0.5, 1e-300, Number.MIN_VALUE],
  [Array.from({ length: 70_000 }, (_, i) => i % 300), { a: { b: [{}, []] } }],
  [Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`key ${i}`, i]))],
  [Buffer.from([1, 2, 3]), { photo: Buffer.alloc(70_000, 7), list: [Buffer.alloc(0), "text"] }],
];

for (const transports of [["websocket"], ["polling"]]) {
  test(`every type comes back as it was sent: ${transports}`, { skip }, async (t) => {
    const socket = await connected(t, "/", { transports });
    for (const values of VALUES) {
      assert.deepEqual(await acknowledged(socket, "echo", ...values), values);
    }
    assert.deepEqual(await acknowledged(socket, "echo"), []);
  });
}

test("types that JSON does not have arrive as JSON would have them, or as bytes", { skip }, async (t) => {
  const socket = await connected(t);
  const date = new Date("2012-02-29T23:59:59.999Z");
  const values = [date, undefined, NaN, Infinity, { gone: undefined, list: [undefined] }];
  assert.deepEqual(await acknowledged(socket, "echo", ...values), [
    date.toISOString(),
    null,
    null,
    null,
    // JSON leaves this key out.
    { gone: null, list: [null] },
  ]);
  const bytes = new Uint8Array([1, 2, 3]);
  assert.deepEqual(await acknowledged(socket, "echo", bytes.buffer, { deep: bytes.buffer }), [
    Buffer.from(bytes),
    { deep: Buffer.from(bytes) },
  ]);
});

test("no packet is text, in either direction", { skip }, async (t) => {
  const socket = client(t, "/", { transports: ["websocket"] });
  const types = new Set();
  socket.io.once("open", () => {
    const { engine } = socket.io;
    for (const event of ["packet", "packetCreate"]) {
      engine.on(event, ({ type, data }) => type === "message" && types.add(typeof data));
    }
  });
  assert.deepEqual(await acknowledged(socket, "echo", "tea", Buffer.from("tea")), ["tea", Buffer.from("tea")]);
  assert.deepEqual([...types], ["object"]);
});

test("the auth payload, and a refusal with data", { skip }, async (t) => {
  const socket = await connected(t, "/", { auth: { token: "secret", n: -1.5 } });
  assert.deepEqual(await acknowledged(socket, "auth"), [{ token: "secret", n: -1.5 }]);
  const [closed] = await once(client(t, "/closed"), "connect_error");
  assert.deepEqual([closed.message, closed.data], ["closed", [1.5]]);
  const [unknown] = await once(client(t, "/nowhere"), "connect_error");
  assert.equal(unknown.message, "Invalid namespace");
});

test("events to a room reach its members, and no one else", { skip }, async (t) => {
  const [sender, ...others] = await Promise.all([1, 2, 3, 4].map(() => connected(t)));
  for (const socket of [sender, ...others.slice(0, 2)]) {
    assert.deepEqual(await acknowledged(socket, "join", "gallery"), [true]);
  }
  const stray = [];
  for (const socket of [sender, others[2]]) socket.onAny((event) => stray.push(event));
  const seen = others.slice(0, 2).flatMap((socket) => [once(socket, "seen"), once(socket, "photo")]);
  const photo = Buffer.from([0, 255, 1]);
  await acknowledged(sender, "show", "gallery", "cat.png", photo);
  assert.deepEqual((await Promise.all(seen)).map(withoutOffset), [
    [7],
    ["cat.png", photo],
    [7],
    ["cat.png", photo],
  ]);
  await Promise.all([acknowledged(sender, "echo"), acknowledged(others[2], "echo")]);
  assert.deepEqual(stray, []);
});

test("the server asks and the client answers, with bytes both ways", { skip }, async (t) => {
  const socket = await connected(t);
  socket.on("question", (...args) => {
    const answer = args.pop();
    answer(...args.slice(0, 2), Buffer.from("answer"));
  });
  const answered = once(socket, "answer");
  socket.emit("ask", "how many?", Buffer.from("cups"));
  assert.deepEqual(withoutOffset(await answered), ["how many?", Buffer.from("cups"), Buffer.from("answer")]);
});

test("a client that was away is sent what it missed", { skip }, async (t) => {
  const [away, sender] = [await connected(t), await connected(t)];
  await acknowledged(away, "join", "recovery");
  const first = once(away, "photo");
  await acknowledged(sender, "show", "recovery", "1", Buffer.from([1]));
  await first;
  const { id } = away;
  const [missed, back] = [once(away, "photo"), once(away, "connect")];
  away.io.engine.close();
  await acknowledged(sender, "show", "recovery", "2", Buffer.from([2]));
  await back;
  assert.deepEqual([away.id, away.recovered], [id, true]);
  assert.deepEqual(withoutOffset(await missed), ["2", Buffer.from([2])]);
});

test("a client with the default parser is put out", { skip }, async (t) => {
  const socket = io(server.url, { forceNew: true, reconnection: false });
  t.after(() => socket.close());
  const [reason] = await once(socket.io, "close");
  assert.match(reason, /transport close/);
});
