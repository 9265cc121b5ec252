//! The text of a page as it is drawn, with columns that are drawn line by line across the page put one after the other.

use pdf_extract::{MediaBox, OutputDev, OutputError, Transform};

/// A jump to the right on a line by more than this many letter heights may be the gap between two columns.
const GAP: f64 = 1.5;
/// How far (in letter heights) the beginnings of a column's lines may lie apart.
const EDGE: f64 = 1.0;
/// Fewer lines side by side are taken as they are drawn.
const LINES: usize = 4;
/// More lines are no page.
const MOST: usize = 500;
/// Fewer letters in a line, on average, are a cell of a table.
const PROSE: usize = 18;

/// Takes the letters of a page down. Words and lines are told by the distances between letters.
#[derive(Default)]
pub(super) struct Page {
    lines: Vec<Line>,
    last_end: f64,
    last_y: f64,
    is_first: bool,
}

/// A line as it is drawn.
#[derive(Default)]
struct Line {
    text: String,
    /// Where it begins and ends.
    start: f64,
    end: f64,
    /// The byte after each wide gap, and where what follows it begins.
    gaps: Vec<(usize, f64)>,
    /// The height of its letters.
    height: f64,
}

impl Page {
    pub fn new() -> Self {
        Self { lines: vec![Line::default()], last_end: 100_000.0, ..Self::default() }
    }

    /// The lines of the page, in reading order.
    pub fn text(&self) -> String {
        let mut text: Vec<&str> = Vec::with_capacity(self.lines.len());
        let mut at = 0;
        while let Some(line) = self.lines.get(at) {
            let block = line.gaps.first().and_then(|(_, edge)| Block::of(self.lines.get(at..)?, *edge));
            match block {
                Some(block) => {
                    at += block.lines.len();
                    text.extend(block.left());
                    text.extend(block.right().filter(|half| !half.is_empty()));
                }
                None => {
                    text.push(&line.text);
                    at += 1;
                }
            }
        }
        text.join("\n")
    }
}

impl Line {
    /// What stands before and after the gap at that edge.
    fn halves(&self, edge: f64) -> (&str, &str) {
        let near = |x: f64| (x - edge).abs() <= EDGE * self.height;
        let at = match self.gaps.iter().find(|(_, x)| near(*x)) {
            Some((at, _)) => *at,
            None if near(self.start) => 0,
            None => self.text.len(),
        };
        let (left, right) = self.text.split_at_checked(at).unwrap_or((&self.text, ""));
        (left.trim(), right.trim())
    }
}

/// Lines side by side.
struct Block<'p> {
    lines: &'p [Line],
    /// Where the right column begins.
    edge: f64,
}

impl<'p> Block<'p> {
    /// The block that the first of the lines begins, if both its columns are running text.
    fn of(lines: &'p [Line], edge: f64) -> Option<Self> {
        let (mut taken, mut pairs, mut after_blank) = (0, 0, false);
        for (number, line) in (1..).zip(lines.iter().take(MOST)) {
            if line.text.trim().is_empty() {
                after_blank = true;
                continue;
            }
            let (left, right) = line.halves(edge);
            let is_pair = !left.is_empty() && !right.is_empty();
            // Where one column is longer than the other.
            let is_half = !after_blank && (left.is_empty() || (right.is_empty() && line.end < edge));
            if !is_pair && !is_half {
                break;
            }
            pairs += usize::from(is_pair);
            (taken, after_blank) = (number, false);
        }
        let block = Self { lines: lines.get(..taken)?, edge };
        let is_prose = |side: Vec<&str>| {
            let letters: usize = side.iter().map(|line| line.chars().count()).sum();
            let goes_on = side.iter().skip(1).filter(|line| line.starts_with(char::is_lowercase)).count();
            letters >= PROSE * side.len() && goes_on * 3 >= side.len()
        };
        let written = |line: &&str| !line.is_empty();
        let is_text = pairs >= LINES
            && is_prose(block.left().filter(written).collect())
            && is_prose(block.right().filter(written).collect());
        is_text.then_some(block)
    }

    fn left(&self) -> impl Iterator<Item = &'p str> {
        let edge = self.edge;
        self.lines.iter().map(move |line| line.halves(edge).0)
    }

    fn right(&self) -> impl Iterator<Item = &'p str> {
        let edge = self.edge;
        self.lines.iter().map(move |line| line.halves(edge).1)
    }
}

impl OutputDev for Page {
    fn begin_page(
        &mut self,
        _page: u32,
        _media_box: &MediaBox,
        _art_box: Option<(f64, f64, f64, f64)>,
    ) -> Result<(), OutputError> {
        Ok(())
    }

    fn end_page(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn output_character(
        &mut self,
        matrix: &Transform,
        width: f64,
        _spacing: f64,
        size: f64,
        letter: &str,
    ) -> Result<(), OutputError> {
        let (x, y) = (matrix.m31, -matrix.m32);
        // The side of a square as large as what the letter's square becomes.
        let height = (size * (matrix.m11 + matrix.m21) * size * (matrix.m12 + matrix.m22)).sqrt();
        if self.is_first {
            let down = (y - self.last_y).abs();
            if down > height * 1.5 {
                self.lines.push(Line::default());
            }
            if x < self.last_end && down > height * 0.5 {
                self.lines.push(Line::default());
            }
            if x > self.last_end + height * 0.1
                && let Some(line) = self.lines.last_mut()
            {
                line.text.push(' ');
                if x > self.last_end + height * GAP && down <= height * 0.5 && !line.text.trim().is_empty() {
                    line.gaps.push((line.text.len(), x));
                }
            }
        }
        if let Some(line) = self.lines.last_mut() {
            if line.text.is_empty() {
                line.start = x;
            }
            line.text.push_str(letter);
            line.end = x + width * height;
            line.height = height;
        }
        self.is_first = false;
        self.last_y = y;
        self.last_end = x + width * height;
        Ok(())
    }

    fn begin_word(&mut self) -> Result<(), OutputError> {
        self.is_first = true;
        Ok(())
    }

    fn end_word(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn end_line(&mut self) -> Result<(), OutputError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::super::tests::{page, pdf};
    use crate::formats::read;

    /// A page of rows: where each of their parts begins, and its words.
    fn read_rows(rows: &[&[(u32, &str)]]) -> String {
        let mut content = "BT /F1 10 Tf ".to_owned();
        for (number, row) in rows.iter().enumerate() {
            for (x, words) in *row {
                let _ = write!(content, "1 0 0 1 {x} {} Tm ({words}) Tj ", 700 - 12 * number);
            }
        }
        content.push_str("ET");
        let import = read(&pdf(&page(&content, "")), "a.pdf").unwrap();
        import.documents[0].text.clone()
    }

    #[test]
    fn columns_that_are_drawn_line_by_line_are_read_one_after_the_other() {
        let left = [
            "Zinc was given to forty",
            "people with colds, of whom",
            "nine had nausea and two",
            "had a bad taste.",
        ];
        let right = [
            "Iron did not shorten the",
            "colds, but it caused some",
            "pain in the belly of those",
            "who took it for long.",
        ];
        let mut rows: Vec<Vec<(u32, &str)>> = left.iter().map(|words| vec![(72, *words)]).collect();
        rows.iter_mut().zip(right).for_each(|(row, words)| row.push((320, words)));
        let rows: Vec<&[(u32, &str)]> = rows.iter().map(Vec::as_slice).collect();
        assert_eq!(read_rows(&rows), format!("{} {}", left.join(" "), right.join(" ")));
    }

    #[test]
    fn rows_of_a_table_stay_rows() {
        let row = |drug, dose| [(72, drug), (320, dose)];
        let rows =
            [row("Zinc", "5 mg"), row("Iron", "10 mg"), row("Aspirin", "100 mg"), row("Codeine", "30 mg")];
        let rows: Vec<&[(u32, &str)]> = rows.iter().map(|row| &row[..]).collect();
        assert_eq!(read_rows(&rows), "Zinc 5 mg Iron 10 mg Aspirin 100 mg Codeine 30 mg");
    }
}
