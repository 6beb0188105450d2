// The room's page: the talk's chat.js (slide 21), for today's browsers and with its bugs
// fixed.
//
// On the namespace /chat it emits join, nickname, user message and history, and listens
// for announcement, nicknames, people, msg_to_room and history. This module connects the
// others: log.js has the lines, outbox.js what we say, people.js who is here, composer.js
// the two forms, notices.js the messages that came while the page was hidden, scroll.js and connection.js
// what their names say.

import * as composer from "./composer.js";
import { reconnected, status, watch } from "./connection.js";
import { $ } from "./dom.js";
import * as log from "./log.js";
import { browser, list, person } from "./memory.js";
import * as notices from "./notices.js";
import * as outbox from "./outbox.js";
import * as people from "./people.js";
import { follow, isFollowing, isNearTop, onScroll } from "./scroll.js";

const PATIENCE = 10_000; // milliseconds for the answer to a question of the page itself
const MAX_GAP = 20; // answers of the server, about a thousand messages
const MAX_MINE = 500; // of our messages that the browser knows again, in each room

const { room, transports } = document.body.dataset;

status("Connecting…", "waiting");
log.showState("Loading messages…");

const socket = io("/chat", { transports: transports.split(","), auth: { person } });
// For the curious: try `socket.io.engine` in the browser's console.
window.socket = socket;

// ---- What is said ----

// Which messages are ours: their numbers, with the name that we had. The name is there
// because the numbers of another database start again at 1.
const mine = new Map(list(browser.recall(`mine ${room}`, [])));

const toLine = (who, text, { id, at, key }) => {
  // Our own message may be here before its answer, by way of the history or another tab.
  if (key && outbox.has(key)) remember(id, who);
  return { id, who, text, at, key, own: mine.get(id) === who };
};

// ANCHOR: message
socket.on("msg_to_room", (nickname, text, meta) => {
  // A nickname belongs to one person. If it is ours, we said this in another tab.
  if (nickname === named) remember(meta.id, nickname);
  const line = toLine(nickname, text, meta);
  const isNew = add(line);
  if (isNew && !line.own) notices.heard(line);
});
// ANCHOR_END: message

const add = (line) => {
  outbox.arrived(line.key);
  return log.addMessage(line);
};

const remember = (id, who) => {
  mine.set(id, who);
  browser.remember(`mine ${room}`, [...mine].slice(-MAX_MINE));
};

socket.on("history", (history) => {
  const last = log.lastId();
  notices.catchUp(() => {
    for (const { nickname, text, ...meta } of history) add(toLine(nickname, text, meta));
  });
  if (last > 0 && history[0]?.id > last) fillGap(history[0].id, last);
  $("lines").ariaBusy = "false";
  log.showState("It is quiet here.", document.createElement("br"), "Say the first word.");
  if (!isFollowing()) loadOlder(); // the last question may have been lost
});

socket.on("announcement", (text) => log.note(text));

// ---- Older messages, by scrolling up ----

const older = { loading: false, done: undefined }; // the line that has none above it

const loadOlder = () => {
  const before = log.firstId();
  const wanted = before && before !== older.done && isNearTop();
  if (!wanted || older.loading || !socket.connected) return;
  if (log.isFull()) return showBegin("Older messages do not fit into this page.");
  older.loading = true;
  $("lines").ariaBusy = "true"; // a screen reader must not read all of this out
  $("begin").textContent = "Loading older messages…";
  askHistory(before, (messages) => {
    older.loading = false;
    $("lines").ariaBusy = "false";
    $("begin").textContent = "";
    if (messages.length === 0) return showBegin("This is where the room begins.");
    log.addOlder(messages);
    loadOlder();
  });
};

// Asks until there is an answer: the connection may break, and there is a limit on how
// often a person may ask.
const askHistory = (before, answered) => {
  const heard = (error, messages, reason, kind, seconds = 1) => {
    if (!error && Array.isArray(messages)) {
      return answered(messages.map((message) => toLine(...message)));
    }
    setTimeout(askHistory, seconds * 1000, before, answered);
  };
  socket.timeout(PATIENCE).emit("history", before, heard);
};

// We were away for longer than the history reaches back: loads what lies between the
// line that we had and the first of those.
const fillGap = (before, last, pages = 1) => {
  askHistory(before, (messages) => {
    if (messages.length === 0) return;
    log.addOlder(messages);
    const [{ id }] = messages;
    if (id <= last) return;
    if (pages < MAX_GAP) fillGap(id, last, pages + 1);
    else log.forgetBefore(id);
  });
};

const showBegin = (text) => {
  older.done = log.firstId();
  $("begin").textContent = text;
};
onScroll(loadOlder);

// ---- The connection ----

let broken = false;
let named; // the nickname by which the server knows us, on this connection

// ANCHOR: connect
socket.on("connect", () => {
  if (broken) reconnected();
  else status("Connected", "connected");
  broken = false;
  join();
});

const join = () =>
  socket.emit("join", room, (ok, reason, kind, seconds) => {
    const nickname = composer.nickname.get();
    if (!ok) refuse(reason, kind, seconds, join);
    else if (nickname) setNickname(nickname, true);
    else composer.showNaming();
  });
// ANCHOR_END: connect

// Nobody asked for what the page does by itself when it connects. So if there is too much
// of it, the page tries again by itself, too.
const refuse = (reason, kind, seconds, again) => {
  status(reason, "lost");
  log.showState(reason);
  const { id } = socket;
  if (kind === "later") setTimeout(() => socket.id === id && again(), seconds * 1000);
};

socket.on("disconnect", (reason) => {
  const byUs = reason === "io client disconnect";
  named = undefined;
  outbox.closed(byUs);
  broken = true;
  status("Disconnected", "lost");
  // A server that is about to stop sends us away, and then has to be asked again.
  if (reason === "io server disconnect") setTimeout(() => socket.connect(), 1000);
});

socket.on("connect_error", (error) => {
  log.showState("There is no connection. Messages appear when there is one.");
  if (!socket.active) status(error.message, "lost");
  else if (!broken) status("Cannot reach the server", "lost");
});

socket.io.on("reconnect_attempt", () => {
  if (broken) status("Attempting to reconnect", "lost");
});

// A closed page leaves at once; one that returns from the browser's memory is back.
addEventListener("pagehide", () => socket.disconnect());
watch(socket, (answered) => socket.emit("join", room, answered));

// ---- The two forms ----

const setNickname = (name, byItself = false) => {
  const answered = (error, ok, answer, kind, seconds) => {
    if (error && !socket.connected) return; // `connect` begins again
    if (error) return composer.showNaming("No answer. Try again.", Boolean(named));
    if (!ok && byItself && kind === "later") {
      return refuse(answer, kind, seconds, () => setNickname(name, true));
    }
    if (!ok) return composer.showNaming(answer, Boolean(named));
    if ($("status").dataset.state === "lost") status("Connected", "connected");
    named = answer;
    composer.nickname.set(answer);
    composer.showSaying(answer);
    people.setOwn(answer);
    outbox.opened();
  };
  socket.timeout(PATIENCE).emit("nickname", name, person, answered);
};

composer.open(room, {
  rename(name) {
    if (socket.connected) setNickname(name);
    else composer.showNaming("Not connected yet. Try again in a moment.");
  },
  say(text) {
    outbox.say(composer.nickname.get(), text);
    notices.spoke();
    follow();
  },
});

outbox.open(room, composer.nickname.get(), {
  emit({ text, key }, milliseconds, answered) {
    socket.timeout(milliseconds).emit("user message", text, key, answered);
  },
  delivered({ who, text, at, item }, id) {
    remember(id, who);
    log.addMessage({ id, who, text, at, own: true, item });
    notices.spoke();
  },
  edit: composer.edit,
});

// ---- Who is here ----

socket.on("nicknames", people.show);
socket.on("people", (change) => {
  if (people.change(change)) return;
  // We have missed a change, and with it who came or went.
  socket.timeout(PATIENCE).emit("people", (error, names, number) => {
    if (!error && Array.isArray(names)) people.show(names, number);
  });
});

notices.open(room);
