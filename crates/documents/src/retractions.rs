//! Lists of retracted articles that a user has: tables with a column of PMIDs or DOIs, such as Crossref's file of Retraction
//! Watch.

use std::collections::{BTreeSet, HashMap};

use csv::ReaderBuilder;
use thiserror::Error;

use crate::article_ids::{doi, pmid};
use crate::model::Document;

/// Why a list cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error, remedies::Remedy)]
pub enum RetractionsError {
    /// No column is one of ids.
    #[error(
        "{list} has no column of PMIDs or DOIs. Name one `pmid` or `doi` in its first line, and save it as CSV in UTF-8."
    )]
    NoIds {
        /// The name of the list.
        list: String,
    },
}

/// Retracted articles by their ids. An article may have several notices: an expression of concern, then a retraction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retractions {
    notices: Vec<String>,
    by_pmid: HashMap<String, Vec<usize>>,
    by_doi: HashMap<String, Vec<usize>>,
}

/// Names of columns in lower case, letters and digits alone. The notice of a retraction has ids of its own, which are none of these.
const PMIDS: [&str; 4] = ["originalpaperpubmedid", "pmid", "pubmedid", "pubmed"];
const DOIS: [&str; 2] = ["originalpaperdoi", "doi"];
const DATES: [&str; 4] = ["retractiondate", "dateofretraction", "date", "year"];
const REASONS: [&str; 2] = ["reason", "reasons"];
const NATURES: [&str; 3] = ["retractionnature", "nature", "noticetype"];

impl Retractions {
    /// Adds the articles of a list under its name; commas, semicolons or tabs part the cells. Rows without an id say nothing.
    ///
    /// # Errors
    /// If no column has ids: what the list says would be missed.
    pub fn add(&mut self, list: &str, bytes: &[u8]) -> Result<(), RetractionsError> {
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim_start_matches('\u{feff}');
        let first = text.lines().next().unwrap_or_default();
        let count = |sign: char| first.matches(sign).count();
        let delimiter =
            [',', ';', '\t'].into_iter().max_by_key(|sign| (count(*sign), *sign == ',')).unwrap_or(',');
        let mut reader =
            ReaderBuilder::new().delimiter(delimiter as u8).flexible(true).from_reader(text.as_bytes());
        let header = reader.headers().cloned().unwrap_or_default();
        let column = |names: &[&str]| {
            names.iter().find_map(|name| header.iter().position(|cell| folded(cell) == *name))
        };
        let (pmids, dois) = (column(&PMIDS), column(&DOIS));
        if pmids.is_none() && dois.is_none() {
            return Err(RetractionsError::NoIds { list: list.to_owned() });
        }
        let (natures, dates, reasons) = (column(&NATURES), column(&DATES), column(&REASONS));
        // Rows of any length, of a text in memory, can all be read.
        for row in reader.records().flatten() {
            let cell = |column: Option<usize>| column.and_then(|at| row.get(at)).unwrap_or_default().trim();
            let (pmid, doi) = (pmid(cell(pmids)), doi(cell(dois)));
            if pmid.is_none() && doi.is_none() {
                continue;
            }
            let place = self.notices.len();
            if let Some(id) = pmid {
                self.by_pmid.entry(id).or_default().push(place);
            }
            if let Some(id) = doi {
                self.by_doi.entry(id).or_default().push(place);
            }
            self.notices.push(notice(cell(natures), cell(dates), cell(reasons), list));
        }
        Ok(())
    }

    /// Whether no article is known to be retracted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.notices.is_empty()
    }

    /// All that the lists say of a document's article, in their order:
    /// `Retraction, 1/2/2020: Falsification of Data (retraction_watch.csv)`.
    #[must_use]
    pub fn of(&self, document: &Document) -> Option<String> {
        if self.is_empty() {
            return None;
        }
        let by_pmid = document.pmid().and_then(|id| self.by_pmid.get(&id));
        let by_doi = document.doi().and_then(|id| self.by_doi.get(&id));
        let places: BTreeSet<usize> = [by_pmid, by_doi].into_iter().flatten().flatten().copied().collect();
        let said: Vec<&str> = places.iter().map(|place| self.notices[*place].as_str()).collect();
        (!said.is_empty()).then(|| said.join("; "))
    }
}

fn folded(cell: &str) -> String {
    cell.chars().filter(|sign| sign.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A notice in one line. Retraction Watch has its reasons as `+Falsification of Data;+Misconduct;`.
fn notice(nature: &str, date: &str, reasons: &str, list: &str) -> String {
    let nature = if nature.is_empty() { "Retraction" } else { nature };
    let date = match date.trim_end_matches(" 0:00") {
        "" => String::new(),
        date => format!(", {date}"),
    };
    let reasons = reasons.split(';').map(|reason| reason.trim().trim_start_matches('+').trim());
    let reasons: Vec<&str> = reasons.filter(|reason| !reason.is_empty()).collect();
    let reasons = if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join(", ")) };
    format!("{nature}{date}{reasons} ({list})")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(id: &str, infons: &[(&str, &str)]) -> Document {
        let infons = infons.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Document { id: id.to_owned(), infons, ..Document::default() }
    }

    #[test]
    fn the_file_of_retraction_watch_is_read_by_the_ids_of_the_paper_and_not_of_the_notice() {
        let mut known = Retractions::default();
        let list = "Record ID,Title,RetractionDate,RetractionDOI,RetractionPubMedID,OriginalPaperDOI,OriginalPaperPubMedID,\
                    RetractionNature,Reason\n\
                    1,\"Zinc, and taste\",1/2/2020 0:00,10.1000/notice,30000001,10.1000/PAPER,20000001,Retraction,\
                    +Falsification of Data;+Misconduct;\n\
                    2,Iron,3/4/2021 0:00,unavailable,0,unavailable,20000002,Retraction,\n\
                    3,Iron,3/4/2020 0:00,unavailable,0,unavailable,20000002,Expression of concern,\n";
        known.add("rw.csv", list.as_bytes()).unwrap();
        let of = |id: &str, infons: &[(&str, &str)]| known.of(&document(id, infons));
        let zinc = "Retraction, 1/2/2020: Falsification of Data, Misconduct (rw.csv)";
        assert_eq!(of("20000001", &[]).as_deref(), Some(zinc));
        assert_eq!(
            of("20000001", &[("doi", "https://doi.org/10.1000/paper")]).as_deref(),
            Some(zinc),
            "once"
        );
        // No notice hides another one, whatever their order.
        let both = "Retraction, 3/4/2021 (rw.csv); Expression of concern, 3/4/2020 (rw.csv)";
        assert_eq!(of("20000002", &[]).as_deref(), Some(both));
        assert_eq!((of("30000001", &[]), of("0", &[("doi", "10.1000/notice")])), (None, None));
    }

    #[test]
    fn a_plain_list_is_enough_and_one_without_ids_is_refused() {
        let mut known = Retractions::default();
        assert!(known.is_empty());
        known.add("own.tsv", "\u{feff}DOI\treason\r\n10.1000/ABC\tfraud\r\n\t\r\n".as_bytes()).unwrap();
        known.add("own.csv", b"pmid\n8701013\n").unwrap();
        let of = |id: &str, infons: &[(&str, &str)]| known.of(&document(id, infons));
        assert_eq!(of("1", &[("doi", "10.1000/abc")]).as_deref(), Some("Retraction: fraud (own.tsv)"));
        assert_eq!(of("8701013", &[]).as_deref(), Some("Retraction (own.csv)"));
        let problem = known.add("names.csv", b"title,year\nZinc,2001\n").unwrap_err();
        assert_eq!(problem.problem(), "names.csv has no column of PMIDs or DOIs");
    }
}
