//! Words of a text that may identify a person: names, dates, record numbers, ages over 89. Case reports carry them. Rules alone,
//! for a person to look at: some of what they find identifies nobody, and they do not find all.

use std::sync::LazyLock;

use documents::{Document, Span};
use regex::Regex;

use crate::reading::pattern;
use crate::sentences;

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

/// The words of a document's text that may identify a person, in bytes, in its order.
#[must_use]
pub fn identifiers(document: &Document) -> Vec<Span> {
    let text = document.text.as_str();
    let mut found: Vec<Span> =
        NAMES.find_iter(text).map(|name| Span::new(name.start(), name.end())).collect();
    // "Patient number increased" has none.
    let has_digit = |own: regex::Match<'_>| own.as_str().bytes().any(|one| one.is_ascii_digit());
    let numbers = NUMBERS.captures_iter(text).filter(|one| one.name("number").is_none_or(has_digit));
    found.extend(numbers.filter_map(|one| one.get(0)).map(|whole| Span::new(whole.start(), whole.end())));
    // Not that of "10.96-year-old", nor the end of a range.
    let is_whole = |age: &regex::Match<'_>| !text[..age.start()].ends_with(['.', ',', '-', '–']);
    let ages = AGES.find_iter(text).filter(is_whole);
    found.extend(ages.map(|age| Span::new(age.start(), age.end())));
    if DATES.is_match(text) {
        for sentence in sentences::of(document) {
            let words = sentence.slice(text).filter(|words| ABOUT_ONE.is_match(words)).unwrap_or_default();
            let dates = DATES.find_iter(words);
            found.extend(
                dates.map(|date| Span::new(sentence.start + date.start(), sentence.start + date.end())),
            );
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let found = identifiers(&Document::from_parts("1", &[("abstract", text)]));
        found.iter().map(|one| one.slice(text).unwrap().to_owned()).collect()
    }

    #[test]
    fn what_may_identify_a_person_is_found() {
        for (text, expected) in [
            ("Mr. Jansen and Mrs O. Smith-Jones came.", &["Mr. Jansen", "Mrs O. Smith-Jones"][..]),
            ("Patient name: Ada Berg, MRN: 0048-21.", &["Patient name: Ada Berg", "MRN: 0048-21"]),
            ("A 54-year-old man came on August 27, 2001.", &["August 27, 2001"]),
            ("She was seen on 3rd of May 2019 and 2019-06-01.", &["3rd of May 2019", "2019-06-01"]),
            ("A 105-year-old woman, SSN 123-45-6789.", &["105-year-old", "SSN 123-45-6789"]),
            ("Call: phone +49 (0)30 1234567.", &["phone +49 (0)30 1234567"]),
        ] {
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
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }
}
