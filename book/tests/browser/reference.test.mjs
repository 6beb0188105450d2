// What stands at the end of the book, in Chromium: the glossary, the index of exercises, and a search that leads to them.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { open, reading, root, skip } from "./tools.mjs";

/** A page or a section that must be among the first three that a search finds. */
const FOUND = {
  epoll: "05-event-loop.html#poll-and-epoll",
  coroutine: "03-greenlets.html#a-stack-for-each-coroutine",
  tokio: "08-transports.html#tokio-in-two-pages",
  nagle: "04-sockets.html#the-forty-milliseconds-nagle-and-delayed-ack",
  CORS: "08-transports.html#the-same-origin-rule-and-cors",
  TLS: "epilogue.html#tls-and-proxies",
  GIL: "glossary.html#g",
  backpressure: "glossary.html#b",
  authentication: "glossary.html#a",
  scaling: "glossary.html#s",
  "thread vs process": "glossary.html#t",
};

describe("the end of the book", { skip, timeout: 300_000 }, () => {
  test("a search finds the section that explains a term", async (t) => {
    const { page } = await open(t, "glossary.html");
    for (const [term, section] of Object.entries(FOUND)) {
      await page.goto(`${reading.url}/map.html?search=${encodeURIComponent(term)}`);
      const results = page.locator('[id$="searchresults"] > li > a');
      await results.first().waitFor();
      const links = await results.evaluateAll((links) => links.map((link) => link.getAttribute("href")));
      const found = links.slice(0, 3).map((link) => link.replace(/\?[^#]*/, ""));
      assert.ok(found.includes(section), `${term}: ${found}`);
    }
  });

  test("each term of the glossary has a definition with a link", async (t) => {
    const { page } = await open(t, "glossary.html");
    const entries = await page.locator("main dl > dt").evaluateAll((terms) =>
      terms.map((term) => [term.textContent, term.nextElementSibling?.querySelectorAll("a").length ?? 0]),
    );
    assert.ok(entries.length > 200, `only ${entries.length}`);
    assert.deepEqual(entries.filter(([, links]) => links === 0), []);
  });

  test("the index leads to every exercise", async (t) => {
    const { page } = await open(t, "exercises.html");
    const links = await page.locator("main table a").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
    assert.ok(links.length > 30, `only ${links.length}`);
    await page.goto(`${reading.url}/${links[0]}`);
    const [file, name] = links[0].split("#");
    assert.match(await page.locator(`[id="${name}"] + .exercise`).textContent(), new RegExp(name), file);
  });

  test("no picture scrolls on a phone", async (t) => {
    const { page } = await open(t, "preface.html", { size: "phone" });
    const summary = await readFile(join(root, "book/src/SUMMARY.md"), "utf8");
    for (const [, name] of summary.matchAll(/\]\(([^)]+)\.md\)/g)) {
      await page.goto(`${reading.url}/${name}.html`);
      const wide = await page.locator(".figure").evaluateAll((figures) =>
        figures
          .filter((figure) => figure.scrollWidth > figure.clientWidth + 1)
          .map((figure) => figure.querySelector("svg")?.getAttribute("aria-label")),
      );
      assert.deepEqual(wide, [], name);
    }
  });
});
