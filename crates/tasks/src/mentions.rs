//! The mentions of a document by dictionaries and a tagger together.
//!
//! The tagger decides where a name is: it sees the whole text, and what the dictionaries say of each token. The dictionaries
//! decide which concept it is. The thresholds are fitted on development parts.

use documents::{Concept, Document, Span};
use serde::{Deserialize, Serialize};
use terms::words::fold;

use crate::candidates::{Finder, Mention, Origin, single_blanks};
use crate::tagging::{self, KINDS, Tagged, Tags};

/// Thresholds on what one of tagger and dictionaries finds without the other.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    /// The least score of a name that the tagger alone finds.
    pub tagger: f64,
    /// The least probability, by the tagger, of a name that the dictionaries alone find.
    pub dictionary: f64,
}

impl Default for Trust {
    fn default() -> Self {
        Self { tagger: 0.5, dictionary: 0.2 }
    }
}

/// The mentions of a document in text order: those that it gives, the tagger's, and the dictionaries' where the tagger does
/// not contradict. `found` is what `finder` finds alone; `trust` is by kind, in the order of [`KINDS`], `None` for a kind that
/// the tagger does not know, of which the dictionaries' names stay as they are. Kinds that no dictionary has are the tagger's alone and not among them: [`Tagged`] has those. Each comes with the tagger's probability; what the document
/// gives has none.
#[must_use]
pub fn combined(
    document: &Document,
    finder: &Finder,
    found: &[Mention],
    tags: &Tags<'_>,
    tagged: &[Tagged],
    trust: &[Option<Trust>; KINDS.len()],
) -> Vec<(Mention, Option<f64>)> {
    let given = found.iter().filter(|mention| mention.origin == Origin::Given);
    let mut mentions: Vec<(Mention, Option<f64>)> = given.map(|given| (given.clone(), None)).collect();
    let is_free = |mentions: &[(Mention, Option<f64>)], span: Span, kind| {
        !mentions.iter().any(|(other, _)| other.kind == kind && other.cover().overlaps(span))
    };
    for name in tagged.iter().filter(|name| trust[name.kind].is_some_and(|own| name.score >= own.tagger)) {
        let Some(kind) = tagging::kind_of(name.kind) else { continue };
        let Some(text) = name.span.slice(&document.text).map(single_blanks) else { continue };
        if is_free(&mentions, name.span, kind) {
            let concepts = concepts(finder, found, name.span, kind, &text);
            let mention = Mention { spans: vec![name.span], text, kind, origin: Origin::Tagger, concepts };
            mentions.push((mention, Some(name.score)));
        }
    }
    for mention in found.iter().filter(|mention| mention.origin != Origin::Given) {
        let Some(kind) = tagging::place_of(mention.kind) else { continue };
        let probability = trust[kind].map(|own| (tags.probability(mention.cover(), kind), own.dictionary));
        if probability.is_none_or(|(probability, least)| probability >= least)
            && is_free(&mentions, mention.cover(), mention.kind)
        {
            mentions.push((mention.clone(), probability.map(|(probability, _)| probability)));
        }
    }
    mentions.sort_by_key(|(mention, _)| (mention.cover(), mention.kind, mention.origin));
    mentions
}

/// The concepts of a name: those of the dictionaries' mention in the same place, else of the name as a whole, else of the same
/// words elsewhere in the document (an abbreviation that it defines), else of a known name that is its last half or more.
fn concepts(finder: &Finder, found: &[Mention], span: Span, kind: terms::Kind, text: &str) -> Vec<Concept> {
    let known = || found.iter().filter(|other| other.kind == kind && !other.concepts.is_empty());
    if let Some(same) = known().find(|other| other.cover() == span) {
        return same.concepts.clone();
    }
    let folded = fold(text);
    if let Some(same) = known().find(|other| fold(&other.text) == folded) {
        return same.concepts.clone();
    }
    let meanings = finder.dictionary().meanings(text).into_iter().filter(|meaning| meaning.kind == kind);
    let ids: Vec<Concept> = meanings
        .flat_map(|meaning| meaning.concepts)
        .filter(|concept| !concept.id.is_empty())
        .map(|concept| Concept { vocabulary: concept.vocabulary, id: concept.id })
        .collect();
    if !ids.is_empty() {
        return ids;
    }
    let is_most = |other: &&Mention| {
        let cover = other.cover();
        span.contains(cover) && cover.end == span.end && cover.len() * 2 >= span.len()
    };
    known().filter(is_most).max_by_key(|other| other.cover().len()).map_or(Vec::new(), |o| o.concepts.clone())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use terms::{Builder, Kind, Row, Terms};

    use super::*;

    fn finder() -> Finder {
        let mut builder = Builder::new("made for a test");
        for (name, id, kind) in
            [("renal failure", "MESH:D051437", Kind::Disease), ("lead", "MESH:D007854", Kind::Chemical)]
        {
            builder.add(&Row { name: name.to_owned(), id: id.to_owned(), kind, source: "mesh".to_owned() });
        }
        let (bytes, _) = builder.finish().unwrap();
        Finder::new(vec![Arc::new(Terms::from_bytes(bytes).unwrap())])
    }

    /// "Drugs lead to acute renal failures", one token a word.
    fn read(sure: f32) -> (Document, Vec<std::ops::Range<usize>>, Vec<f32>) {
        let document = Document::from_parts("1", &[("abstract", "Drugs lead to acute renal failures")]);
        let offsets = vec![0..5, 6..10, 11..13, 14..19, 20..25, 26..34];
        let mut p = [[0.98f32, 0.01, 0.01]; 6 * KINDS.len()];
        for (token, class) in [(3, 1), (4, 2), (5, 2)] {
            let row = &mut p[token * KINDS.len() + 1];
            *row = [1.0 - sure; 3];
            row[class] = sure;
        }
        (document, offsets, p.concat().into_iter().map(f32::ln).collect())
    }

    #[test]
    fn the_tagger_finds_where_and_the_dictionary_says_what() {
        let (document, offsets, log_p) = read(0.9);
        let finder = finder();
        let found = finder.mentions(&document);
        assert_eq!(found.iter().map(|m| m.text.as_str()).collect::<Vec<_>>(), ["lead", "renal failures"]);
        let tags = Tags { log_probabilities: &log_p, offsets: &offsets };
        let tagged = tags.names(&[true; 6], &[0.0; KINDS.len()]);
        let all =
            combined(&document, &finder, &found, &tags, &tagged, &[Some(Trust::default()); KINDS.len()]);
        let of =
            |(m, _): &(Mention, Option<f64>)| (m.text.clone(), m.kind, m.origin, m.concepts[0].id.clone());
        // "lead" is a verb, and the disease has its modifier, which has no concept of its own.
        assert_eq!(
            all.iter().map(of).collect::<Vec<_>>(),
            [("acute renal failures".to_owned(), Kind::Disease, Origin::Tagger, "D051437".to_owned())]
        );
        assert!((all[0].1.unwrap() - 0.9).abs() < 1e-5);
    }

    #[test]
    fn names_of_a_kind_that_the_tagger_does_not_know_stay_the_dictionaries() {
        let (document, offsets, log_p) = read(0.9);
        let finder = finder();
        let found = finder.mentions(&document);
        let tags = Tags { log_probabilities: &log_p, offsets: &offsets };
        let mut trust = [None; KINDS.len()];
        trust[1] = Some(Trust { tagger: 0.0, dictionary: 2.0 });
        let all = combined(&document, &finder, &found, &tags, &[], &trust);
        let all: Vec<_> = all.iter().map(|(m, p)| (m.text.as_str(), m.origin, *p)).collect();
        assert_eq!(all, [("lead", Origin::Dictionary, None)]);
    }

    #[test]
    fn each_can_be_believed_alone() {
        let (document, offsets, log_p) = read(0.4);
        let finder = finder();
        let found = finder.mentions(&document);
        let tags = Tags { log_probabilities: &log_p, offsets: &offsets };
        let tagged = tags.names(&[true; 6], &[0.0; KINDS.len()]);
        let with = |tagger: f64, dictionary: f64| {
            let trust = [Some(Trust { tagger, dictionary }); KINDS.len()];
            let all = combined(&document, &finder, &found, &tags, &tagged, &trust);
            all.into_iter().map(|(m, _)| m.text).collect::<Vec<_>>()
        };
        assert_eq!(with(2.0, 0.0), ["lead", "renal failures"]);
        assert_eq!(with(2.0, 0.005), ["lead", "renal failures"]);
        assert_eq!(with(2.0, 0.1), ["renal failures"]);
        assert_eq!(with(2.0, 0.5), Vec::<String>::new());
        // What the document gives stays, whatever anybody says.
        let given = documents::Entity {
            id: "T1".to_owned(),
            kind: "Chemical".to_owned(),
            spans: vec![Span::new(6, 10)],
            text: "lead".to_owned(),
            concepts: Vec::new(),
            note: None,
            score: None,
            infons: documents::Infons::default(),
        };
        let document = Document { entities: vec![given], ..document };
        let found = finder.mentions(&document);
        let all = combined(
            &document,
            &finder,
            &found,
            &tags,
            &[],
            &[Some(Trust { tagger: 2.0, dictionary: 2.0 }); 6],
        );
        assert_eq!(all.iter().map(|(m, p)| (m.origin, *p)).collect::<Vec<_>>(), [(Origin::Given, None)]);
    }
}
