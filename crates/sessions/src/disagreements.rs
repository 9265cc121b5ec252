//! Statements on which curators disagree, for a third one to look at.
//!
//! A curator says yes to what they accepted, added or wrote in an edit, and no to what they rejected or edited away; of what was
//! added by one, the others who decided about the document said no. For whoever adjudicates, a disagreement of others is settled
//! once they have decided the statement themselves; one that they are a party to, when somebody changes their mind.

use std::collections::{BTreeMap, BTreeSet};

use documents::{Content, Span};
use serde::Serialize;

use crate::error::Result;
use crate::identifiers::DocumentId;
use crate::last_word::{Says, words};
use crate::library::Library;
use crate::tables::decisions::{self, Subject};
use crate::tables::decisions::{Reason, Statement, Verdict};

/// A statement that some curators hold and others do not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Disagreement {
    /// The document.
    pub document: DocumentId,
    /// The statement.
    pub content: Content,
    /// What it is decided by, where it was there to be decided: a finding, or what came with the document.
    pub subject: Option<Subject>,
    /// What each says, by name.
    pub voices: Vec<Voice>,
}

/// What one curator says of a statement.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Voice {
    /// Who.
    pub curator: String,
    /// Whether they hold it.
    pub holds: bool,
    /// `accepted`, `rejected`, `edited`, `added`, `did not add`.
    pub word: &'static str,
    /// Why it was rejected.
    pub reason: Option<Reason>,
    /// A remark; may be empty.
    pub comment: String,
}

impl Disagreement {
    /// Its first place in the text, if it has one.
    #[must_use]
    pub fn place(&self) -> Option<Span> {
        self.content.spans().into_iter().min()
    }
}

impl Voice {
    /// Of somebody who decided about the document, and not of this.
    fn silent(curator: &str) -> Self {
        Self {
            curator: curator.to_owned(),
            holds: false,
            word: "did not add",
            reason: None,
            comment: String::new(),
        }
    }
}

struct Found {
    content: Content,
    subject: Option<Subject>,
    voices: BTreeMap<String, Voice>,
}

impl Library {
    /// The disagreements that are open for `adjudicator`, in the order of documents and places.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn disagreements(&self, adjudicator: &str) -> Result<Vec<Disagreement>> {
        let everyone = self.curators()?;
        self.reading(|connection| {
            let mut found: BTreeMap<(DocumentId, String), Found> = BTreeMap::new();
            let mut busy: BTreeMap<DocumentId, BTreeSet<String>> = BTreeMap::new();
            for curator in &everyone {
                let own = decisions::of_curator(connection, curator)?;
                for word in words(connection, &own)? {
                    let decision = word.decision;
                    busy.entry(decision.document).or_default().insert(curator.clone());
                    let key = (decision.document, word.content.identity());
                    let subject = match &decision.statement {
                        Statement::Judged { subject, .. } if word.proposed => Some(*subject),
                        _ => None,
                    };
                    let slot = found.entry(key).or_insert_with(|| Found {
                        content: word.content.clone(),
                        subject: None,
                        voices: BTreeMap::new(),
                    });
                    slot.subject = slot.subject.or(subject);
                    if word.says == Says::Duplicate && slot.voices.contains_key(curator) {
                        continue;
                    }
                    let holds = word.says == Says::Yes;
                    let (said, reason) = match &decision.statement {
                        Statement::Added(_) => ("added", None),
                        Statement::Judged { verdict: Verdict::Accept, .. } => ("accepted", None),
                        Statement::Judged { verdict: Verdict::Edit(_), .. } => ("edited", None),
                        Statement::Judged { verdict: Verdict::Reject(reason), .. } => ("rejected", *reason),
                    };
                    let voice = Voice {
                        curator: curator.clone(),
                        holds,
                        word: said,
                        reason,
                        comment: decision.comment.clone(),
                    };
                    slot.voices.insert(curator.clone(), voice);
                }
            }
            let mut open: Vec<Disagreement> = Vec::new();
            for ((document, _), Found { content, subject, mut voices }) in found {
                if subject.is_none() {
                    let others = busy.get(&document).into_iter().flatten();
                    // Whoever adjudicates has not looked at it before they say so.
                    for curator in others.filter(|curator| *curator != adjudicator) {
                        voices.entry(curator.clone()).or_insert_with(|| Voice::silent(curator));
                    }
                }
                let own = voices.get(adjudicator).map(|voice| voice.holds);
                let others = voices.values().filter(|voice| voice.curator != adjudicator);
                let said: BTreeSet<bool> = others.map(|voice| voice.holds).collect();
                let is_open = match own {
                    None => said.len() == 2,
                    // Of a disagreement of others it was the last word.
                    Some(own) => said.len() == 1 && !said.contains(&own),
                };
                if is_open {
                    let voices = voices.into_values().collect();
                    open.push(Disagreement { document, content, subject, voices });
                }
            }
            open.sort_by_key(|one| (one.document, one.place()));
            Ok(open)
        })
    }
}
