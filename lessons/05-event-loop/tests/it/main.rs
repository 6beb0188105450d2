//! The lesson's tests in one program, because linking is most of what a program costs.

mod common;
mod echo;
mod futures;
mod reactor;
mod readiness;
mod tour;
