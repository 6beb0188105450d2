//! The same three messages as lines and as frames.

use std::fmt::Write as _;
use std::net::Shutdown;
use std::thread;

use anyhow::{Result, anyhow, ensure};
use sockets::frame::{read_frame, write_frame};
use sockets::request::{reply, request};

use super::{heading, remember, row};

const MESSAGES: [&str; 3] = ["hello", "", "two\nlines"];

pub(crate) fn show() -> Result<()> {
    heading("Three messages, sent as lines and as frames");
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
        "{:<8} {from_lines} messages read, because one contained a newline",
        "lines"
    ));
    row(format!("{:<8} {from_frames} messages read", "frames"));
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
        row(format!("{:<8} {question:?}, reply {answer:?}", "request"));
        ensure!(
            answer.chars().rev().eq(question.chars()),
            "the answer was {answer:?}"
        );
    }
    asker.shutdown(Shutdown::Write)?;
    let answered = answering
        .join()
        .map_err(|_| anyhow!("the answerer panicked"))??;
    row(format!(
        "{:<8} end-of-file, after {answered} replies",
        "request"
    ));
    let refused = read_frame(&mut &b"\xff\xff\xff\xff"[..], 64)
        .map_or_else(|error| error.to_string(), |_| String::new());
    row(format!("{:<8} {refused}", "refused"));
    ensure!(
        answered == 2 && !refused.is_empty(),
        "{answered} answers, {refused:?}"
    );
    remember(
        "With a length in front, a message can contain anything, and the reader knows \
         its size before allocating memory for it.",
        "`cargo run -p lesson-04-sockets -- closing` shows how connections end.",
    );
    Ok(())
}
