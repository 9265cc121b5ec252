//! The rows of a table, also where quotation marks are not doubled or never closed.
//!
//! A cell in quotation marks may hold delimiters and line breaks. Where that reading gives a row of another width than the
//! header's, or no end, the row is read by its line: one bad mark must not swallow the rows after it.

/// A row as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// The line it begins on.
    pub line: usize,
    pub cells: Vec<String>,
    /// Whether its quotation marks are not those of a sound table.
    pub has_odd_marks: bool,
}

/// Reads the rows of a table, without its empty lines.
pub(super) struct Rows<'t> {
    text: &'t str,
    delimiter: char,
    /// Whether cells are in quotation marks, as in CSV. Tabs need none.
    is_quoted: bool,
    /// The width that rows should have.
    width: Option<usize>,
    at: usize,
    line: usize,
    /// Bytes that were read in vain. Beyond a few times the file a cell must close sooner.
    wasted: usize,
}

/// The longest stretch in which a cell in marks is looked for its end; where much was looked for in vain; and where its
/// marks break the rules.
const LONG: usize = 1024 * 1024;
const SHORT: usize = 4 * 1024;
const LENIENT: usize = 64 * 1024;

impl<'t> Rows<'t> {
    pub fn new(text: &'t str, delimiter: u8) -> Self {
        let delimiter = char::from(delimiter);
        let is_marked = |cell: &str| cell.len() > 1 && cell.starts_with('"') && cell.ends_with('"');
        let header = text.lines().next().unwrap_or_default();
        let is_quoted = delimiter != '\t' || header.split('\t').all(is_marked);
        Self { text, delimiter, is_quoted, width: None, at: 0, line: 1, wasted: 0 }
    }

    /// The first row; the others should be as wide.
    pub fn header(&mut self) -> Option<Vec<String>> {
        let header = self.next()?.cells;
        self.width = Some(header.len());
        Some(header)
    }

    /// The cells from `at` on, and the bytes they take without the line break.
    fn row(&mut self) -> (Vec<String>, usize, bool) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let line = rest.lines().next().unwrap_or_default();
        let fits = |cells: &Vec<String>| self.width.is_none_or(|width| cells.len() == width);
        let most = if self.wasted <= 4 * self.text.len() + 16 * LONG { LONG } else { SHORT };
        let within = |most: usize| {
            let end = rest.floor_char_boundary(rest.len().min(line.len() + most));
            rest.get(..end).unwrap_or_default()
        };
        // A row that runs to the bound has no end that is known.
        let spanning = || {
            let text = within(most);
            strict(text, self.delimiter).and_then(|(cells, taken)| {
                let is_whole = taken < text.len() || text.len() == rest.len();
                if is_whole { Ok((cells, taken)) } else { Err(taken) }
            })
        };
        if !self.is_quoted {
            let cells: Vec<String> = line.split(self.delimiter).map(undoubled).collect();
            if fits(&cells) || !line.contains('"') {
                return (cells, line.len(), false);
            }
            return match spanning() {
                Ok((wide, taken)) if fits(&wide) => (wide, taken, false),
                Ok((_, taken)) | Err(taken) => {
                    self.wasted += taken;
                    (cells, line.len(), false)
                }
            };
        }
        if !line.contains('"') {
            return (line.split(self.delimiter).map(str::to_owned).collect(), line.len(), false);
        }
        let whole = spanning();
        if let Ok((cells, taken)) = &whole
            && (fits(cells) || *taken <= line.len())
        {
            return (cells.clone(), *taken, false);
        }
        for greedy in [true, false] {
            let (cells, _) = lenient(line, self.delimiter, greedy);
            if fits(&cells) {
                self.wasted += whole.map_or_else(|taken| taken, |(_, taken)| taken);
                return (cells, line.len(), true);
            }
        }
        let near = within(most.min(LENIENT));
        let (cells, taken) = lenient(near, self.delimiter, true);
        if fits(&cells) && (taken < near.len() || near.len() == rest.len()) {
            return (cells, taken, true);
        }
        self.wasted += near.len();
        // Sound marks around several lines, in a row of an odd width: unless the next line is a row of its own.
        if let Ok((cells, taken)) = &whole {
            let next = rest.get(line.len()..).unwrap_or_default().trim_start_matches(['\r', '\n']);
            let next = next.lines().next().unwrap_or_default();
            if !fits(&lenient(next, self.delimiter, true).0) {
                return (cells.clone(), *taken, false);
            }
            self.wasted += taken;
        }
        (lenient(line, self.delimiter, true).0, line.len(), true)
    }
}

impl Iterator for Rows<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        loop {
            if self.at >= self.text.len() {
                return None;
            }
            let line = self.line;
            let (cells, taken, has_odd_marks) = self.row();
            let end = self.at + taken;
            let breaks = self.text.get(end..).unwrap_or_default();
            let breaks = breaks.strip_prefix('\r').unwrap_or(breaks);
            let breaks = breaks.strip_prefix('\n').unwrap_or(breaks);
            let next = self.text.len() - breaks.len();
            let passed = self.text.as_bytes().get(self.at..next).unwrap_or_default();
            self.line += passed.iter().filter(|byte| **byte == b'\n').count();
            // A carriage return alone ends no line, but must not stop the reading.
            self.at = if next > self.at { next } else { self.at + 1 };
            if cells.len() > 1 || cells.iter().any(|cell| !cell.is_empty()) {
                return Some(Row { line, cells, has_odd_marks });
            }
        }
    }
}

/// A cell without quotation marks around it, where it holds doubled ones.
fn undoubled(cell: &str) -> String {
    let inner = cell.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inner {
        Some(inner) if inner.contains("\"\"") && !inner.replace("\"\"", "").contains('"') => {
            inner.replace("\"\"", "\"")
        }
        _ => cell.to_owned(),
    }
}

/// The cells of a row by the rules of CSV, and the bytes they take; or the bytes that were read until a rule was broken.
fn strict(text: &str, delimiter: char) -> Result<(Vec<String>, usize), usize> {
    let mut cells = Vec::new();
    let mut at = 0;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let (cell, taken) = match rest.strip_prefix('"') {
            Some(quoted) => {
                let mut cell = String::new();
                let mut from = 0;
                loop {
                    let Some(mark) = quoted.get(from..).and_then(|rest| rest.find('"')) else {
                        return Err(text.len());
                    };
                    cell.push_str(quoted.get(from..from + mark).unwrap_or_default());
                    from += mark + 1;
                    if !quoted.get(from..).unwrap_or_default().starts_with('"') {
                        break;
                    }
                    cell.push('"');
                    from += 1;
                }
                (cell, 1 + from)
            }
            None => {
                let end = rest.find([delimiter, '\n']).unwrap_or(rest.len());
                let cell = rest.get(..end).unwrap_or_default();
                let cell = if rest.get(end..).is_some_and(|rest| rest.starts_with(delimiter)) {
                    cell
                } else {
                    cell.strip_suffix('\r').unwrap_or(cell)
                };
                (cell.to_owned(), cell.len())
            }
        };
        cells.push(cell);
        at += taken;
        let after = text.get(at..).unwrap_or_default();
        if let Some(next) = after.strip_prefix(delimiter) {
            at = text.len() - next.len();
        } else if after.is_empty() || after.starts_with(['\n', '\r']) {
            return Ok((cells, at));
        } else {
            return Err(at);
        }
    }
}

/// The cells of a row whose marks break the rules: a cell in marks ends at a mark before a delimiter or the end of a
/// line, also over single marks inside it (`greedy`); a cell whose marks do not close is taken with them, as it stands.
fn lenient(text: &str, delimiter: char, greedy: bool) -> (Vec<String>, usize) {
    let mut cells = Vec::new();
    let mut at = 0;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let closed = rest.strip_prefix('"').and_then(|quoted| {
            let ends = |(mark, _): &(usize, &str)| {
                let after = quoted.get(mark + 1..).unwrap_or_default();
                after.is_empty() || after.starts_with([delimiter, '\n', '\r'])
            };
            let mut marks = quoted.match_indices('"');
            let (mark, _) = if greedy { marks.find(ends)? } else { marks.next().filter(ends)? };
            Some((quoted.get(..mark)?.replace("\"\"", "\""), mark + 2))
        });
        let (cell, taken) = closed.unwrap_or_else(|| {
            let end = rest.find([delimiter, '\n']).unwrap_or(rest.len());
            let cell = rest.get(..end).unwrap_or_default();
            let is_last = !rest.get(end..).is_some_and(|rest| rest.starts_with(delimiter));
            let cell = if is_last { cell.strip_suffix('\r').unwrap_or(cell) } else { cell };
            (cell.to_owned(), cell.len())
        });
        cells.push(cell);
        at += taken;
        match text.get(at..).and_then(|rest| rest.strip_prefix(delimiter)) {
            Some(next) => at = text.len() - next.len(),
            None => return (cells, at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, delimiter: u8) -> Vec<(usize, Vec<String>, bool)> {
        let mut rows = Rows::new(text, delimiter);
        let header = rows.header().unwrap();
        let rows = rows.map(|row| (row.line, row.cells, row.has_odd_marks));
        [(1, header, false)].into_iter().chain(rows).collect()
    }

    fn row(line: usize, cells: &[&str], odd: bool) -> (usize, Vec<String>, bool) {
        (line, cells.iter().map(|cell| (*cell).to_owned()).collect(), odd)
    }

    #[test]
    fn reads_sound_tables() {
        let text = "a,b\r\n1,\"x, \"\"y\"\"\r\nz\"\r\n\r\n\"2\",\r\n";
        assert_eq!(
            rows(text, b','),
            [row(1, &["a", "b"], false), row(2, &["1", "x, \"y\"\r\nz"], false), row(5, &["2", ""], false)]
        );
    }

    #[test]
    fn a_mark_that_breaks_the_rules_swallows_nothing() {
        let text = "a;b;c\n1;\"Gescoopt\" risico;x\n2;\"never closed;y\n3;\"He said \"yes\" to me\";z\n4;\"two\nlines with \"marks\" inside\";z\n5;s;t\n";
        assert_eq!(
            rows(text, b';')[1..],
            [
                row(2, &["1", "\"Gescoopt\" risico", "x"], true),
                row(3, &["2", "\"never closed", "y"], true),
                row(4, &["3", "He said \"yes\" to me", "z"], true),
                row(5, &["4", "two\nlines with \"marks\" inside", "z"], true),
                row(7, &["5", "s", "t"], false),
            ]
        );
        // A later cell in marks must not close an earlier one.
        let text = "a,b,c\n1,x,\"open\n2,\"sound\",y\n3,x,\"sound, too\"\n";
        assert_eq!(
            rows(text, b',')[1..],
            [
                row(2, &["1", "x", "\"open"], true),
                row(3, &["2", "sound", "y"], false),
                row(4, &["3", "x", "sound, too"], false)
            ]
        );
    }

    #[test]
    fn tabs_need_no_marks() {
        let text = "a\tb\n1\t\"Aspirin\" harms\n2\t\"whole\"\n3\t\"He \"\"said\"\" it\"\n4\t\"a\ttab\"\n5\t5\" tall\n";
        assert_eq!(
            rows(text, b'\t')[1..],
            [
                row(2, &["1", "\"Aspirin\" harms"], false),
                row(3, &["2", "\"whole\""], false),
                row(4, &["3", "He \"said\" it"], false),
                row(5, &["4", "a\ttab"], false),
                row(6, &["5", "5\" tall"], false),
            ]
        );
        assert_eq!(rows("\"a\"\t\"b\"\n\"1\"\t\"x\"\n", b'\t')[1], row(2, &["1", "x"], false));
    }

    #[test]
    fn takes_no_square_of_the_time() {
        let text = format!("a,b\n{}", "1,\"open\n".repeat(20_000));
        assert_eq!(Rows::new(&text, b',').count(), 20_001);
        let text = format!("a,b\n{}", "1,\"open,x\n".repeat(20_000));
        assert_eq!(rows(&text, b',').len(), 20_001);
    }
}
