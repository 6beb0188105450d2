//! Keeps the results of attempts, so that a second list is instant.
//!
//! A result is kept under a hash of everything that it depends on: the answer, its cases,
//! the lesson, the local crates under the lesson, the locked dependencies and the
//! toolchain. If one of them changes, the hash differs and the exercise is tried again.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{fs, process};

use serde::{Deserialize, Serialize};

use crate::attempt::Attempt;
use crate::exercises::{Exercise, Workspace};

/// Folders of a lesson on which no result depends.
const IRRELEVANT: [&str; 8] = [
    "exercises",
    "hints",
    "wrong",
    "projects",
    "fuzz",
    "benches",
    "target",
    "node_modules",
];

#[derive(Serialize, Deserialize)]
struct Kept {
    key: u64,
    attempt: Attempt,
}

/// The results of earlier attempts.
pub(crate) struct Cache {
    file: PathBuf,
    kept: BTreeMap<String, Kept>,
    /// The hash of the files that all exercises depend on.
    common: u64,
    /// The hash of each folder that was read.
    folders: HashMap<PathBuf, u64>,
}

impl Cache {
    /// Reads what earlier calls kept. A file that cannot be read counts as empty.
    pub(crate) fn open(workspace: &Workspace) -> Self {
        let file = workspace.target.join("course/results.json");
        let kept = fs::read(&file)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        let mut hasher = DefaultHasher::new();
        for name in [
            "Cargo.toml",
            "Cargo.lock",
            "rust-toolchain.toml",
            ".cargo/config.toml",
        ] {
            fs::read(workspace.root.join(name)).ok().hash(&mut hasher);
        }
        for name in ["RUSTUP_TOOLCHAIN", "RUSTFLAGS"] {
            std::env::var_os(name).hash(&mut hasher);
        }
        env!("CARGO_PKG_VERSION").hash(&mut hasher);
        Self {
            file,
            kept,
            common: hasher.finish(),
            folders: HashMap::new(),
        }
    }

    /// Returns the hash of everything that the result of this exercise depends on.
    pub(crate) fn key(&mut self, exercise: &Exercise) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.common.hash(&mut hasher);
        for folder in &exercise.crates {
            if !self.folders.contains_key(folder) {
                let mut hasher = DefaultHasher::new();
                hash_folder(folder, &mut hasher);
                self.folders.insert(folder.clone(), hasher.finish());
            }
            self.folders[folder].hash(&mut hasher);
        }
        fs::read(exercise.starter()).ok().hash(&mut hasher);
        hasher.finish()
    }

    /// Takes out the result that was kept under this key.
    pub(crate) fn take(&mut self, exercise: &Exercise, key: u64) -> Option<Attempt> {
        let kept = self.kept.remove(&exercise.name)?;
        (kept.key == key).then_some(kept.attempt)
    }

    /// Keeps a result under the key that was computed before the attempt.
    pub(crate) fn put(&mut self, exercise: &Exercise, key: u64, attempt: &Attempt) {
        // An attempt that was stopped may fare better on a machine that is less busy.
        if !attempt.stopped() {
            let attempt = attempt.clone();
            self.kept
                .insert(exercise.name.clone(), Kept { key, attempt });
        }
    }

    /// Writes the results. If that fails, the next call only takes longer.
    pub(crate) fn save(&self) {
        let Some(folder) = self.file.parent() else {
            return;
        };
        let temporary = folder.join(format!("results.{}.json", process::id()));
        let written = fs::create_dir_all(folder).is_ok()
            && serde_json::to_vec(&self.kept)
                .is_ok_and(|bytes| fs::write(&temporary, bytes).is_ok())
            && fs::rename(&temporary, &self.file).is_ok();
        if !written {
            let _ = fs::remove_file(&temporary);
        }
    }
}

fn hash_folder(folder: &Path, hasher: &mut DefaultHasher) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') || IRRELEVANT.contains(&name.as_ref()) {
            continue;
        }
        name.hash(hasher);
        if path.is_dir() {
            hash_folder(&path, hasher);
        } else {
            fs::read(&path).ok().hash(hasher);
        }
    }
}
