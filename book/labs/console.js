// Chapter 10: events to and from the chat that runs beside the book, and what they look like on the wire.

import { button, element, log, payload, shown, socketParts, watchedClient } from "./kit.js";

const EVENTS = {
  join: '["tea"]',
  nickname: '["Ada"]',
  "user message": '["Is there any left?"]',
};

export async function start(stage) {
  const { url } = await (await fetch("/__labs/chat")).json();
  let socket;
  const wire = log("Events", 200);
  const status = element("p", { className: "status", role: "status" }, "Not connected.");
  // Apart from the status: a typing mistake does not end the connection.
  const problem = element("p", { className: "refused", role: "alert" });
  const heartbeat = element("input", { type: "checkbox" });
  const say = (what) => status.replaceChildren(what);

  const io = await watchedClient((direction, transport, what) => {
    if (what.asks) return;
    if (what.refused) return wire.add(element("span", { className: "refused" }, what.refused));
    for (const packet of what.body === undefined ? [what.packet] : payload(what.body)) {
      const beat = typeof packet === "string" && packet[0] !== "4";
      if (beat && !heartbeat.checked) continue;
      const way = element("span", { className: `way ${transport}` }, direction === "up" ? "→ server" : "← server");
      wire.add(way, shown(socketParts(packet))).className = direction;
    }
  });

  const open = button("Connect to /chat", connect);
  const close = button("Disconnect", () => {
    socket.disconnect();
    say("Disconnected.");
    enable();
  });
  const event = element("input", { type: "text", value: "join" });
  event.setAttribute("list", "lab-console-events");
  const known = element("datalist", { id: "lab-console-events" }, ...Object.keys(EVENTS).map((value) => element("option", { value })));
  const args = element("input", { type: "text", value: EVENTS.join, spellcheck: false });
  const ack = element("input", { type: "checkbox", checked: true });
  const emit = element("button", { type: "submit" }, "emit");
  event.oninput = () => {
    if (EVENTS[event.value]) args.value = EVENTS[event.value];
  };

  function enable() {
    const on = socket?.connected ?? false;
    open.disabled = socket?.active ?? false;
    close.disabled = !socket?.active;
    emit.disabled = !on;
  }

  function connect() {
    wire.clear();
    say("Connecting …");
    socket = io("/chat", { forceNew: true });
    socket.on("connect", () => {
      say(`Connected: this socket is ${socket.id}.`);
      enable();
    });
    socket.on("disconnect", (reason) => {
      say(`Disconnected: ${reason}.`);
      enable();
    });
    socket.on("connect_error", (error) => {
      say(`No connection: ${error.message}.`);
      enable();
    });
    enable();
  }

  const form = element(
    "form",
    {},
    element("label", {}, "Event ", event),
    known,
    element("label", { className: "grows" }, "Arguments ", args),
    element("label", {}, ack, " wants an acknowledgement"),
    emit,
  );
  form.onsubmit = (submitted) => {
    submitted.preventDefault();
    if (!socket?.connected) return;
    let values;
    problem.replaceChildren();
    try {
      values = JSON.parse(args.value);
      if (!Array.isArray(values)) throw new Error("a list in brackets");
    } catch {
      return problem.replaceChildren('Arguments are a list in JSON, like ["tea", 3].');
    }
    if (!ack.checked) {
      socket.emit(event.value, ...values);
      return say(`emit("${event.value}"): nobody will say whether it arrived.`);
    }
    socket.timeout(5000).emit(event.value, ...values, (error, ...answer) => {
      const got = error ? `no answer: ${error.message}` : `the answer is ${answer.map((value) => JSON.stringify(value)).join(", ")}`;
      say(`emit("${event.value}"): ${got}.`);
    });
  };
  const room = element("a", { href: `${url}/room/tea`, target: "_blank", rel: "noopener" }, "The room “tea” in another window");
  stage.append(
    element("p", { className: "controls" }, open, close, room),
    status,
    form,
    problem,
    element("p", {}, element("label", {}, heartbeat, " show heartbeats, too")),
    wire.list,
  );
  addEventListener("pagehide", () => socket?.disconnect());
  enable();
}
