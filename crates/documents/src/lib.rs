//! Documents, spans, entities and relations; what is predicted about them; the file formats of the field; gold corpora.

pub mod annotated;
mod annotation;
mod article_ids;
pub mod corpora;
pub mod evidence;
pub mod formats;
pub mod limits;
pub mod model;
pub mod pieces;
pub mod retractions;
pub mod similarity;

pub use annotation::{
    Content, EvidenceReading, EvidenceStance, Grade, Participant, Prediction, SpeakingSentence, Stance,
    Warning,
};
pub use article_ids::{doi, pmid};
pub use model::{Argument, Concept, Document, Entity, Infons, Passage, Relation, Span, Target};
