//! JSON Lines: one document a line. Osler's own shape is a superset of doccano's; other tools' are recognised by their
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

mod line;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::import::Intake;
use super::offsets::Offsets;
use super::placement::{self, Claim, Ground, Segment, UNITS};
use super::{Notice, ReadError, Unit, foreign, json};
use crate::{Argument, Document, Entity, Infons, Passage, Relation, Span, Target};

pub(super) use line::{Line, write};

const TITLES: [&str; 3] = ["title", "article_title", "display_title"];
const TEXTS: [&str; 11] = [
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
];
const IDS: [&str; 8] = ["id", "pmid", "doc_id", "document_id", "docid", "paper_id", "pmcid", "_id"];
const MENTIONS: [&str; 6] = ["entities", "annotations", "spans", "ents", "label", "labels"];

/// Reads the records one by one.
pub(super) fn read(text: &str, intake: &mut Intake<'_>) -> Result<(), ReadError> {
    let found = json::records(text);
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
    annotations(&mut record, start, &mut document, place, intake);
    if let Some(Value::Array(passages)) = passages {
        let offsets = Offsets::new(&document.text, Unit::CodePoints);
        document.passages = passages.iter().filter_map(|passage| read_passage(passage, &offsets)).collect();
    }
    document.infons.extend(infons(&mut record));
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

fn annotations(
    record: &mut Map<String, Value>,
    start: usize,
    document: &mut Document,
    place: &str,
    intake: &mut Intake<'_>,
) {
    let mut claims = Vec::new();
    let mut unplaced = 0;
    // Label Studio names the list after its control.
    let is_mention = |item: &Value| ["start", "end", "labels"].iter().all(|key| item.get(key).is_some());
    let named = |(key, value): (&String, &Value)| {
        let items = value.as_array().filter(|items| !items.is_empty() && items.iter().all(is_mention));
        items.filter(|_| !MENTIONS.contains(&key.as_str())).map(|_| key.clone())
    };
    let further: Vec<String> = record.iter().filter_map(named).collect();
    for key in MENTIONS.into_iter().chain(further.iter().map(String::as_str)) {
        let Some(Value::Array(items)) = record.get(key) else {
            continue;
        };
        // Labels of the whole document.
        if items.iter().all(Value::is_string) {
            if !items.is_empty() {
                let labels: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                document.infons.insert(key.to_owned(), labels.join("|"));
            }
            record.remove(key);
            continue;
        }
        for item in items {
            let number = document.entities.len() + 1;
            match mention(item, number) {
                Some((claim, entity)) => {
                    claims.push(claim);
                    document.entities.push(entity);
                }
                None => unplaced += 1,
            }
        }
        record.remove(key);
    }
    let end = document.text.len();
    let ground = Ground { text: &document.text, segments: vec![Segment { start, end, offset: Some(0) }] };
    let placed = placement::place(&ground, &claims, &UNITS);
    document.entities =
        placement::settle(placed, &claims, std::mem::take(&mut document.entities), place, intake);
    if unplaced > 0 {
        let message = format!("{unplaced} annotations have no start and end and were left out.");
        intake.issue(place, message, "Give each a start_offset and an end_offset.");
    }
    for entity in document.entities.iter_mut().filter(|entity| entity.text.is_empty()) {
        let words = entity.spans.iter().filter_map(|span| span.slice(&document.text));
        entity.text = words.collect::<Vec<_>>().join(" ");
    }
    if let Some(Value::Array(items)) = record.remove("relations") {
        let offsets = Offsets::new(&document.text, Unit::CodePoints);
        for item in &items {
            let relation = relation(item, document.relations.len() + 1, &offsets);
            document.relations.push(relation);
        }
    }
}

/// A mention as `[start, end, label]` or as an object under any of the usual keys.
fn mention(item: &Value, number: usize) -> Option<(Claim, Entity)> {
    let first = |keys: &[&str]| keys.iter().find_map(|key| item.get(key));
    let (spans, kind) = match item {
        Value::Array(parts) => {
            let [start, end, rest @ ..] = &parts[..] else {
                return None;
            };
            let kind = rest.first().and_then(json::scalar).unwrap_or_default();
            (vec![(json::offset(start)?, json::offset(end)?)], kind)
        }
        _ => {
            let start = first(&["start_offset", "start_char", "start", "begin"]).and_then(json::offset);
            let end = first(&["end_offset", "end_char", "end"]).and_then(json::offset);
            let labels = |value: &Value| match value {
                Value::Array(labels) => {
                    labels.iter().map(json::scalar).collect::<Option<Vec<_>>>().map(|all| all.join("|"))
                }
                label => json::scalar(label),
            };
            let kind = first(&["label", "labels", "label_name", "type", "kind"])
                .and_then(labels)
                .unwrap_or_default();
            let several = item.get("spans").and_then(Value::as_array).map(|spans| {
                let pair = |span: &Value| Some((json::offset(span.get(0)?)?, json::offset(span.get(1)?)?));
                spans.iter().filter_map(pair).collect::<Vec<_>>()
            });
            match several {
                Some(spans) if !spans.is_empty() => (spans, kind),
                _ => (vec![(start?, end?)], kind),
            }
        }
    };
    let text = json::string(item, "text").unwrap_or_default();
    let concepts = item.get("concepts").and_then(|concepts| serde_json::from_value(concepts.clone()).ok());
    let mut infons = own_infons(item);
    if let Some(extra) = json::string(item, "extra_data").filter(|extra| !extra.is_empty()) {
        infons.insert("extra_data".to_owned(), extra);
    }
    let entity = Entity {
        id: json::string(item, "id").unwrap_or_else(|| format!("T{number}")),
        kind,
        spans: Vec::new(),
        text: text.clone(),
        concepts: concepts.unwrap_or_default(),
        note: json::string(item, "note"),
        score: item.get("score").and_then(Value::as_f64),
        infons,
    };
    Some((Claim::new(spans, text), entity))
}

fn relation(item: &Value, number: usize, offsets: &Offsets<'_>) -> Relation {
    #[derive(Deserialize)]
    struct Arguments(Vec<Argument>);
    let arguments = item
        .get("arguments")
        .and_then(|arguments| serde_json::from_value::<Arguments>(arguments.clone()).ok())
        .map(|arguments| arguments.0)
        .unwrap_or_else(|| {
            let ends = [["from_id", "head", "subj"], ["to_id", "child", "obj"]];
            let end = |keys: &[&str; 3]| keys.iter().find_map(|key| json::string(item, key));
            let argument = |id| Argument { role: String::new(), target: Target::Entity(id) };
            ends.iter().filter_map(end).map(argument).collect()
        });
    let pair = |span: &Value| {
        let byte = |index: usize| {
            let offset = span.get(index).and_then(json::offset)?;
            offsets.to_byte(usize::try_from(offset).ok()?)
        };
        Some(Span::new(byte(0)?, byte(1)?))
    };
    let evidence =
        item.get("evidence").and_then(Value::as_array).map(|spans| spans.iter().filter_map(pair).collect());
    Relation {
        id: json::string(item, "id").unwrap_or_else(|| format!("R{number}")),
        kind: json::string(item, "type").or_else(|| json::string(item, "label")).unwrap_or_default(),
        arguments,
        evidence: evidence.unwrap_or_default(),
        note: json::string(item, "note"),
        score: item.get("score").and_then(Value::as_f64),
        infons: own_infons(item),
    }
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
fn infons(record: &mut Map<String, Value>) -> Infons {
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
    use crate::formats::{Format, read};
    use crate::{Span, Target};

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
