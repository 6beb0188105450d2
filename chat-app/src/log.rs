//! Where the log goes: a writer that never blocks, never fails and never grows.
//!
//! A log line is written by whatever thread has something to report, and most of these
//! threads have something better to do than to wait. Standard error is often a pipe, and
//! the program that reads it can stall or exit; or it is a file, on a disk that is full.
//! None of this may stop a chat. So a separate thread does the writing. All other threads
//! append to a buffer with a fixed limit; a line that finds the buffer full is lost, and
//! the log says how many were lost once lines get through again.
//!
//! The crate tracing-appender has such a writer too. It counts lines where this one
//! counts bytes, and its guard prints to standard output when the writing thread is
//! stuck at the end: that blocks, or panics, if standard output is the same dead pipe.

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many bytes can wait to be written.
pub const LIMIT: usize = 1 << 20;

/// A log, as `tracing_subscriber` takes it: `with_writer(log)`.
pub struct Log {
    pending: Mutex<Pending>,
    /// Notified when `pending` changes.
    changed: Condvar,
}

#[derive(Default)]
struct Pending {
    /// Whole lines.
    text: Vec<u8>,
    /// Lines that were lost and not yet reported as lost.
    lost: u64,
    /// The thread has taken text and is not done with it.
    writing: bool,
}

impl Log {
    /// Starts the thread that writes to `writer`.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn to(writer: impl Write + Send + 'static) -> io::Result<Arc<Self>> {
        let log = Arc::new(Self {
            pending: Mutex::default(),
            changed: Condvar::new(),
        });
        let queue = log.clone();
        std::thread::Builder::new()
            .name("log".into())
            .spawn(move || queue.write_to(writer))?;
        Ok(log)
    }

    /// Waits until everything is written, but no longer than `patience`.
    pub fn finish(&self, patience: Duration) {
        let unwritten =
            |pending: &mut Pending| pending.writing || !pending.text.is_empty();
        let waited = self
            .changed
            .wait_timeout_while(self.lock(), patience, unwritten);
        drop(waited);
    }

    fn write_to(&self, mut writer: impl Write) {
        loop {
            let mut pending = self
                .changed
                .wait_while(self.lock(), |pending| pending.text.is_empty())
                .unwrap_or_else(PoisonError::into_inner);
            let text = mem::take(&mut pending.text);
            let lost = mem::take(&mut pending.lost);
            pending.writing = true;
            drop(pending);

            // These lines are older than the lost ones, so they go first.
            let mut unwritten = write_lines(&mut writer, &text);
            if lost > 0 {
                let notice = format!("{lost} lines of the log were lost\n");
                if unwritten > 0 || write_lines(&mut writer, notice.as_bytes()) > 0 {
                    unwritten += lost;
                }
            }

            let mut pending = self.lock();
            pending.lost += unwritten;
            pending.writing = false;
            drop(pending);
            self.changed.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        // Nothing panics while it holds the lock.
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for &Log {
    /// Takes a line, or loses it. Never an error.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut pending = self.lock();
        if pending.text.len() + line.len() <= LIMIT {
            pending.text.extend_from_slice(line);
        } else {
            pending.lost += 1;
        }
        drop(pending);
        self.changed.notify_all();
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes as much as it can, and returns how many lines could not be written.
fn write_lines(writer: &mut impl Write, mut text: &[u8]) -> u64 {
    while !text.is_empty() {
        match writer.write(text) {
            Ok(0) => break,
            Ok(len) => text = &text[len..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    let _ = writer.flush();
    text.split(|byte| *byte == b'\n').count() as u64 - 1
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    use super::*;

    const SOON: Duration = Duration::from_secs(20);

    /// A writer that waits, in each write, for the test to say what becomes of it.
    struct Stubborn {
        asked: SyncSender<Vec<u8>>,
        verdicts: Receiver<io::Result<()>>,
    }

    impl Write for Stubborn {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            let _ = self.asked.send(text.to_owned());
            let verdict = self.verdicts.recv();
            verdict.map_err(io::Error::other)?.map(|()| text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn stubborn() -> (Arc<Log>, Receiver<Vec<u8>>, SyncSender<io::Result<()>>) {
        let (asked, asks) = sync_channel(0);
        let (verdict, verdicts) = sync_channel(0);
        let log = Log::to(Stubborn { asked, verdicts }).unwrap();
        (log, asks, verdict)
    }

    fn text(asks: &Receiver<Vec<u8>>) -> String {
        String::from_utf8(asks.recv_timeout(SOON).unwrap()).unwrap()
    }

    #[test]
    fn a_writer_that_stalls_costs_lines_and_never_a_wait() {
        let (log, asks, verdict) = stubborn();
        (&*log).write_all(b"first\n").unwrap();
        assert_eq!(text(&asks), "first\n");
        // The thread is stuck in that write. The rest fits, up to the limit.
        let line = [b"x".repeat(1023), b"\n".to_vec()].concat();
        for _ in 0..LIMIT / line.len() + 3 {
            (&*log).write_all(&line).unwrap();
        }
        verdict.send(Ok(())).unwrap();
        assert_eq!(text(&asks).len(), LIMIT, "what fitted is written");
        verdict.send(Ok(())).unwrap();
        assert_eq!(text(&asks), "3 lines of the log were lost\n");
        verdict.send(Ok(())).unwrap();
        (&*log).write_all(b"last\n").unwrap();
        assert_eq!(text(&asks), "last\n", "lost lines are reported once");
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted_until_one_can() {
        let (log, asks, verdict) = stubborn();
        for _ in 0..2 {
            (&*log).write_all(b"into the void\n").unwrap();
            assert_eq!(text(&asks), "into the void\n");
            verdict
                .send(Err(io::ErrorKind::StorageFull.into()))
                .unwrap();
        }
        (&*log).write_all(b"room again\n").unwrap();
        assert_eq!(text(&asks), "room again\n");
        verdict.send(Ok(())).unwrap();
        assert_eq!(text(&asks), "2 lines of the log were lost\n");
        verdict.send(Ok(())).unwrap();
        log.finish(SOON);
    }

    #[test]
    fn the_wait_at_the_end_has_an_end() {
        let (log, asks, _verdict) = stubborn();
        (&*log).write_all(b"never done\n").unwrap();
        text(&asks);
        log.finish(Duration::from_millis(1));
    }
}
