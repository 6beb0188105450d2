// The book's own behavior: themes, keys, quizzes. Everything that a quiz says is in the page; answers stay in this browser.
"use strict";

// Two themes are designed and tested; mdBook's other three are not offered.
const DARK = ["coal", "navy", "ayu"];
for (const name of ["rust", "coal", "ayu"]) document.getElementById(`mdbook-theme-${name}`)?.closest("li").remove();
const dark = document.getElementById("mdbook-theme-navy");
if (dark) dark.textContent = "Dark";
for (const name of ["rust", "coal", "ayu"]) {
    const { classList } = document.documentElement;
    if (classList.contains(name)) classList.replace(name, DARK.includes(name) ? "navy" : "light");
}

// The chapter's own links at its end have names. mdBook turns pages by the arrow keys wherever it finds its own links, also
// for a reader who only meant to scroll a listing.
for (const nav of document.querySelectorAll(".nav-wrapper, .nav-wide-wrapper")) nav.remove();

// A store that can be missing or full: then a quiz forgets.
const store = {
    read(key) {
        try {
            return JSON.parse(localStorage.getItem(`book:${key}`));
        } catch {
            return null;
        }
    },
    write(key, value) {
        try {
            localStorage.setItem(`book:${key}`, JSON.stringify(value));
        } catch {
            // Nothing depends on it.
        }
    },
};

const chapter = location.pathname.split("/").pop() || "index.html";
const quizzes = [...document.querySelectorAll("form.quiz")];

for (const quiz of quizzes) {
    const said = quiz.querySelector("output");
    const inputs = [...quiz.querySelectorAll("input")];
    const why = (choice, shown) => {
        choice.querySelector(".why").hidden = !shown;
    };

    const forget = () => {
        said.textContent = "";
        for (const choice of quiz.querySelectorAll(".choice, .answer")) {
            choice.classList.remove("is-right", "is-wrong");
            why(choice, false);
            if (choice.matches(".answer")) choice.hidden = true;
        }
    };

    // Single and multiple: each choice that was taken says why it is right or wrong. Once the quiz is solved all of them do,
    // because the wrong ones are worth reading, too.
    const choose = () => {
        const choices = [...quiz.querySelectorAll(".choice")];
        const taken = choices.filter((choice) => choice.querySelector("input").checked);
        if (taken.length === 0) return "Choose first.";
        const right = choices.filter((choice) => choice.dataset.right === "true");
        const found = taken.filter((choice) => choice.dataset.right === "true").length;
        const solved = found === taken.length && found === right.length;
        for (const choice of choices) {
            const chosen = taken.includes(choice);
            if (chosen) choice.classList.add(choice.dataset.right === "true" ? "is-right" : "is-wrong");
            why(choice, chosen || solved);
        }
        if (found < taken.length) return quiz.dataset.kind === "single" ? "Not this one." : "Not all of these.";
        return solved ? "Right." : "Right so far, and there is more.";
    };

    const plain = (text) => text.trim().replace(/\s+/g, " ");
    const print = () => {
        const text = plain(quiz.querySelector("input").value);
        if (text === "") return "Write what you expect first.";
        const answers = [...quiz.querySelectorAll(".answer")];
        const answer =
            answers.find((other) => other.dataset.text !== "" && plain(other.dataset.text) === text) ??
            answers.find((other) => other.dataset.text === "");
        answer.hidden = false;
        why(answer, true);
        return answer.dataset.right === "true" ? "Right." : "Not this.";
    };

    const check = () => {
        forget();
        said.textContent = quiz.dataset.kind === "prints" ? print() : choose();
        quiz.dataset.solved = said.textContent === "Right.";
    };

    const kept = store.read(quiz.dataset.key);
    if (Array.isArray(kept) && kept.length === inputs.length) {
        inputs.forEach((input, place) => {
            if (input.type === "text") input.value = String(kept[place]);
            else input.checked = kept[place] === true;
        });
        check();
    }

    quiz.addEventListener("submit", (event) => {
        event.preventDefault();
        check();
        store.write(quiz.dataset.key, inputs.map((input) => (input.type === "text" ? input.value : input.checked)));
        count();
    });
    quiz.addEventListener("input", forget);
}

// How many of the chapter's quizzes are solved: under the last one, and as a tick in the contents.
const tally = document.createElement("p");
tally.className = "tally";
tally.setAttribute("role", "status");
quizzes.at(-1)?.after(tally);
function count() {
    if (quizzes.length === 0 || chapter === "print.html") return;
    const solved = quizzes.filter((quiz) => quiz.dataset.solved === "true").length;
    tally.textContent = `${solved} of ${quizzes.length} quizzes of this page solved`;
    store.write(`solved:${chapter}`, solved === quizzes.length);
    ticks();
}
function ticks() {
    for (const link of document.querySelectorAll("#mdbook-sidebar a")) {
        const page = new URL(link.href, location.href).pathname.split("/").pop();
        if (!store.read(`solved:${page}`) || link.querySelector(".tick") || link.hash) continue;
        const tick = document.createElement("span");
        tick.className = "tick";
        tick.title = "all quizzes solved";
        tick.textContent = " ✓";
        link.append(tick);
    }
}
count();
addEventListener("load", ticks);

// The corner above a column of names heads nothing: to a screen reader it is an ordinary cell.
for (const corner of document.querySelectorAll("main th")) {
    if (corner.textContent.trim() === "") corner.replaceWith(document.createElement("td"));
}

// A listing that is wider than the page scrolls; by keyboard only if it can have the focus.
function focusable() {
    for (const part of document.querySelectorAll("main pre > code, main .table-wrapper, main .figure")) {
        if (part.scrollWidth > part.clientWidth) part.tabIndex = 0;
    }
}
focusable();
document.fonts?.ready.then(focusable);
