//! Properties whose key comes several times about one thing: the second is kept under `key#2`, and so on.

use crate::Infons;

/// Adds a property, numbered where its key is taken by another value.
pub(super) fn add(infons: &mut Infons, key: &str, value: impl Into<String>) {
    let value = value.into();
    match infons.get(key) {
        None => drop(infons.insert(key.to_owned(), value)),
        Some(taken) if *taken == value => {}
        Some(_) => {
            let is_taken = |number: usize| infons.contains_key(&format!("{key}#{number}"));
            // The numbers of a key have no gaps: the first free one is found by halving.
            let mut most = 2;
            while is_taken(most) {
                most *= 2;
            }
            let mut least = most / 2;
            while most - least > 1 {
                let middle = usize::midpoint(least, most);
                if is_taken(middle) { least = middle } else { most = middle }
            }
            infons.insert(format!("{key}#{most}"), value);
        }
    }
}

/// The name and the number of a key that may be numbered.
pub(super) fn parted(key: &str) -> (&str, usize) {
    let numbered = key.rsplit_once('#').and_then(|(name, number)| Some((name, number.parse().ok()?)));
    numbered.filter(|(name, number)| !name.is_empty() && *number > 1).unwrap_or((key, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_what_comes_again() {
        let mut infons = Infons::new();
        for value in ["a", "b", "a", "c", "d", "e"] {
            add(&mut infons, "k", value);
        }
        let all: Vec<(&str, &str)> =
            infons.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(all, [("k", "a"), ("k#2", "b"), ("k#3", "c"), ("k#4", "d"), ("k#5", "e")]);
        assert_eq!(
            [parted("k#3"), parted("k"), parted("#2"), parted("k#x")],
            [("k", 3), ("k", 1), ("#2", 1), ("k#x", 1)]
        );
    }
}
