// Starts the Rust examples that the tests talk to, and gives every wait a deadline.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const examples = resolve(process.env.EXAMPLES ?? join(here, "../../../target/debug/examples"));

/** The promise's value, or an error that says what did not happen in time. */
export async function within(milliseconds, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing in ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The arguments of an emitter's next event. */
export function once(emitter, event, milliseconds = 10_000) {
  return within(milliseconds, event, new Promise((resolve) => emitter.once(event, (...args) => resolve(args))));
}

/** The examples' heartbeat is short; this is one for tests that must not depend on who is quick. */
export const PATIENT = ["--ping-interval", "25000", "--ping-timeout", "20000"];

/** Whether an example that needs a cargo feature was built. With CI=true it must have been. */
export function built(example) {
  return process.env.CI === "true" || existsSync(join(examples, example));
}

/** Starts an example, on a free port unless told, and waits until it listens. */
export async function start(example, { port = 0, options = [] } = {}) {
  const program = join(examples, example);
  if (!existsSync(program)) {
    throw new Error(`${program} is missing: build it with \`cargo build --examples\`, or set EXAMPLES`);
  }
  const child = spawn(program, ["--port", String(port), ...options], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const address = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${example} ended with status ${code}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const match = /^Listening on (http:\/\/\S+)$/.exec(line);
      if (match) resolve(match[1]);
    });
  });
  try {
    const url = await within(10_000, `${example} listens`, address);
    return {
      url,
      port: Number(new URL(url).port),
      /** Ends it without a goodbye. */
      async stop() {
        child.kill("SIGKILL");
        await exited;
      },
    };
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
}
