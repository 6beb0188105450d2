// Our page client against the reference server, Node's: what the chat does not use is promised as well.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { launch, missing, openPage, ourClient } from "./tools.mjs";

const TRANSPORTS = {
  "polling only": ["polling"],
  "WebSocket only": ["websocket"],
  "polling, upgraded": ["polling", "websocket"],
};

const skip = missing();
let browser;
before(async () => {
  if (!skip) browser = await launch();
});
after(() => browser?.close());

/** A server with recovery and an echo, which also serves a page with nothing but our client. */
async function startServer(options) {
  const { Server } = await import("socket.io");
  const files = {
    "/": ["text/html", `<!doctype html><link rel="icon" href="data:,"><script src="/client.js"></script>`],
    "/client.js": ["text/javascript", await readFile(ourClient)],
  };
  const http = createServer((request, response) => {
    const [type, body] = files[request.url] ?? ["text/plain", ""];
    response.writeHead(200, { "content-type": type }).end(body);
  });
  const io = new Server(http, { connectionStateRecovery: {}, serveClient: false, ...options });
  io.use((socket, next) => {
    const refusal = Object.assign(new Error("not you"), { data: { code: 7 } });
    next(socket.handshake.auth.person === "stranger" ? refusal : undefined);
  });
  for (const namespace of [io.of("/"), io.of("/other")]) {
    namespace.on("connection", (socket) => {
      socket.on("echo", (...args) => socket.emit("echo", ...args));
      socket.on("answer", (...args) => args.pop()(...args));
      socket.on("ignore", () => {});
    });
  }
  await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${http.address().port}`;
  return { io, url, stop: () => io.close() };
}

for (const [name, transports] of Object.entries(TRANSPORTS)) {
  describe(name, { skip, timeout: 60_000 }, () => {
    let server;
    before(async () => {
      server = await startServer();
    });
    after(() => server?.stop());

    /** A page with `connect(namespace, options)` in it, and `next(emitter, event)`. */
    async function open(t) {
      // Who leaves while a WebSocket is being tried is told so in the console.
      const page = await openPage(t, browser, server.url, { outage: true });
      await page.goto(server.url);
      await page.evaluate((transports) => {
        window.next = (emitter, event) => new Promise((resolve) => emitter.once(event, (...args) => resolve(args)));
        window.connect = async (namespace = "/", options = {}) => {
          const socket = io(namespace, { transports, reconnectionDelay: 20, forceNew: true, ...options });
          await next(socket, "connect");
          return socket;
        };
      }, transports);
      return page;
    }

    /** The server's side of the page's next connection. */
    const accepted = (namespace = "/") => new Promise((resolve) => server.io.of(namespace).once("connection", resolve));

    test("text and bytes come back as they went, in order", async (t) => {
      const page = await open(t);
      const faults = await page.evaluate(async () => {
        const socket = await connect();
        const bytes = (length) => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 255);
        const show = (value) =>
          JSON.stringify(value, (_, v) => {
            if (v instanceof ArrayBuffer) return `bytes ${new Uint8Array(v)}`;
            return ArrayBuffer.isView(v) ? `bytes ${new Uint8Array(v.buffer, v.byteOffset, v.byteLength)}` : v;
          });
        const sent = [
          ["ünï 🦀", 1.5, null, true, [1, { a: "b" }]],
          [bytes(0)],
          [{ deep: [bytes(5), { buffer: bytes(500_000).buffer }] }, "and text"],
          [new Uint16Array([1, 2, 515]), new DataView(bytes(9).buffer, 3, 4), bytes(9).subarray(2, 4)],
          [],
        ];
        for (let i = 0; i < 200; i += 1) sent.push([i, i % 7 === 0 ? bytes(i) : "text"]);
        const received = new Promise((resolve) => {
          const all = [];
          socket.on("echo", (...args) => all.push(args) === sent.length && resolve(all));
        });
        const answers = sent.map((args) => {
          socket.emit("echo", ...args);
          return new Promise((resolve) => socket.emit("answer", ...args, (...answer) => resolve(answer)));
        });
        const [echoes, acks] = [await received, await Promise.all(answers)];
        // An event that comes from the server ends with its offset.
        const wrong = (args, i) => show(echoes[i].slice(0, -1)) !== show(args) || show(acks[i]) !== show(args);
        return sent.filter(wrong).map(show);
      });
      assert.deepEqual(faults, []);
    });

    test("the server gets answers too", async (t) => {
      const page = await open(t);
      const socket = accepted();
      await page.evaluate(async () => (await connect()).on("sum", (a, b, answer) => answer(a + b, new Uint8Array([a, b]))));
      const answers = await new Promise((resolve) => socket.then((s) => s.emit("sum", 2, 3, (...args) => resolve(args))));
      assert.deepEqual(answers, [5, Buffer.from([2, 3])]);
    });

    test("an answer that does not come is an error", async (t) => {
      const page = await open(t);
      const seen = await page.evaluate(async () => {
        const socket = await connect();
        const late = await new Promise((resolve) => socket.timeout(50).emit("ignore", (error) => resolve(error.message)));
        const never = socket.emitWithAck("ignore").catch((error) => error.message);
        const inTime = await socket.timeout(10_000).emitWithAck("answer", 7);
        socket.disconnect();
        return [late, await never, inTime];
      });
      assert.deepEqual(seen, ["operation has timed out", "socket has been disconnected", 7]);
    });

    test("namespaces share a connection, and leave it alone", async (t) => {
      const page = await open(t);
      const seen = await page.evaluate(async () => {
        const [root, other] = [await connect("/", { forceNew: false }), await connect("/other", { forceNew: false })];
        const ids = root.io === other.io && root.id !== other.id;
        root.disconnect();
        const answer = await other.emitWithAck("answer", "still here");
        return [ids, root.connected, other.connected, answer];
      });
      assert.deepEqual(seen, [true, false, true, "still here"]);
    });

    test("a refusal is told, with its data", async (t) => {
      const page = await open(t);
      const seen = await page.evaluate(async (transports) => {
        const socket = io("/", { auth: (send) => send({ person: "stranger" }), transports, forceNew: true });
        const [refused] = await next(socket, "connect_error");
        const [unknown] = await next(io("/nowhere", { transports, forceNew: true }), "connect_error");
        return [refused.message, refused.data, unknown.message, socket.active];
      }, transports);
      assert.deepEqual(seen, ["not you", { code: 7 }, "Invalid namespace", false]);
    });

    test("a lost connection is made again, with what was missed and what was said meanwhile", async (t) => {
      const page = await open(t);
      const first = accepted();
      const before = await page.evaluate(async () => {
        window.socket = await connect();
        window.heard = [];
        window.reasons = [];
        socket.on("news", (text) => heard.push(text));
        socket.on("disconnect", (reason) => {
          reasons.push(reason);
          socket.emit("echo", "said meanwhile");
        });
        return socket.id;
      });
      (await first).emit("news", "one");
      await page.waitForFunction(() => heard.length === 1);
      (await first).conn.close();
      server.io.emit("news", "two");
      server.io.emit("news", "three");
      await page.waitForFunction(() => heard.length === 3);
      const seen = await page.evaluate(async () => [socket.id, socket.recovered, heard, reasons]);
      assert.deepEqual(seen, [before, true, ["one", "two", "three"], ["transport close"]]);
      assert.equal(await page.evaluate(() => socket.emitWithAck("answer", "well")), "well");
    });

    test("the server's goodbye is final until the page asks again", async (t) => {
      const page = await open(t);
      const first = accepted();
      await page.evaluate(async () => {
        window.socket = await connect();
        window.goodbye = next(socket, "disconnect");
      });
      (await first).disconnect();
      assert.deepEqual(await page.evaluate(() => goodbye), ["io server disconnect"]);
      assert.equal(await page.evaluate(async () => (await next(socket.connect(), "connect")) && socket.recovered), false);
    });

    test("all that was emitted arrives before the goodbye", async (t) => {
      const page = await open(t);
      const first = accepted();
      await page.evaluate(async () => {
        window.socket = await connect();
      });
      // Node's server drops events that stand in one read with the goodbye, so look at what it reads.
      const { conn } = await first;
      const heard = [];
      conn.on("data", (text) => heard.push(text));
      const gone = new Promise((resolve) => conn.once("close", resolve));
      await page.evaluate(() => {
        for (let i = 0; i < 50; i += 1) socket.emit("last", i);
        socket.disconnect();
      });
      assert.equal(await gone, "transport close");
      assert.deepEqual(heard, [...Array.from({ length: 50 }, (_, i) => `2["last",${i}]`), "1"]);
    });
  });
}

test("a server that falls silent is left", { skip, timeout: 60_000 }, async (t) => {
  const server = await startServer({ pingInterval: 300, pingTimeout: 3000 });
  t.after(() => server.stop());
  const page = await openPage(t, browser, server.url);
  await page.goto(server.url);
  const connected = new Promise((resolve) => server.io.once("connection", resolve));
  // The page has its rules. From here on the server waits longer: the page is to give up first.
  server.io.engine.on("connection", () => (server.io.engine.opts.pingTimeout = 60_000));
  const reason = page.evaluate(() => {
    const socket = io("/", { transports: ["websocket"] });
    return new Promise((resolve) => socket.once("disconnect", resolve));
  });
  const { conn } = await connected;
  await new Promise((resolve) => conn.once("heartbeat", resolve));
  conn.sendPacket = () => {};
  assert.equal(await reason, "ping timeout");
});
