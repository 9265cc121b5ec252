//! What texts say in passing that a term is: "Warfarin is an anticoagulant used to prevent blood clots."
//!
//! Ontologies define a drug by its structure; readers ask what it is for, and abstracts, textbooks and fact sheets say so
//! in one sentence.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use glossary::apposition;

use crate::Error;
use crate::common::key;
use crate::fitness::{TIED, WORDS, distance, fitness};
use crate::records::{find, read_text_lines};

/// Sentences kept of a term.
const MOST: usize = 2;
/// Words that a name has at most.
const NAME_WORDS: usize = 4;
/// Letters that a name has at least: shorter ones are abbreviations of many things.
const NAME_LETTERS: usize = 4;

/// Terms by which descriptions are judged.
const HELD_OUT_TERMS: &str = include_str!("../../../training/terms/held-out.tsv");

/// What is looked for in a table of names.
#[derive(Clone, Copy)]
enum Pass {
    /// What the held-out names may mean.
    Concepts,
    /// What else that is called.
    Names,
}

fn term_of(line: &str) -> String {
    key(line.split('\t').next().unwrap_or_default())
}

/// A name in singular and plural.
fn numbers_of(name: &str) -> Vec<String> {
    terms::spellings_of(name)
}

/// Names that a sentence may be about, by their [`key`]s.
pub(crate) struct Names(HashSet<String>);

/// A sentence of a text on one of them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DefinitionSentence {
    /// As the text writes it.
    pub(crate) term: String,
    /// Begins with the term.
    pub(crate) text: String,
    /// The same, word for word as the document has it.
    pub(crate) quote: String,
    /// Whatever the caller counts its texts by.
    pub(crate) source: usize,
    /// How far it is from what a dictionary would say.
    pub(crate) distance: usize,
    /// Whether it is no more than a class before the name, as substances have it: "the diuretic hydrochlorothiazide".
    pub(crate) before: bool,
}

impl Names {
    /// Those of the corpora's `terms.tsv`; none if there is no such file.
    pub(crate) fn read(corpora: &Path) -> Result<(Self, Option<PathBuf>), Error> {
        let file = find(corpora, "terms.tsv");
        let mut names = HashSet::new();
        if let Some(file) = &file {
            read_text_lines(file, |_, line| {
                let name = line.split('\t').next().unwrap_or_default();
                if name.len() >= NAME_LETTERS && name.split_whitespace().count() <= NAME_WORDS {
                    names.insert(key(name));
                }
                Ok(())
            })?;
        }
        Ok((Self(names), file))
    }

    /// The same without the terms that descriptions are judged by, and without all other names of what these may mean:
    /// nothing that says what they are may be learned from.
    pub(crate) fn for_training(corpora: &Path) -> Result<(Self, Option<PathBuf>), Error> {
        let held_out: HashSet<String> = HELD_OUT_TERMS.lines().skip(1).map(term_of).collect();
        let (mut names, file) = Self::read(corpora)?;
        let mut concepts = HashSet::new();
        let cells = |line: &str| {
            let mut cells = line.split('\t').map(str::to_owned);
            Some((key(&cells.next()?), cells.next()?)).filter(|(_, id)| id != "-")
        };
        for pass in [Pass::Concepts, Pass::Names] {
            let Some(file) = &file else { break };
            read_text_lines(file, |_, line| {
                if let Some((name, id)) = cells(line.trim_end()) {
                    match pass {
                        Pass::Concepts if numbers_of(&name).iter().any(|one| held_out.contains(one)) => {
                            concepts.insert(id);
                        }
                        Pass::Names if concepts.contains(&id) => {
                            names.0.remove(&name);
                        }
                        _ => {}
                    }
                }
                Ok(())
            })?;
        }
        names.0.retain(|name| !numbers_of(name).iter().any(|one| held_out.contains(one)));
        Ok((names, file))
    }

    /// The sentences of a text that say what one of the names is. `kind` is that of its record.
    pub(crate) fn definition_sentences(
        &self,
        text: &str,
        kind: &str,
        source: usize,
    ) -> Vec<DefinitionSentence> {
        let mut found = Vec::new();
        for paragraph in text.lines() {
            let mut sentences = sentences(paragraph).into_iter().peekable();
            while let Some(sentence) = sentences.next() {
                let Some((term, rest)) = self.subject(sentence) else {
                    found.extend(self.beside(sentence, kind, source));
                    continue;
                };
                let Some(distance) = distance(rest, kind) else { continue };
                let mut text = format!("{} {rest}", capitalized(term));
                let mut quote = sentence.to_owned();
                // "It works by ..." goes on about the same thing.
                if let Some(next) = sentences.peek().filter(|next| goes_on(next)) {
                    text = format!("{text} {next}");
                    let both = format!("{quote} {next}");
                    quote = if paragraph.contains(&both) { both } else { quote };
                }
                found.push(DefinitionSentence {
                    term: term.to_owned(),
                    text,
                    quote,
                    source,
                    distance,
                    before: false,
                });
            }
        }
        found
    }

    /// What is next to names in a sentence.
    fn beside(&self, sentence: &str, kind: &str, source: usize) -> Vec<DefinitionSentence> {
        let is_name = |name: &str| self.0.contains(&key(name));
        let behind = apposition::behind(sentence).filter(|one| is_name(one.name));
        let told = behind.into_iter().chain(apposition::before(sentence, is_name)).filter_map(|one| {
            let further = if one.before { BEFORE_A_NAME } else { BEHIND_A_NAME };
            let text = format!("{} is {}.", capitalized(one.name), one.said);
            let (term, quote) = (one.name.to_owned(), one.quote.to_owned());
            Some(DefinitionSentence {
                term,
                text,
                quote,
                source,
                distance: fitness(&one.said, kind)? + further,
                before: one.before,
            })
        });
        told.collect()
    }

    /// The name that a sentence begins with, and the sentence from its verb on.
    fn subject<'s>(&self, sentence: &'s str) -> Option<(&'s str, &'s str)> {
        let sentence = sentence.strip_prefix("The ").unwrap_or(sentence);
        let ends: Vec<usize> = sentence.match_indices(' ').map(|(at, _)| at).take(NAME_WORDS).collect();
        ends.into_iter().rev().find_map(|end| {
            let (term, rest) = sentence.split_at(end);
            let mut rest = rest.trim_start();
            if rest.starts_with('(') {
                rest = rest.split_once(')')?.1.trim_start();
            }
            let predicate = rest.strip_prefix("is ").or_else(|| rest.strip_prefix("are "))?;
            let opens = OPENINGS.iter().any(|opening| predicate.starts_with(opening));
            (opens && self.0.contains(&key(term))).then_some((term, rest))
        })
    }
}

/// The best sentences of each term, by its [`key`].
pub(crate) fn best(told: Vec<DefinitionSentence>) -> HashMap<String, Vec<DefinitionSentence>> {
    let mut by_term: HashMap<String, Vec<DefinitionSentence>> = HashMap::new();
    for told in told {
        by_term.entry(key(&told.term)).or_default().push(told);
    }
    for of_term in by_term.values_mut() {
        of_term.sort_by(|a, b| (a.distance, &a.text).cmp(&(b.distance, &b.text)));
        of_term.dedup_by(|a, b| a.text == b.text);
        of_term.truncate(MOST);
    }
    by_term
}

/// How what a thing is begins.
const OPENINGS: &[&str] = &["a ", "an ", "the ", "used to ", "used for "];
/// It says less than a sentence of its own.
const BEHIND_A_NAME: usize = 4;
/// And this less still.
const BEFORE_A_NAME: usize = 8;

/// Whether a sentence goes on about what the one before it said.
fn goes_on(next: &str) -> bool {
    let about =
        ["It is ", "It has ", "It acts ", "It works ", "It helps ", "It causes ", "They are ", "They help "];
    about.iter().any(|start| next.starts_with(start))
        && WORDS.contains(&next.split_whitespace().count())
        && !TIED.iter().any(|tie| next.to_lowercase().contains(tie))
}

/// The sentences of a paragraph that end with a full stop.
fn sentences(paragraph: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut from = 0;
    for (at, _) in paragraph.match_indices(['.', '?', '!']) {
        let after = &paragraph[at + 1..];
        let ends = after.is_empty()
            || after.strip_prefix(' ').is_some_and(|next| next.starts_with(|c: char| c.is_uppercase()));
        let last = paragraph[from..at].rsplit([' ', '(']).next().unwrap_or_default();
        // "E. coli", "Fig. 2", "i.e. a drug"; but "vitamin K." may end a sentence.
        let before = paragraph[from..at].trim_end_matches(last).trim_end();
        let letter = last.chars().count() < 2 && !before.ends_with(char::is_lowercase);
        let shortened = letter || ["vs", "al", "Fig", "Dr", "spp", "ca", "St"].contains(&last);
        if ends && (after.is_empty() || !(shortened || last.contains('.'))) {
            found.push(paragraph[from..=at].trim());
            from = at + 1;
        }
    }
    found
}

fn capitalized(term: &str) -> String {
    let mut letters = term.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        let names = ["warfarin", "heart", "blood pressure", "e coli"].map(str::to_owned);
        Names(HashSet::from(names))
            .definition_sentences(text, "abstract", 0)
            .into_iter()
            .map(|told| told.text)
            .collect()
    }

    #[test]
    fn sentences_that_say_what_a_name_is_are_found() {
        let text = "Bleeding is feared. Warfarin (Coumadin) is an anticoagulant that hinders vitamin K. It is used to \
                    prevent clots in veins and lungs. We gave it to nine.\nThe heart is a muscular organ that pumps blood \
                    through the body.\nE. coli is a bacterium of the gut of man and beast.";
        let expected = [
            "Warfarin is an anticoagulant that hinders vitamin K. It is used to prevent clots in veins and lungs.",
            "Heart is a muscular organ that pumps blood through the body.",
            "E. coli is a bacterium of the gut of man and beast.",
        ];
        assert_eq!(texts(text), expected);
    }

    #[test]
    fn what_stands_beside_a_name_is_found_and_quoted_to_the_letter() {
        let names = Names(HashSet::from(["warfarin".to_owned()]));
        let text = "The warfarin (Coumadin), an oral antagonist of vitamin K, was given to nine.";
        let told = names.definition_sentences(text, "abstract", 3);
        assert_eq!(told[0].text, "Warfarin is an oral antagonist of vitamin K.");
        assert_eq!(told[0].quote, "The warfarin (Coumadin), an oral antagonist of vitamin K");
        assert_eq!((told[0].term.as_str(), told[0].source, told.len()), ("warfarin", 3, 1));
        let text = "We saw it. The warfarin (Coumadin) is an anticoagulant that hinders vitamin K.";
        assert_eq!(names.definition_sentences(text, "abstract", 0)[0].quote, &text[11..]);
    }

    #[test]
    fn nothing_is_told_of_terms_that_descriptions_are_judged_by() {
        let folder = tempfile::tempdir().unwrap();
        let table = "name\tid\ttype\tsource\nLeucovorin\tMESH:1\tdrug\tmesh\nfolinic acid\tMESH:1\tdrug\tmesh\n\
                     Xenografts\t-\tother\tmesh\nwarfarin\tMESH:2\tdrug\tmesh\n";
        std::fs::write(folder.path().join("terms.tsv"), table).unwrap();
        let text = "Leucovorin is a drug that rescues cells from methotrexate. Folinic acid is a drug that rescues cells from \
                    methotrexate. A xenograft is a piece of tissue that comes from another species. Xenografts are a group \
                    of tissues that come from another species. Warfarin is a drug that keeps blood from clotting.";
        let told = |names: Names| -> Vec<String> {
            names.definition_sentences(text, "textbook", 0).into_iter().map(|told| key(&told.term)).collect()
        };
        assert_eq!(told(Names::for_training(folder.path()).unwrap().0), ["warfarin"]);
        assert!(
            told(Names::read(folder.path()).unwrap().0).contains(&"leucovorin".to_owned()),
            "the glossary may define it"
        );
    }

    #[test]
    fn what_needs_its_text_or_ranks_is_left() {
        for text in [
            "Warfarin is the first choice of many doctors in the whole world.",
            "Warfarin is an anticoagulant that we gave to nine of the patients.",
            "Warfarin was an anticoagulant that hindered vitamin K in the liver.",
            "Blood is a fluid that the heart pumps through the whole body.",
            "Warfarin is a drug.",
            "Warfarin is a major problem of doctors and patients in the whole world.",
            "Warfarin is used in most hospitals of the whole western world and beyond.",
            "Warfarin is widely used by most doctors of the whole western world.",
            "Warfarin is one of the most important drugs of the whole western world.",
            "Warfarin is a recognized side effect of a drug that hinders vitamin K.",
            "Warfarin, a feared drug, a poison, and a remedy, is old.",
            "Warfarin, an inhibitor of coagulation (7, 8), was given to nine.",
            "Warfarin is a rare disorder of the blood, and its prevalence is not known.",
        ] {
            assert_eq!(texts(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn of_a_term_the_plainest_are_kept() {
        let told = |text: &str| DefinitionSentence {
            term: "Warfarin".into(),
            text: text.into(),
            quote: text.into(),
            source: 0,
            before: false,
            distance: distance(text.split_once(' ').unwrap().1, "abstract").unwrap(),
        };
        let plain = told(
            "Warfarin is an anticoagulant that keeps the liver from making clotting factors out of vitamin K.",
        );
        let judged = told(
            "Warfarin is an important and effective anticoagulant, used for the treatment of most clots.",
        );
        let short = told("Warfarin is a drug that thins the blood.");
        let best = best(vec![judged, short.clone(), plain.clone(), plain.clone()]);
        assert_eq!(best["warfarin"], [plain, short]);
    }
}
