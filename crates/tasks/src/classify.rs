//! HoC: which hallmarks of cancer a sentence speaks of.

use std::sync::LazyLock;

use regex::Regex;

use crate::reading::{LEAD_INS, pattern, without_lead_in};

/// The ten hallmarks, in alphabetical order.
pub const HALLMARKS: [&str; 10] = [
    "activating invasion and metastasis",
    "avoiding immune destruction",
    "cellular energetics",
    "enabling replicative immortality",
    "evading growth suppressors",
    "genomic instability and mutation",
    "inducing angiogenesis",
    "resisting cell death",
    "sustaining proliferative signaling",
    "tumor promoting inflammation",
];

/// What the model writes for a sentence that speaks of none.
pub const EMPTY: &str = "empty";

/// What the target says before the labels.
pub(crate) const STEM: &str = "the type of this document is";

static LABELS: LazyLock<Regex> = LazyLock::new(|| pattern(&format!("{STEM}(.*)")));

/// The sentence as it is: the reference neither lower-cases nor trims it.
#[must_use]
pub fn prompt(sentence: &str) -> String {
    sentence.to_owned()
}

/// `the type of this document is {label}|{label}.`, in the given order; `empty` for no label.
#[must_use]
pub fn target<S: AsRef<str>>(labels: &[S]) -> String {
    let labels: Vec<&str> = labels.iter().map(AsRef::as_ref).collect();
    let labels = if labels.is_empty() { EMPTY.to_owned() } else { labels.join("|") };
    format!("{STEM} {labels}.")
}

/// The label field after the stem, wherever it stands; `None` if it does not.
#[must_use]
pub fn read(output: &str) -> Option<String> {
    let field = LABELS.captures(without_lead_in(output, &LEAD_INS))?;
    Some(field[1].trim().to_owned())
}

/// The known labels of a field, [`EMPTY`] included, each once; unknown ones are left out.
#[must_use]
pub fn labels(field: &str) -> Vec<&'static str> {
    let mut known = Vec::new();
    for name in field.split('|').map(str::trim) {
        let label = HALLMARKS.into_iter().chain([EMPTY]).find(|label| *label == name);
        if let Some(label) = label.filter(|label| !known.contains(label)) {
            known.push(label);
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let pair = [HALLMARKS[7], HALLMARKS[0]];
        assert_eq!(labels(&read(&target(&pair)).unwrap()), pair);
        assert_eq!(labels(&read(&target::<&str>(&[])).unwrap()), [EMPTY]);
        assert_eq!(read("empty"), None);
        assert!(labels("Empty | unheard of").is_empty());
    }
}
