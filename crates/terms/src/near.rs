//! Names that are spelled almost like a given one.

use fst::{Automaton, IntoStreamer, Streamer};

/// Names looked at: an automaton that somebody made to do harm may have no end.
const MOST_SEEN: usize = 2000;

/// Names of an automaton that are at most so many slips of the pen (a letter left out, added, changed, or two swapped)
/// away from a folded name, the nearest first and then in alphabetical order; not the name itself.
pub fn near<D: AsRef<[u8]>>(names: &fst::raw::Fst<D>, wanted: &str) -> Vec<(u8, String)> {
    let slips = Slips { wanted: wanted.as_bytes(), most: most_slips(wanted) };
    if slips.most == 0 {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut stream = names.search_with_state(&slips).into_stream();
    while let Some((name, _, state)) = stream.next() {
        let distance = state.as_ref().and_then(|rows| rows.last.last().copied());
        if let (Some(distance @ 1..), Ok(name)) = (distance, std::str::from_utf8(name)) {
            found.push((distance, name.to_owned()));
        }
        if found.len() == MOST_SEEN {
            break;
        }
    }
    found.sort();
    found
}

/// Short names have too many neighbors, long ones take too long.
fn most_slips(name: &str) -> u8 {
    match name.chars().count() {
        4..=6 => 1,
        7..=60 => 2,
        _ => 0,
    }
}

/// Follows the bytes of a name and keeps the last rows of the table of distances (optimal string alignment).
struct Slips<'a> {
    wanted: &'a [u8],
    most: u8,
}

#[derive(Clone)]
struct Rows {
    last: Vec<u8>,
    before: Vec<u8>,
    byte: u8,
}

impl Automaton for Slips<'_> {
    /// `None` where no name that begins like this is near enough.
    type State = Option<Rows>;

    fn start(&self) -> Self::State {
        let last: Vec<u8> = (0..=self.wanted.len()).map(|n| n.min(usize::from(u8::MAX)) as u8).collect();
        Some(Rows { before: vec![u8::MAX; last.len()], last, byte: 0 })
    }

    fn is_match(&self, state: &Self::State) -> bool {
        state.as_ref().is_some_and(|rows| rows.last.last().is_some_and(|distance| *distance <= self.most))
    }

    fn can_match(&self, state: &Self::State) -> bool {
        state.is_some()
    }

    fn accept(&self, state: &Self::State, byte: u8) -> Self::State {
        let Rows { last, before, byte: previous } = state.as_ref()?;
        let mut row = Vec::with_capacity(last.len());
        row.push(last[0].saturating_add(1));
        for (at, wanted) in self.wanted.iter().enumerate() {
            let changed = last[at].saturating_add(u8::from(*wanted != byte));
            let one_more = last[at + 1].min(row[at]).saturating_add(1);
            let mut distance = changed.min(one_more);
            if at > 0 && self.wanted[at - 1] == byte && *wanted == *previous {
                distance = distance.min(before[at - 1].saturating_add(1));
            }
            row.push(distance);
        }
        let near = |row: &[u8], most: u8| row.iter().any(|distance| *distance <= most);
        (near(&row, self.most) || near(last, self.most.saturating_sub(1))).then(|| Rows {
            last: row,
            before: last.clone(),
            byte,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(wanted: &str) -> Vec<(u8, String)> {
        let names = ["asparagine", "aspirin", "aspirins", "tocilizumab", "warfarin", "x"];
        let set = fst::Set::from_iter(names).unwrap();
        near(set.as_fst(), wanted)
    }

    #[test]
    fn slips_of_the_pen_are_found_the_nearest_first() {
        let name = |distance, name: &str| (distance, name.to_owned());
        assert_eq!(found("asprin"), [name(1, "aspirin")]);
        assert_eq!(found("aspirim"), [name(1, "aspirin"), name(2, "aspirins")]);
        assert_eq!(
            found("asiprin"),
            [name(1, "aspirin"), name(2, "aspirins")],
            "swapped letters are one slip"
        );
        assert_eq!(found("tocilizumba"), [name(1, "tocilizumab")]);
        assert_eq!(found("warferine"), [name(2, "warfarin")]);
        assert_eq!(found("aspirin"), [name(1, "aspirins")], "not the name itself");
        for nothing in ["blorfenazine", "", "y", "aspirinaspirin", &"a".repeat(300)] {
            assert_eq!(found(nothing), [], "{nothing}");
        }
    }
}
