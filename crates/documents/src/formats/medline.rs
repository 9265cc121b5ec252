//! MEDLINE text display, `.nbib`: `TAG - value` lines, continued on indented ones.

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

/// Reads the records one by one; empty lines and PMIDs part them.
pub(super) fn read(text: &str, intake: &mut Intake<'_>) -> Result<(), ReadError> {
    let mut open: Option<Fields> = None;
    let mut outside = 0;
    let mut after_blank = false;
    for (number, line) in (1..).zip(text.lines()) {
        if intake.is_full() {
            return Ok(());
        }
        if line.trim().is_empty() {
            after_blank = true;
            continue;
        }
        if let Some(name) = tag(line, 4) {
            let is_new = name == "PMID" || after_blank;
            if is_new && let Some(fields) = open.take() {
                record(&fields, intake);
            }
            let value = line.get(4..).unwrap_or_default().trim_start_matches('-').trim().to_owned();
            let fields = open.get_or_insert_with(|| Fields { line: number, fields: Vec::new() });
            fields.fields.push((name.to_owned(), value));
        } else if line.starts_with(' ')
            && let Some((_, value)) = open.as_mut().and_then(|fields| fields.fields.last_mut())
        {
            if !value.is_empty() {
                value.push(' ');
            }
            value.push_str(line.trim());
        } else {
            outside += 1;
        }
        after_blank = false;
    }
    if let Some(fields) = open {
        record(&fields, intake);
    }
    if outside > 0 {
        intake.notice(super::Notice::LinesOutsideRecords(outside));
    }
    Ok(())
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
        assert_eq!(import.notices, [Notice::LinesOutsideRecords(1)]);
    }
}
