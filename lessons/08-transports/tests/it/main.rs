//! The lesson's tests in one program, because linking is most of what a program costs.

mod common;
mod programs;
mod security;
mod tour;
mod transports;
