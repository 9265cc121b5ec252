//! How far what a sentence says of a thing is from what a dictionary would say.

use glossary::genus;

/// Words of a sentence that says enough and not too much.
pub(crate) const WORDS: std::ops::RangeInclusive<usize> = 6..=45;

/// What ties a sentence to its text: it says nothing when it stands alone.
pub(crate) const TIED: &[&str] = &[
    " we ",
    " our ",
    " us ",
    " here ",
    " this ",
    " these ",
    " et al",
    " fig",
    " table",
    " however",
    " therefore",
    " thus",
    " hence",
    " above",
    " below",
    " respectively",
    " another ",
    " same ",
    " such a ",
    " study",
    " studies",
    " trial",
    " hypothes",
    "[",
    "%",
    " p <",
    "=",
    " authors",
    " review",
    " recently",
    " years ",
    " case ",
    " reported",
    " investigated",
    " demonstrated",
    " mortality",
    " been tested",
    " prevalence",
    " affected individuals",
    " have been described",
    " cases ",
    " unknown",
    " healthy diet",
];
/// Beginnings that rank or promise instead of saying what it is.
const RANKS: &[&str] = &[
    "the first",
    "the second",
    "the third",
    "the only",
    "the main",
    "the major",
    "the leading",
    "the best",
    "the preferred",
    "the case",
    "the result",
    "the next",
    "the standard",
    "the primary",
    "the key",
    "the drug",
    "the treatment",
    "the least",
    "the more",
    "a result",
    "a promising",
    "a potential",
    "a novel",
    "a new",
    "a good",
    "a useful",
    "a popular",
    "a relevant",
    "a reliable",
    "a safe",
    "a significant",
    "a strong",
    "a problem",
    "a growing",
    "a major",
    "a common cause",
    "a frequent",
    "a challenge",
    "a challenging",
    "a concern",
    "an attractive",
    "an alternative",
    "an important cause",
    "an important risk",
    "an essential",
    "an effective",
    "an efficacious",
    "an emerging",
    "an example",
    "an excellent",
    "an ideal",
    "an issue",
    "an independent",
    "an unusual",
];
/// What distinguishes a thing from others of its kind, so that a judgement next to it does no harm.
const DIFFERENCES: &[&str] = &[
    "characterized by",
    "characterised by",
    "caused by",
    "defined as",
    "in which",
    "by which",
    "resulting from",
    "that causes",
    "that inhibits",
    "that blocks",
    "that binds",
    "used to treat",
    "used for",
    "used in the treatment",
    "for the treatment of",
    "inhibitor",
    "antagonist",
    "agonist",
    "blocker",
];
/// Judgements: a dictionary makes none.
const JUDGEMENTS: &[&str] = &[
    "important",
    "common",
    "major",
    "most",
    "well",
    "worldwide",
    "effective",
    "risk factor",
    "essential",
    "used in",
    "prevalent",
    "frequent",
    "serious",
    "impact",
    "burden",
    "incidence",
    "leading",
    "devastating",
    "promising",
    "useful",
    "popular",
    "critical",
    "crucial",
    "classic",
    "public health",
    "attention",
    "challeng",
];

/// How far a predicate with its verb is from what a dictionary would say; `None` for what none would.
pub(crate) fn distance(predicate: &str, kind: &str) -> Option<usize> {
    let said = predicate.split_once(' ').map_or("", |(_, said)| said);
    let words = predicate.split_whitespace().count();
    let fit = WORDS.contains(&words).then(|| fitness(said, kind))??;
    Some(fit + words.abs_diff(18) / 6)
}

/// The same without its length, of what is said without the verb.
pub(crate) fn fitness(said: &str, kind: &str) -> Option<usize> {
    let lower = said.to_lowercase();
    let padded = format!(" {lower} ");
    let judgements = JUDGEMENTS.iter().filter(|word| lower.contains(**word)).count();
    let differs = DIFFERENCES.iter().any(|word| lower.contains(word));
    let named = lower.starts_with("used ") || genus::is_named(&lower);
    let unfit = TIED.iter().any(|tie| padded.contains(tie))
        || RANKS.iter().any(|rank| lower.starts_with(rank))
        || !named
        || judgements > 0 && !differs;
    let of_kind = match kind {
        "qa" => 0,
        "textbook" => 2,
        _ => 4,
    };
    (!unfit).then_some(of_kind + 3 * judgements + usize::from(lower.contains('(')))
}
