//! What the three programs and the tour share: flags in, and one clear line when something is not possible.

use anyhow::Result;
use clap::Parser;
use clap::error::ErrorKind;
use std::io;
use std::process::ExitCode;

/// Reads the command line, does `run`, and says in one line why that was not possible.
pub(crate) fn run<Flags: Parser>(who: &str, run: impl FnOnce(Flags) -> Result<ExitCode>) -> ExitCode {
    let flags = match Flags::try_parse() {
        Ok(flags) => flags,
        Err(help) if matches!(help.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            let _ = help.print();
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            let text = error.to_string();
            let why = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
            anstream::eprintln!("{who}: {why} (`--help` lists what can be given)");
            return ExitCode::from(2);
        }
    };
    run(flags).unwrap_or_else(|error| {
        anstream::eprintln!("{who}: {error:#}{}", remedy(&error));
        ExitCode::from(2)
    })
}

/// What to do about an error that can come anywhere.
fn remedy(error: &anyhow::Error) -> &'static str {
    let number = error.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error);
    match number {
        Some(libc::EMFILE) => {
            ": `ulimit -n` says how many this shell allows, and `ulimit -n 1024` allows more"
        }
        _ => "",
    }
}
