//! From the raw corpora to the documents that may be learned from.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::definition_sentences::{self, DefinitionSentence, Names};
use crate::duplicates::{Seen, stable_hash};
use crate::records::{Definition, Record, find, jsonl_files, read_lines};
use crate::{Error, HeldOut, Leak, Licences, common, definitions, prose};

/// Fewer words are no text to learn from.
const FEWEST_WORDS: usize = 20;
/// Formulaic definitions ("Any process that modulates the rate of ...") would drown the others: one in this many.
const FORMULAIC: u64 = 4;

/// What is let through, and in which form.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Selection {
    /// By licence.
    pub licences: Licences,
    /// Share of the documents that are kept for validation.
    pub validation: f64,
    /// Share of the documents that are in lower case, as the inputs of the extraction tasks are.
    pub lowercase: f64,
}

impl Default for Selection {
    fn default() -> Self {
        Self { licences: Licences::default(), validation: 0.005, lowercase: 0.3 }
    }
}

/// The kinds of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stream {
    /// Abstracts, articles, textbooks, answers.
    Prose,
    /// Terms with what they mean, but for the common ones.
    Definitions,
    /// What those terms mean that the prose names often, as definitions and single sentences of the prose say it. Each text
    /// is there twice, beginning with a capital letter and with a small one, as people write a term that they ask about.
    Common,
}

impl Stream {
    /// All, in the order of files and figures.
    pub const ALL: [Self; 3] = [Self::Prose, Self::Definitions, Self::Common];

    /// As in file names.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prose => "prose",
            Self::Definitions => "definitions",
            Self::Common => "common",
        }
    }
}

/// A text to learn from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Ready for the tokenizer, in lower case if chosen so.
    pub text: String,
    /// Which kind of text.
    pub stream: Stream,
    /// Place in [`Collected::tallies`].
    pub source: usize,
    /// In lower case by choice, not by its author.
    pub lowercased: bool,
    /// Kept for validation.
    pub validation: bool,
    /// Random but always the same: the order of the shards.
    pub order: u64,
}

/// What became of the records of one source, kind and licence.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Collection, as the corpora name it.
    pub source: String,
    /// `abstract`, ..., or `definition`.
    pub kind: String,
    /// As the source states it.
    pub licence: String,
    /// Documents kept.
    pub documents: u64,
    /// Words kept, between white space.
    pub words: u64,
    /// Paragraphs that an earlier document has.
    pub repeated_paragraphs: u64,
    /// Records dropped, by reason.
    pub dropped: BTreeMap<String, u64>,
}

/// Everything that is let through.
#[derive(Debug, Default)]
pub struct Collected {
    /// In the order of the files.
    pub documents: Vec<Document>,
    /// By source, kind and licence.
    pub tallies: Vec<Tally>,
    /// Documents of test and validation sets that were looked for.
    pub held_out: usize,
    /// The files that were read.
    pub files: Vec<std::path::PathBuf>,
}

impl Collected {
    /// The text of all documents, for training a vocabulary: without those kept for validation.
    pub fn training_texts(&self) -> Vec<&str> {
        self.documents
            .iter()
            .filter(|document| !document.validation)
            .map(|document| document.text.as_str())
            .collect()
    }
}

/// Reads the corpora's folder: `prose/*.jsonl`, `definitions.jsonl`, `terms.tsv` for names of things, and `tasks` for what
/// must be kept out.
pub fn collect(corpora: &Path, selection: Selection) -> Result<Collected, Error> {
    let held_out = HeldOut::read(&corpora.join("tasks"))?;
    let (names, names_file) = Names::for_training(corpora)?;
    let mut collector = Collector {
        selection,
        seen: Seen::default(),
        places: BTreeMap::new(),
        collected: Collected { held_out: held_out.len(), ..Collected::default() },
        held_out,
        names,
        told: Vec::new(),
    };
    for file in jsonl_files(&corpora.join("prose"))? {
        read_lines(&file, |record| {
            collector.prose(&record);
            Ok(())
        })?;
        collector.collected.files.push(file);
    }
    if let Some(file) = find(corpora, "definitions.jsonl") {
        let mut definitions: Vec<Definition> = Vec::new();
        read_lines(&file, |definition| {
            definitions.push(definition);
            Ok(())
        })?;
        let texts: Vec<&str> =
            collector.collected.documents.iter().map(|prose| prose.text.as_str()).collect();
        let mut told = definition_sentences::best(std::mem::take(&mut collector.told));
        let defined = definitions.iter().map(|definition| definition.term.as_str());
        let common = common::terms(defined.chain(told.keys().map(String::as_str)), &texts);
        told.retain(|term, _| common.contains(term));
        // A fact sheet says it better than a sentence in passing.
        let explained = definitions.iter().filter(|definition| definitions::is_fact_sheet(definition));
        explained.for_each(|definition| {
            told.remove(&common::key(&definition.term));
        });
        for definition in &definitions {
            collector.definition(definition, &common, &told);
        }
        collector.told(told);
        collector.collected.files.push(file);
    }
    collector.collected.files.extend(names_file);
    if collector.collected.documents.is_empty() {
        let dropped = collector.collected.tallies.iter().flat_map(|tally| &tally.dropped);
        let dropped =
            dropped.map(|(reason, count)| format!("{reason} {count}")).collect::<Vec<_>>().join(", ");
        return Err(Error::Empty { path: corpora.to_owned(), dropped });
    }
    Ok(collector.collected)
}

struct Collector {
    selection: Selection,
    held_out: HeldOut,
    seen: Seen,
    places: BTreeMap<(String, String, String), usize>,
    collected: Collected,
    names: Names,
    told: Vec<DefinitionSentence>,
}

impl Collector {
    fn prose(&mut self, record: &Record) {
        let place = self.place(&record.source, &record.kind, &record.licence);
        match self.prose_text(record, place) {
            // What is asked about is the same for all answers on it, and for its definition.
            Ok(text) => {
                self.told.extend(self.names.definition_sentences(&text, &record.kind, place));
                self.keep(place, Stream::Prose, record.focus.as_deref().unwrap_or(&record.id), text);
            }
            Err(reason) => self.drop(place, reason),
        }
    }

    fn prose_text(&mut self, record: &Record, place: usize) -> Result<String, &'static str> {
        if !self.selection.licences.allow(&record.licence, &record.kind) {
            return Err("licence");
        }
        let ids = [Some(record.id.as_str()), record.pmid.as_deref()];
        let title = record.title.as_deref().unwrap_or_default();
        if let Some(leak) = self.held_out.leak(ids.into_iter().flatten(), title, &record.text) {
            return Err(reason(leak));
        }
        if self.seen.is_exact_copy(&record.text) {
            return Err("exact duplicate");
        }
        let (body, repeated) = self.seen.without_repeated_paragraphs(&record.text);
        self.collected.tallies[place].repeated_paragraphs += repeated as u64;
        let text = prose::running_text(record, &body);
        if text.split_whitespace().count() < FEWEST_WORDS {
            return Err("too short");
        }
        if self.seen.is_near_copy(&text) {
            return Err("near duplicate");
        }
        Ok(text)
    }

    fn definition(
        &mut self,
        definition: &Definition,
        common: &HashSet<String>,
        told: &HashMap<String, Vec<DefinitionSentence>>,
    ) {
        let place = self.place(&definition.source, "definition", &definition.licence);
        let term = common::key(&definition.term);
        match self.definition_text(definition) {
            // One that comes to its term later does not teach how to go on after it; a structure is not what readers ask
            // about where a text says what the thing is.
            Ok(text)
                if common.contains(&term)
                    && common::key(&text).starts_with(&term)
                    && !(definitions::is_structural(definition) && told.contains_key(&term)) =>
            {
                self.keep_common(place, &definition.term, text);
            }
            Ok(mut text) => {
                text.extend(definitions::also_known(definition));
                self.keep(place, Stream::Definitions, &definition.term, text);
            }
            Err(reason) => self.drop(place, reason),
        }
    }

    fn told(&mut self, told: HashMap<String, Vec<DefinitionSentence>>) {
        let mut told: Vec<(String, Vec<DefinitionSentence>)> = told.into_iter().collect();
        told.sort_by(|a, b| a.0.cmp(&b.0));
        for DefinitionSentence { term, text, source, .. } in told.into_iter().flat_map(|(_, told)| told) {
            if !self.seen.is_exact_copy(&text) {
                self.keep_common(source, &term, text);
            }
        }
    }

    fn keep_common(&mut self, place: usize, term: &str, text: String) {
        let mut letters = text.chars();
        let first: String = letters.next().into_iter().flat_map(char::to_lowercase).collect();
        let small = first + letters.as_str();
        if small != text {
            self.keep(place, Stream::Common, term, small);
        }
        self.keep(place, Stream::Common, term, text);
    }

    fn definition_text(&mut self, definition: &Definition) -> Result<String, &'static str> {
        if !self.selection.licences.allow(&definition.licence, "definition") {
            return Err("licence");
        }
        let text = definitions::sentence(definition).ok_or("says too little")?;
        if let Some(leak) = self.held_out.leak([], "", &text) {
            return Err(reason(leak));
        }
        if definitions::is_formulaic(&definition.definition)
            && !stable_hash(&["formulaic", &definition.term]).is_multiple_of(FORMULAIC)
        {
            return Err("formulaic");
        }
        if self.seen.is_exact_copy(&text) {
            return Err("exact duplicate");
        }
        Ok(text)
    }

    fn keep(&mut self, place: usize, stream: Stream, key: &str, mut text: String) {
        let key = key.to_lowercase();
        let tally = &mut self.collected.tallies[place];
        tally.documents += 1;
        tally.words += text.split_whitespace().count() as u64;
        let lowercased = stream != Stream::Common && chosen(&["case", &text], self.selection.lowercase);
        let order = stable_hash(&["order", &text]);
        if lowercased {
            text = text.to_lowercase();
        }
        let validation = chosen(&["split", &key], self.selection.validation);
        self.collected.documents.push(Document {
            text,
            stream,
            source: place,
            lowercased,
            validation,
            order,
        });
    }

    fn drop(&mut self, place: usize, reason: &str) {
        *self.collected.tallies[place].dropped.entry(reason.to_owned()).or_default() += 1;
    }

    fn place(&mut self, source: &str, kind: &str, licence: &str) -> usize {
        let tallies = &mut self.collected.tallies;
        let key = (source.to_owned(), kind.to_owned(), licence.to_owned());
        *self.places.entry(key).or_insert_with(|| {
            let [source, kind, licence] = [source, kind, licence].map(str::to_owned);
            tallies.push(Tally { source, kind, licence, ..Tally::default() });
            tallies.len() - 1
        })
    }
}

/// The same share of everything, always the same ones.
fn chosen(key: &[&str], share: f64) -> bool {
    (stable_hash(key) as f64) < share * u64::MAX as f64
}

const fn reason(leak: Leak) -> &'static str {
    match leak {
        Leak::Id => "in a test set (id)",
        Leak::Title => "in a test set (title)",
        Leak::Runs => "in a test set (word runs)",
    }
}
