//! Proves the exercises, on a copy of the workspace, as a reader would: by replacing
//! the starter with other files.
//!
//! A case is only as good as the wrong answer that it catches. So each case is named by
//! at least one wrong answer (`//! Caught by: CASE`), and each wrong answer is caught by
//! the case that it names. A deleted case then leaves a wrong answer uncaught, and a
//! shifted bound lets an off-by-one through or stops the solution.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, thread};

use anyhow::{Context, Result};

use crate::exercises::{Exercise, Project, Workspace};
use crate::run::{self, Built, Outcome, function};

/// The beginning of every wrong answer.
const CAUGHT_BY: &str = "//! Caught by: ";

/// How often a wrong answer may die before it is a finding.
const ATTEMPTS: u32 = 3;

/// These builds are not debugged, and nothing is built twice from the same text: most of
/// the time goes into linking.
const QUICKLY: &[(&str, &str)] = &[
    ("CARGO_PROFILE_DEV_DEBUG", "false"),
    ("CARGO_INCREMENTAL", "0"),
];

/// A plausible answer that one case has to catch.
struct Wrong {
    file: PathBuf,
    text: String,
    case: String,
}

/// Tries every exercise and project, or with `filter` the exercises whose name contains it.
/// Returns the faults, each in a line that starts with the file.
///
/// # Errors
/// Returns an error if the workspace cannot be copied, if cargo cannot build at all, or if
/// no exercise matches.
pub(crate) fn verify(workspace: &Workspace, filter: Option<&str>) -> Result<Vec<String>> {
    let copy = workspace.target.join("course/workspace");
    mirror(&workspace.root, &copy, &workspace.target)
        .context("cannot copy the workspace")?;
    let exercises: Vec<_> = workspace
        .exercises
        .iter()
        .filter(|exercise| filter.is_none_or(|filter| exercise.name.contains(filter)))
        .map(|exercise| exercise.moved(&workspace.root, &copy))
        .collect();
    if let (Some(filter), []) = (filter, exercises.as_slice()) {
        anyhow::bail!("no exercise has `{filter}` in its name");
    }
    // Not the workspace's own: cargo takes the copy for the same packages, and would hand
    // a reader what was built here.
    let target = workspace.target.join("course/build");
    let mut proof = Proof {
        copy,
        target,
        errors: Vec::new(),
    };
    for exercise in &exercises {
        proof.files(exercise);
    }
    let cases = proof.starters_and_solutions(&exercises)?;
    proof.wrong_answers(&exercises, &cases)?;
    if filter.is_none() {
        for project in &workspace.projects {
            proof.project(project)?;
        }
    }
    Ok(proof.errors)
}

struct Proof {
    copy: PathBuf,
    target: PathBuf,
    errors: Vec<String>,
}

/// The cases of each exercise, by its name.
type Cases = BTreeMap<String, BTreeSet<String>>;

impl Proof {
    fn error(&mut self, file: &Path, reason: impl AsRef<str>) {
        let file = file.strip_prefix(&self.copy).unwrap_or(file);
        self.errors
            .push(format!("{}: {}", file.display(), reason.as_ref()));
    }

    /// The text of a file that has to be there.
    fn text(&mut self, file: &Path) -> String {
        fs::read_to_string(file).unwrap_or_else(|error| {
            self.error(file, error.to_string());
            String::new()
        })
    }

    /// Checks everything that can be seen without compiling.
    fn files(&mut self, exercise: &Exercise) {
        for file in [exercise.starter(), exercise.solution(), exercise.cases()] {
            self.text(&file);
        }
        if self.text(&exercise.hint()).trim().is_empty() {
            self.error(&exercise.hint(), "there is no hint");
        }
        let [cases, their_cases] =
            ["", "../"].map(|up| format!("#[path = \"{up}cases/{}.rs\"]", exercise.name));
        let subject = format!("#[path = \"../exercises/{}.rs\"]", exercise.name);
        let solution = format!("solutions::{} as subject;", exercise.name);
        for (file, wanted) in [
            (exercise.test(), [&cases, &subject]),
            (exercise.solution_test(), [&their_cases, &solution]),
        ] {
            let text = self.text(&file);
            for line in wanted {
                if !text.contains(line.as_str()) {
                    self.error(&file, format!("lacks `{line}`"));
                }
            }
        }
    }

    /// A starter compiles without a warning and fails every case; a solution passes the
    /// same cases.
    fn starters_and_solutions(&mut self, exercises: &[Exercise]) -> Result<Cases> {
        let solutions: Vec<_> = exercises.iter().map(Exercise::solutions_name).collect();
        let names = exercises
            .iter()
            .map(|exercise| &exercise.name)
            .chain(&solutions)
            .map(String::as_str);
        let built = run::build(&self.copy, &self.target, names, QUICKLY, &|_| {})?;
        let mut programs = Vec::new();
        for (exercise, solution) in exercises.iter().zip(&solutions) {
            let module = format!("{}::", exercise.name);
            let starter = built[&exercise.name].program.as_ref();
            let solution = built[solution].program.as_ref();
            programs.push((exercise, starter, None));
            programs.push((exercise, solution, Some(module)));
        }
        let ran = run::in_parallel(programs, |(exercise, program, module)| {
            let Some(program) = program else {
                return Ok(None);
            };
            let picked = module.as_deref();
            let mut outcome = run::run(program, &exercise.folder, picked.as_slice())?;
            // The solution's cases have the names that the reader's have.
            if let Some(module) = picked {
                let named = |(case, passed): (String, bool)| {
                    (case.trim_start_matches(module).to_owned(), passed)
                };
                outcome.cases = outcome.cases.into_iter().map(named).collect();
            }
            anyhow::Ok(Some(outcome))
        });
        let mut ran = ran.into_iter();
        let mut all = Cases::new();
        for (exercise, solution) in exercises.iter().zip(&solutions) {
            let (ours, theirs) = (
                ran.next().transpose()?.flatten(),
                ran.next().transpose()?.flatten(),
            );
            let starter = &built[&exercise.name];
            for complaint in &starter.complaints {
                self.error(
                    &exercise.starter(),
                    format!("the starter does not compile in silence:\n{complaint}"),
                );
            }
            let mut starter_cases = BTreeSet::new();
            if let Some(outcome) = ours {
                for (case, _) in outcome.cases.iter().filter(|(_, passed)| **passed) {
                    let case = function(case);
                    self.error(
                        &exercise.starter(),
                        format!("solved already: the starter passes the case {case}"),
                    );
                }
                self.ended(&exercise.starter(), &outcome);
                starter_cases = outcome.cases.into_keys().collect();
            }
            let file = exercise.solution();
            let Some(outcome) = theirs else {
                self.error(
                    &file,
                    format!(
                        "the solution does not compile:\n{}",
                        built[solution].complaints.join("\n")
                    ),
                );
                continue;
            };
            for (case, _) in outcome.cases.iter().filter(|(_, passed)| !**passed) {
                self.error(
                    &file,
                    format!("the solution fails the case {}", function(case)),
                );
            }
            self.ended(&file, &outcome);
            let cases: BTreeSet<_> = outcome.cases.into_keys().collect();
            if starter.program.is_some() && cases != starter_cases {
                self.error(
                    &exercise.cases(),
                    "the starter and the solution are not put under the same cases",
                );
            }
            all.insert(exercise.name.clone(), cases);
        }
        Ok(all)
    }

    /// Whether a test program came to an end and said something.
    fn ended(&mut self, file: &Path, outcome: &Outcome) {
        if outcome.timed_out {
            self.error(file, "its cases do not come to an end");
        } else if outcome.cases.is_empty() {
            self.error(file, "it is put under no case");
        }
    }

    /// Each wrong answer is caught by the case that it names, and each case is named by a
    /// wrong answer.
    ///
    /// One call of cargo builds the first wrong answer of every exercise, the next one
    /// the second, and so on.
    fn wrong_answers(&mut self, exercises: &[Exercise], cases: &Cases) -> Result<()> {
        let mut waiting = Vec::new();
        for exercise in exercises {
            let Some(cases) = cases.get(&exercise.name) else {
                continue;
            };
            let answers = self.read_wrong(exercise)?;
            for case in cases {
                if !answers.iter().any(|wrong| wrong.case == function(case)) {
                    let reason = format!(
                        "no wrong answer names the case {}, so nothing shows that it can fail",
                        function(case)
                    );
                    self.error(&exercise.wrong(), reason);
                }
            }
            waiting.push((exercise, cases, answers.into_iter()));
        }
        // A case that catches an answer often waits for its deadline: the next round is
        // built meanwhile.
        let (copy, target) = (&self.copy, &self.target);
        let found = thread::scope(|scope| {
            let mut running = Vec::new();
            loop {
                let round: Vec<_> = waiting
                    .iter_mut()
                    .filter_map(|(exercise, cases, answers)| {
                        Some((*exercise, *cases, answers.next()?))
                    })
                    .collect();
                if round.is_empty() {
                    break;
                }
                for (exercise, _, wrong) in &round {
                    fs::write(exercise.starter(), &wrong.text)?;
                }
                let names = round.iter().map(|(exercise, ..)| exercise.name.as_str());
                let mut built = run::build(copy, target, names, QUICKLY, &|_| {})?;
                for (name, built) in &mut built {
                    if let Some(program) = &mut built.program {
                        // Out of the way of the next round, which builds at the same
                        // place.
                        let kept = target.join(format!("{name}.{}", running.len()));
                        fs::rename(&*program, &kept)?;
                        *program = kept;
                    }
                }
                running.push(scope.spawn(move || {
                    run::in_parallel(round, |(exercise, cases, wrong)| {
                        let built = &built[&exercise.name];
                        let reason = escaped(exercise, cases, &wrong, built);
                        if let Some(program) = &built.program {
                            fs::remove_file(program)?;
                        }
                        Ok((wrong.file, reason?))
                    })
                }));
            }
            running
                .into_iter()
                .flat_map(|round| {
                    round
                        .join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                })
                .collect::<Result<Vec<_>>>()
        })?;
        for (file, reason) in found {
            if let Some(reason) = reason {
                self.error(&file, reason);
            }
        }
        Ok(())
    }

    /// Every case of a project fails in the workspace as it is, and passes with the
    /// patch. The programs built with it stay in `course/build`, because some tests start
    /// them.
    fn project(&mut self, Project { test, patch }: &Project) -> Result<()> {
        let before = self.project_cases(test)?;
        for case in before
            .iter()
            .filter(|(_, passed)| **passed)
            .map(|(case, _)| case)
        {
            self.error(
                patch,
                format!("solved already: without it the case {case} passes"),
            );
        }
        let applied = Command::new("git")
            .arg("apply")
            .arg(patch)
            .current_dir(&self.copy)
            .output();
        let applied = applied.context("cannot run git")?;
        if !applied.status.success() {
            self.error(
                patch,
                String::from_utf8_lossy(&applied.stderr)
                    .trim()
                    .replace('\n', "; "),
            );
            return Ok(());
        }
        let after = self.project_cases(test)?;
        for case in after
            .iter()
            .filter(|(_, passed)| !**passed)
            .map(|(case, _)| case)
        {
            self.error(patch, format!("with it the case {case} fails"));
        }
        if after.is_empty() || !after.keys().eq(before.keys()) {
            self.error(patch, "there are not the same cases with it and without it");
        }
        Ok(())
    }

    fn project_cases(&mut self, test: &str) -> Result<BTreeMap<String, bool>> {
        let built = run::build(&self.copy, &self.target, [test], QUICKLY, &|_| {})?;
        let built = &built[test];
        for complaint in &built.complaints {
            self.error(&self.copy.join(test), complaint);
        }
        let Some(program) = &built.program else {
            return Ok(BTreeMap::new());
        };
        Ok(run::run(program, &self.copy, &[])?.cases)
    }

    fn read_wrong(&mut self, exercise: &Exercise) -> Result<Vec<Wrong>> {
        let mut answers = Vec::new();
        for file in files_in(&exercise.wrong())? {
            let text = self.text(&file);
            match text
                .lines()
                .next()
                .and_then(|line| line.strip_prefix(CAUGHT_BY))
            {
                Some(case) => answers.push(Wrong {
                    case: case.trim().to_owned(),
                    file,
                    text,
                }),
                None => {
                    self.error(&file, format!("does not begin with `{CAUGHT_BY}CASE`"));
                }
            }
        }
        Ok(answers)
    }
}

/// Why the case that a wrong answer names has not caught it; `None` when it has.
fn escaped(
    exercise: &Exercise,
    cases: &BTreeSet<String>,
    wrong: &Wrong,
    built: &Built,
) -> Result<Option<String>> {
    let case = &wrong.case;
    let Some(program) = &built.program else {
        return Ok(Some(format!(
            "the wrong answer does not compile:\n{}",
            built.complaints.join("\n")
        )));
    };
    let Some(full) = cases.iter().find(|full| function(full) == case) else {
        return Ok(Some(format!(
            "is to be caught by the case {case}, which is not there"
        )));
    };
    // A program that died has said nothing about the case, so it runs again. Coroutines
    // do what threads may not, and about once in a hundred runs under load one of them
    // corrupts the heap.
    for attempt in 1.. {
        let outcome = run::run(program, &exercise.folder, &["--exact", full])?;
        if outcome.timed_out {
            return Ok(Some(format!("the case {case} does not come to an end")));
        }
        match outcome.cases.get(full) {
            Some(false) => break,
            Some(true) => return Ok(Some(format!("the case {case} does not catch it"))),
            None if attempt < ATTEMPTS => {}
            None => {
                let said = outcome.output.trim().escape_debug();
                return Ok(Some(format!(
                    "the case {case} came to no result, {ATTEMPTS} times: {said}"
                )));
            }
        }
    }
    Ok(None)
}

/// The entries of a folder in the order of their names; none when the folder is not
/// there.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<PathBuf>, std::io::Error>>()?;
    files.sort();
    Ok(files)
}

/// Makes `to` the same as `from`. It leaves equal files alone, so that cargo builds only
/// what changed.
fn mirror(from: &Path, to: &Path, target: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    let kept: Vec<_> = files_in(from)?
        .into_iter()
        .filter(|path| path != target && !is_left_out(path))
        .collect();
    for path in &kept {
        let Some(name) = path.file_name() else {
            continue;
        };
        let copy = to.join(name);
        if path.is_dir() {
            mirror(path, &copy, target)?;
        } else {
            let bytes = fs::read(path)?;
            if fs::read(&copy).ok().as_ref() != Some(&bytes) {
                fs::write(&copy, bytes)?;
            }
        }
    }
    for copy in files_in(to)? {
        if !kept.iter().any(|path| path.file_name() == copy.file_name()) {
            if copy.is_dir() {
                fs::remove_dir_all(copy)?;
            } else {
                fs::remove_file(copy)?;
            }
        }
    }
    Ok(())
}

/// Returns whether a folder is large and no build needs it.
fn is_left_out(path: &Path) -> bool {
    path.file_name().is_some_and(|name| {
        [".git", "target", "node_modules", "venv"]
            .iter()
            .any(|&other| name == other)
    })
}
