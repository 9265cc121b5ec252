//! PubAnnotation JSON: a text with denotations, relations, attributes and modifications (Kim and Wang, 2012).
//!
//! Offsets count code points. Ids in terminologies are attributes with the predicate `pubann:denotes`; scores, notes
//! and other properties are attributes too; passages are TextAE's `blocks`.

mod write;

use std::collections::{HashMap, HashSet};

use serde_json::Value;

pub(super) use write::write;

use super::import::Intake;
use super::index::UniqueIds;
use super::offsets::Offsets;
use super::placement::{self, Claim, Ground, UNITS};
use super::wording::{counted, some};
use super::{ReadError, identifiers, infons, json, plain};
use crate::{Argument, Document, Entity, Infons, Passage, Relation, Span, Target};

const DENOTES: &str = "pubann:denotes";
const SCORE: &str = "score";
const NOTE: &str = "note";
/// Keys of the object that are properties of the document.
const PROPERTIES: [&str; 8] =
    ["sourcedb", "sourceid", "divid", "section", "source_url", "project", "target", "inferred_from"];
/// Keys that are read otherwise.
const READ: [&str; 8] =
    ["text", "denotations", "relations", "attributes", "modifications", "blocks", "tracks", "namespaces"];
const NAMESPACES: &str = "namespaces";

/// Reads one text or an array of them.
pub(super) fn read(text: &str, intake: &mut Intake<'_>) -> Result<(), ReadError> {
    let found = json::records(text, intake.lines_before);
    for (place, record) in found.records {
        if intake.is_full() {
            break;
        }
        match json::value(record, intake) {
            Ok(value) if value.is_object() => document(&value, &place, intake),
            Ok(_) => intake.issue(place, "It is not a PubAnnotation object.", "Export it again."),
            Err(problem) => intake.issue(place, problem, "Split the record, or export the file again."),
        }
    }
    for (place, problem) in found.problems {
        intake.issue(place, problem, "Correct that place, or export the file again.");
    }
    Ok(())
}

fn document(value: &Value, place: &str, intake: &mut Intake<'_>) {
    let text = json::string(value, "text").unwrap_or_default();
    let mut document = plain::document(&text, "");
    for key in PROPERTIES {
        if let Some(property) = json::string(value, key) {
            document.infons.insert(key.to_owned(), property);
        }
    }
    for (key, value) in value.as_object().into_iter().flatten() {
        let is_read = READ.contains(&key.as_str()) && key != NAMESPACES;
        if !is_read && !value.is_null() && !document.infons.contains_key(key) {
            document.infons.insert(key.clone(), json::any(value));
        }
    }
    let source = document.infons.get("sourceid").cloned().unwrap_or_default();
    document.id = match document.infons.get("divid") {
        Some(division) if !source.is_empty() => format!("{source}-{division}"),
        _ => {
            document.infons.remove("sourceid");
            source
        }
    };
    let mut claims = Vec::new();
    let mut ids = HashMap::new();
    let mut unplaced = Vec::new();
    let (mut entity_ids, mut relation_ids) = (UniqueIds::default(), UniqueIds::default());
    let mut about_nothing = Vec::new();
    let guessed = std::mem::take(&mut document.passages);
    let mut block_spans = Vec::new();
    let mut between_blocks = HashSet::new();
    // Annotations of several projects stand in `tracks`, each with ids of its own.
    let tracks = list(value, "tracks");
    for (track, part) in (0..).zip(std::iter::once(value).chain(tracks)) {
        let project = (track > 0).then(|| json::string(part, "project")).flatten();
        let project = || project.clone().map(|project| ("project".to_owned(), project));
        for block in list(part, "blocks") {
            let id = json::string(block, "id").unwrap_or_default();
            ids.entry((track, id)).or_insert(Place::Passage(document.passages.len()));
            block_spans.push(block.get("span").and_then(spans).and_then(|spans| spans.first().copied()));
            let kind = json::string(block, "obj").unwrap_or_default();
            document.passages.push(Passage { span: Span::new(0, 0), kind, infons: Infons::new() });
        }
        if track > 0 {
            let is_read =
                |key: &String| READ.contains(&key.as_str()) && key != NAMESPACES || key == "project";
            let others = part.as_object().into_iter().flatten().filter(|(key, _)| !is_read(key));
            intake.left_out("properties of tracks", others.count());
        }
        for denotation in list(part, "denotations") {
            let id = json::string(denotation, "id").unwrap_or_default();
            let Some(spans) = denotation.get("span").and_then(spans) else {
                unplaced.push(id);
                continue;
            };
            let given = entity_ids.give(&id, "T");
            ids.entry((track, id)).or_insert(Place::Entity(document.entities.len()));
            claims.push(Claim::new(spans, ""));
            let mut infons = Infons::new();
            infons.extend(project());
            keep_others(denotation, &["id", "span", "obj"], &mut infons);
            document.entities.push(Entity {
                id: given,
                kind: json::string(denotation, "obj").unwrap_or_default(),
                spans: Vec::new(),
                text: String::new(),
                concepts: Vec::new(),
                note: None,
                score: None,
                infons,
            });
        }
        let relations: Vec<&Value> = list(part, "relations").collect();
        let start = document.relations.len();
        for relation in &relations {
            let id = json::string(relation, "id").unwrap_or_default();
            let given = relation_ids.give(&id, "R");
            ids.entry((track, id)).or_insert(Place::Relation(document.relations.len()));
            let kind = json::string(relation, "pred").unwrap_or_default();
            let mut read = Relation::new(given, kind, vec![]);
            read.infons.extend(project());
            keep_others(relation, &["id", "pred", "subj", "obj"], &mut read.infons);
            document.relations.push(read);
        }
        for (index, source) in (start..).zip(&relations) {
            let argument = |id: String| {
                let target = match ids.get(&(track, id.clone())) {
                    Some(Place::Entity(at)) => {
                        document.entities.get(*at).map(|one| Target::Entity(one.id.clone()))
                    }
                    Some(Place::Relation(at)) => {
                        document.relations.get(*at).map(|one| Target::Relation(one.id.clone()))
                    }
                    Some(Place::Passage(_)) => {
                        between_blocks.insert(index);
                        None
                    }
                    None => None,
                };
                // What dangles is left for the intake to refuse, with its reason.
                Argument { role: String::new(), target: target.unwrap_or(Target::Entity(id)) }
            };
            let arguments =
                ["subj", "obj"].iter().filter_map(|key| json::string(source, key)).map(argument).collect();
            if let Some(relation) = document.relations.get_mut(index) {
                relation.arguments = arguments;
            }
        }
        let attributes =
            list(part, "attributes").map(|one| (one, "subj", one.get("obj").unwrap_or(&Value::Bool(true))));
        let modifications = list(part, "modifications").map(|one| (one, "obj", &Value::Bool(true)));
        for (one, subject, object) in attributes.chain(modifications) {
            let subject = json::string(one, subject).unwrap_or_default();
            let predicate = json::string(one, "pred").unwrap_or_default();
            match ids.get(&(track, subject.clone())) {
                Some(of) => attach(*of, &predicate, object, &mut document),
                None => about_nothing.push(format!("{predicate} of {subject}")),
            }
        }
    }
    let place =
        if document.id.is_empty() { place.to_owned() } else { format!("{place}, document {}", document.id) };
    let placed = placement::place(&Ground::whole(&document.text), &claims, &UNITS);
    let unit = placed.unit;
    document.entities =
        placement::settle(placed, &claims, std::mem::take(&mut document.entities), &place, intake);
    for entity in &mut document.entities {
        let words = entity.spans.iter().filter_map(|span| span.slice(&document.text));
        entity.text = words.collect::<Vec<_>>().join(" ");
    }
    let offsets = Offsets::new(&document.text, unit);
    let (passages, outside) = placed_blocks(std::mem::take(&mut document.passages), &block_spans, &offsets);
    document.passages = if passages.is_empty() { guessed } else { passages };
    if !outside.is_empty() {
        let message =
            format!("{} without a place in the text: {}.", counted(outside.len(), "block"), some(&outside));
        intake.issue(&*place, message, "They were left out; give each a begin and an end in the text.");
    }
    if !between_blocks.is_empty() {
        let message = format!("{} of blocks, not of mentions.", counted(between_blocks.len(), "relation"));
        intake.issue(&*place, message, "Left out: a relation has mentions or relations as its participants.");
        let mut indices = 0..;
        document.relations.retain(|_| indices.next().is_some_and(|index| !between_blocks.contains(&index)));
    }
    if !unplaced.is_empty() {
        let message = format!(
            "{} {} no whole-number span: {}.",
            counted(unplaced.len(), "denotation"),
            if unplaced.len() == 1 { "has" } else { "have" },
            some(&unplaced)
        );
        intake.issue(&*place, message, "Left out; give each a begin and an end.");
    }
    if !about_nothing.is_empty() {
        let message = format!(
            "{} about what is not there: {}.",
            if about_nothing.len() == 1 {
                "1 attribute is".to_owned()
            } else {
                format!("{} attributes are", about_nothing.len())
            },
            some(&about_nothing)
        );
        intake.issue(&*place, message, "Left out; check the ids that attributes name.");
    }
    intake.document(document, place);
}

fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default().iter()
}

/// `{begin, end}`, or an array of them for a mention in pieces.
fn spans(span: &Value) -> Option<Vec<(i64, i64)>> {
    let pair = |span: &Value| Some((json::offset(span.get("begin")?)?, json::offset(span.get("end")?)?));
    match span {
        Value::Array(pieces) => pieces.iter().map(pair).collect(),
        one => pair(one).map(|pair| vec![pair]),
    }
}

/// The blocks at their places, in order; and those that have none.
fn placed_blocks(
    blocks: Vec<Passage>,
    spans: &[Option<(i64, i64)>],
    offsets: &Offsets<'_>,
) -> (Vec<Passage>, Vec<String>) {
    let byte = |offset: i64| usize::try_from(offset).ok().and_then(|offset| offsets.to_byte(offset));
    let (mut placed, mut outside) = (Vec::new(), Vec::new());
    for (mut block, span) in blocks.into_iter().zip(spans) {
        let span = span.and_then(|(begin, end)| Some(Span::new(byte(begin)?, byte(end)?)));
        match span.filter(|span| span.start < span.end) {
            Some(span) => {
                block.span = span;
                placed.push(block);
            }
            None => outside.push(block.kind),
        }
    }
    placed.sort_by_key(|block| block.span);
    (placed, outside)
}

/// Keeps the values of a record under keys that are not read otherwise.
fn keep_others(record: &Value, read: &[&str], infons: &mut Infons) {
    for (key, value) in record.as_object().into_iter().flatten() {
        if !read.contains(&key.as_str()) && !value.is_null() {
            infons::add(infons, key, json::any(value));
        }
    }
}

/// Where in the document an id's bearer stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    Entity(usize),
    Relation(usize),
    Passage(usize),
}

fn attach(of: Place, predicate: &str, object: &Value, document: &mut Document) {
    let (note, score, infons) = match of {
        Place::Passage(at) => {
            if let Some(passage) = document.passages.get_mut(at) {
                infons::add(&mut passage.infons, predicate, json::any(object));
            }
            return;
        }
        Place::Entity(at) => {
            let Some(entity) = document.entities.get_mut(at) else { return };
            if matches!(predicate, DENOTES | "denotes" | "identifier") {
                let kind = entity.kind.clone();
                for concept in identifiers::parse(&kind, &json::any(object)) {
                    // An id that is given twice says nothing new, and is written once.
                    if !entity.concepts.contains(&concept) {
                        entity.concepts.push(concept);
                    }
                }
                return;
            }
            (&mut entity.note, &mut entity.score, &mut entity.infons)
        }
        Place::Relation(at) => {
            let Some(relation) = document.relations.get_mut(at) else { return };
            (&mut relation.note, &mut relation.score, &mut relation.infons)
        }
    };
    match (predicate, object) {
        (SCORE, Value::Number(number)) if score.is_none() => *score = number.as_f64(),
        (NOTE, Value::String(text)) if note.is_none() => *note = Some(text.clone()),
        _ => infons::add(infons, predicate, json::any(object)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{Format, read as read_any};

    const TEXT: &str = r#"{"sourcedb": "PMC", "sourceid": "77", "divid": 2, "text": "NF-κB and IL-7 bind and bend.",
        "denotations": [{"id": "T1", "span": {"begin": 0, "end": 5}, "obj": "Protein"},
          {"id": "T2", "span": [{"begin": 10, "end": 12}, {"begin": "13", "end": 14}], "obj": "Protein"},
          {"id": "T3", "span": {"begin": 1.5, "end": 3}, "obj": "X"}],
        "relations": [{"id": "R1", "subj": "T1", "pred": "binds", "obj": "T2"}, {"id": "R2", "subj": "R1", "pred": "bends", "obj": "T9"}],
        "attributes": [{"id": "A1", "subj": "T1", "pred": "pubann:denotes", "obj": "UniProt:P19838"},
          {"id": "A2", "subj": "T1", "pred": "uncertain", "obj": true}, {"id": "A3", "subj": "R1", "pred": "score", "obj": 0.5},
          {"id": "A4", "subj": "T2", "pred": "name", "obj": "a"}, {"id": "A5", "subj": "T2", "pred": "name", "obj": "b"}],
        "modifications": [{"id": "M1", "pred": "Negation", "obj": "R1"}]}"#;

    #[test]
    fn reads_annotations_of_every_sort() {
        let import = read_any(TEXT.as_bytes(), "a.json").unwrap();
        assert_eq!(import.format, Format::PubAnnotation);
        let document = &import.documents[0];
        assert_eq!(document.id, "77-2");
        assert_eq!(document.entities[0].text, "NF-κB");
        assert_eq!(document.entities[0].concepts[0].id, "P19838");
        assert_eq!(document.entities[0].infons["uncertain"], "true");
        assert_eq!(
            (document.entities[1].text.as_str(), document.entities[1].infons["name#2"].as_str()),
            ("IL 7", "b")
        );
        let [relation] = &document.relations[..] else { panic!("R2 names T9, which is not there") };
        assert_eq!((relation.score, relation.infons["Negation"].as_str()), (Some(0.5), "true"));
        assert_eq!(import.issues.len(), 2, "{:#?}", import.issues);
    }

    #[test]
    fn writes_what_it_reads() {
        let import = read_any(TEXT.as_bytes(), "a.json").unwrap();
        let again = read_any(write(&import.documents).as_bytes(), "a.json").unwrap();
        assert_eq!(again.documents, import.documents);
        let two = [import.documents[0].clone(), Document::from_parts("1", &[("body", "Text.")])];
        assert_eq!(read_any(write(&two).as_bytes(), "a.json").unwrap().documents.len(), 2);
    }

    #[test]
    fn nothing_that_is_written_dangles() {
        let mut document = read_any(TEXT.as_bytes(), "a.json").unwrap().documents.remove(0);
        let argument = |target: Target| Argument { role: String::new(), target };
        let entity = |id: &str| argument(Target::Entity(id.to_owned()));
        let relation = |id: &str| argument(Target::Relation(id.to_owned()));
        // R2 has one participant, R3 and R4 are about relations, of which the format's tools know nothing.
        document.relations.push(Relation::new("R4", "x", vec![relation("R3"), entity("T1")]));
        document.relations.push(Relation::new("R3", "x", vec![entity("T1"), relation("R2")]));
        document.relations.push(Relation::new("R2", "x", vec![entity("T1")]));
        let written: Value = serde_json::from_str(&write(&[document])).unwrap();
        let ids: Vec<&str> = list(&written, "relations").filter_map(|one| one["id"].as_str()).collect();
        assert_eq!(ids, ["R1"]);
        assert!(
            list(&written, "attributes").all(|one| matches!(one["subj"].as_str(), Some("T1" | "T2" | "R1")))
        );
    }

    #[test]
    fn one_span_beyond_the_end_moves_no_other() {
        let text = r#"{"text": "β-blockers reduce mortality.", "denotations": [{"id": "T1", "span": {"begin": 11, "end": 17}, "obj": "Verb"},
            {"id": "T3", "span": {"begin": 2, "end": 10}, "obj": "Drug"}, {"id": "T2", "span": {"begin": 18, "end": 29}, "obj": "Outcome"}]}"#;
        let import = read_any(text.as_bytes(), "a.json").unwrap();
        let words: Vec<&str> =
            import.documents[0].entities.iter().map(|entity| entity.text.as_str()).collect();
        assert_eq!(words, ["reduce", "blockers"]);
        assert!(import.notices.is_empty());
        assert_eq!(import.issues[0].message, "1 mention lies outside the text and was left out: T2.");
    }

    #[test]
    fn keeps_or_tells_what_else_a_file_says() {
        let text = r#"{"text": "B12 helps.", "denotations": [{"id": "T1", "span": {"begin": 0, "end": 3}, "obj": "Drug", "note": "n"}],
            "attributes": [{"subj": "T99", "pred": "lost", "obj": "x"}], "namespaces": [{"prefix": "_base", "uri": "http://x/"}],
            "tracks": [{"project": "p", "denotations": [{"id": "T1", "span": {"begin": 4, "end": 9}, "obj": "Verb"}]}]}"#;
        let import = read_any(text.as_bytes(), "a.json").unwrap();
        let document = &import.documents[0];
        assert_eq!(document.entities[0].infons["note"], "n");
        assert_eq!(document.entities[1].infons["project"], "p");
        assert_eq!(document.infons["namespaces"], r#"[{"prefix":"_base","uri":"http://x/"}]"#);
        assert_eq!(import.issues[0].message, "1 attribute is about what is not there: lost of T99.");
        assert!(write(&import.documents).contains("\"uri\": \"http://x/\""));
    }

    #[test]
    fn reads_what_is_said_of_blocks() {
        let text = r#"{"text": "B12 helps. It harms.", "denotations": [],
            "blocks": [{"id": "B1", "span": {"begin": 0, "end": 10}, "obj": "aim"}, {"id": "B2", "span": {"begin": 11, "end": 20}, "obj": "end"}, {"id": "B3", "span": {"begin": 11, "end": 90}, "obj": "far"}],
            "attributes": [{"subj": "B2", "pred": "tone", "obj": "sad"}, {"subj": "B1", "pred": "flag"}],
            "relations": [{"id": "R1", "subj": "B1", "pred": "before", "obj": "B2"}]}"#;
        let import = read_any(text.as_bytes(), "a.json").unwrap();
        let document = &import.documents[0];
        assert_eq!(document.passages[1].infons["tone"], "sad");
        assert_eq!(document.passages[0].infons["flag"], "true");
        let messages: Vec<&str> = import.issues.iter().map(|issue| issue.message.as_str()).collect();
        assert_eq!(
            messages,
            ["1 block without a place in the text: far.", "1 relation of blocks, not of mentions."]
        );
        // What is said of blocks is kept, but not written: no other reader knows attributes of blocks.
        let again = read_any(write(&import.documents).as_bytes(), "a.json").unwrap();
        let kinds = |document: &Document| {
            document.passages.iter().map(|passage| (passage.span, passage.kind.clone())).collect::<Vec<_>>()
        };
        assert_eq!(kinds(&again.documents[0]), kinds(document));
    }
}
