// What an application decides about requests, as the official client sees it: a check before a session, headers, a cookie,
// no upgrades, a limit; and a server that is mounted in axum.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Socket } from "engine.io-client";
import { io } from "socket.io-client";
import { PATIENT, built, once, start } from "./servers.mjs";
import { address, request } from "./wire.mjs";

const processes = [];
after(() => Promise.all(processes.map((server) => server.stop())));

async function serve(example, options) {
  const server = await start(example, { options });
  processes.push(server);
  return server.url;
}

describe("the application's hooks", () => {
  let guarded, small, still;
  before(async () => {
    guarded = await serve("echo", [...PATIENT, "--token", "tea", "--cookie"]);
    small = await serve("echo", [...PATIENT, "--max-payload", "1000"]);
    still = await serve("echo", [...PATIENT, "--no-upgrades"]);
  });

  function connect(t, url, options) {
    const socket = new Socket(url, { ...options });
    t.after(() => socket.close());
    return socket;
  }

  test("a session that is not allowed: the reason reaches the client", async (t) => {
    const socket = connect(t, guarded, { transports: ["polling"], query: { token: "coffee" } });
    let body;
    // The client drops the answer right after.
    socket.once("error", (error) => (body = error.context.responseText));
    const [error] = await once(socket, "error");
    assert.equal(error.description, 403);
    assert.equal(body, '{"code":4,"message":"wrong token"}');
  });

  test("a WebSocket that is not allowed", async (t) => {
    const socket = connect(t, guarded, { transports: ["websocket"] });
    const [error] = await once(socket, "error");
    assert.equal(error.message, "websocket error");
  });

  for (const transports of [["polling"], ["websocket"], ["polling", "websocket"]]) {
    test(`an allowed session by ${transports.join(" and ")}`, async (t) => {
      const socket = connect(t, guarded, { transports, query: { token: "tea" }, withCredentials: true });
      await once(socket, "open");
      if (transports.length === 2) await once(socket, "upgrade");
      socket.send("hello");
      assert.deepEqual(await once(socket, "message"), ["hello"]);
    });
  }

  test("headers and the cookie", async () => {
    const first = await request(address(`${guarded}/engine.io/`, { token: "tea" }));
    const { sid } = JSON.parse((await first.text()).slice(1));
    assert.equal(first.headers.get("x-server"), "echo");
    assert.equal(first.headers.get("set-cookie"), `io=${sid}; Path=/; HttpOnly; SameSite=Lax`);
  });

  test("no upgrades: the client stays where it is", async (t) => {
    const socket = connect(t, still, {});
    const [{ upgrades }] = await once(socket, "handshake");
    assert.deepEqual(upgrades, []);
    socket.send("hello");
    await once(socket, "message");
    assert.equal(socket.transport.name, "polling");
  });

  test("everything below the path", async (t) => {
    const socket = connect(t, still, { path: "/engine.io/default/" });
    await once(socket, "open");
    socket.send("hello");
    assert.deepEqual(await once(socket, "message"), ["hello"]);
  });

  for (const transport of ["polling", "websocket"]) {
    test(`${transport}: a message over the limit ends the session`, async (t) => {
      const socket = connect(t, small, { transports: [transport] });
      await once(socket, "open");
      socket.send("x".repeat(1001));
      const [reason, details] = await once(socket, "close");
      if (transport === "polling") {
        assert.equal(reason, "transport error");
        assert.equal(details.description, 413);
      } else {
        assert.equal(details.context.code, 1009);
      }
    });
  }
});

describe("mounted in axum", { skip: !built("socket_io_axum") && "built only with the feature example-axum" }, () => {
  for (const [how, options] of [["as a service", []], ["as a layer", ["--layer"]]]) {
    test(how, async (t) => {
      const url = await serve("socket_io_axum", options);
      assert.equal(await (await fetch(url)).text(), "<p>Sockets welcome.");
      for (const transports of [["polling"], ["websocket"], ["polling", "websocket"]]) {
        const socket = io(url, { transports, forceNew: true });
        t.after(() => socket.close());
        await once(socket, "connect");
        assert.equal(await socket.timeout(10_000).emitWithAck("hi", "Ann"), "hi, Ann");
        if (transports.length === 2 && socket.io.engine.transport.name === "polling") {
          await once(socket.io.engine, "upgrade");
          assert.equal(await socket.timeout(10_000).emitWithAck("hi", "Bob"), "hi, Bob");
        }
        socket.close();
      }
    });
  }
});
