// A chat on three servers, behind nginx, with Redis between them and PostgreSQL behind them: what its people notice when
// a server dies, when an engine is away, and when all servers are replaced.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { missing, Person, startCluster, until, wholeHistory } from "./servers.mjs";

const skip = missing();

// The longest time that a message may wait for its acknowledgement while servers come and go. It takes 0.2 s on an idle
// machine and 0.4 s on one with twice as much to do as it has cores: nobody should need ten times as long. With a proxy
// that does not come back to a server it takes 8 s.
const PATIENCE = 5000;

/** Every acknowledged message is there, once, under its number, and each sender's are in their order. */
function checkHistory(history, people) {
  assert.ok(history.every(({ id }, index) => index === 0 || history[index - 1].id < id), "numbers grow");
  for (const { name, acknowledged, next } of people) {
    const stored = history.filter(({ nickname }) => nickname === name);
    for (const { text, number } of acknowledged) {
      const found = stored.filter((message) => message.text === text);
      assert.deepEqual(found.map(({ id }) => id), [number], `${text} was acknowledged`);
    }
    const texts = stored.map(({ text }) => text);
    const expected = Array.from({ length: next }, (_, number) => `${name} ${number}`);
    assert.deepEqual(texts, expected, `in the order in which ${name} said them`);
  }
}

/** The longest time between two acknowledgements, in milliseconds. */
function longestPause({ acknowledged }) {
  return Math.max(...acknowledged.slice(1).map(({ at }, index) => at - acknowledged[index].at));
}

describe("three servers", { skip }, () => {
  test("people on different servers see each other", async (t) => {
    const cluster = await startCluster(t);
    const [ann, bob] = [new Person(t, cluster, "chat1", "Ann"), new Person(t, cluster, "chat2", "Bob")];
    const cy = new Person(t, cluster, "chat3", "Cy", { transports: ["polling"] });
    for (const person of [ann, bob, cy]) await person.seated();
    for (const node of cluster.nodes) assert.equal(await cluster.metric(node, "chat_sockets"), 1, node);
    for (const person of [ann, bob, cy]) {
      await until("all three", () => person.people.join() === "Ann,Bob,Cy");
    }
    const numbers = [];
    for (const person of [ann, bob, cy, ann]) numbers.push(await person.say());
    assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b));
    await until("what others say", () => ann.heard.length === 2 && bob.heard.length === 3 && cy.heard.length === 3);
    assert.deepEqual(bob.heard.map(({ id }) => id), [numbers[0], numbers[2], numbers[3]]);
    assert.deepEqual(await bob.ask("nickname", "ann"), [false, "Nickname already in use", "refused"]);
    const dan = new Person(t, cluster, "chat2", "Dan");
    checkHistory(await wholeHistory(dan), [ann, bob, cy]);
    ann.socket.disconnect();
    await until("Ann has left", () => cy.people.join() === "Bob,Cy,Dan");
  });

  test("a server is killed, and its people are back on another within 5 s", async (t) => {
    const cluster = await startCluster(t);
    const people = ["Ann", "Bob", "Cy", "Dan", "Eve", "Fay"].map((name, index) => {
      const transports = index % 2 === 0 ? ["websocket"] : ["polling", "websocket"];
      return new Person(t, cluster, cluster.nodes[index % 3], name, { transports });
    });
    for (const person of people) await person.seated();
    const stops = people.map((person) => person.talk());
    await until("some talk", () => people.every(({ acknowledged }) => acknowledged.length > 30));
    await cluster.stop("chat1", "KILL");
    const at = Date.now();
    const moved = people.filter(({ name }) => name === "Ann" || name === "Dan");
    await until("back", () => moved.every(({ acknowledged }) => acknowledged.at(-1).at > at + 100), PATIENCE);
    t.diagnostic(`a message of each was acknowledged again after ${Date.now() - at} ms`);
    await until("more talk", () => people.every(({ acknowledged }) => acknowledged.length > 60));
    await Promise.all(stops.map((stop) => stop()));
    for (const person of people) assert.ok(longestPause(person) < PATIENCE, person.name);
    await until("all people again", () => people.every((person) => person.people.length === 6));
    checkHistory(await wholeHistory(people[1]), people);

    await cluster.start("chat1");
    await until("its health", async () => (await cluster.health("chat1"))?.status === "ok");
  });

  // nginx must not go on avoiding a server because it was away. If all are avoided, as after a deploy, it answers 502.
  test("a server that comes back is given all of its clients at once", async (t) => {
    const cluster = await startCluster(t);
    const sockets = () => cluster.metric("chat1", "chat_sockets");
    await cluster.stop("chat1");
    const early = new Person(t, cluster, "chat1", "Early");
    await early.seated();
    await cluster.start("chat1");
    await until("its health", async () => (await cluster.health("chat1"))?.status === "ok");
    const people = ["Ann", "Bob", "Cy", "Dan"].map((name) => new Person(t, cluster, "chat1", name));
    for (const person of people) await person.seated();
    assert.equal(await sockets(), 4);
    assert.ok(early.socket.connected, "whoever was moved stays where they are");
  });

  test("Redis is stopped and started", async (t) => {
    const cluster = await startCluster(t);
    const [ann, bob] = [new Person(t, cluster, "chat1", "Ann"), new Person(t, cluster, "chat2", "Bob")];
    for (const person of [ann, bob]) await person.seated();
    await ann.say();
    await until("the first message", () => bob.heard.length === 1);
    await cluster.stop("redis", "KILL");
    for (const node of cluster.nodes) {
      const health = await until(`${node} notices`, async () => {
        const health = await cluster.health(node);
        return health.status === "degraded" && health;
      });
      assert.equal(health.code, 200, "it still serves its own people");
      assert.match(health.reason, /^Redis cannot be reached/);
      assert.equal(await cluster.metric(node, "chat_redis_up"), 0);
    }
    for (let count = 0; count < 5; count++) await ann.say();
    const own = new Person(t, cluster, "chat1", "Own");
    await own.seated();
    await ann.say();
    await until("a message on the same server", () => own.heard.length === 1);

    await cluster.start("redis");
    for (const node of cluster.nodes) {
      await until(`${node} is back`, async () => (await cluster.health(node)).status === "ok");
      const said = cluster.log(node).match(/Redis cannot be reached/g) ?? [];
      assert.equal(said.length, 1, `${node} says it once`);
    }
    await until("all three", () => bob.people.join() === "Ann,Bob,Own");
    // The bus is back too: something that is said now arrives at once.
    await until("a message across servers", async () => {
      await ann.say();
      await sleep(50);
      return bob.heard.length > 1;
    });
    checkHistory(await wholeHistory(bob), [ann]);
  });

  test("PostgreSQL is restarted", async (t) => {
    const cluster = await startCluster(t);
    const people = cluster.nodes.map((node, index) => new Person(t, cluster, node, `P${index}`));
    for (const person of people) await person.seated();
    const stops = people.map((person) => person.talk());
    await until("some talk", () => people.every(({ acknowledged }) => acknowledged.length > 20));
    await cluster.stop("postgres");
    const refused = await until("a refusal", () => people[0].ask("user message", "not now", "not-now"));
    assert.equal(refused[0], false);
    assert.match(refused[1], /database cannot be reached/);
    assert.equal(refused[2], "later");
    assert.equal((await cluster.health("chat2")).code, 503);
    const before = people.map(({ acknowledged }) => acknowledged.length);
    await sleep(300);
    assert.deepEqual(people.map(({ acknowledged }) => acknowledged.length), before, "nothing is acknowledged");
    await cluster.start("postgres");
    await until("more talk", () => people.every(({ acknowledged }, index) => acknowledged.length > before[index] + 20));
    await Promise.all(stops.map((stop) => stop()));
    assert.ok(people.every(({ connections }) => connections === 1), "nobody lost the connection");
    checkHistory(await wholeHistory(people[1]), people);
  });

  test("all servers are replaced, one after another, while people talk", async (t) => {
    const cluster = await startCluster(t);
    const people = ["Ann", "Bob", "Cy", "Dan", "Eve", "Fay"].map((name, index) => {
      return new Person(t, cluster, cluster.nodes[index % 3], name);
    });
    for (const person of people) await person.seated();
    const stops = people.map((person) => person.talk());
    for (const node of cluster.nodes) {
      const enough = people.map(({ acknowledged }) => acknowledged.length + 20);
      await until("some talk", () => people.every(({ acknowledged }, index) => acknowledged.length > enough[index]));
      await cluster.stop(node, "TERM");
      await cluster.start(node);
      await until(`${node} is healthy`, async () => (await cluster.health(node))?.status === "ok");
    }
    const enough = people.map(({ acknowledged }) => acknowledged.length + 20);
    await until("the last talk", () => people.every(({ acknowledged }, index) => acknowledged.length > enough[index]));
    await Promise.all(stops.map((stop) => stop()));
    const longest = Math.max(...people.map(longestPause));
    t.diagnostic(`the longest wait for an acknowledgement: ${longest} ms`);
    assert.ok(longest < PATIENCE, `somebody waited for ${longest} ms`);
    const total = people.reduce((sum, { next }) => sum + next, 0);
    t.diagnostic(`${total} messages`);
    checkHistory(await wholeHistory(people[0]), people);
  });
});
