//! Everything that points into a text, as the wire has it.

use std::collections::HashMap;

use documents::{Content, Prediction};
use sessions::{
    Decision, DocumentId, Finding, Library, Note, NoteSubject, Run, RunState, Statement, StoredDocument,
    Subject, Verdict,
};

use super::offsets::Offsets;
use super::{Names, contents, id_of};
use crate::error::Result;
use crate::model_host::Today;
use crate::run_record::names_of;
use crate::wire;

/// The marks of a document as `curator` sees them: what came with it, what models found, what the curator added.
///
/// # Errors
/// When the library cannot be read.
pub fn marks(
    library: &Library,
    stored: &StoredDocument,
    curator: &str,
    names: &Names,
    today: &Today,
) -> Result<wire::Marks> {
    let view = View { offsets: Offsets::new(&stored.document.text), names };
    let findings = library.findings_of_document(stored.id)?;
    let decisions: Vec<Decision> =
        library.decisions(stored.id)?.into_iter().filter(|decision| decision.curator == curator).collect();
    let mut judged: HashMap<Subject, &Decision> = HashMap::new();
    for decision in &decisions {
        if let Statement::Judged { subject, .. } = decision.statement {
            judged.insert(subject, decision);
        }
    }
    let mut counts: HashMap<sessions::RunId, u32> = HashMap::new();
    for finding in &findings {
        *counts.entry(finding.run).or_default() += 1;
    }
    let mut annotations = Vec::new();
    for (entity, id) in stored.document.entities.iter().zip(&stored.entity_ids) {
        let subject = Subject::Entity(*id);
        annotations.push(view.annotation(
            subject,
            &Content::of_entity(entity),
            None,
            judged.get(&subject).copied(),
        ));
    }
    for (relation, id) in stored.document.relations.iter().zip(&stored.relation_ids) {
        let subject = Subject::Relation(*id);
        let content = Content::of_relation(relation, &stored.document);
        annotations.push(view.annotation(subject, &content, None, judged.get(&subject).copied()));
    }
    for finding in &findings {
        let subject = Subject::Finding(finding.id);
        annotations.push(view.finding(finding, judged.get(&subject).copied()));
    }
    annotations.extend(decisions.iter().filter_map(|decision| view.added(decision)));
    let notes = library.notes(Some(stored.id))?;
    let mut runs: Vec<wire::Run> = library
        .runs(stored.id)?
        .iter()
        .map(|one| run(one, counts.get(&one.id).copied().unwrap_or(0), today))
        .collect();
    runs.reverse();
    Ok(wire::Marks { annotations, notes: notes.iter().filter_map(|one| view.note(one)).collect(), runs })
}

/// One finding of a document as `curator` sees it.
///
/// # Errors
/// When the library cannot be read.
pub fn annotation(
    library: &Library,
    finding: &Finding,
    curator: &str,
    names: &Names,
) -> Result<wire::Annotation> {
    let mut one = annotations(library, std::slice::from_ref(finding), curator, names)?;
    one.pop().ok_or_else(|| crate::error::not_found("This finding is gone.", "Refresh the view."))
}

/// Findings of one document as `curator` sees them: text and decisions are read once.
///
/// # Errors
/// When the library cannot be read.
pub fn annotations(
    library: &Library,
    findings: &[Finding],
    curator: &str,
    names: &Names,
) -> Result<Vec<wire::Annotation>> {
    let Some(first) = findings.first() else { return Ok(Vec::new()) };
    let text = library.document_text(first.document)?;
    let view = View { offsets: Offsets::new(&text), names };
    let decisions = library.decisions(first.document)?;
    let of = |finding: &Finding| {
        let own = Subject::Finding(finding.id);
        decisions.iter().find(|decision| {
            decision.curator == curator
                && matches!(decision.statement, Statement::Judged { subject, .. } if subject == own)
        })
    };
    Ok(findings.iter().map(|finding| view.finding(finding, of(finding))).collect())
}

/// A run for the wire.
#[must_use]
pub(crate) fn run(run: &Run, findings: u32, today: &Today) -> wire::Run {
    let given = |name: &str| run.record.parameters.get(name);
    let notices = given("notices").and_then(serde_json::Value::as_array);
    let model_id = given("model_id").and_then(serde_json::Value::as_str).unwrap_or_default();
    wire::Run {
        other_weights: today.differs(model_id, &run.record),
        id: id_of(run.id.0),
        task: task(&run.record.task),
        model: run.record.model.clone(),
        model_id: model_id.to_owned(),
        names_by: names_of(&run.record).map(|names| names.name),
        state: match run.state {
            RunState::Running => wire::RunState::Running,
            RunState::Finished => wire::RunState::Finished,
            RunState::Stopped => wire::RunState::Stopped,
            RunState::Failed => wire::RunState::Failed,
        },
        findings,
        finished_at: run.finished_at.map(|at| at.0),
        notices: notices.into_iter().flatten().filter_map(|one| one.as_str().map(str::to_owned)).collect(),
        problem: run.problem.clone(),
    }
}

/// The task that the library names by a word ([`task_word`]); `None` for one of a newer Osler.
#[must_use]
pub fn task(word: &str) -> Option<wire::Task> {
    let bare = |word: &str| word.strip_prefix("relations/").unwrap_or(word).to_owned();
    wire::Task::ALL.into_iter().find(|task| bare(task_word(*task)) == bare(word))
}

/// How the library names a task.
#[must_use]
pub const fn task_word(task: wire::Task) -> &'static str {
    match task {
        wire::Task::Bc5cdr => "relations/bc5cdr",
        wire::Task::Ddi => "relations/ddi",
        wire::Task::KdDti => "relations/kd_dti",
        wire::Task::Describe => "describe",
        wire::Task::Answer => "answer",
        wire::Task::Classify => "classify",
        wire::Task::Mentions => "mentions",
    }
}

/// The document of a subject, and its number in the library's own form.
#[must_use]
pub fn subject(subject: Subject) -> wire::Subject {
    match subject {
        Subject::Finding(id) => wire::Subject::Finding { id: id_of(id.0) },
        Subject::Entity(id) => wire::Subject::Entity { id: id_of(id.0) },
        Subject::Relation(id) => wire::Subject::Relation { id: id_of(id.0) },
    }
}

struct View<'a> {
    offsets: Offsets<'a>,
    names: &'a Names,
}

impl View<'_> {
    fn annotation(
        &self,
        of: Subject,
        original: &Content,
        prediction: Option<wire::Prediction>,
        decision: Option<&Decision>,
    ) -> wire::Annotation {
        let edited = decision.and_then(|decision| match &decision.statement {
            Statement::Judged { verdict: Verdict::Edit(content), .. } => Some(content),
            _ => None,
        });
        wire::Annotation {
            subject: subject(of),
            content: self.content(edited.unwrap_or(original)),
            signature: original.signature(),
            prediction,
            decision: decision.map(decided),
        }
    }

    fn finding(&self, finding: &Finding, decision: Option<&Decision>) -> wire::Annotation {
        let prediction = self.prediction(finding.run, &finding.prediction);
        self.annotation(Subject::Finding(finding.id), &finding.prediction.content, Some(prediction), decision)
    }

    fn added(&self, decision: &Decision) -> Option<wire::Annotation> {
        let Statement::Added(content) = &decision.statement else { return None };
        Some(wire::Annotation {
            subject: wire::Subject::Added { id: id_of(decision.id.0) },
            content: self.content(content),
            signature: content.signature(),
            prediction: None,
            decision: Some(decided(decision)),
        })
    }

    fn prediction(&self, run: sessions::RunId, prediction: &Prediction) -> wire::Prediction {
        wire::Prediction {
            run: id_of(run.0),
            content: self.content(&prediction.content),
            score: prediction.score,
            masked_mass: prediction.masked_mass,
            masked_masses: prediction.masked_masses.clone(),
            figures: prediction
                .figures
                .iter()
                .map(|(name, value)| wire::Figure { name: name.replace('_', " "), value: *value })
                .collect(),
            evidence: self.evidence(prediction),
            grade: contents::grade(prediction.grade),
            warnings: prediction
                .warnings
                .iter()
                .map(|one| wire::Warning {
                    kind: match one.kind.as_str() {
                        "negation" => wire::WarningKind::Negation,
                        "hedging" => wire::WarningKind::Hedging,
                        _ => wire::WarningKind::Other,
                    },
                    span: one.span.map(|span| self.offsets.span(span)),
                    text: one.text.clone(),
                })
                .collect(),
        }
    }

    fn evidence(&self, prediction: &Prediction) -> Vec<wire::Evidence> {
        let mut readings = prediction.readings.iter();
        let of = |span: &documents::Span| {
            let wire::Span { start, end } = self.offsets.span(*span);
            wire::Evidence { start, end, reading: readings.next().map(contents::evidence_reading) }
        };
        prediction.evidence.iter().map(of).collect()
    }

    fn note(&self, note: &Note) -> Option<wire::Note> {
        Some(wire::Note {
            id: id_of(note.id.0),
            document: id_of(note.document?.0),
            subject: note.subject.map(|of| match of {
                NoteSubject::Given(given) => subject(given),
                NoteSubject::Added(id) => wire::Subject::Added { id: id_of(id.0) },
            }),
            span: note.span.map(|span| self.offsets.span(span)),
            text: note.text.clone(),
            author: note.author.clone(),
            modified_at: note.modified_at.0,
        })
    }

    fn content(&self, content: &Content) -> wire::Content {
        contents::to_wire(content, &self.offsets, self.names)
    }
}

fn decided(decision: &Decision) -> wire::Decision {
    use wire::DecisionVerdict as V;
    let (verdict, reason) = match &decision.statement {
        Statement::Added(_) => (V::Added, None),
        Statement::Judged { verdict: Verdict::Accept, .. } => (V::Accepted, None),
        Statement::Judged { verdict: Verdict::Reject(reason), .. } => (V::Rejected, *reason),
        Statement::Judged { verdict: Verdict::Edit(_), .. } => (V::Edited, None),
    };
    wire::Decision {
        verdict,
        reason: reason.map(contents::reason),
        comment: decision.comment.clone(),
        curator: decision.curator.clone(),
        made_at: decision.made_at.0,
    }
}

/// A document of the library by the number on the wire.
#[must_use]
pub fn document_id(id: wire::Id) -> DocumentId {
    DocumentId(i64::from(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_of_a_newer_osler_is_none_of_ours() {
        for known in wire::Task::ALL {
            assert_eq!(task(task_word(known)), Some(known));
        }
        assert_eq!(task("relations/biored"), None);
        assert_eq!(task(""), None);
    }
}
