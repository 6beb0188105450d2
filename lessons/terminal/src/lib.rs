//! Shared by the lessons' programs: reading flags, printing, and one clear line for an
//! error.
//!
//! `println!` panics when its reader has gone, as in `cargo run | head`, and
//! `Parser::parse` prints a page of help for one wrong flag. A reader at a terminal wants
//! neither.

use std::fmt::Display;
use std::io::{ErrorKind, Write};
use std::process::{ExitCode, Termination, exit};

use anstyle::Style;
use clap::Parser;
use textwrap::{Options, WordSplitter};

/// Parses the command line and calls `run`. An error becomes one line that starts with
/// `who`, and exit status 2.
///
/// ```no_run
/// use clap::Parser;
/// use std::process::ExitCode;
///
/// #[derive(Parser)]
/// struct Flags {
///     #[arg(long, default_value_t = 0)]
///     port: u16,
/// }
///
/// fn main() -> ExitCode {
///     terminal::run("lesson 04", |flags: Flags| -> std::io::Result<()> {
///         let listener = std::net::TcpListener::bind(("127.0.0.1", flags.port))?;
///         terminal::say!("listening on {}", listener.local_addr()?);
///         Ok(())
///     })
/// }
/// ```
pub fn run<Flags, T, E>(who: &str, run: impl FnOnce(Flags) -> Result<T, E>) -> ExitCode
where
    Flags: Parser,
    T: Termination,
    E: Display,
{
    let flags = match Flags::try_parse() {
        Ok(flags) => flags,
        Err(help) if !help.use_stderr() => {
            let _ = help.print();
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            anstream::eprintln!(
                "{who}: {} (see `--help`)",
                first_line(&error.to_string())
            );
            return ExitCode::from(2);
        }
    };
    match run(flags) {
        Ok(done) => done.report(),
        Err(error) => {
            // `#` prints the causes too.
            let why = format!("{error:#}");
            anstream::eprintln!("{who}: {why}{}", remedy(&why));
            ExitCode::from(2)
        }
    }
}

/// The first line of clap's message; the others repeat the help.
fn first_line(text: &str) -> &str {
    text.lines()
        .next()
        .unwrap_or_default()
        .trim_start_matches("error: ")
}

/// Advice for an error that can occur anywhere.
fn remedy(why: &str) -> &'static str {
    // EMFILE, as the standard library prints it on Linux, macOS and the BSDs.
    if why.contains("(os error 24)") {
        ": `ulimit -n` says how many this shell allows, and `ulimit -n 1024` allows more"
    } else {
        ""
    }
}

/// Prints a line. Exits quietly if the reader has gone, and with a message if the line
/// cannot be written.
pub fn say(line: impl Display) {
    if let Err(error) = writeln!(anstream::stdout(), "{line}") {
        if error.kind() == ErrorKind::BrokenPipe {
            exit(0);
        }
        anstream::eprintln!("cannot print: {error}");
        exit(2);
    }
}

/// [`say()`] with the arguments of `println!`.
#[macro_export]
macro_rules! say {
    ($($line:tt)+) => {
        $crate::say(::std::format_args!($($line)+))
    };
}

/// Prints the title of a part, in bold if the terminal can.
pub fn heading(text: &str) {
    let bold = Style::new().bold();
    say!("{bold}{text}{bold:#}");
}

/// Prints the thing to remember of a part: set apart by a bar, wrapped at words.
pub fn remember(text: &str) {
    let bold = Style::new().bold();
    say("");
    for line in textwrap::wrap(text, width() - 4) {
        say!("  {bold}|{bold:#} {line}");
    }
}

/// Prints `text` after `first`, wrapped at words; further lines are indented by `indent`
/// columns. Styles in `first` take no room.
pub fn wrapped(first: &str, indent: usize, text: &str) {
    // A random id in JSON can contain hyphens, and a line must not end in it.
    let splitter = WordSplitter::Custom(|word| {
        if word.contains('"') {
            Vec::new()
        } else {
            WordSplitter::HyphenSplitter.split_points(word)
        }
    });
    let options = Options::new(width().saturating_sub(indent)).word_splitter(splitter);
    let mut first = Some(first);
    for line in textwrap::wrap(text, options) {
        match first.take() {
            Some(first) => say!("{first}{line}"),
            None => say!("{:indent$}{line}", ""),
        }
    }
}

/// Prints the last line of a tour: what to read or try next.
pub fn next(text: &str) {
    say("");
    for line in textwrap::wrap(&format!("Next: {text}"), width()) {
        say(line);
    }
}

/// Returns the columns to fill: the terminal's, but at most 80 and at least 40. `COLUMNS`
/// overrides the terminal; without either it is 80.
fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok();
    let columns = columns
        .and_then(|columns| columns.parse().ok())
        .or_else(|| {
            terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
        });
    columns.unwrap_or(80).clamp(40, 80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_claps_message_is_enough() {
        let said = "error: unexpected argument '--sped' found\n\n  tip: a similar argument exists: '--speed'\n\nUsage: x";
        assert_eq!(first_line(said), "unexpected argument '--sped' found");
    }

    #[test]
    fn too_many_open_files_comes_with_advice() {
        let error = anyhow::Error::from(std::io::Error::from_raw_os_error(24))
            .context("cannot connect");
        assert!(remedy(&format!("{error:#}")).contains("ulimit -n"));
        assert_eq!(remedy("cannot connect"), "");
    }
}
