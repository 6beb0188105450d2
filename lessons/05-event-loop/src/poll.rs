//! poll(2), which every Unix has: each wait passes the whole list to the kernel, and gets
//! it back with answers.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;

use crate::poller::timespec;
use crate::{Interest, Poller, Ready, Source, Token, Trigger};

/// Waits with poll(2); the list is kept in this struct. Level-triggered only: poll(2)
/// remembers nothing between two calls, so it cannot know what is new.
#[derive(Default)]
pub struct Poll {
    watched: BTreeMap<Token, (Source, Interest)>,
}

impl Poller for Poll {
    fn name(&self) -> &'static str {
        "poll"
    }

    fn add(
        &mut self,
        token: Token,
        source: Source,
        interest: Interest,
        trigger: Trigger,
    ) -> io::Result<()> {
        if trigger == Trigger::Edge {
            return Err(io::Error::new(
                ErrorKind::Unsupported,
                "poll(2) has no edge trigger",
            ));
        }
        if self.watched.contains_key(&token) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        self.watched.insert(token, (source, interest));
        Ok(())
    }

    fn change(&mut self, token: Token, interest: Interest) -> io::Result<()> {
        let (_, wanted) = self.watched.get_mut(&token).ok_or(ErrorKind::NotFound)?;
        *wanted = interest;
        Ok(())
    }

    fn remove(&mut self, token: Token) -> io::Result<()> {
        self.watched
            .remove(&token)
            .map(drop)
            .ok_or_else(|| ErrorKind::NotFound.into())
    }

    // ANCHOR: wait
    fn wait(
        &mut self,
        found: &mut Vec<Ready>,
        timeout: Option<Duration>,
    ) -> io::Result<()> {
        found.clear();
        let mut tokens = Vec::with_capacity(self.watched.len());
        let mut list = Vec::with_capacity(self.watched.len());
        for (token, (source, interest)) in &self.watched {
            // poll(2) reports an error or a hang-up even to a caller that asked for
            // nothing, so a source without interest is left out.
            if *interest == Interest::NONE {
                continue;
            }
            let mut asked = PollFlags::empty();
            asked.set(PollFlags::IN, interest.readable);
            asked.set(PollFlags::OUT, interest.writable);
            tokens.push(*token);
            list.push(PollFd::from_borrowed_fd((**source).as_fd(), asked));
        }
        match rustix::event::poll(&mut list, timespec(timeout).as_ref()) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        for (token, answer) in tokens.into_iter().zip(&list) {
            let flags = answer.revents();
            let over =
                flags.intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL);
            let ready = Ready {
                token,
                readable: over || flags.contains(PollFlags::IN),
                writable: over || flags.contains(PollFlags::OUT),
            };
            if ready.readable || ready.writable {
                found.push(ready);
            }
        }
        Ok(())
    }
    // ANCHOR_END: wait
}
