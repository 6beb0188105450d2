//! What the kernel keeps for each thread, read from `/proc`.
//!
//! Textbooks call this record the process control block. Linux calls it `task_struct` and
//! has one for each *thread*, so the slide's "threads do not have their own PCB" does not
//! describe Linux. The records of a process's threads all point to what the threads
//! share: its memory and its open files.

use std::{fs, io};

/// One task: the kernel's word for a thread, with what `/proc` shows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// The task's own number. The first thread of a process has the process's number.
    pub tid: u32,
    /// The number of its process, which the kernel calls a thread group.
    pub tgid: u32,
    /// The number of its process's parent.
    pub ppid: u32,
    /// Its name, of which Linux keeps 15 bytes.
    pub name: String,
    /// `R` running or ready to run, `S` asleep until something happens, `D` asleep and
    /// not to be interrupted, usually waiting for a disk, `T` stopped, `Z` a zombie:
    /// exited, but not yet waited for.
    pub state: char,
    /// How often it left its core because it had to wait.
    pub voluntary_switches: u64,
    /// How often the kernel took it off its core to run another task.
    pub involuntary_switches: u64,
    /// How much of its process's memory is in RAM, in KiB.
    pub resident_kib: u64,
}

/// Returns the tasks of this process, ordered by their numbers.
///
/// # Errors
/// Returns [`io::ErrorKind::Unsupported`] where there is no `/proc` in Linux's form.
pub fn tasks() -> io::Result<Vec<Task>> {
    tasks_of("self")
}

/// Returns the tasks of a process, given by its number or as `self`.
///
/// # Errors
/// Returns an error if there is no such process, and [`io::ErrorKind::Unsupported`] where
/// there is no `/proc` in Linux's form.
// ANCHOR: tasks
pub fn tasks_of(process: &str) -> io::Result<Vec<Task>> {
    let folder = fs::read_dir(format!("/proc/{process}/task")).map_err(without_proc)?;
    let mut tasks = Vec::new();
    for entry in folder {
        // A task can exit while we look; then its file is gone.
        let Ok(status) = fs::read_to_string(entry?.path().join("status")) else {
            continue;
        };
        tasks.extend(parse(&status));
    }
    tasks.sort_by_key(|task| task.tid);
    Ok(tasks)
}
// ANCHOR_END: tasks

/// Parses a `status` file (proc(5)): each line has a name, a colon and a value.
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

/// How much of a process's memory is in RAM, shared and private.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// KiB in pages that at least one other process uses too.
    pub shared_kib: u64,
    /// KiB in pages that only this process uses.
    pub private_kib: u64,
}

/// Returns the memory of a process, given by its number or as `self`.
///
/// # Errors
/// Returns an error if there is no such process, and [`io::ErrorKind::Unsupported`] where
/// there is no `/proc` in Linux's form.
pub fn memory_of(process: &str) -> io::Result<Memory> {
    let smaps = fs::read_to_string(format!("/proc/{process}/smaps_rollup"))
        .map_err(without_proc)?;
    Ok(Memory {
        shared_kib: sum(&smaps, "Shared_"),
        private_kib: sum(&smaps, "Private_"),
    })
}

/// Adds up the lines of a `smaps_rollup` file (`man 5 proc_pid_smaps`) that start with
/// `kind`: it counts pages that were written to, `_Dirty`, apart from those that were
/// not.
fn sum(smaps: &str, kind: &str) -> u64 {
    let lines = smaps.lines().filter(|line| line.starts_with(kind));
    lines
        .filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok())
        .sum()
}

/// Replaces "not found" by an error that says why, on systems other than Linux.
fn without_proc(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::NotFound && !cfg!(target_os = "linux") {
        let why = "this part reads /proc, which only Linux has in this form";
        return io::Error::new(io::ErrorKind::Unsupported, why);
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_file_is_parsed() {
        let status = "Name:\tunits\nState:\tS (sleeping)\nTgid:\t10\nPid:\t12\n\
                      PPid:\t1\nVmRSS:\t    2048 kB\n\
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
        let smaps = "55d0-7ffe ---p 00000000 00:00 0 [rollup]\nRss:  1744 kB\n\
                     Shared_Clean:  1500 kB\n\
                     Shared_Dirty:  92 kB\nPrivate_Clean:  40 kB\n\
                     Private_Dirty:  112 kB\nPrivate_Hugetlb:  0 kB\n";
        assert_eq!((sum(smaps, "Shared_"), sum(smaps, "Private_")), (1592, 152));
    }

    #[test]
    fn an_incomplete_status_file_is_rejected() {
        assert_eq!(parse("Name:\tunits\nPid:\t12\n"), None);
    }
}
