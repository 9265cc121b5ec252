//! Osler's documents to BioC's.

use super::super::index::Index;
use super::super::offsets::Offsets;
use super::super::{Unit, identifiers};
use super::relations::Known;
use super::{
    BiocAnnotation, BiocDocument, BiocPassage, BiocRelation, ExactEntity, ExactRelation, Inner, Location,
    Node, VOCABULARIES, import, keys, relations,
};
use crate::{Document, Entity, Infons, Passage, Relation, Span, Target};

/// The BioC form of a document. Offsets count code points.
pub(super) fn document(document: &Document) -> BiocDocument {
    let offsets = Offsets::new(&document.text, Unit::CodePoints);
    let passages = &covering(document, &offsets)[..];
    let mut infons = document.infons.clone();
    if follows_from(passages, document).is_none() {
        infons.insert(keys::TEXT.to_owned(), document.text.clone());
    }
    let mut written: Vec<BiocPassage> =
        passages.iter().map(|part| passage(part, document, &offsets)).collect();
    for entity in &document.entities {
        // In the passage it begins in, else in the last one before it.
        let start = extent(entity).map_or(0, |span| span.start);
        let at = passages.partition_point(|passage| passage.span.start <= start).saturating_sub(1);
        if let Some(passage) = written.get_mut(at) {
            passage.annotations.push(annotation(entity, &document.text, &offsets));
        }
    }
    let (index, known) = (Index::of(document), Known::of(&document.entities));
    let relations = document.relations.iter().map(|one| relation(one, &index, &known, &offsets)).collect();
    BiocDocument { id: document.id.clone(), infons, passages: written, annotations: Vec::new(), relations }
}

/// Passages that hold all words and, each whole, all mentions: other tools look for a mention in its passage. Where a
/// document's own are not like that, a passage says which of them it holds.
fn covering(document: &Document, offsets: &Offsets<'_>) -> Vec<Passage> {
    let text = &document.text;
    let mut own: Vec<&Passage> = document.passages.iter().collect();
    own.sort_by_key(|passage| passage.span);
    let mut stretches: Vec<Span> = own.iter().map(|passage| passage.span).collect();
    let mut end = 0;
    let starts = own.iter().map(|passage| passage.span.start).chain([text.len()]);
    let ends = own.iter().map(|passage| passage.span.end).chain([text.len()]);
    for (start, next) in starts.zip(ends) {
        let gap = text.get(end..start.max(end)).unwrap_or_default();
        let from = end + (gap.len() - gap.trim_start().len());
        stretches.extend((!gap.trim().is_empty()).then(|| Span::new(from, from + gap.trim().len())));
        end = end.max(next);
    }
    stretches.extend(document.entities.iter().filter_map(extent));
    stretches.sort_unstable();
    let mut written: Vec<Span> = Vec::new();
    for stretch in stretches {
        match written.last_mut() {
            Some(last) if stretch.start < last.end => last.end = last.end.max(stretch.end),
            _ => written.push(stretch),
        }
    }
    if written.is_empty() {
        written.push(Span::new(0, text.len()));
    }
    let mut own = own.into_iter().peekable();
    let mut passages = Vec::with_capacity(written.len());
    for span in written {
        let mut inside: Vec<&Passage> = Vec::new();
        while let Some(passage) = own.next_if(|passage| passage.span.start < span.end) {
            inside.push(passage);
        }
        if let [one] = inside[..]
            && one.span == span
        {
            passages.push(one.clone());
            continue;
        }
        let from = offsets.at_byte(span.start);
        let inner = inside.iter().map(|passage| Inner {
            start: offsets.at_byte(passage.span.start) - from,
            end: offsets.at_byte(passage.span.end) - from,
            kind: passage.kind.clone(),
            infons: passage.infons.clone(),
        });
        let inner = serde_json::to_string(&inner.collect::<Vec<_>>()).unwrap_or_default();
        let mut infons = Infons::new();
        // A document without passages has nothing to come back to.
        if !document.passages.is_empty() {
            infons.insert(keys::PASSAGES.to_owned(), inner);
        }
        let kind = inside.first().map(|passage| passage.kind.clone()).unwrap_or_default();
        passages.push(Passage { span, kind, infons });
    }
    passages
}

/// Whether the passages, their offsets and line breaks between them give the document's text.
fn follows_from(passages: &[Passage], document: &Document) -> Option<()> {
    let mut end = 0;
    for (index, passage) in passages.iter().enumerate() {
        let gap = document.text.get(end..passage.span.start)?;
        let fits = if index == 0 {
            gap.is_empty()
        } else {
            gap.len() <= 16 && gap.bytes().all(|byte| byte == b'\n')
        };
        if !fits {
            return None;
        }
        end = passage.span.end;
    }
    (end == document.text.len()).then_some(())
}

fn passage(passage: &Passage, document: &Document, offsets: &Offsets<'_>) -> BiocPassage {
    let mut infons = passage.infons.clone();
    if !passage.kind.is_empty() {
        infons.insert(keys::TYPE.to_owned(), passage.kind.clone());
    }
    BiocPassage {
        infons,
        offset: count(offsets.at_byte(passage.span.start)),
        text: Some(passage.span.slice(&document.text).unwrap_or_default().to_owned()),
        ..BiocPassage::default()
    }
}

fn annotation(entity: &Entity, text: &str, offsets: &Offsets<'_>) -> BiocAnnotation {
    // Readers hold the words against those of the text, piece by piece with a blank between.
    let pieces: Vec<&str> = entity.spans.iter().filter_map(|span| span.slice(text)).collect();
    let words = pieces.join(" ");
    let locations = entity.spans.iter().map(|span| location(*span, offsets)).collect();
    let mut infons = entity.infons.clone();
    put(&mut infons, keys::TYPE, Some(&entity.kind));
    put(&mut infons, keys::NOTE, entity.note.as_ref());
    put(&mut infons, keys::SCORE, entity.score.map(|score| score.to_string()).as_ref());
    if let Some((key, ids)) = ids(entity) {
        infons.insert(key, ids);
    }
    let mut annotation = BiocAnnotation { id: entity.id.clone(), infons, locations, text: words.clone() };
    let plain = BiocAnnotation {
        id: String::new(),
        infons: annotation.infons.clone(),
        locations: Vec::new(),
        text: words.clone(),
    };
    let back = import::entity(plain, entity.id.clone(), entity.spans.clone(), "");
    let is_exact = (&back.kind, &back.text, &back.concepts, &back.note, back.score, &back.infons)
        == (&entity.kind, &entity.text, &entity.concepts, &entity.note, entity.score, &entity.infons);
    if !is_exact && let Ok(json) = serde_json::to_string(&ExactEntity::of(entity, &words)) {
        annotation.infons.insert(keys::EXACT.to_owned(), json);
    }
    annotation
}

/// From the first to the last letter of a mention.
fn extent(entity: &Entity) -> Option<Span> {
    let start = entity.spans.iter().map(|span| span.start).min()?;
    Some(Span::new(start, entity.spans.iter().map(|span| span.end).max()?))
}

/// A mention's ids as the tools of the field write them: under the vocabulary's name where that is known.
fn ids(entity: &Entity) -> Option<(String, String)> {
    let first = entity.concepts.first()?;
    let is_one = entity.concepts.iter().all(|concept| concept.vocabulary == first.vocabulary);
    if is_one && VOCABULARIES.contains(&first.vocabulary.as_str()) {
        let ids = entity.concepts.iter().map(|concept| concept.id.as_str()).collect::<Vec<_>>().join("|");
        return Some((first.vocabulary.clone(), ids));
    }
    Some((keys::IDENTIFIER.to_owned(), identifiers::write(&entity.kind, &entity.concepts)))
}

fn relation(relation: &Relation, index: &Index<'_>, known: &Known, offsets: &Offsets<'_>) -> BiocRelation {
    let mut infons = relation.infons.clone();
    let mut nodes = Vec::new();
    let by_concept = !relation.arguments.is_empty()
        && relation.arguments.iter().all(|argument| matches!(argument.target, Target::Concept(_)));
    for (number, argument) in (1..).zip(&relation.arguments) {
        match &argument.target {
            Target::Entity(id) | Target::Relation(id) => {
                nodes.push(Node { refid: id.clone(), role: argument.role.clone() });
            }
            Target::Concept(concept) if by_concept => {
                let known = VOCABULARIES.contains(&concept.vocabulary.as_str());
                let id = if known && !argument.role.is_empty() {
                    concept.id.clone()
                } else {
                    identifiers::write_one(concept)
                };
                let key =
                    if argument.role.is_empty() { format!("entity{number}") } else { argument.role.clone() };
                infons.insert(key, id);
            }
            Target::Concept(_) => {}
        }
    }
    put(&mut infons, keys::TYPE, Some(&relation.kind));
    put(&mut infons, keys::NOTE, relation.note.as_ref());
    put(&mut infons, keys::SCORE, relation.score.map(|score| score.to_string()).as_ref());
    let mut exact = BiocRelation { id: relation.id.clone(), infons, nodes };
    let plain = BiocRelation {
        id: String::new(),
        infons: exact.infons.clone(),
        nodes: exact
            .nodes
            .iter()
            .map(|node| Node { refid: node.refid.clone(), role: node.role.clone() })
            .collect(),
    };
    let target = |id: &str| index.target(id);
    let back = relations::relation(plain, relation.id.clone(), &target, known, &|_| None);
    let is_exact = (&back.kind, &back.arguments, &back.note, back.score, &back.infons)
        == (&relation.kind, &relation.arguments, &relation.note, relation.score, &relation.infons);
    if !is_exact && let Ok(json) = serde_json::to_string(&ExactRelation::of(relation)) {
        exact.infons.insert(keys::EXACT.to_owned(), json);
    }
    if !relation.evidence.is_empty() {
        let pairs = relation.evidence.iter().map(|span| location(*span, offsets));
        let pairs: Vec<String> = pairs.map(|pair| format!("{}:{}", pair.offset, pair.length)).collect();
        exact.infons.insert(keys::EVIDENCE.to_owned(), pairs.join(" "));
    }
    exact
}

fn location(span: Span, offsets: &Offsets<'_>) -> Location {
    let (start, end) = (offsets.at_byte(span.start), offsets.at_byte(span.end));
    Location { offset: count(start), length: count(end.saturating_sub(start)) }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Sets `key`, whatever the source had under it; where that takes something away, the exact form keeps it.
fn put(infons: &mut Infons, key: &str, value: Option<&String>) {
    if let Some(value) = value.filter(|value| !value.is_empty()) {
        infons.insert(key.to_owned(), value.clone());
    }
}
