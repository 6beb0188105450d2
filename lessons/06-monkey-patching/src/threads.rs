//! **Unsound in general: a demonstration.** Runs the threads of another program as
//! coroutines, which is what the slide's `gevent.monkey.patch_thread()` does in Python.
//!
//! This module is for a library that is loaded before a program that we cannot change.
//! The program starts threads with `pthread_create`, and each of them becomes a
//! coroutine.
//!
//! A thread is more than a stack, though: it has thread-local variables, and `std` stores
//! in them which thread is running. Without further work, all coroutines of a worker
//! would share the worker's thread-locals. So each coroutine has its own copy of the
//! program's block of thread-locals. We copy it into place when the coroutine runs and
//! copy it out when the coroutine parks. This works because our library is a separate
//! object with its own block, and because a coroutine yields only in calls that we have
//! patched.
//!
//! These break: a thread-local whose *address* is kept across a wait, a thread-local of
//! another library, destructors of thread-locals, `pthread_kill`, and locks that are held
//! across a wait. A stack is 256 KiB, whatever size the program asked for.

use std::cell::Cell;
use std::collections::HashMap;
use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, OnceLock, PoisonError};

use may::coroutine::Builder;
use may::sync::SyncFlag;

use crate::{errno, next};

/// The stack of a coroutine that replaces a thread, in words: 256 KiB.
const STACK: usize = 0x8000;

/// A thread of the program.
struct Thread {
    result: AtomicPtr<c_void>,
    over: SyncFlag,
}

/// The threads that can still be joined, by the number that the program was given.
fn threads() -> MutexGuard<'static, HashMap<libc::pthread_t, Arc<Thread>>> {
    static THREADS: OnceLock<Mutex<HashMap<libc::pthread_t, Arc<Thread>>>> =
        OnceLock::new();
    THREADS
        .get_or_init(Mutex::default)
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

thread_local! {
    /// Set while this thread starts the scheduler, whose own threads must stay threads.
    static STARTING: Cell<bool> = const { Cell::new(false) };
    /// The coroutine whose thread-locals are in place in this thread.
    static INSTALLED: Cell<*mut Guest> = const { Cell::new(ptr::null_mut()) };
}

/// Starts `may` with one worker.
fn start_scheduler() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        STARTING.set(true);
        may::config().set_workers(1).set_stack_size(STACK);
        // SAFETY: the coroutine does nothing: it uses no thread-local and needs no stack.
        drop(unsafe { may::coroutine::spawn(|| {}) });
        STARTING.set(false);
    });
}

/// Replaces `pthread_create(3)`: starts a coroutine instead of a thread.
///
/// # Safety
/// The conditions are those of the manual page, and `start` must not do anything that
/// this module's head lists as broken.
pub unsafe fn pthread_create(
    thread: *mut libc::pthread_t,
    attributes: *const libc::pthread_attr_t,
    start: extern "C" fn(*mut c_void) -> *mut c_void,
    argument: *mut c_void,
) -> c_int {
    static NUMBER: AtomicUsize = AtomicUsize::new(1);
    if STARTING.get() || program().is_none() {
        // SAFETY: as the caller promises.
        return unsafe { next::pthread_create(thread, attributes, start, argument) };
    }
    start_scheduler();
    // A real thread's number is an address, and no object has an address this low.
    let Ok(number) = libc::pthread_t::try_from(NUMBER.fetch_add(1, Ordering::Relaxed))
    else {
        return libc::EAGAIN;
    };
    let record = Arc::new(Thread {
        result: AtomicPtr::new(ptr::null_mut()),
        over: SyncFlag::new(),
    });
    threads().insert(number, Arc::clone(&record));
    let argument = argument as usize;
    let body = move || {
        let result = run_as_guest(|| start(argument as *mut c_void));
        record.result.store(result, Ordering::Release);
        record.over.fire();
    };
    // SAFETY: the coroutine has its own thread-locals (`run_as_guest`). Its stack can be
    // smaller than the program asked for: that is one of the promises that this
    // demonstration does not keep, as the module's head says.
    if unsafe { Builder::new().spawn(body) }.is_err() {
        threads().remove(&number);
        return libc::EAGAIN;
    }
    // SAFETY: the caller passes a place for the number.
    unsafe { *thread = number };
    0
}

/// Replaces `pthread_join(3)`.
///
/// # Safety
/// The conditions are those of the manual page.
pub unsafe fn pthread_join(thread: libc::pthread_t, result: *mut *mut c_void) -> c_int {
    let Some(record) = threads().remove(&thread) else {
        // SAFETY: as the caller promises; it is a real thread.
        return unsafe { next::pthread_join(thread, result) };
    };
    parked(|| record.over.wait());
    if !result.is_null() {
        // SAFETY: the caller passes a place for it.
        unsafe { *result = record.result.load(Ordering::Acquire) };
    }
    0
}

/// Replaces `pthread_detach(3)`.
///
/// # Safety
/// The conditions are those of the manual page.
pub unsafe fn pthread_detach(thread: libc::pthread_t) -> c_int {
    if threads().remove(&thread).is_some() {
        return 0;
    }
    // SAFETY: as the caller promises; it is a real thread.
    unsafe { next::pthread_detach(thread) }
}

/// The program's block of thread-locals: its first content, and its place in each thread.
struct Program {
    image: Vec<u8>,
    /// The distance from a thread's `errno` to its block. Both are at fixed places in a
    /// thread, so the distance is the same in all threads.
    from_errno: usize,
}

/// Asks the dynamic linker about the program. Returns `None` if it has no thread-locals.
fn program() -> Option<&'static Program> {
    static PROGRAM: OnceLock<Option<Program>> = OnceLock::new();
    PROGRAM
        .get_or_init(|| {
            let mut found = None;
            // SAFETY: `look` has the required type, and receives the place that is passed
            // here.
            unsafe { libc::dl_iterate_phdr(Some(look), (&raw mut found).cast()) };
            found
        })
        .as_ref()
}

/// Reads the first object that the dynamic linker names, which is the program.
unsafe extern "C" fn look(
    info: *mut libc::dl_phdr_info,
    _size: usize,
    found: *mut c_void,
) -> c_int {
    // SAFETY: the dynamic linker passes an object's description that lives until we
    // return.
    let info = unsafe { &*info };
    for index in 0..usize::from(info.dlpi_phnum) {
        // SAFETY: there are `dlpi_phnum` headers.
        let header = unsafe { &*info.dlpi_phdr.add(index) };
        if header.p_type != libc::PT_TLS || info.dlpi_tls_data.is_null() {
            continue;
        }
        let (Ok(size), Ok(initial), Ok(start)) = (
            usize::try_from(header.p_memsz),
            usize::try_from(header.p_filesz),
            usize::try_from(info.dlpi_addr + header.p_vaddr),
        ) else {
            continue;
        };
        let mut image = vec![0; size];
        // SAFETY: the program is loaded at `dlpi_addr`, and this header says where in it
        // the initial values are.
        let values = unsafe { std::slice::from_raw_parts(start as *const u8, initial) };
        image[..initial].copy_from_slice(values);
        let from_errno = (info.dlpi_tls_data as usize).wrapping_sub(errno::address());
        // SAFETY: `program` passes the address of its `Option<Program>`.
        unsafe { *found.cast::<Option<Program>>() = Some(Program { image, from_errno }) };
    }
    1
}

/// Two copies of the block: the coroutine's, while it is parked, and the worker thread's,
/// while the coroutine runs.
struct Guest {
    guest: Vec<u8>,
    host: Vec<u8>,
}

impl Guest {
    /// Saves this thread's block in `kept` and overwrites it with `put`.
    #[inline(never)]
    fn exchange(program: &Program, kept: &mut [u8], put: &[u8]) {
        let block = errno::address().wrapping_add(program.from_errno) as *mut u8;
        // SAFETY: the block is this thread's, it is as long as the image, and so are
        // `kept` and `put`. Only the program's code uses the block, and none of it is
        // running in this thread now.
        unsafe {
            ptr::copy_nonoverlapping(block, kept.as_mut_ptr(), kept.len());
            ptr::copy_nonoverlapping(put.as_ptr(), block, put.len());
        }
    }

    #[inline(never)]
    fn enter(&mut self) {
        if let Some(program) = program() {
            Self::exchange(program, &mut self.host, &self.guest);
            INSTALLED.set(self);
        }
    }

    #[inline(never)]
    fn leave(&mut self) {
        if let Some(program) = program() {
            Self::exchange(program, &mut self.guest, &self.host);
            INSTALLED.set(ptr::null_mut());
        }
    }
}

/// Runs a thread's function in a coroutine with its own thread-locals.
fn run_as_guest<T>(work: impl FnOnce() -> T) -> T {
    let image = program()
        .map(|program| program.image.clone())
        .unwrap_or_default();
    let mut guest = Guest {
        host: vec![0; image.len()],
        guest: image,
    };
    guest.enter();
    let result = work();
    guest.leave();
    result
}

#[inline(never)]
fn installed() -> *mut Guest {
    INSTALLED.get()
}

/// Runs a wait that can switch to other coroutines. While it lasts, the thread has its
/// own thread-locals back.
pub(crate) fn parked<T>(wait: impl FnOnce() -> T) -> T {
    let guest = installed();
    // SAFETY: the coroutine that calls us has installed it, and its `Guest` is on its
    // stack in `run_as_guest`, which has not returned. There is no other reference: the
    // one in `enter` ended with that call.
    let Some(guest) = (unsafe { guest.as_mut() }) else {
        return wait();
    };
    guest.leave();
    let result = wait();
    // This can be another thread.
    guest.enter();
    result
}
