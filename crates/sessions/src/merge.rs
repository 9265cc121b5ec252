//! Two libraries become one: the same texts and findings meet, and every curator's decisions stay under their name.
//!
//! What meets: documents of the same text; runs of the same model, task and settings that found the same; findings by what they
//! say; mentions and relations that came with the documents, likewise. All else comes beside what is there. Drafts and batches
//! stay where they are: they are work in progress of one place.

use std::collections::{BTreeMap, HashMap};

use documents::Content;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::identifiers::{By, DecisionId, DocumentId, FindingId, NoteId};
use crate::journal::{Action, Recording, Table};
use crate::library::Library;
use crate::tables::decisions::{self, Decision, Statement, Subject, Verdict};
use crate::tables::documents::{self as stored_documents, Imported, NewDocument, StoredDocument};
use crate::tables::findings;
use crate::tables::notes::{self, Note, NoteSubject};
use crate::tables::runs::{self, Ending, Run, RunState};
use crate::{DocumentFilter, DocumentOrder};

/// What came of a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Merged {
    /// Documents that came in.
    pub documents: u64,
    /// Documents whose text was there already.
    pub documents_met: u64,
    /// Runs that came in, with their findings.
    pub runs: u64,
    /// Runs that had found the same here.
    pub runs_met: u64,
    /// Decisions that came in.
    pub decisions: u64,
    /// Decisions that the same curator had made here, too, or changed here since.
    pub decisions_met: u64,
    /// Rejections of mentions and relations that came with a document there and are not here: there is nothing to reject.
    pub decisions_without_ground: u64,
    /// Notes that came in.
    pub notes: u64,
}

impl Library {
    /// Brings all that curators did in `other` into this library, in one step of undo. With `curator`, its decisions and notes
    /// come under that name: two libraries may call different people the same. `tell` is called with how many of how many documents
    /// are done.
    ///
    /// # Errors
    /// [`Error::CannotMerge`] where the other library cannot be read, is this one, or has several curators for one name; when
    /// this one cannot be written. Then nothing has happened.
    pub fn merge(
        &mut self,
        by: By<'_>,
        other: &Self,
        curator: Option<&str>,
        tell: &mut dyn FnMut(u64, u64),
    ) -> Result<Merged> {
        let refused =
            |reason: &str| Error::CannotMerge { path: other.path().to_owned(), reason: reason.to_owned() };
        let unreadable = |error: Error| refused(&error.to_string());
        let same = |path: &std::path::Path| std::fs::canonicalize(path).ok();
        if same(other.path()).is_some_and(|path| Some(path) == same(self.path())) {
            return Err(refused("it is this library"));
        }
        if curator.is_some() && other.curators().map_err(unreadable)?.len() > 1 {
            return Err(refused("several curators have decided in it, who cannot have one name"));
        }
        other.at_one_time(|other| {
            let ids = other
                .document_ids(DocumentOrder::OldestFirst, &DocumentFilter::default())
                .map_err(unreadable)?;
            self.act(by, Action::Merge, None, |recording| {
                let mut merging = Merging {
                    known: stored_documents::by_text(recording.connection)?,
                    recording,
                    curator,
                    merged: Merged::default(),
                };
                for (id, done) in ids.iter().zip(1..) {
                    let theirs = Theirs::read(other, *id).map_err(unreadable)?;
                    merging.document(&theirs)?;
                    tell(done, ids.len() as u64);
                }
                let general = other.notes(None).map_err(unreadable)?;
                merging.notes(None, &general, &HashMap::new(), &HashMap::new())?;
                Ok(merging.merged)
            })
        })
    }
}

/// A document of the other library with all that belongs to it.
struct Theirs {
    stored: StoredDocument,
    runs: Vec<(Run, Vec<findings::Finding>)>,
    decisions: Vec<Decision>,
    notes: Vec<Note>,
}

impl Theirs {
    fn read(other: &Library, id: DocumentId) -> Result<Self> {
        let mut all = Vec::new();
        for run in other.runs(id)? {
            // One that is going on will be there at the next merge, and one that failed has nothing to show.
            if matches!(run.state, RunState::Finished | RunState::Stopped) {
                let found = other.findings_of_run(run.id)?;
                all.push((run, found));
            }
        }
        let mut decisions = other.decisions(id)?;
        // The last word counts, here as there.
        decisions.sort_by_key(|decision| (decision.event, decision.id));
        Ok(Self { stored: other.document(id)?, runs: all, decisions, notes: other.notes(Some(id))? })
    }

    /// What a subject of theirs says.
    fn content(&self, subject: Subject) -> Option<Content> {
        let document = &self.stored.document;
        match subject {
            Subject::Finding(id) => {
                let mut findings = self.runs.iter().flat_map(|(_, found)| found);
                findings.find(|finding| finding.id == id).map(|finding| finding.prediction.content.clone())
            }
            Subject::Entity(id) => {
                let place = self.stored.entity_ids.iter().position(|one| *one == id)?;
                document.entities.get(place).map(Content::of_entity)
            }
            Subject::Relation(id) => {
                let place = self.stored.relation_ids.iter().position(|one| *one == id)?;
                document.relations.get(place).map(|relation| Content::of_relation(relation, document))
            }
        }
    }
}

struct Merging<'r, 'c> {
    recording: &'r mut Recording<'c>,
    /// The documents in sight here, by the hash of their text.
    known: HashMap<String, Vec<DocumentId>>,
    curator: Option<&'r str>,
    merged: Merged,
}

impl Merging<'_, '_> {
    fn document(&mut self, theirs: &Theirs) -> Result<()> {
        let met = self.known.get(&theirs.stored.text_sha256).and_then(|ids| ids.first()).copied();
        let ours = match met {
            Some(id) => {
                self.merged.documents_met += 1;
                id
            }
            None => {
                let StoredDocument { document, origin, format, .. } = &theirs.stored;
                let new = NewDocument { document, origin, format };
                let (Imported::New(id) | Imported::Updated(id) | Imported::Known(id)) =
                    stored_documents::store(self.recording, &new)?
                else {
                    // Every place of a stored document is in its text.
                    return Ok(());
                };
                self.known.insert(theirs.stored.text_sha256.clone(), vec![id]);
                self.merged.documents += 1;
                id
            }
        };
        let stored = stored_documents::read(self.recording.connection, ours)?;
        let mut subjects = given(&theirs.stored, &stored);
        for (run, found) in &theirs.runs {
            self.run(ours, run, found, &mut subjects)?;
        }
        let mut decided = HashMap::new();
        for decision in &theirs.decisions {
            if let Some(id) = self.decision(ours, theirs, decision, &subjects)? {
                decided.insert(decision.id, id);
            }
        }
        self.notes(Some(ours), &theirs.notes, &subjects, &decided)
    }

    fn run(
        &mut self,
        document: DocumentId,
        run: &Run,
        found: &[findings::Finding],
        subjects: &mut HashMap<Subject, Subject>,
    ) -> Result<()> {
        for ours in runs::of_document(self.recording.connection, document)? {
            let here = findings::of_run(self.recording.connection, ours.id)?;
            if let Some(pairs) = same_work(&ours, run).then(|| pairs(&here, found)).flatten() {
                subjects.extend(pairs);
                self.merged.runs_met += 1;
                return Ok(());
            }
        }
        let ending = Ending {
            state: run.state,
            output: run.output.clone(),
            problem: run.problem.clone(),
            at: run.finished_at.unwrap_or(run.record.made_at),
        };
        let predictions: Vec<_> = found.iter().map(|finding| finding.prediction.clone()).collect();
        let id = runs::insert(self.recording, document, &run.record, Some(&ending), None, &predictions)?;
        let here = findings::of_run(self.recording.connection, id)?;
        let in_order = found.iter().zip(&here);
        subjects
            .extend(in_order.map(|(theirs, ours)| (Subject::Finding(theirs.id), Subject::Finding(ours.id))));
        self.merged.runs += 1;
        Ok(())
    }

    /// Takes a decision over; gives its number here.
    fn decision(
        &mut self,
        document: DocumentId,
        theirs: &Theirs,
        decision: &Decision,
        subjects: &HashMap<Subject, Subject>,
    ) -> Result<Option<DecisionId>> {
        let statement = match &decision.statement {
            Statement::Added(content) => Statement::Added(content.clone()),
            Statement::Judged { subject, verdict } => match (subjects.get(subject), verdict) {
                (Some(subject), verdict) => Statement::Judged { subject: *subject, verdict: verdict.clone() },
                // What came with the document there and not here is what the curator says of it.
                (None, Verdict::Edit(content)) => Statement::Added(content.clone()),
                (None, Verdict::Accept) => match theirs.content(*subject) {
                    Some(content) => Statement::Added(content),
                    None => return Ok(None),
                },
                (None, Verdict::Reject(_)) => {
                    self.merged.decisions_without_ground += 1;
                    return Ok(None);
                }
            },
        };
        let curator = self.curator.unwrap_or(&decision.curator);
        let connection = self.recording.connection;
        let old = match &statement {
            Statement::Judged { subject, .. } => decisions::on(connection, *subject, curator)?,
            Statement::Added(content) => {
                decisions::of_document(connection, document)?.into_iter().find(|one| {
                    one.curator == curator
                        && matches!(&one.statement, Statement::Added(own) if own.identity() == content.identity())
                })
            }
        };
        let mut new = Decision {
            id: decision.id,
            document,
            curator: curator.to_owned(),
            statement,
            comment: decision.comment.clone(),
            made_at: decision.made_at,
            event: self.recording.event,
        };
        match old {
            Some(old) => {
                new.id = old.id;
                self.merged.decisions_met += 1;
                let is_newer = new.made_at > old.made_at;
                if is_newer && (new.statement != old.statement || new.comment != old.comment) {
                    self.recording.replace(&old, &new)?;
                }
            }
            None => {
                new.id = DecisionId(self.recording.next_key(Table::Decisions)?);
                self.recording.insert(&new)?;
                self.merged.decisions += 1;
            }
        }
        Ok(Some(new.id))
    }

    fn notes(
        &mut self,
        document: Option<DocumentId>,
        theirs: &[Note],
        subjects: &HashMap<Subject, Subject>,
        decided: &HashMap<DecisionId, DecisionId>,
    ) -> Result<()> {
        let here = notes::of(self.recording.connection, document)?;
        for note in theirs {
            let author = self.curator.unwrap_or(&note.author);
            let is_same = |one: &Note| one.author == author && one.text == note.text && one.span == note.span;
            if here.iter().any(is_same) {
                continue;
            }
            let subject = note.subject.and_then(|subject| match subject {
                NoteSubject::Given(subject) => subjects.get(&subject).copied().map(NoteSubject::Given),
                NoteSubject::Added(id) => decided.get(&id).copied().map(NoteSubject::Added),
            });
            let id = NoteId(self.recording.next_key(Table::Notes)?);
            let event = self.recording.event;
            let author = author.to_owned();
            self.recording.insert(&Note { id, document, subject, author, event, ..note.clone() })?;
            self.merged.notes += 1;
        }
        Ok(())
    }
}

/// Whether two runs asked the same of the same model, whenever and wherever.
fn same_work(one: &Run, two: &Run) -> bool {
    let what = |run: &Run| {
        let mut record = run.record.clone();
        record.app_version.clear();
        record.device.clear();
        record.made_at = two.record.made_at;
        record
    };
    one.state == two.state && what(one) == what(two)
}

/// Their findings with ours that say the same, if these are the same findings.
fn pairs(ours: &[findings::Finding], theirs: &[findings::Finding]) -> Option<Vec<(Subject, Subject)>> {
    let mut free: BTreeMap<String, Vec<FindingId>> = BTreeMap::new();
    for finding in ours.iter().rev() {
        free.entry(finding.prediction.content.identity()).or_default().push(finding.id);
    }
    let pair = |finding: &findings::Finding| {
        let ours = free.get_mut(&finding.prediction.content.identity())?.pop()?;
        Some((Subject::Finding(finding.id), Subject::Finding(ours)))
    };
    (ours.len() == theirs.len()).then(|| theirs.iter().map(pair).collect()).flatten()
}

/// What came with their document, and the same of ours.
fn given(theirs: &StoredDocument, ours: &StoredDocument) -> HashMap<Subject, Subject> {
    let all = |stored: &StoredDocument| -> Vec<(String, Subject)> {
        let document = &stored.document;
        let entities = document.entities.iter().zip(&stored.entity_ids);
        let entities = entities.map(|(one, id)| (Content::of_entity(one).identity(), Subject::Entity(*id)));
        let relations = document.relations.iter().zip(&stored.relation_ids);
        let relations = relations
            .map(|(one, id)| (Content::of_relation(one, document).identity(), Subject::Relation(*id)));
        entities.chain(relations).collect()
    };
    let mut free: HashMap<String, Vec<Subject>> = HashMap::new();
    for (identity, subject) in all(ours).into_iter().rev() {
        free.entry(identity).or_default().push(subject);
    }
    let pair = |(identity, subject): (String, Subject)| Some((subject, free.get_mut(&identity)?.pop()?));
    all(theirs).into_iter().filter_map(pair).collect()
}
