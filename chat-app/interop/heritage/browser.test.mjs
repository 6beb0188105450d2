// socket.io-client 2.5 in Chromium, over each of its transports, JSONP polling among them, in a page of our server's origin.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { io as connect4 } from "socket.io-client";
import { once, start } from "../node/servers.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const client = join(here, "node_modules/socket.io-client-2/dist/socket.io.js");
const chromium = process.env.CHROMIUM ?? "/usr/bin/chromium";
const absent = [chromium, client].find((file) => !existsSync(file));
const skip = process.env.CI !== "true" && absent ? `${absent} is missing` : false;

let browser;
let server;
before(async () => {
  if (skip) return;
  server = await start("generations");
  const { chromium: engine } = await import("playwright-core");
  const calm = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  // The page comes from the test and not from this machine, so Chromium would ask before it lets it connect to here.
  const local = "--disable-features=LocalNetworkAccessChecks";
  browser = await engine.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu", local, ...calm] });
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** An empty page of the server's origin, with the client in it. Its complaints and requests are kept. */
async function openPage(t) {
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  const complaints = [];
  const asked = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => asked.push(`${request.resourceType()} ${request.method()} ${request.url()}`));
  await page.route("**/page", (route) => route.fulfill({ contentType: "text/html", body: "<!DOCTYPE html><title>A page of 2018</title><link rel=icon href=data:,>" }));
  await page.goto(`${server.url}/page`);
  await page.addScriptTag({ path: client });
  return { page, complaints, asked };
}

describe("socket.io-client 2.5 in Chromium", { skip }, () => {
  for (const [name, options, transport] of [
    ["polling", { transports: ["polling"] }, "polling"],
    ["JSONP polling", { transports: ["polling"], forceJSONP: true }, "polling"],
    ["a WebSocket", { transports: ["websocket"] }, "websocket"],
    ["polling, then a WebSocket", { transports: ["polling", "websocket"] }, "websocket"],
    ["JSONP polling, then a WebSocket", { transports: ["polling", "websocket"], forceJSONP: true }, "websocket"],
  ]) {
    test(`over ${name}: values, bytes, answers and a flood come back whole and in order`, async (t) => {
      const { page, complaints, asked } = await openPage(t);
      const seen = await page.evaluate(async (options) => {
        const socket = window.io({ ...options, forceNew: true, reconnection: false });
        const soon = (what, promise) =>
          Promise.race([promise, new Promise((_, reject) => setTimeout(() => reject(new Error(`no ${what}`)), 20_000))]);
        const next = (event) => soon(event, new Promise((resolve) => socket.once(event, (...args) => resolve(args))));
        const ask = (...args) => soon(args[0], new Promise((resolve) => socket.emit(...args, (...answer) => resolve(answer))));
        await next("connect");
        socket.on("question", (question, answer) => answer(`${question} Because.`));
        const seen = {};
        const echo = next("echo");
        socket.emit("echo", "naïve 👋 \u2028", "line\nfeed, and \\n", { a: [1, null] });
        seen.echo = await echo;
        seen.answer = await ask("return", 1, "b", { c: "👋" });
        seen.asked = await ask("ask me", "Why?");
        const bytes = next("bytes");
        socket.emit("bytes", new Uint8Array([1, 2, 255]).buffer);
        const [word, reversed] = await bytes;
        seen.bytes = [word, ...new Uint8Array(reversed)];
        const numbers = [];
        const all = new Promise((resolve) => socket.on("number", (number) => numbers.push(number) === 1000 && resolve()));
        socket.emit("flood", 1000);
        await soon("flood", all);
        seen.sorted = numbers.every((number, index) => number === index);
        const { engine } = socket.io;
        if (options.transports.length === 2 && engine.transport.name === "polling") {
          await soon("upgrade", new Promise((resolve) => engine.once("upgrade", resolve)));
        }
        seen.transport = engine.transport.name;
        seen.last = await ask("return", "still there");
        socket.close();
        return seen;
      }, options);
      assert.deepEqual(seen, {
        echo: ["naïve 👋 \u2028", "line\nfeed, and \\n", { a: [1, null] }],
        answer: [1, "b", { c: "👋" }],
        asked: ["Why? Because."],
        bytes: ["reversed", 255, 2, 1],
        sorted: true,
        transport,
        last: ["still there"],
      });
      assert.deepEqual(complaints, []);
      const script = asked.some((line) => /^script GET .*EIO=3.*&j=\d/.test(line));
      const form = asked.some((line) => /^document POST .*EIO=3.*&j=\d/.test(line));
      const jsonp = options.forceJSONP ?? false;
      assert.equal(script, jsonp, asked.join("\n"));
      // A quick upgrade leaves nothing to send by a form.
      if (transport === "polling" || !jsonp) assert.equal(form, jsonp, asked.join("\n"));
    });
  }

  test("by JSONP a page is in a room with a client of today", async (t) => {
    const { page } = await openPage(t);
    await page.evaluate(async () => {
      const socket = (window.socket = window.io("/chat", { transports: ["polling"], forceJSONP: true, forceNew: true }));
      window.heard = new Promise((resolve) => socket.on("msg_to_room", (...args) => args[0] === "Today" && resolve(args)));
      const ask = (...args) => new Promise((resolve) => socket.emit(...args, resolve));
      await ask("join", "jsonp");
      await ask("nickname", "Script");
    });
    const today = connect4(`${server.url}/chat`, { forceNew: true });
    t.after(() => today.close());
    await today.emitWithAck("join", "jsonp");
    await new Promise((resolve) => today.emit("nickname", "Today", resolve));
    const heard = once(today, "msg_to_room");
    await page.evaluate(() => window.socket.emit("user message", "by a form"));
    assert.deepEqual((await heard).slice(0, 2), ["Script", "by a form"]);
    await today.emitWithAck("user message", "to a script");
    assert.deepEqual(await page.evaluate(() => window.heard), ["Today", "to a script"], "without the offset of recovery");
  });
});
