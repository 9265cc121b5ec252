//! Numbers that name rows, the clock as an argument, and closed vocabularies that are stored as words.

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z. This crate never reads the clock: the caller does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Timestamp(pub i64);

/// Who makes a change, and when. Undo and redo walk through the changes of one author.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct By<'a> {
    /// The curator's name, as set in the settings.
    pub who: &'a str,
    /// When, by the caller's clock.
    pub at: Timestamp,
}

impl<'a> By<'a> {
    /// A change made by `who` at `at`.
    #[must_use]
    pub const fn new(who: &'a str, at: Timestamp) -> Self {
        Self { who, at }
    }
}

macro_rules! stored_as_integer {
    ($($name:ident),*) => {$(
        impl rusqlite::ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
                self.0.to_sql()
            }
        }

        impl rusqlite::types::FromSql for $name {
            fn column_result(value: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
                i64::column_result(value).map(Self)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

macro_rules! row_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
            pub struct $name(pub i64);
        )*
        stored_as_integer!($($name),*);
    };
}

stored_as_integer!(Timestamp);

row_ids! {
    /// A document of this library. Never given to a second document, not even after an undo.
    DocumentId;
    /// A mention that came with an imported document.
    EntityId;
    /// A relation that came with an imported document.
    RelationId;
    /// One run of a model over one document.
    RunId;
    /// One prediction of a run.
    FindingId;
    /// One decision of a curator.
    DecisionId;
    /// A curator's note.
    NoteId;
    /// A text written in Osler.
    DraftId;
    /// A task over many documents.
    BatchId;
    /// One action in the journal.
    EventId;
}

/// A closed vocabulary, stored in the file and sent to clients as words.
macro_rules! words {
    ($(#[$doc:meta])* $visibility:vis enum $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        $visibility enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)*
        }

        #[allow(dead_code, reason = "not every vocabulary is listed or printed")]
        impl $name {
            /// Every word of this vocabulary.
            $visibility const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word as it is stored.
            #[must_use]
            $visibility const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The value that `word` stands for.
            #[must_use]
            $visibility fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }

        impl rusqlite::ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
                self.word().to_sql()
            }
        }

        impl rusqlite::types::FromSql for $name {
            fn column_result(value: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
                Self::from_word(value.as_str()?).ok_or(rusqlite::types::FromSqlError::InvalidType)
            }
        }
    };
}
pub(crate) use words;
