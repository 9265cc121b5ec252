//! A document with what models and curators say about it, as the writers of file formats take it: statements become entities,
//! relations and infons with ids of their own.

use std::collections::BTreeSet;

use crate::formats::{ADDED, EVIDENCE_PLACE, EVIDENCE_STANCE, RECORD, RUN};
use crate::{
    Argument, Concept, Content, Document, Entity, Infons, Participant, Prediction, Relation, Span, Target,
};

/// Keys of infons that an earlier export wrote are kept under this prefix: the new export has its own.
const EARLIER: &str = "earlier.";

/// Infon of a finding: the ids of its nth name, from 1.
pub const IDS: &str = "ids.";
/// Infon of a finding: the places of its nth name, from 1, where there are several.
pub const PLACES: &str = "places.";
/// Infons of an answer: each sentence that speaks about the question, after its stance (`evidence.01`).
pub const EVIDENCE: &str = "evidence.";
/// And why (`reason.01`).
const REASON: &str = "reason.";
/// Infon of a mention that is there for a finding's sake: the finding.
pub const MADE_FOR: &str = "made_for";

/// Ids as findings keep them: `D003000 D001241`, best first.
#[must_use]
pub fn ids(concepts: &[Concept]) -> String {
    concepts.iter().map(|concept| concept.id.as_str()).collect::<Vec<_>>().join(" ")
}

/// Places as findings keep them: `0-7 22-29`, in bytes.
#[must_use]
pub fn places(spans: &[Span]) -> String {
    let places: Vec<String> = spans.iter().map(|span| format!("{}-{}", span.start, span.end)).collect();
    places.join(" ")
}

/// A document in the making.
#[derive(Debug, Clone)]
pub struct Annotated {
    /// As far as it is.
    pub document: Document,
    used_ids: BTreeSet<String>,
    mentions: usize,
    added: Vec<String>,
}

impl Annotated {
    /// Without statements yet. What an earlier export wrote into the document is kept beside what this one writes.
    #[must_use]
    pub fn new(mut document: Document) -> Self {
        document.infons = document
            .infons
            .into_iter()
            .map(|(key, value)| {
                let is_ours = key.starts_with(RECORD) || [ADDED, "text_sha256"].contains(&key.as_str());
                if is_ours { (format!("{EARLIER}{key}"), value) } else { (key, value) }
            })
            .collect();
        let entities = document.entities.iter().map(|entity| entity.id.clone());
        let used_ids =
            entities.chain(document.relations.iter().map(|relation| relation.id.clone())).collect();
        Self { document, used_ids, mentions: 0, added: Vec::new() }
    }

    /// Adds what a model says. `run` is the key of the record of its run; `more` goes into the infons.
    pub fn add_prediction(&mut self, id: &str, prediction: &Prediction, run: &str, more: Infons) {
        let mut infons = prediction_infons(prediction);
        infons.insert(RUN.to_owned(), run.to_owned());
        infons.extend(more);
        self.add(id, &prediction.content, prediction.score, &prediction.evidence, infons);
    }

    /// Adds a statement under `id`, or a variant of it where that is taken.
    pub fn add(
        &mut self,
        id: &str,
        content: &Content,
        score: Option<f64>,
        evidence: &[Span],
        mut infons: Infons,
    ) {
        let id = self.unused(id);
        match content {
            Content::Entity { kind, spans, text, concepts } => self.document.entities.push(Entity {
                id,
                kind: kind.clone(),
                spans: spans.clone(),
                text: text.clone(),
                concepts: concepts.clone(),
                note: None,
                score,
                infons,
            }),
            Content::Relation { kind, participants } => {
                let arguments = self.arguments(&id, participants, &mut infons);
                self.document.relations.push(Relation {
                    id,
                    kind: kind.clone(),
                    arguments,
                    evidence: evidence.to_vec(),
                    note: None,
                    score,
                    infons,
                });
            }
            Content::Label { label, span: Some(span) } => {
                infons.insert("label".into(), label.clone());
                let text = span.slice(&self.document.text).unwrap_or_default().to_owned();
                self.document.entities.push(Entity {
                    id,
                    kind: label.clone(),
                    spans: vec![*span],
                    text,
                    concepts: Vec::new(),
                    note: None,
                    score,
                    infons,
                });
            }
            Content::Label { label, span: None } => {
                self.say(&format!("label.{id}"), label, score, infons);
            }
            Content::Answer { question, verdict, probabilities, evidence } => {
                infons.insert("question".into(), question.clone());
                // A quote with its stance: places would have to move with the format's offsets.
                for (one, n) in evidence.iter().zip(1..) {
                    let quote = one.span.slice(&self.document.text).unwrap_or_default();
                    infons.insert(format!("{EVIDENCE}{n:02}"), format!("{}: {quote}", one.stance.word()));
                    infons.insert(format!("{REASON}{n:02}"), one.reason.clone());
                }
                for (answer, probability) in probabilities {
                    infons.insert(format!("probability.{answer}"), probability.to_string());
                }
                self.say(&format!("answer.{id}"), verdict, score, infons);
            }
        }
    }

    /// Writes a statement about the whole document into its infons.
    fn say(&mut self, key: &str, value: &str, score: Option<f64>, infons: Infons) {
        let document = &mut self.document.infons;
        document.insert(key.to_owned(), value.to_owned());
        document.extend(score.map(|score| (format!("{key}.score"), score.to_string())));
        document.extend(infons.into_iter().map(|(name, value)| (format!("{key}.{name}"), value)));
    }

    /// What a relation has no place for beside an argument stands in `infons`: all ids of the name (`ids.<n>`), and all its
    /// places where there are several (`places.<n>`).
    fn arguments(
        &mut self,
        relation: &str,
        participants: &[Participant],
        infons: &mut Infons,
    ) -> Vec<Argument> {
        let mut arguments = Vec::with_capacity(participants.len());
        for (participant, n) in participants.iter().zip(1..) {
            if !participant.concepts.is_empty() {
                infons.insert(format!("{IDS}{n}"), ids(&participant.concepts));
            }
            if participant.spans.len() > 1 {
                infons.insert(format!("{PLACES}{n}"), places(&participant.spans));
            }
            let mut mentions = participant.spans.iter();
            let target = match mentions.next() {
                Some(first) => {
                    let first = self.mention(relation, participant, *first);
                    for other in mentions {
                        self.mention(relation, participant, *other);
                    }
                    Target::Entity(first)
                }
                None => {
                    // The name is nowhere in the text, so there is nothing to point at but the concept.
                    let unnamed = || Concept { vocabulary: String::new(), id: participant.name.clone() };
                    infons.insert(format!("name.{}", participant.role), participant.name.clone());
                    Target::Concept(participant.concepts.first().cloned().unwrap_or_else(unnamed))
                }
            };
            arguments.push(Argument { role: participant.role.clone(), target });
        }
        arguments
    }

    /// The mention at `span`: one that is there already, of the participant's type if possible, or a new one.
    fn mention(&mut self, relation: &str, participant: &Participant, span: Span) -> String {
        let here = |entity: &&Entity| entity.spans == [span];
        let same_type = |entity: &&Entity| entity.kind.eq_ignore_ascii_case(&participant.role);
        let entities = &self.document.entities;
        let existing = entities.iter().filter(here).find(same_type).or_else(|| entities.iter().find(here));
        if let Some(entity) = existing {
            return entity.id.clone();
        }
        self.mentions += 1;
        let id = self.unused(&format!("M{}", self.mentions));
        self.document.entities.push(Entity {
            id: id.clone(),
            kind: participant.role.clone(),
            spans: vec![span],
            text: span.slice(&self.document.text).unwrap_or_default().to_owned(),
            concepts: participant.concepts.clone(),
            note: None,
            score: None,
            infons: Infons::from([
                ("grade".to_owned(), participant.grade.word().to_owned()),
                (MADE_FOR.to_owned(), relation.to_owned()),
            ]),
        });
        id
    }

    /// Makes the relation at `index` say something else.
    pub fn rewrite_relation(&mut self, index: usize, content: &Content) {
        if let Content::Relation { kind, participants } = content {
            let mut infons = Infons::new();
            let id = self.document.relations[index].id.clone();
            let arguments = self.arguments(&id, participants, &mut infons);
            let relation = &mut self.document.relations[index];
            relation.kind.clone_from(kind);
            relation.arguments = arguments;
            relation.infons.extend(infons);
        }
    }

    /// The document, with the ids of all that was added in its infon [`ADDED`].
    #[must_use]
    pub fn finish(mut self) -> Document {
        if !self.added.is_empty() {
            self.document.infons.insert(ADDED.into(), self.added.join(" "));
        }
        self.document
    }

    /// `wanted`, or a variant of it that no imported annotation carries; noted as added.
    fn unused(&mut self, wanted: &str) -> String {
        let mut id = wanted.to_owned();
        while !self.used_ids.insert(id.clone()) {
            id.push('_');
        }
        self.added.push(id.clone());
        id
    }
}

fn prediction_infons(prediction: &Prediction) -> Infons {
    let mut infons = Infons::from([
        ("origin".to_owned(), "model".to_owned()),
        ("grade".to_owned(), prediction.grade.word().to_owned()),
    ]);
    infons.extend(prediction.masked_mass.map(|mass| ("masked_mass".to_owned(), mass.to_string())));
    if !prediction.masked_masses.is_empty() {
        let masses: Vec<String> = prediction.masked_masses.iter().map(f64::to_string).collect();
        infons.insert("masked_masses".to_owned(), masses.join(" "));
    }
    infons.extend(evidence_places(prediction));
    let readings = prediction.readings.iter().zip(1..);
    infons.extend(readings.map(|(reading, n)| (format!("{EVIDENCE_STANCE}{n}"), reading.words())));
    infons
        .extend(prediction.figures.iter().map(|(name, value)| (format!("figure.{name}"), value.to_string())));
    if !prediction.warnings.is_empty() {
        let warnings: Vec<String> =
            prediction.warnings.iter().map(|warning| format!("{}: {}", warning.kind, warning.text)).collect();
        infons.insert("warnings".into(), warnings.join("; "));
    }
    infons
}

/// Where the evidence is, as infons of a relation: it stays the same where a curator edits what it is evidence for.
pub fn evidence_places(prediction: &Prediction) -> impl Iterator<Item = (String, String)> {
    let places = prediction.readings.iter().map(|reading| reading.place.clone()).zip(1..);
    places.filter(|(place, _)| !place.is_empty()).map(|(place, n)| (format!("{EVIDENCE_PLACE}{n}"), place))
}
