// The list of rooms, as it changes: who is in them, and what was said last. The server's
// page has the names already, so that without JavaScript it is a list of links.

import { $, element } from "./dom.js";
import { when } from "./text.js";

const FILTER_FROM = 12; // rooms, from where a filter is worth its place
const LONGEST_LINE = 200; // characters of the last message

const socket = io("/rooms", { transports: document.body.dataset.transports.split(",") });
const items = new Map(); // by slug: { name, item }

const fill = (item, { name, slug, people, last }) => {
  const line = element("span", "last");
  if (last) {
    const text = [...last.text].slice(0, LONGEST_LINE).join("").replace(/\s+/g, " ");
    line.append(element("bdi", "", last.nickname), ": ", element("bdi", "", text));
  }
  const side = element("span", "side");
  if (last) {
    const moment = element("time", "", when(last.time));
    moment.dateTime = new Date(last.time).toISOString();
    side.append(moment, " ");
  }
  if (people > 0) side.append(element("span", "people", String(people), unit(people)));
  const link = item.firstElementChild ?? element("a", "");
  link.href = `/room/${encodeURIComponent(slug)}`;
  link.replaceChildren(element("span", "", element("bdi", "name", name), line), side);
  item.replaceChildren(link);
};

const unit = (people) => element("span", "hidden", people === 1 ? " person" : " people");

// A room that is known stays where it is: a link must not move away under a finger. New
// ones go to the top.
const update = (room) => {
  const item = items.get(room.slug)?.item ?? element("li", "");
  if (!items.has(room.slug)) $("rooms").prepend(item);
  items.set(room.slug, { name: room.name, item });
  const focused = item.contains(document.activeElement);
  fill(item, room);
  if (focused) item.firstElementChild.focus();
};

const show = () => {
  const wanted = $("filter").value.trim().toLocaleLowerCase();
  let found = 0;
  for (const { name, item } of items.values()) {
    item.hidden = !name.toLocaleLowerCase().includes(wanted);
    if (!item.hidden) found += 1;
  }
  $("find").hidden = items.size < FILTER_FROM && wanted === "";
  $("found").textContent = wanted && `${found} of ${items.size} rooms`;
};
$("filter").addEventListener("input", show);

const lastSaid = ({ last }) => last?.time ?? 0;

socket.on("rooms", (rooms) => {
  const known = new Set(rooms.map(({ slug }) => slug));
  for (const slug of [...items.keys()]) if (!known.has(slug)) remove(slug);
  rooms.forEach(update);
  // The most recent first, unless the reader is about to follow a link of the list.
  if (!$("rooms").contains(document.activeElement)) {
    const sorted = rooms.toSorted((a, b) => lastSaid(b) - lastSaid(a));
    $("rooms").append(...sorted.map(({ slug }) => items.get(slug).item));
  }
  show();
});
socket.on("room", (room) => {
  update(room);
  show();
});

const remove = (slug) => {
  items.get(slug)?.item.remove();
  items.delete(slug);
};
socket.on("gone", (slug) => {
  remove(slug);
  show();
});

// The list that the server wrote into the page can be filtered without a connection, too.
for (const item of $("rooms").children) {
  const slug = decodeURIComponent(item.firstElementChild.pathname.split("/").at(-1));
  items.set(slug, { name: item.textContent, item });
}
show();
