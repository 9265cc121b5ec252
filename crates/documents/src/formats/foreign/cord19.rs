//! Articles of CORD-19.

use serde_json::{Value, json};

use super::Record;
use crate::formats::import::Intake;

/// Adds a part on a line of its own; gives where it stands, in characters.
fn push(text: &mut String, part: &str) -> (usize, usize) {
    if !text.is_empty() {
        text.push('\n');
    }
    let start = text.chars().count();
    text.push_str(part);
    (start, text.chars().count())
}

/// An article of CORD-19: abstract and body as lists of paragraphs.
pub(super) fn article(article: &Record, intake: &mut Intake<'_>) -> Record {
    let metadata = article.get("metadata").cloned().unwrap_or_default();
    let (mut text, mut passages) = (String::new(), Vec::new());
    let mut add = |part: &str, kind: &str, section: Option<&str>| {
        if !part.trim().is_empty() {
            let (start, end) = push(&mut text, part);
            let infons: Record = section
                .filter(|section| !section.is_empty())
                .map(|section| ("section".to_owned(), Value::from(section)))
                .into_iter()
                .collect();
            passages.push(json!({"start_offset": start, "end_offset": end, "type": kind, "infons": infons}));
        }
    };
    add(metadata.get("title").and_then(Value::as_str).unwrap_or_default(), "title", None);
    for (key, kind) in [("abstract", "abstract"), ("body_text", "body")] {
        for part in article.get(key).and_then(Value::as_array).into_iter().flatten() {
            let section = part.get("section").and_then(Value::as_str);
            add(part.get("text").and_then(Value::as_str).unwrap_or_default(), kind, section);
        }
    }
    let count = |key: &str| match article.get(key) {
        Some(Value::Array(list)) => list.len(),
        Some(Value::Object(list)) => list.len(),
        _ => 0,
    };
    intake.left_out("references", count("bib_entries"));
    intake.left_out("captions of figures and tables", count("ref_entries"));
    intake.left_out("paragraphs of the back matter", count("back_matter"));
    let names = metadata.get("authors").and_then(Value::as_array).into_iter().flatten().map(|author| {
        let part = |key: &str| author.get(key).and_then(Value::as_str).unwrap_or_default();
        let parts = [part("last"), part("first")];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
    });
    let authors = names.filter(|name| !name.is_empty()).collect::<Vec<_>>().join("; ");
    let mut infons = Record::new();
    if !authors.is_empty() {
        infons.insert("authors".to_owned(), Value::String(authors));
    }
    let mut record = Record::new();
    record.insert("id".to_owned(), article.get("paper_id").cloned().unwrap_or_default());
    record.insert("text".to_owned(), Value::String(text));
    record.insert("passages".to_owned(), Value::Array(passages));
    record.insert("infons".to_owned(), Value::Object(infons));
    record
}
