//! A document with what models and curators say about it, ready for the writers of file formats.

mod page;

use std::collections::{BTreeMap, BTreeSet};

use documents::annotated::evidence_places;
use documents::formats::RECORD;
use documents::{Content, Document, Infons};
use page::Page;

use crate::error::Result;
use crate::identifiers::{DecisionId, DocumentId, RunId};
use crate::last_word::{Says, Word, words};
use crate::library::Library;
use crate::tables::decisions::{self, Decision, Statement, Subject, Verdict};
use crate::tables::documents as stored_documents;
use crate::tables::findings::{self, Finding};
use crate::tables::notes::{self, Note, NoteSubject};
use crate::tables::runs::{self, Run, RunState};

/// What the record of a run says where its findings keep [`IDS`] and [`PLACES`].
pub const KEEPS_NAMES: &str = "keeps_names";

/// What of it is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which<'a> {
    /// The document as it was imported, and nothing else.
    Imported,
    /// With the findings of one run, or of the latest whole run of each task and model.
    Predicted {
        /// The run.
        run: Option<RunId>,
    },
    /// As one curator left it: what they rejected is gone, what they edited reads as edited, what they added is there; where
    /// they decided the same statement several times (in several runs), the last word counts. Imported annotations that they
    /// did not decide stay, findings that they did not decide do not.
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
    /// participant `M<n>`. Infons of a finding: `origin`, `run`, `grade`, `masked_mass`, `masked_masses`, `warnings`, `ids.<n>`,
    /// `places.<n>`, `figure.<name>`, and of a relation's nth piece of evidence `evidence_stance.<n>` and `evidence_place.<n>`; of a decision: `decision.<curator>`, `reason.<curator>`, `comment.<curator>`, `decided_at.<curator>`. Labels of the whole
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

impl Page<'_> {
    fn predicted(&mut self, material: &Material, run: Option<RunId>) -> Result<()> {
        let wanted: BTreeSet<RunId> = match run {
            Some(run) => BTreeSet::from([run]),
            None => latest(&material.runs),
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
        // What came with the document is decided by itself, also where a model says the same.
        let of_models =
            own.iter().copied().filter(|one| matches!(subject(one), None | Some(Subject::Finding(_))));
        let standing = standing(&words(self.connection, of_models)?);
        let stands = |content: &Content, decision: &Decision| {
            standing.get(&content.identity()).is_some_and(|id| *id == decision.id)
        };
        let mut rejected = BTreeSet::new();
        for index in 0..self.stored.relation_ids.len() {
            let Some(decision) = on.get(&Subject::Relation(self.stored.relation_ids[index])) else {
                continue;
            };
            let infons = self.decision_infons(decision)?;
            self.annotated.document.relations[index].infons.extend(infons);
            match verdict(decision) {
                Some(Verdict::Reject(_)) => {
                    rejected.insert(self.annotated.document.relations[index].id.clone());
                }
                Some(Verdict::Edit(content)) => self.annotated.rewrite_relation(index, content),
                Some(Verdict::Accept) | None => {}
            }
        }
        for index in 0..self.stored.entity_ids.len() {
            let Some(decision) = on.get(&Subject::Entity(self.stored.entity_ids[index])) else { continue };
            let infons = self.decision_infons(decision)?;
            self.mentions_changed |= verdict(decision) != Some(&Verdict::Accept);
            let entity = &mut self.annotated.document.entities[index];
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
        for finding in &material.findings {
            let Some(decision) = on.get(&Subject::Finding(finding.id)) else { continue };
            let infons = self.decision_infons(decision)?;
            match verdict(decision) {
                Some(Verdict::Accept) if stands(&finding.prediction.content, decision) => {
                    self.used_runs.insert(finding.run);
                    self.add_finding(finding, infons);
                }
                Some(Verdict::Edit(content)) if stands(content, decision) => {
                    self.used_runs.insert(finding.run);
                    let mut infons = infons;
                    infons.insert("edit_of".into(), format!("F{}", finding.id));
                    infons.extend(evidence_places(&finding.prediction));
                    self.annotated.add(
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
                && stands(content, decision)
            {
                let infons = self.decision_infons(decision)?;
                self.annotated.add(&format!("D{}", decision.id), content, None, &[], infons);
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
        for (entity, id) in self.annotated.document.entities.iter_mut().zip(&self.stored.entity_ids) {
            entity.infons.extend(infons_on.remove(&Subject::Entity(*id)).unwrap_or_default());
        }
        for (relation, id) in self.annotated.document.relations.iter_mut().zip(&self.stored.relation_ids) {
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
            self.annotated.add(&format!("D{}", decision.id), content, None, &[], infons);
        }
        Ok(())
    }

    fn finish(mut self, material: &Material, which: Which<'_>) -> Result<Document> {
        for note in &material.notes {
            let of = note.subject.map(|subject| match subject {
                NoteSubject::Given(subject) => self.id_of(subject),
                NoteSubject::Added(decision) => format!("D{decision}"),
            });
            let entity = self.annotated.document.entities.iter_mut().find(|one| Some(&one.id) == of.as_ref());
            let relation =
                self.annotated.document.relations.iter_mut().find(|one| Some(&one.id) == of.as_ref());
            let slot = match (entity, relation) {
                (Some(entity), _) => &mut entity.note,
                (None, Some(relation)) => &mut relation.note,
                (None, None) => {
                    let text = format!("{}: {}", note.author, note.text);
                    self.annotated.document.infons.insert(format!("note.{}", note.id), text);
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
            record[KEEPS_NAMES] = true.into();
            if self.mentions_changed {
                record["mentions_changed"] = true.into();
            }
            self.annotated.document.infons.insert(format!("{RECORD}{}", run.id), record.to_string());
        }
        self.annotated.document.infons.insert("text_sha256".into(), self.stored.text_sha256);
        Ok(self.annotated.finish())
    }
}

/// The latest run of each task and model that came to its end, or, where none did, the latest that did not fail: as the
/// queue chooses them.
fn latest(runs: &[Run]) -> BTreeSet<RunId> {
    let mut latest: BTreeMap<(&str, &str), &Run> = BTreeMap::new();
    for run in runs.iter().filter(|run| run.state != RunState::Failed) {
        let slot = latest.entry((&run.record.task, &run.record.model_sha256)).or_insert(run);
        if run.state == RunState::Finished || slot.state != RunState::Finished {
            *slot = run;
        }
    }
    latest.into_values().map(|run| run.id).collect()
}

/// The statements that a curator holds in the end, by identity, each with the decision that stands for it: the first that
/// said so since it was last denied.
fn standing(words: &[Word<'_>]) -> BTreeMap<String, DecisionId> {
    let mut standing = BTreeMap::new();
    for word in words {
        let identity = word.content.identity();
        match word.says {
            Says::Yes => {
                standing.entry(identity).or_insert(word.decision.id);
            }
            Says::No => {
                standing.remove(&identity);
            }
            Says::Duplicate => {}
        }
    }
    standing
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
