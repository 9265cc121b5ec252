//! Which format a file is in, told by its content.

use serde::de::IgnoredAny;

use super::import::Intake;
use super::pubtator::LONGEST_ID;
use super::{Format, ReadError, encoding, gzip, json, ris, table, xml};
use crate::limits::Limits;

/// How many lines are looked at.
const LINES: usize = 200;

/// What is inside a file's bytes.
pub(super) enum Content {
    Docx,
    Pdf,
    Text(String),
}

/// The format of a file, by its content. `name` is the file's name, for messages.
///
/// # Errors
/// As [`read`](super::read), where the content is none that Osler reads.
pub fn detect(bytes: &[u8], name: &str) -> Result<Format, ReadError> {
    let limits = Limits::default();
    let mut intake = Intake::new(name, &limits);
    let unpacked = gzip::look_through(bytes, &mut intake)?;
    match content(&unpacked, &mut intake)? {
        Content::Docx => Ok(Format::Docx),
        Content::Pdf => Ok(Format::Pdf),
        Content::Text(text) => text_format(&text, &intake),
    }
}

/// Tells Word and PDF files from text, and decodes the text.
pub(super) fn content(bytes: &[u8], intake: &mut Intake<'_>) -> Result<Content, ReadError> {
    let unsupported = |what: &str, remedy| {
        Err(ReadError::Unsupported { file: intake.file(), what: what.to_owned(), remedy })
    };
    // A PDF may have a few stray bytes before its mark.
    let head = bytes.get(..bytes.len().min(1024)).unwrap_or(bytes);
    if head.windows(5).any(|window| window == b"%PDF-") && !head.starts_with(b"<") {
        return Ok(Content::Pdf);
    }
    if bytes.starts_with(b"PK\x03\x04") {
        if contains(bytes, b"word/document") {
            return Ok(Content::Docx);
        }
        for (part, what, remedy) in [
            (&b"xl/workbook"[..], "a spreadsheet", "Save its table as CSV (UTF-8)."),
            (b"ppt/presentation", "a presentation", "Save it as .docx or plain text."),
            (b"opendocument.text", "an OpenDocument text", "Save it as .docx or plain text."),
            (b"opendocument.spreadsheet", "an OpenDocument spreadsheet", "Save its table as CSV (UTF-8)."),
            (b"application/epub", "an EPUB book", "Save it as .docx or plain text."),
        ] {
            if contains(bytes, part) {
                return unsupported(what, remedy);
            }
        }
        return unsupported("a ZIP archive", "Unpack it and import the files inside.");
    }
    if bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return unsupported(
            "an old or password-protected Office file",
            "Open it in a word processor, remove the password and save it as .docx.",
        );
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return unsupported("a TAR archive", "Unpack it and import the files inside.");
    }
    for (mark, what) in [
        (&b"BZh"[..], "packed (bzip2)"),
        (b"\xfd7zXZ", "packed (xz)"),
        (b"7z\xbc\xaf", "a 7-Zip archive"),
        (b"Rar!", "a RAR archive"),
    ] {
        if bytes.starts_with(mark) {
            return unsupported(what, "Unpack it and import the files inside.");
        }
    }
    if bytes.starts_with(b"{\\rtf") {
        return unsupported("rich text (RTF)", "Save it as .docx or plain text.");
    }
    Ok(Content::Text(encoding::decode(bytes, intake)?))
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// The format of a text.
pub(super) fn text_format(text: &str, intake: &Intake<'_>) -> Result<Format, ReadError> {
    let text = encoding::unmarked(text);
    let start = text.trim_start();
    if start.starts_with('<')
        && let Some(root) = xml::root(start)
    {
        return xml_format(root, start, intake);
    }
    if start.starts_with('{') || start.starts_with('[') {
        let first = start.lines().next().unwrap_or_default();
        let is_json = serde_json::from_str::<IgnoredAny>(first).is_ok();
        // "[1] Reference one" is a text; so is "[Title in brackets]".
        if is_json
            || start.starts_with('{')
            || start.trim_start_matches('[').trim_start().starts_with(['{', '"', ']'])
        {
            return json_format(start, is_json, intake);
        }
    }
    let lines: Vec<&str> = start.lines().take(LINES).collect();
    let has = |matches: &dyn Fn(&str) -> bool| lines.iter().any(|line| matches(line));
    if has(&is_pubtator_line) {
        return Ok(Format::PubTator);
    }
    if has(&|line| ris::tag(line).is_some_and(|(tag, _)| tag == "TY")) || is_web_of_science(&lines) {
        return Ok(Format::Ris);
    }
    let tagged = |length: usize| lines.iter().filter(|line| tag(line, length).is_some()).count();
    let written = lines.iter().filter(|line| !line.trim().is_empty()).count();
    let is_long = |line: &str| tag(line, 4).is_some_and(|tag| tag.len() > 2);
    if has(&|line| line.starts_with("PMID- "))
        || (has(&is_long) && tagged(4) >= 2 && tagged(4) * 2 >= written)
    {
        return Ok(Format::Medline);
    }
    // References whose first line is missing.
    if tagged(2) >= 2 && tagged(2) * 2 >= written {
        return Ok(Format::Ris);
    }
    if has(&|line| is_bibtex_line(line)) && written > 1 {
        return Err(ReadError::Unsupported {
            file: intake.file(),
            what: "a BibTeX bibliography".to_owned(),
            remedy: "Export the references as RIS, MEDLINE (NBIB) or PubMed XML, with abstracts.",
        });
    }
    if lines.iter().all(|line| line.is_empty() || is_brat_line(line)) {
        let text = format!("{}.txt", intake.stem());
        return Err(ReadError::NeedsText { file: intake.file(), text });
    }
    if let Some(delimiter) = table::delimiter(start, intake) {
        return Ok(if delimiter == b'\t' { Format::Tsv } else { Format::Csv });
    }
    let is_heading = |line: &str| {
        let words = line.trim_start_matches('#');
        (1..=6).contains(&(line.len() - words.len())) && words.starts_with(' ')
    };
    Ok(if has(&is_heading) { Format::Markdown } else { Format::PlainText })
}

fn xml_format(root: &str, text: &str, intake: &Intake<'_>) -> Result<Format, ReadError> {
    let holds = |tags: &[&str]| tags.iter().any(|tag| text.contains(tag));
    match root {
        "PubmedArticleSet"
        | "PubmedArticle"
        | "PubmedBookArticle"
        | "PubmedBookArticleSet"
        | "MedlineCitation"
        | "MedlineCitationSet" => Ok(Format::PubmedXml),
        "article" | "pmc-articleset" | "articles" => Ok(Format::Jats),
        "collection" if holds(&["<document", "<passage"]) => Ok(Format::BiocXml),
        // Wrappers of search services (OAI-PMH, e-utilities).
        _ if holds(&["<PubmedArticle>", "<MedlineCitation"]) => Ok(Format::PubmedXml),
        _ if holds(&["<article ", "<article>", ":article "]) && holds(&["<article-meta", "<front>"]) => {
            Ok(Format::Jats)
        }
        "html" | "HTML" => Err(ReadError::Unsupported {
            file: intake.file(),
            what: "a web page".to_owned(),
            remedy: "Copy the text, or fetch the article as XML or PDF.",
        }),
        _ if text.starts_with("<?xml") || text.trim_end().ends_with('>') => Err(ReadError::Unsupported {
            file: intake.file(),
            what: format!("XML of a kind (<{root}>)"),
            remedy: "Osler reads PubMed, JATS (PubMed Central) and BioC XML.",
        }),
        _ => Ok(Format::PlainText),
    }
}

fn json_format(text: &str, first_line_is_json: bool, intake: &Intake<'_>) -> Result<Format, ReadError> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_default();
    let several = first_line_is_json && lines.next().is_some();
    let keys = match json::keys(if several { first } else { text }) {
        Ok(keys) => keys,
        // spaCy's pairs of a text and its annotations.
        Err(_) if json::items(text, "").items.first().is_some_and(|first| first.get().starts_with("[\"")) => {
            return Ok(Format::Jsonl);
        }
        // Sound JSON of another shape: the reader tells what it lacks.
        Err(_) if serde_json::from_str::<IgnoredAny>(text).is_ok() => return Ok(Format::Jsonl),
        Err(error) => {
            // Damaged somewhere: the reader tells where, and keeps what is sound.
            let is_record =
                |line: &str| line.starts_with('{') && serde_json::from_str::<IgnoredAny>(line).is_ok();
            if text.lines().skip(1).take(LINES).any(is_record) {
                return Ok(Format::Jsonl);
            }
            let sound = json::items(text, "documents");
            match sound.items.first().and_then(|first| json::keys(first.get()).ok()) {
                Some(keys) if !sound.header.is_empty() => {
                    keys.into_iter().chain(["documents".to_owned()]).collect()
                }
                Some(keys) => keys,
                None => {
                    return Err(ReadError::Json { file: intake.file(), problem: error.to_string() });
                }
            }
        }
    };
    let has = |key: &str| keys.iter().any(|found| found == key);
    let is_annotated = ["denotations", "tracks", "sourcedb", "blocks"].iter().any(|key| has(key));
    Ok(if has("task") && has("text") && has("decisions") {
        Format::Training
    } else if has("passages") && has("document_id") && has("entities") {
        // The schema of BigBio.
        Format::Jsonl
    } else if (has("documents") || has("passages") || has("PubTator3")) && !has("text") {
        Format::BiocJson
    } else if has("text") && is_annotated {
        Format::PubAnnotation
    } else {
        Format::Jsonl
    })
}

/// The tag of a line such as `TY  - JOUR` (length 2) or `PMID- 1` (length 4).
pub(super) fn tag(line: &str, length: usize) -> Option<&str> {
    let (tag, rest) = (line.get(..4)?, line.get(4..)?);
    let name = tag.trim_end();
    let named = name.len() >= 2
        && name.starts_with(|letter: char| letter.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let dashed = rest == "-" || rest.starts_with("- ") || (length == 4 && rest.starts_with('-'));
    let fits = if length == 2 { name.len() == 2 } else { (2..=4).contains(&name.len()) };
    (named && dashed && fits).then_some(name)
}

/// `227508|t|Naloxone reverses ...`
fn is_pubtator_line(line: &str) -> bool {
    let mut parts = line.splitn(3, '|');
    let id = parts.next().unwrap_or_default();
    let part = parts.next().unwrap_or_default();
    !id.is_empty()
        && id.chars().count() <= LONGEST_ID
        && !id.contains(['\t', ' '])
        && matches!(part, "t" | "a")
        && parts.next().is_some()
}

fn is_web_of_science(lines: &[&str]) -> bool {
    let begins = |mark: &str| lines.iter().any(|line| line.starts_with(mark));
    (begins("FN ") && begins("VR ")) || (begins("PT J") && begins("AU ") && begins("TI "))
}

fn is_bibtex_line(line: &str) -> bool {
    let Some(entry) = line.trim_start().strip_prefix('@') else {
        return false;
    };
    let Some((kind, _)) = entry.split_once(['{', '(']) else {
        return false;
    };
    !kind.is_empty() && kind.trim().bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// `T1<TAB>Disease 0 5<TAB>words` and the other lines of brat.
fn is_brat_line(line: &str) -> bool {
    let Some((id, rest)) = line.split_once('\t') else {
        return false;
    };
    let mut letters = id.chars();
    let sort = letters.next();
    let numbered = letters.all(|letter| letter.is_ascii_digit());
    numbered
        && !rest.is_empty()
        && (id == "*" || (id.len() > 1 && sort.is_some_and(|sort| "TREAMN#".contains(sort))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_formats_by_content() {
        for (format, text) in [
            (
                Format::PubmedXml,
                "<?xml version=\"1.0\"?>\n<!DOCTYPE x>\n<PubmedArticleSet></PubmedArticleSet>",
            ),
            (Format::Jats, "<!-- a --><article xmlns:x='y'><front></front></article>"),
            (Format::BiocXml, "<collection><source/><document><id>1</id></document></collection>"),
            (Format::BiocJson, r#"{"source":"","documents":[{"id":"1","passages":[]}]}"#),
            (Format::PubAnnotation, r#"[{"text":"a","denotations":[]}]"#),
            (Format::Jsonl, "{\"text\":\"a\",\"label\":[]}\n{\"text\":\"b\",\"label\":[]}\n"),
            (Format::Jsonl, "{\"text\": broken\n{\"text\":\"b\"}\n"),
            (Format::PubTator, "\n123|t|Title\n123|a|Text\n"),
            (Format::Ris, "exported\nTY  - JOUR\nER  - \n"),
            (Format::Ris, "FN Clarivate\nVR 1.0\nPT J\n"),
            (Format::Medline, "PMID- 1\nTI  - A\n"),
            (Format::Csv, "title;abstract\na;b\n"),
            (Format::Tsv, "pmid\ttitle\n1\tb\n"),
            (Format::Markdown, "Intro\n\n## Methods\n"),
            (Format::PlainText, "[Article in German]\nAspirin, title and text.\n"),
            (Format::PlainText, "<5 % of patients died."),
        ] {
            assert_eq!(detect(text.as_bytes(), "file.dat"), Ok(format), "{text}");
        }
    }

    #[test]
    fn says_what_it_does_not_read() {
        for (text, part) in [
            ("@article{a,\n title = {x}\n}", "BibTeX"),
            ("{\\rtf1 a}", "rich text"),
            ("<html><body>a</body></html>", "web page"),
            ("<?xml version='1.0'?><rss></rss>", "<rss>"),
            ("T1\tDrug 0 4\tword\n", "Import it together with file.txt"),
            ("{\"a\": ", "JSON"),
            ("PK\x03\x04....", "ZIP archive"),
            ("PK\x03\x04....xl/workbook.xml", "Save its table as CSV"),
            ("PK\x03\x04....application/vnd.oasis.opendocument.text", "OpenDocument text"),
            ("BZh91AY", "bzip2"),
        ] {
            let error = detect(text.as_bytes(), "file.dat").unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
