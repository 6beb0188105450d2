// Compression with Node's own programs: `ws` and the official client over WebSocket, gzip and deflate over polling.

import assert from "node:assert/strict";
import http from "node:http";
import zlib from "node:zlib";
import { after, before, describe, test } from "node:test";
import { Socket as Engine } from "engine.io-client";
import WebSocket from "ws";
import { PATIENT, once, start, within } from "./servers.mjs";

const LONG = JSON.stringify(Array.from({ length: 200 }, (_, number) => ({ number, text: "tea or cake?" })));

let packed, plain;
before(async () => {
  packed = await start("echo", { options: [...PATIENT, "--compress"] });
  plain = await start("echo", { options: PATIENT });
});
after(() => Promise.all([packed?.stop(), plain?.stop()]));

/** A `ws` client past the session's handshake, and the bytes that have come from the server. */
async function connect(t, server, options) {
  const url = `${server.url.replace("http", "ws")}/engine.io/?EIO=4&transport=websocket`;
  const socket = new WebSocket(url, options);
  t.after(() => socket.terminate());
  const [first] = await once(socket, "message");
  assert.match(first.toString(), /^0{/);
  return { socket, received: () => socket._socket.bytesRead };
}

async function echo({ socket, received }, message) {
  const before = received();
  socket.send(message);
  const [answer, binary] = await once(socket, "message");
  assert.equal(binary, typeof message !== "string");
  assert.deepEqual(binary ? answer : answer.toString(), message);
  return received() - before;
}

describe("messages", () => {
  const offers = [
    ["with its defaults", { threshold: 0 }],
    ["that forgets its context", { threshold: 0, clientNoContextTakeover: true }],
    ["that wants the server to forget its context", { threshold: 0, serverNoContextTakeover: true }],
    ["with a small window", { threshold: 0, clientMaxWindowBits: 9 }],
    ["that names the largest window", { threshold: 0, serverMaxWindowBits: 15 }],
  ];
  for (const [what, perMessageDeflate] of offers) {
    test(`are compressed both ways for a client ${what}`, async (t) => {
      const client = await connect(t, packed, { perMessageDeflate });
      assert.match(client.socket.extensions, /^permessage-deflate/);
      for (let round = 0; round < 3; round++) {
        const long = await echo(client, `4${LONG}`);
        assert.ok(long < LONG.length / 5, `${long} bytes for ${LONG.length}`);
        await echo(client, "4short");
        await echo(client, "4");
        const binary = await echo(client, Buffer.alloc(10_000, "tea or cake? "));
        assert.ok(binary < 1000, `${binary} bytes for 10,000`);
      }
      await echo(client, `4${"x".repeat(200_000)}`);
    });
  }

  test("are compressed in fragments", async (t) => {
    const client = await connect(t, packed, { perMessageDeflate: { threshold: 0 } });
    const answer = once(client.socket, "message");
    client.socket.send("4tea ", { fin: false });
    client.socket.ping();
    client.socket.send("or ", { fin: false });
    client.socket.send("cake?", { fin: true });
    assert.equal((await answer)[0].toString(), "4tea or cake?");
  });

  test("are not compressed for a client that wants a small window for all", async (t) => {
    const client = await connect(t, packed, { perMessageDeflate: { serverMaxWindowBits: 10 } });
    assert.equal(client.socket.extensions, "");
    assert.ok((await echo(client, `4${LONG}`)) > LONG.length);
  });

  test("are not compressed unless both sides want it", async (t) => {
    for (const [server, perMessageDeflate] of [
      [plain, true],
      [packed, false],
    ]) {
      const client = await connect(t, server, { perMessageDeflate });
      assert.equal(client.socket.extensions, "");
      assert.ok((await echo(client, `4${LONG}`)) > LONG.length);
    }
  });

  test("of more than the limit end the session, however small they are on the way", async (t) => {
    const { socket } = await connect(t, packed, { perMessageDeflate: { threshold: 0 } });
    const closed = once(socket, "close");
    socket.send("4".repeat(10_000_000));
    assert.equal((await closed)[0], 1009);
  });

  for (const transports of [["websocket"], ["polling"], ["polling", "websocket"]]) {
    test(`reach the official client over ${transports.join(", then ")}`, async (t) => {
      const engine = new Engine(packed.url, {
        path: "/engine.io/",
        transports,
        perMessageDeflate: { threshold: 0 },
      });
      t.after(() => engine.close());
      const upgraded = transports.length > 1 ? once(engine, "upgrade") : undefined;
      await once(engine, "open");
      await upgraded;
      for (let round = 0; round < 3; round++) {
        const answer = once(engine, "message");
        engine.send(LONG);
        assert.equal((await answer)[0], LONG);
      }
    });
  }
});

/** Sends a request without any decoding of its own. */
function raw(url, { method = "GET", headers = {}, body } = {}) {
  return within(
    10_000,
    "an answer",
    new Promise((resolve, reject) => {
      const request = http.request(url, { method, headers }, (response) => {
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(chunks) }));
      });
      request.on("error", reject);
      request.end(body);
    }),
  );
}

/** What a poll brings back after LONG was posted. */
async function poll(server, accept) {
  const url = `${server.url}/engine.io/?EIO=4&transport=polling`;
  const { sid } = JSON.parse((await raw(url)).body.toString().slice(1));
  await raw(`${url}&sid=${sid}`, { method: "POST", body: `4${LONG}` });
  return raw(`${url}&sid=${sid}`, { headers: accept ? { "accept-encoding": accept } : {} });
}

describe("polling answers", () => {
  test("are in the coding that the client likes best", async () => {
    for (const [accept, coding, decode] of [
      ["gzip, deflate, br", "gzip", zlib.gunzipSync],
      ["gzip;q=0.2, deflate", "deflate", zlib.inflateSync],
      ["*", "gzip", zlib.gunzipSync],
    ]) {
      const answer = await poll(packed, accept);
      assert.equal(answer.headers["content-encoding"], coding);
      assert.match(answer.headers.vary, /accept-encoding/i);
      assert.ok(answer.body.length < LONG.length / 5);
      assert.equal(decode(answer.body).toString(), `4${LONG}`);
    }
  });

  test("are as they are where the client or the server does not want compression", async () => {
    for (const [server, accept] of [
      [packed, undefined],
      [packed, "gzip;q=0"],
      [packed, "br"],
      [plain, "gzip"],
    ]) {
      const answer = await poll(server, accept);
      assert.equal(answer.headers["content-encoding"], undefined);
      assert.equal(answer.body.toString(), `4${LONG}`);
    }
  });

  test("can be read by fetch, as in a browser", async () => {
    const url = `${packed.url}/engine.io/?EIO=4&transport=polling`;
    const { sid } = JSON.parse((await (await fetch(url)).text()).slice(1));
    await fetch(`${url}&sid=${sid}`, { method: "POST", body: `4${LONG}` });
    const answer = await fetch(`${url}&sid=${sid}`);
    assert.equal(answer.headers.get("content-encoding"), "gzip");
    assert.equal(await answer.text(), `4${LONG}`);
  });
});
