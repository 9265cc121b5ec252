//! Documents, spans, entities and relations; what is predicted about them; the file formats of the field; gold corpora.

mod annotation;
pub mod corpora;
pub mod formats;
pub mod limits;
pub mod model;

pub use annotation::{Content, Grade, Participant, Prediction, SpeakingSentence, Stance, Warning};
pub use model::{Argument, Concept, Document, Entity, Infons, Passage, Relation, Span, Target};
