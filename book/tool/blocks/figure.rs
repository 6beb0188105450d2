//! `![words](figures/NAME.svg)`: a picture drawn by hand, put into the page so that it
//! takes the theme's colors.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use anyhow::{Context, Result, bail};
use regex::Regex;

static IMAGE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"!\[(.*?)\]\(([^)\s]+\.svg)\)").expect("a pattern"));

/// A picture of which only the end is on this line.
static REST: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\]\([^)]*\.svg\b[^)]*\)").expect("a pattern"));

static VIEW_BOX: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"^<svg\b[^>]*\bviewBox="\S+ \S+ (\S+) [^"\s]+""#).expect("a pattern")
});

/// The widest picture that a page has room for, in pixels.
const WIDEST: f32 = 720.0;

/// A line of text with its pictures in it.
///
/// # Errors
/// Returns an error for a picture that is missing, lacks alt text, is too wide, or sets its
/// own size or colors.
pub(crate) fn inline(folder: &Path, text: &str) -> Result<String> {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(image) = IMAGE.captures(rest) {
        let whole = image.get_match();
        out.push_str(&rest[..whole.start()]);
        out.push_str(&figure(folder, &image[1], &image[2])?);
        rest = &rest[whole.end()..];
    }
    out.push_str(rest);
    if let Some(left) = REST.find(&out) {
        bail!(
            "`{}` is not put into the page: write the whole picture, ![words](file), on one line",
            left.as_str()
        );
    }
    Ok(out)
}

/// The picture as HTML.
fn figure(folder: &Path, words: &str, path: &str) -> Result<String> {
    let svg = fs::read_to_string(folder.join(path))
        .with_context(|| format!("no picture {path}"))?;
    let svg = body(&svg).with_context(|| format!("in {path}"))?;
    let width = drawn_width(&svg).with_context(|| format!("in {path}"))?;
    if words.trim().is_empty() {
        bail!("{path} needs alt text");
    }
    let name = crate::block::slug(path);
    let svg = unique_ids(&svg, &name).replacen(
        "<svg",
        &format!(
            "<svg role=\"img\" aria-label=\"{}\" style=\"--drawn: {width}px\"",
            crate::html::escape(words)
        ),
        1,
    );
    Ok(format!("<figure class=\"figure\">{svg}</figure>\n"))
}

/// The picture on one line, if it keeps to the house's style.
fn body(svg: &str) -> Result<String> {
    let start = svg.find("<svg").context("no <svg>")?;
    let svg = svg[start..].trim();
    let head = svg.split('>').next().unwrap_or_default();
    if !head.contains("viewBox=") || head.contains(" width=") || head.contains(" height=")
    {
        bail!("<svg> wants a viewBox, and neither width nor height");
    }
    if let Some(color) = Regex::new(
        r#"(fill|stroke|color)[=:]\s*["']?\s*(#[0-9a-fA-F]{3,8}|rgb[a(]|black|white)"#,
    )?
    .find(svg)
    {
        bail!(
            "`{}` does not follow the theme: use the classes of assets/book.css",
            color.as_str()
        );
    }
    let comments = Regex::new("(?s)<!--.*?-->")?;
    Ok(comments
        .replace_all(svg, "")
        .lines()
        .map(str::trim)
        .collect::<Vec<_>>()
        .join(" "))
}

/// The width of the picture's `viewBox`: at this width its text has the size that it was
/// drawn with, so the page shows it no wider.
fn drawn_width(svg: &str) -> Result<f32> {
    let width = VIEW_BOX
        .captures(svg)
        .and_then(|found| found[1].parse::<f32>().ok())
        .context("the viewBox wants four numbers: left, top, width and height")?;
    if width > WIDEST {
        bail!("the viewBox is {width} wide; a page has room for {WIDEST}");
    }
    Ok(width)
}

/// Ids in one page must differ, and a picture's marks are called `arrow` in all of them.
pub(crate) fn unique_ids(svg: &str, prefix: &str) -> String {
    svg.replace(" id=\"", &format!(" id=\"{prefix}-"))
        .replace("url(#", &format!("url(#{prefix}-"))
        .replace("href=\"#", &format!("href=\"#{prefix}-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_keeps_to_the_style() {
        assert!(body("<svg viewBox=\"0 0 1 1\"><path class=\"line a\"/></svg>").is_ok());
        for wrong in [
            "<svg width=\"9\" viewBox=\"0 0 1 1\"></svg>",
            "<svg></svg>",
            "<svg viewBox=\"0 0 1 1\"><path fill=\"#fff\"/></svg>",
            "<svg viewBox=\"0 0 1 1\"><path style=\"stroke: black\"/></svg>",
        ] {
            assert!(body(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_picture_tells_the_page_how_wide_it_was_drawn() {
        let folder = std::env::temp_dir().join(format!("figure-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(
            folder.join("box.svg"),
            "<svg class=\"x\" viewBox=\"6 0 460 300\"><rect width=\"9\"/></svg>",
        )
        .unwrap();
        let html = inline(&folder, "![a box](box.svg)\n");
        fs::remove_dir_all(&folder).unwrap();
        let html = html.unwrap();
        assert!(
            html.contains(
                "<svg role=\"img\" aria-label=\"a box\" style=\"--drawn: 460px\" "
            ),
            "{html}"
        );
    }

    #[test]
    fn every_picture_on_a_line_is_put_into_the_page_whatever_its_words() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("box.svg"),
            "<svg viewBox=\"0 0 9 9\"></svg>",
        )
        .unwrap();
        let html = inline(folder.path(), "![a [0] b](box.svg) ![2](box.svg)\n").unwrap();
        assert_eq!(html.matches("<svg").count(), 2, "{html}");
        assert!(html.contains("aria-label=\"a [0] b\""), "{html}");
    }

    #[test]
    fn a_picture_that_would_stay_a_link_to_a_file_is_an_error() {
        for wrong in [
            "of which the words began on the line before](figures/box.svg)\n",
            "![words](figures/box.svg \"a title\")\n",
        ] {
            assert!(inline(Path::new("."), wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_picture_wider_than_the_page_is_an_error() {
        let width = drawn_width("<svg viewBox=\"0 0 720 9\"></svg>").unwrap();
        assert!((width - 720.0).abs() < 1e-9, "{width}");
        for wrong in [
            "<svg viewBox=\"0 0 721 9\"></svg>",
            "<svg viewBox=\"0 0 wide 9\"></svg>",
            "<svg viewBox=\"0 0\"></svg>",
        ] {
            assert!(drawn_width(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_picture_that_is_not_there_is_an_error() {
        assert!(inline(Path::new("."), "![words](figures/none.svg)\n").is_err());
        assert_eq!(inline(Path::new("."), "no picture").unwrap(), "no picture");
    }
}
