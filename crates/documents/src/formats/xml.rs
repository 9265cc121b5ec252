//! XML read record by record: each record becomes a small tree, a damaged one does not end the file.
//!
//! Nothing outside the file is ever fetched. Entities that a file declares itself are replaced where they are plain
//! words; a file whose entities refer to each other (a "billion laughs") is refused.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::escape::{resolve_html5_entity, resolve_predefined_entity, unescape_with};
use quick_xml::events::{BytesStart, Event};

use super::ReadError;
use super::import::Intake;
use crate::limits::{XML_ENTITIES, XML_ENTITY_BYTES};

/// One element with all it holds. Names are local: without their namespace prefix.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Node>,
}

/// What an element holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Element(Element),
    Text(String),
}

impl Element {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The elements directly inside.
    pub fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|child| match child {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The elements directly inside that have that name.
    pub fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Self> {
        self.elements().filter(move |element| element.name == name)
    }

    /// The first element directly inside that has that name.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.elements().find(|element| element.name == name)
    }

    /// The first element along a path of names.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |element, name| element.child(name))
    }

    /// Every element inside, however deep, that has that name; not those inside another of that name.
    pub fn everywhere<'e>(&'e self, name: &str) -> Vec<&'e Self> {
        let mut found = Vec::new();
        let mut open: Vec<&Self> = self.elements().collect();
        open.reverse();
        while let Some(element) = open.pop() {
            if element.name == name {
                found.push(element);
            } else {
                let at = open.len();
                open.extend(element.elements());
                open[at..].reverse();
            }
        }
        found
    }

    /// The words inside, exactly as they stand.
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.push_text(&mut text);
        text
    }

    fn push_text(&self, text: &mut String) {
        for child in &self.children {
            match child {
                Node::Element(element) => element.push_text(text),
                Node::Text(part) => text.push_str(part),
            }
        }
    }

    /// The words inside as a reader sees them: runs of blanks as one, without the elements that `skip` names, and with
    /// a blank where one paragraph ends and another begins.
    pub fn words(&self, skip: &dyn Fn(&Self) -> bool) -> String {
        let mut text = String::new();
        self.push_words(skip, &mut text);
        collapse(&text)
    }

    fn push_words(&self, skip: &dyn Fn(&Self) -> bool, text: &mut String) {
        for child in &self.children {
            match child {
                Node::Element(element) if skip(element) => {}
                Node::Element(element) => {
                    let is_block = matches!(
                        element.name.as_str(),
                        "p" | "title"
                            | "sec"
                            | "list"
                            | "list-item"
                            | "break"
                            | "br"
                            | "disp-formula"
                            | "label"
                    );
                    if is_block {
                        text.push(' ');
                    }
                    element.push_words(skip, text);
                    if is_block {
                        text.push(' ');
                    }
                }
                Node::Text(part) => text.push_str(part),
            }
        }
    }
}

/// Runs of white space as one blank, none at the ends. (No-break spaces stay: they are the author's.)
pub(super) fn collapse(text: &str) -> String {
    text.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Text for element content or an attribute's value. What XML cannot hold at all becomes a blank.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // Parsers turn a bare one into a line feed, and tabs and line feeds of attributes into blanks.
            '\r' => escaped.push_str("&#13;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// A record, or why it could not be read, with the line it begins on.
pub(super) struct Record {
    pub line: usize,
    pub element: Result<Element, String>,
}

/// The records of a file: the outermost elements with one of the given names.
pub(super) struct Records<'t> {
    text: &'t str,
    names: &'static [&'static str],
    entities: HashMap<String, String>,
    depth_limit: usize,
    at: usize,
    line: usize,
    line_at: usize,
    /// Bytes that were parsed in vain. Beyond a few times the file, a damaged record is skipped as far as it was read.
    wasted: usize,
}

impl<'t> Records<'t> {
    /// # Errors
    /// Where the file's own entities are dangerous.
    pub fn new(
        text: &'t str,
        names: &'static [&'static str],
        intake: &Intake<'_>,
    ) -> Result<Self, ReadError> {
        let entities = declared_entities(text).map_err(|(line, problem)| ReadError::Entities {
            file: intake.file(),
            line,
            problem,
        })?;
        Ok(Self {
            text,
            names,
            entities,
            depth_limit: intake.limits.xml_depth,
            at: 0,
            line: 1,
            line_at: 0,
            wasted: 0,
        })
    }

    fn line_of(&mut self, at: usize) -> usize {
        let passed = self.text.as_bytes().get(self.line_at..at).unwrap_or_default();
        self.line += passed.iter().filter(|byte| **byte == b'\n').count();
        self.line_at = self.line_at.max(at);
        self.line
    }

    /// Byte of the next start tag of a record at or after `from`, outside comments.
    fn next_start(&self, from: usize) -> Option<usize> {
        let mut at = from;
        loop {
            at += self.text.get(at..)?.find('<')?;
            let rest = self.text.get(at + 1..)?;
            if let Some(skipped) = ignored(rest) {
                at += 1 + skipped;
                continue;
            }
            if self.names.contains(&local_name(rest)) {
                return Some(at);
            }
            at += 1;
        }
    }

    /// Reads the element that starts at byte `start`; gives it and the bytes it takes.
    fn parse(&self, start: usize) -> Result<(Element, usize), (String, usize)> {
        let text = self.text.get(start..).unwrap_or_default();
        let mut reader = Reader::from_str(text);
        let element = self.parse_with(&mut reader);
        let taken =
            usize::try_from(reader.buffer_position()).unwrap_or(text.len()).clamp(1, text.len().max(1));
        element.map(|element| (element, taken)).map_err(|problem| (problem, taken))
    }

    fn parse_with(&self, reader: &mut Reader<&[u8]>) -> Result<Element, String> {
        let mut open: Vec<Element> = Vec::new();
        loop {
            let closed = match reader.read_event().map_err(|error| error.to_string())? {
                Event::Start(tag) => {
                    if open.len() >= self.depth_limit {
                        return Err(format!("elements are nested more than {} deep", self.depth_limit));
                    }
                    open.push(self.element(&tag)?);
                    None
                }
                Event::Empty(tag) => Some(self.element(&tag)?),
                Event::End(_) => open.pop(),
                Event::Text(part) => {
                    let part = std::str::from_utf8(&part).map_err(|error| error.to_string())?;
                    push_text(&mut open, &self.unescaped(part));
                    None
                }
                Event::CData(part) => {
                    push_text(&mut open, std::str::from_utf8(&part).map_err(|error| error.to_string())?);
                    None
                }
                Event::Eof => return Err("the file ends inside the record".to_owned()),
                Event::Comment(_) | Event::PI(_) | Event::Decl(_) | Event::DocType(_) => None,
            };
            let Some(closed) = closed else { continue };
            match open.last_mut() {
                Some(parent) => parent.children.push(Node::Element(closed)),
                None => return Ok(closed),
            }
        }
    }

    fn element(&self, tag: &BytesStart<'_>) -> Result<Element, String> {
        let name = String::from_utf8_lossy(tag.local_name().as_ref()).into_owned();
        let mut attributes = Vec::new();
        for attribute in tag.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let key = String::from_utf8_lossy(attribute.key.local_name().as_ref()).into_owned();
            attributes.push((key, self.unescaped(&String::from_utf8_lossy(&attribute.value))));
        }
        Ok(Element { name, attributes, children: Vec::new() })
    }

    /// Replaces entities; an unknown one stays as it is written.
    fn unescaped(&self, raw: &str) -> String {
        if !raw.contains('&') {
            return raw.to_owned();
        }
        let resolve = |name: &str| -> Option<&str> {
            resolve_predefined_entity(name)
                .or_else(|| self.entities.get(name).map(String::as_str))
                .or_else(|| resolve_html5_entity(name))
        };
        let mut text = String::with_capacity(raw.len());
        let mut parts = raw.split('&');
        text.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let reference = part.find(';').filter(|end| *end <= 64).map(|end| part.split_at(end + 1));
            let resolved = reference.and_then(|(name, rest)| {
                let whole = format!("&{name}");
                unescape_with(&whole, resolve).ok().map(|word| (word.into_owned(), rest))
            });
            match resolved {
                Some((word, rest)) => {
                    text.push_str(&word);
                    text.push_str(rest);
                }
                None => {
                    text.push('&');
                    text.push_str(part);
                }
            }
        }
        text
    }
}

impl Iterator for Records<'_> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        let start = self.next_start(self.at)?;
        let line = self.line_of(start);
        match self.parse(start) {
            Ok((element, taken)) => {
                self.at = start + taken;
                Some(Record { line, element: Ok(element) })
            }
            Err((problem, taken)) => {
                self.wasted += taken;
                self.at = if self.wasted > 4 * self.text.len() { start + taken } else { start + 1 };
                Some(Record { line, element: Err(problem) })
            }
        }
    }
}

/// Tells of a record that cannot be read.
pub(super) fn report(line: usize, problem: &str, intake: &mut Intake<'_>) {
    let message = format!("The record is not sound XML ({problem}) and was left out.");
    intake.issue(format!("line {line}"), message, "Export or fetch the file again, or correct the record.");
}

fn push_text(open: &mut [Element], part: &str) {
    if let Some(element) = open.last_mut() {
        match element.children.last_mut() {
            Some(Node::Text(text)) => text.push_str(part),
            _ => element.children.push(Node::Text(part.to_owned())),
        }
    }
}

/// How many bytes after a `<` belong to a comment or a CDATA section.
fn ignored(rest: &str) -> Option<usize> {
    let end = |end: &str| rest.find(end).map_or(rest.len(), |at| at + end.len());
    if rest.starts_with("!--") {
        Some(end("-->"))
    } else if rest.starts_with("![CDATA[") {
        Some(end("]]>"))
    } else {
        None
    }
}

/// The plain entities a document type declares inside the file, or the line of and what is wrong with a dangerous one.
fn declared_entities(text: &str) -> Result<HashMap<String, String>, (usize, &'static str)> {
    let mut entities = HashMap::new();
    let root = text.find('<').unwrap_or(0);
    let head_end = first_element(text, root);
    let Some(head) = text.get(..head_end) else {
        return Ok(entities);
    };
    let line_of = |at: usize| 1 + head.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count();
    let mut at = 0;
    let mut declarations = 0;
    while let Some(found) = head.get(at..).and_then(|rest| rest.find("<!ENTITY")) {
        let start = at + found;
        at = start + "<!ENTITY".len();
        declarations += 1;
        if declarations > XML_ENTITIES {
            return Err((line_of(start), "by the thousand"));
        }
        let Some(declaration) = head.get(at..) else { break };
        let declaration = declaration.trim_start();
        let Some((name, value)) = declaration.split_once(char::is_whitespace) else {
            break;
        };
        let value = value.trim_start();
        let Some(quote) = value.chars().next().filter(|mark| matches!(mark, '"' | '\'')) else {
            // Parameter entities and those of other files (SYSTEM, PUBLIC) are never fetched.
            continue;
        };
        let Some(value) = value.get(1..).and_then(|rest| rest.split(quote).next()) else {
            break;
        };
        if value.len() > XML_ENTITY_BYTES {
            return Err((line_of(start), "that are very long"));
        }
        let plain = unescape_with(value, |_| None);
        match plain {
            Ok(plain) if !plain.contains(['&', '<']) => {
                entities.insert(name.to_owned(), plain.into_owned());
            }
            _ => return Err((line_of(start), "that refer to others")),
        }
    }
    Ok(entities)
}

/// Byte of the first element's start tag: where a document type must have ended.
fn first_element(text: &str, from: usize) -> usize {
    let mut at = from;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('<')) {
        at += found + 1;
        let Some(rest) = text.get(at..) else { break };
        if let Some(skipped) = ignored(rest) {
            at += skipped;
        } else if rest.starts_with(|letter: char| letter.is_alphabetic() || letter == '_') {
            return at - 1;
        }
    }
    text.len()
}

/// The local name of the first element, if there is one.
pub(super) fn root(text: &str) -> Option<&str> {
    let rest = text.get(first_element(text, 0)..)?.strip_prefix('<')?;
    let local = local_name(rest);
    (!local.is_empty()).then_some(local)
}

/// The name a tag begins with, without its namespace prefix; empty where there is none of sensible length.
fn local_name(tag: &str) -> &str {
    let head = tag.as_bytes().get(..tag.len().min(100)).unwrap_or_default();
    let end = head.iter().position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/' | b'<'));
    let name = end.or_else(|| (tag.len() <= 100).then_some(tag.len())).and_then(|end| tag.get(..end));
    name.and_then(|name| name.rsplit(':').next()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    fn records(text: &str) -> Result<Vec<Record>, ReadError> {
        let limits = Limits { xml_depth: 10, ..Limits::default() };
        let intake = Intake::new("a.xml", &limits);
        Ok(Records::new(text, &["r"], &intake)?.collect())
    }

    #[test]
    fn reads_records_with_entities_of_all_kinds() {
        let text = "<?xml version='1.0'?><!DOCTYPE s [<!ENTITY drug 'as&#112;irin'>]>\n<s>\n<!-- <r>no</r> -->\
                    <x:r k='&quot;1'>5 &micro;g &drug; &#x3b2; &lt;b&gt; &unknown; AT&T<![CDATA[ <r>]]></x:r></s>";
        let records = records(text).unwrap();
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].line, 3);
        let element = records[0].element.as_ref().unwrap();
        assert_eq!(element.attribute("k"), Some("\"1"));
        assert_eq!(element.text(), "5 µg aspirin β <b> &unknown; AT&T <r>");
    }

    #[test]
    fn one_damaged_record_does_not_end_the_file() {
        let records = records("<s><r>1</r><r>2<b></r>\n<r>3</r><r>4").unwrap();
        let sound: Vec<bool> = records.iter().map(|record| record.element.is_ok()).collect();
        assert_eq!(sound, [true, false, true, false]);
        assert_eq!(records[2].line, 2);
    }

    #[test]
    fn refuses_what_is_nested_too_deep() {
        let deep = format!("<r>{}{}</r>", "<a>".repeat(1000), "</a>".repeat(1000));
        let records = records(&deep).unwrap();
        assert!(records[0].element.as_ref().unwrap_err().contains("nested more than 10 deep"));
    }

    #[test]
    fn refuses_a_billion_laughs() {
        let mut text = "<!DOCTYPE s [\n<!ENTITY a \"ha\">".to_owned();
        for (name, of) in [('b', 'a'), ('c', 'b'), ('d', 'c')] {
            text.push_str(&format!("\n<!ENTITY {name} \"{}\">", format!("&{of};").repeat(10)));
        }
        text.push_str("]><s><r>&d;</r></s>");
        let error = records(&text).err().unwrap();
        assert!(error.to_string().starts_with("a.xml, line 3: the file defines abbreviations"), "{error}");
        let outside = "<!DOCTYPE s [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><s><r>&x;</r></s>";
        assert_eq!(records(outside).unwrap()[0].element.as_ref().unwrap().text(), "&x;");
    }

    #[test]
    fn escapes_what_it_reads_back() {
        let words = "a<b> & \"c\"\r\n\td";
        let text = format!("<r k=\"{0}\">{0}</r>", escape(words));
        let records = records(&text).unwrap();
        let element = records[0].element.as_ref().unwrap();
        assert_eq!((element.text().as_str(), element.attribute("k")), (words, Some(words)));
    }
}
