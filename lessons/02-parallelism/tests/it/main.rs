//! The lesson's tests, in one program: to link is most of what another one would cost.

mod gil;
mod sharing;
mod spread;
