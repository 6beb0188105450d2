//! The chat's tests, in one program: to link is most of what another one would cost.

mod cluster;
mod common;
mod database_trouble;
mod events;
mod kill_nine;
mod memory;
mod pages;
mod program;
mod soak;
mod store;
mod stores;
