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
  // mdBook turns pages by the arrow keys; in a lab they belong to the lab.
  lab.addEventListener("keydown", (event) => event.key.startsWith("Arrow") && event.stopPropagation());
}
