// The labs in Chromium: each does what its chapter says that it does.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, test } from "node:test";
import { SIZES, THEMES, open, reading, root, skip, target } from "./tools.mjs";

const PATIENCE = { timeout: 30_000 };

describe("labs", { skip, timeout: 600_000 }, () => {
  test("a frame, with every bit named", async (t) => {
    const { page, complaints } = await open(t, "07-websocket.html");
    const lab = page.locator('.lab[data-lab="frames"]');
    const status = lab.getByRole("status");
    const frames = lab.locator(".frame");
    const row = (frame, name) => frame.getByRole("row").filter({ has: page.getByRole("rowheader", { name, exact: true }) });

    await lab.getByRole("button", { name: "Open a WebSocket" }).click(PATIENCE);
    await status.filter({ hasText: "Connected" }).waitFor(PATIENCE);
    const handshake = await lab.locator("pre").allTextContents();
    assert.match(handshake[0], /^GET \/ HTTP\/1.1\r?\n/);
    assert.match(handshake[1], /^HTTP\/1.1 101 Switching Protocols/);

    await lab.getByLabel("Message").fill("tea at four");
    await lab.getByRole("button", { name: "Send as text" }).click();
    await frames.nth(1).waitFor(PATIENCE);
    assert.match(await frames.nth(0).textContent(), /browser → server, 17 bytes/);
    assert.match(await row(frames.nth(0), "MASK").textContent(), /1masked/);
    assert.match(await row(frames.nth(0), "payload").textContent(), /"tea at four"/);
    assert.equal((await row(frames.nth(0), "masking key").locator("code").textContent()).split(" ").length, 4);
    // The server does not mask: what it sends can be read off the bytes.
    assert.match(await frames.nth(1).textContent(), /server → browser, 13 bytes810b746561/);

    await lab.getByRole("button", { name: "Have the server ping" }).click();
    await frames.nth(3).waitFor(PATIENCE);
    assert.match(await row(frames.nth(2), "opcode").textContent(), /1001ping/);
    assert.match(await frames.nth(3).textContent(), /browser → server.*pong.*are you there\?/s);

    await lab.getByLabel("Message").fill("x".repeat(1500));
    await lab.getByRole("button", { name: "Send as bytes" }).click();
    await status.filter({ hasText: "Closed, code 1009" }).waitFor(PATIENCE);

    await lab.getByRole("button", { name: "Open a WebSocket" }).click();
    await status.filter({ hasText: "Connected" }).waitFor(PATIENCE);
    await lab.getByRole("button", { name: "Have the server close" }).click();
    await status.filter({ hasText: "Closed, code 1000, “that was all”" }).waitFor(PATIENCE);
    assert.deepEqual(complaints, []);
  });

  test("the transports race", async (t) => {
    const { page, complaints } = await open(t, "08-transports.html");
    const lab = page.locator('.lab[data-lab="race"]');
    await lab.getByLabel("Events").fill("60", PATIENCE);
    await lab.getByLabel("one every").fill("2");
    await lab.getByRole("button", { name: "Start the race" }).click();
    await lab.getByRole("status").filter({ hasText: "Each delivered every event, in order." }).waitFor(PATIENCE);
    const lanes = await lab.locator("tbody tr").all();
    assert.equal(lanes.length, 7);
    for (const lane of lanes) {
      assert.equal(await lane.locator("progress").evaluate((bar) => bar.value / bar.max), 1);
      assert.match(await lane.locator("td").nth(1).textContent(), /^\d+\.\d$/);
    }
    assert.deepEqual(complaints, []);
  });

  test("a session survives a short tunnel, and not a long one", async (t) => {
    const { page, complaints } = await open(t, "09-engine-io.html");
    const lab = page.locator('.lab[data-lab="session"]');
    const said = (text) => lab.getByRole("status").filter({ hasText: text }).waitFor(PATIENCE);
    const button = (name) => lab.getByRole("button", { name, exact: true });

    await button("Open a session").click(PATIENCE);
    await said("Browser: open, by WebSocket");
    await said("Server: a session is open");
    const wire = await lab.locator(".log").textContent();
    for (const packet of ["0open", "2ping", "probe", "6noop", "5upgrade"]) assert.ok(wire.includes(packet), `no ${packet} in ${wire}`);
    await button("Say hello").click();
    await lab.locator(".log li.down", { hasText: "hello to you" }).waitFor(PATIENCE);

    await button("Cut the network").click();
    await said("Network: cut");
    await button("Say hello").click();
    await button("Restore the network").click();
    await said("Network: whole");
    await lab.locator(".log li.down", { hasText: "hello to you" }).nth(1).waitFor(PATIENCE);
    await said("Browser: open, by WebSocket");

    await button("Cut the network").click();
    await said("Browser: closed: ping timeout");
    await said("Server: closed: ping timeout");
    // Nobody hears of a session that is asked for in the tunnel, until it opens.
    await button("Open a session").click();
    await button("Restore the network").click();
    await said("Server: a session is open");
    await said("Browser: open, by WebSocket");
    await button("Close the session").click();
    await said("Server: closed: transport close");
    assert.deepEqual(complaints.filter((line) => !line.includes("WebSocket")), []);
  });

  test("the console speaks to the chat that others see", async (t) => {
    const { page, complaints } = await open(t, "10-socket-io.html");
    const lab = page.locator('.lab[data-lab="console"]');
    const status = lab.getByRole("status");
    const emit = async (event, args, answer) => {
      await lab.getByLabel("Event", { exact: true }).fill(event);
      if (args) await lab.getByLabel("Arguments").fill(args);
      await lab.getByRole("button", { name: "emit", exact: true }).click();
      await status.filter({ hasText: answer }).waitFor(PATIENCE);
    };
    await lab.getByRole("button", { name: "Connect to /chat" }).click(PATIENCE);
    await status.filter({ hasText: "Connected" }).waitFor(PATIENCE);
    const link = await lab.getByRole("link", { name: "The room “tea”" }).getAttribute("href");
    assert.equal((await page.request.get(link)).status(), 200, "the room is there before anybody joins it");
    await emit("user message", '["too soon"]', 'the answer is false, "Join a room first"');
    await emit("join", '["tea"]', "the answer is true");
    await emit("nickname", '["Ada"]', 'the answer is true, "Ada"');
    await lab.getByLabel("Arguments").fill('["tea');
    await lab.getByRole("button", { name: "emit", exact: true }).click();
    await lab.getByRole("alert").getByText("Arguments are a list in JSON").waitFor(PATIENCE);
    assert.match(await status.textContent(), /Ada/, "the status is still there");
    const parts = lab.locator(".log li.up", { hasText: "Ada" }).locator(".part");
    assert.deepEqual(await parts.allTextContents(), ["4message", "2event", "/chat,namespace", "2acknowledgement id", '["nickname","Ada"]data']);

    const opened = page.waitForEvent("popup");
    await lab.getByRole("link", { name: "The room “tea”" }).click();
    const room = await opened;
    await room.locator("#nicknames").getByText("Ada").waitFor(PATIENCE);
    await emit("user message", '["is it ready?"]', "the answer is true");
    await room.locator("#lines").getByText("is it ready?").waitFor(PATIENCE);
    await room.locator("#nickname").fill("Bob");
    await room.locator("#nickname").press("Enter");
    await room.locator("#message").fill("nearly");
    await room.locator("#message").press("Enter");
    await lab.locator(".log li.down", { hasText: "msg_to_room" }).filter({ hasText: "nearly" }).waitFor(PATIENCE);
    await room.close();

    await lab.getByRole("button", { name: "Disconnect" }).click();
    await status.filter({ hasText: "Disconnected" }).waitFor(PATIENCE);
    assert.deepEqual(complaints, []);
  });

  test("two servers share a room, lose a server, and lose the bus", async (t) => {
    const { page, complaints } = await open(t, "12-several-servers.html");
    const lab = page.locator('.lab[data-lab="cluster"]');
    const pane = (name) => lab.locator(".person").filter({ has: page.locator("b", { hasText: new RegExp(`^${name}$`) }) });
    const button = (name) => lab.getByRole("button", { name, exact: true });
    const on = (name, server) => pane(name).getByText(`on server ${server}`, { exact: true }).waitFor(PATIENCE);
    const say = async (name, text) => {
      await pane(name).getByRole("textbox").fill(text);
      await pane(name).getByRole("textbox").press("Enter");
    };
    const sees = (name, text) => pane(name).getByRole("listitem").filter({ hasText: text }).waitFor(PATIENCE);
    const passed = lab.locator(".log li.passing");
    const ask = async (name, answer) => {
      await pane(name).getByRole("button", { name: "Who is there?" }).click();
      await sees(name, `Who is there? ${answer}`);
    };

    await on("Ann", "one");
    await on("Bob", "two");
    await say("Ann", "is it ready?");
    for (const name of ["Ann", "Bob"]) await sees(name, "Ann is it ready?");
    assert.equal(await passed.count(), 1, "one message for one broadcast");
    assert.match(await passed.textContent(), /^server one → server twosocket\.io#\/chat#tea#\d+ bytes"one"sender.*is it ready\?.*packet.*selection$/);

    await ask("Bob", "Ann, Bob");
    assert.equal(await passed.count(), 3);
    assert.match(await passed.nth(1).textContent(), /^server two → server one.*"requestId".*question$/);
    assert.match(await passed.nth(2).textContent(), /^server one → server two.*"handshake":"…".*answer$/);

    await button("Kill server two").click();
    await lab.getByRole("status").filter({ hasText: "Server two: dead" }).waitFor(PATIENCE);
    await on("Bob", "one");
    await say("Bob", "my server is gone");
    for (const name of ["Ann", "Bob"]) await sees(name, "Bob my server is gone");
    await ask("Ann", "Ann, Bob");

    await button("Start server two").click();
    await lab.getByRole("status").filter({ hasText: "Server two: running" }).waitFor(PATIENCE);
    await button("Kill server one").click();
    await on("Ann", "two");
    await on("Bob", "two");
    await button("Start server one").click();
    await lab.getByRole("status").filter({ hasText: "Server one: running" }).waitFor(PATIENCE);
    await button("Kill server two").click();
    await on("Ann", "one");
    await on("Bob", "one");
    await button("Start server two").click();
    await lab.getByRole("status").filter({ hasText: "Server two: running" }).waitFor(PATIENCE);
    assert.deepEqual(complaints.filter((line) => !line.includes("WebSocket")), []);
  });

  test("without the bus each server serves its own client, and what is said is lost to the other", async (t) => {
    const { page, complaints } = await open(t, "12-several-servers.html");
    const lab = page.locator('.lab[data-lab="cluster"]');
    const panes = lab.locator(".person");
    const [ann, bob] = [panes.nth(0), panes.nth(1)];
    const say = async (pane, text) => {
      await pane.getByRole("textbox").fill(text);
      await pane.getByRole("textbox").press("Enter");
    };
    const sees = (pane, text) => pane.getByRole("listitem").filter({ hasText: text }).waitFor(PATIENCE);
    await ann.getByText("on server one").waitFor(PATIENCE);
    await bob.getByText("on server two").waitFor(PATIENCE);

    await lab.getByRole("button", { name: "Take the bus away" }).click();
    await lab.getByRole("status").filter({ hasText: "Bus: away" }).waitFor(PATIENCE);
    await say(ann, "anybody there?");
    await sees(ann, "Ann anybody there?");
    await ann.getByRole("button", { name: "Who is there?" }).click();
    await sees(ann, "the bus is away");

    await lab.getByRole("button", { name: "Bring the bus back" }).click();
    await lab.getByRole("status").filter({ hasText: "Bus: connected" }).waitFor(PATIENCE);
    await say(ann, "the tea is ready");
    await sees(bob, "Ann the tea is ready");
    // What was lost would have come before that.
    assert.deepEqual(await bob.getByRole("listitem").allTextContents(), ["Ann the tea is ready"]);
    assert.deepEqual(complaints, []);
  });

  test("the page of 2013 talks to a client of today, and loses its lines", async (t) => {
    const { page, complaints } = await open(t, "13-the-talks-own-page.html");
    const lab = page.locator('.lab[data-lab="then"]');
    await lab.getByRole("button", { name: "Open the pages" }).click(PATIENCE);
    const frames = ["websocket", "xhr-polling"].map((name) => lab.frameLocator(`iframe[title="The page of 2013, over ${name}"]`));
    for (const [index, frame] of frames.entries()) {
      await frame.locator("#chat.connected").waitFor(PATIENCE);
      await frame.getByLabel("nickname").fill(["Then", "Slow"][index]);
      await frame.getByLabel("nickname").press("Enter");
      await frame.locator("#chat.nickname-set").waitFor(PATIENCE);
    }
    const today = lab.locator(".person");
    await today.getByText("connected", { exact: true }).waitFor(PATIENCE);
    const line = (where, text) => where.locator("#lines p", { hasText: text }).waitFor(PATIENCE);
    const packet = (who, way, text) => lab.locator(`.log li.${way}`).filter({ hasText: who }).filter({ hasText: text }).first().waitFor(PATIENCE);

    await frames[0].getByRole("textbox", { name: "Message" }).fill("naïve 👋");
    await frames[0].getByRole("button", { name: "Send" }).click();
    await line(frames[1], "Thennaïve 👋");
    await today.getByRole("listitem").filter({ hasText: "naïve 👋" }).waitFor(PATIENCE);
    await frames[1].getByRole("textbox", { name: "Message" }).fill("by polling");
    await frames[1].getByRole("button", { name: "Send" }).click();
    await line(frames[0], "Slowby polling");
    await today.getByRole("textbox").fill("hello, 2013");
    await today.getByRole("textbox").press("Enter");
    for (const frame of frames) await line(frame, "Todayhello, 2013");

    const raw = async (item) => (await item.locator(".part code").allTextContents()).join("");
    const sent = lab.locator(".log li.up").filter({ hasText: "user message" });
    assert.equal(await raw(sent.nth(0)), '5::/chat:{"name":"user message","args":["naïve 👋"]}');
    assert.match(await sent.nth(1).textContent(), /^2013→ server, xhr-polling/);
    const heard = lab.locator(".log li.down").filter({ hasText: "hello, 2013" });
    assert.equal(await heard.count(), 2, "both pages of 2013, and not the sender");
    const event = '5::/chat:{"name":"msg_to_room","args":["Today","hello, 2013",';
    for (const item of await heard.all()) assert.ok((await raw(item)).includes(event), await raw(item));
    await packet("2013", "down", "seconds of silence");
    await packet("today", "up", '["join",');

    // The fault of slide 21.
    await lab.getByRole("button", { name: "Break the connection of the first page" }).click();
    await frames[0].locator("#lines").waitFor({ ...PATIENCE, state: "detached" });
    await frames[0].locator("#chat.connected").waitFor(PATIENCE);
    await line(frames[1], "Todayhello, 2013");
    assert.deepEqual(complaints, []);
  });

  test("axe finds no fault in the labs of chapters 12 and 13, and the keyboard reaches all of them", async (t) => {
    const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
    for (const theme of THEMES) {
      for (const [chapter, name, prepare] of [
        ["12-several-servers", "cluster", async (lab) => {
          await lab.getByText("on server two").waitFor(PATIENCE);
          await lab.getByRole("button", { name: "Who is there?" }).first().click();
          await lab.locator("li.passing").nth(1).waitFor(PATIENCE);
          await lab.getByRole("button", { name: "Take the bus away" }).click();
          await lab.getByRole("status").filter({ hasText: "Bus: away" }).waitFor(PATIENCE);
        }],
        ["13-the-talks-own-page", "then", async (lab) => {
          await lab.getByRole("button", { name: "Open the pages" }).click();
          await lab.locator(".log li").nth(5).waitFor(PATIENCE);
          await lab.getByText("connected", { exact: true }).waitFor(PATIENCE);
        }],
      ]) {
        const { page } = await open(t, `${chapter}.html`, { theme });
        const lab = page.locator(`.lab[data-lab="${name}"]`);
        await prepare(lab);
        for (const frame of page.frames()) await frame.evaluate(axe);
        const faults = await page.evaluate(async (name) => {
          const { violations } = await window.axe.run(`.lab[data-lab="${name}"]`, { resultTypes: ["violations"], rules: { region: { enabled: false } } });
          return violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 120)}`);
        }, name);
        assert.deepEqual(faults, [], `${name}, ${theme}`);
        // Tab visits every control that can be used, in the order in which they are drawn.
        const controls = await lab.locator("button:enabled, input:enabled, iframe").count();
        const first = lab.locator("button:enabled").first();
        await first.focus();
        let reached = 1;
        for (let step = 0; step < 60 && reached < controls; step++) {
          await page.keyboard.press("Tab");
          reached = await page.evaluate((name) => {
            const lab = document.querySelector(`.lab[data-lab="${name}"]`);
            window.reached ??= new Set([lab.querySelector("button:enabled")]);
            const here = document.activeElement;
            if (lab.contains(here) && here.matches("button, input, iframe")) window.reached.add(here);
            return window.reached.size;
          }, name);
        }
        assert.equal(reached, controls, `${name}: the keyboard reaches`);
      }
    }
  });

  test("a lab that is alive fits a phone", async (t) => {
    for (const [chapter, name, press] of [
      ["07-websocket", "frames", "Open a WebSocket"],
      ["08-transports", "race", "Start the race"],
      ["09-engine-io", "session", "Open a session"],
      ["10-socket-io", "console", "Connect to /chat"],
      ["12-several-servers", "cluster", "Take the bus away"],
      ["13-the-talks-own-page", "then", "Open the pages"],
    ]) {
      const { page } = await open(t, `${chapter}.html`, { size: "phone", theme: "navy" });
      const lab = page.locator(`.lab[data-lab="${name}"]`);
      await lab.getByRole("button", { name: press }).click(PATIENCE);
      await lab.locator(".log li, .race tbody tr").first().waitFor(PATIENCE);
      const widest = await lab.evaluate((lab) => lab.getBoundingClientRect().right);
      assert.ok(widest <= SIZES.phone.width, `${name} is ${widest} wide`);
      const over = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
      assert.equal(await page.evaluate(over), 0, `${name}: the page scrolls sideways`);
    }
  });

  test("a lab is alive under the machine's other name, too", async (t) => {
    const home = reading.url.replace("127.0.0.1", "localhost");
    const { page } = await open(t, `${home}/07-websocket.html`);
    const frames = page.locator('.lab[data-lab="frames"]');
    await frames.getByRole("button", { name: "Open a WebSocket" }).click(PATIENCE);
    await frames.getByRole("status").filter({ hasText: "Connected" }).waitFor(PATIENCE);
    await page.goto(`${home}/09-engine-io.html`);
    const session = page.locator('.lab[data-lab="session"]');
    await session.getByRole("button", { name: "Open a session" }).click(PATIENCE);
    await session.getByRole("status").filter({ hasText: "Browser: open, by WebSocket" }).waitFor(PATIENCE);
  });

  test("in plain files a lab says what to run", async (t) => {
    for (const name of (await readdir(join(root, "book/src"))).filter((name) => /^\d\d-.*\.md$/.test(name))) {
      const file = join(target, "book-served", name.replace(".md", ".html"));
      assert.ok(existsSync(file));
      const { page } = await open(t, `file://${file}`);
      for (const lab of await page.locator(".lab").all()) {
        assert.match(await lab.textContent(), /alive where cargo run -p book serves it. Here you can run cargo run -p /);
        assert.equal(await lab.getByRole("button").count(), 0);
      }
    }
  });

  test("only so many pages have a server, and it ends with its page", async (t) => {
    const { page } = await open(t, "preface.html");
    const opened = await page.evaluate(async () => {
      const url = `${location.origin.replace("http", "ws")}/__labs/frames`;
      const ask = () => new Promise((resolve) => {
        const socket = new WebSocket(url);
        socket.onopen = () => resolve(socket);
        socket.onclose = () => resolve(null);
      });
      const sockets = [];
      for (let asked = 0; asked < 40; asked++) sockets.push(await ask());
      const taken = sockets.filter(Boolean);
      for (const socket of taken) socket.close();
      // A place is free when the server that had it is gone.
      const deadline = Date.now() + 20_000;
      let again = await ask();
      while (!again && Date.now() < deadline) again = await ask();
      return [taken.length, Boolean(again)];
    });
    assert.deepEqual(opened, [32, true]);
  });

  test("nobody else's page has a server here", async (t) => {
    const { page } = await open(t, "preface.html");
    const port = new URL(reading.url).port;
    // `localhost` is another site than `127.0.0.1`, though it is the same machine.
    const closed = await page.evaluate(
      (url) => new Promise((resolve) => {
        const socket = new WebSocket(url);
        socket.onopen = () => resolve("open");
        socket.onclose = () => resolve("closed");
      }),
      `ws://localhost:${port}/__labs/frames`,
    );
    assert.equal(closed, "closed");
  });
});
