//! Records for reference managers, as PubMed's own: the bibliography, title and abstract, and what was decided as other terms
//! (`OT`) and general notes (`GN`).

use crate::Document;
use crate::formats::references::{keywords, notes, one_line, several, title_and_abstract};

/// Tags that [`record`] writes from other properties, or that mark something.
const OWN: [&str; 15] =
    ["PMID", "OWN", "TI", "AB", "FAU", "DP", "JT", "LA", "PT", "MH", "OT", "GN", "PMC", "BTI", "OAB"];
/// RIS tags of what MEDLINE calls otherwise.
const OF_RIS: [(&str, &str); 4] = [("VL", "VI"), ("IS", "IP"), ("SP", "PG"), ("SN", "IS")];
/// Fields of prose, which have one value each.
const WHOLE: [&str; 5] = ["CI", "CN", "COIS", "SO", "TT"];

/// Writes one record a document, with an empty line behind each. No value has more than one line.
pub(in crate::formats) fn write(documents: &[Document]) -> String {
    documents.iter().map(record).collect()
}

fn record(document: &Document) -> String {
    let mut lines = String::new();
    let mut line = |tag: &str, value: &str| {
        let value = one_line(value);
        if !value.is_empty() {
            lines.push_str(&format!("{tag:<4}- {value}\n"));
        }
    };
    let infon = |key: &str| document.infons.get(key).map_or("", String::as_str);
    line("PMID", &document.pmid().unwrap_or_default());
    // Each record has it, so that one without a number of PubMed's is distinguished from the one before.
    line("OWN", if infon("OWN").is_empty() { "NOTNLM" } else { infon("OWN") });
    let (title, rest) = title_and_abstract(document);
    line("TI", &title);
    line("DP", if infon("DP").is_empty() { infon("year") } else { infon("DP") });
    let has_doi = ["LID", "AID"].iter().any(|tag| infon(tag).contains("[doi]"));
    if !has_doi && !infon("doi").is_empty() {
        // Readers look in one or the other, and PubMed writes both.
        line("LID", &format!("{} [doi]", infon("doi")));
        line("AID", &format!("{} [doi]", infon("doi")));
    }
    line("AB", &rest);
    several(document, "authors").for_each(|author| line("FAU", author));
    line("JT", infon("journal"));
    line("PMC", infon("pmc"));
    several(document, "language").for_each(|language| line("LA", language));
    several(document, "publication_types").for_each(|kind| line("PT", kind));
    several(document, "mesh").for_each(|heading| line("MH", heading));
    if infon("OWN").is_empty() && infon("STAT").is_empty() {
        OF_RIS.iter().for_each(|(theirs, ours)| line(ours, infon(theirs)));
    } else {
        let is_tag = |key: &&String| {
            (2..=4).contains(&key.len())
                && key.bytes().all(|byte| byte.is_ascii_uppercase())
                && !OWN.contains(&key.as_str())
        };
        for tag in document.infons.keys().filter(is_tag) {
            if WHOLE.contains(&tag.as_str()) {
                line(tag, infon(tag));
            } else {
                several(document, tag).for_each(|value| line(tag, value));
            }
        }
    }
    let terms = keywords(document);
    several(document, "keywords").for_each(|term| line("OT", term));
    terms.iter().for_each(|term| line("OT", term));
    line("GN", infon("GN"));
    notes(document).iter().for_each(|note| line("GN", note));
    lines.push('\n');
    lines
}
