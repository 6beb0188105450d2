// Engine.IO protocol 4, packet by packet. https://github.com/socketio/engine.io-protocol
// Where the protocol is silent, this is what our server promises: mostly what the reference server does, or stricter.

import assert from "node:assert/strict";
import http from "node:http";
import net from "node:net";
import { after, before, describe, test } from "node:test";
import { PATIENT, once, start, within } from "./servers.mjs";
import { Polling, Wire, address, request } from "./wire.mjs";

const REFUSED = {
  transport: [400, '{"code":0,"message":"Transport unknown"}'],
  session: [400, '{"code":1,"message":"Session ID unknown"}'],
  handshake: [400, '{"code":2,"message":"Bad handshake method"}'],
  request: [400, '{"code":3,"message":"Bad request"}'],
  forbidden: [403, '{"code":4,"message":"Forbidden"}'],
  version: [400, '{"code":5,"message":"Unsupported protocol version"}'],
};

// Three servers that send every message back. The first has the heartbeat that the protocol's own tests expect, 300 ms
// and 200 ms; the second has a slower one, for clients that are not always quick; the third pings so late that no test
// sees it.
const processes = [];
let quick, brisk, patient;
before(async () => {
  async function echo(options) {
    const server = await start("echo", { options });
    processes.push(server);
    return `${server.url}/engine.io/`;
  }
  quick = await echo([]);
  brisk = await echo(["--ping-interval", "1000", "--ping-timeout", "1000"]);
  patient = await echo(PATIENT);
});
after(() => Promise.all(processes.map((server) => server.stop())));

async function answer(url, options) {
  const response = await request(url, options);
  return [response.status, await response.text()];
}

async function wire(t, ...args) {
  const opened = await Wire.open(...args);
  t.after(() => opened.end());
  return opened;
}

/** A WebSocket that has opened a session of its own. */
async function session(t, base, options) {
  const opened = await wire(t, base, {}, options);
  const open = await opened.next();
  assert.ok(open.startsWith("0{"), open);
  return Object.assign(opened, { handshake: JSON.parse(open.slice(1)) });
}

describe("handshake", () => {
  test("over polling", async () => {
    const response = await request(address(quick));
    assert.equal(response.status, 200);
    assert.match(response.headers.get("content-type"), /^text\/plain; ?charset=utf-8$/i);
    const { sid, ...rest } = JSON.parse((await response.text()).slice(1));
    assert.match(sid, /^[\w-]{16,}$/, "96 bits or more");
    assert.deepEqual(rest, {
      upgrades: ["websocket"],
      pingInterval: 300,
      pingTimeout: 200,
      maxPayload: 1_000_000,
    });
  });

  test("over WebSocket, from where there is nothing to upgrade to", async (t) => {
    const { handshake } = await session(t, patient);
    const { sid, ...rest } = handshake;
    assert.match(sid, /^[\w-]{16,}$/);
    assert.deepEqual(rest, { upgrades: [], pingInterval: 25_000, pingTimeout: 20_000, maxPayload: 1_000_000 });
  });

  test("ids do not repeat or follow one another", async () => {
    const sids = await Promise.all(Array.from({ length: 50 }, async () => (await Polling.open(patient)).handshake.sid));
    assert.equal(new Set(sids).size, 50);
    assert.equal(new Set(sids.map((sid) => sid.slice(0, 4))).size, 50);
  });
});

describe("refusals", () => {
  for (const [name, parameters, method, refusal] of [
    ["no transport", { transport: undefined }, "GET", REFUSED.transport],
    ["an unknown transport", { transport: "pigeon" }, "GET", REFUSED.transport],
    ["no version", { EIO: undefined }, "GET", REFUSED.version],
    ["an older version", { EIO: "3" }, "GET", REFUSED.version],
    ["a session opened by POST", {}, "POST", REFUSED.handshake],
    ["an unknown session", { sid: "AAAAAAAAAAAAAAAAAAAA" }, "GET", REFUSED.session],
    ["an unknown session, POST", { sid: "AAAAAAAAAAAAAAAAAAAA" }, "POST", REFUSED.session],
    ["a malformed session", { sid: "../%00" }, "GET", REFUSED.session],
    ["WebSocket without an upgrade", { transport: "websocket" }, "GET", REFUSED.request],
  ]) {
    test(name, async () => assert.deepEqual(await answer(address(patient, parameters), { method }), refusal));
  }

  for (const [name, parameters, [status, body]] of [
    ["an unknown session", { sid: "AAAAAAAAAAAAAAAAAAAA" }, REFUSED.session],
    ["an unknown transport", { transport: "pigeon" }, REFUSED.transport],
    ["an older version", { EIO: "3" }, REFUSED.version],
  ]) {
    test(`${name}, asked for by a WebSocket`, async () => {
      await assert.rejects(Wire.open(patient, parameters), { message: `${status} ${body}` });
    });
  }

  test("a transport that is not the session's leaves it untouched", async (t) => {
    const polling = await Polling.open(patient);
    const sid = polling.handshake.sid;
    assert.deepEqual(await answer(address(patient, { sid, transport: "websocket" })), REFUSED.request);
    assert.deepEqual(await polling.post("3"), [200, "ok"]);

    const socket = await session(t, patient);
    assert.deepEqual(await answer(address(patient, { sid: socket.handshake.sid })), REFUSED.request);
    socket.send("4still here");
    assert.equal(await socket.next(), "4still here");
  });

  test("a page of another origin", async (t) => {
    // The others let any page in.
    const server = await start("contract");
    t.after(() => server.stop());
    const headers = { origin: "https://evil.example" };
    assert.deepEqual(await answer(address(`${server.url}/socket.io/`), { headers }), REFUSED.forbidden);
  });

  test("any page, where the server allows that, without credentials", async () => {
    const headers = { origin: "https://other.example" };
    const response = await request(address(patient), { headers });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("access-control-allow-origin"), "*");
    assert.equal(response.headers.get("access-control-allow-credentials"), null);
    await response.text();
  });
});

describe("messages", () => {
  test("text and bytes over polling", async () => {
    const polling = await Polling.open(patient);
    for (const packet of ["4hello", "4€ 🦀", "4", "bAQIDBA==", "b"]) {
      assert.deepEqual(await polling.post(packet), [200, "ok"]);
      assert.equal(await polling.next(), packet);
    }
  });

  test("several in one payload, in order", async () => {
    const polling = await Polling.open(patient);
    const packets = Array.from({ length: 100 }, (_, n) => (n % 3 ? `4message ${n}` : "bAQI="));
    assert.deepEqual(await polling.post(packets.join("\x1e")), [200, "ok"]);
    for (const packet of packets) assert.equal(await polling.next(), packet);
  });

  test("text and bytes over WebSocket", async (t) => {
    const socket = await session(t, patient);
    for (const packet of ["4hello", "4€ 🦀", "4", Buffer.from([1, 2, 3, 4]), Buffer.alloc(0), Buffer.alloc(999_999)]) {
      socket.send(packet);
      assert.deepEqual(await socket.next(), packet);
    }
  });

  test("a body that says it is too large is refused before it comes", async () => {
    const polling = await Polling.open(patient);
    const status = await within(5000, "413", new Promise((resolve, reject) => {
      const headers = { "content-length": 1_000_001 };
      const post = http.request(polling.url, { method: "POST", headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
        post.destroy();
      });
      post.once("error", reject);
      post.write("4only the start");
    }));
    assert.equal(status, 413);
  });

  test("a WebSocket message that is too large ends the session", async (t) => {
    const socket = await session(t, patient);
    socket.send(Buffer.alloc(1_000_001));
    assert.equal(await socket.closed(), 1009);
  });

  for (const [name, body, headers] of [
    ["an unknown packet type", "9"],
    ["an empty packet", "4a\x1e\x1e4b"],
    ["bytes that are not base64", "b!!!!"],
    ["a body of protocol 3", new Uint8Array([1, 2]), { "content-type": "application/octet-stream" }],
  ]) {
    test(`${name} ends a polling session`, async () => {
      const polling = await Polling.open(patient);
      const [status] = await polling.post(body, headers);
      assert.equal(status, 400);
      assert.equal((await polling.get())[0], 400);
    });
  }

  for (const [name, packet] of [
    ["an unknown packet type", "9"],
    ["an empty packet", ""],
    ["a ping, which is the server's to send", "2"],
  ]) {
    test(`${name} ends a WebSocket session`, async (t) => {
      const socket = await session(t, patient);
      socket.send(packet);
      await socket.closed();
    });
  }

  test("a pong that nobody asked for is harmless", async (t) => {
    const socket = await session(t, patient);
    socket.send("3", "3", "4still here");
    assert.equal(await socket.next(), "4still here");
  });
});

describe("heartbeat", () => {
  // From before the pong is sent; a timer may be a little early.
  const interval = (since) => assert.ok(performance.now() - since > 900, "the ping comes after the interval");

  test("polling: a ping after the interval, and again after each pong", async () => {
    let since = performance.now();
    const polling = await Polling.open(brisk);
    for (let n = 0; n < 2; n++) {
      assert.deepEqual(await polling.get(), [200, "2"]);
      interval(since);
      since = performance.now();
      assert.deepEqual(await polling.post("3"), [200, "ok"]);
    }
  });

  test("WebSocket: a ping after the interval, and again after each pong", async (t) => {
    let since = performance.now();
    const socket = await session(t, brisk, { heartbeat: false });
    for (let n = 0; n < 2; n++) {
      assert.equal(await socket.next(), "2");
      interval(since);
      since = performance.now();
      socket.send("3");
    }
  });

  test("polling: who does not answer is gone", async () => {
    const polling = await Polling.open(quick);
    let last;
    do last = await polling.get();
    while (last[0] === 200);
    assert.deepEqual(last, REFUSED.session);
  });

  test("WebSocket: who does not answer is closed", async (t) => {
    const socket = await session(t, quick, { heartbeat: false });
    assert.equal(await socket.next(), "2");
    await socket.closed(5000);
  });
});

describe("upgrade", () => {
  test("probe, noop for the poll that waits, then the WebSocket alone", async (t) => {
    const polling = await Polling.open(patient);
    const waiting = polling.get();
    const socket = await wire(t, patient, { sid: polling.handshake.sid });
    socket.send("2probe");
    assert.equal(await socket.next(), "3probe");
    assert.deepEqual(await waiting, [200, "6"]);
    socket.send("5", "4hello");
    assert.equal(await socket.next(), "4hello");
    assert.deepEqual(await polling.get(), REFUSED.request);
    assert.deepEqual(await polling.post("3"), REFUSED.request);
    socket.send("4still here");
    assert.equal(await socket.next(), "4still here");
  });

  test("what was said while it probed arrives, once", async (t) => {
    const polling = await Polling.open(patient);
    const socket = await wire(t, patient, { sid: polling.handshake.sid });
    socket.send("2probe");
    assert.equal(await socket.next(), "3probe");
    assert.deepEqual(await polling.post("4meanwhile"), [200, "ok"]);
    socket.send("5", "4after");
    assert.equal(await socket.next(), "4meanwhile");
    assert.equal(await socket.next(), "4after");
  });

  test("a probe that goes away leaves the session polling", async () => {
    const polling = await Polling.open(patient);
    const socket = await Wire.open(patient, { sid: polling.handshake.sid });
    socket.send("2probe");
    assert.equal(await socket.next(), "3probe");
    socket.end();
    assert.deepEqual(await polling.post("3"), [200, "ok"]);
  });

  test("a probe that says something else is closed, the session polls on", async (t) => {
    const polling = await Polling.open(patient);
    const socket = await wire(t, patient, { sid: polling.handshake.sid });
    socket.send("4not a probe");
    await socket.closed();
    assert.deepEqual(await polling.post("3"), [200, "ok"]);
  });

  test("a second WebSocket for the same session is closed, the first lives", async (t) => {
    const first = await session(t, patient);
    const second = await wire(t, patient, { sid: first.handshake.sid });
    await second.closed();
    first.send("4still here");
    assert.equal(await first.next(), "4still here");
  });
});

describe("the end", () => {
  test("a client closes: the poll that waits is let go, the session is gone", async () => {
    const polling = await Polling.open(patient);
    const waiting = polling.get();
    // Both may arrive in either order: a poll that comes late finds no session.
    assert.deepEqual(await polling.post("1"), [200, "ok"]);
    const [status, body] = await waiting;
    assert.ok((status === 200 && body === "6") || status === 400, `${status} ${body}`);
    assert.deepEqual(await polling.get(), REFUSED.session);
  });

  test("a client closes its WebSocket session", async (t) => {
    const socket = await session(t, patient);
    socket.send("1");
    await socket.closed();
  });

  test("two polls at once: one is told, the other refused, the session is gone", async () => {
    const polling = await Polling.open(patient);
    const answers = await Promise.all([polling.get(), polling.get()]);
    answers.sort(([a], [b]) => a - b);
    assert.deepEqual(answers, [[200, "1"], REFUSED.request]);
    assert.deepEqual(await polling.get(), REFUSED.session);
  });

  test("a poll that is given up ends the session", async () => {
    async function giveUp() {
      const polling = await Polling.open(patient);
      const { port, pathname, search } = polling.url;
      // One connection's requests are answered in turn: once the POST is, the poll behind it is next.
      const head = (method) => `${method} ${pathname}${search} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n`;
      const socket = net.connect(Number(port), "127.0.0.1");
      socket.write(`${head("POST")}content-length: 1\r\n\r\n3${head("GET")}\r\n`);
      const [response] = await once(socket, "data");
      assert.match(response.toString(), /^HTTP\/1.1 200 OK\r\n/);
      assert.deepEqual(await polling.post("3"), [200, "ok"]);
      socket.destroy();
      const deadline = performance.now() + 2000;
      while (performance.now() < deadline) if ((await polling.post("3"))[0] === 400) return true;
      return false;
    }
    // Whether the server had begun with the poll cannot be seen from here, so a session that lives is not proof.
    for (let tries = 0; tries < 5; tries++) if (await giveUp()) return;
    assert.fail("five sessions outlived the polls that were given up");
  });
});
