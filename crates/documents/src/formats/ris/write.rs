//! Records for reference managers: the bibliography, title and abstract, and what was decided as keywords and notes.

use crate::Document;
use crate::formats::references::{keywords, notes, one_line, several, title_and_abstract};

/// Tags that are written from a property of the same name: those that a RIS file brought along. `AU`, `KW`, `N1` and those of
/// [`record`] are not among them.
const KEPT: [&str; 47] = [
    "A2", "A3", "A4", "AD", "AV", "C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "CA", "CN", "CY", "DA",
    "DB", "DP", "ED", "EP", "ET", "IS", "J2", "JA", "JF", "L1", "L2", "L3", "L4", "LB", "M1", "M2", "M3",
    "PB", "RN", "RP", "SE", "SN", "SP", "ST", "T2", "T3", "TT", "UR", "VL", "Y1",
];
/// MEDLINE's tags of what RIS calls otherwise.
const OF_MEDLINE: [(&str, &str); 4] = [("VI", "VL"), ("IP", "IS"), ("PG", "SP"), ("IS", "SN")];

/// Writes one record a document. Lines end as the format asks for (CR LF), and no value has more than one.
pub(in crate::formats) fn write(documents: &[Document]) -> String {
    documents.iter().map(record).collect()
}

fn record(document: &Document) -> String {
    let mut lines = String::new();
    let mut line = |tag: &str, value: &str| {
        let value = one_line(value);
        if !value.is_empty() {
            lines.push_str(&format!("{tag}  - {value}\r\n"));
        }
    };
    let infon = |key: &str| document.infons.get(key).map_or("", String::as_str);
    line("TY", if infon("journal").is_empty() { "GEN" } else { "JOUR" });
    let (title, rest) = title_and_abstract(document);
    line("TI", &title);
    several(document, "authors").for_each(|author| line("AU", author));
    line("PY", if infon("PY").is_empty() { infon("year") } else { infon("PY") });
    line("JO", infon("journal"));
    line("DO", infon("doi"));
    let pmid = document.pmid().unwrap_or_default();
    let number = [infon("accession"), &pmid].into_iter().find(|number| !number.is_empty());
    line("AN", number.unwrap_or_default());
    // Without a number of a database the record has that of its file.
    line("ID", if number.is_some() { infon("ID") } else { &document.id });
    line("LA", infon("language"));
    if ["OWN", "STAT"].iter().any(|tag| document.infons.contains_key(*tag)) {
        OF_MEDLINE.iter().for_each(|(theirs, ours)| line(ours, infon(theirs)));
    } else {
        KEPT.iter().for_each(|tag| line(tag, infon(tag)));
    }
    line("AB", &rest);
    several(document, "keywords").for_each(|keyword| line("KW", keyword));
    keywords(document).iter().for_each(|keyword| line("KW", keyword));
    line("N1", infon("N1"));
    notes(document).iter().for_each(|note| line("N1", note));
    lines.push_str("ER  - \r\n\r\n");
    lines
}
