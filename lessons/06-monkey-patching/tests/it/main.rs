//! The lesson's tests, in one program: to link is most of what another one would cost.

mod choose;
mod common;
mod preload;
mod tour;
