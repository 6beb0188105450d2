// The room's page: slide 21's chat.js, on today's browser and with its bugs mended.
//
// It talks to the namespace /chat by three events out (join, nickname, user message) and four in (announcement,
// nicknames, msg_to_room, history). What a person typed goes into the page as text, never as markup. Lines are known
// by the server's id, so that history and live messages can overlap; what was typed while the line was down waits
// in `outbox` and is sent in order.
"use strict";

const $ = (id) => document.getElementById(id);
const { room, transports } = document.body.dataset;
const title = document.title;
const ACK_TIMEOUT = 10_000;
const MAX_MESSAGE = 4000;

// --- Who we are: kept for this tab, so that a reload is the same person ---

const remembered = (key, make) => {
  const value = sessionStorage.getItem(key) ?? make();
  sessionStorage.setItem(key, value);
  return value;
};
const person = remembered("person", () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join(""),
);
let nickname = sessionStorage.getItem("nickname") ?? "";
let named = false; // the server knows us by it, on this connection

const socket = io("/chat", { transports: transports.split(","), auth: { person } });

// --- The page ---

const element = (tag, className, text = "") => {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
};

const status = (text, state) => {
  $("status").textContent = text;
  $("status").dataset.state = state;
};

const avatar = (name) => {
  let hash = 0;
  for (const char of name) hash = (hash * 31 + char.codePointAt(0)) >>> 0;
  const words = name.trim().split(/\s+/u);
  const letters = [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...word][0] ?? "").join("");
  const made = element("span", `avatar hue${hash % 8}`, letters.toLocaleUpperCase());
  made.ariaHidden = "true";
  return made;
};

// Links of http and https become links; everything else stays what it is, text.
const linked = (text) => {
  const parts = text.split(/(https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]])/u);
  return parts.map((part, index) => {
    if (index % 2 === 0) return part;
    const link = element("a", "", part);
    Object.assign(link, { href: part, rel: "noopener noreferrer nofollow", target: "_blank" });
    return link;
  });
};

const atBottom = () => $("scroll").scrollHeight - $("scroll").scrollTop - $("scroll").clientHeight < 60;
const toBottom = () => {
  $("scroll").scrollTop = $("scroll").scrollHeight;
  $("newer").hidden = true;
};
$("newer").addEventListener("click", toBottom);
$("scroll").addEventListener("scroll", () => atBottom() && ($("newer").hidden = true));

let unread = 0;
const arrived = (follow, own) => {
  $("empty").hidden = true;
  if (follow || own) toBottom();
  else $("newer").hidden = false;
  if (document.hidden && !own) {
    unread += 1;
    document.title = `(${unread}) ${title}`;
  }
};
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  unread = 0;
  document.title = title;
});

// --- Lines ---

const lines = new Map(); // by id: { id, nickname, text, at, item }
const outbox = []; // ours, not yet acknowledged: { text, item, sent, since }

const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const date = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });

const message = (who, text, at) => {
  const own = who === nickname && nickname !== "";
  const item = element("li", own ? "message own" : "message");
  const head = element("div", "who");
  head.append(element("b", "", own ? "You" : who), " ");
  const when = element("time", "", time.format(at));
  when.dateTime = new Date(at).toISOString();
  head.append(when);
  const bubble = element("div", "bubble");
  bubble.append(...linked(text));
  item.append(avatar(who), head, bubble);
  item.dataset.who = who;
  item.dataset.at = at;
  return item;
};

// A line's place is that of its id; what has none yet stands last.
const place = (line) => {
  let before = null;
  for (const other of $("lines").querySelectorAll("li.message")) {
    if (!other.dataset.id || +other.dataset.id > line.id) {
      before = other;
      break;
    }
  }
  line.item.dataset.id = line.id;
  $("lines").insertBefore(line.item, before);
  tidy();
};

// Days between lines; and who says several things in a row is named once.
const tidy = () => {
  for (const day of $("lines").querySelectorAll(".day")) day.remove();
  let last;
  for (const item of [...$("lines").querySelectorAll("li.message")]) {
    const day = date.format(+item.dataset.at);
    if (day !== last?.day) $("lines").insertBefore(element("li", "day", day), item);
    const follows =
      day === last?.day && item.previousElementSibling === last.item && last.item.dataset.who === item.dataset.who &&
      item.dataset.at - last.item.dataset.at < 300_000;
    item.classList.toggle("follows", follows);
    last = { day, item };
  }
};

const add = (line) => {
  if (lines.has(line.id)) return;
  const follow = atBottom();
  lines.set(line.id, line);
  // Ours, whose acknowledgement was lost with the connection: it was stored all the same.
  const ours = outbox.findIndex((unsure) => unsure.lost && line.nickname === nickname && line.text === unsure.text && line.id > unsure.since);
  if (ours >= 0) return delivered(outbox[ours], line.id);
  line.item = message(line.nickname, line.text, line.at);
  place(line);
  arrived(follow, line.nickname === nickname);
};

const note = (text) => {
  const follow = atBottom();
  $("lines").append(element("li", "note", text));
  $("empty").hidden = true;
  if (follow) toBottom();
};

// --- What we say ---

const newest = () => Math.max(0, ...lines.keys());

const state = (entry, name, text) => {
  entry.item.classList.remove("pending", "failed");
  if (name) entry.item.classList.add(name);
  const label = entry.item.querySelector(".state") ?? entry.item.appendChild(element("div", "state"));
  label.textContent = text;
  return label;
};

const delivered = (entry, id) => {
  outbox.splice(outbox.indexOf(entry), 1);
  state(entry, "", "").remove();
  lines.set(id, { id, nickname, text: entry.text, item: entry.item });
  entry.item.remove();
  place({ id, item: entry.item });
};

const failed = (entry, reason) => {
  entry.failed = true;
  const label = state(entry, "failed", `Not sent: ${reason} `);
  const retry = element("button", "link", "Try again");
  retry.addEventListener("click", () => {
    entry.failed = false;
    state(entry, "pending", "Sending…");
    flush();
  });
  label.append(retry);
};

// Sends what waits, one after the other's turn: a message in flight is not sent again.
const flush = () => {
  if (!socket.connected || !named) return;
  for (const entry of [...outbox]) {
    if (entry.sent || entry.failed) continue;
    entry.sent = true;
    entry.lost = false;
    entry.since = newest();
    socket.timeout(ACK_TIMEOUT).emit("user message", entry.text, (error, ok, answer) => {
      if (!outbox.includes(entry)) return;
      entry.sent = false;
      if (!error && ok) return delivered(entry, answer);
      if (!error) return failed(entry, answer);
      // No answer: perhaps it was stored. After the reconnect the history will tell.
      entry.lost = true;
      if (socket.connected) failed(entry, "no answer");
    });
  }
};

const say = (text) => {
  const entry = { text, item: message(nickname, text, Date.now()), since: newest() };
  outbox.push(entry);
  $("lines").append(entry.item);
  state(entry, "pending", "Sending…");
  tidy();
  arrived(true, true);
  flush();
};

// --- What the server says ---

socket.on("connect", () => {
  status("Connected", "connected");
  socket.emit("join", room, (ok, reason) => {
    if (!ok) return status(reason, "lost");
    if (nickname) setNickname(nickname);
    else showNaming();
  });
});

let broken = false;
socket.on("disconnect", (reason) => {
  named = false;
  for (const entry of outbox) if (entry.sent) Object.assign(entry, { sent: false, lost: true });
  if (reason === "io client disconnect") return;
  broken = true;
  status("Disconnected", "lost");
});
socket.on("connect_error", () => {
  if (!broken) status("Connecting…", "waiting");
});
socket.io.on("reconnect_attempt", () => {
  if (!broken) return;
  if ($("status").textContent !== "Attempting to reconnect") note("Attempting to reconnect");
  status("Attempting to reconnect", "lost");
});
socket.io.on("reconnect", () => {
  if (broken) note("Reconnected to the server");
  broken = false;
});

socket.on("history", (history) => {
  for (const line of history) add(line);
  // What is not in the history was not stored.
  for (const entry of outbox) entry.lost = false;
  flush();
});
socket.on("msg_to_room", (who, text, { id, at }) => add({ id, nickname: who, text, at }));
socket.on("announcement", note);
socket.on("nicknames", (names) => {
  $("count").textContent = names.length;
  $("nicknames").replaceChildren(
    ...names.map((name) => {
      const item = element("li", name === nickname && named ? "self" : "");
      item.append(avatar(name), element("span", "", name));
      return item;
    }),
  );
});

// --- Naming and saying ---

const showNaming = (reason = "") => {
  $("saying").hidden = true;
  $("naming").hidden = false;
  $("naming-error").textContent = reason;
  $("nickname").value ||= nickname;
  $("nickname").focus();
};

const setNickname = (name) => {
  $("nickname").disabled = true;
  socket.timeout(ACK_TIMEOUT).emit("nickname", name, (error, ok, answer) => {
    $("nickname").disabled = false;
    if (error) return socket.connected && showNaming("The server did not answer. Try again.");
    if (!ok) return showNaming(answer);
    const renamed = nickname !== answer;
    nickname = answer;
    named = true;
    sessionStorage.setItem("nickname", nickname);
    if (renamed) whoseIsWhose();
    $("me").textContent = nickname;
    $("naming").hidden = true;
    if ($("saying").hidden) {
      $("saying").hidden = false;
      $("message").focus();
    }
    flush();
  });
};

// With another name, other lines are ours.
const whoseIsWhose = () => {
  for (const line of lines.values()) {
    if (!line.at) continue;
    const item = message(line.nickname, line.text, line.at);
    item.dataset.id = line.id;
    line.item.replaceWith(item);
    line.item = item;
  }
  tidy();
};

$("naming").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = $("nickname").value.trim();
  if (!name) return showNaming("A nickname has at least one letter.");
  if (!socket.connected) return showNaming("Not connected yet. Try again in a moment.");
  setNickname(name);
});
$("rename").addEventListener("click", () => showNaming());

const field = $("message");
$("saying").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = field.value.trim();
  field.focus();
  if (!text) return;
  field.value = "";
  $("left").textContent = "";
  say(text);
});
field.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("saying").requestSubmit();
});
field.addEventListener("input", () => {
  const left = MAX_MESSAGE - [...field.value].length;
  $("left").textContent = left < 500 ? `${left} characters left` : "";
});

// A closed tab leaves at once, and one that comes back from the browser's cache is there again.
addEventListener("pagehide", () => socket.disconnect());
addEventListener("pageshow", (event) => event.persisted && socket.connect());
if (matchMedia("(max-width: 44rem)").matches) $("online").open = false;
