//! Whether the quotes of a document can be relied on: each is an exact part of the text, and more than a title, a heading or a
//! list of authors, which name things without saying anything of them.

use crate::formats::DECISION;
use crate::model::{Document, Span};

/// What is wrong with a quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FlawKind {
    /// It is no exact part of the text, or is elsewhere in it than it says.
    NotInText,
    /// It begins or ends inside of a word.
    Cut,
    /// All evidence of the statement is the title.
    TitleOnly,
    /// All evidence of the statement is headings.
    HeadingOnly,
    /// All evidence of the statement is a list of authors.
    AuthorsOnly,
}

/// A quote that cannot be relied on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The statement: the id of the mention or relation, or the key of the answer in the document's properties (`answer.F3`).
    pub statement: String,
    /// What is wrong.
    pub kind: FlawKind,
    /// The quote.
    pub quote: String,
    /// Where to look: the place that the quote claims, where the text has it.
    pub span: Option<Span>,
}

/// The quotes of a document, and what is wrong with them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked {
    /// Quotes: pieces of evidence, and the words of mentions.
    pub quotes: usize,
    /// Those that cannot be relied on, in the order of the document.
    pub flaws: Vec<Flaw>,
}

/// Checks the mentions, relations and answers of a document as an export holds them. What was rejected is not looked at.
#[must_use]
pub fn check(document: &Document) -> Checked {
    let mut checked = Checked::default();
    let is_rejected = |infons: &crate::Infons| infons.get(DECISION).is_some_and(|word| word == "rejected");
    for entity in document.entities.iter().filter(|entity| !is_rejected(&entity.infons)) {
        checked.quotes += 1;
        let pieces: Option<Vec<&str>> = entity.spans.iter().map(|span| span.slice(&document.text)).collect();
        let is_exact = pieces.is_some_and(|pieces| !pieces.is_empty() && pieces.join(" ") == entity.text);
        if !is_exact {
            let span = entity.spans.first().copied().filter(|span| span.slice(&document.text).is_some());
            let statement = entity.id.clone();
            checked.flaws.push(Flaw {
                statement,
                kind: FlawKind::NotInText,
                quote: entity.text.clone(),
                span,
            });
        }
    }
    for relation in document.relations.iter().filter(|relation| !is_rejected(&relation.infons)) {
        checked.evidence(document, &relation.id, &relation.evidence);
    }
    for (key, quote) in answered(document) {
        checked.quotes += 1;
        if !document.text.contains(quote) || quote.trim().is_empty() {
            let (statement, quote) = (key.to_owned(), quote.to_owned());
            checked.flaws.push(Flaw { statement, kind: FlawKind::NotInText, quote, span: None });
        }
    }
    checked
}

/// The quotes of answers, each with the key of its answer.
fn answered(document: &Document) -> impl Iterator<Item = (&str, &str)> {
    document.infons.iter().filter_map(|(key, value)| {
        let (answer, number) = key.split_once(".evidence.")?;
        let is_quote = answer.starts_with("answer.") && number.bytes().all(|byte| byte.is_ascii_digit());
        // After its stance.
        Some((answer, value.split_once(": ")?.1)).filter(|_| is_quote)
    })
}

impl Checked {
    fn evidence(&mut self, document: &Document, statement: &str, evidence: &[Span]) {
        let mut flaw = |kind, quote: &str, span| {
            let (statement, quote) = (statement.to_owned(), quote.to_owned());
            self.flaws.push(Flaw { statement, kind, quote, span });
        };
        let mut only: Vec<Option<FlawKind>> = Vec::new();
        for span in evidence {
            self.quotes += 1;
            match span.slice(&document.text).filter(|quote| !quote.trim().is_empty()) {
                None => flaw(FlawKind::NotInText, "", None),
                Some(quote) if is_cut(&document.text, *span) => flaw(FlawKind::Cut, quote, Some(*span)),
                Some(quote) => only.push(says_nothing(document, *span, quote)),
            }
        }
        // One sentence besides the title is enough.
        if let Some(kind) = only.iter().copied().reduce(|one, two| one.and(two)).flatten()
            && let Some(span) = evidence.iter().find(|span| says_nothing_at(document, **span) == Some(kind))
        {
            flaw(kind, span.slice(&document.text).unwrap_or_default(), Some(*span));
        }
    }
}

fn says_nothing_at(document: &Document, span: Span) -> Option<FlawKind> {
    says_nothing(document, span, span.slice(&document.text)?)
}

/// What a quote is, where that is nothing that says something.
fn says_nothing(document: &Document, span: Span, quote: &str) -> Option<FlawKind> {
    let kinds = document.passages.iter().filter(|passage| passage.span.overlaps(span));
    let kinds: Vec<&str> = kinds.map(|passage| passage.kind.as_str()).collect();
    let all = |is: fn(&str) -> bool| !kinds.is_empty() && kinds.iter().all(|kind| is(kind));
    if all(|kind| matches!(kind, "title" | "front")) {
        Some(FlawKind::TitleOnly)
    } else if all(is_heading) || is_label(quote) {
        Some(FlawKind::HeadingOnly)
    } else if all(|kind| kind.contains("author") || kind.contains("affiliation")) || is_author_list(quote) {
        Some(FlawKind::AuthorsOnly)
    } else {
        None
    }
}

/// As Osler names them, and as BioC files of PubMed Central do (`title_1`, `abstract_title_1`).
fn is_heading(kind: &str) -> bool {
    kind == "heading" || kind == "section_title" || kind.starts_with("title_") || kind.contains("_title_")
}

/// `RESULTS:`, `MATERIALS AND METHODS`
fn is_label(quote: &str) -> bool {
    let words = quote.trim().trim_end_matches(':');
    let letters = || words.chars().filter(|sign| sign.is_alphabetic());
    letters().count() >= 3
        && letters().all(char::is_uppercase)
        && words.split_whitespace().count() <= 6
        && words.chars().all(|sign| sign.is_alphabetic() || " &/-,".contains(sign))
}

/// Small words in names.
const PARTICLES: [&str; 14] =
    ["al", "bin", "da", "de", "del", "den", "der", "di", "dos", "du", "la", "ter", "van", "von"];

/// Three names or more and nothing else: `Jane Doe, Rick Roe, and Bo van der Berg`, `Doe J, Roe R, Berg B.`
fn is_author_list(quote: &str) -> bool {
    let joined = quote.replace(" and ", ",").replace(" & ", ",");
    let is_mark = |sign: char| sign.is_ascii_digit() || sign.is_whitespace() || "*†‡§.".contains(sign);
    let names: Vec<&str> = joined
        .split([',', ';'])
        .map(|name| name.trim_matches(is_mark))
        .filter(|name| !name.is_empty())
        .collect();
    let is_word = |word: &str| {
        let begins = word.chars().next().is_some_and(char::is_uppercase);
        PARTICLES.contains(&word)
            || (begins && word.chars().all(|sign| sign.is_alphabetic() || "-'’.".contains(sign)))
    };
    let is_name = |name: &str| {
        let words: Vec<&str> = name.split_whitespace().map(|word| word.trim_matches(is_mark)).collect();
        (2..=5).contains(&words.len()) && words.iter().all(|word| is_word(word))
    };
    names.len() >= 3 && names.iter().all(|name| is_name(name))
}

/// Where in a document a quote is, in words: the kind of its passage, with the section that the passage is of
/// (`abstract, Results`). Empty where no passage has it.
#[must_use]
pub fn place(document: &Document, span: Span) -> String {
    let Some(at) = document.passages.iter().position(|passage| passage.span.overlaps(span)) else {
        return String::new();
    };
    let passage = &document.passages[at];
    let kind = passage.kind.replace('_', " ");
    let named = passage.infons.get("section").filter(|section| !section.eq_ignore_ascii_case(&kind)).cloned();
    let section = named.or_else(|| labelled(document, passage.span, span)).map(capitalized);
    section.map_or_else(|| kind.clone(), |section| format!("{kind}, {section}"))
}

/// The last label in capitals (`RESULTS:`) that a passage has before the end of a quote in it.
fn labelled(document: &Document, passage: Span, quote: Span) -> Option<String> {
    let before = Span::new(passage.start, quote.end).slice(&document.text)?;
    let mut found = None;
    for (at, _) in before.match_indices(": ") {
        let start = before[..at].rfind(['.', '?', '!', '\n', ':']).map_or(0, |end| end + 1);
        let label = before[start..at].trim();
        if is_label(label) {
            found = Some(label.to_owned());
        }
    }
    found
}

/// `RESULTS` as `Results`; other words stay as they are.
fn capitalized(words: String) -> String {
    if words.chars().any(char::is_lowercase) {
        return words;
    }
    let mut signs = words.chars();
    signs.next().map_or_else(String::new, |first| first.to_string() + &signs.as_str().to_lowercase())
}

/// Whether a quote begins or ends between two letters or digits.
fn is_cut(text: &str, span: Span) -> bool {
    let joins = |at: usize| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let behind = text.get(at..).and_then(|behind| behind.chars().next());
        before
            .zip(behind)
            .is_some_and(|(before, behind)| before.is_alphanumeric() && behind.is_alphanumeric())
    };
    joins(span.start) || joins(span.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Entity, Infons, Passage, Relation};

    /// Lines of kinds.
    fn document(parts: &[(&str, &str)]) -> Document {
        Document::from_parts("1", parts)
    }

    fn flaws_of(document: &Document, quotes: &[&str]) -> Vec<FlawKind> {
        let mut document = document.clone();
        let mut relation = Relation::new("F1", "CID", Vec::new());
        relation.evidence = quotes
            .iter()
            .map(|quote| {
                document
                    .text
                    .find(quote)
                    .map_or(Span::new(9_000, 9_001), |at| Span::new(at, at + quote.len()))
            })
            .collect();
        document.relations.push(relation);
        check(&document).flaws.into_iter().map(|flaw| flaw.kind).collect()
    }

    #[test]
    fn a_quote_says_something_and_stands_in_its_text() {
        let report = document(&[
            ("title", "Lithium and tremor."),
            ("authors", "Jane Doe"),
            ("heading", "Results"),
            ("abstract", "RESULTS: Lithium caused tremor. It was mild."),
        ]);
        for (quotes, flaws) in [
            (&["Lithium caused tremor."][..], &[][..]),
            (&["Lithium and tremor."], &[FlawKind::TitleOnly]),
            (&["Lithium and tremor.", "It was mild."], &[]),
            (&["Results"], &[FlawKind::HeadingOnly]),
            (&["RESULTS:"], &[FlawKind::HeadingOnly]),
            (&["Jane Doe"], &[FlawKind::AuthorsOnly]),
            (&["ithium caused tremor."], &[FlawKind::Cut]),
            (&["nowhere"], &[FlawKind::NotInText]),
            (&[], &[]),
        ] {
            assert_eq!(flaws_of(&report, quotes), flaws, "{quotes:?}");
        }
    }

    #[test]
    fn a_place_is_the_passage_and_its_section() {
        let mut report = document(&[
            ("title", "Lithium and tremor."),
            ("abstract", "AIM: To see. It is old. RESULTS: Lithium caused tremor (3: 1). It was mild."),
            ("paragraph", "Doses were low."),
        ]);
        report.passages[2].infons.insert("section".to_owned(), "METHODS".to_owned());
        let of = |quote: &str| {
            let at = report.text.find(quote).unwrap();
            place(&report, Span::new(at, at + quote.len()))
        };
        assert_eq!(of("and tremor."), "title");
        assert_eq!(of("It is old."), "abstract, Aim");
        assert_eq!(of("RESULTS: Lithium caused tremor"), "abstract, Results");
        assert_eq!(of("It was mild."), "abstract, Results");
        assert_eq!(of("Doses were low."), "paragraph, Methods");
        assert_eq!(place(&report, Span::new(9_000, 9_001)), "");
    }

    #[test]
    fn authors_are_told_from_lists_of_things() {
        for text in ["Doe J, Roe RA, van der Berg B.", "Jane Doe1,2, Rick Roe* and Bo Berg"] {
            assert!(is_author_list(text), "{text}");
        }
        for text in [
            "Aspirin, Ibuprofen and Naproxen.",
            "Lithium, which is used in mania, caused tremor, and nausea.",
            "Jane Doe, Rick Roe",
            "We thank Jane Doe, Rick Roe and Bo Berg.",
        ] {
            assert!(!is_author_list(text), "{text}");
        }
    }

    #[test]
    fn words_of_mentions_and_quotes_of_answers_are_those_of_the_text() {
        let mut report = document(&[("abstract", "Lithium caused tremor.")]);
        let entity = |id: &str, text: &str| Entity {
            id: id.to_owned(),
            kind: "Chemical".to_owned(),
            spans: vec![Span::new(0, 7)],
            text: text.to_owned(),
            concepts: Vec::new(),
            note: None,
            score: None,
            infons: Infons::new(),
        };
        report.entities = vec![entity("T1", "Lithium"), entity("T2", "lithium salts")];
        for (key, value) in [
            ("answer.F3", "yes"),
            ("answer.F3.evidence.01", "for: Lithium caused tremor."),
            ("answer.F3.evidence.02", "against: It caused nothing."),
        ] {
            report.infons.insert(key.to_owned(), value.to_owned());
        }
        let checked = check(&report);
        let told: Vec<(&str, FlawKind)> =
            checked.flaws.iter().map(|flaw| (flaw.statement.as_str(), flaw.kind)).collect();
        assert_eq!(told, [("T2", FlawKind::NotInText), ("answer.F3", FlawKind::NotInText)]);
        assert_eq!(checked.quotes, 4);
        assert_eq!(
            report.passages,
            [Passage { span: Span::new(0, 22), kind: "abstract".into(), infons: Infons::new() }]
        );
    }
}
