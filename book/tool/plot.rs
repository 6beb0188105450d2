//! The `plot` block: a picture of numbers that a command measured.
//!
//! `book plot` runs the command, which prints CSV, and keeps that in `book/plots` with
//! the machine's name. The picture is drawn from there whenever the book is built, so
//! that the caption always says whose numbers they are.

use std::fmt::Write;
use std::fs;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use plotters::prelude::*;

use crate::chapter::{Block, escape, html_inline};
use crate::run::{machine, run};
use crate::{House, site};

const LIMIT: Duration = Duration::from_secs(1200);
const SIZE: (u32, u32) = (720, 400);

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
    command: String,
    title: String,
    kind: Kind,
    x: String,
    y: String,
    log_x: bool,
    log_y: bool,
}

/// What a command measured.
#[derive(Debug, PartialEq)]
struct Table {
    /// Where and when, for the caption.
    measured: String,
    header: Vec<String>,
    rows: Vec<(String, Vec<Option<f64>>)>,
}

impl Plot {
    /// # Errors
    /// What the block lacks or says that nobody understands.
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

    pub(crate) fn file(&self, house: &House) -> PathBuf {
        house.book.join("plots").join(format!("{}.csv", self.name))
    }

    /// The picture with its caption and its numbers.
    ///
    /// # Errors
    /// Nothing was measured yet, or the numbers cannot be drawn.
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
        html.push_str("<ul class=\"legend\">");
        for (index, series) in table.header.iter().skip(1).enumerate() {
            write!(
                html,
                "<li><span class=\"key s{index}\"></span>{}</li>",
                escape(series)
            )?;
        }
        html.push_str("</ul>");
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

    fn draw(&self, table: &Table) -> Result<String> {
        let series = table.header.len() - 1;
        if series == 0 || series > SERIES.len() || table.rows.is_empty() {
            bail!(
                "{} rows of {series} series: one to {} series can be told apart",
                table.rows.len(),
                SERIES.len()
            );
        }
        let x = |row: usize| -> Result<f64> {
            match self.kind {
                Kind::Bars => Ok(f64::from(u32::try_from(row)?)),
                Kind::Lines => {
                    let text = &table.rows[row].0;
                    let value = text
                        .replace(',', "")
                        .parse::<f64>()
                        .with_context(|| format!("`{text}` is no number"))?;
                    scaled(value, self.log_x)
                        .with_context(|| format!("x has {value} on a log scale"))
                }
            }
        };
        let xs = (0..table.rows.len()).map(x).collect::<Result<Vec<_>>>()?;
        let mut values = Vec::new();
        for (_, row) in &table.rows {
            let row = row.iter().map(|value| match value {
                Some(value) => scaled(*value, self.log_y)
                    .map(Some)
                    .with_context(|| format!("y has {value} on a log scale")),
                None => Ok(None),
            });
            values.push(row.collect::<Result<Vec<_>>>()?);
        }
        let y_range = range(
            values.iter().flatten().flatten().copied(),
            self.log_y,
            self.kind == Kind::Bars,
        );
        let x_range = match self.kind {
            Kind::Bars => -0.5..f64::from(u32::try_from(xs.len())?) - 0.5,
            Kind::Lines => {
                let range = range(xs.iter().copied(), false, false);
                let least = xs.iter().copied().fold(f64::INFINITY, f64::min);
                if self.log_x { least..range.end } else { range }
            }
        };

        let mut svg = String::new();
        {
            let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
            let mut chart = ChartBuilder::on(&root)
                .margin_top(10)
                .margin_right(24)
                .x_label_area_size(48)
                .y_label_area_size(72)
                .build_cartesian_2d(x_range.clone(), y_range.clone())?;
            let (log_x, log_y, bars) = (self.log_x, self.log_y, self.kind == Kind::Bars);
            let label_x = |value: &f64| {
                if bars {
                    let row = value.round();
                    let near = (value - row).abs() < 0.01 && row >= 0.0;
                    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                    return if near {
                        table
                            .rows
                            .get(row as usize)
                            .map_or(String::new(), |(label, _)| label.clone())
                    } else {
                        String::new()
                    };
                }
                tick(*value, log_x)
            };
            let label_y = |value: &f64| tick(*value, log_y);
            chart
                .configure_mesh()
                .x_labels(if bars {
                    xs.len() + 1
                } else if log_x {
                    whole(&x_range)
                } else {
                    8
                })
                .y_labels(if log_y { whole(&y_range) } else { 6 })
                .max_light_lines(usize::from(!log_y))
                .disable_x_mesh()
                .light_line_style(GRID.mix(0.0))
                .bold_line_style(GRID)
                .axis_style(LINE)
                .label_style(("inherit", 14).into_font().color(&INK))
                .axis_desc_style(("inherit", 14).into_font().color(&INK))
                .x_desc(&self.x)
                .y_desc(&self.y)
                .x_label_formatter(&label_x)
                .y_label_formatter(&label_y)
                .draw()?;
            for (index, color) in SERIES.into_iter().enumerate().take(series) {
                let points: Vec<_> = xs
                    .iter()
                    .zip(&values)
                    .filter_map(|(x, row)| Some((*x, row.get(index).copied()??)))
                    .collect();
                match self.kind {
                    Kind::Lines => {
                        chart.draw_series(LineSeries::new(
                            points.iter().copied(),
                            color.stroke_width(2),
                        ))?;
                        chart.draw_series(
                            points
                                .iter()
                                .map(|point| Circle::new(*point, 4, color.filled())),
                        )?;
                    }
                    Kind::Bars => {
                        let count = f64::from(u32::try_from(series)?);
                        let width = 0.8 / count;
                        let left = -0.4 + width * f64::from(u32::try_from(index)?);
                        chart.draw_series(points.iter().map(|(x, y)| {
                            let corners = [
                                (x + left, y_range.start),
                                (x + left + width * 0.92, *y),
                            ];
                            Rectangle::new(corners, color.filled())
                        }))?;
                    }
                }
            }
            root.present()?;
        }
        Ok(themed(&svg))
    }
}

/// Stand-ins for the page's colours: plotters knows numbers alone.
const INK: RGBColor = RGBColor(1, 1, 1);
const LINE: RGBColor = RGBColor(2, 2, 2);
const GRID: RGBColor = RGBColor(3, 3, 3);
const SERIES: [RGBColor; 6] = [
    RGBColor(10, 10, 10),
    RGBColor(11, 11, 11),
    RGBColor(12, 12, 12),
    RGBColor(13, 13, 13),
    RGBColor(14, 14, 14),
    RGBColor(15, 15, 15),
];

/// With the page's colours and font, as wide as the page, on one line.
fn themed(svg: &str) -> String {
    let mut svg = svg
        .replace("#010101", "var(--fig-ink)")
        .replace("#020202", "var(--fig-line)");
    svg = svg.replace("#030303", "var(--fig-grid)");
    for (index, color) in SERIES.iter().enumerate() {
        svg = svg.replace(
            &format!("#{:02X}{:02X}{:02X}", color.0, color.1, color.2),
            &format!("var(--fig-s{index})"),
        );
    }
    let size = format!("width=\"{}\" height=\"{}\" ", SIZE.0, SIZE.1);
    svg.replace(&size, "")
        .lines()
        .map(str::trim)
        .collect::<Vec<_>>()
        .join(" ")
}

fn scaled(value: f64, log: bool) -> Option<f64> {
    if log {
        (value > 0.0).then(|| value.log10())
    } else {
        Some(value)
    }
}

/// From the least to the most, whole powers of ten on a log scale, from 0 on a linear
/// one.
fn range(values: impl Iterator<Item = f64>, log: bool, bars: bool) -> Range<f64> {
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in values {
        (least, most) = (least.min(value), most.max(value));
    }
    if !least.is_finite() {
        return 0.0..1.0;
    }
    if log {
        // A bar needs some length even where its value is the least.
        let floor = if bars && (least - least.floor()) < 0.1 {
            least.floor() - 1.0
        } else {
            least.floor()
        };
        let ceiling = if most.ceil() > floor {
            most.ceil()
        } else {
            floor + 1.0
        };
        floor..ceiling
    } else {
        0.0_f64.min(least)..(if most > 0.0 { most * 1.08 } else { 1.0 })
    }
}

/// As many labels as there are whole powers of ten.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole(range: &Range<f64>) -> usize {
    (range.end - range.start).round() as usize + 1
}

fn tick(value: f64, log: bool) -> String {
    if !log {
        return human(value);
    }
    // Powers of ten alone: 10^2.5 is no number that a reader has in mind.
    if (value - value.round()).abs() < 0.01 {
        human(10_f64.powf(value.round()))
    } else {
        String::new()
    }
}

/// Three digits that mean something, thousands apart.
fn human(value: f64) -> String {
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

impl Table {
    fn parse(csv: &str) -> Result<Self> {
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
                    .with_context(|| format!("`{cell}` is no number")),
            });
            rows.push((cells[0].to_owned(), values.collect::<Result<_>>()?));
        }
        if header.len() < 2 || rows.is_empty() {
            bail!("no table: a header line and at least one row are wanted");
        }
        Ok(Self {
            measured,
            header,
            rows,
        })
    }
}

/// Runs the commands of all plots and keeps their numbers.
///
/// # Errors
/// A command that fails or prints no table.
pub(crate) fn measure_all(house: &House, filter: Option<&str>) -> Result<bool> {
    let mut found = false;
    for chapter in site::chapters(house)? {
        for plot in &chapter.plots {
            if filter.is_some_and(|filter| !plot.name.contains(filter)) {
                continue;
            }
            found = true;
            println!("{}\n$ {}", plot.name, plot.command);
            let output = run(house, &plot.command, false, LIMIT)?;
            if output.status != Some(0) {
                bail!("`{}` ended with status {:?}", plot.command, output.status);
            }
            let table = Table::parse(&output.text)
                .with_context(|| format!("`{}` printed", plot.command))?;
            plot.draw(&table)?;
            let kept = format!(
                "# measured: {}\n# command: {}\n{}",
                machine(),
                plot.command,
                output.text
            );
            fs::create_dir_all(house.book.join("plots"))?;
            fs::write(plot.file(house), kept)?;
        }
    }
    if !found {
        bail!("no plot is called {}", filter.unwrap_or("anything"));
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLOT: &str = "name: 01-x\ncommand: true\ntitle: Time\nkind: lines\nx: how many\ny: ms\nscale: log-log\n";

    fn plot(body: &str) -> Result<Plot> {
        Plot::parse(Block {
            line: 1,
            info: "plot",
            body,
        })
    }

    #[test]
    fn numbers_are_drawn_in_the_pages_colours() {
        let table =
            Table::parse("# measured: here\nn,threads,coroutines\n1,1.5,0.1\n1000,,20\n")
                .unwrap();
        let colors = regex::Regex::new("#[0-9A-Fa-f]{6}").unwrap();
        for body in [
            PLOT.to_owned(),
            PLOT.replace("lines", "bars").replace("log-log", "linear"),
        ] {
            let svg = plot(&body).unwrap().draw(&table).unwrap();
            assert!(
                svg.contains("var(--fig-s0)")
                    && svg.contains("var(--fig-s1)")
                    && svg.contains("how many")
            );
            assert_eq!(colors.find(&svg).map(|found| found.as_str()), None, "{svg}");
            assert!(!svg.contains('\n') && !svg.contains("width=\"720\""));
        }
    }

    #[test]
    fn what_cannot_be_drawn_is_said() {
        assert!(plot(&PLOT.replace("lines", "pie")).is_err());
        assert!(plot("name: x\n").is_err());
        assert!(Table::parse("a,b\n1\n").is_err());
        assert!(Table::parse("a,b\n1,x\n").is_err());
        assert!(Table::parse("hello\n").is_err());
        let zero = Table::parse("a,b\n1,0\n").unwrap();
        assert!(
            plot(PLOT)
                .unwrap()
                .draw(&zero)
                .unwrap_err()
                .to_string()
                .contains("log scale")
        );
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
        assert_eq!(
            (tick(3.0, true), tick(2.5, true)),
            ("1,000".to_owned(), String::new())
        );
    }
}
