//! Word text: what a reader of the final version sees. Tracked insertions are in, deletions are out.

use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::ReadError;
use super::import::Intake;
use super::xml::{Element, Node, Records};
use crate::Document;

/// Reads the document with its foot- and endnotes.
pub(super) fn read(bytes: &[u8], intake: &mut Intake<'_>) -> Result<(), ReadError> {
    let broken = |problem: String| ReadError::Archive { file: intake.file(), problem };
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(error.to_string()))?;
    if archive.len() > intake.limits.archive_parts {
        return Err(broken(format!("it has {} parts", archive.len())));
    }
    let is_main = |name: &&str| {
        let number = name.strip_prefix("word/document").and_then(|rest| rest.strip_suffix(".xml"));
        number.is_some_and(|number| number.bytes().all(|digit| digit.is_ascii_digit()))
    };
    let main = archive.file_names().find(is_main).map(str::to_owned);
    let main = main.ok_or_else(|| broken("there is no Word document in it".to_owned()))?;
    let mut left = intake.limits.expansion(bytes.len());
    let mut part = |name: &str, intake: &Intake<'_>| -> Result<Option<String>, ReadError> {
        let broken = |problem: String| ReadError::Archive { file: intake.file(), problem };
        let mut file = match archive.by_name(name) {
            Ok(file) => file,
            Err(zip::result::ZipError::FileNotFound) => return Ok(None),
            Err(error) => return Err(broken(error.to_string())),
        };
        let mut unpacked = Vec::new();
        let read = file.by_ref().take(left as u64 + 1).read_to_end(&mut unpacked);
        if unpacked.len() > left {
            return Err(ReadError::Expands { file: intake.file(), limit: left });
        }
        read.map_err(|error| broken(error.to_string()))?;
        left -= unpacked.len();
        Ok(Some(String::from_utf8_lossy(&unpacked).into_owned()))
    };
    let mut document = Document { id: intake.stem().to_owned(), ..Document::default() };
    let mut reading = Reading::default();
    if let Some(xml) = part(&main, intake)? {
        for record in Records::new(&xml, &["body"], intake)? {
            match record.element {
                Ok(body) => reading.blocks(&body, &mut document),
                Err(problem) => {
                    return Err(ReadError::Archive { file: intake.file(), problem });
                }
            }
        }
        reading.end_paragraph(&mut document);
    }
    for (name, tag) in [("word/footnotes.xml", "footnote"), ("word/endnotes.xml", "endnote")] {
        let Some(xml) = part(name, intake)? else { continue };
        let names: &'static [&'static str] = if tag == "footnote" { &["footnote"] } else { &["endnote"] };
        for record in Records::new(&xml, names, intake)? {
            let Ok(note) = record.element else { continue };
            // Separator lines are notes of a type.
            if note.attribute("type").is_none_or(|kind| kind == "normal") {
                reading.kind = "footnote";
                reading.blocks(&note, &mut document);
                reading.end_paragraph(&mut document);
            }
        }
    }
    if let Some(xml) = part("word/comments.xml", intake)? {
        intake.left_out("comments", Records::new(&xml, &["comment"], intake)?.count());
    }
    intake.left_out("tracked deletions", reading.deletions);
    intake.document(document, "the document");
    Ok(())
}

/// The paragraph being put together.
#[derive(Default)]
struct Reading {
    text: String,
    kind: &'static str,
    deletions: usize,
}

impl Reading {
    /// The paragraphs inside an element.
    fn blocks(&mut self, element: &Element, document: &mut Document) {
        for child in element.elements() {
            match child.name.as_str() {
                "p" => self.paragraph(child, document),
                "del" | "moveFrom" => self.deletions += 1,
                "sectPr" | "tblPr" | "tblGrid" | "trPr" | "tcPr" | "sdtPr" => {}
                _ => self.blocks(child, document),
            }
        }
    }

    fn paragraph(&mut self, paragraph: &Element, document: &mut Document) {
        let properties = paragraph.child("pPr");
        if self.text.is_empty() && self.kind != "footnote" {
            self.kind = properties.map_or("body", kind);
        }
        let mut boxes = Vec::new();
        self.runs(paragraph, &mut boxes);
        // A paragraph whose mark was deleted goes on in the next one.
        let mark = properties.and_then(|properties| properties.child("rPr"));
        if mark.is_none_or(|mark| mark.child("del").is_none() && mark.child("moveFrom").is_none()) {
            self.end_paragraph(document);
        }
        for text_box in boxes {
            self.blocks(text_box, document);
        }
    }

    fn end_paragraph(&mut self, document: &mut Document) {
        let text = std::mem::take(&mut self.text);
        let kind = if self.kind.is_empty() { "body" } else { self.kind };
        document.push_passage(kind, text.trim());
        self.kind = if self.kind == "footnote" { "footnote" } else { "" };
    }

    /// The words inside; text boxes are kept for after the paragraph.
    fn runs<'e>(&mut self, element: &'e Element, boxes: &mut Vec<&'e Element>) {
        for child in &element.children {
            let Node::Element(child) = child else { continue };
            match child.name.as_str() {
                "t" => self.text.push_str(&child.text()),
                "tab" | "ptab" => self.text.push('\t'),
                "br" | "cr" => self.text.push('\n'),
                "noBreakHyphen" => self.text.push('\u{2011}'),
                "del" | "moveFrom" => self.deletions += 1,
                "txbxContent" => boxes.push(child),
                // The same drawing for older programs.
                "Fallback" | "instrText" | "delText" | "delInstrText" | "pPr" | "rPr" | "sdtPr" => {}
                _ => self.runs(child, boxes),
            }
        }
    }
}

fn kind(properties: &Element) -> &'static str {
    let style = properties.child("pStyle").and_then(|style| style.attribute("val")).unwrap_or_default();
    let style = style.to_lowercase();
    if style == "title" {
        "title"
    } else if style.starts_with("heading") || style == "subtitle" || properties.child("outlineLvl").is_some()
    {
        "heading"
    } else {
        "body"
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use crate::formats::{Format, Notice, ReadError, ReadOptions, read, read_with};
    use crate::limits::Limits;

    fn docx(parts: &[(&str, &str)]) -> Vec<u8> {
        let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, text) in parts {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    const BODY: &str = r#"<?xml version="1.0"?><w:document xmlns:w="w"><w:body>
<w:p><w:pPr><w:pStyle w:val="Title"/></w:pPr><w:r><w:t>Case </w:t></w:r><w:r><w:rPr><w:i/></w:rPr><w:t>β</w:t></w:r></w:p>
<w:p><w:r><w:t xml:space="preserve">Given </w:t></w:r><w:del w:id="1"><w:r><w:delText>10</w:delText></w:r></w:del><w:ins w:id="2"><w:r><w:t>5 mg</w:t></w:r></w:ins><w:r><w:fldChar w:fldCharType="begin"/><w:instrText>REF</w:instrText></w:r><w:r><w:tab/><w:t>twice</w:t></w:r></w:p>
<w:p><w:pPr><w:rPr><w:del w:id="3"/></w:rPr></w:pPr><w:r><w:t>Joined </w:t></w:r></w:p><w:p><w:r><w:t>paragraph.</w:t></w:r></w:p>
<w:tbl><w:tr><w:tc><w:p><w:r><w:t>Cell</w:t></w:r></w:p></w:tc></w:tr></w:tbl></w:body></w:document>"#;
    const NOTES: &str = r#"<w:footnotes xmlns:w="w"><w:footnote w:type="separator"><w:p><w:r><w:t>x</w:t></w:r></w:p></w:footnote>
<w:footnote w:id="2"><w:p><w:r><w:t>A note.</w:t></w:r></w:p></w:footnote></w:footnotes>"#;

    #[test]
    fn reads_the_final_version() {
        let bytes = docx(&[("word/document.xml", BODY), ("word/footnotes.xml", NOTES)]);
        let import = read(&bytes, "case.docx").unwrap();
        assert_eq!(import.format, Format::Docx);
        let document = &import.documents[0];
        assert_eq!(document.text, "Case β\nGiven 5 mg\ttwice\nJoined paragraph.\nCell\nA note.");
        let kinds: Vec<&str> = document.passages.iter().map(|passage| passage.kind.as_str()).collect();
        assert_eq!(kinds, ["title", "body", "body", "body", "footnote"]);
        assert_eq!(import.notices, [Notice::LeftOut("tracked deletions", 1)]);
    }

    #[test]
    fn refuses_a_bomb_and_a_crowd_of_parts() {
        let bytes = docx(&[("word/document.xml", &" ".repeat(2_000_000))]);
        let limits = Limits { expansion_floor: 1000, ..Limits::default() };
        let options = ReadOptions { limits, ..ReadOptions::default() };
        assert!(matches!(read_with(&bytes, "a.docx", &options), Err(ReadError::Expands { .. })));
        let names: Vec<String> = (0..50).map(|number| format!("word/{number}.xml")).collect();
        let mut parts: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
        parts.push(("word/document.xml", BODY));
        let limits = Limits { archive_parts: 50, ..Limits::default() };
        let options = ReadOptions { limits, ..ReadOptions::default() };
        assert!(matches!(read_with(&docx(&parts), "a.docx", &options), Err(ReadError::Archive { .. })));
        assert!(matches!(read(&bytes[..bytes.len() / 2], "a.docx"), Err(ReadError::Archive { .. })));
    }
}
