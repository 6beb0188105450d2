// The book in Chromium, as it is read: every page, in both themes, on a desk and on a phone, with its quizzes.

import assert from "node:assert/strict";
import { readFile, utimes } from "node:fs/promises";
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

  test("what is drawn can be read on the ground that it stands on", async (t) => {
    for (const theme of THEMES) {
      const { page } = await open(t, "preface.html", { theme });
      for (const name of await pages()) {
        await page.goto(`${reading.url}/${name}`);
        const faint = await page.evaluate(() => {
          const channels = (color) => color.match(/[\d.]+/g).map(Number);
          const light = ([r, g, b]) => {
            const linear = [r, g, b].map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
            return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
          };
          const ground = light(channels(getComputedStyle(document.documentElement).backgroundColor));
          const contrast = (color) => {
            const ink = light(channels(color));
            return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
          };
          return [...document.querySelectorAll(".figure svg text")]
            .filter((text) => contrast(getComputedStyle(text).fill) < 4.5)
            .map((text) => text.textContent);
        });
        assert.deepEqual(faint, [], `${name}, ${theme}`);
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
      assert.deepEqual(await shown(quiz), [await choice.locator(".why").textContent()]);
      if (!isRight) assert.match(await said.textContent(), /^Not /);
    }
    if (kind === "multiple") for (const other of choices) await other.locator("input").uncheck();
    for (const choice of right) await choice.locator("input").check();
    await check.click();
    assert.equal(await said.textContent(), "Right.");
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

  test("keys turn pages, the search finds, a theme stays", async (t) => {
    const { page, complaints } = await open(t, "preface.html");
    await page.keyboard.press("ArrowRight");
    await page.waitForURL("**/01-threads-and-processes.html");
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
});
