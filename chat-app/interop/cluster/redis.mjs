// A Redis server of the tests' own: on a free port, without a file, ended with the process that started it.

import { spawn, spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { createClient } from "redis";

/** Why there is no Redis here, or nothing if there is. With CI=true there has to be one. */
export function missing() {
  const found = spawnSync("redis-server", ["--version"]).status === 0;
  if (found) return undefined;
  if (process.env.CI === "true") throw new Error("redis-server is missing: apt-get install redis-server");
  return "redis-server is missing: apt-get install redis-server";
}

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

/** A port that was free a moment ago. */
async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a Redis server and waits until it answers. */
export async function startRedis(port) {
  port ??= await freePort();
  const child = spawn(
    "redis-server",
    ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--loglevel", "warning"],
    { stdio: "ignore" },
  );
  const exited = new Promise((resolve) => child.once("exit", resolve));
  process.once("exit", () => child.kill("SIGKILL"));
  const url = `redis://127.0.0.1:${port}`;
  const client = createClient({ url, socket: { reconnectStrategy: 20 } });
  client.on("error", () => {});
  await within(10_000, "redis-server answers", client.connect().then(() => client.ping()));
  return {
    url,
    port,
    client,
    async stop() {
      await client.disconnect().catch(() => {});
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** A client of that server, connected. */
export async function connect(url) {
  const client = createClient({ url });
  client.on("error", () => {});
  await client.connect();
  return client;
}
