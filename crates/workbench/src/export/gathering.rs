//! The documents of an export with what models and curators say about them, and the records of the runs behind it.

use std::collections::BTreeMap;

use documents::formats::{DECISION, RECORD};
use documents::retractions::Retractions;
use documents::{Document, Infons};
use sessions::{DocumentFilter, DocumentOrder, Library, Run, Which};

use super::{DOCUMENTS, evidence};
use crate::error::{Result, as_json};
use crate::library::{OpenLibrary, count, document_id, id_of, task};
use crate::run_record::names_of;
use crate::wire;

/// Infon of a document: what a list of retracted articles says of it.
const RETRACTED: &str = "retracted";

/// What the writers of formats need.
pub struct Gathered {
    pub documents: Vec<Document>,
    /// Stem of the file's name.
    pub name: String,
    pub records: Vec<wire::RunRecord>,
    /// Its quotes, and which of them cannot be relied on.
    pub evidence: wire::EvidenceReport,
    pub runs: BTreeMap<String, Infons>,
    /// The task, where all runs are of one.
    pub task: String,
}

/// Gathers an export; nothing when `go_on` says so.
pub fn gather(
    opened: &OpenLibrary,
    request: &wire::ExportRequest,
    go_on: &mut dyn FnMut(u32, u32) -> bool,
) -> Result<Option<Gathered>> {
    // One state of the library, whatever is decided meanwhile, and nobody waits for it.
    let retractions = opened.names().retractions()?;
    opened
        .reader()?
        .at_one_time(|library| gather_from(library, &opened.curator(), retractions, request, go_on))
}

fn gather_from(
    library: &Library,
    curator: &str,
    retractions: &Retractions,
    request: &wire::ExportRequest,
    go_on: &mut dyn FnMut(u32, u32) -> bool,
) -> Result<Option<Gathered>> {
    let library_name = library.details()?.name;
    let ids = match &request.scope {
        wire::ExportScope::Documents { documents } => documents.iter().map(|id| document_id(*id)).collect(),
        _ => library.document_ids(DocumentOrder::OldestFirst, &DocumentFilter::default())?,
    };
    let which = match request.content {
        wire::ExportContent::Curated => Which::Curated { curator },
        wire::ExportContent::Predicted => Which::Predicted { run: None },
        wire::ExportContent::Everything => Which::Everything,
        wire::ExportContent::Imported => Which::Imported,
    };
    let mut documents = Vec::with_capacity(ids.len());
    let mut runs: BTreeMap<i64, Run> = BTreeMap::new();
    let mut report = wire::EvidenceReport::default();
    for (id, done) in ids.iter().zip(0..) {
        if !go_on(done, count(ids.len() as u64)) {
            return Ok(None);
        }
        let (mut document, of_document) = (library.annotated(*id, which)?, library.runs(*id)?);
        decisions(&mut document, curator);
        let retraction = retractions.of(&document);
        evidence::add(&mut report, *id, &document, retraction.as_deref());
        if let Some(words) = retraction {
            document.infons.insert(RETRACTED.to_owned(), words);
        }
        count_documents(&mut document, ids.len());
        for run in of_document {
            if document.infons.contains_key(&format!("run.{}", run.id)) {
                runs.insert(run.id.0, run);
            }
        }
        documents.push(document);
    }
    let name = match &documents[..] {
        [one] => file_stem(&one.id, "document"),
        _ => file_stem(&library_name, "documents"),
    };
    let mut tasks: Vec<&str> = runs.values().map(|run| run.record.task.as_str()).collect();
    tasks.sort_unstable();
    tasks.dedup();
    Ok(Some(Gathered {
        name,
        task: if let [one] = tasks[..] {
            one.trim_start_matches("relations/").to_owned()
        } else {
            String::new()
        },
        records: runs.values().map(record).collect(),
        evidence: report,
        runs: runs.iter().map(|(id, run)| Ok((id.to_string(), properties(run)?))).collect::<Result<_>>()?,
        documents,
    }))
}

/// Writes into each record how many documents the export has, so that one that was cut can be told.
fn count_documents(document: &mut Document, count: usize) {
    for (key, value) in &mut document.infons {
        if key.starts_with(RECORD)
            && let Ok(mut record) = serde_json::from_str::<serde_json::Value>(value)
        {
            record[DOCUMENTS] = count.into();
            *value = record.to_string();
        }
    }
}

/// A file's name from a title: letters, digits, blanks, dashes and dots.
pub fn file_stem(title: &str, otherwise: &str) -> String {
    let kept =
        title.chars().map(|sign| if sign.is_alphanumeric() || "-_. ".contains(sign) { sign } else { ' ' });
    let words: String = kept.take(80).collect();
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = words.trim_matches(['.', ' ']);
    if words.is_empty() { otherwise.to_owned() } else { words.to_owned() }
}

/// Says in the writers' own word what the curator decided, where the library has it under the curator's name.
pub fn decisions(document: &mut Document, curator: &str) {
    let key = format!("decision.{curator}");
    let word = |infons: &Infons| match infons.get(&key).map(String::as_str) {
        Some("reject") => Some("rejected"),
        Some(_) => Some("accepted"),
        None => None,
    };
    for relation in &mut document.relations {
        if let Some(word) = word(&relation.infons) {
            relation.infons.insert(DECISION.to_owned(), word.to_owned());
        }
    }
    for entity in &mut document.entities {
        if let Some(word) = word(&entity.infons) {
            entity.infons.insert(DECISION.to_owned(), word.to_owned());
        }
    }
}

fn record(run: &Run) -> wire::RunRecord {
    let record = &run.record;
    wire::RunRecord {
        run: id_of(run.id.0),
        app_version: record.app_version.clone(),
        model: record.model.clone(),
        model_sha256: record.model_sha256.clone(),
        tokenizer_sha256: record.tokenizer_sha256.clone(),
        guidance_sha256: record.guidance_sha256.clone(),
        names_by: names_of(record).map(|names| (names.name, names.sha256)),
        task: task(&record.task),
        task_version: record.task_version.clone(),
        grammar_version: record.grammar_version.clone(),
        decoding: plain(&record.decoding),
        seed: record.seed.to_string(),
        device: record.device.clone(),
        text_sha256: record.text_sha256.clone(),
        made_at: record.made_at.0,
    }
}

fn properties(run: &Run) -> Result<Infons> {
    let record = as_json(&run.record)?;
    let fields = record.as_object().into_iter().flatten();
    Ok(fields.map(|(name, value)| (name.clone(), plain(value))).collect())
}

/// A value as people read it.
fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| format!("{} {}", name.replace('_', " "), plain(value)))
            .collect::<Vec<_>>()
            .join(", "),
        other => other.to_string(),
    }
}
