// The chat as people use it: in Chromium with our page client and with the official one, over WebSocket and polling, and
// the essential part in Firefox. page.test.mjs has the page's states one by one.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { atEnd, axe, browsers, chatApp, folder, launch, missing, officialClient, openPage, startChat } from "./tools.mjs";

const CLIENTS = { "our client": [], "the official client": ["--client", officialClient] };
const TRANSPORTS = { "all transports": [], "polling only": ["--transports", "polling"] };
const PHONE = { viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true };

const skip = missing(chatApp);
let browser;
before(async () => {
  if (!skip) browser = await launch();
});
after(() => browser?.close());

/** The text of each line in the room, delivered or not. */
const texts = (page) => page.locator(".bubble").allTextContents();

/** Waits until the room's lines are these, each once, in this order. */
async function showsLines(page, expected) {
  const enough = (count) => document.querySelectorAll(".bubble").length >= count && !document.querySelector(".pending");
  await page.waitForFunction(enough, expected.length).catch(() => {}); // what is there instead says more than a timeout
  assert.deepEqual(await texts(page), expected);
}

/** Waits until these people are online. */
async function showsPeople(page, expected) {
  const names = page.locator("#nicknames .name");
  await names.nth(expected.length - 1).waitFor();
  await names.nth(expected.length).waitFor({ state: "detached" });
  assert.deepEqual(await names.allTextContents(), expected);
}

/** Goes into a room, which is new if need be, under a nickname, and waits for the best transport. */
async function enter(page, url, room, nickname) {
  await page.goto(url);
  await page.getByLabel("New room").fill(room);
  await page.getByRole("button", { name: "Add room" }).click();
  await setNickname(page, nickname);
  await page.getByRole("textbox", { name: "Message as" }).waitFor();
  await page.waitForFunction(() => socket.io.engine.transport.name === document.body.dataset.transports.split(",").at(-1));
}

async function setNickname(page, nickname) {
  await page.getByRole("textbox", { name: "Choose a nickname" }).fill(nickname);
  await page.getByRole("button", { name: "Set nickname" }).click();
}

async function say(page, text) {
  await page.getByRole("textbox", { name: "Message as" }).fill(text);
  await page.getByRole("button", { name: "Send" }).click();
}

/** Two windows talk, and one of them leaves. */
async function talk(t, browser, url) {
  const [ann, ben] = [await openPage(t, browser, url), await openPage(t, browser, url)];
  await enter(ann, url, "Two", "Ann");
  await enter(ben, url, "Two", "Ben");
  await ann.getByText("Ben joined").waitFor();
  await showsPeople(ann, ["Ann", "Ben"]);
  await say(ann, "hello");
  await showsLines(ben, ["hello"]);
  await say(ben, "hello yourself");
  for (const page of [ann, ben]) await showsLines(page, ["hello", "hello yourself"]);
  assert.deepEqual(await ann.locator(".message .who .name").allTextContents(), ["You", "Ben"]);
  await ben.context().close();
  await ann.getByText("Ben left").waitFor();
  await showsPeople(ann, ["Ann"]);
}

/** A person comes back by a reload, with the name and the history, and nobody else hears of it. */
async function reload(t, browser, url) {
  const [ann, ben] = [await openPage(t, browser, url), await openPage(t, browser, url)];
  await enter(ann, url, "Reload", "Ann");
  await enter(ben, url, "Reload", "Ben");
  await say(ann, "one");
  await showsLines(ben, ["one"]);
  await say(ben, "two");
  await showsLines(ann, ["one", "two"]);
  for (let turn = 0; turn < 3; turn += 1) {
    await ann.reload();
    await ann.getByRole("textbox", { name: "Message as Ann" }).waitFor();
    await showsLines(ann, ["one", "two"]);
  }
  assert.deepEqual(await ann.locator(".message .who .name").allTextContents(), ["You", "Ben"]);
  await say(ann, "three");
  await showsLines(ben, ["one", "two", "three"]);
  const notes = (await ben.locator("#lines .note").allTextContents()).join(" ");
  assert.doesNotMatch(notes, /Ann (left|joined|is back)/);
}

/** All that the status line says from now on, so that nothing goes by too fast to be seen. */
async function watchStatus(page) {
  await page.evaluate(() => {
    const line = document.getElementById("status");
    window.statuses = [line.textContent];
    new MutationObserver(() => window.statuses.push(line.textContent)).observe(line, { childList: true });
  });
}

async function hasSaid(page, status) {
  await page.waitForFunction((status) => window.statuses.includes(status), status);
}

for (const [clientName, clientFlags] of Object.entries(CLIENTS)) {
  for (const [transportName, transportFlags] of Object.entries(TRANSPORTS)) {
    const flags = [...clientFlags, ...transportFlags];
    describe(`${clientName}, ${transportName}`, { skip, timeout: 300_000, concurrency: 3 }, () => {
      let chat;
      before(async () => {
        chat = await startChat(flags);
      });
      after(() => chat?.stop());
      const open = (t, options) => openPage(t, browser, chat.url, options);

      test("is what is served, over what is allowed", async (t) => {
        const ann = await open(t);
        await enter(ann, chat.url, "Transport", "Ann");
        const official = (await (await fetch(`${chat.url}/static/socket.io.js`)).text()).includes("Guillermo Rauch");
        assert.equal(official, clientFlags.length > 0);
        const best = transportFlags.length > 0 ? "polling" : "websocket";
        assert.equal(await ann.evaluate(() => socket.io.engine.transport.name), best);
      });

      test("two windows talk", (t) => talk(t, browser, chat.url));

      test("a reload keeps the history and the nickname, and is silent", (t) => reload(t, browser, chat.url));

      test("a nickname that is taken is refused", async (t) => {
        const [ann, other] = [await open(t), await open(t)];
        await enter(ann, chat.url, "Names", "Ann");
        await other.goto(`${chat.url}/room/names`);
        await setNickname(other, "ann");
        await other.getByRole("alert").getByText("Nickname already in use").waitFor();
        await setNickname(other, "Anne");
        await other.getByRole("textbox", { name: "Message as Anne" }).waitFor();
      });

      test("two hundred messages arrive in order", async (t) => {
        const [ann, ben] = [await open(t), await open(t)];
        await enter(ann, chat.url, "Many", "Ann");
        await enter(ben, chat.url, "Many", "Ben");
        const many = Array.from({ length: 200 }, (_, i) => `number ${i}`);
        await ann.evaluate((many) => {
          for (const text of many) {
            document.getElementById("message").value = text;
            document.getElementById("saying").requestSubmit();
          }
        }, many);
        for (const page of [ann, ben]) await showsLines(page, many);
      });

      test("typed markup is text", async (t) => {
        const [ann, ben] = [await open(t), await open(t)];
        const markup = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;
        const name = "<b>Ann</b>";
        await enter(ann, chat.url, "<i>Markup</i> & more", name);
        await enter(ben, chat.url, "<i>Markup</i> & more", "Ben");
        await say(ann, `${markup} javascript:alert(1) https://example.com/?a=<b>`);
        await showsLines(ben, [`${markup} javascript:alert(1) https://example.com/?a=<b>`]);
        for (const page of [ann, ben]) {
          assert.equal(await page.title(), "<i>Markup</i> & more");
          assert.equal(await page.locator("main img, main script, main i, main b").count(), 0);
        }
        assert.equal(await ben.locator(".message .who .name").textContent(), name);
        const link = ben.locator(".bubble a");
        assert.equal(await link.getAttribute("href"), "https://example.com/?a=");
        assert.match(await link.getAttribute("rel"), /noopener/);
        await ben.reload();
        await showsLines(ben, [`${markup} javascript:alert(1) https://example.com/?a=<b>`]);
      });

      test("a window that was offline gets what it missed, once", async (t) => {
        const [ann, ben] = [await open(t), await open(t, { outage: true })];
        await enter(ann, chat.url, "Offline", "Ann");
        await enter(ben, chat.url, "Offline", "Ben");
        await say(ann, "before");
        await showsLines(ben, ["before"]);
        await watchStatus(ben);
        await ben.context().setOffline(true);
        await hasSaid(ben, "Attempting to reconnect");
        await say(ben, "from the tunnel");
        await ben.locator(".pending").waitFor();
        const missed = ["one", "two", "three"];
        for (const text of missed) await say(ann, text);
        await showsLines(ann, ["before", ...missed]);
        await ben.context().setOffline(false);
        await hasSaid(ben, "Reconnected to the server");
        for (const page of [ann, ben]) await showsLines(page, ["before", ...missed, "from the tunnel"]);
      });

      test("a server that was stopped and continued gets each message once", async (t) => {
        const server = await startChat(flags);
        atEnd(t, () => server.stop());
        const [ann, ben] = [await openPage(t, browser, server.url, { outage: true }), await openPage(t, browser, server.url, { outage: true })];
        await enter(ann, server.url, "Stopped", "Ann");
        await enter(ben, server.url, "Stopped", "Ben");
        server.signal("SIGSTOP");
        await say(ann, "once");
        await say(ann, "and in order");
        await ann.getByText("No answer yet. Asking again until there is one.").waitFor();
        // The page has asked a second time when the first question is older than its patience.
        await ann.evaluate(
          () =>
            new Promise((asked) => {
              const timeout = socket.timeout.bind(socket);
              socket.timeout = (...args) => (asked(), timeout(...args));
            }),
        );
        assert.equal(await ann.getByText("Not sent").count(), 0);
        server.signal("SIGCONT");
        for (const page of [ann, ben]) await showsLines(page, ["once", "and in order"]);
        await ann.reload();
        await showsLines(ann, ["once", "and in order"]);
      });

      for (const [how, signal] of [["killed", "SIGKILL"], ["ended", "SIGTERM"]]) {
        test(`a server that was ${how} and is back`, async (t) => {
          const database = join(folder(t), "chat.db");
          let server = await startChat(flags, { database });
          atEnd(t, () => server.stop());
          const pages = [await openPage(t, browser, server.url, { outage: true }), await openPage(t, browser, server.url, { outage: true })];
          const [ann, ben] = pages;
          await enter(ann, server.url, "Restart", "Ann");
          await enter(ben, server.url, "Restart", "Ben");
          await say(ann, "before");
          await showsLines(ben, ["before"]);
          for (const page of pages) await watchStatus(page);
          await server.stop(signal);
          for (const page of pages) await hasSaid(page, "Attempting to reconnect");
          await say(ann, "one");
          await say(ann, "two");
          server = await startChat(flags, { database, port: server.port });
          for (const page of pages) await hasSaid(page, "Reconnected to the server");
          for (const page of pages) await showsLines(page, ["before", "one", "two"]);
          await say(ben, "after");
          for (const page of pages) await showsLines(page, ["before", "one", "two", "after"]);
        });
      }

      test("a message that is refused stays until its author decides", async (t) => {
        const ann = await open(t);
        await enter(ann, chat.url, "Refused", "Ann");
        await say(ann, "a bell: \u0007");
        await ann.getByText("Not sent. Control characters are not allowed.").waitFor();
        await ann.getByRole("button", { name: "Edit" }).click();
        const field = ann.getByRole("textbox", { name: "Message as" });
        assert.equal(await field.inputValue(), "a bell: \u0007");
        await say(ann, "another bell: \u0007");
        await ann.getByRole("button", { name: "Discard" }).click();
        await say(ann, "no bell");
        await showsLines(ann, ["no bell"]);
      });

      test("a refused message is still refused after a reload, and not sent by itself", async (t) => {
        const ann = await open(t);
        await enter(ann, chat.url, "Refused and reloaded", "Ann");
        await say(ann, "a bell: \u0007");
        await ann.getByText("Not sent. Control characters are not allowed.").waitFor();
        await ann.evaluate(() => {
          const place = `chat outbox ${document.body.dataset.room}`;
          const kept = JSON.parse(sessionStorage.getItem(place));
          kept[0].text = "no bell any more";
          addEventListener("pagehide", () => sessionStorage.setItem(place, JSON.stringify(kept)));
        });
        await ann.reload();
        await say(ann, "after");
        await showsLines(ann, ["after", "no bell any more"]);
        await ann.getByText("Not sent. Control characters are not allowed.").waitFor();
      });

      test("half an emoji is sent as a replacement character", async (t) => {
        const [ann, ben] = [await open(t), await open(t)];
        await enter(ann, chat.url, "Emoji", "Ann");
        await enter(ben, chat.url, "Emoji", "Ben");
        await watchStatus(ann);
        await ann.evaluate(() => {
          document.getElementById("message").value = "cut \ud83d";
          document.getElementById("saying").requestSubmit();
        });
        await showsLines(ben, ["cut \ufffd"]);
        await say(ann, "whole \u{1f980}");
        for (const page of [ann, ben]) await showsLines(page, ["cut \ufffd", "whole \u{1f980}"]);
        assert.deepEqual(await ann.evaluate(() => window.statuses), ["Connected"]);
      });

      test("half an emoji in a nickname breaks nothing", async (t) => {
        const ann = await open(t);
        await enter(ann, chat.url, "Half a name", "Ann");
        await watchStatus(ann);
        await ann.getByRole("button", { name: "Change nickname" }).click();
        await ann.evaluate(() => {
          document.getElementById("nickname").value = "Ann \ud83d";
          document.getElementById("naming").requestSubmit();
        });
        await ann.waitForFunction(() => document.getElementById("naming").hidden || document.getElementById("naming-error").textContent);
        assert.deepEqual(await ann.evaluate(() => window.statuses), ["Connected"]);
      });

      test("a message that breaks the connection each time does not hold the others up", async (t) => {
        const ann = await open(t, { outage: true });
        await enter(ann, chat.url, "Poison", "Ann");
        await ann.evaluate(() => {
          const timeout = socket.timeout.bind(socket);
          socket.timeout = (milliseconds) => ({
            emit: (event, text, ...rest) => {
              if (text === "poison") socket.io.engine.send("no packet");
              timeout(milliseconds).emit(event, text, ...rest);
            },
          });
        });
        await say(ann, "poison");
        await ann.getByText("Perhaps not sent. The connection broke each time.").waitFor();
        await say(ann, "and all is well");
        await showsLines(ann, ["and all is well", "poison"]);
        await ann.getByRole("button", { name: "Discard" }).click();
        await showsLines(ann, ["and all is well"]);
      });

      if (transportFlags.length > 0) {
        test("a message whose acknowledgement is lost is not said twice", async (t) => {
          const [ann, ben] = [await open(t, { outage: true }), await open(t)];
          let lost = false;
          await ann.route("**/socket.io/**", async (route) => {
            if (lost) return route.continue();
            const response = await route.fetch();
            lost = /43\/chat,\d+\[true,\d+\]/.test(await response.text());
            return lost ? route.abort("connectionreset") : route.fulfill({ response });
          });
          await enter(ann, chat.url, "Unsure", "Ann");
          await enter(ben, chat.url, "Unsure", "Ben");
          await watchStatus(ann);
          await say(ann, "once");
          await hasSaid(ann, "Reconnected to the server");
          assert.ok(lost);
          await say(ann, "after");
          for (const page of [ann, ben]) await showsLines(page, ["once", "after"]);
        });
      }

      // What is below depends on the page alone, not on the transport.
      if (transportFlags.length > 0) return;

      for (const [what, forbid] of Object.entries({
        "is forbidden": () => {
          const get = () => {
            throw new DOMException("forbidden", "SecurityError");
          };
          for (const area of ["sessionStorage", "localStorage"]) Object.defineProperty(window, area, { get });
        },
        "is full": () => {
          Storage.prototype.setItem = () => {
            throw new DOMException("full", "QuotaExceededError");
          };
        },
      })) {
        test(`without memory when storage ${what}`, async (t) => {
          const ann = await open(t);
          await ann.addInitScript(forbid);
          await enter(ann, chat.url, `Storage ${what}`, "Ann");
          await say(ann, what);
          await ann.locator("#lines").getByText(what).waitFor();
        });
      }

      test("works by keyboard", async (t) => {
        const ann = await open(t);
        const focused = () =>
          ann.evaluate(() => {
            const { id, textContent } = document.activeElement;
            const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
            return { who: id || textContent.trim(), outline: outlineStyle !== "none" && outlineWidth !== "0px" };
          });
        const tabTo = async (who, key = "Tab") => {
          // On the first page the rooms that the other tests added come before the form.
          for (let steps = 0; steps < 40; steps += 1) {
            await ann.keyboard.press(key);
            const at = await focused();
            assert.ok(at.outline, `${at.who} shows that it has the focus`);
            if (at.who === who) return;
          }
          assert.fail(`${who} is not reached`);
        };
        await ann.goto(chat.url);
        await tabTo("name");
        await ann.keyboard.type("Keyboard");
        await ann.keyboard.press("Enter");
        await ann.locator("#nickname:focus").waitFor();
        await ann.keyboard.type("Ann");
        await ann.keyboard.press("Enter");
        await ann.locator("#message:focus").waitFor();
        await ann.keyboard.type("two");
        await ann.keyboard.press("Shift+Enter");
        await ann.keyboard.type("lines");
        await ann.keyboard.press("Enter");
        await showsLines(ann, ["two\nlines"]);
        await tabTo("rename", "Shift+Tab");
        await ann.keyboard.press("Enter");
        await ann.locator("#nickname:focus").waitFor();
        await ann.keyboard.press("Escape");
        await ann.locator("#message:focus").waitFor();
        await tabTo("scroll", "Shift+Tab");
        assert.ok(await ann.getByRole("log").getByText("two").isVisible());
      });

      test("a phone has no need to scroll sideways", async (t) => {
        const ann = await open(t, PHONE);
        const fits = async (where) => {
          const { wide, inside } = await ann.evaluate(() => {
            const scroll = document.getElementById("scroll") ?? document.documentElement;
            return { wide: document.documentElement.scrollWidth, inside: scroll.scrollWidth - scroll.clientWidth };
          });
          assert.ok(wide <= 390 && inside <= 0, `${where}: ${wide} pixels wide, ${inside} too many inside`);
        };
        await enter(ann, chat.url, "W".repeat(64), "M".repeat(32));
        await say(ann, `${"averylongword".repeat(30)} https://example.com/${"a".repeat(200)}`);
        await ann.locator("#lines .message").waitFor();
        await fits("the room");
        await ann.getByRole("button", { name: "1 person here" }).click();
        await ann.locator("#nicknames").waitFor();
        await fits("the drawer");
        await ann.getByRole("button", { name: "Change nickname" }).click();
        await fits("the nickname form");
        await ann.goto(chat.url);
        await fits("the rooms");
      });

      test("counts what is unread, and says when a message is too long", async (t) => {
        const [ann, ben] = [await open(t), await open(t)];
        await enter(ann, chat.url, "Unread", "Ann");
        await enter(ben, chat.url, "Unread", "Ben");
        // A headless window is never hidden by itself.
        const hide = (hidden) => {
          Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        };
        await ben.evaluate(hide, true);
        await say(ann, "look");
        await ben.waitForFunction(() => document.title === "(1) Unread");
        await ben.evaluate(hide, false);
        assert.equal(await ben.title(), "Unread");
        await ann.getByRole("textbox", { name: "Message as" }).fill("x".repeat(4001));
        await ann.getByText("1 too many").waitFor();
        assert.ok(await ann.getByRole("button", { name: "Send" }).isDisabled());
        await say(ann, "x".repeat(4000));
        await showsLines(ben, ["look", "x".repeat(4000)]);
      });
    });
  }
}

describe("in Firefox", { skip: skip || browsers.Firefox, timeout: 300_000, concurrency: 2 }, () => {
  let chat, firefox;
  before(async () => {
    firefox = await launch("Firefox");
    chat = await startChat([]);
  });
  after(async () => {
    await firefox?.close();
    await chat?.stop();
  });

  test("two windows talk", (t) => talk(t, firefox, chat.url));

  test("a reload keeps the history and the nickname, and is silent", (t) => reload(t, firefox, chat.url));
});

describe("the other pages", { skip, timeout: 300_000, concurrency: 3 }, () => {
  let chat;
  before(async () => {
    chat = await startChat(["--admin-token", "a token of the tests"]);
  });
  after(() => chat?.stop());

  const violations = (page) =>
    page.evaluate(async () => (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`));

  for (const colorScheme of ["light", "dark"]) {
    test(`a room's name that is refused has the focus, and says why: ${colorScheme}`, async (t) => {
      const page = await openPage(t, browser, chat.url, { colorScheme, outage: true }); // the status of the answer is 400
      await page.addInitScript(axe());
      await page.goto(chat.url);
      await page.getByLabel("New room").fill("!");
      await page.keyboard.press("Enter");
      await page.getByRole("alert").waitFor();
      await page.locator("#name:focus").waitFor();
      assert.equal(await page.locator("#name").getAttribute("aria-invalid"), "true");
      assert.equal(await page.locator("#name").inputValue(), "!");
      assert.equal(await page.title(), "Error: no room was added");
      assert.deepEqual(await violations(page), []);
    });

    test(`axe finds nothing on the page of the administrator: ${colorScheme}`, async (t) => {
      const page = await openPage(t, browser, chat.url, { colorScheme });
      await page.addInitScript(axe());
      await page.goto(`${chat.url}/admin`);
      await page.getByRole("heading").first().waitFor();
      assert.deepEqual(await violations(page), []);
    });

    test(`a room that is not there can be opened: ${colorScheme}`, async (t) => {
      const page = await openPage(t, browser, chat.url, { colorScheme });
      page.removeAllListeners("console"); // the browser reports the status 404
      await page.addInitScript(axe());
      await page.goto(`${chat.url}/room/${colorScheme}-room`);
      await page.getByRole("heading", { name: "No such room" }).waitFor();
      assert.deepEqual(await violations(page), []);
      await page.getByRole("button", { name: "Open room" }).click();
      await page.getByRole("heading", { name: `${colorScheme}-room` }).waitFor();
    });
  }

  test("an administrator with the token sees rooms, connections and packets, and ends a connection", async (t) => {
    const [admin, ann] = [await openPage(t, browser, chat.url), await openPage(t, browser, chat.url)];
    await admin.goto(`${chat.url}/admin`);
    await admin.getByLabel("Token").fill("a guess of sixteen");
    await admin.getByRole("button", { name: "Connect" }).click();
    await admin.getByRole("status").getByText("Wrong token").waitFor();
    assert.equal(await admin.getByRole("heading", { name: "Connections" }).isVisible(), false);

    await admin.getByLabel("Token").fill("a token of the tests");
    await admin.getByRole("button", { name: "Connect" }).click();
    await admin.getByRole("heading", { name: "Connections" }).waitFor();
    await enter(ann, chat.url, "<i>Engine room</i>", "Ann <b>");
    const room = admin.locator("#rooms tr", { hasText: "<i>Engine room</i>" });
    await room.getByRole("cell", { name: "1", exact: true }).waitFor();
    const connection = admin.locator("#connections tr", { hasText: "Ann <b>" });
    await connection.getByText("127.0.0.1").waitFor();

    await say(ann, "a word in private");
    for (const [way, event] of [["in", "user message"], ["out", "msg_to_room"]]) {
      const packet = admin.locator("#packets tr", { hasText: event }).filter({ has: admin.getByText(way, { exact: true }) });
      await packet.first().waitFor();
    }
    assert.ok(!(await admin.content()).includes("a word in private"), "what people say is not shown");

    // A reload needs the token no more; a new tab does.
    await admin.reload();
    await connection.waitFor();
    const id = await ann.evaluate(() => socket.id);
    await connection.getByRole("button", { name: "End" }).click();
    await ann.waitForFunction((id) => socket.id !== id, id);
    const stranger = await openPage(t, browser, chat.url);
    await stranger.goto(`${chat.url}/admin`);
    await stranger.getByLabel("Token").waitFor();
    assert.equal(await stranger.getByRole("heading", { name: "Connections" }).isVisible(), false);
  });

  test("the list of rooms changes while it is looked at", async (t) => {
    const [page, ann] = [await openPage(t, browser, chat.url), await openPage(t, browser, chat.url)];
    await page.goto(chat.url);
    await enter(ann, chat.url, "Live", "Ann");
    const room = page.getByRole("link", { name: "Live" });
    await room.getByText("1 person").waitFor();
    await say(ann, "look at this");
    await room.getByText("Ann: look at this").waitFor();
  });
});
