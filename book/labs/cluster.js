// Chapter 12: two servers with a bus between them, and a client on each. The page is also the proxy in front of the
// servers: it knows which of them run, and sends a client that has lost its own to the other.

import { button, drive, element, log, script, shown } from "./kit.js";

const NAMES = ["one", "two"];
const PAUSE = 300; // milliseconds before a client tries again

export async function start(stage) {
  await script("/__labs/socket.io.js");
  const at = {}; // the address of each server that runs
  let bus = true;
  let over = false;
  const wire = log("Messages on the bus", 200);
  const status = Object.fromEntries(["one", "bus", "two"].map((name) => [name, element("span", {}, "starting")]));
  const dot = element("span", { className: "dot" });
  const picture = element(
    "div",
    { className: "cluster", role: "status" },
    element("p", { className: "end" }, element("b", {}, "Server one: "), status.one),
    element("p", { className: "middle" }, element("b", {}, "Bus: "), status.bus, dot),
    element("p", { className: "end" }, element("b", {}, "Server two: "), status.two),
  );

  const switches = Object.fromEntries(
    NAMES.map((name) => [name, button(`Kill server ${name}`, () => driver.wish(`${at[name] ? "kill" : "start"} ${name}`))]),
  );
  const away = button("Take the bus away", () => driver.wish(bus ? "bus away" : "bus back"));
  const note = (text, kind = "switch") => wire.add(element("span", { className: kind }, text));

  const people = [person("Ann", "one", "two"), person("Bob", "two", "one")];
  const driver = drive("cluster", told, (why) => {
    end();
    for (const control of [...Object.values(switches), away]) control.disabled = true;
    note(why, "refused");
  });
  addEventListener("pagehide", end);
  function end() {
    over = true;
    for (const { leave } of people) leave();
  }

  function told(what) {
    if (what.server) {
      const name = what.server;
      if (!what.at) note(`Server ${name} is dead.`);
      else if (status[name].textContent === "dead") note(`Server ${name} runs again.`);
      at[name] = what.at;
      status[name].replaceChildren(what.at ? "running" : "dead");
      switches[name].replaceChildren(`${what.at ? "Kill" : "Start"} server ${name}`);
    }
    if (what.bus !== undefined) {
      bus = what.bus;
      note(bus ? "The bus is back." : "The bus is away.");
      away.replaceChildren(bus ? "Take the bus away" : "Bring the bus back");
    }
    status.bus.replaceChildren(bus ? "connected" : "away");
    stage.classList.toggle("no-bus", !bus);
    if (what.passing) passes(what.passing);
    if (what.broken) note(`The lab is broken: ${what.broken}.`, "refused");
    for (const { connect } of people) connect();
  }

  /** A message on the bus: in the picture, and with its parts in the list. */
  function passes({ from, to, channel, content, bytes }) {
    const right = from === "one";
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) {
      const ends = ["0%", "100%"];
      dot.animate({ left: right ? ends : ends.reverse(), opacity: [1, 1] }, { duration: 700, easing: "ease-in-out" });
    }
    const text = JSON.stringify;
    let parts = [[text(content), channel.includes("-response") ? "answer" : "question"]];
    if (Array.isArray(content)) {
      const [sender, packet, selection] = content;
      parts = [[text(sender), "sender"], [text(packet), "packet"], [text(selection), "selection"]];
    }
    const way = `server ${from} → ${to.length > 0 ? to.map((name) => `server ${name}`).join(", ") : "nobody"}`;
    wire.add(
      element("span", { className: `way ${right ? "websocket" : "polling"}` }, way),
      element("code", {}, channel),
      element("span", { className: "quiet" }, `${bytes} bytes`),
      shown(parts),
    ).className = "passing";
  }

  /** A client that wants to be on the server `home`, and goes to `other` if that is dead. */
  function person(name, home, other) {
    const lines = log(`What ${name} sees`, 50);
    const state = element("span", { className: "quiet" }, "connecting …");
    const field = element("input", { type: "text", "aria-label": `Message from ${name}`, maxLength: 200, autocomplete: "off" });
    const send = element("button", { type: "submit", disabled: true }, "Send");
    const who = button("Who is there?", ask);
    who.disabled = true;
    const form = element("form", {}, field, send, who);
    const pane = element("section", { className: "person" }, element("p", {}, element("b", {}, name), " ", state), lines.list, form);
    let socket, timer;

    function enable(on) {
      send.disabled = !on;
      who.disabled = !on;
    }

    function connect() {
      const server = [home, other].find((name) => at[name]);
      // Until both have been heard of, nobody knows which one is dead.
      if (socket || timer || over || !server || Object.keys(at).length < NAMES.length) return;
      socket = window.io("/chat", { path: at[server], transports: ["websocket"], forceNew: true });
      socket.on("connect", () =>
        socket.emit("join", name, () => {
          state.textContent = `on server ${server}`;
          enable(true);
        }),
      );
      socket.on("said", (who, text) => lines.add(element("b", {}, `${who} `), text));
      socket.on("disconnect", lost);
      socket.on("connect_error", lost);
    }

    function lost() {
      leave();
      state.textContent = "lost the server …";
      timer = setTimeout(() => {
        timer = undefined;
        connect();
      }, PAUSE);
    }

    function leave() {
      const left = socket;
      socket = undefined;
      left?.off("disconnect");
      left?.disconnect();
      enable(false);
    }

    function ask() {
      socket.timeout(5000).emit("who", (error, found, answer) => {
        const said = error ? error.message : found ? answer.sort().join(", ") : answer;
        lines.add(element("span", { className: found ? "quiet" : "refused" }, `Who is there? ${said}`));
      });
    }

    form.onsubmit = (submitted) => {
      submitted.preventDefault();
      const text = field.value.trim();
      if (text === "" || send.disabled) return;
      socket.emit("say", text);
      field.value = "";
    };
    return { pane, connect, leave };
  }

  stage.append(
    element("p", { className: "controls" }, switches.one, away, switches.two),
    picture,
    element("div", { className: "people" }, ...people.map(({ pane }) => pane)),
    wire.list,
  );
}
