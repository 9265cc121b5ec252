//! What a task read and grounded, as the library stores it.

use std::collections::BTreeMap;

use sessions::{Content, Grade, Participant, Prediction, Warning};
use tasks::RelationTask;
use tasks::cues::CueKind;
use tasks::grounding::{Agreement, Grounded, GroundedName};
use tasks::scores::RelationScore;

/// A relation that a model stated, with its support. `score` is the calibrated probability, `masked_mass` what the grammar
/// took away while it was written.
#[must_use]
pub fn of_relation(
    task: RelationTask,
    grounded: &Grounded,
    text: &str,
    figures: &RelationScore,
    score: Option<f64>,
    masked_mass: Option<f64>,
) -> Prediction {
    let [head, tail] = task.roles();
    let near = |name: &GroundedName, role: &str| participant(name, role, &grounded.sentences);
    let participants = vec![near(&grounded.head, head), near(&grounded.tail, tail)];
    let mut named = BTreeMap::from([("log_probability".to_owned(), figures.log_probability)]);
    named.extend(figures.against_none.map(|value| ("against_none".to_owned(), value)));
    named.extend(figures.against_swapped.map(|value| ("against_swapped".to_owned(), value)));
    // A figure that is no number has no place in a JSON file.
    named.retain(|_, value| value.is_finite());
    Prediction {
        grade: participants
            .iter()
            .map(|one| one.grade)
            .max_by_key(|grade| weakness(*grade))
            .unwrap_or(Grade::Absent),
        content: Content::Relation { kind: grounded.kind.clone(), participants },
        score,
        masked_mass,
        figures: named,
        evidence: grounded.sentences.clone(),
        warnings: grounded
            .cues
            .iter()
            .map(|cue| Warning {
                kind: match cue.kind {
                    CueKind::Negation => "negation",
                    CueKind::Hedge => "hedging",
                }
                .to_owned(),
                span: Some(cue.span),
                text: cue.span.slice(text).unwrap_or_default().to_owned(),
            })
            .collect(),
    }
}

fn participant(name: &GroundedName, role: &str, sentences: &[documents::Span]) -> Participant {
    let mut spans: Vec<documents::Span> = name.evidence.iter().map(|one| one.span).collect();
    // The mention nearest to the evidence first.
    spans.sort_by_key(|span| (!sentences.iter().any(|sentence| sentence.contains(*span)), *span));
    Participant {
        role: role.to_owned(),
        name: name.name.clone(),
        spans,
        concepts: name.concepts.clone(),
        grade: match name.agreement {
            Agreement::Exact => Grade::Exact,
            Agreement::Case => Grade::Case,
            Agreement::Abbreviation => Grade::Abbreviation,
            Agreement::Alias => Grade::Alias,
            Agreement::None => Grade::Absent,
        },
    }
}

const fn weakness(grade: Grade) -> u8 {
    match grade {
        Grade::Exact => 0,
        Grade::Case => 1,
        Grade::Abbreviation => 2,
        Grade::Alias => 3,
        Grade::Absent => 4,
    }
}
