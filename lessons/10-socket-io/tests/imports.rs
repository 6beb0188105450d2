//! The modules import each other in one direction. Only the handles that the API shows
//! (socket, namespace, broadcast) know each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

type Graph = BTreeMap<String, BTreeSet<String>>;

/// The source of a module without comments and without its tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let code = text
        .lines()
        .take_while(|line| line.trim() != "#[cfg(test)]");
    let code = code.filter(|line| !line.trim_start().starts_with("//"));
    code.collect::<Vec<_>>().join("\n")
}

/// Each module's name, `wire/args` as `wire::args`, and the modules that it names.
fn imports() -> Graph {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = BTreeMap::new();
    for (folder, prefix) in [(src.clone(), ""), (src.join("wire"), "wire::")] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let skipped = ["lib", "main", "mod", "simulation", "fuzzing"];
            if path.is_file() && !skipped.contains(&&*name) {
                sources.insert(format!("{prefix}{name}"), code(&path));
            }
        }
    }
    let mut graph = Graph::new();
    for (name, code) in &sources {
        let mut imported = BTreeSet::new();
        // `crate::a::b`, and `super::a` of a module at the top.
        for (at, _) in code
            .match_indices("crate::")
            .chain(code.match_indices("super::"))
        {
            let path: String = code[at..]
                .chars()
                .take_while(|letter| {
                    letter.is_alphanumeric() || "_:{}, ".contains(*letter)
                })
                .collect();
            let parts: Vec<&str> = path.split("::").skip(1).collect();
            let two = parts.iter().take(2).copied().collect::<Vec<_>>().join("::");
            if let Some(group) = path.split("wire::{").nth(1) {
                let members = group.split(['}', ',']).map(str::trim);
                imported.extend(members.map(|member| format!("wire::{member}")));
            }
            imported.extend([two, parts.first().copied().unwrap_or("").to_owned()]);
        }
        imported.retain(|other| sources.contains_key(other) && other != name);
        graph.insert(name.clone(), imported);
    }
    graph
}

/// All modules that can be reached from one by following imports.
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

/// The modules of all circles.
fn circles(graph: &Graph) -> BTreeSet<String> {
    let names = graph.keys();
    let circular = names.filter(|name| reach(graph, name).contains(*name));
    circular.cloned().collect()
}

#[test]
fn there_is_one_circle_and_it_is_the_public_one() {
    let graph = imports();
    assert!(graph.len() > 20, "the modules are found: {graph:?}");
    assert!(
        graph["socket"].contains("namespace"),
        "and what they import"
    );
    assert!(graph["connection"].contains("wire::packet"));
    assert!(graph["machine"].contains("wire::args"), "in groups too");
    let allowed = ["broadcast", "namespace", "socket"].map(str::to_owned);
    assert_eq!(circles(&graph), BTreeSet::from(allowed));
}

#[test]
fn the_modules_below_do_not_know_the_handles() {
    let graph = imports();
    for module in [
        "ack", "adapter", "gate", "handler", "inbox", "machine", "mailbox", "members",
        "recovery", "room", "sent",
    ] {
        let reached = reach(&graph, module);
        for handle in ["socket", "namespace", "connection", "io"] {
            assert!(!reached.contains(handle), "{module} imports {handle}");
        }
    }
}
