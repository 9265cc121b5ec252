//! What a curator means by several decisions about one statement: models may say the same in several runs, and a curator may
//! decide it in each. The last word counts, wherever it was said.

use documents::Content;
use rusqlite::Connection;

use crate::error::Result;
use crate::tables::decisions::{self, Decision, Reason, Statement, Verdict};

/// One decision's word on one statement.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Word<'d> {
    pub(crate) decision: &'d Decision,
    pub(crate) content: Content,
    /// How it bears on what was said before.
    pub(crate) says: Says,
    /// The statement was there to be decided: a model or the imported file made it.
    pub(crate) proposed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    Yes,
    No,
    /// It is there once more than needed: no, unless there was a word on it before.
    Duplicate,
}

/// The words of a curator's decisions, in the order in which they were said.
pub(crate) fn words<'d>(
    connection: &Connection,
    decisions: impl IntoIterator<Item = &'d Decision>,
) -> Result<Vec<Word<'d>>> {
    let mut decisions: Vec<&Decision> = decisions.into_iter().collect();
    // By event and not by time: a clock may be set back.
    decisions.sort_by_key(|decision| (decision.event, decision.id));
    let mut words = Vec::with_capacity(decisions.len());
    for decision in decisions {
        let word = |content, says, proposed| Word { decision, content, says, proposed };
        match &decision.statement {
            Statement::Added(content) => words.push(word(content.clone(), Says::Yes, false)),
            Statement::Judged { subject, verdict } => {
                let content = decisions::content_of(connection, *subject)?.1;
                match verdict {
                    Verdict::Accept => words.push(word(content, Says::Yes, true)),
                    Verdict::Reject(Some(Reason::Duplicate)) => {
                        words.push(word(content, Says::Duplicate, true));
                    }
                    Verdict::Reject(_) => words.push(word(content, Says::No, true)),
                    Verdict::Edit(edited) => {
                        let proposed = edited.identity() == content.identity();
                        words.push(word(content, Says::No, true));
                        words.push(word(edited.clone(), Says::Yes, proposed));
                    }
                }
            }
        }
    }
    Ok(words)
}

/// Whether no later decision of the same curator has said anything about what `decision` is about.
pub(crate) fn is_last(connection: &Connection, decision: &Decision) -> Result<bool> {
    let mut own = decisions::of_document(connection, decision.document)?;
    own.retain(|one| one.curator == decision.curator && one.event >= decision.event);
    let words = words(connection, &own)?;
    let about: Vec<String> = words
        .iter()
        .filter(|word| word.decision.id == decision.id)
        .map(|word| word.content.identity())
        .collect();
    Ok(about.iter().all(|identity| {
        let last = words.iter().rfind(|word| word.content.identity() == *identity);
        last.is_none_or(|word| word.decision.id == decision.id)
    }))
}
