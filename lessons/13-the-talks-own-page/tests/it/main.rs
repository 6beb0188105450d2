//! The lesson's tests, in one program: to link is most of what another one would cost.

mod golden;
mod support;
mod v09;
mod v3;
