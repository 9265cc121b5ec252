//! Files on their way into the library.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{HostError, Id, Number, Step};

/// What is to be imported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ImportSource {
    /// Files and folders.
    Paths {
        /// Which.
        paths: Vec<String>,
        /// The columns that hold the text of tables, by the names of the files in the preview; the usual ones elsewhere.
        columns: BTreeMap<String, String>,
    },
    /// Pasted text, of any format.
    Text {
        /// The text.
        text: String,
        /// Where it is from, for the list.
        origin: String,
    },
    /// Documents of the client's own (samples).
    Documents {
        /// Where they are from, for the list.
        origin: String,
        /// The documents.
        documents: Vec<NewDocument>,
    },
}

/// A document that the client gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct NewDocument {
    /// Its id.
    pub source_id: String,
    /// Its title.
    pub title: String,
    /// The text below the title.
    pub text: String,
}

/// What an import would bring.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct ImportPreview {
    /// Hand it back to `import_previewed`.
    pub id: String,
    /// What was read.
    pub files: Vec<PreviewedFile>,
    /// The first of the documents, at most a hundred.
    pub documents: Vec<PreviewedDocument>,
    /// Documents that are new.
    pub fresh: u32,
    /// Documents that the library holds already.
    pub known: u32,
    /// Records that cannot be imported, or not wholly.
    pub issues: Vec<ImportIssue>,
    /// How many issues are not listed.
    pub further_issues: u32,
}

/// A file of an import.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct PreviewedFile {
    /// Its name, or its place in a dropped folder.
    pub name: String,
    /// Its size.
    #[specta(type = Number)]
    pub bytes: u64,
    /// Its format; missing where the file is refused.
    pub format: Option<String>,
    /// Documents in it.
    pub documents: u32,
    /// What was assumed to read it.
    pub notices: Vec<String>,
    /// Why nothing of it can be imported.
    pub refusal: Option<HostError>,
    /// The columns of a table, any of which can be chosen to hold the text.
    pub columns: Vec<String>,
    /// The column that the text is taken from.
    pub text_column: Option<String>,
}

/// A document of an import.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct PreviewedDocument {
    /// The id of the source.
    pub source_id: String,
    /// Its title, or how its text begins.
    pub title: String,
    /// The file it is in.
    pub file: String,
    /// Length in words.
    pub words: u32,
    /// Whether the library holds it already.
    pub known: bool,
}

/// A record that cannot be imported, or not wholly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct ImportIssue {
    /// The file.
    pub file: String,
    /// Line, record or field.
    pub place: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

/// Progress of `preview_import`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum PreviewEvent {
    /// A file is being read.
    Reading {
        /// Its name.
        file: String,
        /// Files read.
        done: u32,
        /// Files in all.
        total: u32,
    },
    /// Everything was read.
    Preview {
        /// The result.
        preview: ImportPreview,
    },
}

/// Progress of `import_previewed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ImportEvent {
    /// Documents are being stored.
    Progress {
        /// Stored so far.
        done: u32,
        /// In all.
        total: u32,
    },
    /// Everything is stored.
    Imported {
        /// The new documents.
        documents: Vec<Id>,
        /// Documents that the library held already.
        known: u32,
        /// The action.
        step: Step,
    },
}
