//! What the records of reference managers (RIS, MEDLINE) have in common: values of one line, and what was decided about a
//! document as keywords and notes, since these formats have no place for a mention or a relation.

use super::index::Index;
use super::statements::{properties, property, statements};
use super::{DECISION, identifiers};
use crate::{Argument, Document, Infons, Relation, Target};

/// Begins each note that Osler adds, so that it can be distinguished from the user's own.
const SIGNED: &str = "Osler: ";

/// A value in one line: whatever any reader takes for the end of a line becomes a blank.
pub(super) fn one_line(value: &str) -> String {
    value
        .split(|sign: char| sign.is_whitespace() || sign.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The values of a property that holds several, as the readers of these formats join them.
pub(super) fn several<'d>(document: &'d Document, key: &str) -> impl Iterator<Item = &'d str> {
    document.infons.get(key).map_or("", String::as_str).split("; ")
}

/// Title and abstract: the title where it begins the text, and all that follows.
pub(super) fn title_and_abstract(document: &Document) -> (String, String) {
    let title = document.passages.first().filter(|one| one.kind == "title" && one.span.start == 0);
    let title = title.map_or("", |one| one.span.slice(&document.text).unwrap_or_default());
    (one_line(title), one_line(&document.text[title.len()..]))
}

/// What a curator accepted or added, each once: `CID: Lithium – tremor`, a label, a question with its answer.
pub(super) fn keywords(document: &Document) -> Vec<String> {
    let index = Index::of(document);
    let relations = document.relations.iter().filter(|relation| is_accepted(&relation.infons));
    let mut keywords: Vec<String> = relations
        .map(|relation| said(relation, &index))
        .chain(accepted_statements(document).map(|(_, said)| said))
        // Readers of these formats take it for the end of a keyword.
        .map(|keyword| one_line(&keyword.replace(';', ",")))
        .collect();
    let mut seen = std::collections::HashSet::new();
    keywords.retain(|keyword| !keyword.is_empty() && seen.insert(keyword.clone()));
    keywords
}

/// The same with evidence, remarks and who decided, a note each; and the notes on the document.
pub(super) fn notes(document: &Document) -> Vec<String> {
    let index = Index::of(document);
    let mut notes = Vec::new();
    for relation in document.relations.iter().filter(|relation| is_accepted(&relation.infons)) {
        let quotes = relation.evidence.iter().filter_map(|span| span.slice(&document.text));
        let quotes: Vec<String> = quotes.map(|quote| format!("“{quote}”")).collect();
        let decided = deciders(relation.infons.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        notes.push(note(&said(relation, &index), &decided, &quotes, relation.note.as_deref()));
    }
    for (key, said) in accepted_statements(document) {
        let quotes: Vec<String> =
            properties(document, key, "evidence.").map(|(_, quote)| quote.to_owned()).collect();
        notes.push(note(&said, &deciders(properties(document, key, "")), &quotes, None));
    }
    let written = document.infons.iter().filter(|(key, _)| {
        key.strip_prefix("note.").is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
    });
    notes.extend(written.map(|(_, text)| one_line(&format!("{SIGNED}{text}"))));
    notes
}

fn note(said: &str, decided: &[String], quotes: &[String], remark: Option<&str>) -> String {
    let by = if decided.is_empty() { String::new() } else { format!(" ({})", decided.join(", ")) };
    let quotes = if quotes.is_empty() { String::new() } else { format!(" Evidence: {}", quotes.join(" ")) };
    let remark = remark.map(|remark| format!(" Note: {remark}")).unwrap_or_default();
    one_line(&format!("{SIGNED}{said}{by}.{quotes}{remark}"))
}

/// `accepted by ada on 2026-01-31`, for each who did.
fn deciders<'p>(infons: impl Iterator<Item = (&'p str, &'p str)>) -> Vec<String> {
    let infons: Vec<(&str, &str)> = infons.collect();
    infons
        .iter()
        .filter_map(|(key, word)| Some((key.strip_prefix("decision.")?, verb(word)?)))
        .map(|(curator, verb)| {
            let key = format!("decided_at.{curator}");
            let date = infons.iter().find(|(name, _)| *name == key).and_then(|(_, at)| at.get(..10));
            format!("{verb} by {curator}{}", date.map(|date| format!(" on {date}")).unwrap_or_default())
        })
        .collect()
}

fn verb(word: &str) -> Option<&'static str> {
    match word {
        "accept" => Some("accepted"),
        "edit" => Some("edited"),
        "add" => Some("added"),
        _ => None,
    }
}

fn is_accepted(infons: &Infons) -> bool {
    match infons.get(DECISION).map(String::as_str) {
        Some(decision) => decision == "accepted",
        None => infons.get("origin").is_some_and(|origin| origin == "curator"),
    }
}

/// Labels and answers that somebody accepted and nobody rejected: their keys, and what they say.
fn accepted_statements(document: &Document) -> impl Iterator<Item = (&str, String)> {
    let is_accepted = |key: &str| {
        let mut words = properties(document, key, "decision.").map(|(_, word)| word).peekable();
        words.peek().is_some() && words.all(|word| verb(word).is_some())
    };
    statements(document).filter(move |(_, key, _)| is_accepted(key)).map(|(sort, key, value)| {
        let question = property(document, key, "question");
        (key, if sort == "answer" { format!("{question} {value}") } else { value.to_owned() })
    })
}

/// `CID: Lithium – tremor`
fn said(relation: &Relation, index: &Index<'_>) -> String {
    let names: Vec<String> = relation.arguments.iter().map(|one| named(one, relation, index)).collect();
    format!("{}: {}", relation.kind, names.join(" – "))
}

fn named(argument: &Argument, relation: &Relation, index: &Index<'_>) -> String {
    match &argument.target {
        Target::Entity(id) => index.entity(id).map_or_else(|| id.clone(), |entity| entity.text.clone()),
        Target::Concept(concept) => relation
            .infons
            .get(&format!("name.{}", argument.role))
            .cloned()
            .or_else(|| index.mention_of(concept).map(|mention| mention.text.clone()))
            .unwrap_or_else(|| identifiers::write_one(concept)),
        Target::Relation(id) => id.clone(),
    }
}
