//! The lesson's tests, in one program: to link is most of what another one would cost.

mod counter;
mod deadline;
mod kernel;
mod processes;
mod threads;
