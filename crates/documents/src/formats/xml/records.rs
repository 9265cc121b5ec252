//! The records of an XML file, one by one: each becomes a small tree, and a damaged one does not end the file.

use std::collections::HashSet;
use std::rc::Rc;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::entities::Entities;
use super::{Element, Node};
use crate::formats::ReadError;
use crate::formats::import::Intake;

/// A record, with the line it begins on.
pub(in crate::formats) struct Record {
    pub line: usize,
    pub element: Element,
}

/// Reads the outermost elements that have one of the given names, as long as documents are taken. A record that cannot
/// be read becomes an issue; so does a name (`&foo;`) that stands for nothing.
///
/// # Errors
/// Where the file's own entities are dangerous.
pub(in crate::formats) fn each(
    text: &str,
    names: &'static [&'static str],
    intake: &mut Intake<'_>,
    mut take: impl FnMut(Record, &mut Intake<'_>),
) -> Result<(), ReadError> {
    let mut records = Records::new(text, names, intake)?;
    while !intake.is_full()
        && let Some((line, element)) = records.next()
    {
        if records.entities.is_spent() {
            let problem =
                format!("that come to more than {} MB of text", records.most_expanded / (1024 * 1024));
            return Err(ReadError::Entities { file: intake.file(), line, problem });
        }
        match element {
            Ok(element) => take(Record { line, element }, intake),
            Err(problem) => {
                let message = format!("The record cannot be read ({problem}) and was left out.");
                let remedy = "Export or fetch the file again, or correct the record.";
                intake.issue(format!("line {line}"), message, remedy);
            }
        }
    }
    let (unknown, further) = records.entities.unknown(text);
    for (name, count, line) in unknown {
        let times = if count == 1 { String::new() } else { format!(" ({count} times)") };
        let message =
            format!("&{name}; stands for no character that is known{times}; it was kept as it is written.");
        let line = line + intake.lines_before;
        intake.issue(format!("line {line}"), message, "Write the character itself in its place.");
    }
    if further > 0 {
        let message =
            format!("Further names such as &foo; stand for no character that is known ({further} times).");
        intake.issue(
            "the whole file",
            message,
            "They were kept as they are written; write the characters themselves.",
        );
    }
    Ok(())
}

/// The records of a file, and where reading it stands.
pub(super) struct Records<'t> {
    text: &'t str,
    names: &'static [&'static str],
    pub entities: Entities,
    pub most_expanded: usize,
    depth_limit: usize,
    node_limit: usize,
    at: usize,
    line: usize,
    line_at: usize,
    /// Bytes that were parsed in vain. Beyond a few times the file, a damaged record is skipped as far as it was read.
    wasted: usize,
    /// Names of elements and attributes, each kept once.
    known: HashSet<Rc<str>>,
}

impl<'t> Records<'t> {
    pub fn new(
        text: &'t str,
        names: &'static [&'static str],
        intake: &Intake<'_>,
    ) -> Result<Self, ReadError> {
        let most_expanded = intake.limits.xml_expanded_bytes;
        let entities = Entities::of(text, most_expanded).map_err(|(line, problem)| ReadError::Entities {
            file: intake.file(),
            line,
            problem,
        })?;
        Ok(Self {
            text,
            names,
            entities,
            most_expanded,
            depth_limit: intake.limits.xml_depth,
            node_limit: intake.limits.xml_nodes,
            at: 0,
            line: 1 + intake.lines_before,
            line_at: 0,
            wasted: 0,
            known: HashSet::new(),
        })
    }

    /// The next record with its line, or why it cannot be read.
    pub fn next(&mut self) -> Option<(usize, Result<Element, String>)> {
        let start = self.next_start(self.at)?;
        let line = self.line_of(start);
        match self.parse(start) {
            Ok((element, taken)) => {
                self.at = start + taken;
                Some((line, Ok(element)))
            }
            Err((problem, taken)) => {
                self.wasted += taken;
                self.at = if self.wasted > 4 * self.text.len() { start + taken } else { start + 1 };
                Some((line, Err(problem)))
            }
        }
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
    fn parse(&mut self, start: usize) -> Result<(Element, usize), (String, usize)> {
        let text = self.text.get(start..).unwrap_or_default();
        let mut reader = Reader::from_str(text);
        let element = self.parse_with(&mut reader, start);
        let taken = position(&reader).clamp(1, text.len().max(1));
        element.map(|element| (element, taken)).map_err(|problem| (problem, taken))
    }

    fn parse_with(&mut self, reader: &mut Reader<&[u8]>, start: usize) -> Result<Element, String> {
        let mut open: Vec<Element> = Vec::new();
        let mut nodes = 0;
        loop {
            let at = start + position(reader);
            let closed = match reader.read_event().map_err(|error| error.to_string())? {
                Event::Start(tag) => {
                    if open.len() >= self.depth_limit {
                        return Err(format!("elements are nested more than {} deep", self.depth_limit));
                    }
                    open.push(self.element(&tag, at, &mut nodes)?);
                    None
                }
                Event::Empty(tag) => Some(self.element(&tag, at, &mut nodes)?),
                Event::End(_) => open.pop(),
                Event::Text(part) => {
                    let part = std::str::from_utf8(&part).map_err(|error| error.to_string())?;
                    nodes += 1;
                    if part.contains('&') {
                        push_text(&mut open, &self.entities.resolve(part, at));
                    } else {
                        push_text(&mut open, part);
                    }
                    None
                }
                Event::CData(part) => {
                    nodes += 1;
                    push_text(&mut open, std::str::from_utf8(&part).map_err(|error| error.to_string())?);
                    None
                }
                Event::Eof => return Err("the file ends inside the record".to_owned()),
                Event::Comment(_) | Event::PI(_) | Event::Decl(_) | Event::DocType(_) => None,
            };
            if nodes > self.node_limit {
                return Err(format!("it holds more than {} elements and attributes", self.node_limit));
            }
            if self.entities.is_spent() {
                return Err("its abbreviations grow without end".to_owned());
            }
            let Some(closed) = closed else { continue };
            match open.last_mut() {
                Some(parent) => parent.children.push(Node::Element(closed)),
                None => return Ok(closed),
            }
        }
    }

    fn element(&mut self, tag: &BytesStart<'_>, at: usize, nodes: &mut usize) -> Result<Element, String> {
        *nodes += 1;
        let name = self.name(tag.local_name().as_ref());
        let mut attributes = Vec::new();
        for attribute in tag.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| error.to_string())?;
            *nodes += 1;
            if *nodes > self.node_limit {
                break;
            }
            let value = String::from_utf8_lossy(&attribute.value);
            let value =
                if value.contains('&') { self.entities.resolve(&value, at) } else { value.into_owned() };
            attributes.push((self.name(attribute.key.local_name().as_ref()), value));
        }
        Ok(Element { name, attributes, children: Vec::new() })
    }

    /// A name, shared with all that have the same.
    fn name(&mut self, name: &[u8]) -> Rc<str> {
        let name = String::from_utf8_lossy(name);
        match self.known.get(&*name) {
            Some(known) => Rc::clone(known),
            None => {
                let name: Rc<str> = Rc::from(&*name);
                // A sound file has some hundred names.
                if self.known.len() < 10_000 {
                    self.known.insert(Rc::clone(&name));
                }
                name
            }
        }
    }
}

fn position(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

fn push_text(open: &mut [Element], part: &str) {
    if let Some(element) = open.last_mut() {
        match element.children.last_mut() {
            Some(Node::Text(text)) => text.push_str(part),
            _ => element.children.push(Node::Text(part.to_owned())),
        }
    }
}

/// The line that byte `at` of a text is on.
pub(super) fn line_at(text: &str, at: usize) -> usize {
    1 + text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count()
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

/// Byte of the first element's start tag: where a document type must have ended.
pub(super) fn first_element(text: &str, from: usize) -> usize {
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
pub(in crate::formats) fn root(text: &str) -> Option<&str> {
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
    use crate::formats::xml::escape;
    use crate::limits::Limits;

    /// The line of a record, and what became of it.
    type Found = (usize, Result<Element, String>);

    fn limited(text: &str, limits: &Limits) -> Result<Vec<Found>, ReadError> {
        let intake = Intake::new("a.xml", limits);
        let mut records = Records::new(text, &["r"], &intake)?;
        Ok(std::iter::from_fn(|| records.next()).collect())
    }

    fn records(text: &str) -> Result<Vec<Found>, ReadError> {
        limited(text, &Limits { xml_depth: 10, ..Limits::default() })
    }

    /// Everything that reading the file tells: what came, and the issues.
    fn told(text: &str, limits: &Limits) -> Result<(usize, Vec<String>), ReadError> {
        let mut intake = Intake::new("a.xml", limits);
        let mut found = 0;
        each(text, &["r"], &mut intake, |_, _| found += 1)?;
        intake.document(crate::Document::from_parts("1", &[("body", "x")]), "");
        let issues = intake.finish(crate::formats::Format::Jats)?.issues;
        Ok((found, issues.iter().map(ToString::to_string).collect()))
    }

    #[test]
    fn reads_records_with_entities_of_all_kinds() {
        let text = "<?xml version='1.0'?><!DOCTYPE s [<!ENTITY drug 'as&#112;irin'>]>\n<s>\n<!-- <r>no</r> -->\
                    <x:r k='&quot;1'>5 &micro;g &drug; &#x3b2; &lt;b&gt; &unknown; AT&T<![CDATA[ <r>]]></x:r></s>";
        let records = records(text).unwrap();
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].0, 3);
        let element = records[0].1.as_ref().unwrap();
        assert_eq!(element.attribute("k"), Some("\"1"));
        assert_eq!(element.text(), "5 µg aspirin β <b> &unknown; AT&T <r>");
    }

    #[test]
    fn one_damaged_record_does_not_end_the_file() {
        let records = records("<s><r>1</r><r>2<b></r>\n<r>3</r><r>4").unwrap();
        let sound: Vec<bool> = records.iter().map(|record| record.1.is_ok()).collect();
        assert_eq!(sound, [true, false, true, false]);
        assert_eq!(records[2].0, 2);
    }

    #[test]
    fn refuses_what_is_nested_too_deep() {
        let deep = format!("<r>{}{}</r>", "<a>".repeat(1000), "</a>".repeat(1000));
        let records = records(&deep).unwrap();
        assert!(records[0].1.as_ref().unwrap_err().contains("nested more than 10 deep"));
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
        assert_eq!(records(outside).unwrap()[0].1.as_ref().unwrap().text(), "&x;");
    }

    #[test]
    fn escapes_what_it_reads_back() {
        let words = "a<b> & \"c\"\r\n\td";
        let text = format!("<r k=\"{0}\">{0}</r>", escape(words));
        let records = records(&text).unwrap();
        let element = records[0].1.as_ref().unwrap();
        assert_eq!((element.text().as_str(), element.attribute("k")), (words, Some(words)));
    }

    #[test]
    fn tells_names_that_are_not_known() {
        let text = "<s>\n<r>5 &alpha; &mgr;</r>\n<r>&foo; &amp; &foo;</r></s>";
        let (found, issues) = told(text, &Limits::default()).unwrap();
        assert_eq!(found, 2);
        assert_eq!(
            issues,
            [
                "a.xml, line 3: &foo; stands for no character that is known (2 times); it was kept as it is written. \
              Write the character itself in its place."
            ]
        );
    }

    #[test]
    fn predefined_names_may_be_declared() {
        let text = "<!DOCTYPE s [<!ENTITY lt '&#38;#60;'><!ENTITY amp '&#38;#38;'>]><r>a &lt; b &amp; c</r>";
        assert_eq!(records(text).unwrap()[0].1.as_ref().unwrap().text(), "a < b & c");
    }

    #[test]
    fn refuses_an_entity_that_is_used_without_end() {
        let text = format!(
            "<!DOCTYPE s [<!ENTITY d \"{}\">]>\n<s><r>{}</r></s>",
            "x".repeat(1000),
            "&d;".repeat(3000)
        );
        let limits = Limits { xml_expanded_bytes: 1024 * 1024, ..Limits::default() };
        let error = told(&text, &limits).unwrap_err();
        assert!(
            error.to_string().contains(
                "line 2: the file defines abbreviations (XML entities) that come to more than 1 MB"
            ),
            "{error}"
        );
        assert_eq!(told(&text, &Limits::default()).unwrap().0, 1);
    }

    #[test]
    fn refuses_a_record_of_countless_elements() {
        let limits = Limits { xml_nodes: 1000, ..Limits::default() };
        let attributes: String = (0..2000).map(|number| format!(" a{number}=''")).collect();
        for inside in ["<a/>".repeat(2000), format!("<a{attributes}/>"), "x<!-- -->".repeat(2000)] {
            let text = format!("<s><r>{inside}</r><r>sound</r></s>");
            let (found, issues) = told(&text, &limits).unwrap();
            assert_eq!(found, 1);
            assert!(
                issues[0].contains("line 1: The record cannot be read (it holds more than 1000 elements"),
                "{issues:?}"
            );
        }
    }
}
