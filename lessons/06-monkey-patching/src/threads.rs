//! Threads that are coroutines: what the talk's slide has,
//! `gevent.monkey.patch_thread()`.
//!
//! This is for the library that is loaded before a program which is not ours. Such a
//! program begins threads, by `pthread_create`, and each becomes a coroutine here.
//!
//! A thread is more than a stack, though: it has thread-locals, and `std` keeps in them
//! who the thread is. All coroutines of a worker would share the worker's. So each
//! coroutine gets a copy of its own: the program's block of thread-locals is put in place
//! when the coroutine runs, and taken away when it parks. That works because this library
//! is another object than the program and has its own block, and because a coroutine
//! gives way only in the calls that we patched.
//!
//! It is a demonstration and no foundation. A thread-local whose *address* somebody
//! keeps, a thread-local of another library, a destructor of a thread-local,
//! `pthread_kill` and locks: none of these is what it was.

use std::cell::Cell;
use std::collections::HashMap;
use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, OnceLock, PoisonError};

use may::coroutine::Builder;
use may::sync::SyncFlag;

use crate::{errno, next};

/// The stack of a coroutine that was to be a thread, in words: 256 KiB.
const STACK: usize = 0x8000;

/// A thread of the program.
struct Thread {
    result: AtomicPtr<c_void>,
    over: SyncFlag,
}

/// The threads that can still be joined, by the number that the program knows them by.
fn threads() -> MutexGuard<'static, HashMap<libc::pthread_t, Arc<Thread>>> {
    static THREADS: OnceLock<Mutex<HashMap<libc::pthread_t, Arc<Thread>>>> =
        OnceLock::new();
    THREADS
        .get_or_init(Mutex::default)
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

thread_local! {
    /// This thread is just beginning the scheduler, whose threads are to be threads.
    static BEGINNING: Cell<bool> = const { Cell::new(false) };
    /// The coroutine whose thread-locals are in place in this thread.
    static INSTALLED: Cell<*mut Guest> = const { Cell::new(ptr::null_mut()) };
}

/// Begins `may` with one worker.
fn begin_scheduler() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        BEGINNING.set(true);
        may::config().set_workers(1).set_stack_size(STACK);
        // SAFETY: the coroutine does nothing, and so neither looks at thread-locals nor
        // needs a stack.
        drop(unsafe { may::coroutine::spawn(|| {}) });
        BEGINNING.set(false);
    });
}

/// As `pthread_create(3)`, and what begins is a coroutine.
///
/// # Safety
/// As the manual page says; and what `start` does has to stand what this module's head
/// says.
pub unsafe fn pthread_create(
    thread: *mut libc::pthread_t,
    attributes: *const libc::pthread_attr_t,
    start: extern "C" fn(*mut c_void) -> *mut c_void,
    argument: *mut c_void,
) -> c_int {
    static NUMBER: AtomicUsize = AtomicUsize::new(1);
    if BEGINNING.get() || program().is_none() {
        // SAFETY: as the caller promises.
        return unsafe { next::pthread_create(thread, attributes, start, argument) };
    }
    begin_scheduler();
    // Numbers that no thread has: those are addresses, and nothing lies this low.
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
    // SAFETY: the coroutine's thread-locals are its own (`run_as_guest`), and the program
    // was told of no smaller stack than it asked for: that is the promise which this
    // demonstration does not keep, as the module's head says.
    if unsafe { Builder::new().spawn(body) }.is_err() {
        threads().remove(&number);
        return libc::EAGAIN;
    }
    // SAFETY: the caller gives a place for the number.
    unsafe { *thread = number };
    0
}

/// As `pthread_join(3)`.
///
/// # Safety
/// As the manual page says.
pub unsafe fn pthread_join(thread: libc::pthread_t, result: *mut *mut c_void) -> c_int {
    let Some(record) = threads().remove(&thread) else {
        // SAFETY: as the caller promises; it is a real thread.
        return unsafe { next::pthread_join(thread, result) };
    };
    parked(|| record.over.wait());
    if !result.is_null() {
        // SAFETY: the caller gives a place for it.
        unsafe { *result = record.result.load(Ordering::Acquire) };
    }
    0
}

/// As `pthread_detach(3)`.
///
/// # Safety
/// As the manual page says.
pub unsafe fn pthread_detach(thread: libc::pthread_t) -> c_int {
    if threads().remove(&thread).is_some() {
        return 0;
    }
    // SAFETY: as the caller promises; it is a real thread.
    unsafe { next::pthread_detach(thread) }
}

/// The program's block of thread-locals: what a new one looks like, and where it is in
/// each thread.
struct Program {
    image: Vec<u8>,
    /// From the thread's `errno` to the block. Both lie at fixed places of the thread,
    /// so this is the same in all.
    from_errno: usize,
}

/// What the dynamic linker knows of the program; `None` when it has no thread-locals.
fn program() -> Option<&'static Program> {
    static PROGRAM: OnceLock<Option<Program>> = OnceLock::new();
    PROGRAM
        .get_or_init(|| {
            let mut found = None;
            // SAFETY: `look` has the type that is asked for, and gets the place that is
            // passed here.
            unsafe { libc::dl_iterate_phdr(Some(look), (&raw mut found).cast()) };
            found
        })
        .as_ref()
}

/// Looks at the first object that the dynamic linker names, which is the program.
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
        let (Ok(size), Ok(given), Ok(start)) = (
            usize::try_from(header.p_memsz),
            usize::try_from(header.p_filesz),
            usize::try_from(info.dlpi_addr + header.p_vaddr),
        ) else {
            continue;
        };
        let mut image = vec![0; size];
        // SAFETY: the program is loaded at `dlpi_addr`, and this header says where in it
        // the first values stand.
        let values = unsafe { std::slice::from_raw_parts(start as *const u8, given) };
        image[..given].copy_from_slice(values);
        let from_errno = (info.dlpi_tls_data as usize).wrapping_sub(errno::address());
        // SAFETY: `program` passes the address of its `Option<Program>`.
        unsafe { *found.cast::<Option<Program>>() = Some(Program { image, from_errno }) };
    }
    1
}

/// The thread-locals of one coroutine, and of the thread where it runs, while the other's
/// are in place.
struct Guest {
    guest: Vec<u8>,
    host: Vec<u8>,
}

impl Guest {
    /// Exchanges what is in place in this thread: keeps that in `kept`, and puts `put`
    /// there.
    #[inline(never)]
    fn exchange(program: &Program, kept: &mut [u8], put: &[u8]) {
        let block = errno::address().wrapping_add(program.from_errno) as *mut u8;
        // SAFETY: the block is this thread's, it is as long as the image, and so are
        // `kept` and `put`. Nobody looks at it meanwhile: it belongs to the
        // program's code, of which none runs in this thread now.
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

/// Runs a thread's function in a coroutine, with thread-locals of its own.
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

/// Does something that may give way to other coroutines: meanwhile the thread has its own
/// thread-locals.
pub(crate) fn parked<T>(wait: impl FnOnce() -> T) -> T {
    let guest = installed();
    // SAFETY: whoever installed it is the coroutine that calls, and its `Guest` lies on
    // its stack in `run_as_guest`, which has not returned. Nobody else has a
    // reference: the one of `enter` ended with it.
    let Some(guest) = (unsafe { guest.as_mut() }) else {
        return wait();
    };
    guest.leave();
    let result = wait();
    // This may be another thread.
    guest.enter();
    result
}
