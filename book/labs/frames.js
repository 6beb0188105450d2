// Chapter 7: a WebSocket to a server that tells, over another one, what it read and what it wrote.

import { button, drive, element, log } from "./kit.js";

const WAYS = { browser: "browser → server", server: "server → browser" };

export function start(stage) {
  let at, socket;
  const status = element("p", { className: "status", role: "status" }, "Not connected.");
  const wire = log("Frames", 30);
  const text = element("input", { type: "text", value: "Hello", maxLength: 2000 });
  const asText = element("button", { type: "submit" }, "Send as text");
  const asBytes = button("Send as bytes", () => socket.send(new TextEncoder().encode(text.value)));
  const ping = button("Have the server ping", () => server.wish("ping"));
  const close = button("Have the server close", () => server.wish("close"));
  const open = button("Open a WebSocket", connect);
  const say = (what) => status.replaceChildren(what);

  const server = drive("frames", told, (why) => {
    at = undefined;
    socket?.close();
    enable();
    say(why);
  });

  function enable() {
    const on = socket?.readyState === WebSocket.OPEN;
    for (const control of [text, asText, asBytes, ping, close]) control.disabled = !on;
    open.disabled = !at || (socket && socket.readyState !== WebSocket.CLOSED);
  }

  function connect() {
    wire.clear();
    say("Connecting …");
    socket = new WebSocket(at);
    socket.onopen = () => {
      enable();
      say("Connected. From here on no byte is HTTP.");
      text.focus();
    };
    socket.onclose = ({ code, reason }) => {
      enable();
      say(`Closed, code ${code}${reason && `, “${reason}”`}.`);
    };
    enable();
  }

  function told(what) {
    if (what.at) at = what.at;
    if (what.handshake) wire.add(handshake(what.handshake));
    if (what.frame) {
      // A reader who has reached the frames has read the handshake.
      for (const read of wire.list.querySelectorAll("details")) read.open = false;
      wire.add(frame(what.frame));
    }
    if (what.refused) wire.add(element("p", { className: "refused" }, `The server refuses this: ${what.refused}.`));
    if (what.ended) wire.add(element("p", {}, what.ended));
    if (what.broken) say(`The lab is broken: ${what.broken}.`);
    enable();
  }

  const form = element("form", {}, element("label", {}, "Message ", text), asText, asBytes, ping, close);
  form.onsubmit = (event) => {
    event.preventDefault();
    socket.send(text.value);
  };
  stage.append(element("p", {}, open), status, form, wire.list);
  enable();
}

function handshake({ request, response }) {
  return element(
    "details",
    { open: true },
    element("summary", {}, "The handshake"),
    element("pre", {}, element("code", {}, request.trimEnd())),
    element("pre", {}, element("code", {}, response.trimEnd())),
  );
}

function frame({ by, length, bytes, fields }) {
  const hex = bytes.match(/../g) ?? [];
  const cells = hex.map((byte, index) => {
    // The first two bytes hold several fields each; the rest belongs to one.
    const field = fields.findIndex(({ from, to }) => from <= index && index < to);
    return element("span", { className: `byte p${field % 5}` }, byte);
  });
  const rows = fields.map(({ name, raw, meaning, from, to }, index) => {
    const row = element(
      "tr",
      {},
      element("th", { scope: "row", className: `p${index % 5}` }, name),
      element("td", {}, element("code", {}, raw)),
      element("td", {}, meaning),
    );
    const mark = (on) => cells.forEach((cell, index) => cell.classList.toggle("is-meant", on && from <= index && index < to));
    row.onmouseenter = () => mark(true);
    row.onmouseleave = () => mark(false);
    return row;
  });
  const more = length > hex.length ? " …" : "";
  return element(
    "div",
    { className: `frame by-${by}` },
    element("p", {}, element("b", {}, WAYS[by]), `, ${length} ${length === 1 ? "byte" : "bytes"}`),
    element("p", { className: "bytes" }, ...cells, more),
    element("table", {}, element("tbody", {}, ...rows)),
  );
}
