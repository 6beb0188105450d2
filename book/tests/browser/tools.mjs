// What the tests of the book share: the program, a browser, and a page that fails for whatever it complains of.
//
// `BOOK` is the program (target/debug/book of the workspace unless it says otherwise). Without Chromium or the program
// the tests are skipped with a line that says so; with CI=true they fail.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");
export const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
const program = process.env.BOOK ?? join(target, "debug/book");
const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

export const SIZES = { desk: { width: 1280, height: 900 }, phone: { width: 390, height: 800 } };
export const THEMES = ["light", "navy"];

function missing() {
  const what = !executablePath ? "Chromium is missing" : !existsSync(program) ? `${program} is missing: cargo build -p book` : "";
  if (what && process.env.CI === "true") throw new Error(what);
  return what || false;
}

export const skip = missing();

/** The book as it is served, and a browser to read it in: there while the tests of a file run. */
export const reading = {};

before(async () => {
  if (skip) return;
  Object.assign(reading, await serve());
  const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
  reading.browser = await chromium.launch({ executablePath, args });
});
after(async () => {
  await reading.browser?.close();
  reading.child?.kill("SIGINT");
});

/** Starts `cargo run -p book` on a free port. */
async function serve() {
  const child = spawn(program, ["--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    const url = line.match(/http:\/\/\S+/)?.[0];
    if (url) {
      lines.on("line", () => {});
      return { url, child };
    }
  }
  throw new Error("the book did not say where it is");
}

/** A page, with what it complains of or fetches from elsewhere. Its labs' servers are on other ports of this machine. */
export async function open(t, path, { theme = "light", size = "desk" } = {}) {
  const context = await reading.browser.newContext({ viewport: SIZES[size] });
  await context.addInitScript((theme) => localStorage.setItem("mdbook-theme", theme), theme);
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    const home = new URL(reading.url).hostname;
    if (!(["data:", "blob:", "file:"].includes(protocol) || hostname === home)) complaints.push(`asked ${request.url()}`);
  });
  page.on("response", (response) => response.status() >= 400 && complaints.push(`${response.status()} ${response.url()}`));
  t.after(() => context.close());
  await page.goto(path.includes("://") ? path : `${reading.url}/${path}`);
  return { page, complaints };
}
