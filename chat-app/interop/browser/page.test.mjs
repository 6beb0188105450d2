// The chat's page in every state that a person can find it in. The chat is a stage, which
// waits, refuses and breaks off when a test says so; chat.test.mjs has the real one.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { said, startStage } from "./stage.mjs";
import { axe, browsers, launch, missing, openPage } from "./tools.mjs";

const PHONE = { viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true };
const LANDSCAPE = { width: 844, height: 390 };
const ZOOMED = { width: 320, height: 256 }; // a window of 1280 by 1024 at 400 %

const many = (count) => Array.from({ length: count }, (_, index) => said(index + 1));
const writer = (page) => page.getByRole("textbox", { name: "Message as" });

/** Opens the room on the stage. With a nickname, waits until the page may speak. */
async function enter(t, browser, stage, { nickname = "Ann", ...options } = {}) {
  const page = await openPage(t, browser, stage.url, options);
  await page.goto(stage.room);
  if (!nickname) return page;
  await page.getByRole("textbox", { name: "Choose a nickname" }).fill(nickname);
  await page.getByRole("button", { name: "Set nickname" }).click();
  await writer(page).waitFor();
  return page;
}

async function say(page, text) {
  await writer(page).fill(text);
  await page.getByRole("button", { name: "Send" }).click();
}

/** A promise, and the function that keeps it. */
function gate() {
  let open;
  const opened = new Promise((resolve) => (open = resolve));
  return { open, opened };
}

/** Two frames later: what the browser had to lay out, scroll and report is done. */
const settled = (page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

/** How many pixels the newest line is out of sight. */
const fromEnd = (page) =>
  page.evaluate(() => {
    const box = document.getElementById("scroll");
    return Math.round(box.scrollHeight - box.scrollTop - box.clientHeight);
  });

const scrollTo = (page, top) =>
  page.evaluate(async (top) => {
    const box = document.getElementById("scroll");
    const scrolled = new Promise((done) => box.addEventListener("scroll", done, { once: true }));
    box.scrollTop = top;
    await scrolled;
  }, top);

/** A headless window is never hidden by itself. */
const hide = (page, hidden) =>
  page.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);

const bubbles = (page) => page.locator(".bubble").allTextContents();

for (const [name, skip] of Object.entries(browsers)) {
  describe(`the newest line, in ${name}`, { skip, timeout: 300_000 }, () => {
    let browser;
    before(async () => {
      browser = await launch(name);
    });
    after(() => browser?.close());

    test("is in sight after each of fifty reloads, and the next one, too", async (t) => {
      const stage = await startStage(t, { messages: many(60) });
      const page = await enter(t, browser, stage);
      for (let turn = 0; turn < 50; turn += 1) {
        await page.reload();
        await writer(page).waitFor();
        await page.getByText(stage.messages.at(-1).text, { exact: true }).waitFor();
        await settled(page);
        assert.equal(await fromEnd(page), 0, `after reload ${turn}`);
        const { text } = stage.say(`turn ${turn}`);
        await page.getByText(text, { exact: true }).waitFor();
        await settled(page);
        assert.equal(await fromEnd(page), 0, `after the line that follows reload ${turn}`);
        assert.ok(await page.locator("#newer").isHidden());
      }
    });

    test("waits below while the reader is further up", async (t) => {
      const stage = await startStage(t, { messages: many(60) });
      const page = await enter(t, browser, stage);
      await page.getByText("message 60", { exact: true }).waitFor();
      await settled(page);
      await scrollTo(page, 1200);
      for (const text of ["one", "two", "three"]) stage.say(text);
      await page.getByRole("button", { name: "3 new" }).waitFor();
      assert.equal(await page.evaluate(() => document.getElementById("scroll").scrollTop), 1200);
      // The line above what is new.
      const next = page.locator(".new + .message .bubble");
      assert.equal(await next.textContent(), "one");
      await page.getByRole("button", { name: "3 new" }).click();
      await settled(page);
      assert.equal(await fromEnd(page), 0);
      assert.ok(await page.locator("#newer").isHidden());
      // It stays until its reader says something.
      assert.equal(await page.locator(".new").count(), 1);
      await say(page, "and four");
      await page.locator(".new").waitFor({ state: "detached" });
    });

    test("has its right edge where the composer has it", async (t) => {
      const stage = await startStage(t, { messages: many(60) });
      const page = await enter(t, browser, stage);
      await say(page, "to the right");
      await page.locator("#lines .own").waitFor();
      const right = (selector) =>
        page.locator(selector).evaluate((part) => part.getBoundingClientRect().right);
      const [line, button] = [await right(".own .bubble"), await right("#send")];
      assert.ok(Math.abs(line - button) < 1.5, `${line} and ${button}`);
    });

    test("older ones come by scrolling up, and what is read stays in its place", async (t) => {
      const stage = await startStage(t, { messages: many(120) });
      const page = await enter(t, browser, stage);
      await page.getByText("message 120", { exact: true }).waitFor();
      assert.equal(await page.locator("#lines .message").count(), 50);
      await settled(page);
      const held = gate();
      const history = stage.on.history;
      stage.on.history = async (...args) => {
        await held.opened;
        return history(...args);
      };
      await scrollTo(page, 100);
      await page.getByText("Loading older messages…").waitFor();
      const top = (text) =>
        page.getByText(text, { exact: true }).evaluate((line) => line.getBoundingClientRect().top);
      const before = await top("message 74");
      held.open();
      await page.getByText("message 21", { exact: true }).waitFor({ state: "attached" });
      await settled(page);
      assert.ok(Math.abs((await top("message 74")) - before) < 2, "the line has not moved");
      await scrollTo(page, 0);
      await page.getByText("message 1", { exact: true }).waitFor({ state: "attached" });
      await settled(page);
      await scrollTo(page, 0);
      await page.getByText("This is where the room begins.").waitFor({ state: "attached" });
      const expected = many(120).map(({ text }) => text);
      assert.deepEqual(await bubbles(page), expected);
    });
  });
}

describe("the page", { skip: missing(), timeout: 300_000, concurrency: 4 }, () => {
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());

  // ---- What we say ----

  test("asks again, with the same key, until it knows what became of a message", async (t) => {
    const stage = await startStage(t);
    const page = await enter(t, browser, stage);
    await page.evaluate(() => {
      window.untrue = false;
      const look = () => (window.untrue ||= document.body.textContent.includes("Not sent."));
      new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
    });
    const store = stage.on["user message"];
    let lost = 0;
    stage.on["user message"] = (...args) => {
      const answer = store(...args);
      lost += 1;
      return lost === 1 ? undefined : answer; // stored, and the answer never arrives
    };
    await say(page, "once");
    await page.getByText("No answer yet. Asking again until there is one.").waitFor();
    await page.locator(".pending").waitFor({ state: "detached" });
    assert.equal(stage.asked.length, 2);
    assert.equal(stage.asked[0], stage.asked[1]);
    assert.match(stage.asked[0], /^[\x21-\x7e]{1,64}$/);
    assert.equal(stage.messages.length, 1);
    assert.deepEqual(await bubbles(page), ["once"]);
    assert.equal(await page.evaluate(() => window.untrue), false);
    await say(page, "twice");
    await page.waitForFunction(() => !document.querySelector(".pending"));
    assert.notEqual(stage.asked[2], stage.asked[0], "another message, another key");
  });

  test("learns from the history that a message had arrived, and shows it once", async (t) => {
    const stage = await startStage(t);
    const page = await enter(t, browser, stage, { outage: true });
    const store = stage.on["user message"];
    stage.on["user message"] = (...args) => {
      store(...args);
      stage.on["user message"] = () => undefined; // from here on nobody answers
      stage.io.engine.close();
    };
    await say(page, "once");
    await page.locator("#lines .own").getByText("once").waitFor();
    assert.equal(await page.locator("#unsent .message").count(), 0);
    assert.deepEqual(await bubbles(page), ["once"]);
    assert.equal(stage.messages.length, 1);
  });

  test("does not send again what was refused, but lets its author change it", async (t) => {
    const stage = await startStage(t);
    const page = await enter(t, browser, stage);
    const store = stage.on["user message"];
    stage.on["user message"] = (socket, text, key) => {
      if (!text.includes("rude")) return store(socket, text, key);
      stage.asked.push(key);
      return [false, "That is rude", "refused"];
    };
    await say(page, "a rude word");
    await page.getByText("Not sent. That is rude.").waitFor();
    await say(page, "a kind word");
    await page.locator("#lines").getByText("a kind word").waitFor();
    await page.reload();
    await page.getByText("Not sent. That is rude.").waitFor();
    await writer(page).waitFor();
    await page.locator("#lines").getByText("a kind word").waitFor();
    assert.equal(stage.asked.length, 2);
    await page.getByRole("button", { name: "Edit" }).click();
    assert.equal(await writer(page).inputValue(), "a rude word");
    await say(page, "a mild word");
    await page.locator("#lines").getByText("a mild word").waitFor();
    assert.equal(new Set(stage.asked).size, 3);
  });

  test("waits as long as a limit says, shows why, and keeps the order", async (t) => {
    const stage = await startStage(t);
    const page = await enter(t, browser, stage);
    const store = stage.on["user message"];
    let refusals = 0;
    const asked = [];
    stage.on["user message"] = (socket, text, key) => {
      asked.push([Date.now(), key]);
      refusals += 1;
      return refusals === 1 ? [false, "Too many messages. Try again in 2 seconds", "later", 2] : store(socket, text, key);
    };
    // It is there for two seconds, in which a busy machine may not look.
    await page.evaluate(() => {
      window.waits = [];
      const line = document.getElementById("waiting");
      new MutationObserver(() => window.waits.push(line.textContent)).observe(line, { childList: true });
    });
    await say(page, "first");
    await say(page, "second");
    await page.waitForFunction(() => window.waits.some((text) => /^Too many messages\. Sending in [12] s\.$/.test(text)));
    await page.locator("#lines .message").nth(1).waitFor();
    assert.deepEqual(await bubbles(page), ["first", "second"]);
    assert.ok(asked[1][0] - asked[0][0] >= 1900, "it waited");
    assert.equal(asked[1][1], asked[0][1]);
    assert.equal(await page.locator("#waiting").textContent(), "");
  });

  test("does not move while a message is on its way", async (t) => {
    const stage = await startStage(t, { messages: many(30) });
    const page = await enter(t, browser, stage);
    const held = gate();
    const store = stage.on["user message"];
    stage.on["user message"] = async (...args) => {
      await held.opened;
      return store(...args);
    };
    await page.getByText("message 30", { exact: true }).waitFor();
    // After three seconds the page says that it still waits. A busy machine may take that long here.
    await page.evaluate(() => {
      const { setTimeout } = window;
      window.setTimeout = (call, after, ...rest) => (after === 3000 ? 0 : setTimeout(call, after, ...rest));
    });
    await say(page, "hello");
    const line = page.getByText("hello", { exact: true });
    await line.waitFor();
    await page.locator(".pending").waitFor();
    const place = () => line.evaluate((line) => [line.getBoundingClientRect().top, document.getElementById("scroll").scrollHeight]);
    await page.waitForFunction(() => document.getAnimations().every(({ playState }) => playState === "finished"));
    const before = await place();
    held.open();
    await page.locator(".pending").waitFor({ state: "detached" });
    await settled(page);
    assert.deepEqual(await place(), before);
  });

  test("keeps a draft over a reload, and not after it was sent", async (t) => {
    const stage = await startStage(t);
    const page = await enter(t, browser, stage);
    await writer(page).fill("half a th");
    await page.reload();
    await writer(page).waitFor();
    assert.equal(await writer(page).inputValue(), "half a th");
    await say(page, "half a thought");
    await page.locator("#lines .message").waitFor();
    await page.reload();
    await writer(page).waitFor();
    assert.equal(await writer(page).inputValue(), "");
  });

  test("sends what a tab that was closed could not send, once, and under no other name", async (t) => {
    const stage = await startStage(t);
    const page = await enter(t, browser, stage, { outage: true });
    const context = page.context();
    const bob = await context.newPage();
    await bob.goto(stage.room);
    await writer(bob).waitFor();
    await bob.getByRole("button", { name: "Change nickname" }).click();
    await bob.getByRole("textbox", { name: "Your new nickname" }).fill("Bob");
    await bob.getByRole("button", { name: "Save" }).click();
    await bob.getByRole("textbox", { name: "Message as Bob" }).waitFor();

    await context.setOffline(true);
    for (const text of ["first", "second"]) await say(page, text);
    await page.locator("#unsent .pending").nth(1).waitFor();
    await page.close();
    await context.setOffline(false);
    await bob.reload();
    await bob.getByRole("textbox", { name: "Message as Bob" }).waitFor();
    // The outbox is sent in order, so an older message would be here before this one.
    await say(bob, "from Bob");
    await bob.locator("#lines .own").getByText("from Bob").waitFor();
    assert.equal(stage.asked.length, 1, "Ann's words are not Bob's");
    await bob.close();

    // The next tab of this browser has the name that was chosen last.
    const next = await context.newPage();
    await next.addInitScript(() => sessionStorage.setItem("chat nickname", '"Ann"'));
    await next.goto(stage.room);
    await next.locator("#lines .own").getByText("second").waitFor();
    assert.deepEqual(stage.messages.map(({ text }) => text), ["from Bob", "first", "second"]);
    await next.locator("#unsent li").first().waitFor({ state: "detached" });
    await next.reload();
    await next.locator("#lines .own").getByText("second").waitFor();
    assert.equal(stage.asked.length, 3, "nothing is left to be sent");
  });

  test("sends a message once that two tabs have in their outbox", async (t) => {
    const stage = await startStage(t);
    const { "user message": answer } = stage.on;
    stage.on["user message"] = () => undefined; // no answer yet
    const page = await enter(t, browser, stage);
    await say(page, "hello");
    await page.locator("#unsent .pending").waitFor();
    const second = await page.context().newPage();
    await second.goto(stage.room);
    await second.locator("#unsent .pending").getByText("hello").waitFor();
    stage.on["user message"] = answer;
    for (const tab of [page, second]) {
      await tab.locator("#unsent li").waitFor({ state: "detached" });
      assert.equal(await tab.locator("#lines .own").getByText("hello").count(), 1);
    }
    assert.equal(stage.messages.length, 1);
  });

  test("keeps only the beginning of a megabyte that is pasted, and says that it is too long", async (t) => {
    const stage = await startStage(t);
    const page = await enter(t, browser, stage);
    await writer(page).focus();
    await page.keyboard.insertText("x".repeat(1e6));
    // A browser needs ten seconds to lay out a word of that length.
    assert.equal((await writer(page).inputValue()).length, 20_000);
    await page.getByText("16000 too many").first().waitFor();
    assert.ok(await page.getByRole("button", { name: "Send" }).isDisabled());
  });

  test("begins a new line with Enter on a touch keyboard, and sends with it on others", async (t) => {
    const stage = await startStage(t);
    const [phone, desk] = [await enter(t, browser, stage, PHONE), await enter(t, browser, stage)];
    await writer(phone).fill("one");
    await writer(phone).press("Enter");
    await writer(phone).pressSequentially("two");
    assert.equal(await writer(phone).inputValue(), "one\ntwo");
    assert.equal(await writer(phone).getAttribute("enterkeyhint"), "enter");
    await phone.getByRole("button", { name: "Send" }).click();
    await desk.locator("#lines").getByText("one\ntwo").waitFor();
    assert.equal(await writer(desk).getAttribute("enterkeyhint"), "send");
    await writer(desk).fill("sent");
    await writer(desk).press("Enter");
    await phone.locator("#lines").getByText("sent").waitFor();
  });

  test("shows code and addresses, and never markup", async (t) => {
    const stage = await startStage(t);
    const page = await enter(t, browser, stage);
    const show = async (text) => {
      stage.say(text);
      const bubble = page.locator("#lines .message").nth(stage.messages.length - 1).locator(".bubble");
      await bubble.waitFor();
      return bubble.evaluate((bubble) => bubble.innerHTML);
    };
    assert.equal(await show("run `cargo test` now"), "run <code>cargo test</code> now");
    assert.equal(await show("`<b>`"), "<code>&lt;b&gt;</code>");
    assert.equal(
      await show("see\n```rust\nlet a = `b`;\n<script>\n```\nthere"),
      'see<pre tabindex="0"><code>let a = `b`;\n&lt;script&gt;</code></pre>there',
    );
    assert.equal(await show("```\nno end"), '<pre tabindex="0"><code>no end</code></pre>');
    assert.equal(await show("a ``` b"), "a ``` b");
    const link = (href, text) => `<a href="${href}" target="_blank" rel="noopener noreferrer nofollow">${text}</a>`;
    assert.equal(await show("www.example.com."), `${link("https://www.example.com", "www.example.com")}.`);
    assert.equal(await show("(http://a.b/c?d=e)"), `(${link("http://a.b/c?d=e", "http://a.b/c?d=e")})`);
    assert.equal(await show("awww.example.com javascript:alert(1)"), "awww.example.com javascript:alert(1)");
    // Text that is written to make a browser search for long is shown in one pass: a search that started again for each
    // of these pieces would take hours.
    for (const evil of ["```x\n", "`", "www.", "http://", "http://:", "``", "www.:"]) {
      const took = await page.evaluate(async (evil) => {
        const { formatted } = await import("/static/text.js");
        const start = performance.now();
        formatted(evil.repeat(200_000));
        return performance.now() - start;
      }, evil);
      assert.ok(took < 15_000, `${evil}: ${took} ms`);
    }
  });

  // ---- What it says about itself ----

  test("says that it loads, and that a room is quiet, only when that is true", async (t) => {
    const stage = await startStage(t);
    const held = gate();
    const sendHistory = stage.sendHistory;
    stage.sendHistory = async (socket) => {
      await held.opened;
      sendHistory(socket);
    };
    const page = await enter(t, browser, stage);
    await page.getByText("Loading messages…").waitFor();
    assert.equal(await page.getByText("It is quiet here.").count(), 0);
    held.open();
    await page.getByText("It is quiet here.").waitFor();
    assert.equal(await page.getByText("Loading messages…").count(), 0);
    stage.say("hello");
    await page.getByText("hello").waitFor();
    assert.ok(await page.locator("#empty").isHidden());
  });

  test("says that there is no connection, and shows the lines when there is one", async (t) => {
    const stage = await startStage(t, { messages: many(3) });
    const page = await openPage(t, browser, stage.url, { outage: true });
    await page.route("**/socket.io/**", (route) => route.abort("connectionrefused"));
    await page.goto(stage.room);
    await page.getByText("There is no connection. Messages appear when there is one.").waitFor();
    await page.getByRole("status").getByText("Cannot reach the server").waitFor();
    await page.unroute("**/socket.io/**");
    await page.getByText("message 3", { exact: true }).waitFor();
    await page.getByRole("status").getByText("Connected").waitFor();
  });

  test("promises nothing without JavaScript", async (t) => {
    const stage = await startStage(t, { rooms: [{ name: "Tea", slug: "tea", people: 0, last: null }] });
    const page = await openPage(t, browser, stage.url, { javaScriptEnabled: false });
    await page.goto(stage.room);
    await page.locator("noscript p").waitFor();
    for (const untrue of ["Connecting…", "Loading messages…", "It is quiet here."]) {
      assert.equal(await page.getByText(untrue).count(), 0, untrue);
    }
    await page.goto(stage.url);
    assert.equal(await page.getByRole("link", { name: "Tea" }).getAttribute("href"), "/room/tea");
    assert.ok(await page.getByLabel("New room").isVisible());
  });

  test("forgets that it has reconnected, after a while", async (t) => {
    const stage = await startStage(t);
    const page = await enter(t, browser, stage, { outage: true });
    stage.io.engine.close();
    const status = page.getByRole("status").first();
    await status.getByText("Reconnected to the server").waitFor();
    await status.getByText("Connected", { exact: true }).waitFor();
  });

  test("connects at once when the network is back", async (t) => {
    const stage = await startStage(t);
    const page = await enter(t, browser, stage, { outage: true });
    await page.evaluate(() => {
      window.attempts = 0;
      socket.io.on("reconnect_attempt", () => (window.attempts += 1));
      addEventListener("online", () => (window.before = window.attempts));
      socket.on("connect", () => (window.after = window.attempts));
    });
    await page.context().setOffline(true);
    await page.waitForFunction(() => window.attempts > 0);
    await page.context().setOffline(false);
    await page.waitForFunction(() => socket.connected);
    // Without waiting for the client's own next attempt.
    const [before, after] = await page.evaluate(() => [window.before, window.after]);
    assert.equal(after, before);
  });

  test("asks for a sign of life when it is shown again", async (t) => {
    const stage = await startStage(t);
    const page = await enter(t, browser, stage, { outage: true });
    // The server is there and says nothing: the client would believe in it for a while.
    stage.on.join = () => undefined;
    const first = await page.evaluate(() => socket.id);
    await hide(page, true);
    await hide(page, false);
    await page.waitForFunction((first) => socket.id && socket.id !== first, first, { timeout: 8000 });
  });

  test("asks for a sign of life after its machine slept, though it was shown all the time", async (t) => {
    const stage = await startStage(t);
    const page = await openPage(t, browser, stage.url, { outage: true });
    await page.clock.install();
    await page.goto(stage.room);
    await page.getByRole("textbox", { name: "Choose a nickname" }).fill("Ann");
    await page.keyboard.press("Enter");
    await writer(page).waitFor();
    // The server is there and says nothing.
    stage.on.join = () => undefined;
    const first = await page.evaluate(() => socket.id);
    await page.clock.runFor(6000);
    assert.equal(await page.evaluate(() => socket.id), first, "awake: there is nothing to ask");
    // As a sleep does it: each timer is late, and fires once. The heartbeat notices nothing for 45 s.
    await page.clock.fastForward(21_000);
    await page.clock.runFor(5000);
    await page.waitForFunction((first) => socket.id && socket.id !== first, first, { timeout: 8000 });
  });

  test("loads what was said in a long absence, without a gap", async (t) => {
    const stage = await startStage(t, { messages: many(10) });
    const page = await enter(t, browser, stage, { outage: true });
    await page.getByText("message 10", { exact: true }).waitFor();
    stage.io.engine.close();
    stage.messages.push(...many(200).slice(10));
    await page.getByText("message 11", { exact: true }).waitFor({ state: "attached" });
    await page.getByText("message 200", { exact: true }).waitFor();
    await page.waitForFunction(() => document.querySelectorAll("#lines .message").length === 200);
    assert.deepEqual(await bubbles(page), many(200).map(({ text }) => text));
    await settled(page);
    assert.equal(await fromEnd(page), 0);
  });

  test("asks again for older messages when a limit says later", async (t) => {
    const stage = await startStage(t, { messages: many(60) });
    const page = await enter(t, browser, stage);
    const history = stage.on.history;
    stage.on.history = () => {
      stage.on.history = history;
      return [false, "Too many questions", "later", 1];
    };
    await page.getByText("message 60", { exact: true }).waitFor();
    await settled(page);
    await scrollTo(page, 0);
    await page.getByText("message 1", { exact: true }).waitFor({ state: "attached" });
  });

  test("gathers what is announced, and keeps a bounded number of notes", async (t) => {
    const stage = await startStage(t);
    const page = await enter(t, browser, stage);
    for (let guest = 0; guest < 40; guest += 1) stage.chat.emit("announcement", `Guest ${guest} joined`);
    await page.getByText("Guest 39 joined").waitFor();
    assert.equal(await page.locator("#lines .note").count(), 1);
    await page.getByText("34 earlier").waitFor();
    for (let turn = 0; turn < 120; turn += 1) {
      stage.say(`line ${turn}`);
      stage.chat.emit("announcement", `Note ${turn}`);
    }
    await page.getByText("Note 119").waitFor();
    assert.equal(await page.locator("#lines .note").count(), 100);
  });

  test("keeps a bounded number of lines while the newest is followed", async (t) => {
    const stage = await startStage(t, { messages: many(50) });
    const page = await enter(t, browser, stage);
    await page.getByText("message 50", { exact: true }).waitFor();
    for (let turn = 1; turn <= 1000; turn += 1) stage.say(`turn ${turn}`);
    await page.getByText("turn 1000", { exact: true }).waitFor();
    const lines = await bubbles(page);
    assert.deepEqual([lines.length, lines[0]], [1000, "turn 1"]);
    // Lines that were dropped can be read again.
    await settled(page);
    await scrollTo(page, 0);
    await page.getByText("message 1", { exact: true }).waitFor({ state: "attached" });
  });

  // ---- Names and people ----

  test("keeps the name for the next visit, and a second tab is the same person", async (t) => {
    const stage = await startStage(t);
    const secrets = [];
    const { nickname } = stage.on;
    stage.on.nickname = (socket, name, secret) => {
      secrets.push([name, secret]);
      return nickname(socket, name);
    };
    const page = await enter(t, browser, stage);
    const second = await page.context().newPage();
    await second.goto(stage.room);
    await second.getByRole("textbox", { name: "Message as Ann" }).waitFor();
    assert.deepEqual(secrets[1], secrets[0]);
    assert.match(secrets[0][1], /^[0-9a-f]{32}$/);
    // A message of one tab is ours in the other one.
    await say(page, "hello");
    await second.locator(".own").getByText("hello").waitFor();
    await second.reload();
    await second.locator(".own").getByText("hello").waitFor();
  });

  test("comes back by itself when it connected too often", async (t) => {
    const stage = await startStage(t);
    const page = await enter(t, browser, stage);
    const { join, nickname } = stage.on;
    const once = (event, handler) => {
      stage.on[event] = () => {
        stage.on[event] = handler;
        return [false, "Too many joins", "later", 1];
      };
    };
    once("join", join);
    once("nickname", nickname);
    await page.reload();
    await page.getByRole("status").getByText("Too many joins").waitFor();
    await writer(page).waitFor();
    await page.getByRole("status").getByText("Connected", { exact: true }).waitFor();
    assert.ok(await page.locator("#naming").isHidden());
  });

  test("calls renaming renaming", async (t) => {
    const stage = await startStage(t);
    const page = await enter(t, browser, stage);
    await page.getByRole("button", { name: "Change nickname" }).click();
    const field = page.getByRole("textbox", { name: "Your new nickname" });
    assert.equal(await field.inputValue(), "Ann");
    await page.keyboard.press("Escape");
    await writer(page).waitFor();
    await page.getByRole("button", { name: "Change nickname" }).click();
    stage.on.nickname = () => [false, "Nickname already in use"];
    await field.fill("Bob");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("alert").getByText("Nickname already in use").waitFor();
    assert.equal(await field.getAttribute("aria-invalid"), "true");
    assert.ok(await field.evaluate((field) => field === document.activeElement));
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("textbox", { name: "Message as Ann" }).waitFor();
  });

  test("changes the list of people as it is told", async (t) => {
    const stage = await startStage(t);
    stage.nicknames = ["Zoe", "bob", "Cy"];
    const page = await enter(t, browser, stage);
    const names = () => page.locator("#nicknames .name").allTextContents();
    await page.locator("#nicknames .self").getByText("Ann").waitFor();
    assert.deepEqual(await names(), ["Ann", "bob", "Cy", "Zoe"]);
    stage.tell({ joined: ["Eve", "Ann"], left: ["Cy"], renamed: [["bob", "Yan"]] });
    await page.getByText("Yan").waitFor();
    assert.deepEqual(await names(), ["Ann", "Eve", "Yan", "Zoe"]);
    assert.equal(await page.locator("#online .count").textContent(), "4");
    // A change is missed: the page asks for all of them.
    stage.change += 1;
    stage.nicknames = ["Ann", "Fay"];
    stage.tell({ joined: ["Fay"] });
    await page.getByText("Fay").waitFor();
    assert.deepEqual(await names(), ["Ann", "Fay"]);
  });

  // ---- While nobody looks ----

  test("counts in the title and the icon, and marks where new ones begin", async (t) => {
    const stage = await startStage(t, { messages: many(2) });
    const page = await enter(t, browser, stage);
    await page.getByText("message 2", { exact: true }).waitFor();
    const icon = () => page.locator("link[rel=icon]").getAttribute("href");
    await hide(page, true);
    stage.say("one");
    stage.say("two");
    await page.waitForFunction(() => document.title === "(2) Tea");
    assert.match(await icon(), /icon-new\.svg$/);
    assert.equal(await page.locator(".new + .message .bubble").textContent(), "one");
    await hide(page, false);
    assert.equal(await page.title(), "Tea");
    assert.match(await icon(), /icon\.svg$/);
    // At the next visit it is the first line since this one.
    await page.goto("about:blank");
    stage.say("three");
    await page.goto(stage.room);
    await page.getByText("three").waitFor();
    assert.equal(await page.locator(".new + .message .bubble").textContent(), "three");
  });

  test("notifies and sounds only when asked to, and only while it is hidden", async (t) => {
    const stage = await startStage(t);
    const page = await openPage(t, browser, stage.url);
    await page.addInitScript(() => {
      window.shown = [];
      window.sounds = 0;
      window.requests = 0;
      window.Notification = class {
        static permission = sessionStorage.permission ?? "default";
        static async requestPermission() {
          window.requests += 1;
          return (this.permission = sessionStorage.permission = window.answer);
        }
        constructor(title, { body }) {
          window.shown.push([title, body]);
        }
        close() {}
      };
      const start = OscillatorNode.prototype.start;
      OscillatorNode.prototype.start = function (...args) {
        window.sounds += 1;
        return start.apply(this, args);
      };
    });
    await page.goto(stage.room);
    await page.getByRole("textbox", { name: "Choose a nickname" }).fill("Ann");
    await page.keyboard.press("Enter");
    await writer(page).waitFor();
    const heard = async (text) => {
      stage.say(text);
      await page.getByText(text, { exact: true }).waitFor();
      return page.evaluate(() => [window.shown, window.sounds]);
    };
    await hide(page, true);
    assert.deepEqual(await heard("nobody asked"), [[], 0]);
    await hide(page, false);
    assert.equal(await page.evaluate(() => window.requests), 0);

    const options = page.getByRole("button", { name: "Options" });
    const notifications = page.getByRole("switch", { name: "Notifications" });
    const sound = page.getByRole("switch", { name: "Sound" });
    await options.click();
    await page.evaluate(() => (window.answer = "denied"));
    await notifications.click();
    await page.getByText("The browser does not allow notifications here.").waitFor();
    assert.equal(await notifications.getAttribute("aria-checked"), "false");
    await page.evaluate(() => (window.answer = "granted"));
    await notifications.click();
    await page.waitForFunction(() => document.getElementById("notify").ariaChecked === "true");
    await sound.click();
    await page.keyboard.press("Escape");
    await page.evaluate(() => (window.sounds = 0)); // it sounds once as an example

    assert.deepEqual(await heard("in sight"), [[], 0]);
    await hide(page, true);
    assert.deepEqual(await heard("<b>out of sight</b>"), [[["Bob in Tea", "<b>out of sight</b>"]], 2]);

    await page.reload();
    await writer(page).waitFor();
    await options.click();
    for (const option of [notifications, sound]) {
      assert.equal(await option.getAttribute("aria-checked"), "true");
      await option.click();
      assert.equal(await option.getAttribute("aria-checked"), "false");
    }
  });

  test("copies its link", async (t) => {
    const stage = await startStage(t);
    const page = await enter(t, browser, stage, { permissions: ["clipboard-read", "clipboard-write"] });
    await page.getByRole("button", { name: "Options" }).click();
    await page.getByRole("button", { name: "Copy link to this room" }).click();
    await page.getByText("Link copied").waitFor();
    const copied = () => page.evaluate(() => navigator.clipboard.readText());
    assert.equal(await copied(), stage.room);
    // All windows share one clipboard, so the other way is tried here, too: over plain HTTP a page may not use this one.
    await page.evaluate(async () => {
      await navigator.clipboard.writeText("something else");
      navigator.clipboard.writeText = () => Promise.reject(new Error("not here"));
      document.getElementById("menu-state").textContent = "";
    });
    await page.getByRole("button", { name: "Copy link to this room" }).click();
    await page.getByText("Link copied").waitFor();
    assert.equal(await copied(), stage.room);
  });

  // ---- The list of rooms ----

  test("lists the rooms as they change", async (t) => {
    const last = (text, minutes) => ({ nickname: "Bob", text, time: Date.now() - minutes * 60_000 });
    const rooms = [
      { name: "Attic", slug: "attic", people: 0, last: null },
      { name: "Lobby", slug: "lobby", people: 2, last: last("see you\nthere <b>", 9) },
      { name: "Tea", slug: "tea", people: 1, last: last("ready", 2) },
    ];
    const stage = await startStage(t, { rooms });
    const page = await openPage(t, browser, stage.url);
    await page.goto(stage.url);
    await page.getByText("ready").waitFor();
    const names = () => page.locator("#rooms .name").allTextContents();
    assert.deepEqual(await names(), ["Tea", "Lobby", "Attic"], "the most recent first");
    const lobby = page.getByRole("link", { name: "Lobby" });
    assert.match((await lobby.textContent()).replace(/\s+/g, " "), /^LobbyBob: see you there <b>.*2 people$/);
    // A link that has the focus keeps it, and its place.
    await lobby.focus();
    const all = stage.io.of("/rooms");
    all.emit("room", { ...rooms[1], people: 3 });
    all.emit("room", { name: "<i>New</i>", slug: "new", people: 1, last: null });
    all.emit("gone", "attic");
    await page.getByText("3 people").waitFor();
    await page.getByText("Attic").waitFor({ state: "detached" });
    assert.deepEqual(await names(), ["<i>New</i>", "Tea", "Lobby"]);
    assert.ok(await lobby.evaluate((link) => link === document.activeElement));
    assert.ok(await page.getByLabel("Find a room").isHidden());
    // The form is above the list.
    const top = (locator) => locator.evaluate((part) => part.getBoundingClientRect().top);
    assert.ok((await top(page.getByLabel("New room"))) < (await top(page.locator("#rooms"))));
  });

  test("finds a room among twelve", async (t) => {
    const rooms = Array.from({ length: 12 }, (_, number) => {
      return { name: `Room ${number}`, slug: `room-${number}`, people: 0, last: null };
    });
    const stage = await startStage(t, { rooms });
    const page = await openPage(t, browser, stage.url);
    await page.goto(stage.url);
    const place = (part) => part.evaluate((part) => part.getBoundingClientRect().top);
    const [form, list] = [await place(page.getByLabel("New room")), await place(page.locator("#rooms"))];
    assert.ok(form < list, "a new room needs no scrolling past the others");
    await page.getByLabel("Find a room").fill("ROOM 1");
    await page.getByText("3 of 12 rooms").waitFor();
    const visible = page.locator("#rooms li:visible .name");
    assert.deepEqual((await visible.allTextContents()).sort(), ["Room 1", "Room 10", "Room 11"]);
  });

  // ---- Sizes, paper, times ----

  test("is usable at every size of the window", async (t) => {
    const stage = await startStage(t, { messages: many(40) });
    stage.nicknames = Array.from({ length: 30 }, (_, number) => `Guest ${number}`);
    const page = await enter(t, browser, stage, PHONE);
    const box = (selector) => page.locator(selector).boundingBox();
    const people = page.locator("#online");
    const button = page.locator("#people");
    assert.ok(await people.isHidden());
    await button.click();
    await page.getByText("Guest 0", { exact: true }).waitFor();
    assert.equal(await button.getAttribute("aria-expanded"), "true");
    await page.keyboard.press("Escape");
    assert.ok(await people.isHidden());

    // A phone on its side has room for the list, and needs no button.
    await page.setViewportSize(LANDSCAPE);
    assert.ok((await people.isVisible()) && (await button.isHidden()));
    await page.setViewportSize(PHONE.viewport);
    assert.ok((await people.isHidden()) && (await button.isVisible()));

    for (const viewport of [LANDSCAPE, ZOOMED, { width: 640, height: 400 }]) {
      await page.setViewportSize(viewport);
      await settled(page);
      const size = `${viewport.width} by ${viewport.height}`;
      const check = async (form) => {
        for (const part of await page.locator(`${form} :is(input, textarea, button):visible`).all()) {
          const { y, height, x, width } = await part.boundingBox();
          const inside = x >= 0 && x + width <= viewport.width && y + height <= viewport.height;
          assert.ok(inside && width >= 48, `${size}: a part of ${form} is at ${x}, ${y}, ${width} wide`);
        }
        const scroll = await box("#scroll");
        assert.ok(scroll.height >= 96, `${size}: ${scroll.height} pixels for what is said`);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= viewport.width, `${size}: ${wide} pixels wide`);
      };
      await check("#saying");
      await page.getByRole("button", { name: "Change nickname" }).click();
      await check("#naming");
      await page.getByRole("button", { name: "Cancel" }).click();
      await settled(page);
      assert.equal(await fromEnd(page), 0, `${size}: the newest line is in sight`);
    }
  });

  test("has targets of 24 pixels", async (t) => {
    const stage = await startStage(t, { rooms: [{ name: "Tea", slug: "tea", people: 0, last: null }] });
    stage.on["user message"] = () => [false, "That is rude", "refused"];
    for (const options of [{}, PHONE, { viewport: ZOOMED }]) {
      const page = await enter(t, browser, stage, options);
      await say(page, "rude");
      await page.getByText("Not sent.").waitFor();
      await page.getByRole("button", { name: "Options" }).click();
      const small = () =>
        page.evaluate(() =>
          [...document.querySelectorAll("button, a, input, textarea, summary")]
            .map((part) => [part.id || part.textContent, part.getBoundingClientRect()])
            .filter(([, { width, height }]) => width > 0 && (width < 24 || height < 24))
            .map(([name, { width, height }]) => `${name}: ${width} by ${height}`),
        );
      assert.deepEqual(await small(), []);
      await page.goto(stage.url);
      assert.deepEqual(await small(), []);
    }
  });

  test("prints all that was said, and nothing to press", async (t) => {
    const stage = await startStage(t, { messages: many(50) });
    const page = await enter(t, browser, stage);
    await page.getByText("message 50", { exact: true }).waitFor();
    const paper = (await page.pdf({ format: "A4" })).toString("latin1");
    const sheets = paper.match(/\/Type\s*\/Page\b/g).length;
    assert.ok(sheets > 1, `${sheets} sheet of paper`);
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.locator("button:visible, input:visible, textarea:visible, aside:visible").count(), 0);
    const [paperHeight, linesHeight] = await page.evaluate(() => [document.body, document.getElementById("lines")].map((part) => part.offsetHeight));
    assert.ok(paperHeight >= linesHeight, "nothing is cut off");
  });

  test("writes times as the reader does, and shows them for grouped lines, too", async (t) => {
    const at = new Date();
    at.setHours(13, 33, 20);
    const stage = await startStage(t, { messages: [1, 2].map((id) => ({ ...said(id), at: at.getTime() })) });
    const page = await enter(t, browser, stage, { locale: "en-US" });
    const times = page.locator("#lines time");
    assert.match(await times.first().textContent(), /^1:33\sPM$/);
    const grouped = page.locator(".follows");
    assert.match(await grouped.locator(".bubble").getAttribute("title"), /1:33:20\sPM$/);
    const width = () => grouped.locator("time").evaluate((time) => time.parentElement.clientWidth);
    assert.ok((await width()) <= 1);
    await grouped.hover();
    assert.ok((await width()) > 20);
  });

  // ---- Assistive technology ----

  const SIZES = { desk: {}, phone: PHONE, zoomed: { viewport: ZOOMED } };
  for (const colorScheme of ["light", "dark"]) {
    for (const [size, options] of Object.entries(SIZES)) {
      test(`axe finds nothing in any state: ${colorScheme}, ${size}`, async (t) => {
        const rooms = Array.from({ length: 13 }, (_, number) => {
          const last = { nickname: "Bob", text: "hello", time: Date.now() };
          return { name: `Room ${number}`, slug: `room-${number}`, people: number, last };
        });
        const stage = await startStage(t, { rooms });
        const held = gate();
        const sendHistory = stage.sendHistory;
        stage.sendHistory = async (socket) => {
          await held.opened;
          sendHistory(socket);
        };
        const page = await openPage(t, browser, stage.url, { ...options, colorScheme, reducedMotion: "reduce", outage: true });
        await page.addInitScript(axe());
        const violations = async (state) => {
          const found = await page.evaluate(async () => (await axe.run()).violations);
          const said = found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join("\n")}`);
          assert.deepEqual(said, [], state);
        };
        await page.goto(stage.url);
        await page.getByText("hello").first().waitFor();
        await violations("rooms");
        await page.getByLabel("Find a room").fill("nothing of that name");
        await violations("no room is found");

        await page.goto(stage.room);
        await page.getByText("Loading messages…").waitFor();
        await violations("loading");
        held.open();
        await page.getByText("It is quiet here.").waitFor();
        await violations("quiet");
        await page.getByRole("textbox", { name: "Choose a nickname" }).fill("Ann");
        await page.keyboard.press("Enter");
        await writer(page).waitFor();
        stage.messages.push(...many(80));
        await page.reload();
        await page.getByText("message 80", { exact: true }).waitFor();
        stage.say("`code`, www.example.com and\n```\na block\n```");
        stage.chat.emit("announcement", "Cy joined");
        await say(page, "with `code`, www.example.com and\n```\na block\n```");
        await page.getByText("Cy joined").waitFor();
        await violations("talking");
        await scrollTo(page, 200);
        stage.say("below");
        await page.locator("#newer").waitFor();
        await violations("scrolled up");
        await page.locator("#newer").click();
        stage.on["user message"] = () => [false, "That is rude", "refused"];
        await say(page, "rude");
        await page.getByText("Not sent.").waitFor();
        await violations("refused");
        await writer(page).fill("x".repeat(4100));
        await page.getByText("100 too many").waitFor();
        await violations("too long");
        await page.getByRole("button", { name: "Options" }).click();
        await violations("options");
        await page.keyboard.press("Escape");
        if (await page.locator("#people").isVisible()) {
          await page.locator("#people").click();
          await violations("the drawer");
          await page.keyboard.press("Escape");
        }
        stage.on.nickname = () => [false, "Nickname already in use"];
        await page.getByRole("button", { name: "Change nickname" }).click();
        await page.getByRole("textbox", { name: "Your new nickname" }).fill("Bob");
        await page.keyboard.press("Enter");
        await page.getByText("Nickname already in use").waitFor();
        await violations("a nickname is taken");
        await page.getByRole("button", { name: "Cancel" }).click();
        await page.context().setOffline(true);
        await page.getByText("Attempting to reconnect").waitFor();
        await say(page, "later");
        await page.getByText("Waiting for the connection").waitFor();
        await violations("offline");
      });
    }
  }

  test("names what a screen reader meets", async (t) => {
    const stage = await startStage(t, { messages: many(2) });
    const page = await enter(t, browser, stage);
    await page.getByRole("log", { name: "Messages" }).waitFor();
    await page.getByRole("complementary", { name: "Online" }).waitFor();
    await page.getByRole("list", { name: "People here" }).waitFor();
    await page.getByRole("region", { name: "Conversation" }).waitFor();
    // The count is spoken when the typing pauses, and not at each key.
    await writer(page).fill("x".repeat(4100));
    await page.getByRole("status").getByText("100 characters too many").waitFor({ state: "attached" });
    assert.equal(await writer(page).getAttribute("aria-invalid"), "true");
  });
});
