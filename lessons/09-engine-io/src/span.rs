//! A tracing span for each session: whatever is logged while the server works for a
//! client says which client that is.
//!
//! Spans have the level debug. If nothing listens at that level when a session opens, it
//! has none: a null pointer, and one comparison for each message.

use tracing::Span;
use tracing::field::Empty;
use tracing::span::Entered;

use crate::config::Transport;
use crate::handshake::Handshake;
use crate::sid::Sid;

/// A session's span, if there is one. Boxed, because a [`Span`] is five words.
pub(crate) struct SessionSpan(Option<Box<Span>>);

impl SessionSpan {
    pub(crate) fn new(sid: Sid, handshake: &Handshake, transport: Transport) -> Self {
        let span = tracing::debug_span!(
            "session",
            id = ?sid,
            remote = Empty,
            transport = transport.name()
        );
        if span.is_disabled() {
            return Self(None);
        }
        if let Some(remote) = handshake.remote_addr {
            span.record("remote", tracing::field::display(remote));
        }
        Self(Some(Box::new(span)))
    }

    /// The span is entered until the guard is dropped.
    pub(crate) fn enter(&self) -> Option<Entered<'_>> {
        self.0.as_deref().map(Span::enter)
    }

    /// The session has moved to another transport.
    pub(crate) fn moved(&self, to: Transport) {
        if let Some(span) = &self.0 {
            span.record("transport", to.name());
        }
    }

    pub(crate) fn get(&self) -> Option<&Span> {
        self.0.as_deref()
    }
}
