//! Lists of retracted articles that a user has: tables with a column of PMIDs or DOIs, such as Crossref's file of Retraction
//! Watch.

use std::collections::HashMap;

use csv::{ReaderBuilder, StringRecord};
use thiserror::Error;

use crate::article_ids::{doi, pmid};
use crate::model::Document;

/// What a list says of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retraction {
    /// `Retraction`, `Expression of concern` ..., as the list has it.
    pub nature: String,
    /// When, as the list has it; empty where it does not say.
    pub date: String,
    /// Why, as the list has it; empty where it does not say.
    pub reason: String,
    /// The name of the list.
    pub list: String,
}

impl Retraction {
    /// In one line: `Retraction, 1/2/2020: Falsification of data (retraction_watch.csv)`.
    #[must_use]
    pub fn words(&self) -> String {
        let date = if self.date.is_empty() { String::new() } else { format!(", {}", self.date) };
        let reason = if self.reason.is_empty() { String::new() } else { format!(": {}", self.reason) };
        format!("{}{date}{reason} ({})", self.nature, self.list)
    }
}

/// Why a list cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error, remedies::Remedy)]
pub enum RetractionsError {
    /// No column is one of ids.
    #[error(
        "{list} has no column of PMIDs or DOIs. Name one `pmid` or `doi` (or `OriginalPaperPubMedID`, `OriginalPaperDOI`) in \
         the first line."
    )]
    NoIds {
        /// The name of the list.
        list: String,
    },
    /// A row is no row of a table.
    #[error("{list}, line {line}: {problem}. Save the list again as CSV in UTF-8.")]
    Row {
        /// The name of the list.
        list: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
}

/// Retracted articles by their ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retractions {
    by_pmid: HashMap<String, Retraction>,
    by_doi: HashMap<String, Retraction>,
}

/// Names of columns without blanks, in lower case. The notice of a retraction has ids of its own, which are none of these.
const PMIDS: [&str; 4] = ["originalpaperpubmedid", "pmid", "pubmedid", "pubmed"];
const DOIS: [&str; 2] = ["originalpaperdoi", "doi"];
const DATES: [&str; 4] = ["retractiondate", "dateofretraction", "date", "year"];
const REASONS: [&str; 2] = ["reason", "reasons"];
const NATURES: [&str; 3] = ["retractionnature", "nature", "noticetype"];

/// What an entry is where the list does not say.
const RETRACTION: &str = "Retraction";
/// An entry that takes an earlier one back.
const REINSTATEMENT: &str = "reinstatement";

impl Retractions {
    /// Adds the articles of a list under its name; commas, semicolons or tabs part the cells. Rows without an id say nothing.
    ///
    /// # Errors
    /// If no column has ids, or a row cannot be read: what it says would be missed.
    pub fn add(&mut self, list: &str, bytes: &[u8]) -> Result<(), RetractionsError> {
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim_start_matches('\u{feff}');
        let first = text.lines().next().unwrap_or_default();
        let count = |sign: char| first.matches(sign).count();
        let delimiter =
            [',', ';', '\t'].into_iter().max_by_key(|sign| (count(*sign), *sign == ',')).unwrap_or(',');
        let mut reader =
            ReaderBuilder::new().delimiter(delimiter as u8).flexible(true).from_reader(text.as_bytes());
        let row_error = |error: &csv::Error| RetractionsError::Row {
            list: list.to_owned(),
            line: error.position().map_or(1, csv::Position::line),
            problem: error.to_string(),
        };
        let header = reader.headers().map_err(|error| row_error(&error))?.clone();
        let column = |names: &[&str]| {
            names.iter().find_map(|name| header.iter().position(|cell| folded(cell) == *name))
        };
        let (pmids, dois) = (column(&PMIDS), column(&DOIS));
        if pmids.is_none() && dois.is_none() {
            return Err(RetractionsError::NoIds { list: list.to_owned() });
        }
        let (natures, dates, reasons) = (column(&NATURES), column(&DATES), column(&REASONS));
        for row in reader.records() {
            let row = row.map_err(|error| row_error(&error))?;
            let cell = |column: Option<usize>| column.and_then(|at| row.get(at)).unwrap_or_default().trim();
            let ids = (pmid(cell(pmids)).filter(|id| id != "0"), doi(cell(dois)));
            let nature = cell(natures);
            if nature.eq_ignore_ascii_case(REINSTATEMENT) {
                ids.0.map(|id| self.by_pmid.remove(&id));
                ids.1.map(|id| self.by_doi.remove(&id));
                continue;
            }
            let retraction = Retraction {
                nature: if nature.is_empty() { RETRACTION } else { nature }.to_owned(),
                date: cell(dates).trim_end_matches(" 0:00").to_owned(),
                reason: reasons_of(&row, reasons),
                list: list.to_owned(),
            };
            if let Some(id) = ids.0 {
                self.by_pmid.insert(id, retraction.clone());
            }
            if let Some(id) = ids.1 {
                self.by_doi.insert(id, retraction);
            }
        }
        Ok(())
    }

    /// Whether no article is known to be retracted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_pmid.is_empty() && self.by_doi.is_empty()
    }

    /// What is known of a document's article.
    #[must_use]
    pub fn of(&self, document: &Document) -> Option<&Retraction> {
        if self.is_empty() {
            return None;
        }
        let by_pmid = document.pmid().and_then(|id| self.by_pmid.get(&id));
        by_pmid.or_else(|| document.doi().and_then(|id| self.by_doi.get(&id)))
    }
}

fn folded(cell: &str) -> String {
    cell.chars().filter(|sign| sign.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// `+Falsification of Data;+Misconduct;` as `Falsification of Data; Misconduct`.
fn reasons_of(row: &StringRecord, column: Option<usize>) -> String {
    let cell = column.and_then(|at| row.get(at)).unwrap_or_default();
    let reasons = cell.split(';').map(|reason| reason.trim().trim_start_matches('+').trim());
    reasons.filter(|reason| !reason.is_empty()).collect::<Vec<_>>().join("; ")
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
                    1,\"Zinc, and taste\",1/2/2020 0:00,10.1/notice,30000001,10.1/PAPER,20000001,Retraction,\
                    +Falsification of Data;+Misconduct;\n\
                    2,Iron,3/4/2021 0:00,unavailable,0,unavailable,20000002,Expression of concern,\n\
                    3,Gout,3/4/2021 0:00,,0,10.1/gout,0,Retraction,\n\
                    3,Gout,3/5/2021 0:00,,0,10.1/gout,0,Reinstatement,\n";
        known.add("rw.csv", list.as_bytes()).unwrap();
        let of = |id: &str, infons: &[(&str, &str)]| known.of(&document(id, infons)).map(Retraction::words);
        let zinc = "Retraction, 1/2/2020: Falsification of Data; Misconduct (rw.csv)";
        assert_eq!(of("20000001", &[]).as_deref(), Some(zinc));
        assert_eq!(of("x", &[("doi", "https://doi.org/10.1/paper")]).as_deref(), Some(zinc));
        assert_eq!(of("20000002", &[]).as_deref(), Some("Expression of concern, 3/4/2021 (rw.csv)"));
        assert_eq!((of("30000001", &[]), of("0", &[("doi", "10.1/gout")])), (None, None));
    }

    #[test]
    fn a_plain_list_is_enough_and_one_without_ids_is_refused() {
        let mut known = Retractions::default();
        assert!(known.is_empty());
        known.add("own.tsv", "\u{feff}DOI\treason\r\n10.1000/ABC\tfraud\r\n\t\r\n".as_bytes()).unwrap();
        known.add("own.csv", b"pmid\n8701013\n").unwrap();
        let by_doi = known.of(&document("1", &[("doi", "10.1000/abc")])).map(Retraction::words);
        assert_eq!(by_doi.as_deref(), Some("Retraction: fraud (own.tsv)"));
        assert_eq!(
            known.of(&document("8701013", &[])).map(Retraction::words).as_deref(),
            Some("Retraction (own.csv)")
        );
        let problem = known.add("names.csv", b"title,year\nZinc,2001\n").unwrap_err();
        assert!(problem.to_string().starts_with("names.csv has no column of PMIDs or DOIs."), "{problem}");
        assert_eq!(problem.remedy().unwrap_or_default().matches("doi").count(), 1);
    }
}
