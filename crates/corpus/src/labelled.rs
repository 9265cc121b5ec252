//! Texts in which people marked names and their relations: `labelled/*.jsonl`, one form for several corpora.

use std::ops::Range;
use std::path::Path;

use serde::Deserialize;

use crate::Error;
use crate::records::{find, read_lines};

/// An abstract or a sentence with its names and relations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labelled {
    /// Unique in its file.
    pub id: String,
    /// The text, as its corpus has it.
    pub text: String,
    /// Names in it, in the order of the file.
    pub mentions: Vec<LabelledMention>,
    /// Relations of concepts or of mentions, as the corpus annotates them.
    pub relations: Vec<LabelledRelation>,
}

/// A name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelledMention {
    /// Unique in its text.
    pub id: String,
    /// UTF-8 bytes of the text; more than one range for a discontinuous name.
    pub spans: Vec<Range<usize>>,
    /// As the corpus names it.
    pub kind: String,
    /// Ids of the concepts, where the corpus has them.
    pub concepts: Vec<String>,
}

/// A relation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LabelledRelation {
    /// Id of a concept or a mention.
    pub head: String,
    /// Id of a concept or a mention.
    pub tail: String,
    /// As the corpus names it.
    #[serde(rename = "type")]
    pub kind: String,
}

#[derive(Deserialize)]
struct Line {
    id: String,
    text: String,
    mentions: Vec<Mention>,
    relations: Vec<LabelledRelation>,
}

#[derive(Deserialize)]
struct Mention {
    id: String,
    start: usize,
    end: usize,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    concept: Option<String>,
    #[serde(default)]
    spans: Vec<[usize; 2]>,
}

/// Reads `NAME.jsonl` of the folder `labelled`, plain or compressed; `name` is for example `biored.train`.
///
/// # Errors
/// If the file is not there, or a line is not of this form or marks what is not in its text.
pub fn labelled(folder: &Path, name: &str) -> Result<Vec<Labelled>, Error> {
    let file = format!("{name}.jsonl");
    let missing = || Error::read(&folder.join(&file))(std::io::ErrorKind::NotFound.into());
    let path = find(folder, &file).ok_or_else(missing)?;
    let mut found = Vec::new();
    read_lines(&path, |line: Line| {
        let outside = |id: &str| {
            Error::malformed(
                &path,
                format!("mention {id} of {}", line.id),
                "it marks what is not in the text",
            )
        };
        // Offsets count code points.
        let mut places: Vec<usize> = line.text.char_indices().map(|(place, _)| place).collect();
        places.push(line.text.len());
        let mentions = line
            .mentions
            .into_iter()
            .map(|mention| {
                let spans =
                    if mention.spans.is_empty() { vec![[mention.start, mention.end]] } else { mention.spans };
                let range = |[start, end]: [usize; 2]| {
                    let (start, end) = (*places.get(start)?, *places.get(end)?);
                    (start < end).then_some(start..end)
                };
                let spans: Option<Vec<_>> = spans.into_iter().map(range).collect();
                let concepts = mention.concept.iter().flat_map(|ids| ids.split([',', ';', '|']));
                let concepts =
                    concepts.filter(|id| !matches!(*id, "" | "-" | "-1")).map(str::to_owned).collect();
                let spans = spans.ok_or_else(|| outside(&mention.id))?;
                Ok(LabelledMention { id: mention.id, spans, kind: mention.kind, concepts })
            })
            .collect::<Result<_, Error>>()?;
        found.push(Labelled { id: line.id, text: line.text, mentions, relations: line.relations });
        Ok(())
    })?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &str) -> Result<Vec<Labelled>, Error> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.jsonl"), lines).unwrap();
        labelled(folder.path(), "a")
    }

    #[test]
    fn offsets_become_bytes_and_concepts_are_parted() {
        let line = r#"{"id":"1","source":"s","split":"train","text":"µ-opioids and TNF-α","mentions":[
            {"id":"T1","start":0,"end":9,"text":"µ-opioids","type":"chemical","concept":"D1,D2"},
            {"id":"T2","start":14,"end":19,"text":"TNF-α","type":"gene","concept":"-","spans":[[14,17],[18,19]]}],
            "relations":[{"head":"T1","tail":"T2","type":"inhibitor","novel":"No"}]}"#;
        let found = read(&line.replace('\n', " ")).unwrap();
        let words: Vec<Vec<&str>> = found[0]
            .mentions
            .iter()
            .map(|mention| mention.spans.iter().map(|span| &found[0].text[span.clone()]).collect())
            .collect();
        assert_eq!(words, [vec!["µ-opioids"], vec!["TNF", "α"]]);
        assert_eq!(found[0].mentions[0].concepts, ["D1", "D2"]);
        assert!(found[0].mentions[1].concepts.is_empty());
        assert_eq!(found[0].relations[0].kind, "inhibitor");
    }

    #[test]
    fn a_mark_outside_of_the_text_is_refused_by_name() {
        let line = r#"{"id":"7","text":"short","mentions":[{"id":"T9","start":3,"end":9,"type":"x"}],"relations":[]}"#;
        let error = read(line).unwrap_err().to_string();
        assert!(error.contains("T9") && error.contains("a.jsonl"), "{error}");
    }
}
