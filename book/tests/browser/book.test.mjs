// The book in Chromium, as it is read: every page, in both themes, on a desk and on a phone, with its quizzes.

import assert from "node:assert/strict";
import { readFile, utimes } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, test } from "node:test";
import { SIZES, THEMES, open, reading, root, skip, target } from "./tools.mjs";

/** The pages that the sidebar leads to, in order. */
async function pages() {
  const summary = await readFile(join(root, "book/src/SUMMARY.md"), "utf8");
  return [...summary.matchAll(/\]\(([^)]+)\.md\)/g)].map(([, name]) => `${name}.html`);
}

describe("the book", { skip, timeout: 1_200_000 }, () => {
  test("a save loads the page again", async (t) => {
    const { page } = await open(t, "preface.html");
    await page.evaluate(() => (window.before = true));
    const now = new Date();
    const reloaded = page.waitForFunction(() => !window.before, undefined, { timeout: 60_000 });
    await utimes(join(root, "book/src/preface.md"), now, now);
    await reloaded;
    await page.locator("main h1").waitFor();
  });

  test("every page fits, in both themes, and asks nobody else", async (t) => {
    const names = [...(await pages()), "print.html"];
    assert.ok(names.length > 10, `only ${names}`);
    for (const theme of THEMES) {
      for (const size of Object.keys(SIZES)) {
        // One window for all pages: a new one for each takes most of the time.
        const { page, complaints } = await open(t, names[0], { theme, size });
        for (const name of names) {
          await t.test(`${name}, ${theme}, ${size}`, async () => {
            complaints.length = 0;
            await page.goto(`${reading.url}/${name}`);
            await page.locator("main h1").first().waitFor();
            assert.equal(await page.locator(".problem").count(), 0, "a chapter has a problem");
            const over = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
            // print.html prints itself when it is opened; a browser without a printer does nothing.
            assert.equal(await page.evaluate(over), 0, "the page scrolls sideways");
            assert.deepEqual(complaints, []);
          });
        }
      }
    }
  });

  test("every text has a contrast of at least 4.5 with the ground under it", async (t) => {
    for (const theme of THEMES) {
      const { page } = await open(t, "index.html", { theme });
      for (const name of await pages()) {
        await page.goto(`${reading.url}/${name}`);
        // Explanations and folded parts are read, too.
        await page.evaluate(() => {
          for (const hidden of document.querySelectorAll("main [hidden], main details")) {
            hidden.hidden = false;
            if (hidden.matches("details")) hidden.open = true;
          }
          for (const choice of document.querySelectorAll(".quiz .choice")) choice.classList.add(choice.dataset.right === "true" ? "is-right" : "is-wrong");
        });
        assert.deepEqual(await page.evaluate(faint), [], `${name}, ${theme}`);
      }
    }
  });

  /** The texts of the page that are too faint, each with its contrast. Runs in the page. */
  function faint() {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const known = new Map();
    // A canvas understands every way to write a color.
    const channels = (color) => {
      if (!known.has(color)) {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        known.set(color, [...canvas.getImageData(0, 0, 1, 1).data]);
      }
      return known.get(color);
    };
    const over = ([r, g, b, a], below) => [r, g, b].map((c, i) => (c * a + below[i] * (255 - a)) / 255);
    const grounds = new Map();
    const ground = (element) => {
      if (element === null) return [255, 255, 255];
      if (!grounds.has(element)) grounds.set(element, over(channels(getComputedStyle(element).backgroundColor), ground(element.parentElement)));
      return grounds.get(element);
    };
    const light = (color) => {
      const [r, g, b] = color.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const found = new Map();
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
      const element = text.parentElement;
      if (!text.data.trim() || element.closest("script, style, template, noscript, .hidden, button:disabled") || !element.checkVisibility()) continue;
      const style = getComputedStyle(element);
      const drawn = element.closest("svg") !== null;
      // Inside a picture the ground is the page: its boxes are lighter or darker by a little only.
      const below = ground(drawn ? element.closest("svg").parentElement : element);
      const [one, other] = [light(over(channels(drawn ? style.fill : style.color), below)), light(below)];
      const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      if (contrast < 4.5) found.set(`${element.tagName} ${element.className?.baseVal ?? element.className}`, `${contrast.toFixed(2)} ${text.data.trim().slice(0, 30)}`);
    }
    return [...found];
  }

  test("axe finds no fault in a page", async (t) => {
    const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
    for (const theme of THEMES) {
      const { page } = await open(t, "index.html", { theme });
      for (const name of await pages()) {
        await page.goto(`${reading.url}/${name}`);
        await page.evaluate(axe);
        const faults = await page.evaluate(async () => {
          // The button of the sidebar is mdBook's: a label with the attributes of a button, outside of any landmark.
          const context = { exclude: ["#mdbook-menu-bar", "#mdbook-sidebar-toggle-anchor"] };
          const { violations } = await window.axe.run(context, { resultTypes: ["violations"], rules: { region: { enabled: false } } });
          return violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 120)}`);
        });
        assert.deepEqual(faults, [], `${name}, ${theme}`);
      }
    }
  });

  test("every quiz answers every choice, and says why", async (t) => {
    let quizzes = 0;
    const { page, complaints } = await open(t, "preface.html");
    for (const name of await pages()) {
      await page.goto(`${reading.url}/${name}`);
      for (const quiz of await page.locator("form.quiz").all()) {
        quizzes += 1;
        await answer(quiz, await quiz.getAttribute("data-kind"));
      }
      assert.deepEqual(complaints, []);
    }
    assert.ok(quizzes >= 4, `only ${quizzes} quizzes`);
  });

  /** Gives each answer that a quiz knows of, and looks at what it says. */
  async function answer(quiz, kind) {
    const check = quiz.getByRole("button", { name: "Check" });
    const said = quiz.locator("output");
    await check.click();
    assert.match(await said.textContent(), /first/, "nothing was chosen yet");
    if (kind === "prints") {
      const field = quiz.getByLabel("Your answer");
      for (const one of await quiz.locator(".answer").all()) {
        const text = (await one.getAttribute("data-text")) || "something that nobody expects";
        await field.fill(text);
        await field.press("Enter");
        assert.equal(await said.textContent(), (await one.getAttribute("data-right")) === "true" ? "Right." : "Not this.");
        assert.deepEqual(await shown(quiz), [await one.locator(".why").textContent()]);
      }
      return;
    }
    const choices = await quiz.locator(".choice").all();
    const right = [];
    for (const choice of choices) {
      const isRight = (await choice.getAttribute("data-right")) === "true";
      if (isRight) right.push(choice);
      if (kind === "multiple") {
        for (const other of choices) await other.locator("input").uncheck();
      }
      await choice.locator("input").check();
      await check.click();
      if ((await said.textContent()) !== "Right.") {
        assert.deepEqual(await shown(quiz), [await choice.locator(".why").textContent()]);
      }
      if (!isRight) assert.match(await said.textContent(), /^Not /);
    }
    if (kind === "multiple") for (const other of choices) await other.locator("input").uncheck();
    for (const choice of right) await choice.locator("input").check();
    await check.click();
    assert.equal(await said.textContent(), "Right.");
    assert.equal((await shown(quiz)).length, choices.length, "a solved quiz explains every choice");
  }

  /** The explanations that can be seen. */
  const shown = (quiz) => quiz.locator(".why:visible").allTextContents();

  test("a quiz works in a file, with no server behind it, and by keyboard alone", async (t) => {
    const { page, complaints } = await open(t, `file://${join(target, "book-served/07-websocket.html")}`);
    const quiz = page.locator("form.quiz").first();
    await quiz.locator("input").first().focus();
    await page.keyboard.press("Space");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    assert.equal(await quiz.locator("output").textContent(), "Right.");
    assert.ok(page.url().endsWith("07-websocket.html"), "an arrow key in a quiz turned the page");
    // The address for loading again is the server's: a file has none.
    assert.deepEqual(complaints.filter((line) => !line.includes("__reload") && !line.includes("WebSocket")), []);
  });

  test("answers are remembered, and counted per page", async (t) => {
    const { page } = await open(t, "07-websocket.html");
    const quiz = page.locator("form.quiz").first();
    const total = await page.locator("form.quiz").count();
    const tally = page.locator(".tally");
    assert.equal(await tally.textContent(), `0 of ${total} quizzes of this page solved`);
    await quiz.locator("[data-right=true] input").check();
    await quiz.getByRole("button", { name: "Check" }).click();
    assert.equal(await tally.textContent(), `1 of ${total} quizzes of this page solved`);
    await page.reload();
    assert.equal(await tally.textContent(), `1 of ${total} quizzes of this page solved`);
    assert.equal(await quiz.locator("output").textContent(), "Right.");
    assert.ok(await quiz.locator("[data-right=true] input").isChecked());
  });

  test("pages are turned by links with names, not by arrow keys", async (t) => {
    const { page } = await open(t, "07-websocket.html");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowLeft");
    // Had a key turned the page, this link would be another one.
    await page.locator(".turn .after", { hasText: "8. Transports" }).click();
    await page.waitForURL("**/08-transports.html");
    await page.locator(".turn .before", { hasText: "7. WebSocket" }).waitFor();
  });

  test("the search finds, a theme stays", async (t) => {
    const { page, complaints } = await open(t, "preface.html");
    await page.keyboard.press("s");
    // The index is fetched when the search is first opened.
    await page.locator("#mdbook-searchbar-outer:not(.searching)").waitFor();
    await page.locator("#mdbook-searchbar").pressSequentially("GUID");
    await page.locator("#mdbook-searchresults a", { hasText: "Computing the accept key" }).click();
    await page.waitForURL("**/07-websocket.html**");
    const dark = await reading.browser.newContext({ colorScheme: "dark" });
    t.after(() => dark.close());
    const night = await dark.newPage();
    await night.goto(`${reading.url}/preface.html`);
    assert.match(await night.locator("html").getAttribute("class"), /navy/, "the system's dark mode is followed");
    assert.deepEqual(complaints, []);
  });

  test("two themes are offered, and an earlier choice becomes one of them", async (t) => {
    for (const [chosen, shown] of [["ayu", "navy"], ["rust", "light"]]) {
      const { page } = await open(t, "preface.html", { theme: chosen });
      assert.match(await page.locator("html").getAttribute("class"), new RegExp(shown));
      assert.deepEqual(await page.locator("#mdbook-theme-list button").allTextContents(), ["Auto", "Light", "Dark"]);
    }
  });

  test("a line of text has about seventy letters", async (t) => {
    const { page } = await open(t, "04-sockets.html");
    const letters = await page.evaluate(() => {
      const counts = [];
      for (const paragraph of document.querySelectorAll("main > p:not([class])")) {
        const range = document.createRange();
        const lines = new Map();
        const texts = document.createTreeWalker(paragraph, NodeFilter.SHOW_TEXT);
        for (let text = texts.nextNode(); text; text = texts.nextNode()) {
          for (let at = 0; at < text.data.length; at += 1) {
            range.setStart(text, at);
            range.setEnd(text, at + 1);
            const top = Math.round(range.getBoundingClientRect().top / 12);
            lines.set(top, (lines.get(top) ?? 0) + 1);
          }
        }
        // The last line is as long as it happens to be.
        counts.push(...[...lines.values()].slice(0, -1));
      }
      return counts.sort((one, other) => one - other);
    });
    const middle = letters[Math.floor(letters.length / 2)];
    assert.ok(middle >= 62 && middle <= 75, `half of the lines have up to ${middle} letters`);
  });

  test("ninety columns of code fit on a desk; what scrolls can have the focus", async (t) => {
    const { page } = await open(t, "index.html");
    for (const name of await pages()) {
      await page.goto(`${reading.url}/${name}`);
      await page.evaluate(() => document.fonts.ready);
      // Boxes, hints and solutions too.
      await page.evaluate(() => document.querySelectorAll("main details").forEach((box) => (box.open = true)));
      const wide = await page.evaluate(() =>
        [...document.querySelectorAll("main pre > code")]
          .filter((code) => code.scrollWidth > code.clientWidth && code.checkVisibility())
          .map((code) => ({ longest: Math.max(...code.textContent.split("\n").map((line) => [...line].length)), focus: code.tabIndex })),
      );
      assert.deepEqual(wide.filter(({ longest, focus }) => longest <= 90 || focus !== 0), [], name);
    }
  });

  test("the front page is alive: what Ann writes, Bob reads", async (t) => {
    const { page, complaints } = await open(t, "index.html");
    const person = (number) => page.locator(".person").nth(number);
    await person(0).getByText("connected", { exact: true }).waitFor();
    await person(1).getByText("connected", { exact: true }).waitFor();
    await person(0).getByRole("textbox").fill("Tea <b>at</b> five?");
    await person(0).getByRole("textbox").press("Enter");
    await person(1).getByText("Tea <b>at</b> five?").waitFor();
    await person(0).locator("li.own", { hasText: "Tea" }).waitFor();
    assert.deepEqual(complaints, []);
  });

  test("an address that leads nowhere is answered by the book's own page", async (t) => {
    const { page, complaints } = await open(t, "no/such/page.html");
    await page.getByRole("heading", { name: "This page does not exist" }).waitFor();
    assert.deepEqual(complaints.filter((line) => !line.includes("404")), [], "it is dressed like any other");
    await page.getByRole("link", { name: "front page" }).click();
    await page.locator(".tagline").waitFor();
  });

  test("an exercise shows how far the reader is", async (t) => {
    const { page } = await open(t, "preface.html");
    const states = { ex07_accept_key: { begun: true, passed: 9, cases: 9 }, ex07_messages: { begun: true, passed: 2, cases: 15 }, ex07_utf8: { begun: false, passed: 0, cases: 7 } };
    await page.route("**/__exercises", (route) => route.fulfill({ json: states }));
    await page.goto(`${reading.url}/07-websocket.html`);
    const state = (name) => page.locator(`[data-exercise=${name}] .state`);
    await state("ex07_accept_key").getByText("✓ done").waitFor();
    assert.equal(await state("ex07_messages").textContent(), "2 of 15 cases pass");
    assert.equal(await state("ex07_utf8").count(), 0);
    const served = await page.request.get(`${reading.url}/__exercises`);
    assert.equal(typeof (await served.json()), "object");
  });
});
