// A client of Socket.IO 0.9, as small as the lab of chapter 13 needs it. What it has, it has under the names of 2013, so
// the page of slide 21 runs on it unchanged. Every line that it sends or receives is also shown to the lab around it.
"use strict";

(() => {
  const MARK = "\ufffd";
  const RETRY = 500; // milliseconds; each failure doubles it, up to eight times

  const show = (way, transport, body) => parent.postMessage({ way, transport, body }, location.origin);

  // The length is that of JavaScript, in UTF-16 units. Here it cannot be wrong: the protocol took it from this language.
  const encodeBody = (packets) =>
    packets.length === 1 ? packets[0] : packets.map((packet) => MARK + packet.length + MARK + packet).join("");

  function decodeBody(body) {
    if (!body.startsWith(MARK)) return body === "" ? [] : [body];
    const packets = [];
    for (let start = 0; start < body.length; ) {
      const from = body.indexOf(MARK, start + 1) + 1;
      const length = Number(body.slice(start + 1, from - 1));
      if (from === 0 || !Number.isInteger(length)) throw new Error("a body that is not framed");
      packets.push(body.slice(from, from + length));
      start = from + length;
    }
    return packets;
  }

  // Each sends packets and closes, calls `heard` with a packet, and calls `ended` when it cannot go on.
  const TRANSPORTS = {
    websocket(url, heard, ended) {
      const ws = new WebSocket(url.replace(/^http/, "ws"));
      ws.onmessage = ({ data }) => {
        show("down", "websocket", data);
        heard(data);
      };
      ws.onclose = ended;
      const send = (packet) => {
        show("up", "websocket", packet);
        ws.send(packet);
      };
      return { send: (packets) => packets.forEach(send), close: () => ws.close() };
    },

    "xhr-polling"(url, heard, ended) {
      const requests = new AbortController();
      const { signal } = requests;
      const request = async (options) => {
        const response = await fetch(`${url}?t=${Date.now()}`, { ...options, signal });
        if (!response.ok) throw new Error(`the server answers ${response.status}`);
        return response.text();
      };
      const stop = () => {
        if (signal.aborted) return;
        requests.abort();
        ended();
      };
      const poll = async () => {
        while (!signal.aborted) {
          const body = await request({});
          show("down", "xhr-polling", body);
          decodeBody(body).forEach(heard);
        }
      };
      poll().catch(stop);
      // One POST at a time. Packets that are sent meanwhile share the next one.
      let waiting = [];
      let sending;
      const flush = async () => {
        while (waiting.length > 0) {
          const body = encodeBody(waiting.splice(0));
          show("up", "xhr-polling", body);
          await request({ method: "POST", body });
        }
        sending = undefined;
      };
      const send = (packets) => {
        waiting.push(...packets);
        sending ??= Promise.resolve().then(flush).catch(stop);
      };
      return { send, close: stop };
    },
  };

  // The client's function looped over the shorter list, and so that list decided.
  function choose(offered, wanted) {
    const [shorter, longer] = offered.length > wanted.length ? [wanted, offered] : [offered, wanted];
    return shorter.find((name) => longer.includes(name) && TRANSPORTS[name]);
  }

  /** The connection, which all endpoints of the page share. */
  class Connection {
    endpoints = new Map();
    #transport;
    #connected = false;
    #waiting = [];
    #attempts = 0;

    async open() {
      try {
        const response = await fetch(`/socket.io/1/?t=${Date.now()}`);
        if (!response.ok) throw new Error(`the server answers ${response.status}`);
        const line = await response.text();
        show("down", "handshake", line);
        const [sid, , , offered] = line.split(":");
        const name = choose(offered.split(","), io.transports);
        if (!name) return this.#all("connect_failed");
        const url = `${location.origin}/socket.io/1/${name}/${sid}`;
        const transport = TRANSPORTS[name](url, (packet) => this.#heard(packet), () => this.#transport === transport && this.#lost());
        this.#transport = transport;
      } catch {
        this.#lost();
      }
    }

    send(packet) {
      if (this.#connected) this.#transport.send([packet]);
      else this.#waiting.push(packet);
    }

    /** As if the network had failed. */
    lose() {
      this.#transport?.close();
    }

    #all(event, ...args) {
      for (const socket of this.endpoints.values()) socket.dispatch(event, ...args);
    }

    #lost() {
      this.#transport = undefined;
      if (this.#connected) this.#all("disconnect");
      this.#connected = false;
      const delay = RETRY * 2 ** Math.min(this.#attempts, 3);
      this.#attempts += 1;
      this.#all("reconnecting", delay, this.#attempts);
      setTimeout(() => this.open(), delay);
    }

    #heard(packet) {
      const fields = /^([0-8]):(\d*)(\+?):([^:]*):?(.*)$/s.exec(packet);
      if (!fields) return;
      const [, type, id, plus, endpoint, data] = fields;
      const socket = this.endpoints.get(endpoint);
      if (type === "0" && endpoint === "") this.#transport.close();
      if (type === "1" && endpoint === "") this.#opened();
      else if (type === "1") socket?.dispatch("connect");
      if (type === "2") this.#transport.send(["2::"]);
      if (type === "5") {
        const { name, args = [] } = JSON.parse(data);
        const answer = (...values) => this.send(`6::${endpoint}:${id}+${JSON.stringify(values)}`);
        if (plus) args.push(answer);
        else if (id) this.send(`6::${endpoint}:${id}`);
        socket?.dispatch(name, ...args);
      }
      if (type === "6") {
        const [, number, values] = /^(\d+)\+?(.*)$/s.exec(data) ?? [];
        socket?.answered(Number(number), values ? JSON.parse(values) : []);
      }
      if (type === "7") this.#transport.close();
    }

    #opened() {
      this.#connected = true;
      const joins = [...this.endpoints.keys()].map((name) => `1::${name}`);
      this.#transport.send([...joins, ...this.#waiting.splice(0)]);
      if (this.#attempts > 0) this.#all("reconnect");
      this.#attempts = 0;
    }
  }

  /** One endpoint, which is a namespace today. */
  class Socket {
    #listeners = new Map();
    #answers = new Map();
    #next = 1;
    #name;

    constructor(connection, name) {
      this.socket = connection;
      this.#name = name;
    }

    on(event, listener) {
      this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
    }

    dispatch(event, ...args) {
      for (const listener of this.#listeners.get(event) ?? []) listener(...args);
    }

    emit(name, ...args) {
      let id = "";
      if (typeof args.at(-1) === "function") {
        this.#answers.set(this.#next, args.pop());
        id = `${this.#next++}+`;
      }
      this.socket.send(`5:${id}:${this.#name}:${JSON.stringify({ name, args })}`);
    }

    answered(id, values) {
      this.#answers.get(id)?.(...values);
      this.#answers.delete(id);
    }
  }

  const connection = new Connection();
  window.io = {
    transports: Object.keys(TRANSPORTS),
    connect(name) {
      const socket = new Socket(connection, name);
      connection.endpoints.set(name, socket);
      if (connection.endpoints.size === 1) connection.open();
      return socket;
    },
  };
})();
