// Node's servers with the official adapter, and a Rust server, share their rooms through Redis. Each test does the same
// from both sides.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createAdapter } from "@socket.io/redis-adapter";
import { Emitter } from "@socket.io/redis-emitter";
import { connect, missing, startRedis, within } from "./redis.mjs";
import { enter, leaveAll, startNode, startRust } from "./servers.mjs";

const skip = missing();

for (const specific of [false, true]) {
  const on = specific ? "on channels of their own" : "on the common channel";
  describe(`Rust and Node through Redis, answers ${on}`, { skip }, () => {
    let redis, rust, node, ann, bob, emitter, outside;

    before(async () => {
      redis = await startRedis();
      rust = await startRust(redis, specific ? ["--specific-responses"] : []);
      const options = { publishOnSpecificResponseChannel: specific };
      node = await startNode(redis, (pub, sub) => createAdapter(pub, sub, options));
      outside = await connect(redis.url);
      emitter = new Emitter(outside).of("/chat");
      ann = await enter(rust.url, "ann", "tea");
      bob = await enter(node.url, "bob", "tea");
      await within(10_000, "two servers", (async () => {
        while ((await ann.ask("servers")) !== 2) await new Promise((resolve) => setTimeout(resolve, 20));
      })());
    });

    after(async () => {
      leaveAll();
      await node?.stop();
      await rust?.stop();
      await outside?.quit();
      await redis?.stop();
    });

    /** Both hear this, and nothing before it. */
    async function bothHear(...expected) {
      assert.deepEqual(await ann.next(), expected);
      assert.deepEqual(await bob.next(), expected);
    }

    test("broadcasts reach both, in both directions", async () => {
      await ann.ask("to", [], [], "from Rust to all");
      await bothHear("news", "from Rust to all");
      node.chat.emit("news", "from Node to all", { nested: [1.5, null, "é"] });
      await bothHear("news", "from Node to all", { nested: [1.5, null, "é"] });
      await ann.ask("to", ["tea"], [], "from Rust to a room");
      await bothHear("news", "from Rust to a room");
      node.chat.to("tea").to("cake").emit("news", "from Node to two rooms");
      await bothHear("news", "from Node to two rooms");
      emitter.to("tea").emit("news", "from the emitter");
      await bothHear("news", "from the emitter");
    });

    test("a socket's id is a room on the other server", async () => {
      await ann.ask("to", [bob.socket.id], [], "for Bob");
      assert.deepEqual(await bob.next(), ["news", "for Bob"]);
      node.chat.to(ann.socket.id).emit("news", "for Ann");
      assert.deepEqual(await ann.next(), ["news", "for Ann"]);
    });

    test("exceptions hold on the other server", async () => {
      await ann.ask("to", ["tea"], [bob.socket.id], "not for Bob");
      node.chat.to("tea").except(ann.socket.id).emit("news", "not for Ann");
      assert.deepEqual(await ann.next(), ["news", "not for Bob"]);
      assert.deepEqual(await bob.next(), ["news", "not for Ann"]);
    });

    test("bytes stay bytes", async () => {
      const photo = Buffer.from(Array.from({ length: 300 }, (_, index) => index % 256));
      await ann.ask("photo", "tea", photo);
      await bothHear("photo", "a photo", photo);
      node.chat.to("tea").emit("photo", { deep: [photo, new Uint8Array([7])] });
      await bothHear("photo", { deep: [photo, Buffer.from([7])] });
      emitter.emit("photo", photo);
      await bothHear("photo", photo);
    });

    test("clients of both acknowledge", async () => {
      const [received, missed, error] = await ann.ask("ask", "tea");
      assert.deepEqual([received.sort(), missed, error], [["ann", "bob"], 0, null]);
      const answers = await node.chat.to("tea").timeout(5_000).emitWithAck("question", 42);
      assert.deepEqual(answers.sort(), ["ann", "bob"]);
    });

    test("fetchSockets describes both", async () => {
      const sockets = await ann.ask("fetch", ["tea"]);
      sockets.sort((a, b) => a.query.name.localeCompare(b.query.name));
      assert.deepEqual(
        sockets.map(({ id, rooms, data, query }) => [id, rooms, data, query.name]),
        [
          [ann.socket.id, ["tea"], { from: "Rust" }, "ann"],
          [bob.socket.id, ["tea"], { from: "Node" }, "bob"],
        ],
      );
      const remote = await node.chat.in("tea").fetchSockets();
      remote.sort((a, b) => a.handshake.query.name.localeCompare(b.handshake.query.name));
      assert.deepEqual(
        remote.map(({ id, rooms, data }) => [id, [...rooms].sort(), data]),
        [
          [ann.socket.id, [ann.socket.id, "tea"].sort(), { from: "Rust" }],
          [bob.socket.id, [bob.socket.id, "tea"].sort(), { from: "Node" }],
        ],
      );
      const { handshake } = remote[0];
      assert.equal(typeof handshake.issued, "number");
      assert.equal(handshake.headers.host, new URL(rust.url).host);
    });

    test("the rooms of both are listed", async () => {
      assert.deepEqual(await ann.ask("rooms"), ["tea"]);
      const rooms = await node.chat.adapter.allRooms();
      assert.deepEqual([...rooms].sort(), [ann.socket.id, bob.socket.id, "tea"].sort());
    });

    test("sockets join and leave rooms on the other server", async () => {
      await ann.ask("move", [bob.socket.id], "garden");
      await ann.ask("to", ["garden"], [], "Bob is in the garden");
      assert.deepEqual(await bob.next(), ["news", "Bob is in the garden"]);
      await ann.ask("out of", ["garden"], "garden");

      node.chat.in(ann.socket.id).socketsJoin(["garden", "shed"]);
      node.chat.to("shed").emit("news", "Ann is in the shed");
      assert.deepEqual(await ann.next(), ["news", "Ann is in the shed"]);
      node.chat.in("garden").socketsLeave("shed");
      node.chat.to("shed").emit("news", "nobody is in the shed");

      emitter.in(ann.socket.id).socketsJoin("cellar");
      emitter.to("cellar").emit("news", "Ann is in the cellar");
      assert.deepEqual(await ann.next(), ["news", "Ann is in the cellar"]);
      emitter.in("cellar").socketsLeave(["cellar", "garden"]);
      node.chat.to("cellar").to("garden").emit("news", "everybody is back");
      await ann.ask("to", ["tea"], [], "the end");
      await bothHear("news", "the end");
    });

    test("servers talk among themselves", async () => {
      await ann.ask("tell servers", "from Rust");
      assert.deepEqual(await bob.next(), ["servers say", "from Rust"]);
      node.chat.serverSideEmit("news", "from Node");
      assert.deepEqual(await ann.next(), ["servers say", "from Node"]);
      emitter.serverSideEmit("news", "from the emitter");
      await bothHear("servers say", "from the emitter");

      assert.deepEqual(await ann.ask("ask servers"), [[22], null]);
      assert.deepEqual(await node.chat.serverSideEmitWithAck("count", 40), [41]);
    });

    test("sockets are disconnected on the other server", async () => {
      const cat = await enter(rust.url, "cat", "out");
      const dan = await enter(node.url, "dan", "out of here");
      node.chat.in("out").disconnectSockets();
      assert.equal(await within(10_000, "cat leaves", cat.left), "io server disconnect");
      await ann.ask("kick", ["out of here"], true);
      await within(10_000, "dan leaves", dan.left);
      const eve = await enter(rust.url, "eve", "out");
      emitter.in("out").disconnectSockets(true);
      await within(10_000, "eve leaves", eve.left);
      [cat, dan, eve].forEach(({ socket }) => socket.disconnect());
    });
  });
}
