// A chat that each test directs: the page's own files, served from disk, and the
// events of the chat on Node's Socket.IO server. The real server answers too fast, and
// too well, to show what the page does while it waits, or after a refusal.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { atEnd } from "./tools.mjs";

const web = join(dirname(fileURLToPath(import.meta.url)), "../../web");
const KINDS = {
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".webmanifest": "application/manifest+json",
};
const POLICY =
  "default-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const PAGE = 50; // messages in one answer

const fill = (name, values) =>
  readFileSync(join(web, name), "utf8").replace(/\{\{(\w+)\}\}/g, (_, key) => values[key]);

/** A message of the past. */
export const said = (id, text = `message ${id}`, nickname = "Bob") => {
  return { id, nickname, text, at: Date.UTC(2026, 0, 5, 9) + id * 20_000 };
};

/**
 * Starts the stage. `messages` is the history, `rooms` the list. The returned object's
 * `on` has a function for each event of a client, which a test may replace: it returns
 * the acknowledgement, or a promise of it, or undefined for none.
 */
export async function startStage(t, { messages = [], rooms = [], transports = "polling,websocket" } = {}) {
  const { Server } = await import("socket.io");
  const stage = { messages, rooms, asked: [], keys: new Map(), nicknames: [], change: 0 };

  const http = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://stage").pathname);
    const send = (kind, body) => {
      response.writeHead(200, { "content-type": kind, "content-security-policy": POLICY, "cache-control": "no-cache" });
      response.end(body);
    };
    if (path === "/") {
      const list = rooms.map(({ name, slug }) => `<li><a href="/room/${slug}"><bdi class="name">${name}</bdi></a></li>`);
      return send("text/html; charset=utf-8", fill("index.html", { rooms: list.join(""), name: "", invalid: "", error: "", title: "Rooms", transports, picture: "" }));
    }
    if (path.startsWith("/room/")) {
      return send("text/html; charset=utf-8", fill("room.html", { name: "Tea", slug: path.split("/").at(-1), transports, picture: "" }));
    }
    try {
      const name = path.split("/").at(-1);
      send(KINDS[extname(name)], readFileSync(join(web, name)));
    } catch {
      response.writeHead(404).end();
    }
  });
  const io = new Server(http);
  stage.io = io;
  stage.chat = io.of("/chat");

  stage.on = {
    join: (socket) => {
      if (!socket.joined) {
        socket.joined = true;
        // After the acknowledgement, as in the real chat.
        setImmediate(() => {
          socket.emit("nicknames", stage.nicknames, stage.change);
          stage.sendHistory(socket);
        });
      }
      return [true];
    },
    nickname: (socket, name) => {
      if (!stage.nicknames.includes(name)) stage.nicknames.push(name);
      stage.tell({ joined: [name] });
      return [true, name];
    },
    "user message": (socket, text, key) => {
      stage.asked.push(key);
      if (!stage.keys.has(key)) {
        const id = (stage.messages.at(-1)?.id ?? 0) + 1;
        stage.messages.push({ id, nickname: "Ann", text, at: Date.now(), key });
        stage.keys.set(key, id);
        socket.broadcast.emit("msg_to_room", "Ann", text, { id, at: Date.now(), key });
      }
      return [true, stage.keys.get(key)];
    },
    history: (socket, before) => {
      const older = stage.messages.filter(({ id }) => id < before).slice(-PAGE);
      return [older.map(({ nickname, text, ...meta }) => [nickname, text, meta])];
    },
    people: () => [stage.nicknames, stage.change],
  };
  stage.sendHistory = (socket) => socket.emit("history", stage.messages.slice(-PAGE));
  /** Tells everybody of a change among the people. */
  stage.tell = ({ joined = [], left = [], renamed = [] }) => {
    stage.change += 1;
    stage.chat.emit("people", { number: stage.change, joined, left, renamed });
  };
  /** Somebody else says something. */
  stage.say = (text, nickname = "Bob") => {
    const message = { id: (stage.messages.at(-1)?.id ?? 0) + 1, nickname, text, at: Date.now() };
    stage.messages.push(message);
    stage.chat.emit("msg_to_room", nickname, text, { id: message.id, at: message.at });
    return message;
  };

  stage.chat.on("connection", (socket) => {
    socket.onAny(async (event, ...args) => {
      const ack = typeof args.at(-1) === "function" ? args.pop() : () => {};
      const answer = await stage.on[event]?.(socket, ...args);
      if (answer) ack(...answer);
    });
  });
  io.of("/rooms").on("connection", (socket) => socket.emit("rooms", stage.rooms));

  await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
  stage.url = `http://127.0.0.1:${http.address().port}`;
  stage.room = `${stage.url}/room/tea`;
  atEnd(t, async () => {
    io.disconnectSockets(true);
    await new Promise((resolve) => io.close(resolve));
  });
  return stage;
}
