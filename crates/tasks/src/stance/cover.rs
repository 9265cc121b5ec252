//! Which sentences of a text name what a question names.

use std::ops::Range;

use documents::{Document, Span};
use terms::abbreviations::abbreviations;
use terms::words::{fold, words};
use terms::{Dictionary, Kind, Match};

use super::cues;
use super::question::{Part, stems_of};
use crate::sentences;
use crate::support::stem;

/// A thing that a sentence speaks of without naming it.
const NEARLY: f64 = 0.65;

/// A sentence with what a dictionary finds in it.
pub(super) struct Sentence<'a> {
    pub(super) span: Span,
    pub(super) text: &'a str,
    pub(super) in_title: bool,
    stems: Vec<(Span, String)>,
    folded: String,
    names: Vec<Match>,
}

impl<'a> Sentence<'a> {
    /// Whose words alone count.
    pub(super) const fn bare(span: Span, text: &'a str) -> Self {
        Self { span, text, in_title: false, stems: Vec::new(), folded: String::new(), names: Vec::new() }
    }
}

/// How a sentence names a part of a question.
#[derive(Debug, Clone, Default)]
pub(super) struct Cover {
    /// Between 0 (not at all) and 1 (in the same words, or by a synonym of the dictionary).
    pub(super) share: f64,
    /// Where, in bytes of the document.
    pub(super) places: Vec<Span>,
    /// Whether it is named by a measure only: platelets for thrombocytopenia.
    pub(super) by_measure: bool,
}

impl Cover {
    fn add(&mut self, share: f64, places: Vec<Span>, by_measure: bool) {
        if !places.is_empty() {
            if share > self.share {
                self.by_measure = by_measure;
            }
            self.share = self.share.max(share);
            self.places.extend(places);
        }
    }
}

/// A text, sentence by sentence.
pub(super) struct Text<'a> {
    pub(super) sentences: Vec<Sentence<'a>>,
    /// Whether its title speaks of animals.
    pub(super) in_animals: bool,
    /// Short and long forms that the text defines, folded.
    short_forms: Vec<(String, String)>,
}

impl<'a> Text<'a> {
    pub(super) fn new(document: &'a Document, dictionary: &Dictionary) -> Self {
        let is_title = |span: Span| {
            document.passages.iter().any(|passage| {
                passage.span.contains(span) && matches!(passage.kind.as_str(), "title" | "heading")
            }) && document.passages.len() > 1
        };
        let sentences: Vec<Sentence<'_>> = sentences::of(document)
            .into_iter()
            .filter_map(|span| {
                let text = span.slice(&document.text)?;
                let mut names = dictionary.find(text);
                names.retain(|name| name.range.len() > 2);
                Some(Sentence {
                    span,
                    text,
                    in_title: is_title(span),
                    stems: stems_of(text, span.start),
                    folded: format!(
                        " {} ",
                        words(text).iter().map(|word| word.folded.as_str()).collect::<Vec<_>>().join(" ")
                    ),
                    names,
                })
            })
            .collect();
        let short_forms = abbreviations(&document.text)
            .into_iter()
            .map(|one| (fold(&document.text[one.short]), fold(&document.text[one.long])))
            .collect();
        let in_animals = sentences.iter().any(|one| one.in_title && cues::is_of_animals(one.text));
        Self { sentences, in_animals, short_forms }
    }

    /// Other names by which the text itself calls a thing: short and long forms, and members that it calls one of the class.
    pub(super) fn aliases(&self, part: &Part) -> Vec<String> {
        let own = fold(&part.words);
        let mut found: Vec<String> = Vec::new();
        for (short, long) in &self.short_forms {
            if *short == own || plural(&own) == *short {
                found.push(long.clone());
            } else if same_words(long, &own) {
                found.push(short.clone());
            }
        }
        found.extend(self.members(part));
        found.sort();
        found.dedup();
        found.retain(|alias| *alias != own);
        found
    }

    /// "Naproxen, a nonsteroidal anti-inflammatory drug", "the SGLT2 inhibitor dapagliflozin", "statins such as simvastatin".
    fn members(&self, part: &Part) -> Vec<String> {
        let class: Vec<&str> = part.stems.iter().map(String::as_str).collect();
        if class.is_empty() || part.kind == Some(Kind::Disease) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for sentence in &self.sentences {
            let Some(at) = sentence.run_of(&class) else { continue };
            for name in sentence.names.iter().filter(|name| name.kind == Kind::Chemical) {
                let (start, end) =
                    (name.range.start + sentence.span.start, name.range.end + sentence.span.start);
                let gap = |from: usize, to: usize| {
                    sentence
                        .text
                        .get(from - sentence.span.start..to - sentence.span.start)
                        .map(|gap| fold(gap).trim().to_owned())
                };
                let is_member = if end <= at.start {
                    gap(end, at.start).is_some_and(|gap| {
                        matches!(
                            gap.as_str(),
                            ", a"
                                | ", an"
                                | ", the"
                                | ", another"
                                | "is a"
                                | "is an"
                                | "are"
                                | "(a"
                                | "(an"
                                | "and other"
                                | "or other"
                                | "("
                        ) || gap.starts_with(", a ") && gap.split_whitespace().count() <= 4
                    })
                } else if at.end <= start {
                    gap(at.end, start).is_some_and(|gap| {
                        matches!(
                            gap.as_str(),
                            "" | "such as" | "," | "like" | "including" | "(" | ", such as"
                        )
                    })
                } else {
                    false
                };
                if is_member {
                    found.push(fold(&sentence.text[name.range.clone()]));
                }
            }
        }
        found
    }
}

fn plural(word: &str) -> String {
    format!("{word}s")
}

fn same_words(one: &str, other: &str) -> bool {
    let stems = |text: &str| words(text).iter().map(|word| stem(&word.folded)).collect::<Vec<_>>();
    stems(one) == stems(other)
}

impl Sentence<'_> {
    /// Where these stems follow each other, in bytes of the document.
    fn run_of(&self, wanted: &[&str]) -> Option<Span> {
        let mut windows = self.stems.windows(wanted.len());
        let place = windows.find(|run| run.iter().zip(wanted).all(|((_, stem), wanted)| stem == wanted))?;
        Some(Span::new(place.first()?.0.start, place.last()?.0.end))
    }

    /// The words, folded, with one blank around each.
    pub(super) fn folded(&self) -> &str {
        &self.folded
    }

    pub(super) fn cover(&self, part: &Part, aliases: &[String]) -> Cover {
        let mut cover = Cover::default();
        let by_concept = self.names.iter().filter(|name| {
            part.kind == Some(name.kind) && name.concepts.iter().any(|one| part.concepts.contains(one))
        });
        cover.add(1.0, by_concept.map(|name| self.place(&name.range)).collect(), false);
        let stems: Vec<&str> = part.stems.iter().map(String::as_str).collect();
        if !stems.is_empty() {
            for run in self.runs_of(&stems) {
                // "Hepatitis E" is another thing than the hepatitis that was asked about, as far as the dictionary knows.
                let longer = self.names.iter().any(|name| {
                    let place = self.place(&name.range);
                    place.contains(run)
                        && place.len() > run.len()
                        && part.kind == Some(name.kind)
                        && !name.concepts.iter().any(|one| part.concepts.contains(one))
                });
                cover.add(if longer { 0.7 } else { 1.0 }, vec![run], false);
            }
        }
        for alias in aliases {
            let run: Vec<String> = words(alias).iter().map(|word| stem(&word.folded)).collect();
            let run: Vec<&str> = run.iter().map(String::as_str).collect();
            cover.add(0.95, self.runs_of(&run), false);
        }
        if let Some(family) = part.family {
            for reported in family.reported {
                let run: Vec<String> = words(reported).iter().map(|word| stem(&word.folded)).collect();
                let run: Vec<&str> = run.iter().map(String::as_str).collect();
                cover.add(0.85, self.runs_of(&run), true);
            }
        }
        // "It had no effect on midazolam" is about its concentrations, too.
        if part.family.is_some()
            && part.concepts.is_empty()
            && cover.share < NEARLY
            && cues::is_of_an_effect(self.text)
        {
            cover.share = NEARLY;
        }
        if cover.share < 0.8 && stems.len() > 1 {
            let found: Vec<(Span, bool)> = stems
                .iter()
                .enumerate()
                .filter_map(|(place, wanted)| {
                    let at = self.stems.iter().find(|(_, stem)| agrees(stem, wanted, true))?;
                    Some((at.0, place + 1 == stems.len()))
                })
                .collect();
            let share = found.len() as f64 / stems.len() as f64;
            // Of "Clostridioides difficile infection" the head, "infection", says more than the rest.
            let has_head = found.iter().any(|(_, head)| *head);
            let share = if has_head { share } else { share * 0.7 };
            let share = if found.len() == stems.len() { 0.9 } else { share };
            cover.add(share, found.into_iter().map(|(place, _)| place).collect(), false);
        } else if cover.share < 0.8 && part.concepts.is_empty() {
            let near =
                self.stems.iter().filter(|(_, stem)| stems.iter().any(|wanted| agrees(stem, wanted, true)));
            cover.add(0.85, near.map(|(place, _)| *place).collect(), false);
        }
        cover.places.sort_unstable();
        cover.places.dedup();
        cover
    }

    /// Whether the sentence names a thing of this kind that is none of these places.
    pub(super) fn names_another(&self, kind: Kind, known: &[Span]) -> bool {
        self.names.iter().any(|name| {
            name.kind == kind && {
                let place = self.place(&name.range);
                !known.iter().any(|one| one.overlaps(place))
            }
        })
    }

    fn runs_of(&self, wanted: &[&str]) -> Vec<Span> {
        if wanted.is_empty() {
            return Vec::new();
        }
        let runs = self.stems.windows(wanted.len());
        runs.filter(|run| run.iter().zip(wanted).all(|((_, stem), wanted)| stem == wanted))
            .filter_map(|run| Some(Span::new(run.first()?.0.start, run.last()?.0.end)))
            .collect()
    }

    fn place(&self, range: &Range<usize>) -> Span {
        Span::new(range.start + self.span.start, range.end + self.span.start)
    }
}

/// Whether two stems are forms of one word: "mobilis", "mobilisation". Names of things are compared as they are.
fn agrees(one: &str, other: &str, loosely: bool) -> bool {
    if one == other {
        return true;
    }
    let shorter = one.len().min(other.len());
    if !loosely || shorter < 5 {
        return false;
    }
    let common = one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
    common >= 5 && common * 10 >= shorter * 8
}
