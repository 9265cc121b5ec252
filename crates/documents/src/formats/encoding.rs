//! Bytes to text: UTF-8, UTF-16 (also without a byte order mark), what an XML file declares, else Windows-1252.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::import::Intake;
use super::{Notice, ReadError};

/// How much of a file is looked at to tell its encoding.
const SAMPLE: usize = 4096;

/// Decodes `bytes`; line ends stay as they are. The result holds no NUL.
pub(super) fn decode(bytes: &[u8], intake: &mut Intake<'_>) -> Result<String, ReadError> {
    let text = match Encoding::for_bom(bytes) {
        Some((encoding, mark)) => decode_as(encoding, bytes.get(mark..).unwrap_or_default(), intake),
        None => match utf16_without_mark(bytes) {
            Some(encoding) => decode_as(encoding, bytes, intake),
            None => decode_unmarked(bytes, intake),
        },
    };
    if text.trim().is_empty() {
        return Err(ReadError::Empty { file: intake.file() });
    }
    let count = |end: u8| text.bytes().filter(|byte| *byte == end).count();
    let (feeds, returns) = (count(b'\n'), count(b'\r'));
    if feeds.max(returns) > intake.limits.lines {
        return Err(ReadError::TooManyLines { file: intake.file(), limit: intake.limits.lines });
    }
    // Old Macintosh programs end lines with a carriage return alone.
    let text = if feeds == 0 && returns > 0 { text.replace('\r', "\n") } else { text };
    without_controls(text, intake)
}

fn decode_as(encoding: &'static Encoding, bytes: &[u8], intake: &mut Intake<'_>) -> String {
    if encoding == UTF_16LE || encoding == UTF_16BE {
        intake.notice(Notice::Utf16);
    }
    let (text, bad) = encoding.decode_without_bom_handling(bytes);
    if bad && encoding != WINDOWS_1252 {
        let message = format!("Some bytes are not {} and show as \u{fffd}.", encoding.name());
        intake.issue("the whole file", message, "Save the file again as UTF-8.");
    }
    text.into_owned()
}

fn decode_unmarked(bytes: &[u8], intake: &mut Intake<'_>) -> String {
    let declared = declared_encoding(bytes).filter(|encoding| *encoding != encoding_rs::UTF_8);
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(error) => {
            // One damaged place in an otherwise sound file is no reason to misread the rest of it.
            let sound = String::from_utf8_lossy(bytes);
            let damaged = sound.chars().filter(|letter| *letter == '\u{fffd}').count();
            let multibyte = sound.chars().filter(|letter| !letter.is_ascii()).count().saturating_sub(damaged);
            if declared.is_none() && damaged * 10 < multibyte {
                let message =
                    format!("{damaged} places are not UTF-8 (the first at byte {}).", error.valid_up_to());
                intake.issue("the whole file", message, "They show as \u{fffd}; correct them in the source.");
                return sound.into_owned();
            }
            let encoding = declared.unwrap_or(WINDOWS_1252);
            intake.notice(Notice::Encoding(encoding.name()));
            let (text, _) = encoding.decode_without_bom_handling(bytes);
            text.into_owned()
        }
    }
}

/// The encoding an XML declaration names.
fn declared_encoding(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.get(..bytes.len().min(200))?;
    if !head.starts_with(b"<?xml") {
        return None;
    }
    let head = String::from_utf8_lossy(head);
    let declaration = head.split("?>").next()?;
    let value = declaration.split("encoding").nth(1)?;
    let value = value.trim_start_matches([' ', '=', '\t', '\n', '\r']);
    let quote = value.chars().next().filter(|mark| matches!(mark, '"' | '\''))?;
    Encoding::for_label(value.get(1..)?.split(quote).next()?.as_bytes())
}

/// UTF-16 shows in Latin text by a NUL in every other byte, all on the same side.
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = bytes.get(..bytes.len().min(SAMPLE)).unwrap_or(bytes);
    let pairs = sample.len() / 2;
    if pairs < 2 || !bytes.len().is_multiple_of(2) {
        return None;
    }
    let nul = |side: usize| sample.iter().skip(side).step_by(2).filter(|byte| **byte == 0).count();
    let (high_first, low_first) = (nul(0), nul(1));
    // Mostly Latin on one side, and on the other next to no NUL.
    if low_first * 10 >= pairs * 6 && high_first * 50 <= pairs {
        return Some(UTF_16LE);
    }
    if high_first * 10 >= pairs * 6 && low_first * 50 <= pairs {
        return Some(UTF_16BE);
    }
    None
}

/// A few control characters are an accident of export and are left out; many mean the file is not text.
fn without_controls(text: String, intake: &mut Intake<'_>) -> Result<String, ReadError> {
    let is_bad = |letter: char| matches!(letter, '\0'..='\u{8}' | '\u{b}' | '\u{e}'..='\u{1f}' | '\u{7f}' | '\u{fffe}' | '\u{ffff}');
    let bad = text.chars().filter(|letter| is_bad(*letter)).count();
    if bad == 0 {
        return Ok(text);
    }
    if bad * 100 > text.len() {
        return Err(ReadError::Binary { file: intake.file() });
    }
    intake.notice(Notice::ControlCharacters(bad));
    Ok(text.chars().filter(|letter| !is_bad(*letter)).collect())
}

/// Whether some program ends a line at the letter. (Python's does at all of these.)
pub(super) fn is_line_break(letter: char) -> bool {
    matches!(
        letter,
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

/// The text without a byte order mark that another layer left.
pub(super) fn unmarked(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text.trim_start_matches('\u{feff}'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    fn decoded(bytes: &[u8]) -> Result<(String, Vec<Notice>), ReadError> {
        let limits = Limits::default();
        let mut intake = Intake::new("a.txt", &limits);
        let text = decode(bytes, &mut intake)?;
        intake.document(crate::Document::from_parts("1", &[("body", "x")]), "");
        Ok((text, intake.finish(crate::formats::Format::PlainText)?.notices))
    }

    fn utf16(text: &str, little: bool) -> Vec<u8> {
        text.encode_utf16()
            .flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() })
            .collect()
    }

    #[test]
    fn tells_encodings_apart() {
        let text = "Über 5 µg of naïve T cells\r\n";
        assert_eq!(decoded(text.as_bytes()).unwrap(), (text.to_owned(), vec![]));
        let marked = format!("\u{feff}{text}");
        assert_eq!(decoded(marked.as_bytes()).unwrap(), (text.to_owned(), vec![]));
        for little in [true, false] {
            assert_eq!(decoded(&utf16(text, little)).unwrap(), (text.to_owned(), vec![Notice::Utf16]));
            assert_eq!(decoded(&utf16(&marked, little)).unwrap(), (text.to_owned(), vec![Notice::Utf16]));
        }
        let (latin, _, _) = WINDOWS_1252.encode(text);
        assert_eq!(decoded(&latin).unwrap(), (text.to_owned(), vec![Notice::Encoding("windows-1252")]));
    }

    #[test]
    fn follows_an_xml_declaration() {
        let xml = b"<?xml version=\"1.0\" encoding=\"ISO-8859-2\"?><a>\xb9\xe6</a>";
        let (text, notices) = decoded(xml).unwrap();
        assert!(text.contains("šć"), "{text}");
        assert_eq!(notices, [Notice::Encoding("ISO-8859-2")]);
    }

    #[test]
    fn reads_line_ends_of_old_macintosh_programs() {
        assert_eq!(decoded(b"One.\rTwo.\r").unwrap().0, "One.\nTwo.\n");
        assert_eq!(decoded(b"One.\r\nTwo.\r").unwrap().0, "One.\r\nTwo.\r");
    }

    #[test]
    fn one_damaged_byte_does_not_turn_utf8_into_latin() {
        let mut bytes = "é".repeat(50).into_bytes();
        bytes.push(0xff);
        let (text, notices) = decoded(&bytes).unwrap();
        assert!(text.starts_with('é') && text.ends_with('\u{fffd}') && notices.is_empty());
    }

    #[test]
    fn refuses_what_is_no_text() {
        assert!(matches!(decoded(&[0; 5000]), Err(ReadError::Binary { .. })));
        assert!(matches!(decoded(b" \n\t"), Err(ReadError::Empty { .. })));
        assert!(matches!(decoded(b""), Err(ReadError::Empty { .. })));
        let mut stray = b"Aspirin ".repeat(100);
        stray.push(0);
        assert_eq!(decoded(&stray).unwrap().1, [Notice::ControlCharacters(1)]);
    }

    #[test]
    fn refuses_too_many_lines() {
        let limits = Limits { lines: 10, ..Limits::default() };
        let mut intake = Intake::new("a.txt", &limits);
        let error = decode("a\n".repeat(11).as_bytes(), &mut intake).unwrap_err();
        assert_eq!(error, ReadError::TooManyLines { file: "a.txt".to_owned(), limit: 10 });
    }
}
