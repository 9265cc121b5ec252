//! BioC documents to Osler's.

use std::collections::HashMap;

use super::super::import::Intake;
use super::super::index::UniqueIds;
use super::super::offsets::Offsets;
use super::super::placement::{self, Claim, Ground, Segment};
use super::super::{Unit, identifiers};
use super::relations::{Known, relation};
use super::{
    BiocAnnotation, BiocDocument, BiocPassage, BiocRelation, ExactEntity, Inner, VOCABULARIES, keys,
    take_score,
};
use crate::{Concept, Document, Entity, Infons, Span, Target};

/// Line breaks between passages that an offset may stand for; a larger gap means a part that is not in the file.
const GAP: i64 = 16;

/// Takes one document in.
pub(super) fn document(source: BiocDocument, intake: &mut Intake<'_>) {
    let place = format!("document {}", source.id);
    let mut infons = source.infons;
    let whole = infons.remove(keys::TEXT);
    let described = source.passages.iter().flat_map(|passage| &passage.sentences);
    intake.left_out("properties of sentences", described.map(|sentence| sentence.infons.len()).sum());
    let (mut parts, sentences) = parts_of(source.passages);
    let unit = unit_of(&parts);
    if sentences > 0 {
        intake.left_out("sentence boundaries", sentences);
    }
    let mut document = Document { id: source.id, infons, ..Document::default() };
    let (starts, is_whole) = lay_out(&parts, unit, whole, &mut document);

    let mut claims: Vec<Claim> = Vec::new();
    let mut annotations: Vec<(usize, BiocAnnotation)> = Vec::new();
    let mut relations: Vec<(usize, BiocRelation)> = Vec::new();
    for (index, part) in parts.iter_mut().enumerate() {
        claims.extend(part.annotations.iter().map(|annotation| claim_of(annotation, index)));
        annotations.extend(part.annotations.drain(..).map(|annotation| (index, annotation)));
        relations.extend(part.relations.drain(..).map(|relation| (index, relation)));
    }
    relations.extend(source.relations.into_iter().map(|relation| (usize::MAX, relation)));
    // BioC's DTD has no annotations beside the passages, but some tools write them there.
    claims.extend(source.annotations.iter().map(|annotation| claim_of(annotation, usize::MAX)));
    annotations.extend(source.annotations.into_iter().map(|annotation| (usize::MAX, annotation)));
    let ground =
        if is_whole { Ground::whole(&document.text) } else { ground(&parts, &starts, &document.text) };
    let mut placed = placement::place(&ground, &claims, &[unit]);
    if placed.exact < claims.len() {
        // Some tools count each passage's annotations from the passage's beginning.
        let relative: Vec<Claim> = claims.iter().map(|claim| from_part(claim, &parts)).collect();
        let other = placement::place(&ground, &relative, &[unit]);
        if other.is_better_than(&placed) {
            (placed, claims) = (other, relative);
        }
    }

    let mut ids = Ids::default();
    let entities = annotations
        .into_iter()
        .map(|(part, annotation)| {
            let id = ids.give(part, &annotation.id, "T");
            entity(annotation, id, Vec::new(), "")
        })
        .collect();
    document.entities = placement::settle(placed, &claims, entities, &place, intake);
    for entity in document.entities.iter_mut().filter(|entity| entity.text.is_empty()) {
        let words = entity.spans.iter().filter_map(|span| span.slice(&document.text));
        entity.text = words.collect::<Vec<_>>().join(" ");
    }
    let mut relation_ids = Ids::default();
    let relations: Vec<(usize, String, BiocRelation)> = relations
        .into_iter()
        .map(|(part, relation)| (part, relation_ids.give(part, &relation.id, "R"), relation))
        .collect();
    let offsets = Offsets::new(&document.text, unit);
    let known = Known::of(&document.entities);
    for (part, id, source) in relations {
        let target = |refid: &str| -> Option<Target> {
            ids.find(part, refid)
                .map(Target::Entity)
                .or_else(|| relation_ids.find(part, refid).map(Target::Relation))
        };
        let relation = relation(source, id, &target, &known, &|offset| {
            usize::try_from(offset).ok().and_then(|offset| offsets.to_byte(offset))
        });
        document.relations.push(relation);
    }
    intake.document(document, place);
}

/// A passage's or sentence's text with what is annotated on it.
#[derive(Default)]
struct Part {
    infons: Infons,
    offset: i64,
    text: String,
    /// Whether the part begins a passage; a sentence that continues one does not.
    begins: bool,
    annotations: Vec<BiocAnnotation>,
    relations: Vec<BiocRelation>,
}

fn parts_of(passages: Vec<BiocPassage>) -> (Vec<Part>, usize) {
    let mut parts: Vec<Part> = Vec::new();
    let mut joined = 0;
    for passage in passages {
        let text = passage.text.unwrap_or_default();
        let by_sentence = text.is_empty() && !passage.sentences.is_empty();
        joined += passage.sentences.len();
        if by_sentence {
            let mut begins = true;
            for sentence in passage.sentences {
                let infons = if begins { passage.infons.clone() } else { Infons::new() };
                let text = sentence.text.unwrap_or_default();
                parts.push(part(
                    infons,
                    sentence.offset,
                    text,
                    begins,
                    sentence.annotations,
                    sentence.relations,
                ));
                begins = false;
            }
            if let Some(last) = parts.last_mut() {
                last.relations.extend(passage.relations);
                last.annotations.extend(passage.annotations);
            }
        } else {
            let (mut annotations, mut relations) = (passage.annotations, passage.relations);
            for sentence in passage.sentences {
                annotations.extend(sentence.annotations);
                relations.extend(sentence.relations);
            }
            parts.push(part(passage.infons, passage.offset, text, true, annotations, relations));
        }
    }
    (parts, joined)
}

fn part(
    infons: Infons,
    offset: i64,
    text: String,
    begins: bool,
    annotations: Vec<BiocAnnotation>,
    relations: Vec<BiocRelation>,
) -> Part {
    Part { infons, offset, text, begins, annotations, relations }
}

fn claim_of(annotation: &BiocAnnotation, segment: usize) -> Claim {
    let ends =
        |location: &super::Location| (location.offset, location.offset.saturating_add(location.length));
    let spans = annotation.locations.iter().map(ends).collect();
    Claim { spans, words: annotation.text.clone(), segment }
}

/// The claim as if it counted from the beginning of its part.
fn from_part(claim: &Claim, parts: &[Part]) -> Claim {
    let by = parts.get(claim.segment).map_or(0, |part| part.offset);
    let shift = |(start, end): &(i64, i64)| (start.saturating_add(by), end.saturating_add(by));
    Claim { spans: claim.spans.iter().map(shift).collect(), ..claim.clone() }
}

/// Where the parts' offsets lie in the text.
fn ground<'t>(parts: &[Part], starts: &[usize], text: &'t str) -> Ground<'t> {
    let segment = |(part, start): (&Part, &usize)| Segment {
        start: *start,
        end: start + part.text.len(),
        offset: Some(part.offset),
    };
    Ground { text, segments: parts.iter().zip(starts).map(segment).collect() }
}

/// The unit of a document's offsets: by its annotations, else by how its passages follow each other.
fn unit_of(parts: &[Part]) -> Unit {
    if parts.iter().all(|part| part.text.is_ascii()) {
        return Unit::CodePoints;
    }
    let is_annotated = parts.iter().any(|part| !part.annotations.is_empty());
    if is_annotated {
        // Measured where every part begins at the offset that the file gives it.
        let mut text = String::new();
        let mut starts = Vec::with_capacity(parts.len());
        for part in parts {
            starts.push(text.len());
            text.push_str(&part.text);
            text.push('\n');
        }
        let claims: Vec<Claim> = parts
            .iter()
            .enumerate()
            .flat_map(|(index, part)| {
                part.annotations.iter().map(move |annotation| claim_of(annotation, index))
            })
            .collect();
        let unit = placement::place(&ground(parts, &starts, &text), &claims, &placement::UNITS).unit;
        // Claims before the first special letter fit every unit; only a better fit counts.
        if unit != Unit::CodePoints {
            return unit;
        }
    }
    let follows = |unit: Unit| {
        let next = |pair: &[Part]| match pair {
            [one, two] => (0..=2).contains(&(two.offset - one.offset - length(&one.text, unit))),
            _ => false,
        };
        parts.windows(2).filter(|pair| next(pair)).count()
    };
    let code_points = follows(Unit::CodePoints);
    let annotated = parts.iter().any(|part| !part.annotations.is_empty() && !part.text.is_ascii());
    [Unit::Bytes, Unit::Utf16]
        .into_iter()
        .find(|unit| !annotated && follows(*unit) > code_points)
        .unwrap_or(Unit::CodePoints)
}

fn length(text: &str, unit: Unit) -> i64 {
    let length = match unit {
        Unit::CodePoints => text.chars().count(),
        Unit::Bytes => text.len(),
        Unit::Utf16 => text.encode_utf16().count(),
    };
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// Puts the parts into the document's text and gives the byte each begins at, and whether the file gives the whole text.
fn lay_out(parts: &[Part], unit: Unit, whole: Option<String>, document: &mut Document) -> (Vec<usize>, bool) {
    let mut starts = Vec::with_capacity(parts.len());
    let exact = whole.filter(|whole| {
        let offsets = Offsets::new(whole, unit);
        let start =
            |part: &Part| usize::try_from(part.offset).ok().and_then(|offset| offsets.to_byte(offset));
        starts = parts.iter().filter_map(start).collect();
        let fits =
            |(part, start): (&Part, &usize)| whole.get(*start..start + part.text.len()) == Some(&part.text);
        starts.len() == parts.len() && parts.iter().zip(&starts).all(fits)
    });
    let is_whole = exact.is_some();
    match exact {
        Some(whole) => document.text = whole,
        None => {
            starts.clear();
            let mut end: Option<i64> = None;
            for part in parts.iter() {
                if let Some(end) = end {
                    let blank = if part.begins { '\n' } else { ' ' };
                    let gap = part.offset.saturating_sub(end);
                    let gap = if (0..=GAP).contains(&gap) { usize::try_from(gap).unwrap_or(1) } else { 1 };
                    document.text.extend(std::iter::repeat_n(blank, gap));
                }
                starts.push(document.text.len());
                document.text.push_str(&part.text);
                end = Some(part.offset.saturating_add(length(&part.text, unit)));
            }
        }
    }
    for (part, start) in parts.iter().zip(&starts) {
        let span = Span::new(*start, start + part.text.len());
        if let Some(json) = part.infons.get(keys::PASSAGES)
            && let Ok(inner) = serde_json::from_str::<Vec<Inner>>(json)
        {
            let offsets = Offsets::new(&part.text, Unit::CodePoints);
            document.passages.extend(inner.into_iter().filter_map(|inner| {
                let span =
                    Span::new(start + offsets.to_byte(inner.start)?, start + offsets.to_byte(inner.end)?);
                Some(crate::Passage { span, kind: inner.kind, infons: inner.infons })
            }));
        } else if part.begins {
            let mut infons = part.infons.clone();
            let kind = infons.remove(keys::TYPE).unwrap_or_default();
            document.passages.push(crate::Passage { span, kind, infons });
        } else if let Some(passage) = document.passages.last_mut() {
            passage.span.end = span.end;
        }
    }
    document.passages.retain(|passage| !passage.span.is_empty());
    (starts, is_whole)
}

/// Ids made unique in a document, and found again by the passage that used them.
#[derive(Default)]
struct Ids {
    given: UniqueIds,
    by_part: HashMap<(usize, String), String>,
    first: HashMap<String, String>,
}

impl Ids {
    fn give(&mut self, part: usize, id: &str, letter: &str) -> String {
        let given = self.given.give(id, letter);
        self.by_part.entry((part, id.to_owned())).or_insert_with(|| given.clone());
        self.first.entry(id.to_owned()).or_insert_with(|| given.clone());
        given
    }

    fn find(&self, part: usize, id: &str) -> Option<String> {
        self.by_part.get(&(part, id.to_owned())).or_else(|| self.first.get(id)).cloned()
    }
}

pub(super) fn entity(annotation: BiocAnnotation, id: String, spans: Vec<Span>, text: &str) -> Entity {
    let mut infons = annotation.infons;
    let words = if annotation.text.is_empty() {
        spans.iter().filter_map(|span| span.slice(text)).collect::<Vec<_>>().join(" ")
    } else {
        annotation.text
    };
    let exact = infons.remove(keys::EXACT).and_then(|json| serde_json::from_str::<ExactEntity>(&json).ok());
    if let Some(exact) = exact {
        let ExactEntity { kind, text, concepts, note, score, infons } = exact;
        return Entity { id, kind, spans, text: text.unwrap_or(words), concepts, note, score, infons };
    }
    let kind = infons.remove(keys::TYPE).unwrap_or_default();
    let mut concepts = Vec::new();
    for vocabulary in VOCABULARIES {
        let ids = infons.remove(vocabulary);
        let split = |ids: &String| -> Vec<String> {
            ids.split(['|', ';', ',']).map(|id| id.trim().to_owned()).collect()
        };
        let ids = ids.as_ref().map(split).unwrap_or_default();
        let concept = |id: String| Concept { vocabulary: vocabulary.to_owned(), id };
        concepts.extend(ids.into_iter().filter(|id| !identifiers::is_none(id)).map(concept));
    }
    if let Some(ids) = infons.remove(keys::IDENTIFIER) {
        concepts.extend(identifiers::parse(&kind, &ids));
    }
    let note = infons.remove(keys::NOTE);
    let score = take_score(&mut infons);
    Entity { id, kind, spans, text: words, concepts, note, score, infons }
}
