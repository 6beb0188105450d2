//! The lesson's tests in one program, because linking is most of what a program costs.

mod gil;
mod sharing;
mod spread;
