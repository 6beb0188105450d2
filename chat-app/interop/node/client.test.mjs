// The official JavaScript client against our server.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Socket as Engine } from "engine.io-client";
import { io } from "socket.io-client";
import { PATIENT, once, start, within } from "./servers.mjs";

const TRANSPORTS = {
  "polling only": ["polling"],
  "WebSocket only": ["websocket"],
  "polling, upgraded": ["polling", "websocket"],
};

const servers = {};
before(async () => {
  for (const example of ["features", "contract"]) servers[example] = await start(example);
  for (const example of ["conformance", "echo"]) servers[example] = await start(example, { options: PATIENT });
});
after(() => Promise.all(Object.values(servers).map((server) => server.stop())));

/** A client of its own connection, closed when the test ends. */
function client(t, example, namespace = "/", options = {}) {
  const socket = io(servers[example].url + namespace, {
    forceNew: true,
    reconnectionDelay: 20,
    reconnectionDelayMax: 100,
    ackTimeout: 20_000,
    ...options,
  });
  t.after(() => socket.close());
  return socket;
}

async function connected(t, ...args) {
  const socket = client(t, ...args);
  const settled = new Promise((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", reject);
  });
  await within(10_000, "connect", settled);
  return socket;
}

/** Collects an event's first arguments, and resolves once there are `count`. */
function collect(socket, event, count) {
  const received = [];
  const all = new Promise((resolve) => {
    socket.on(event, (value) => {
      received.push(value);
      if (received.length === count) resolve();
    });
  });
  return { received, all: within(30_000, `${count} times ${event}`, all) };
}

/** Bytes that are not all alike. */
function bytes(length) {
  return Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 0xff));
}

/** All arguments of an acknowledgement: `emitWithAck` gives the first one only. */
function answers(socket, event, ...args) {
  return new Promise((resolve, reject) => {
    socket.emit(event, ...args, (error, ...values) => (error ? reject(error) : resolve(values)));
  });
}

const numbers = (count) => Array.from({ length: count }, (_, i) => i);

for (const [name, transports] of Object.entries(TRANSPORTS)) {
  describe(name, () => {
    async function connectedOver(t, example, namespace) {
      const socket = client(t, example, namespace, { transports });
      const upgraded = transports.length > 1 && once(socket.io, "open").then(() => once(socket.io.engine, "upgrade"));
      await once(socket, "connect");
      await upgraded;
      assert.equal(socket.io.engine.transport.name, transports.at(-1));
      return socket;
    }

    test("connects", async (t) => {
      const socket = await connectedOver(t, "features");
      assert.match(socket.id, /^[\w-]{16,}$/);
      assert.notEqual(socket.id, socket.io.engine.id, "the public id must not give the session's away");
    });

    test("acknowledgements carry text and JSON", async (t) => {
      const socket = await connectedOver(t, "features");
      const cases = [
        "",
        "plain",
        "Zürich ☕ 🦀 \u2028 \u0000 \" \\",
        0,
        -1.5,
        true,
        null,
        [],
        {},
        { nested: [{ list: [1, [2, [3]]], "key with spaces": null }] },
        "x".repeat(500_000),
      ];
      for (const value of cases) assert.deepEqual(await socket.emitWithAck("echo", value), value);
    });

    test("acknowledgements carry several arguments", async (t) => {
      const socket = await connectedOver(t, "features");
      assert.deepEqual(await answers(socket, "echo", 1, "two", [3]), [1, "two", [3]]);
    });

    // base64 makes a polled body longer by a third, and the server takes bodies of up to 1,000,000 bytes.
    const largest = transports.includes("websocket") ? 900_000 : 700_000;
    for (const length of [0, 1, 125, 126, 65_535, 65_536, largest]) {
      test(`acknowledgements carry ${length} bytes, nested`, async (t) => {
        const socket = await connectedOver(t, "features");
        const value = { deep: [{ photo: bytes(length) }, "text", bytes(3)] };
        assert.deepEqual(await socket.emitWithAck("echo", value), value);
      });
    }

    test("the server asks and the client answers", async (t) => {
      const socket = await connectedOver(t, "features");
      socket.on("question", (value, answer) => answer({ answerTo: value }));
      for (const value of ["how are you?", { n: 1 }, bytes(0), { deep: [bytes(100_000)] }]) {
        assert.deepEqual(await socket.emitWithAck("ask", value), { answerTo: value });
      }
    });

    test("events come back with text, JSON and bytes", async (t) => {
      const socket = await connectedOver(t, "conformance");
      for (const args of [[], ["a"], [1, { b: null }], [bytes(10), { c: [bytes(0)] }]]) {
        const back = once(socket, "message-back");
        socket.emit("message", ...args);
        assert.deepEqual(await back, args);
      }
    });

    test("1,000 messages stay in order", async (t) => {
      const [speaker, listener] = [await connectedOver(t, "features"), await connectedOver(t, "features")];
      await listener.emitWithAck("join", "order");
      const told = collect(listener, "told", 1000);
      const delivered = numbers(1000).map((n) => speaker.emitWithAck("tell", "order", n));
      await within(30_000, "1,000 acknowledgements", Promise.all(delivered));
      await told.all;
      assert.deepEqual(told.received, numbers(1000));
    });

    test("rooms: to the others in it, and to nobody else", async (t) => {
      const [ada, bob, eve] = [
        await connectedOver(t, "contract", "/chat"),
        await connectedOver(t, "contract", "/chat"),
        await connectedOver(t, "contract", "/chat"),
      ];
      for (const socket of [ada, bob]) assert.equal(await socket.emitWithAck("join", "rust"), true);
      assert.equal(await eve.emitWithAck("join", "other"), true);
      assert.deepEqual(await answers(ada, "nickname", "Ada"), [true, "Ada"]);

      const stray = [];
      for (const socket of [ada, eve]) socket.on("msg_to_room", (...args) => stray.push(args));
      const heard = once(bob, "msg_to_room");
      assert.equal(await ada.emitWithAck("user message", "hello"), true);
      assert.deepEqual((await heard).slice(0, 2), ["Ada", "hello"]);
      // What was sent to them before this would be here by now.
      for (const socket of [ada, eve]) await socket.emitWithAck("join", "last");
      assert.deepEqual(stray, []);
    });

    test("the Engine.IO client gets its messages back, in order", async () => {
      const engine = new Engine(servers.echo.url, { path: "/engine.io/", transports });
      engine.binaryType = "nodebuffer";
      try {
        const sent = numbers(100).flatMap((n) => [`text ${n} ☕`, bytes(n * 10)]);
        const back = collect(engine, "message", sent.length);
        await once(engine, "open");
        for (const message of sent) engine.send(message);
        await back.all;
        assert.deepEqual(back.received, sent);

        // On its own: what waits for a client has a budget.
        const large = once(engine, "message");
        engine.send(bytes(largest));
        assert.deepEqual((await large)[0], bytes(largest));
      } finally {
        engine.close();
      }
    });
  });
}

describe("namespaces", () => {
  test("the connect payload reaches the server, each namespace its own", async (t) => {
    for (const namespace of ["/", "/custom"]) {
      const socket = client(t, "conformance", namespace, { auth: { token: `for ${namespace}` } });
      assert.deepEqual(await once(socket, "auth"), [{ token: `for ${namespace}` }]);
    }
  });

  test("two share one connection, with ids of their own", async (t) => {
    const main = await connected(t, "conformance");
    const custom = main.io.socket("/custom");
    await once(custom, "connect");
    assert.notEqual(main.id, custom.id);
    custom.disconnect();
    const back = once(main, "message-back");
    main.emit("message", "still here");
    assert.deepEqual(await back, ["still here"]);
  });

  test("an unknown one is refused", async (t) => {
    const [error] = await once(client(t, "conformance", "/nowhere"), "connect_error");
    assert.equal(error.message, "Invalid namespace");
  });

  test("middleware refuses with message and data, then lets the right token in", async (t) => {
    const socket = client(t, "features", "/admin", { auth: { token: "wrong" } });
    const [error] = await once(socket, "connect_error");
    assert.equal(error.message, "not authorized");
    assert.deepEqual(error.data, { field: "token" });
    assert.equal(socket.connected, false);

    socket.auth = { token: "secret" };
    const welcome = once(socket, "welcome");
    socket.connect();
    assert.equal((await welcome)[0], "admin");
  });

  test("a predicate makes the ones it likes", async (t) => {
    const [name] = await once(client(t, "features", "/team-7"), "welcome");
    assert.equal(name, "/team-7");
    const [error] = await once(client(t, "features", "/club-7"), "connect_error");
    assert.equal(error.message, "Invalid namespace");
  });
});

describe("the end, and coming back", () => {
  test("the server throws a client out", async (t) => {
    const socket = await connected(t, "features");
    const gone = once(socket, "disconnect");
    socket.emit("throw me out");
    assert.equal((await gone)[0], "io server disconnect");
  });

  test("a message over the limit ends the connection, and the client comes back", async (t) => {
    const socket = await connected(t, "conformance", "/", { transports: ["websocket"] });
    const gone = once(socket, "disconnect");
    socket.emit("message", bytes(1_000_001));
    await gone;
    await once(socket, "connect");
  });

  for (const [name, transports] of Object.entries(TRANSPORTS)) {
    test(`reconnects when the server has restarted: ${name}`, async (t) => {
      let server = await start("features");
      t.after(() => server.stop());
      const options = { forceNew: true, transports, reconnectionDelay: 20, reconnectionDelayMax: 100 };
      const socket = io(server.url, options);
      t.after(() => socket.close());
      await once(socket, "connect");
      const first = socket.id;

      const gone = once(socket, "disconnect");
      await server.stop();
      await gone;
      const back = once(socket, "connect", 20_000);
      server = await start("features", { port: server.port });
      await back;
      assert.notEqual(socket.id, first);
      assert.equal(await within(10_000, "echo", socket.emitWithAck("echo", "again")), "again");
    });

    test(`who was away gets what it missed, in order, once: ${name}`, async (t) => {
      const away = await connected(t, "features", "/", { transports });
      const speaker = await connected(t, "features", "/", { transports });
      const room = `recovery ${name}`;
      assert.equal(await away.emitWithAck("join", room), true);
      const told = collect(away, "told", 12);

      const first = once(away, "told");
      assert.equal(await speaker.emitWithAck("tell", room, 0), true);
      await first;
      const id = away.id;

      // The client stays away until it is called back.
      away.io.reconnection(false);
      const gone = once(away, "disconnect");
      away.io.engine.close();
      await gone;
      for (let n = 1; n <= 10; n++) assert.equal(await speaker.emitWithAck("tell", room, n), true);

      const back = once(away, "connect");
      away.connect();
      await back;
      assert.equal(away.recovered, true);
      assert.equal(away.id, id);
      // Still in the room, without having joined again; and nothing comes twice before this.
      assert.equal(await speaker.emitWithAck("tell", room, 11), true);
      await told.all;
      assert.deepEqual(told.received, numbers(12));
    });
  }

  test("who left of its own will starts afresh", async (t) => {
    const socket = await connected(t, "features");
    const id = socket.id;
    socket.disconnect();
    const back = once(socket, "connect");
    socket.connect();
    await back;
    assert.equal(socket.recovered, false);
    assert.notEqual(socket.id, id);
  });
});
