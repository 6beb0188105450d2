//! Processor time and memory of another process, read from `/proc`.

use std::io;
use std::time::Duration;

/// The kernel's account of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Processor time of all its threads, user and system, in steps of 10 ms.
    pub cpu: Duration,
    /// Resident memory, in bytes.
    pub memory: u64,
}

/// Clock ticks per second in `/proc` (`USER_HZ`): always 100 for programs, whatever the
/// kernel's own clock does.
#[cfg(target_os = "linux")]
const TICKS: u64 = 100;

/// Returns the processor time and memory of the process `pid`.
///
/// # Errors
/// Returns `NotFound` if there is no such process, and `Unsupported` on systems without
/// `/proc`.
#[cfg(target_os = "linux")]
pub fn usage(pid: u32) -> io::Result<Usage> {
    let malformed = || {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("/proc/{pid} is not as expected"),
        )
    };
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The process name is in parentheses and can contain spaces; field 3 follows it.
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

/// Returns an error: this system has no `/proc`.
///
/// # Errors
/// Always returns `Unsupported`.
#[cfg(not(target_os = "linux"))]
pub fn usage(_pid: u32) -> io::Result<Usage> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "processor time and memory are read from Linux's /proc",
    ))
}

/// Pins this process to one processor, so that server and client do not compete for one.
/// Does nothing where the system cannot do that.
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
