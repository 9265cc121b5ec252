//! Tasks with a model whose heads answer.

use biogpt::heads::{ClassifierShape, HeadsShape, PairsShape, TaggerShape};
use documents::{Concept, Entity, Infons, Span};
use tasks::guidance::TaskGuidance;
use tasks::mentions::Trust;
use tasks::tagging::{HINTS, KINDS};

use super::*;

fn owned(labels: &[&str]) -> Vec<String> {
    labels.iter().map(|label| (*label).to_owned()).collect()
}

/// A model with a tagger whose names count from these probabilities on, pair scorers and a classifier, and tuned for nothing.
fn with_heads<R>(trust: Trust, work: impl FnOnce(&mut TaskContext<'_>) -> R) -> R {
    let pairs = |task: RelationTask| PairsShape {
        name: task.name().to_owned(),
        labels: std::iter::once("none").chain(task.kinds().iter().copied()).map(str::to_owned).collect(),
        inner: 16,
        heads: 2,
        block: 4,
    };
    let labels = owned(&["yes", "no", "maybe"]);
    let file = HeadsFile {
        file: "heads.bpk".to_owned(),
        licence: String::new(),
        shape: HeadsShape {
            mentions: Some(TaggerShape { kinds: owned(&KINDS), hints: HINTS, inner: 16 }),
            pairs: vec![pairs(RelationTask::Bc5cdr), pairs(RelationTask::Ddi)],
            classes: vec![ClassifierShape {
                name: "pubmedqa".to_owned(),
                labels,
                exclusive: true,
                inner: 16,
            }],
        },
    };
    let trust = KINDS.iter().map(|kind| ((*kind).to_owned(), trust)).collect();
    let mentions = TaskGuidance { trust, ..TaskGuidance::default() };
    let guidance = Guidance([(MENTIONS.to_owned(), mentions)].into());
    work(&mut TaskContext::new(&mut biogpt(&[], vec![file], guidance)))
}

/// Believes only one of the two.
const DICTIONARY: Trust = Trust { tagger: 2.0, dictionary: 0.0 };
const BOTH: Trust = Trust { tagger: 0.0, dictionary: 0.0 };

fn entities(context: &mut TaskContext<'_>, document: &Document) -> Vec<Entity> {
    find_mentions(context, document, finders().dictionaries()).unwrap().entities(document)
}

#[test]
fn names_come_from_the_tagger_and_the_dictionaries_each_as_far_as_it_is_believed() {
    let document = abstract_();
    let plain = with(untrained, |context| entities(context, &document));
    assert!(plain.iter().all(|name| name.score.is_none() && name.infons["found by"] != "tagger"));
    let named = |names: &[Entity]| {
        names
            .iter()
            .map(|name| (name.spans.clone(), name.kind.clone(), name.concepts.clone()))
            .collect::<Vec<_>>()
    };
    let dictionary = with_heads(DICTIONARY, |context| entities(context, &document));
    assert_eq!(named(&dictionary), named(&plain));
    assert!(dictionary.iter().all(|name| name.score.is_some_and(|score| (0.0..=1.0).contains(&score))));
    let both = with_heads(BOTH, |context| entities(context, &document));
    assert!(both.iter().any(|name| name.infons["found by"] == "tagger"), "{both:?}");
    assert!(both.iter().any(|name| name.kind == "Species"), "{both:?}");
    let mut ids: Vec<&str> = both.iter().map(|name| name.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), both.len());
    for name in &both {
        let words =
            name.spans[0].slice(&document.text).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words, name.text, "{name:?}");
        assert!(name.score.is_some_and(|score| (0.0..=1.0).contains(&score)));
    }
    assert_eq!(with_heads(BOTH, |context| entities(context, &document)), both);
}

#[test]
fn what_a_document_gives_stays_as_it_is() {
    let given = Entity {
        id: "T1".to_owned(),
        kind: "Disease".to_owned(),
        spans: vec![Span::new(0, 7)],
        text: "Lithium".to_owned(),
        concepts: vec![Concept { vocabulary: "OWN".to_owned(), id: "1".to_owned() }],
        note: Some("a curator's".to_owned()),
        score: None,
        infons: Infons::from([("kept".to_owned(), "yes".to_owned())]),
    };
    let document = Document { entities: vec![given.clone()], ..abstract_() };
    let found = with_heads(BOTH, |context| entities(context, &document));
    assert_eq!(found.iter().filter(|name| name.id == "T1").collect::<Vec<_>>(), [&given]);
    let over = |name: &&Entity| name.kind == "Disease" && name.spans[0].overlaps(given.spans[0]);
    assert_eq!(found.iter().filter(over).count(), 1);
}

#[test]
fn a_long_text_loses_and_doubles_no_name_where_windows_meet() {
    let sentence = "Lithium carbonate may cause nausea in some of the patients of this long study. ";
    let document = Document::from_parts("1", &[("abstract", &sentence.repeat(90))]);
    let plain = with(untrained, |context| entities(context, &document));
    let found = with_heads(DICTIONARY, |context| entities(context, &document));
    assert_eq!(
        found.iter().map(|name| name.spans[0]).collect::<Vec<_>>(),
        plain.iter().map(|name| name.spans[0]).collect::<Vec<_>>()
    );
    let both = with_heads(BOTH, |context| entities(context, &document));
    for kind in KINDS {
        let own: Vec<Span> = both.iter().filter(|name| name.kind == kind).map(|name| name.spans[0]).collect();
        assert!(own.windows(2).all(|two| !two[0].overlaps(two[1])), "{kind}: {own:?}");
        assert!(own.last().is_none_or(|last| last.end > document.text.len() / 2));
    }
}

#[test]
fn pairs_and_answers_come_from_heads_without_a_prompt() {
    let (document, finders) = (abstract_(), finders());
    with_heads(DICTIONARY, |context| {
        for task in [RelationTask::Bc5cdr, RelationTask::Ddi] {
            let request = extraction(task, ALL_PAIRS, &document, finders.dictionaries());
            let outcome = extract(context, &request, &mut |_| ()).unwrap();
            check(task, &document, &outcome);
            assert!(task != RelationTask::Bc5cdr || outcome.predictions.len() >= 2, "{outcome:?}");
            let again = extract(context, &request, &mut |_| ()).unwrap();
            assert_eq!(again.predictions, outcome.predictions);
        }
        let question =
            Question { question: "Does lithium cause nausea?", document: &document, abstain_below: 0.0 };
        let answered = answer(context, &question).unwrap();
        assert!((answered.probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-6);
        let request = extraction(RelationTask::Bc5cdr, Mode::Generate, &document, finders.dictionaries());
        assert!(extract(context, &request, &mut |_| ()).is_err());
    });
}

#[test]
fn what_is_stopped_while_names_are_looked_for_is_an_error() {
    with_heads(BOTH, |context| {
        context.cancel.cancel();
        let found = find_mentions(context, &abstract_(), finders().dictionaries());
        assert_eq!(found, Err(InferenceError::Cancelled));
    });
}
