//! From a name's number (its rank in the automaton) to its concepts.

/// A concept of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Entry {
    /// Number of the concept.
    pub concept: u32,
    /// Whether the name counts only where it is written as a symbol is.
    pub symbol: bool,
}

/// Concepts and lists are counted in the bits of three bytes that the flags leave.
pub(crate) const MOST: usize = 1 << 22;

const SEVERAL: u32 = 1 << 23;

/// Writes three bytes per name into `postings`: its entry, or where its list begins in `lists`. `None` if that does not
/// fit.
pub(crate) fn write(entries: &[Entry], postings: &mut Vec<u8>, lists: &mut Vec<u8>) -> Option<()> {
    let packed = |entry: &Entry| entry.concept << 1 | u32::from(entry.symbol);
    let code = match entries {
        [entry] => packed(entry),
        several => {
            let at = u32::try_from(lists.len()).ok().filter(|at| *at < SEVERAL)?;
            lists.push(u8::try_from(several.len()).ok()?);
            for entry in several {
                lists.extend(&packed(entry).to_le_bytes()[..3]);
            }
            at | SEVERAL
        }
    };
    postings.extend(&code.to_le_bytes()[..3]);
    Some(())
}

/// The most concepts a name can have.
pub(crate) const MOST_OF_ONE_NAME: usize = 255;

/// The entries of the name with this rank.
pub(crate) fn read(rank: u64, postings: &[u8], lists: &[u8]) -> Vec<Entry> {
    let entry = |packed: u32| Entry { concept: packed >> 1, symbol: packed & 1 == 1 };
    let Some(code) = usize::try_from(rank).ok().and_then(|rank| triple(postings, rank.checked_mul(3)?))
    else {
        return Vec::new();
    };
    if code & SEVERAL == 0 {
        return vec![entry(code)];
    }
    let at = (code & !SEVERAL) as usize;
    let count = lists.get(at).copied().unwrap_or(0) as usize;
    (0..count).filter_map(|index| triple(lists, at + 1 + index * 3)).map(entry).collect()
}

pub(crate) fn triple(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 3)?;
    Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back() {
        let one = vec![Entry { concept: 5, symbol: true }];
        let two = vec![Entry { concept: MOST as u32 - 1, symbol: false }, Entry { concept: 0, symbol: true }];
        let (mut postings, mut lists) = (Vec::new(), Vec::new());
        for entries in [&one, &two, &one] {
            write(entries, &mut postings, &mut lists).unwrap();
        }
        assert_eq!(read(0, &postings, &lists), one);
        assert_eq!(read(1, &postings, &lists), two);
        assert_eq!(read(2, &postings, &lists), one);
        assert!(read(3, &postings, &lists).is_empty());
    }
}
