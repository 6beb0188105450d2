//! `![words](figures/NAME.svg)`: a picture drawn by hand, put into the page so that it
//! takes the theme's colors.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use anyhow::{Context, Result, bail};
use regex::Regex;

static IMAGE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"!\[([^\]]*)\]\(([^)\s]+\.svg)\)").expect("a pattern"));

/// A line of text with its pictures in it.
///
/// # Errors
/// Returns an error for a picture that is missing, lacks alt text, or sets its own size or
/// colors.
pub(crate) fn inline(folder: &Path, text: &str) -> Result<String> {
    let Some(image) = IMAGE.captures(text) else {
        return Ok(text.to_owned());
    };
    let (words, path) = (&image[1], &image[2]);
    let svg = fs::read_to_string(folder.join(path))
        .with_context(|| format!("no picture {path}"))?;
    let svg = body(&svg).with_context(|| format!("in {path}"))?;
    if words.trim().is_empty() {
        bail!("{path} needs alt text");
    }
    let name = crate::block::slug(path);
    let svg = unique_ids(&svg, &name).replacen(
        "<svg",
        &format!(
            "<svg role=\"img\" aria-label=\"{}\"",
            crate::html::escape(words)
        ),
        1,
    );
    Ok(text.replace(
        &image[0],
        &format!("<figure class=\"figure\">{svg}</figure>\n"),
    ))
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
    fn a_picture_that_is_not_there_is_an_error() {
        assert!(inline(Path::new("."), "![words](figures/none.svg)\n").is_err());
        assert_eq!(inline(Path::new("."), "no picture").unwrap(), "no picture");
    }
}
