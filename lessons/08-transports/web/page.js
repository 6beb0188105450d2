// The page around the seven transports: a row for each, and two buttons.
"use strict";

function row(name) {
  const element = document.createElement("tr");
  element.innerHTML = "<td><td><td><td><td><td><canvas width=192 height=32></canvas>";
  element.cells[0].textContent = name;
  document.querySelector("#rows").append(element);
  const draw = element.querySelector("canvas").getContext("2d");
  draw.fillStyle = "#3a7bd5";
  return ({ ids, requests, bytes, latencies }) => {
    const latency = latencies.at(-1), show = [ids.length, requests, Math.round(bytes / ids.length), latency.toFixed(1)];
    show.forEach((value, index) => { element.cells[index + 1].textContent = value; });
    const height = Math.max(1, Math.min(32, latency));
    draw.fillRect((ids.length % 192), 32 - height, 1, height);
  };
}

document.querySelector("#all").onclick = () => {
  document.querySelector("#rows").replaceChildren();
  const rows = new Map(Object.keys(transports).map((name) => [name, row(name)]));
  return race(Number(document.querySelector("#count").value), 20, (result) => rows.get(result.name)(result));
};
document.querySelector("#choose").onclick = async () => {
  document.querySelector("#chosen").textContent = "trying …";
  document.querySelector("#chosen").textContent = `chosen: ${(await choose()) ?? "none"}`;
};
