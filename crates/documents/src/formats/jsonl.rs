//! JSON Lines: one document a line. Osler's own shape is a superset of doccano's; other tools' are recognized by their
//! keys (labelbuddy, Prodigy, Potato, plain `title`/`abstract` records). A JSON array of such records is read too.
//!
//! Offsets count code points. Osler's line:
//! ```json
//! {"id": "227508", "text": "...",
//!  "passages": [{"start_offset": 0, "end_offset": 59, "type": "title", "infons": {}}],
//!  "entities": [{"id": "T1", "label": "Chemical", "start_offset": 0, "end_offset": 8, "text": "Naloxone",
//!    "spans": [[0, 8]], "concepts": [{"vocabulary": "MESH", "id": "D009270"}], "note": null, "score": null, "infons": {}}],
//!  "relations": [{"id": "R1", "type": "CID", "from_id": "T1", "to_id": "T2",
//!    "arguments": [{"role": "Chemical", "target": {"entity": "T1"}}, {"role": "Disease", "target": {"concept": {...}}}],
//!    "evidence": [[60, 180]], "note": null, "score": 0.93, "infons": {}}],
//!  "infons": {}, "runs": {}}
//! ```
//! `spans` stands only where a mention has several; `from_id` and `to_id` only where both participants are mentions.

mod annotations;
mod line;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::import::Intake;
use super::offsets::Offsets;
use super::{Notice, ReadError, Unit, foreign, json};
use crate::{Document, Infons, Passage, Span};

pub(super) use line::{Line, write};

const TITLES: [&str; 3] = ["title", "article_title", "display_title"];
pub(super) const TEXTS: [&str; 13] = [
    "text",
    "abstract",
    "abstractText",
    "document_text",
    "body",
    "content",
    "sentence",
    "passage",
    "context",
    "article",
    "document",
    "data",
    "raw_text",
];
const IDS: [&str; 8] = ["id", "pmid", "doc_id", "document_id", "docid", "paper_id", "pmcid", "_id"];

/// Reads the records one by one.
pub(super) fn read(text: &str, intake: &mut Intake<'_>) -> Result<(), ReadError> {
    let found = json::records(text, intake.lines_before);
    for (place, record) in found.records {
        if intake.is_full() {
            break;
        }
        let value = match json::value(record, intake) {
            Ok(value) => value,
            Err(problem) => {
                intake.issue(place, problem, "Split the record, or export the file again.");
                continue;
            }
        };
        let records = foreign::records(value, &place, intake);
        let is_one = records.len() == 1;
        for (number, record) in (1..).zip(records) {
            let place = if is_one { place.clone() } else { format!("{place}, item {number}") };
            if let Some(runs) = record.get("runs").and_then(|runs| serde_json::from_value(runs.clone()).ok())
            {
                let runs: BTreeMap<String, Infons> = runs;
                intake.runs.extend(runs);
            }
            if let Some(document) = document(record, &place, intake) {
                intake.document(document, place);
            }
        }
    }
    for (place, problem) in found.problems {
        intake.issue(place, problem, "Correct that place, or export the file again.");
    }
    Ok(())
}

/// The document of a record, or an issue where it has no text.
pub(super) fn document(
    mut record: Map<String, Value>,
    place: &str,
    intake: &mut Intake<'_>,
) -> Option<Document> {
    record.remove("runs");
    let annotated = record.contains_key("annotations") || record.contains_key("entities");
    let mut take = |keys: &[&str]| -> Option<(String, String)> {
        // Some services give a title as a list of one.
        let words = |value: &Value| match value {
            Value::Array(parts) if !parts.is_empty() => {
                parts.iter().map(Value::as_str).collect::<Option<Vec<_>>>().map(|parts| parts.join(" "))
            }
            value => json::scalar(value),
        };
        let key =
            keys.iter().find(|key| record.get(**key).and_then(words).is_some_and(|text| !text.is_empty()))?;
        let text = record.remove(*key).as_ref().and_then(words)?;
        Some(((*key).to_owned(), text))
    };
    let id = take(&IDS).map(|(_, id)| id);
    let title = take(&TITLES).map(|(_, title)| title).unwrap_or_default();
    let Some((key, text)) = take(&TEXTS).or_else(|| (!title.is_empty()).then(Default::default)) else {
        if annotated {
            let remedy = "Export the documents together with their annotations.";
            intake.issue(place, "It holds annotations without the text they belong to.", remedy);
        } else {
            let fields: Vec<String> = record.keys().take(12).cloned().collect();
            let message = format!(
                "It has no field named text, abstract, title or the like, but {}.",
                if fields.is_empty() { "none at all".to_owned() } else { fields.join(", ") }
            );
            intake.issue(place, message, "Name the field that holds the text \"text\".");
        }
        return None;
    };
    if !matches!(key.as_str(), "text" | "abstract" | "") {
        intake.notice(Notice::Columns(vec![key.clone()]));
    }
    // A title that is the text's first line is not shown twice.
    let own_line = |rest: &str| rest.is_empty() || rest.starts_with(['\n', '\r']);
    let is_repeated = text.trim_start().strip_prefix(title.trim()).is_some_and(own_line);
    let (title, repeated) = if is_repeated { (String::new(), title) } else { (title, String::new()) };
    let title = title.as_str();
    let passages = record.remove("passages");
    let mut document = match &passages {
        Some(Value::Array(_)) => Document { text, ..Document::default() },
        _ => Document::from_parts(
            "",
            &[("title", title), (if key == "abstract" { "abstract" } else { "body" }, &text)],
        ),
    };
    let start = if passages.is_some() || title.is_empty() { 0 } else { title.len() + 1 };
    document.id = id.or_else(|| id_of_metadata(&record)).unwrap_or_default();
    annotations::take(&mut record, start, &mut document, place, intake);
    if let Some(Value::Array(passages)) = passages {
        let offsets = Offsets::new(&document.text, Unit::CodePoints);
        document.passages = passages.iter().filter_map(|passage| read_passage(passage, &offsets)).collect();
    }
    document.infons.extend(properties(&mut record));
    // Passages say what the title is; without them a title that is not shown in the text is kept beside it.
    let kept = if document.text.contains(title) { repeated } else { title.to_owned() };
    if !kept.trim().is_empty() && !document.text.contains(kept.trim()) {
        document.infons.entry("title".to_owned()).or_insert(kept);
    }
    Some(document)
}

fn id_of_metadata(record: &Map<String, Value>) -> Option<String> {
    let metadata = record.get("metadata").or_else(|| record.get("meta"));
    let id = metadata.and_then(|metadata| IDS.iter().find_map(|key| json::string(metadata, key)));
    id.or_else(|| record.get("utf8_text_md5_checksum").and_then(json::scalar))
}

fn read_passage(passage: &Value, offsets: &Offsets<'_>) -> Option<Passage> {
    let byte = |key: &str| {
        let offset = passage.get(key).and_then(json::offset)?;
        offsets.to_byte(usize::try_from(offset).ok()?)
    };
    Some(Passage {
        span: Span::new(byte("start_offset")?, byte("end_offset")?),
        kind: json::string(passage, "type").unwrap_or_default(),
        infons: own_infons(passage),
    })
}

fn own_infons(item: &Value) -> Infons {
    let infons = item.get("infons").and_then(Value::as_object);
    infons
        .map(|infons| infons.iter().map(|(key, value)| (key.clone(), json::any(value))).collect())
        .unwrap_or_default()
}

/// Osler's infons, or every other field of a foreign record.
fn properties(record: &mut Map<String, Value>) -> Infons {
    let own = record.remove("infons");
    let mut infons = own_infons(&Value::Object(Map::from_iter(own.map(|own| ("infons".to_owned(), own)))));
    for key in ["metadata", "meta"] {
        if let Some(Value::Object(metadata)) = record.remove(key) {
            let fields = metadata.iter().filter(|(_, value)| !value.is_null());
            infons.extend(fields.map(|(key, value)| (key.clone(), json::any(value))));
        }
    }
    let others = std::mem::take(record).into_iter().filter(|(_, value)| !value.is_null());
    infons.extend(others.map(|(key, value)| (key, json::any(&value))));
    infons
}

#[cfg(test)]
mod tests {
    use crate::Span;
    use crate::Target;
    use crate::formats::{Format, read};

    #[test]
    fn reads_doccano_in_both_shapes() {
        let text = concat!(
            r#"{"id": 4, "text": "β-blockers help.", "label": [[0, 10, "DRUG"]], "Comments": []}"#,
            "\n",
            r#"{"text": "Aspirin bleeds.", "entities": [{"id": 0, "start_offset": 0, "end_offset": 7, "label": "DRUG"},"#,
            r#"{"id": 1, "start_offset": 8, "end_offset": 14, "label": "AE"}],"#,
            r#""relations": [{"from_id": 0, "to_id": 1, "type": "causes"}], "cats": ["x"]}"#,
            "\n{broken\n",
            r#"{"text": "Only labels.", "label": ["a", "b"]}"#,
        );
        let import = read(text.as_bytes(), "set.jsonl").unwrap();
        assert_eq!(import.format, Format::Jsonl);
        assert_eq!(import.documents[0].entities[0].text, "β-blockers");
        assert_eq!(import.documents[0].entities[0].spans, [Span::new(0, 11)]);
        assert_eq!(import.documents[1].relations[0].arguments[1].target, Target::Entity("1".to_owned()));
        assert_eq!(import.documents[2].infons["label"], "a|b");
        assert_eq!(import.issues[0].place, "line 3");
    }

    #[test]
    fn reads_records_with_title_and_abstract() {
        let text = r#"[{"pmid": 5, "title": "On X.", "abstract": "X is.", "year": 2001, "ents": []}]"#;
        let import = read(text.as_bytes(), "set.json").unwrap();
        let document = &import.documents[0];
        assert_eq!((document.id.as_str(), document.text.as_str()), ("5", "On X.\nX is."));
        assert_eq!(document.infons["year"], "2001");
    }

    #[test]
    fn shifts_offsets_past_a_title() {
        let text = r#"{"title": "On X.", "text": "X is.", "entities": [[0, 1, "A"]]}"#;
        let import = read(text.as_bytes(), "set.jsonl").unwrap();
        let document = &import.documents[0];
        assert_eq!(document.entities[0].spans, [Span::new(6, 7)]);
    }
}
