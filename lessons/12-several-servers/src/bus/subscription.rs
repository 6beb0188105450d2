//! The queue between a bus and one subscriber. It is bounded, in messages and in bytes:
//! a subscriber that does not keep up loses messages and learns how many, and neither the
//! bus nor the other subscribers wait for it.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use bytes::Bytes;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::Topic;

/// Something that a subscriber receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// A payload, and the channel that it was published on.
    Message {
        /// The channel.
        channel: Arc<str>,
        /// The bytes that were published.
        payload: Bytes,
    },
    /// This many messages did not fit into the queue.
    Lost(usize),
    /// The connection to the bus is gone. Messages are being missed.
    Away,
    /// The connection is back, and so are the subscriptions.
    Back,
}

/// How much a subscriber can leave unread.
#[derive(Clone, Copy, Debug)]
pub struct QueueLimits {
    /// Messages. Default 4,096.
    pub messages: usize,
    /// Bytes of their payloads and channels. Default 16 MiB.
    pub bytes: usize,
}

impl Default for QueueLimits {
    fn default() -> Self {
        Self {
            messages: 4_096,
            bytes: 16 << 20,
        }
    }
}

/// A bus's side of a subscription: dropped with it, to unsubscribe.
pub trait Topics: Send + Sync + 'static {
    /// Subscribes to one more topic, or to one less. By default it does not.
    fn change(&self, topic: &Topic, wanted: bool) {
        let _ = (topic, wanted);
    }
}

impl Topics for () {}

/// A handle to add topics to a [`Subscription`] that another task reads. It does not keep
/// the subscription alive.
#[derive(Clone)]
pub struct MoreTopics(Weak<dyn Topics>);

impl MoreTopics {
    /// Subscribes to one more topic. Its messages are in one order with all others.
    pub fn add(&self, topic: &Topic) {
        self.change(topic, true);
    }

    /// Unsubscribes from a topic.
    pub fn remove(&self, topic: &Topic) {
        self.change(topic, false);
    }

    fn change(&self, topic: &Topic, wanted: bool) {
        if let Some(topics) = self.0.upgrade() {
            topics.change(topic, wanted);
        }
    }
}

impl fmt::Debug for MoreTopics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MoreTopics").finish_non_exhaustive()
    }
}

/// Returns the two ends of a queue. `guard` is dropped with the subscription: a bus
/// unsubscribes there.
pub fn queue(
    limits: QueueLimits,
    connected: watch::Receiver<bool>,
    guard: impl Topics,
) -> (Inbox, Subscription) {
    let (sender, receiver) = mpsc::channel(limits.messages.max(1));
    let count = Arc::new(Count::default());
    let inbox = Inbox {
        sender,
        count: count.clone(),
        max_bytes: limits.bytes,
    };
    let subscription = Subscription {
        receiver,
        count,
        connected: Some(connected),
        held: None,
        guard: Arc::new(guard),
    };
    (inbox, subscription)
}

#[derive(Debug, Default)]
struct Count {
    bytes: AtomicUsize,
    lost: AtomicUsize,
}

#[derive(Debug)]
struct Queued {
    channel: Arc<str>,
    payload: Bytes,
    /// When it is due, on a bus that is slow on purpose.
    due: Option<Instant>,
}

impl Queued {
    fn size(&self) -> usize {
        self.channel.len() + self.payload.len()
    }
}

/// A bus's end of the queue.
#[derive(Clone, Debug)]
pub struct Inbox {
    sender: mpsc::Sender<Queued>,
    count: Arc<Count>,
    max_bytes: usize,
}

impl Inbox {
    /// Queues a message. If it does not fit, the subscriber learns that it lost one.
    pub fn offer(&self, channel: Arc<str>, payload: Bytes) {
        self.offer_at(channel, payload, None);
    }

    pub(super) fn offer_at(
        &self,
        channel: Arc<str>,
        payload: Bytes,
        due: Option<Instant>,
    ) {
        let queued = Queued {
            channel,
            payload,
            due,
        };
        let size = queued.size();
        // Reserved first, so that two publishers cannot both take the last bytes.
        let before = self.count.bytes.fetch_add(size, Ordering::Relaxed);
        let fits = before.saturating_add(size) <= self.max_bytes;
        if !fits || self.sender.try_send(queued).is_err() {
            self.count.bytes.fetch_sub(size, Ordering::Relaxed);
            self.count.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A subscriber's end of the queue. Dropping it ends the subscription.
pub struct Subscription {
    receiver: mpsc::Receiver<Queued>,
    count: Arc<Count>,
    /// `None` when the bus is gone for good.
    connected: Option<watch::Receiver<bool>>,
    /// Taken out of the queue, and not due yet.
    held: Option<Queued>,
    guard: Arc<dyn Topics>,
}

impl Subscription {
    /// Returns a handle to add topics.
    pub fn topics(&self) -> MoreTopics {
        MoreTopics(Arc::downgrade(&self.guard))
    }

    /// Waits for the next delivery. Returns `None` after the end of the bus.
    ///
    /// Cancel-safe: dropping the future loses no message.
    pub async fn recv(&mut self) -> Option<Delivery> {
        loop {
            let lost = self.count.lost.swap(0, Ordering::Relaxed);
            if lost > 0 {
                return Some(Delivery::Lost(lost));
            }
            if let Some(due) = self.held.as_ref().and_then(|held| held.due) {
                sleep_until(due).await;
            }
            if let Some(Queued {
                channel, payload, ..
            }) = self.held.take()
            {
                return Some(Delivery::Message { channel, payload });
            }
            tokio::select! {
                biased;
                changed = changed(self.connected.as_mut()) => match changed {
                    Some(true) => return Some(Delivery::Back),
                    Some(false) => return Some(Delivery::Away),
                    None => self.connected = None,
                },
                queued = self.receiver.recv() => {
                    let queued = queued?;
                    self.count.bytes.fetch_sub(queued.size(), Ordering::Relaxed);
                    self.held = Some(queued);
                }
            }
        }
    }
}

/// The state of the connection once it has changed, or `None` if there will be no other.
async fn changed(connected: Option<&mut watch::Receiver<bool>>) -> Option<bool> {
    let Some(connected) = connected else {
        return std::future::pending().await;
    };
    connected.changed().await.ok()?;
    Some(*connected.borrow_and_update())
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small(
        messages: usize,
        bytes: usize,
    ) -> (Inbox, Subscription, watch::Sender<bool>) {
        let (up, connected) = watch::channel(true);
        let (inbox, subscription) = queue(QueueLimits { messages, bytes }, connected, ());
        (inbox, subscription, up)
    }

    #[tokio::test]
    async fn a_slow_subscriber_learns_how_many_messages_it_lost() {
        let (inbox, mut subscription, _up) = small(2, 1_000);
        for text in ["one", "two", "three", "four"] {
            inbox.offer("news".into(), text.into());
        }
        assert_eq!(subscription.recv().await, Some(Delivery::Lost(2)));
        for text in ["one", "two"] {
            let Some(Delivery::Message { payload, .. }) = subscription.recv().await
            else {
                panic!("no message");
            };
            assert_eq!(payload, text);
        }
    }

    #[tokio::test]
    async fn the_bytes_that_are_kept_are_bounded() {
        let (inbox, mut subscription, _up) = small(100, 20);
        inbox.offer("news".into(), Bytes::from(vec![0; 16]));
        inbox.offer("news".into(), Bytes::new());
        assert_eq!(subscription.recv().await, Some(Delivery::Lost(1)));
        subscription.recv().await;
        inbox.offer("news".into(), Bytes::from(vec![0; 16]));
        assert!(matches!(
            subscription.recv().await,
            Some(Delivery::Message { .. })
        ));
    }

    #[tokio::test]
    async fn a_short_absence_is_reported() {
        let (_inbox, mut subscription, up) = small(1, 10);
        up.send_replace(false);
        assert_eq!(subscription.recv().await, Some(Delivery::Away));
        up.send_replace(true);
        assert_eq!(subscription.recv().await, Some(Delivery::Back));
        up.send_replace(false);
        up.send_replace(true);
        assert_eq!(subscription.recv().await, Some(Delivery::Back));
    }
}
