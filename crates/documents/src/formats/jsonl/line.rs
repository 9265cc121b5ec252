//! A line of JSON Lines as Osler writes it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::formats::offsets::Offsets;
use crate::formats::{Unit, WriteOptions};
use crate::{Argument, Concept, Document, Infons, Span, Target};

/// Writes one document a line.
pub(in crate::formats) fn write(documents: &[Document], options: &WriteOptions) -> String {
    let mut lines = String::new();
    let mut runs = Some(&options.runs).filter(|runs| !runs.is_empty());
    for document in documents {
        let line = Line { runs: runs.take(), ..Line::of(document) };
        lines.push_str(&serde_json::to_string(&line).unwrap_or_default());
        lines.push('\n');
    }
    lines
}

/// One line as Osler writes it.
#[derive(Serialize)]
pub(in crate::formats) struct Line<'d> {
    id: &'d str,
    text: &'d str,
    passages: Vec<PassageLine<'d>>,
    entities: Vec<EntityLine<'d>>,
    relations: Vec<RelationLine<'d>>,
    infons: &'d Infons,
    #[serde(skip_serializing_if = "Option::is_none")]
    runs: Option<&'d BTreeMap<String, Infons>>,
}

#[derive(Serialize)]
struct PassageLine<'d> {
    start_offset: usize,
    end_offset: usize,
    #[serde(rename = "type")]
    kind: &'d str,
    infons: &'d Infons,
}

#[derive(Serialize)]
struct EntityLine<'d> {
    id: &'d str,
    label: &'d str,
    start_offset: usize,
    end_offset: usize,
    text: &'d str,
    #[serde(skip_serializing_if = "Option::is_none")]
    spans: Option<Vec<(usize, usize)>>,
    concepts: &'d [Concept],
    note: &'d Option<String>,
    score: Option<f64>,
    infons: &'d Infons,
}

#[derive(Serialize)]
struct RelationLine<'d> {
    id: &'d str,
    #[serde(rename = "type")]
    kind: &'d str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_id: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_id: Option<&'d str>,
    arguments: &'d [Argument],
    evidence: Vec<(usize, usize)>,
    note: &'d Option<String>,
    score: Option<f64>,
    infons: &'d Infons,
}

impl<'d> Line<'d> {
    pub(in crate::formats) fn of(document: &'d Document) -> Self {
        let offsets = Offsets::new(&document.text, Unit::CodePoints);
        let pair = |span: &Span| (offsets.at_byte(span.start), offsets.at_byte(span.end));
        let passages = document.passages.iter().map(|passage| {
            let (start_offset, end_offset) = pair(&passage.span);
            PassageLine { start_offset, end_offset, kind: &passage.kind, infons: &passage.infons }
        });
        let entities = document.entities.iter().map(|entity| {
            let spans: Vec<(usize, usize)> = entity.spans.iter().map(pair).collect();
            EntityLine {
                id: &entity.id,
                label: &entity.kind,
                start_offset: spans.first().map_or(0, |span| span.0),
                end_offset: spans.last().map_or(0, |span| span.1),
                text: &entity.text,
                spans: (spans.len() > 1).then_some(spans),
                concepts: &entity.concepts,
                note: &entity.note,
                score: entity.score,
                infons: &entity.infons,
            }
        });
        let relations = document.relations.iter().map(|relation| {
            let ends = match &relation.arguments[..] {
                [
                    Argument { target: Target::Entity(from), .. },
                    Argument { target: Target::Entity(to), .. },
                ] => Some((from.as_str(), to.as_str())),
                _ => None,
            };
            RelationLine {
                id: &relation.id,
                kind: &relation.kind,
                from_id: ends.map(|ends| ends.0),
                to_id: ends.map(|ends| ends.1),
                arguments: &relation.arguments,
                evidence: relation.evidence.iter().map(pair).collect(),
                note: &relation.note,
                score: relation.score,
                infons: &relation.infons,
            }
        });
        Self {
            id: &document.id,
            text: &document.text,
            passages: passages.collect(),
            entities: entities.collect(),
            relations: relations.collect(),
            infons: &document.infons,
            runs: None,
        }
    }
}
