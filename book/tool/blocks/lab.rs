//! The `lab` block: a part of a page that is alive where the book is served, and says
//! what to run where it is not.

use anyhow::{Context, Result, bail};

use crate::block::Block;
use crate::house::House;
use crate::html::{escape, html, html_inline};

/// The block as HTML. What it says is in the page; the module of its name in `book/labs`
/// puts the rest there.
///
/// # Errors
/// A lab without a module, a field that is missing or not known.
pub(crate) fn expand(house: &House, block: Block<'_>) -> Result<String> {
    let (fields, text) = block.fields();
    let (mut name, mut title, mut run) = (None, None, None);
    for (field, value) in fields {
        match field {
            "name" => name = Some(value),
            "title" => title = Some(value),
            "run" => run = Some(value),
            _ => {
                bail!("a lab block has `name`, `title`, `run` and a text, not `{field}`")
            }
        }
    }
    let name =
        name.context("a lab block wants `name: NAME`, after its module in book/labs")?;
    if !house.book.join("labs").join(format!("{name}.js")).is_file() {
        bail!("no lab {name}: book/labs/{name}.js is missing");
    }
    let title = title.context("a lab block wants `title: …`")?;
    let run = run
        .context("a lab block wants `run: …`, the command for those who read the book without its server")?;
    let text = html(&text.join("\n"));
    Ok(format!(
        "<section class=\"lab\" data-lab=\"{name}\"><p class=\"title\"><span class=\"kind\">Lab</span> {}</p>{text}\
         <div class=\"stage\"><p class=\"still\">This part is alive where <code>cargo run -p book</code> serves it. \
         Here you can run <code>{}</code> instead.</p></div></section>\n",
        html_inline(title),
        escape(run)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(body: &str) -> Result<String> {
        expand(
            &House::here(),
            Block {
                line: 1,
                info: "lab",
                body,
            },
        )
    }

    #[test]
    fn a_lab_says_what_to_run_without_it() {
        let page = expanded(
            "name: frames\ntitle: A frame\nrun: cargo run -p x -- 1 & 2\nType *it*.\n",
        )
        .unwrap();
        assert!(
            page.contains("<code>cargo run -p x -- 1 &amp; 2</code>"),
            "{page}"
        );
        assert!(page.contains("<em>it</em>"), "{page}");
    }

    #[test]
    fn a_lab_that_is_not_there_is_said() {
        let error = expanded("name: nonesuch\ntitle: t\nrun: r\n").unwrap_err();
        assert!(
            error.to_string().contains("book/labs/nonesuch.js"),
            "{error}"
        );
    }
}
