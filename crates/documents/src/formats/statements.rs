//! Labels and answers of a whole document, which stand in its properties: `label.F1` and `answer.F1` say something about it,
//! `answer.F1.score` something about that.

use crate::Document;

/// The sort of a property that is (part of) a statement, the key of the statement, and the rest.
pub(super) fn statement(key: &str) -> Option<(&str, &str, &str)> {
    let (sort, rest) = key.split_once('.').filter(|(sort, _)| matches!(*sort, "label" | "answer"))?;
    let (id, rest) = rest.split_once('.').unwrap_or((rest, ""));
    Some((sort, &key[..sort.len() + 1 + id.len()], rest))
}

/// The statements of a document in order: sort, key, and what they say.
pub(super) fn statements(document: &Document) -> impl Iterator<Item = (&str, &str, &str)> {
    document.infons.iter().filter_map(|(key, value)| match statement(key)? {
        (sort, key, "") => Some((sort, key, value.as_str())),
        _ => None,
    })
}

/// The properties of a statement whose names begin so, in order: what comes after that, and the value.
pub(super) fn properties<'d>(
    document: &'d Document,
    key: &str,
    beginning: &str,
) -> impl Iterator<Item = (&'d str, &'d str)> {
    let prefix = format!("{key}.{beginning}");
    document
        .infons
        .iter()
        .filter_map(move |(name, value)| Some((name.strip_prefix(&prefix)?, value.as_str())))
}

/// One property of a statement; empty without it.
pub(super) fn property<'d>(document: &'d Document, key: &str, name: &str) -> &'d str {
    document.infons.get(&format!("{key}.{name}")).map_or("", String::as_str)
}
