//! Words near the evidence that deny or soften it. They make a warning; they never change a relation.

use std::sync::LazyLock;

use documents::Span;
use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::reading::pattern;

/// What a cue does to a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CueKind {
    /// Denies it: "did not", "no association".
    Negation,
    /// Softens it: "may", "suggests".
    Hedge,
}

/// A cue in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cue {
    /// What it does.
    pub kind: CueKind,
    /// Where it is.
    pub span: Span,
}

static NEGATIONS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?xi)\b(?:
            not (?:\s only \b (?<only>))? | cannot | can['’]t | (?:did|does|do|was|were|is|are|has|have|had|could|would)n['’]t
            | no (?:\s+(?:significant|clear|clinically\s+relevant))? \s+ (?:association|evidence|effect|effects|difference
                | differences|relation|relationship|interaction|interactions|change|changes|increase|correlation|signs?
                | cases?|sign|influence|impact|toxicity|patients?|adverse)
            | neither | nor | without | absence\s+of | lack\s+of | lacked | failed\s+to | fails\s+to | failure\s+to
            | (?:ruled|rule)\s+out | excluded | denied | never | none\s+of | free\s+of | unaffected | unrelated
            | unlikely | negative\s+for | prevent(?:s|ed|ion)? | protect(?:s|ed)?\s+against
        )\b",
    )
});

static HEDGES: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?xi)\b(?:
            may | might | could | possibl[ey] | possibility | probabl[ey] | perhaps | likely | potential(?:ly)?
            | suggest(?:s|ed|ing|ive)? | appear(?:s|ed)?\s+to | seem(?:s|ed)?\s+to | suspected | suspicion | presum(?:ed|ably)
            | putative | hypothesi[sz]ed? | unclear | unknown | uncertain | questionable | controversial | whether
            | not\s+established | cannot\s+be\s+excluded | remains?\s+to\s+be
        )\b",
    )
});

/// The cues inside the given evidence sentences, in text order.
#[must_use]
pub fn near(text: &str, evidence: &[Span]) -> Vec<Cue> {
    let mut cues = Vec::new();
    for sentence in evidence {
        let Some(words) = sentence.slice(text) else {
            continue;
        };
        for (kind, cue) in [(CueKind::Negation, &*NEGATIONS), (CueKind::Hedge, &*HEDGES)] {
            let found = cue.captures_iter(words).filter(|found| found.name("only").is_none());
            cues.extend(found.filter_map(|found| found.get(0)).map(|found| Cue {
                kind,
                span: Span::new(sentence.start + found.start(), sentence.start + found.end()),
            }));
        }
    }
    cues.sort_by_key(|cue| (cue.span, cue.kind));
    cues.dedup();
    cues
}

static CONTRASTS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i);|\b(?:although|though|but|however|whereas|while|despite|except|yet)\b"));

/// The cues inside the given evidence sentences that are about one of these names: a denial ends at "although", so that it counts
/// only where one of them is on the same side.
#[must_use]
pub fn about(text: &str, evidence: &[Span], names: &[Span]) -> Vec<Cue> {
    let mut cues = near(text, evidence);
    cues.retain(|cue| {
        cue.kind != CueKind::Negation
            || evidence.iter().filter(|sentence| sentence.contains(cue.span)).all(|sentence| {
                let clause = clause_around(text, *sentence, cue.span);
                names.iter().any(|name| clause.overlaps(*name))
                    || !names.iter().any(|name| sentence.contains(*name))
            })
    });
    cues
}

/// The part of a sentence between the words of contrast before and after a span.
fn clause_around(text: &str, sentence: Span, span: Span) -> Span {
    let words = sentence.slice(text).unwrap_or_default();
    let borders: Vec<usize> =
        CONTRASTS.find_iter(words).map(|found| sentence.start + found.start()).collect();
    let start =
        borders.iter().copied().filter(|border| *border <= span.start).max().unwrap_or(sentence.start);
    let end = borders.into_iter().filter(|border| *border >= span.end).min().unwrap_or(sentence.end);
    Span::new(start, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(CueKind, &str)]) {
        let cues = near(text, &[Span::new(0, text.len())]);
        let cues: Vec<_> = cues.iter().map(|cue| (cue.kind, cue.span.slice(text).unwrap())).collect();
        assert_eq!(cues, expected, "{text}");
    }

    #[test]
    fn denials_and_softeners_are_found() {
        use CueKind::{Hedge, Negation};
        check("Aspirin did not cause bleeding.", &[(Negation, "not")]);
        check("There was no significant association.", &[(Negation, "no significant association")]);
        check("It may cause it without harm.", &[(Hedge, "may"), (Negation, "without")]);
        check("Not only aspirin caused bleeding.", &[]);
        check("Nothing notable in May 2000? Mayhem.", &[(Hedge, "May")]);
        check("It doesn’t.", &[(Negation, "doesn’t")]);
    }

    #[test]
    fn a_denial_ends_where_the_sentence_turns() {
        let text = "No patient receiving dronedarone developed fibrosis, although nausea was frequent.";
        let at = |name: &str| text.find(name).map(|start| Span::new(start, start + name.len())).unwrap();
        let count = |names: &[Span]| about(text, &[Span::new(0, text.len())], names).len();
        assert_eq!(count(&[at("nausea")]), 0, "it was frequent");
        assert_eq!(count(&[at("fibrosis"), at("nausea")]), 1, "one of the two is denied");
        assert_eq!(count(&[at("dronedarone"), at("fibrosis")]), 1);
        assert_eq!(count(&[]), 1, "a sentence that names neither may be about both");
        let text = "It may help, but it did not.";
        assert_eq!(
            about(text, &[Span::new(0, text.len())], &[Span::new(0, 2)]).len(),
            1,
            "a doubt has no end"
        );
    }

    #[test]
    fn only_the_evidence_is_looked_at() {
        let text = "It did not. It did.";
        assert!(near(text, &[Span::new(12, 19)]).is_empty());
        assert_eq!(near(text, &[Span::new(0, 11)]).len(), 1);
    }
}
