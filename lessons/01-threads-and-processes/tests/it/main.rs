//! The lesson's tests in one program, because linking is most of what a program costs.

mod counter;
mod deadline;
mod kernel;
mod processes;
mod threads;
