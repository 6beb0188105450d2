// Our messages, until the server has acknowledged them.
//
// The page gives each message a key, and the server stores a key once. So a message that
// got no answer is never "not sent": we ask again, with the same key, until we know. One
// message is asked about at a time, because the order in which things were said matters
// more than a few milliseconds.

import { $, button } from "./dom.js";
import * as log from "./log.js";
import { browser, list, randomId, tab } from "./memory.js";
import { wellFormed } from "./text.js";

const ACK_TIMEOUT = 10_000; // milliseconds until we ask again
const SLOW = 3000; // milliseconds after which the page says that it still waits
const MAX_BREAKS = 3; // connections that a message may break before it is set aside
const LONGEST_PAUSE = 300; // seconds, whatever the server asks for
const MAX_AGE = 24 * 3600 * 1000; // milliseconds that another tab's message is kept
const MAX_KEPT = 100; // messages of all tabs, in each room

let place; // where this room's messages are remembered
let emit; // (entry, milliseconds, (error, ok, answer, kind, seconds) => …)
let delivered; // (entry, number)
let edit; // (text)

// { key, who, text, at, own, item }, in the order in which they were typed. `failed` says
// why one is set aside; `unknown` then says that it may have arrived all the same.
// `breaks` counts the connections that ended while its answer was due.
const entries = [];
let ready = false; // the server knows our nickname, on this connection
let asked; // the entry whose answer is due
let pause; // the timer until the server wants to hear from us again
let slow; // the timer until the page says that it waits

// The tab remembers its messages over a reload. The browser remembers those of all
// tabs: one that is closed while it waits leaves its messages to the next one.
const keep = (gone) => {
  const kept = entries.map(({ key, who, text, at, failed, unknown, breaks }) => {
    return { key, who, text, at, failed, unknown, breaks };
  });
  tab.remember(place, kept);
  const known = new Set([gone, ...entries].map((entry) => entry?.key));
  const others = list(browser.recall(place, [])).filter((it) => !known.has(it?.key));
  browser.remember(place, [...others, ...kept].slice(-MAX_KEPT));
};

// One line below all messages that wait says why. A line under each of them would come
// and go, and everything above would jump.
const explain = (text) => {
  clearTimeout(slow);
  const waits = entries.some((entry) => !entry.failed);
  $("waiting").textContent = waits ? text : "";
};

const mark = (entry) => {
  entry.item.classList.toggle("pending", !entry.failed);
  entry.item.classList.toggle("failed", Boolean(entry.failed));
};

const remove = (entry) => {
  entries.splice(entries.indexOf(entry), 1);
  log.removeUnsent(entry);
  keep(entry);
};

const setAside = (entry, reason, unknown) => {
  Object.assign(entry, { failed: reason, unknown });
  mark(entry);
  keep();
  const discard = () => {
    remove(entry);
    $("message").focus();
  };
  const again = () => {
    Object.assign(entry, { failed: undefined, unknown: undefined, breaks: 0 });
    entry.item.querySelector(".state").remove();
    mark(entry);
    keep();
    flush();
  };
  const rewrite = () => {
    remove(entry);
    edit(entry.text);
  };
  const [said, label, action] = unknown
    ? [`Perhaps not sent. ${reason}. `, "Ask again", again]
    : [`Not sent. ${reason}. `, "Edit", rewrite];
  log.addState(entry, said, button(label, action), " ", button("Discard", discard));
};

// ANCHOR: flush
export const flush = () => {
  if (!ready || asked || pause) return;
  const entry = entries.find((entry) => !entry.failed);
  if (!entry) return explain("");
  asked = entry;
  slow = setTimeout(explain, SLOW, "No answer yet. Asking again until there is one.");
  emit(entry, ACK_TIMEOUT, (error, ok, answer, kind, seconds) => {
    if (asked !== entry) return; // `closed` or `arrived` has seen to it
    asked = undefined;
    clearTimeout(slow);
    if (error) {
      // Not known yet: the next turn of `flush` asks again, with the same key.
    } else if (ok) {
      remove(entry);
      entry.item.classList.remove("pending");
      delivered(entry, answer);
    } else if (kind === "later") {
      wait(answer, seconds);
    } else {
      setAside(entry, answer, false);
    }
    flush();
  });
};
// ANCHOR_END: flush

const wait = (reason, seconds) => {
  const [why] = reason.split(". "); // without the server's count, which would stand still
  const until = Date.now() + Math.min(Math.max(seconds || 1, 1), LONGEST_PAUSE) * 1000;
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    if (left <= 0) {
      pause = undefined;
      explain("");
      return flush();
    }
    explain(`${why}. Sending in ${left} s.`);
    pause = setTimeout(tick, 1000);
  };
  tick();
};

export const say = (who, text) => {
  const entry = { key: randomId(), who, text, at: Date.now(), own: true };
  entries.push(entry);
  log.addUnsent(entry);
  mark(entry);
  keep();
  if (!ready) explain("Waiting for the connection");
  flush();
};

// The server knows who we are: what waits may leave.
export const opened = () => {
  ready = true;
  explain("");
  flush();
};

// The connection is gone. A message that breaks it again and again must not be sent
// again by itself, or nothing after it would ever be said.
export const closed = (byUs) => {
  ready = false;
  clearTimeout(pause);
  pause = undefined;
  const entry = asked;
  asked = undefined;
  if (entry && !byUs) {
    entry.breaks = (entry.breaks ?? 0) + 1;
    keep();
    if (entry.breaks >= MAX_BREAKS) {
      setAside(entry, "The connection broke each time", true);
    }
  }
  explain("Waiting for the connection");
};

export const has = (key) => entries.some((entry) => entry.key === key);

// The room has shown a message with this key: it was stored, whatever became of the
// answer.
export const arrived = (key) => {
  const entry = key && entries.find((entry) => entry.key === key);
  if (!entry) return;
  if (asked === entry) asked = undefined;
  remove(entry);
  explain("");
  flush();
};

// The messages of this tab from before a reload, and those of a tab that was closed
// before it could send them. We do not know whether the other tab is closed. If not, both tabs send the
// message with the same key, and the server stores it once. Under another name it would
// be another person's message, so it waits for a tab with its own.
const remembered = (who) => {
  const own = list(tab.recall(place, []));
  const known = new Set(own.map((it) => it?.key));
  const left = list(browser.recall(place, [])).filter(
    (it) => it?.key && !known.has(it.key) && it.who === who && Date.now() - it.at < MAX_AGE,
  );
  return [...left, ...own];
};

// `emit`, `delivered` and `edit` are described above. `who` is our nickname, if we have
// one. Messages from before a reload are here again.
export const open = (room, who, actions) => {
  ({ emit, delivered, edit } = actions);
  place = `outbox ${room}`;
  for (const kept of remembered(who)) {
    if (typeof kept?.text !== "string") continue;
    const entry = { ...kept, text: wellFormed(kept.text), own: true };
    entry.key ??= randomId();
    entries.push(entry);
    log.addUnsent(entry);
    mark(entry);
    if (entry.failed) setAside(entry, entry.failed, entry.unknown);
  }
  keep();
  explain("Waiting for the connection");
};
