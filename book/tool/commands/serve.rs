//! `cargo run -p book`: the pages and their labs on a port of this machine, built again
//! and loaded again on each save.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result};
use notify::{RecursiveMode, Watcher};
use serde_json::{Value, json};
use tokio::sync::watch;
use warp::filters::BoxedFilter;
use warp::filters::ws::{Message, WebSocket, Ws};
use warp::http::StatusCode;
use warp::reply::Response;
use warp::{Filter, Reply};

use crate::block::report;
use crate::house::House;
use crate::labs::{Labs, fresh};
use crate::site;

const RELOAD: &str = "__reload";

const BUILDING: &str = "<p>The book is being built. Reload this page in a moment.</p>";

/// Serves until Ctrl-C.
///
/// # Errors
/// A port that is taken, a book that cannot be built at all.
pub(crate) fn serve(house: &House, port: Option<u16>) -> Result<()> {
    let pages = house.target.join("book-served");
    report(&site::build(house, &pages, Some(RELOAD))?.problems);
    let listener = listen(port)?;
    let address = listener.local_addr()?;
    let (built, builds) = watch::channel(0_u64);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let labs = runtime.block_on(Labs::start())?;
    println!("the book is at http://{address} (Ctrl-C ends it; a save rebuilds it)");
    println!("the chat of its labs is at http://{}", labs.chat);
    std::thread::scope(|scope| {
        let (stop, stopped) = mpsc::channel();
        let changes = stop.clone();
        scope.spawn(move || rebuild(house, changes, &stopped, &built));
        let results = house.target.join("course/results.json");
        let labs = labs.filter(house);
        let served = runtime.block_on(run(listener, pages, builds, labs, results));
        let _ = stop.send(None);
        served
    })
}

/// 3000 unless that is taken; a port that was asked for, or none.
fn listen(port: Option<u16>) -> Result<TcpListener> {
    let bind = |port| TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    match port {
        Some(port) => bind(port).with_context(|| {
            format!("cannot serve on port {port}; without --port a free one is found")
        }),
        None => bind(3000).or_else(|_| bind(0)).context("no port is free"),
    }
}

async fn run(
    listener: TcpListener,
    pages: PathBuf,
    builds: watch::Receiver<u64>,
    labs: BoxedFilter<(Response,)>,
    results: PathBuf,
) -> Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let reload = warp::path(RELOAD)
        .and(warp::path::end())
        .and(warp::ws())
        .map(move |upgrade: Ws| {
            let builds = builds.clone();
            upgrade.on_upgrade(async |socket| tell(socket, builds).await)
        });
    // During a rebuild a page may be missing for a moment.
    let missing = pages.join("404.html");
    let pages = warp::get().and(warp::fs::dir(pages)).with(fresh());
    let missing = warp::any().and_then(move || not_found(missing.clone()));
    let routes = reload.or(labs).or(exercises(results)).or(pages).or(missing);
    let served = warp::serve(routes).incoming(listener).run();
    tokio::select! {
        () = served => {}
        ended = tokio::signal::ctrl_c() => ended?,
    }
    Ok(())
}

/// Answers with the book's own page for addresses that lead nowhere. While the book is
/// built again, that page is not there either, and any address may be a good one.
async fn not_found(page: PathBuf) -> Result<Response, warp::Rejection> {
    let (page, status) = match tokio::fs::read_to_string(page).await {
        Ok(page) => (page, StatusCode::NOT_FOUND),
        Err(_) => (BUILDING.to_owned(), StatusCode::SERVICE_UNAVAILABLE),
    };
    Ok(warp::reply::with_status(warp::reply::html(page), status).into_response())
}

/// Answers with the state of each exercise as `course` saw it last: what passes, and of
/// how many cases.
fn exercises(results: PathBuf) -> BoxedFilter<(Response,)> {
    warp::path("__exercises")
        .and(warp::path::end())
        .and_then(move || {
            let results = results.clone();
            async move {
                let bytes = tokio::fs::read(results).await.unwrap_or_default();
                let states = states(&serde_json::from_slice(&bytes).unwrap_or_default());
                Ok::<_, warp::Rejection>(warp::reply::json(&states).into_response())
            }
        })
        .with(fresh())
        .map(Reply::into_response)
        .boxed()
}

/// Returns the states from the results that `course` keeps.
fn states(results: &Value) -> Value {
    let state = |result: &Value| {
        let cases = result["attempt"]["outcome"]["cases"].as_object();
        let passed = cases.map(|cases| {
            let passed = cases.values().filter(|passed| **passed == json!(true));
            passed.count()
        });
        let output = result["attempt"]["outcome"]["output"]
            .as_str()
            .unwrap_or("");
        let begun = passed != Some(0) || !output.contains("not yet implemented");
        json!({ "begun": begun, "passed": passed, "cases": cases.map(serde_json::Map::len) })
    };
    let results = results.as_object().into_iter().flatten();
    results
        .map(|(name, result)| (name.clone(), state(result)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// One message for each build; ends when the page does.
async fn tell(mut socket: WebSocket, mut builds: watch::Receiver<u64>) {
    use futures_util::{SinkExt, StreamExt};
    // A page that has just been loaded is as new as the last build: told of that one, it
    // would reload forever.
    builds.mark_unchanged();
    loop {
        tokio::select! {
            changed = builds.changed() => {
                if changed.is_err() || socket.send(Message::text("reload")).await.is_err() {
                    return;
                }
            }
            message = socket.next() => {
                if !matches!(message, Some(Ok(_))) {
                    return;
                }
            }
        }
    }
}

/// Builds the book again whenever one of its sources was saved, until `None` comes.
fn rebuild(
    house: &House,
    changes: mpsc::Sender<Option<PathBuf>>,
    changed: &mpsc::Receiver<Option<PathBuf>>,
    built: &watch::Sender<u64>,
) {
    let root = house.root.clone();
    let watcher =
        notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            if event.kind.is_access() {
                return;
            }
            for path in event.paths {
                if is_source(path.strip_prefix(&root).unwrap_or(&path)) {
                    let _ = changes.send(Some(path));
                }
            }
        });
    let started = watcher.and_then(|mut watcher| {
        for folder in [house.book.clone(), house.root.join("lessons")] {
            watcher.watch(&folder, RecursiveMode::Recursive)?;
        }
        Ok(watcher)
    });
    let watcher = match started {
        Ok(watcher) => watcher,
        Err(error) => return eprintln!("book: saves are not seen here: {error}"),
    };
    while let Ok(Some(path)) = changed.recv() {
        // An editor saves in several steps.
        loop {
            match changed.recv_timeout(Duration::from_millis(100)) {
                Ok(Some(_)) => {}
                Ok(None) => return,
                Err(_) => break,
            }
        }
        println!(
            "{} was saved",
            path.strip_prefix(&house.root).unwrap_or(&path).display()
        );
        match site::build(house, &house.target.join("book-served"), Some(RELOAD)) {
            Ok(site) => {
                report(&site.problems);
                built.send_modify(|count| *count += 1);
            }
            Err(error) => eprintln!("book: {error:#}"),
        }
    }
    drop(watcher);
}

/// Whether a file, named from the workspace's root, goes into the book.
fn is_source(path: &Path) -> bool {
    let ending = path
        .extension()
        .and_then(|ending| ending.to_str())
        .unwrap_or_default();
    let hidden = path.iter().any(|part| {
        let part = part.to_string_lossy();
        part.starts_with('.') || part == "target" || part == "node_modules"
    });
    !hidden && ["md", "rs", "svg", "css", "js", "txt", "csv", "toml"].contains(&ending)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_editor_leaves_beside_is_no_source() {
        assert!(is_source(Path::new("book/src/07-websocket.md")));
        assert!(is_source(Path::new("lessons/07-websocket/src/lib.rs")));
        for other in [
            "book/src/.07-websocket.md.swp",
            "book/src/07-websocket.md~",
            "lessons/target/a.rs",
        ] {
            assert!(!is_source(Path::new(other)), "{other}");
        }
    }

    #[tokio::test]
    async fn a_page_that_is_missing_during_a_build_is_not_an_empty_404() {
        let folder =
            std::env::temp_dir().join(format!("book-404-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let page = folder.join("404.html");
        let answer = not_found(page.clone()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        std::fs::write(&page, "no such page").unwrap();
        let answer = not_found(page).await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn states_come_from_what_course_keeps() {
        let results = json!({
            "ex01_a": { "key": 1, "attempt": { "complaints": [], "outcome":
                { "cases": { "x": true, "y": false }, "output": "", "timed_out": false } } },
            "ex01_b": { "key": 1, "attempt": { "complaints": [], "outcome":
                { "cases": { "x": false }, "output": "not yet implemented", "timed_out": false } } },
            "ex01_c": { "key": 1, "attempt": { "complaints": ["error"], "outcome": null } },
        });
        let states = states(&results);
        assert_eq!(
            states["ex01_a"],
            json!({ "begun": true, "passed": 1, "cases": 2 })
        );
        assert_eq!(
            states["ex01_b"],
            json!({ "begun": false, "passed": 0, "cases": 1 })
        );
        assert_eq!(states["ex01_c"]["passed"], Value::Null);
        assert_eq!(super::states(&Value::Null), json!({}));
    }

    #[test]
    fn a_taken_port_that_was_asked_for_is_said() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let error = listen(Some(taken.local_addr().unwrap().port())).unwrap_err();
        assert!(error.to_string().contains("cannot serve on port"));
    }
}
