//! A `mermaid` block becomes an SVG when the book is built: no script, no other host, and
//! the theme's colours.

use std::path::Path;

use anyhow::{Result, anyhow};
use mermaid_rs_renderer::{RenderOptions, Theme, render_with_options};

use super::figure::unique_ids;
use super::sequence;
use crate::block::{Block, slug};
use crate::html::escape;

/// Each colour of the renderer's theme is a stand-in for one of the page's.
const COLORS: [(&str, &str); 4] = [
    ("#010101", "var(--fig-ink)"),
    ("#020202", "var(--fig-line)"),
    ("#030303", "var(--fig-box)"),
    ("#060606", "var(--bg)"),
];

fn theme() -> Theme {
    let [ink, line, box_fill, ground] = COLORS.map(|(color, _)| color.to_owned());
    Theme {
        font_family: "inherit".into(),
        font_size: 15.0,
        primary_color: box_fill.clone(),
        primary_text_color: ink.clone(),
        primary_border_color: line.clone(),
        line_color: line.clone(),
        secondary_color: box_fill.clone(),
        tertiary_color: box_fill.clone(),
        edge_label_background: ground.clone(),
        cluster_background: "none".into(),
        cluster_border: line.clone(),
        background: "none".into(),
        text_color: ink,
        ..Theme::modern()
    }
}

/// The picture in a `<figure>`.
///
/// # Errors
/// Returns an error for a diagram that the renderer cannot read.
pub(crate) fn expand(file: &Path, block: Block<'_>) -> Result<String> {
    let svg = if block.body.trim_start().starts_with("sequenceDiagram\n") {
        sequence::draw(block.body.trim_start())?
    } else {
        rendered(block.body)?
    };
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let svg =
        unique_ids(&svg, &format!("{}-{}", slug(&stem), block.line)).replace('\n', " ");
    // For who cannot see the picture: its source, which reads well.
    let svg = fit(&svg).replacen(
        "<svg",
        &format!(
            "<svg role=\"img\" aria-label=\"{}\"",
            escape(block.body.trim()).replace('\n', "&#10;")
        ),
        1,
    );
    Ok(format!("<figure class=\"figure diagram\">{svg}</figure>\n"))
}

fn rendered(body: &str) -> Result<String> {
    let mut options = RenderOptions {
        theme: theme(),
        ..RenderOptions::default()
    };
    options.layout.max_label_width_chars = 36;
    let mut svg = render_with_options(body, options)
        .map_err(|error| anyhow!("not a diagram: {error:#}"))?;
    for (stand_in, color) in COLORS {
        svg = svg.replace(stand_in, color);
    }
    // The renderer's white is the page's background.
    Ok(svg
        .replace("#FFFFFF", "var(--bg)")
        .replace("\"white\"", "\"var(--bg)\""))
}

/// The picture without a size of its own, and the width that it was drawn for in
/// `--drawn`: assets/book.css shows it that wide where there is room.
fn fit(svg: &str) -> String {
    let width = svg
        .split_once("width=\"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .and_then(|(width, _)| width.parse::<f32>().ok());
    let Some((head, tail)) = svg.split_once('>') else {
        return svg.to_owned();
    };
    let kept: Vec<_> = head
        .split(' ')
        .filter(|word| !word.starts_with("width=") && !word.starts_with("height="))
        .collect();
    let width = width.unwrap_or(720.0).round();
    format!("{} style=\"--drawn: {width}px\">{tail}", kept.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(body: &str) -> Result<String> {
        expand(
            Path::new("book/src/07-websocket.md"),
            Block {
                line: 9,
                info: "mermaid",
                body,
            },
        )
    }

    #[test]
    fn a_diagram_takes_its_colours_from_the_page() {
        let html =
            draw("stateDiagram-v2\n    direction LR\n    A --> B: hello\n").unwrap();
        assert!(html.contains("hello") && html.contains("var(--fig-ink)"));
        let colors = regex::Regex::new("#[0-9A-Fa-f]{6}").unwrap();
        assert_eq!(colors.find(&html).map(|found| found.as_str()), None);
        assert!(
            !html.contains("<svg width"),
            "it would be wider than a phone"
        );
        assert_eq!(html.trim_end().lines().count(), 1);
    }

    #[test]
    fn what_is_no_diagram_is_an_error() {
        assert!(draw("sequenceDiagrm\n  A->>B: hello\n").is_err());
    }
}
