//! Texts in which people marked names, of several corpora in one form, and what they teach the heads.

use std::collections::BTreeMap;
use std::path::Path;

use corpus::Labelled;
use documents::{Document, Span, Target};
use tasks::candidates::Mention;
use tasks::sentences;
use tasks::tagging::{self, KINDS};
use tasks::{Finder, Stated};
use tokenizer::Tokenizer;

use crate::reading::{Pairs, Reading, Tags};

/// A text with marks.
#[derive(Debug, Clone)]
pub struct Marked {
    /// The text; it has no entities, which are what is to be found.
    pub document: Document,
    /// Names in it.
    pub names: Vec<Name>,
    /// Of each of [`KINDS`], how much the text teaches; 0 where its corpus does not annotate them.
    pub taught: [f32; KINDS.len()],
    /// Pairs of keys of names that are related, and how. `None` where the corpus says nothing of relations.
    pub relations: Option<BTreeMap<(String, String), String>>,
    /// Whether only names of one sentence can be related.
    pub in_sentence: bool,
}

/// A name.
#[derive(Debug, Clone)]
pub struct Name {
    /// The place of its kind in [`KINDS`].
    pub kind: usize,
    /// Where it stands.
    pub spans: Vec<Span>,
    /// What relations name: concepts, or the mention itself.
    pub keys: Vec<String>,
}

/// How much a token counts in the tagger's loss, against one predicted token.
const TAG_WEIGHT: f32 = 0.25;
/// The same of a pair in the pair scorer's loss.
const PAIR_WEIGHT: f32 = 4.0;

fn taught(kinds: &[usize], weight: f32) -> [f32; KINDS.len()] {
    std::array::from_fn(|kind| if kinds.contains(&kind) { weight } else { 0.0 })
}

/// BC5CDR's abstracts: chemicals and diseases, and which chemical induces which disease.
#[must_use]
pub fn bc5cdr(documents: Vec<Document>) -> Vec<Marked> {
    let marked = |mut document: Document| {
        let entities = std::mem::take(&mut document.entities);
        let names = entities.into_iter().filter_map(|entity| {
            let kind = KINDS.iter().position(|kind| *kind == entity.kind)?;
            let keys = entity.concepts.iter().map(|concept| concept.id.clone()).filter(|id| id != "-1");
            Some(Name { kind, spans: entity.spans, keys: keys.collect() })
        });
        let names = names.collect();
        let relations =
            document.relations.drain(..).filter_map(|relation| match relation.arguments.as_slice() {
                [head, tail] => match (&head.target, &tail.target) {
                    (Target::Concept(head), Target::Concept(tail)) => {
                        Some(((head.id.clone(), tail.id.clone()), "CID".to_owned()))
                    }
                    _ => None,
                },
                _ => None,
            });
        let relations = Some(relations.collect());
        Marked { names, relations, taught: taught(&[0, 1], TAG_WEIGHT), in_sentence: false, document }
    };
    documents.into_iter().map(marked).collect()
}

/// What a corpus of `labelled/` teaches.
#[derive(Debug, Clone, Copy)]
pub struct Teaches {
    /// The file, without its ending.
    pub file: &'static str,
    /// Its names of kinds, and their places in [`KINDS`].
    pub kinds: &'static [(&'static str, usize)],
    /// How much one of its tokens counts.
    pub weight: f32,
    /// Whether its relations name concepts or mentions, if it has any that can be learned from.
    pub relations: Option<Named>,
    /// Whether its texts are tokens joined by blanks.
    pub tokens: bool,
    /// Whether only names of one sentence can be related.
    pub in_sentence: bool,
}

/// What the two sides of a corpus's relations are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// Ids of concepts: relations of a document.
    Concepts,
    /// Mentions: relations of a sentence.
    Mentions,
}

/// BioRED (Luo et al. 2022).
pub const BIORED: Teaches = Teaches {
    file: "biored",
    kinds: &[
        ("ChemicalEntity", 0),
        ("DiseaseOrPhenotypicFeature", 1),
        ("GeneOrGeneProduct", 2),
        ("SequenceVariant", 3),
        ("OrganismTaxon", 4),
        ("CellLine", 5),
    ],
    weight: TAG_WEIGHT,
    relations: Some(Named::Concepts),
    tokens: false,
    in_sentence: false,
};
/// DDI 2013 with the places of names (Herrero-Zazo et al. 2013). It teaches no mentions: it marks only drugs that it asks
/// about, and its terms are for research.
pub const DDI: Teaches = Teaches {
    file: "ddi",
    kinds: &[("drug", 0), ("brand", 0), ("group", 0), ("drug_n", 0)],
    weight: 0.0,
    relations: Some(Named::Mentions),
    tokens: false,
    in_sentence: true,
};
/// The NCBI disease corpus (Doğan et al. 2014).
pub const NCBI_DISEASE: Teaches = Teaches {
    file: "ncbi-disease",
    kinds: &[("disease", 1)],
    weight: TAG_WEIGHT,
    relations: None,
    tokens: true,
    in_sentence: false,
};
/// BioCreative II gene mentions (Smith et al. 2008).
pub const BC2GM: Teaches = Teaches {
    file: "bc2gm",
    kinds: &[("gene", 2)],
    weight: TAG_WEIGHT,
    relations: None,
    tokens: true,
    in_sentence: false,
};

/// One part (`train`, `dev`) of a corpus of `labelled/`.
///
/// # Errors
/// If the file is missing or damaged.
pub fn labelled(folder: &Path, corpus: Teaches, part: &str) -> Result<Vec<Marked>, corpus::Error> {
    let all = corpus::labelled(folder, &format!("{}.{part}", corpus.file))?;
    Ok(all.into_iter().map(|text| marked(text, corpus)).collect())
}

fn marked(labelled: Labelled, corpus: Teaches) -> Marked {
    let Labelled { id, text, mentions, relations } = labelled;
    let (text, moved): (String, Box<dyn Fn(usize) -> usize>) = if corpus.tokens {
        let joined = Joined::new(&text);
        (joined.text.clone(), Box::new(move |place| joined.place(place)))
    } else {
        (text, Box::new(|place| place))
    };
    let names = mentions
        .into_iter()
        .filter_map(|mention| {
            let kind = corpus.kinds.iter().find(|(name, _)| *name == mention.kind)?.1;
            let spans = mention.spans.iter().map(|s| Span::new(moved(s.start), moved(s.end))).collect();
            let keys = match corpus.relations {
                Some(Named::Mentions) => vec![mention.id],
                _ => mention.concepts,
            };
            Some(Name { kind, spans, keys })
        })
        .collect();
    let relations = corpus.relations.map(|_| {
        relations.into_iter().map(|relation| ((relation.head, relation.tail), relation.kind)).collect()
    });
    let kinds: Vec<usize> = corpus.kinds.iter().map(|(_, kind)| *kind).collect();
    let mut document = Document::from_parts(&id, &[("abstract", &text)]);
    document.id = id;
    let in_sentence = corpus.in_sentence;
    Marked { document, names, relations, taught: taught(&kinds, corpus.weight), in_sentence }
}

/// A document of KD-DTI, which names drugs and targets in words without their places: the names are those that the
/// dictionaries and the relations' own words find in the text.
#[must_use]
pub fn kd_dti(finder: &Finder, document: &Document, stated: &[Stated]) -> Marked {
    let key = |words: &str| words.to_lowercase().replace(' ', "");
    let name = |mention: Mention| {
        let kind = tagging::place_of(mention.kind)?;
        Some(Name { kind, keys: vec![key(&mention.text)], spans: mention.spans })
    };
    let names = finder.mentions(document).into_iter().filter_map(name).collect();
    let relations = stated.iter().map(|own| ((key(&own.head), key(&own.tail)), own.kind.clone())).collect();
    let document = document.clone();
    Marked { document, names, relations: Some(relations), taught: taught(&[], 0.0), in_sentence: false }
}

/// A text of tokens with the blanks taken out that a writer would not set, so that it is read as texts of use are.
struct Joined {
    text: String,
    /// The new place of each byte of the old text, and of its end.
    places: Vec<usize>,
}

impl Joined {
    fn new(text: &str) -> Self {
        let letters: Vec<char> = text.chars().collect();
        let at = |i: usize| letters.get(i).copied().unwrap_or('\0');
        let (mut joined, mut places) =
            (String::with_capacity(text.len()), Vec::with_capacity(text.len() + 1));
        for (i, letter) in letters.iter().enumerate() {
            places.extend(std::iter::repeat_n(joined.len(), letter.len_utf8()));
            let (before, after) = (if i > 0 { at(i - 1) } else { '\0' }, at(i + 1));
            // "beta - catenin", "( HNF )", "patients ." and "50 %" as they were before they were cut.
            let dropped = *letter == ' '
                && (matches!(after, '.' | ',' | ';' | ':' | ')' | ']' | '%' | '?' | '!' | '-' | '/' | '\'')
                    || matches!(before, '(' | '[' | '-' | '/'));
            if !dropped {
                joined.push(*letter);
            }
        }
        places.push(joined.len());
        Self { text: joined, places }
    }

    fn place(&self, place: usize) -> usize {
        self.places.get(place).copied().unwrap_or(self.text.len())
    }
}

/// Where a task's heads are, and what it relates.
#[derive(Debug, Clone)]
pub struct Related<'a> {
    /// The heads file.
    pub file: usize,
    /// The scorer in it.
    pub head: usize,
    /// Labels, "none" first.
    pub labels: &'a [String],
    /// The kinds that heads and tails may have, as places in [`KINDS`]; a pair that fits in both orders is one pair.
    pub sides: &'a [(usize, usize)],
}

/// The tokens of a marked text without the `</s>` before them, which the labels count, and what it teaches. What lies behind `longest` tokens is left out.
#[must_use]
pub fn reading(
    tokenizer: &Tokenizer,
    finder: &Finder,
    marked: &Marked,
    related: Option<&Related<'_>>,
    longest: usize,
) -> (Vec<u32>, Reading) {
    let encoding = tokenizer.encode(&marked.document.text);
    let count = encoding.ids.len().min(longest);
    let offsets = &encoding.offsets[..count];
    let ids = encoding.ids.get(1..count).map(<[u32]>::to_vec).unwrap_or_default();
    let names: Vec<(usize, Vec<Span>)> =
        marked.names.iter().map(|name| (name.kind, name.spans.clone())).collect();
    let tags = Tags {
        file: 0,
        classes: tagging::tags(offsets, &names),
        taught: marked.taught.to_vec(),
        hints: tagging::hints(offsets, &finder.mentions(&marked.document)),
    };
    let pairs = related
        .zip(marked.relations.as_ref())
        .map(|(related, gold)| pairs_of(offsets, marked, related, gold));
    let tags = Some(tags).filter(|tags| tags.taught.iter().any(|weight| *weight > 0.0));
    (ids, Reading { tags, pairs: pairs.into_iter().collect(), classes: Vec::new() })
}

fn pairs_of(
    offsets: &[std::ops::Range<usize>],
    marked: &Marked,
    related: &Related<'_>,
    gold: &BTreeMap<(String, String), String>,
) -> Pairs {
    let sentences = if marked.in_sentence { sentences::of(&marked.document) } else { Vec::new() };
    let sentence_of = |name: &Name| {
        let first = name.spans.first().copied()?;
        sentences.iter().position(|sentence| sentence.contains(first))
    };
    // Entities by kind and first key, in text order; names without a key are entities of their own.
    let mut entities: Vec<(usize, String, Vec<std::ops::Range<usize>>)> = Vec::new();
    let mut sentence = Vec::new();
    for (number, name) in marked.names.iter().enumerate() {
        let key = name.keys.first().cloned().unwrap_or_else(|| format!("#{number}"));
        let (first, last) = (name.spans.first(), name.spans.last());
        let Some((first, last)) = first.zip(last) else { continue };
        let tokens = tagging::tokens_of(offsets, Span::new(first.start, last.end));
        if tokens.is_empty() {
            continue;
        }
        match entities.iter_mut().find(|(kind, own, _)| *kind == name.kind && *own == key) {
            Some((_, _, mentions)) => mentions.push(tokens),
            None => {
                entities.push((name.kind, key, vec![tokens]));
                sentence.push(sentence_of(name));
            }
        }
    }
    let mut pairs = Pairs { file: related.file, head: related.head, ..Pairs::default() };
    for (h, (head_kind, head, _)) in entities.iter().enumerate() {
        for (t, (tail_kind, tail, _)) in entities.iter().enumerate() {
            let fits = related.sides.contains(&(*head_kind, *tail_kind));
            // Of one kind on both sides the first in the text is the head.
            let apart = marked.in_sentence && sentence[h] != sentence[t];
            if h == t || !fits || apart || (head_kind == tail_kind && t < h) {
                continue;
            }
            let stated =
                gold.get(&(head.clone(), tail.clone())).or_else(|| gold.get(&(tail.clone(), head.clone())));
            let label = stated.and_then(|kind| related.labels.iter().position(|label| label == kind));
            pairs.pairs.push((h, t));
            pairs.labels.push(label.unwrap_or(0));
            pairs.weights.push(PAIR_WEIGHT);
        }
    }
    pairs.entities = entities.into_iter().map(|(_, _, mentions)| mentions).collect();
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_between_tokens_are_taken_out_and_marks_move_with_the_words() {
        let text = "Mutations of beta - catenin ( CTNNB1 ) in 50 % of patients .";
        let joined = Joined::new(text);
        assert_eq!(joined.text, "Mutations of beta-catenin (CTNNB1) in 50% of patients.");
        let of = |words: &str| {
            let from = text.find(words).unwrap();
            &joined.text[joined.place(from)..joined.place(from + words.len())]
        };
        assert_eq!(
            [of("beta - catenin"), of("CTNNB1"), of("patients")],
            ["beta-catenin", "CTNNB1", "patients"]
        );
    }

    #[test]
    fn pairs_are_of_concepts_each_once_and_labelled() {
        let span = |a, b| vec![Span::new(a, b)];
        let name = |kind, spans, key: &str| Name { kind, spans, keys: vec![key.to_owned()] };
        let marked = Marked {
            document: Document::from_parts("1", &[("abstract", "MTX caused fever; MTX, no rash.")]),
            names: vec![
                name(0, span(0, 3), "C1"),
                name(1, span(11, 16), "D1"),
                name(0, span(18, 21), "C1"),
                name(1, span(26, 30), "D2"),
            ],
            taught: taught(&[0, 1], 1.0),
            relations: Some([(("C1".to_owned(), "D1".to_owned()), "CID".to_owned())].into()),
            in_sentence: false,
        };
        let offsets = [0..0, 0..3, 4..10, 11..16, 16..17, 18..21, 21..22, 23..25, 26..30, 30..31];
        let labels = ["none".to_owned(), "CID".to_owned()];
        let related = Related { file: 0, head: 0, labels: &labels, sides: &[(0, 1)] };
        let found = pairs_of(&offsets, &marked, &related, marked.relations.as_ref().unwrap());
        assert_eq!(found.entities.concat(), [1..2, 5..6, 3..4, 8..9]);
        assert_eq!(found.entities.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 1]);
        assert_eq!((found.pairs, found.labels), (vec![(0, 1), (0, 2)], vec![1, 0]));
    }
}
