// The emit cheat sheet: the lines for Node, run on Node's server, reach the same clients as the lines for Rust.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { test } from "node:test";
import { Server } from "socket.io";
import { io as connect } from "socket.io-client";
import { once, start, within } from "./servers.mjs";

const PAGE = new URL("../../../book/src/cheat-sheet.md", import.meta.url);

/** The lines for Node, in the page's order, as functions of what they name. */
async function lines() {
  const page = await readFile(PAGE, "utf8");
  const rows = [...page.matchAll(/^\| [^|]+ \| `\{\{#include [^|]+\}\}`<br>`([^|]+)` \|$/gm)];
  // Alone, Node's server has no other servers to send to, and would wait for their answers forever.
  const alone = rows.filter(([, line]) => !line.includes("serverSideEmit"));
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;
  return alone.map(([, line]) => new AsyncFunction("socket", "io", "chat", "teams", "id", "bytes", line));
}

/** Node's server, which does what the example does. */
async function node(t) {
  const [http, all] = [createServer(), await lines()];
  assert.equal(all.length, 29, "a row of the page is not understood");
  const io = new Server(http);
  const letIn = (socket) => socket.on("join", (rooms, ack) => ack((socket.join(rooms), true)));
  const chat = io.of("/chat").on("connection", letIn);
  const teams = io.of(/^\/team-/).on("connection", letIn);
  chat.on("connection", (socket) => {
    socket.on("send everything", async (id, ack) => {
      for (const line of all) await line(socket, io, chat, teams, id, [0x89, 0x50]);
      ack([]);
    });
  });
  await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
  t.after(() => io.close());
  return `http://127.0.0.1:${http.address().port}`;
}

/** Lets a server send everything, and returns its answer and what each client was sent. */
async function received(t, url) {
  const log = {};
  const client = async (name, namespace, rooms) => {
    const socket = connect(url + namespace, { forceNew: true, transports: ["websocket"] });
    t.after(() => socket.close());
    log[name] = [];
    socket.onAny((event, ...args) => {
      const ack = typeof args.at(-1) === "function" ? args.pop() : () => {};
      ack(3);
      // Volatile events may be dropped, so only that they reach nobody else can be checked.
      if (event === "mouse") socket.mice = true;
      else log[name].push([event, ...args.map((arg) => (Buffer.isBuffer(arg) ? arg.toString("hex") : arg))]);
    });
    await once(socket, "connect");
    if (rooms) assert.equal(await socket.emitWithAck("join", rooms), true);
    return socket;
  };
  const me = await client("me", "/chat", []);
  const friend = await client("friend", "/chat", []);
  const others = [
    await client("tea", "/chat", ["tea"]),
    await client("cake", "/chat", ["cake"]),
    await client("both", "/chat", ["tea", "cake"]),
    await client("asleep", "/chat", ["tea", "asleep"]),
    await client("captain", "/team-red", ["captains"]),
    await client("player", "/team-blue", []),
  ];
  const main = await client("main", "/");
  const told = once(main, "news");
  const answer = await within(20_000, "everything", me.emitWithAck("send everything", friend.id));
  // An answer arrives after all that the server has sent before.
  for (const socket of [me, friend, ...others]) await socket.emitWithAck("join", []);
  await told;
  for (const name of ["captain", "player", "main"]) assert.ok(log[name].length > 0, `${name} got nothing`);
  assert.ok(!main.mice && !others.at(-1).mice, "no volatile event was for another namespace");
  return { answer, log };
}

test("the cheat sheet's lines for Rust and for Node reach the same clients", async (t) => {
  const example = await start("emit");
  t.after(() => example.stop());
  const rust = await received(t, example.url);
  assert.deepEqual(rust.answer, [3, 3, 3, 6], "two answers, three members of the room, six in the namespace");
  const { log } = await received(t, await node(t));
  assert.deepEqual(rust.log, log);
});
