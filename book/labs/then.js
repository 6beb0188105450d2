// Chapter 13: the page of slide 21 in two frames, on a small client of our own that speaks Socket.IO 0.9, in a room with
// the client of today. Every packet of the three is shown as it was sent.

import { person } from "./chat.js";
import { button, element, log, payload, shown, socketParts, watchedClient } from "./kit.js";

const TRANSPORTS = ["websocket", "xhr-polling"];
const KINDS = ["disconnect", "connect", "heartbeat", "text", "JSON", "event", "acknowledgement", "error", "noop"];

export async function start(stage) {
  const wire = log("Packets", 300);
  const panes = element("div", { className: "people" });
  const room = `tea-${Math.random().toString(36).slice(2, 7)}`;
  let frames = [];
  let today;

  function add(who, way, transport, parts) {
    const arrow = way === "up" ? "→ server" : "← server";
    const kind = transport === "websocket" ? "websocket" : "polling";
    wire.add(element("b", {}, who), element("span", { className: `way ${kind}` }, `${arrow}, ${transport}`), shown(parts)).className = way;
  }

  const io = await watchedClient((direction, transport, what) => {
    if (what.asks || what.refused) return;
    for (const packet of what.body === undefined ? [what.packet] : payload(what.body)) {
      // The session below is the subject of chapter 9.
      if (typeof packet === "string" && packet[0] === "4") add("today", direction, transport, socketParts(packet));
    }
  });

  addEventListener("message", ({ source, origin, data }) => {
    const frame = frames.find(({ contentWindow }) => contentWindow === source);
    if (!frame || origin !== location.origin) return;
    const { way, transport, body } = data;
    if (transport !== "handshake") add("2013", way, transport, bodyParts(body));
    else add("2013", way, "handshake", handshakeParts(body));
  });

  const open = button("Open the pages", () => {
    open.disabled = true;
    lose.disabled = false;
    frames = TRANSPORTS.map((transport) => {
      const title = `The page of 2013, over ${transport}`;
      const frame = element("iframe", { src: `/__labs/2013/index.html?room=${room}&transport=${transport}`, title });
      // Both frames have a main part; its name tells them apart.
      frame.onload = () => frame.contentDocument.querySelector("main")?.setAttribute("aria-label", title);
      return frame;
    });
    today = person("Today", io, room);
    panes.replaceChildren(...frames, today.pane);
  });
  const lose = button("Break the connection of the first page", () => frames[0].contentWindow.socket.socket.lose());
  lose.disabled = true;
  addEventListener("pagehide", () => today?.socket.disconnect());
  stage.append(element("p", { className: "controls" }, open, lose), panes, wire.list);
}

/** The line of the handshake as its parts. */
function handshakeParts(line) {
  const names = ["session's id", "seconds of silence", "seconds to come back", "transports"];
  return line.split(":").map((field, index) => [index < 3 ? `${field}:` : field, names[index] ?? "more"]);
}

/** A body as its parts: one packet, or several, each with its length in UTF-16 units. */
function bodyParts(body) {
  const parts = [];
  while (body.startsWith("\ufffd")) {
    const from = body.indexOf("\ufffd", 1) + 1;
    const to = from + Number(body.slice(1, from - 1));
    parts.push([body.slice(0, from), "length"], ...packetParts(body.slice(from, to)));
    body = body.slice(to);
  }
  return body === "" ? parts : [...parts, ...packetParts(body)];
}

function packetParts(packet) {
  const found = /^([0-8]:)(\d*\+?:)([^:]*)(:?)(.*)$/s.exec(packet);
  if (!found) return [[packet, "not a packet"]];
  const [, type, id, endpoint, colon, data] = found;
  const parts = [[type, KINDS[parseInt(type)]]];
  parts.push([id, id.length === 1 ? "no id" : id.endsWith("+:") ? "wants the value" : "id"]);
  if (endpoint) parts.push([endpoint + colon, "endpoint"]);
  else if (colon) parts.push([colon, "no endpoint"]);
  if (data) parts.push([data, "data"]);
  return parts;
}
