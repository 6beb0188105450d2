//! The pages that mdBook wrote, as a tree, and the tree as XHTML: an e-book's files have to
//! be well-formed, and what is interactive on a page has to become something that can be
//! printed.
//!
//! The reader understands what this program and mdBook write (every element is closed, every
//! attribute is quoted or bare), and not HTML in general.

use crate::html::escape;

/// Names in SVG that mdBook writes in lower case, and XML does not know then.
const CASED: [&str; 22] = [
    "clipPath",
    "clipPathUnits",
    "foreignObject",
    "gradientTransform",
    "gradientUnits",
    "lengthAdjust",
    "linearGradient",
    "markerHeight",
    "markerUnits",
    "markerWidth",
    "pathLength",
    "patternContentUnits",
    "patternTransform",
    "patternUnits",
    "preserveAspectRatio",
    "radialGradient",
    "refX",
    "refY",
    "spreadMethod",
    "textLength",
    "textPath",
    "viewBox",
];

/// Returns the name as XML knows it.
fn cased(name: &str) -> &str {
    let same = |one: &&&str| one.eq_ignore_ascii_case(name);
    CASED.iter().find(same).copied().unwrap_or(name)
}

/// Elements that have no end tag.
const VOID: [&str; 7] = ["br", "hr", "img", "input", "link", "meta", "wbr"];

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    /// Text as HTML, with its entities.
    Text(String),
    Element(Element),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Element {
    pub(crate) name: String,
    /// Names and values as HTML.
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Node>,
}

impl Element {
    /// Returns an element of this class.
    pub(crate) fn new(name: &str, class: &str, children: Vec<Node>) -> Self {
        let class = (!class.is_empty()).then(|| ("class".to_owned(), class.to_owned()));
        Self {
            name: name.to_owned(),
            attributes: class.into_iter().collect(),
            children,
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(other, _)| other == name)?;
        Some(&found.1)
    }

    pub(crate) fn is(&self, name: &str, class: &str) -> bool {
        self.name == name
            && (class.is_empty()
                || self
                    .get("class")
                    .is_some_and(|classes| classes.split(' ').any(|one| one == class)))
    }

    /// Returns the elements below for which `wanted` holds, in order.
    pub(crate) fn find<'a>(
        &'a self,
        wanted: &dyn Fn(&Element) -> bool,
        found: &mut Vec<&'a Element>,
    ) {
        for child in &self.children {
            if let Node::Element(element) = child {
                if wanted(element) {
                    found.push(element);
                }
                element.find(wanted, found);
            }
        }
    }
}

/// Returns the text of the nodes, as HTML without tags.
pub(crate) fn text(nodes: &[Node]) -> String {
    let one = |node: &Node| match node {
        Node::Text(text) => text.clone(),
        Node::Element(element) => text(&element.children),
    };
    nodes.iter().map(one).collect()
}

/// Reads HTML.
pub(crate) fn parse(html: &str) -> Vec<Node> {
    let mut open = vec![Element::default()];
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        if at > 0 {
            push(&mut open, Node::Text(rest[..at].to_owned()));
        }
        rest = &rest[at..];
        if rest.starts_with("<!") {
            let end = if rest.starts_with("<!--") { "-->" } else { ">" };
            rest = rest.find(end).map_or("", |at| &rest[at + end.len()..]);
        } else if let Some(tag) = rest.strip_prefix("</") {
            let (name, after) = tag.split_once('>').unwrap_or((tag, ""));
            // An element that was left open ends with the one around it.
            if let Some(place) = open.iter().rposition(|one| one.name == name.trim())
                && place > 0
            {
                while open.len() > place {
                    close(&mut open);
                }
            }
            rest = after;
        } else {
            let (element, closed, after) = start(&rest[1..]);
            rest = after;
            if closed || VOID.contains(&element.name.as_str()) {
                push(&mut open, Node::Element(element));
            } else {
                // The text of a script can look like tags.
                let raw = ["script", "style"].contains(&element.name.as_str());
                let end = format!("</{}>", element.name);
                open.push(element);
                if raw {
                    let at = rest.find(&end).unwrap_or(rest.len());
                    push(&mut open, Node::Text(rest[..at].to_owned()));
                    rest = &rest[at..];
                }
            }
        }
    }
    if !rest.is_empty() {
        push(&mut open, Node::Text(rest.to_owned()));
    }
    while open.len() > 1 {
        close(&mut open);
    }
    open.remove(0).children
}

fn push(open: &mut [Element], node: Node) {
    if let Some(last) = open.last_mut() {
        last.children.push(node);
    }
}

fn close(open: &mut Vec<Element>) {
    if let Some(element) = open.pop() {
        push(open, Node::Element(element));
    }
}

/// Reads the rest of a start tag. Returns the element, whether it closes itself, and what
/// follows.
fn start(tag: &str) -> (Element, bool, &str) {
    let end = tag.find(|c: char| c.is_whitespace() || c == '>' || c == '/');
    let end = end.unwrap_or(tag.len());
    let mut element = Element {
        name: tag[..end].to_owned(),
        ..Element::default()
    };
    let mut rest = &tag[end..];
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix("/>") {
            return (element, true, after);
        }
        if let Some(after) = rest.strip_prefix('>') {
            return (element, false, after);
        }
        if let Some(after) = rest.strip_prefix('/') {
            rest = after;
            continue;
        }
        if rest.is_empty() {
            return (element, true, "");
        }
        let end = rest.find(|c: char| c.is_whitespace() || "=>/".contains(c));
        let end = end.unwrap_or(rest.len()).max(1);
        let name = rest[..end].to_owned();
        rest = &rest[end..];
        let mut value = String::new();
        if let Some(after) = rest.strip_prefix('=') {
            let quote = after.chars().next().filter(|c| "\"'".contains(*c));
            let (inside, after) = match quote {
                Some(quote) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
                None => {
                    let end = after.find(|c: char| c.is_whitespace() || c == '>');
                    after.split_at(end.unwrap_or(after.len()))
                }
            };
            value = inside.replace('"', "&quot;").replace('<', "&lt;");
            rest = after;
        }
        element.attributes.push((name, value));
    }
}

/// Writes the nodes as XHTML.
pub(crate) fn write(nodes: &[Node]) -> String {
    let mut out = String::new();
    for node in nodes {
        match node {
            Node::Text(text) => out += &entities(text),
            Node::Element(element) => {
                let tag = cased(&element.name);
                out += &format!("<{tag}");
                for (name, value) in &element.attributes {
                    let value = if value.is_empty() { name } else { value };
                    out += &format!(" {}=\"{}\"", cased(name), entities(value));
                }
                if element.children.is_empty() && is_empty(&element.name) {
                    out += "/>";
                } else {
                    out += &format!(">{}</{tag}>", write(&element.children));
                }
            }
        }
    }
    out
}

fn is_empty(name: &str) -> bool {
    VOID.contains(&name)
        || [
            "path", "line", "rect", "circle", "polyline", "polygon", "use",
        ]
        .contains(&name)
}

/// XML knows five entities by name; a lone `&` is none.
fn entities(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out += &rest[..at];
        rest = &rest[at..];
        let entity = rest
            .find(';')
            .filter(|end| *end < 10)
            .map(|end| &rest[..=end]);
        match entity {
            Some(entity @ ("&amp;" | "&lt;" | "&gt;" | "&quot;" | "&apos;")) => {
                out += entity;
                rest = &rest[entity.len()..];
            }
            Some(entity) if entity.starts_with("&#") => {
                out += entity;
                rest = &rest[entity.len()..];
            }
            Some("&nbsp;") => {
                out += "&#160;";
                rest = &rest[6..];
            }
            _ => {
                out += &escape("&");
                rest = &rest[1..];
            }
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_as_xhtml() {
        let html = "<p class=a>one<br>two &amp; three & <b hidden>x</b></p><svg viewbox=\"0 0 1 1\"><path d=\"M0\"></path></svg><!-- no --><p>end";
        assert_eq!(
            write(&parse(html)),
            "<p class=\"a\">one<br/>two &amp; three &amp; <b hidden=\"hidden\">x</b></p><svg viewBox=\"0 0 1 1\"><path d=\"M0\"/></svg><p>end</p>"
        );
    }

    #[test]
    fn a_script_is_text_and_elements_are_found() {
        let nodes = parse(
            "<div><script>if (a<b) {}</script><form class=\"quiz big\"><i>1</i></form></div>",
        );
        let Node::Element(div) = &nodes[0] else {
            panic!("{nodes:?}")
        };
        let mut found = Vec::new();
        div.find(&|element| element.is("form", "quiz"), &mut found);
        assert_eq!(found.len(), 1);
        assert_eq!(text(&found[0].children), "1");
    }
}
