//! Words of a text that may identify a person: names, dates, record numbers, ages over 89. Case reports carry them. Rules alone,
//! for a person to look at: some of what they find identifies nobody, and they do not find all.

use std::sync::LazyLock;

use documents::{Document, Span};
use regex::Regex;

use crate::reading::pattern;
use crate::sentences;

/// What may identify a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdentifierKind {
    /// `Mr. Smith`
    Name,
    /// A whole date in a sentence about one person.
    Date,
    /// A record or telephone number.
    Number,
    /// An age over 89, which few people have.
    Age,
}

impl IdentifierKind {
    /// In a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Date => "date",
            Self::Number => "number",
            Self::Age => "age",
        }
    }
}

/// Words that may identify a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier {
    /// The words, in bytes of the text.
    pub span: Span,
    /// What they are.
    pub kind: IdentifierKind,
}

static NAMES: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)\b(?:
            (?:Mr|Mrs|Ms)\.?\s+(?:[A-Z]\.?\s+)?\p{Lu}\p{Ll}{2,}(?:-\p{Lu}\p{Ll}+)?
            | (?:patient|man|woman|boy|girl|lady|gentleman)\s+(?:named|called)\s+\p{Lu}\p{Ll}+(?:\s+\p{Lu}\p{Ll}+)?
            | (?:[Pp]atient(?:['’]s)?\s+name|[Nn]ame\s+of\s+(?:the\s+)?patient)\s*:\s*\p{Lu}\p{Ll}+(?:\s+\p{Lu}\p{Ll}+)?
        )",
    )
});

static DATES: LazyLock<Regex> = LazyLock::new(|| {
    let month = r"(?:January|February|March|April|May|June|July|August|September|October|November|December
        |Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.?";
    pattern(&format!(
        r"(?x)\b(?:
            \d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{month},?\s+(?:19|20)\d\d
            | {month}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+(?:19|20)\d\d
            | \d{{1,2}}[./-]\d{{1,2}}[./-](?:19|20)\d\d
            | (?:19|20)\d\d-\d\d-\d\d
        )\b"
    ))
});

/// A sentence about one person.
static ABOUT_ONE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:\d+[- ](?:year|month|week|day)s?[- ]old|the patient|patient was|she|he|her|his|date of birth|dob|born on)\b",
    )
});

static NUMBERS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?xi)\b(?:
            (?:MRN | medical\ record\ (?:number|no\.?) | hospital\ (?:number|no\.?) | patient\ (?:ID|number|no\.?)
                | chart\ (?:number|no\.?) | NHS\ (?:number|no\.?) | SSN | social\ security\ (?:number|no\.?))
                (?:\s*[:\#]\s*|\s+) (?<number>[a-z0-9][a-z0-9/-]{3,})
            | \d{3}-\d{2}-\d{4}\b
            | (?:telephone|phone|tel)\.?\s*:?\s*\+?\d[\d()\ -]{6,}\d
        )",
    )
});

static AGES: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b(?:9\d|1[01]\d)-years?-old\b"));

/// What may identify a person in a document's text, in its order.
#[must_use]
pub fn identifiers(document: &Document) -> Vec<Identifier> {
    let text = document.text.as_str();
    let span = |from: usize, to: usize| Span::new(from, to);
    let mut found: Vec<Identifier> = Vec::new();
    let mut add = |kind, span| found.push(Identifier { span, kind });
    for name in NAMES.find_iter(text) {
        add(IdentifierKind::Name, span(name.start(), name.end()));
    }
    for number in NUMBERS.captures_iter(text) {
        // "Patient number of twenty" is none.
        let counts =
            number.name("number").is_none_or(|own| own.as_str().bytes().any(|one| one.is_ascii_digit()));
        if let Some(whole) = number.get(0).filter(|_| counts) {
            add(IdentifierKind::Number, span(whole.start(), whole.end()));
        }
    }
    for age in AGES.find_iter(text) {
        // Not the "96-year-old" of "10.96-year-old", nor the end of a range.
        let before = text[..age.start()].chars().next_back();
        if !before.is_some_and(|sign| sign.is_ascii_digit() || ".-–,".contains(sign)) {
            add(IdentifierKind::Age, span(age.start(), age.end()));
        }
    }
    if DATES.is_match(text) {
        for sentence in sentences::of(document) {
            let words = sentence.slice(text).unwrap_or_default();
            if ABOUT_ONE.is_match(words) {
                for date in DATES.find_iter(words) {
                    add(
                        IdentifierKind::Date,
                        span(sentence.start + date.start(), sentence.start + date.end()),
                    );
                }
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&'static str, String)> {
        let document = Document::from_parts("1", &[("abstract", text)]);
        let found = identifiers(&document);
        found.iter().map(|one| (one.kind.word(), one.span.slice(text).unwrap().to_owned())).collect()
    }

    #[test]
    fn what_may_identify_a_person_is_found() {
        for (text, expected) in [
            (
                "Mr. Jansen and Mrs O. Smith-Jones came.",
                &[("name", "Mr. Jansen"), ("name", "Mrs O. Smith-Jones")][..],
            ),
            (
                "Patient name: Ada Berg, MRN: 0048-21.",
                &[("name", "Patient name: Ada Berg"), ("number", "MRN: 0048-21")],
            ),
            ("A 54-year-old man came on August 27, 2001.", &[("date", "August 27, 2001")]),
            (
                "She was seen on 3rd of May 2019 and 2019-06-01.",
                &[("date", "3rd of May 2019"), ("date", "2019-06-01")],
            ),
            (
                "A 105-year-old woman, SSN 123-45-6789.",
                &[("age", "105-year-old"), ("number", "SSN 123-45-6789")],
            ),
            ("Call: phone +49 (0)30 1234567.", &[("number", "phone +49 (0)30 1234567")]),
        ] {
            let expected: Vec<(&str, String)> =
                expected.iter().map(|(kind, words)| (*kind, (*words).to_owned())).collect();
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn what_studies_say_of_themselves_identifies_nobody() {
        for text in [
            "Patients were enrolled from January 1, 2010 to June 30, 2012.",
            "The p53 mRNA-Mdm2 interaction, CAS 50-78-2, was 34.89-year-old data.",
            "The patient number increased; the patient number of 2001 did not.",
            "MS is a disease. Ms were used. Residents were 75–95-year-old.",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
