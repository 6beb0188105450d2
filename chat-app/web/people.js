// The list of people. The server sends all of it, or, in a large room, only the changes.
// Changes are numbered, so that a client sees when it missed one.

import { $, element } from "./dom.js";
import { avatar } from "./text.js";

const order = new Intl.Collator(undefined, { sensitivity: "base" }).compare;
const byName = (a, b) => order(a.name, b.name) || (a.name < b.name ? -1 : 1);
let people = []; // { name, item }, sorted
let own = "";
let last; // the number of the change that we know

const draw = (name) => {
  const item = element("li", "", avatar(name), element("bdi", "name", name));
  item.classList.toggle("self", name === own);
  return { name, item };
};

const count = () => {
  for (const place of document.querySelectorAll(".count")) {
    place.textContent = people.length;
  }
  const word = people.length === 1 ? "person" : "people";
  $("people").ariaLabel = `${people.length} ${word} here`;
};

export const show = (names, number) => {
  last = number;
  people = [...new Set(names)].map(draw).sort(byName);
  $("nicknames").replaceChildren(...people.map(({ item }) => item));
  count();
};

// Returns whether the change was the next one.
export const change = ({ number, joined = [], left = [], renamed = [] }) => {
  if (number !== last + 1) return false;
  last = number;
  const went = new Set([...left, ...renamed.map(([old]) => old)]);
  const came = new Set([...joined, ...renamed.map(([, name]) => name)]);
  for (const { name, item } of people) if (went.has(name)) item.remove();
  people = people.filter(({ name }) => !went.has(name));
  for (const { name } of people) came.delete(name);
  for (const person of [...came].map(draw)) {
    const index = people.findIndex((other) => byName(person, other) < 0);
    $("nicknames").insertBefore(person.item, people[index]?.item ?? null);
    people.splice(index < 0 ? people.length : index, 0, person);
  }
  count();
  return true;
};

export const setOwn = (name) => {
  own = name;
  for (const { name, item } of people) item.classList.toggle("self", name === own);
};

// In a narrow window the list is a drawer. Whether the window is narrow, only the style
// sheet knows: there the button is hidden, and the class has no effect.
const toggle = (open) => {
  $("online").classList.toggle("open", open);
  $("people").ariaExpanded = String(open);
};
$("people").addEventListener("click", () => {
  toggle(!$("online").classList.contains("open"));
});
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !$("online").classList.contains("open")) return;
  toggle(false);
  $("people").focus();
});
$("scroll").addEventListener("pointerdown", () => toggle(false));
