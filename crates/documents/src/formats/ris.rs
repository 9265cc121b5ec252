//! RIS (`TY  - JOUR` … `ER  - `) and the tagged export of Web of Science (`PT J` … `ER`).

use super::detect::tag;
use super::import::Intake;
use super::{Notice, ReadError};
use crate::{Document, Infons};

/// The fields of one record, in their order.
struct Fields {
    line: usize,
    fields: Vec<(String, String)>,
}

/// How a tool writes its lines.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flavour {
    Ris,
    WebOfScience,
}

/// Reads the records one by one.
pub(super) fn read(text: &str, intake: &mut Intake<'_>) -> Result<(), ReadError> {
    let is_ris = text.lines().any(|line| tag(line, 2).is_some());
    let flavour = if is_ris { Flavour::Ris } else { Flavour::WebOfScience };
    let (first, last) = if is_ris { ("TY", "ER") } else { ("PT", "ER") };
    let mut open: Option<Fields> = None;
    let mut outside = 0;
    for (number, line) in (1..).zip(text.lines()) {
        if intake.is_full() {
            return Ok(());
        }
        let line = line.trim_start_matches('\u{feff}').trim_end();
        match field(line, flavour) {
            Some((name, _)) if name == last => match open.take() {
                Some(fields) => record(&fields, flavour, intake),
                None => outside += 1,
            },
            Some((name, value)) => {
                if name == first
                    && let Some(fields) = open.take()
                {
                    intake.issue(
                        format!("line {number}"),
                        "A record begins before the one above it has ended (ER is missing).",
                        "Both were read; look them over.",
                    );
                    record(&fields, flavour, intake);
                }
                if !is_ris && matches!(name, "FN" | "VR" | "EF") {
                    continue;
                }
                let fields = open.get_or_insert_with(|| Fields { line: number, fields: Vec::new() });
                fields.fields.push((name.to_owned(), value.to_owned()));
            }
            None if line.trim().is_empty() => {}
            None => match open.as_mut().and_then(|fields| fields.fields.last_mut()) {
                Some((name, value)) => {
                    let is_list = flavour == Flavour::WebOfScience && matches!(name.as_str(), "AU" | "AF");
                    value.push_str(if is_list { "; " } else { " " });
                    value.push_str(line.trim());
                }
                None => outside += 1,
            },
        }
    }
    if let Some(fields) = open {
        let place = format!("line {}", fields.line);
        intake.issue(
            place,
            "The last record does not end (ER is missing).",
            "It was read; the file may be incomplete.",
        );
        record(&fields, flavour, intake);
    }
    if outside > 0 {
        intake.notice(Notice::LinesOutsideRecords(outside));
    }
    Ok(())
}

fn field(line: &str, flavour: Flavour) -> Option<(&str, &str)> {
    if flavour == Flavour::Ris {
        let name = tag(line, 2)?;
        return Some((name, line.get(5..).unwrap_or_default().trim()));
    }
    let (name, rest) = (line.get(..2)?, line.get(2..)?);
    let named = name.starts_with(|letter: char| letter.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    (named && (rest.is_empty() || rest.starts_with(' '))).then(|| (name, rest.trim()))
}

fn record(fields: &Fields, flavour: Flavour, intake: &mut Intake<'_>) {
    let all = |tags: &[&str]| -> Vec<&str> {
        let values = |tag: &&str| {
            let tag = (*tag).to_owned();
            fields.fields.iter().filter(move |(name, value)| *name == tag && !value.is_empty())
        };
        tags.iter().flat_map(values).map(|(_, value)| value.as_str()).collect()
    };
    let first = |tags: &[&str]| all(tags).first().map(|value| (*value).to_owned()).unwrap_or_default();
    let mut infons = Infons::new();
    let mut keep = |key: &str, value: String| {
        if !value.is_empty() {
            infons.entry(key.to_owned()).or_insert(value);
        }
    };
    let doi = first(if flavour == Flavour::Ris { &["DO"] } else { &["DI"] });
    keep("doi", doi.clone());
    keep("authors", all(&["AU", "A1"]).join("; "));
    let year = first(if flavour == Flavour::Ris { &["PY", "Y1", "DA"] } else { &["PY"] });
    keep("year", year.chars().take_while(char::is_ascii_digit).collect::<String>());
    keep("journal", first(if flavour == Flavour::Ris { &["JO", "JF", "T2", "JA", "J2"] } else { &["SO"] }));
    keep("keywords", all(if flavour == Flavour::Ris { &["KW"] } else { &["DE"] }).join("; "));
    keep("language", first(&["LA"]));
    let number = first(if flavour == Flavour::Ris { &["AN", "ID"] } else { &["UT"] });
    keep("accession", number.clone());
    // Several databases give several numbers; the first is enough to tell records apart.
    let number = number.split(';').next().unwrap_or_default().trim().to_owned();
    if flavour == Flavour::WebOfScience {
        keep("pmid", first(&["PM"]));
    }
    let id = [infons.get("pmid").cloned().unwrap_or_default(), number, doi]
        .into_iter()
        .find(|id| !id.is_empty())
        .unwrap_or_default();
    let mut document = Document { id, infons, ..Document::default() };
    document.push_passage("title", &first(&["TI", "T1", "CT", "BT"]));
    let abstracts = if flavour == Flavour::Ris { all(&["AB", "N2"]) } else { all(&["AB"]) };
    let mut seen: Vec<&str> = Vec::new();
    for part in abstracts {
        // Exports repeat the abstract under both tags.
        if !seen.contains(&part) {
            document.push_passage("abstract", part);
            seen.push(part);
        }
    }
    intake.document(document, format!("line {}", fields.line));
}

#[cfg(test)]
mod tests {
    use crate::formats::{Format, Notice, read};

    #[test]
    fn reads_continued_values_and_text_around_records() {
        let text = "Provider: X\nTY  - JOUR\nTI  - A title\nN2  - First line,\nER then second\nKW  - a\nKW  - b\nPY  - 10 15\n\
                    ER  -\n\nTY  - JOUR\nT1  - No end\n";
        let import = read(text.as_bytes(), "a.ris").unwrap();
        assert_eq!(import.format, Format::Ris);
        assert_eq!(import.documents[0].text, "A title\nFirst line, ER then second");
        assert_eq!(import.documents[0].infons["keywords"], "a; b");
        assert_eq!(import.documents[0].id, "a");
        assert_eq!(import.documents[1].id, "a-2");
        assert_eq!(import.issues[0].place, "line 11");
        assert_eq!(import.notices, [Notice::LinesOutsideRecords(1)]);
    }

    #[test]
    fn reads_web_of_science() {
        let text = "FN Clarivate\nVR 1.0\nPT J\nAU Doe, J\n   Roe, R\nTI A long\n   title\nAB Text.\nDI 10.1/x\nPM 77\nER\n\nEF\n";
        let import = read(text.as_bytes(), "savedrecs.txt").unwrap();
        let document = &import.documents[0];
        assert_eq!((document.id.as_str(), document.text.as_str()), ("77", "A long title\nText."));
        assert_eq!(document.infons["authors"], "Doe, J; Roe, R");
    }
}
