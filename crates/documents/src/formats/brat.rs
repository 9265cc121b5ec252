//! brat standoff: a text file and a file of annotations beside it (Stenetorp et al., 2012).
//!
//! `T` mentions (also in pieces), `R` relations, `E` events, `A` and `M` attributes, `N` normalizations, `#` notes,
//! `*` equivalences. Offsets count code points. An event becomes a [`Relation`] whose infon `trigger` names its `T`.
//! Beyond brat's own use, a note of type `Score` holds a score.

mod write;

use std::collections::HashMap;

pub(super) use write::write;

use super::encoding::is_line_break;
use super::import::Intake;
use super::placement::{self, Claim, Ground, UNITS};
use super::{ReadError, identifiers, infons, plain};
use crate::{Argument, Document, Entity, Infons, Relation, Span, Target};

/// The infon of an event's relation that names its trigger.
const TRIGGER: &str = "trigger";
/// The vocabulary of an id whose vocabulary is not known: brat wants one before the colon.
const UNSPECIFIED: &str = "unspecified";
const NOTE: &str = "AnnotatorNotes";
const SCORE: &str = "Score";

/// Reads one document.
pub(super) fn read(text: &str, annotations: &str, intake: &mut Intake<'_>) -> Result<(), ReadError> {
    let mut document = plain::document(text, intake.stem());
    let mut standoff = Standoff::default();
    for (number, line) in (1..).zip(annotations.lines()) {
        standoff.number = number;
        if !line.trim().is_empty() && standoff.line(line).is_none() {
            intake.issue(
                format!("line {number} of the annotations"),
                format!("It is no annotation that brat knows: {}.", super::wording::quoted(line, "")),
                "Correct or delete the line.",
            );
        }
    }
    standoff.finish(&mut document, intake);
    intake.document(document, "the annotations");
    Ok(())
}

/// What the lines say, before it is put together.
#[derive(Default)]
struct Standoff {
    claims: Vec<Claim>,
    entities: Vec<Entity>,
    relations: Vec<Relation>,
    equivalences: usize,
    /// `A`, `M`, `N` and `#` lines.
    about: Vec<Remark>,
    /// The line that is read.
    number: usize,
}

/// A line about another one.
struct Remark {
    line: usize,
    /// Its own id.
    id: String,
    /// Whom it is about.
    of: String,
    about: About,
}

enum About {
    Infon(String, String),
    Concept(String, String),
    Note(String),
    Score(String),
}

impl Standoff {
    /// Takes a line in, if it is one of brat's.
    fn line(&mut self, line: &str) -> Option<()> {
        let mut columns = line.trim_end_matches('\r').splitn(3, '\t');
        let id = columns.next()?.trim();
        let body = columns.next()?;
        let rest = columns.next();
        match id.chars().next()? {
            'T' => self.mention(id, body, rest.unwrap_or_default()),
            'R' | 'E' => self.relation(id, body),
            '*' => {
                let mut words = body.split_whitespace();
                let kind = words.next()?;
                let arguments = words.map(|id| argument("", id)).collect();
                self.equivalences += 1;
                self.relations.push(Relation::new(format!("*{}", self.equivalences), kind, arguments));
                Some(())
            }
            'A' | 'M' => {
                let mut words = body.splitn(3, ' ');
                let (name, about) = (words.next()?, words.next()?);
                let value = words.next().unwrap_or("true");
                self.remark(id, about, About::Infon(name.to_owned(), value.to_owned()));
                Some(())
            }
            'N' => {
                let mut words = body.splitn(3, ' ');
                let (_, about, reference) = (words.next()?, words.next()?, words.next()?);
                let name = rest.unwrap_or_default().to_owned();
                self.remark(id, about, About::Concept(reference.trim().to_owned(), name));
                Some(())
            }
            '#' => {
                let (kind, about) = body.split_once(' ')?;
                let text = rest.unwrap_or_default().to_owned();
                let note = match kind {
                    NOTE => About::Note(text),
                    SCORE => About::Score(text),
                    _ => About::Infon(format!("#{kind}"), text),
                };
                self.remark(id, about.trim(), note);
                Some(())
            }
            _ => None,
        }
    }

    fn remark(&mut self, id: &str, of: &str, about: About) {
        self.about.push(Remark { line: self.number, id: id.to_owned(), of: of.to_owned(), about });
    }

    fn mention(&mut self, id: &str, body: &str, words: &str) -> Option<()> {
        let (kind, places) = body.split_once(' ')?;
        let pair = |piece: &str| -> Option<(i64, i64)> {
            let (start, end) = piece.trim().split_once(' ')?;
            Some((start.parse().ok()?, end.trim().parse().ok()?))
        };
        let spans = places.split(';').map(pair).collect::<Option<Vec<_>>>()?;
        self.claims.push(Claim::new(spans, words));
        self.entities.push(Entity {
            id: id.to_owned(),
            kind: kind.to_owned(),
            spans: Vec::new(),
            text: words.to_owned(),
            concepts: Vec::new(),
            note: None,
            score: None,
            infons: Infons::new(),
        });
        Some(())
    }

    fn relation(&mut self, id: &str, body: &str) -> Option<()> {
        let mut words = body.split_whitespace();
        let head = words.next()?;
        let arguments = words
            .map(|word| word.split_once(':').map(|(role, id)| argument(role, id)))
            .collect::<Option<Vec<_>>>()?;
        let (kind, trigger) = match head.split_once(':') {
            Some((kind, trigger)) if id.starts_with('E') => (kind, Some(trigger)),
            None if id.starts_with('R') => (head, None),
            _ => return None,
        };
        let mut relation = Relation::new(id, kind, arguments);
        relation.infons.extend(trigger.map(|trigger| (TRIGGER.to_owned(), trigger.to_owned())));
        self.relations.push(relation);
        Some(())
    }

    fn finish(mut self, document: &mut Document, intake: &mut Intake<'_>) {
        let placed = placement::place(&Ground::whole(&document.text), &self.claims, &UNITS);
        self.entities = placement::settle(
            placed,
            &self.claims,
            std::mem::take(&mut self.entities),
            "the annotations",
            intake,
        );
        for entity in &mut self.entities {
            join_lines(&mut entity.spans, &document.text);
        }
        let spans: HashMap<&str, &[Span]> =
            self.entities.iter().map(|entity| (entity.id.as_str(), entity.spans.as_slice())).collect();
        for relation in &mut self.relations {
            let trigger = relation.infons.get(TRIGGER).and_then(|trigger| spans.get(trigger.as_str()));
            relation.evidence.extend(trigger.into_iter().copied().flatten());
        }
        let entities: HashMap<String, usize> =
            (0..).zip(&self.entities).map(|(index, entity)| (entity.id.clone(), index)).collect();
        let relations: HashMap<String, usize> =
            (0..).zip(&self.relations).map(|(index, relation)| (relation.id.clone(), index)).collect();
        // A note on an attribute or a normalization is kept with what that is about.
        let subjects: HashMap<String, (String, String)> = self
            .about
            .iter()
            .filter_map(|remark| {
                let what = match &remark.about {
                    About::Infon(name, _) if !name.starts_with('#') => name.clone(),
                    About::Concept(reference, _) => name_key(reference),
                    _ => return None,
                };
                Some((remark.id.clone(), (remark.of.clone(), what)))
            })
            .collect();
        for Remark { line, mut of, mut about, .. } in self.about {
            if let Some((subject, what)) = subjects.get(&of)
                && let About::Note(text) = about
            {
                about = About::Infon(note_key(what), text);
                of.clone_from(subject);
            }
            if let Some(entity) = entities.get(&of).and_then(|index| self.entities.get_mut(*index)) {
                match about {
                    About::Concept(reference, name) => {
                        if !name.is_empty() && name != entity.text {
                            entity.infons.insert(name_key(&reference), name);
                        }
                        entity.concepts.push(concept(&reference));
                    }
                    other => set(other, &mut entity.note, &mut entity.score, &mut entity.infons),
                }
            } else if let Some(relation) = relations.get(&of).and_then(|index| self.relations.get_mut(*index))
            {
                set(about, &mut relation.note, &mut relation.score, &mut relation.infons);
            } else {
                intake.issue(
                    format!("line {line} of the annotations"),
                    format!("It is about {of}, which is not there or was left out."),
                    "It was left out, too; check the id.",
                );
            }
        }
        document.entities = self.entities;
        for relation in &mut self.relations {
            for argument in &mut relation.arguments {
                if let Target::Entity(id) = &argument.target
                    && relations.contains_key(id)
                {
                    argument.target = Target::Relation(id.clone());
                }
            }
        }
        document.relations = self.relations;
    }
}

/// Joins stretches that only the end of a line parts: brat writes one mention so.
fn join_lines(spans: &mut Vec<Span>, text: &str) {
    spans.dedup_by(|next, last| {
        let between = text.get(last.end..next.start).unwrap_or_default();
        let is_one = !between.is_empty() && between.chars().all(is_line_break);
        if is_one {
            last.end = next.end;
        }
        is_one
    });
}

fn argument(role: &str, id: &str) -> Argument {
    Argument { role: role.to_owned(), target: Target::Entity(id.to_owned()) }
}

fn set(about: About, note: &mut Option<String>, score: &mut Option<f64>, infons: &mut Infons) {
    match about {
        About::Note(text) => match note {
            Some(note) => {
                note.push_str("; ");
                note.push_str(&text);
            }
            None => *note = Some(text),
        },
        About::Score(text) => match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => *score = Some(number),
            _ => infons::add(infons, &format!("#{SCORE}"), text),
        },
        About::Infon(key, value) => infons::add(infons, &key, value),
        About::Concept(reference, _) => infons::add(infons, "N", reference),
    }
}

/// The infon that keeps a normalization's preferred name, where it is not the mention's words.
fn name_key(reference: &str) -> String {
    format!("N:{reference}")
}

/// The infon that keeps a note on an attribute or a normalization.
fn note_key(what: &str) -> String {
    format!("note:{what}")
}

fn concept(reference: &str) -> crate::Concept {
    let concept = identifiers::parse_one(reference);
    if concept.vocabulary == UNSPECIFIED {
        crate::Concept { vocabulary: String::new(), ..concept }
    } else {
        concept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::read_brat;

    const TEXT: &str = "TNF-α does not raise breast or ovarian cancer risk, nor IL-7.";
    const ANNOTATIONS: &str = "T1\tProtein 0 5\tTNF-α\nT2\tDisease 21 27;39 45\tbreast cancer\nT3\tDisease 31 45\tovarian cancer\n\
        T4\tRaise 15 20\traise\nE1\tRaise:T4 Cause:T1 Theme:T2\nE2\tReport:T4 Theme:E1\nR1\tSame Arg1:T2 Arg2:T3\n\
        A1\tNegation E1\nM1\tSpeculation E2\nA2\tGrade T3 high\nN1\tReference T3 MESH:D010051\tOvarian Neoplasms\n\
        #1\tAnnotatorNotes T2\tsee page 3\n#2\tScore R1\t0.75\n#3\tOther T1\tfree words\n*\tEquiv T2 T3\nnonsense\nA9\tX T99\n";

    #[test]
    fn reads_every_sort_of_line() {
        let import = read_brat(TEXT.as_bytes(), ANNOTATIONS.as_bytes(), "a.txt").unwrap();
        let document = &import.documents[0];
        let [one, two, three, _] = &document.entities[..] else { panic!("{:#?}", document.entities) };
        assert_eq!(one.spans[0].slice(TEXT), Some("TNF-α"));
        assert_eq!(one.infons["#Other"], "free words");
        assert_eq!(
            two.spans.iter().map(|span| span.slice(TEXT).unwrap()).collect::<Vec<_>>(),
            ["breast", "cancer"]
        );
        assert_eq!(two.note.as_deref(), Some("see page 3"));
        assert_eq!((three.concepts[0].id.as_str(), three.infons["Grade"].as_str()), ("D010051", "high"));
        let [first, second, pair, same] = &document.relations[..] else {
            panic!("{:#?}", document.relations)
        };
        assert_eq!((first.infons["Negation"].as_str(), first.evidence.len()), ("true", 1));
        assert_eq!(second.arguments[0].target, Target::Relation("E1".to_owned()));
        assert_eq!(pair.score, Some(0.75));
        assert_eq!((same.id.as_str(), same.arguments.len()), ("*1", 2));
        assert_eq!(import.issues.len(), 2, "{:#?}", import.issues);
    }

    #[test]
    fn writes_what_it_reads() {
        let import = read_brat(TEXT.as_bytes(), ANNOTATIONS.as_bytes(), "a.txt").unwrap();
        let files = write(&import.documents);
        assert_eq!((files[0].0.as_str(), files[1].0.as_str()), ("a.txt", "a.ann"));
        let again = read_brat(&files[0].1, &files[1].1, "a.txt").unwrap();
        assert_eq!(again.documents, import.documents);
        assert!(again.issues.is_empty());
    }

    #[test]
    fn keeps_repeated_attributes_and_notes_on_lines_about_lines() {
        let annotations = "T1\tDrug 0 5\tTNF-α\nA1\tCertainty T1 low\nA2\tCertainty T1 high\nN1\tReference T1 MESH:D1\tx\n\
            #1\tAnnotatorNotes A1\tsure?\n#2\tAnnotatorNotes N1\tchecked\n#3\tAnnotatorNotes T1\tpage 4\tline 2\n#4\tAnnotatorNotes T1\tagain\n\
            #5\tAnnotatorNotes A9\tlost\n";
        let import = read_brat(TEXT.as_bytes(), annotations.as_bytes(), "a.txt").unwrap();
        let entity = &import.documents[0].entities[0];
        assert_eq!(
            (entity.infons["Certainty"].as_str(), entity.infons["Certainty#2"].as_str()),
            ("low", "high")
        );
        assert_eq!(entity.infons["note:Certainty"], "sure?");
        assert_eq!(entity.infons["note:N:MESH:D1"], "checked");
        assert_eq!(entity.note.as_deref(), Some("page 4\tline 2; again"));
        assert_eq!(import.issues.len(), 1, "{:#?}", import.issues);
        assert_eq!(import.issues[0].place, "line 9 of the annotations");
        let files = write(&import.documents);
        let again = read_brat(&files[0].1, &files[1].1, "a.txt").unwrap();
        assert_eq!(again.documents[0].entities[0].infons, entity.infons);
    }

    #[test]
    fn tells_mentions_without_width_or_place_as_such() {
        let annotations = "T1\tDrug 4 4\t\nT2\tDrug 0 5\tTNF-α\nT3\tDrug\tx\nT4\tDrug 900 905\tTNF-β\n";
        let import = read_brat(TEXT.as_bytes(), annotations.as_bytes(), "a.txt").unwrap();
        let messages: Vec<&str> = import.issues.iter().map(|issue| issue.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "It is no annotation that brat knows: \"T3\tDrug\tx\".",
                "1 mention is without a width (where it begins it ends) and was left out: T1.",
                "1 mention lies outside the text and was left out: \"TNF-β\"."
            ]
        );
    }

    #[test]
    fn a_mention_over_the_end_of_a_line_is_one() {
        let (text, annotations) = (
            "Renal\n  failure of\r\nkidneys",
            "T1\tDisease 0 5;6 15\tRenal   failure\n\
            T2\tPlace 16 18;20 27\tof kidneys\nT3\tDisease 0 5;8 15\tRenal failure\n",
        );
        let import = read_brat(text.as_bytes(), annotations.as_bytes(), "a.txt").unwrap();
        let spans: Vec<usize> =
            import.documents[0].entities.iter().map(|entity| entity.spans.len()).collect();
        assert_eq!((spans, import.issues.len()), (vec![1, 1, 2], 0));
        let written = write(&import.documents).remove(1).1;
        assert_eq!(String::from_utf8(written).unwrap(), annotations);
    }
}
