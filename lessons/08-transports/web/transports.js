// Seven ways to follow one stream of events. Each is a function whose first argument is the number of the last event that
// was seen. It calls `onEvent` for every event and `onCost(requests, bytes)` for its cost, and returns a function that stops it.
"use strict";

const HEAD = 300;
// Relative to this script, wherever that is mounted.
const at = (path) => new URL(path, base);
const base = document.currentScript.src;
const webSocketAt = (path) => String(at(path)).replace(/^http/, "ws");

function websocket(after, { onEvent, onCost, onEnd }) {
  const socket = new WebSocket(webSocketAt(`events/websocket?after=${after}`));
  onCost(1, HEAD);
  socket.onmessage = ({ data }) => { onCost(0, data.length + 4); onEvent(JSON.parse(data)); };
  socket.onclose = ({ reason }) => onEnd(reason || "closed");
  return () => socket.close();
}

function sse(after, { onEvent, onCost, onEnd }) {
  const source = new EventSource(at(`events/sse?after=${after}`));
  onCost(1, HEAD);
  source.onmessage = ({ data, lastEventId }) => { onCost(0, data.length + lastEventId.length + 12); onEvent(JSON.parse(data)); };
  source.addEventListener("missed", ({ data }) => { source.close(); onEnd(data); });
  source.onerror = () => source.readyState === EventSource.CLOSED && onEnd("refused");
  return () => source.close();
}

// What streaming and multipart have in common: a body that is read as it arrives. `split` takes the text so far and returns
// the complete events in it, and the rest as the last element.
function body(name, split) {
  return (after, { onEvent, onCost, onEnd }) => {
    const abort = new AbortController();
    (async () => {
      const response = await fetch(at(`events/${name}?after=${after}`), { signal: abort.signal });
      onCost(1, HEAD);
      if (!response.ok) throw new Error(await response.text());
      const reader = response.body.getReader(), text = new TextDecoder();
      for (let rest = "";;) {
        const { done, value } = await reader.read();
        if (done) throw new Error("the stream ended");
        onCost(0, value.length);
        const pieces = split(rest + text.decode(value, { stream: true }));
        rest = pieces.pop();
        for (const piece of pieces) if (piece.trim()) take(JSON.parse(piece), onEvent);
      }
    })().catch((error) => abort.signal.aborted || onEnd(error.message));
    return () => abort.abort();
  };
}

const streaming = body("streaming", (text) => text.split("\n"));
const multipart = body("multipart", (text) => {
  const parts = text.split("--event\r\n"), rest = parts.pop();
  return [...parts.map((part) => part.slice(part.indexOf("\r\n\r\n") + 4)), rest];
});

function take(event, onEvent) {
  if (event.missed) throw new Error(event.missed);
  onEvent(event);
}

function iframe(after, { onEvent, onCost, onEnd }) {
  const frame = document.createElement("iframe");
  // The scripts in the frame call this. A page needs only one frame at a time.
  window.onFrameEvent = (event) => {
    onCost(0, JSON.stringify(event).length + 79);
    if (event.missed) onEnd(event.missed); else onEvent(event);
  };
  frame.onload = () => onEnd("the frame ended");
  frame.hidden = true;
  frame.src = at(`events/iframe?after=${after}`);
  document.body.append(frame);
  onCost(1, HEAD + 1080);
  return () => { frame.onload = null; frame.remove(); };
}

function polling(after, { onEvent, onCost, onEnd }) {
  const abort = new AbortController();
  (async () => {
    for (;;) {
      const response = await fetch(at(`events/polling?after=${after}`), { signal: abort.signal });
      const text = await response.text();
      onCost(1, HEAD + text.length);
      if (!response.ok) throw new Error(text);
      for (const event of JSON.parse(text)) { after = event.id; onEvent(event); }
    }
  })().catch((error) => abort.signal.aborted || onEnd(error.message));
  return () => abort.abort();
}

let callbacks = 0;
function jsonp(after, { onEvent, onCost, onEnd }) {
  const name = `jsonp${++callbacks}`;
  let script, ended = false;
  const ask = () => {
    script = document.createElement("script");
    script.src = at(`events/jsonp?callback=${name}&after=${after}`);
    script.onerror = () => ended || onEnd("refused");
    document.head.append(script);
  };
  window[name] = (events) => {
    script.remove();
    if (ended) return;
    onCost(1, HEAD + JSON.stringify(events).length + name.length + 7);
    if (events.missed) return onEnd(events.missed);
    for (const event of events) { after = event.id; onEvent(event); }
    if (!ended) ask();
  };
  ask();
  return () => { ended = true; script.remove(); };
}

const transports = { websocket, sse, streaming, multipart, iframe, polling, jsonp };

// Sends a message to the server.
async function send(text) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(at("send"), { method: "POST", headers, body: JSON.stringify(text) });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

// Tries the most capable first, with an event that exists already. A stream that a proxy holds back starts with status 200,
// and then nothing arrives, so only an event proves a transport.
async function choose(patience = 1000) {
  const id = await send("are you there?");
  for (const [name, follow] of Object.entries(transports)) {
    let end;
    const works = await new Promise((resolve) => {
      end = follow(id - 1, { onEvent: () => resolve(true), onCost() {}, onEnd: () => resolve(false) });
      setTimeout(resolve, patience, false);
    });
    end();
    if (works) return name;
  }
  return null;
}

// Follows `count` events and resolves with the result; `progress` is called for each event.
function run(name, after, count, progress = () => {}) {
  const result = { name, ids: [], requests: 0, bytes: 0, latencies: [] };
  return new Promise((resolve, reject) => {
    const end = transports[name](after, {
      onCost(requests, bytes) { result.requests += requests; result.bytes += bytes; },
      onEvent(event) {
        if (result.ids.length >= count) return;
        result.ids.push(event.id);
        result.latencies.push(performance.timeOrigin + performance.now() - event.at / 1000);
        progress(result);
        if (result.ids.length === count) setTimeout(() => { end(); resolve(result); });
      },
      onEnd(reason) { if (result.ids.length < count) reject(new Error(`${name}: ${reason}`)); },
    });
  });
}

// All transports follow the same events, side by side; `progress` is called with each one's result so far. A browser opens
// at most six connections to a host, so a page cannot hold seven streams and still send requests. WebSockets do not count
// among them, so the events are sent over one.
async function race(count, pause, progress) {
  const first = await send("the first") - 1;
  const socket = new WebSocket(webSocketAt("events/websocket"));
  await new Promise((resolve) => { socket.onopen = resolve; socket.onerror = resolve; });
  const running = Object.keys(transports).map((name) => run(name, first, count, progress).catch((error) => error));
  for (let sent = 1; sent < count; sent++) {
    if (socket.readyState === WebSocket.OPEN) socket.send(`event ${sent}`); else await send(`event ${sent}`);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  const results = await Promise.all(running);
  socket.close();
  return results;
}
