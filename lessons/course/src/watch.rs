//! Runs an exercise when its file is saved, and shows the first case that fails.
//!
//! In a terminal it draws one screen and listens to keys; the work is done beside it, so
//! that a key is answered while the compiler runs. In a pipe it prints what came of each
//! save and has no keys.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};
use std::{fs, thread};

use anstyle::Style;
use anyhow::{Context, Result};
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyModifiers};
use crossterm::terminal::{
    self, Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen,
};
use crossterm::{cursor, execute};
use notify::{RecursiveMode, Watcher};

use crate::attempt::{self, Attempt, BAD, Line, STRONG, wrap};
use crate::exercises::{Exercise, Workspace};
use crate::reader::{self, bar, shortened};
use crate::run::STOP;

/// Editors write a file in several steps; what comes within this time is one save.
const SETTLE: Duration = Duration::from_millis(50);

enum Happened {
    Saved(Vec<PathBuf>),
    Key(KeyEvent),
    Resized,
    KeysEnded,
    TriedAll(Result<Vec<Attempt>>),
    Tried(usize, Result<Attempt>),
}

/// Watches until the reader presses `q`, or without a terminal until it is stopped.
///
/// # Errors
/// When the folders cannot be watched or cargo cannot build at all.
pub(crate) fn watch(workspace: Workspace) -> Result<()> {
    let (happened, next) = mpsc::channel();
    let saved = happened.clone();
    let mut watcher =
        notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if let Ok(event) = event
                && (event.kind.is_modify() || event.kind.is_create())
            {
                // Nobody listens any more when the reader has gone.
                let _ = saved.send(Happened::Saved(event.paths));
            }
        })?;
    let folders: BTreeSet<_> = workspace
        .exercises
        .iter()
        .map(|exercise| exercise.folder.join("exercises"))
        .collect();
    for folder in folders {
        watcher
            .watch(&folder, RecursiveMode::NonRecursive)
            .with_context(|| format!("cannot watch {}", folder.display()))?;
    }
    let screen = if io::stdin().is_terminal() && io::stdout().is_terminal() {
        let screen = Screen::open()?;
        let keys = happened.clone();
        thread::spawn(move || listen(&keys));
        Some(screen)
    } else {
        None
    };
    let mut session = Session::new(Arc::new(workspace), happened, screen.is_some());
    let result = session.go_on(&next);
    STOP.store(true, Ordering::Relaxed);
    // What an answer runs is killed; the compiler may finish alone.
    while session.busy
        && next
            .recv_timeout(2 * SETTLE)
            .is_ok_and(|happened| !is_result(&happened))
    {}
    drop(screen);
    result
}

fn is_result(happened: &Happened) -> bool {
    matches!(happened, Happened::Tried(..) | Happened::TriedAll(_))
}

fn listen(keys: &Sender<Happened>) {
    loop {
        let happened = match event::read() {
            Ok(Event::Key(key)) if key.is_press() => Happened::Key(key),
            Ok(Event::Resize(..)) => Happened::Resized,
            Ok(_) => continue,
            Err(_) => Happened::KeysEnded,
        };
        let last = matches!(happened, Happened::KeysEnded);
        if keys.send(happened).is_err() || last {
            return;
        }
    }
}

/// The terminal while it is drawn on; dropped, it is as it was before.
struct Screen;

impl Screen {
    fn open() -> Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let print = std::panic::take_hook();
            // Whichever thread it is: first a terminal that can show the message, and no
            // half of a program after it.
            std::panic::set_hook(Box::new(move |panic| {
                Self::close();
                print(panic);
                std::process::exit(101);
            }));
        });
        terminal::enable_raw_mode().context("the terminal does not give its keys")?;
        let screen = Self;
        execute!(io::stdout(), EnterAlternateScreen, cursor::Hide)?;
        Ok(screen)
    }

    fn close() {
        // There is nobody to tell when the terminal has gone.
        let _ = execute!(io::stdout(), cursor::Show, LeaveAlternateScreen);
        let _ = terminal::disable_raw_mode();
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        Self::close();
    }
}

#[derive(Clone, Copy, PartialEq)]
enum View {
    Result,
    Hint,
    List,
}

struct Session {
    workspace: Arc<Workspace>,
    happened: Sender<Happened>,
    drawn: bool,
    /// In the order of the exercises; empty until all were tried once.
    attempts: Vec<Attempt>,
    current: usize,
    view: View,
    busy: bool,
    /// When the last attempt was asked for.
    asked: Instant,
    /// Saved while another one was tried.
    waiting: Option<usize>,
}

impl Session {
    fn new(workspace: Arc<Workspace>, happened: Sender<Happened>, drawn: bool) -> Self {
        Self {
            workspace,
            happened,
            drawn,
            attempts: Vec::new(),
            current: 0,
            view: View::Result,
            busy: false,
            asked: Instant::now(),
            waiting: None,
        }
    }

    fn go_on(&mut self, next: &Receiver<Happened>) -> Result<()> {
        let (workspace, happened) = (Arc::clone(&self.workspace), self.happened.clone());
        self.busy = true;
        thread::spawn(move || {
            happened.send(Happened::TriedAll(attempt::all(&workspace)))
        });
        if !self.drawn {
            let count = self.workspace.exercises.len();
            anstream::println!(
                "Trying {count} exercises, then whichever is saved. Ctrl-C ends this."
            );
        }
        loop {
            if self.drawn {
                self.draw()?;
            }
            match next.recv()? {
                Happened::Key(key) if ends(key) => return Ok(()),
                Happened::KeysEnded => return Ok(()),
                Happened::Key(key) => self.key(key.code),
                Happened::Resized => {}
                Happened::Saved(paths) => self.saved(&paths),
                Happened::TriedAll(attempts) => {
                    self.attempts = attempts?;
                    self.current = self.open_from(0).unwrap_or(0);
                    self.tried();
                }
                Happened::Tried(place, attempt) => {
                    self.attempts[place] = attempt?;
                    self.tried();
                }
            }
        }
    }

    fn tried(&mut self) {
        self.busy = false;
        if let Some(place) = self.waiting.take() {
            self.attempt(place);
        } else if !self.drawn
            && let Some(attempt) = self.attempts.get(self.current)
        {
            anstream::println!();
            reader::report(
                &self.workspace,
                &self.workspace.exercises[self.current],
                attempt,
            );
            anstream::println!("{}", self.progress());
        }
    }

    fn saved(&mut self, paths: &[PathBuf]) {
        let place = self
            .workspace
            .exercises
            .iter()
            .position(|exercise| paths.contains(&exercise.starter()));
        if let Some(place) = place {
            self.attempt(place);
        }
    }

    /// Tries this one now, or when what is being tried has ended.
    fn attempt(&mut self, place: usize) {
        self.view = View::Result;
        if self.busy {
            let same_save = self.current == place && self.asked.elapsed() < SETTLE;
            if !same_save || self.attempts.is_empty() {
                self.waiting = Some(place);
            }
            return;
        }
        self.busy = true;
        self.asked = Instant::now();
        self.current = place;
        let (workspace, happened) = (Arc::clone(&self.workspace), self.happened.clone());
        thread::spawn(move || {
            thread::sleep(SETTLE);
            let attempt = attempt::one(&workspace, &workspace.exercises[place]);
            happened.send(Happened::Tried(place, attempt))
        });
    }

    fn key(&mut self, key: KeyCode) {
        let other = |view| {
            if self.view == view {
                View::Result
            } else {
                view
            }
        };
        match key {
            KeyCode::Char('h') => self.view = other(View::Hint),
            KeyCode::Char('l') => self.view = other(View::List),
            KeyCode::Char('n') => {
                self.current = self.open_from(self.current + 1).unwrap_or(self.current);
                self.view = View::Result;
            }
            _ => {}
        }
    }

    /// The first exercise from there on that is not done, going round.
    fn open_from(&self, place: usize) -> Option<usize> {
        let count = self.attempts.len();
        (place..place + count)
            .map(|place| place % count)
            .find(|&place| !self.attempts[place].done())
    }

    fn progress(&self) -> String {
        let (done, all) = (
            self.attempts
                .iter()
                .filter(|attempt| attempt.done())
                .count(),
            self.workspace.exercises.len(),
        );
        format!("{} {done} of {all} exercises done", bar(done, all, 30))
    }

    fn draw(&self) -> Result<()> {
        let (columns, rows) = terminal::size()?;
        execute!(io::stdout(), cursor::MoveTo(0, 0), Clear(ClearType::All))?;
        let mut out = anstream::stdout().lock();
        let lines = self.screen(usize::from(columns), usize::from(rows));
        for (place, Line { style, text }) in lines.iter().enumerate() {
            // In raw mode a new line does not go back to the first column, and one after
            // the last row would scroll.
            write!(
                out,
                "{}{style}{text}{style:#}",
                if place == 0 { "" } else { "\r\n" }
            )?;
        }
        out.flush()?;
        Ok(())
    }

    /// All rows of the screen.
    fn screen(&self, columns: usize, rows: usize) -> Vec<Line> {
        let line = |style, text: &str| Line {
            style,
            text: shortened(text, columns),
        };
        let plain = Style::new();
        let Some(exercise) = self.workspace.exercises.get(self.current) else {
            return vec![line(plain, "There is no exercise here. q: quit")];
        };
        let attempt = self.attempts.get(self.current);
        let state = match attempt {
            _ if self.busy => "running …".to_owned(),
            Some(attempt) => attempt.progress(),
            None => String::new(),
        };
        let room = columns.saturating_sub(state.chars().count() + 1);
        let name = shortened(&format!("{}  {}", exercise.name, exercise.lesson), room);
        let mut lines = vec![
            line(STRONG, &format!("{name:room$} {state}")),
            line(plain, ""),
        ];
        let body = match self.view {
            View::Hint => fs::read_to_string(exercise.hint()).map_or_else(
                |error| vec![line(BAD, &error.to_string())],
                |hint| paragraphs(&hint),
            ),
            View::List => self.list(rows.saturating_sub(5)),
            View::Result => match attempt {
                Some(attempt) => attempt::result(&self.workspace, exercise, attempt),
                None => paragraphs(
                    "Building and trying all exercises; the first time takes a minute or two.",
                ),
            },
        };
        let mut folded = Vec::new();
        for Line { style, text } in body {
            folded.extend(
                wrap(&text, columns)
                    .into_iter()
                    .map(|text| Line { style, text }),
            );
        }
        let room = rows.saturating_sub(5);
        if folded.len() > room {
            folded.truncate(room.saturating_sub(1));
            folded.push(line(
                plain,
                &format!("… all of it: cargo test --test {}", exercise.name),
            ));
        }
        folded.resize_with(room, || line(plain, ""));
        lines.extend(folded);
        lines.push(line(plain, ""));
        lines.push(line(plain, &self.progress()));
        lines.push(line(
            STRONG,
            "h hint   n next exercise   l list   q quit   (runs when you save)",
        ));
        lines
    }

    /// As many exercises as fit, the current one among them.
    fn list(&self, rows: usize) -> Vec<Line> {
        let first = self.current.saturating_sub(rows / 2);
        let first = first.min(self.attempts.len().saturating_sub(rows));
        let row = |(place, attempt): (usize, &Attempt)| {
            let exercise: &Exercise = &self.workspace.exercises[place];
            let (style, mark) = reader::mark(attempt);
            let arrow = if place == self.current { '>' } else { ' ' };
            Line {
                style,
                text: format!(
                    "{arrow} {mark}  {:28}  {}",
                    exercise.name,
                    attempt.progress()
                ),
            }
        };
        self.attempts
            .iter()
            .enumerate()
            .skip(first)
            .take(rows)
            .map(row)
            .collect()
    }
}

/// `q`, and Ctrl-C, which is a key like others in raw mode.
fn ends(key: KeyEvent) -> bool {
    key.code == KeyCode::Char('q')
        || key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL)
}

/// The source's own line ends are not the screen's: a paragraph is one line.
fn paragraphs(text: &str) -> Vec<Line> {
    let paragraphs: Vec<_> = text
        .split("\n\n")
        .map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    paragraphs
        .join("\n\n")
        .split('\n')
        .map(|text| Line {
            style: Style::new(),
            text: text.to_owned(),
        })
        .collect()
}
