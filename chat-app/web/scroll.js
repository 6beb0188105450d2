// Keeps the newest line in sight, unless the person has scrolled up to read.

import { $ } from "./dom.js";

const NEAR = 60; // pixels from the end that still count as the end

const box = $("scroll");
const listeners = [];
let following = true; // the newest line is in sight, and is to stay there
let known = ""; // the sizes of box and content for which that was found out

export const isFollowing = () => following;
export const onScroll = (listener) => listeners.push(listener);

const fromEnd = () => box.scrollHeight - box.scrollTop - box.clientHeight;
const sizes = () => `${box.clientHeight} ${box.scrollHeight}`;
const report = () => {
  for (const listener of listeners) listener();
};

export const follow = () => {
  following = true;
  known = sizes();
  box.scrollTop = box.scrollHeight;
  report();
};

// ANCHOR: follow
box.addEventListener("scroll", () => {
  // When the composer appears, this box shrinks, and when a line arrives, its content
  // grows. A scroll event may come before the ResizeObserver below has moved the newest
  // line back into sight. The person has not scrolled: they still want the newest line.
  if (sizes() !== known) return;
  following = fromEnd() < NEAR;
  report();
});

// Once for each frame, however many lines have arrived: to find out how long the content
// is, the browser has to lay all of it out.
const resized = new ResizeObserver(() => {
  known = sizes();
  if (following) follow();
  else report();
});
// ANCHOR_END: follow
resized.observe(box);
for (const part of box.children) resized.observe(part);

// Runs `change`, which puts lines above, and leaves what the person reads in its place.
// A browser does that by itself (scroll anchoring), but not at the very top, and it must
// not be done twice.
export const keepPlace = (change) => {
  box.style.overflowAnchor = "none";
  const below = box.scrollHeight - box.scrollTop;
  change();
  box.scrollTop = box.scrollHeight - below;
  const restore = () => (box.style.overflowAnchor = "");
  requestAnimationFrame(() => requestAnimationFrame(restore));
};

export const isNearTop = () => box.scrollTop < box.clientHeight;
