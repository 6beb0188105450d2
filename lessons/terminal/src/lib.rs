//! What the programs of the lessons share: flags in, lines out, and one clear line when
//! something is not possible.
//!
//! `println!` panics when nobody reads any more, as before a `| head`, and
//! `Parser::parse` prints a page of help when one flag is wrong. A reader at a terminal
//! wants neither.

use std::fmt::Display;
use std::io::{ErrorKind, Write};
use std::process::{ExitCode, Termination, exit};

use anstyle::Style;
use clap::Parser;

/// Reads the command line and does `run`. What was not possible is said in one line that
/// begins with `who`, and the exit status is 2.
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
                "{who}: {} (`--help` lists what can be given)",
                first_line(&error.to_string())
            );
            return ExitCode::from(2);
        }
    };
    match run(flags) {
        Ok(done) => done.report(),
        Err(error) => {
            // With its causes, where it has some.
            let why = format!("{error:#}");
            anstream::eprintln!("{who}: {why}{}", remedy(&why));
            ExitCode::from(2)
        }
    }
}

/// What clap says first; the rest repeats the help.
fn first_line(text: &str) -> &str {
    text.lines()
        .next()
        .unwrap_or_default()
        .trim_start_matches("error: ")
}

/// What to do about an error that can come anywhere.
fn remedy(why: &str) -> &'static str {
    // EMFILE, as the standard library prints it on Linux, macOS and the BSDs.
    if why.contains("(os error 24)") {
        ": `ulimit -n` says how many this shell allows, and `ulimit -n 1024` allows more"
    } else {
        ""
    }
}

/// Prints a line; ends the program quietly when nobody reads it, and with a word when it
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

/// [`say()`] with `println!`'s arguments.
#[macro_export]
macro_rules! say {
    ($($line:tt)+) => {
        $crate::say(::std::format_args!($($line)+))
    };
}

/// The title of a part, in bold where the terminal has it.
pub fn heading(text: &str) {
    let bold = Style::new().bold();
    say!("{bold}{text}{bold:#}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_clap_says_the_first_line_is_enough() {
        let said = "error: unexpected argument '--sped' found\n\n  tip: a similar argument exists: '--speed'\n\nUsage: x";
        assert_eq!(first_line(said), "unexpected argument '--sped' found");
    }

    #[test]
    fn too_many_files_is_an_error_that_one_can_do_something_about() {
        let error = anyhow::Error::from(std::io::Error::from_raw_os_error(24))
            .context("cannot connect");
        assert!(remedy(&format!("{error:#}")).contains("ulimit -n"));
        assert_eq!(remedy("cannot connect"), "");
    }
}
