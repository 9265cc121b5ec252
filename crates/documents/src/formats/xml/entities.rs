//! What the references of an XML file stand for: numbers, the named characters of HTML 5 and the ISO sets, and the names
//! that a file declares itself.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use super::records::{first_element, line_at};
use crate::limits::{XML_ENTITIES, XML_ENTITY_BYTES};

/// The named characters: a name and its code points a line. `entities.py` writes it.
const NAMES: &str = include_str!("entities.txt");
/// Longest name of a reference; a longer stretch between `&` and `;` is text.
const LONGEST: usize = 64;
/// Unknown names that are kept apart for messages; a file with more is damaged throughout.
const UNKNOWN: usize = 100;

static CHARACTERS: LazyLock<HashMap<&'static str, String>> = LazyLock::new(|| {
    let line = |line: &'static str| -> Option<(&'static str, String)> {
        let (name, codes) = line.split_once(' ')?;
        let letters =
            codes.split(' ').map(|code| u32::from_str_radix(code, 16).ok().and_then(char::from_u32));
        Some((name, letters.collect::<Option<String>>()?))
    };
    NAMES.lines().filter_map(line).collect()
});

/// The characters that a name of HTML 5 or of an ISO set stands for.
fn named(name: &str) -> Option<&'static str> {
    CHARACTERS.get(name).map(String::as_str)
}

/// The character of a numeric reference, without `&` and `;`.
fn numbered(reference: &str) -> Option<char> {
    let number = reference.strip_prefix('#')?;
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
        None => number.parse(),
    };
    code.ok().and_then(char::from_u32).filter(|letter| *letter != '\0')
}

/// Resolves the references of one file.
pub(super) struct Entities {
    declared: HashMap<String, String>,
    /// Bytes that the file's own names have come to, and may come to.
    expanded: usize,
    most: usize,
    /// Names that stand for nothing known: how often each was met, and the byte of the text it was first met in.
    unknown: BTreeMap<String, (usize, usize)>,
    further_unknown: usize,
}

impl Entities {
    /// The names that `text` declares and those of every file. `most` bounds what the declared ones come to.
    ///
    /// # Errors
    /// The line of a dangerous declaration, and what is wrong with it.
    pub fn of(text: &str, most: usize) -> Result<Self, (usize, String)> {
        let declared = declarations(text)?;
        Ok(Self { declared, expanded: 0, most, unknown: BTreeMap::new(), further_unknown: 0 })
    }

    /// Whether the file's own names have come to more than they may.
    pub fn is_spent(&self) -> bool {
        self.expanded > self.most
    }

    /// The text with its references replaced; an unknown one stays as it is written, and is noted. `at` is the byte of
    /// the file from which on it stands.
    pub fn resolve(&mut self, raw: &str, at: usize) -> String {
        let mut text = String::with_capacity(raw.len());
        let mut parts = raw.split('&');
        text.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let reference = part.find(';').filter(|end| *end <= LONGEST).map(|end| part.split_at(end));
            if let Some((name, rest)) = reference
                && self.push(name, at, &mut text)
            {
                text.push_str(rest.get(1..).unwrap_or_default());
            } else {
                text.push('&');
                text.push_str(part);
            }
        }
        text
    }

    /// Appends what a reference stands for, if that is known.
    fn push(&mut self, name: &str, at: usize, text: &mut String) -> bool {
        if let Some(letter) = numbered(name) {
            text.push(letter);
            return true;
        }
        if let Some(own) = self.declared.get(name) {
            self.expanded = self.expanded.saturating_add(own.len());
            // Beyond the budget the file is refused.
            if !self.is_spent() {
                text.push_str(own);
            }
            return true;
        }
        if let Some(letters) = named(name) {
            text.push_str(letters);
            return true;
        }
        let is_reference = name.starts_with(|letter: char| letter.is_alphabetic() || "_:#".contains(letter))
            && name.chars().all(|letter| letter.is_alphanumeric() || "_:.-#".contains(letter));
        if is_reference {
            if let Some((count, _)) = self.unknown.get_mut(name) {
                *count += 1;
            } else if self.unknown.len() < UNKNOWN {
                self.unknown.insert(name.to_owned(), (1, at));
            } else {
                self.further_unknown += 1;
            }
        }
        false
    }

    /// The unknown names in the order of the file, each with how often it was met and the line of the first time; and
    /// how many further ones there were.
    pub fn unknown(&self, text: &str) -> (Vec<(&str, usize, usize)>, usize) {
        let mut names: Vec<(&str, usize, usize)> = self
            .unknown
            .iter()
            .map(|(name, (count, at))| {
                let reference = format!("&{name};");
                let first =
                    text.get(*at..).and_then(|rest| rest.find(&reference)).map_or(*at, |found| at + found);
                (name.as_str(), *count, first)
            })
            .collect();
        names.sort_by_key(|(_, _, first)| *first);
        let named = names.into_iter().map(|(name, count, first)| (name, count, line_at(text, first)));
        (named.collect(), self.further_unknown)
    }
}

/// The plain entities that a document type declares inside the file, or the line of a dangerous one and what is wrong
/// with it.
fn declarations(text: &str) -> Result<HashMap<String, String>, (usize, String)> {
    let mut entities = HashMap::new();
    let root = text.find('<').unwrap_or(0);
    let Some(head) = text.get(..first_element(text, root)) else {
        return Ok(entities);
    };
    let refused = |at: usize, problem: &str| Err((line_at(head, at), problem.to_owned()));
    let mut at = 0;
    let mut declarations = 0;
    while let Some(found) = head.get(at..).and_then(|rest| rest.find("<!ENTITY")) {
        let start = at + found;
        at = start + "<!ENTITY".len();
        declarations += 1;
        if declarations > XML_ENTITIES {
            return refused(start, "by the thousand");
        }
        let Some(declaration) = head.get(at..) else { break };
        let declaration = declaration.trim_start();
        let Some((name, value)) = declaration.split_once(char::is_whitespace) else {
            break;
        };
        if matches!(name, "amp" | "lt" | "gt" | "quot" | "apos") {
            // May be declared, and mean the same.
            continue;
        }
        let value = value.trim_start();
        let Some(quote) = value.chars().next().filter(|mark| matches!(mark, '"' | '\'')) else {
            // Parameter entities and those of other files (SYSTEM, PUBLIC) are never fetched.
            continue;
        };
        let Some(value) = value.get(1..).and_then(|rest| rest.split(quote).next()) else {
            break;
        };
        if value.len() > XML_ENTITY_BYTES {
            return refused(start, "that are very long");
        }
        match plain(value) {
            Some(plain) => drop(entities.insert(name.to_owned(), plain)),
            None => return refused(start, "that refer to others"),
        }
    }
    Ok(entities)
}

/// A declared replacement, if it is plain words: characters and numeric references, no markup and no other names but
/// those of characters.
fn plain(value: &str) -> Option<String> {
    let mut text = String::with_capacity(value.len());
    let mut parts = value.split('&');
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (name, rest) = part.split_once(';')?;
        match numbered(name) {
            Some(letter) => text.push(letter),
            None => text.push_str(named(name)?),
        }
        text.push_str(rest);
    }
    (!text.contains(['&', '<'])).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(raw: &str) -> String {
        Entities::of("", 0).unwrap().resolve(raw, 0)
    }

    #[test]
    fn every_name_has_its_character() {
        for (name, letters) in [
            ("alpha", "α"),
            ("omega", "ω"),
            ("Omega", "Ω"),
            ("Scaron", "Š"),
            ("iocy", "ё"),
            ("nbsp", "\u{a0}"),
            ("ge", "≥"),
            ("micro", "µ"),
            ("mgr", "μ"),
            ("OHgr", "Ω"),
            ("idiagr", "ΐ"),
            ("b.alpha", "𝛂"),
            ("Afr", "𝔄"),
            ("thinsp", "\u{2009}"),
            ("NotEqualTilde", "≂\u{338}"),
            ("fjlig", "fj"),
            ("lt", "<"),
            ("amp", "&"),
            ("CounterClockwiseContourIntegral", "∳"),
        ] {
            assert_eq!(resolved(&format!("a&{name};b")), format!("a{letters}b"), "{name}");
        }
        assert_eq!(CHARACTERS.len(), NAMES.lines().count(), "each line gives a name");
        assert!(CHARACTERS.len() > 2_200);
        let controls = CHARACTERS.iter().filter(|(_, letters)| letters.contains(|letter| letter < ' '));
        let mut controls: Vec<&str> = controls.map(|(name, _)| *name).collect();
        controls.sort_unstable();
        assert_eq!(controls, ["NewLine", "Tab"]);
    }

    #[test]
    fn notes_names_that_stand_for_nothing() {
        let text = "<a>\n&foo; AT&T &foo; A & B; &#0; &#xD800; &bar;</a>";
        let mut entities = Entities::of(text, 0).unwrap();
        assert_eq!(entities.resolve(text, 0), text);
        let (unknown, further) = entities.unknown(text);
        assert_eq!(unknown, [("foo", 2, 2), ("#0", 1, 2), ("#xD800", 1, 2), ("bar", 1, 2)]);
        assert_eq!(further, 0);
    }

    #[test]
    fn counts_what_declared_names_come_to() {
        let text = "<!DOCTYPE a [<!ENTITY d 'twelve bytes'><!ENTITY b '&beta;-carotene'>]><a/>";
        let mut entities = Entities::of(text, 100).unwrap();
        assert_eq!(entities.resolve("&d; of &b;", 0), "twelve bytes of β-carotene");
        assert!(!entities.is_spent());
        let long = entities.resolve(&"&d;".repeat(100_000), 0);
        assert!(entities.is_spent() && long.len() <= 100, "{}", long.len());
    }
}
