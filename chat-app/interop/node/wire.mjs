// A client without a library: packets as text, over fetch and a bare WebSocket.

import WebSocket from "ws";
import { within } from "./servers.mjs";

const DEADLINE = 10_000;
const SEPARATOR = "\x1e";

/** The address for a request, with the parameters of the protocol unless others are given. */
export function address(base, parameters = {}) {
  const url = new URL(base);
  for (const [name, value] of Object.entries({ EIO: "4", transport: "polling", ...parameters })) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url;
}

/** A session over HTTP. */
export class Polling {
  static async open(base) {
    const response = await request(address(base));
    const body = await response.text();
    if (response.status !== 200 || !body.startsWith("0{")) throw new Error(`no session: ${body}`);
    return new Polling(base, JSON.parse(body.slice(1)));
  }

  constructor(base, handshake) {
    this.base = base;
    this.handshake = handshake;
    this.waiting = [];
  }

  get url() {
    return address(this.base, { sid: this.handshake.sid });
  }

  /** The answer to one GET: status and body. */
  async get(options = {}) {
    const response = await request(this.url, options);
    return [response.status, await response.text()];
  }

  /** The answer to one POST: status and body. */
  async post(body, headers = {}) {
    const response = await request(this.url, { method: "POST", body, headers });
    return [response.status, await response.text()];
  }

  /** The next packet that is no ping; pings are answered. */
  async next() {
    for (;;) {
      while (this.waiting.length > 0) {
        const packet = this.waiting.shift();
        if (packet !== "2") return packet;
        await this.post("3");
      }
      const [status, body] = await this.get();
      if (status !== 200) throw new Error(`poll: ${status} ${body}`);
      this.waiting = body.split(SEPARATOR);
    }
  }
}

export function request(url, options = {}) {
  return fetch(url, { signal: AbortSignal.timeout(DEADLINE), ...options });
}

/** A WebSocket whose messages wait to be asked for. */
export class Wire {
  /** Opens one; the reason is in the error if the server refuses. */
  static async open(base, parameters = {}, { heartbeat = true } = {}) {
    const url = address(base, { transport: "websocket", ...parameters });
    url.protocol = "ws:";
    const socket = new WebSocket(url);
    const wire = new Wire(socket, heartbeat);
    const opened = new Promise((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
      socket.once("unexpected-response", (_, response) => {
        response.setEncoding("utf8");
        let body = "";
        response.on("data", (chunk) => (body += chunk));
        response.on("end", () => reject(new Error(`${response.statusCode} ${body}`)));
      });
    });
    await within(DEADLINE, "the WebSocket opens", opened);
    return wire;
  }

  constructor(socket, heartbeat) {
    this.socket = socket;
    this.received = [];
    this.asked = [];
    this.closing = new Promise((resolve) => socket.once("close", resolve));
    socket.on("message", (data, isBinary) => {
      const packet = isBinary ? data : data.toString();
      if (heartbeat && packet === "2") return socket.send("3");
      if (this.asked.length > 0) this.asked.shift()(packet);
      else this.received.push(packet);
    });
    // What breaks a connection is seen as its close.
    socket.on("error", () => {});
  }

  send(...packets) {
    for (const packet of packets) this.socket.send(packet);
  }

  /** The next packet; pings are answered and passed over unless the test has asked for them. */
  next(milliseconds = DEADLINE) {
    if (this.received.length > 0) return Promise.resolve(this.received.shift());
    const packet = new Promise((resolve, reject) => {
      this.asked.push(resolve);
      this.closing.then(() => reject(new Error("closed while the next packet was due")));
    });
    return within(milliseconds, "the next packet", packet);
  }

  /** Resolves when the server has closed it. */
  closed(milliseconds = DEADLINE) {
    return within(milliseconds, "the server closes the WebSocket", this.closing);
  }

  end() {
    this.socket.terminate();
  }
}
