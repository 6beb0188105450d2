//! A rule of the house: inside a crate, modules import each other in one direction.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

type Graph = BTreeMap<String, BTreeSet<String>>;

/// Lesson 10's handles know each other, because its public API says so: a socket has a
/// namespace, a namespace broadcasts to sockets.
const HANDLES: [&str; 5] = ["broadcast", "namespace", "parent", "remote", "socket"];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The source of a module without comments, and without the module of its tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let tests = text.find("#[cfg(test)]\nmod ");
    let lines = text[..tests.unwrap_or(text.len())].lines();
    let lines = lines.filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The module names that follow `prefix` in `code`, also in a group: `crate::{a, b::c}`.
fn named<'a>(code: &'a str, prefix: &str) -> Vec<&'a str> {
    let word = |text: &'a str| {
        let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
        &text[..end.unwrap_or(text.len())]
    };
    let mut names = Vec::new();
    for rest in code.split(prefix).skip(1) {
        match rest.strip_prefix('{') {
            Some(group) => {
                let group = group.split('}').next().unwrap_or_default();
                names.extend(group.split(',').map(|member| word(member.trim())));
            }
            None => names.push(word(rest)),
        }
    }
    names
}

/// The modules below a crate's root, each with the others that it imports. A folder counts
/// as one module.
fn imports(src: &Path, skipped: &[&str]) -> Graph {
    let mut graph = Graph::new();
    let mut folders = vec![src.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let inside = path.strip_prefix(src).unwrap();
            let first = inside.iter().next().unwrap().to_str().unwrap();
            let module = first.trim_end_matches(".rs").to_owned();
            let is_root = ["lib", "main"].contains(&module.as_str());
            if is_root || skipped.contains(&module.as_str()) || path.ends_with("tests.rs")
            {
                continue;
            }
            let code = code(&path);
            let mut names = named(&code, "crate::");
            if folder == src {
                names.extend(named(&code, "super::"));
            }
            let of = graph.entry(module.clone()).or_default();
            of.extend(names.into_iter().map(str::to_owned));
            of.remove(&module);
        }
    }
    let exports = exports(src);
    let known: BTreeSet<_> = graph.keys().cloned().collect();
    for (module, of) in &mut graph {
        let modules = of
            .iter()
            .map(|name| exports.get(name).unwrap_or(name).clone());
        *of = modules.filter(|name| known.contains(name)).collect();
        of.remove(module);
    }
    graph
}

/// The module of each item that `lib.rs` exports: `crate::Frame` is in `frame`.
fn exports(src: &Path) -> BTreeMap<String, String> {
    let root = fs::read_to_string(src.join("lib.rs")).unwrap_or_default();
    let mut exports = BTreeMap::new();
    for exported in root.split("pub use ").skip(1) {
        let exported = exported.split(';').next().unwrap_or_default();
        let Some((module, items)) = exported.split_once("::") else {
            continue;
        };
        for item in items.trim_matches(['{', '}']).split(',') {
            exports.insert(item.trim().to_owned(), module.to_owned());
        }
    }
    exports
}

/// Everything that can be reached from a module by following imports.
fn reach(graph: &Graph, from: &str) -> BTreeSet<String> {
    let (mut reached, mut todo) = (BTreeSet::new(), vec![from.to_owned()]);
    while let Some(name) = todo.pop() {
        for other in &graph[&name] {
            if reached.insert(other.clone()) {
                todo.push(other.clone());
            }
        }
    }
    reached
}

fn circles(graph: &Graph) -> BTreeSet<String> {
    let names = graph.keys();
    let circular = names.filter(|name| reach(graph, name).contains(*name));
    circular.cloned().collect()
}

#[test]
fn imports_are_found_also_in_groups() {
    let code = "use crate::a::B;\nuse crate::{c, d::E};\nlet f = crate::f::g();";
    assert_eq!(named(code, "crate::"), ["a", "c", "d", "f"]);
    let circular = Graph::from([
        ("a".into(), BTreeSet::from(["b".into()])),
        ("b".into(), BTreeSet::from(["a".into(), "c".into()])),
        ("c".into(), BTreeSet::new()),
    ]);
    assert_eq!(circles(&circular), BTreeSet::from(["a".into(), "b".into()]));
}

#[test]
fn no_module_imports_a_module_that_imports_it() {
    for (folder, skipped, known) in [
        (
            "lessons/09-engine-io/src",
            &["tour", "model"][..],
            ("server", "session"),
        ),
        ("book/tool", &[], ("chapter", "blocks")),
        ("chat-app/src", &[], ("chat", "presence")),
    ] {
        let graph = imports(&workspace().join(folder), skipped);
        let (from, to) = known;
        assert!(
            graph[from].contains(to),
            "{folder}: {from} imports {to}, and that is not found: {graph:?}"
        );
        assert_eq!(circles(&graph), BTreeSet::new(), "{folder}: {graph:#?}");
    }
}

#[test]
fn in_lesson_10_only_the_public_handles_know_each_other() {
    let src = workspace().join("lessons/10-socket-io/src");
    let graph = imports(&src, &["tour", "simulation", "fuzzing"]);
    let handles = BTreeSet::from(HANDLES.map(str::to_owned));
    assert_eq!(circles(&graph), handles, "{graph:#?}");
    for module in [
        "ack", "adapter", "gate", "handler", "inbox", "machine", "mailbox", "members",
        "recovery", "room", "sent", "wire",
    ] {
        let reached = reach(&graph, module);
        for handle in ["socket", "namespace", "connection", "io"] {
            assert!(!reached.contains(handle), "{module} imports {handle}");
        }
    }
}
