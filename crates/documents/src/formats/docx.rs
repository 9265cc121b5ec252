//! Word text: what a reader of the final version sees. Tracked insertions are in, deletions are out.

mod symbols;

use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::ReadError;
use super::import::Intake;
use super::xml::{Element, Node, each, push_lowered, push_raised};
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
    let mut names: Vec<String> = archive.file_names().map(str::to_owned).collect();
    names.sort();
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
        each(&xml, &["body"], intake, |body, _| reading.blocks(&body.element, &mut document))?;
        reading.end_paragraph(&mut document);
    }
    for name in ["word/footnotes.xml", "word/endnotes.xml"] {
        let Some(xml) = part(name, intake)? else { continue };
        each(&xml, &["footnote", "endnote"], intake, |note, _| {
            // Separator lines are notes of a type.
            if note.element.attribute("type").is_none_or(|kind| kind == "normal") {
                reading.kind = "footnote";
                reading.blocks(&note.element, &mut document);
                reading.end_paragraph(&mut document);
            }
        })?;
    }
    let mut comments = 0;
    if let Some(xml) = part("word/comments.xml", intake)? {
        each(&xml, &["comment"], intake, |_, _| comments += 1)?;
    }
    intake.left_out("comments", comments);
    for (folder, roots, what) in OTHER_PARTS {
        let mut found = 0;
        for name in names.iter().filter(|name| name.starts_with(folder) && name.ends_with(".xml")) {
            let Some(xml) = part(name, intake)? else { continue };
            each(&xml, roots, intake, |record, _| found += usize::from(has_text(&record.element)))?;
        }
        intake.left_out(what, found);
    }
    intake.left_out("embedded documents", reading.embedded);
    intake.left_out("tracked deletions", reading.deletions);
    for (paragraph, font, code) in reading.unknown {
        let message =
            format!("A sign of the font {font} (code {code}) is not known; \u{fffd} stands in its place.");
        intake.issue(
            format!("paragraph {paragraph}"),
            message,
            "Look at the original, and type the sign as text there.",
        );
    }
    intake.document(document, "the document");
    Ok(())
}

/// Parts beside the document's own text: where they lie, their outermost elements, and what they are called.
const OTHER_PARTS: [(&str, &[&str], &str); 4] = [
    ("word/header", &["hdr"], "page headers"),
    ("word/footer", &["ftr"], "page footers"),
    ("word/diagrams/data", &["dataModel"], "diagrams"),
    ("word/charts/chart", &["chartSpace"], "charts"),
];

/// Whether an element holds words.
fn has_text(element: &Element) -> bool {
    let texts = ["t", "v"].into_iter().flat_map(|name| element.everywhere(name));
    let mut words = texts.map(Element::text);
    words.any(|words| !words.trim().is_empty()) || !element.everywhere("sym").is_empty()
}

/// What of an `AlternateContent` is read: the newest form that has words, else that for older programs.
fn chosen(alternatives: &Element) -> Option<&Element> {
    let mut all = alternatives.all("Choice").chain(alternatives.all("Fallback"));
    all.find(|one| has_text(one))
}

/// The paragraph being put together, and what was met on the way.
#[derive(Default)]
struct Reading {
    text: String,
    kind: &'static str,
    /// The font of the run, where its codes are not Unicode's.
    font: Option<String>,
    paragraphs: usize,
    deletions: usize,
    embedded: usize,
    /// Signs without a known character: paragraph, font and code.
    unknown: Vec<(usize, String, String)>,
}

impl Reading {
    /// The paragraphs inside an element.
    fn blocks(&mut self, element: &Element, document: &mut Document) {
        for child in element.elements() {
            match &*child.name {
                "p" => self.paragraph(child, document),
                "AlternateContent" => {
                    if let Some(chosen) = chosen(child) {
                        self.blocks(chosen, document);
                    }
                }
                "altChunk" => self.embedded += 1,
                "del" | "moveFrom" => self.deletions += 1,
                "sectPr" | "tblPr" | "tblGrid" | "trPr" | "tcPr" | "sdtPr" => {}
                _ => self.blocks(child, document),
            }
        }
    }

    fn paragraph(&mut self, paragraph: &Element, document: &mut Document) {
        self.paragraphs += 1;
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
            match &*child.name {
                "t" => self.words(&child.text()),
                "sym" => self.sign(child),
                "tab" | "ptab" => self.text.push('\t'),
                "br" | "cr" => self.text.push('\n'),
                "noBreakHyphen" => self.text.push('\u{2011}'),
                "del" | "moveFrom" => self.deletions += 1,
                "altChunk" => self.embedded += 1,
                "txbxContent" => boxes.push(child),
                "AlternateContent" => {
                    if let Some(chosen) = chosen(child) {
                        self.runs(chosen, boxes);
                    }
                }
                "r" => self.run(child, boxes),
                // Exponents and fractions of formulas.
                "sSup" | "sSub" | "sSubSup" => {
                    for part in child.elements() {
                        match &*part.name {
                            "sup" => self.apart(part, boxes, push_raised),
                            "sub" => self.apart(part, boxes, push_lowered),
                            _ => self.runs(part, boxes),
                        }
                    }
                }
                "f" => {
                    for (number, part) in child.all("num").chain(child.all("den")).enumerate() {
                        self.text.push_str(if number == 0 { "" } else { "/" });
                        self.runs(part, boxes);
                    }
                }
                "instrText" | "delText" | "delInstrText" | "pPr" | "rPr" | "sdtPr" => {}
                _ => self.runs(child, boxes),
            }
        }
    }

    fn run<'e>(&mut self, run: &'e Element, boxes: &mut Vec<&'e Element>) {
        let property =
            |name: &str, key: &str| run.at(&["rPr", name]).and_then(|property| property.attribute(key));
        let font = ["ascii", "hAnsi"].iter().find_map(|key| property("rFonts", key));
        let outer = std::mem::replace(
            &mut self.font,
            font.filter(|font| symbols::is_symbolic(font)).map(str::to_owned),
        );
        match property("vertAlign", "val") {
            Some("superscript") => self.apart(run, boxes, push_raised),
            Some("subscript") => self.apart(run, boxes, push_lowered),
            _ => self.runs(run, boxes),
        }
        self.font = outer;
    }

    /// The words inside, appended by `push`: digits must not become those of a number before them.
    fn apart<'e>(&mut self, element: &'e Element, boxes: &mut Vec<&'e Element>, push: fn(&str, &mut String)) {
        let before = std::mem::take(&mut self.text);
        self.runs(element, boxes);
        let part = std::mem::replace(&mut self.text, before);
        push(&part, &mut self.text);
    }

    /// Words, of which those in a font of signs are its codes.
    fn words(&mut self, words: &str) {
        match &self.font {
            None => self.text.push_str(words),
            Some(font) => {
                let letter = |letter: char| symbols::character(font, u32::from(letter)).unwrap_or(letter);
                self.text.extend(words.chars().map(letter));
            }
        }
    }

    fn sign(&mut self, sign: &Element) {
        let font = sign.attribute("font").unwrap_or_default();
        let code = sign.attribute("char").unwrap_or_default();
        let letter = u32::from_str_radix(code, 16).ok().and_then(|code| symbols::character(font, code));
        if letter.is_none() {
            self.unknown.push((self.paragraphs, font.to_owned(), code.to_owned()));
        }
        self.text.push(letter.unwrap_or('\u{fffd}'));
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

    fn read_body(inside: &str, parts: &[(&str, &str)]) -> crate::formats::Import {
        let body = format!("<w:document xmlns:w=\"w\"><w:body>{inside}</w:body></w:document>");
        let mut all = vec![("word/document.xml", body.as_str())];
        all.extend(parts);
        read(&docx(&all), "a.docx").unwrap()
    }

    #[test]
    fn signs_of_fonts_become_characters() {
        let inside = r#"<w:p><w:r><w:t xml:space="preserve">Give 5 </w:t></w:r><w:r><w:sym w:font="Symbol" w:char="F06D"/></w:r><w:r><w:t xml:space="preserve">g, </w:t></w:r>
<w:r><w:rPr><w:rFonts w:ascii="Symbol" w:hAnsi="Symbol"/></w:rPr><w:t>&#xF0B3;b</w:t></w:r><w:r><w:sym w:font="Odd" w:char="F041"/></w:r></w:p>"#;
        let import = read_body(inside, &[]);
        assert_eq!(import.documents[0].text, "Give 5 µg, ≥β\u{fffd}");
        assert_eq!(import.issues[0].place, "paragraph 1");
        assert!(import.issues[0].message.contains("font Odd (code F041)"));
    }

    #[test]
    fn raised_digits_stay_apart() {
        let raised = |digits: &str| {
            format!("<w:r><w:rPr><w:vertAlign w:val=\"superscript\"/></w:rPr><w:t>{digits}</w:t></w:r>")
        };
        let inside = format!(
            "<w:p><w:r><w:t>10</w:t></w:r>{}<m:oMath><m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f></m:oMath></w:p>",
            raised("9")
        );
        assert_eq!(read_body(&inside, &[]).documents[0].text, "10⁹1/2");
    }

    #[test]
    fn alternatives_are_read_once_and_other_parts_told() {
        let alternatives = "<mc:AlternateContent><mc:Choice><w:p><w:r><w:t>Modern.</w:t></w:r></w:p></mc:Choice>\
            <mc:Fallback><w:p><w:r><w:t>Legacy.</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent>\
            <mc:AlternateContent><mc:Choice><w:drawing/></mc:Choice><mc:Fallback><w:p><w:r><w:t>Only here.</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent>\
            <w:altChunk/>";
        let header = "<w:hdr><w:p><w:r><w:t>Ward 5</w:t></w:r></w:p></w:hdr>";
        let empty = "<w:ftr><w:p/></w:ftr>";
        let import = read_body(alternatives, &[("word/header1.xml", header), ("word/footer1.xml", empty)]);
        assert_eq!(import.documents[0].text, "Modern.\nOnly here.");
        assert_eq!(
            import.notices,
            [Notice::LeftOut("embedded documents", 1), Notice::LeftOut("page headers", 1)]
        );
    }
}
