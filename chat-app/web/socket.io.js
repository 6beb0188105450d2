// A Socket.IO client in one file: what the browser says to lessons 09 and 10, written to be read.
//
// Bottom to top: an Emitter (who listens to what), an Engine (one Engine.IO session: polling, WebSocket, upgrade,
// heartbeat), a Manager (one connection for all namespaces, made again when it breaks) and a Socket (one namespace:
// events and acknowledgements). It speaks Engine.IO protocol 4 and Socket.IO protocol 5, and has the names of the
// official client for what it has at all, so that either can serve a page.
"use strict";

(() => {
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
      return this.on(event, once);
    }

    off(event, listener) {
      const left = listener ? (this.#listeners.get(event) ?? []).filter((l) => l !== listener) : [];
      this.#listeners.set(event, left);
      return this;
    }

    // Calls the listeners here; a Socket's `emit` sends to the server.
    dispatch(event, ...args) {
      for (const listener of this.#listeners.get(event) ?? []) listener(...args);
    }
  }

  // --- Engine.IO: one session ---
  //
  // A packet is a type character and data: 0 open, 1 close, 2 ping, 3 pong, 4 message, 5 upgrade, 6 noop.
  // Binary messages have no type. In an HTTP body packets are joined by 0x1e, and binary is "b" and base64.

  const SEPARATOR = "\x1e";

  const toBase64 = (buffer) => {
    let text = "";
    for (const byte of new Uint8Array(buffer)) text += String.fromCharCode(byte);
    return btoa(text);
  };
  const fromBase64 = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0)).buffer;

  class Engine extends Emitter {
    state = "opening"; // then "open", then "closed"
    #path;
    #transports;
    #sid;
    #maxPayload = Infinity;
    #ws; // the WebSocket that carries the session, once one does
    #queue = []; // packets to be sent: strings with their type, ArrayBuffers without
    #polling; // promises of the requests under way
    #posting;
    #pausing = false; // an upgrade is about to happen: no new request
    #alive; // the timer that runs out when the server's pings stay away
    #abort = new AbortController();

    constructor({ path, transports }) {
      super();
      this.#path = path;
      this.#transports = transports;
      if (transports[0] === "websocket") this.#useWebSocket(this.#webSocket());
      else this.#polling = this.#poll();
    }

    get transport() {
      return this.#ws ? "websocket" : "polling";
    }

    send(message) {
      this.#queue.push(typeof message === "string" ? `4${message}` : message);
      this.#flush();
    }

    close(reason = "forced close") {
      if (this.state === "closed") return;
      if (this.state === "open" && reason === "forced close") {
        this.#queue.push("1");
        this.#flush(true);
      }
      this.state = "closed";
      clearTimeout(this.#alive);
      if (this.#ws) this.#ws.close();
      if (reason !== "forced close") this.#abort.abort();
      this.dispatch("close", reason);
    }

    #url(transport) {
      const url = new URL(this.#path, location.href);
      url.searchParams.set("EIO", "4");
      url.searchParams.set("transport", transport);
      if (this.#sid) url.searchParams.set("sid", this.#sid);
      return url;
    }

    #receive(packet) {
      if (this.state === "closed") return;
      if (typeof packet !== "string") return this.dispatch("message", packet);
      const data = packet.slice(1);
      switch (packet[0]) {
        case "0":
          return this.#open(JSON.parse(data));
        case "1":
          return this.close("transport close");
        case "2":
          this.#heard();
          this.#queue.push(`3${data}`);
          return this.#flush();
        case "4":
          return this.dispatch("message", data);
        case "b":
          return this.dispatch("message", fromBase64(data));
      }
    }

    #open({ sid, upgrades, pingInterval, pingTimeout, maxPayload }) {
      this.#sid = sid;
      this.#maxPayload = maxPayload;
      this.patience = pingInterval + pingTimeout;
      this.state = "open";
      this.#heard();
      this.dispatch("open");
      this.#flush();
      const upgrade = upgrades.includes("websocket") && this.#transports.includes("websocket");
      if (upgrade && !this.#ws) this.#probe();
    }

    #heard() {
      clearTimeout(this.#alive);
      this.#alive = setTimeout(() => this.close("ping timeout"), this.patience);
    }

    // Polling: a GET that waits, and after it the next.
    async #poll() {
      while (this.state !== "closed" && !this.#pausing && !this.#ws) {
        try {
          const response = await fetch(this.#url("polling"), { cache: "no-store", signal: this.#abort.signal });
          if (!response.ok) throw new Error(`status ${response.status}`);
          for (const packet of (await response.text()).split(SEPARATOR)) this.#receive(packet);
        } catch (error) {
          this.#failed(error);
        }
      }
    }

    #failed(error) {
      if (this.state === "opening") this.dispatch("error", error);
      this.close("transport error");
    }

    #flush(last = false) {
      if (this.state !== "open" || this.#queue.length === 0) return;
      if (this.#ws) {
        for (const packet of this.#queue.splice(0)) this.#ws.send(packet);
      } else if (!this.#posting && (!this.#pausing || last)) {
        this.#posting = this.#post(last);
      }
    }

    // As many packets as the server takes in one body; the rest waits for the answer.
    async #post(last) {
      let size = 0;
      const body = [];
      while (this.#queue.length > 0) {
        const packet = this.#queue[0];
        const text = typeof packet === "string" ? packet : `b${toBase64(packet)}`;
        size += new Blob([text, SEPARATOR]).size;
        if (body.length > 0 && size > this.#maxPayload) break;
        body.push(text);
        this.#queue.shift();
      }
      try {
        const init = { method: "POST", body: body.join(SEPARATOR), keepalive: last };
        const response = await fetch(this.#url("polling"), init);
        if (!response.ok) throw new Error(`status ${response.status}`);
      } catch (error) {
        this.#failed(error);
      }
      this.#posting = undefined;
      this.#flush();
    }

    #webSocket() {
      const url = this.#url("websocket");
      url.protocol = url.protocol.replace("http", "ws");
      const ws = new WebSocket(url);
      ws.binaryType = "arraybuffer";
      return ws;
    }

    #useWebSocket(ws) {
      this.#ws = ws;
      ws.onmessage = ({ data }) => this.#receive(data);
      ws.onerror = () => this.state === "opening" && this.dispatch("error", new Error("websocket error"));
      ws.onclose = () => this.close("transport close");
    }

    // Upgrade: a WebSocket beside the polling. When a probe has come back through it, polling comes to rest (the
    // server lets the waiting GET go), and "5" moves the session. What is sent meanwhile waits, so order is kept.
    #probe() {
      const ws = this.#webSocket();
      ws.onopen = () => ws.send("2probe");
      ws.onmessage = async ({ data }) => {
        if (data !== "3probe") return ws.close();
        this.#pausing = true;
        await this.#polling;
        await this.#posting;
        this.#pausing = false;
        if (this.state !== "open" || ws.readyState !== WebSocket.OPEN) {
          if (this.state === "open") this.#polling = this.#poll();
          return ws.close();
        }
        ws.send("5");
        this.#useWebSocket(ws);
        this.dispatch("upgrade");
        this.#flush();
      };
      this.on("close", () => ws.close());
    }
  }

  // --- Socket.IO: packets ---
  //
  // <type>[<attachments>-][<namespace>,][<ack id>][JSON], with type 0 connect, 1 disconnect, 2 event, 3 ack,
  // 4 connect error, 5 binary event, 6 binary ack. Bytes are placeholders in the JSON; binary messages follow.

  const [CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR, BINARY_EVENT, BINARY_ACK] = [0, 1, 2, 3, 4, 5, 6];

  // Takes the bytes out of a value: each becomes a placeholder.
  const takeOut = (value, buffers) => {
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
      buffers.push(value);
      return { _placeholder: true, num: buffers.length - 1 };
    }
    if (Array.isArray(value)) return value.map((item) => takeOut(item, buffers));
    if (value === null || typeof value !== "object" || value.toJSON) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, takeOut(item, buffers)]));
  };

  const putBack = (value, buffers) => {
    if (value === null || typeof value !== "object") return value;
    if (value._placeholder === true) return buffers[value.num];
    for (const key of Object.keys(value)) value[key] = putBack(value[key], buffers);
    return value;
  };

  const encode = ({ type, nsp, id = "", data }) => {
    const buffers = [];
    const json = data === undefined ? "" : JSON.stringify(takeOut(data, buffers));
    const binary = buffers.length > 0 ? `${buffers.length}-` : "";
    const kind = buffers.length > 0 ? type + (BINARY_EVENT - EVENT) : type;
    return [`${kind}${binary}${nsp === "/" ? "" : `${nsp},`}${id}${json}`, ...buffers];
  };

  const decode = (text) => {
    const [, type, count = "0", nsp = "/", id, json] = /^(\d)(?:(\d+)-)?(?:(\/[^,]*),?)?(\d+)?(.*)$/s.exec(text);
    return { type: +type, count: +count, nsp, id: id && +id, data: json ? JSON.parse(json) : undefined };
  };

  // --- Manager: one connection, made again when it breaks ---

  class Manager extends Emitter {
    sockets = new Map();
    engine;
    #options;
    #attempts = 0;
    #timer;
    #wanted = false; // somebody wants a connection
    #pending; // a packet whose attachments are on their way

    constructor(options) {
      super();
      this.#options = { path: "/socket.io/", transports: ["polling", "websocket"], ...options };
      this.delay = options.reconnectionDelay ?? 1000;
      this.maxDelay = options.reconnectionDelayMax ?? 5000;
    }

    open() {
      this.#wanted = true;
      if (!this.engine && !this.#timer) this.#connect();
    }

    #connect() {
      this.#timer = undefined;
      const engine = new Engine(this.#options);
      this.engine = engine;
      engine.on("open", () => {
        const again = this.#attempts > 0;
        const attempts = this.#attempts;
        this.#attempts = 0;
        for (const socket of this.sockets.values()) socket.hello();
        if (again) this.dispatch("reconnect", attempts);
      });
      engine.on("message", (message) => this.#receive(message));
      engine.on("error", (error) => {
        if (this.#attempts > 0) this.dispatch("reconnect_error", error);
        for (const socket of this.sockets.values()) socket.dispatch("connect_error", error);
      });
      engine.on("close", (reason) => {
        this.engine = undefined;
        this.#pending = undefined;
        for (const socket of this.sockets.values()) socket.lost(reason);
        if (this.#wanted && reason !== "forced close") this.#again();
      });
    }

    // Longer after every failure, and never all clients at once: half of the delay is chance.
    #again() {
      const delay = Math.min(this.delay * 2 ** this.#attempts, this.maxDelay) * (0.5 + Math.random());
      this.#attempts += 1;
      this.#timer = setTimeout(() => {
        this.dispatch("reconnect_attempt", this.#attempts);
        this.#connect();
      }, delay);
    }

    // The last namespace has left.
    release() {
      if ([...this.sockets.values()].some((socket) => socket.active)) return;
      this.#wanted = false;
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.engine?.close();
    }

    send(packet) {
      for (const message of encode(packet)) this.engine?.send(message);
    }

    #receive(message) {
      if (typeof message === "string") {
        const packet = decode(message);
        if (packet.count === 0) return this.#handle(packet);
        this.#pending = { packet, buffers: [] };
      } else if (this.#pending) {
        const { packet, buffers } = this.#pending;
        if (buffers.push(message) < packet.count) return;
        this.#pending = undefined;
        this.#handle({ ...packet, data: putBack(packet.data, buffers) });
      }
    }

    #handle(packet) {
      this.sockets.get(packet.nsp)?.receive(packet);
    }
  }

  // --- Socket: one namespace ---

  class Socket extends Emitter {
    connected = false;
    recovered = false;
    active = false; // wants to be connected
    id;
    #nsp;
    #auth;
    #pid; // with these two the server finds what we missed
    #offset;
    #acks = new Map();
    #nextAck = 0;
    #waiting = []; // events emitted while not connected

    constructor(manager, nsp, { auth = {} } = {}) {
      super();
      this.io = manager;
      this.#nsp = nsp;
      this.#auth = auth;
    }

    connect() {
      if (this.active) return this;
      this.active = true;
      this.io.open();
      if (this.io.engine?.state === "open") this.hello();
      return this;
    }

    disconnect() {
      if (!this.active) return this;
      this.active = false;
      if (this.connected) this.io.send({ type: DISCONNECT, nsp: this.#nsp });
      this.lost("io client disconnect");
      this.io.release();
      return this;
    }

    // Sends an event. A function as the last argument is called with the server's answer.
    emit(event, ...args) {
      this.#emit(event, args);
      return this;
    }

    // The same, for at most so many milliseconds: the function is called with an error or null, then the answer.
    timeout(ms) {
      const emit = (event, ...args) => {
        const answer = args.pop();
        const done = (...results) => {
          clearTimeout(timer);
          answer(...results);
        };
        const id = this.#emit(event, [...args, (...results) => done(null, ...results)]);
        this.#acks.get(id).failed = done;
        const timer = setTimeout(() => {
          this.#acks.delete(id);
          this.#waiting = this.#waiting.filter((packet) => packet.id !== id);
          done(new Error("operation has timed out"));
        }, ms);
        return this;
      };
      const emitWithAck = (event, ...args) =>
        new Promise((resolve, reject) => {
          emit(event, ...args, (error, answer) => (error ? reject(error) : resolve(answer)));
        });
      return { emit, emitWithAck };
    }

    emitWithAck(event, ...args) {
      return new Promise((resolve) => this.#emit(event, [...args, resolve]));
    }

    #emit(event, args) {
      const packet = { type: EVENT, nsp: this.#nsp, data: [event, ...args] };
      if (typeof args.at(-1) === "function") {
        packet.id = this.#nextAck++;
        this.#acks.set(packet.id, { answered: packet.data.pop() });
      }
      if (this.connected) this.io.send(packet);
      else this.#waiting.push(packet);
      return packet.id;
    }

    // --- What the manager says ---

    // The connection stands: ask to join.
    hello() {
      if (!this.active) return;
      const join = (auth) => {
        const recovery = this.#pid ? { pid: this.#pid, offset: this.#offset } : {};
        this.io.send({ type: CONNECT, nsp: this.#nsp, data: { ...auth, ...recovery } });
      };
      if (typeof this.#auth === "function") this.#auth(join);
      else join(this.#auth);
    }

    receive({ type, id, data }) {
      switch (type) {
        case CONNECT:
          return this.#joined(data);
        case CONNECT_ERROR:
          this.active = false;
          return this.dispatch("connect_error", Object.assign(new Error(data.message), { data: data.data }));
        case DISCONNECT:
          this.active = false;
          this.lost("io server disconnect");
          return this.io.release();
        case EVENT:
        case BINARY_EVENT:
          return this.#event(id, data);
        case ACK:
        case BINARY_ACK: {
          const ack = this.#acks.get(id);
          this.#acks.delete(id);
          return ack?.answered(...data);
        }
      }
    }

    #joined({ sid, pid }) {
      this.id = sid;
      this.recovered = pid !== undefined && this.#pid === pid;
      this.#pid = pid;
      this.connected = true;
      for (const packet of this.#waiting.splice(0)) this.io.send(packet);
      this.dispatch("connect");
    }

    #event(id, data) {
      const [event, ...args] = data;
      // With recovery on, the last argument of an event that wants no answer is its offset.
      if (this.#pid && id === undefined && typeof args.at(-1) === "string") this.#offset = args.at(-1);
      if (id !== undefined) args.push((...answer) => this.io.send({ type: ACK, nsp: this.#nsp, id, data: answer }));
      this.dispatch(event, ...args);
    }

    // The connection is gone, or the namespace is left.
    lost(reason) {
      if (!this.connected) return;
      this.connected = false;
      this.id = undefined;
      const waiting = new Set(this.#waiting.map((packet) => packet.id));
      for (const [id, ack] of this.#acks) {
        if (waiting.has(id)) continue;
        this.#acks.delete(id);
        ack.failed?.(new Error("socket has been disconnected"));
      }
      this.dispatch("disconnect", reason);
    }
  }

  const managers = new Map();

  // The socket of a namespace. All namespaces share a connection, unless `forceNew` says otherwise.
  window.io = (nsp = "/", options = {}) => {
    const path = options.path ?? "/socket.io/";
    const shared = !options.forceNew && managers.get(path);
    const manager = shared && !shared.sockets.has(nsp) ? shared : new Manager(options);
    if (!options.forceNew) managers.set(path, manager);
    const socket = new Socket(manager, nsp, options);
    manager.sockets.set(nsp, socket);
    if (options.autoConnect !== false) socket.connect();
    return socket;
  };
})();
