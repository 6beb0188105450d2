//! A plot as SVG, in the page's colors.
//!
//! Lines carry their names at their right ends, so that nobody has to match colors with a
//! legend; bars have one.

use std::fmt::Write;
use std::ops::Range;

use anyhow::{Context, Result, bail};
use plotters::prelude::*;

use super::table::{Table, human};
use super::{Kind, Plot};
use crate::html::escape;

/// Small enough for its text to stay legible on a phone, where the page scales it down.
const SIZE: (u32, u32) = (480, 340);
/// Pixels of the text, and from one line's name to the next.
const FONT: i32 = 14;
const LINE_HEIGHT: i32 = 17;

/// Placeholders for the page's colors: plotters accepts only numbers.
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

/// The end of a line in pixels, and the line's number.
type End = (i32, i32, usize);

impl Plot {
    /// Returns the picture on one line.
    ///
    /// # Errors
    /// Returns an error for a table without rows, with more series than colors, or with a
    /// value that the scale cannot show.
    pub(super) fn draw(&self, table: &Table) -> Result<String> {
        let series = table.header.len() - 1;
        if series == 0 || series > SERIES.len() || table.rows.is_empty() {
            bail!(
                "{} rows of {series} series: a plot has rows and one to {} series",
                table.rows.len(),
                SERIES.len()
            );
        }
        let xs = self.xs(table)?;
        let values = self.ys(table)?;
        let bars = self.kind == Kind::Bars;
        let y_range = range(values.iter().flatten().flatten().copied(), self.log_y, bars);
        let x_range = self.x_range(&xs)?;
        let names = &table.header[1..];
        let margin_right = if bars { 24 } else { 16 + widest(names) };

        let mut svg = String::new();
        let mut ends = Vec::new();
        {
            let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
            let mut chart = ChartBuilder::on(&root)
                .margin_top(10)
                .margin_right(margin_right)
                .x_label_area_size(48)
                .y_label_area_size(86)
                .build_cartesian_2d(x_range.clone(), y_range.clone())?;
            let label_x = |value: &f64| {
                if bars {
                    row_at(table, *value)
                } else {
                    tick(*value, self.log_x)
                }
            };
            let label_y = |value: &f64| tick(*value, self.log_y);
            chart
                .configure_mesh()
                .x_labels(if bars {
                    xs.len() + 1
                } else if self.log_x {
                    whole(&x_range)
                } else {
                    6
                })
                .y_labels(if self.log_y { whole(&y_range) } else { 6 })
                .max_light_lines(usize::from(!self.log_y))
                .disable_x_mesh()
                .light_line_style(GRID.mix(0.0))
                .bold_line_style(GRID)
                .axis_style(LINE)
                .label_style(("inherit", FONT).into_font().color(&INK))
                .axis_desc_style(("inherit", FONT).into_font().color(&INK))
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
                if bars {
                    let count = f64::from(u32::try_from(series)?);
                    let width = 0.8 / count;
                    let left = -0.4 + width * f64::from(u32::try_from(index)?);
                    chart.draw_series(points.iter().map(|(x, y)| {
                        let corners =
                            [(x + left, y_range.start), (x + left + width * 0.92, *y)];
                        Rectangle::new(corners, color.filled())
                    }))?;
                    continue;
                }
                let line = points.iter().copied();
                chart.draw_series(LineSeries::new(line, color.stroke_width(2)))?;
                let dots = points.iter();
                chart.draw_series(
                    dots.map(|point| Circle::new(*point, 4, color.filled())),
                )?;
                if let Some(last) = points.last() {
                    let (x, y) = chart.backend_coord(last);
                    ends.push((x, y, index));
                }
            }
            root.present()?;
        }
        let names = end_labels(ends, names)?;
        Ok(themed(&svg).replace("</svg>", &format!("{names}</svg>")))
    }

    /// Where each row stands on the x axis.
    fn xs(&self, table: &Table) -> Result<Vec<f64>> {
        let x = |(row, (text, _)): (usize, &(String, _))| match self.kind {
            Kind::Bars => Ok(f64::from(u32::try_from(row)?)),
            Kind::Lines => {
                let value = text
                    .replace(',', "")
                    .parse::<f64>()
                    .with_context(|| format!("`{text}` is not a number"))?;
                scaled(value, self.log_x)
                    .with_context(|| format!("x has {value} on a log scale"))
            }
        };
        table.rows.iter().enumerate().map(x).collect()
    }

    /// The values of each row, scaled.
    fn ys(&self, table: &Table) -> Result<Vec<Vec<Option<f64>>>> {
        let y = |value: &Option<f64>| match value {
            Some(value) => scaled(*value, self.log_y)
                .map(Some)
                .with_context(|| format!("y has {value} on a log scale")),
            None => Ok(None),
        };
        let rows = table.rows.iter();
        rows.map(|(_, row)| row.iter().map(y).collect()).collect()
    }

    fn x_range(&self, xs: &[f64]) -> Result<Range<f64>> {
        if self.kind == Kind::Bars {
            return Ok(-0.5..f64::from(u32::try_from(xs.len())?) - 0.5);
        }
        let range = range(xs.iter().copied(), false, false);
        let least = xs.iter().copied().fold(f64::INFINITY, f64::min);
        let most = xs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // The lines end at the edge, where their names stand.
        let most = if most > least { most } else { range.end };
        Ok(if self.log_x {
            least..most
        } else {
            range.start..most
        })
    }
}

/// About how wide the widest name is drawn, in pixels.
fn widest(names: &[String]) -> u32 {
    let letters = names.iter().map(|name| name.chars().count()).max();
    u32::try_from(letters.unwrap_or(0)).unwrap_or(0) * 17 / 2
}

/// The lines' names at their ends, moved apart where they would overlap.
fn end_labels(mut ends: Vec<End>, names: &[String]) -> Result<String> {
    ends.sort_unstable_by_key(|(_, y, _)| *y);
    let mut places: Vec<i32> = ends.iter().map(|(_, y, _)| *y).collect();
    for at in 1..places.len() {
        places[at] = places[at].max(places[at - 1] + LINE_HEIGHT);
    }
    let bottom = i32::try_from(SIZE.1)? - 56;
    let overhang = places.last().map_or(0, |last| (last - bottom).max(0));
    // Pushed down past the axis, they move up again as a group.
    for at in (0..places.len()).rev() {
        let below = places.get(at + 1).map_or(bottom, |next| next - LINE_HEIGHT);
        if overhang > 0 {
            places[at] = places[at].min(below);
        }
    }
    let mut svg = String::new();
    for ((x, _, index), y) in ends.into_iter().zip(places) {
        write!(
            svg,
            "<text x=\"{}\" y=\"{}\" font-size=\"{FONT}\" class=\"end s{index}\">{}</text>",
            x + 8,
            y + FONT / 3,
            escape(&names[index])
        )?;
    }
    Ok(svg)
}

/// The label of the row at `value`, or nothing between two rows.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn row_at(table: &Table, value: f64) -> String {
    let row = value.round();
    if (value - row).abs() > 0.01 || row < 0.0 {
        return String::new();
    }
    let label = table.rows.get(row as usize).map(|(label, _)| label.clone());
    label.unwrap_or_default()
}

/// The picture in the page's colors and font, as wide as the page, on one line.
fn themed(svg: &str) -> String {
    let mut svg = svg
        .replace("#010101", "var(--fig-ink)")
        .replace("#020202", "var(--fig-line)")
        .replace("#030303", "var(--fig-grid)");
    for (index, color) in SERIES.iter().enumerate() {
        svg = svg.replace(
            &format!("#{:02X}{:02X}{:02X}", color.0, color.1, color.2),
            &format!("var(--fig-s{index})"),
        );
    }
    let size = format!("width=\"{}\" height=\"{}\" ", SIZE.0, SIZE.1);
    let svg = svg.replace(&size, "");
    svg.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

fn scaled(value: f64, log: bool) -> Option<f64> {
    if log {
        (value > 0.0).then(|| value.log10())
    } else {
        Some(value)
    }
}

/// From the smallest value to the largest: whole powers of ten on a log scale, from 0 on a
/// linear one.
fn range(values: impl Iterator<Item = f64>, log: bool, bars: bool) -> Range<f64> {
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in values {
        (least, most) = (least.min(value), most.max(value));
    }
    if !least.is_finite() {
        return 0.0..1.0;
    }
    if log {
        // A bar needs some length even where its value is the smallest.
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

/// One label for each whole power of ten.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole(range: &Range<f64>) -> usize {
    (range.end - range.start).round() as usize + 1
}

fn tick(value: f64, log: bool) -> String {
    if !log {
        return human(value);
    }
    // Only powers of ten: nobody reads 10^2.5 as a number.
    if (value - value.round()).abs() < 0.01 {
        human(10_f64.powf(value.round()))
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{PLOT, plot};
    use super::*;

    #[test]
    fn a_plot_is_drawn_in_the_pages_colors() {
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
            assert!(!svg.contains('\n') && !svg.contains("width=\"480\""));
        }
    }

    #[test]
    fn names_at_the_ends_of_lines_do_not_overlap() {
        let names: Vec<_> = ["a", "b", "c"].map(str::to_owned).into();
        let y = Regex::new(r#" y="(\d+)""#).unwrap();
        for ends in [
            vec![(500, 100, 0), (500, 101, 1), (500, 300, 2)],
            vec![(400, 280, 0), (400, 281, 1), (400, 282, 2)],
        ] {
            let svg = end_labels(ends, &names).unwrap();
            let mut places: Vec<i32> = y
                .captures_iter(&svg)
                .map(|found| found[1].parse().unwrap())
                .collect();
            places.sort_unstable();
            assert_eq!(places.len(), 3);
            assert!(
                places.windows(2).all(|two| two[1] - two[0] >= LINE_HEIGHT),
                "{places:?}"
            );
            assert!(places[2] < 300, "{places:?} is below the axis");
        }
    }

    #[test]
    fn a_value_of_zero_has_no_place_on_a_log_scale() {
        let zero = Table::parse("a,b\n1,0\n").unwrap();
        let error = plot(PLOT).unwrap().draw(&zero).unwrap_err();
        assert!(error.to_string().contains("log scale"));
    }

    #[test]
    fn a_log_axis_is_labelled_at_powers_of_ten() {
        assert_eq!(
            (tick(3.0, true), tick(2.5, true)),
            ("1,000".to_owned(), String::new())
        );
    }

    use regex::Regex;
}
