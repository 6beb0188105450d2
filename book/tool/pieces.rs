//! A chapter's Markdown, cut into text and fenced blocks.

use crate::block::Block;

/// A part of a chapter's Markdown.
pub(crate) enum Piece<'a> {
    Text { line: usize, text: &'a str },
    Block(Block<'a>),
}

/// The line of an opening fence, where its body begins, the fence, and what stands behind
/// it.
type Open<'a> = (usize, usize, &'a str, &'a str);

/// Text and blocks in turn. An unclosed fence runs to the end, as in Markdown.
pub(crate) fn pieces(markdown: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut text_from, mut text_line) = (0, 1);
    let mut open: Option<Open<'_>> = None;
    let mut at = 0;
    for (number, line) in (1..).zip(markdown.split_inclusive('\n')) {
        let bare = line.trim_end();
        match open {
            None if bare.starts_with("```") => {
                if at > text_from {
                    pieces.push(Piece::Text {
                        line: text_line,
                        text: &markdown[text_from..at],
                    });
                }
                let fence = &bare[..bare.len() - bare.trim_start_matches('`').len()];
                open = Some((number, at + line.len(), fence, bare[fence.len()..].trim()));
            }
            Some((start, body, fence, info)) if bare == fence => {
                pieces.push(Piece::Block(Block {
                    line: start,
                    info,
                    body: &markdown[body..at],
                }));
                open = None;
                (text_from, text_line) = (at + line.len(), number + 1);
            }
            _ => {}
        }
        at += line.len();
    }
    match open {
        Some((line, body, _, info)) => {
            pieces.push(Piece::Block(Block {
                line,
                info,
                body: markdown.get(body..).unwrap_or_default(),
            }));
        }
        None if at > text_from => pieces.push(Piece::Text {
            line: text_line,
            text: &markdown[text_from..],
        }),
        None => {}
    }
    pieces
}

/// Returns the fenced blocks of a chapter.
pub(crate) fn blocks(markdown: &str) -> Vec<Block<'_>> {
    pieces(markdown)
        .into_iter()
        .filter_map(|piece| match piece {
            Piece::Block(block) => Some(block),
            Piece::Text { .. } => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_blocks_keep_their_lines() {
        let found: Vec<_> =
            pieces("one\n\n```rust\nfn a() {}\n```\ntwo\n````text\n```\n````\n")
                .into_iter()
                .map(|piece| match piece {
                    Piece::Text { line, text } => (line, "", text.to_owned()),
                    Piece::Block(block) => {
                        (block.line, block.info, block.body.to_owned())
                    }
                })
                .collect();
        let expected = [
            (1, "", "one\n\n"),
            (3, "rust", "fn a() {}\n"),
            (6, "", "two\n"),
            (7, "text", "```\n"),
        ];
        assert_eq!(
            found,
            expected.map(|(line, info, text)| (line, info, text.to_owned()))
        );
    }

    #[test]
    fn an_open_fence_runs_to_the_end() {
        assert!(matches!(
            pieces("```quiz\nabc").as_slice(),
            [Piece::Block(Block { body: "abc", .. })]
        ));
    }
}
