//! Mentions and relations of a record, under any of the usual keys.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::own_infons;
use crate::formats::import::Intake;
use crate::formats::index::UniqueIds;
use crate::formats::offsets::Offsets;
use crate::formats::placement::{self, Claim, Ground, Segment, UNITS};
use crate::formats::{Unit, infons, json};
use crate::{Argument, Document, Entity, Infons, Relation, Span, Target};

const MENTIONS: [&str; 6] = ["entities", "annotations", "spans", "ents", "label", "labels"];

/// Moves the mentions and relations of a record into the document. Offsets count from byte `start` of its text.
pub(super) fn take(
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
            match mention(item) {
                Some((claim, entity)) => {
                    claims.push(claim);
                    document.entities.push(entity);
                }
                None => unplaced += 1,
            }
        }
        record.remove(key);
    }
    give_ids("T", document.entities.iter_mut().map(|entity| &mut entity.id).collect());
    let end = document.text.len();
    let ground = Ground { text: &document.text, segments: vec![Segment { start, end, offset: Some(0) }] };
    let placed = placement::place(&ground, &claims, &UNITS);
    document.entities =
        placement::settle(placed, &claims, std::mem::take(&mut document.entities), place, intake);
    if unplaced > 0 {
        let message = format!(
            "{} no start and end and {} left out.",
            if unplaced == 1 {
                "1 annotation has".to_owned()
            } else {
                format!("{unplaced} annotations have")
            },
            if unplaced == 1 { "was" } else { "were" }
        );
        intake.issue(place, message, "Give each a start_offset and an end_offset.");
    }
    for entity in document.entities.iter_mut().filter(|entity| entity.text.is_empty()) {
        let words = entity.spans.iter().filter_map(|span| span.slice(&document.text));
        entity.text = words.collect::<Vec<_>>().join(" ");
    }
    if let Some(Value::Array(items)) = record.remove("relations") {
        let offsets = Offsets::new(&document.text, Unit::CodePoints);
        for item in &items {
            document.relations.push(relation(item, &offsets));
        }
    }
    give_ids("R", document.relations.iter_mut().map(|relation| &mut relation.id).collect());
}

/// Gives ids to those that have none, and numbers those that come again.
fn give_ids(letter: &str, all: Vec<&mut String>) {
    let mut ids = UniqueIds::default();
    let (without, with): (Vec<&mut String>, Vec<&mut String>) = all.into_iter().partition(|id| id.is_empty());
    for id in with.into_iter().chain(without) {
        *id = ids.give(id, letter);
    }
}

/// A mention as `[start, end, label]` or as an object under any of the usual keys.
fn mention(item: &Value) -> Option<(Claim, Entity)> {
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
            let kind = first(&["label", "labels", "label_name", "type", "kind"])
                .and_then(labels)
                .unwrap_or_default();
            let several = item.get("spans").and_then(Value::as_array).map(|spans| {
                let pair = |span: &Value| Some((json::offset(span.get(0)?)?, json::offset(span.get(1)?)?));
                spans.iter().map(pair).collect::<Option<Vec<_>>>().unwrap_or_default()
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
    keep_others(item, &MENTION_KEYS, &mut infons);
    let entity = Entity {
        id: json::string(item, "id").unwrap_or_default(),
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

fn relation(item: &Value, offsets: &Offsets<'_>) -> Relation {
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
    // Label Studio's relations have the type "relation" and labels.
    let kind = item.get("labels").and_then(labels).filter(|labels| !labels.is_empty());
    let kind = kind.or_else(|| json::string(item, "type")).or_else(|| json::string(item, "label"));
    let mut infons = own_infons(item);
    keep_others(item, &RELATION_KEYS, &mut infons);
    Relation {
        id: json::string(item, "id").unwrap_or_default(),
        kind: kind.unwrap_or_default(),
        arguments,
        evidence: evidence.unwrap_or_default(),
        note: json::string(item, "note"),
        score: item.get("score").and_then(Value::as_f64),
        infons,
    }
}

/// A label, or several as one.
fn labels(value: &Value) -> Option<String> {
    match value {
        Value::Array(labels) => {
            labels.iter().map(json::scalar).collect::<Option<Vec<_>>>().map(|all| all.join("|"))
        }
        label => json::scalar(label),
    }
}

/// Keys of a mention that are read.
const MENTION_KEYS: [&str; 19] = [
    "id",
    "start_offset",
    "start_char",
    "start",
    "begin",
    "end_offset",
    "end_char",
    "end",
    "label",
    "labels",
    "label_name",
    "type",
    "kind",
    "spans",
    "text",
    "concepts",
    "note",
    "score",
    "infons",
];
/// Keys of a relation that are read.
const RELATION_KEYS: [&str; 14] = [
    "id",
    "type",
    "label",
    "labels",
    "arguments",
    "from_id",
    "to_id",
    "head",
    "child",
    "subj",
    "obj",
    "evidence",
    "note",
    "score",
];

/// Keeps what a tool says of a mention or a relation beside that.
fn keep_others(item: &Value, read: &[&str], infons: &mut Infons) {
    for (key, value) in item.as_object().into_iter().flatten() {
        let is_empty = value.is_null() || value.as_str() == Some("");
        if key != "infons" && !read.contains(&key.as_str()) && !is_empty {
            infons::add(infons, key, json::any(value));
        }
    }
}
