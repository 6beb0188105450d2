//! The lesson's tests, in one program: to link is most of what another one would cost.

mod common;
mod programs;
mod security;
mod tour;
mod transports;
