//! From a stated relation back to the text: where each name is, how well it agrees, and the sentences that support it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use documents::{Concept, Document, Span};
use serde::{Deserialize, Serialize};
use terms::Kind;
use terms::words::{Word, fold, words};

use crate::candidates::{Mention, Origin, single_blanks};
use crate::cues::{self, Cue};
use crate::relations::Stated;
use crate::sentences;

/// How a stated name agrees with the text, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    /// The author writes it exactly so.
    Exact,
    /// The author writes it in other capitals.
    Case,
    /// The author writes another name of the same thing, or another spelling of the name.
    Alias,
    /// The author writes an abbreviation that the text defines.
    Abbreviation,
    /// It is nowhere in the text.
    None,
}

/// A place of the text that names a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Evidence {
    /// Where.
    pub span: Span,
    /// How the stated name agrees with it.
    pub agreement: Agreement,
}

/// A stated name with its places in the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroundedName {
    /// In the author's words where the text has it, else as it was stated.
    pub name: String,
    /// The best agreement of its places.
    pub agreement: Agreement,
    /// Its places in text order.
    pub evidence: Vec<Evidence>,
    /// Ids it may stand for, best first.
    pub concepts: Vec<Concept>,
}

/// A relation with its support in the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grounded {
    /// The first name.
    pub head: GroundedName,
    /// The second name.
    pub tail: GroundedName,
    /// The type of the relation.
    pub kind: String,
    /// The sentence in which both names are closest, else the two sentences that are closest; empty if a name is
    /// nowhere.
    pub sentences: Vec<Span>,
    /// Denials and softeners in those sentences that may be about the two names.
    pub cues: Vec<Cue>,
}

impl Grounded {
    /// Whether both names are in the text, by themselves, by another name or by an abbreviation.
    #[must_use]
    pub fn is_grounded(&self) -> bool {
        self.head.agreement != Agreement::None && self.tail.agreement != Agreement::None
    }
}

/// A document prepared for grounding many relations: what a name is looked up in is made once, since a long text has
/// thousands of names.
#[derive(Debug, Clone, PartialEq)]
pub struct Grounding {
    text: String,
    mentions: Vec<Mention>,
    sentences: Arc<[Span]>,
    words: Vec<Word>,
    /// Where each folded word is, by its number among the words.
    words_by_name: HashMap<String, Vec<usize>>,
    /// Numbers of the mentions by their folded text and by the folded names that a dictionary gives in place of an id.
    by_name: HashMap<String, Vec<usize>>,
    /// The folded names that a dictionary gives in place of an id.
    dictionary_names: HashSet<String>,
    by_cover: HashMap<Span, Vec<usize>>,
    /// By kind and likeliest id.
    by_first_concept: HashMap<(Kind, Concept), Vec<usize>>,
}

impl Grounding {
    /// Prepares a document and its mentions.
    #[must_use]
    pub fn new(document: &Document, mentions: Vec<Mention>) -> Self {
        let words = words(&document.text);
        let mut words_by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (number, word) in words.iter().enumerate() {
            words_by_name.entry(word.folded.clone()).or_default().push(number);
        }
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        let mut by_cover: HashMap<Span, Vec<usize>> = HashMap::new();
        let mut by_first_concept: HashMap<(Kind, Concept), Vec<usize>> = HashMap::new();
        let mut dictionary_names = HashSet::new();
        for (number, mention) in mentions.iter().enumerate() {
            by_name.entry(fold(&mention.text)).or_default().push(number);
            for concept in mention.concepts.iter().filter(|concept| concept.vocabulary == NAME_VOCABULARY) {
                let name = fold(&concept.id);
                by_name.entry(name.clone()).or_default().push(number);
                dictionary_names.insert(name);
            }
            by_cover.entry(mention.cover()).or_default().push(number);
            if let Some(first) = mention.concepts.first() {
                by_first_concept.entry((mention.kind, first.clone())).or_default().push(number);
            }
        }
        Self {
            text: document.text.clone(),
            sentences: sentences::of(document).into(),
            mentions,
            words,
            words_by_name,
            by_name,
            dictionary_names,
            by_cover,
            by_first_concept,
        }
    }

    /// The mentions that it was prepared with.
    #[must_use]
    pub fn mentions(&self) -> &[Mention] {
        &self.mentions
    }

    /// The sentences of the document.
    #[must_use]
    pub const fn sentences(&self) -> &Arc<[Span]> {
        &self.sentences
    }

    /// Grounds a stated relation.
    #[must_use]
    pub fn relation(&self, stated: &Stated) -> Grounded {
        let (head, tail) = (self.name(&stated.head), self.name(&stated.tail));
        let sentences = self.support(&head.evidence, &tail.evidence);
        let near = |span: &Span| sentences.iter().any(|sentence| sentence.overlaps(*span));
        let names = head.evidence.iter().chain(&tail.evidence).map(|one| one.span).filter(near);
        let cues = cues::about(&self.text, &sentences, &names.collect::<Vec<Span>>());
        Grounded { head, tail, kind: stated.kind.clone(), sentences, cues }
    }

    /// Grounds one name.
    #[must_use]
    pub fn name(&self, name: &str) -> GroundedName {
        let mut evidence: Vec<Evidence> = self.places(name);
        let mut concepts: Vec<Concept> = Vec::new();
        for mention in self.meant(name, &evidence) {
            let agreement = match mention.origin {
                _ if mention.lower() == name.to_lowercase() => Agreement::Case,
                Origin::Abbreviation => Agreement::Abbreviation,
                _ => Agreement::Alias,
            };
            for span in &mention.spans {
                if !evidence.iter().any(|known| known.span.overlaps(*span)) {
                    evidence.push(Evidence { span: *span, agreement });
                }
            }
            for concept in &mention.concepts {
                if !concepts.contains(concept) {
                    concepts.push(concept.clone());
                }
            }
        }
        evidence.sort_by_key(|evidence| evidence.span);
        let best = evidence.iter().min_by_key(|evidence| (evidence.agreement, evidence.span));
        let shown = best
            .filter(|best| best.agreement <= Agreement::Case || !self.is_stated_alias(name))
            .and_then(|best| best.span.slice(&self.text));
        GroundedName {
            name: shown.map_or_else(|| name.to_owned(), single_blanks),
            agreement: best.map_or(Agreement::None, |best| best.agreement),
            evidence,
            concepts,
        }
    }

    /// Whether the name is one that a dictionary has for a mention, which is shown as it is.
    fn is_stated_alias(&self, name: &str) -> bool {
        self.dictionary_names.contains(&fold(name))
    }

    /// Where the name occurs as words of its own.
    fn places(&self, name: &str) -> Vec<Evidence> {
        let wanted = words(name);
        let text = &self.text;
        if wanted.is_empty() {
            return self.places_of_signs(name);
        }
        let mut places = Vec::new();
        let folded = fold(name.trim());
        let starts = self.words_by_name.get(&wanted[0].folded).map_or(&[][..], Vec::as_slice);
        for run in starts.iter().filter_map(|start| self.words.get(*start..start + wanted.len())) {
            if !run.iter().zip(&wanted).all(|(word, wanted)| word.folded == wanted.folded) {
                continue;
            }
            let inner = run[0].range.start..run[run.len() - 1].range.end;
            let (before, after) = around(name, &wanted);
            let span = widened(text, inner, before, after);
            let Some(quote) = span.slice(text) else { continue };
            let agreement = if single_blanks(quote) == single_blanks(name) {
                Agreement::Exact
            } else if single_blanks(&quote.to_lowercase()) == single_blanks(&name.to_lowercase()) {
                Agreement::Case
            } else if single_blanks(&fold(quote)) == single_blanks(&folded)
                || gaps_agree(text, run, name, &wanted)
            {
                Agreement::Alias
            } else {
                continue;
            };
            places.push(Evidence { span, agreement });
        }
        places
    }

    /// Where a name without letters and digits occurs.
    fn places_of_signs(&self, name: &str) -> Vec<Evidence> {
        let name = name.trim();
        if name.is_empty() {
            return Vec::new();
        }
        let found = self.text.match_indices(name);
        let evidence =
            |(start, _)| Evidence { span: Span::new(start, start + name.len()), agreement: Agreement::Exact };
        found.map(evidence).collect()
    }

    /// The mentions of what the name means: those at the same place, those that are the name, and those with the
    /// same first id.
    fn meant(&self, name: &str, places: &[Evidence]) -> Vec<&Mention> {
        let at = |place: &Evidence| self.by_cover.get(&place.span);
        let direct = self.by_name.get(&fold(name)).into_iter().chain(places.iter().filter_map(at));
        let direct: BTreeSet<usize> = direct.flatten().copied().collect();
        let first = |number: &usize| {
            let mention = &self.mentions[*number];
            Some((mention.kind, mention.concepts.first()?.clone()))
        };
        let firsts: HashSet<(Kind, Concept)> = direct.iter().filter_map(first).collect();
        let same = firsts.iter().filter_map(|first| self.by_first_concept.get(first)).flatten().copied();
        let others: BTreeSet<usize> = same.filter(|number| !direct.contains(number)).collect();
        direct.into_iter().chain(others).map(|number| &self.mentions[number]).collect()
    }

    fn support(&self, head: &[Evidence], tail: &[Evidence]) -> Vec<Span> {
        let placed = |evidence: &[Evidence]| -> Vec<(Span, usize)> {
            evidence.iter().filter_map(|one| Some((one.span, self.sentence(one.span)?))).collect()
        };
        let (heads, tails) = (placed(head), placed(tail));
        // Places of one name are in text order and apart from each other: the closest to a span are those on its two sides. A
        // long text names a thing hundreds of times, so that not all pairs can be compared.
        let near = |head: Span| {
            let after = tails.partition_point(|(tail, _)| tail.start <= head.start);
            after.saturating_sub(1)..(after + 1).min(tails.len())
        };
        let best = heads
            .iter()
            .flat_map(|head| tails[near(head.0)].iter().map(move |tail| (*head, *tail)))
            .map(|((head, first), (tail, second))| {
                (first.abs_diff(second), distance(head, tail), first.min(second), first.max(second))
            })
            .min();
        match best {
            Some((0, _, sentence, _)) => vec![self.sentences[sentence]],
            Some((_, _, first, second)) => vec![self.sentences[first], self.sentences[second]],
            None => Vec::new(),
        }
    }

    /// The sentence in which a span begins.
    fn sentence(&self, span: Span) -> Option<usize> {
        sentences::containing(&self.sentences, Span::new(span.start, span.start + 1))
    }
}

/// The vocabulary of names that training data or a dictionary gives instead of an id.
pub(crate) const NAME_VOCABULARY: &str = "name";

fn distance(a: Span, b: Span) -> usize {
    if a.overlaps(b) {
        0
    } else if a.start < b.start {
        b.start - a.end
    } else {
        a.start - b.end
    }
}

/// The punctuation of a name before its first and after its last word.
fn around<'a>(name: &'a str, words: &[Word]) -> (&'a str, &'a str) {
    let name_end = words.last().map_or(0, |word| word.range.end);
    let start = words.first().map_or(0, |word| word.range.start);
    (name[..start].trim_start(), name[name_end..].trim_end())
}

/// The range with the punctuation around it that the name has, too, in whatever form the author writes them.
fn widened(text: &str, inner: std::ops::Range<usize>, before: &str, after: &str) -> Span {
    let (before, after) = (fold(before), fold(after));
    let starts = text[..inner.start].char_indices().rev().map(|(at, _)| at).take(before.len());
    let start = starts.into_iter().find(|at| fold(&text[*at..inner.start]) == before).unwrap_or(inner.start);
    let rest = &text[inner.end..];
    let ends = rest.char_indices().map(|(at, c)| inner.end + at + c.len_utf8()).take(after.len());
    let end = ends.into_iter().find(|at| fold(&text[inner.end..*at]) == after).unwrap_or(inner.end);
    Span::new(start, end)
}

/// Whether the characters between the words differ in blanks and dashes only.
fn gaps_agree(text: &str, run: &[Word], name: &str, wanted: &[Word]) -> bool {
    let gap =
        |text: &str, a: &Word, b: &Word| fold(&text[a.range.end..b.range.start]).replace([' ', '-'], "");
    run.windows(2)
        .zip(wanted.windows(2))
        .all(|(run, wanted)| gap(text, &run[0], &run[1]) == gap(name, &wanted[0], &wanted[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mesh(id: &str) -> Vec<Concept> {
        vec![Concept { vocabulary: "MESH".to_owned(), id: id.to_owned() }]
    }

    fn mention(document: &Document, text: &str, kind: Kind, origin: Origin, id: &str) -> Mention {
        let start = document.text.find(text).unwrap();
        Mention {
            spans: vec![Span::new(start, start + text.len())],
            text: text.to_owned(),
            kind,
            origin,
            concepts: mesh(id),
        }
    }

    #[test]
    fn names_are_shown_as_the_author_writes_them() {
        let text = "5\u{2011}Fluorouracil (5-FU)\r\ncaused Sjo\u{308}gren\u{2019}s \u{1d7ce}\u{1f9ec} and \u{3b2}-CAROTENE did not. 5-fu twice.";
        let document = Document { text: text.to_owned(), ..Document::default() };
        let grounding = Grounding::new(&document, Vec::new());
        let check = |name: &str, agreement, shown: &str| {
            let grounded = grounding.name(name);
            assert_eq!((grounded.agreement, grounded.name.as_str()), (agreement, shown), "{name}");
            for evidence in &grounded.evidence {
                assert!(evidence.span.slice(text).is_some());
            }
        };
        check("5-fu", Agreement::Exact, "5-fu");
        check("5-fluorouracil", Agreement::Alias, "5\u{2011}Fluorouracil");
        check("beta-carotene", Agreement::Alias, "\u{3b2}-CAROTENE");
        check("\u{3b2}-carotene", Agreement::Case, "\u{3b2}-CAROTENE");
        check("sj\u{f6}gren's", Agreement::Alias, "Sjo\u{308}gren\u{2019}s");
        check("\u{1f9ec}", Agreement::Exact, "\u{1f9ec}");
        check("carotene and", Agreement::None, "carotene and");
        check("", Agreement::None, "");
        assert_eq!(grounding.name("5-fu").evidence.len(), 2);
    }

    #[test]
    fn abbreviations_and_other_names_of_the_same_id_are_evidence() {
        let document = Document::from_parts(
            "1",
            &[
                ("title", "Methotrexate (MTX) is used."),
                ("abstract", "MTX may cause anemia. Anaemia came late."),
            ],
        );
        let start = document.text.rfind("MTX").unwrap();
        let mut mentions = vec![
            mention(&document, "Methotrexate", Kind::Chemical, Origin::Dictionary, "D008727"),
            mention(&document, "anemia", Kind::Disease, Origin::Dictionary, "D000740"),
            mention(&document, "Anaemia", Kind::Disease, Origin::Dictionary, "D000740"),
        ];
        mentions.push(Mention {
            spans: vec![Span::new(start, start + 3)],
            origin: Origin::Abbreviation,
            ..mention(&document, "MTX", Kind::Chemical, Origin::Abbreviation, "D008727")
        });
        let grounding = Grounding::new(&document, mentions);
        let grounded = grounding.relation(&Stated::new("methotrexate", "anemia", "CID"));
        assert!(grounded.is_grounded());
        assert_eq!(grounded.head.agreement, Agreement::Case);
        assert_eq!(grounded.head.evidence[1].agreement, Agreement::Abbreviation);
        assert_eq!(grounded.head.concepts, mesh("D008727"));
        let sentences: Vec<_> =
            grounded.sentences.iter().map(|span| span.slice(&document.text).unwrap()).collect();
        assert_eq!(sentences, ["MTX may cause anemia."]);
        assert_eq!(grounded.cues.len(), 1, "may");
        assert_eq!(grounded.tail.evidence.len(), 2);
    }

    #[test]
    fn names_far_apart_are_supported_by_two_sentences() {
        let text = "Aspirin was given. It helped. Ulcers came.";
        let document = Document { text: text.to_owned(), ..Document::default() };
        let grounding = Grounding::new(&document, Vec::new());
        let grounded = grounding.relation(&Stated::new("aspirin", "ulcers", "CID"));
        let sentences: Vec<_> = grounded.sentences.iter().map(|span| span.slice(text).unwrap()).collect();
        assert_eq!(sentences, ["Aspirin was given.", "Ulcers came."]);
        let grounded = grounding.relation(&Stated::new("aspirin", "fever", "CID"));
        assert!(!grounded.is_grounded() && grounded.sentences.is_empty());
    }

    #[test]
    fn a_name_of_the_training_data_is_shown_as_it_is() {
        let text = "Aspirin inhibits COX-1.";
        let document = Document { text: text.to_owned(), ..Document::default() };
        let canonical =
            Concept { vocabulary: NAME_VOCABULARY.to_owned(), id: "Cyclooxygenase 1 (COX-1)".to_owned() };
        let mentions = vec![Mention {
            concepts: vec![canonical],
            ..mention(&document, "COX-1", Kind::Gene, Origin::Dictionary, "")
        }];
        let grounded = Grounding::new(&document, mentions).name("cyclooxygenase 1 (cox-1)");
        assert_eq!(
            (grounded.agreement, grounded.name.as_str()),
            (Agreement::Alias, "cyclooxygenase 1 (cox-1)")
        );
        assert_eq!(grounded.evidence[0].span.slice(text), Some("COX-1"));
    }

    /// Names of a text by the definition, without anything prepared: every mention is looked at.
    fn spans_by_definition(text: &str, mentions: &[Mention], name: &str) -> Vec<Span> {
        let folded = fold(name);
        let at = |span: &Span| fold(span.slice(text).unwrap()) == folded;
        let is = |mention: &&Mention| fold(&mention.text) == folded || mention.spans.iter().any(at);
        let direct: Vec<&Mention> = mentions.iter().filter(is).collect();
        let same = |mention: &&Mention| {
            direct.iter().any(|d| d.kind == mention.kind && d.concepts.first() == mention.concepts.first())
        };
        let mut spans: Vec<Span> =
            mentions.iter().filter(same).flat_map(|mention| mention.spans.clone()).collect();
        spans.sort_unstable();
        spans
    }

    /// The closest pair of places, of all pairs.
    fn support_by_definition(grounding: &Grounding, head: &[Span], tail: &[Span]) -> Vec<Span> {
        let sentence = |span: Span| grounding.sentences.iter().position(|s| s.contains(span)).unwrap();
        let pairs = head.iter().flat_map(|h| tail.iter().map(move |t| (*h, *t)));
        let best = pairs
            .map(|(h, t)| {
                let (first, second) = (sentence(h), sentence(t));
                (first.abs_diff(second), distance(h, t), first.min(second), first.max(second))
            })
            .min();
        best.map_or_else(Vec::new, |(_, _, first, second)| {
            let mut numbers = vec![first, second];
            numbers.dedup();
            numbers.into_iter().map(|number| grounding.sentences[number]).collect()
        })
    }

    proptest::proptest! {
        /// Texts of a few names that occur often, in random order and cut into random sentences.
        #[test]
        fn what_is_prepared_gives_what_the_definition_gives(
            words in proptest::collection::vec(0..8_usize, 2..60),
        ) {
            const WORDS: [(&str, &str); 8] = [
                ("aspirin", "1"), ("Aspirin", "1"), ("ASA", "1"), ("ulcer", "2"), ("Ulcers", "2"), ("fever", "3"),
                ("was seen", ""), ("and rose.", ""),
            ];
            let (mut text, mut mentions) = ("Then".to_owned(), Vec::new());
            for (word, id) in words.iter().map(|word| WORDS[*word]) {
                text.push_str(if text.ends_with('.') { " Then " } else { " " });
                let start = text.len();
                text.push_str(word);
                if !id.is_empty() {
                    mentions.push(Mention {
                        spans: vec![Span::new(start, text.len())],
                        text: word.to_owned(),
                        kind: if id == "1" { Kind::Chemical } else { Kind::Disease },
                        origin: Origin::Dictionary,
                        concepts: mesh(id),
                    });
                }
            }
            let document = Document { text, ..Document::default() };
            let grounding = Grounding::new(&document, mentions.clone());
            for (head, tail) in [("aspirin", "ulcer"), ("asa", "fever"), ("fever", "ulcers"), ("asa", "aspirin")] {
                let grounded = grounding.relation(&Stated::new(head, tail, "CID"));
                let mut expected = Vec::new();
                for (name, stated) in [(&grounded.head, head), (&grounded.tail, tail)] {
                    let spans: Vec<Span> = name.evidence.iter().map(|one| one.span).collect();
                    expected.push(spans_by_definition(&document.text, &mentions, stated));
                    proptest::prop_assert_eq!(&spans, expected.last().unwrap());
                }
                let support = support_by_definition(&grounding, &expected[0], &expected[1]);
                proptest::prop_assert_eq!(&grounded.sentences, &support);
            }
        }
    }
}
