//! RIS (`TY  - JOUR` … `ER  - `) and the tagged export of Web of Science (`PT J` … `ER`).

mod write;

pub(super) use write::write;

use super::import::Intake;
use super::{Notice, ReadError};
use crate::{Document, Infons};

/// The fields of one record, in their order.
#[derive(Default)]
struct Fields {
    line: usize,
    fields: Vec<(String, String)>,
    /// How many of them stand before the last empty line.
    after_blank: usize,
}

/// How a tool writes its lines.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flavour {
    Ris,
    WebOfScience,
}

/// Reads the records one by one. ER ends a record; where it is missing, the next TY or the empty line before it does.
pub(super) fn read(text: &str, intake: &mut Intake<'_>) -> Result<(), ReadError> {
    let is_ris = text.lines().any(|line| tag(line).is_some());
    let flavour = if is_ris { Flavour::Ris } else { Flavour::WebOfScience };
    let mut reading = Reading { flavour, open: None, ended: None, outside: Vec::new() };
    for (number, line) in (1..).zip(text.lines()) {
        if intake.is_full() {
            return Ok(());
        }
        reading.line(number, line.trim_start_matches('\u{feff}').trim_end(), intake);
    }
    reading.finish(intake);
    Ok(())
}

/// The records on the way.
struct Reading {
    flavour: Flavour,
    open: Option<Fields>,
    /// The record that the last ER ended, while its lines may still follow; and what has followed since.
    ended: Option<(Fields, Vec<(String, String)>)>,
    outside: Vec<usize>,
}

impl Reading {
    fn line(&mut self, number: usize, line: &str, intake: &mut Intake<'_>) {
        match field(line, self.flavour) {
            Some(("ER", _)) => self.end(number, intake),
            Some((name, _))
                if self.flavour == Flavour::WebOfScience && matches!(name, "FN" | "VR" | "EF") => {}
            Some((name, value)) => self.field(number, name, value, intake),
            None if line.trim().is_empty() => {
                // What follows ER up to an empty line belongs to the record above.
                if let Some((fields, further)) = &mut self.ended
                    && !further.is_empty()
                {
                    fields.fields.append(further);
                    self.emit_ended(intake);
                }
                if let Some(fields) = &mut self.open {
                    fields.after_blank = fields.fields.len();
                }
            }
            None => self.continuation(number, line),
        }
    }

    fn field(&mut self, number: usize, name: &str, value: &str, intake: &mut Intake<'_>) {
        let first = if self.flavour == Flavour::Ris { "TY" } else { "PT" };
        let field = (name.to_owned(), value.to_owned());
        if self.open.is_none() {
            if let Some((_, further)) = &mut self.ended
                && name != first
            {
                further.push(field);
                return;
            }
            let further = self.emit_ended(intake);
            let mut fields = Fields { line: number, ..Fields::default() };
            fields.line -= further.len();
            fields.fields = further;
            fields.fields.push(field);
            self.open = Some(fields);
            return;
        }
        let Some(mut fields) = self.open.take() else { return };
        let begun = fields.fields.iter().position(|(name, _)| name == first);
        if name == first
            && let Some(begun) = begun
        {
            intake.issue(
                format!("line {number}"),
                "A record begins before the one above it has ended (ER is missing).",
                "Both were read; look them over.",
            );
            // Tags after the last empty line stand before their record's TY.
            let at = if fields.after_blank > begun { fields.after_blank } else { fields.fields.len() };
            let next = fields.fields.split_off(at);
            let line = number - next.len();
            record(&fields, self.flavour, intake);
            fields = Fields { line, fields: next, after_blank: 0 };
        }
        fields.fields.push(field);
        self.open = Some(fields);
    }

    fn continuation(&mut self, number: usize, line: &str) {
        let open = self.open.as_mut().and_then(|fields| fields.fields.last_mut());
        let last = match (open, &mut self.ended) {
            (None, Some((_, further))) => further.last_mut(),
            (open, _) => open,
        };
        match last {
            Some((name, value)) => {
                let is_list = self.flavour == Flavour::WebOfScience && matches!(name.as_str(), "AU" | "AF");
                value.push_str(if is_list { "; " } else { " " });
                value.push_str(line.trim());
            }
            None => self.outside.push(number),
        }
    }

    fn end(&mut self, number: usize, intake: &mut Intake<'_>) {
        let further = self.emit_ended(intake);
        match self.open.take() {
            Some(fields) => self.ended = Some((fields, Vec::new())),
            None if further.is_empty() => self.outside.push(number),
            None => {
                let fields = Fields { fields: further, ..Fields::default() };
                self.ended = Some((fields, Vec::new()));
            }
        }
    }

    /// Takes the ended record in; gives what followed it and belongs to the next.
    fn emit_ended(&mut self, intake: &mut Intake<'_>) -> Vec<(String, String)> {
        let Some((fields, further)) = self.ended.take() else { return Vec::new() };
        record(&fields, self.flavour, intake);
        further
    }

    fn finish(mut self, intake: &mut Intake<'_>) {
        if let Some((fields, further)) = &mut self.ended {
            fields.fields.append(further);
        }
        self.emit_ended(intake);
        if let Some(fields) = self.open {
            intake.issue(
                format!("line {}", fields.line),
                "The last record does not end (ER is missing).",
                "It was read; the file may be incomplete.",
            );
            record(&fields, self.flavour, intake);
        }
        if !self.outside.is_empty() {
            intake.notice(Notice::LinesOutsideRecords(self.outside));
        }
    }
}

/// The tag and the value of a line such as `TY  - JOUR`; some programs write one blank before the dash.
pub(super) fn tag(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = (line.get(..2)?, line.get(2..)?);
    let mut letters = name.bytes();
    let is_name = letters.next().is_some_and(|letter| letter.is_ascii_uppercase())
        && letters.all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit());
    let value = rest.strip_prefix("  -").or_else(|| rest.strip_prefix(" -"))?;
    (is_name && (value.is_empty() || value.starts_with(' '))).then(|| (name, value.trim()))
}

fn field(line: &str, flavour: Flavour) -> Option<(&str, &str)> {
    if flavour == Flavour::Ris {
        return tag(line);
    }
    let (name, rest) = (line.get(..2)?, line.get(2..)?);
    let named = name.starts_with(|letter: char| letter.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    (named && (rest.is_empty() || rest.starts_with(' '))).then(|| (name, rest.trim()))
}

fn record(fields: &Fields, flavour: Flavour, intake: &mut Intake<'_>) {
    let is_ris = flavour == Flavour::Ris;
    let all = |tags: &[&str]| -> Vec<(&str, &str)> {
        let values = |tag: &&str| {
            let tag = (*tag).to_owned();
            fields.fields.iter().filter(move |(name, value)| *name == tag && !value.is_empty())
        };
        tags.iter().flat_map(values).map(|(name, value)| (name.as_str(), value.as_str())).collect()
    };
    let mut infons = Infons::new();
    // What stands in the document as it stands in the file; all else is kept under its tag.
    let mut taken: Vec<(&str, &str)> = Vec::new();
    let mut keep = |key: &str, values: &[(&str, &str)]| {
        if !values.is_empty() {
            let joined = values.iter().map(|(_, value)| *value).collect::<Vec<_>>().join("; ");
            infons.entry(key.to_owned()).or_insert(joined);
        }
    };
    let mut first = |tags: &[&str]| -> Vec<(&str, &str)> {
        let found: Vec<(&str, &str)> = all(tags).into_iter().take(1).collect();
        taken.extend(&found);
        found
    };
    let doi = first(if is_ris { &["DO"] } else { &["DI"] });
    keep("doi", &doi);
    keep("journal", &first(if is_ris { &["JO", "JF", "T2", "JA", "J2"] } else { &["SO"] }));
    keep("language", &first(&["LA"]));
    let number = first(if is_ris { &["AN", "ID"] } else { &["UT"] });
    keep("accession", &number);
    if !is_ris {
        keep("pmid", &first(&["PM"]));
    }
    let title = first(&["TI", "T1", "CT", "BT"]);
    let authors = all(&["AU", "A1"]);
    keep("authors", &authors);
    let keywords = all(if is_ris { &["KW"] } else { &["DE"] });
    keep("keywords", &keywords);
    let abstracts = all(if is_ris { &["AB", "N2"] } else { &["AB"] });
    taken.extend(authors.iter().chain(&keywords).chain(&abstracts));
    let date = all(if is_ris { &["PY", "Y1", "DA"] } else { &["PY"] }).into_iter().next();
    if let Some((tag, date)) = date {
        let year: String = date.chars().take_while(char::is_ascii_digit).collect();
        // A date with a month is kept whole beside its year.
        if year == date.trim_end_matches('/') {
            taken.push((tag, date));
        }
        if !year.is_empty() {
            infons.insert("year".to_owned(), year);
        }
    }
    let mut rest: Vec<&(String, String)> = fields.fields.iter().collect();
    rest.retain(|(name, value)| {
        let is_marker = matches!(name.as_str(), "TY" | "PT" | "ER") || value.is_empty();
        !is_marker && !taken.contains(&(name.as_str(), value.as_str()))
    });
    for (name, value) in rest {
        let kept = infons.entry(name.clone()).or_default();
        kept.push_str(if kept.is_empty() { "" } else { "; " });
        kept.push_str(value);
    }
    // Several databases give several numbers; the first is enough to tell records apart.
    let value =
        |values: &[(&str, &str)]| values.first().map(|(_, value)| (*value).to_owned()).unwrap_or_default();
    let number = value(&number).split(';').next().unwrap_or_default().trim().to_owned();
    let id = [infons.get("pmid").cloned().unwrap_or_default(), number, value(&doi)]
        .into_iter()
        .find(|id| !id.is_empty())
        .unwrap_or_default();
    let mut document = Document { id, infons, ..Document::default() };
    document.push_passage("title", &value(&title));
    let mut seen: Vec<&str> = Vec::new();
    for (_, part) in abstracts {
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
        assert_eq!(import.notices, [Notice::LinesOutsideRecords(vec![1])]);
    }

    #[test]
    fn reads_web_of_science() {
        let text = "FN Clarivate\nVR 1.0\nPT J\nAU Doe, J\n   Roe, R\nTI A long\n   title\nAB Text.\nDI 10.1/x\nPM 77\nER\n\nEF\n";
        let import = read(text.as_bytes(), "savedrecs.txt").unwrap();
        let document = &import.documents[0];
        assert_eq!((document.id.as_str(), document.text.as_str()), ("77", "A long title\nText."));
        assert_eq!(document.infons["authors"], "Doe, J; Roe, R");
    }

    #[test]
    fn a_record_is_whole_wherever_its_type_stands() {
        let text = "DB  - McK\nTI  - Baboons\nAB  - Baboons eat.\nTY  - JOUR\nPY  - 2006\nAU  - Marais\nDO  - 10.1/b\nER  - \n\n\
                    DB  - McK\nTI  - Bats\nAB  - Bats fly.\nTY  - JOUR\nER  - \nUR  - https://x.org\n\n\
                    TI  - Rats\nTY  - JOUR\n\nTI  - Cats\nTY  - JOUR\nER  - \n";
        let import = read(text.as_bytes(), "a.ris").unwrap();
        let texts: Vec<&str> = import.documents.iter().map(|document| document.text.as_str()).collect();
        assert_eq!(texts, ["Baboons\nBaboons eat.", "Bats\nBats fly.", "Rats", "Cats"]);
        assert_eq!(import.documents[0].infons["year"], "2006");
        assert_eq!(import.documents[0].infons["authors"], "Marais");
        assert_eq!(import.documents[1].infons["UR"], "https://x.org");
        assert_eq!(import.issues.len(), 1, "{:#?}", import.issues);
        assert_eq!(import.issues[0].place, "line 21");
    }

    #[test]
    fn keeps_every_field() {
        let text = "TY  - JOUR\nTI  - Zinc\nN1  - ASReview_relevant\nN1  - checked twice\nSP  - 12\nPY  - 2010/05/12\nDA  - 2010\n\
                    JO  - J Test\nT2  - Journal of Tests\nC1  - include\nER  - \n";
        let import = read(text.as_bytes(), "a.ris").unwrap();
        let infons = &import.documents[0].infons;
        for (key, value) in [
            ("N1", "ASReview_relevant; checked twice"),
            ("SP", "12"),
            ("year", "2010"),
            ("PY", "2010/05/12"),
            ("DA", "2010"),
            ("journal", "J Test"),
            ("T2", "Journal of Tests"),
            ("C1", "include"),
        ] {
            assert_eq!(infons[key], value, "{key}");
        }
    }

    #[test]
    fn reads_tags_with_one_blank() {
        let import = read(b"TY - JOUR\nTI - Zinc\nAB - Zinc harms.\nER -\n", "a.ris").unwrap();
        assert_eq!((import.format, import.documents[0].text.as_str()), (Format::Ris, "Zinc\nZinc harms."));
    }
}
