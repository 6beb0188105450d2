// Chapter 8: the seven transports of lesson 08, with its own script, over its own routes.

import { button, element, script } from "./kit.js";

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

export async function start(stage) {
  await script("/__labs/transports/transports.js");
  const count = element("input", { type: "number", value: 100, min: 10, max: 1000 });
  const pause = element("input", { type: "number", value: 10, min: 0, max: 200 });
  const status = element("p", { className: "status", role: "status" });
  const head = ["transport", "progress", "median, ms", "slowest, ms", "requests", "bytes per event"];
  const body = element("tbody");
  const table = element(
    "table",
    { className: "race" },
    element("thead", {}, element("tr", {}, ...head.map((name) => element("th", { scope: "col" }, name)))),
    body,
  );

  function lane(name, events) {
    const bar = element("progress", { max: events, value: 0, "aria-label": name });
    const cells = head.slice(2).map(() => element("td"));
    body.append(element("tr", { "data-transport": name }, element("th", { scope: "row" }, name), element("td", {}, bar), ...cells));
    return ({ ids, requests, bytes, latencies }) => {
      bar.value = ids.length;
      // Sorting all latencies after each event would delay the next one.
      if (ids.length % 10 > 0 && ids.length < events) return;
      const show = [median(latencies).toFixed(1), Math.max(...latencies).toFixed(1), requests, Math.round(bytes / ids.length)];
      show.forEach((value, index) => cells[index].replaceChildren(String(value)));
    };
  }

  const go = button("Start the race", async () => {
    go.disabled = true;
    body.replaceChildren();
    status.replaceChildren("The transports are running …");
    const events = Math.min(1000, Math.max(10, Math.round(Number(count.value)) || 100));
    const wait = Math.min(200, Math.max(0, Number(pause.value) || 0));
    const names = Object.keys(transports);
    const lanes = new Map(names.map((name) => [name, lane(name, events)]));
    try {
      const results = await race(events, wait, (result) => lanes.get(result.name)(result));
      const failed = results.filter((result) => result instanceof Error);
      const [first] = results.filter((result) => result.latencies).sort((a, b) => median(a.latencies) - median(b.latencies));
      const whole = failed.length === 0 ? "Each delivered every event, in order." : failed.map(({ message }) => `${message}.`).join(" ");
      status.replaceChildren(`${whole} ${first ? `The lowest median: ${first.name}.` : ""}`);
    } catch (error) {
      status.replaceChildren(`The race was stopped: ${error.message}`);
    }
    go.disabled = false;
  });
  const form = element("form", {}, element("label", {}, "Events ", count), element("label", {}, "one every ", pause, " ms"), go);
  form.onsubmit = (event) => {
    event.preventDefault();
    go.click();
  };
  stage.append(form, status, element("div", { className: "wide" }, table));
}
