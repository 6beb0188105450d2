// The lines of the room: what was said, in the order of its numbers, and short notes
// about what happened in between.

import { $, element } from "./dom.js";
import { isFollowing, keepPlace } from "./scroll.js";
import { avatar, clock, day, exactly, formatted } from "./text.js";

const SAME_BREATH = 300_000; // milliseconds within which the next line needs no heading
const MAX_LINES = 1000; // kept in the page while the person follows the newest
const MAX_READING = 5000; // kept in the page while the person reads older ones
const MAX_NOTES = 100;
const MAX_TOGETHER = 6; // announcements in one note

const all = $("lines");
const unsent = $("unsent");
const lines = []; // { id, who, text, at, own, item }, sorted by `id`
const notes = [];
const lineOf = new WeakMap(); // by its element

export const firstId = () => lines[0]?.id;
export const lastId = () => lines.at(-1)?.id ?? 0;
export const isFull = () => lines.length >= MAX_READING;

// ---- One line ----

export const draw = (line) => {
  const moment = element("time", "", clock(line.at));
  moment.dateTime = new Date(line.at).toISOString();
  moment.title = exactly(line.at);
  const bubble = element("div", "bubble", ...formatted(line.text));
  bubble.dir = "auto";
  bubble.title = moment.title;
  const name = element("bdi", "name", line.own ? "You" : line.who);
  const who = element("div", "who", name, " ", moment);
  const kind = line.own ? "message own" : "message";
  line.item = element("li", kind, element("div", "day"), avatar(line.who), who, bubble);
  lineOf.set(line.item, line);
};

// The day above a line that begins one, and no heading for a person who continues.
const group = (item) => {
  const line = lineOf.get(item);
  if (!line) return;
  let above = item.previousElementSibling;
  if (!above && item.parentElement === unsent) above = all.lastElementChild;
  const neighbor = lineOf.get(above);
  while (above && !lineOf.has(above)) above = above.previousElementSibling;
  const last = lineOf.get(above);
  const today = day(line.at);
  const sameDay = last && day(last.at) === today;
  item.firstElementChild.textContent = sameDay ? "" : today;
  const continues = neighbor && neighbor.who === line.who && neighbor.own === line.own;
  const soon = continues && line.at - neighbor.at < SAME_BREATH;
  item.classList.toggle("follows", Boolean(sameDay && soon));
};

const groupAfter = (item) => group(item.nextElementSibling ?? unsent.firstElementChild);

const restyle = (line) => {
  const { item } = line;
  line.own = true;
  draw(line);
  item.replaceWith(line.item);
  group(line.item);
  groupAfter(line.item);
};

// ANCHOR: insert
// Puts a line where its number belongs, once. Returns whether it is new.
const insert = (line) => {
  const index = lines.findLastIndex((other) => other.id <= line.id) + 1;
  const known = lines[index - 1];
  if (known?.id === line.id) {
    // The history may bring our own message before its answer tells us the number.
    if (line.own && !known.own) restyle(known);
    return false;
  }
  if (line.item) lineOf.set(line.item, line);
  else draw(line);
  all.insertBefore(line.item, lines[index]?.item ?? null);
  lines.splice(index, 0, line);
  return true;
};
// ANCHOR_END: insert

export const addMessage = (line) => {
  if (!insert(line)) return false;
  group(line.item);
  groupAfter(line.item);
  if (isFollowing() && lines.length > MAX_LINES) {
    while (lines.length > MAX_LINES) lines.shift().item.remove();
    group(lines[0].item);
  }
  showState("");
  return true;
};

// Lines from before the first one, oldest first. The person is reading there, so what
// they read stays where it is.
export const addOlder = (older) =>
  keepPlace(() => {
    const fresh = older.filter(insert);
    for (const { item } of fresh) group(item);
    if (fresh.length > 0) groupAfter(fresh.at(-1).item);
  });

// Forgets everything before this number: what lies between is too much to load.
export const forgetBefore = (id) => {
  while (lines.length > 0 && lines[0].id < id) lines.shift().item.remove();
  if (lines.length > 0) group(lines[0].item);
};

// ---- What is on its way from us, below the rest ----

export const addUnsent = (line) => {
  draw(line);
  unsent.append(line.item);
  group(line.item);
  showState("");
};

// The outcome, in words and buttons.
export const addState = (line, ...content) => {
  line.item.append(element("div", "state", ...content));
};

export const removeUnsent = (line) => {
  const next = line.item.nextElementSibling;
  line.item.remove();
  group(next);
};

// ---- Notes ----

// Announcements that follow each other share one note: a crowd that arrives must not
// push away what was said. Announcements that no longer fit are counted.
export const note = (text) => {
  const last = all.lastElementChild;
  if (last && last === notes.at(-1)) {
    last.append(" ", element("span", "", text));
    const parts = last.querySelectorAll("span:not(.earlier)");
    if (parts.length > MAX_TOGETHER) {
      const earlier = last.querySelector(".earlier") ?? element("span", "earlier");
      last.dataset.earlier = Number(last.dataset.earlier ?? 0) + 1;
      earlier.textContent = `${last.dataset.earlier} earlier`;
      parts[0].remove();
      last.prepend(earlier);
    }
  } else {
    const item = element("li", "note", element("span", "", text));
    all.append(item);
    notes.push(item);
    if (notes.length > MAX_NOTES) notes.shift().remove();
    group(unsent.firstElementChild);
  }
};

// ---- The line above what is new ----

const newLine = element("li", "new", element("span", "", "New"));

// Puts it above the first line by other people after this number, if there is one.
export const markNewAfter = (id) => {
  const first = lines.find((line) => line.id > id && !line.own);
  if (!first) return;
  first.item.before(newLine);
  group(first.item);
};

export const unmarkNew = () => {
  const next = newLine.nextElementSibling;
  newLine.remove();
  if (next) group(next);
};

// ---- What is shown while there are no lines ----

export const showState = (...content) => {
  const state = $("empty");
  const isEmpty = lines.length === 0 && !unsent.firstElementChild;
  state.hidden = !isEmpty || content.join("") === "";
  if (!state.hidden) state.replaceChildren(...content);
};
