//! The chat's tests in one program, because linking is most of what a program costs.

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
