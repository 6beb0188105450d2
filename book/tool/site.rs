//! mdBook, as a library: reads the chapters, hands them to [`chapter::expand`], writes
//! the pages.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use mdbook_driver::MDBook;
use mdbook_driver::book::{Book, BookItem};
use mdbook_driver::config::Config;
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};

use crate::block::Problem;
use crate::chapter::{self, Chapter};
use crate::house::House;
use crate::search;

/// A book that was built.
pub(crate) struct Site {
    /// All chapters, in order.
    pub(crate) chapters: Vec<Chapter>,
    /// What is wrong with them.
    pub(crate) problems: Vec<Problem>,
}

/// Replaces the chapters' sources with their expanded text.
struct Expanded(Vec<(PathBuf, String)>);

impl Preprocessor for Expanded {
    fn name(&self) -> &'static str {
        "real-time-rust"
    }

    fn run(
        &self,
        _: &PreprocessorContext,
        mut book: Book,
    ) -> mdbook_driver::errors::Result<Book> {
        book.for_each_mut(|item| {
            if let BookItem::Chapter(chapter) = item
                && let Some(path) = &chapter.source_path
                && let Some((_, markdown)) =
                    self.0.iter().find(|(expanded, _)| expanded == path)
            {
                chapter.content.clone_from(markdown);
            }
        });
        Ok(book)
    }
}

fn load(house: &House) -> Result<(MDBook, Vec<(PathBuf, Chapter)>)> {
    let mut config = Config::from_disk(house.book.join("book.toml"))?;
    // MDBOOK_OUTPUT__HTML__SITE_URL says under which path a host serves the pages.
    config.update_from_env()?;
    // mdBook reports a page that is not there by a line in a log; here it is an error.
    let book = MDBook::load_with_config(&house.book, config)
        .context("the book cannot be read")?;
    let mut chapters = Vec::new();
    for item in book.iter() {
        if let BookItem::Chapter(item) = item
            && let Some(path) = &item.source_path
        {
            chapters.push((path.clone(), chapter::expand(house, path, &item.content)));
        }
    }
    Ok((book, chapters))
}

/// The chapters, without writing a page.
///
/// # Errors
/// A book that mdBook cannot read.
pub(crate) fn chapters(house: &House) -> Result<Vec<Chapter>> {
    Ok(load(house)?
        .1
        .into_iter()
        .map(|(_, chapter)| chapter)
        .collect())
}

/// Writes the pages into the folder `to`. With `reload` they are for a server: they load
/// themselves again when told so there, and their labs are alive.
///
/// # Errors
/// A book that mdBook cannot read or write. What is wrong in a chapter is in
/// [`Site::problems`].
pub(crate) fn build(house: &House, to: &Path, reload: Option<&str>) -> Result<Site> {
    let (mut book, chapters) = load(house)?;
    to.clone_into(&mut book.config.build.build_dir);
    if let Some(endpoint) = reload {
        book.config
            .set("output.html.live-reload-endpoint", endpoint)?;
        let mut scripts: Vec<String> = book
            .config
            .get("output.html.additional-js")?
            .unwrap_or_default();
        scripts.push("assets/labs.js".into());
        book.config.set("output.html.additional-js", scripts)?;
    }
    // mdBook writes over what is there, and leaves what is there no more.
    if to.exists() {
        fs::remove_dir_all(to)
            .with_context(|| format!("cannot empty {}", to.display()))?;
    }
    book.with_preprocessor(Expanded(
        chapters
            .iter()
            .map(|(path, chapter)| (path.clone(), chapter.markdown.clone()))
            .collect(),
    ));
    book.build()?;
    search::prefer_sections(to)?;
    let chapters: Vec<_> = chapters.into_iter().map(|(_, chapter)| chapter).collect();
    let problems = chapters
        .iter()
        .flat_map(|chapter| chapter.problems.clone())
        .collect();
    Ok(Site { chapters, problems })
}
