// The page of the talk in Chromium: slide 21's chat.js and socket.io-client 0.9.17, over each transport that a browser of
// today can still do, in a room with clients of today.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { io as connect4 } from "socket.io-client";
import { atEnd, chatApp, openPage, startChat } from "../browser/tools.mjs";
import { once, within } from "../node/servers.mjs";

const require = createRequire(import.meta.url);
const connect2 = require("socket.io-client-2");
const here = dirname(fileURLToPath(import.meta.url));
const client = join(here, "node_modules/socket.io-client-09/dist/socket.io.js");
const chromium = process.env.CHROMIUM ?? "/usr/bin/chromium";
const absent = [chromium, client, chatApp[0]].find((file) => !existsSync(file));
const skip = process.env.CI !== "true" && absent ? `${absent} is missing` : false;

let browser;
before(async () => {
  if (skip) return;
  const { chromium: engine } = await import("playwright-core");
  const calm = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  browser = await engine.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu", ...calm] });
});
after(() => browser?.close());

const flags = ["--heritage-client", client];
const lines = (page) => page.locator("#lines p").allTextContents();

/** Opens the page, waits until it is connected, and takes a nickname. */
async function enter(t, url, query, nickname, options) {
  const page = await openPage(t, browser, url, options);
  await page.goto(`${url}/2013?${query}`);
  await page.locator("#chat.connected").waitFor();
  await page.getByLabel("nickname").fill(nickname);
  await page.getByLabel("nickname").press("Enter");
  await page.locator("#chat.nickname-set").waitFor();
  return page;
}

const transport = (page) => page.evaluate(() => window.socket.socket.transport.name);

async function say(page, text) {
  await page.getByLabel("Message").fill(text);
  await page.getByRole("button", { name: "Send" }).click();
}

/** A client of today in the room. */
async function join4(t, url, room, nickname) {
  const socket = connect4(`${url}/chat`, { forceNew: true });
  atEnd(t, () => socket.close());
  assert.deepEqual(await socket.emitWithAck("join", room), true);
  const [set] = await new Promise((resolve) => socket.emit("nickname", nickname, (...answer) => resolve(answer)));
  assert.equal(set, true);
  return socket;
}

describe("the page of the talk", { skip }, () => {
  for (const [query, expected] of [
    ["room=best", "websocket"],
    ["room=ws&transport=websocket", "websocket"],
    ["room=xhr&transport=xhr-polling", "xhr-polling"],
    ["room=jsonp&transport=jsonp-polling", "jsonp-polling"],
  ]) {
    test(`${query}: announces, lists nicknames, sends and receives over ${expected}`, async (t) => {
      const chat = await startChat(flags);
      atEnd(t, () => chat.stop());
      const room = /room=(\w+)/.exec(query)[1];
      const today = await join4(t, chat.url, room, "Today");
      const page = await enter(t, chat.url, query, "Then");
      assert.equal(await transport(page), expected);
      await page.locator("#nicknames b", { hasText: "Today" }).waitFor();
      await page.locator("#nicknames b", { hasText: "Then" }).waitFor();
      const heard = once(today, "msg_to_room");
      await say(page, "naïve <b>tea</b> 👋");
      assert.deepEqual((await heard).slice(0, 2), ["Then", "naïve <b>tea</b> 👋"]);
      await today.emitWithAck("user message", "hello, 2013");
      await page.locator("#lines p", { hasText: "hello, 2013" }).waitFor();
      await join4(t, chat.url, room, "Ben");
      await page.locator("#lines em", { hasText: "Ben" }).waitFor();
      const texts = await lines(page);
      assert.ok(texts.includes("Todayhello, 2013"), texts.join("\n"));
      assert.ok(texts.includes("menaïve <b>tea</b> 👋"), texts.join("\n"));
    });
  }

  test("comes back to a server that was away, and removes its lines as slide 21 says", async (t) => {
    const first = await startChat(flags);
    const page = await enter(t, first.url, "room=tea", "Then", { outage: true });
    await say(page, "before");
    await first.stop();
    await page.locator("#lines p", { hasText: "Attempting to re-connect" }).first().waitFor();
    const second = await startChat(flags, { port: Number(first.port) });
    atEnd(t, () => second.stop());
    await page.waitForFunction(() => document.querySelector("#lines") === null, null, { timeout: 60_000 });
    const joined = await within(10_000, "the page joins again", page.evaluate(() => new Promise((resolve) => window.socket.emit("join", "tea", resolve))));
    assert.equal(joined, true);
  });

  test("stands in one room with clients of each generation", async (t) => {
    const chat = await startChat(flags);
    atEnd(t, () => chat.stop());
    const fourth = await join4(t, chat.url, "all", "Four");
    const second = connect2(`${chat.url}/chat`, { forceNew: true });
    atEnd(t, () => second.close());
    const ask = (...args) => within(10_000, args[0], new Promise((resolve) => second.emit(...args, (...values) => resolve(values))));
    assert.deepEqual(await ask("join", "all"), [true]);
    assert.deepEqual(await ask("nickname", "Two"), [true, "Two"]);
    const page = await enter(t, chat.url, "room=all", "Page");
    const seen = { fourth: [], second: [] };
    fourth.on("msg_to_room", (who, text) => seen.fourth.push(`${who}${text}`));
    second.on("msg_to_room", (who, text) => seen.second.push(`${who}${text}`));
    for (let round = 0; round < 5; round++) {
      await fourth.emitWithAck("user message", `four ${round}`);
      await ask("user message", `two ${round}`);
      await page.evaluate((text) => new Promise((resolve) => window.socket.emit("user message", text, resolve)), `page ${round}`);
    }
    await page.locator("#lines p", { hasText: "two 4" }).waitFor();
    const all = Array.from({ length: 5 }, (_, round) => [`Fourfour ${round}`, `Twotwo ${round}`, `Pagepage ${round}`]).flat();
    const without = (name) => all.filter((line) => !line.startsWith(name));
    const until = async (list, length) => {
      while (list.length < length) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    await within(10_000, "all messages", Promise.all([until(seen.fourth, 10), until(seen.second, 10)]));
    assert.deepEqual(seen.fourth, without("Four"));
    assert.deepEqual(seen.second, without("Two"));
    const shown = (await lines(page)).filter((line) => /^(Four|Two)/.test(line) && / \d$/.test(line));
    assert.deepEqual(shown, without("Page"));
    if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT });
  });
});
