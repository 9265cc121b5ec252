//! What a model or a curator says about a document, with how sure the model is and how well the text supports it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{Concept, Document, Entity, Relation, Span, Target};

/// How well a name is grounded in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Grade {
    /// The words are in the text.
    #[serde(rename = "exact")]
    Exact,
    /// The words are in the text in another case.
    #[serde(rename = "case")]
    Case,
    /// The text has an abbreviation that it defines.
    #[serde(rename = "abbreviation")]
    Abbreviation,
    /// The text has another name of the same concept.
    #[serde(rename = "alias")]
    Alias,
    /// Nothing in the text supports the name.
    #[serde(rename = "none")]
    Absent,
}

impl Grade {
    /// The word as it is stored.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Case => "case",
            Self::Abbreviation => "abbreviation",
            Self::Alias => "alias",
            Self::Absent => "none",
        }
    }
}

/// What a model says, with everything it says about how sure it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// The statement.
    pub content: Content,
    /// Calibrated probability that it is right.
    pub score: Option<f64>,
    /// Probability mass that the grammar excluded while it was written: high where the model wanted to write something
    /// that the task does not allow. The mean of [`Self::masked_masses`] where they are known.
    pub masked_mass: Option<f64>,
    /// The same at each step, rounded to four decimals; none where nothing was written under a grammar, and in findings
    /// from before they were kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub masked_masses: Vec<f64>,
    /// Further figures by name (`log_probability`, `against_none`, `against_swapped`).
    pub figures: BTreeMap<String, f64>,
    /// The sentences that support it.
    pub evidence: Vec<Span>,
    /// Of a relation, what each of these sentences says of it. Empty in findings from before sentences were read for it, and for
    /// all but relations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readings: Vec<EvidenceReading>,
    /// The weakest grounding among its names.
    pub grade: Grade,
    /// Cues near the evidence that a curator should see.
    pub warnings: Vec<Warning>,
}

/// What a sentence says of the relation that it is evidence for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EvidenceStance {
    /// It states the relation.
    Supports,
    /// It states it with a doubt of its authors ("may", "it is postulated"), or in words that may turn it round ("reduced").
    Partly,
    /// It denies the relation.
    Contradicts,
    /// It names just one of the two, or none.
    Background,
}

impl EvidenceStance {
    /// The word as it is stored and exported.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Supports => "supports",
            Self::Partly => "partly",
            Self::Contradicts => "contradicts",
            Self::Background => "background",
        }
    }
}

/// What a sentence says of a relation, by which words, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceReading {
    /// What it says.
    pub stance: EvidenceStance,
    /// Where in the document, as [`crate::evidence::place`] has it.
    pub place: String,
    /// By which words.
    pub reason: String,
}

impl EvidenceReading {
    /// As exports have it: `partly: hedged by “may”`.
    #[must_use]
    pub fn words(&self) -> String {
        format!("{}: {}", self.stance.word(), self.reason)
    }
}

/// A cue that speaks against taking a prediction at face value. It warns and changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// `negation`, `hedging` ...
    pub kind: String,
    /// Where the cue is, if it is in the text.
    pub span: Option<Span>,
    /// What to show.
    pub text: String,
}

/// One statement about a document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Content {
    /// A mention of a thing.
    Entity {
        /// `Chemical`, `Disease` ...
        kind: String,
        /// Where it stands, in text order; more than one for a discontinuous mention.
        spans: Vec<Span>,
        /// The words.
        text: String,
        /// Ids, best first.
        concepts: Vec<Concept>,
    },
    /// A relation between named things.
    Relation {
        /// `CID`, `effect`, `inhibitor` ...
        kind: String,
        /// Who takes part, in the task's order.
        participants: Vec<Participant>,
    },
    /// A label of the document, or of one stretch of it (a sentence).
    Label {
        /// The label.
        label: String,
        /// The stretch; the whole document without one.
        span: Option<Span>,
    },
    /// The answer to a question about the document.
    Answer {
        /// The question.
        question: String,
        /// `yes`, `no`, `maybe`; `not stated` where the text does not say, `abstain` where a model was not sure enough.
        verdict: String,
        /// What each answer got from the model; sums to 1.
        probabilities: BTreeMap<String, f64>,
        /// The sentences that speak about the question, the most to the point first. None in answers from before they were looked
        /// for, and where the text does not say.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        evidence: Vec<SpeakingSentence>,
    },
}

/// What a sentence, or a text, says to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stance {
    /// It says so.
    For,
    /// It says the contrary.
    Against,
    /// It leaves it open.
    Unclear,
}

impl Stance {
    /// The word as it is stored.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::For => "for",
            Self::Against => "against",
            Self::Unclear => "unclear",
        }
    }
}

/// A sentence that speaks about a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpeakingSentence {
    /// The sentence.
    pub span: Span,
    /// What it says.
    pub stance: Stance,
    /// By which words it says so.
    pub reason: String,
}

/// One participant of a relation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Participant {
    /// Its part (`Chemical`, `Arg1` ...).
    pub role: String,
    /// The name in the author's case, where it stands in the text.
    pub name: String,
    /// Where it is mentioned, the mention nearest to the evidence first. Empty for a name that is not in the text.
    pub spans: Vec<Span>,
    /// Ids, best first.
    pub concepts: Vec<Concept>,
    /// How the name is grounded.
    pub grade: Grade,
}

impl Content {
    /// The type under which it is counted: of the mention, of the relation, the label, the verdict.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::Entity { kind, .. } | Self::Relation { kind, .. } => kind,
            Self::Label { label, .. } => label,
            Self::Answer { verdict, .. } => verdict,
        }
    }

    /// The same for the same statement in any document: type and participants, by their first id or else by name.
    #[must_use]
    pub fn signature(&self) -> String {
        let parts = match self {
            Self::Entity { text, concepts, .. } => vec![thing(text, concepts)],
            Self::Relation { participants, .. } => {
                let mut parts: Vec<String> = participants
                    .iter()
                    .map(|one| format!("{}={}", one.role.to_lowercase(), thing(&one.name, &one.concepts)))
                    .collect();
                parts.sort();
                parts
            }
            Self::Label { .. } => Vec::new(),
            Self::Answer { question, .. } => vec![question.to_lowercase()],
        };
        format!("{}\u{1f}{}\u{1f}{}", self.variant(), self.kind().to_lowercase(), parts.join("\u{1f}"))
    }

    /// The same for the same statement within one document: a mention or a labelled sentence also has its place.
    #[must_use]
    pub fn identity(&self) -> String {
        match self {
            // Two annotators mean the same mention when place and type agree, whatever id they chose.
            Self::Entity { kind, spans, .. } => format!("entity\u{1f}{}\u{1f}{spans:?}", kind.to_lowercase()),
            Self::Label { span, .. } => format!("{}{span:?}", self.signature()),
            Self::Relation { .. } | Self::Answer { .. } => self.signature(),
        }
    }

    /// Names and ids as one text for the search.
    #[must_use]
    pub fn names(&self) -> String {
        let with_ids = |name: &str, concepts: &[Concept]| {
            let ids = concepts.iter().map(|concept| concept.id.as_str());
            std::iter::once(name).chain(ids).collect::<Vec<_>>().join(" ")
        };
        match self {
            Self::Entity { text, concepts, .. } => with_ids(text, concepts),
            Self::Relation { kind, participants } => participants
                .iter()
                .map(|one| with_ids(&one.name, &one.concepts))
                .chain(std::iter::once(kind.clone()))
                .collect::<Vec<_>>()
                .join(" · "),
            Self::Label { label, .. } => label.clone(),
            Self::Answer { question, verdict, .. } => format!("{question} · {verdict}"),
        }
    }

    /// Every place in the text that it points at.
    #[must_use]
    pub fn spans(&self) -> Vec<Span> {
        match self {
            Self::Entity { spans, .. } => spans.clone(),
            Self::Relation { participants, .. } => {
                participants.iter().flat_map(|one| one.spans.iter().copied()).collect()
            }
            Self::Label { span, .. } => span.iter().copied().collect(),
            Self::Answer { evidence, .. } => evidence.iter().map(|one| one.span).collect(),
        }
    }

    /// An imported mention.
    #[must_use]
    pub fn of_entity(entity: &Entity) -> Self {
        Self::Entity {
            kind: entity.kind.clone(),
            spans: entity.spans.clone(),
            text: entity.text.clone(),
            concepts: entity.concepts.clone(),
        }
    }

    /// An imported relation of `document`, its participants looked up there.
    #[must_use]
    pub fn of_relation(relation: &Relation, document: &Document) -> Self {
        let participants = relation
            .arguments
            .iter()
            .map(|argument| match &argument.target {
                Target::Entity(id) => match document.entities.iter().find(|entity| entity.id == *id) {
                    Some(entity) => Participant {
                        role: argument.role.clone(),
                        name: entity.text.clone(),
                        spans: entity.spans.clone(),
                        concepts: entity.concepts.clone(),
                        grade: Grade::Exact,
                    },
                    None => unplaced(&argument.role, id, Vec::new()),
                },
                Target::Concept(concept) => mentioned(&argument.role, concept, document),
                Target::Relation(id) => unplaced(&argument.role, id, Vec::new()),
            })
            .collect();
        Self::Relation { kind: relation.kind.clone(), participants }
    }

    /// Which of the four it is: `entity`, `relation`, `label` or `answer`, as it is serialized.
    #[must_use]
    pub const fn variant(&self) -> &'static str {
        match self {
            Self::Entity { .. } => "entity",
            Self::Relation { .. } => "relation",
            Self::Label { .. } => "label",
            Self::Answer { .. } => "answer",
        }
    }
}

/// A concept of PubTator's relations: all its mentions in the document stand for it, by the longest of its names there.
fn mentioned(role: &str, concept: &Concept, document: &Document) -> Participant {
    let is_named = |entity: &&Entity| entity.concepts.contains(concept);
    let mentions = || document.entities.iter().filter(is_named);
    // Of two as long ones the first: as BioGPT's data names the concepts of BC5CDR.
    let longest = mentions().rev().max_by_key(|entity| entity.text.chars().count());
    let Some(longest) = longest else { return unplaced(role, &concept.id, vec![concept.clone()]) };
    let mut spans: Vec<Span> = mentions().flat_map(|entity| entity.spans.iter().copied()).collect();
    spans.sort_unstable();
    spans.dedup();
    Participant {
        role: role.to_owned(),
        name: longest.text.clone(),
        spans,
        concepts: vec![concept.clone()],
        grade: Grade::Exact,
    }
}

fn unplaced(role: &str, name: &str, concepts: Vec<Concept>) -> Participant {
    Participant {
        role: role.to_owned(),
        name: name.to_owned(),
        spans: Vec::new(),
        concepts,
        grade: Grade::Absent,
    }
}

fn thing(name: &str, concepts: &[Concept]) -> String {
    concepts
        .first()
        .map_or_else(|| name.to_lowercase(), |best| format!("{}:{}", best.vocabulary, best.id).to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mesh(id: &str) -> Vec<Concept> {
        vec![Concept { vocabulary: "MESH".into(), id: id.into() }]
    }

    fn pair(chemical: &str, id: &str, disease: &str) -> Content {
        let one = |role: &str, name: &str, concepts| Participant {
            role: role.into(),
            name: name.into(),
            spans: vec![],
            concepts,
            grade: Grade::Absent,
        };
        Content::Relation {
            kind: "CID".into(),
            participants: vec![
                one("Chemical", chemical, if id.is_empty() { vec![] } else { mesh(id) }),
                one("Disease", disease, vec![]),
            ],
        }
    }

    #[test]
    fn the_id_decides_and_else_the_name_in_any_case() {
        assert_eq!(
            pair("aspirin", "D001241", "Nausea").signature(),
            pair("ASA", "D001241", "nausea").signature()
        );
        assert_ne!(pair("aspirin", "", "nausea").signature(), pair("ASA", "", "nausea").signature());
        assert_ne!(pair("aspirin", "", "nausea").signature(), pair("nausea", "", "aspirin").signature());
    }

    #[test]
    fn an_imported_relation_of_ids_shows_the_names_that_stand_in_the_text() {
        let text = "1|t|Low BP after naloxone.\n1|a|Naloxone, or naloxone hydrochloride, lowers pressure.\n\
                    1\t13\t21\tnaloxone\tChemical\tD009270\n1\t23\t31\tNaloxone\tChemical\tD009270\n\
                    1\t36\t58\tnaloxone hydrochloride\tChemical\tD009270\n1\tCID\tD009270\tD007022\n";
        let document = crate::formats::read(text.as_bytes(), "x").unwrap().documents.remove(0);
        let Content::Relation { participants, .. } = Content::of_relation(&document.relations[0], &document)
        else {
            panic!("a relation")
        };
        let [chemical, disease] = &participants[..] else { panic!("{participants:?}") };
        assert_eq!((chemical.name.as_str(), chemical.grade), ("naloxone hydrochloride", Grade::Exact));
        let words: Vec<_> = chemical.spans.iter().map(|span| span.slice(&document.text).unwrap()).collect();
        assert_eq!(words, ["naloxone", "Naloxone", "naloxone hydrochloride"]);
        assert_eq!(chemical.concepts[0].id, "D009270");
        // What the text does not name keeps its id.
        assert_eq!((disease.name.as_str(), disease.grade), ("D007022", Grade::Absent));
    }

    #[test]
    fn mentions_agree_by_place_and_type() {
        let mention = |start, kind: &str, concepts| Content::Entity {
            kind: kind.into(),
            spans: vec![Span::new(start, start + 4)],
            text: "pain".into(),
            concepts,
        };
        assert_eq!(mention(3, "Disease", mesh("D1")).identity(), mention(3, "Disease", vec![]).identity());
        assert_ne!(mention(3, "Disease", vec![]).identity(), mention(9, "Disease", vec![]).identity());
        assert_ne!(mention(3, "Disease", vec![]).identity(), mention(3, "Chemical", vec![]).identity());
    }
}
