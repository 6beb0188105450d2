//! The packets that pass, collected for the operator's page while it is open.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use socket_io::{Args, Socket};

/// The most packets that are shown for each of these.
const PACKETS: usize = 200;

/// Collects the packets for those who watch.
#[derive(Default)]
pub(crate) struct Watch {
    /// There is such a page.
    pub(crate) enabled: bool,
    /// A page is open. Without one nothing is collected.
    pub(crate) watched: AtomicBool,
    passed: Mutex<Passed>,
}

/// The packets since the page was last told.
#[derive(Default)]
pub(crate) struct Passed {
    pub(crate) packets: VecDeque<Packet>,
    /// Packets that found no place.
    pub(crate) more: u64,
}

/// A packet that passed.
#[derive(Debug, Serialize)]
pub(crate) struct Packet {
    /// "in" from a client, "out" to a room.
    way: &'static str,
    /// The client's id or the room.
    who: String,
    event: String,
    bytes: usize,
}

impl Watch {
    /// For a chat with such a page, or without.
    pub(crate) fn new(enabled: bool) -> Arc<Self> {
        Arc::new(Self {
            enabled,
            ..Self::default()
        })
    }

    /// Notes the events that this socket sends.
    pub(crate) fn packets_of(self: &Arc<Self>, socket: &Socket) {
        if !self.enabled {
            return;
        }
        let watch = self.clone();
        socket.on_any(move |socket: Socket, event: String, args: Args| {
            if watch.watched.load(Ordering::Relaxed) {
                let bytes = args.json().len();
                watch.note("in", socket.id().to_string(), event, bytes);
            }
            std::future::ready(())
        });
    }

    /// Notes an event that was sent to a room.
    pub(crate) fn sent(&self, room: &str, event: &str, bytes: usize) {
        if self.watched.load(Ordering::Relaxed) {
            self.note("out", room.to_owned(), event.to_owned(), bytes);
        }
    }

    fn note(&self, way: &'static str, who: String, event: String, bytes: usize) {
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        if passed.packets.len() < PACKETS {
            passed.packets.push_back(Packet {
                way,
                who,
                event,
                bytes,
            });
        } else {
            passed.more += 1;
        }
    }

    pub(crate) fn take(&self) -> Passed {
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut passed)
    }
}
