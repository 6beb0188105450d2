//! The lesson's tests in one program, because linking is most of what a program costs.

mod golden;
mod support;
mod v09;
mod v3;
