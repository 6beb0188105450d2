//! The lesson's tests in one program, because linking is most of what a program costs.

mod deadline;
mod switch;
mod tools;
mod tour;
