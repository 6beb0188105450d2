// How a person learns that something was said while they looked elsewhere: a count in
// the title, a dot in the icon, a button with what is below, and, if they ask for it, a
// notification and a sound.

import { $ } from "./dom.js";
import * as log from "./log.js";
import { browser } from "./memory.js";
import { follow, isFollowing, onScroll } from "./scroll.js";

const LONGEST_PREVIEW = 200; // characters

const title = document.title;
let unseen = 0; // said by others since the newest line was last looked at
let newest = 0; // the number of the last line that was looked at
let place; // where that number is remembered

const isLooking = () => !document.hidden && isFollowing();

const show = () => {
  $("newer").hidden = unseen === 0 || isFollowing();
  $("newer").textContent = `${unseen} new ↓`;
  $("newer").ariaLabel = `${unseen} new below`;
  document.title = unseen > 0 && document.hidden ? `(${unseen}) ${title}` : title;
  const icon = document.querySelector("link[rel=icon]");
  const name = unseen > 0 ? "icon-new.svg" : "icon.svg";
  if (!icon.href.endsWith(`/${name}`)) icon.href = `/static/${name}`;
  // An installed page has a badge in the dock. It may be forbidden.
  navigator.setAppBadge?.(unseen).catch(() => {});
};

const look = () => {
  if (isLooking()) {
    unseen = 0;
    if (log.lastId() > newest) {
      newest = log.lastId();
      browser.remember(place, newest);
    }
  }
  show();
};

export const open = (room) => {
  place = `seen ${room}`;
  newest = browser.recall(place, 0);
  onScroll(look);
  document.addEventListener("visibilitychange", look);
  $("newer").addEventListener("click", follow);
};

// The room's history is here, and `add` puts it into the page, in sight of the reader.
// What came since the last look before that begins at a line.
export const catchUp = (add) => {
  const seen = newest;
  add();
  if (seen > 0) log.markNewAfter(seen);
  look();
};

// Another person said something.
export const heard = (line) => {
  if (isLooking()) return look();
  if (unseen === 0) {
    log.unmarkNew();
    log.markNewAfter(line.id - 1);
  }
  unseen += 1;
  show();
  if (!document.hidden) return;
  if (isOn("notify")) notify(line);
  if (isOn("sound")) beep();
};

// We said something ourselves, so we have read the rest.
export const spoke = () => {
  unseen = 0;
  log.unmarkNew();
  look();
};

// ---- What a person has to ask for ----

const isOn = (name) => $(name).ariaChecked === "true";

const notify = ({ who, text }) => {
  try {
    const body = [...text].slice(0, LONGEST_PREVIEW).join("");
    // The tag replaces the last notification of this room: a busy room shows one.
    const options = { body, tag: place, icon: "/static/touch-icon.png" };
    const shown = new Notification(`${who} in ${title}`, options);
    shown.onclick = () => {
      window.focus();
      shown.close();
    };
  } catch {
    // Some phones have notifications only for pages with a service worker.
  }
};

let audio;
// Two short tones. A file would be one more request for a fifth of a second.
const beep = () => {
  audio ??= new AudioContext();
  audio.resume().catch(() => {}); // a page that was never clicked may not make a sound
  for (const [pitch, delay] of [[660, 0], [880, 0.1]]) {
    const start = audio.currentTime + delay;
    const tone = new OscillatorNode(audio, { frequency: pitch });
    const loudness = new GainNode(audio, { gain: 0.08 });
    loudness.gain.setTargetAtTime(0, start + 0.05, 0.03);
    tone.connect(loudness).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 0.25);
  }
};

// Why notifications cannot be shown, or "".
const permission = async () => {
  if (!("Notification" in window)) return "This browser shows no notifications here.";
  const answer = await Notification.requestPermission();
  return answer === "granted" ? "" : "The browser does not allow notifications here.";
};

const set = (name, on) => {
  $(name).ariaChecked = String(on);
  browser.remember(name, on);
};

$("notify").addEventListener("click", async () => {
  const refusal = isOn("notify") ? "" : await permission();
  $("menu-state").textContent = refusal;
  set("notify", !isOn("notify") && refusal === "");
});
$("sound").addEventListener("click", () => {
  set("sound", !isOn("sound"));
  if (isOn("sound")) beep();
});
const allowed = "Notification" in window && Notification.permission === "granted";
$("notify").ariaChecked = String(allowed && browser.recall("notify", false));
$("sound").ariaChecked = String(browser.recall("sound", false));

// ---- Sharing the room ----

const copy = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Not over plain HTTP from another machine, and not in every browser.
    const field = Object.assign(document.createElement("textarea"), { value: text });
    $("menu").append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    return copied;
  }
};

$("share").addEventListener("click", async () => {
  const address = location.origin + location.pathname;
  const copied = await copy(address);
  $("menu-state").textContent = copied ? "Link copied" : address;
});
