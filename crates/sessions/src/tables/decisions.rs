//! Table `decisions`: what curators say. A decision stands beside the finding or imported annotation it is about, and
//! changes nothing of it; each curator has their own.

mod rows;

use ::documents::Content;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::{documents, findings, imported_entities, imported_relations};
use crate::error::{Error, Result};
use crate::full_text::full_text;
use crate::identifiers::{
    By, DecisionId, DocumentId, EntityId, EventId, FindingId, RelationId, Timestamp, words,
};
use crate::journal::{Action, Journaled, Recording, Table};
use crate::last_word;
use crate::library::Library;
use crate::migrations::Migration;

pub(crate) use rows::{of_curator, of_document, on};

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    sql: concat!(
        "
    CREATE TABLE decisions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        document_id INTEGER NOT NULL REFERENCES documents (id),
        finding_id INTEGER REFERENCES findings (id),
        entity_id INTEGER REFERENCES imported_entities (id),
        relation_id INTEGER REFERENCES imported_relations (id),
        curator TEXT NOT NULL,
        verdict TEXT NOT NULL CHECK (verdict IN ('accept', 'reject', 'edit', 'add')),
        reason TEXT,
        content TEXT,
        comment TEXT NOT NULL,
        words TEXT NOT NULL,   -- verdict, reason, names and comment, for the search
        made_at INTEGER NOT NULL,
        event_id INTEGER NOT NULL REFERENCES events (id),
        CHECK ((finding_id IS NOT NULL) + (entity_id IS NOT NULL) + (relation_id IS NOT NULL) = (verdict <> 'add')),
        CHECK ((content IS NOT NULL) = (verdict IN ('edit', 'add')))
    ) STRICT;
    CREATE UNIQUE INDEX decisions_by_finding ON decisions (finding_id, curator) WHERE finding_id IS NOT NULL;
    CREATE UNIQUE INDEX decisions_by_entity ON decisions (entity_id, curator) WHERE entity_id IS NOT NULL;
    CREATE UNIQUE INDEX decisions_by_relation ON decisions (relation_id, curator) WHERE relation_id IS NOT NULL;
    CREATE INDEX decisions_by_document ON decisions (document_id, curator);
    CREATE INDEX decisions_by_curator ON decisions (curator, document_id);
    ",
        full_text!("decisions_words", "decisions", ["words"])
    ),
}];

words! {
    /// Why something was rejected.
    pub enum Reason {
        /// The text does not say it.
        NotInText = "not in text",
        /// The text denies it.
        Negated = "negated",
        /// The text only supposes it.
        Speculative = "speculative",
        /// The relation or mention is of another type.
        WrongType = "wrong type",
        /// A name is wrong, too long or too short.
        WrongName = "wrong name",
        /// The id is that of another thing.
        WrongId = "wrong id",
        /// Subject and object are exchanged.
        WrongDirection = "wrong direction",
        /// It is there already.
        Duplicate = "duplicate",
        /// See the comment.
        Other = "other",
    }
}

/// What a decision is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A model's finding.
    Finding(FindingId),
    /// A mention that came with the document.
    Entity(EntityId),
    /// A relation that came with the document.
    Relation(RelationId),
}

/// What a curator thinks of a subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is right.
    Accept,
    /// It is wrong.
    Reject(Option<Reason>),
    /// It should read like this.
    Edit(Content),
}

/// A verdict to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// What it is about.
    pub subject: Subject,
    /// The verdict.
    pub verdict: Verdict,
    /// A remark; may be empty.
    pub comment: String,
}

/// What a decision says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statement {
    /// About something that was there.
    Judged {
        /// What it is about.
        subject: Subject,
        /// What the curator thinks of it.
        verdict: Verdict,
    },
    /// Something that was not there.
    Added(Content),
}

/// A decision in the library.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Its number.
    pub id: DecisionId,
    /// The document.
    pub document: DocumentId,
    /// Whose it is.
    pub curator: String,
    /// What it says.
    pub statement: Statement,
    /// A remark; may be empty.
    pub comment: String,
    /// When it was made or last changed.
    pub made_at: Timestamp,
    /// The event that wrote it.
    pub event: EventId,
}

impl Library {
    /// Stores verdicts in one step of undo. A verdict on something that `by.who` has decided already takes its place.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::OutsideText`] for an edit. Then none is stored.
    pub fn decide(&mut self, by: By<'_>, judgements: &[Judgement]) -> Result<Vec<DecisionId>> {
        self.act_on(by, Action::Decide, |recording| {
            let mut documents = Vec::with_capacity(judgements.len());
            let mut decisions = Vec::with_capacity(judgements.len());
            for judgement in judgements {
                let (document, _) = content_of(recording.connection, judgement.subject)?;
                if let Verdict::Edit(content) = &judgement.verdict {
                    check(recording.connection, document, content)?;
                }
                documents.push(document);
                decisions.push(judge(recording, document, judgement)?);
            }
            Ok((decisions, documents))
        })
    }

    /// Adds annotations of the curator's own to a document, in one step of undo.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::OutsideText`]. Then none is stored.
    pub fn annotate(
        &mut self,
        by: By<'_>,
        document: DocumentId,
        contents: &[Content],
    ) -> Result<Vec<DecisionId>> {
        self.act(by, Action::Annotate, Some(document), |recording| add(recording, document, contents))
    }

    /// Changes an annotation that the curator added.
    ///
    /// # Errors
    /// [`Error::NotFound`] (also for a decision that is none of `by.who`'s own annotations), [`Error::OutsideText`].
    pub fn revise(&mut self, by: By<'_>, id: DecisionId, content: &Content, comment: &str) -> Result<()> {
        self.act_on(by, Action::Revise, |recording| {
            let old = own(recording.connection, by, id)?;
            if !matches!(old.statement, Statement::Added(_)) {
                return Err(Error::NotFound { what: "own annotation", id: id.0 });
            }
            check(recording.connection, old.document, content)?;
            let new = Decision {
                statement: Statement::Added(content.clone()),
                comment: comment.to_owned(),
                made_at: by.at,
                event: recording.event,
                ..old.clone()
            };
            recording.replace(&old, &new)?;
            Ok(((), vec![old.document]))
        })
    }

    /// Takes decisions and annotations of `by.who` back, in one step of undo: what they were about is undecided again.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for another curator's decision.
    pub fn withdraw(&mut self, by: By<'_>, decisions: &[DecisionId]) -> Result<()> {
        self.act_on(by, Action::Withdraw, |recording| {
            let mut documents = Vec::with_capacity(decisions.len());
            for &id in decisions {
                let old = own(recording.connection, by, id)?;
                recording.remove(&old)?;
                documents.push(old.document);
            }
            Ok(((), documents))
        })
    }

    /// A decision.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn decision(&self, id: DecisionId) -> Result<Decision> {
        self.reading(|connection| get(connection, id))
    }

    /// The document that a subject belongs to.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn document_of(&self, subject: Subject) -> Result<DocumentId> {
        self.reading(|connection| Ok(content_of(connection, subject)?.0))
    }

    /// All curators' decisions on a document, in the order they were made.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn decisions(&self, document: DocumentId) -> Result<Vec<Decision>> {
        self.reading(|connection| of_document(connection, document))
    }

    /// Everyone who has decided something, by name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn curators(&self) -> Result<Vec<String>> {
        self.reading(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT DISTINCT curator FROM decisions ORDER BY curator")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}

fn judge(recording: &mut Recording<'_>, document: DocumentId, judgement: &Judgement) -> Result<DecisionId> {
    let by = recording.by;
    let statement = Statement::Judged { subject: judgement.subject, verdict: judgement.verdict.clone() };
    let old = on(recording.connection, judgement.subject, by.who)?;
    let id = match &old {
        Some(old) => old.id,
        None => DecisionId(recording.next_key(Table::Decisions)?),
    };
    let new = Decision {
        id,
        document,
        curator: by.who.to_owned(),
        statement,
        comment: judgement.comment.clone(),
        made_at: by.at,
        event: recording.event,
    };
    match old {
        // Said before, and not denied since where another run says the same.
        Some(old)
            if old.statement == new.statement
                && old.comment == new.comment
                && last_word::is_last(recording.connection, &old)? => {}
        Some(old) => recording.replace(&old, &new)?,
        None => recording.insert(&new)?,
    }
    Ok(id)
}

/// Writes annotations of the curator's own as part of an action.
pub(crate) fn add(
    recording: &mut Recording<'_>,
    document: DocumentId,
    contents: &[Content],
) -> Result<Vec<DecisionId>> {
    let text = documents::text(recording.connection, document)?;
    let mut ids = Vec::with_capacity(contents.len());
    for content in contents {
        documents::check_spans(document, &text, content.spans())?;
        let id = DecisionId(recording.next_key(Table::Decisions)?);
        recording.insert(&Decision {
            id,
            document,
            curator: recording.by.who.to_owned(),
            statement: Statement::Added(content.clone()),
            comment: String::new(),
            made_at: recording.by.at,
            event: recording.event,
        })?;
        ids.push(id);
    }
    Ok(ids)
}

fn check(connection: &Connection, document: DocumentId, content: &Content) -> Result<()> {
    documents::check_spans(document, &documents::text(connection, document)?, content.spans())
}

fn own(connection: &Connection, by: By<'_>, id: DecisionId) -> Result<Decision> {
    let found = get(connection, id)?;
    if found.curator == by.who { Ok(found) } else { Err(Error::NotFound { what: "decision", id: id.0 }) }
}

pub(super) fn get(connection: &Connection, id: DecisionId) -> Result<Decision> {
    Decision::read(connection, id.0)?.ok_or(Error::NotFound { what: "decision", id: id.0 })
}

/// What a subject says, and of which document.
pub(crate) fn content_of(connection: &Connection, subject: Subject) -> Result<(DocumentId, Content)> {
    let (what, id, found) = match subject {
        Subject::Finding(id) => ("finding", id.0, findings::content(connection, id)?),
        Subject::Entity(id) => ("mention", id.0, imported_entities::content(connection, id)?),
        Subject::Relation(id) => ("relation", id.0, imported_relations::content(connection, id)?),
    };
    found.ok_or(Error::NotFound { what, id })
}
