// The page client without a browser: chat-app/web/socket.io.js with a network, a clock and chance that the test holds
// in its hands. What no server does in an ordinary hour happens here on purpose.
//
// SEED=n repeats one random sequence, SEQUENCES=n sets how many there are.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

const file = new URL(process.env.PAGE_CLIENT ?? "../../web/socket.io.js", import.meta.url);
const source = readFileSync(file, "utf8");

/** Chance from a seed (mulberry32). */
function seeded(seed) {
  const random = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n) => Math.floor(random() * n);
  return { random, below, pick: (list) => list[below(list.length)] };
}

/**
 * A page with our client in it. `server` is what its WebSockets and requests reach; `reported` collects what the
 * page's own code threw; `clock.advance(ms)` lets time pass.
 */
function openPage({ random = () => 0.5, server = new Server() } = {}) {
  const reported = [];
  const clock = {
    now: 0,
    timers: new Map(),
    nextId: 1,
    advance(milliseconds) {
      const end = this.now + milliseconds;
      for (;;) {
        const due = [...this.timers].filter(([, timer]) => timer.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
        if (!due) break;
        this.timers.delete(due[0]);
        this.now = due[1].at;
        due[1].callback();
      }
      this.now = end;
    },
  };
  const window = {};
  const globals = {
    window,
    location: { href: "http://chat.example/room/tea" },
    reportError: (error) => reported.push(error),
    setTimeout: (callback, delay) => {
      clock.timers.set(clock.nextId, { at: clock.now + delay, callback });
      return clock.nextId++;
    },
    clearTimeout: (id) => clock.timers.delete(id),
    WebSocket: class extends FakeWebSocket {
      constructor(url) {
        super(url, server);
      }
    },
    fetch: (url, options) => server.request(new URL(url), options ?? {}),
    addEventListener: () => {},
    Math: Object.assign(Object.create(Math), { random }),
  };
  new Function(...Object.keys(globals), source)(...Object.values(globals));
  return { io: window.io, reported, clock, server };
}

class FakeWebSocket {
  static OPEN = 1;
  readyState = 0;
  sent = [];

  constructor(url, server) {
    this.url = url;
    this.server = server;
    server.accept(this);
  }

  send(data) {
    assert.equal(this.readyState, 1, "the client sends on a WebSocket that is open");
    this.sent.push(data);
    this.server.receive(this, data);
  }

  close() {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.server.closed(this);
    // A browser tells that later; by then the client has turned to something else.
    queueMicrotask(() => this.onclose?.({}));
  }

  // ---- The server's side ----

  open(handshake = {}) {
    this.readyState = 1;
    this.onopen?.();
    this.push(`0${JSON.stringify({ sid: "engine", upgrades: [], pingInterval: 25_000, pingTimeout: 20_000, maxPayload: 1_000_000, ...handshake })}`);
  }

  push(data) {
    if (this.readyState === 1) this.onmessage?.({ data });
  }

  cut() {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.server.closed(this);
    this.onclose?.({});
  }
}

/** A Socket.IO server with no will of its own: it checks what clients must not do, and the test answers for it. */
class Server {
  connections = []; // all that were ever made: { ws, joined, asked, open }
  requests = []; // HTTP: { url, options, answer(text), fail() }

  accept(ws) {
    this.connections.push({ ws, joined: new Set(), asked: new Map(), questions: [], alive: true });
  }

  of(ws) {
    return this.connections.find((connection) => connection.ws === ws);
  }

  get alive() {
    return this.connections.filter((connection) => connection.alive);
  }

  get last() {
    return this.connections.at(-1);
  }

  closed(ws) {
    this.of(ws).alive = false;
  }

  receive(ws, message) {
    const connection = this.of(ws);
    if (typeof message !== "string" || message[0] !== "4") return;
    const [, type, namespace = "/", rest] = /^4(\d)(?:\d+-)?(?:(\/[^,]*),)?(.*)$/s.exec(message);
    if (type === "0") {
      assert.ok(!connection.joined.has(namespace), `${namespace} is asked for while it is joined`);
      assert.ok(!connection.asked.has(namespace), `${namespace} is asked for twice`);
      connection.asked.set(namespace, rest);
    } else {
      assert.ok(connection.joined.has(namespace), `${message} without having joined`);
      if (type === "1") connection.joined.delete(namespace);
      const id = type === "2" && /^\d+/.exec(rest);
      if (id) connection.questions.push({ namespace, id: id[0] });
    }
  }

  packet(connection, type, namespace, rest = "") {
    connection.ws.push(`4${type}${namespace === "/" ? "" : `${namespace},`}${rest}`);
  }

  /** Answers a CONNECT. */
  join(connection, namespace = "/", answer = { sid: `${namespace} ${Server.count++}` }) {
    connection.asked.delete(namespace);
    connection.joined.add(namespace);
    this.packet(connection, 0, namespace, JSON.stringify(answer));
  }

  refuse(connection, namespace = "/") {
    connection.asked.delete(namespace);
    this.packet(connection, 4, namespace, '{"message":"no"}');
  }

  request(url, options) {
    return new Promise((resolve, reject) => {
      const answer = (text) => resolve({ ok: true, text: async () => text });
      options.signal?.addEventListener("abort", () => reject(new Error("aborted")));
      this.requests.push({ url, options, answer, fail: reject });
    });
  }

  static count = 0;
}

const options = { transports: ["websocket"] };
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A page whose socket of `/` is connected. */
function connected(more = {}) {
  const page = openPage();
  const socket = page.io("/", { ...options, ...more });
  const connection = page.server.last;
  connection.ws.open();
  page.server.join(connection, "/", { sid: "one", pid: "p1" });
  assert.ok(socket.connected);
  return { ...page, socket, connection };
}

const boom = () => {
  throw new Error("the page's own mistake");
};

describe("an exception of the page is reported and changes nothing else", () => {
  const callbacks = {
    "an acknowledgement": ({ socket, server, connection }) => {
      socket.emit("question", boom);
      server.packet(connection, 3, "/", "0[true]");
    },
    "an acknowledgement with a deadline": ({ socket, server, connection }) => {
      socket.timeout(1000).emit("question", boom);
      server.packet(connection, 3, "/", "0[true]");
    },
    "a deadline that passes": ({ socket, clock }) => {
      socket.timeout(1000).emit("question", boom);
      clock.advance(1000);
    },
    "a listener": ({ socket, server, connection }) => {
      socket.on("news", boom);
      server.packet(connection, 2, "/", '["news",1]');
    },
  };
  for (const [name, act] of Object.entries(callbacks)) {
    test(name, () => {
      const page = connected();
      act(page);
      assert.equal(page.reported.length, 1);
      assert.ok(page.socket.connected && page.connection.alive);
      assert.equal(page.server.connections.length, 1);
    });
  }

  test("an acknowledgement that fails because the connection breaks", () => {
    const { socket, server, connection, clock, reported } = connected();
    socket.timeout(60_000).emit("question", boom);
    connection.ws.cut();
    assert.equal(reported.length, 1);
    clock.advance(5000);
    assert.equal(server.connections.length, 2, "the client comes back");
  });

  test("a handler of connect_error, disconnect or reconnect_attempt", () => {
    const page = openPage();
    const socket = page.io("/", options);
    for (const event of ["connect_error", "disconnect", "connect"]) socket.on(event, boom);
    for (const event of ["reconnect_attempt", "reconnect_error", "reconnect"]) socket.io.on(event, boom);
    page.server.last.ws.cut();
    page.clock.advance(5000);
    page.server.last.ws.cut();
    page.clock.advance(10_000);
    page.server.last.ws.open();
    page.server.join(page.server.last);
    page.server.last.ws.cut();
    page.clock.advance(10_000);
    assert.equal(page.server.connections.length, 4);
    // connect_error twice, reconnect_attempt three times, reconnect_error, reconnect, connect, disconnect
    assert.equal(page.reported.length, 9);
  });

  test("a function that gives the auth payload", () => {
    const page = openPage();
    page.io("/", { ...options, auth: boom });
    page.io("/other", options);
    page.server.last.ws.open();
    assert.equal(page.reported.length, 1);
    assert.deepEqual([...page.server.last.asked.keys()], ["/other"]);
  });
});

describe("connect and disconnect at any moment leave one connection and one CONNECT", () => {
  test("inside connect_error", async () => {
    const page = openPage();
    const socket = page.io("/", options);
    socket.once("connect_error", () => socket.disconnect().connect());
    page.server.last.ws.cut();
    page.clock.advance(6000);
    for (const { ws } of page.server.alive) ws.open();
    await settle();
    assert.equal(page.server.alive.length, 1);
    assert.equal(page.server.alive[0].asked.size, 1);
    assert.equal(socket.io.engine.state, "open");
  });

  test("inside disconnect", () => {
    const { socket, server, connection } = connected();
    socket.once("disconnect", () => socket.connect());
    socket.disconnect();
    assert.deepEqual([server.alive.length, connection.asked.size, socket.active], [1, 1, true]);
  });

  test("inside an auth function, for another namespace", () => {
    const page = openPage();
    const other = page.io("/other", { ...options, autoConnect: false });
    page.io("/", { ...options, auth: (send) => send({ person: other.connect().active }) });
    page.server.last.ws.open();
    assert.deepEqual([...page.server.last.asked.keys()].sort(), ["/", "/other"]);
  });

  test("the answer to a cancelled CONNECT is ignored, and the server is told", () => {
    const { io, server, connection } = connected();
    const other = io("/other", options);
    let connects = 0;
    other.on("connect", () => (connects += 1));
    other.disconnect();
    server.join(connection, "/other");
    assert.deepEqual([other.connected, connects, connection.joined.has("/other")], [false, 0, false]);
    other.connect();
    server.join(connection, "/other");
    assert.deepEqual([other.connected, connects, connection.joined.has("/other")], [true, 1, true]);
  });

  test("a CONNECT that was cancelled and asked for again is asked for after its answer", () => {
    const { io, server, connection } = connected();
    const auths = [{ n: 1 }, { n: 2 }];
    const other = io("/other", { ...options, auth: (send) => send(auths.shift()) });
    other.disconnect().connect();
    assert.equal(connection.asked.get("/other"), '{"n":1}');
    server.refuse(connection, "/other");
    assert.equal(connection.asked.get("/other"), '{"n":2}');
    server.join(connection, "/other");
    assert.ok(other.connected);
  });

  test("an auth function that answers late, twice or not at all", () => {
    const { io, server, connection } = connected();
    const sends = [];
    const other = io("/other", { ...options, auth: (send) => sends.push(send) });
    other.disconnect().connect();
    sends[0]({ late: true });
    assert.equal(connection.asked.size, 0);
    sends[1]({ n: 1 });
    sends[1]({ n: 2 });
    assert.equal(connection.asked.get("/other"), '{"n":1}');
    server.join(connection, "/other");
    assert.ok(other.connected);
  });

  test("all namespaces are disconnected before the first hears of it", () => {
    const { io, socket, server, connection, clock } = connected();
    const other = io("/other", options);
    server.join(connection, "/other");
    const third = io("/third", { ...options, autoConnect: false });
    socket.on("disconnect", () => {
      third.connect();
      other.emit("said in between");
    });
    connection.ws.cut();
    clock.advance(10_000);
    assert.equal(server.alive.length, 1);
    server.last.ws.open();
    assert.deepEqual([...server.last.asked.keys()].sort(), ["/", "/other", "/third"]);
    server.join(server.last, "/other");
    assert.ok(server.last.ws.sent.includes('42/other,["said in between"]'));
  });

  test("what comes for a socket that has left is not heard", () => {
    const { io, server, connection } = connected();
    const other = io("/other", options);
    server.join(connection, "/other");
    other.on("news", boom);
    other.emit("question", boom);
    other.disconnect();
    server.packet(connection, 2, "/other", '["news"]');
    server.packet(connection, 3, "/other", "0[]");
    assert.ok(connection.alive && !other.connected);
  });
});

describe("the wire", () => {
  for (const [what, packet] of Object.entries({
    "no packet": "4x",
    "JSON that breaks off": '42["news"',
    "an event without a name": "42[]",
    "a reserved name": '42["connect"]',
    "an answer that is not a list": '43/,0{"a":1}',
    "an attachment that was not announced": new ArrayBuffer(3),
    "a placeholder for nothing": '451-["file",{"_placeholder":true,"num":"length"}]',
    "an unknown type": "9",
    "a second handshake": "0{}",
    "base64 that is none": "b€",
  })) {
    test(`${what} is a parse error`, () => {
      const { socket, clock, server, connection, reported } = connected();
      const reasons = [];
      socket.on("disconnect", (reason) => reasons.push(reason));
      connection.ws.push(packet);
      if (what === "a placeholder for nothing") connection.ws.push(new ArrayBuffer(1));
      assert.deepEqual(reasons, ["parse error"]);
      clock.advance(5000);
      assert.deepEqual([server.connections.length, reported.length], [2, 0]);
    });
  }

  test("a handshake that makes no sense is not waited for", () => {
    const page = openPage();
    page.io("/", options);
    page.server.last.ws.readyState = 1;
    page.server.last.ws.push("0{");
    page.clock.advance(5000);
    assert.equal(page.server.connections.length, 2);
  });

  test("a heartbeat longer than a timer can wait does not run out at once", () => {
    const page = openPage();
    const socket = page.io("/", options);
    page.server.last.ws.open({ pingInterval: 2 ** 40 });
    page.server.join(page.server.last);
    const [timer] = page.clock.timers.values();
    assert.ok(socket.connected && timer.at < 2 ** 31);
  });

  test("an event that cannot be written is the caller's error", () => {
    const { socket, connection } = connected();
    const circle = {};
    circle.circle = circle;
    assert.throws(() => socket.emit("news", circle, () => {}));
    assert.throws(() => socket.emit("disconnect"), /reserved/);
    socket.emit("question", () => {});
    assert.equal(connection.ws.sent.at(-1), '420["question"]');
  });

  test("an event is what it was when it was emitted", () => {
    const page = openPage();
    const socket = page.io("/", options);
    const list = ["milk"];
    socket.emit("shopping", list);
    list.push("later");
    page.server.last.ws.open();
    page.server.join(page.server.last);
    assert.equal(page.server.last.ws.sent.at(-1), '42["shopping",["milk"]]');
  });

  test("a question of the server is answered once, and never on another connection", () => {
    const { socket, server, connection, clock } = connected();
    let answer;
    socket.on("ask", (reply) => (answer = reply));
    server.packet(connection, 2, "/", '7["ask"]');
    answer("yes");
    answer("no");
    assert.deepEqual(connection.ws.sent.filter((packet) => packet.startsWith("43")), ['437["yes"]']);
    server.packet(connection, 2, "/", '8["ask"]');
    connection.ws.cut();
    clock.advance(5000);
    server.last.ws.open();
    server.join(server.last);
    answer("late");
    assert.deepEqual(server.last.ws.sent.filter((packet) => packet.startsWith("43")), []);
  });

  test("the offset is the last text of any event that asks nothing", () => {
    const { server, connection, clock } = connected();
    server.packet(connection, 2, "/", '["news","o1"]');
    server.packet(connection, 2, "/", '5["ask","not an offset"]');
    server.packet(connection, 2, "/", '["numbers",7]');
    connection.ws.cut();
    clock.advance(5000);
    server.last.ws.open();
    assert.equal(server.last.asked.get("/"), '{"pid":"p1","offset":"o1"}');
    server.join(server.last, "/", { sid: "two", pid: "p2" });
    server.last.ws.cut();
    clock.advance(5000);
    server.last.ws.open();
    assert.equal(server.last.asked.get("/"), '{"pid":"p2"}', "the offset of another session means nothing in this one");
  });

  test("what was missed may come before the answer that says so", () => {
    const { socket, server, connection, clock } = connected();
    const heard = [];
    socket.on("news", (what) => heard.push(what, socket.connected));
    server.packet(connection, 2, "/", '["news",1,"o1"]');
    connection.ws.cut();
    clock.advance(5000);
    server.last.ws.open();
    server.packet(server.last, 2, "/", '["news",2,"o2"]');
    server.join(server.last, "/", { sid: "one", pid: "p1" });
    assert.deepEqual([heard, socket.recovered], [[1, true, 2, true], true]);
  });

  test("each wait to reconnect is by chance, also the longest", () => {
    const random = { value: 0 };
    const page = openPage({ random: () => random.value });
    page.io("/", options);
    const waits = [];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      random.value = attempt % 2;
      page.server.last.ws.cut();
      const [timer] = page.clock.timers.values();
      waits.push(timer.at - page.clock.now);
      page.clock.advance(5000);
    }
    assert.deepEqual(waits.slice(0, 2), [500, 3000]);
    assert.deepEqual(waits.slice(-2).map(Math.round), [1667, 5000]);
  });
});

describe("polling", () => {
  const handshake = { sid: "engine", upgrades: [], pingInterval: 25_000, pingTimeout: 20_000, maxPayload: 1_000_000 };
  const waiting = (server) => server.requests.findLast(({ options }) => options.method !== "POST");
  const posts = (server) => server.requests.filter(({ options }) => options.method === "POST");

  async function polling(more) {
    const page = openPage();
    const socket = page.io("/", { transports: ["polling"] });
    waiting(page.server).answer(`0${JSON.stringify({ ...handshake, ...more })}`);
    await settle();
    posts(page.server).at(-1).answer("ok");
    waiting(page.server).answer('40{"sid":"one"}');
    await settle();
    assert.ok(socket.connected);
    return { ...page, socket };
  }

  test("a body is as large as the server takes, in bytes", async () => {
    const { socket, server } = await polling({ maxPayload: 100 });
    socket.emit("first");
    for (let i = 0; i < 4; i += 1) socket.emit("é".repeat(20));
    await settle();
    posts(server).at(-1).answer("ok");
    await settle();
    const body = posts(server).at(-1).options.body;
    assert.equal(body.split("\x1e").length, 2, body);
  });

  test("a browser is asked to outlive the page only for what it takes, in bytes", async () => {
    for (const [text, keepalive] of [["x".repeat(50_000), true], ["é".repeat(50_000), false]]) {
      const { socket, server } = await polling();
      socket.emit("held up");
      socket.emit("last words", text);
      socket.disconnect();
      posts(server).at(-1).answer("ok");
      await settle();
      const last = posts(server).at(-1).options;
      assert.ok(last.body.includes("last words"));
      assert.equal(last.keepalive, keepalive);
    }
  });
});

// ---- Anything, in any order ----------------------------------------------------------------------------------------

const NAMESPACES = ["/", "/chat", "/admin"];

function playOut(seed) {
  const { below, pick, random } = seeded(seed);
  const page = openPage({ random });
  const { io, server, clock, reported } = page;
  const history = [];
  const questions = []; // how often each was settled
  let thrown = 0;
  let calm = false;

  const sockets = NAMESPACES.map((namespace) => {
    const held = [];
    const auth = [
      undefined,
      (send) => send({ namespace }),
      (send) => {
        held.push(send);
        mischief();
        if (calm) send({});
      },
    ][below(3)];
    const socket = io(namespace, { ...options, auth, autoConnect: false });
    for (const event of ["connect", "disconnect", "connect_error", "news"]) socket.on(event, mischief);
    return { socket, held };
  });
  const { io: manager } = sockets[0].socket;
  for (const event of ["reconnect_attempt", "reconnect", "reconnect_error"]) manager.on(event, mischief);

  const question = () => {
    const settled = { times: 0 };
    questions.push(settled);
    return (...args) => {
      settled.times += 1;
      mischief(...args);
    };
  };

  const clients = {
    connect: () => pick(sockets).socket.connect(),
    disconnect: () => pick(sockets).socket.disconnect(),
    again: () => pick(sockets).socket.disconnect().connect(),
    emit: () => pick(sockets).socket.emit("said"),
    ask: () => pick(sockets).socket.timeout(1 + below(20_000)).emit("asked", question()),
    auth: () => pick(sockets).held.splice(0).forEach((send) => send({})),
  };

  // What a page's own code may do, wherever it is called.
  let depth = 0;
  function mischief() {
    if (calm || depth > 3 || below(4) > 0) return;
    depth += 1;
    try {
      pick([clients.connect, clients.disconnect, clients.again, clients.emit, clients.ask])();
    } finally {
      depth -= 1;
    }
    if (below(3) === 0) {
      thrown += 1;
      boom();
    }
  }

  const some = (list, act) => list.length > 0 && act(pick(list));
  const open = () => server.alive.filter(({ ws }) => ws.readyState === 1);
  const servers = {
    open: () => some(server.alive.filter(({ ws }) => ws.readyState === 0), ({ ws }) => ws.open()),
    join: () => some(open(), (c) => some([...c.asked.keys()], (namespace) => server.join(c, namespace))),
    refuse: () => some(open(), (c) => some([...c.asked.keys()], (namespace) => server.refuse(c, namespace))),
    answer: () =>
      some(open(), (c) => some(c.questions.splice(0), ({ namespace, id }) => c.joined.has(namespace) && server.packet(c, 3, namespace, `${id}[1]`))),
    news: () => some(open(), (c) => some([...c.joined], (namespace) => server.packet(c, 2, namespace, '["news"]'))),
    leave: () =>
      some(open(), (c) =>
        some([...c.joined], (namespace) => {
          c.joined.delete(namespace);
          server.packet(c, 1, namespace);
        })),
    ping: () => some(open(), ({ ws }) => ws.push("2")),
    nonsense: () => some(open(), ({ ws }) => ws.push("42{")),
    cut: () => some(server.alive, ({ ws }) => ws.cut()),
    wait: () => clock.advance(below(8000)),
  };

  const check = () => {
    assert.ok(server.alive.length <= 1, `${server.alive.length} connections at once`);
    assert.equal(manager.engine !== undefined && manager.engine.state !== "closed", server.alive.length === 1, "engine and connection");
    assert.ok(questions.every(({ times }) => times <= 1), "a question is settled twice");
    assert.equal(reported.length, thrown, `reported: ${reported.at(-1)?.stack}`);
    for (const { socket } of sockets) assert.ok(!socket.connected || socket.active, "connected and not active");
  };

  try {
    for (let step = 0; step < 120; step += 1) {
      const [name, act] = pick(below(2) ? Object.entries(clients) : Object.entries(servers));
      history.push(name);
      act();
      check();
    }
    // And when all is calm again, everything is well.
    calm = true;
    history.push("calm");
    for (const { socket } of sockets) socket.connect();
    for (let round = 0; round < 10; round += 1) {
      for (const { ws } of server.alive.filter(({ ws }) => ws.readyState === 0)) ws.open();
      clients.auth();
      for (const { held } of sockets) held.splice(0).forEach((send) => send({}));
      for (const c of open()) for (const namespace of [...c.asked.keys()]) server.join(c, namespace);
      if (server.alive.length === 0) clock.advance(5000);
      check();
    }
    assert.deepEqual(sockets.map(({ socket }) => [socket.connected, socket.active]), sockets.map(() => [true, true]));
    assert.deepEqual([...server.alive[0].joined].sort(), [...NAMESPACES].sort());
    // Each question has its answer by its deadline.
    clock.advance(20_000);
    assert.ok(questions.every(({ times }) => times === 1), "a question is never settled");
  } catch (error) {
    error.message += `\nSEED=${seed}: ${history.join(" ")}`;
    throw error;
  }
}

test("connects, disconnects, cuts, answers and exceptions in any order", () => {
  if (process.env.SEED) return playOut(+process.env.SEED);
  for (let seed = 1; seed <= +(process.env.SEQUENCES ?? 2000); seed += 1) playOut(seed);
});
