//! What Linux keeps for a thread: a block of its own, with its process's number in it.
#![cfg(target_os = "linux")]

mod deadline;

use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use deadline::{PATIENCE, in_time};
use units::kernel;

#[test]
fn each_thread_has_a_block_and_all_have_one_process() {
    let (ready, is_ready) = mpsc::channel();
    let (stop, stopped) = mpsc::channel::<()>();
    let thread = thread::Builder::new().name("tea".into()).spawn(move || {
        ready.send(()).unwrap();
        let _ = stopped.recv();
    });
    is_ready.recv_timeout(PATIENCE).unwrap();
    let tasks = kernel::tasks().unwrap();
    drop(stop);
    in_time("a thread that was told to stop", move || {
        thread.unwrap().join().unwrap();
    });

    let tea = tasks
        .iter()
        .find(|task| task.name == "tea")
        .expect("the thread has a block of its own");
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
fn a_child_that_nobody_waited_for_is_a_zombie() {
    let mut child = Command::new("true").stdin(Stdio::null()).spawn().unwrap();
    let state = |child: &std::process::Child| {
        kernel::tasks_of(&child.id().to_string())
            .unwrap()
            .first()
            .map(|task| (task.state, task.ppid))
    };
    let deadline = Instant::now() + PATIENCE;
    while state(&child).map(|(state, _)| state) != Some('Z') {
        assert!(Instant::now() < deadline, "it has not ended");
        thread::yield_now();
    }
    assert_eq!(state(&child), Some(('Z', std::process::id())));
    let number = child.id().to_string();
    in_time("waiting for one that has ended", move || {
        child.wait().unwrap()
    });
    assert!(
        kernel::tasks_of(&number).is_err(),
        "waiting takes its block away"
    );
}
