//! What every reader does before it looks for an answer: cut the final stop and the lead-in.

use regex::Regex;
use std::sync::LazyLock;

static LEARNED: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:learned[0-9]+ )+"));

/// A pattern that is part of the program.
#[expect(clippy::expect_used, reason = "the patterns are constants, compiled by a test of every reader")]
pub(crate) fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern compiles")
}

/// Cuts one final `.`, then everything up to the last occurrence of the learned prompt tokens or, if there are none, of
/// the first of `lead_ins` that occurs. This is what BioGPT's `postprocess.py` does.
pub(crate) fn without_lead_in<'a>(output: &'a str, lead_ins: &[&str]) -> &'a str {
    let output = output.trim();
    let output = output.strip_suffix('.').unwrap_or(output);
    if let Some(learned) = LEARNED.find_iter(output).last() {
        return output[learned.end()..].trim();
    }
    for lead_in in lead_ins {
        if let Some(at) = output.rfind(lead_in) {
            return output[at + lead_in.len()..].trim();
        }
    }
    output
}

/// Whether a name that contains this would be read as something else: a separator, or what a reader cuts away.
pub(crate) fn breaks_reading(name: &str) -> bool {
    name.contains(';')
        || LEARNED.is_match(name)
        || LEAD_INS.iter().chain(&BC5CDR_LEAD_INS).any(|lead_in| name.contains(lead_in))
}

/// The lead-ins of the fine-tuned models, in the order in which they are looked for.
pub(crate) const LEAD_INS: [&str; 3] = ["we can conclude that", "we have that", "in conclusion,"];

/// BC5CDR's: its order and the blank before the comma are the reference's.
pub(crate) const BC5CDR_LEAD_INS: [&str; 3] = ["in conclusion ,", "we can conclude that", "we have that"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_what_comes_before_the_answer() {
        let read = |output| without_lead_in(output, &LEAD_INS);
        assert_eq!(read("learned1 learned2 the answer."), "the answer");
        assert_eq!(read(" we have that x we have that y.. "), "y.");
        assert_eq!(read("we can conclude that we have that z"), "we have that z");
        assert_eq!(read("we have that we can conclude that z"), "z");
        assert_eq!(read("."), "");
    }
}
