//! What labels mean, and which may follow which.

use crate::tagging::KINDS;

/// How labels mark the parts of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Beginning and inside: `B-Chemical`, `I-Chemical`, `O`.
    Bio,
    /// Also the end of a name and a name of one word: `E-` and `S-` (or `L-` and `U-`).
    Bioes,
    /// The kind alone, or inside only: neighbors of one kind are one name.
    Plain,
}

/// The part of a name that a label marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Outside,
    Beginning,
    Inside,
    End,
    Single,
    /// Any part.
    Whole,
}

/// The labels of a token classifier, by number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    scheme: Scheme,
    labels: Vec<(Part, String)>,
}

/// Why labels cannot be read as parts of names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, remedies::Remedy)]
pub enum LabelsError {
    /// Nothing is outside of a name.
    #[error(
        "the labels {labels} have none for words outside of a name (`O`): this model does not mark names. Use one that was \
         tuned for named entities, or say what its labels mean (such as LABEL_0=O and LABEL_1=B-Disease)"
    )]
    NoOutside {
        /// All labels.
        labels: String,
    },
    /// Every label is outside.
    #[error("the labels {labels} name no kind. Use a model that was tuned for named entities")]
    NoKind {
        /// All labels.
        labels: String,
    },
    /// A table says something that is no kind of names.
    #[error("{kind} is no kind of names that Osler has, for the label {label}. Say one of {}, or none", KINDS.join(", "))]
    UnknownKind {
        /// The model's label or kind.
        label: String,
        /// What it was to be.
        kind: String,
    },
    /// A table names a label that the model has not.
    #[error("the model has no label {label}. It has {labels}")]
    NotOfTheModel {
        /// The name.
        label: String,
        /// What the model has.
        labels: String,
    },
    /// Every class of pairs of names is a relation.
    #[error(
        "none of the labels {labels} says that two names are not related. Say which one does, such as {example}=none"
    )]
    NoNone {
        /// All labels.
        labels: String,
        /// The first one.
        example: String,
    },
    /// A model cannot do a task.
    #[error("this model {does}, and cannot be used for {task}. Say {instead}")]
    OtherTask {
        /// What it does.
        does: &'static str,
        /// The task that was said.
        task: String,
        /// The tasks that it can be used for.
        instead: &'static str,
    },
    /// The form in which pairs are shown to the model.
    #[error("{0}")]
    Marking(String),
}

impl Labels {
    /// Reads the labels of a model. Prefixes are `B`, `I`, `E` (or `L`) and `S` (or `U`), with `-`, `_` or `|` behind them,
    /// or alone in a model without kinds.
    ///
    /// # Errors
    /// If they do not mark names.
    pub fn read(labels: &[String]) -> Result<Self, LabelsError> {
        let all = || labels.join(", ");
        let mut read: Vec<(Part, String)> = labels.iter().map(|label| parse(label)).collect();
        if !read.iter().any(|(part, _)| *part == Part::Outside) {
            return Err(LabelsError::NoOutside { labels: all() });
        }
        if read.iter().all(|(part, _)| *part == Part::Outside) {
            return Err(LabelsError::NoKind { labels: all() });
        }
        let has = |parts: &[Part]| read.iter().any(|(part, _)| parts.contains(part));
        // `L-` and `U-` alone could begin any name of a kind; if the scheme has a beginning, too, they are parts.
        let scheme = match (has(&[Part::Beginning]), has(&[Part::End, Part::Single])) {
            (true, true) => Scheme::Bioes,
            (true, false) => Scheme::Bio,
            (false, _) => Scheme::Plain,
        };
        if scheme == Scheme::Plain {
            let inside_only =
                read.iter().all(|(part, _)| matches!(part, Part::Outside | Part::Inside | Part::Whole));
            for (label, (part, kind)) in labels.iter().zip(&mut read) {
                if *part != Part::Outside {
                    *part = Part::Whole;
                    if !inside_only {
                        kind.clone_from(label);
                    }
                }
            }
        }
        Ok(Self { scheme, labels: read })
    }

    /// How they mark the parts of a name.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The kinds of names, each once, in the order of the labels: what a user maps to kinds of ours.
    #[must_use]
    pub fn kinds(&self) -> Vec<&str> {
        let mut kinds = Vec::new();
        for (part, kind) in &self.labels {
            if *part != Part::Outside && !kinds.contains(&kind.as_str()) {
                kinds.push(kind);
            }
        }
        kinds
    }

    pub(super) const fn len(&self) -> usize {
        self.labels.len()
    }

    pub(super) fn is_outside(&self, label: usize) -> bool {
        self.labels[label].0 == Part::Outside
    }

    pub(super) fn kind(&self, label: usize) -> &str {
        &self.labels[label].1
    }

    /// Whether a name may begin with it.
    pub(super) fn may_be_first(&self, label: usize) -> bool {
        matches!(self.labels[label].0, Part::Beginning | Part::Single | Part::Whole)
    }

    /// Whether a name may go on with it.
    pub(super) fn may_be_later(&self, label: usize) -> bool {
        matches!(self.labels[label].0, Part::Inside | Part::End | Part::Whole)
    }

    /// Whether the second of two neighbors belongs to the name of the first.
    pub(super) fn continues(&self, before: usize, label: usize) -> bool {
        let ((from, kind), (to, other)) = (&self.labels[before], &self.labels[label]);
        let goes_on = match to {
            Part::Inside | Part::End => matches!(from, Part::Beginning | Part::Inside | Part::Whole),
            Part::Whole => matches!(from, Part::Beginning | Part::Inside | Part::Whole),
            Part::Outside | Part::Beginning | Part::Single => false,
        };
        goes_on && kind == other
    }

    /// Whether a text may begin with it.
    pub(super) fn may_begin(&self, label: usize) -> bool {
        !matches!(self.labels[label].0, Part::Inside | Part::End)
    }

    /// Whether a text may end with it.
    pub(super) fn may_end(&self, label: usize) -> bool {
        self.scheme != Scheme::Bioes || !self.is_open(label)
    }

    pub(super) fn may_follow(&self, before: usize, label: usize) -> bool {
        match self.labels[label].0 {
            Part::Inside | Part::End => self.continues(before, label),
            _ => self.may_end(before),
        }
    }

    /// Whether a name goes on behind it, where ends are marked. A kind without an end of its own ends anywhere.
    fn is_open(&self, label: usize) -> bool {
        let (part, kind) = &self.labels[label];
        let has =
            |wanted: &[Part]| self.labels.iter().any(|(part, own)| wanted.contains(part) && own == kind);
        match part {
            Part::Beginning => has(&[Part::End]) && has(&[Part::Single]),
            Part::Inside => has(&[Part::End]),
            _ => false,
        }
    }
}

/// Part and kind of a label.
fn parse(label: &str) -> (Part, String) {
    let label = label.trim();
    let (prefix, kind) = match label.char_indices().nth(1) {
        Some((at, '-' | '_' | '|')) => (&label[..at], label[at + 1..].trim()),
        None => (label, ""),
        Some(_) => ("", label),
    };
    let part = match prefix {
        "O" | "o" => Part::Outside,
        "B" | "b" => Part::Beginning,
        "I" | "i" | "M" => Part::Inside,
        "E" | "L" => Part::End,
        "S" | "U" => Part::Single,
        _ => {
            // Marks of special tokens and of pieces of words, as the first BioBERT taggers have them.
            let aside = ["OUT", "OUTSIDE", "NONE", "X", "[CLS]", "[SEP]", "[PAD]", "<PAD>", "PAD", "0"];
            let outside = aside.contains(&label.to_uppercase().as_str());
            return if outside { (Part::Outside, String::new()) } else { (Part::Whole, label.to_owned()) };
        }
    };
    (part, if part == Part::Outside { String::new() } else { kind.to_owned() })
}
