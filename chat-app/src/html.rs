//! Just enough templating for three pages, and no way to forget the escaping.
//!
//! Text that a person typed is a `&str`, a part of a page is an [`Html`], and the only
//! conversion from one to the other escapes the text.

/// A piece of HTML that is safe to put into a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Html(String);

impl Html {
    /// Text as HTML: right between tags and inside a quoted attribute.
    ///
    /// ```
    /// use chat_app::html::Html;
    /// assert_eq!(Html::text("<b title='x'>&").as_str(), "&lt;b title=&#39;x&#39;&gt;&amp;");
    /// ```
    pub fn text(text: &str) -> Self {
        let mut html = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '&' => html.push_str("&amp;"),
                '<' => html.push_str("&lt;"),
                '>' => html.push_str("&gt;"),
                '"' => html.push_str("&quot;"),
                '\'' => html.push_str("&#39;"),
                c => html.push(c),
            }
        }
        Self(html)
    }

    /// Replaces each `{{key}}` of a template by its value. A `{{key}}` inside a value
    /// stays as it is.
    ///
    /// # Panics
    /// When the template has a key that is not among the values: the program is wrong
    /// then, whatever its input.
    pub fn fill(template: &str, values: &[(&str, Html)]) -> Self {
        let mut html = String::with_capacity(template.len());
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("{{") {
            // Templates are files of this program, and each of them is served in a test.
            let (key, after) = after
                .split_once("}}")
                .expect("a template closes what it opens");
            let value = values.iter().find(|(name, _)| *name == key);
            let (_, value) =
                value.unwrap_or_else(|| panic!("nothing was given for {{{{{key}}}}}"));
            html.push_str(before);
            html.push_str(&value.0);
            rest = after;
        }
        html.push_str(rest);
        Self(html)
    }

    /// The HTML.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromIterator<Html> for Html {
    fn from_iter<T: IntoIterator<Item = Html>>(pieces: T) -> Self {
        Self(pieces.into_iter().map(|piece| piece.0).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_not_templates() {
        let typed = Html::text("{{b}} & {{a}}");
        let page = Html::fill(
            "<p>{{a}}</p>{{b}}",
            &[("a", typed), ("b", Html::text("</p>"))],
        );
        assert_eq!(page.as_str(), "<p>{{b}} &amp; {{a}}</p>&lt;/p&gt;");
    }
}
