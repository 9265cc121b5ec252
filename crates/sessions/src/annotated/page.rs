//! A document in the making: statements become entities, relations and infons with ids of their own.

use std::collections::BTreeSet;

use documents::formats::{ADDED, EVIDENCE_PLACE, EVIDENCE_STANCE, RECORD};
use documents::{
    Argument, Concept, Content, Document, Entity, Infons, Participant, Prediction, Relation, Span, Target,
};
use rusqlite::Connection;

use super::{EARLIER, EVIDENCE, IDS, MADE_FOR, PLACES, REASON, ids, places};
use crate::error::Result;
use crate::identifiers::{RunId, Timestamp};
use crate::tables::decisions::{Decision, Statement, Subject, Verdict};
use crate::tables::documents::StoredDocument;
use crate::tables::findings::Finding;

/// A document in the making.
pub(super) struct Page<'c> {
    pub(super) connection: &'c Connection,
    pub(super) stored: StoredDocument,
    pub(super) document: Document,
    pub(super) used_ids: BTreeSet<String>,
    pub(super) used_runs: BTreeSet<RunId>,
    pub(super) mentions: usize,
    pub(super) added: Vec<String>,
    pub(super) mentions_changed: bool,
}

impl<'c> Page<'c> {
    pub(super) fn new(connection: &'c Connection, stored: StoredDocument) -> Self {
        let mut document = stored.document.clone();
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
        Self {
            connection,
            stored,
            document,
            used_ids,
            used_runs: BTreeSet::new(),
            mentions: 0,
            added: Vec::new(),
            mentions_changed: false,
        }
    }

    pub(super) fn add_finding(&mut self, finding: &Finding, more: Infons) {
        let prediction = &finding.prediction;
        let mut infons = prediction_infons(prediction);
        infons.insert("run".into(), finding.run.to_string());
        infons.extend(more);
        self.add(
            &format!("F{}", finding.id),
            &prediction.content,
            prediction.score,
            &prediction.evidence,
            infons,
        );
    }

    pub(super) fn add(
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
    pub(super) fn say(&mut self, key: &str, value: &str, score: Option<f64>, infons: Infons) {
        let document = &mut self.document.infons;
        document.insert(key.to_owned(), value.to_owned());
        document.extend(score.map(|score| (format!("{key}.score"), score.to_string())));
        document.extend(infons.into_iter().map(|(name, value)| (format!("{key}.{name}"), value)));
    }

    /// What a relation has no place for beside an argument stands in `infons`: all ids of the name (`ids.<n>`), and all its
    /// places where there are several (`places.<n>`).
    pub(super) fn arguments(
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
    pub(super) fn mention(&mut self, relation: &str, participant: &Participant, span: Span) -> String {
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

    pub(super) fn rewrite_relation(&mut self, index: usize, content: &Content) {
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

    /// Takes rejected annotations out, but for mentions that a relation still rests on.
    pub(super) fn drop_rejected(&mut self, rejected: &BTreeSet<String>) {
        self.document.relations.retain(|relation| !rejected.contains(&relation.id));
        let needed: BTreeSet<&String> = self
            .document
            .relations
            .iter()
            .flat_map(|relation| &relation.arguments)
            .filter_map(|argument| match &argument.target {
                Target::Entity(id) => Some(id),
                Target::Concept(_) | Target::Relation(_) => None,
            })
            .collect();
        self.document.entities.retain(|entity| !rejected.contains(&entity.id) || needed.contains(&entity.id));
    }

    pub(super) fn decision_infons(&self, decision: &Decision) -> Result<Infons> {
        let of = |name: &str| format!("{name}.{}", decision.curator);
        let (word, reason) = match &decision.statement {
            Statement::Added(_) => ("add", None),
            Statement::Judged { verdict: Verdict::Accept, .. } => ("accept", None),
            Statement::Judged { verdict: Verdict::Reject(reason), .. } => ("reject", *reason),
            Statement::Judged { verdict: Verdict::Edit(_), .. } => ("edit", None),
        };
        let mut infons = Infons::from([
            (of("decision"), word.to_owned()),
            (of("decided_at"), date_and_time(self.connection, decision.made_at)?),
        ]);
        infons.extend(reason.map(|reason| (of("reason"), reason.word().to_owned())));
        if !decision.comment.is_empty() {
            infons.insert(of("comment"), decision.comment.clone());
        }
        if matches!(
            decision.statement,
            Statement::Added(_) | Statement::Judged { verdict: Verdict::Edit(_), .. }
        ) {
            infons.insert("origin".into(), "curator".into());
        }
        Ok(infons)
    }

    pub(super) fn id_of(&self, subject: Subject) -> String {
        let entity = |id| self.stored.entity_ids.iter().position(|one| *one == id);
        let relation = |id| self.stored.relation_ids.iter().position(|one| *one == id);
        match subject {
            Subject::Finding(id) => format!("F{id}"),
            Subject::Entity(id) => {
                entity(id).map_or_else(String::new, |place| self.stored.document.entities[place].id.clone())
            }
            Subject::Relation(id) => relation(id)
                .map_or_else(String::new, |place| self.stored.document.relations[place].id.clone()),
        }
    }

    /// `wanted`, or a variant of it that no imported annotation carries; noted as added.
    pub(super) fn unused(&mut self, wanted: &str) -> String {
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

/// Where the evidence is: it stays the same where a curator edits what it is evidence for.
pub(super) fn evidence_places(prediction: &Prediction) -> impl Iterator<Item = (String, String)> {
    let places = prediction.readings.iter().map(|reading| reading.place.clone()).zip(1..);
    places.filter(|(place, _)| !place.is_empty()).map(|(place, n)| (format!("{EVIDENCE_PLACE}{n}"), place))
}

/// `2026-01-31T12:00:00.000Z`.
fn date_and_time(connection: &Connection, at: Timestamp) -> Result<String> {
    Ok(connection
        .prepare_cached("SELECT strftime('%Y-%m-%dT%H:%M:%fZ', ?1 / 1000.0, 'unixepoch')")?
        .query_row([at], |row| row.get(0))?)
}
