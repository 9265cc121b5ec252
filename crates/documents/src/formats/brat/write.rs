//! brat's files as they are written: a text and its annotations, by the rules of brat's own parser.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use super::{NOTE, SCORE, TRIGGER, UNSPECIFIED, name_key, note_key};
use crate::formats::encoding::is_line_break;
use crate::formats::index::{Index, grounded};
use crate::formats::offsets::Offsets;
use crate::formats::{Unit, identifiers, infons, names};
use crate::{Document, Infons, Relation, Span, Target};

/// Writes a text and an annotation file per document.
pub(in crate::formats) fn write(documents: &[Document]) -> Vec<(String, Vec<u8>)> {
    let mut used: HashSet<String> = HashSet::new();
    let mut files = Vec::new();
    for document in documents {
        let stem = names::file_stem(&document.id);
        let mut name = stem.clone();
        let mut number = 2;
        // File systems that ignore case would put two documents into one file.
        while !used.insert(name.to_lowercase()) {
            name = format!("{stem}-{number}");
            number += 1;
        }
        files.push((format!("{name}.txt"), document.text.clone().into_bytes()));
        files.push((format!("{name}.ann"), annotations(document).into_bytes()));
    }
    files
}

fn annotations(document: &Document) -> String {
    let mut lines = String::new();
    let mut numbers = Numbers::default();
    let offsets = Offsets::new(&document.text, Unit::CodePoints);
    let entity_ids = ids("T", document.entities.iter().map(|entity| entity.id.as_str()));
    for (entity, id) in document.entities.iter().zip(entity_ids.values()) {
        let pieces = pieces(&entity.spans, &document.text);
        let places: Vec<String> = pieces
            .iter()
            .map(|span| format!("{} {}", offsets.at_byte(span.start), offsets.at_byte(span.end)))
            .collect();
        // brat refuses a file whose words are not those of the text.
        let words: Vec<&str> = pieces.iter().filter_map(|span| span.slice(&document.text)).collect();
        let words = words.join(" ");
        let _ = writeln!(lines, "{id}\t{} {}\t{words}", name(&entity.kind, "Mention"), places.join(";"));
        for concept in entity.concepts.iter().filter(|concept| !concept.id.trim().is_empty()) {
            let vocabulary = if concept.vocabulary.is_empty() { UNSPECIFIED } else { &concept.vocabulary };
            let reference = identifiers::write_one(concept);
            let shown = entity.infons.get(&name_key(&reference)).unwrap_or(&words);
            let number = numbers.next("N");
            let _ = writeln!(
                lines,
                "{number}\tReference {id} {}:{}\t{}",
                name(vocabulary, UNSPECIFIED),
                concept.id.trim().replace(char::is_whitespace, "_"),
                flat(shown)
            );
            push_note(&mut lines, &mut numbers, &number, entity.infons.get(&note_key(&name_key(&reference))));
        }
        push_about(&mut lines, &mut numbers, id, (entity.note.as_ref(), entity.score, &entity.infons));
    }
    let index = Index::of(document);
    let relation_ids = relation_ids(document, &entity_ids, &index);
    for relation in &document.relations {
        let Some(id) = relation_ids.get(&relation.id) else {
            continue;
        };
        let target = |target: &Target| -> Option<&String> {
            match target {
                Target::Entity(id) => entity_ids.get(id),
                Target::Relation(id) => relation_ids.get(id),
                Target::Concept(concept) => entity_ids.get(&index.mention_of(concept)?.id),
            }
        };
        let targets: Vec<&str> = relation
            .arguments
            .iter()
            .filter_map(|argument| target(&argument.target))
            .map(String::as_str)
            .collect();
        if id.starts_with('*') {
            let _ = writeln!(lines, "*\t{} {}", name(&relation.kind, "Equiv"), targets.join(" "));
            continue;
        }
        let trigger = relation.infons.get(TRIGGER).and_then(|trigger| entity_ids.get(trigger));
        let _ = write!(lines, "{id}\t{}", name(&relation.kind, "Relation"));
        if let Some(trigger) = trigger.filter(|_| id.starts_with('E')) {
            let _ = write!(lines, ":{trigger}");
        }
        for (role, target) in roles(relation, id).iter().zip(targets) {
            let _ = write!(lines, " {role}:{target}");
        }
        lines.push('\n');
        let mut infons = relation.infons.clone();
        if id.starts_with('E') {
            infons.remove(TRIGGER);
        }
        push_about(&mut lines, &mut numbers, id, (relation.note.as_ref(), relation.score, &infons));
    }
    lines
}

/// Notes, score and attributes of one annotation.
fn push_about(
    lines: &mut String,
    numbers: &mut Numbers,
    id: &str,
    (note, score, infons): (Option<&String>, Option<f64>, &Infons),
) {
    push_note(lines, numbers, id, note);
    if let Some(score) = score {
        let number = numbers.next("#");
        let _ = writeln!(lines, "{number}\t{SCORE} {id}\t{score}");
    }
    let is_word = |text: &str| !text.is_empty() && !text.contains(char::is_whitespace);
    for (key, value) in infons {
        let note = infons.get(&note_key(key));
        match key.strip_prefix('#') {
            Some(kind) if is_word(kind) => {
                let number = numbers.next("#");
                let _ = writeln!(lines, "{number}\t{} {id}\t{}", infons::parted(kind).0, flat(value));
            }
            // Written with the line that they belong to.
            None if key.starts_with("N:") => {}
            None if key
                .strip_prefix("note:")
                .is_some_and(|what| what.starts_with("N:") || infons.contains_key(what)) => {}
            None if is_word(key) && (value == "true" || is_word(value)) => {
                let number = numbers.next("A");
                let name = infons::parted(key).0;
                let value = if value == "true" { String::new() } else { format!(" {value}") };
                let _ = writeln!(lines, "{number}\t{name} {id}{value}");
                push_note(lines, numbers, &number, note);
            }
            _ => {}
        }
    }
}

fn push_note(lines: &mut String, numbers: &mut Numbers, of: &str, note: Option<&String>) {
    if let Some(note) = note {
        let number = numbers.next("#");
        let _ = writeln!(lines, "{number}\t{NOTE} {of}\t{}", flat(note));
    }
}

/// brat's ids (`T1`) for ours, kept where they already are brat's.
fn ids<'i>(letter: &str, all: impl Iterator<Item = &'i str> + Clone) -> Ids {
    let is_own = |id: &str| {
        let number = id.strip_prefix(letter);
        number.is_some_and(|number| !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit()))
    };
    let own: HashSet<&str> = all.clone().filter(|id| is_own(id)).collect();
    let mut number = 0;
    let mut ids = Ids::default();
    for id in all {
        let given = if is_own(id) {
            id.to_owned()
        } else {
            loop {
                number += 1;
                let candidate = format!("{letter}{number}");
                if !own.contains(candidate.as_str()) {
                    break candidate;
                }
            }
        };
        ids.order.push(given.clone());
        ids.by_id.insert(id.to_owned(), given);
    }
    ids
}

/// Which of brat's ids stands for which of ours.
#[derive(Default)]
struct Ids {
    by_id: HashMap<String, String>,
    order: Vec<String>,
}

impl Ids {
    fn get(&self, id: &str) -> Option<&String> {
        self.by_id.get(id)
    }

    fn values(&self) -> impl Iterator<Item = &String> {
        self.order.iter()
    }
}

/// The ids of the relations that brat can hold: pairs, events with a trigger, equivalences, of what is in the file itself.
fn relation_ids(document: &Document, entities: &Ids, index: &Index<'_>) -> HashMap<String, String> {
    let is_event = |relation: &Relation| {
        relation.infons.get(TRIGGER).is_some_and(|trigger| entities.get(trigger).is_some())
    };
    let is_equivalence = |relation: &Relation| {
        let all_mentions =
            relation.arguments.iter().all(|argument| matches!(argument.target, Target::Entity(_)));
        relation.id.starts_with('*') && all_mentions && !is_event(relation)
    };
    let is_pair = |relation: &Relation| {
        !is_event(relation) && !is_equivalence(relation) && relation.arguments.len() == 2
    };
    // An equivalence has no id to be named by.
    let nameable: HashSet<&str> = document
        .relations
        .iter()
        .filter(|relation| is_event(relation) || is_pair(relation))
        .map(|relation| relation.id.as_str())
        .collect();
    let is_there = |target: &Target| match target {
        Target::Entity(id) => entities.get(id).is_some(),
        Target::Relation(id) => nameable.contains(id.as_str()),
        Target::Concept(concept) => index.mention_of(concept).is_some(),
    };
    let kept = grounded(&document.relations, |relation| {
        (is_event(relation) || is_equivalence(relation) || is_pair(relation))
            && relation.arguments.iter().all(|argument| is_there(&argument.target))
    });
    let of = |letter: &str, wanted: &dyn Fn(&Relation) -> bool| -> HashMap<String, String> {
        let chosen: Vec<&str> = document
            .relations
            .iter()
            .zip(&kept)
            .filter(|(relation, kept)| **kept && wanted(relation))
            .map(|(relation, _)| relation.id.as_str())
            .collect();
        ids(letter, chosen.into_iter()).by_id
    };
    let mut ids = of("E", &is_event);
    ids.extend(of("R", &is_pair));
    ids.extend(of("*", &is_equivalence));
    ids
}

/// The roles of a relation's participants. Two of one pair must differ: the second is numbered, as brat numbers those of
/// events.
fn roles(relation: &Relation, id: &str) -> Vec<String> {
    let role = |(number, role): (usize, &String)| {
        if role.is_empty() { format!("Arg{number}") } else { name(role, "Arg") }
    };
    let mut roles: Vec<String> =
        (1..).zip(relation.arguments.iter().map(|argument| &argument.role)).map(role).collect();
    if let [first, second] = &mut roles[..]
        && first == second
        && id.starts_with('R')
    {
        second.push('2');
    }
    roles
}

/// The stretches of a mention as brat takes them: in order, none over another, and none over the end of a line.
fn pieces(spans: &[Span], text: &str) -> Vec<Span> {
    let mut sorted = spans.to_vec();
    sorted.sort_unstable();
    let mut apart: Vec<Span> = Vec::with_capacity(sorted.len());
    for span in sorted {
        match apart.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => apart.push(span),
        }
    }
    let of_lines = |span: Span| -> Vec<Span> {
        let words = span.slice(text).unwrap_or_default();
        let mut start = span.start;
        let mut lines = Vec::new();
        for line in words.split_inclusive(is_line_break) {
            let end = start + line.trim_end_matches(is_line_break).len();
            lines.extend((start < end).then(|| Span::new(start, end)));
            start += line.len();
        }
        lines
    };
    apart.into_iter().flat_map(of_lines).collect()
}

/// Counters of the lines that have no id of ours.
#[derive(Default)]
struct Numbers(BTreeMap<&'static str, usize>);

impl Numbers {
    fn next(&mut self, letter: &'static str) -> String {
        let number = self.0.entry(letter).or_default();
        *number += 1;
        format!("{letter}{number}")
    }
}

/// A type or role: one word without colons.
fn name(text: &str, otherwise: &str) -> String {
    if text.is_empty() {
        return otherwise.to_owned();
    }
    text.chars().map(|letter| if letter.is_whitespace() || letter == ':' { '_' } else { letter }).collect()
}

fn flat(text: &str) -> String {
    text.replace(|letter: char| letter == '\t' || is_line_break(letter), " ")
}
