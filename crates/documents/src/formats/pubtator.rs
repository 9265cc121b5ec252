//! PubTator: `id|t|title`, `id|a|abstract`, then a line per mention and relation (Wei et al., 2013).
//!
//! Offsets count code points over title, one separator and abstract. Some exports count no separator, some count
//! bytes; what points at the quoted words is taken.

use std::fmt::Write as _;

use super::encoding::is_line_break;
use super::import::Intake;
use super::index::Index;
use super::offsets::Offsets;
use super::placement::{self, Claim, Counting, Ground, Segment, UNITS};
use super::{Notice, ReadError, Unit, identifiers, infons};
use crate::{Argument, Document, Entity, Infons, Relation, Span, Target};

/// Longest id that is told from prose; by `detect` too.
pub(super) const LONGEST_ID: usize = 60;
/// The infon of a mention of several things (`ovarian and breast cancer`): their names, as BC5CDR writes them.
const MENTIONS: &str = "mentions";
/// The infon of what a relation line holds after its ids, where that is no score (BioRED: `Novel`).
const REMARK: &str = "remark";
/// The infon of a further column, before its number counted from 1 (tmVar: `column 7` with `RSID:113488022`).
const COLUMN: &str = "column ";
/// The number of the first column after a mention's ids.
const FURTHER: usize = 7;

/// Reads any number of documents.
pub(super) fn read(text: &str, intake: &mut Intake<'_>) -> Result<(), ReadError> {
    let mut open: Option<Block<'_>> = None;
    for (number, line) in (intake.lines_before + 1..).zip(text.lines()) {
        if intake.is_full() {
            break;
        }
        if line.trim().is_empty() {
            continue;
        }
        if let Some((id, part, words)) = text_line(line) {
            let goes_on =
                open.as_ref().is_some_and(|block| block.id == id && (part == "a" || block.title.is_none()));
            if !goes_on && let Some(block) = open.take() {
                block.finish(intake);
            }
            let block = open.get_or_insert_with(|| Block::new(id, number));
            match part {
                "t" => block.title = Some(words),
                _ if block.abstract_text.is_empty() => words.clone_into(&mut block.abstract_text),
                _ => {
                    block.abstract_text.push(' ');
                    block.abstract_text.push_str(words);
                }
            }
            continue;
        }
        let columns: Vec<&str> = line.split('\t').collect();
        let belongs = open.as_mut().filter(|block| columns.first().is_some_and(|id| id.trim() == block.id));
        if !belongs.is_some_and(|block| block.annotate(&columns)) {
            intake.issue(
                format!("line {number}"),
                "The line is neither text, mention nor relation of the document above it, and was left out.",
                "A mention has an id, start, end, words and type, with tabs between them.",
            );
        }
    }
    if let Some(block) = open {
        block.finish(intake);
    }
    Ok(())
}

fn text_line(line: &str) -> Option<(&str, &str, &str)> {
    let (id, rest) = line.split_once('|')?;
    let (part, words) = rest.split_once('|')?;
    (matches!(part, "t" | "a") && !id.is_empty() && !id.contains('\t')).then_some((id.trim(), part, words))
}

/// The lines of one document.
struct Block<'t> {
    id: &'t str,
    line: usize,
    title: Option<&'t str>,
    abstract_text: String,
    claims: Vec<Claim>,
    entities: Vec<Entity>,
    relations: Vec<Relation>,
}

impl<'t> Block<'t> {
    fn new(id: &'t str, line: usize) -> Self {
        Self {
            id,
            line,
            title: None,
            abstract_text: String::new(),
            claims: Vec::new(),
            entities: Vec::new(),
            relations: Vec::new(),
        }
    }

    /// Takes a line's columns in, if they are a mention's or a relation's.
    fn annotate(&mut self, columns: &[&str]) -> bool {
        let number = |index: usize| columns.get(index).and_then(|column| column.trim().parse::<i64>().ok());
        match columns {
            [_, _, _, words, kind, rest @ ..] if let (Some(start), Some(end)) = (number(1), number(2)) => {
                self.claims.push(Claim::new(vec![(start, end)], *words));
                let concepts = identifiers::parse(kind, rest.first().unwrap_or(&""));
                let mut infons = Infons::new();
                let mut score = None;
                for (number, column) in (FURTHER..).zip(rest.iter().skip(1)) {
                    // The names of a mention of several things are as many as its ids.
                    let names = column.split('|').count();
                    if column.is_empty() {
                    } else if let Some(number) = probability(column).filter(|_| score.is_none()) {
                        score = Some(number);
                    } else if names > 1 && names == concepts.len() && !infons.contains_key(MENTIONS) {
                        infons.insert(MENTIONS.to_owned(), (*column).to_owned());
                    } else {
                        infons.insert(format!("{COLUMN}{number}"), (*column).to_owned());
                    }
                }
                self.entities.push(Entity {
                    id: format!("T{}", self.entities.len() + 1),
                    kind: (*kind).to_owned(),
                    spans: Vec::new(),
                    text: (*words).to_owned(),
                    concepts,
                    note: None,
                    score,
                    infons,
                });
                true
            }
            [_, kind, one, two, rest @ ..] if number(1).is_none() && !one.is_empty() && !two.is_empty() => {
                let concept = |id: &str| Argument {
                    role: String::new(),
                    target: Target::Concept(identifiers::parse_one(id.trim())),
                };
                let id = format!("R{}", self.relations.len() + 1);
                let mut relation = Relation::new(id, *kind, vec![concept(one), concept(two)]);
                for column in rest.iter().filter(|column| !column.is_empty()) {
                    match probability(column).filter(|_| relation.score.is_none()) {
                        Some(number) => relation.score = Some(number),
                        None => infons::add(&mut relation.infons, REMARK, *column),
                    }
                }
                self.relations.push(relation);
                true
            }
            _ => false,
        }
    }

    fn finish(self, intake: &mut Intake<'_>) {
        let place = format!("line {}, document {}", self.line, self.id);
        let title = self.title.unwrap_or_default();
        let mut document =
            Document::from_parts(self.id, &[("title", title), ("abstract", &self.abstract_text)]);
        // Offsets count over both lines with one character between; without a title they begin after that character.
        let lead = i64::from(title.is_empty());
        let whole = Segment { start: 0, end: document.text.len(), offset: Some(lead) };
        let ground = Ground { text: &document.text, segments: vec![whole] };
        let mut placed = placement::place(&ground, &self.claims, &UNITS);
        if placed.exact < self.claims.len() || placed.counting != Counting::Plain {
            // Some exports count nothing between the two.
            let start = if title.is_empty() { 0 } else { title.len() + 1 };
            let parts = vec![
                Segment { start: 0, end: title.len(), offset: Some(0) },
                Segment { start: start.min(document.text.len()), end: document.text.len(), offset: None },
            ];
            let ground = Ground { text: &document.text, segments: parts };
            let other = placement::place(&ground, &self.claims, &UNITS);
            let is_simpler = placed.counting != Counting::Plain && other.counting == Counting::Plain;
            if other.exact > placed.exact || (other.exact == placed.exact && is_simpler) {
                intake.notice(Notice::NoSeparator);
                placed = other;
            }
        }
        document.entities = placement::settle(placed, &self.claims, self.entities, &place, intake);
        // Counted among those that have a place, as a file without the others would have them.
        for (number, entity) in (1..).zip(&mut document.entities) {
            entity.id = format!("T{number}");
        }
        document.relations = self.relations;
        intake.document(document, place);
    }
}

/// A number that is a probability: between 0 and 1, and written with a point or an exponent. Others (`9606`) are ids.
fn probability(column: &str) -> Option<f64> {
    let number: f64 = column.parse().ok()?;
    (column.contains(['.', 'e', 'E']) && (0.0..=1.0).contains(&number)).then_some(number)
}

/// Writes documents. Line breaks become blanks, a mention in pieces the stretch from its first to its last word.
pub(super) fn write(documents: &[Document]) -> String {
    let mut text = String::new();
    for document in documents {
        let id: String = document.id.replace(|letter: char| letter.is_whitespace() || letter == '|', "_");
        let id: String = id.chars().take(LONGEST_ID).collect();
        let (title, rest) = halves(document);
        let _ = writeln!(text, "{id}|t|{}\n{id}|a|{}", flat(title), flat(rest));
        let lead = usize::from(title.is_empty());
        let offsets = Offsets::new(&document.text, Unit::CodePoints);
        for entity in &document.entities {
            let (Some(first), Some(last)) = (entity.spans.first(), entity.spans.last()) else {
                continue;
            };
            let extent = without_blanks(Span::new(first.start, last.end), &document.text);
            let (start, end) = (offsets.at_byte(extent.start) + lead, offsets.at_byte(extent.end) + lead);
            // Other tools refuse a file whose words are not those of the text.
            let words = extent.slice(&document.text).unwrap_or(&entity.text);
            let ids = identifiers::write(&entity.kind, &entity.concepts);
            let ids = if ids.is_empty() { "-1" } else { ids.as_str() };
            let _ =
                write!(text, "{id}\t{start}\t{end}\t{}\t{}\t{}", flat(words), flat(&entity.kind), flat(ids));
            for column in further_columns(entity) {
                let _ = write!(text, "\t{}", flat(&column));
            }
            text.push('\n');
        }
        let index = Index::of(document);
        for relation in &document.relations {
            let [one, two] = &relation.arguments[..] else {
                continue;
            };
            let (Some(one), Some(two)) = (identifier(one, &index), identifier(two, &index)) else {
                continue;
            };
            let _ = write!(text, "{id}\t{}\t{}\t{}", flat(&relation.kind), flat(&one), flat(&two));
            let mut remarks: Vec<(usize, &String)> = relation
                .infons
                .iter()
                .filter_map(|(key, value)| {
                    let (name, number) = infons::parted(key);
                    (name == REMARK).then_some((number, value))
                })
                .collect();
            remarks.sort_unstable();
            for (_, remark) in remarks {
                let _ = write!(text, "\t{}", flat(remark));
            }
            if let Some(score) = relation.score {
                let _ = write!(text, "\t{score:?}");
            }
            text.push('\n');
        }
        text.push('\n');
    }
    text
}

/// The stretch without the blanks at its ends: those after the last word of a line are no part of what is read back.
fn without_blanks(span: Span, text: &str) -> Span {
    let Some(words) = span.slice(text).filter(|words| !words.trim().is_empty()) else {
        return span;
    };
    let start = span.start + (words.len() - words.trim_start().len());
    Span::new(start, start + words.trim().len())
}

/// What stands after a mention's ids: further columns at their places, names of several things in the first free one, and
/// the score.
fn further_columns(entity: &Entity) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for (key, value) in &entity.infons {
        let number = key.strip_prefix(COLUMN).and_then(|number| number.parse::<usize>().ok());
        if let Some(place) = number.and_then(|number| number.checked_sub(FURTHER)).filter(|place| *place < 50)
        {
            columns.resize(columns.len().max(place + 1), String::new());
            if let Some(column) = columns.get_mut(place) {
                column.clone_from(value);
            }
        }
    }
    if let Some(names) = entity.infons.get(MENTIONS) {
        match columns.iter_mut().find(|column| column.is_empty()) {
            Some(free) => free.clone_from(names),
            None => columns.push(names.clone()),
        }
    }
    columns.extend(entity.score.map(|score| format!("{score:?}")));
    columns
}

/// Title and the rest, where one character parts them: at the title's end, else at the end of the first line, for tools
/// differ in how they count from an empty title. A text that is known to be an abstract has none.
fn halves(document: &Document) -> (&str, &str) {
    let text = document.text.as_str();
    let first = document.passages.first();
    let title = first.filter(|passage| passage.kind == "title" && passage.span.start == 0);
    let end = title.map(|title| title.span.end).filter(|end| {
        text.get(*end..).is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
    });
    if end.is_none() && first.is_some_and(|passage| passage.kind == "abstract") {
        return ("", text);
    }
    let end = end.or_else(|| text.find(['\n', '\r'])).unwrap_or(text.len());
    match text.split_at_checked(end) {
        Some((title, rest)) if !title.trim().is_empty() => {
            let mut letters = rest.chars();
            letters.next();
            (title, letters.as_str())
        }
        _ => ("", text),
    }
}

/// The id of a participant: its concept's, or that of the mention it is.
fn identifier(argument: &Argument, index: &Index<'_>) -> Option<String> {
    match &argument.target {
        Target::Concept(concept) => Some(identifiers::write_one(concept)),
        Target::Entity(id) => index.entity(id)?.concepts.first().map(identifiers::write_one),
        Target::Relation(_) => None,
    }
}

/// Text on one line and in one column; as many code points as before.
fn flat(text: &str) -> String {
    text.replace(|letter: char| letter == '\t' || is_line_break(letter), " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{Format, read};

    const CDR: &str = "7|t|Naloxone and the naïve rat.\n7|a|Clonidine lowers pressure.\n\
        7\t0\t8\tNaloxone\tChemical\tD009270\n7\t28\t37\tClonidine\tChemical\tMESH:D003000\n\
        7\t17\t26\tnaïve rat\tDisease\tD1|D2\tnaïve|rat\n7\tCID\tD009270\tD1\t0.25\nnonsense\n\n\
        8|t|Only a title\n8|a|\n";

    #[test]
    fn reads_mentions_relations_and_reports_nonsense() {
        let import = read(CDR.as_bytes(), "cdr.txt").unwrap();
        assert_eq!(import.format, Format::PubTator);
        let document = &import.documents[0];
        assert!(
            document
                .entities
                .iter()
                .all(|entity| entity.spans[0].slice(&document.text) == Some(&entity.text))
        );
        assert_eq!(document.entities[1].concepts[0].vocabulary, "MESH");
        assert_eq!(document.entities[2].infons[MENTIONS], "naïve|rat");
        assert_eq!(document.relations[0].score, Some(0.25));
        assert_eq!(import.documents[1].text, "Only a title");
        assert_eq!(import.issues.len(), 1);
        assert_eq!(import.issues[0].place, "line 7");
    }

    #[test]
    fn counts_without_separator_where_the_file_does() {
        let text = "1|t|Rats \n1|a|Mice eat. Mice sleep.\n1\t5\t9\tMice\tSpecies\t10090\n1\t15\t19\tMice\tSpecies\t10090\n";
        let import = read(text.as_bytes(), "a.txt").unwrap();
        let document = &import.documents[0];
        assert!(document.entities.iter().all(|entity| entity.spans[0].slice(&document.text) == Some("Mice")));
        assert_eq!(document.entities[1].spans[0].start, 16);
        assert_eq!(import.notices, [Notice::NoSeparator]);
    }

    #[test]
    fn writes_what_it_reads() {
        let import = read(CDR.as_bytes(), "cdr.txt").unwrap();
        let again = read(write(&import.documents).as_bytes(), "cdr.txt").unwrap();
        assert_eq!(again.documents, import.documents);
        let untitled = Document::from_parts("9", &[("body", "Aspirin bleeds.")]);
        let again = read(write(&[untitled]).as_bytes(), "a.txt").unwrap();
        assert_eq!(again.documents[0].text, "Aspirin bleeds.");
    }

    #[test]
    fn a_mention_that_is_left_out_takes_no_number() {
        let text = "3|t|Rats eat\n3|a|\n3\t5\t40\tno such words\tSpecies\t1\n3\t0\t4\tRats\tSpecies\t10116\n";
        let import = read(text.as_bytes(), "a.txt").unwrap();
        assert_eq!(import.documents[0].entities.len(), 1);
        assert_eq!(import.documents[0].entities[0].id, "T1");
        assert!(import.issues[0].message.contains("no such words"));
    }

    #[test]
    fn keeps_further_columns_and_makes_no_score_of_an_id() {
        let text = "2|t|BRAF V600E in melanoma\n2|a|The V600E change.\n2\t0\t4\tBRAF\tGene\t673\t9606\n\
            2\t5\t10\tV600E\tProteinMutation\tp|SUB|V|600|E\tRSID:113488022\tCorrespondingGene:673\n\
            2\t27\t32\tV600E\tProteinMutation\tp|SUB|V|600|E\t673\t0.5\n2\tCause\t673\tD1\tNovel\tChecked\t0.25\n";
        let import = read(text.as_bytes(), "a.txt").unwrap();
        let [gene, variant, scored] = &import.documents[0].entities[..] else { panic!("three mentions") };
        assert_eq!((gene.score, gene.infons["column 7"].as_str()), (None, "9606"));
        assert_eq!(variant.infons["column 7"], "RSID:113488022");
        assert_eq!(variant.infons["column 8"], "CorrespondingGene:673");
        assert_eq!((scored.score, scored.infons["column 7"].as_str()), (Some(0.5), "673"));
        let relation = &import.documents[0].relations[0];
        assert_eq!(
            (relation.infons["remark"].as_str(), relation.infons["remark#2"].as_str()),
            ("Novel", "Checked")
        );
        let again = read(write(&import.documents).as_bytes(), "a.txt").unwrap();
        assert_eq!(again.documents, import.documents);
    }
}
