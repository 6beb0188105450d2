//! epoll(7), Linux's own: the list stays in the kernel, and a wait returns only the
//! sources that are ready.

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;

use crate::poller::timespec;
use crate::{Interest, Poller, Ready, Source, Token, Trigger};

/// The most events that one call fetches. The next call returns the others.
const AT_ONCE: usize = 1024;

/// Waits with epoll(7); the kernel keeps the list. Level- and edge-triggered.
pub struct Epoll {
    list: OwnedFd,
    watched: HashMap<Token, (Source, Trigger, Interest)>,
    events: Vec<Event>,
}

impl Epoll {
    /// Creates an empty list.
    ///
    /// # Errors
    /// Returns an error if the process has no descriptor left.
    pub fn new() -> io::Result<Self> {
        let list = epoll::create(CreateFlags::CLOEXEC)?;
        Ok(Self {
            list,
            watched: HashMap::new(),
            events: Vec::with_capacity(AT_ONCE),
        })
    }
}

fn flags(interest: Interest, trigger: Trigger) -> EventFlags {
    let mut flags = EventFlags::empty();
    flags.set(EventFlags::IN, interest.readable);
    flags.set(EventFlags::OUT, interest.writable);
    flags.set(EventFlags::ET, trigger == Trigger::Edge);
    flags
}

impl Poller for Epoll {
    fn name(&self) -> &'static str {
        "epoll"
    }

    fn add(
        &mut self,
        token: Token,
        source: Source,
        interest: Interest,
        trigger: Trigger,
    ) -> io::Result<()> {
        if self.watched.contains_key(&token) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        // ANCHOR: none
        // The kernel reports a hang-up even for a source that asked for nothing, so a
        // source without interest stays out of its list.
        if interest != Interest::NONE {
            let data = EventData::new_u64(token.0);
            epoll::add(
                &self.list,
                (*source).as_fd(),
                data,
                flags(interest, trigger),
            )?;
        }
        // ANCHOR_END: none
        self.watched.insert(token, (source, trigger, interest));
        Ok(())
    }

    fn change(&mut self, token: Token, interest: Interest) -> io::Result<()> {
        let (source, trigger, before) =
            self.watched.get_mut(&token).ok_or(ErrorKind::NotFound)?;
        let (data, wanted) = (EventData::new_u64(token.0), flags(interest, *trigger));
        let source = (**source).as_fd();
        match (*before == Interest::NONE, interest == Interest::NONE) {
            (true, true) => {}
            (true, false) => epoll::add(&self.list, source, data, wanted)?,
            (false, true) => epoll::delete(&self.list, source)?,
            (false, false) => epoll::modify(&self.list, source, data, wanted)?,
        }
        *before = interest;
        Ok(())
    }

    fn remove(&mut self, token: Token) -> io::Result<()> {
        let (source, _, interest) =
            self.watched.remove(&token).ok_or(ErrorKind::NotFound)?;
        if interest != Interest::NONE {
            epoll::delete(&self.list, (*source).as_fd())?;
        }
        Ok(())
    }

    // ANCHOR: wait
    fn wait(
        &mut self,
        found: &mut Vec<Ready>,
        timeout: Option<Duration>,
    ) -> io::Result<()> {
        found.clear();
        self.events.clear();
        match epoll::wait(
            &self.list,
            spare_capacity(&mut self.events),
            timespec(timeout).as_ref(),
        ) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        for event in &self.events {
            let (flags, data) = (event.flags, event.data);
            let over = flags.intersects(EventFlags::ERR | EventFlags::HUP);
            found.push(Ready {
                token: Token(data.u64()),
                readable: over || flags.contains(EventFlags::IN),
                writable: over || flags.contains(EventFlags::OUT),
            });
        }
        Ok(())
    }
    // ANCHOR_END: wait
}
