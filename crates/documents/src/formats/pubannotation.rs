//! PubAnnotation JSON: a text with denotations, relations, attributes and modifications (Kim and Wang, 2012).
//!
//! Offsets count code points. Ids in terminologies are attributes with the predicate `pubann:denotes`; scores, notes
//! and other properties are attributes too; passages are TextAE's `blocks`.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::import::Intake;
use super::index::{Index, UniqueIds};
use super::offsets::Offsets;
use super::placement::{self, Claim, Ground, UNITS};
use super::wording::{counted, some};
use super::{ReadError, Unit, identifiers, infons, json, plain};
use crate::{Argument, Document, Entity, Infons, Passage, Relation, Target};

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
    let found = json::records(text);
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
    // Annotations of several projects stand in `tracks`, each with ids of its own.
    let tracks = list(value, "tracks");
    for (track, part) in (0..).zip(std::iter::once(value).chain(tracks)) {
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
            let project = (track > 0).then(|| json::string(part, "project")).flatten();
            infons.extend(project.map(|project| ("project".to_owned(), project)));
            for (key, value) in denotation.as_object().into_iter().flatten() {
                if !matches!(key.as_str(), "id" | "span" | "obj") && !value.is_null() {
                    infons::add(&mut infons, key, json::any(value));
                }
            }
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
            document.relations.push(Relation::new(
                given,
                json::string(relation, "pred").unwrap_or_default(),
                vec![],
            ));
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
            list(part, "attributes").map(|one| (one, "subj", one.get("obj").unwrap_or(&Value::Null)));
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
    if let Some(blocks) = value.get("blocks").and_then(Value::as_array).filter(|blocks| !blocks.is_empty()) {
        let offsets = Offsets::new(&document.text, unit);
        document.passages = blocks.iter().filter_map(|block| passage(block, &offsets)).collect();
        document.passages.sort_by_key(|passage| passage.span);
    }
    if !unplaced.is_empty() {
        let message = format!(
            "{} {} no whole-number span: {}.",
            counted(unplaced.len(), "denotation"),
            if unplaced.len() == 1 { "has" } else { "have" },
            some(&unplaced)
        );
        intake.issue(&*place, message, "They were left out; give each a begin and an end.");
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
        intake.issue(&*place, message, "They were left out; check the ids they name.");
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

fn passage(block: &Value, offsets: &Offsets<'_>) -> Option<Passage> {
    let (begin, end) = *spans(block.get("span")?)?.first()?;
    let byte = |offset: i64| usize::try_from(offset).ok().and_then(|offset| offsets.to_byte(offset));
    let span = crate::Span::new(byte(begin)?, byte(end)?);
    let kind = json::string(block, "obj").unwrap_or_default();
    Some(Passage { span, kind, infons: Infons::new() })
}

/// Where in the document an id's bearer stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    Entity(usize),
    Relation(usize),
}

fn attach(of: Place, predicate: &str, object: &Value, document: &mut Document) {
    let (note, score, infons) = match of {
        Place::Entity(at) => {
            let Some(entity) = document.entities.get_mut(at) else { return };
            if matches!(predicate, DENOTES | "denotes" | "identifier") {
                let kind = entity.kind.clone();
                entity.concepts.extend(identifiers::parse(&kind, &json::any(object)));
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

/// Writes one object, or an array of several.
pub(super) fn write(documents: &[Document]) -> String {
    let objects: Vec<Value> = documents.iter().map(object).collect();
    let whole = match <[Value; 1]>::try_from(objects) {
        Ok([one]) => one,
        Err(several) => Value::Array(several),
    };
    serde_json::to_string_pretty(&whole).unwrap_or_default() + "\n"
}

fn object(document: &Document) -> Value {
    let mut object = Map::new();
    for key in PROPERTIES {
        if let Some(value) = document.infons.get(key) {
            object.insert(key.to_owned(), Value::from(value.as_str()));
        }
    }
    if !document.infons.contains_key("divid") || !document.infons.contains_key("sourceid") {
        object.insert("sourceid".to_owned(), Value::from(document.id.as_str()));
    }
    if let Some(namespaces) =
        document.infons.get(NAMESPACES).and_then(|json| serde_json::from_str::<Value>(json).ok())
    {
        object.insert(NAMESPACES.to_owned(), namespaces);
    }
    object.insert("text".to_owned(), Value::from(document.text.as_str()));
    let offsets = Offsets::new(&document.text, Unit::CodePoints);
    let span =
        |span: &crate::Span| json!({"begin": offsets.at_byte(span.start), "end": offsets.at_byte(span.end)});
    let guessed = plain::document(&document.text, "").passages;
    if !document.passages.is_empty() && document.passages != guessed {
        let block = |(number, passage): (usize, &Passage)| json!({"id": format!("B{number}"), "span": span(&passage.span), "obj": passage.kind});
        object.insert("blocks".to_owned(), (1..).zip(&document.passages).map(block).collect());
    }
    let mut attributes = Attributes::default();
    let mut denotations = Vec::new();
    for entity in &document.entities {
        let place = match &entity.spans[..] {
            [one] => span(one),
            pieces => pieces.iter().map(span).collect(),
        };
        denotations.push(json!({"id": entity.id, "span": place, "obj": entity.kind}));
        for concept in &entity.concepts {
            attributes.push(&entity.id, DENOTES, Value::from(identifiers::write_one(concept)));
        }
        attributes.push_all(&entity.id, entity.note.as_ref(), entity.score, &entity.infons);
    }
    let mut relations = Vec::new();
    for (relation, subject, object) in writable(document) {
        relations.push(json!({"id": relation.id, "pred": relation.kind, "subj": subject, "obj": object}));
        attributes.push_all(&relation.id, relation.note.as_ref(), relation.score, &relation.infons);
    }
    object.insert("denotations".to_owned(), Value::Array(denotations));
    object.insert("relations".to_owned(), Value::Array(relations));
    object.insert("attributes".to_owned(), Value::Array(attributes.list));
    Value::Object(object)
}

/// The relations that the format can hold, with their two participants: pairs of what is in the file itself. Leaving one
/// out takes the ground from those that name it, and so on.
fn writable(document: &Document) -> Vec<(&Relation, String, String)> {
    let index = Index::of(document);
    let target = |argument: &Argument| -> Option<String> {
        match &argument.target {
            Target::Entity(id) | Target::Relation(id) => Some(id.clone()),
            Target::Concept(concept) => index.mention_of(concept).map(|mention| mention.id.clone()),
        }
    };
    let pairs = document.relations.iter().filter_map(|relation| {
        let [subject, object] = &relation.arguments[..] else { return None };
        Some((relation, target(subject)?, target(object)?))
    });
    let mut pairs: Vec<(&Relation, String, String)> = pairs.collect();
    loop {
        let written: HashSet<&str> = pairs.iter().map(|(relation, ..)| relation.id.as_str()).collect();
        let names_written = |argument: &Argument| match &argument.target {
            Target::Relation(id) => written.contains(id.as_str()),
            _ => true,
        };
        let is_sound: Vec<bool> =
            pairs.iter().map(|(relation, ..)| relation.arguments.iter().all(names_written)).collect();
        if is_sound.iter().all(|sound| *sound) {
            return pairs;
        }
        let mut sound = is_sound.into_iter();
        pairs.retain(|_| sound.next().unwrap_or(false));
    }
}

/// The attributes of a text, numbered.
#[derive(Default)]
struct Attributes {
    list: Vec<Value>,
}

impl Attributes {
    fn push(&mut self, subject: &str, predicate: &str, object: Value) {
        let id = format!("A{}", self.list.len() + 1);
        self.list.push(json!({"id": id, "subj": subject, "pred": predicate, "obj": object}));
    }

    fn push_all(&mut self, subject: &str, note: Option<&String>, score: Option<f64>, infons: &Infons) {
        if let Some(note) = note {
            self.push(subject, NOTE, Value::from(note.as_str()));
        }
        if let Some(score) = score.and_then(serde_json::Number::from_f64) {
            self.push(subject, SCORE, Value::Number(score));
        }
        // Repeated predicates were numbered; they go back under their own name, in order.
        let mut repeated: BTreeMap<(&str, usize), &str> = BTreeMap::new();
        for (key, value) in infons {
            repeated.insert(infons::parted(key), value);
        }
        for ((predicate, _), value) in repeated {
            let object = match value {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                text => Value::from(text),
            };
            self.push(subject, predicate, object);
        }
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
        // R2 has one participant, R3 names R2, R4 names R3.
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
}
