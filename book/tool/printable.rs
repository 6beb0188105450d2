//! The pages in a form that can be printed: quizzes become questions with lettered choices,
//! and their answers, the hints and the solutions follow at the end of the chapter.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::contents;
use crate::house::House;
use crate::tree::{self, Element, Node};

/// A page to print.
pub(crate) struct Page {
    /// Its title in the summary, as HTML.
    pub(crate) title: String,
    /// Its name, without an ending.
    pub(crate) name: String,
    /// Its content.
    pub(crate) nodes: Vec<Node>,
}

/// Reads the pages that were built in the folder `site`, in order.
///
/// # Errors
/// Returns an error if a page cannot be read or has no content.
pub(crate) fn pages(house: &House, site: &Path) -> Result<Vec<Page>> {
    let mut pages = Vec::new();
    for page in contents::pages(house)? {
        let name = page.file.trim_end_matches(".md").to_owned();
        let html = fs::read_to_string(site.join(&name).with_extension("html"))
            .with_context(|| format!("no page {name}"))?;
        let main = html
            .split_once("<main>")
            .and_then(|(_, rest)| rest.split_once("</main>"))
            .with_context(|| format!("{name}.html has no content"))?;
        pages.push(Page {
            title: crate::html::escape(&page.title),
            nodes: printable(tree::parse(main.0)),
            name,
        });
    }
    Ok(pages)
}

/// What moves to the end of a chapter.
#[derive(Default)]
struct Moved {
    /// The answers of the quizzes.
    answers: Vec<Node>,
    quizzes: usize,
    /// Hints and solutions.
    folded: Vec<Node>,
    /// The last heading.
    heading: String,
}

fn printable(nodes: Vec<Node>) -> Vec<Node> {
    let mut moved = Moved::default();
    let mut nodes = changed(nodes, &mut moved);
    for (title, list) in [
        ("Answers", moved.answers),
        ("Hints and solutions", moved.folded),
    ] {
        if !list.is_empty() {
            nodes.push(heading("h2", title));
            nodes.extend(list);
        }
    }
    nodes
}

fn heading(name: &str, text: &str) -> Node {
    Node::Element(Element::new(name, "", vec![Node::Text(text.to_owned())]))
}

fn changed(nodes: Vec<Node>, moved: &mut Moved) -> Vec<Node> {
    let mut out = Vec::new();
    for node in nodes {
        let Node::Element(mut element) = node else {
            out.push(node);
            continue;
        };
        if ["script", "button", "nav", "noscript", "iframe", "template"]
            .contains(&element.name.as_str())
            || element.is("p", "start")
        {
            continue;
        }
        if element.is("form", "quiz") {
            out.push(Node::Element(quiz(&element, moved)));
            continue;
        }
        if ["h2", "h3"].contains(&element.name.as_str()) {
            moved.heading = tree::text(&element.children);
        }
        if element.name == "details" {
            folded(element, moved, &mut out);
            continue;
        }
        // In a figure the caption has to come last, and below a plot its numbers do.
        if element.name == "figure" {
            element.name = "div".to_owned();
        } else if element.name == "figcaption" {
            element = Element::new("p", "figcaption", element.children);
        }
        let unwanted = ["tabindex", "hidden", "autocomplete"];
        element
            .attributes
            .retain(|(name, _)| !unwanted.contains(&name.as_str()));
        element.children = changed(std::mem::take(&mut element.children), moved);
        // A heading is a link to itself, which paper does not follow.
        if element.is("a", "header") {
            out.extend(element.children);
        } else {
            out.push(Node::Element(element));
        }
    }
    out
}

/// Opens a folded part, or moves it to the end if it is a hint or a solution.
fn folded(mut element: Element, moved: &mut Moved, out: &mut Vec<Node>) {
    let is_summary =
        |node: &Node| matches!(node, Node::Element(one) if one.name == "summary");
    let (summary, content): (Vec<_>, Vec<_>) =
        element.children.drain(..).partition(is_summary);
    let title = tree::text(&summary);
    let content = changed(content, moved);
    if title.contains("hint") || element.is("details", "solution") {
        let place = format!("{}: {}", moved.heading, title.to_lowercase());
        moved.folded.push(heading("h3", &place));
        moved.folded.extend(content);
        return;
    }
    let mut children = vec![Node::Element(Element::new(
        "p",
        "summary",
        vec![Node::Text(title)],
    ))];
    children.extend(content);
    out.push(Node::Element(Element::new("div", "unfolded", children)));
}

/// Returns the question of a quiz with its choices, and keeps the answers for the end.
fn quiz(form: &Element, moved: &mut Moved) -> Element {
    moved.quizzes += 1;
    let number = moved.quizzes;
    let find = |name: &'static str, class: &'static str, inside: &Element| {
        let mut found = Vec::new();
        inside.find(&|one| one.is(name, class), &mut found);
        found.into_iter().cloned().collect::<Vec<_>>()
    };
    let title = format!("Quiz {number}");
    let mut children = vec![heading("h4", &title)];
    for legend in find("legend", "", form) {
        children.push(Node::Element(Element::new(
            "div",
            "question",
            legend.children,
        )));
    }
    moved.answers.push(heading("h3", &title));
    let mut answers = Vec::new();
    let mut choices = Vec::new();
    for choice in find("div", "choice", form) {
        let said = find("label", "", &choice)
            .into_iter()
            .flat_map(|label| find("span", "", &label))
            .next()
            .unwrap_or_default();
        choices.push(Node::Element(Element::new("li", "", said.children)));
        let right = choice.get("data-right") == Some("true");
        answers.push(answer(if right { "Right" } else { "Wrong" }, &choice));
    }
    if choices.is_empty() {
        let line = "Your answer: ______________________________";
        children.push(Node::Element(Element::new(
            "p",
            "",
            vec![Node::Text(line.to_owned())],
        )));
        for one in find("p", "answer", form) {
            let typed = one.get("data-text").unwrap_or_default();
            let word = match one.get("data-right") {
                Some("true") => format!("<code>{typed}</code>: right"),
                _ if typed.is_empty() => "Anything else: wrong".to_owned(),
                _ => format!("<code>{typed}</code>: wrong"),
            };
            answers.push(answer(&word, &one));
        }
        moved
            .answers
            .push(Node::Element(Element::new("ul", "", answers)));
    } else {
        children.push(Node::Element(Element::new("ol", "choices", choices)));
        moved
            .answers
            .push(Node::Element(Element::new("ol", "choices", answers)));
    }
    Element::new("div", "quiz", children)
}

fn answer(word: &str, choice: &Element) -> Node {
    let mut why = Vec::new();
    choice.find(&|one| one.is("span", "why"), &mut why);
    let mut children = tree::parse(&format!("<b>{word}.</b> "));
    children.extend(why.into_iter().flat_map(|why| why.children.clone()));
    Node::Element(Element::new("li", "", children))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quizzes_are_questions_and_answers_come_last() {
        let html = "<h2 id=\"q\"><a class=\"header\" href=\"#q\">Quiz</a></h2>\
            <form class=\"quiz\"><fieldset><legend><p>Which?</p></legend>\
            <div class=\"choice\" data-right=\"false\"><label><input type=\"radio\"> <span>a</span></label><span class=\"why\" hidden>No.</span></div>\
            <div class=\"choice\" data-right=\"true\"><label><input type=\"radio\"> <span>b</span></label><span class=\"why\" hidden>Yes.</span></div>\
            </fieldset><button>Check</button></form><p>after</p>\
            <h3>Add</h3><details><summary>A hint</summary><p>Think.</p></details>";
        let page = tree::write(&printable(tree::parse(html)));
        let order = [
            "<h2 id=\"q\">Quiz</h2>",
            "<ol class=\"choices\"><li>a</li><li>b</li></ol>",
            "<p>after</p>",
            "<h2>Answers</h2>",
            "<li><b>Wrong.</b> No.</li><li><b>Right.</b> Yes.</li>",
            "<h2>Hints and solutions</h2>",
            "<h3>Add: a hint</h3><p>Think.</p>",
        ];
        let mut rest = page.as_str();
        for wanted in order {
            let at = rest
                .find(wanted)
                .unwrap_or_else(|| panic!("no {wanted} in its place in {page}"));
            rest = &rest[at + wanted.len()..];
        }
        assert!(
            !page.contains("<button") && !page.contains("<details"),
            "{page}"
        );
    }
}
