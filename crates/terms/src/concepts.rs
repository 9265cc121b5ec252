//! The ids of a dictionary, sorted by kind and front-coded: each id is stored as what differs from the one before it.

use std::cmp::Ordering;
use std::fmt;

/// What a name names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Chemicals and drugs.
    Chemical,
    /// Diseases, symptoms and other findings.
    Disease,
    /// Genes and the proteins they encode.
    Gene,
    /// Anything else that a curator's dictionary holds (organisms, cells, anatomy ...).
    Other,
}

impl Kind {
    /// In the order of their codes in a file.
    pub const ALL: [Self; 4] = [Self::Chemical, Self::Disease, Self::Gene, Self::Other];

    /// The kind of a `type` column, whatever its case; unknown types are [`Kind::Other`].
    #[must_use]
    pub fn of_type(name: &str) -> Self {
        match name.to_lowercase().as_str() {
            "chemical" | "drug" => Self::Chemical,
            "disease" | "phenotype" | "finding" | "symptom" => Self::Disease,
            "gene" | "protein" | "target" => Self::Gene,
            _ => Self::Other,
        }
    }

    /// As it is shown (`Chemical`).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chemical => "Chemical",
            Self::Disease => "Disease",
            Self::Gene => "Gene",
            Self::Other => "Other",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An id in a terminology.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Concept {
    /// What it is.
    pub kind: Kind,
    /// The terminology (`MESH`); empty where the dictionary does not say.
    pub vocabulary: String,
    /// The id in it; empty for a name without id.
    pub id: String,
}

impl Concept {
    /// `MESH:D000001`, as dictionary tables write it.
    #[must_use]
    pub fn joined(&self) -> String {
        if self.vocabulary.is_empty() { self.id.clone() } else { format!("{}:{}", self.vocabulary, self.id) }
    }

    /// Splits `MESH:D000001`.
    pub(crate) fn parse(kind: Kind, id: &str) -> Self {
        let (vocabulary, id) = id.split_once(':').unwrap_or(("", id));
        Self { kind, vocabulary: vocabulary.to_owned(), id: id.to_owned() }
    }
}

/// Ids per block; the first of a block is stored whole.
const BLOCK: usize = 16;

/// Writes sorted `(kind, id)` pairs: the number of ids of each kind, the offsets of the blocks, the blocks.
pub(crate) fn write(concepts: &[(Kind, String)], out: &mut Vec<u8>) {
    for kind in Kind::ALL {
        let count = concepts.iter().filter(|(other, _)| *other == kind).count();
        out.extend((count as u32).to_le_bytes());
    }
    let mut blocks = Vec::new();
    let mut offsets = Vec::new();
    let mut previous: &[u8] = &[];
    for (index, (_, id)) in concepts.iter().enumerate() {
        let id = &id.as_bytes()[..id.len().min(LONGEST_ID)];
        if index % BLOCK == 0 {
            offsets.push(blocks.len() as u32);
            previous = &[];
        }
        let shared = id.iter().zip(previous).take_while(|(a, b)| a == b).count();
        blocks.push(shared as u8);
        blocks.push((id.len() - shared) as u8);
        blocks.extend(&id[shared..]);
        previous = id;
    }
    for offset in &offsets {
        out.extend(offset.to_le_bytes());
    }
    out.extend(blocks);
}

/// The longest id in bytes.
pub(crate) const LONGEST_ID: usize = 255;

/// Reads what [`write`] wrote.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table<'a> {
    counts: [usize; 4],
    offsets: &'a [u8],
    blocks: &'a [u8],
}

impl<'a> Table<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Self> {
        let mut counts = [0; 4];
        for (index, count) in counts.iter_mut().enumerate() {
            *count = word(bytes, index * 4)?;
        }
        let total: usize = counts.iter().sum();
        let rest = bytes.get(16..)?;
        let (offsets, blocks) = rest.split_at_checked(total.div_ceil(BLOCK) * 4)?;
        Some(Self { counts, offsets, blocks })
    }

    pub(crate) fn get(&self, index: usize) -> Option<Concept> {
        let mut rest = index;
        let kind = Kind::ALL.into_iter().zip(self.counts).find_map(|(kind, count)| {
            let inside = rest < count;
            rest = rest.wrapping_sub(if inside { 0 } else { count });
            inside.then_some(kind)
        })?;
        Some(Concept::parse(kind, &self.id(index)?))
    }

    /// The number of a concept.
    pub(crate) fn find(&self, concept: &Concept) -> Option<u32> {
        let id = concept.joined();
        let before: usize = Kind::ALL
            .into_iter()
            .zip(self.counts)
            .filter(|(kind, _)| *kind < concept.kind)
            .map(|(_, n)| n)
            .sum();
        let (mut low, mut high) = (before, before + self.counts[concept.kind as usize]);
        while low < high {
            let middle = (low + high) / 2;
            match self.id(middle)?.as_str().cmp(&id) {
                Ordering::Equal => return u32::try_from(middle).ok(),
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
            }
        }
        None
    }

    fn id(&self, index: usize) -> Option<String> {
        let mut at = word(self.offsets, index / BLOCK * 4)?;
        let mut id: Vec<u8> = Vec::new();
        for _ in 0..=index % BLOCK {
            let (shared, length) = (*self.blocks.get(at)?, *self.blocks.get(at + 1)?);
            id.truncate(shared as usize);
            id.extend(self.blocks.get(at + 2..at + 2 + length as usize)?);
            at += 2 + length as usize;
        }
        String::from_utf8(id).ok()
    }
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_comes_back() {
        let mut concepts: Vec<(Kind, String)> =
            (0..100).map(|n| (Kind::ALL[n % 3], format!("MESH:D{:06}", n * 37))).collect();
        concepts.push((Kind::Other, String::new()));
        concepts.sort();
        let mut bytes = Vec::new();
        write(&concepts, &mut bytes);
        let table = Table::new(&bytes).unwrap();
        for (index, (kind, id)) in concepts.iter().enumerate() {
            let concept = table.get(index).unwrap();
            assert_eq!(concept, Concept::parse(*kind, id));
            assert_eq!(table.find(&concept), Some(index as u32));
        }
        assert_eq!(table.get(concepts.len()), None);
        assert_eq!(table.find(&Concept::parse(Kind::Gene, "MESH:X")), None);
        assert!(Table::new(&bytes[..20]).is_none());
    }
}
