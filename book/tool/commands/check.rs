//! `book check`: what mdBook lets pass, and what only a run can show.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use regex::Regex;

use super::capture;
use crate::block::{Problem, report};
use crate::chapter::{Chapter, LooseRust};
use crate::house::House;
use crate::{items, site};

/// Checks the book, or the chapters whose file name contains `only`; whether nothing is
/// wrong.
///
/// # Errors
/// A book that cannot be built, a tool that cannot be run.
pub(crate) fn check(house: &House, only: Option<&str>) -> Result<bool> {
    let pages = house.target.join("book");
    let mut site = site::build(house, &pages, None)?;
    println!("{} chapters", site.chapters.len());
    let mut problems = site.problems;
    if let Some(only) = only {
        let named = |file: &Path| {
            file.file_name()
                .is_some_and(|name| name.to_string_lossy().contains(only))
        };
        site.chapters.retain(|chapter| named(&chapter.file));
        problems.retain(|problem| named(&problem.file));
        anyhow::ensure!(
            !site.chapters.is_empty(),
            "no chapter's file is called {only}"
        );
    } else {
        problems.extend(links(&pages)?);
        problems.extend(unmentioned(house, &site.chapters)?);
        problems.extend(left_over(house, &site.chapters)?);
    }
    for chapter in &site.chapters {
        problems.extend(unspoken(house, chapter)?);
        for block in &chapter.rust {
            if let Some(what) = compile(block)? {
                problems.push(Problem {
                    file: chapter.file.clone(),
                    line: block.line,
                    what,
                });
            }
        }
    }
    problems.extend(capture::check(house, &site.chapters));
    problems.sort();
    problems.dedup();
    let well = report(&problems);
    if well {
        println!("the book is well");
    }
    Ok(well)
}

/// Lessons and exercises that no chapter is about.
fn unmentioned(house: &House, chapters: &[Chapter]) -> Result<Vec<Problem>> {
    let lessons: BTreeSet<_> = chapters
        .iter()
        .flat_map(|chapter| &chapter.lessons)
        .map(String::as_str)
        .collect();
    let mut exercises = BTreeMap::new();
    for name in chapters.iter().flat_map(|chapter| &chapter.exercises) {
        *exercises.entry(name.as_str()).or_insert(0) += 1;
    }
    let mut problems = Vec::new();
    let mut problem = |path: &Path, what: String| {
        let file = path.strip_prefix(&house.root).unwrap_or(path).to_path_buf();
        problems.push(Problem {
            file,
            line: 0,
            what,
        });
    };
    for folder in sorted(&house.root.join("lessons"))? {
        let name = name_of(&folder);
        // `course` and `terminal` are not lessons.
        if !name.starts_with(|c: char| c.is_ascii_digit()) {
            continue;
        }
        if !lessons.contains(name.as_str()) {
            problem(
                &folder,
                "no chapter is about this lesson: a `lesson` block is missing".into(),
            );
        }
        for exercise in sorted(&folder.join("exercises"))? {
            let stem = exercise
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            match exercises.get(stem.as_str()) {
                None => problem(&exercise, "no chapter has this exercise".into()),
                Some(1) => {}
                Some(count) => {
                    problem(&exercise, format!("{count} chapters have this exercise"));
                }
            }
        }
    }
    Ok(problems)
}

/// Captures, plots and pictures that no chapter shows.
fn left_over(house: &House, chapters: &[Chapter]) -> Result<Vec<Problem>> {
    let mut shown = BTreeSet::new();
    for chapter in chapters {
        shown.extend(chapter.captures.iter().map(|capture| capture.file(house)));
        shown.extend(chapter.plots.iter().map(|plot| plot.file(house)));
    }
    let figures = house.book.join("src/figures");
    let sources: String = chapters
        .iter()
        .map(|chapter| {
            fs::read_to_string(house.root.join(&chapter.file)).unwrap_or_default()
        })
        .collect();
    let mut problems = Vec::new();
    for folder in ["captures", "plots", "src/figures"] {
        for file in sorted(&house.book.join(folder))? {
            let used = if file.starts_with(&figures) {
                sources.contains(&name_of(&file))
            } else {
                shown.contains(&file)
            };
            if !used {
                let file = file
                    .strip_prefix(&house.root)
                    .unwrap_or(&file)
                    .to_path_buf();
                problems.push(Problem {
                    file,
                    line: 0,
                    what: "no chapter shows this".into(),
                });
            }
        }
    }
    Ok(problems)
}

/// Public items of a lesson's library of which its chapter says nothing.
fn unspoken(house: &House, chapter: &Chapter) -> Result<Vec<Problem>> {
    let mut problems = Vec::new();
    for lesson in &chapter.lessons {
        let lib = house.root.join("lessons").join(lesson).join("src/lib.rs");
        if !lib.is_file() {
            continue;
        }
        let unspoken: Vec<_> = items::public_items(&lib)?
            .into_iter()
            .filter(|name| !items::mentions(&chapter.markdown, name))
            .collect();
        if !unspoken.is_empty() {
            let what = format!(
                "says nothing of what the library offers: {}",
                unspoken.join(", ")
            );
            problems.push(Problem {
                file: chapter.file.clone(),
                line: 0,
                what,
            });
        }
        // These two are what others would build on: whatever they can do, somebody must
        // be able to see how.
        if ["09-engine-io", "10-socket-io"].contains(&lesson.as_str()) {
            let library = items::Library::read(
                &house.root.join("lessons").join(lesson).join("src"),
            )?;
            let method =
                |name: &String| name.rsplit("::").next().unwrap_or_default().to_owned();
            let unseen: Vec<_> = library
                .methods
                .iter()
                .filter(|name| !items::mentions(&library.examples, &method(name)))
                .filter(|name| !items::mentions(&chapter.markdown, &method(name)))
                .map(String::as_str)
                .collect();
            if !unseen.is_empty() {
                let what = format!(
                    "neither it nor an example in rustdoc has {}",
                    unseen.join(", ")
                );
                problems.push(Problem {
                    file: chapter.file.clone(),
                    line: 0,
                    what,
                });
            }
        }
    }
    Ok(problems)
}

/// What rustc says against code that stands in a chapter alone; `compile_fail` and an
/// error's number turn it round.
fn compile(block: &LooseRust) -> Result<Option<String>> {
    let words: Vec<_> = block
        .info
        .split([',', ' '])
        .skip(1)
        .filter(|word| !word.is_empty())
        .collect();
    let code = words.iter().find(|word| {
        word.starts_with('E') && word[1..].chars().all(|c| c.is_ascii_digit())
    });
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("chapter.rs");
    let is_program = block.code.contains("fn main(");
    let items = [
        "fn ",
        "struct ",
        "enum ",
        "trait ",
        "impl ",
        "use ",
        "mod ",
        "pub ",
        "const ",
        "static ",
        "async fn ",
    ];
    let is_items = is_program
        || items
            .iter()
            .any(|start| block.code.trim_start().starts_with(start));
    let source = if is_items {
        block.code.clone()
    } else {
        format!("fn main() {{\n{}\n}}", block.code)
    };
    fs::write(&file, format!("#![allow(warnings)]\n{source}"))?;
    let kind = if is_program || !is_items {
        "bin"
    } else {
        "lib"
    };
    let output = Command::new("rustc")
        .args([
            "--edition",
            "2024",
            "--emit",
            "metadata",
            "--crate-type",
            kind,
            "--out-dir",
        ])
        .arg(folder.path())
        .arg(&file)
        .output()
        .context("cannot run rustc")?;
    let said = String::from_utf8_lossy(&output.stderr);
    let first = said
        .lines()
        .find(|line| line.starts_with("error"))
        .unwrap_or_default();
    Ok(
        match (words.contains(&"compile_fail"), output.status.success()) {
            (false, true) => None,
            (false, false) => Some(format!(
                "this code is included from nowhere and does not compile: {first} (include it by anchor, or fix it)"
            )),
            (true, true) => Some("this code compiles, and says that it does not".into()),
            (true, false) => match code {
                Some(code) if !said.contains(&format!("error[{code}]")) => {
                    Some(format!("fails with `{first}`, not {code}"))
                }
                _ => None,
            },
        },
    )
}

/// Links within the built pages that lead nowhere, and what they fetch from other hosts.
fn links(pages: &Path) -> Result<Vec<Problem>> {
    let attribute = Regex::new(r#"\s(href|src|id|name)="([^"]*)""#)?;
    let mut files = Vec::new();
    walk(pages, &mut files)?;
    let mut ids = BTreeMap::<PathBuf, BTreeSet<String>>::new();
    let mut uses = Vec::new();
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|ending| ending == "html"))
    {
        let html = without_code(&fs::read_to_string(file)?);
        let ids = ids.entry(file.clone()).or_default();
        for found in attribute.captures_iter(&html) {
            match &found[1] {
                "id" | "name" => drop(ids.insert(found[2].to_owned())),
                kind => uses.push((
                    file.clone(),
                    kind.to_owned(),
                    found[2].replace("&amp;", "&"),
                )),
            }
        }
    }
    let mut problems = Vec::new();
    for (file, kind, target) in uses {
        // In the page for printing all chapters come again: their links are checked where
        // they belong. The page for what is not found has addresses from the root.
        if ["print.html", "404.html"].contains(&name_of(&file).as_str()) {
            continue;
        }
        let dead = if kind == "src" && target.starts_with("figures/") {
            Some(format!(
                "the picture {target} is not put into the page: write it as ![words](file)"
            ))
        } else if target.contains("://") || target.starts_with("//") {
            (kind == "src").then(|| format!("fetches {target} from another host"))
        } else if target.starts_with("mailto:")
            || target.starts_with("data:")
            || target.starts_with("javascript:")
        {
            None
        } else {
            dead_link(&file, &target, &ids)
        };
        if let Some(what) = dead {
            let page = Path::new("book/src")
                .join(file.strip_prefix(pages).unwrap_or(&file))
                .with_extension("md");
            problems.push(Problem {
                file: page,
                line: 0,
                what,
            });
        }
    }
    Ok(problems)
}

fn dead_link(
    file: &Path,
    target: &str,
    ids: &BTreeMap<PathBuf, BTreeSet<String>>,
) -> Option<String> {
    let (path, fragment) = target.split_once('#').unwrap_or((target, ""));
    let path = path.split('?').next().unwrap_or_default();
    let there = match path {
        "" => file.to_path_buf(),
        path => plain(&file.parent().unwrap_or(Path::new("")).join(path)),
    };
    if !there.exists() {
        return Some(format!(
            "the link to {target} leads nowhere: no such page or file"
        ));
    }
    let found =
        fragment.is_empty() || ids.get(&there).is_none_or(|ids| ids.contains(fragment));
    (!found).then(|| format!("the link to {target} leads nowhere: no such heading"))
}

/// `a/b/../c` as `a/c`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => drop(plain.pop()),
            std::path::Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

/// Removes code and scripts: what looks like a link in them is not one.
fn without_code(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some(start) = [rest.find("<code"), rest.find("<script>")]
        .into_iter()
        .flatten()
        .min()
    {
        let end = if rest[start..].starts_with("<code") {
            "</code>"
        } else {
            "</script>"
        };
        out.push_str(&rest[..start]);
        rest = rest[start..].find(end).map_or("", |at| &rest[start + at..]);
        rest = rest.strip_prefix(end).unwrap_or(rest);
    }
    out.push_str(rest);
    out
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for path in sorted(folder)? {
        if path.is_dir() {
            walk(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.retain(|path| !name_of(path).starts_with('.'));
    paths.sort();
    Ok(paths)
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loose(info: &str, code: &str) -> LooseRust {
        LooseRust {
            line: 1,
            info: info.into(),
            code: code.into(),
        }
    }

    #[test]
    fn code_that_stands_alone_is_compiled() {
        assert_eq!(
            compile(&loose("rust", "let a = 1;\nprintln!(\"{a}\");")).unwrap(),
            None
        );
        assert_eq!(compile(&loose("rust", "fn f() -> u8 { 1 }")).unwrap(), None);
        assert!(compile(&loose("rust", "let a = b;")).unwrap().is_some());
        let moved = "let a = String::new();\ndrop(a);\ndrop(a);";
        assert_eq!(
            compile(&loose("rust,compile_fail,E0382", moved)).unwrap(),
            None
        );
        assert!(
            compile(&loose("rust,compile_fail,E0499", moved))
                .unwrap()
                .is_some()
        );
        assert!(
            compile(&loose("rust,compile_fail", "let a = 1;"))
                .unwrap()
                .is_some()
        );
    }

    #[test]
    fn links_are_followed() {
        let folder = tempfile::tempdir().unwrap();
        let page =
            |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        page(
            "a.html",
            r##"<h2 id="one"></h2><a href="b.html#two">.</a><a href="#one">.</a><a href="https://x.y">.</a>"##,
        );
        page(
            "b.html",
            r#"<h2 id="two"></h2><img src="a.html"> <code> href="none.html" </code>"#,
        );
        assert_eq!(links(folder.path()).unwrap(), []);
        page(
            "c.html",
            r##"<a href="d.html">.</a><a href="b.html#three">.</a><img src="https://x.y/z.png"><a href="#four">.</a>"##,
        );
        let problems = links(folder.path()).unwrap();
        assert_eq!(problems.len(), 4, "{problems:?}");
    }

    #[test]
    fn a_picture_that_is_only_referred_to_is_found() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("figures")).unwrap();
        fs::write(folder.path().join("figures/box.svg"), "<svg></svg>").unwrap();
        fs::write(
            folder.path().join("a.html"),
            r#"<img src="figures/box.svg" alt="a box">"#,
        )
        .unwrap();
        let problems = links(folder.path()).unwrap();
        assert_eq!(problems.len(), 1, "{problems:?}");
    }
}
