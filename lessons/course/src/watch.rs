//! Runs an exercise when its file is saved, and shows the first case that fails.
//!
//! In a terminal it draws one screen and listens to keys; the work is done in other
//! threads, so that a key is answered while the compiler runs. In a pipe it prints the
//! result of each save and listens to no keys.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};
use std::{fs, thread};

use anyhow::{Context, Result};
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyModifiers};
use crossterm::terminal::{
    self, Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen,
};
use crossterm::{cursor, execute, queue};
use notify::{RecursiveMode, Watcher};

use crate::attempt::{self, Attempt, BAD, Line, PLAIN, STRONG, line, wrap};
use crate::exercises::{Exercise, Workspace};
use crate::reader::{self, bar, shortened};
use crate::run::STOP;
use crate::tries;

/// Editors write a file in several steps; what comes within this time is one save.
const SETTLE: Duration = Duration::from_millis(50);

enum Happened {
    Saved(Vec<PathBuf>),
    Key(KeyEvent),
    Resized,
    KeysEnded,
    Progress(String),
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
                // The receiver is gone once the reader has quit.
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
    let result = session.run(&next);
    STOP.store(true, Ordering::Relaxed);
    // A running answer is killed; the compiler may finish alone.
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
        // If the terminal is gone, an error cannot be shown.
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
    Diff,
    /// Asks first: a key is pressed quickly, and what was read cannot be unread.
    Spoiler,
    Solution,
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
    /// The first line of the view that is on the screen.
    top: usize,
    /// The exercise that the list would pick.
    picked: usize,
    busy: bool,
    /// How far the first round is.
    progress: String,
    /// When the last attempt was asked for.
    asked: Instant,
    /// Saved while another one was tried.
    waiting: Option<usize>,
}

/// Rows above and below the part that scrolls.
const FRAME: usize = 5;

impl Session {
    fn new(workspace: Arc<Workspace>, happened: Sender<Happened>, drawn: bool) -> Self {
        Self {
            workspace,
            happened,
            drawn,
            attempts: Vec::new(),
            current: 0,
            view: View::Result,
            top: 0,
            picked: 0,
            busy: false,
            progress: "Starting ...".to_owned(),
            asked: Instant::now(),
            waiting: None,
        }
    }

    /// Handles events until the reader quits.
    fn run(&mut self, next: &Receiver<Happened>) -> Result<()> {
        let (workspace, happened) = (Arc::clone(&self.workspace), self.happened.clone());
        self.busy = true;
        thread::spawn(move || {
            let told = happened.clone();
            let attempts = tries::all(&workspace, &|what| {
                let _ = told.send(Happened::Progress(what));
            });
            happened.send(Happened::TriedAll(attempts))
        });
        if !self.drawn {
            let count = self.workspace.exercises.len();
            anstream::println!(
                "Trying {count} exercises, then each one that you save. Ctrl-C ends this."
            );
        }
        loop {
            if self.drawn {
                self.draw()?;
            }
            match next.recv()? {
                Happened::Key(key) if ends(key) => return Ok(()),
                Happened::KeysEnded => return Ok(()),
                Happened::Key(key) => self.key(key.code)?,
                Happened::Resized => {}
                Happened::Progress(what) => self.progress = what,
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
            anstream::println!("{}", self.done_so_far());
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

    /// Tries this one now, or as soon as the running attempt has ended.
    fn attempt(&mut self, place: usize) {
        self.show(View::Result);
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
            let attempt = tries::one(&workspace, &workspace.exercises[place], &|_| {});
            happened.send(Happened::Tried(place, attempt))
        });
    }

    fn show(&mut self, view: View) {
        self.view = view;
        self.top = 0;
    }

    fn key(&mut self, key: KeyCode) -> Result<()> {
        let count = self.attempts.len();
        let page = usize::from(terminal::size()?.1)
            .saturating_sub(FRAME + 1)
            .max(1);
        let step: isize = match key {
            KeyCode::Up | KeyCode::Char('k') => -1,
            KeyCode::Down | KeyCode::Char('j') => 1,
            KeyCode::PageUp => -page.cast_signed(),
            KeyCode::PageDown | KeyCode::Char(' ') => page.cast_signed(),
            KeyCode::Home => isize::MIN,
            KeyCode::End => isize::MAX,
            _ => 0,
        };
        if step != 0 {
            if self.view == View::List {
                let last = count.saturating_sub(1);
                self.picked = self.picked.saturating_add_signed(step).min(last);
            } else {
                // The end is known when it is drawn.
                self.top = self.top.saturating_add_signed(step);
            }
            return Ok(());
        }
        let toggled = |view| {
            if self.view == view {
                View::Result
            } else {
                view
            }
        };
        match key {
            KeyCode::Char('h') => self.show(toggled(View::Hint)),
            KeyCode::Char('d') => self.show(toggled(View::Diff)),
            KeyCode::Char('s') => {
                let done = self.attempts.get(self.current).is_some_and(Attempt::done);
                self.show(match self.view {
                    View::Solution => View::Result,
                    View::Spoiler => View::Solution,
                    _ if done => View::Solution,
                    _ => View::Spoiler,
                });
            }
            KeyCode::Char('l') => {
                self.picked = self.current;
                self.show(toggled(View::List));
            }
            KeyCode::Enter if self.view == View::List && count > 0 => {
                self.current = self.picked;
                self.show(View::Result);
            }
            KeyCode::Esc => self.show(View::Result),
            KeyCode::Char('n') => {
                self.current = self.open_from(self.current + 1).unwrap_or(self.current);
                self.show(View::Result);
            }
            KeyCode::Char('p') if count > 0 => {
                self.current = (self.current + count - 1) % count;
                self.show(View::Result);
            }
            _ => {}
        }
        Ok(())
    }

    /// Returns the first exercise from `place` on that is not done, starting over at the
    /// end.
    fn open_from(&self, place: usize) -> Option<usize> {
        let count = self.attempts.len();
        (place..place + count)
            .map(|place| place % count)
            .find(|&place| !self.attempts[place].done())
    }

    fn done_so_far(&self) -> String {
        let (done, all) = (
            self.attempts
                .iter()
                .filter(|attempt| attempt.done())
                .count(),
            self.workspace.exercises.len(),
        );
        format!("{} {done} of {all} exercises done", bar(done, all, 30))
    }

    fn draw(&mut self) -> Result<()> {
        let (columns, rows) = terminal::size()?;
        let lines = self.screen(usize::from(columns), usize::from(rows));
        let mut out = anstream::stdout().lock();
        for (place, Line { style, text }) in lines.iter().enumerate() {
            // Each row is cleared as it is written, so that nothing flickers. In raw mode
            // a new line does not return to the first column, and one after the last row
            // would scroll.
            let start = if place == 0 { "\x1b[H" } else { "\r\n" };
            write!(out, "{start}{style}{text}{style:#}")?;
            queue!(out, Clear(ClearType::UntilNewLine))?;
        }
        queue!(out, Clear(ClearType::FromCursorDown))?;
        out.flush()?;
        Ok(())
    }

    /// Returns all rows of the screen.
    fn screen(&mut self, columns: usize, rows: usize) -> Vec<Line> {
        let cut = |style, text: &str| line(style, shortened(text, columns));
        let Some(exercise) = self.workspace.exercises.get(self.current) else {
            return vec![cut(PLAIN, "There are no exercises here. q: quit")];
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
            cut(STRONG, &format!("{name:room$} {state}")),
            cut(PLAIN, ""),
        ];
        let room = rows.saturating_sub(FRAME);
        let mut folded = Vec::new();
        for Line { style, text } in self.body(exercise, attempt) {
            let parts = wrap(&text, columns);
            folded.extend(parts.into_iter().map(|text| line(style, text)));
        }
        if self.view == View::List {
            // The picked row stays on the screen.
            self.top = self
                .top
                .clamp((self.picked + 1).saturating_sub(room), self.picked);
        }
        self.top = self.top.min(folded.len().saturating_sub(room));
        let below = folded.len().saturating_sub(self.top + room);
        let mut shown: Vec<_> = folded.into_iter().skip(self.top).take(room).collect();
        shown.resize_with(room, || line(PLAIN, ""));
        lines.extend(shown);
        lines.push(match below {
            0 => cut(PLAIN, ""),
            1 => cut(PLAIN, "  ↓ 1 more line"),
            below => cut(PLAIN, &format!("  ↓ {below} more lines")),
        });
        lines.push(cut(PLAIN, &self.done_so_far()));
        let keys = match self.view {
            View::List => "↑ ↓ choose   enter open   l back   q quit",
            _ => {
                "h hint  d diff  s solution  p previous  n next  l list  ↑ ↓ scroll  q quit"
            }
        };
        lines.push(cut(STRONG, keys));
        lines
    }

    /// Returns the lines of the view, before they are folded and scrolled.
    fn body(&self, exercise: &Exercise, attempt: Option<&Attempt>) -> Vec<Line> {
        let read = |file: PathBuf| {
            fs::read_to_string(&file)
                .with_context(|| format!("cannot read {}", file.display()))
        };
        let or_error = |lines: Result<Vec<Line>>| {
            lines.unwrap_or_else(|error| vec![line(BAD, format!("{error:#}"))])
        };
        match self.view {
            View::Hint => or_error(read(exercise.hint()).map(|hint| paragraphs(&hint))),
            View::Diff => or_error(reader::differences(exercise)),
            View::Spoiler => paragraphs(
                "Press s again to see the worked solution. A hint (h) may be all you need.",
            ),
            View::Solution => or_error(
                read(exercise.solution())
                    .map(|text| text.lines().map(|text| line(PLAIN, text)).collect()),
            ),
            View::List => self.list(),
            View::Result => match attempt {
                Some(attempt) => attempt::result(&self.workspace, exercise, attempt),
                None => paragraphs(&format!(
                    "{}\n\nThe first time takes a few minutes: all lessons are compiled.",
                    self.progress
                )),
            },
        }
    }

    /// Returns a line per exercise.
    fn list(&self) -> Vec<Line> {
        let row = |(place, attempt): (usize, &Attempt)| {
            let exercise: &Exercise = &self.workspace.exercises[place];
            let (style, mark) = reader::mark(attempt);
            let arrow = if place == self.picked { '>' } else { ' ' };
            let style = if place == self.picked { STRONG } else { style };
            line(
                style,
                format!(
                    "{arrow} {mark}  {:28}  {}",
                    exercise.name,
                    attempt.progress()
                ),
            )
        };
        self.attempts.iter().enumerate().map(row).collect()
    }
}

/// Returns whether a key quits: `q`, or Ctrl-C, which is an ordinary key in raw mode.
fn ends(key: KeyEvent) -> bool {
    key.code == KeyCode::Char('q')
        || key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL)
}

/// Returns the paragraphs as one line each: the line ends of the source are not those of
/// the screen.
fn paragraphs(text: &str) -> Vec<Line> {
    let paragraphs: Vec<_> = text
        .split("\n\n")
        .map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    let text = paragraphs.join("\n\n");
    text.split('\n').map(|text| line(PLAIN, text)).collect()
}
