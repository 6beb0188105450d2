//! The lesson's tests in one program, because linking is most of what a program costs.

mod choose;
mod common;
mod preload;
mod tour;
