//! The calls of the module `metrics` without the cargo feature of that name: they are empty,
//! and the compiler leaves nothing of them.

#![expect(
    clippy::unused_self,
    reason = "the signatures are those of the real calls"
)]

use crate::config::Transport;
use crate::machine::CloseReason;
use crate::refusal::Refusal;

pub(crate) struct Place;

impl Place {
    pub(crate) fn new() -> Self {
        Self
    }

    pub(crate) fn open(&mut self, _: Transport) {}
    pub(crate) fn upgrade(&mut self) {}
    pub(crate) fn leave(&mut self) {}
}

#[derive(Clone)]
pub(crate) struct Traffic;

impl Traffic {
    pub(crate) fn new() -> Self {
        Self
    }

    pub(crate) fn queued(&self, _: usize, _: usize) {}

    pub(crate) fn received(&self, _: Transport) -> Tally {
        Tally
    }

    pub(crate) fn sent(&self, _: Transport) -> Tally {
        Tally
    }
}

pub(crate) struct Tally;

impl Tally {
    pub(crate) fn add(&mut self, _: usize, _: usize) {}
}

pub(crate) fn closed(_: CloseReason) {}
pub(crate) fn refused(_: Refusal) {}
pub(crate) fn dropped(_: &'static str, _: usize) {}
