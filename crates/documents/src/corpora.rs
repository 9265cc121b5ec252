//! Gold sets of the field as iterators over their raw files, in the files' own order.
//!
//! Each reader keeps what the file says (names, ids, order), because official scores and BioGPT's prompts are built
//! from exactly that; `document()` gives the same record as a [`Document`](crate::Document).

pub mod bc5cdr;
pub mod ddi;
pub mod hoc;
pub mod kd_dti;
pub mod pubmedqa;
mod records;

pub use records::{CorpusError, Records};

use crate::{Argument, Concept, Target};

/// A participant of which the corpus gives the name only.
fn named(role: &str, name: &str) -> Argument {
    let concept = Concept { vocabulary: "name".to_owned(), id: name.to_owned() };
    Argument { role: role.to_owned(), target: Target::Concept(concept) }
}
