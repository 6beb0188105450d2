// Draws docs/chat.gif, the moving picture in README.md: Ann and Bob in two windows of the real chat.
//
//     cargo build -p chat-app
//     cd docs/picture && npm install --no-save --no-package-lock && node chat.mjs
//
// It needs Chromium. `CHAT_APP` is the program, target/debug/chat-app unless it says otherwise.

import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import gifenc from "gifenc";
import { chromium } from "playwright-core";
import { PNG } from "pngjs";

const here = dirname(fileURLToPath(import.meta.url));
const program = process.env.CHAT_APP ?? join(here, "../../target/debug/chat-app");
const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
const SIZE = { width: 400, height: 420 };
const GAP = 12;

// Who does what, and how long the picture then stands still, in milliseconds.
const STORY = [
  ["Bob", "Is there any tea left?", 1600],
  ["Ann", "Half a pot. And it is still warm.", 1600],
  ["Bob", "On my way. Same room as always?", 1500],
  ["Ann", "Same room, one server, no reload :)", 2600],
];

const server = spawn(program, ["--port", "0", "--database", ":memory:", "--log", "off"], { stdio: ["ignore", "pipe", "inherit"] });
let browser;
try {
  let url;
  for await (const line of createInterface({ input: server.stdout })) {
    url = line.match(/http:\/\/[^\s/]+/)?.[0];
    if (url) break;
  }
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"] });
  const windows = {};
  for (const name of ["Ann", "Bob"]) {
    const context = await browser.newContext({ viewport: SIZE, reducedMotion: "reduce" });
    const page = await context.newPage();
    await page.goto(url);
    await page.locator("#name").fill("Tea");
    await page.getByRole("button", { name: "Add room" }).click();
    await page.waitForURL("**/room/tea");
    await page.locator("#nickname").fill(name);
    await page.locator("#nickname").press("Enter");
    await page.locator("#message").waitFor();
    windows[name] = page;
  }
  await windows.Ann.getByText("Bob joined").waitFor();

  const gif = gifenc.GIFEncoder();
  const frame = async (delay) => {
    const width = 2 * SIZE.width + GAP;
    const both = new PNG({ width, height: SIZE.height });
    both.data.fill(255);
    let left = 0;
    for (const page of Object.values(windows)) {
      const picture = PNG.sync.read(await page.screenshot({ caret: "initial" }));
      PNG.bitblt(picture, both, 0, 0, SIZE.width, SIZE.height, left, 0);
      left += SIZE.width + GAP;
    }
    const palette = gifenc.quantize(both.data, 64);
    gif.writeFrame(gifenc.applyPalette(both.data, palette), width, SIZE.height, { palette, delay });
  };

  await frame(900);
  for (const [name, text, pause] of STORY) {
    const field = windows[name].locator("#message");
    const words = text.split(" ");
    for (let count = 1; count <= words.length; count += 1) {
      await field.fill(words.slice(0, count).join(" "));
      await frame(160);
    }
    await field.press("Enter");
    for (const page of Object.values(windows)) await page.locator("#lines").getByText(text).waitFor();
    await frame(pause);
  }
  gif.finish();
  const bytes = gif.bytes();
  writeFileSync(join(here, "../chat.gif"), bytes);
  console.log(`docs/chat.gif: ${Math.round(bytes.length / 1000)} kB`);
} finally {
  await browser?.close();
  server.kill("SIGINT");
}
