//! What a sentence says of a relation that it is evidence for.

use documents::{Document, EvidenceReading, EvidenceStance, Span, Stance, evidence};

use super::cover::Sentence;
use super::judge::{Named, doubts, judge};
use super::question::Parsed;
use crate::RelationTask;

/// What a sentence says of a relation of two names, of which the places in the text are given. A sentence without both is
/// background, whatever it says.
#[must_use]
pub fn of_relation(
    task: RelationTask,
    document: &Document,
    sentence: Span,
    names: [&[Span]; 2],
) -> EvidenceReading {
    let (stance, reason) = read(task, &document.text, sentence, names);
    EvidenceReading { stance, place: evidence::place(document, sentence), reason }
}

fn read(
    task: RelationTask,
    text: &str,
    sentence: Span,
    [heads, tails]: [&[Span]; 2],
) -> (EvidenceStance, String) {
    let inside = |spans: &[Span]| -> Vec<Span> {
        spans.iter().copied().filter(|span| sentence.contains(*span)).collect()
    };
    let (subjects, objects) = (inside(heads), inside(tails));
    let Some(words) = sentence.slice(text).filter(|_| !subjects.is_empty() && !objects.is_empty()) else {
        return (EvidenceStance::Background, "does not name both".to_owned());
    };
    let named = Named::pair(subjects, objects);
    let (sentence, asked) = (Sentence::bare(sentence, words), Parsed::of_presence());
    if let Some(judged) = doubts(&asked, &sentence, &named) {
        let stance = match judged.stance {
            Stance::For => EvidenceStance::Supports,
            Stance::Against => EvidenceStance::Contradicts,
            Stance::Unclear => EvidenceStance::Partly,
        };
        return (stance, judged.reason);
    }
    // "It reduced the toxicity of the other": of which of two drugs, words do not tell. Less of a drug or of a target's activity
    // is a relation like any other.
    let judged = (task == RelationTask::Bc5cdr).then(|| judge(&asked, &sentence, &named));
    match judged.filter(|judged| judged.stance != Stance::For) {
        Some(judged) => (EvidenceStance::Partly, format!("speaks of less: {}", judged.reason)),
        None => (EvidenceStance::Supports, "said without denial or doubt".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(task: RelationTask, text: &str, head: &str, tail: &str, expected: &str) {
        let find = |name: &str| -> Vec<Span> {
            text.match_indices(name).map(|(at, _)| Span::new(at, at + name.len())).collect()
        };
        let document = Document::from_parts("1", &[("abstract", text)]);
        let read = of_relation(task, &document, Span::new(0, text.len()), [&find(head), &find(tail)]);
        assert_eq!((read.words().as_str(), read.place.as_str()), (expected, "abstract"), "{text}");
    }

    #[test]
    fn a_sentence_supports_doubts_or_denies_what_it_is_evidence_for() {
        for (text, head, tail, expected) in [
            ("Lithium caused tremor.", "Lithium", "tremor", "supports: said without denial or doubt"),
            ("Lithium may cause tremor.", "Lithium", "tremor", "partly: hedged by “may”"),
            ("Lithium did not cause tremor.", "Lithium", "tremor", "contradicts: denied by “not”"),
            // The denial is of something else.
            (
                "Lithium caused tremor, but not rigidity.",
                "Lithium",
                "tremor",
                "supports: said without denial or doubt",
            ),
            ("Lithium is used in mania.", "Lithium", "tremor", "background: does not name both"),
        ] {
            check(RelationTask::Bc5cdr, text, head, tail, expected);
        }
    }

    #[test]
    fn what_lowers_a_disease_may_be_another_thing_and_what_lowers_a_drug_interacts_with_it() {
        let text = "Rifampicin reduced toxicity of digoxin.";
        check(RelationTask::Bc5cdr, text, "Rifampicin", "toxicity", "partly: speaks of less: “reduced”");
        let plain = "supports: said without denial or doubt";
        check(RelationTask::Ddi, text, "Rifampicin", "digoxin", plain);
    }
}
