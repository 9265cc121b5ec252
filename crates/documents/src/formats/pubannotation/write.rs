//! PubAnnotation's JSON as it is written, by the rules of its server and of TextAE.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::{DENOTES, NAMESPACES, NOTE, PROPERTIES, SCORE};
use crate::formats::index::{Index, UniqueIds};
use crate::formats::offsets::Offsets;
use crate::formats::{Unit, identifiers, infons, plain};
use crate::{Argument, Document, Infons, Passage, Relation, Span, Target};

/// Writes one object, or an array of several.
pub(in crate::formats) fn write(documents: &[Document]) -> String {
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
    let span = |span: &Span| json!({"begin": offsets.at_byte(span.start), "end": offsets.at_byte(span.end)});
    let mut attributes = Attributes::default();
    let mut ids = UniqueIds::default();
    let mut denotations = Vec::new();
    let mut given: HashMap<&str, String> = HashMap::new();
    for entity in &document.entities {
        let place = match &entity.spans[..] {
            [one] => span(one),
            pieces => pieces.iter().map(span).collect(),
        };
        let id = ids.give(&entity.id, "T");
        denotations.push(json!({"id": id, "span": place, "obj": named(&entity.kind, "Mention")}));
        for concept in &entity.concepts {
            attributes.push(&id, DENOTES, Value::from(identifiers::write_one(concept)));
        }
        attributes.push_all(&id, entity.note.as_ref(), entity.score, &entity.infons);
        given.insert(&entity.id, id);
    }
    let mut relations = Vec::new();
    for (relation, subject, object) in writable(document) {
        // Attributes name both mentions and relations.
        let id = ids.give(&relation.id, "R");
        let predicate = named(&relation.kind, "Relation");
        relations
            .push(json!({"id": id, "pred": predicate, "subj": given.get(subject), "obj": given.get(object)}));
        attributes.push_all(&id, relation.note.as_ref(), relation.score, &relation.infons);
    }
    let guessed = plain::document(&document.text, "").passages;
    if document.passages != guessed {
        let mut seen = HashSet::new();
        let mut passages = document.passages.clone();
        passages.retain(|passage| !passage.span.is_empty() && seen.insert(passage.span));
        // Attributes of blocks are none that its other readers know.
        let block = |passage: &Passage| json!({"id": ids.give("", "B"), "span": span(&passage.span), "obj": named(&passage.kind, "passage")});
        let blocks: Vec<Value> = passages.iter().map(block).collect();
        if !blocks.is_empty() {
            object.insert("blocks".to_owned(), Value::Array(blocks));
        }
    }
    object.insert("denotations".to_owned(), Value::Array(denotations));
    object.insert("relations".to_owned(), Value::Array(relations));
    object.insert("attributes".to_owned(), Value::Array(attributes.list));
    Value::Object(object)
}

/// The relations that the format can hold, with their two participants: pairs of mentions. Its tools refuse a file with a
/// relation of anything else.
fn writable(document: &Document) -> impl Iterator<Item = (&Relation, &str, &str)> {
    let index = Index::of(document);
    document.relations.iter().filter_map(move |relation| {
        let mention = |argument: &Argument| match &argument.target {
            Target::Entity(id) => index.entity(id),
            Target::Concept(concept) => index.mention_of(concept),
            Target::Relation(_) => None,
        };
        let [subject, object] = &relation.arguments[..] else { return None };
        Some((relation, mention(subject)?.id.as_str(), mention(object)?.id.as_str()))
    })
}

/// A type or predicate; its tools refuse a file with an empty one.
fn named<'n>(name: &'n str, otherwise: &'n str) -> &'n str {
    if name.trim().is_empty() { otherwise } else { name }
}

/// The attributes of a text, numbered.
#[derive(Default)]
struct Attributes {
    list: Vec<Value>,
    said: HashSet<String>,
}

impl Attributes {
    fn push(&mut self, subject: &str, predicate: &str, object: Value) {
        let predicate = named(predicate, "property");
        // Its server makes "true" of nothing.
        if object == "" {
            return;
        }
        // Its tools refuse one that says the same again.
        if !self.said.insert(format!("{subject}\t{predicate}\t{object}")) {
            return;
        }
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
