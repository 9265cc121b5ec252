//! Which files of a drop belong together: brat keeps a text and its annotations apart.

use std::collections::HashMap;

/// One document source among a list of file names, by index into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file that is read by itself with [`read`](super::read).
    File(usize),
    /// A text and its annotations, for [`read_brat`](super::read_brat). Several annotation files (`.a1` and `.a2` of the
    /// BioNLP shared tasks) are joined in this order, with a line break between.
    Brat {
        /// The `.txt` file.
        text: usize,
        /// The annotation files, in order.
        annotations: Vec<usize>,
    },
}

/// Pairs file names (with folders or without) in their order; a text comes where it stands, its annotations with it.
#[must_use]
pub fn pair(names: &[&str]) -> Vec<Source> {
    let parts: Vec<(&str, &str)> =
        names.iter().map(|name| name.rsplit_once('.').unwrap_or((name, ""))).collect();
    let mut annotations: HashMap<&str, Vec<usize>> = HashMap::new();
    for wanted in ["ann", "a1", "a2"] {
        for (index, (stem, extension)) in parts.iter().enumerate() {
            if extension.eq_ignore_ascii_case(wanted) {
                annotations.entry(stem).or_default().push(index);
            }
        }
    }
    let is_text =
        |index: usize| parts.get(index).is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("txt"));
    let texts: HashMap<&str, usize> = parts
        .iter()
        .enumerate()
        .filter(|(index, _)| is_text(*index))
        .map(|(index, (stem, _))| (*stem, index))
        .collect();
    let mut sources = Vec::new();
    for (index, (stem, _)) in parts.iter().enumerate() {
        let own = annotations.get(stem);
        match (texts.get(stem), own) {
            (Some(text), Some(own)) if *text == index => {
                sources.push(Source::Brat { text: index, annotations: own.clone() });
            }
            (Some(_), Some(own)) if own.contains(&index) => {}
            _ => sources.push(Source::File(index)),
        }
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_texts_with_their_annotations() {
        let names = ["d/a.ann", "d/a.txt", "b.txt", "c.ann", "e.a2", "e.a1", "e.TXT", "d.xml", "e/a.txt"];
        assert_eq!(
            pair(&names),
            [
                Source::Brat { text: 1, annotations: vec![0] },
                Source::File(2),
                Source::File(3),
                Source::Brat { text: 6, annotations: vec![5, 4] },
                Source::File(7),
                Source::File(8),
            ]
        );
    }
}
