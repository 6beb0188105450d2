//! The calls of the module `metrics` without the cargo feature of that name: they are empty,
//! and the compiler leaves nothing of them.

#![expect(
    clippy::unused_self,
    reason = "the signatures are those of the real calls"
)]

use crate::reason::DisconnectReason;

#[derive(Debug)]
pub(crate) struct Since;

impl Since {
    pub(crate) fn now() -> Self {
        Self
    }

    pub(crate) fn answered(self) {}
}

pub(crate) fn connected() {}
pub(crate) fn disconnected(_: DisconnectReason) {}
pub(crate) fn refused(_: &'static str) {}
pub(crate) fn received() {}
pub(crate) fn sent() {}
pub(crate) fn dropped(_: bool) {}
pub(crate) fn recovery(_: bool) {}
