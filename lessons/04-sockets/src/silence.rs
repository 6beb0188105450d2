//! A peer that falls silent: the two options with which TCP notices, and a way to make it
//! happen without a network.
//!
//! A cut cable sends no packet that says so. [`keep_alive`] asks the kernel to probe a
//! connection that carries nothing; [`give_up_unacknowledged`] limits how long it repeats
//! data that is not acknowledged. [`tunnel`] makes a socket deaf and mute, as a phone in
//! a tunnel is, so that a test can see both at work.

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::net::sockopt;

/// Turns on TCP keepalive: after `idle` without a packet, the kernel sends a probe every
/// `interval`, and after `probes` probes without an answer the connection fails with
/// `TimedOut`.
///
/// Linux counts whole seconds, at least one.
///
/// # Errors
/// Returns `InvalidInput` for a time of less than a second.
// ANCHOR: keep_alive
pub fn keep_alive(
    stream: impl AsFd,
    idle: Duration,
    interval: Duration,
    probes: u32,
) -> io::Result<()> {
    sockopt::set_socket_keepalive(&stream, true)?; // SO_KEEPALIVE
    sockopt::set_tcp_keepidle(&stream, idle)?; // TCP_KEEPIDLE
    sockopt::set_tcp_keepintvl(&stream, interval)?; // TCP_KEEPINTVL
    sockopt::set_tcp_keepcnt(&stream, probes)?; // TCP_KEEPCNT
    Ok(())
}
// ANCHOR_END: keep_alive

/// Sets `TCP_USER_TIMEOUT`: the connection fails with `TimedOut` once sent data has been
/// unacknowledged for `time`.
///
/// # Errors
/// Returns `InvalidInput` for a time that does not fit into 32 bits of milliseconds.
// ANCHOR: user_timeout
pub fn give_up_unacknowledged(stream: impl AsFd, time: Duration) -> io::Result<()> {
    let milliseconds =
        u32::try_from(time.as_millis()).map_err(|_| io::ErrorKind::InvalidInput)?;
    Ok(sockopt::set_tcp_user_timeout(&stream, milliseconds)?)
}
// ANCHOR_END: user_timeout

/// Drops every packet that arrives for `stream` from now on, and with it every answer
/// that its kernel would send: to the peer the connection looks like a cut cable.
///
/// # Errors
/// Returns the kernel's error.
pub fn tunnel(stream: impl AsFd) -> io::Result<()> {
    use std::os::fd::AsRawFd;

    // A program for the kernel's packet filter with one instruction: keep 0 bytes.
    let mut drop_all = [libc::sock_filter {
        code: 0x06, // BPF_RET | BPF_K
        jt: 0,
        jf: 0,
        k: 0,
    }];
    let program = libc::sock_fprog {
        len: 1,
        filter: drop_all.as_mut_ptr(),
    };
    let length =
        libc::socklen_t::try_from(size_of_val(&program)).map_err(io::Error::other)?;
    // SAFETY: the descriptor is open while it is borrowed; `program` and its one
    // instruction live until the call returns, and the kernel copies both.
    let done = unsafe {
        libc::setsockopt(
            stream.as_fd().as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_FILTER,
            (&raw const program).cast(),
            length,
        )
    };
    if done == -1 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}
