// The browser's memory: for this tab, which is the same after a reload, or for all
// tabs and the next visit. A browser may forbid storage, or its storage may be full. Then
// nothing is remembered, and everything else works.

const memory = (area) => ({
  recall(key, otherwise) {
    try {
      const value = JSON.parse(window[area].getItem(`chat ${key}`));
      return typeof value === typeof otherwise ? (value ?? otherwise) : otherwise;
    } catch {
      return otherwise;
    }
  },
  remember(key, value) {
    try {
      window[area].setItem(`chat ${key}`, JSON.stringify(value));
    } catch {
      // See above.
    }
  },
});

export const tab = memory("sessionStorage");
export const browser = memory("localStorage");

export const list = (value) => (Array.isArray(value) ? value : []);

// 128 random bits. `crypto.randomUUID` does not exist on a page that came over plain
// HTTP from another machine.
export const randomId = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");

// By this secret the server knows a person again: in a second tab, after a reload, and
// at the next visit.
const known = browser.recall("person", "");
export const person = /^[0-9a-f]{32}$/.test(known) ? known : randomId();
browser.remember("person", person);
