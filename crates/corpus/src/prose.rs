//! Records as running text.

use crate::records::Record;

/// A title such as "Introduction" says nothing of its own.
const TITLE_WORDS: usize = 2;
/// Lines this short without a full stop are headings.
const HEADING_WORDS: usize = 5;
/// Link lists, which are no prose.
const LINKS: &str = "These resources address";

/// Title and body of a record as the model reads them: the title as a sentence, then one paragraph a line.
pub(crate) fn running_text(record: &Record, body: &str) -> String {
    let mut text = String::with_capacity(body.len() + 120);
    if let Some(title) = record.title.as_deref().map(str::trim).and_then(|title| heading(record, title)) {
        text.push_str(title);
        if !title.ends_with(['.', '?', '!']) {
            text.push('.');
        }
        text.push('\n');
    }
    let paragraphs = body
        .lines()
        .map(|line| line.trim().trim_start_matches("Summary : "))
        .filter(|line| !is_heading(line) && !line.starts_with(LINKS));
    for (number, paragraph) in paragraphs.enumerate() {
        if number > 0 {
            text.push('\n');
        }
        // The sections of structured abstracts come joined by ".; ", some sentences end twice.
        text.push_str(&one_full_stop(&paragraph.replace(".; ", ". ")));
    }
    text
}

/// One full stop for two; three are an ellipsis.
pub(crate) fn one_full_stop(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("..") {
        let run = rest[at..].bytes().take_while(|&byte| byte == b'.').count();
        kept.push_str(&rest[..at]);
        kept.push_str(if run == 2 { "." } else { &rest[at..at + run] });
        rest = &rest[at + run..];
    }
    kept + rest
}

fn heading<'t>(record: &Record, title: &'t str) -> Option<&'t str> {
    // "What is (are) X?" is a form's question; its answer begins with X by itself.
    let form = record.kind == "qa" && (title.contains("(are)") || title.starts_with("Do you have"));
    (title.split_whitespace().count() >= TITLE_WORDS && !form).then_some(title)
}

fn is_heading(line: &str) -> bool {
    line.split_whitespace().count() < HEADING_WORDS && !line.ends_with(['.', '?', '!', ':', ';'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: &str, title: &str, text: &str) -> Record {
        Record { kind: kind.into(), title: Some(title.into()), text: text.into(), ..Record::default() }
    }

    #[test]
    fn titles_become_sentences_and_headings_go() {
        let cases = [
            (
                record("abstract", "Lithium and the kidney", "We saw nine.; All did well."),
                "Lithium and the kidney.\nWe saw nine. All did well.",
            ),
            (
                record("qa", "What is (are) Gout?", "Key Points\nGout is a kind of arthritis."),
                "Gout is a kind of arthritis.",
            ),
            (
                record("qa", "What causes Gout?", "Uric acid crystals do."),
                "What causes Gout?\nUric acid crystals do.",
            ),
            (record("textbook", "Introduction", "Cells divide..\nAnd die ..."), "Cells divide.\nAnd die ..."),
        ];
        for (record, expected) in cases {
            assert_eq!(running_text(&record, &record.text), expected);
        }
    }
}
