//! Futures, one part at a time: the state machine, `block_on`, `select`, cancellation.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io::{self, Read};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use event_loop::states::{Answer, AskBoth, ask_both};
use event_loop::{Either, Executor, Reactor, Stream, block_on, select};

use crate::common::{SOON, within};

type Log = Rc<RefCell<Vec<&'static str>>>;

/// An answer that is ready at its second poll, and logs each.
fn answer(name: &'static str, log: &Log) -> Answer {
    let (log, mut polls) = (log.clone(), 0);
    Box::pin(poll_fn(move |_| {
        log.borrow_mut().push(name);
        polls += 1;
        if polls == 2 {
            Poll::Ready(name.to_owned())
        } else {
            Poll::Pending
        }
    }))
}

#[test]
fn the_state_machine_behaves_like_the_async_fn() {
    let mut logs = Vec::new();
    for by_hand in [false, true] {
        let log = Log::default();
        let (ann, bob) = (answer("tea", &log), answer("cake", &log));
        let mut both: Pin<Box<dyn Future<Output = String>>> = if by_hand {
            Box::pin(AskBoth::Ann(ann, bob))
        } else {
            Box::pin(ask_both(ann, bob))
        };
        assert_eq!(log.borrow().len(), 0, "a future does nothing by itself");
        let mut context = Context::from_waker(Waker::noop());
        assert_eq!(both.as_mut().poll(&mut context), Poll::Pending);
        assert_eq!(both.as_mut().poll(&mut context), Poll::Pending);
        let result = both.as_mut().poll(&mut context);
        assert_eq!(result, Poll::Ready("tea, and cake".to_owned()));
        logs.push(log.take());
    }
    assert_eq!(logs[0], ["tea", "tea", "cake", "cake"]);
    assert_eq!(logs[0], logs[1]);
}

#[test]
fn block_on_loses_no_wake_that_comes_before_it_sleeps() {
    let polls = within("a future that wakes itself during its poll", || {
        let mut polls = 0;
        block_on(poll_fn(move |context| {
            polls += 1;
            context.waker().wake_by_ref();
            if polls == 3 {
                Poll::Ready(polls)
            } else {
                Poll::Pending
            }
        }))
    });
    assert_eq!(polls, 3);
}

#[test]
fn block_on_sleeps_until_another_thread_wakes_it() {
    let polls = within("a future that another thread wakes", || {
        let (sender, wakers) = mpsc::channel::<Waker>();
        let (done, is_done) = mpsc::channel();
        let other = thread::spawn(move || {
            let waker = wakers.recv().expect("the future sends its waker");
            thread::sleep(Duration::from_millis(50));
            done.send(()).expect("the future is waiting");
            waker.wake();
        });
        let mut polls = 0;
        let polls = block_on(poll_fn(move |context| {
            polls += 1;
            let _ = sender.send(context.waker().clone());
            is_done
                .try_recv()
                .map_or(Poll::Pending, |()| Poll::Ready(polls))
        }));
        other.join().expect("it does not panic");
        polls
    });
    // `park` is allowed to return early, so a third poll is possible; spinning for 50 ms
    // would make thousands.
    assert!((2..10).contains(&polls), "polled {polls} times");
}

#[test]
fn select_returns_the_first_that_is_ready() {
    let never = || poll_fn(|_| Poll::<()>::Pending);
    let first = block_on(select(async { 1 }, never()));
    assert_eq!(first, Either::First(1));
    let second = block_on(select(never(), async { 2 }));
    assert_eq!(second, Either::Second(2));
    let both = block_on(select(async { 1 }, async { 2 }));
    assert_eq!(both, Either::First(1));
}

#[test]
fn select_drops_the_loser() {
    struct Dropped(Rc<Cell<bool>>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }
    let dropped = Rc::new(Cell::new(false));
    let owned = Dropped(dropped.clone());
    let loser = poll_fn(move |_| {
        let _ = &owned;
        Poll::<()>::Pending
    });
    let result = block_on(async {
        let result = select(loser, async {}).await;
        assert!(dropped.get(), "the loser is alive after `select`");
        result
    });
    assert_eq!(result, Either::Second(()));
}

/// Runs `work` on an executor with both ends of a connection.
fn with_streams<T, F>(work: impl FnOnce(Executor, Stream, TcpStream) -> F) -> T
where
    F: FnOnce() -> io::Result<T>,
{
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let peer = TcpStream::connect(address).expect("it listens");
    let (stream, _) = listener.accept().expect("the peer connects");
    let executor = Executor::new(Reactor::new().expect("a descriptor is left"));
    let stream = Stream::new(&executor.handle(), stream).expect("the loop accepts it");
    work(executor, stream, peer)().expect("the connection works")
}

#[test]
fn a_read_that_is_dropped_has_read_nothing() {
    let (timed_out, read) = with_streams(|mut executor, stream, peer| {
        move || {
            let handle = executor.handle();
            executor.block_on(async move {
                let sleep = handle.sleep(Duration::from_millis(5));
                let first = select(stream.read(&mut [0; 8]), sleep).await;
                io::Write::write_all(&mut &peer, b"hello")?;
                let mut buffer = [0; 8];
                let count = stream.read(&mut buffer).await?;
                let timed_out = matches!(first, Either::Second(()));
                Ok((timed_out, buffer[..count].to_vec()))
            })?
        }
    });
    assert_eq!((timed_out, read.as_slice()), (true, &b"hello"[..]));
}

#[test]
fn a_write_all_that_is_dropped_has_written_a_part() {
    const ALL: usize = 64 << 20;
    let arrived = with_streams(|mut executor, stream, mut peer| {
        move || {
            let handle = executor.handle();
            executor.block_on(async move {
                let sleep = handle.sleep(Duration::from_millis(5));
                let bytes = vec![0; ALL];
                let _ = select(stream.write_all(&bytes), sleep).await;
                drop(stream);
            })?;
            peer.set_read_timeout(Some(SOON))?;
            let mut arrived = Vec::new();
            peer.read_to_end(&mut arrived)?;
            Ok(arrived.len())
        }
    });
    assert!((1..ALL).contains(&arrived), "{arrived} bytes arrived");
}

#[test]
fn a_dropped_sleep_cancels_its_timer() {
    let mut executor = Executor::new(Reactor::new().expect("a descriptor is left"));
    let handle = executor.handle();
    let timers = executor.block_on({
        let handle = handle.clone();
        async move {
            let before = {
                let mut sleep = pin!(handle.sleep(Duration::from_secs(3600)));
                let _ =
                    poll_fn(|context| Poll::Ready(sleep.as_mut().poll(context))).await;
                handle.reactor().timers()
            };
            (before, handle.reactor().timers())
        }
    });
    assert_eq!(timers.expect("the loop turns"), (1, 0));
}
