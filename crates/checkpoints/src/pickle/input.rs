use std::io::{self, BufRead, BufReader, Read};

use super::PickleProblem;
use crate::stored::{Section, WeightFile};

/// Longest name of a class, function or storage.
pub(super) const MOST_NAME: u64 = 256;

/// Why reading stops: the file could not be read, or the pickle is refused.
pub(super) enum Failure {
    Read(io::Error),
    Problem(PickleProblem),
}

impl From<PickleProblem> for Failure {
    fn from(problem: PickleProblem) -> Self {
        Self::Problem(problem)
    }
}

pub(super) type Outcome<T> = Result<T, Failure>;

pub(super) fn malformed<T>(problem: impl Into<String>) -> Outcome<T> {
    Err(PickleProblem::Malformed(problem.into()).into())
}

pub(super) fn misuse<T>(problem: impl Into<String>) -> Outcome<T> {
    Err(PickleProblem::Misuse(problem.into()).into())
}

/// The pickle's bytes, never more than the file has.
pub(super) struct Input<'a> {
    reader: BufReader<Section<'a>>,
    /// Bytes from the start of the file.
    pub position: u64,
    end: u64,
}

impl<'a> Input<'a> {
    pub fn new(file: &'a WeightFile, start: u64, end: u64) -> Self {
        Self { reader: BufReader::new(file.section(start, end)), position: start, end }
    }

    pub fn make_sure_of(&self, length: u64) -> Outcome<()> {
        let left = self.end - self.position;
        if length > left {
            return malformed(format!("{length} bytes should follow, but {left} do"));
        }
        Ok(())
    }

    pub fn byte(&mut self) -> Outcome<u8> {
        self.array().map(|[byte]: [u8; 1]| byte)
    }

    pub fn array<const N: usize>(&mut self) -> Outcome<[u8; N]> {
        let mut array = [0; N];
        self.fill(&mut array)?;
        Ok(array)
    }

    pub fn bytes(&mut self, length: u64) -> Outcome<Vec<u8>> {
        self.make_sure_of(length)?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let mut bytes = vec![0; length];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    pub fn text(&mut self, length: u64) -> Outcome<String> {
        let bytes = self.bytes(length)?;
        String::from_utf8(bytes).or_else(|_| malformed("a text is not UTF-8"))
    }

    pub fn line(&mut self) -> Outcome<String> {
        let mut bytes = Vec::new();
        self.reader.by_ref().take(MOST_NAME).read_until(b'\n', &mut bytes).map_err(Failure::Read)?;
        self.position += bytes.len() as u64;
        if bytes.pop() != Some(b'\n') {
            return malformed("a name does not end");
        }
        String::from_utf8(bytes).or_else(|_| malformed("a name is not UTF-8"))
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Outcome<()> {
        self.make_sure_of(bytes.len() as u64)?;
        self.reader.read_exact(bytes).map_err(Failure::Read)?;
        self.position += bytes.len() as u64;
        Ok(())
    }
}
