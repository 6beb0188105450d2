//! Memory that goes back to the system.
//!
//! glibc's allocator keeps most of what a program frees, ready to be used again. After a busy
//! hour, or an attack, a chat would keep the memory of its worst minute until it is
//! restarted. `malloc_trim` returns every page that holds nothing.

/// Returns unused memory to the system, now and then, forever. Does nothing on systems
/// whose allocator is not glibc's.
pub async fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    loop {
        tokio::time::sleep(glibc::EVERY).await;
        // A trim takes the allocator's locks for a moment, a millisecond for each few
        // megabytes that it returns: not in an async worker.
        let _ = tokio::task::spawn_blocking(glibc::trim).await;
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod glibc {
    use std::time::Duration;

    /// How often.
    pub(super) const EVERY: Duration = Duration::from_secs(10);

    pub(super) fn trim() {
        // SAFETY: malloc_trim may be called at any time from any thread (malloc_trim(3),
        // "MT-Safe"). It releases only pages that no allocation uses.
        unsafe {
            libc::malloc_trim(0);
        }
    }
}
