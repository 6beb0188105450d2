//! Sockets with a path instead of an address and a port.

use std::io::ErrorKind;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;

use sockets::fixed;

use crate::common::within;

#[test]
fn the_fixed_server_works_over_a_unix_socket() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("talk");
    let server = UnixListener::bind(&path).expect("the folder is ours");
    let serving = thread::spawn(move || {
        let mut printed = Vec::new();
        fixed::converse(server.accept()?.0, &mut printed).map(|_| printed)
    });
    let answer = within("the server answers", move || {
        fixed::ask(UnixStream::connect(path).expect("it listens"), "hello")
            .expect("it answers")
    });
    assert_eq!(answer, "hello");
    assert_eq!(
        serving.join().expect("no panic").expect("no error"),
        b"hello\n"
    );
}

#[test]
fn the_path_outlives_the_server_and_has_to_be_removed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("talk");
    drop(UnixListener::bind(&path).expect("the folder is ours"));
    assert!(
        path.symlink_metadata()
            .expect("it is still there")
            .file_type()
            .is_socket()
    );
    assert_eq!(
        UnixStream::connect(&path)
            .expect_err("nothing listens")
            .kind(),
        ErrorKind::ConnectionRefused
    );
    assert_eq!(
        UnixListener::bind(&path).expect_err("it is there").kind(),
        ErrorKind::AddrInUse
    );
    std::fs::remove_file(&path).expect("the folder is ours");
    UnixListener::bind(&path).expect("it is free again");
}

#[test]
#[cfg(target_os = "linux")]
fn the_kernel_reports_the_process_and_user_of_the_peer() {
    let (ours, _theirs) = UnixStream::pair().expect("two sockets");
    let peer = rustix::net::sockopt::socket_peercred(&ours).expect("the kernel knows");
    assert_eq!(peer.pid, rustix::process::getpid());
    assert_eq!(peer.uid, rustix::process::getuid());
}
