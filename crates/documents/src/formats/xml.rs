//! XML read record by record: each record becomes a small tree, a damaged one does not end the file.
//!
//! Nothing outside the file is ever fetched. Entities that a file declares itself are replaced where they are plain
//! words; a file whose entities refer to each other (a "billion laughs") or grow without end is refused.

mod entities;
mod records;
mod words;

use std::rc::Rc;

pub(super) use records::{Record, each, root};
pub(super) use words::{collapse, push_lowered, push_node, push_raised};

/// One element with all it holds. Names are local: without their namespace prefix.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Element {
    pub name: Rc<str>,
    pub attributes: Vec<(Rc<str>, String)>,
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
        self.attributes.iter().find(|(key, _)| &**key == name).map(|(_, value)| value.as_str())
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
        self.elements().filter(move |element| &*element.name == name)
    }

    /// The first element directly inside that has that name.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.elements().find(|element| &*element.name == name)
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
            if &*element.name == name {
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
