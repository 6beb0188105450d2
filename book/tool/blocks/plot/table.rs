//! The numbers of a plot, as CSV keeps them.

use anyhow::{Context, Result, bail};

/// The numbers that a command measured.
#[derive(Debug, PartialEq)]
pub(super) struct Table {
    /// Where and when, for the caption.
    pub(super) measured: String,
    /// The name of the x axis, then of each series.
    pub(super) header: Vec<String>,
    /// For each x, the values of the series.
    pub(super) rows: Vec<(String, Vec<Option<f64>>)>,
}

impl Table {
    /// Reads CSV with a header line; lines that start with `#` are comments.
    ///
    /// # Errors
    /// Returns an error for text that is not a table of numbers.
    pub(super) fn parse(csv: &str) -> Result<Self> {
        let mut measured = String::from("an unknown machine");
        let mut rows = Vec::new();
        let mut header = Vec::new();
        for line in csv.lines().filter(|line| !line.trim().is_empty()) {
            if let Some(words) = line.strip_prefix("# measured: ") {
                words.clone_into(&mut measured);
                continue;
            }
            if line.starts_with('#') {
                continue;
            }
            let cells: Vec<_> = line.split(',').map(str::trim).collect();
            if header.is_empty() {
                header = cells.iter().map(|cell| (*cell).to_owned()).collect();
                continue;
            }
            if cells.len() != header.len() {
                bail!(
                    "`{line}` has {} cells, the header {}",
                    cells.len(),
                    header.len()
                );
            }
            let values = cells[1..].iter().map(|cell| match *cell {
                "" => Ok(None),
                cell => cell
                    .parse()
                    .map(Some)
                    .with_context(|| format!("`{cell}` is not a number")),
            });
            rows.push((cells[0].to_owned(), values.collect::<Result<_>>()?));
        }
        if header.len() < 2 || rows.is_empty() {
            bail!("not a table: it needs a header line and at least one row");
        }
        Ok(Self {
            measured,
            header,
            rows,
        })
    }
}

/// Formats a number with three significant digits and thousands separators.
pub(super) fn human(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let size = value.abs();
    if size >= 100.0 {
        let digits = format!("{size:.0}");
        let mut apart = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index) % 3 == 0 {
                apart.push(',');
            }
            apart.push(digit);
        }
        return if value < 0.0 {
            format!("-{apart}")
        } else {
            apart
        };
    }
    let decimals = if size >= 10.0 {
        1
    } else if size >= 1.0 {
        2
    } else {
        4
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_not_a_table_is_rejected() {
        for csv in ["a,b\n1\n", "a,b\n1,x\n", "hello\n"] {
            assert!(Table::parse(csv).is_err(), "{csv}");
        }
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (1234.4, "1,234"),
            (12.0, "12"),
            (1.5, "1.5"),
            (0.012_34, "0.0123"),
        ] {
            assert_eq!(human(value), text);
        }
    }
}
