//! The lesson's tests in one program, because linking is most of what a program costs.

mod closing;
mod common;
mod datagrams;
mod files;
mod framing;
mod options;
mod programs;
mod silence;
mod talk;
mod tour;
mod unix;
