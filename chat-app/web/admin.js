// The operator's page: a client of the namespace /admin, which asks for the token. All that it shows is put in as text.
"use strict";

const SHOWN = 200; // packets
const $ = (id) => document.getElementById(id);

const row = (...cells) => {
  const tr = document.createElement("tr");
  for (const cell of cells) {
    const td = document.createElement("td");
    td.append(cell ?? "");
    tr.append(td);
  }
  return tr;
};

let socket;

const endButton = (id) => {
  const button = document.createElement("button");
  button.textContent = "End";
  button.addEventListener("click", () => socket.emit("end", id));
  return button;
};

const show = (report) => {
  const numbers = {
    Sessions: report.sessions,
    "Sockets in the chat": report.sockets,
    "Bytes that wait for clients": report.outstanding,
    "Jobs that wait for the database": report.queue,
  };
  const terms = Object.entries(numbers).flatMap(([term, number]) => {
    const [dt, dd] = [document.createElement("dt"), document.createElement("dd")];
    dt.textContent = term;
    dd.textContent = number;
    return [dt, dd];
  });
  $("numbers").replaceChildren(...terms);
  // A button that is about to be pressed must not be replaced.
  if (!$("connections").contains(document.activeElement)) {
    const connections = report.connections;
    $("connections").replaceChildren(
      ...connections.map(({ id, address, room, nickname }) => row(id, address, room, nickname, endButton(id))),
    );
  }
  $("rooms").replaceChildren(...report.rooms.map(({ name, people }) => row(name, String(people))));
  const packets = report.packets.map(({ way, who, event, bytes }) => row(way, who, event, String(bytes)));
  $("packets").prepend(...packets.reverse());
  while ($("packets").childElementCount > SHOWN) $("packets").lastElementChild.remove();
  $("more").textContent = report.more > 0 ? `${report.more} more packets passed in the last second.` : "";
};

const connect = (token) => {
  socket?.disconnect();
  socket = io("/admin", { auth: { token } });
  socket.on("connect", () => {
    sessionStorage.setItem("admin token", token);
    $("status").textContent = "Connected";
    $("enter").hidden = true;
    $("report").hidden = false;
  });
  socket.on("connect_error", (error) => {
    $("status").textContent = error.message;
    $("enter").hidden = false;
  });
  socket.on("disconnect", () => ($("status").textContent = "Disconnected"));
  socket.on("report", show);
};

$("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  connect($("token").value);
});

const kept = sessionStorage.getItem("admin token");
if (kept) connect(kept);
