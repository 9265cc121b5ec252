//! Offsets of a file to bytes of a text, by a rule of counting.

use crate::Span;
use crate::formats::Unit;

/// How a file counts line breaks and blanks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::formats) enum Counting {
    /// As they stand.
    Plain,
    /// A line break of two characters (CR and LF) as one.
    LineBreaksAsOne,
    /// A line break of one character as two.
    LineBreaksAsTwo,
    /// A run of blanks as one.
    BlanksAsOne,
    /// A run of blanks as one, and none before the first word.
    TrimmedBlanksAsOne,
    /// From the first word on.
    WithoutLeadingBlanks,
    /// Line breaks not at all.
    LineBreaksAsNone,
}

impl Counting {
    /// Every rule, the likeliest first.
    pub const ALL: [Self; 7] = [
        Self::Plain,
        Self::LineBreaksAsTwo,
        Self::LineBreaksAsOne,
        Self::BlanksAsOne,
        Self::TrimmedBlanksAsOne,
        Self::WithoutLeadingBlanks,
        Self::LineBreaksAsNone,
    ];

    /// Whether the rule may differ from the plain one in this text.
    pub fn changes(self, text: &str) -> bool {
        let leads = text.starts_with(char::is_whitespace);
        let is_double = || {
            let mut blank = false;
            text.chars()
                .any(|letter| std::mem::replace(&mut blank, letter.is_whitespace()) && letter.is_whitespace())
        };
        match self {
            Self::Plain => true,
            Self::LineBreaksAsOne => text.contains("\r\n"),
            Self::LineBreaksAsTwo | Self::LineBreaksAsNone => text.contains('\n'),
            Self::BlanksAsOne => is_double(),
            Self::TrimmedBlanksAsOne => leads && is_double(),
            Self::WithoutLeadingBlanks => leads,
        }
    }

    /// What it counts, for a message; nothing for the plain rule.
    pub const fn told(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::LineBreaksAsOne => Some("a line break (CR and LF) as one character"),
            Self::LineBreaksAsTwo => Some("a line break as two characters (CR and LF)"),
            Self::BlanksAsOne => Some("a run of blanks as one character"),
            Self::TrimmedBlanksAsOne => Some("a run of blanks as one character, from the first word on"),
            Self::WithoutLeadingBlanks => Some("from the first word on"),
            Self::LineBreaksAsNone => Some("no line breaks"),
        }
    }

    /// How many characters a letter counts as.
    fn weight(self, letter: char, before: Option<char>, after: Option<char>, leading: bool) -> u32 {
        let is_blank = letter.is_whitespace();
        let goes_on = is_blank && before.is_some_and(char::is_whitespace);
        match self {
            Self::LineBreaksAsOne if letter == '\r' && after == Some('\n') => 0,
            Self::LineBreaksAsTwo if letter == '\n' && before != Some('\r') => 2,
            Self::BlanksAsOne if goes_on => 0,
            Self::TrimmedBlanksAsOne if goes_on || (is_blank && leading) => 0,
            Self::WithoutLeadingBlanks if is_blank && leading => 0,
            Self::LineBreaksAsNone if matches!(letter, '\n' | '\r') => 0,
            _ => 1,
        }
    }
}

/// A stretch of the text with the file's offset of its first character.
#[derive(Debug, Clone, Copy)]
pub(in crate::formats) struct Segment {
    /// First byte in the text.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// The file's offset of `start`; `None` where it follows the segment before without a gap.
    pub offset: Option<i64>,
}

/// A text and how a file's offsets lie on it.
#[derive(Debug, Clone)]
pub(in crate::formats) struct Ground<'t> {
    pub text: &'t str,
    pub segments: Vec<Segment>,
}

impl<'t> Ground<'t> {
    /// A text that is counted from its beginning.
    pub fn whole(text: &'t str) -> Self {
        Self { text, segments: vec![Segment { start: 0, end: text.len(), offset: Some(0) }] }
    }
}

/// A segment, measured.
#[derive(Debug)]
struct Part {
    start: usize,
    end: usize,
    offset: i64,
    /// Its length in the file's counting.
    length: i64,
    /// Where counting and bytes part: offset and byte, both from the segment's start. Between two they run alike.
    marks: Vec<(u32, u32)>,
}

/// Converts a file's offsets to bytes.
#[derive(Debug)]
pub(super) struct Ruler<'t> {
    text: &'t str,
    parts: Vec<Part>,
    is_ordered: bool,
}

/// Which end of a stretch an offset is: characters that count nothing are left out at both.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edge {
    Start,
    End,
}

impl<'t> Ruler<'t> {
    pub fn new(ground: &Ground<'t>, unit: Unit, counting: Counting) -> Self {
        let mut parts: Vec<Part> = Vec::with_capacity(ground.segments.len());
        for segment in &ground.segments {
            let follows = parts.last().map_or(0, |last| last.offset + last.length);
            parts.push(measured(ground.text, segment, segment.offset.unwrap_or(follows), unit, counting));
        }
        let is_ordered = parts.is_sorted_by_key(|part| part.offset);
        Self { text: ground.text, parts, is_ordered }
    }

    /// The byte at which a stretch begins that begins at `offset`, by preference in the given segment.
    pub fn start(&self, offset: i64, segment: usize) -> Option<usize> {
        self.byte(offset, segment, Edge::Start)
    }

    /// The byte at which a stretch ends that ends at `offset`.
    pub fn end(&self, offset: i64, segment: usize) -> Option<usize> {
        self.byte(offset, segment, Edge::End)
    }

    /// Roughly where `offset` is; where it lies beyond the text, as far beyond its end.
    pub fn near(&self, offset: i64, segment: usize) -> Option<usize> {
        if let Some(byte) = self.start(offset, segment) {
            return Some(byte);
        }
        let part = self.parts.get(segment).filter(|_| !self.is_ordered).or(self.parts.last())?;
        let beyond = offset.saturating_sub(part.offset.saturating_add(part.length));
        usize::try_from(beyond).ok().map(|beyond| part.end.saturating_add(beyond))
    }

    fn byte(&self, offset: i64, segment: usize, edge: Edge) -> Option<usize> {
        let is_in = |part: &Part| {
            let at = offset - part.offset;
            match edge {
                Edge::Start => (0..part.length).contains(&at),
                Edge::End => (1..=part.length).contains(&at),
            }
        };
        let own = self.parts.get(segment).filter(|part| is_in(part));
        let part = match own {
            Some(part) => part,
            None if self.is_ordered => {
                let next = self.parts.partition_point(|part| match edge {
                    Edge::Start => part.offset <= offset,
                    Edge::End => part.offset < offset,
                });
                self.parts.get(next.checked_sub(1)?)?
            }
            None => self.parts.iter().find(|part| is_in(part))?,
        };
        let byte = part.byte(offset - part.offset, edge)?;
        // In the gap before the next segment at most.
        let next = self.parts.iter().map(|part| part.start).filter(|start| *start >= part.end).min();
        let most = if byte <= part.end { part.end } else { next.unwrap_or(part.end) };
        (byte <= most && self.text.is_char_boundary(byte)).then_some(byte)
    }
}

impl Part {
    fn byte(&self, at: i64, edge: Edge) -> Option<usize> {
        let at = u32::try_from(at).ok()?;
        let next = match edge {
            Edge::Start => self.marks.partition_point(|(offset, _)| *offset <= at),
            Edge::End => {
                let exact = self.marks.partition_point(|(offset, _)| *offset < at);
                exact + usize::from(self.marks.get(exact).is_some_and(|(offset, _)| *offset == at))
            }
        };
        let (offset, byte) =
            next.checked_sub(1).and_then(|last| self.marks.get(last)).copied().unwrap_or((0, 0));
        let found = byte + (at - offset);
        let found = self.marks.get(next).map_or(found, |(_, byte)| found.min(*byte));
        Some(self.start + found as usize)
    }
}

fn measured(text: &str, segment: &Segment, offset: i64, unit: Unit, counting: Counting) -> Part {
    let part = Span::new(segment.start, segment.end).slice(text).unwrap_or_default();
    let mut marks: Vec<(u32, u32)> = Vec::new();
    let mut count: u32 = 0;
    let is_plain = counting == Counting::Plain && (unit == Unit::Bytes || part.is_ascii());
    if is_plain {
        count = u32::try_from(part.len()).unwrap_or(u32::MAX);
    } else {
        let mut before = None;
        let mut leading = true;
        let mut letters = part.char_indices().peekable();
        while let Some((at, letter)) = letters.next() {
            leading &= letter.is_whitespace();
            let size = match unit {
                Unit::CodePoints => 1,
                Unit::Bytes => letter.len_utf8(),
                Unit::Utf16 => letter.len_utf16(),
            };
            let after = letters.peek().map(|(_, letter)| *letter);
            let weight = counting.weight(letter, before, after, leading) * u32::try_from(size).unwrap_or(1);
            let (at, length) =
                (u32::try_from(at).unwrap_or(u32::MAX), u32::try_from(letter.len_utf8()).unwrap_or(1));
            if weight == 0 && marks.last() != Some(&(count, at)) {
                marks.push((count, at));
            }
            count = count.saturating_add(weight);
            if weight != length {
                marks.push((count, at.saturating_add(length)));
            }
            before = Some(letter);
        }
    }
    Part { start: segment.start, end: segment.end, offset, length: i64::from(count), marks }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_out_what_counts_nothing_at_both_ends() {
        let text = "a  βc\r\nd𝛼";
        let ruler = |unit, counting| Ruler::new(&Ground::whole(text), unit, counting);
        let blanks = ruler(Unit::CodePoints, Counting::BlanksAsOne);
        // "a βc d𝛼"
        assert_eq!((blanks.start(2, 0), blanks.end(3, 0)), (Some(3), Some(5)));
        assert_eq!((blanks.start(5, 0), blanks.end(7, 0)), (Some(8), Some(13)));
        assert_eq!(blanks.end(1, 0), Some(1));
        let breaks = ruler(Unit::Utf16, Counting::LineBreaksAsOne);
        // "a  βc\nd𝛼" with 𝛼 as two
        assert_eq!((breaks.start(6, 0), breaks.end(5, 0)), (Some(8), Some(6)));
        assert_eq!((breaks.start(7, 0), breaks.end(9, 0), breaks.start(8, 0)), (Some(9), Some(13), None));
        let bytes = ruler(Unit::Bytes, Counting::Plain);
        assert_eq!(
            (bytes.start(3, 0), bytes.start(4, 0), bytes.end(13, 0), bytes.end(14, 0)),
            (Some(3), None, Some(13), None)
        );
    }

    #[test]
    fn segments_lie_where_the_file_says() {
        let text = "Title\nAbstract";
        let ground = Ground {
            text,
            segments: vec![
                Segment { start: 0, end: 5, offset: Some(100) },
                Segment { start: 6, end: 14, offset: Some(200) },
            ],
        };
        let ruler = Ruler::new(&ground, Unit::CodePoints, Counting::Plain);
        assert_eq!((ruler.start(100, 0), ruler.end(105, 0)), (Some(0), Some(5)));
        assert_eq!((ruler.start(200, 1), ruler.end(208, 0), ruler.end(209, 1)), (Some(6), Some(14), None));
        assert_eq!((ruler.start(0, 0), ruler.start(150, 0)), (None, None));
        assert_eq!(ruler.near(212, 1), Some(18));
    }
}
