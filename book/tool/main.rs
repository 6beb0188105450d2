//! The book: `cargo run -p book` builds it, serves it with its live [`labs`] and rebuilds
//! it on save.
//!
//! mdBook renders the pages. Everything that a chapter holds besides Markdown (code included by
//! anchor, captured output, plots, diagrams, exercises, quizzes, labs) is turned into
//! HTML here before, one module a kind, so that whatever is missing is found and said
//! with its file and line. `check` then proves what a page claims: it runs every captured
//! command again, compiles code that is not included from anywhere, and follows every
//! link.

// A page is assembled from small strings, and its speed does not matter.
#![allow(clippy::format_push_string)]

mod block;
mod blocks;
mod chapter;
mod commands;
mod contents;
mod house;
mod html;
mod items;
mod labs;
mod layers;
mod pieces;
mod printable;
mod run;
mod search;
mod site;
mod tree;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::block::report;
use crate::commands::{capture, check, plot, serve, slides, take};
use crate::house::House;

/// Builds the book and serves it.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Port to serve on [default: 3000, or a free one when that is taken]
    #[arg(long)]
    port: Option<u16>,
}

#[derive(Subcommand)]
enum Command {
    /// Write the pages to target/book
    Build,
    /// Write target/real-time-rust.pdf, for which Chromium is needed
    Pdf,
    /// Write target/real-time-rust.epub
    Epub,
    /// Write slides of each chapter to target/slides
    Slides,
    /// Build, and prove it: links, anchors, captured output, code, exercises that no
    /// chapter mentions
    Check {
        /// Only the chapters whose file name contains this; links are not followed then
        chapter: Option<String>,
    },
    /// Run the commands that chapters show, and keep what they print
    Capture {
        /// Only commands that contain this
        filter: Option<String>,
    },
    /// Measure again on this machine, and redraw the plots
    Plot {
        /// Only plots whose name contains this
        filter: Option<String>,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("book: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether all is well with the book.
fn run(arguments: &Arguments) -> Result<bool> {
    let house = House::here();
    match &arguments.command {
        None => serve::serve(&house, arguments.port).map(|()| true),
        Some(Command::Build) => {
            let site = site::build(&house, &house.target.join("book"), None)?;
            let well = report(&site.problems);
            println!(
                "{} pages in {}",
                site.chapters.len(),
                house.target.join("book").display()
            );
            Ok(well)
        }
        Some(Command::Slides) => slides::slides(&house),
        Some(Command::Pdf) => take::pdf(&house),
        Some(Command::Epub) => take::epub(&house),
        Some(Command::Check { chapter }) => check::check(&house, chapter.as_deref()),
        Some(Command::Capture { filter }) => {
            capture::capture_all(&house, filter.as_deref())
        }
        Some(Command::Plot { filter }) => {
            plot::measure_all(&house, filter.as_deref()).map(|()| true)
        }
    }
}
