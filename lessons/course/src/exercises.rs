//! Where the exercises are: a lesson's manifest names them, and nothing lists them a
//! second time.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cargo_metadata::{Metadata, MetadataCommand, Package, Target};

/// A workspace with lessons.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The folder of the workspace's manifest.
    pub root: PathBuf,
    /// Where cargo builds.
    pub target: PathBuf,
    /// All exercises: lesson by lesson, each in the order of its manifest, which lists the
    /// warm-up first.
    pub exercises: Vec<Exercise>,
    /// The exercises that are too large for one file.
    pub projects: Vec<Project>,
    /// How the reader calls this program.
    pub command: &'static str,
}

/// A test target named `project_idea` that `cargo test` does not run by itself, and that
/// a patch makes pass.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    /// As in `cargo test --test NAME`.
    pub test: String,
    /// The worked solution, from the workspace's root.
    pub patch: PathBuf,
}

/// A test target named `exNN_idea` that `cargo test` does not run by itself (`test =
/// false`).
#[derive(Clone, Debug)]
pub(crate) struct Exercise {
    /// As in `cargo test --test NAME`.
    pub name: String,
    /// The package of its lesson.
    pub lesson: String,
    /// The subject of the lesson, from its manifest.
    pub about: String,
    /// The folder of the lesson.
    pub folder: PathBuf,
    /// The same and the folders of the local crates that the lesson depends on.
    pub crates: Vec<PathBuf>,
}

impl Workspace {
    /// The workspace around the current folder.
    ///
    /// # Errors
    /// Returns an error outside of a workspace, or if cargo does not understand it.
    pub(crate) fn find() -> Result<Self> {
        let metadata = MetadataCommand::new()
            .no_deps()
            .exec()
            .context("no workspace with lessons here")?;
        let target = metadata.target_directory.as_std_path();
        // Installed, it is not among what cargo built here.
        let built_here = std::env::current_exe().is_ok_and(|me| me.starts_with(target));
        Ok(Self {
            command: if built_here {
                "cargo run -p course --"
            } else {
                "course"
            },
            root: metadata.workspace_root.as_std_path().to_owned(),
            target: metadata.target_directory.as_std_path().to_owned(),
            exercises: exercises(&metadata),
            projects: projects(&metadata),
        })
    }

    /// Returns the exercise of that name.
    ///
    /// # Errors
    /// Returns an error that lists the names if no exercise has this one.
    pub(crate) fn exercise(&self, name: &str) -> Result<&Exercise> {
        let Some(exercise) = self.exercises.iter().find(|exercise| exercise.name == name)
        else {
            let names: Vec<_> = self
                .exercises
                .iter()
                .map(|exercise| exercise.name.as_str())
                .collect();
            bail!(
                "there is no exercise {name}; there are: {}",
                names.join(", ")
            );
        };
        Ok(exercise)
    }

    /// A path as a reader types it: from the root of the workspace.
    pub(crate) fn short<'path>(&self, path: &'path Path) -> std::path::Display<'path> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }
}

fn exercises(metadata: &Metadata) -> Vec<Exercise> {
    let mut found = Vec::new();
    for package in metadata.workspace_packages() {
        // Cargo does not return the targets in the order of the manifest.
        let manifest = fs::read_to_string(&package.manifest_path).unwrap_or_default();
        for target in package.targets.iter().filter(|target| is_exercise(target)) {
            let place = manifest.find(&format!("\"{}\"", target.name));
            let crates = local_crates(metadata, package);
            let exercise = exercise(package, target, crates);
            found.push((target.name.get(..4), place, exercise));
        }
    }
    found.sort_by_key(|(number, place, exercise)| {
        (*number, exercise.lesson.clone(), *place)
    });
    found.into_iter().map(|(.., exercise)| exercise).collect()
}

fn projects(metadata: &Metadata) -> Vec<Project> {
    let mut found = Vec::new();
    for package in metadata.workspace_packages() {
        let folder = package
            .manifest_path
            .parent()
            .unwrap_or(&package.manifest_path);
        let folder = folder
            .strip_prefix(&metadata.workspace_root)
            .unwrap_or(folder);
        for target in package
            .targets
            .iter()
            .filter(|target| target.is_test() && !target.test)
        {
            if let Some(name) = target.name.strip_prefix("project_") {
                let patch = folder.join("projects").join(name).with_extension("patch");
                found.push(Project {
                    test: target.name.clone(),
                    patch: patch.into(),
                });
            }
        }
    }
    found
}

fn is_exercise(target: &Target) -> bool {
    let digits = target
        .name
        .strip_prefix("ex")
        .and_then(|rest| rest.get(..2));
    target.is_test()
        && !target.test
        && digits.is_some_and(|digits| digits.parse::<u8>().is_ok())
}

/// Returns the folder of a package and of every package that it reaches by path.
fn local_crates(metadata: &Metadata, package: &Package) -> Vec<PathBuf> {
    let mut manifests = vec![package.manifest_path.clone()];
    let mut next = 0;
    while let Some(manifest) = manifests.get(next).cloned() {
        next += 1;
        let of = |package: &&Package| package.manifest_path == manifest;
        let Some(package) = metadata.packages.iter().find(of) else {
            continue;
        };
        for dependency in &package.dependencies {
            if let Some(folder) = &dependency.path {
                let manifest = folder.join("Cargo.toml");
                if !manifests.contains(&manifest) {
                    manifests.push(manifest);
                }
            }
        }
    }
    manifests
        .iter()
        .filter_map(|manifest| Some(manifest.parent()?.as_std_path().to_owned()))
        .collect()
}

fn exercise(package: &Package, target: &Target, crates: Vec<PathBuf>) -> Exercise {
    let manifest = package.manifest_path.as_std_path();
    Exercise {
        name: target.name.clone(),
        lesson: package.name.to_string(),
        about: package.description.clone().unwrap_or_default(),
        folder: manifest.parent().unwrap_or(manifest).to_owned(),
        crates,
    }
}

impl Exercise {
    /// The file that the reader edits.
    pub(crate) fn starter(&self) -> PathBuf {
        self.file("exercises", "rs")
    }

    /// The worked solution.
    pub(crate) fn solution(&self) -> PathBuf {
        self.file("solutions", "rs")
    }

    /// A few sentences that help without telling.
    pub(crate) fn hint(&self) -> PathBuf {
        self.file("hints", "md")
    }

    /// The tests that the answer and the solution share.
    pub(crate) fn cases(&self) -> PathBuf {
        self.file("tests/cases", "rs")
    }

    /// The test target that puts the answer under the cases.
    pub(crate) fn test(&self) -> PathBuf {
        self.file("tests", "rs")
    }

    /// The name of the test target that puts the lesson's solutions under the cases: one
    /// for all, each in a module that is named as its exercise.
    pub(crate) fn solutions_name(&self) -> String {
        let number = self.name.get(2..4).unwrap_or_default();
        format!("solutions_{number}")
    }

    /// The file of that module.
    pub(crate) fn solution_test(&self) -> PathBuf {
        self.file(&format!("tests/{}", self.solutions_name()), "rs")
    }

    /// Where the wrong answers are.
    pub(crate) fn wrong(&self) -> PathBuf {
        self.folder.join("wrong").join(&self.name)
    }

    fn file(&self, folder: &str, extension: &str) -> PathBuf {
        self.folder
            .join(folder)
            .join(&self.name)
            .with_extension(extension)
    }

    /// The same exercise in a copy of the workspace.
    pub(crate) fn moved(&self, from: &Path, to: &Path) -> Self {
        let folder = self.folder.strip_prefix(from).unwrap_or(&self.folder);
        Self {
            folder: to.join(folder),
            ..self.clone()
        }
    }
}
