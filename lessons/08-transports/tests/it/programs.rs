//! The three small programs of "tokio in two pages".

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Ends the program when the test ends, however it ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn output(program: &str) -> String {
    let output = Command::new(program).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn two_tasks_wait_at_the_same_time() {
    assert_eq!(
        output(env!("CARGO_BIN_EXE_tasks")),
        "The toast is ready.\nThe tea is ready.\n3 cups of tea and 2 slices of toast.\n"
    );
}

#[test]
fn select_and_timeout_end_their_waits() {
    assert_eq!(
        output(env!("CARGO_BIN_EXE_orders")),
        "Tea, please.\nCake, please.\nWe are closed.\nDid the guest leave? false\n"
    );
}

#[test]
fn hello_answers_with_json() {
    let mut hello = Command::new(env!("CARGO_BIN_EXE_hello"));
    let mut hello = Running(hello.stdout(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(hello.0.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let addr = line
        .trim()
        .strip_prefix("Ask http://")
        .and_then(|url| url.strip_suffix("/hello/Ann"))
        .unwrap();
    let ask = |request: &str| {
        let mut stream = TcpStream::connect(addr).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        write!(
            stream,
            "{request} HTTP/1.1\r\nhost: {addr}\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let answer = ask("GET /hello/Ann");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n{\"hello\":\"Ann\"}"), "{answer}");
    assert!(ask("GET /goodbye").starts_with("HTTP/1.1 404"));
    assert!(ask("POST /hello/Ann").starts_with("HTTP/1.1 405"));
}
