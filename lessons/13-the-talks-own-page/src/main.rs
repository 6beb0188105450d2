//! The tour of lesson 13: three generations of clients in one room, and what passes on
//! the wire of each.

mod tour {
    pub(crate) mod client;
    pub(crate) mod server;
    pub(crate) mod show;
}

use std::process::ExitCode;

use clap::Parser;

#[derive(Parser)]
#[command(about = "Clients of 2013, of 2016 and of today in one room")]
struct Arguments {
    /// The text that the client of today says
    #[arg(long, default_value = "naïve 👋")]
    text: String,
}

fn main() -> ExitCode {
    terminal::run("lesson 13", |arguments: Arguments| {
        tour::show::run(&arguments.text)
    })
}
