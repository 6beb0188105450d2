//! The small map at the head of each chapter: the layers that the book builds, bottom to
//! top, with the chapter that you are reading marked.
//!
//! It is read from `SUMMARY.md`: a part is a layer, a numbered chapter a stone in it.

use std::path::Path;

use crate::html::escape;

/// Returns the map for the chapter in `file`, or nothing for a page without a number.
pub(crate) fn map(summary: &str, file: &Path) -> Option<String> {
    let here = file.to_str()?;
    let mut layers: Vec<(&str, Vec<(&str, &str)>)> = Vec::new();
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
    let known = layers
        .iter()
        .any(|(_, stones)| stones.iter().any(|(_, page)| *page == here));
    if !known {
        return None;
    }
    let mut html =
        String::from("<nav class=\"layers\" aria-label=\"Where you are\"><ol>");
    for (part, stones) in layers.iter().rev() {
        html += &format!(
            "<li><span class=\"part\">{}</span><ol class=\"stones\">",
            escape(part)
        );
        for (title, page) in stones {
            let title = escape(title);
            html += &if *page == here {
                format!("<li aria-current=\"page\"><span>{title}</span></li>")
            } else {
                let page = page.replace(".md", ".html");
                format!("<li><a href=\"{page}\">{title}</a></li>")
            };
        }
        html.push_str("</ol></li>");
    }
    html.push_str("</ol></nav>\n");
    Some(html)
}

/// The title and the page of a line `- [7. WebSocket](07-websocket.md)`.
fn chapter(line: &str) -> Option<(&str, &str)> {
    let (title, page) = line.trim().strip_prefix("- [")?.split_once("](")?;
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
    fn a_page_without_a_number_has_no_map() {
        assert_eq!(map(SUMMARY, Path::new("preface.md")), None);
    }
}
