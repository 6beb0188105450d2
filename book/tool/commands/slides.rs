//! `book slides`: a page of slides for each chapter, made from the chapter itself, so that
//! it cannot say something else.
//!
//! A section becomes a slide with its first sentence and its first picture or short listing;
//! a quiz becomes a question for the room.

use std::fs;

use anyhow::Result;

use crate::house::House;
use crate::printable;
use crate::site;
use crate::tree::{self, Element, Node};

/// A listing with more lines than this cannot be read from the last row.
const LINES: usize = 16;

/// Sections that are for reading, and not for the wall.
const SKIPPED: [&str; 5] = [
    "Answers",
    "Hints and solutions",
    "Further reading",
    "The library at a glance",
    "Exercises",
];

const STYLE: &str = "
@page { size: 297mm 167mm; margin: 0; }
* { box-sizing: border-box; }
body { margin: 0; background: #151a24; font: 26px/1.4 'Source Serif 4', Palatino, Georgia, serif; color: #1c2330; }
section { background: #fdfcf8; width: min(100vw, 177.7vh); height: min(100vh, 56.25vw); margin: 0 auto 1em; padding: 2em 3em;
    overflow: hidden; break-after: page; display: flex; flex-direction: column; gap: 0.6em; scroll-snap-align: start; }
html { scroll-snap-type: y proximity; }
h1 { font-size: 2.6em; margin: auto 0 0; } section.title p { margin: 0 0 auto; color: #565f6d; }
h2 { font-size: 1.5em; margin: 0; } p { margin: 0; max-width: 42em; }
pre { font: 0.62em/1.35 'Source Code Pro', Menlo, Consolas, monospace; background: #f6f3ea; padding: 0.8em; margin: 0; overflow: hidden; }
code { font-family: 'Source Code Pro', Menlo, Consolas, monospace; font-size: 0.9em; }
.figure { flex: 1; min-height: 0; margin: 0; } .figure svg { width: 100%; height: 100%; }
.figure p, figcaption, .figure details, .figure .unfolded { display: none; }
.quiz h4 { margin: 0; color: #7d2fc0; } ol.choices { list-style: upper-alpha; margin: 0.4em 0; }
footer { margin-top: auto; font-size: 0.55em; color: #565f6d; }
@media print { body { background: none; } section { width: 297mm; height: 167mm; margin: 0; } }
";

/// Turns pages with the keys that presenters have.
const SCRIPT: &str = "addEventListener('keydown', (event) => {
  const step = { ArrowRight: 1, PageDown: 1, ' ': 1, ArrowLeft: -1, PageUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const slides = [...document.querySelectorAll('section')];
  const now = slides.findIndex((slide) => slide.getBoundingClientRect().bottom > innerHeight / 2);
  slides[Math.max(0, Math.min(slides.length - 1, now + step))].scrollIntoView();
});";

/// Writes the slides of all numbered chapters.
///
/// # Errors
/// Returns an error if the book cannot be built or a file cannot be written.
pub(crate) fn slides(house: &House) -> Result<bool> {
    let pages = house.target.join("book");
    let site = site::build(house, &pages, None)?;
    let to = house.target.join("slides");
    fs::create_dir_all(&to)?;
    let style = super::take::style(house)?;
    let mut few = Vec::new();
    for page in printable::pages(house, &pages)? {
        if !page.name.starts_with(|first: char| first.is_ascii_digit()) {
            continue;
        }
        let slides = made(&page.title, page.nodes);
        if slides.len() < 5 {
            few.push(page.name.clone());
        }
        let body: String = slides
            .iter()
            .map(|slide| tree::write(&[slide.clone()]))
            .collect();
        let file = to.join(&page.name).with_extension("html");
        fs::write(
            &file,
            format!(
                "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title>\
                 <style>{style}{STYLE}</style></head><body>{body}<script>{SCRIPT}</script></body></html>",
                page.title
            ),
        )?;
        println!("{} ({} slides)", file.display(), slides.len());
    }
    for name in &few {
        eprintln!("{name} has next to no slides: does it have sections?");
    }
    Ok(few.is_empty() && crate::block::report(&site.problems))
}

/// Returns the slides of a chapter.
fn made(title: &str, nodes: Vec<Node>) -> Vec<Node> {
    let text = |text: &str| vec![Node::Text(text.to_owned())];
    let first = vec![
        Node::Element(Element::new("h1", "", text(title))),
        Node::Element(Element::new("p", "", text("Real-time Rust"))),
    ];
    let mut slides = vec![Node::Element(Element::new("section", "title", first))];
    let mut heading = String::new();
    let mut content = Vec::new();
    for node in nodes {
        match node {
            Node::Element(element) if ["h2", "h3"].contains(&element.name.as_str()) => {
                slides.extend(slide(title, &heading, std::mem::take(&mut content)));
                heading = tree::write(&element.children);
                // Whatever follows the exercises is not for the wall.
                if SKIPPED[..2].contains(&heading.as_str()) {
                    return slides;
                }
            }
            Node::Element(element) => content.push(element),
            Node::Text(_) => {}
        }
    }
    slides.extend(slide(title, &heading, content));
    slides
}

/// Returns the slides of a section: one for its idea, and one for each quiz.
fn slide(title: &str, heading: &str, content: Vec<Element>) -> Vec<Node> {
    if heading.is_empty() || SKIPPED.contains(&heading) {
        return Vec::new();
    }
    let footer = || {
        let text = vec![Node::Text(title.to_owned())];
        Node::Element(Element::new("footer", "", text))
    };
    let headed = || {
        let text = tree::parse(heading);
        Node::Element(Element::new("h2", "", text))
    };
    let mut parts = Vec::new();
    let (mut said, mut shown) = (false, false);
    let mut quizzes = Vec::new();
    for element in content {
        if element.is("div", "quiz") {
            let slide = vec![Node::Element(element), footer()];
            quizzes.push(Node::Element(Element::new("section", "", slide)));
        } else if element.name == "p" && element.get("class").is_none() && !said {
            said = true;
            let sentence = sentence(element.children);
            parts.push(Node::Element(Element::new("p", "", sentence)));
        } else if !shown && can_be_shown(&element) {
            shown = true;
            parts.push(Node::Element(element));
        }
    }
    let mut slides = Vec::new();
    if !parts.is_empty() {
        parts.insert(0, headed());
        parts.push(footer());
        slides.push(Node::Element(Element::new("section", "", parts)));
    }
    slides.extend(quizzes);
    slides
}

fn can_be_shown(element: &Element) -> bool {
    let lines = tree::text(&element.children).lines().count();
    element.is("div", "figure") || element.name == "pre" && lines <= LINES
}

/// Returns the first sentence of a paragraph. A full stop inside code or a name ends
/// nothing: it ends at one that a space follows.
fn sentence(nodes: Vec<Node>) -> Vec<Node> {
    let mut out = Vec::new();
    for node in nodes {
        if let Node::Text(text) = &node {
            let end = [". ", ".\n", "? ", "?\n", ": ", ":\n"]
                .iter()
                .filter_map(|end| text.find(end))
                .min();
            if let Some(end) = end {
                out.push(Node::Text(text[..=end].to_owned()));
                return out;
            }
        }
        out.push(node);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_a_slide_with_its_first_sentence_and_picture() {
        let html = "<h1>1. A</h1><h2>The question</h2><p>One <code>a. b</code> is it. More.</p><pre>x</pre><pre>y</pre>\
            <div class=\"quiz\"><h4>Quiz 1</h4></div><h2>Further reading</h2><p>No.</p><h2>Answers</h2><h3>Quiz 1</h3><p>A.</p>";
        let slides = tree::write(&made("1. A", tree::parse(html)));
        assert!(
            slides.contains("<h2>The question</h2><p>One <code>a. b</code> is it.</p><pre>x</pre><footer>"),
            "{slides}"
        );
        assert_eq!(slides.matches("<section").count(), 3, "{slides}");
        assert!(
            !slides.contains("<pre>y")
                && !slides.contains("No.")
                && !slides.contains("<p>A.")
        );
    }
}
