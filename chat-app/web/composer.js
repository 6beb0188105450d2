// The two forms below the lines: one to choose a nickname, one to say something.

import { $, focusField } from "./dom.js";
import { browser, tab } from "./memory.js";
import { wellFormed } from "./text.js";

const MAX_MESSAGE = 4000; // characters
const COUNT_FROM = 3500; // characters, from where the page says how many are left
const PAUSE = 1000; // milliseconds without a key until the count is spoken

let joined = false; // under a nickname, on this page
let place; // where this room's draft is remembered

export const nickname = {
  // A tab's own name goes first: two tabs may have two names in two rooms.
  get: () => tab.recall("nickname", "") || browser.recall("nickname", ""),
  set(name) {
    tab.remember("nickname", name);
    browser.remember("nickname", name);
  },
};

// ---- The nickname ----

// Without a name that the server knows there is nothing to go back to.
export const showNaming = (reason = "", mayCancel = joined) => {
  const field = $("nickname");
  joined &&= mayCancel;
  $("saying").hidden = true;
  $("naming").hidden = false;
  $("cancel").hidden = !joined;
  $("naming-label").textContent = joined
    ? "Your new nickname"
    : "Choose a nickname to join in";
  $("set-nickname").textContent = joined ? "Save" : "Set nickname";
  $("naming-error").textContent = reason;
  field.ariaInvalid = String(reason !== "");
  field.value ||= nickname.get();
  // An error takes the focus on a phone, too: there is something to correct.
  if (reason) field.focus();
  else focusField(field);
};

export const showSaying = (name = $("me").textContent) => {
  joined = true;
  $("me").textContent = name;
  $("nickname").value = "";
  $("naming").hidden = true;
  if (!$("saying").hidden) return;
  $("saying").hidden = false;
  focusField($("message"));
};

// ---- The message ----

const message = $("message");
let spoken;

const measure = () => {
  const length = [...message.value].length;
  const left = MAX_MESSAGE - length;
  const said = left < 0 ? `${-left} too many` : length > COUNT_FROM ? `${left} left` : "";
  $("left").textContent = said;
  $("left").classList.toggle("error", left < 0);
  message.ariaInvalid = String(left < 0);
  $("send").disabled = left < 0;
  // A screen reader that spoke the count at each key would speak over the typing.
  clearTimeout(spoken);
  const characters = said && `${said.replace(" ", " characters ")}`;
  spoken = setTimeout(() => ($("left-spoken").textContent = characters), PAUSE);
};

export const edit = (text) => {
  const draft = message.value.trim() === "" ? "" : `\n${message.value}`;
  message.value = text + draft;
  message.dispatchEvent(new Event("input"));
  message.focus();
};

// On a touch keyboard Enter is the only way to begin a new line, and "Send" is a button
// next to it. With a keyboard, Shift and Enter begin one.
const touch = matchMedia("(hover: none) and (pointer: coarse)");
const sends = ({ key, shiftKey, ctrlKey, metaKey, isComposing }) => {
  if (key !== "Enter" || isComposing) return false;
  return ctrlKey || metaKey || !(shiftKey || touch.matches);
};
const showEnterKey = () => (message.enterKeyHint = touch.matches ? "enter" : "send");
touch.addEventListener("change", showEnterKey);

// `rename(name)` is called with the nickname that was typed, `say(text)` with what was
// said.
export const open = (room, { rename, say }) => {
  place = `draft ${room}`;
  message.value = tab.recall(place, "");
  showEnterKey();
  measure();

  message.addEventListener("input", () => {
    measure();
    tab.remember(place, message.value);
  });
  message.addEventListener("keydown", (event) => {
    if (!sends(event)) return;
    event.preventDefault();
    $("saying").requestSubmit();
  });
  $("saying").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = wellFormed(message.value.trimEnd());
    message.focus();
    if (text === "" || $("send").disabled) return;
    message.value = "";
    tab.remember(place, "");
    measure();
    say(text);
  });

  $("naming").addEventListener("submit", (event) => {
    event.preventDefault();
    rename(wellFormed($("nickname").value));
  });
  $("rename").addEventListener("click", () => {
    $("nickname").value = $("me").textContent;
    showNaming();
    $("nickname").focus();
    $("nickname").select();
  });
  const cancel = () => {
    if (!joined) return;
    showSaying();
    if (document.activeElement !== $("message")) $("rename").focus();
  };
  $("cancel").addEventListener("click", cancel);
  $("naming").addEventListener("keydown", (event) => event.key === "Escape" && cancel());
};
