//! The epilogue's table of features: each "yes" in our column names a test that exists.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The cells of each row of the tables in a part of the page, without the heads.
fn rows(part: &str) -> impl Iterator<Item = Vec<&str>> {
    let lines = part.lines().filter(|line| line.starts_with("| "));
    let cells = lines.map(|line| line.trim_matches('|').split('|').map(str::trim));
    cells
        .map(Iterator::collect)
        .filter(|row: &Vec<_>| row[0] != "feature")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Whether the file has a test of this name, in Rust or for Node.
fn has_test(file: &Path, name: &str) -> bool {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let is_rust = file.extension().is_some_and(|extension| extension == "rs");
    let starts: &[String] = if is_rust {
        &[format!("fn {name}()")]
    } else {
        &[format!("test(\"{name}\""), format!("test(`{name}`")]
    };
    starts.iter().any(|start| text.contains(start))
}

#[test]
fn each_yes_of_ours_names_a_test_that_exists() {
    let page = std::fs::read_to_string(root().join("book/src/epilogue.md")).unwrap();
    let (_, section) = page
        .split_once("## Features, compared")
        .expect("the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let (table, tests) = section.split_once("<details>").expect("the tests");
    let tests: HashMap<_, _> =
        rows(tests).map(|row| (row[0], (row[1], row[2]))).collect();

    let ours: Vec<_> = rows(table)
        .filter(|row| row[1].starts_with("yes"))
        .collect();
    assert!(ours.len() > 20, "{} rows were found", ours.len());
    assert_eq!(
        ours.len(),
        tests.len(),
        "a test without a row, or a row without one"
    );
    for row in ours {
        assert_eq!(row.len(), 5, "{}: a cell for each server", row[0]);
        let (file, name) = tests
            .get(row[0])
            .unwrap_or_else(|| panic!("{}: no test", row[0]));
        let (file, name) = (file.trim_matches('`'), name.trim_matches('`'));
        let folders =
            ["lessons", "chat-app"].map(|folder| root().join(folder).join(file));
        assert!(
            folders.iter().any(|file| has_test(file, name)),
            "{}: test {name} is missing in {file}",
            row[0]
        );
    }
}
