//! Where the files of the workspace are.

use std::path::PathBuf;

/// Where things lie.
pub(crate) struct House {
    /// The workspace.
    pub(crate) root: PathBuf,
    /// The book's own folder in it.
    pub(crate) book: PathBuf,
    /// Cargo's target folder.
    pub(crate) target: PathBuf,
}

impl House {
    /// The workspace that this program was built from: the chapters are not part of the
    /// executable.
    pub(crate) fn here() -> Self {
        let book = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let root = book.parent().map_or_else(|| book.clone(), PathBuf::from);
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| root.join("target"), PathBuf::from);
        Self { root, book, target }
    }
}
