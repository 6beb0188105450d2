//! What the kernel keeps for a process and for each of its threads, as a reader can see
//! it.
//!
//! Textbooks call it the process control block. Linux calls it `task_struct`, has one for
//! each *thread*, and shows much of it under `/proc`: so the slide's "threads do not have
//! their own PCB" is not how Linux sees it. What the threads of a process have in common
//! (its memory, its open files) hangs on all of their blocks.

use std::{fs, io};

/// What the kernel says of one task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its own number. A process's first thread has the process's.
    pub tid: u32,
    /// The number of its process, which the kernel calls thread group.
    pub tgid: u32,
    /// The process that started its process.
    pub ppid: u32,
    /// Its name, 15 bytes at most.
    pub name: String,
    /// `R` running or ready, `S` sleeping, `D` waiting for a disk, `T` stopped, `Z`
    /// ended and not waited for.
    pub state: char,
    /// How often it gave up its core because it had to wait.
    pub voluntary_switches: u64,
    /// How often it was taken off its core.
    pub involuntary_switches: u64,
    /// Memory of its process that lies in RAM, in KiB.
    pub resident_kib: u64,
}

/// The tasks of this process, by their numbers.
///
/// # Errors
/// Without `/proc`: only Linux shows it this way.
pub fn tasks() -> io::Result<Vec<Task>> {
    tasks_of("self")
}

/// The tasks of another process, a number or `self`.
///
/// # Errors
/// Without `/proc`, or when there is no such process.
// ANCHOR: tasks
pub fn tasks_of(process: &str) -> io::Result<Vec<Task>> {
    let folder = fs::read_dir(format!("/proc/{process}/task")).map_err(without_proc)?;
    let mut tasks = Vec::new();
    for entry in folder {
        // A task may end while we look: then its file is gone, or empty.
        let Ok(status) = fs::read_to_string(entry?.path().join("status")) else {
            continue;
        };
        tasks.extend(parse(&status));
    }
    tasks.sort_by_key(|task| task.tid);
    Ok(tasks)
}
// ANCHOR_END: tasks

/// A `status` file (proc(5)): a name, a colon and a value a line.
fn parse(status: &str) -> Option<Task> {
    let field = |name: &str| {
        let line = status
            .lines()
            .find(|line| line.split(':').next() == Some(name))?;
        line.split_once(':').map(|(_, value)| value.trim())
    };
    let number = |name: &str| field(name)?.split_whitespace().next()?.parse().ok();
    Some(Task {
        tid: u32::try_from(number("Pid")?).ok()?,
        tgid: u32::try_from(number("Tgid")?).ok()?,
        ppid: u32::try_from(number("PPid")?).ok()?,
        name: field("Name")?.to_owned(),
        state: field("State")?.chars().next()?,
        voluntary_switches: number("voluntary_ctxt_switches")?,
        involuntary_switches: number("nonvoluntary_ctxt_switches")?,
        resident_kib: number("VmRSS").unwrap_or(0),
    })
}

/// How much memory of a process is in RAM, by who has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// KiB in pages that another process has, too.
    pub shared_kib: u64,
    /// KiB in pages that nobody else has.
    pub private_kib: u64,
}

/// The memory of a process, a number or `self`.
///
/// # Errors
/// Without `/proc`, or when there is no such process.
pub fn memory_of(process: &str) -> io::Result<Memory> {
    let smaps = fs::read_to_string(format!("/proc/{process}/smaps_rollup"))
        .map_err(without_proc)?;
    Ok(Memory {
        shared_kib: sum(&smaps, "Shared_"),
        private_kib: sum(&smaps, "Private_"),
    })
}

/// A `smaps_rollup` file (`man 5 proc_pid_smaps`) has a line each for pages that were
/// written to, `_Dirty`, and that were not.
fn sum(smaps: &str, kind: &str) -> u64 {
    let lines = smaps.lines().filter(|line| line.starts_with(kind));
    lines
        .filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok())
        .sum()
}

/// Says what a missing file means.
fn without_proc(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::NotFound && !cfg!(target_os = "linux") {
        let why = "this system has no /proc: only Linux shows it this way";
        return io::Error::new(io::ErrorKind::Unsupported, why);
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_file_is_read() {
        let status = "Name:\tunits\nState:\tS (sleeping)\nTgid:\t10\nPid:\t12\nPPid:\t1\nVmRSS:\t    2048 kB\n\
                      voluntary_ctxt_switches:\t7\nnonvoluntary_ctxt_switches:\t3\n";
        let task = parse(status).unwrap();
        assert_eq!(
            (task.tid, task.tgid, task.ppid, task.state),
            (12, 10, 1, 'S')
        );
        assert_eq!(
            (
                task.voluntary_switches,
                task.involuntary_switches,
                task.resident_kib
            ),
            (7, 3, 2048)
        );
        assert_eq!(task.name, "units");
    }

    #[test]
    fn shared_and_private_pages_are_summed() {
        let smaps = "55d0-7ffe ---p 00000000 00:00 0 [rollup]\nRss:  1744 kB\nShared_Clean:  1500 kB\n\
                     Shared_Dirty:  92 kB\nPrivate_Clean:  40 kB\nPrivate_Dirty:  112 kB\nPrivate_Hugetlb:  0 kB\n";
        assert_eq!((sum(smaps, "Shared_"), sum(smaps, "Private_")), (1592, 152));
    }

    #[test]
    fn half_a_status_file_is_none() {
        assert_eq!(parse("Name:\tunits\nPid:\t12\n"), None);
    }
}
