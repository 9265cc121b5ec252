//! From a relation in words to a finding: grounded, scored, with its warnings.

use std::collections::BTreeMap;

use documents::{Content, Document, Grade, Participant, Prediction, Span, Warning};
use tasks::cues::CueKind;
use tasks::grounding::{Agreement, Grounded, GroundedName, Grounding};
use tasks::scores::RelationScore;
use tasks::{RelationTask, Stated, stance};

/// How sure a model is of a relation.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Certainty {
    /// Calibrated, or as it is where nothing was fitted.
    pub(super) probability: Option<f64>,
    /// As a statement of its own.
    pub(super) statement: Option<RelationScore>,
    /// What the grammar took away at each of its tokens.
    pub(super) masked: Vec<f64>,
}

/// The finding that states a relation.
pub(super) fn relation(
    task: RelationTask,
    document: &Document,
    grounding: &Grounding,
    stated: &Stated,
    certainty: &Certainty,
) -> Prediction {
    let grounded = grounding.relation(stated);
    let [head, tail] = task.roles();
    let participants =
        vec![participant(head, &grounded.head, &grounded), participant(tail, &grounded.tail, &grounded)];
    let weakest = grounded.head.agreement.max(grounded.tail.agreement);
    let mut figures = BTreeMap::new();
    if let Some(score) = certainty.statement {
        figures.insert("log_probability".to_owned(), score.log_probability);
        figures.extend(score.against_none.map(|value| ("against_none".to_owned(), value)));
        figures.extend(score.against_swapped.map(|value| ("against_swapped".to_owned(), value)));
    }
    // Four decimals are more than anyone reads of a probability, and keep a long statement's list short.
    let masked: Vec<f64> =
        certainty.masked.iter().map(|mass| (mass.clamp(0.0, 1.0) * 1e4).round() / 1e4).collect();
    if !masked.is_empty() {
        let most = masked.iter().copied().fold(0.0, f64::max);
        figures.insert("greatest_masked_mass".to_owned(), most);
    }
    // A figure that is no number has no place in a file.
    figures.retain(|_, value| value.is_finite());
    let mean = masked.iter().sum::<f64>() / masked.len().max(1) as f64;
    let places = [&grounded.head, &grounded.tail]
        .map(|name| name.evidence.iter().map(|evidence| evidence.span).collect::<Vec<Span>>());
    let [heads, tails] = &places;
    let sentences = grounded.sentences.iter();
    let readings = sentences.map(|one| stance::of_relation(task, document, *one, [heads, tails]));
    Prediction {
        readings: readings.collect(),
        content: Content::Relation { kind: grounded.kind.clone(), participants },
        score: certainty.probability.map(|value| value.clamp(0.0, 1.0)),
        masked_mass: (!masked.is_empty()).then(|| mean.clamp(0.0, 1.0)),
        masked_masses: masked,
        figures,
        warnings: warnings(document, &grounded),
        evidence: grounded.sentences,
        grade: grade(weakest),
    }
}

fn participant(role: &str, name: &GroundedName, grounded: &Grounded) -> Participant {
    let is_near = |span: &Span| grounded.sentences.iter().any(|sentence| sentence.contains(*span));
    let mut spans: Vec<Span> = name.evidence.iter().map(|evidence| evidence.span).collect();
    // The mention nearest to the evidence first.
    spans.sort_by_key(|span| (!is_near(span), *span));
    Participant {
        role: role.to_owned(),
        name: name.name.clone(),
        spans,
        concepts: name.concepts.clone(),
        grade: grade(name.agreement),
    }
}

fn warnings(document: &Document, grounded: &Grounded) -> Vec<Warning> {
    let cue = |cue: &tasks::cues::Cue| Warning {
        kind: match cue.kind {
            CueKind::Negation => "negation",
            CueKind::Hedge => "hedging",
        }
        .to_owned(),
        span: Some(cue.span),
        text: cue.span.slice(&document.text).unwrap_or_default().to_owned(),
    };
    let absent = |name: &GroundedName| {
        (name.agreement == Agreement::None).then(|| Warning {
            kind: "other".to_owned(),
            span: None,
            text: format!(
                "{} does not stand in the text: it is a dictionary's name for something there",
                name.name
            ),
        })
    };
    let cues = grounded.cues.iter().map(cue);
    cues.chain([&grounded.head, &grounded.tail].into_iter().filter_map(absent)).collect()
}

const fn grade(agreement: Agreement) -> Grade {
    match agreement {
        Agreement::Exact => Grade::Exact,
        Agreement::Case => Grade::Case,
        Agreement::Alias => Grade::Alias,
        Agreement::Abbreviation => Grade::Abbreviation,
        Agreement::None => Grade::Absent,
    }
}
