//! What is known of a term, step by step: what sources say, what the library says, what nobody knows; and how far that
//! supports what was written.

use std::collections::BTreeSet;

use documents::Span;
use glossary::defining::{Form, defining};
use glossary::{Definitions, Entry, Nature};
use sessions::DocumentId;
use tasks::support::{self, Source};
use terms::Dictionary;
use terms::words::key;

use crate::error::{Result, bad_input};
use crate::library::offsets::Offsets;
use crate::library::{OpenLibrary, count, id_of};
use crate::wire;
use crate::workbench::Workbench;

/// Other names of a term that the library is searched for.
const MOST_NAMES: usize = 16;
/// Shorter names than this are only looked for when they are what was asked.
const SHORTEST_NAME: usize = 4;
/// Documents that are read for a term; of more, the oldest.
const MOST_DOCUMENTS: usize = 2_000;
/// Sources that a mark names, the closest first.
const MOST_LABELS: usize = 3;
/// Sentences of the library that are shown.
const MOST_SENTENCES: usize = 20;

impl Workbench {
    /// What sources say about a term, and what the library says it is. Nothing is generated here.
    ///
    /// # Errors
    /// When there is no term; when a dictionary, a glossary or the library cannot be read.
    pub fn look_up(&self, term: &str) -> Result<wire::TermKnowledge> {
        if key(term).is_none() {
            return Err(bad_input("There is no term to look up.", "Write one."));
        }
        let definitions = self.define(term)?;
        let dictionary = Dictionary::new(self.names.all()?.0.to_vec());
        let found = self.opened().defining_sentences(&names(term, &dictionary))?;
        Ok(knowledge(definitions, found))
    }

    /// Holds each sentence of a text against sources.
    ///
    /// # Errors
    /// When a dictionary is missing or damaged: names that no source has would be missed.
    pub fn check_support(&self, request: &wire::CheckRequest) -> Result<wire::CheckedText> {
        let dictionary = Dictionary::new(self.names.all()?.0.to_vec());
        let about: Vec<Vec<&str>> =
            request.sources.iter().map(|source| source.about.iter().map(String::as_str).collect()).collect();
        let sources: Vec<Source<'_>> = request
            .sources
            .iter()
            .zip(&about)
            .map(|(source, about)| Source { about, text: &source.text })
            .collect();
        let checked = support::check(&request.text, &sources, &dictionary);
        let coverage = support::coverage(&checked);
        let offsets = Offsets::new(&request.text);
        let sentences = checked.into_iter().map(|sentence| {
            let sources: Vec<&wire::GivenSource> =
                sentence.sources.iter().filter_map(|place| request.sources.get(*place)).collect();
            wire::CheckedSentence {
                span: offsets.span(sentence.span),
                support: of_support(sentence.support),
                mark: mark(sentence.support, &sources),
                sources: sources.iter().map(|source| source.number).collect(),
                alarms: sentence
                    .alarms
                    .iter()
                    .map(|alarm| wire::Alarm { kind: of_alarm(alarm.kind), span: offsets.span(alarm.span) })
                    .collect(),
            }
        });
        Ok(wire::CheckedText { sentences: sentences.collect(), coverage })
    }
}

/// The folded names by which the library is searched: the term, and what else it is called where it means one thing only.
fn names(term: &str, dictionary: &Dictionary) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = key(term).into_iter().collect();
    if let [meaning] = dictionary.meanings(term).as_slice() {
        let others = meaning.names.iter().filter(|name| name.len() >= SHORTEST_NAME);
        names.extend(others.take(MOST_NAMES).cloned());
    }
    names
}

/// What the library says.
#[derive(Debug, Default)]
struct Found {
    sentences: Vec<wire::DefiningSentence>,
    total: u32,
    mentions: u32,
}

impl OpenLibrary {
    /// Sentences that say what one of the names is, the clearest first. A sentence that only names it is counted.
    fn defining_sentences(&self, names: &BTreeSet<String>) -> Result<Found> {
        // All texts may be read: on a connection of its own, so that no decision waits for it.
        let library = self.reader()?;
        let mut documents: BTreeSet<DocumentId> = BTreeSet::new();
        for name in names {
            let phrase = format!("\"{}\"", name.replace('"', " "));
            let hits = library.search(&phrase, MOST_DOCUMENTS)?;
            documents.extend(hits.documents.into_iter().map(|hit| hit.id));
        }
        let mut found = Found::default();
        for id in documents.into_iter().take(MOST_DOCUMENTS) {
            let text = library.document_text(id)?;
            let mut places: Vec<Span> =
                names.iter().flat_map(|name| sessions::occurrences(&text, name)).collect();
            places.sort();
            if places.is_empty() {
                continue;
            }
            let stored = library.document(id)?;
            let whole = Offsets::new(&text);
            for sentence in tasks::sentences::of(&stored.document) {
                let Some(words) = sentence.slice(&text) else { continue };
                if !places.iter().any(|place| sentence.contains(*place)) {
                    continue;
                }
                let Some(defining) = defining(words, names) else {
                    found.mentions += 1;
                    continue;
                };
                found.sentences.push(wire::DefiningSentence {
                    number: 0,
                    document: id_of(id.0),
                    title: stored.title.clone(),
                    source_id: stored.document.id.clone(),
                    span: whole.span(sentence),
                    sentence: words.to_owned(),
                    highlight: Offsets::new(words).span(Span::new(defining.name.start, defining.name.end)),
                    form: of_form(defining.form),
                });
            }
        }
        found.sentences.sort_by_key(|sentence| (sentence.form, sentence.document, sentence.span.start));
        found.total = count(found.sentences.len() as u64);
        found.sentences.truncate(MOST_SENTENCES);
        Ok(found)
    }
}

fn knowledge(definitions: Definitions, mut found: Found) -> wire::TermKnowledge {
    let mut number = 0;
    let mut next = || {
        number += 1;
        number
    };
    let known = definitions.is_known() || !found.sentences.is_empty();
    let meanings = definitions.meanings.into_iter().map(|meaning| wire::TermMeaning {
        name: meaning.name,
        kind: meaning.kind,
        ids: meaning.ids,
        texts: meaning.entries.into_iter().map(|entry| sourced(entry, next())).collect(),
    });
    let meanings: Vec<wire::TermMeaning> = meanings.collect();
    for sentence in &mut found.sentences {
        sentence.number = next();
    }
    wire::TermKnowledge {
        term: definitions.term,
        known,
        meanings,
        library: found.sentences,
        library_total: found.total,
        mentions: found.mentions,
        near: if known { Vec::new() } else { definitions.near },
    }
}

fn sourced(entry: Entry, number: u32) -> wire::SourcedText {
    let citation = entry.citation();
    let document = entry.document.unwrap_or_default();
    wire::SourcedText {
        number,
        term: entry.term,
        text: entry.text,
        nature: match entry.nature {
            Nature::Definition => wire::TextNature::Definition,
            Nature::Roles => wire::TextNature::Roles,
            Nature::Sentence => wire::TextNature::Sentence,
            Nature::Structure => wire::TextNature::Structure,
        },
        source: entry.source.name,
        release: entry.source.release,
        licence: entry.source.licence,
        id: entry.id,
        pmid: document.pmid,
        title: document.title,
        citation,
    }
}

fn of_form(form: Form) -> wire::DefiningForm {
    match form {
        Form::Statement => wire::DefiningForm::Statement,
        Form::Apposition => wire::DefiningForm::Apposition,
        Form::Clause => wire::DefiningForm::Clause,
        Form::Class => wire::DefiningForm::Class,
        Form::Expansion => wire::DefiningForm::Expansion,
    }
}

fn of_support(support: support::Support) -> wire::Support {
    match support {
        support::Support::Supported => wire::Support::Supported,
        support::Support::Partly => wire::Support::Partly,
        support::Support::None => wire::Support::None,
    }
}

fn of_alarm(kind: support::AlarmKind) -> wire::AlarmKind {
    match kind {
        support::AlarmKind::Number => wire::AlarmKind::Number,
        support::AlarmKind::Dose => wire::AlarmKind::Dose,
        support::AlarmKind::Name => wire::AlarmKind::Name,
        support::AlarmKind::Negation => wire::AlarmKind::Negation,
    }
}

/// What stands behind a generated sentence wherever it leaves Osler: that it is generated, and what supports it.
fn mark(support: support::Support, sources: &[&wire::GivenSource]) -> String {
    let label = |source: &&wire::GivenSource| match source.label.as_str() {
        "" => source.number.to_string(),
        label => label.replace(['[', ']'], ""),
    };
    let labels: Vec<String> = sources.iter().take(MOST_LABELS).map(label).collect();
    match support {
        support::Support::Supported => format!("[generated, supported by {}]", labels.join("; ")),
        support::Support::Partly => format!("[generated, partly supported by {}]", labels.join("; ")),
        support::Support::None => wire::NO_SOURCE.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::app_paths::AppPaths;
    use crate::use_cases::tests::import;
    use crate::wire::{AlarmKind, DefiningForm, Support};

    fn bench() -> (tempfile::TempDir, Workbench) {
        let folder = tempfile::tempdir().unwrap();
        let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
        let places = AppPaths {
            dictionaries: vec![models.join("terms/builtin.terms"), models.join("glossary/builtin.glossary")],
            ..AppPaths::below(folder.path())
        };
        let workbench = Workbench::open(places).unwrap();
        (folder, workbench)
    }

    #[test]
    fn sources_come_first_then_what_defines_in_the_library() {
        let (_folder, workbench) = bench();
        let ids = import(
            &workbench,
            &[
                "α Xarelto was given to nine. No harm was seen.",
                "Ω In brief: rivaroxaban is a direct factor Xa inhibitor. We gave rivaroxaban to all.",
                "Nine took rivaroxaban, an oral anticoagulant, for a year.",
            ],
        );
        let known = workbench.look_up("Rivaroxaban").unwrap();
        assert!(known.known && known.near.is_empty());
        let texts = &known.meanings[0].texts;
        assert!(texts.iter().any(|text| text.text.contains("anticoagulant")), "{texts:?}");
        assert!(texts[0].citation.contains("ChEBI") && texts[0].citation.contains("CC BY"), "{texts:?}");

        let said: Vec<(u32, DefiningForm)> =
            known.library.iter().map(|sentence| (sentence.document, sentence.form)).collect();
        assert_eq!(said, [(ids[1], DefiningForm::Statement), (ids[2], DefiningForm::Apposition)]);
        assert_eq!((known.library_total, known.mentions), (2, 2), "a mention defines nothing");
        // The place is that of the sentence in the document, in UTF-16 units: a click opens it.
        let first = &known.library[0];
        let document: Vec<u16> = workbench.document(ids[1]).unwrap().text.encode_utf16().collect();
        let place = &document[first.span.start as usize..first.span.end as usize];
        assert_eq!(String::from_utf16(place).unwrap(), first.sentence);
        let word: Vec<u16> = first.sentence.encode_utf16().collect();
        let word = &word[first.highlight.start as usize..first.highlight.end as usize];
        assert_eq!(String::from_utf16(word).unwrap(), "rivaroxaban");

        let mut numbers: Vec<u32> =
            known.meanings.iter().flat_map(|meaning| &meaning.texts).map(|text| text.number).collect();
        numbers.extend(known.library.iter().map(|sentence| sentence.number));
        assert_eq!(numbers, (1..=numbers.len() as u32).collect::<Vec<_>>(), "each is cited by its own");
    }

    #[test]
    fn what_nobody_knows_is_said() {
        let (_folder, workbench) = bench();
        import(&workbench, &["Blorfenazine was given to nine."]);
        let unknown = workbench.look_up("blorfenazine").unwrap();
        assert!(!unknown.known && unknown.meanings.is_empty() && unknown.library.is_empty());
        assert_eq!(unknown.mentions, 1);
        assert!(workbench.look_up("tocilizumb").unwrap().near.contains(&"tocilizumab".to_owned()));
        assert!(workbench.look_up(" - ").unwrap_err().message.contains("no term"));
        // The library alone is enough.
        import(&workbench, &["Blorfenazine is an antibiotic that was made up."]);
        assert!(workbench.look_up("blorfenazine").unwrap().known);
    }

    #[test]
    fn a_draft_is_marked_sentence_by_sentence() {
        let (_folder, workbench) = bench();
        let text = "Ω-3. Tocilizumab is an antibody against the interleukin 6 receptor. It is used at 8 mg/kg against ovarian \
                    cancer.";
        let source = wire::GivenSource {
            number: 7,
            label: String::new(),
            about: vec!["tocilizumab".to_owned()],
            text: "An antibody against the interleukin 6 receptor. It is used against arthritis.".to_owned(),
        };
        let labelled = wire::GivenSource { label: "PW [2013] PW:0000928".to_owned(), ..source.clone() };
        let request = wire::CheckRequest { text: text.to_owned(), sources: vec![labelled] };
        let marks: Vec<String> =
            workbench.check_support(&request).unwrap().sentences.into_iter().map(|one| one.mark).collect();
        assert_eq!(
            marks[1], "[generated, supported by PW 2013 PW:0000928]",
            "outside its number means nothing"
        );
        let request = wire::CheckRequest { sources: vec![source], ..request };
        let checked = workbench.check_support(&request).unwrap();
        let marks: Vec<(Support, &str)> =
            checked.sentences.iter().map(|sentence| (sentence.support, sentence.mark.as_str())).collect();
        assert_eq!(marks[1], (Support::Supported, "[generated, supported by 7]"));
        assert_ne!(marks[2].0, Support::Supported);
        assert!(marks[2].1.starts_with("[generated, "), "{marks:?}");
        let units: Vec<u16> = text.encode_utf16().collect();
        let alarms: Vec<(AlarmKind, String)> = checked.sentences[2]
            .alarms
            .iter()
            .map(|alarm| {
                let place = &units[alarm.span.start as usize..alarm.span.end as usize];
                (alarm.kind, String::from_utf16(place).unwrap())
            })
            .collect();
        assert!(alarms.contains(&(AlarmKind::Dose, "8 mg/kg".to_owned())), "{alarms:?}");
        assert!(alarms.contains(&(AlarmKind::Name, "ovarian cancer".to_owned())), "{alarms:?}");
    }
}
