//! Tables: CSV with commas or semicolons, and TSV. Read: one document a row, from columns named in the header.
//! Written: one relation a row.

mod rows;
mod write;

use super::import::Intake;
use super::wording::counted;
use super::{Notice, ReadError, Table, infons};
use crate::Document;
use rows::{Row, Rows};
pub(super) use write::{rows, shows, shows_of_relation, write};

const TITLES: [&str; 6] = ["title", "article title", "primary title", "document title", "ti", "t1"];
const TEXTS: [&str; 14] = [
    "abstract",
    "abstract note",
    "abstract text",
    "text",
    "full text",
    "fulltext",
    "body",
    "content",
    "document text",
    "passage",
    "sentence",
    "document",
    "ab",
    "n2",
];
const IDS: [&str; 8] =
    ["pmid", "pubmed id", "id", "record id", "doc id", "document id", "accession number", "doi"];

/// How many rows are looked at to tell a table from a text.
const SAMPLE: usize = 20;
/// The longest name of a column.
const NAME: usize = 60;

/// The delimiter, where the text is a table.
pub(super) fn delimiter(text: &str, intake: &Intake<'_>) -> Option<u8> {
    let file = intake.file().to_lowercase();
    let file = file.strip_suffix(".gz").unwrap_or(&file);
    let is_named = [".csv", ".tsv", ".tab"].iter().any(|extension| file.ends_with(extension));
    let fits = |delimiter: u8| -> Option<(bool, bool, usize)> {
        let mut rows = Rows::new(text, delimiter);
        let header = rows.header()?;
        let widths: Vec<usize> = rows.take(SAMPLE).map(|row| row.cells.len()).collect();
        let share =
            |wanted: &dyn Fn(usize) -> bool| widths.iter().filter(|width| wanted(**width)).count() * 100;
        let exact = share(&|width| width == header.len());
        let wide = share(&|width| width >= header.len());
        let columns = Columns::of(&header, intake.column);
        let is_known = (columns.title.is_some() || columns.text.is_some() || columns.id.is_some())
            && header.iter().all(|name| name.trim().len() <= NAME);
        let mostly = exact >= 50 * widths.len();
        // A known header and a name such as "table.csv" bear odd rows; each alone must fit most of the rows.
        let is_table = match (is_known, is_named) {
            // One column alone is a table only where its file says so.
            _ if header.len() < 2 => is_known && is_named && mostly,
            (true, true) => true,
            (true, false) => mostly || (wide >= 80 * widths.len() && exact >= 30 * widths.len()),
            (false, named) => named && mostly,
        };
        (is_table && !widths.is_empty()).then_some((is_known, mostly, header.len()))
    };
    let found =
        [b'\t', b',', b';', b'|'].into_iter().filter_map(|delimiter| Some((fits(delimiter)?, delimiter)));
    found.max_by_key(|(fit, _)| *fit).map(|(_, delimiter)| delimiter)
}

/// Reads one document a row.
pub(super) fn read(text: &str, intake: &mut Intake<'_>) -> Result<(), ReadError> {
    let text = text.trim_start_matches('\u{feff}');
    let delimiter = delimiter(text, intake).unwrap_or(b',');
    let mut rows = Rows::new(text, delimiter);
    let header = rows.header().unwrap_or_default();
    let columns = Columns::of(&header, intake.column);
    let names: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
    // A title alone is a document, but not for someone who has named the column of the text.
    if columns.text.is_none() && (columns.title.is_none() || intake.column.is_some()) {
        let wanted = intake.column.map(str::to_owned);
        return Err(ReadError::NoTextColumn { file: intake.file(), wanted, columns: names });
    }
    let used = [columns.title, columns.text].into_iter().flatten();
    intake.notice(Notice::Columns(used.filter_map(|index| names.get(index).cloned()).collect()));
    intake.table =
        Some(Table { text: columns.text.and_then(|index| names.get(index).cloned()), columns: names });
    for mut row in rows {
        if intake.is_full() {
            break;
        }
        tell_oddities(&mut row, &header, char::from(delimiter), intake);
        let document = document(&row.cells, &header, &columns);
        intake.document(document, format!("line {}", row.line));
    }
    Ok(())
}

/// Tells of a row of another width than the header's, or with odd marks. What stands beyond the last column belongs to
/// that: most often its text holds a delimiter.
fn tell_oddities(row: &mut Row, header: &[String], delimiter: char, intake: &mut Intake<'_>) {
    let place = format!("line {}", row.line);
    if row.has_odd_marks {
        let message =
            "A quotation mark of this row is not doubled or never closed; the row was read by its line.";
        intake.issue(&*place, message, "Look it over; double the marks inside cells.");
    }
    let (width, last) = (row.cells.len(), header.len().saturating_sub(1));
    if width == header.len() {
        return;
    }
    let what = format!("The row has {}, the header {}.", counted(width, "cell"), header.len());
    let remedy = if width < header.len() {
        "It was read as if the others were empty; check its delimiters."
    } else if row.cells.iter().skip(header.len()).all(|cell| cell.trim().is_empty()) {
        row.cells.truncate(header.len());
        "The empty cells at its end were left out."
    } else {
        let rest = row.cells.split_off(last).join(&delimiter.to_string());
        row.cells.push(rest);
        "What is beyond the last column was added to that; check its delimiters."
    };
    intake.issue(place, what, remedy);
}

/// Which columns hold what.
struct Columns {
    id: Option<usize>,
    title: Option<usize>,
    text: Option<usize>,
}

impl Columns {
    fn of(header: &[String], text: Option<&str>) -> Self {
        let names: Vec<String> = header.iter().map(|name| normalized(name)).collect();
        let first =
            |wanted: &[&str]| wanted.iter().find_map(|name| names.iter().position(|found| found == name));
        let chosen = text.map(normalized).and_then(|text| names.iter().position(|found| *found == text));
        let chosen = chosen.or_else(|| first(&TEXTS));
        Self { id: first(&IDS), title: first(&TITLES).filter(|title| chosen != Some(*title)), text: chosen }
    }
}

fn normalized(name: &str) -> String {
    let name = name.trim().trim_start_matches('\u{feff}').to_lowercase().replace(['_', '-', '.'], " ");
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn document(row: &[String], header: &[String], columns: &Columns) -> Document {
    let cell = |index: Option<usize>| index.and_then(|index| row.get(index)).map_or("", |cell| cell.trim());
    let mut document = Document::from_parts(
        cell(columns.id),
        &[("title", cell(columns.title)), ("abstract", cell(columns.text))],
    );
    for (index, (name, value)) in header.iter().zip(row).enumerate() {
        let is_used = [columns.id, columns.title, columns.text].contains(&Some(index));
        if !is_used && !name.trim().is_empty() && !value.trim().is_empty() {
            infons::add(&mut document.infons, name.trim(), value.trim());
        }
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{Format, ReadOptions, read as read_any, read_with};
    use crate::{Argument, Concept, Entity, Infons, Relation, Span, Target};

    #[test]
    fn reads_columns_by_their_names() {
        let text = "\u{feff}Abstract ; record_id;TITLE;Year\n\"Text; with\nbreak\";7;On X;2001\n;8;;2002\n;9;Only a title;\n";
        let import = read_any(text.as_bytes(), "table.txt").unwrap();
        assert_eq!(import.format, Format::Csv);
        assert_eq!(import.documents[0].text, "On X\nText; with\nbreak");
        assert_eq!(
            (import.documents[0].id.as_str(), import.documents[0].infons["Year"].as_str()),
            ("7", "2001")
        );
        assert_eq!(import.documents[1].text, "Only a title");
        assert_eq!(import.issues[0].place, "line 4");
        assert_eq!(import.notices, [Notice::Columns(vec!["TITLE".to_owned(), "Abstract".to_owned()])]);
    }

    #[test]
    fn names_the_columns_where_none_is_known() {
        let text = "code\tfinding\n1\tFever\n2\tCough\n";
        let error = read_any(text.as_bytes(), "notes.tsv").unwrap_err();
        assert!(
            error
                .to_string()
                .contains("has no column named title, abstract or text, but code, finding. Choose the column that holds the text"),
            "{error}"
        );
        let options = ReadOptions { column: Some("Finding".to_owned()), ..ReadOptions::default() };
        let import = read_with(text.as_bytes(), "notes.tsv", &options).unwrap();
        assert_eq!((import.format, import.documents[1].text.as_str()), (Format::Tsv, "Cough"));
        assert_eq!(import.documents[1].infons["code"], "2");
        let table = import.table.unwrap();
        assert_eq!(
            (table.columns.join(" "), table.text.as_deref()),
            ("code finding".to_owned(), Some("finding"))
        );
    }

    #[test]
    fn a_column_that_was_chosen_goes_before_the_usual_ones() {
        let of = |text: &str, name: &str, column: &str| {
            let options = ReadOptions { column: Some(column.to_owned()), ..ReadOptions::default() };
            read_with(text.as_bytes(), name, &options)
        };
        let text = "Title,Abstract,Nurse_Note\nA,B,C\nD,E,F\n";
        let texts = |import: &crate::formats::Import| -> Vec<String> {
            import.documents.iter().map(|document| document.text.clone()).collect()
        };
        assert_eq!(texts(&of(text, "in.csv", "nurse note").unwrap()), ["A\nC", "D\nF"]);
        // A folder may hold other tables, too; which column was read is told.
        let other = of("title,abstract\nA,B\n", "in.csv", "nurse note").unwrap();
        assert_eq!(texts(&other), ["A\nB"]);
        assert_eq!(other.notices[0].to_string(), "The text was taken from: title, abstract.");
        // Titles alone are not what was asked for.
        let error = of("title,comment\nA,B\n", "in.csv", "nurse note").unwrap_err().to_string();
        assert!(error.contains("has no column named nurse note, but title, comment."), "{error}");
        // Whatever the file is called, it is a table where it has the column.
        let text = "code|nurse note\n1|Fever\n2|Cough\n";
        assert_eq!(read_any(text.as_bytes(), "export.txt").unwrap().format, Format::PlainText);
        assert_eq!(texts(&of(text, "export.txt", "Nurse note").unwrap()), ["Fever", "Cough"]);
    }

    #[test]
    fn writes_a_row_per_relation_without_formulas() {
        let mut document = Document::from_parts("7", &[("body", "β-blockers: =1+1 harms")]);
        document.entities.push(Entity {
            id: "T1".to_owned(),
            kind: "Drug".to_owned(),
            spans: vec![Span::new(13, 17)],
            text: "=1+1".to_owned(),
            concepts: vec![Concept { vocabulary: "MESH".to_owned(), id: "D1".to_owned() }],
            note: None,
            score: None,
            infons: Infons::new(),
        });
        let argument = Argument { role: "drug".to_owned(), target: Target::Entity("T1".to_owned()) };
        let mut relation = Relation::new("R1", "effect", vec![argument]);
        relation.evidence = vec![Span::new(13, 23)];
        relation.score = Some(0.5);
        relation.infons.insert("evidence_stance.1".to_owned(), "partly: hedged by “may”".to_owned());
        relation.infons.insert("evidence_place.1".to_owned(), "abstract, Results".to_owned());
        document.relations.push(relation);
        let table = write(&[document], b'\t');
        let row: Vec<&str> = table.lines().nth(1).unwrap().split('\t').collect();
        assert_eq!(row[..10], ["7", "R1", "effect", "0.5", "", "drug", "'=1+1", "MESH:D1", "12", "16"]);
        assert_eq!(row[16], "'=1+1 harms");
        assert_eq!(row[19..], ["partly: hedged by “may”", "abstract, Results"]);
    }

    #[test]
    fn writes_a_row_per_answer_with_its_evidence() {
        let mut document = Document::from_parts("7", &[("body", "No hepatitis was seen.")]);
        for (key, value) in [
            ("answer.F1", "no"),
            ("answer.F1.question", "Does it cause hepatitis?"),
            ("answer.F1.evidence.01", "against: No hepatitis was seen."),
            ("answer.F1.evidence.02", "unclear: It may."),
            ("answer.F1.run", "4"),
            ("label.F2", "immune evasion"),
        ] {
            document.infons.insert(key.to_owned(), value.to_owned());
        }
        let table = write(&[document], b'\t');
        let rows: Vec<Vec<&str>> = table.lines().skip(1).map(|row| row.split('\t').collect()).collect();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0][..3], ["7", "F1", "answer"]);
        assert_eq!((rows[0][6], rows[0][11]), ("Does it cause hepatitis?", "no"));
        assert_eq!(rows[0][16], "against: No hepatitis was seen. … unclear: It may.");
        assert_eq!(rows[0][18..], ["4", "", ""]);
    }

    #[test]
    fn odd_rows_leave_the_table_a_table() {
        let text = "pmid,title,abstract\n1,Zinc,Zinc harms, mostly taste.\n2,Iron,Iron helps.\n3,Gout,Gout hurts.,\n4,Only a title\n";
        let import = read_any(text.as_bytes(), "in.csv").unwrap();
        let texts: Vec<&str> = import.documents.iter().map(|document| document.text.as_str()).collect();
        assert_eq!(
            texts,
            ["Zinc\nZinc harms, mostly taste.", "Iron\nIron helps.", "Gout\nGout hurts.", "Only a title"]
        );
        let issues: Vec<(&str, &str)> =
            import.issues.iter().map(|issue| (issue.place.as_str(), issue.message.as_str())).collect();
        assert_eq!(
            issues,
            [
                ("line 2", "The row has 4 cells, the header 3."),
                ("line 4", "The row has 4 cells, the header 3."),
                ("line 5", "The row has 2 cells, the header 3.")
            ]
        );
    }

    #[test]
    fn odd_rows_far_down_are_told() {
        let sound: String =
            (1..=30).map(|number| format!("{number},Title {number},Abstract {number}.\n")).collect();
        let text =
            format!("pmid,title,abstract\n{sound}31,Zinc,\"Zinc harms.\n32,Iron,Iron helps.\n33,Gout,a, b\n");
        let import = read_any(text.as_bytes(), "in.csv").unwrap();
        assert_eq!(import.documents.len(), 33);
        assert_eq!(import.documents[30].text, "Zinc\n\"Zinc harms.");
        assert_eq!(import.documents[32].text, "Gout\na, b");
        let places: Vec<&str> = import.issues.iter().map(|issue| issue.place.as_str()).collect();
        assert_eq!(places, ["line 32", "line 34"]);
    }

    #[test]
    fn one_column_is_a_table_where_the_file_says_so() {
        let text = "abstract\nAspirin harms, sometimes.\n\"Iron, they say, helps.\"\n";
        let import = read_any(text.as_bytes(), "in.csv").unwrap();
        let texts: Vec<&str> = import.documents.iter().map(|document| document.text.as_str()).collect();
        assert_eq!(texts, ["Aspirin harms, sometimes.", "Iron, they say, helps."]);
        assert!(import.issues.is_empty());
        assert_eq!(read_any(text.as_bytes(), "in.txt").unwrap().format, Format::PlainText);
    }

    #[test]
    fn a_text_with_commas_is_no_table() {
        let text = "Title, abstract and text\nAspirin harms, we think.\nIt is old.\nAnd cheap.\n";
        assert_eq!(read_any(text.as_bytes(), "note.txt").unwrap().format, Format::PlainText);
    }
}
