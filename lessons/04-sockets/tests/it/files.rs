//! "Everything is a file": how far it is true of sockets.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Command, Stdio};

use rustix::io::{FdFlags, fcntl_getfd};
use sockets::{by_hand, descriptor, talk};

use crate::common::{until, within};

const ANY_PORT: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0));

fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind(ANY_PORT).expect("a free port");
    let client = TcpStream::connect(listener.local_addr().expect("it has an address"))
        .expect("it listens");
    (client, listener.accept().expect("one waits").0)
}

#[test]
fn cs_own_socket_call_returns_a_usable_descriptor() {
    let listener = TcpListener::bind(ANY_PORT).expect("a free port");
    let address = listener.local_addr().expect("it has an address");
    let socket = sockets::by_hand::socket_by_libc().expect("a socket");
    rustix::net::connect(&socket, &address).expect("it listens");
    let mut client = TcpStream::from(socket);
    client.write_all(b"hello").expect("it is open");
    drop(client);
    let mut heard = String::new();
    listener
        .accept()
        .expect("one waits")
        .0
        .read_to_string(&mut heard)
        .expect("text, then the end");
    assert_eq!(heard, "hello");
}

#[test]
#[cfg(target_os = "linux")]
fn a_socket_is_an_open_file_of_this_process() {
    let (client, _server) = pair();
    let what = descriptor::what(&client).expect("it is open");
    assert!(what.starts_with("socket:["), "{what}");
}

#[test]
fn a_file_can_write_to_a_socket() {
    let (client, mut server) = pair();
    let mut file = File::from(OwnedFd::from(client));
    file.write_all(b"written with write(2)")
        .expect("it is open");
    drop(file);
    let mut heard = String::new();
    server
        .read_to_string(&mut heard)
        .expect("text, then the end");
    assert_eq!(heard, "written with write(2)");
}

#[test]
#[cfg(target_os = "linux")]
fn a_socket_cannot_be_opened_by_its_path_and_a_pipe_can() {
    let (client, _server) = pair();
    let error =
        File::open(descriptor::path(&client)).expect_err("a socket has no `open`");
    assert_eq!(error.raw_os_error(), Some(libc::ENXIO));
    let (reader, _writer) = io::pipe().expect("a pipe");
    File::open(descriptor::path(&reader)).expect("a pipe has one");
}

#[test]
fn a_program_without_network_code_can_serve_a_socket() {
    let (mut client, server) = pair();
    let output = OwnedFd::from(server.try_clone().expect("a second descriptor"));
    let mut tr = Command::new("tr")
        .args(["a-z", "A-Z"])
        .stdin(Stdio::from(OwnedFd::from(server)))
        .stdout(Stdio::from(output))
        .spawn()
        .expect("tr is on every Unix");
    let answer = within("tr answers", move || {
        client.write_all(b"hello\n").expect("tr reads");
        client.shutdown(Shutdown::Write).expect("it is open");
        let mut answer = String::new();
        client
            .read_to_string(&mut answer)
            .expect("tr answers and ends");
        answer
    });
    assert_eq!(answer, "HELLO\n");
    assert!(tr.wait().expect("it ends").success());
}

#[test]
fn a_connection_ends_with_its_last_descriptor() {
    let (mut client, server) = pair();
    let copy = server.try_clone().expect("a second descriptor");
    drop(server);
    client.set_nonblocking(true).expect("it is open");
    assert_eq!(
        client.read(&mut [0]).expect_err("a copy is open").kind(),
        io::ErrorKind::WouldBlock
    );
    drop(copy);
    until("the end has come", || {
        client.read(&mut [0]).is_ok_and(|count| count == 0)
    });
}

#[test]
fn a_shutdown_ends_a_connection_even_if_another_descriptor_is_open() {
    let (mut client, server) = pair();
    let copy = server.try_clone().expect("a second descriptor");
    server.shutdown(Shutdown::Write).expect("it is open");
    client.set_nonblocking(true).expect("it is open");
    until("the end has come", || {
        client.read(&mut [0]).is_ok_and(|count| count == 0)
    });
    drop(copy);
}

#[test]
fn only_the_talks_sockets_are_inherited_by_child_programs() {
    fn is_kept(descriptor: impl AsFd) -> bool {
        fcntl_getfd(descriptor)
            .expect("it is open")
            .contains(FdFlags::CLOEXEC)
    }
    let listener = by_hand::Listener::open(ANY_PORT, 1).expect("a free port");
    let client = by_hand::Stream::connect(listener.local_addr().expect("an address"))
        .expect("it listens");
    let server = listener.accept().expect("one waits");
    assert!(is_kept(&listener) && is_kept(&client) && is_kept(&server));
    let (client, server) = pair();
    assert!(is_kept(&client) && is_kept(&server));
    let shown =
        talk::open(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    assert!(
        !is_kept(&shown),
        "rustix's plain `socket` marks nothing, as Python's did in 2013"
    );
}
