//! What a glossary knows of the terms that people meet.

use std::collections::{BTreeMap, HashSet};
use std::fmt::{self, Display, Write};
use std::path::Path;
use std::sync::Arc;

use glossary::{FileError, Glossary, define};
use terms::{Dictionary, Grade, Kind};

use crate::Error;
use crate::duplicates::stable_hash;
use crate::records::{Record, find, read_lines, read_text_lines};

/// Terms of each list.
const TERMS: usize = 100;

/// The counts, with every term and the text that comes first.
#[derive(Debug)]
pub struct Figures {
    /// The most frequent names of the dictionary.
    names: Vec<Counted>,
    /// The most frequent drugs.
    drugs: Vec<Counted>,
    /// Words that nobody uses, and what is said about them.
    invented: Vec<Counted>,
}

/// A term, the number of abstracts that name it, and the first text that says what it is or what it is for.
#[derive(Debug)]
struct Counted {
    term: String,
    documents: usize,
    said: Option<String>,
}

/// Counts in how many abstracts of `prose/abstracts.jsonl` each name of the dictionary occurs, and looks up the most
/// frequent names of all and of the drugs (names that `terms.tsv` has as those of a drug), and as many words that are
/// invented.
///
/// # Errors
/// Where a file cannot be read.
pub fn figures(
    corpora: &Path,
    dictionary: &Dictionary,
    glossary: &Arc<Glossary>,
) -> Result<Figures, FiguresError> {
    let frequent = frequent(corpora, dictionary)?;
    let drugs = drugs(corpora)?;
    let said = |term: &str| -> Result<Option<String>, FileError> {
        let definitions = define(term, dictionary, std::slice::from_ref(glossary))?;
        let mut entries = definitions.meanings.iter().flat_map(|meaning| &meaning.entries);
        let telling = entries.find(|entry| entry.tells());
        Ok(telling.map(|entry| format!("{} [{}]", entry.text, entry.source.name)))
    };
    let counted = |terms: Vec<(String, usize)>| -> Result<Vec<Counted>, FileError> {
        let counted =
            terms.into_iter().map(|(term, documents)| Ok(Counted { said: said(&term)?, term, documents }));
        counted.collect()
    };
    let of_drugs = frequent.iter().filter(|(name, _)| drugs.contains(name)).take(TERMS).cloned().collect();
    Ok(Figures {
        names: counted(frequent.iter().take(TERMS).cloned().collect())?,
        drugs: counted(of_drugs)?,
        invented: counted(invented(TERMS).into_iter().map(|term| (term, 0)).collect())?,
    })
}

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub enum FiguresError {
    /// The corpora.
    #[error(transparent)]
    Corpora(#[from] Error),
    /// Glossary or dictionary.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Folded names with the number of abstracts that have them, the most frequent first. One concept is counted once, under
/// the name that most abstracts use.
fn frequent(corpora: &Path, dictionary: &Dictionary) -> Result<Vec<(String, usize)>, Error> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    if let Some(file) = find(&corpora.join("prose"), "abstracts.jsonl") {
        read_lines(&file, |record: Record| {
            let found = dictionary.find(&record.text);
            // As the dictionary has them: "males" is no name of the gene MAL.
            let exact =
                |matched: &&terms::Match| matched.kind != Kind::Other && matched.grade == Grade::Exact;
            let names = found.iter().filter(exact);
            let names: HashSet<String> =
                names.filter_map(|matched| terms::words::key(&record.text[matched.range.clone()])).collect();
            names.into_iter().for_each(|name| *counts.entry(name).or_default() += 1);
            Ok(())
        })?;
    }
    let mut frequent: Vec<(String, usize)> = counts.into_iter().collect();
    frequent.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
    let mut seen: HashSet<Vec<terms::Concept>> = HashSet::new();
    frequent.retain(|(name, count)| {
        *count > 1 && dictionary.meanings(name).into_iter().all(|meaning| seen.insert(meaning.concepts))
    });
    Ok(frequent)
}

/// The folded names of drugs.
fn drugs(corpora: &Path) -> Result<HashSet<String>, Error> {
    let mut drugs = HashSet::new();
    if let Some(file) = find(corpora, "terms.tsv") {
        read_text_lines(&file, |_, line| {
            let cells: Vec<&str> = line.trim_end().split('\t').collect();
            if let [name, _, "drug", _] = cells[..] {
                drugs.extend(terms::words::key(name));
            }
            Ok(())
        })?;
    }
    Ok(drugs)
}

/// Words that sound like drugs and diseases, always the same ones.
fn invented(count: usize) -> Vec<String> {
    const BEGINNINGS: &[&str] =
        &["blor", "quev", "zand", "mirt", "plox", "drav", "skel", "tharn", "vusk", "greb"];
    const MIDDLES: &[&str] =
        &["efen", "iquol", "ascor", "unteb", "ovrin", "ystal", "emblo", "agrid", "opten", "irzal"];
    const ENDINGS: &[&str] =
        &["azine", "umab", "itis", "opathy", " syndrome", "ase", "oxaban", "emia", " disease", "idol"];
    let pick = |list: &[&'static str], number: usize, part: &str| {
        list[(stable_hash(&[part, &number.to_string()]) % list.len() as u64) as usize]
    };
    let word = |number| {
        let part = |list, name| pick(list, number, name);
        format!("{}{}{}", part(BEGINNINGS, "a"), part(MIDDLES, "b"), part(ENDINGS, "c"))
    };
    let mut words: Vec<String> = Vec::new();
    for number in 0.. {
        let word = word(number);
        if !words.contains(&word) {
            words.push(word);
        }
        if words.len() == count {
            break;
        }
    }
    words
}

impl Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (title, list) in [
            ("Most frequent names", &self.names),
            ("Most frequent drugs", &self.drugs),
            ("Invented", &self.invented),
        ] {
            let said = list.iter().filter(|counted| counted.said.is_some()).count();
            writeln!(f, "\n{title}: {said} of {} have a text", list.len())?;
            for Counted { term, documents, said } in list {
                let mut text = said.clone().unwrap_or_else(|| "-".to_owned());
                if let Some((at, _)) = text.char_indices().nth(180) {
                    text.truncate(at);
                    text.write_str(" ...")?;
                }
                writeln!(f, "{documents:>6} {term}: {text}")?;
            }
        }
        Ok(())
    }
}
