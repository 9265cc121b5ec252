//! Documents, spans, entities and relations; the file formats of the field; gold corpora.

pub mod corpora;
pub mod formats;
pub mod limits;
pub mod model;

pub use model::{Argument, Concept, Document, Entity, Infons, Passage, Relation, Span, Target};
