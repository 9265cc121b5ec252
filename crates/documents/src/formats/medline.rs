//! MEDLINE text display, `.nbib`: `TAG - value` lines, continued on indented ones.

mod write;

pub(super) use write::write;

use super::ReadError;
use super::detect::tag;
use super::import::Intake;
use crate::{Document, Infons};

/// The fields of one record, in their order.
struct Fields {
    line: usize,
    fields: Vec<(String, String)>,
}

impl Fields {
    fn all<'f>(&'f self, tag: &'f str) -> impl Iterator<Item = &'f str> {
        self.fields
            .iter()
            .filter(move |(name, value)| name == tag && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    fn joined(&self, tag: &str, separator: &str) -> String {
        self.all(tag).collect::<Vec<_>>().join(separator)
    }
}

/// Fields that a record has once: a second one after an empty line begins another record.
const ONCE: [&str; 6] = ["TI", "DP", "TA", "JT", "DCOM", "LR"];
/// Fields of prose, whose lines may begin at the left edge: sections of an abstract do.
const PROSE: [&str; 7] = ["TI", "BTI", "CTI", "TT", "AB", "OAB", "COIS"];

/// Reads the records one by one; PMIDs part them, and empty lines where there is no PMID.
pub(super) fn read(text: &str, intake: &mut Intake<'_>) -> Result<(), ReadError> {
    let has_ids = text.lines().any(|line| tag(line, 4) == Some("PMID"));
    let mut open: Option<Fields> = None;
    let mut outside = Vec::new();
    let mut after_blank = false;
    for (number, line) in (intake.lines_before + 1..).zip(text.lines()) {
        if intake.is_full() {
            return Ok(());
        }
        if line.trim().is_empty() {
            after_blank = true;
            continue;
        }
        if let Some((name, value)) = field(line) {
            let holds = |name: &str| open.as_ref().is_some_and(|fields| fields.all(name).next().is_some());
            let is_new = match name {
                "PMID" => after_blank || holds("PMID"),
                "OWN" | "STAT" if has_ids => after_blank && (holds("TI") || holds(name)),
                name if has_ids => after_blank && ONCE.contains(&name) && holds(name),
                _ => after_blank,
            };
            if is_new && let Some(fields) = open.take() {
                record(&fields, intake);
            }
            let fields = open.get_or_insert_with(|| Fields { line: number, fields: Vec::new() });
            fields.fields.push((name.to_owned(), value.to_owned()));
        } else if let Some((name, value)) = open.as_mut().and_then(|fields| fields.fields.last_mut())
            && (line.starts_with([' ', '\t']) || (!after_blank && PROSE.contains(&name.as_str())))
        {
            if !value.is_empty() {
                value.push(' ');
            }
            value.push_str(line.trim());
        } else {
            outside.push(number);
        }
        after_blank = false;
    }
    if let Some(fields) = open {
        record(&fields, intake);
    }
    if !outside.is_empty() {
        intake.notice(super::Notice::LinesOutsideRecords(outside));
    }
    Ok(())
}

/// The tag and the value of a line; some programs write one blank before the dash (`GN - x`).
fn field(line: &str) -> Option<(&str, &str)> {
    if let Some(name) = tag(line, 4) {
        return Some((name, line.get(4..).unwrap_or_default().trim_start_matches('-').trim()));
    }
    let (name, value) = line.split_once(" - ")?;
    let is_tag = name.len() == 2 && name.bytes().all(|letter| letter.is_ascii_uppercase());
    is_tag.then(|| (name, value.trim()))
}

fn record(fields: &Fields, intake: &mut Intake<'_>) {
    let mut document =
        Document { id: fields.all("PMID").next().unwrap_or_default().to_owned(), ..Document::default() };
    let titles = ["TI", "BTI", "CTI", "TT"].iter().map(|tag| fields.joined(tag, " "));
    document.push_passage("title", &titles.into_iter().find(|title| !title.is_empty()).unwrap_or_default());
    let tag = if fields.all("AB").next().is_some() { "AB" } else { "OAB" };
    for part in fields.all(tag) {
        document.push_passage("abstract", part);
    }
    document.infons = bibliography(fields);
    let place = format!(
        "line {}, PMID {}",
        fields.line,
        if document.id.is_empty() { "unknown" } else { &document.id }
    );
    intake.document(document, place);
}

fn bibliography(fields: &Fields) -> Infons {
    let mut infons = Infons::new();
    let mut keep = |key: &str, value: String| {
        if !value.is_empty() {
            infons.entry(key.to_owned()).or_insert(value);
        }
    };
    keep("pmid", fields.all("PMID").next().unwrap_or_default().to_owned());
    let locations = fields.all("LID").chain(fields.all("AID"));
    let doi =
        locations.filter_map(|value| value.strip_suffix("[doi]")).map(|value| value.trim().to_owned()).next();
    keep("doi", doi.unwrap_or_default());
    keep("pmc", fields.all("PMC").next().unwrap_or_default().to_owned());
    keep("journal", fields.all("JT").chain(fields.all("TA")).next().unwrap_or_default().to_owned());
    keep(
        "year",
        fields.all("DP").next().unwrap_or_default().chars().take_while(char::is_ascii_digit).collect(),
    );
    let authors = fields.joined("FAU", "; ");
    keep("authors", if authors.is_empty() { fields.joined("AU", "; ") } else { authors });
    keep("publication_types", fields.joined("PT", "; "));
    keep("mesh", fields.joined("MH", "; "));
    keep("keywords", fields.joined("OT", "; "));
    keep("language", fields.joined("LA", "; "));
    // All else under its tag. What was chosen among several, or is a part of its field, is kept whole, too.
    let chosen = ["PMID", "PMC", "PT", "MH", "OT", "LA", "TI", "AB"];
    let shown = if fields.all("FAU").next().is_some() { "FAU" } else { "AU" };
    let mut tags: Vec<&str> = fields.fields.iter().map(|(name, _)| name.as_str()).collect();
    tags.sort_unstable();
    tags.dedup();
    for tag in tags.into_iter().filter(|tag| !chosen.contains(tag) && *tag != shown) {
        let value = fields.joined(tag, "; ");
        let is_known = infons.values().any(|known| *known == value);
        if !value.is_empty() && !is_known {
            infons.entry(tag.to_owned()).or_insert(value);
        }
    }
    infons
}

#[cfg(test)]
mod tests {
    use crate::formats::{Format, Notice, read};

    #[test]
    fn reads_continued_fields_and_several_records() {
        let text = "\nPMID- 1\nTI  - A title that goes\n      on.\nAB  - AIM: Dose-\n      finding.\nAID - 10.1/x [doi]\n\
                    DP  - 2002 Sep\nFAU - Doe, Jane\nFAU - Roe, Rick\n\nstray line\nPMID- 2\nTI  - Other.\n\nPMID- 3\nOWN - NLM\n";
        let import = read(text.as_bytes(), "a.nbib").unwrap();
        assert_eq!(import.format, Format::Medline);
        assert_eq!(import.documents.len(), 2);
        let document = &import.documents[0];
        assert_eq!(document.text, "A title that goes on.\nAIM: Dose- finding.");
        assert_eq!(document.infons["authors"], "Doe, Jane; Roe, Rick");
        assert_eq!((document.infons["doi"].as_str(), document.infons["year"].as_str()), ("10.1/x", "2002"));
        assert_eq!(import.issues[0].place, "line 16, PMID 3");
        assert_eq!(import.notices, [Notice::LinesOutsideRecords(vec![12])]);
    }

    #[test]
    fn a_line_of_blanks_or_at_the_left_edge_ends_no_record() {
        let text = "PMID- 1\nTI  - Zinc.\nAB  - BACKGROUND: Colds.\nMETHODS: We gave zinc.\n\tRESULTS: It harms.\n      \nFAU - Roe, Bo\nDP  - 2010\n\n\
                    PMID- 2\nTI  - Iron.\n\nOWN - NLM\nTI  - Of no number.\n";
        let import = read(text.as_bytes(), "a.nbib").unwrap();
        let texts: Vec<&str> = import.documents.iter().map(|document| document.text.as_str()).collect();
        assert_eq!(texts[0], "Zinc.\nBACKGROUND: Colds. METHODS: We gave zinc. RESULTS: It harms.");
        assert_eq!(import.documents[0].infons["authors"], "Roe, Bo");
        assert_eq!(texts[1..], ["Iron.", "Of no number."]);
        assert!(import.notices.is_empty());
    }

    #[test]
    fn keeps_every_field() {
        let text = "PMID- 9\nTI  - Zinc.\nAB  - It harms.\nGN - KIE: Bioethics\nRIN - J Test. PMID: 10\nGR  - R01\nGR  - R02\nDP  - 2019 Sep\nSO  - J Test. 2019\n";
        let import = read(text.as_bytes(), "a.nbib").unwrap();
        let infons = &import.documents[0].infons;
        for (key, value) in [
            ("GN", "KIE: Bioethics"),
            ("RIN", "J Test. PMID: 10"),
            ("GR", "R01; R02"),
            ("DP", "2019 Sep"),
            ("year", "2019"),
            ("SO", "J Test. 2019"),
        ] {
            assert_eq!(infons[key], value, "{key}");
        }
    }
}
