// How what people type is shown. It goes into the page as text nodes, never as markup.

import { element } from "./dom.js";

// Half of an emoji, which a careless cut leaves behind, is not a character: UTF-8 cannot
// encode it, and a server may close the connection over it.
export const wellFormed = (text) => text.replace(/\p{Surrogate}/gu, "\ufffd");

// ANCHOR: linked
// Addresses of http and https, and those that start with "www.", become links. The rest
// stays text.
const ADDRESS =
  /((?:https?:\/\/|(?<![\p{L}\p{N}_.@/-])www\.)[^\s<>"']*[^\s<>"'.,;:!?)\]}])/iu;

export const linked = (text) =>
  text.split(ADDRESS).map((part, index) => {
    if (index % 2 === 0) return part;
    const href = /^www\./i.test(part) ? `https://${part}` : part;
    const rel = "noopener noreferrer nofollow";
    return Object.assign(element("a", "", part), { href, target: "_blank", rel });
  });
// ANCHOR_END: linked

const inline = (text) =>
  text.split(/`([^`\n]+)`/).flatMap((part, index) => {
    return index % 2 === 0 ? linked(part) : element("code", "", part);
  });

// Lines between two lines of ``` are a block of code, `this` is code within a line.
// Splitting takes one pass, whatever was typed; one big regular expression for a pair of
// fences would search the rest of the message again for each fence without a partner.
export const formatted = (text) =>
  text.split(/^```[^`\n]*$\n?/m).flatMap((part, index, parts) => {
    const last = index === parts.length - 1;
    const piece = last ? part : part.replace(/\n$/, "");
    if (piece === "") return [];
    if (index % 2 === 0) return inline(piece);
    const block = element("pre", "", element("code", "", piece));
    block.tabIndex = 0; // long lines scroll, and not every browser lets keys do that
    return block;
  });

const letters = new Intl.Segmenter();

export const avatar = (name) => {
  let hash = 0;
  for (const char of name) hash = (hash * 31 + char.codePointAt(0)) >>> 0;
  const first = (word) => [...letters.segment(word)][0]?.segment ?? "";
  const words = name.split(" ");
  const initials = first(words[0]) + (words.length > 1 ? first(words.at(-1)) : "");
  const made = element("span", `avatar hue${hash % 8}`, initials.toLocaleUpperCase());
  made.ariaHidden = "true";
  return made;
};

const format = (options) => {
  const { format } = new Intl.DateTimeFormat(undefined, options);
  return format;
};
// "numeric" is 1:33 PM where the clock has twelve hours; "2-digit" would be 01:33 PM.
export const clock = format({ hour: "numeric", minute: "2-digit" });
export const day = format({ weekday: "long", day: "numeric", month: "long" });
export const exactly = format({ dateStyle: "full", timeStyle: "medium" });
const date = format({ day: "numeric", month: "short" });

export const when = (at) => (day(at) === day(Date.now()) ? clock(at) : date(at));
