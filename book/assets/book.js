// Quizzes. All that a quiz says is in the page; nothing is sent anywhere.
"use strict";

for (const quiz of document.querySelectorAll("form.quiz")) {
    const said = quiz.querySelector("output");
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

    // Single and multiple: each choice that was taken says why it is right or wrong.
    const choose = () => {
        const choices = [...quiz.querySelectorAll(".choice")];
        const taken = choices.filter((choice) => choice.querySelector("input").checked);
        if (taken.length === 0) return "Choose first.";
        for (const choice of taken) {
            choice.classList.add(choice.dataset.right === "true" ? "is-right" : "is-wrong");
            why(choice, true);
        }
        const right = choices.filter((choice) => choice.dataset.right === "true");
        const found = taken.filter((choice) => choice.dataset.right === "true").length;
        if (found < taken.length) return quiz.dataset.kind === "single" ? "Not this one." : "Not all of these.";
        return found === right.length ? "Right." : "Right so far, and there is more.";
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

    quiz.addEventListener("submit", (event) => {
        event.preventDefault();
        forget();
        said.textContent = quiz.dataset.kind === "prints" ? print() : choose();
    });
    quiz.addEventListener("input", forget);
    // mdBook turns pages by the arrow keys; in a quiz they belong to the quiz.
    quiz.addEventListener("keydown", (event) => {
        if (event.key.startsWith("Arrow")) event.stopPropagation();
    });
}

// A listing that is wider than the page scrolls; by keyboard only if it can have the focus.
for (const listing of document.querySelectorAll("main pre > code")) {
    if (listing.scrollWidth > listing.clientWidth) listing.tabIndex = 0;
}
