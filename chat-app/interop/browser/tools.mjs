// The tests' tools: the chat as a process, Chromium, and windows that notice what goes wrong in them.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const program = resolve(process.env.CHAT_APP ?? join(here, "../../../target/debug/chat-app"));
const chromium = process.env.CHROMIUM ?? "/usr/bin/chromium";
const firefox = process.env.FIREFOX ?? "/usr/bin/firefox-esr";

/** The project's page client. */
export const ourClient = join(here, "../../web/socket.io.js");
/** The official one. */
export const officialClient = join(here, "node_modules/socket.io-client/dist/socket.io.min.js");

const rules = join(here, "node_modules/axe-core/axe.min.js");

/** Why the tests cannot run here, or false. With CI=true they have to: then what is missing fails them. */
export function missing(...alsoNeeded) {
  return lacks([chromium, "set CHROMIUM"], ...alsoNeeded);
}

function lacks(...needed) {
  const absent = [...needed, [officialClient, "npm install"]].find(([file]) => !existsSync(file));
  return process.env.CI === "true" ? false : absent ? `${absent[0]} is missing (${absent[1]})` : false;
}

/** Why there can be no test in each of the browsers, or false. */
export const browsers = {
  Chromium: missing(),
  Firefox: lacks([firefox, "apt install firefox-esr, or set FIREFOX"]),
};

/** What the tests of the chat need besides. */
export const chatApp = [program, "cargo build -p chat-app, or set CHAT_APP"];

/** The accessibility checker, as a script for the page. */
export const axe = () => readFileSync(rules, "utf8");

/** Starts a browser. Firefox is Debian's own, over WebDriver BiDi. */
export async function launch(name = "Chromium") {
  const playwright = await import("playwright-core");
  if (name === "Firefox") return playwright.firefox.launch({ channel: "moz-firefox", executablePath: firefox });
  const calm = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  return playwright.chromium.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu", ...calm] });
}

const cleanups = new WeakMap();

/**
 * Runs `cleanup` when the test ends, and the latest first: what is built on something goes before it. A page whose server
 * went first would complain.
 */
export function atEnd(t, cleanup) {
  if (!cleanups.has(t)) {
    const stack = [];
    cleanups.set(t, stack);
    t.after(async () => {
      const failures = [];
      for (const next of stack.reverse()) await Promise.resolve(next()).catch((error) => failures.push(error));
      if (failures.length > 0) throw failures[0];
    });
  }
  cleanups.get(t).push(async () => cleanup());
}

/** A new folder that goes when the test ends. */
export function folder(t) {
  const path = mkdtempSync(join(tmpdir(), "chat-"));
  atEnd(t, () => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** With CLUSTER=true, most of the tests are about three servers behind nginx, from chat-app/deploy/local. */
const cluster = process.env.CLUSTER === "true";

/** Starts the chat, on a free port unless told which, and waits until it listens. */
export async function startChat(flags, { port = 0, database = ":memory:" } = {}) {
  if (cluster && port === 0 && database === ":memory:" && !flags.some((flag) => flag.includes(" "))) {
    return startCluster(flags);
  }
  const child = spawn(program, ["--no-limits", "--port", port, "--database", database, "--log", "error", ...flags], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const url = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the chat ended with status ${code}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const match = /^Listening on (http:\/\/\S+)$/.exec(line);
      if (match) resolve(match[1]);
    });
  });
  return {
    url,
    port: new URL(url).port,
    signal: (name) => child.kill(name),
    async stop(signal = "SIGKILL") {
      child.kill(signal);
      await exited;
    },
  };
}

async function startCluster(flags) {
  const env = { ...process.env, CHAT_APP: program, CHAT_FLAGS: ["--no-limits", "--log", "error", ...flags].join(" ") };
  const child = spawn(join(here, "../../deploy/local"), { env, stdio: ["pipe", "pipe", "inherit"] });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const [url, home] = [(await lines.next()).value, (await lines.next()).value].map((line) => line?.split(" ").at(-1));
  if (!home) throw new Error("deploy/local did not start");
  const processes = ["chat1", "chat2", "chat3"].map((node) => Number(readFileSync(join(home, `${node}.pid`), "utf8")));
  return {
    url,
    port: new URL(url).port,
    signal: (name) => processes.forEach((id) => process.kill(id, name)),
    async stop() {
      child.stdin.end();
      await exited;
    },
  };
}

/** What a browser says when the server is away, or is just going. It says so itself: no page can help it. */
const OUTAGE =
  /net::ERR_(CONNECTION|SOCKET|INTERNET|EMPTY_RESPONSE|NETWORK)|status of (400|503)|WebSocket connection to .* failed/;

/**
 * A page in a browser of its own, closed when the test ends, which it makes fail on an error in the console, a violated
 * policy among them, and on a request to anybody but `url`. A test that takes the server away says so: `outage: true`.
 */
export async function openPage(t, browser, url, { outage = false, ...options } = {}) {
  const context = await browser.newContext({ locale: "en-GB", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const troubles = [];
  page.on("pageerror", (error) => troubles.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !(outage && OUTAGE.test(message.text()))) troubles.push(`${message.text()} (${message.location().url})`);
  });
  const host = new URL(url).host;
  const stranger = (address) => new URL(address).host !== host && troubles.push(`a request to ${address}`);
  page.on("request", (request) => stranger(request.url()));
  page.on("websocket", (socket) => stranger(socket.url()));
  atEnd(t, async () => {
    await context.close();
    if (troubles.length > 0) throw new Error(`the page is not well:\n${troubles.join("\n")}`);
  });
  return page;
}
