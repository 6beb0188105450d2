// Socket.IO protocol 5, packet by packet. https://github.com/socketio/socket.io-protocol
// Where the protocol is silent, this is what our server promises: mostly what the reference server does, or stricter.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { PATIENT, start, within } from "./servers.mjs";
import { Polling, Wire } from "./wire.mjs";

let server, base, witness;
before(async () => {
  server = await start("conformance", { options: PATIENT });
  base = `${server.url}/socket.io/`;
  witness = await join();
});
after(async () => {
  witness?.end();
  await server?.stop();
});

async function open(t) {
  const wire = await Wire.open(base);
  t?.after(() => wire.end());
  assert.match(await wire.next(), /^0\{/);
  return wire;
}

/** A WebSocket that has joined `/`. */
async function join(t) {
  const wire = await open(t);
  wire.send("40");
  assert.match(await wire.next(), /^40\{"sid":"[\w-]{16,}"\}$/);
  assert.equal(await wire.next(), '42["auth",{}]');
  return wire;
}

async function echoes(wire) {
  wire.send('42["message","still here"]');
  assert.equal(await wire.next(), '42["message-back","still here"]');
}

const A = Buffer.from([1, 2, 3]);
const B = Buffer.from([]);
const placeholder = (num) => `{"_placeholder":true,"num":${num}}`;

describe("connect", () => {
  test("to the main namespace, with a payload", async (t) => {
    const wire = await open(t);
    wire.send('40{"token":"123","deep":[{"a":null}]}');
    assert.match(await wire.next(), /^40\{"sid":"[\w-]{16,}"\}$/);
    const event = JSON.parse((await wire.next()).slice(2));
    assert.deepEqual(event, ["auth", { token: "123", deep: [{ a: null }] }]);
  });

  for (const packet of ["40/custom,", "40/custom", "40/custom?token=1,"]) {
    test(`to another namespace: ${packet}`, async (t) => {
      const wire = await open(t);
      wire.send(packet);
      assert.match(await wire.next(), /^40\/custom,\{"sid":"[\w-]{16,}"\}$/);
      assert.equal(await wire.next(), '42/custom,["auth",{}]');
    });
  }

  test("to an unknown namespace", async (t) => {
    const wire = await open(t);
    wire.send("40/random");
    assert.equal(await wire.next(), '44/random,{"message":"Invalid namespace"}');
    wire.send("40");
    assert.match(await wire.next(), /^40\{/, "the connection is none the worse");
  });

  test("not in time ends the connection", async (t) => {
    const wire = await open(t);
    await wire.closed(5000);
  });

  test("twice ends the connection", async (t) => {
    const wire = await join(t);
    wire.send("40");
    await wire.closed();
  });
});

describe("disconnect", () => {
  test("leaves the other namespaces alone", async (t) => {
    const wire = await join(t);
    wire.send("40/custom,");
    assert.match(await wire.next(), /^40\/custom,/);
    assert.match(await wire.next(), /^42\/custom,/);
    wire.send("41/custom,");
    await echoes(wire);
  });

  test("and back", async (t) => {
    const wire = await join(t);
    wire.send("41", "40");
    assert.match(await wire.next(), /^40\{/);
  });

  test("an event for what one has left ends the connection", async (t) => {
    const wire = await join(t);
    wire.send("41", '42["message"]');
    await wire.closed();
  });
});

describe("events", () => {
  for (const args of ["", ",1", ',1,"2",{"3":[true]}', ',"Zürich ☕"', ',{"a":{"b":[null,-0.5,1e300]}}', ',""']) {
    test(`come back: ["message"${args}]`, async (t) => {
      const wire = await join(t);
      wire.send(`42["message"${args}]`);
      const back = await wire.next();
      assert.deepEqual(JSON.parse(back.slice(2)), JSON.parse(`["message-back"${args}]`));
    });
  }

  test("are acknowledged under their id", async (t) => {
    const wire = await join(t);
    wire.send('42456["message-with-ack",1,"2",{"3":[false]}]');
    assert.equal(await wire.next(), '43456[1,"2",{"3":[false]}]');
  });

  test("that nobody handles are passed over", async (t) => {
    const wire = await join(t);
    wire.send('42["nobody listens",1]', '421["nobody listens"]');
    await echoes(wire);
  });

  test("an acknowledgement of nothing is passed over", async (t) => {
    const wire = await join(t);
    wire.send('4399["late"]', '4318446744073709551615[]');
    await echoes(wire);
  });

  test("with attachments come back", async (t) => {
    const wire = await join(t);
    wire.send(`452-["message",${placeholder(0)},{"deep":[${placeholder(1)}]}]`, A, B);
    assert.equal(await wire.next(), `452-["message-back",${placeholder(0)},{"deep":[${placeholder(1)}]}]`);
    assert.deepEqual(await wire.next(), A);
    assert.deepEqual(await wire.next(), B);
  });

  test("with attachments are acknowledged with them", async (t) => {
    const wire = await join(t);
    wire.send(`452-789["message-with-ack",${placeholder(0)},${placeholder(1)}]`, A, B);
    assert.equal(await wire.next(), `462-789[${placeholder(0)},${placeholder(1)}]`);
    assert.deepEqual(await wire.next(), A);
    assert.deepEqual(await wire.next(), B);
  });

  test("and attachments over polling", async () => {
    const polling = await Polling.open(base);
    assert.deepEqual(await polling.post("40"), [200, "ok"]);
    assert.match(await polling.next(), /^40\{/);
    assert.equal(await polling.next(), '42["auth",{}]');
    await polling.post(`451-["message",${placeholder(0)}]\x1ebAQID`);
    assert.equal(await polling.next(), `451-["message-back",${placeholder(0)}]`);
    assert.equal(await polling.next(), "bAQID");
  });

  test("1,000 stay in order", async (t) => {
    const wire = await join(t);
    for (let n = 0; n < 1000; n++) wire.send(`42["message",${n}]`);
    for (let n = 0; n < 1000; n++) assert.equal(await wire.next(), `42["message-back",${n}]`);
  });
});

describe("what is no packet ends its connection, and no other", () => {
  for (const [name, ...packets] of [
    ["nothing", "4"],
    ["an unknown type", "4abc"],
    ["a type past the last", "49"],
    ["CONNECT_ERROR from a client", '44{"message":"no"}'],
    ["an event for a namespace not joined", '42/custom,["message"]'],
    ["an event that is no array", '42{"message":1}'],
    ["an event without data", "42"],
    ["an event without a name", "42[]"],
    ["a name that is an object", '42[{"a":1}]'],
    ["a name that is an array", "42[[]]"],
    ["a name that is null", "42[null]"],
    ["half of an event", '42["message",'],
    ["more than one event", '42["message"]["message"]'],
    ...["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"].map((name) => [
      `the reserved name ${name}`,
      `42["${name}"]`,
    ]),
    ["an acknowledgement without an id", "43[]"],
    ["an acknowledgement that is no array", "431{}"],
    ["an acknowledgement id past 64 bits", '4299999999999999999999999["message"]'],
    ["JSON nested 100,000 deep", `42["message",${"[".repeat(100_000)}${"]".repeat(100_000)}]`],
    ["bytes that nobody announced", A],
    ["text while attachments are due", `451-["message",${placeholder(0)}]`, '42["message"]'],
    ["more bytes than announced", `451-["message",${placeholder(0)}]`, A, A],
    ["a number of attachments that is none", `45x-["message",${placeholder(0)}]`, A],
    ["no number of attachments", `45["message",${placeholder(0)}]`, A],
    ["too many attachments", `45100000000-["message",${placeholder(0)}]`],
    ["a placeholder past the attachments", `451-["message",${placeholder(1)}]`, A],
    ["a placeholder below them", `451-["message",${placeholder(-1)}]`, A],
    ["a placeholder that is no number", `451-["message",${placeholder('"length"')}]`, A],
  ]) {
    test(name, async (t) => {
      const wire = await join(t);
      wire.send(...packets);
      await wire.closed();
      await echoes(witness);
    });
  }

  test("over polling too", async () => {
    const polling = await Polling.open(base);
    await polling.post("40\x1e4abc");
    await within(5000, "the session is gone", (async () => {
      while ((await polling.get())[0] === 200);
    })());
  });

  test("attachments that never come end the connection in time", async (t) => {
    const wire = await join(t);
    wire.send(`452-["message",${placeholder(0)},${placeholder(1)}]`, A);
    await wire.closed(5000);
  });

  test("100,000 namespaces are refused one by one, and nothing else suffers", { timeout: 60_000 }, async (t) => {
    const wire = await join(t);
    for (let n = 0; n < 100_000; n += 1000) {
      for (let k = n; k < n + 1000; k++) wire.send(`40/n${k},`);
      for (let k = n; k < n + 1000; k++) {
        assert.equal(await wire.next(), `44/n${k},{"message":"Invalid namespace"}`);
      }
    }
    await echoes(wire);
    await echoes(witness);
  });
});
