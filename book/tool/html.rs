//! Text and Markdown as HTML.

/// Text as HTML.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Markdown as HTML on one line: an empty line would end the HTML block that it goes
/// into.
pub(crate) fn html(markdown: &str) -> String {
    let mut html = String::new();
    // As mdBook does it, quotes become those of print.
    let options = pulldown_cmark::Options::ENABLE_SMART_PUNCTUATION;
    pulldown_cmark::html::push_html(
        &mut html,
        pulldown_cmark::Parser::new_ext(markdown, options),
    );
    html.trim().replace('\n', "&#10;")
}

/// [`html`] of a single paragraph, without its `<p>`.
pub(crate) fn html_inline(markdown: &str) -> String {
    let html = html(markdown);
    match html
        .strip_prefix("<p>")
        .and_then(|rest| rest.strip_suffix("</p>"))
    {
        Some(inner) if !inner.contains("<p>") => inner.to_owned(),
        _ => html,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_has_no_line_ends() {
        assert!(!html("a\n\n    code\n\n    more\n").contains('\n'));
        assert_eq!(html_inline("`a` & b"), "<code>a</code> &amp; b");
    }
}
