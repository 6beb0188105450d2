//! What a process has used, from outside: its processor time and its memory, from
//! `/proc`.

use std::io;
use std::time::Duration;

/// What the kernel has counted for a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Processor time of all its threads, in the program and in the kernel for it. In
    /// steps of 10 ms.
    pub cpu: Duration,
    /// Memory that it has in use now, in bytes.
    pub memory: u64,
}

/// Ticks a second in `/proc`, which Linux shows to programs as 100 whatever its own clock
/// does (`USER_HZ`).
#[cfg(target_os = "linux")]
const TICKS: u64 = 100;

/// Asks the kernel about a process.
///
/// # Errors
/// `NotFound` when there is no such process, `Unsupported` where there is no `/proc`.
#[cfg(target_os = "linux")]
pub fn usage(pid: u32) -> io::Result<Usage> {
    let malformed = || {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("/proc/{pid} is not as expected"),
        )
    };
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name stands in parentheses and may hold spaces; field 3 comes after it.
    let (_, fields) = stat.rsplit_once(')').ok_or_else(malformed)?;
    let mut ticks = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(str::parse::<u64>);
    let (Some(Ok(user)), Some(Ok(system))) = (ticks.next(), ticks.next()) else {
        return Err(malformed());
    };
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .ok_or_else(malformed)?;
    let kibibytes: u64 = resident
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .map_err(|_| malformed())?;
    Ok(Usage {
        cpu: Duration::from_millis((user + system) * 1000 / TICKS),
        memory: kibibytes * 1024,
    })
}

/// Asks the kernel about a process.
///
/// # Errors
/// Always: this system has no `/proc`.
#[cfg(not(target_os = "linux"))]
pub fn usage(_pid: u32) -> io::Result<Usage> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "processor time and memory are read from Linux's /proc",
    ))
}

/// Keeps this process on one processor, so that server and client do not push each other
/// around. Nothing happens where that cannot be said.
pub fn stay_on(processor: usize) {
    #[cfg(target_os = "linux")]
    {
        let mut set = rustix::thread::CpuSet::new();
        set.set(processor);
        let _ = rustix::thread::sched_setaffinity(None, &set);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = processor;
}
