//! The lesson's tests, in one program: to link is most of what another one would cost.

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
