// What Node's server offers to those who write handlers, as the official client sees it. The tests are those of
// socket.io's own server suite, where they are visible on the wire.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { io } from "socket.io-client";
import { once, start, within } from "./servers.mjs";

let server;
before(async () => {
  server = await start("events");
});
after(() => server?.stop());

/** A client of its own connection, closed when the test ends. */
async function connect(t, namespace) {
  const socket = io(server.url + namespace, { forceNew: true, ackTimeout: 20_000 });
  t.after(() => socket.close());
  await once(socket, "connect");
  return socket;
}

/** All arguments of an acknowledgement. */
function answers(socket, event, ...args) {
  const answered = new Promise((resolve, reject) => {
    socket.emit(event, ...args, (error, ...values) => (error ? reject(error) : resolve(values)));
  });
  return within(10_000, `an answer to ${event}`, answered);
}

describe("middleware for events", () => {
  test("may change an event", async (t) => {
    const socket = await connect(t, "/middleware");
    assert.deepEqual(await answers(socket, "wrapped", "woot", [1]), ["woot", [1]]);
  });

  test("refuses with a reason, which is the acknowledgement", async (t) => {
    const socket = await connect(t, "/middleware");
    assert.deepEqual(await answers(socket, "join", "woot"), [false, "Authentication error"]);
    assert.deepEqual(await answers(socket, "wrapped", "none the worse"), ["none the worse"]);
  });

  test("limits the rate of events, with bytes or without", async (t) => {
    const socket = await connect(t, "/middleware");
    const all = await Promise.all(
      Array.from({ length: 30 }, (_, n) => answers(socket, "wrapped", n, Buffer.from([n]))),
    );
    const let_in = all.filter(([answer]) => answer !== false);
    const refused = all.filter(([answer]) => answer === false);
    assert.ok(let_in.length >= 10 && refused.length > 0, `${let_in.length} were let in`);
    assert.deepEqual(let_in[9], [9, Buffer.from([9])]);
    assert.deepEqual(refused[0], [false, "too many events"]);
    const again = async () => {
      while ((await answers(socket, "wrapped", "again"))[0] === false);
    };
    await within(10_000, "a token", again());
  });
});

describe("several handlers", () => {
  test("the first answers, the one for once only once, and none after all are removed", async (t) => {
    const socket = await connect(t, "/several");
    assert.deepEqual(await answers(socket, "greet", "Ann"), ["welcome, Ann"]);
    assert.deepEqual(await answers(socket, "greet", "Ann"), ["hello again, Ann"]);
    assert.deepEqual(await answers(socket, "forget me"), []);
    await assert.rejects(socket.timeout(300).emitWithAck("greet", "Ann"));
  });
});

describe("an acknowledgement", () => {
  test("that comes later, out of order, with bytes", async (t) => {
    const socket = await connect(t, "/ack");
    const later = answers(socket, "later");
    assert.deepEqual(await answers(socket, "now", Buffer.from("tea")), [true]);
    assert.deepEqual(await later, ["at last", Buffer.from("tea")]);
    assert.deepEqual(await answers(socket, "now", Buffer.from("tea")), [false]);
  });

  test("that is declined is not sent", async (t) => {
    const socket = await connect(t, "/ack");
    await assert.rejects(socket.timeout(300).emitWithAck("never"));
    assert.deepEqual(await answers(socket, "fast"), ["fast"]);
  });

  test("that is left to a task holds up nothing", async (t) => {
    const socket = await connect(t, "/ack");
    const order = [];
    const slow = answers(socket, "slow", 300).then(([answer]) => order.push(answer));
    const fast = answers(socket, "fast").then(([answer]) => order.push(answer));
    await Promise.all([slow, fast]);
    assert.deepEqual(order, ["fast", "slow"]);
  });

  test("with arguments that were built at run time, bytes in JSON", async (t) => {
    const socket = await connect(t, "/ack");
    assert.deepEqual(await answers(socket, "photos", ["cat", "dog"]), [
      { name: "cat", photo: Buffer.from("CAT") },
      { name: "dog", photo: Buffer.from("DOG") },
    ]);
    assert.deepEqual(await answers(socket, "photos", []), []);
  });
});

describe("listeners to everything", () => {
  test("are called in order, and one can answer", async (t) => {
    const socket = await connect(t, "/listeners");
    assert.deepEqual(await answers(socket, "unknown", 1), [false, "no such event"]);
    assert.deepEqual((await answers(socket, "log"))[0], ["first unknown", "second unknown [1]", "first log", "second log []"]);
  });

  test("hear what is sent, broadcasts and bytes too, until they are removed", async (t) => {
    const socket = await connect(t, "/listeners");
    const all = once(socket, "all");
    await answers(socket, "tell");
    assert.deepEqual(await all, [Buffer.from("bytes")]);
    const heard = async () => (await answers(socket, "log"))[0].filter((entry) => entry.includes("to you"));
    assert.deepEqual(await heard(), ["first to you one 0", "to you one 0", "first to you all 1", "to you all 1"]);
    assert.deepEqual(await answers(socket, "stop"), [true]);
    await answers(socket, "tell");
    assert.deepEqual(await heard(), ["first to you one 0", "first to you all 1"]);
  });
});

describe("the end", () => {
  for (const [how, reason] of [
    ["disconnect", "client namespace disconnect"],
    ["close", "transport close"],
  ]) {
    test(`finds the rooms that a socket was in: ${reason}`, async (t) => {
      const [ann, bob] = [await connect(t, "/goodbye"), await connect(t, "/goodbye")];
      for (const socket of [ann, bob]) assert.deepEqual(await answers(socket, "join", `tea ${how}`), [true]);
      const left = once(bob, "left");
      if (how === "disconnect") ann.disconnect();
      else ann.io.engine.close();
      assert.deepEqual(await left, [`tea ${how}`, reason]);
    });
  }
});
