//! BioC JSON: the same structure as the XML, in the arrangements of NCBI's services.

use serde::Serialize;
use serde_json::Value;

use super::super::import::Intake;
use super::super::json;
use super::super::{ReadError, WriteOptions};
use super::{
    BiocAnnotation, BiocDocument, BiocPassage, BiocRelation, KEY, Location, Node, SOURCE, export, import,
    keys, runs_to_json,
};
use crate::{Document, Infons};

/// Reads a collection, several of them, or bare documents, as one JSON value or one a line.
pub(in super::super) fn read(text: &str, intake: &mut Intake<'_>) -> Result<(), ReadError> {
    if json::is_lines(text) {
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
            collection(line, &format!("line {number}"), intake);
        }
    } else {
        collection(text, "the file", intake);
    }
    Ok(())
}

/// Writes a collection.
pub(in super::super) fn write(documents: &[Document], options: &WriteOptions) -> String {
    #[derive(Serialize)]
    struct Collection {
        source: &'static str,
        date: &'static str,
        key: &'static str,
        infons: Infons,
        documents: Vec<BiocDocument>,
    }
    let runs = runs_to_json(&options.runs).map(|runs| (keys::RUNS.to_owned(), runs));
    let collection = Collection {
        source: SOURCE,
        date: "",
        key: KEY,
        infons: runs.into_iter().collect(),
        documents: documents.iter().map(export::document).collect(),
    };
    serde_json::to_string_pretty(&collection).unwrap_or_default() + "\n"
}

fn collection(text: &str, place: &str, intake: &mut Intake<'_>) {
    let mut found = json::items(text, "documents");
    if let Some(list) = found.header.iter().find(|(key, _)| key == "PubTator3") {
        found = json::items(list.1.get(), "documents");
    }
    if !found.header.iter().any(|(key, _)| key == "passages") {
        for (key, value) in &found.header {
            header(key, value.get(), intake);
        }
    }
    let problem = found.broken.take();
    for (number, item) in (1..).zip(found.items) {
        if intake.is_full() {
            return;
        }
        let is_collection =
            json::keys(item.get()).is_ok_and(|keys| keys.iter().any(|key| key == "documents"));
        if is_collection && item.get().len() < text.len() {
            collection(item.get(), place, intake);
            continue;
        }
        match json::value(item, intake) {
            Ok(value) if value.is_object() => import::document(document(&value), intake),
            Ok(_) => intake.issue(
                format!("{place}, document {number}"),
                "It is not a BioC document.",
                "Export it again from the program that made it.",
            ),
            Err(problem) => intake.issue(
                format!("{place}, document {number}"),
                problem,
                "Split the document, or export the file again.",
            ),
        }
    }
    if let Some(problem) = problem {
        let message =
            format!("The JSON is not sound ({problem}); the documents before that place were read.");
        intake.issue(place, message, "Fetch or export the file again.");
    }
}

/// What stands beside the documents of a collection.
fn header(key: &str, json: &str, intake: &mut Intake<'_>) {
    let Ok(value) = serde_json::from_str::<Value>(json) else { return };
    match (key, value) {
        ("infons", Value::Object(infons)) => {
            for (key, value) in &infons {
                super::collection_property(key, &json::any(value), intake);
            }
        }
        ("source" | "date" | "key", value) => {
            super::collection_property("", &json::scalar(&value).unwrap_or_default(), intake);
        }
        _ => {}
    }
}

fn document(value: &Value) -> BiocDocument {
    let id = json::string(value, "id").or_else(|| json::string(value, "_id")).unwrap_or_default();
    BiocDocument {
        id: id.trim().to_owned(),
        infons: infons(value),
        passages: list(value, "passages").map(passage).collect(),
        annotations: list(value, "annotations").map(annotation).collect(),
        relations: list(value, "relations").map(relation).collect(),
    }
}

fn passage(value: &Value) -> BiocPassage {
    BiocPassage {
        infons: infons(value),
        offset: value.get("offset").and_then(json::offset).unwrap_or(0),
        text: value.get("text").and_then(Value::as_str).map(str::to_owned),
        sentences: list(value, "sentences").map(passage).collect(),
        annotations: list(value, "annotations").map(annotation).collect(),
        relations: list(value, "relations").map(relation).collect(),
    }
}

fn annotation(value: &Value) -> BiocAnnotation {
    let number = |location: &Value, key: &str| location.get(key).and_then(json::offset);
    let location = |location: &Value| {
        Some(Location { offset: number(location, "offset")?, length: number(location, "length")? })
    };
    // A mention of which one stretch is not known has no place.
    let locations = list(value, "locations").map(location).collect::<Option<Vec<_>>>();
    BiocAnnotation {
        id: json::string(value, "id").unwrap_or_default(),
        infons: infons(value),
        locations: locations.unwrap_or_default(),
        text: json::string(value, "text").unwrap_or_default(),
    }
}

fn relation(value: &Value) -> BiocRelation {
    let node = |node: &Value| Node {
        refid: json::string(node, "refid").unwrap_or_default(),
        role: json::string(node, "role").unwrap_or_default(),
    };
    BiocRelation {
        id: json::string(value, "id").unwrap_or_default(),
        infons: infons(value),
        nodes: list(value, "nodes").map(node).collect(),
    }
}

fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default().iter()
}

/// Infons as text; of PubTator's participants (`role1: {identifier, name ...}`) the identifier.
fn infons(value: &Value) -> Infons {
    let Some(infons) = value.get("infons").and_then(Value::as_object) else {
        return Infons::new();
    };
    infons
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| {
            let participant = key.starts_with("role").then(|| value.get("identifier")).flatten();
            (key.clone(), json::any(participant.unwrap_or(value)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::formats::{Format, WriteOptions, read, write};

    const FILE: &str = r#"{"source": "PubMed", "date": "2020", "key": "p.key", "infons": {"curator": "ada"}, "documents": [{"id": "1", "infons": {}, "passages": [
        {"offset": 0, "infons": {"type": "title"}, "text": "Renal or hepatic failure.", "sentences": [{"offset": 0, "infons": {"certain": "no"}, "text": "Renal or hepatic failure.", "annotations": [], "relations": []}],
         "annotations": [{"id": "A", "infons": {"type": "Disease"}, "text": "Renal or hepatic failure", "locations": [{"offset": 0, "length": 5}, {"offset": 17, "length": 7}]},
            {"id": "B", "infons": {"type": "Disease"}, "text": "hepatic failure", "locations": [{"offset": 9, "length": 15}, {"offset": "?", "length": 7}]}], "relations": []}], "relations": []}]}"#;

    #[test]
    fn tells_what_has_no_place() {
        let import = read(FILE.as_bytes(), "in.json").unwrap();
        assert_eq!(import.format, Format::BiocJson);
        let told: Vec<String> = import.notices.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "Left out: properties of sentences (1).",
                "Left out: properties of the collection (source, date, key) (4).",
                "Left out: sentence boundaries (1).",
            ]
        );
        // Of a mention in pieces some tools quote all from the first to the last letter.
        assert_eq!(import.documents[0].entities[0].spans.len(), 2);
        let messages: Vec<&str> = import.issues.iter().map(|issue| issue.message.as_str()).collect();
        assert_eq!(messages, ["1 mention is without a place and was left out: \"hepatic failure\"."]);
        let own = write(&import.documents, Format::BiocJson, &WriteOptions::default()).unwrap();
        let back = read(&own.files[0].1, "own.json").unwrap();
        assert_eq!((&back.documents, back.notices.len(), back.issues.len()), (&import.documents, 0, 0));
    }
}
