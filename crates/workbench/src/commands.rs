//! The use cases over the open library, by the names of the commands.

use crate::error::Result;
use crate::wire::*;
use crate::workbench::Workbench;

/// Passes each use case on to the open library: what it does is said there.
macro_rules! over_the_library {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        impl Workbench {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// See [`crate::OpenLibrary`]'s method of this name.
                pub fn $name(&self, $($argument: $type),*) -> Result<$result> {
                    self.opened().$name($($argument),*)
                }
            )*
        }
    };
}

over_the_library! {
    /// The library as it is now.
    library() -> Library;
    /// Every document that a filter lets through, in order.
    document_ids(order: DocumentOrder, filter: &DocumentFilter) -> Vec<Id>;
    /// The rows of some documents.
    document_summaries(ids: &[Id]) -> Vec<DocumentSummary>;
    /// A document with everything that points into it.
    document(id: Id) -> DocumentView;
    /// Takes documents out of sight.
    remove_documents(ids: &[Id]) -> Change;
    /// Remembers where the curator was.
    remember_place(place: Place) -> ();
    /// Whatever contains all the words.
    search(text: &str, limit: u32) -> Vec<SearchHit>;
    /// Decides about annotations.
    decide(judgements: &[Judgement]) -> Change;
    /// Takes decisions back, and removes annotations of one's own.
    withdraw(subjects: &[Subject]) -> Change;
    /// Adds annotations of the curator's own.
    annotate(document: Id, contents: &[Content]) -> Change;
    /// Adds a mention wherever a name stands.
    annotate_occurrences(document: Id, name: &str, kind: &str, concepts: &[Concept]) -> Change;
    /// How often a name stands in a document.
    count_occurrences(document: Id, name: &str) -> u32;
    /// Writes a note.
    write_note(note: &NewNote) -> Change;
    /// Changes a note.
    edit_note(id: Id, text: &str) -> Change;
    /// Removes a note.
    remove_note(id: Id) -> Change;
    /// Takes back the last thing that the curator did.
    undo(track: Track) -> Option<Change>;
    /// Does again what was undone last.
    redo(track: Track) -> Option<Change>;
    /// The last actions, the newest first.
    history(before: Option<Id>, limit: u32) -> Vec<HistoryEntry>;
    /// A page of the queue.
    queue(order: QueueOrder, filter: &QueueFilter, after: Option<&str>, limit: u32) -> QueuePage;
    /// How far the curators agree, and where they do not.
    compare_curators() -> Comparison;
    /// Checks every quote of the library.
    check_evidence() -> EvidenceReport;
    /// The sentences of the library that mention a term.
    concordance(term: &str, limit: u32) -> Concordance;
    /// All drafts.
    drafts() -> Vec<DraftSummary>;
    /// A draft.
    draft(id: Id) -> Draft;
    /// Begins a draft.
    begin_draft(title: &str, text: &str) -> Draft;
    /// Saves a draft.
    save_draft(id: Id, title: &str, text: &str, generated: &[GeneratedSpan]) -> Library;
    /// Takes a draft away.
    remove_draft(id: Id) -> Change;
}

impl Workbench {
    /// Concepts that a name may stand for.
    #[must_use]
    pub fn find_concepts(&self, name: &str, limit: u32) -> Vec<Concept> {
        self.names.concepts(name, limit as usize)
    }

    /// Gives the library another name and description.
    ///
    /// # Errors
    /// Those of the library; an empty name.
    pub fn rename_library(&self, name: &str, description: &str) -> Result<Change> {
        let change = self.opened().rename(name, description)?;
        self.note_opened()?;
        Ok(change)
    }

    /// Copies the library to another file, whole and consistent, while it is in use.
    ///
    /// # Errors
    /// When there is a file already, or it cannot be written.
    pub fn copy_library(&self, path: &std::path::Path) -> Result<()> {
        self.opened().copy_to(path)
    }
}
