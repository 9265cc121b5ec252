//! A document with what models and curators say about it, ready for the writers of file formats.

use std::collections::{BTreeMap, BTreeSet};

use documents::formats::{ADDED, RECORD};
use documents::{Argument, Concept, Document, Entity, Infons, Relation, Span, Target};
use rusqlite::Connection;

use crate::content::{Content, Participant};
use crate::error::Result;
use crate::identifiers::{DocumentId, RunId, Timestamp};
use crate::library::Library;
use crate::tables::decisions::{self, Decision, Statement, Subject, Verdict};
use crate::tables::documents::{self as stored_documents, StoredDocument};
use crate::tables::findings::{self, Finding, Prediction};
use crate::tables::notes::{self, Note, NoteSubject};
use crate::tables::runs::{self, Run, RunState};

/// Keys of infons that an earlier export wrote are kept under this prefix: the new export has its own.
const EARLIER: &str = "earlier.";

/// What of it is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which<'a> {
    /// The document as it was imported, and nothing else.
    Imported,
    /// With the findings of one run, or of the latest run of each task and model.
    Predicted {
        /// The run.
        run: Option<RunId>,
    },
    /// As one curator left it: what they rejected is gone, what they edited reads as edited, what they added is there.
    /// Imported annotations that they did not decide stay, findings that they did not decide do not.
    Curated {
        /// Whose decisions.
        curator: &'a str,
    },
    /// With all findings of all runs and all curators' decisions side by side.
    Everything,
}

impl Which<'_> {
    const fn word(self) -> &'static str {
        match self {
            Self::Imported => "imported",
            Self::Predicted { .. } => "predicted",
            Self::Curated { .. } => "curated",
            Self::Everything => "everything",
        }
    }
}

impl Library {
    /// A document with findings and decisions as entities, relations and infons. Everything but [`Which::Imported`] carries
    /// the reproducibility record of each run that contributed, as JSON in the infon `run.<number>`, and the hash of the
    /// text. Beside the record stand its `state`, the model's `output`, the number of `findings`, which of them the
    /// document has (`export`: predicted, curated or everything), and whether a curator changed mentions that the model
    /// was given (`mentions_changed`). The infon `added` lists the ids of all that did not come with the document.
    ///
    /// Ids: imported annotations keep theirs; a finding is `F<number>`, what a curator wrote `D<number>`, the mention of a
    /// participant `M<n>`. Infons of a finding: `origin`, `run`, `grade`, `masked_mass`, `masked_masses`, `warnings`,
    /// `figure.<name>`; of a decision: `decision.<curator>`, `reason.<curator>`, `comment.<curator>`, `decided_at.<curator>`. Labels of the whole
    /// document and answers become infons of the document.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub fn annotated(&self, id: DocumentId, which: Which<'_>) -> Result<Document> {
        self.reading(|connection| {
            let stored = stored_documents::read(connection, id)?;
            if which == Which::Imported {
                return Ok(stored.document);
            }
            let material = Material {
                runs: runs::of_document(connection, id)?,
                findings: findings::of_document(connection, id)?,
                decisions: decisions::of_document(connection, id)?,
                notes: notes::of(connection, Some(id))?,
            };
            let mut page = Page::new(connection, stored);
            match which {
                Which::Imported => {}
                Which::Predicted { run } => page.predicted(&material, run)?,
                Which::Curated { curator } => page.curated(&material, curator)?,
                Which::Everything => page.everything(&material)?,
            }
            page.finish(&material, which)
        })
    }
}

struct Material {
    runs: Vec<Run>,
    findings: Vec<Finding>,
    decisions: Vec<Decision>,
    notes: Vec<Note>,
}

/// A document in the making.
struct Page<'c> {
    connection: &'c Connection,
    stored: StoredDocument,
    document: Document,
    used_ids: BTreeSet<String>,
    used_runs: BTreeSet<RunId>,
    mentions: usize,
    added: Vec<String>,
    mentions_changed: bool,
}

impl<'c> Page<'c> {
    fn new(connection: &'c Connection, stored: StoredDocument) -> Self {
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

    fn predicted(&mut self, material: &Material, run: Option<RunId>) -> Result<()> {
        let wanted: BTreeSet<RunId> = match run {
            Some(run) => BTreeSet::from([run]),
            None => {
                let finished = material.runs.iter().filter(|run| run.state != RunState::Failed);
                let latest: BTreeMap<_, _> =
                    finished.map(|run| ((&run.record.task, &run.record.model_sha256), run.id)).collect();
                latest.into_values().collect()
            }
        };
        self.used_runs.extend(&wanted);
        for finding in material.findings.iter().filter(|finding| wanted.contains(&finding.run)) {
            self.add_finding(finding, Infons::new());
        }
        Ok(())
    }

    fn curated(&mut self, material: &Material, curator: &str) -> Result<()> {
        let own: Vec<&Decision> = material.decisions.iter().filter(|one| one.curator == curator).collect();
        let on: BTreeMap<Subject, &Decision> =
            own.iter().filter_map(|one| subject(one).map(|subject| (subject, *one))).collect();
        let mut rejected = BTreeSet::new();
        for index in 0..self.stored.relation_ids.len() {
            let Some(decision) = on.get(&Subject::Relation(self.stored.relation_ids[index])) else {
                continue;
            };
            let infons = self.decision_infons(decision)?;
            self.document.relations[index].infons.extend(infons);
            match verdict(decision) {
                Some(Verdict::Reject(_)) => {
                    rejected.insert(self.document.relations[index].id.clone());
                }
                Some(Verdict::Edit(content)) => self.rewrite_relation(index, content),
                Some(Verdict::Accept) | None => {}
            }
        }
        for index in 0..self.stored.entity_ids.len() {
            let Some(decision) = on.get(&Subject::Entity(self.stored.entity_ids[index])) else { continue };
            let infons = self.decision_infons(decision)?;
            self.mentions_changed |= verdict(decision) != Some(&Verdict::Accept);
            let entity = &mut self.document.entities[index];
            entity.infons.extend(infons);
            match verdict(decision) {
                Some(Verdict::Reject(_)) => {
                    rejected.insert(entity.id.clone());
                }
                Some(Verdict::Edit(Content::Entity { kind, spans, text, concepts })) => {
                    entity.kind.clone_from(kind);
                    entity.spans.clone_from(spans);
                    entity.text.clone_from(text);
                    entity.concepts.clone_from(concepts);
                }
                _ => {}
            }
        }
        self.drop_rejected(&rejected);
        // Two runs may say the same, and the curator accept it twice: it is written once.
        let mut said = BTreeSet::new();
        for finding in &material.findings {
            let Some(decision) = on.get(&Subject::Finding(finding.id)) else { continue };
            let infons = self.decision_infons(decision)?;
            match verdict(decision) {
                Some(Verdict::Accept) if said.insert(finding.prediction.content.identity()) => {
                    self.used_runs.insert(finding.run);
                    self.add_finding(finding, infons);
                }
                Some(Verdict::Edit(content)) if said.insert(content.identity()) => {
                    self.used_runs.insert(finding.run);
                    let mut infons = infons;
                    infons.insert("edit_of".into(), format!("F{}", finding.id));
                    self.add(
                        &format!("D{}", decision.id),
                        content,
                        None,
                        &finding.prediction.evidence,
                        infons,
                    );
                }
                _ => {}
            }
        }
        for decision in own {
            if let Statement::Added(content) = &decision.statement
                && said.insert(content.identity())
            {
                let infons = self.decision_infons(decision)?;
                self.add(&format!("D{}", decision.id), content, None, &[], infons);
            }
        }
        Ok(())
    }

    fn everything(&mut self, material: &Material) -> Result<()> {
        self.used_runs.extend(material.runs.iter().map(|run| run.id));
        let mut on: BTreeMap<Subject, Vec<&Decision>> = BTreeMap::new();
        for decision in &material.decisions {
            if let Some(subject) = subject(decision) {
                on.entry(subject).or_default().push(decision);
            }
        }
        let mut infons_on: BTreeMap<Subject, Infons> = BTreeMap::new();
        for (subject, decisions) in &on {
            let mut infons = Infons::new();
            for decision in decisions {
                infons.extend(self.decision_infons(decision)?);
            }
            infons_on.insert(*subject, infons);
        }
        for (entity, id) in self.document.entities.iter_mut().zip(&self.stored.entity_ids) {
            entity.infons.extend(infons_on.remove(&Subject::Entity(*id)).unwrap_or_default());
        }
        for (relation, id) in self.document.relations.iter_mut().zip(&self.stored.relation_ids) {
            relation.infons.extend(infons_on.remove(&Subject::Relation(*id)).unwrap_or_default());
        }
        for finding in &material.findings {
            let infons = infons_on.remove(&Subject::Finding(finding.id)).unwrap_or_default();
            self.add_finding(finding, infons);
        }
        for decision in &material.decisions {
            let mut infons = self.decision_infons(decision)?;
            let content = match &decision.statement {
                Statement::Added(content) => content,
                Statement::Judged { subject, verdict: Verdict::Edit(content) } => {
                    infons.insert("edit_of".into(), self.id_of(*subject));
                    content
                }
                Statement::Judged { .. } => continue,
            };
            self.add(&format!("D{}", decision.id), content, None, &[], infons);
        }
        Ok(())
    }

    fn finish(mut self, material: &Material, which: Which<'_>) -> Result<Document> {
        for note in &material.notes {
            let of = note.subject.map(|subject| match subject {
                NoteSubject::Given(subject) => self.id_of(subject),
                NoteSubject::Added(decision) => format!("D{decision}"),
            });
            let entity = self.document.entities.iter_mut().find(|one| Some(&one.id) == of.as_ref());
            let relation = self.document.relations.iter_mut().find(|one| Some(&one.id) == of.as_ref());
            let slot = match (entity, relation) {
                (Some(entity), _) => &mut entity.note,
                (None, Some(relation)) => &mut relation.note,
                (None, None) => {
                    let text = format!("{}: {}", note.author, note.text);
                    self.document.infons.insert(format!("note.{}", note.id), text);
                    continue;
                }
            };
            match slot {
                Some(text) => *text = format!("{text}\n{}", note.text),
                None => *slot = Some(note.text.clone()),
            }
        }
        for run in material.runs.iter().filter(|run| self.used_runs.contains(&run.id)) {
            let mut record = serde_json::to_value(&run.record)?;
            record["state"] = run.state.word().into();
            record["output"] = run.output.clone().into();
            record["findings"] = material.findings.iter().filter(|one| one.run == run.id).count().into();
            record["export"] = which.word().into();
            if self.mentions_changed {
                record["mentions_changed"] = true.into();
            }
            self.document.infons.insert(format!("{RECORD}{}", run.id), record.to_string());
        }
        self.document.infons.insert("text_sha256".into(), self.stored.text_sha256);
        if !self.added.is_empty() {
            self.document.infons.insert(ADDED.into(), self.added.join(" "));
        }
        Ok(self.document)
    }

    fn add_finding(&mut self, finding: &Finding, more: Infons) {
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

    fn add(
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
                let arguments = self.arguments(participants, &mut infons);
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
            Content::Answer { question, verdict, probabilities } => {
                infons.insert("question".into(), question.clone());
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

    fn arguments(&mut self, participants: &[Participant], infons: &mut Infons) -> Vec<Argument> {
        let mut arguments = Vec::with_capacity(participants.len());
        for participant in participants {
            let mut mentions = participant.spans.iter();
            let target = match mentions.next() {
                Some(first) => {
                    let first = self.mention(participant, *first);
                    for other in mentions {
                        self.mention(participant, *other);
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
    fn mention(&mut self, participant: &Participant, span: Span) -> String {
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
            infons: Infons::from([("grade".to_owned(), participant.grade.word().to_owned())]),
        });
        id
    }

    fn rewrite_relation(&mut self, index: usize, content: &Content) {
        if let Content::Relation { kind, participants } = content {
            let mut infons = Infons::new();
            let arguments = self.arguments(participants, &mut infons);
            let relation = &mut self.document.relations[index];
            relation.kind.clone_from(kind);
            relation.arguments = arguments;
            relation.infons.extend(infons);
        }
    }

    /// Takes rejected annotations out, but for mentions that a relation still rests on.
    fn drop_rejected(&mut self, rejected: &BTreeSet<String>) {
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

    fn decision_infons(&self, decision: &Decision) -> Result<Infons> {
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

    fn id_of(&self, subject: Subject) -> String {
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
    fn unused(&mut self, wanted: &str) -> String {
        let mut id = wanted.to_owned();
        while !self.used_ids.insert(id.clone()) {
            id.push('_');
        }
        self.added.push(id.clone());
        id
    }
}

fn subject(decision: &Decision) -> Option<Subject> {
    match &decision.statement {
        Statement::Judged { subject, .. } => Some(*subject),
        Statement::Added(_) => None,
    }
}

fn verdict(decision: &Decision) -> Option<&Verdict> {
    match &decision.statement {
        Statement::Judged { verdict, .. } => Some(verdict),
        Statement::Added(_) => None,
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
    infons
        .extend(prediction.figures.iter().map(|(name, value)| (format!("figure.{name}"), value.to_string())));
    if !prediction.warnings.is_empty() {
        let warnings: Vec<String> =
            prediction.warnings.iter().map(|warning| format!("{}: {}", warning.kind, warning.text)).collect();
        infons.insert("warnings".into(), warnings.join("; "));
    }
    infons
}

/// `2026-01-31T12:00:00.000Z`.
fn date_and_time(connection: &Connection, at: Timestamp) -> Result<String> {
    Ok(connection
        .prepare_cached("SELECT strftime('%Y-%m-%dT%H:%M:%fZ', ?1 / 1000.0, 'unixepoch')")?
        .query_row([at], |row| row.get(0))?)
}
