//! `book pdf` and `book epub`: the book to take away.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use epub_builder::{EpubBuilder, EpubContent, EpubVersion, ReferenceType, ZipLibrary};

use crate::house::House;
use crate::printable::{self, Page};
use crate::tree::{self, Element, Node};
use crate::{run, site};

const TITLE: &str = "Real-time Rust";
const BROWSERS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// Fewer pages than this are not the whole book.
const FEWEST_PAGES: usize = 200;

/// The type of a page on paper or in a reader.
const STYLE: &str = "
body { font-family: 'Source Serif 4', Palatino, Georgia, serif; line-height: 1.4; }
h1, h2, h3, h4 { line-height: 1.2; break-after: avoid; page-break-after: avoid; }
pre { font-family: 'Source Code Pro', Menlo, Consolas, monospace; font-size: 0.72em; white-space: pre-wrap;
    overflow-wrap: break-word; border: 1px solid #ddd6c4; background: #f6f3ea; padding: 0.6em; }
code { font-family: 'Source Code Pro', Menlo, Consolas, monospace; font-size: 0.9em; }
pre code { font-size: 1em; }
table { border-collapse: collapse; font-size: 0.85em; }
td, th { border: 1px solid #ddd6c4; padding: 0.2em 0.5em; text-align: start; vertical-align: top; }
.file, .time, .talk, .figcaption { font-size: 0.8em; color: #565f6d; }
.quiz, .lesson, .lab, .unfolded { border: 1px solid #ddd6c4; padding: 0 0.9em; margin: 1em 0; }
.quiz h4 { margin: 0.6em 0 0; }
.summary { font-weight: bold; }
ol.choices { list-style: upper-alpha; }
.kind { font-variant: small-caps; }
.tagline { font-style: italic; font-size: 1.2em; }
figure, .figure { margin: 1em 0; text-align: center; }
.figure svg { width: 100%; height: auto; max-width: 720px; }
.plot, .legend { text-align: left; }
.legend { list-style: none; padding: 0; }
.key { display: inline-block; width: 0.8em; height: 0.8em; }
a { color: #14509e; }
";

/// Writes the book as PDF, with the browser that is there; returns whether it is whole.
///
/// # Errors
/// Returns an error if there is no Chromium, or if it prints nothing.
pub(crate) fn pdf(house: &House) -> Result<bool> {
    let Some(browser) = BROWSERS.into_iter().find(|name| run::has(name)) else {
        bail!("a PDF needs Chromium, and there is none in the PATH")
    };
    let (pages, well) = built(house)?;
    let folder = house.target.join("book-print");
    fs::create_dir_all(&folder)?;
    let source = folder.join("book.html");
    let fonts = house.book.join("theme/fonts");
    let mut body = format!(
        "<section class=\"cover\"><h1>{TITLE}</h1><p class=\"tagline\">From one thread to Socket.IO on the open web</p></section>\
         <section><h1>Contents</h1><ul class=\"contents\">"
    );
    let mut dead = Vec::new();
    let ids: BTreeSet<_> = pages.iter().flat_map(anchors).collect();
    for page in &pages {
        body += &format!("<li><a href=\"#{}\">{}</a></li>", page.name, page.title);
    }
    body += "</ul></section>";
    for page in &pages {
        let link = |target: &str| {
            let (name, fragment) = split(page, target)?;
            let id = joined(&name, &fragment);
            if !ids.contains(&id) {
                dead.push(format!("{}: {target}", page.name));
            }
            Some(format!("#{id}"))
        };
        let nodes = relinked(page.nodes.clone(), &mut { link }, &|id| {
            joined(&page.name, id)
        });
        body += &format!(
            "<section id=\"{}\">{}</section>",
            page.name,
            tree::write(&nodes)
        );
    }
    let style = style(house)?;
    let font = |name: &str, file: &str, style: &str| {
        format!(
            "@font-face {{ font-family: \"{name}\"; font-style: {style}; font-weight: 200 900; src: url(\"file://{}\"); }}\n",
            fonts.join(file).display()
        )
    };
    let fonts = font(
        "Source Serif 4",
        "source-serif-4-latin-wght-normal.woff2",
        "normal",
    ) + &font(
        "Source Serif 4",
        "source-serif-4-latin-wght-italic.woff2",
        "italic",
    ) + &font(
        "Source Code Pro",
        "source-code-pro-latin-wght-normal.woff2",
        "normal",
    );
    let paper = "@page { size: A4; margin: 22mm 20mm; @bottom-center { content: counter(page); font-family: serif; } }
        @page :first { @bottom-center { content: none; } }
        body { font-size: 10.5pt; margin: 0; }
        section + section { break-before: page; }
        .cover { padding-top: 35%; text-align: center; }
        .cover h1 { font-size: 3em; }
        .figure, .quiz li, tr { break-inside: avoid; }";
    fs::write(
        &source,
        format!(
            "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"/><title>{TITLE}</title>\
             <style>{fonts}{style}{paper}</style></head><body>{body}</body></html>"
        ),
    )?;
    let to = house.target.join("real-time-rust.pdf");
    let _ = fs::remove_file(&to);
    let profile = tempfile::tempdir()?;
    let command = format!(
        "{browser} --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
         --disable-background-networking --disable-component-update --disable-sync --user-data-dir='{}' \
         --no-pdf-header-footer --generate-pdf-document-outline --print-to-pdf='{}' 'file://{}' 2>&1",
        profile.path().display(),
        to.display(),
        source.display()
    );
    let output = run::run(house, &command, false, Duration::from_mins(5))?;
    ensure!(to.is_file(), "{browser} printed nothing: {}", output.text);
    let bytes = fs::read(&to)?;
    let count = page_count(&bytes);
    println!(
        "{} ({count} pages, {} kB)",
        to.display(),
        bytes.len() / 1000
    );
    for link in &dead {
        eprintln!("the link leads nowhere: {link}");
    }
    if count < FEWEST_PAGES {
        eprintln!("{count} pages are fewer than {FEWEST_PAGES}: something is missing");
    }
    Ok(well && dead.is_empty() && count >= FEWEST_PAGES)
}

/// Returns the number of pages: objects of the type `Page`, and not `Pages`.
fn page_count(pdf: &[u8]) -> usize {
    let mark = b"/Type /Page";
    let pages = pdf.windows(mark.len() + 1);
    pages
        .filter(|bytes| bytes.starts_with(mark) && bytes[mark.len()] != b's')
        .count()
}

/// Writes the book as EPUB; returns whether all of its links lead somewhere and no page is
/// empty.
///
/// # Errors
/// Returns an error if a page is missing or the file cannot be written.
pub(crate) fn epub(house: &House) -> Result<bool> {
    let (pages, well) = built(house)?;
    let style = style(house)?;
    let mut book =
        EpubBuilder::new(ZipLibrary::new().map_err(broken)?).map_err(broken)?;
    book.epub_version(EpubVersion::V30);
    book.metadata("title", TITLE).map_err(broken)?;
    book.metadata("lang", "en").map_err(broken)?;
    book.metadata("toc_name", "Contents").map_err(broken)?;
    book.stylesheet(style.as_bytes()).map_err(broken)?;
    book.inline_toc();
    let ids: BTreeSet<_> = pages.iter().flat_map(anchors).collect();
    let mut faults = Vec::new();
    for page in &pages {
        let link = |target: &str| {
            let (name, fragment) = split(page, target)?;
            if !ids.contains(&joined(&name, &fragment)) {
                faults.push(format!("{}: the link to {target} leads nowhere", page.name));
            }
            let fragment = match fragment.as_str() {
                "" => String::new(),
                fragment => format!("#{fragment}"),
            };
            Some(format!("{name}.xhtml{fragment}"))
        };
        let nodes = relinked(page.nodes.clone(), &mut { link }, &|id| id.to_owned());
        let words = tree::text(&nodes).split_whitespace().count();
        if words < 20 {
            faults.push(format!("{}: the page is empty", page.name));
        }
        let mut pictures = Vec::new();
        let nodes = with_files(nodes, &page.name, &style, &mut pictures);
        for (name, svg) in &pictures {
            book.add_resource(name, svg.as_bytes(), "image/svg+xml")
                .map_err(broken)?;
        }
        let xhtml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE html>\n\
             <html xmlns=\"http://www.w3.org/1999/xhtml\" xmlns:epub=\"http://www.idpf.org/2007/ops\" lang=\"en\" xml:lang=\"en\">\
             <head><title>{}</title><link rel=\"stylesheet\" type=\"text/css\" href=\"stylesheet.css\"/></head>\
             <body>{}</body></html>",
            page.title,
            tree::write(&nodes)
        );
        let content = EpubContent::new(format!("{}.xhtml", page.name), xhtml.as_bytes())
            .title(page.title.replace("&amp;", "&"))
            .reftype(ReferenceType::Text);
        book.add_content(content).map_err(broken)?;
    }
    let to = house.target.join("real-time-rust.epub");
    book.generate(File::create(&to)?).map_err(broken)?;
    println!(
        "{} ({} chapters, {} kB)",
        to.display(),
        pages.len(),
        fs::metadata(&to)?.len() / 1000
    );
    for fault in &faults {
        eprintln!("{fault}");
    }
    let checked = checked(&to)?;
    Ok(well && faults.is_empty() && checked)
}

/// Puts each picture into a file: a reader shows a file more reliably than a picture inside
/// the text, and the style of the text does not reach it, so each has its own.
fn with_files(
    nodes: Vec<Node>,
    page: &str,
    style: &str,
    pictures: &mut Vec<(String, String)>,
) -> Vec<Node> {
    let one = |node| {
        let Node::Element(mut element) = node else {
            return node;
        };
        if element.name != "svg" {
            let children = std::mem::take(&mut element.children);
            element.children = with_files(children, page, style, pictures);
            return Node::Element(element);
        }
        let name = format!("pictures/{page}-{}.svg", pictures.len() + 1);
        let alt = element.get("aria-label").unwrap_or("A picture").to_owned();
        let namespace = ("xmlns".to_owned(), "http://www.w3.org/2000/svg".to_owned());
        element.attributes.retain(|(name, _)| name != "xmlns");
        element.attributes.push(namespace);
        // The rules name the figure around the picture, which the file does not have.
        let own = style.replace(".figure svg ", "").replace(".plot svg ", "");
        let own = Node::Text(format!(
            "text {{ font-family: sans-serif; font-size: 14px; }} {own}"
        ));
        let own = Node::Element(Element::new("style", "", vec![own]));
        element.children.insert(0, own);
        // Names in XML do not begin with a digit, as those of some pictures' parts do.
        let svg = tree::write(&[Node::Element(element)])
            .replace(" id=\"", " id=\"i-")
            .replace("url(#", "url(#i-")
            .replace("href=\"#", "href=\"#i-");
        let image = Element {
            name: "img".to_owned(),
            attributes: vec![("src".to_owned(), name.clone()), ("alt".to_owned(), alt)],
            children: Vec::new(),
        };
        pictures.push((
            name,
            format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{svg}"),
        ));
        Node::Element(image)
    };
    nodes.into_iter().map(one).collect()
}

/// Runs epubcheck if it is there.
fn checked(book: &Path) -> Result<bool> {
    if !run::has("epubcheck") {
        println!(
            "epubcheck is not installed: the file was checked for links and empty pages only"
        );
        return Ok(true);
    }
    // Some systems install the program's archive under its name, and start Java for it.
    let output = match Command::new("epubcheck").arg(book).output() {
        Ok(output) => output,
        Err(_) => {
            let archive = std::env::var_os("PATH").and_then(|path| {
                let files =
                    std::env::split_paths(&path).map(|folder| folder.join("epubcheck"));
                files.into_iter().find(|file| file.is_file())
            });
            let mut java = Command::new("java");
            java.arg("-jar").args(archive).arg(book).output()?
        }
    };
    if !output.status.success() {
        // Each fault comes with everything that would have been allowed.
        for line in String::from_utf8_lossy(&output.stderr).lines().take(40) {
            eprintln!("{}", line.chars().take(200).collect::<String>());
        }
    }
    Ok(output.status.success())
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what map_err hands over"
)]
fn broken(error: epub_builder::Error) -> anyhow::Error {
    anyhow::anyhow!("the EPUB cannot be written: {error}")
}

/// Builds the pages, and returns them in a form that can be printed, and whether the book
/// has no problems.
fn built(house: &House) -> Result<(Vec<Page>, bool)> {
    let to = house.target.join("book");
    let site = site::build(house, &to, None)?;
    let well = crate::block::report(&site.problems);
    Ok((printable::pages(house, &to)?, well))
}

/// Returns the page and the fragment that a link of a page leads to, unless it leads out of
/// the book.
fn split(page: &Page, target: &str) -> Option<(String, String)> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, fragment) = target.split_once('#').unwrap_or((target, ""));
    let name = match path.trim_end_matches(".html") {
        "" => page.name.clone(),
        name => name.to_owned(),
    };
    Some((name, fragment.to_owned()))
}

fn joined(name: &str, fragment: &str) -> String {
    match fragment {
        "" => name.to_owned(),
        fragment => format!("{name}--{fragment}"),
    }
}

/// Returns the page itself and all places in it that a link can lead to.
fn anchors(page: &Page) -> Vec<String> {
    fn collect(nodes: &[Node], page: &Page, found: &mut Vec<String>) {
        for node in nodes {
            if let Node::Element(element) = node {
                found.extend(element.get("id").map(|id| joined(&page.name, id)));
                collect(&element.children, page, found);
            }
        }
    }
    let mut found = vec![page.name.clone()];
    collect(&page.nodes, page, &mut found);
    found
}

/// Changes the targets of links and the ids of their targets.
fn relinked(
    nodes: Vec<Node>,
    link: &mut dyn FnMut(&str) -> Option<String>,
    id: &dyn Fn(&str) -> String,
) -> Vec<Node> {
    let one = |node| {
        let Node::Element(mut element) = node else {
            return node;
        };
        for (name, value) in &mut element.attributes {
            match name.as_str() {
                "href" if element.name == "a" => {
                    if let Some(target) = link(value) {
                        *value = target;
                    }
                }
                "id" => *value = id(value),
                _ => {}
            }
        }
        let children = std::mem::take(&mut element.children);
        Node::Element(Element {
            children: relinked(children, link, id),
            ..element
        })
    };
    nodes.into_iter().map(one).collect()
}

/// Returns the style of the pictures from the book's own style sheet, with the colors of
/// the light theme put in: a reader need not know variables, and paper is light.
pub(super) fn style(house: &House) -> Result<String> {
    let css = fs::read_to_string(house.book.join("assets/book.css"))?;
    let mut colors = Vec::new();
    for line in css.lines().take_while(|line| !line.starts_with(".coal")) {
        if let Some((name, value)) = line.trim().split_once(": ")
            && name.starts_with("--")
        {
            colors.push((
                format!("var({name})"),
                value.trim_end_matches(';').to_owned(),
            ));
        }
    }
    let mut style = STYLE.to_owned();
    for line in css.lines() {
        let pictures =
            line.starts_with(".figure svg .") || line.starts_with(".figure svg text");
        if pictures
            || line.starts_with(".plot svg .end")
            || line.starts_with(".plot .key.")
        {
            let mut line = line.to_owned();
            for (name, value) in &colors {
                line = line.replace(name, value);
            }
            style += &mixed(&line);
            style.push('\n');
        }
    }
    Ok(style)
}

/// Computes the mixtures of two colors in a line of CSS.
fn mixed(line: &str) -> String {
    let Some((before, rest)) = line.split_once("color-mix(in srgb, ") else {
        return line.to_owned();
    };
    let Some((mix, after)) = rest.split_once(')') else {
        return line.to_owned();
    };
    let channel = |color: &str, at: usize| {
        let digits = color.trim().trim_start_matches('#').get(2 * at..2 * at + 2);
        digits.and_then(|digits| u8::from_str_radix(digits, 16).ok())
    };
    let computed = mix.split_once(", ").and_then(|(one, other)| {
        let (one, percent) = one.split_once(' ')?;
        let percent: u32 = percent.trim_end_matches('%').parse().ok()?;
        let mut color = "#".to_owned();
        for at in 0..3 {
            let (one, other) = (channel(one, at)?, channel(other, at)?);
            let mix =
                (u32::from(one) * percent + u32::from(other) * (100 - percent)) / 100;
            color += &format!("{mix:02x}");
        }
        Some(color)
    });
    let color = computed.unwrap_or_else(|| "none".to_owned());
    format!("{before}{color}{}", mixed(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_counted_and_the_tree_of_pages_is_not() {
        assert_eq!(
            page_count(b"<< /Type /Pages >> << /Type /Page\n>> << /Type /Page/X >>"),
            2
        );
    }

    #[test]
    fn colors_are_mixed() {
        assert_eq!(
            mixed("a { fill: color-mix(in srgb, #000000 50%, #ffffff); }"),
            "a { fill: #7f7f7f; }"
        );
    }

    #[test]
    fn no_variable_is_left_in_the_style_of_a_reader() {
        let style = style(&House::here()).unwrap();
        assert!(style.contains(".figure svg .box {"), "{style}");
        for unknown in ["var(", "color-mix"] {
            let left: Vec<_> = style
                .lines()
                .filter(|line| line.contains(unknown))
                .collect();
            assert!(left.is_empty(), "{left:?}");
        }
    }

    #[test]
    fn links_lead_to_the_page_that_they_name() {
        let page = Page {
            title: "T".into(),
            name: "07-websocket".into(),
            nodes: tree::parse(
                "<h2 id=\"mask\">M</h2><a href=\"#mask\">m</a><a href=\"04-sockets.html#tcp\">t</a><a href=\"https://a.b/c\">x</a>",
            ),
        };
        assert_eq!(anchors(&page), ["07-websocket", "07-websocket--mask"]);
        let mut link =
            |target: &str| split(&page, target).map(|(name, at)| joined(&name, &at));
        let nodes = relinked(page.nodes.clone(), &mut link, &|id| id.to_owned());
        assert_eq!(
            tree::write(&nodes),
            "<h2 id=\"mask\">M</h2><a href=\"07-websocket--mask\">m</a><a href=\"04-sockets--tcp\">t</a><a href=\"https://a.b/c\">x</a>"
        );
    }
}
