//! The sentence that DDI and KD-DTI share.

use std::sync::LazyLock;

use regex::Regex;

use super::{Reading, Stated};
use crate::reading::{LEAD_INS, pattern, without_lead_in};

pub(super) const NONE: &str = "there is no interaction.";

static INTERACTION: LazyLock<Regex> =
    LazyLock::new(|| pattern("^the interaction between (.*) and (.*) is (.*)"));

/// Orders the relations as BioGPT's data does: by the first place of the drug, in the case of the gold, in the
/// lower-cased text; a drug that does not occur there in that case (any with a capital) comes first.
pub(super) fn target(relations: &[Stated], prompt: &str) -> String {
    if relations.is_empty() {
        return NONE.to_owned();
    }
    let mut ordered: Vec<&Stated> = relations.iter().collect();
    ordered.sort_by_key(|relation| prompt.find(relation.head.as_str()));
    let sentences: Vec<String> = ordered
        .into_iter()
        .map(|relation| {
            let [head, tail, kind] =
                [&relation.head, &relation.tail, &relation.kind].map(|part| part.to_lowercase());
            format!("the interaction between {head} and {tail} is {kind}")
        })
        .collect();
    sentences.join("; ") + "."
}

pub(super) fn read(output: &str) -> Reading {
    let answer = without_lead_in(output, &LEAD_INS);
    let mut reading = Reading { none: answer == NONE.trim_end_matches('.'), ..Reading::default() };
    for part in answer.split("; ").filter(|part| !part.trim().is_empty() && !reading.none) {
        match INTERACTION.captures(part) {
            Some(parts) => {
                reading.relations.push(Stated::new(parts[1].trim(), parts[2].trim(), parts[3].trim()));
            }
            None => reading.unread.push(part.to_owned()),
        }
    }
    reading
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_by_the_first_place_of_the_drug() {
        let relations = [
            Stated::new("heparin", "Retavase", "effect"),
            Stated::new("aspirin", "Retavase", "effect"),
            Stated::new("Vitamin K antagonists", "Retavase", "advise"),
        ];
        let text = "retavase with aspirin, heparin and vitamin k antagonists";
        assert_eq!(
            target(&relations, text),
            "the interaction between vitamin k antagonists and retavase is advise; \
             the interaction between aspirin and retavase is effect; \
             the interaction between heparin and retavase is effect."
        );
    }

    #[test]
    fn reads_what_it_writes() {
        let relations = [Stated::new("drug and drop", "5-ht2a receptor", "other/unknown")];
        assert_eq!(read(&target(&relations, "")).relations, relations);
        assert!(read(&target(&[], "")).none);
        assert!(read("the interaction between a and b").is_failed());
    }
}
