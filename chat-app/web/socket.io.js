// A Socket.IO client in one file: the browser's side of lessons 09 and 10, written to be read.
//
// Four classes, bottom to top: an Emitter (who listens to what), an Engine (one Engine.IO session: polling, WebSocket,
// upgrade, heartbeat), a Manager (the connection that all namespaces share, made again when it breaks) and a Socket
// (one namespace: events and acknowledgements). It speaks Engine.IO protocol 4 and Socket.IO protocol 5. What it has,
// it has under the official client's names, so that either can serve a page.
"use strict";

(() => {
  // Calls a function of the page. If it throws, the page is told, as of any exception, and nothing else changes.
  const call = (callback, ...args) => {
    try {
      callback(...args);
    } catch (error) {
      reportError(error);
    }
  };

  class Emitter {
    #listeners = new Map();

    on(event, listener) {
      this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
      return this;
    }

    once(event, listener) {
      const once = (...args) => {
        this.off(event, once);
        listener(...args);
      };
      once.listener = listener;
      return this.on(event, once);
    }

    off(event, listener) {
      const others = (this.#listeners.get(event) ?? []).filter((l) => l !== listener && l.listener !== listener);
      this.#listeners.set(event, listener ? others : []);
      return this;
    }

    dispatch(event, ...args) {
      for (const listener of this.#listeners.get(event) ?? []) call(listener, ...args);
    }
  }

  // ---- Engine.IO: one session ------------------------------------------------------------------------------------
  //
  // A packet is a digit and data. Bytes are a message without a digit.
  //
  //   0{"sid":"…","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}   open
  //   1          close                        4hello     message
  //   2  2probe  ping, and does this work?    5          upgrade: from here on, this WebSocket
  //   3  3probe  pong, it does                6          noop: ends a waiting GET
  //
  // A WebSocket message is one packet. An HTTP body may have several, joined by 0x1e, with bytes as "b" and base64.

  const SEPARATOR = "\x1e";
  const HANDSHAKE_TIMEOUT = 20_000; // milliseconds
  const KEEPALIVE_LIMIT = 60_000; // bytes that a browser still sends for a page that is gone
  const LONGEST_TIMER = 2 ** 31 - 1; // milliseconds; a longer one would fire at once

  const toBase64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  const fromBase64 = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0)).buffer;
  const byteLength = (text) => new TextEncoder().encode(text).length;

  // Dispatches "open", "message" (a string or an ArrayBuffer), "upgrade", "error" (there was no session) and, when the
  // session was lost, "close" with the reason. After `close()` it dispatches nothing.
  class Engine extends Emitter {
    state = "opening"; // then "open", "closing" while the last packets leave, and "closed"
    #path;
    #transports;
    #sid;
    #patience; // how long the server may be silent
    #timer; // runs out after that
    #maxPayload;
    #queue = []; // packets that wait for their turn: strings, and Uint8Arrays
    #ws; // the WebSocket that carries the session
    #probe; // the one that may come to carry it
    #polling; // the promise of the GETs
    #posting; // the promise of the POSTs, while there are any
    #pausing = false; // the upgrade is near: no further request begins
    #requests = new AbortController();

    constructor({ path, transports }) {
      super();
      this.#path = path;
      this.#transports = transports;
      this.#resetHeartbeatTimer(HANDSHAKE_TIMEOUT, "timeout");
      if (transports[0] !== "websocket") {
        this.#polling = this.#poll();
      } else {
        try {
          this.#moveTo(this.#webSocket());
        } catch (error) {
          // A policy can forbid it. Our caller has no listeners yet.
          queueMicrotask(() => this.#end("transport error", error));
        }
      }
      addEventListener("offline", () => this.#end("transport close"), { signal: this.#requests.signal });
    }

    get transport() {
      return { name: this.#ws ? "websocket" : "polling" };
    }

    // Sends a message: a string or a Uint8Array.
    send(message) {
      this.#write(typeof message === "string" ? `4${message}` : message);
    }

    // Ends the session at once; "close" reports this reason.
    abort(reason) {
      this.#end(reason);
    }

    // Ends the session, after all that waits to be sent.
    close() {
      if (this.state === "opening") this.state = "closed";
      if (this.state !== "open") return this.#release();
      this.state = "closing";
      this.#write("1");
    }

    #end(reason, error = new Error(reason)) {
      const was = this.state;
      this.state = "closed";
      this.#release();
      if (was === "opening") this.dispatch("error", error);
      if (was === "opening" || was === "open") this.dispatch("close", reason);
    }

    #release() {
      clearTimeout(this.#timer);
      this.#requests.abort();
      this.#probe?.close();
      this.#ws?.close();
    }

    #receive(packet) {
      if (this.state !== "opening" && this.state !== "open") return;
      let type, data;
      try {
        [type, data] = this.#decode(packet);
      } catch (error) {
        return this.#end("parse error", error);
      }
      switch (type) {
        case "open":
          return this.#open(data);
        case "close":
          return this.#end("transport close");
        case "ping":
          this.#resetHeartbeatTimer(this.#patience, "ping timeout");
          return this.#write(`3${data}`);
        case "message":
          return this.dispatch("message", data);
      }
    }

    // Returns the packet's kind and its data. Throws if the server must not send it now.
    #decode(packet) {
      const first = this.state === "opening";
      if (typeof packet === "string") {
        const data = packet.slice(1);
        if (packet[0] === "0" && first) return ["open", JSON.parse(data)];
        if (packet[0] === "1") return ["close"];
        if (packet[0] === "2" && !first) return ["ping", data];
        if (packet[0] === "4" && !first) return ["message", data];
        if (packet[0] === "b" && !first) return ["message", fromBase64(data)];
        if (packet[0] === "6" && !first) return ["noop"];
      } else if (!first) {
        return ["message", packet];
      }
      throw new Error("not a packet");
    }

    #open({ sid, upgrades = [], pingInterval, pingTimeout, maxPayload = Infinity }) {
      this.#sid = sid;
      this.#patience = Math.min(pingInterval + pingTimeout, LONGEST_TIMER);
      this.#maxPayload = maxPayload;
      this.state = "open";
      this.#resetHeartbeatTimer(this.#patience, "ping timeout");
      this.dispatch("open");
      const better = upgrades.includes("websocket") && this.#transports.includes("websocket");
      if (better && this.state === "open") this.#upgrade();
    }

    // ANCHOR: silence
    #resetHeartbeatTimer(milliseconds, reason) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#end(reason), milliseconds);
    }
    // ANCHOR_END: silence

    #url(transport) {
      const url = new URL(this.#path, location.href);
      url.search = new URLSearchParams({ EIO: 4, transport, ...(this.#sid && { sid: this.#sid }) });
      return url;
    }

    #write(packet) {
      this.#queue.push(packet);
      this.#flush();
    }

    #flush() {
      if (this.#ws) {
        for (const packet of this.#queue.splice(0)) this.#ws.send(packet);
        if (this.state === "closing") this.#end();
      } else if (!this.#posting && this.#mayPost()) {
        this.#posting = this.#post();
      }
    }

    #mayPost() {
      const resting = this.#pausing && this.state === "open";
      return this.#queue.length > 0 && this.state !== "closed" && !resting;
    }

    // ANCHOR: poll
    // Polling: a GET that waits until there is something, and then the next one.
    async #poll() {
      while (!this.#pausing && (this.state === "opening" || this.state === "open")) {
        try {
          const { signal } = this.#requests;
          const body = await this.#request({ cache: "no-store", signal });
          for (const packet of body.split(SEPARATOR)) this.#receive(packet);
        } catch (error) {
          this.#end("transport error", error);
        }
      }
    }
    // ANCHOR_END: poll

    // And the other way: one POST at a time, with all that waits by then.
    async #post() {
      while (this.#mayPost()) {
        const body = this.#takeBody();
        const keepalive = this.state === "closing" && byteLength(body) < KEEPALIVE_LIMIT;
        try {
          await this.#request({ method: "POST", body, keepalive });
        } catch (error) {
          this.#end("transport error", error);
        }
      }
      this.#posting = undefined;
      if (this.state === "closing") this.#end();
    }

    async #request(options) {
      const response = await fetch(this.#url("polling"), options);
      if (!response.ok) throw new Error(`the server answered with status ${response.status}`);
      return response.text();
    }

    // As many packets as the server takes in one body.
    #takeBody() {
      const text = (packet) => (typeof packet === "string" ? packet : `b${toBase64(packet)}`);
      let body = text(this.#queue.shift());
      let total = byteLength(body);
      while (this.#queue.length > 0) {
        const next = SEPARATOR + text(this.#queue[0]);
        total += byteLength(next);
        if (total > this.#maxPayload) break;
        body += next;
        this.#queue.shift();
      }
      return body;
    }

    #webSocket() {
      const url = this.#url("websocket");
      url.protocol = url.protocol.replace("http", "ws");
      const ws = new WebSocket(url);
      ws.binaryType = "arraybuffer";
      return ws;
    }

    #moveTo(ws) {
      this.#ws = ws;
      ws.onmessage = ({ data }) => this.#receive(data);
      ws.onclose = () => this.#end(this.state === "opening" ? "websocket error" : "transport close");
    }

    // ANCHOR: upgrade
    // Tries a WebSocket alongside the polling. When "2probe" has been answered with
    // "3probe", polling stops: the server ends the waiting GET with "6", and the last
    // POST is answered. Then "5" moves the session, and the packets that were queued in
    // the meantime follow, so the order is kept. If the probe fails, nothing changes.
    #upgrade() {
      let ws;
      try {
        ws = this.#webSocket();
      } catch {
        return; // a policy forbids it
      }
      this.#probe = ws;
      ws.onopen = () => ws.send("2probe");
      ws.onmessage = async ({ data }) => {
        ws.onmessage = null;
        if (data !== "3probe") return ws.close();
        this.#pausing = true;
        await this.#polling;
        await this.#posting;
        this.#pausing = false;
        if (this.state !== "open") return;
        if (ws.readyState === WebSocket.OPEN) {
          ws.send("5");
          this.#moveTo(ws);
          this.dispatch("upgrade");
        } else {
          this.#polling = this.#poll();
        }
        this.#flush();
      };
    }
    // ANCHOR_END: upgrade
  }

  // ---- Socket.IO: packets ----------------------------------------------------------------------------------------
  //
  //   <type>[<attachments>-][<namespace>,][<acknowledgement id>][<JSON>]
  //
  //   0/chat,{"person":"…"}                      connect, with the auth payload; answered by
  //   0/chat,{"sid":"…","pid":"…"}               connected, or by
  //   4/chat,{"message":"Invalid namespace"}     connect error
  //   2/chat,7["nickname","Ann"]                 event; asks for the acknowledgement 7, which is
  //   3/chat,7[true,"Ann"]                       acknowledgement
  //   1/chat,                                    disconnect
  //   51-["file",{"_placeholder":true,"num":0}]  event with one attachment: the binary message that follows
  //   61-7[{"_placeholder":true,"num":0}]        acknowledgement with one attachment

  const [CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR, BINARY_EVENT, BINARY_ACK] = [0, 1, 2, 3, 4, 5, 6];

  const isObject = (value) => typeof value === "object" && value !== null;

  // The value with a placeholder for each run of bytes, which goes to `attachments`.
  const deconstruct = (value, attachments) => {
    if (value instanceof ArrayBuffer) value = new Uint8Array(value);
    if (ArrayBuffer.isView(value)) {
      const num = attachments.push(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)) - 1;
      return { _placeholder: true, num };
    }
    if (Array.isArray(value)) return value.map((item) => deconstruct(item, attachments));
    if (!isObject(value) || value.toJSON) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, deconstruct(item, attachments)]));
  };

  // And the way back.
  const reconstruct = (value, attachments) => {
    if (!isObject(value)) return value;
    if (value._placeholder === true) {
      if (!Number.isInteger(value.num) || !(value.num in attachments)) throw new Error("a placeholder without its attachment");
      return attachments[value.num];
    }
    for (const key of Object.keys(value)) value[key] = reconstruct(value[key], attachments);
    return value;
  };

  // The messages of a packet: its text, then its attachments.
  const encode = ({ type, nsp, id = "", data }) => {
    const attachments = [];
    const json = data === undefined ? "" : JSON.stringify(deconstruct(data, attachments));
    const head = attachments.length > 0 ? `${type + (BINARY_EVENT - EVENT)}${attachments.length}-` : type;
    return [`${head}${nsp === "/" ? "" : `${nsp},`}${id}${json}`, ...attachments];
  };

  // Event names that the protocol or its clients use themselves.
  const RESERVED = new Set(["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]);

  // Whether a packet of this type can have this data.
  const isValid = (type, data) => {
    switch (type) {
      case CONNECT:
      case CONNECT_ERROR:
        return isObject(data);
      case DISCONNECT:
        return data === undefined;
      case EVENT:
      case BINARY_EVENT:
        return Array.isArray(data) && (typeof data[0] === "number" || (typeof data[0] === "string" && !RESERVED.has(data[0])));
      default:
        return Array.isArray(data);
    }
  };

  const decode = (text) => {
    const parts = /^([0-4]|[56](\d+)-)(?:(\/[^,]*),?)?(\d+)?(.*)$/s.exec(text);
    if (!parts) throw new Error("not a packet");
    const [, type, count = 0, nsp = "/", id, json] = parts;
    const packet = { type: +type[0], count: +count, nsp, id: id && +id, data: json ? JSON.parse(json) : undefined };
    if (!isValid(packet.type, packet.data)) throw new Error("not the data of such a packet");
    return packet;
  };

  // ---- Manager: one connection for all namespaces ----------------------------------------------------------------

  // Dispatches "reconnect_attempt" and "reconnect" with the number of tries, and "reconnect_error".
  class Manager extends Emitter {
    sockets = new Map(); // by namespace
    engine;
    #options;
    #attempts = 0;
    #timer; // until the next attempt
    #incomplete; // a packet whose attachments are on their way

    constructor(options) {
      super();
      const { path = "/socket.io/", transports = ["polling", "websocket"] } = options;
      const { reconnectionDelay = 1000, reconnectionDelayMax = 5000 } = options;
      this.#options = { path, transports, reconnectionDelay, reconnectionDelayMax };
    }

    open() {
      if (!this.engine && !this.#timer) this.#connect();
    }

    // A namespace is left: without the last one no connection is needed.
    release() {
      if (this.#actives().length > 0) return;
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#attempts = 0;
      const engine = this.engine;
      this.engine = undefined;
      for (const socket of this.sockets.values()) socket.forget();
      engine?.close();
    }

    send(messages) {
      for (const message of messages) this.engine?.send(message);
    }

    #actives() {
      return [...this.sockets.values()].filter((socket) => socket.active);
    }

    // Each of these handlers calls the page's code, which may connect and disconnect as it likes. So each checks
    // afterwards whether this is still the current connection.
    #connect() {
      const engine = new Engine(this.#options);
      const isCurrent = () => this.engine === engine;
      this.engine = engine;
      this.#incomplete = undefined;
      engine.on("open", () => {
        const attempts = this.#attempts;
        this.#attempts = 0;
        for (const socket of this.#actives()) if (isCurrent()) socket.join();
        if (attempts > 0 && isCurrent()) this.dispatch("reconnect", attempts);
      });
      engine.on("message", (message) => isCurrent() && this.#receive(message));
      engine.on("error", (error) => {
        if (this.#attempts > 0) this.dispatch("reconnect_error", error);
        for (const socket of this.#actives()) if (isCurrent() && socket.active) socket.dispatch("connect_error", error);
      });
      engine.on("close", (reason) => {
        if (!isCurrent()) return;
        this.engine = undefined;
        // All are disconnected before the first of them hears of it.
        const farewells = [...this.sockets.values()].map((socket) => socket.leave(reason));
        for (const farewell of farewells) farewell();
        if (this.#actives().length > 0 && !this.engine && !this.#timer) this.#connectLater();
      });
    }

    // ANCHOR: backoff
    // Each failure doubles the longest wait, up to a limit. The wait is a random part of
    // that, from a third to all of it, so that the clients of a server that is just coming
    // back are spread over seconds.
    #connectLater() {
      const { reconnectionDelay, reconnectionDelayMax } = this.#options;
      const doubled = reconnectionDelay * 1.5 * 2 ** this.#attempts;
      const longest = Math.min(doubled, reconnectionDelayMax);
      this.#attempts += 1;
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.dispatch("reconnect_attempt", this.#attempts);
        if (this.#actives().length > 0) this.open();
      }, (longest * (1 + 2 * Math.random())) / 3);
    }
    // ANCHOR_END: backoff

    #receive(message) {
      let packet;
      try {
        packet = this.#collect(message);
      } catch {
        // What the server says makes no sense: begin again.
        return this.engine.abort("parse error");
      }
      if (packet) this.sockets.get(packet.nsp)?.receive(packet);
    }

    // ANCHOR: collect
    // The packet that is whole with this message, if one is.
    #collect(message) {
      if (typeof message === "string") {
        if (this.#incomplete) throw new Error("text where an attachment was due");
        const packet = decode(message);
        if (packet.count === 0) return packet;
        this.#incomplete = { packet, attachments: [] };
        return undefined;
      }
      if (!this.#incomplete) throw new Error("an attachment of nothing");
      const { packet, attachments } = this.#incomplete;
      attachments.push(message);
      if (attachments.length < packet.count) return undefined;
      this.#incomplete = undefined;
      return { ...packet, data: reconstruct(packet.data, attachments) };
    }
    // ANCHOR_END: collect
  }

  // ---- Socket: one namespace -------------------------------------------------------------------------------------

  // Dispatches what the server emits, and "connect", "disconnect" with the reason, "connect_error" with the error.
  class Socket extends Emitter {
    connected = false;
    recovered = false; // with its id and rooms, and what it missed
    active = false; // wants to be connected
    id;
    #nsp;
    #auth;
    #request; // the CONNECT on its way: { sent, cancelled }
    #pid; // by this and the offset of the last event
    #offset; // the server knows what we missed
    #nextId = 0;
    #acks = new Map(); // by id: called with an error or null, and the answer
    #waiting = []; // what was emitted while not connected: { id, messages }
    #early = []; // what came before the answer to CONNECT

    constructor(manager, nsp, auth = {}) {
      super();
      this.io = manager;
      this.#nsp = nsp;
      this.#auth = auth;
    }

    connect() {
      if (this.active) return this;
      this.active = true;
      if (this.io.engine?.state === "open") this.join();
      else this.io.open();
      return this;
    }

    // A CONNECT that is on its way cannot be taken back: what leaves a namespace that it has not joined ends the
    // connection. So its answer is awaited, and then the server is told.
    disconnect() {
      this.active = false;
      if (this.#request?.sent) this.#request.cancelled = true;
      else this.#request = undefined;
      if (this.connected) {
        this.#send({ type: DISCONNECT });
        this.leave("io client disconnect")();
      }
      this.io.release();
      return this;
    }

    // Sends an event. When the last argument is a function, it is called with the server's answer.
    emit(event, ...args) {
      const ack = typeof args.at(-1) === "function" ? args.pop() : undefined;
      this.#emit(event, args, ack && ((error, ...answer) => error || ack(...answer)));
      return this;
    }

    // The server's answer as a promise, rejected when the connection breaks first.
    emitWithAck(event, ...args) {
      return new Promise((resolve, reject) => {
        this.#emit(event, args, (error, answer) => (error ? reject(error) : resolve(answer)));
      });
    }

    // The same two with a deadline, in milliseconds: the function is called with an error or null before the answer.
    timeout(milliseconds) {
      const emit = (event, ...args) => {
        if (typeof args.at(-1) !== "function") return this.emit(event, ...args);
        const ack = args.pop();
        const id = this.#emit(event, args, (...results) => {
          clearTimeout(timer);
          ack(...results);
        });
        const timer = setTimeout(() => {
          this.#waiting = this.#waiting.filter((packet) => packet.id !== id);
          this.#answer(id, new Error("operation has timed out"));
        }, milliseconds);
        return this;
      };
      const emitWithAck = (event, ...args) =>
        new Promise((resolve, reject) => {
          emit(event, ...args, (error, answer) => (error ? reject(error) : resolve(answer)));
        });
      return { emit, emitWithAck };
    }

    // ANCHOR: emit
    #emit(event, args, ack) {
      if (RESERVED.has(event)) throw new Error(`"${event}" is a reserved event name`);
      const id = ack && this.#nextId;
      // Written now: if that fails, it is the caller's error, and nothing has happened.
      const messages = encode({ type: EVENT, nsp: this.#nsp, id, data: [event, ...args] });
      if (ack) {
        this.#nextId += 1;
        this.#acks.set(id, ack);
      }
      if (this.connected) this.io.send(messages);
      else this.#waiting.push({ id, messages });
      return id;
    }
    // ANCHOR_END: emit

    #send(packet) {
      this.io.send(encode({ ...packet, nsp: this.#nsp }));
    }

    #answer(id, ...results) {
      const ack = this.#acks.get(id);
      this.#acks.delete(id);
      if (ack) call(ack, ...results);
    }

    // For the manager: the connection stands, ask for the namespace. Asks once.
    join() {
      if (!this.active || this.connected || this.#request) return;
      const request = { sent: false, cancelled: false };
      this.#request = request;
      const send = (auth) => {
        // A function of the page answers when it likes, perhaps never, or twice, or when all is over.
        if (this.#request !== request || request.sent) return;
        const recovery = this.#pid && { pid: this.#pid, offset: this.#offset };
        const messages = encode({ type: CONNECT, nsp: this.#nsp, data: { ...auth, ...recovery } });
        request.sent = true;
        this.io.send(messages);
      };
      if (typeof this.#auth === "function") call(this.#auth, send);
      else call(send, this.#auth);
    }

    // For the manager: the connection on which an answer could arrive has ended.
    forget() {
      this.#request = undefined;
      this.#early = [];
    }

    // For the manager: the connection is gone. Returns a function that tells the page.
    leave(reason) {
      this.forget();
      if (!this.connected) return () => {};
      this.connected = false;
      this.id = undefined;
      const lost = [...this.#acks.keys()];
      return () => {
        this.dispatch("disconnect", reason);
        for (const id of lost) this.#answer(id, new Error("socket has been disconnected"));
      };
    }

    // For the manager: a packet of this namespace.
    receive(packet) {
      const { type, id, data } = packet;
      if (type === CONNECT || type === CONNECT_ERROR) {
        if (this.#request?.sent) this.#answered(type, data);
      } else if (!this.connected) {
        // A server can send what was missed before it says that we are back.
        if (this.#request?.sent) this.#early.push(packet);
      } else if (type === DISCONNECT) {
        this.active = false;
        this.leave("io server disconnect")();
        this.io.release();
      } else if (type === EVENT || type === BINARY_EVENT) {
        this.#event(id, data);
      } else {
        this.#answer(id, null, ...data);
      }
    }

    // The server has answered a CONNECT.
    #answered(type, data) {
      const { cancelled } = this.#request;
      this.#request = undefined;
      if (cancelled) {
        this.#early = [];
        if (type === CONNECT) this.#send({ type: DISCONNECT });
        if (this.active) this.join();
      } else if (type === CONNECT) {
        this.#joined(data);
      } else {
        this.active = false;
        this.dispatch("connect_error", Object.assign(new Error(data.message), { data: data.data }));
        this.io.release();
      }
    }

    // ANCHOR: joined
    #joined({ sid, pid }) {
      this.id = sid;
      this.recovered = pid !== undefined && pid === this.#pid;
      if (!this.recovered) this.#offset = undefined;
      this.#pid = pid;
      this.connected = true;
      for (const { messages } of this.#waiting.splice(0)) this.io.send(messages);
      for (const packet of this.#early.splice(0)) if (this.id === sid) this.receive(packet);
      if (this.id === sid) this.dispatch("connect");
    }
    // ANCHOR_END: joined

    #event(id, [event, ...args]) {
      let asker = this.id;
      const answer = (...data) => {
        // Once, and on the connection that asked.
        if (asker === undefined || this.id !== asker) return;
        this.#send({ type: ACK, id, data });
        asker = undefined;
      };
      if (id !== undefined) args.push(answer);
      // A server that keeps what we might miss ends each event with its offset.
      else if (this.#pid && typeof args.at(-1) === "string") this.#offset = args.at(-1);
      this.dispatch(event, ...args);
    }
  }

  const managers = new Map(); // by path

  // The socket of a namespace. All namespaces share one connection, unless `forceNew` asks for another.
  window.io = (nsp = "/", options = {}) => {
    const known = options.forceNew ? undefined : managers.get(options.path);
    const manager = known && !known.sockets.has(nsp) ? known : new Manager(options);
    if (!options.forceNew) managers.set(options.path, manager);
    const socket = new Socket(manager, nsp, options.auth);
    manager.sockets.set(nsp, socket);
    return options.autoConnect === false ? socket : socket.connect();
  };
  // For who wants a session and no events.
  window.io.Engine = Engine;
})();
