//! Full-text indexes (FTS5) over columns of a table. The index keeps no copy of the words; triggers keep it in step, also
//! when undo moves rows.

/// Every index, by name.
pub(crate) const INDEXES: &[&str] = &[
    "documents_words",
    "imported_entities_words",
    "findings_words",
    "decisions_words",
    "notes_words",
    "drafts_words",
];

/// The SQL that makes index `$index` over `$columns` of `$table`: word boundaries by Unicode, case and accents ignored.
macro_rules! full_text {
    ($index:literal, $table:literal, [$first:literal $(, $column:literal)*]) => {
        concat!(
            "CREATE VIRTUAL TABLE ", $index, " USING fts5(", $first $(, ", ", $column)*,
            ", content='", $table, "', content_rowid='id', tokenize='unicode61 remove_diacritics 2');\n",
            "CREATE TRIGGER ", $index, "_insert AFTER INSERT ON ", $table, " BEGIN INSERT INTO ", $index, "(rowid, ",
            $first $(, ", ", $column)*, ") VALUES (new.id, new.", $first $(, ", new.", $column)*, "); END;\n",
            "CREATE TRIGGER ", $index, "_delete AFTER DELETE ON ", $table, " BEGIN INSERT INTO ", $index, "(", $index,
            ", rowid, ", $first $(, ", ", $column)*, ") VALUES ('delete', old.id, old.", $first $(, ", old.", $column)*,
            "); END;\n",
            "CREATE TRIGGER ", $index, "_update AFTER UPDATE ON ", $table, " BEGIN INSERT INTO ", $index, "(", $index,
            ", rowid, ", $first $(, ", ", $column)*, ") VALUES ('delete', old.id, old.", $first $(, ", old.", $column)*,
            "); INSERT INTO ", $index, "(rowid, ", $first $(, ", ", $column)*, ") VALUES (new.id, new.",
            $first $(, ", new.", $column)*, "); END;\n",
        )
    };
}
pub(crate) use full_text;

/// Turns what a user types into a query that FTS5 accepts, whatever it is: words must all occur, words in double quotes
/// stand next to each other, and the last word may be the beginning of one. `None` when there is no word.
pub(crate) fn query(typed: &str) -> Option<String> {
    let mut terms = Vec::new();
    for (position, part) in typed.split('"').enumerate() {
        if position % 2 == 1 {
            terms.push(part);
        } else {
            terms.extend(part.split_whitespace());
        }
    }
    // FTS5 reads a string of nothing but signs as "matches nothing", which would hide the other words' hits.
    terms.retain(|term| term.chars().any(char::is_alphanumeric));
    let unfinished = !typed.ends_with(['"', ' ']);
    let last = terms.len().checked_sub(1)?;
    let quoted = terms.iter().enumerate().map(|(place, term)| {
        let prefix = if place == last && unfinished { "*" } else { "" };
        format!("\"{}\"{prefix}", term.replace('\0', " "))
    });
    Some(quoted.collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_typed_becomes_a_query() {
        let check = |typed, expected: Option<&str>| assert_eq!(query(typed).as_deref(), expected, "{typed}");
        check("naloxone", Some("\"naloxone\"*"));
        check("IL-2 \"renal failure\" ", Some("\"IL-2\" \"renal failure\""));
        check("AND OR NOT ( * ^ NEAR", Some("\"AND\" \"OR\" \"NOT\" \"NEAR\"*"));
        check("\"unclosed phrase", Some("\"unclosed phrase\"*"));
        check("  -- \"\" ", None);
    }
}
