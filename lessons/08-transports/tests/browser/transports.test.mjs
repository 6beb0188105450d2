// The page in Chromium: every transport carries a thousand events, and the chooser falls back.
//
// `TRANSPORTS` is the program (target/debug/lesson-08-transports of the workspace unless it says otherwise). Without
// Chromium or the program the tests are skipped with a line that says so; with CI=true they fail.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../../..");
const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
const program = process.env.TRANSPORTS ?? join(target, "debug/lesson-08-transports");
const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
const NAMES = ["websocket", "sse", "streaming", "multipart", "iframe", "polling", "jsonp"];

function missing() {
  const what = !executablePath ? "Chromium is missing" : !existsSync(program) ? `${program} is missing: cargo build -p lesson-08-transports` : "";
  if (what && process.env.CI === "true") throw new Error(what);
  return what || false;
}

const skip = missing();
let browser;

before(async () => {
  if (skip) return;
  const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
  browser = await chromium.launch({ executablePath, args });
});
after(() => browser?.close());

/** The page of a server that refuses these. */
async function open(t, ...refused) {
  const flags = refused.flatMap((name) => ["--refuse", name]);
  const child = spawn(program, ["serve", "--port", "0", "--policy-port", "0", ...flags], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGINT"));
  let url;
  for await (const line of createInterface({ input: child.stdout })) {
    url = line.match(/http:\/\/\S+/)?.[0];
    if (url) break;
  }
  assert.ok(url, "the program did not say where the page is");
  const page = await browser.newPage();
  t.after(() => page.close());
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(error.message));
  await page.goto(url);
  return page;
}

describe("transports", { skip, timeout: 300_000 }, () => {
  for (const name of NAMES) {
    test(`${name} carries a thousand events in order`, async (t) => {
      const page = await open(t);
      const ids = await page.evaluate(async (name) => {
        const first = (await send("the first")) - 1;
        const result = run(name, first, 1000);
        const socket = new WebSocket(`ws://${location.host}/events/websocket`);
        await new Promise((resolve) => { socket.onopen = resolve; });
        for (let sent = 1; sent < 1000; sent++) {
          socket.send(`event ${sent} </script>\u2028\r\n--event\r\n`);
          if (sent % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
        }
        return (await result).ids.map((id) => id - first);
      }, name);
      assert.deepEqual(ids, Array.from({ length: 1000 }, (_, index) => index + 1));
      assert.deepEqual(page.complaints, []);
    });
  }

  test("the chooser takes the next when one is refused", async (t) => {
    for (let refused = 0; refused <= NAMES.length; refused++) {
      const page = await open(t, ...NAMES.slice(0, refused));
      assert.equal(await page.evaluate(() => choose()), NAMES[refused] ?? null);
    }
  });

  test("behind a proxy that buffers streams the chooser comes to long polling", async (t) => {
    const page = await open(t, "websocket", "streams");
    await page.getByRole("button", { name: "Choose" }).click();
    await page.getByText("chosen: polling").waitFor();
  });

  test("the page runs them side by side", async (t) => {
    const page = await open(t);
    await page.locator("#count").fill("20");
    await page.getByRole("button", { name: "Run them" }).click();
    await page.waitForFunction(() => {
      const rows = [...document.querySelectorAll("#rows tr")];
      return rows.length === 7 && rows.every((row) => row.cells[1].textContent === "20");
    });
    assert.deepEqual(page.complaints, []);
  });
});
