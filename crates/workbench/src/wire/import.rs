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
    /// New documents that are there already in another form, or twice in the import; the first of them.
    pub duplicates: Vec<Duplicate>,
    /// How many duplicates are not listed.
    pub further_duplicates: u32,
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

/// A document of an import that is there already in another form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Duplicate {
    /// Its place in the import, from 0.
    pub place: u32,
    /// Its title, or how its text begins.
    pub title: String,
    /// The id of its source.
    pub source_id: String,
    /// By what it is recognized.
    pub by: SameBy,
    /// How much the texts have in common, from 0 to 1, where that is the reason.
    #[specta(type = Option<Number>)]
    pub similarity: Option<f64>,
    /// The document of the library that it looks like; none where that is an earlier document of the import.
    pub document: Option<Id>,
    /// The title of that one.
    pub of_title: String,
    /// The id of its source.
    pub of_source_id: String,
    /// Decisions of all curators on it.
    pub decisions: u32,
}

/// By what a document is recognized to be there already, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum SameBy {
    /// The PMID.
    Pmid,
    /// The DOI.
    Doi,
    /// The text is nearly the same.
    Text,
}

/// What is to be done with a document that is there already in another form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum DuplicateChoice {
    /// It is imported in addition to the other one.
    #[default]
    Keep,
    /// It is not imported.
    Skip,
    /// What it says of the article (journal, DOI ...) goes into the record of the other one, whose text and decisions stay.
    Update,
}

/// What is to be done with a preview.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct ImportChoices {
    /// Places (from 0) of documents that are not to be imported.
    pub left_out: Vec<u32>,
    /// What is done with duplicates.
    pub duplicates: DuplicateChoice,
    /// What is done with some of them instead.
    pub single: Vec<SingleChoice>,
}

/// What is to be done with one duplicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct SingleChoice {
    /// Its place in the import.
    pub place: u32,
    /// What.
    pub choice: DuplicateChoice,
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
        /// Duplicates that were not imported.
        skipped: u32,
        /// Documents whose record was brought up to date.
        updated: u32,
        /// The action.
        step: Step,
    },
}
