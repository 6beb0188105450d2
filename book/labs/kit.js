// What the labs have in common.

/** An element with these properties (`data-…` and `aria-…` become attributes) and children: elements, and text as text. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-") || key === "role" || key === "for") made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children);
  return made;
}

export const button = (text, onclick) => element("button", { type: "button", onclick }, text);

/** Drives the lab of that name in the book's server: `told` hears what happens there, `lost` that it is gone. */
export function drive(name, told, lost) {
  const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/__labs/${name}`);
  socket.onmessage = ({ data }) => told(JSON.parse(data));
  socket.onclose = () => lost("The book's server has gone. Start it again with cargo run -p book.");
  return { wish: (what) => socket.readyState === WebSocket.OPEN && socket.send(what) };
}

/** A list that grows at its end, scrolls with it until the reader scrolls up, and keeps only the last `most` items. */
export function log(label, most) {
  // The role is the wrapper's: on the list itself it would hide that this is a list.
  const items = element("ol");
  const list = element("div", { className: "log", role: "log", tabIndex: 0, "aria-label": label }, items);
  const add = (...children) => {
    const following = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    const item = element("li", {}, ...children);
    items.append(item);
    while (items.childElementCount > most) items.firstElementChild.remove();
    if (following) list.scrollTop = list.scrollHeight;
    return item;
  };
  return { list, add, clear: () => items.replaceChildren() };
}

const loaded = new Map();

/** Loads a classic script (not a module) once. */
export function script(src) {
  if (!loaded.has(src)) {
    loaded.set(
      src,
      new Promise((resolve, reject) => {
        const onerror = () => reject(new Error(`${src} cannot be loaded`));
        document.head.append(element("script", { src, onload: resolve, onerror }));
      }),
    );
  }
  return loaded.get(src);
}

/**
 * The project's Socket.IO client, observed: its `fetch` and its `WebSocket` report everything that passes through
 * them to `seen(direction, transport, what)`. The client is otherwise unchanged.
 */
export async function watchedClient(seen) {
  const source = await (await fetch("/__labs/socket.io.js")).text();
  const asked = async (url, options = {}) => {
    const posts = options.method === "POST";
    seen("up", "polling", posts ? { body: options.body } : { asks: true });
    const response = await fetch(url, options);
    const body = await response.clone().text();
    if (!posts || !response.ok) seen("down", "polling", response.ok ? { body } : { refused: `${response.status} ${body}` });
    return response;
  };
  class Watched extends WebSocket {
    constructor(url) {
      super(url);
      this.addEventListener("message", ({ data }) => seen("down", "websocket", { packet: data }));
    }
    send(data) {
      seen("up", "websocket", { packet: data });
      super.send(data);
    }
  }
  const scope = {};
  new Function("window", "fetch", "WebSocket", source)(scope, asked, Watched);
  return scope.io;
}

const ENGINE = ["open", "close", "ping", "pong", "message", "upgrade", "noop"];

/** An Engine.IO packet as its parts: `[text, what it is]`. */
export function engineParts(packet) {
  if (typeof packet !== "string") return [[`${packet.byteLength ?? packet.length} bytes`, "message, binary"]];
  if (packet[0] === "b") return [["b", "message, binary, in base64"], [packet.slice(1), "data"]];
  const parts = [[packet[0], ENGINE[packet[0]] ?? "no packet"]];
  if (packet.length > 1) parts.push([packet.slice(1), "data"]);
  return parts;
}

const SOCKET = ["connect", "disconnect", "event", "acknowledgement", "connect error", "binary event", "binary acknowledgement"];

/** The same of an Engine.IO packet that holds one of Socket.IO. */
export function socketParts(packet) {
  const found = typeof packet === "string" && /^4([0-6])(?:(\d+)-)?(?:(\/[^,]*),?)?(\d+)?(.*)$/s.exec(packet);
  if (!found) return engineParts(packet);
  const [, type, attachments, namespace, id, data] = found;
  const parts = [["4", "message"], [type, SOCKET[type]]];
  if (attachments) parts.push([`${attachments}-`, "attachments"]);
  if (namespace) parts.push([`${namespace},`, "namespace"]);
  if (id) parts.push([id, "acknowledgement id"]);
  if (data) parts.push([data, "data"]);
  return parts;
}

/** The packets of a payload: an HTTP body holds several, between them 0x1e. */
export const payload = (body) => body.split("\x1e");

/** What a part is, by its name: parts that mean the same have the same color, wherever they stand. */
const MEANING = {
  data: "data",
  packet: "data",
  answer: "data",
  question: "event",
  namespace: "place",
  endpoint: "place",
  sender: "place",
  attachments: "id",
  selection: "id",
  "acknowledgement id": "id",
  "wants the value": "id",
};

/** Parts with their names under them. */
export function shown(parts) {
  const cut = (text) => (text.length > 400 ? `${text.slice(0, 400)} …` : text);
  const meaning = (name) => MEANING[name] ?? (SOCKET.includes(name) ? "event" : "type");
  return element(
    "span",
    { className: "parts" },
    ...parts.map(([text, name]) =>
      element("span", { className: "part", "data-is": meaning(name) }, element("code", {}, cut(text)), element("small", {}, name)),
    ),
  );
}
