// The front page: two windows of the chat that runs beside the book. What Ann writes goes through the server to Bob.

import { element, script } from "./kit.js";

const ROOM = "front-page";

export async function start(stage) {
  const { url } = await (await fetch("/__labs/chat")).json();
  await script("/__labs/socket.io.js");
  const people = ["Ann", "Bob"].map((name) => person(name, window.io, ROOM));
  const room = element("a", { href: `${url}/room/${ROOM}`, target: "_blank", rel: "noopener" });
  room.append("Open the same room in the whole chat");
  stage.append(element("div", { className: "people" }, ...people.map(({ pane }) => pane)), element("p", {}, room));
  addEventListener("pagehide", () => people.forEach(({ socket }) => socket.disconnect()));
}

/** One window on a room: a socket, the lines that it shows, and a field to write in. */
export function person(wanted, io, room) {
  const lines = element("ul", {});
  const scrolled = element("div", { className: "lines", role: "log", tabIndex: 0, "aria-label": `What ${wanted} sees` }, lines);
  const field = element("input", { type: "text", "aria-label": `Message from ${wanted}`, maxLength: 300, autocomplete: "off" });
  const send = element("button", { type: "submit", disabled: true }, "Send");
  const state = element("span", { className: "quiet" }, "connecting …");
  const title = element("b", {}, wanted);
  const form = element("form", {}, field, send);
  const pane = element("section", { className: "person" }, element("p", {}, title, " ", state), scrolled, form);
  const socket = io("/chat", { forceNew: true });
  const ask = (event, ...args) =>
    new Promise((resolve) => socket.timeout(5000).emit(event, ...args, (error, ...answer) => resolve(error ? [false] : answer)));

  const add = (who, text, kind = "") => {
    lines.append(element("li", { className: kind }, who ? element("b", {}, `${who} `) : "", text));
    while (lines.childElementCount > 50) lines.firstElementChild.remove();
    scrolled.scrollTop = scrolled.scrollHeight;
  };

  socket.on("connect", async () => {
    await ask("join", room);
    // Somebody else may be reading the same page.
    let name = wanted;
    for (let number = 2; number < 100; number += 1) {
      if ((await ask("nickname", name))[0]) break;
      name = `${wanted} ${number}`;
    }
    title.textContent = name;
    state.textContent = "connected";
    send.disabled = false;
  });
  socket.on("disconnect", () => {
    state.textContent = "disconnected";
    send.disabled = true;
  });
  socket.on("msg_to_room", (who, text) => add(who, text));
  form.onsubmit = async (submitted) => {
    submitted.preventDefault();
    const text = field.value.trim();
    if (text === "" || send.disabled) return;
    field.value = "";
    const [stored] = await ask("user message", text, crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`);
    add("you", stored ? text : `${text} (not sent)`, stored ? "own" : "refused");
  };
  return { pane, socket };
}
