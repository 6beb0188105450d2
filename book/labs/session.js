// Chapter 9: a session through a network that can be cut. The packets are those that the client sends and receives.

import { button, drive, element, engineParts, log, payload, shown, watchedClient } from "./kit.js";

export async function start(stage) {
  let at, engine, epoch;
  let connected = true;
  const wire = log("Packets", 200);
  const state = (name) => {
    const value = element("span", {}, "no session");
    return { value, row: element("p", {}, element("b", {}, `${name}: `), value), say: (text) => value.replaceChildren(text) };
  };
  const [browser, network, server] = ["Browser", "Network", "Server"].map(state);
  network.say("whole");
  const status = element("div", { className: "ends", role: "status" }, browser.row, network.row, server.row);

  const io = await watchedClient((direction, transport, what) => {
    if (what.asks) {
      // The first GET has no session yet: it opens one, and is answered at once.
      const opens = !engine || engine.state === "opening";
      return note(opens ? "GET: open a session." : "GET: is there anything for me? It waits.", "quiet");
    }
    if (what.refused) return note(`The server refused: ${what.refused}`, "refused");
    for (const packet of what.body === undefined ? [what.packet] : payload(what.body)) {
      // The answer to a POST is "ok", and no packet.
      line(direction, transport, shown(engineParts(packet)));
    }
  });

  const open = button("Open a session", connect);
  const hello = button("Say hello", () => engine.send("hello"));
  const cut = button("Cut the network", () => driver.wish(connected ? "cut" : "restore"));
  const close = button("Close the session", () => {
    engine.close();
    browser.say("closed");
    enable();
  });

  const driver = drive("session", told, (why) => {
    at = undefined;
    engine?.close();
    enable();
    browser.say(why);
  });

  const time = () => `${((performance.now() - epoch) / 1000).toFixed(1)} s`;
  function line(direction, transport, parts) {
    const way = direction === "up" ? "→ server" : "← server";
    wire.add(element("span", { className: "time" }, time()), element("span", { className: `way ${transport}` }, `${way}, ${transport}`), parts)
      .className = direction;
  }
  function note(text, kind = "note") {
    wire.add(element("span", { className: "time" }, time()), element("span", { className: kind }, text));
  }

  function enable() {
    const on = engine?.state === "open";
    open.disabled = !at || on || engine?.state === "opening";
    for (const control of [hello, close]) control.disabled = !on;
    cut.disabled = !at;
  }

  function connect() {
    wire.clear();
    epoch = performance.now();
    browser.say("opening");
    engine = new io.Engine({ path: at, transports: ["polling", "websocket"] });
    const mine = engine;
    const see = (event, say) =>
      engine.on(event, (data) => {
        if (mine !== engine) return;
        say(data);
        enable();
      });
    see("open", () => browser.say("open, by polling"));
    see("upgrade", () => browser.say("open, by WebSocket"));
    see("error", (error) => note(`No session: ${error.message}`, "refused"));
    see("close", (reason) => {
      browser.say(`closed: ${reason}`);
      note(`The browser gives the session up: ${reason}.`, "refused");
    });
    enable();
  }

  function told(what) {
    if (what.at) at = what.at;
    if (what.network !== undefined) {
      connected = what.network;
      network.say(connected ? "whole" : "cut: packets wait, and neither side is notified");
      cut.replaceChildren(connected ? "Cut the network" : "Restore the network");
      stage.classList.toggle("is-cut", !connected);
      if (epoch) note(connected ? "The network is whole again." : "The network is cut.", "switch");
    }
    if (what.server === "opened") server.say("a session is open");
    if (what.server === "message") server.say(`a session is open, by ${what.transport === "websocket" ? "WebSocket" : "polling"}`);
    if (what.server === "closed") {
      server.say(`closed: ${what.reason}`);
      note(`The server gives the session up: ${what.reason}.`, "refused");
    }
    if (what.broken) browser.say(`The lab is broken: ${what.broken}.`);
    enable();
  }

  stage.append(element("p", { className: "controls" }, open, hello, cut, close), status, wire.list);
  enable();
}
