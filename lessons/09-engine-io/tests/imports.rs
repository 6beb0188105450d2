//! The modules of this lesson import each other in one direction.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// What each module of `src` imports, by the names of the modules below the crate's root.
/// Tests and comments do not count: neither is part of what is built.
fn imports() -> BTreeMap<String, BTreeSet<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut graph = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let inside = path.strip_prefix(&root).unwrap();
            let first = inside.iter().next().unwrap().to_str().unwrap();
            let module = first.trim_end_matches(".rs").to_owned();
            if ["lib", "main", "tour", "model"].contains(&module.as_str())
                || path.ends_with("tests.rs")
            {
                continue;
            }
            let source = fs::read_to_string(&path).unwrap();
            let code = source.split("#[cfg(test)]").next().unwrap();
            let lines = code.lines().map(str::trim_start);
            let code: Vec<&str> = lines.filter(|line| !line.starts_with("//")).collect();
            let of = graph.entry(module.clone()).or_insert_with(BTreeSet::new);
            for prefix in ["crate::", "super::"] {
                for rest in code.join("\n").split(prefix).skip(1) {
                    let name = rest
                        .split(|c: char| !c.is_alphanumeric() && c != '_')
                        .next();
                    of.insert(name.unwrap().to_owned());
                }
            }
            of.remove(&module);
        }
    }
    graph
}

#[test]
fn no_module_imports_a_module_that_imports_it() {
    let mut graph = imports();
    assert!(
        graph["server"].contains("session"),
        "imports are found: {graph:?}"
    );
    // Take away what imports nothing that is left, until nothing is.
    loop {
        let left: BTreeSet<String> = graph.keys().cloned().collect();
        let free = |of: &BTreeSet<String>| of.intersection(&left).next().is_none();
        let Some(done) = graph
            .iter()
            .find(|(_, of)| free(of))
            .map(|(name, _)| name.clone())
        else {
            break;
        };
        graph.remove(&done);
    }
    assert!(graph.is_empty(), "these import each other: {graph:#?}");
}
