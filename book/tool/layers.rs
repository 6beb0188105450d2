//! The small map at the head of each chapter: the layers that the book builds, bottom to
//! top, with the chapter that you are reading marked.
//!
//! It is read from `SUMMARY.md`: a part is a layer, a numbered chapter a stone in it.

use std::path::Path;

use crate::html::escape;

/// A part of the book with its chapters: title and page.
type Layer<'a> = (&'a str, Vec<(&'a str, &'a str)>);

/// Returns the parts of the book, bottom to top.
fn layers(summary: &str) -> Vec<Layer<'_>> {
    let mut layers: Vec<Layer<'_>> = Vec::new();
    let mut part = "";
    for line in summary.lines() {
        if let Some(title) = line.strip_prefix("# ") {
            part = title.trim();
        } else if let Some((title, page)) = chapter(line) {
            match layers.last_mut() {
                Some((last, stones)) if *last == part => stones.push((title, page)),
                _ => layers.push((part, vec![(title, page)])),
            }
        }
    }
    layers
}

/// Returns the picture of all layers for the front page.
pub(crate) fn stack(summary: &str) -> String {
    drawn(&layers(summary), None, "The layers, bottom to top")
}

/// Returns the links to the pages before and after `file`, by name.
pub(crate) fn turn(summary: &str, file: &Path) -> Option<String> {
    let here = file.to_str()?;
    let pages: Vec<_> = summary.lines().filter_map(page).collect();
    let place = pages.iter().position(|(_, page)| *page == here)?;
    let link = |class: &str, word: &str, page: Option<&(&str, &str)>| {
        page.map_or_else(String::new, |(title, page)| {
            format!(
                "<a class=\"{class}\" rel=\"{}\" href=\"{}\"><small>{word}</small> {}</a>",
                if class == "before" { "prev" } else { "next" },
                page.replace(".md", ".html"),
                escape(title)
            )
        })
    };
    let before = place.checked_sub(1).and_then(|place| pages.get(place));
    Some(format!(
        "<nav class=\"turn\" aria-label=\"Pages before and after\">{}{}</nav>\n",
        link("before", "Previous", before),
        link("after", "Next", pages.get(place + 1))
    ))
}

/// Returns the map for the chapter in `file`, or nothing for a page without a number.
pub(crate) fn map(summary: &str, file: &Path) -> Option<String> {
    let here = file.to_str()?;
    let layers = layers(summary);
    let known = layers
        .iter()
        .any(|(_, stones)| stones.iter().any(|(_, page)| *page == here));
    if !known {
        return None;
    }
    Some(drawn(&layers, Some(here), "Where you are"))
}

fn drawn(layers: &[Layer<'_>], here: Option<&str>, label: &str) -> String {
    let mut html = format!("<nav class=\"layers\" aria-label=\"{label}\"><ol>");
    for (part, stones) in layers.iter().rev() {
        html += &format!(
            "<li><span class=\"part\">{}</span><ol class=\"stones\">",
            escape(part)
        );
        for (title, page) in stones {
            let title = escape(title);
            html += &if Some(*page) == here {
                format!("<li aria-current=\"page\"><span>{title}</span></li>")
            } else {
                let page = page.replace(".md", ".html");
                format!("<li><a href=\"{page}\">{title}</a></li>")
            };
        }
        html.push_str("</ol></li>");
    }
    html.push_str("</ol></nav>\n");
    html
}

/// The title and the page of a line `- [7. WebSocket](07-websocket.md)`.
fn chapter(line: &str) -> Option<(&str, &str)> {
    page(line.trim().strip_prefix("- ")?)
}

/// The title and the page of any line that leads to one.
fn page(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let line = line.strip_prefix("- ").unwrap_or(line);
    let (title, page) = line.strip_prefix('[')?.split_once("](")?;
    Some((title, page.strip_suffix(')')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUMMARY: &str = "# Summary\n\n[Preface](preface.md)\n\n# Low\n\n- [1. A](01-a.md)\n- [2. B & C](02-b.md)\n\n# High\n\n- [3. D](03-d.md)\n";

    #[test]
    fn the_top_layer_comes_first_and_this_chapter_is_marked() {
        let map = map(SUMMARY, Path::new("02-b.md")).unwrap();
        assert!(map.find("High") < map.find("Low"), "{map}");
        assert!(map.contains("<li aria-current=\"page\"><span>2. B &amp; C</span></li>"));
        assert!(map.contains("<a href=\"03-d.html\">3. D</a>"));
    }

    #[test]
    fn the_pages_before_and_after_have_their_names() {
        let turn = |file| turn(SUMMARY, Path::new(file)).unwrap();
        let middle = turn("02-b.md");
        assert!(
            middle.contains(
                "rel=\"prev\" href=\"01-a.html\"><small>Previous</small> 1. A</a>"
            ),
            "{middle}"
        );
        assert!(middle.contains("<small>Next</small> 3. D</a>"), "{middle}");
        assert!(!turn("preface.md").contains("Previous"));
        assert!(!turn("03-d.md").contains("Next"));
    }

    #[test]
    fn a_page_without_a_number_has_no_map() {
        assert_eq!(map(SUMMARY, Path::new("preface.md")), None);
    }
}
