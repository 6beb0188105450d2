// Takes docs/chapter.png, the picture of a page of the book in README.md.
//
//     cargo build -p book
//     cd docs/picture && npm install --no-save --no-package-lock && node chapter.mjs
//
// It needs Chromium. `BOOK` is the program, target/debug/book unless it says otherwise.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const here = dirname(fileURLToPath(import.meta.url));
const program = process.env.BOOK ?? join(here, "../../target/debug/book");
const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

const server = spawn(program, ["--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
let browser;
try {
  let url;
  for await (const line of createInterface({ input: server.stdout })) {
    url = line.match(/http:\/\/[^\s/]+/)?.[0];
    if (url) break;
  }
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"] });
  const page = await browser.newPage({ viewport: { width: 1240, height: 738 }, reducedMotion: "reduce" });
  await page.goto(`${url}/07-websocket.html`);
  await page.evaluate(() => document.fonts.ready);
  // The heading, the picture of a frame and the beginning of the text below it.
  await page.evaluate(() => scrollTo(0, document.querySelector("#a-frame").getBoundingClientRect().top + scrollY - 70));
  await page.waitForTimeout(300);
  await page.screenshot({ path: join(here, "../chapter.png") });
} finally {
  await browser?.close();
  server.kill("SIGINT");
}
