// The two newer adapters for Node: with sharded publish and subscribe, and with streams, which bring clients back on any
// server. Each test does the same from both sides.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createShardedAdapter } from "@socket.io/redis-adapter";
import { createAdapter as createStreamsAdapter } from "@socket.io/redis-streams-adapter";
import { missing, startRedis, within } from "./redis.mjs";
import { enter, leaveAll, startNode, startRust } from "./servers.mjs";

const skip = missing();

const adapters = {
  "sharded, static": {
    make: (pub, sub) => createShardedAdapter(pub, sub, { subscriptionMode: "static" }),
    rust: ["--adapter", "sharded-static"],
  },
  "sharded, dynamic": {
    make: (pub, sub) => createShardedAdapter(pub, sub),
    rust: ["--adapter", "sharded"],
  },
  "streams": {
    make: (client) => createStreamsAdapter(client),
    rust: ["--adapter", "streams"],
    node: { connectionStateRecovery: {} },
    recovers: true,
  },
};

/** Waits until this is true. */
async function until(what, check) {
  const true_ = (async () => {
    while (!(await check())) await new Promise((resolve) => setTimeout(resolve, 20));
  })();
  await within(10_000, what, true_);
}

for (const [name, adapter] of Object.entries(adapters)) {
  describe(`Rust and Node through Redis: ${name}`, { skip }, () => {
    let redis, rust, node, ann, bob;

    before(async () => {
      redis = await startRedis();
      rust = await startRust(redis, adapter.rust);
      node = await startNode(redis, adapter.make, adapter.node);
      ann = await enter(rust.url, "ann", "tea");
      bob = await enter(node.url, "bob", "tea");
      await until("two servers", async () => (await ann.ask("servers")) === 2);
      // A subscription by room needs a moment after the join.
      for (const [from, to] of [[ann, bob], [bob, ann]]) {
        await until("the room is one", async () => {
          const heard = to.drain();
          if (from === ann) await ann.ask("to", ["tea"], [], "are you there?");
          else node.chat.to("tea").emit("news", "are you there?");
          await new Promise((resolve) => setTimeout(resolve, 100));
          return heard || to.drain();
        });
      }
      await sync();
    });

    after(async () => {
      leaveAll();
      await node?.stop();
      await rust?.stop();
      await redis?.stop();
    });

    /** What it hears, without the offset at the end. */
    const next = async (client) => {
      const [event, ...args] = await client.next();
      // Volatile events of Node have none.
      if (adapter.recovers && /^\d+-\d+$/.test(args.at(-1))) args.pop();
      return [event, ...args];
    };

    /** Both hear this, and nothing before it. */
    async function bothHear(...expected) {
      assert.deepEqual(await next(ann), expected);
      assert.deepEqual(await next(bob), expected);
    }

    /** Nothing is under way any more. */
    async function sync() {
      await ann.ask("to", [], [], "from Rust: sync");
      node.chat.emit("news", "from Node: sync");
      for (const client of [ann, bob]) {
        const expected = new Set(["from Rust: sync", "from Node: sync"]);
        while (expected.size > 0) expected.delete((await next(client))[1]);
      }
    }

    test("broadcasts reach both, in both directions", async () => {
      await ann.ask("to", [], [], "from Rust to all");
      await bothHear("news", "from Rust to all");
      node.chat.emit("news", "from Node to all", { nested: [1.5, null, "é"] });
      await bothHear("news", "from Node to all", { nested: [1.5, null, "é"] });
      await ann.ask("to", ["tea"], [], "from Rust to a room");
      await bothHear("news", "from Rust to a room");
      node.chat.to("tea").emit("news", "from Node to a room");
      await bothHear("news", "from Node to a room");
      node.chat.to("tea").to("cake").emit("news", "from Node to two rooms");
      await bothHear("news", "from Node to two rooms");
      await ann.ask("to", [bob.socket.id], [], "for Bob");
      assert.deepEqual(await next(bob), ["news", "for Bob"]);
      node.chat.to(ann.socket.id).emit("news", "for Ann");
      assert.deepEqual(await next(ann), ["news", "for Ann"]);
      await ann.ask("to", ["tea"], [bob.socket.id], "not for Bob");
      node.chat.to("tea").except(ann.socket.id).emit("news", "not for Ann");
      assert.deepEqual(await next(ann), ["news", "not for Bob"]);
      assert.deepEqual(await next(bob), ["news", "not for Ann"]);
      node.chat.volatile.emit("news", "from Node, volatile");
      await bothHear("news", "from Node, volatile");
    });

    test("broadcasts to a room and to all keep their order", async () => {
      for (let number = 0; number < 100; number += 1) {
        (number % 2 ? node.chat : node.chat.to("tea")).emit("news", number);
        await ann.ask("to", number % 2 ? [] : ["tea"], [], `${number}`);
      }
      for (const client of [ann, bob]) {
        const heard = { number: 0, string: 0 };
        while (heard.number + heard.string < 200) {
          const [, what] = await next(client);
          assert.equal(Number(what), heard[typeof what]);
          heard[typeof what] += 1;
        }
      }
    });

    test("bytes stay bytes", async () => {
      const photo = Buffer.from(Array.from({ length: 300 }, (_, index) => index % 256));
      await ann.ask("photo", "tea", photo);
      await bothHear("photo", "a photo", photo);
      node.chat.to("tea").emit("photo", { deep: [photo, new Uint8Array([7])] });
      await bothHear("photo", { deep: [photo, Buffer.from([7])] });
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
    });

    test("sockets join and leave rooms on the other server", async () => {
      const isIn = (client, room, wanted) =>
        until(`${room}: ${wanted}`, async () => {
          const sockets = await ann.ask("fetch", [room]);
          return sockets.some(({ id }) => id === client.socket.id) === wanted;
        });
      await ann.ask("move", [bob.socket.id], "garden");
      await isIn(bob, "garden", true);
      await ann.ask("out of", ["garden"], "garden");
      await isIn(bob, "garden", false);
      node.chat.in(ann.socket.id).socketsJoin(["garden", "shed"]);
      await isIn(ann, "shed", true);
      node.chat.in("garden").to(ann.socket.id).socketsLeave("shed");
      await isIn(ann, "shed", false);
    });

    test("servers talk among themselves", async () => {
      await ann.ask("tell servers", "from Rust");
      assert.deepEqual(await next(bob), ["servers say", "from Rust"]);
      node.chat.serverSideEmit("news", "from Node");
      assert.deepEqual(await next(ann), ["servers say", "from Node"]);
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
      [cat, dan].forEach(({ socket }) => socket.disconnect());
    });

    for (const direction of adapter.recovers ? ["Rust to Node", "Node to Rust"] : []) {
      test(`a client goes over from ${direction}, with its rooms and what it missed`, async () => {
        const [from, to] = direction === "Rust to Node" ? [rust, node] : [node, rust];
        const eve = await enter(from.url, "eve", "tea", "late");
        const { id } = eve.socket;
        node.chat.to("tea").emit("news", "seen");
        assert.deepEqual((await eve.next()).slice(0, 2), ["news", "seen"]);
        const session = `sio:session:${eve.socket._pid}`;
        eve.socket.io.reconnectionDelay(100_000);
        eve.socket.io.engine.close();
        await within(10_000, "eve is away", eve.left);
        await until("her session is kept", async () => (await redis.client.exists(session)) === 1);

        await ann.ask("to", ["tea"], [], "missed, from Rust");
        await ann.ask("to", ["cake"], [], "not for her");
        await ann.ask("photo", "late", Buffer.from([1, 2, 3]));
        node.chat.to("tea").except("late").emit("news", "not for her, either");
        node.chat.emit("news", "missed, from Node");
        await sync();
        eve.socket.io.uri = to.url;
        eve.socket.disconnect();
        eve.socket.connect();
        await within(10_000, "eve is back", new Promise((resolve) => eve.socket.once("connect", resolve)));
        assert.equal(eve.socket.recovered, true);
        assert.equal(eve.socket.id, id);
        const heard = [];
        for (let count = 0; count < 5; count += 1) heard.push(await next(eve));
        // Two servers write at the same time: only the events of each one have an order.
        const isSync = ([, text]) => text.endsWith("sync");
        const missed = heard.filter((it) => !isSync(it));
        const fromNode = missed.filter(([, text]) => text.endsWith("Node"));
        assert.deepEqual(fromNode, [["news", "missed, from Node"]]);
        assert.deepEqual(missed.filter((it) => !fromNode.includes(it)), [
          ["news", "missed, from Rust"],
          ["photo", "a photo", Buffer.from([1, 2, 3])],
        ]);
        node.chat.to("late").emit("news", "from Node, live");
        assert.deepEqual(await next(eve), ["news", "from Node, live"]);
        await ann.ask("to", ["late"], [], "from Rust, live");
        assert.deepEqual(await next(eve), ["news", "from Rust, live"]);
        eve.socket.disconnect();
        ann.drain();
        bob.drain();
        await sync();
      });
    }

    if (adapter.recovers) {
      test("a client whose last event is no longer in the stream is told so by both", async () => {
        for (const [from, to] of [[rust, node], [node, rust]]) {
          const eve = await enter(from.url, "eve", "tea");
          node.chat.to("tea").emit("news", "seen");
          await eve.next();
          const session = `sio:session:${eve.socket._pid}`;
          eve.socket.io.engine.close();
          await within(10_000, "eve is away", eve.left);
          await until("her session is kept", async () => (await redis.client.exists(session)) === 1);
          await ann.ask("to", ["tea"], [], "missed");
          await sync();
          await redis.client.xTrim("socket.io", "MAXLEN", 1);
          eve.socket.io.uri = to.url;
          await within(20_000, "eve is back", new Promise((resolve) => eve.socket.once("connect", resolve)));
          assert.equal(eve.socket.recovered, false);
          eve.socket.disconnect();
        }
      });
    }
  });
}
