//! The lesson's tests, in one program: to link is most of what another one would cost.

mod deadline;
mod switch;
mod tools;
mod tour;
