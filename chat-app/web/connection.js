// The state of the connection in words, and its return as soon as there is a reason to
// try.

import { $ } from "./dom.js";

const GLAD = 3000; // milliseconds for which the page says that the connection is back
const PATIENCE = 4000; // milliseconds for a sign of life after a sleep
const TICK = 5000; // milliseconds
const CALM = 1000; // milliseconds between two attempts that we cause

let timer;

export const status = (text, state) => {
  clearTimeout(timer);
  $("status").textContent = text;
  $("status").dataset.state = state;
};

export const reconnected = () => {
  status("Reconnected to the server", "connected");
  timer = setTimeout(status, GLAD, "Connected", "connected");
};

// ANCHOR: wake
// A client that lost its connection waits longer after each attempt that fails, and one
// whose machine was asleep may still believe in a connection that is long gone. When the
// network is back, the page is shown or the machine wakes up, there is no point in
// waiting. `ask` calls back when the server has answered.
export const watch = (socket, ask) => {
  let last = 0;
  const again = () => socket.disconnect().connect();
  const wake = () => {
    if (document.hidden || Date.now() - last < CALM) return;
    last = Date.now();
    if (!socket.connected) return again();
    const silence = setTimeout(again, PATIENCE);
    ask(() => clearTimeout(silence));
  };
  addEventListener("online", wake);
  addEventListener("pageshow", (event) => event.persisted && wake());
  document.addEventListener("visibilitychange", wake);
  // A timer that is late by much more than its time: the machine slept.
  let before = Date.now();
  setInterval(() => {
    const late = Date.now() - before > 4 * TICK;
    before = Date.now();
    if (late) wake();
  }, TICK);
};
// ANCHOR_END: wake
