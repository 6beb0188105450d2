//! The same three messages as lines and as frames.

use std::fmt::Write as _;
use std::net::Shutdown;
use std::thread;

use anyhow::{Result, anyhow, ensure};
use sockets::frame::{read_frame, write_frame};
use sockets::request::{reply, request};

use super::{found, heading, row};

const MESSAGES: [&str; 3] = ["hello", "", "two\nlines"];

pub(crate) fn show() -> Result<()> {
    heading("Where a message ends: a newline after it, or a length before it");
    let mut frames = Vec::new();
    for message in MESSAGES {
        write_frame(&mut frames, message.as_bytes())?;
    }
    let lines = MESSAGES.map(|message| format!("{message}\n")).concat();
    row(format!(
        "{:<8} {:>2} bytes  {lines:?}",
        "lines",
        lines.len()
    ));
    let mut text = String::new();
    for &byte in &frames {
        match byte {
            0x20..=0x7e => write!(text, "{}", char::from(byte))?,
            b'\n' => text.push_str("\\n"),
            _ => write!(text, "\u{b7}{byte:x}")?,
        }
    }
    row(format!("{:<8} {:>2} bytes  {text}", "frames", frames.len()));

    let from_lines = lines.lines().count();
    let (mut stream, mut from_frames) = (&frames[..], 0);
    while read_frame(&mut stream, 64)?.is_some() {
        from_frames += 1;
    }
    row(format!(
        "{:<8} {from_lines} messages, for one had a newline in it",
        "lines"
    ));
    row(format!("{:<8} {from_frames} messages", "frames"));
    ensure!(
        from_lines == 4 && from_frames == 3,
        "{from_lines} lines and {from_frames} frames came out"
    );

    let (mut asker, mut answerer) = super::pair()?;
    let answering = thread::spawn(move || {
        reply(&mut answerer, 64, |question| {
            question.iter().rev().copied().collect()
        })
    });
    for question in ["stressed", "desserts"] {
        let answer = String::from_utf8(request(&mut asker, question.as_bytes(), 64)?)?;
        row(format!("request  {question:?}, reply {answer:?}"));
        ensure!(
            answer.chars().rev().eq(question.chars()),
            "the answer was {answer:?}"
        );
    }
    asker.shutdown(Shutdown::Write)?;
    let answered = answering
        .join()
        .map_err(|_| anyhow!("the answerer panicked"))??;
    row(format!("request  the end, after {answered} answers"));
    let refused = read_frame(&mut &b"\xff\xff\xff\xff"[..], 64)
        .map_or_else(|error| error.to_string(), |_| String::new());
    row(format!("refused  {refused}"));
    ensure!(
        answered == 2 && !refused.is_empty(),
        "{answered} answers, {refused:?}"
    );
    found(
        "A length lets a message hold anything, and tells its size before there is room for it.",
    );
    Ok(())
}
