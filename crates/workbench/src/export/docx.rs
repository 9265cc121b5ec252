//! A draft as a Word file: paragraphs, headings and lists of its Markdown, bold and italic words. What a model wrote is a
//! tracked insertion of that model.

use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::generated::{BEGIN, END};
use crate::error::{Result, other};

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/><Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/></Types>"#;

const PACKAGE: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>"#;

const PARTS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#;

/// [`BEGIN`] as text.
const BEGIN_TEXT: &str = "\u{2}";

const NAMESPACE: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";

/// A Word file of a Markdown text. What stands between [`BEGIN`] and [`END`] was written by the models in `authors`, one after the
/// other.
///
/// # Errors
/// When the archive cannot be made.
pub fn write(markdown: &str, authors: &[String]) -> Result<Vec<u8>> {
    let parts = [
        ("[Content_Types].xml", TYPES.to_owned()),
        ("_rels/.rels", PACKAGE.to_owned()),
        ("word/_rels/document.xml.rels", PARTS.to_owned()),
        ("word/styles.xml", styles()),
        ("word/document.xml", body(markdown, authors)),
    ];
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        archive
            .start_file(name, SimpleFileOptions::default())
            .map_err(|cause| cause.to_string())
            .and_then(|()| archive.write_all(content.as_bytes()).map_err(|cause| cause.to_string()))
            .map_err(failed)?;
    }
    Ok(archive.finish().map_err(|cause| failed(cause.to_string()))?.into_inner())
}

fn failed(cause: String) -> crate::wire::HostError {
    other(format!("Osler could not make the Word file: {cause}."), "Export the draft as Markdown instead.")
}

fn styles() -> String {
    let heading = |level: usize| {
        let size = [36, 30, 26][level - 1];
        format!(
            r#"<w:style w:type="paragraph" w:styleId="Heading{level}"><w:name w:val="heading {level}"/><w:basedOn w:val="Normal"/><w:next w:val="Normal"/><w:pPr><w:keepNext/><w:spacing w:before="240" w:after="120"/><w:outlineLvl w:val="{}"/></w:pPr><w:rPr><w:b/><w:sz w:val="{size}"/></w:rPr></w:style>"#,
            level - 1
        )
    };
    format!(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<w:styles xmlns:w="{NAMESPACE}"><w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:pPr><w:spacing w:after="120"/></w:pPr><w:rPr><w:sz w:val="22"/></w:rPr></w:style>{}{}{}<w:style w:type="paragraph" w:styleId="ListParagraph"><w:name w:val="List Paragraph"/><w:basedOn w:val="Normal"/><w:pPr><w:ind w:left="720" w:hanging="360"/></w:pPr></w:style></w:styles>"#,
        heading(1),
        heading(2),
        heading(3)
    )
}

fn body(markdown: &str, authors: &[String]) -> String {
    let mut paragraphs = String::new();
    let mut tracking = Tracking { authors, begun: 0, is_inside: false };
    for block in blocks(markdown) {
        let (style, text) = match &block {
            Block::Heading(level, text) => (format!("Heading{level}"), text.as_str()),
            Block::Item(text) => ("ListParagraph".to_owned(), text.as_str()),
            Block::Paragraph(text) => ("Normal".to_owned(), text.as_str()),
        };
        paragraphs.push_str(&format!(r#"<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>"#));
        for (words, bold, italic) in runs(text) {
            let properties = match (bold, italic) {
                (false, false) => "",
                (true, false) => "<w:rPr><w:b/></w:rPr>",
                (false, true) => "<w:rPr><w:i/></w:rPr>",
                (true, true) => "<w:rPr><w:b/><w:i/></w:rPr>",
            };
            tracking.write(&words, properties, &mut paragraphs);
        }
        paragraphs.push_str("</w:p>");
    }
    format!(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<w:document xmlns:w="{NAMESPACE}"><w:body>{paragraphs}<w:sectPr/></w:body></w:document>"#
    )
}

/// Where one is in what models wrote, which may go over several runs and paragraphs.
struct Tracking<'a> {
    authors: &'a [String],
    begun: usize,
    is_inside: bool,
}

impl Tracking<'_> {
    fn write(&mut self, words: &str, properties: &str, paragraph: &mut String) {
        for piece in words.split_inclusive([BEGIN, END]) {
            let text = piece.trim_end_matches([BEGIN, END]);
            if !text.is_empty() {
                let run =
                    format!(r#"<w:r>{properties}<w:t xml:space="preserve">{}</w:t></w:r>"#, escaped(text));
                if self.is_inside {
                    let author = self.authors.get(self.begun.wrapping_sub(1)).map_or("", String::as_str);
                    let author = if author.is_empty() { "a model" } else { author };
                    let id = paragraph.len();
                    paragraph.push_str(&format!(
                        r#"<w:ins w:id="{id}" w:author="{}">{run}</w:ins>"#,
                        escaped(author)
                    ));
                } else {
                    paragraph.push_str(&run);
                }
            }
            if piece.ends_with(BEGIN) {
                self.begun += 1;
                self.is_inside = true;
            } else if piece.ends_with(END) {
                self.is_inside = false;
            }
        }
    }
}

enum Block {
    Heading(usize, String),
    Item(String),
    Paragraph(String),
}

/// Lines that follow each other are one paragraph; an empty line, a heading or a list sign begins another.
fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut goes_on = false;
    for line in markdown.lines() {
        let line = line.trim();
        // A sign of Markdown counts also where a model wrote it.
        let (begin, line) = line.strip_prefix(BEGIN).map_or(("", line), |rest| (BEGIN_TEXT, rest));
        let level = line.chars().take_while(|sign| *sign == '#').count();
        let item = line.strip_prefix("- ").or_else(|| line.strip_prefix("* "));
        if line.is_empty() {
            goes_on = false;
        } else if (1..=6).contains(&level) && line[level..].starts_with(' ') {
            blocks.push(Block::Heading(level.min(3), format!("{begin}{}", line[level..].trim())));
            goes_on = false;
        } else if let Some(item) = item {
            blocks.push(Block::Item(format!("{begin}• {}", item.trim())));
            goes_on = true;
        } else if let (true, Some(Block::Paragraph(text) | Block::Item(text))) = (goes_on, blocks.last_mut())
        {
            text.push(' ');
            text.push_str(begin);
            text.push_str(line);
        } else {
            blocks.push(Block::Paragraph(format!("{begin}{line}")));
            goes_on = true;
        }
    }
    blocks
}

/// Words with their emphasis. A star without its partner is a star.
fn runs(text: &str) -> Vec<(String, bool, bool)> {
    let mut runs = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('*') {
        let sign = if rest[start..].starts_with("**") { "**" } else { "*" };
        let inside = &rest[start + sign.len()..];
        let closed = inside.find(sign).filter(|end| *end > 0 && !inside.starts_with(' '));
        let Some(end) = closed else {
            runs.push((rest[..start + sign.len()].to_owned(), false, false));
            rest = inside;
            continue;
        };
        runs.push((rest[..start].to_owned(), false, false));
        runs.push((inside[..end].to_owned(), sign == "**", sign == "*"));
        rest = &inside[end + sign.len()..];
    }
    runs.push((rest.to_owned(), false, false));
    runs.retain(|(words, ..)| !words.is_empty());
    runs
}

fn escaped(text: &str) -> String {
    text.chars()
        .filter(|sign| *sign == '\t' || !sign.is_control())
        .flat_map(|sign| match sign {
            '&' => "&amp;".chars().collect::<Vec<_>>(),
            '<' => "&lt;".chars().collect(),
            '>' => "&gt;".chars().collect(),
            '"' => "&quot;".chars().collect(),
            other => vec![other],
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_reads_what_was_written() {
        let text =
            "# Liver & <dose>\n\nGiven **daily**, *not* weekly.\nIt 2 * 3 helped.\n\n## List\n- first\n- β 𝛼";
        let import = documents::formats::read(&write(text, &[]).unwrap(), "draft.docx").unwrap();
        let lines: Vec<&str> =
            import.documents[0].text.lines().filter(|line| !line.trim().is_empty()).collect();
        assert_eq!(
            lines,
            ["Liver & <dose>", "Given daily, not weekly. It 2 * 3 helped.", "List", "• first", "• β 𝛼"]
        );
    }

    #[test]
    fn what_a_model_wrote_is_its_tracked_insertion() {
        let text = "# \u{2}Gout hurts [m]\u{3}\n\nMine. \u{2}It *is*\n\n- an arthritis. [m]\u{3} Mine.\n\u{2}- last [m]\u{3}";
        let authors = ["Starter \"7\"".to_owned(), "A & B".to_owned(), String::new()];
        let body = body(text, &authors);
        let tracked: Vec<(&str, String)> = body
            .split("<w:ins ")
            .skip(1)
            .map(|insertion| {
                let (author, rest) = insertion.split_once("w:author=\"").unwrap().1.split_once('"').unwrap();
                let inside = rest.split_once("</w:ins>").unwrap().0;
                (
                    author,
                    inside
                        .split('>')
                        .filter_map(|part| part.split_once("</w:t"))
                        .map(|part| part.0)
                        .collect(),
                )
            })
            .collect();
        let expected = [
            ("Starter &quot;7&quot;", "Gout hurts [m]"),
            ("A &amp; B", "It "),
            ("A &amp; B", "is"),
            ("A &amp; B", "• an arthritis. [m]"),
            ("a model", "• last [m]"),
        ];
        assert_eq!(tracked, expected.map(|(author, words)| (author, words.to_owned())));
        assert!(body.contains("Heading1") && !body.contains(['\u{2}', '\u{3}']), "{body}");
        let import = documents::formats::read(&write(text, &authors).unwrap(), "draft.docx").unwrap();
        assert!(import.documents[0].text.contains("Mine. It is"), "{:?}", import.documents[0].text);
    }
}
