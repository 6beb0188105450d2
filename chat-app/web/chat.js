// The room's page: the talk's chat.js (slide 21), for today's browsers and with its bugs mended.
//
// On the namespace /chat it emits join, nickname and user message, and hears announcement, nicknames, msg_to_room and
// history. Three rules keep it right. What people type goes into the page as text, never as markup. A line has the
// place of its id, so that history and live messages may overlap. What was said while the connection was down waits in
// `outbox` and leaves in order; what left without an answer waits until the history has told whether it arrived.
"use strict";

const MAX_MESSAGE = 4000; // characters
const COUNT_FROM = 3500; // characters, from where the page says how many are left
const ACK_TIMEOUT = 10_000; // milliseconds
const SAME_BREATH = 300_000; // milliseconds within which somebody's next line needs no new heading
const MAX_LINES = 1000; // kept in the page
const MAX_BREAKS = 3; // times that a message may be sent without an answer before the connection broke

const $ = (id) => document.getElementById(id);
const { room, transports } = document.body.dataset;
const title = document.title;

// ---- What this tab remembers, so that a reload is the same person ----

// A browser may forbid storage, or have no room. Then the tab remembers nothing, and chats.
const recall = (key, otherwise) => {
  try {
    return JSON.parse(sessionStorage.getItem(key)) ?? otherwise;
  } catch {
    return otherwise;
  }
};
const remember = (key, value) => {
  try {
    sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    // See above.
  }
};

const secret = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0"));
const person = recall("person", secret().join(""));
remember("person", person);
let nickname = recall("nickname", "");
const mine = new Set(recall("mine", [])); // the ids of what we said

const socket = io("/chat", { transports: transports.split(","), auth: { person } });

// Half of an emoji, as a cut leaves it, is no character: UTF-8 cannot hold it, and a server may close the connection.
const wellFormed = (text) => text.replace(/\p{Surrogate}/gu, "\ufffd");

// ---- Small pieces of page ----

const element = (tag, className, ...children) => {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...children);
  return made;
};

const button = (label, action) => {
  const made = element("button", "link", label);
  made.type = "button";
  made.addEventListener("click", action);
  return made;
};

const avatar = (name) => {
  let hash = 0;
  for (const char of name) hash = (hash * 31 + char.codePointAt(0)) >>> 0;
  const letters = new Intl.Segmenter();
  const first = (word) => [...letters.segment(word)][0]?.segment ?? "";
  const words = name.split(" ");
  const initials = first(words[0]) + (words.length > 1 ? first(words.at(-1)) : "");
  const made = element("span", `avatar hue${hash % 8}`, initials.toLocaleUpperCase());
  made.ariaHidden = "true";
  return made;
};

// ANCHOR: linked
// Addresses of http and https become links. The rest stays what it is: text.
const linked = (text) =>
  text.split(/(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]}])/iu).map((part, index) => {
    if (index % 2 === 0) return part;
    return Object.assign(element("a", "", part), { href: part, target: "_blank", rel: "noopener noreferrer nofollow" });
  });
// ANCHOR_END: linked

const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const date = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });

const status = (text, state) => {
  $("status").textContent = text;
  $("status").dataset.state = state;
};

// ---- Scrolling, and what came while nobody looked ----

let following = true; // the newest line is in sight, and is to stay so
let unseen = 0;

const follow = () => {
  $("scroll").scrollTop = $("scroll").scrollHeight;
  $("newer").hidden = true;
};
$("newer").addEventListener("click", follow);
$("scroll").addEventListener("scroll", () => {
  following = $("scroll").scrollHeight - $("scroll").scrollTop - $("scroll").clientHeight < 60;
  if (following) $("newer").hidden = true;
});
new ResizeObserver(() => following && follow()).observe($("scroll"));

const onContentAdded = () => {
  $("empty").hidden = true;
  if (following) follow();
};

const notifyUnread = () => {
  if (!following) $("newer").hidden = false;
  if (!document.hidden) return;
  unseen += 1;
  document.title = `(${unseen}) ${title}`;
};
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  unseen = 0;
  document.title = title;
});

// ---- Lines ----

const lines = []; // what was said, in the order of its ids: { id, who, text, at, own, item }
const lineOf = new WeakMap(); // by its element

const draw = (line) => {
  const when = element("time", "", time.format(line.at));
  when.dateTime = new Date(line.at).toISOString();
  const bubble = element("div", "bubble", ...linked(line.text));
  bubble.dir = "auto";
  const who = element("div", "who", element("bdi", "name", line.own ? "You" : line.who), " ", when);
  line.item = element("li", line.own ? "message own" : "message", element("div", "day"), avatar(line.who), who, bubble);
  lineOf.set(line.item, line);
};

// The day above a line that begins one, and no heading for somebody who goes on talking.
const groupMessage = (item) => {
  const line = lineOf.get(item);
  if (!line) return;
  let above = item.previousElementSibling;
  if (!above && item.parentElement === $("unsent")) above = $("lines").lastElementChild;
  const neighbour = lineOf.get(above);
  while (above && !lineOf.has(above)) above = above.previousElementSibling;
  const last = lineOf.get(above);
  const day = date.format(line.at);
  const sameDay = last && date.format(last.at) === day;
  item.firstElementChild.textContent = sameDay ? "" : day;
  const goesOn = neighbour && neighbour.who === line.who && neighbour.own === line.own;
  item.classList.toggle("follows", Boolean(sameDay && goesOn && line.at - neighbour.at < SAME_BREATH));
};

// Puts a line where its id belongs, once.
const insertMessage = (line) => {
  const index = lines.findLastIndex((other) => other.id <= line.id) + 1;
  if (lines[index - 1]?.id === line.id) return false;
  if (!line.item) draw(line);
  $("lines").insertBefore(line.item, lines[index]?.item ?? null);
  lines.splice(index, 0, line);
  if (lines.length > MAX_LINES) lines.shift().item.remove();
  groupMessage(line.item);
  groupMessage(line.item.nextElementSibling ?? $("unsent").firstElementChild);
  onContentAdded();
  return true;
};

// ANCHOR: message
const onMessage = ({ id, nickname: who, text, at }) => {
  const arrived = outbox.find((entry) => entry.unsure && entry.who === who && entry.text === text && id > entry.since);
  if (arrived) delivered(arrived, id);
  else if (insertMessage({ id, who, text, at, own: mine.has(id) })) notifyUnread();
};
// ANCHOR_END: message

const note = (text) => {
  $("lines").append(element("li", "note", text));
  groupMessage($("unsent").firstElementChild);
  onContentAdded();
};

// ---- What we say: { who, text, at, own, item } and how far it got ----
//
// sent: on its way, on this connection. unsure: was on its way when the connection broke; it arrived if it has an id
// above `since`. breaks: how often the connection broke when it was the next to be answered. failed: why it was
// refused, and only its author can say what next.

const outbox = [];
let named = false; // the server knows our nickname, on this connection
let caughtUp = false; // and we know what happened before it

const keep = () => {
  const kept = outbox.map(({ who, text, at, since, sent, unsure, breaks, failed }) => {
    return { who, text, at, since, unsure: sent || unsure, breaks, failed };
  });
  remember(`outbox ${room}`, kept);
};

const mark = (entry, state, ...label) => {
  entry.item.classList.remove("pending", "failed");
  if (state) entry.item.classList.add(state);
  entry.item.querySelector(".state")?.remove();
  if (label.length > 0) entry.item.append(element("div", "state", ...label));
};

const queue = (entry) => {
  draw(entry);
  outbox.push(entry);
  $("unsent").append(entry.item);
  mark(entry, "pending", "Waiting for the connection");
  groupMessage(entry.item);
  keep();
};

const leaveOutbox = (entry) => {
  outbox.splice(outbox.indexOf(entry), 1);
  entry.item.remove();
  keep();
};

const delivered = (entry, id) => {
  leaveOutbox(entry);
  mark(entry);
  mine.add(id);
  remember("mine", [...mine].slice(-MAX_LINES));
  insertMessage(Object.assign(entry, { id }));
};

const refused = (entry, reason) => {
  entry.failed = reason;
  keep();
  const retry = () => {
    Object.assign(entry, { failed: undefined, breaks: 0 });
    mark(entry, "pending", "Waiting for the connection");
    flush();
  };
  const discard = () => {
    leaveOutbox(entry);
    $("message").focus();
  };
  mark(entry, "failed", `Not sent. ${reason}. `, button("Try again", retry), " ", button("Discard", discard));
  if (following) follow();
};

// The connection broke while this message was the next to be answered. One that breaks it again and again must not
// be sent again by itself, or nothing else would ever be said.
const mayHaveBroken = (entry) => {
  entry.breaks = (entry.breaks ?? 0) + 1;
  if (entry.breaks >= MAX_BREAKS) refused(entry, "The connection broke each time");
};

const flush = () => {
  if (!named || !caughtUp) return;
  for (const entry of outbox.filter((entry) => !entry.sent && !entry.failed)) {
    Object.assign(entry, { sent: true, unsure: false, since: lines.at(-1)?.id ?? 0 });
    mark(entry, "pending", "Sending…");
    socket.timeout(ACK_TIMEOUT).emit("user message", entry.text, (error, ok, answer) => {
      if (!entry.sent) return;
      entry.sent = false;
      if (error) refused(entry, "The server did not answer");
      else if (ok) delivered(entry, answer);
      else refused(entry, answer);
    });
  }
  keep();
};

// What left before a reload, or was about to.
for (const kept of recall(`outbox ${room}`, [])) {
  const entry = { ...kept, text: wellFormed(kept.text), own: true };
  queue(entry);
  if (entry.failed) refused(entry, entry.failed);
}

// ---- The connection ----

let broken = false;

// ANCHOR: connect
socket.on("connect", () => {
  status(broken ? "Reconnected to the server" : "Connected", "connected");
  broken = false;
  socket.emit("join", room, (ok, reason) => {
    if (!ok) status(reason, "lost");
    else if (nickname) setNickname(nickname);
    else showNaming();
  });
});
// ANCHOR_END: connect

socket.on("disconnect", (reason) => {
  named = false;
  caughtUp = false;
  const sent = outbox.filter((entry) => entry.sent);
  for (const entry of sent) {
    Object.assign(entry, { sent: false, unsure: true });
    mark(entry, "pending", "Waiting for the connection");
  }
  if (reason === "io client disconnect") return;
  if (sent.length > 0) mayHaveBroken(sent[0]);
  broken = true;
  status("Disconnected", "lost");
  // A server that sends us away, as one does that is about to stop, has to be asked again.
  if (reason === "io server disconnect") setTimeout(() => socket.connect(), 1000);
});

socket.on("connect_error", (error) => {
  if (!socket.active) status(error.message, "lost");
});

socket.io.on("reconnect_attempt", () => broken && status("Attempting to reconnect", "lost"));

socket.on("history", (history) => {
  history.forEach(onMessage);
  caughtUp = true;
  $("lines").ariaBusy = "false";
  flush();
});
socket.on("msg_to_room", (who, text, { id, at }) => onMessage({ id, nickname: who, text, at }));
socket.on("announcement", (text) => note(text));
socket.on("nicknames", (names) => {
  people = names;
  showPeople();
});

// A closed page leaves at once; one that comes back out of the browser's memory is there again.
addEventListener("pagehide", () => socket.disconnect());
addEventListener("pageshow", (event) => event.persisted && socket.connect());

// ---- Who is there, and by which name we are ----

let people = [];

const showPeople = () => {
  const own = (name) => named && name === nickname;
  const items = people.map((name) => element("li", own(name) ? "self" : "", avatar(name), element("bdi", "name", name)));
  $("nicknames").replaceChildren(...items);
  $("count").textContent = people.length;
};

const focus = (field) => matchMedia("(pointer: fine)").matches && field.focus(); // no keyboard that jumps up on a phone

const showNaming = (reason = "") => {
  $("saying").hidden = true;
  $("naming").hidden = false;
  $("cancel").hidden = !named;
  $("naming-error").textContent = reason;
  $("nickname").ariaInvalid = String(reason !== "");
  $("nickname").value ||= nickname;
  focus($("nickname"));
};

const showSaying = () => {
  $("me").textContent = nickname;
  $("naming").hidden = true;
  if (!$("saying").hidden) return;
  $("saying").hidden = false;
  focus($("message"));
};

const setNickname = (name) => {
  socket.timeout(ACK_TIMEOUT).emit("nickname", wellFormed(name), (error, ok, answer) => {
    if (error) return socket.connected && showNaming("The server did not answer. Try again.");
    if (!ok) return showNaming(answer);
    nickname = answer;
    named = true;
    remember("nickname", nickname);
    showSaying();
    showPeople();
    flush();
  });
};

$("naming").addEventListener("submit", (event) => {
  event.preventDefault();
  if (socket.connected) setNickname($("nickname").value);
  else showNaming("Not connected yet. Try again in a moment.");
});
$("rename").addEventListener("click", () => showNaming());
$("cancel").addEventListener("click", showSaying);
$("naming").addEventListener("keydown", (event) => event.key === "Escape" && named && showSaying());

// ---- The message ----

const measure = () => {
  const length = [...$("message").value].length;
  const left = MAX_MESSAGE - length;
  $("left").textContent = left < 0 ? `${-left} too many` : length > COUNT_FROM ? `${left} left` : "";
  $("left").classList.toggle("error", left < 0);
  $("send").disabled = left < 0;
};
$("message").addEventListener("input", measure);

$("message").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("saying").requestSubmit();
});

$("saying").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = wellFormed($("message").value.trimEnd());
  $("message").focus();
  if (text === "" || $("send").disabled) return;
  $("message").value = "";
  measure();
  queue({ who: nickname, text, at: Date.now(), own: true });
  onContentAdded();
  follow();
  flush();
});

// On a phone the list of people is a drawer, and closed at first.
if (matchMedia("(max-width: 44rem)").matches) $("online").open = false;
