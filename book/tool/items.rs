//! The public items of a lesson's library: its chapter has to mention each one, or rustdoc
//! has to show how it is used.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use syn::{Attribute, ImplItem, Item, TraitItem, Type, UseTree, Visibility};

/// The names of the public items at the root of a library, without what rustdoc hides.
///
/// # Errors
/// A file that cannot be read as Rust.
pub(crate) fn public_items(lib: &Path) -> Result<BTreeSet<String>> {
    let source = fs::read_to_string(lib)
        .with_context(|| format!("cannot read {}", lib.display()))?;
    let file = syn::parse_file(&source)
        .with_context(|| format!("cannot parse {}", lib.display()))?;
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

/// What the files of a library offer besides the items at its root, and the examples in
/// their documentation.
#[derive(Debug, Default)]
pub(crate) struct Library {
    /// `Type::method`, of types and traits that are public.
    pub(crate) methods: BTreeSet<String>,
    /// All code in doc comments: `cargo test` compiles it.
    pub(crate) examples: String,
}

impl Library {
    /// Reads the files in `src` that belong to the library.
    ///
    /// # Errors
    /// A file that cannot be read as Rust.
    pub(crate) fn read(src: &Path) -> Result<Self> {
        let mut library = Self::default();
        library.folder(src)?;
        Ok(library)
    }

    fn folder(&mut self, folder: &Path) -> Result<()> {
        for entry in fs::read_dir(folder)
            .with_context(|| format!("cannot read {}", folder.display()))?
        {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default();
            if path.is_dir() {
                // Programs, whatever is in them.
                if name != "tour" && name != "bin" {
                    self.folder(&path)?;
                }
            } else if path.extension().is_some_and(|ending| ending == "rs")
                && name != "main.rs"
            {
                let source = fs::read_to_string(&path)?;
                let file = syn::parse_file(&source)
                    .with_context(|| format!("cannot parse {}", path.display()))?;
                self.examples += &examples(&source);
                self.items(&file.items);
            }
        }
        Ok(())
    }

    fn items(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Impl(block) if block.trait_.is_none() => {
                    let Type::Path(of) = &*block.self_ty else {
                        continue;
                    };
                    let Some(of) = of.path.segments.last() else {
                        continue;
                    };
                    for item in &block.items {
                        if let ImplItem::Fn(method) = item
                            && public(&method.vis)
                            && !hidden(&method.attrs)
                        {
                            self.methods
                                .insert(format!("{}::{}", of.ident, method.sig.ident));
                        }
                    }
                }
                Item::Trait(block) if public(&block.vis) => {
                    for item in &block.items {
                        if let TraitItem::Fn(method) = item
                            && !hidden(&method.attrs)
                        {
                            self.methods
                                .insert(format!("{}::{}", block.ident, method.sig.ident));
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

/// The code in a file's doc comments.
fn examples(source: &str) -> String {
    let (mut code, mut inside) = (String::new(), false);
    for line in source.lines().map(str::trim_start) {
        let Some(text) = line
            .strip_prefix("//!")
            .or_else(|| line.strip_prefix("///"))
        else {
            continue;
        };
        if text.trim_start().starts_with("```") {
            inside = !inside;
        } else if inside {
            code += text;
            code.push('\n');
        }
    }
    code
}

fn public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn hidden(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("doc")
            && attribute
                .parse_args::<syn::Ident>()
                .is_ok_and(|word| word == "hidden")
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

/// Returns whether `text` contains `name` as a whole word.
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
    fn methods_of_public_types_are_found_with_the_examples() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("a.rs"),
            "/// ```\n/// A::one();\n/// ```\npub struct A; impl A { pub fn one() {} fn two() {} pub(crate) fn three() {} }\n\
             impl Drop for A { fn drop(&mut self) {} } pub trait B { fn four(); }",
        )
        .unwrap();
        let library = Library::read(folder.path()).unwrap();
        assert_eq!(
            library
                .methods
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>(),
            ["A::one", "B::four"]
        );
        assert_eq!(library.examples, " A::one();\n");
    }

    #[test]
    fn a_name_is_a_word() {
        assert!(mentions("a `Frame` is", "Frame"));
        assert!(!mentions("FrameHeader and a_Frame", "Frame"));
    }
}
