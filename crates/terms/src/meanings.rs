//! What a name as a whole may stand for.

use crate::concepts::{Concept, Kind};
use crate::find::{Dictionary, Grade, walk};
use crate::variants::variants;
use crate::words::{closing_brackets, key, words};

/// One of the things that a name may stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    /// What it is.
    pub kind: Kind,
    /// Its ids: that of the first vocabulary first, then those of the others that are linked to it.
    pub concepts: Vec<Concept>,
    /// All its names, folded, in alphabetical order.
    pub names: Vec<String>,
    /// Whether the dictionary has the name for it only as a symbol (`COLD`), which small letters rarely mean.
    pub symbol: bool,
}

impl Dictionary {
    /// What a name may stand for, most trusted dictionary first; symbols count in small letters, too. Other spellings and
    /// numbers of the name are looked for where no dictionary has it as it is written.
    #[must_use]
    pub fn meanings(&self, name: &str) -> Vec<Meaning> {
        let words = words(name);
        let Some(last) = words.last() else { return Vec::new() };
        let end = last.range.end + closing_brackets(&name[last.range.end..]).len();
        let prepared: Vec<Vec<String>> = words.iter().map(|word| variants(&word.folded)).collect();
        let mut found: Vec<(Grade, Meaning)> = Vec::new();
        for terms in self.layers() {
            walk(terms, name, &words, &prepared, |paths, range| {
                if range.end < last.range.end || range.end > end {
                    return;
                }
                for path in paths {
                    for entry in path.entries(terms) {
                        let Some(concept) = terms.concept(entry.concept) else { continue };
                        let (_, concepts) = terms.same(entry.concept);
                        let known = found.iter_mut().find(|(_, known)| {
                            known.kind == concept.kind
                                && known.concepts.iter().any(|id| !id.id.is_empty() && concepts.contains(id))
                        });
                        if let Some((grade, known)) = known {
                            *grade = path.grade.min(*grade);
                            known.symbol &= entry.symbol;
                            let more = concepts.into_iter().filter(|id| !known.concepts.contains(id));
                            known.concepts.extend(more.collect::<Vec<_>>());
                            continue;
                        }
                        let kind = concept.kind;
                        let meaning = Meaning { kind, concepts, names: Vec::new(), symbol: entry.symbol };
                        found.push((path.grade, meaning));
                    }
                }
            });
        }
        let best = found.iter().map(|(grade, _)| *grade).min();
        let meanings = found.into_iter().filter(|(grade, _)| Some(*grade) == best);
        meanings.map(|(_, meaning)| Meaning { names: self.names_of(&meaning, name), ..meaning }).collect()
    }

    fn names_of(&self, meaning: &Meaning, name: &str) -> Vec<String> {
        let of_layers = self.layers().iter().flat_map(|terms| {
            meaning.concepts.iter().filter(|id| !id.id.is_empty()).flat_map(|id| terms.names_of(id))
        });
        let mut names: Vec<String> = of_layers.chain(key(name)).collect();
        names.sort();
        names.dedup();
        names
    }
}
