// The official JavaScript client against a program that looks sockets, rooms and namespaces up, and that takes orders.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { io } from "socket.io-client";
import { once, start, within } from "./servers.mjs";

let server;
before(async () => {
  server = await start("lookup");
});
after(() => server?.stop());

/** A client of its own connection, closed when the test ends. */
function client(t, namespace = "/", options = {}) {
  const socket = io(server.url + namespace, {
    forceNew: true,
    reconnectionDelay: 20,
    reconnectionDelayMax: 100,
    ackTimeout: 10_000,
    ...options,
  });
  t.after(() => socket.close());
  return socket;
}

async function connected(t, namespace, options) {
  const socket = client(t, namespace, options);
  const settled = new Promise((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", reject);
  });
  await within(10_000, "connect", settled);
  return socket;
}

/** Sends an order and resolves with the callback's arguments. */
function order(socket, event, key) {
  return within(10_000, event, new Promise((resolve) => socket.emit(event, key, (...args) => resolve(args))));
}

describe("at least once", () => {
  // The client's `retries` send an event again until it is acknowledged. The key makes it one order.
  test("an order whose acknowledgement was cut off is sent again and booked once", async (t) => {
    const socket = await connected(t, "/", { retries: 3, ackTimeout: 3_000 });
    const before = await socket.emitWithAck("orders");
    const dropped = once(socket, "disconnect");
    const [error, number] = await order(socket, "order, cut off", "tea for two");
    assert.equal(error, null);
    assert.equal(number, before + 1);
    assert.equal((await dropped)[0], "transport close", "and the client came back by itself");
    assert.equal(await socket.emitWithAck("orders"), before + 1);
  });

  test("an order that took longer than ackTimeout is sent again and booked once", async (t) => {
    const socket = await connected(t, "/", { retries: 5, ackTimeout: 400 });
    const before = await socket.emitWithAck("orders");
    let sent = 0;
    socket.onAnyOutgoing((event) => {
      if (event === "order, slowly") sent += 1;
    });
    const [error, number] = await order(socket, "order, slowly", "cake for four");
    assert.equal(error, null);
    assert.equal(number, before + 1);
    assert.ok(sent >= 2, `sent ${sent} times`);
    assert.equal(await socket.emitWithAck("orders"), before + 1);
    // The next one is not taken for it.
    assert.deepEqual(await order(socket, "order, slowly", "jam"), [null, before + 2]);
  });
});

describe("looked up", () => {
  test("a private message to an id that a client sent", async (t) => {
    const [ann, bob] = await Promise.all([connected(t), connected(t)]);
    const heard = once(bob, "whisper");
    assert.equal(await ann.emitWithAck("whisper", bob.id, "psst"), true);
    assert.deepEqual(await heard, [ann.id, "psst"]);
    assert.equal(await ann.emitWithAck("whisper", "A".repeat(20), "psst"), false);
    const [, refused, reason] = await new Promise((resolve) => {
      ann.emit("whisper", "no id", "psst", (...args) => resolve(args));
    });
    assert.equal(refused, false);
    assert.match(reason, /not a socket's id/);
  });

  test("rooms are joined and left together, and counted", async (t) => {
    const [ann, bob] = await Promise.all([connected(t), connected(t)]);
    assert.equal(await ann.emitWithAck("join all", ["tea", "cake"]), true);
    assert.equal(await bob.emitWithAck("join all", ["tea"]), true);
    assert.deepEqual(await ann.emitWithAck("rooms"), { cake: 1, tea: 2 });
    await ann.emitWithAck("leave all");
    assert.deepEqual(await ann.emitWithAck("rooms"), { tea: 1 });
  });

  test("who answered, and who did not", async (t) => {
    const [asker, ann, bob] = await Promise.all([connected(t), connected(t), connected(t)]);
    for (const socket of [ann, bob]) await socket.emitWithAck("join all", ["quiz"]);
    ann.on("age?", (answer) => answer(7));
    bob.on("age?", () => {});
    assert.deepEqual(await asker.emitWithAck("ask", "quiz"), { answered: [[ann.id, 7]], missing: [bob.id] });
  });

  test("the client moves to a WebSocket", async (t) => {
    const socket = client(t);
    assert.deepEqual(await once(socket, "moved"), ["websocket"]);
  });

  test("the connection under a socket, and its end without a disconnect packet", async (t) => {
    for (const transport of ["polling", "websocket"]) {
      const socket = await connected(t, "/", { transports: [transport], query: { room: "tea party" } });
      const told = await socket.emitWithAck("connection");
      assert.equal(told.transport, transport);
      assert.equal(told.address, "127.0.0.1");
      assert.match(told.url, new RegExp(`^/socket\\.io/\\?room=tea%20party&EIO=4&transport=${transport}`));
      const [gone, back] = [once(socket, "disconnect"), once(socket, "connect")];
      socket.emit("drop the connection");
      assert.equal((await gone)[0], "transport close");
      await back;
    }
  });
});

describe("namespaces that an async predicate accepts", () => {
  test("the parent's middleware lets in or refuses, and the parent speaks to all", async (t) => {
    const token = { auth: { token: "secret" } };
    const main = await connected(t);
    const [error] = await once(client(t, "/team-red"), "connect_error");
    assert.equal(error.message, "members only");
    const [unknown] = await once(client(t, "/club-red", token), "connect_error");
    assert.equal(unknown.message, "Invalid namespace");
    // Three at once, two of them for the same name.
    const members = await Promise.all(["/team-red", "/team-blue", "/team-blue"].map((name) => connected(t, name, token)));
    const heard = members.map((socket) => once(socket, "announcement"));
    const sizes = await new Promise((resolve) => main.emit("tell the teams", "tea is ready", (...args) => resolve(args)));
    assert.deepEqual(sizes, [null, 2, 3]);
    for (const announcement of await Promise.all(heard)) assert.deepEqual(announcement, ["tea is ready"]);
    const names = await main.emitWithAck("namespaces");
    assert.deepEqual(names.sort(), ["/", "/team-blue", "/team-red"]);
  });
});
