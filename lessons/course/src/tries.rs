//! Tries answers: one at a time for a reader who waits for it, or all that changed.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;

use crate::attempt::Attempt;
use crate::cache::Cache;
use crate::exercises::{Exercise, Workspace};
use crate::run::{self, Tell};

/// Tries one answer.
///
/// # Errors
/// Returns an error if cargo cannot build at all.
pub(crate) fn one(
    workspace: &Workspace,
    exercise: &Exercise,
    tell: Tell<'_>,
) -> Result<Attempt> {
    let mut cache = Cache::open(workspace);
    let key = cache.key(exercise);
    let mut built = run::build(
        &workspace.root,
        &workspace.target,
        [exercise.name.as_str()],
        &[],
        tell,
    )?;
    let attempt =
        Attempt::new(exercise, built.entry(exercise.name.clone()).or_default())?;
    cache.put(exercise, key, &attempt);
    cache.save();
    Ok(attempt)
}

/// Returns the results of all answers, in the order of the exercises. Only answers that
/// changed since their last attempt are tried again.
///
/// # Errors
/// Returns an error if cargo cannot build at all.
pub(crate) fn all(workspace: &Workspace, tell: Tell<'_>) -> Result<Vec<Attempt>> {
    let mut cache = Cache::open(workspace);
    let mut attempts = Vec::new();
    let mut stale = Vec::new();
    for (place, exercise) in workspace.exercises.iter().enumerate() {
        let key = cache.key(exercise);
        let kept = cache.take(exercise, key);
        match &kept {
            Some(attempt) => cache.put(exercise, key, attempt),
            None => stale.push((place, exercise, key)),
        }
        attempts.push(kept.unwrap_or_default());
    }
    let names = stale.iter().map(|(_, exercise, _)| exercise.name.as_str());
    let mut built = run::build(&workspace.root, &workspace.target, names, &[], tell)?;
    let (count, tried) = (stale.len(), AtomicUsize::new(0));
    let pairs: Vec<_> = stale
        .into_iter()
        .map(|(place, exercise, key)| {
            let built = built.remove(&exercise.name).unwrap_or_default();
            (place, exercise, key, built)
        })
        .collect();
    let results = run::in_parallel(pairs, |(place, exercise, key, mut built)| {
        let attempt = Attempt::new(exercise, &mut built);
        let tried = tried.fetch_add(1, Ordering::Relaxed) + 1;
        tell(format!("Trying the exercises: {tried} of {count} ..."));
        (place, exercise, key, attempt)
    });
    for (place, exercise, key, attempt) in results {
        let attempt = attempt?;
        cache.put(exercise, key, &attempt);
        attempts[place] = attempt;
    }
    cache.save();
    Ok(attempts)
}
