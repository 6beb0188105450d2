//! What a server asks the others of its cluster before it says yes: may this person have
//! this nickname, and may they do this now?

use std::sync::Arc;

use socket_io::Namespace;

use super::{Chat, lose_nickname, members_of};
use crate::cluster::Claim;
use crate::limits::{Action, Actor, TooMuch};
use crate::names::Nickname;
use crate::presence::{Person, Refusal, Seat, State};

impl Chat {
    /// Whether this is allowed now. The other servers' buckets are the same ones; while
    /// they cannot be reached, this server has its own.
    pub(crate) async fn allow(
        &self,
        action: Action,
        actor: Actor,
    ) -> Result<(), TooMuch> {
        if self.cluster.is_shared() {
            let buckets = self.limiter.buckets(action, actor);
            if buckets.is_empty() {
                return Ok(());
            }
            if let Some(allowed) = self.cluster.allow(&buckets).await {
                return allowed.map_err(|wait| self.limiter.too_much(action, wait));
            }
        }
        self.limiter.allow(action, actor)
    }

    /// Gives a nickname to a person who had `old` before, for one socket.
    pub(crate) async fn seat(
        &self,
        room: &Arc<str>,
        old: Option<&Nickname>,
        nickname: &Nickname,
        person: &Person,
    ) -> Result<(), Refusal> {
        let _seating = self.cluster.seating().await;
        let granted = if self.cluster.is_shared() {
            let seat = Seat {
                room: room.clone(),
                key: nickname.key.clone(),
                person: person.digest(),
                shown: nickname.shown.clone(),
                state: State::Connected,
            };
            let old = old.map(|old| old.key.as_str());
            self.cluster.claim(&seat, old).await
        } else {
            Claim::Unknown
        };
        if granted == Claim::InUse {
            return Err(Refusal::InUse);
        }
        let taken = match old {
            Some(old) => self.presence.rename(room, old, nickname, person),
            None => self.presence.take(room, nickname, person),
        };
        if taken.is_err() && granted == Claim::Granted {
            // The others have to learn that it was not taken after all.
            self.presence.publish(room);
        }
        taken
    }
}

/// Tells this server's people who have lost their nicknames to people of other servers.
pub(crate) fn tell_evicted(namespace: &Namespace, chat: &Chat) {
    for (room, key) in chat.presence.take_evicted() {
        for socket in namespace.to(members_of(&room)).local().sockets() {
            lose_nickname(&socket, &room, &key);
        }
    }
}
