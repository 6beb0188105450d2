// Records what the reference implementations write, for the tests of lesson 13: socket.io 0.9.19, engine.io-parser 2 and
// socket.io-parser 3.
//
//   npm install && node record-vectors.mjs

import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const old = require("socket.io-09/lib/parser.js");
const engine = require("engine.io-parser-2");
const { Encoder } = require("socket.io-parser-3");
const folder = join(dirname(fileURLToPath(import.meta.url)), "../../../lessons/13-the-talks-own-page/tests/vectors");

function record(name, value) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
}

// Socket.IO 0.9.

const packets = [
  { type: "disconnect" },
  { type: "disconnect", endpoint: "/chat" },
  { type: "connect" },
  { type: "connect", endpoint: "/chat" },
  { type: "connect", endpoint: "/chat", qs: "?token=tea" },
  { type: "heartbeat" },
  { type: "message", data: "hello" },
  { type: "message", data: "at 12:30", endpoint: "/chat" },
  { type: "message", data: "", id: "3" },
  { type: "message", data: "naïve 👋", id: "4", ack: "data", endpoint: "/chat" },
  { type: "json", data: { a: [1, "b"] } },
  { type: "json", data: "\u2028", id: "5" },
  { type: "event", name: "join", args: ["tea"], endpoint: "/chat" },
  { type: "event", name: "nickname", args: ["ann"], id: "1", ack: "data", endpoint: "/chat" },
  { type: "event", name: "typing", id: "2" },
  { type: "ack", ackId: "1", args: [], endpoint: "/chat" },
  { type: "ack", ackId: "1", args: [true, "ann"], endpoint: "/chat" },
  { type: "error" },
  { type: "error", reason: "unauthorized", endpoint: "/chat" },
  { type: "error", reason: "client not handshaken", advice: "reconnect" },
  { type: "noop" },
];
const bodies = [
  ["2::"],
  ["1::", "5:::{\"name\":\"a\"}"],
  ["3:::thé", "3:::👋", "3:::"],
  ["3:::\ufffd3\ufffd2::", "2::"],
];
record("socket.io-0.9.json", {
  packets: packets.map((packet) => {
    const text = old.encodePacket(packet);
    const { type, id, ack, endpoint } = old.decodePacket(text);
    return { text, type, id: id ?? null, value: ack === "data", endpoint };
  }),
  bodies: bodies.map((packets) => ({ packets, body: old.encodePayload(packets) })),
});

// Engine.IO 3 with Socket.IO protocol 4.

function encoded(packet) {
  let parts;
  new Encoder().encode(packet, (all) => (parts = all));
  return parts.map((data) => ({ type: "message", data }));
}

const payloads = [
  [{ type: "open", data: '{"sid":"x"}' }, { type: "message", data: "0" }],
  [{ type: "ping" }, { type: "pong", data: "probe" }, { type: "noop" }],
  [{ type: "message", data: "thé 👋" }, { type: "message", data: "" }],
  [{ type: "message", data: "é" }, { type: "message", data: Buffer.from([1, 2, 255]) }],
  [{ type: "message", data: Buffer.alloc(0) }, { type: "message", data: "👋" }],
  [{ type: "message", data: Buffer.alloc(300, 7) }],
  encoded({ type: 2, nsp: "/chat", data: ["join", "tea"], id: 1 }),
  encoded({ type: 5, nsp: "/", data: ["photo", Buffer.from([1, 2]), { also: Buffer.from([3]) }] }),
  encoded({ type: 0, nsp: "/chat?token=tea" }),
  encoded({ type: 4, nsp: "/chat", data: "who are you?" }),
];

const kinds = Object.keys(engine.packets);
const written = (packet) =>
  Buffer.isBuffer(packet.data)
    ? { bytes: [engine.packets[packet.type], ...packet.data] }
    : { text: `${engine.packets[packet.type]}${packet.data ?? ""}` };
record("engine.io-3.json", {
  kinds,
  payloads: payloads.map((packets) => {
    let text, binary;
    engine.encodePayload(packets, false, (body) => (text = body));
    engine.encodePayloadAsBinary(packets, (body) => (binary = [...body]));
    return { packets: packets.map(written), text, binary };
  }),
});
