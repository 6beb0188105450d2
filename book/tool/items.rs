//! What a lesson's library offers: a chapter has to speak of all of it.

use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use syn::{Attribute, Item, UseTree, Visibility};

/// The names of the public items at the root of a library, without what rustdoc hides.
///
/// # Errors
/// A file that cannot be read as Rust.
pub(crate) fn public_items(lib: &Path) -> Result<BTreeSet<String>> {
    let source = fs::read_to_string(lib).with_context(|| format!("cannot read {}", lib.display()))?;
    let file = syn::parse_file(&source).with_context(|| format!("cannot parse {}", lib.display()))?;
    let mut names = BTreeSet::new();
    for item in file.items {
        let (attributes, visibility, name) = match &item {
            Item::Const(item) => (&item.attrs, &item.vis, item.ident.to_string()),
            Item::Enum(item) => (&item.attrs, &item.vis, item.ident.to_string()),
            Item::Fn(item) => (&item.attrs, &item.vis, item.sig.ident.to_string()),
            Item::Mod(item) => (&item.attrs, &item.vis, item.ident.to_string()),
            Item::Static(item) => (&item.attrs, &item.vis, item.ident.to_string()),
            Item::Struct(item) => (&item.attrs, &item.vis, item.ident.to_string()),
            Item::Trait(item) => (&item.attrs, &item.vis, item.ident.to_string()),
            Item::Type(item) => (&item.attrs, &item.vis, item.ident.to_string()),
            Item::Use(item) if public(&item.vis) && !hidden(&item.attrs) => {
                used(&item.tree, &mut names);
                continue;
            }
            _ => continue,
        };
        if public(visibility) && !hidden(attributes) {
            names.insert(name);
        }
    }
    Ok(names)
}

fn public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn hidden(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("doc")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|word| word == "hidden")
    })
}

fn used(tree: &UseTree, names: &mut BTreeSet<String>) {
    match tree {
        UseTree::Path(path) => used(&path.tree, names),
        UseTree::Name(name) => drop(names.insert(name.ident.to_string())),
        UseTree::Rename(name) => drop(names.insert(name.rename.to_string())),
        UseTree::Group(group) => group.items.iter().for_each(|tree| used(tree, names)),
        UseTree::Glob(_) => {}
    }
}

/// Whether `text` has `name` as a word of its own.
pub(crate) fn mentions(text: &str, name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        !text[..at].chars().next_back().is_some_and(word)
            && !text[at + name.len()..].chars().next().is_some_and(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_names_are_found_and_hidden_ones_are_not() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(
            file.path(),
            "mod a; pub mod b; #[doc(hidden)] pub mod c; pub use a::{One, two as Three}; pub fn four() {} fn five() {}\n\
             pub(crate) struct Six;",
        )
        .unwrap();
        let names: Vec<_> = public_items(file.path()).unwrap().into_iter().collect();
        assert_eq!(names, ["One", "Three", "b", "four"]);
    }

    #[test]
    fn a_name_is_a_word() {
        assert!(mentions("a `Frame` is", "Frame"));
        assert!(!mentions("FrameHeader and a_Frame", "Frame"));
    }
}
