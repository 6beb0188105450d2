//! The `plot` block: a picture of numbers that a command measured.
//!
//! `book plot` runs the command, which prints CSV, and keeps that in `book/plots` with
//! the machine's name. The picture is drawn from there whenever the book is built, so
//! that the caption always says whose numbers they are.

mod draw;
mod table;

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use self::table::{Table, human};
use crate::block::Block;
use crate::house::House;
use crate::html::{escape, html_inline};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bars,
    Lines,
}

/// One block.
#[derive(Debug, Clone)]
pub(crate) struct Plot {
    /// The name of its file in `book/plots`.
    pub(crate) name: String,
    /// Prints the numbers as CSV.
    pub(crate) command: String,
    title: String,
    kind: Kind,
    x: String,
    y: String,
    log_x: bool,
    log_y: bool,
}

impl Plot {
    /// # Errors
    /// Returns an error for a missing or unknown field.
    pub(crate) fn parse(block: Block<'_>) -> Result<Self> {
        let (fields, rest) = block.fields();
        if let Some(line) = rest.first() {
            bail!("a plot has name, command, title, kind, x, y and scale, not `{line}`");
        }
        let field = |wanted: &str| {
            fields
                .iter()
                .find(|(name, _)| *name == wanted)
                .map(|(_, value)| (*value).to_owned())
                .with_context(|| format!("a plot wants `{wanted}: …`"))
        };
        let kind = match field("kind")?.as_str() {
            "bars" => Kind::Bars,
            "lines" => Kind::Lines,
            other => bail!("kind is `bars` or `lines`, not `{other}`"),
        };
        let (log_x, log_y) = match field("scale").as_deref() {
            Err(_) | Ok("linear") => (false, false),
            Ok("log") => (false, true),
            Ok("log-log") => (true, true),
            Ok("log-x") => (true, false),
            Ok(other) => {
                bail!("scale is `linear`, `log`, `log-x` or `log-log`, not `{other}`")
            }
        };
        Ok(Self {
            name: field("name")?,
            command: field("command")?,
            title: field("title")?,
            kind,
            x: field("x")?,
            y: field("y")?,
            log_x,
            log_y,
        })
    }

    /// Returns the file that keeps its numbers.
    pub(crate) fn file(&self, house: &House) -> PathBuf {
        house.book.join("plots").join(format!("{}.csv", self.name))
    }

    /// Returns the picture with its caption and its numbers.
    ///
    /// # Errors
    /// Returns an error if nothing was measured yet, or if the numbers cannot be drawn.
    pub(crate) fn expand(&self, house: &House) -> Result<String> {
        let csv = fs::read_to_string(self.file(house)).ok();
        let csv = csv.with_context(|| {
            format!(
                "no numbers for {} yet: cargo run -p book -- plot",
                self.name
            )
        })?;
        let table =
            Table::parse(&csv).with_context(|| format!("in plots/{}.csv", self.name))?;
        let svg = self
            .draw(&table)
            .with_context(|| format!("cannot draw {}", self.name))?;

        let mut html = format!(
            "<figure class=\"figure plot\"><p class=\"title\">{}</p>",
            html_inline(&self.title)
        );
        if self.kind == Kind::Bars {
            html.push_str("<ul class=\"legend\">");
            for (index, series) in table.header.iter().skip(1).enumerate() {
                write!(
                    html,
                    "<li><span class=\"key s{index}\"></span>{}</li>",
                    escape(series)
                )?;
            }
            html.push_str("</ul>");
        }
        html.push_str(&svg.replacen(
            "<svg",
            &format!(
                "<svg role=\"img\" aria-label=\"{}. The numbers are in the table below.\"",
                escape(&self.title)
            ),
            1,
        ));
        write!(
            html,
            "<figcaption>Measured on {}. On yours: <code>cargo run -p book -- plot {}</code></figcaption>",
            escape(&table.measured),
            self.name
        )?;
        html.push_str(
            "<details><summary>The numbers</summary><div class=\"table-wrapper\"><table><thead><tr>",
        );
        for name in &table.header {
            write!(html, "<th>{}</th>", escape(name))?;
        }
        html.push_str("</tr></thead><tbody>");
        for (x, values) in &table.rows {
            write!(html, "<tr><td>{}</td>", escape(x))?;
            for value in values {
                write!(html, "<td>{}</td>", value.map_or_else(String::new, human))?;
            }
            html.push_str("</tr>");
        }
        html.push_str("</tbody></table></div></details></figure>\n");
        Ok(html)
    }

    /// Checks that `csv` can be drawn as this plot.
    ///
    /// # Errors
    /// Returns an error if `csv` is not a table, or if a value does not fit the scale.
    pub(crate) fn check(&self, csv: &str) -> Result<()> {
        self.draw(&Table::parse(csv)?).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const PLOT: &str = "name: 01-x\ncommand: true\ntitle: Time\nkind: lines\nx: how many\ny: ms\nscale: log-log\n";

    pub(super) fn plot(body: &str) -> Result<Plot> {
        Plot::parse(Block {
            line: 1,
            info: "plot",
            body,
        })
    }

    #[test]
    fn a_block_that_lacks_a_field_is_rejected() {
        assert!(plot(&PLOT.replace("lines", "pie")).is_err());
        assert!(plot("name: x\n").is_err());
    }
}
