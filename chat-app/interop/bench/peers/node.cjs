// The contract example's events on Node's socket.io, as a peer to measure beside.
"use strict";

const { createServer } = require("node:http");
const { Server } = require("socket.io");

const http = createServer();
const io = new Server(http);

io.on("connection", (socket) => socket.on("echo", (value, ack) => ack(value)));
io.of("/chat").on("connection", (socket) => {
  socket.on("join", (room, ack) => {
    socket.join(room);
    ack(true);
  });
  socket.on("nickname", (name, ack) => {
    socket.data.name = name;
    ack(true, name);
  });
  socket.on("user message", (text, ack) => {
    const rooms = [...socket.rooms].filter((room) => room !== socket.id);
    socket.to(rooms).emit("msg_to_room", socket.data.name, text);
    ack(true);
  });
});

const port = +process.argv[process.argv.indexOf("--port") + 1];
http.listen(port, "127.0.0.1", () => console.log(`Listening on http://127.0.0.1:${http.address().port}`));
