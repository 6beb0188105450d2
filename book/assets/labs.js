// Brings the labs of a page to life. Only the served book has this script: in plain files a lab says what to run.
"use strict";

const alive = location.protocol.startsWith("http") && !location.pathname.endsWith("/print.html");
for (const lab of alive ? document.querySelectorAll(".lab") : []) {
  const stage = lab.querySelector(".stage");
  const still = [...stage.childNodes];
  import(`/__labs/${lab.dataset.lab}.js`)
    .then(({ start }) => {
      stage.replaceChildren();
      start(stage);
    })
    .catch((error) => {
      stage.replaceChildren(...still);
      reportError(error);
    });
}

// How far the reader is with the exercises of the page, as `cargo run -p course` saw it last.
const exercises = alive ? [...document.querySelectorAll("[data-exercise]")] : [];
if (exercises.length > 0) {
  fetch("/__exercises")
    .then((response) => response.json())
    .then((states) => {
      for (const exercise of exercises) {
        const state = states[exercise.dataset.exercise];
        if (!state?.begun) continue;
        const done = state.passed !== null && state.passed === state.cases;
        const said = document.createElement("span");
        said.className = done ? "state done" : "state";
        said.textContent = done ? "✓ done" : state.passed === null ? "does not compile yet" : `${state.passed} of ${state.cases} cases pass`;
        exercise.append(said);
      }
    })
    .catch(reportError);
}
