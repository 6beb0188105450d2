//! The lesson's tests, in one program: to link is most of what another one would cost.

mod common;
mod echo;
mod futures;
mod reactor;
mod readiness;
mod tour;
