//! Linux keeps a record for each thread, with the process's number in it.
#![cfg(target_os = "linux")]

use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use units::kernel;

use crate::deadline::{PATIENCE, in_time};

#[test]
fn each_thread_has_a_record_with_its_process_number() {
    let (ready, is_ready) = mpsc::channel();
    let (stop, stopped) = mpsc::channel::<()>();
    let thread = thread::Builder::new().name("tea".into()).spawn(move || {
        ready.send(()).unwrap();
        let _ = stopped.recv();
    });
    is_ready.recv_timeout(PATIENCE).unwrap();
    let tasks = kernel::tasks().unwrap();
    drop(stop);
    in_time("joining a thread that has to stop", move || {
        thread.unwrap().join().unwrap();
    });

    let tea = tasks
        .iter()
        .find(|task| task.name == "tea")
        .expect("the thread has its own record");
    let process = std::process::id();
    assert_eq!(tea.tgid, process);
    assert_ne!(
        tea.tid, process,
        "only the first thread has the process's number"
    );
    assert!(
        tasks
            .iter()
            .all(|task| task.tgid == process && task.ppid == tea.ppid)
    );
    assert!(tasks.iter().any(|task| task.tid == process));
}

#[test]
fn an_exited_child_is_a_zombie_until_its_parent_waits() {
    let mut child = Command::new("true").stdin(Stdio::null()).spawn().unwrap();
    let state = |child: &std::process::Child| {
        kernel::tasks_of(&child.id().to_string())
            .unwrap()
            .first()
            .map(|task| (task.state, task.ppid))
    };
    let deadline = Instant::now() + PATIENCE;
    while state(&child).map(|(state, _)| state) != Some('Z') {
        assert!(Instant::now() < deadline, "the child has not exited");
        thread::yield_now();
    }
    assert_eq!(state(&child), Some(('Z', std::process::id())));
    let number = child.id().to_string();
    in_time("waiting for a child that has exited", move || {
        child.wait().unwrap()
    });
    assert!(
        kernel::tasks_of(&number).is_err(),
        "waiting removes the record"
    );
}
