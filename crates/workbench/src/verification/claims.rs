//! What a run says, in a form in which two runs, or a run and an export, can be compared.

use std::collections::{BTreeMap, BTreeSet};

use documents::annotated;
use documents::formats::{ADDED, EVIDENCE_STANCE};
use documents::{Content, Document, Infons, Participant, Prediction, Relation, Span, Target};

use super::RecordedRun;

/// One finding: what it says, and how sure and how well supported that is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Claim {
    /// For people, and the same for the same finding: `CID: Chemical aspirin at 22, Disease nausea at 34`. Ids and further
    /// places of the names are compared beside it, so that another id is told as such.
    says: String,
    /// Score, masked mass, figures, probabilities.
    numbers: BTreeMap<String, f64>,
    /// What the grammar took away at each step.
    masses: Vec<f64>,
    /// Grade, evidence, warnings, the answer given.
    words: BTreeMap<String, String>,
}

/// Numbers that differ by no more than this share are the same: the last digits may depend on the instructions of the
/// processor.
const TOLERANCE: f64 = 1e-4;

/// The names of words that say ids and further places.
fn is_of_names(name: &str) -> bool {
    name == "ids" || name.starts_with("ids of ") || name.starts_with("places of ")
}

/// What is missing, new, or said with other figures; `complete` tells whether what was found before is all of it, and
/// `names` whether it says ids and all places.
pub(crate) fn compared(before: &[Claim], after: &[Claim], complete: bool, names: bool) -> Vec<String> {
    let after: Vec<Claim> = after
        .iter()
        .map(|claim| {
            let mut claim = claim.clone();
            claim.words.retain(|name, _| names || !is_of_names(name));
            claim
        })
        .collect();
    let after = &after[..];
    let of = |claims: &[Claim]| -> BTreeMap<String, Vec<Claim>> {
        let mut by_words: BTreeMap<String, Vec<Claim>> = BTreeMap::new();
        for claim in claims {
            by_words.entry(claim.says.clone()).or_default().push(claim.clone());
        }
        by_words
    };
    let (before, after) = (of(before), of(after));
    let mut differences = Vec::new();
    for says in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        let found = |claims: &BTreeMap<String, Vec<Claim>>| claims.get(says).cloned().unwrap_or_default();
        let (old, new) = (found(&before), found(&after));
        if old.len() > new.len() {
            differences.push(format!("no longer found: {says}"));
        } else if new.len() > old.len() && complete {
            differences.push(format!("newly found: {says}"));
        }
        for (old, new) in old.iter().zip(&new) {
            differences.extend(figures(old, new).into_iter().map(|one| format!("{one}: {says}")));
        }
    }
    differences
}

/// Whether the figures of what both say are the same, but for the last bits that a file format may cost.
pub(crate) fn same_figures(before: &[Claim], after: &[Claim]) -> bool {
    let same = |a: f64, b: f64| (a - b).abs() <= 1e-12 * a.abs().max(1.0);
    let agree = |old: &Claim, new: &Claim| {
        let figures =
            old.numbers.iter().all(|(name, was)| new.numbers.get(name).is_some_and(|is| same(*was, *is)));
        figures && old.masses.iter().zip(&new.masses).all(|(was, is)| same(*was, *is))
    };
    before.iter().all(|old| {
        let mut twins = after.iter().filter(|new| new.says == old.says).peekable();
        // What is no longer said is a difference of its own.
        twins.peek().is_none() || twins.any(|new| agree(old, new))
    })
}

/// `score 0.4000 instead of 0.5000`.
fn figures(old: &Claim, new: &Claim) -> Vec<String> {
    let mut differences = Vec::new();
    for name in old.numbers.keys().chain(new.numbers.keys()).collect::<BTreeSet<_>>() {
        match (old.numbers.get(name), new.numbers.get(name)) {
            (Some(was), Some(is)) if (was - is).abs() <= TOLERANCE * was.abs().max(1.0) => {}
            (was, is) => {
                let told = |number: Option<&f64>| {
                    number.map_or_else(|| "none".to_owned(), |number| format!("{number:.4}"))
                };
                differences.push(format!("{name} {} instead of {}", told(is), told(was)));
            }
        }
    }
    differences.extend(steps(&old.masses, &new.masses));
    // An export from before evidence was read has no stances to compare.
    let is_read = old.words.keys().any(|name| name.starts_with(STANCE));
    let names = old.words.keys().chain(new.words.keys());
    for name in names.filter(|name| is_read || !name.starts_with(STANCE)).collect::<BTreeSet<_>>() {
        let (was, is) = (old.words.get(name), new.words.get(name));
        if was != is {
            let told = |words: Option<&String>| words.cloned().unwrap_or_else(|| "none".to_owned());
            differences.push(format!("{name} {} instead of {}", told(is), told(was)));
        }
    }
    differences
}

/// What a piece of evidence says, by its number.
const STANCE: &str = "stance of evidence ";
/// Masses are rounded when they are kept: another last digit may be the rounding's.
const MASS_TOLERANCE: f64 = 2e-4;

/// `masked masses differ at 2 of 30 steps, first at step 4: 0.2000 instead of 0.1000`. An export from before they were kept
/// has none to compare.
fn steps(old: &[f64], new: &[f64]) -> Option<String> {
    if old.is_empty() {
        return None;
    }
    if old.len() != new.len() {
        return Some(format!("{} steps instead of {}", new.len(), old.len()));
    }
    let pairs = || (1..).zip(old.iter().zip(new));
    let differ = |(_, (was, is)): &(usize, (&f64, &f64))| (*was - *is).abs() > MASS_TOLERANCE;
    let (step, (was, is)) = pairs().find(differ)?;
    let count = pairs().filter(differ).count();
    Some(format!(
        "masked masses differ at {count} of {} steps, first at step {step}: {is:.4} instead of {was:.4}",
        old.len()
    ))
}

/// What a run found in a text.
pub(crate) fn predicted(predictions: &[Prediction], text: &str) -> Vec<Claim> {
    predictions.iter().map(|prediction| claim(prediction, text)).collect()
}

fn claim(prediction: &Prediction, text: &str) -> Claim {
    let mut numbers: BTreeMap<String, f64> = prediction.figures.clone();
    numbers.extend(prediction.score.map(|score| ("score".to_owned(), score)));
    numbers.extend(prediction.masked_mass.map(|mass| ("masked mass".to_owned(), mass)));
    let mut words = BTreeMap::from([("grade".to_owned(), prediction.grade.word().to_owned())]);
    if !prediction.warnings.is_empty() {
        let told = prediction.warnings.iter().map(|warning| format!("{}: {}", warning.kind, warning.text));
        words.insert("warnings".to_owned(), told.collect::<Vec<_>>().join("; "));
    }
    let says = match &prediction.content {
        Content::Relation { kind, participants } => {
            words.extend(evidence(&prediction.evidence));
            let readings = prediction.readings.iter().zip(1..);
            words.extend(readings.map(|(reading, n)| (format!("{STANCE}{n}"), reading.words())));
            for (one, key) in participants.iter().zip(1..) {
                if !one.concepts.is_empty() {
                    words.insert(format!("ids of name {key}"), annotated::ids(&one.concepts));
                }
                if one.spans.len() > 1 {
                    words.insert(format!("places of name {key}"), annotated::places(&one.spans));
                }
            }
            let place = |one: &Participant| match one.spans.first() {
                Some(span) => placed(&one.role, span.slice(text).unwrap_or_default(), *span),
                None => absent(&one.role, &one.name),
            };
            relation(kind, participants.iter().map(place).collect())
        }
        Content::Entity { kind, spans, text, concepts } => {
            if !concepts.is_empty() {
                words.insert("ids".to_owned(), annotated::ids(concepts));
            }
            mention(kind, spans, text)
        }
        Content::Label { label, span: Some(span) } => {
            mention(label, &[*span], span.slice(text).unwrap_or_default())
        }
        Content::Label { label, span: None } => label.clone(),
        Content::Answer { question, verdict, probabilities, evidence } => {
            words.insert("answer".to_owned(), verdict.clone());
            for (one, n) in evidence.iter().zip(1..) {
                let quote = one.span.slice(text).unwrap_or_default();
                words.insert(format!("evidence {n:02}"), format!("{}: {quote}", one.stance.word()));
            }
            numbers.extend(probabilities.iter().map(|(answer, p)| (answer.clone(), *p)));
            question.clone()
        }
    };
    Claim { says, numbers, masses: prediction.masked_masses.clone(), words }
}

/// What an export keeps of a run's findings.
pub(crate) fn exported(run: &RecordedRun) -> Vec<Claim> {
    let document = &run.document;
    let added = document.infons.get(ADDED).map_or("", String::as_str);
    let added: BTreeSet<&str> = added.split(' ').collect();
    let is_of_run = |id: &str, infons: &Infons| added.contains(id) && infons.get("run") == Some(&run.run);
    let relations = document.relations.iter().filter(|one| is_of_run(&one.id, &one.infons));
    let entities = document.entities.iter().filter(|one| is_of_run(&one.id, &one.infons));
    let mut claims: Vec<Claim> = relations
        .map(|one| {
            let mut claim = of_relation(one, document);
            if run.keeps_names {
                claim.words.extend(names(one, document, &added));
            }
            claim
        })
        .collect();
    claims.extend(entities.map(|one| {
        let says = mention(&one.kind, &one.spans, &one.text);
        let mut claim = Claim { says, ..properties(&one.infons, one.score) };
        if run.keeps_names && !one.concepts.is_empty() {
            claim.words.insert("ids".to_owned(), annotated::ids(&one.concepts));
        }
        claim
    }));
    claims.extend(of_document(document, &run.run));
    claims
}

fn of_relation(one: &Relation, document: &Document) -> Claim {
    let place = |id: &str| -> Option<Span> {
        document.entities.iter().find(|entity| entity.id == id)?.spans.first().copied()
    };
    let places = one.arguments.iter().map(|argument| match &argument.target {
        Target::Entity(id) => match place(id) {
            Some(span) => placed(&argument.role, span.slice(&document.text).unwrap_or_default(), span),
            None => absent(&argument.role, id),
        },
        Target::Concept(_) | Target::Relation(_) => {
            let name = one.infons.get(&format!("name.{}", argument.role));
            absent(&argument.role, name.map_or("", String::as_str))
        }
    });
    let says = relation(&one.kind, places.collect());
    let mut claim = Claim { says, ..properties(&one.infons, one.score) };
    claim.words.extend(evidence(&one.evidence));
    claim.words.extend(one.infons.iter().filter_map(|(key, value)| {
        Some((format!("{STANCE}{}", key.strip_prefix(EVIDENCE_STANCE)?), value.clone()))
    }));
    claim
}

/// The ids and places of a relation's names, as it keeps them, and as the mentions have them that were made for it.
fn names(one: &Relation, document: &Document, added: &BTreeSet<&str>) -> BTreeMap<String, String> {
    let mut words = BTreeMap::new();
    for (key, value) in &one.infons {
        if let Some(n) = key.strip_prefix(annotated::IDS) {
            words.insert(format!("ids of name {n}"), value.clone());
        } else if let Some(n) = key.strip_prefix(annotated::PLACES) {
            words.insert(format!("places of name {n}"), value.clone());
        }
    }
    let made = document.entities.iter().filter(|entity| {
        added.contains(entity.id.as_str()) && entity.infons.get(annotated::MADE_FOR) == Some(&one.id)
    });
    for entity in made {
        let (own, place) = (annotated::ids(&entity.concepts), annotated::places(&entity.spans));
        let is_of = |n: usize| {
            let at = one.infons.get(&format!("{}{n}", annotated::PLACES));
            let first = one.arguments.get(n - 1).map(|argument| &argument.target);
            first == Some(&Target::Entity(entity.id.clone()))
                || at.is_some_and(|places| places.split(' ').any(|one| one == place))
        };
        let of = (1..=one.arguments.len()).find(|n| is_of(*n));
        let kept = of.and_then(|n| one.infons.get(&format!("{}{n}", annotated::IDS)));
        if of.is_none() {
            words.insert(format!("places of mention {}", entity.id), place);
        } else if kept.map_or("", String::as_str) != own {
            words.insert(format!("ids of mention {}", entity.id), own);
        }
    }
    words
}

/// Labels of the whole document and answers, which stand in its infons.
fn of_document(document: &Document, run: &str) -> Vec<Claim> {
    let infons = &document.infons;
    let mut claims = Vec::new();
    for (key, value) in infons {
        let Some((sort @ ("label" | "answer"), id)) = key.split_once('.') else { continue };
        if id.contains('.') || infons.get(&format!("{key}.run")).map(String::as_str) != Some(run) {
            continue;
        }
        let own: Infons = infons
            .iter()
            .filter_map(|(name, value)| {
                let name = name.strip_prefix(key.as_str())?.strip_prefix('.')?;
                Some((name.to_owned(), value.clone()))
            })
            .collect();
        let score = own.get("score").and_then(|score| score.parse().ok());
        let mut claim = properties(&own, score);
        claim.says = if sort == "label" {
            value.clone()
        } else {
            claim.words.insert("answer".to_owned(), value.clone());
            claim.words.extend(own.iter().filter_map(|(name, value)| {
                Some((format!("evidence {}", name.strip_prefix(annotated::EVIDENCE)?), value.clone()))
            }));
            claim.numbers.extend(own.iter().filter_map(|(name, value)| {
                Some((name.strip_prefix("probability.")?.to_owned(), value.parse().ok()?))
            }));
            own.get("question").cloned().unwrap_or_default()
        };
        claims.push(claim);
    }
    claims
}

/// What the infons of a finding say about it, under the names of [`claim`]; not yet what it says.
fn properties(infons: &Infons, score: Option<f64>) -> Claim {
    let mut numbers: BTreeMap<String, f64> = infons
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("figure.")?.to_owned(), value.parse().ok()?)))
        .collect();
    numbers.extend(score.map(|score| ("score".to_owned(), score)));
    let mass = infons.get("masked_mass").and_then(|mass| mass.parse().ok());
    numbers.extend(mass.map(|mass| ("masked mass".to_owned(), mass)));
    let masses = infons.get("masked_masses").map_or("", String::as_str).split(' ');
    let words = ["grade", "warnings"].into_iter();
    Claim {
        says: String::new(),
        numbers,
        masses: masses.filter_map(|mass| mass.parse().ok()).collect(),
        words: words.filter_map(|name| Some((name.to_owned(), infons.get(name)?.clone()))).collect(),
    }
}

fn relation(kind: &str, places: Vec<String>) -> String {
    format!("{kind}: {}", places.join(", "))
}

fn placed(role: &str, words: &str, span: Span) -> String {
    format!("{role} {words} at {}", span.start)
}

fn absent(role: &str, name: &str) -> String {
    format!("{role} {name}, not in the text")
}

fn mention(kind: &str, spans: &[Span], words: &str) -> String {
    let places: Vec<String> = spans.iter().map(|span| format!("{}-{}", span.start, span.end)).collect();
    let short: String = words.chars().take(40).collect();
    format!("{kind}: {short} at {}", places.join(" "))
}

fn evidence(spans: &[Span]) -> Option<(String, String)> {
    let places: Vec<String> = spans.iter().map(|span| format!("{}-{}", span.start, span.end)).collect();
    (!places.is_empty()).then(|| ("evidence".to_owned(), places.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(says: &str, score: f64) -> Claim {
        Claim {
            says: says.to_owned(),
            numbers: [("score".to_owned(), score)].into(),
            masses: vec![0.1, 0.2],
            words: [("grade".to_owned(), "exact".to_owned())].into(),
        }
    }

    #[test]
    fn what_differs_is_said() {
        let before = [claim("a", 0.5), claim("b", 0.5), claim("c", 0.5)];
        assert_eq!(compared(&before, &before, true, true), Vec::<String>::new());
        let mut after = [claim("a", 0.500_01), claim("b", 0.6), claim("d", 0.5)];
        after[0].words.insert("grade".to_owned(), "case".to_owned());
        assert_eq!(
            compared(&before, &after, true, true),
            [
                "grade case instead of exact: a",
                "score 0.6000 instead of 0.5000: b",
                "no longer found: c",
                "newly found: d"
            ]
        );
        assert!(same_figures(&before, &before) && !same_figures(&before[..1], &after[..1]));
        assert!(!compared(&before, &after, false, true).contains(&"newly found: d".to_owned()));
        let other = [Claim { masses: vec![0.1, 0.3], ..claim("a", 0.5) }];
        assert_eq!(
            compared(&before[..1], &other, true, true),
            ["masked masses differ at 1 of 2 steps, first at step 2: 0.3000 instead of 0.2000: a"]
        );
    }

    /// Through a library and a file: what is read back of every kind of finding is what was stored.
    #[test]
    fn an_export_keeps_what_a_run_found() {
        use crate::use_cases::tests::{bench, import};
        let (folder, workbench) = bench();
        let text = "Aspirin may cause nausea. Aspirin does.";
        let concept = |id: &str| documents::Concept { vocabulary: "MESH".to_owned(), id: id.to_owned() };
        let document = crate::library::document_id(import(&workbench, &[text])[0]);
        let participant = |role: &str, spans: &[Span]| Participant {
            role: role.to_owned(),
            name: "acetylsalicylic acid".to_owned(),
            spans: spans.to_vec(),
            concepts: ["D001241", "D009325"].map(concept).to_vec(),
            grade: documents::Grade::Alias,
        };
        let answers = [("yes", 0.5), ("no", 0.25), ("maybe", 0.25)];
        let contents = [
            Content::Relation {
                kind: "CID".to_owned(),
                participants: vec![
                    participant("Chemical", &[Span::new(0, 7), Span::new(26, 33)]),
                    participant("Disease", &[]),
                ],
            },
            Content::Entity {
                kind: "Chemical".to_owned(),
                spans: vec![Span::new(0, 7)],
                text: "Aspirin".to_owned(),
                concepts: vec![concept("D001241")],
            },
            Content::Label { label: "evading growth suppressors".to_owned(), span: Some(Span::new(0, 25)) },
            Content::Label { label: "evading growth suppressors".to_owned(), span: None },
            Content::Answer {
                question: "Does it?".to_owned(),
                verdict: "yes".to_owned(),
                probabilities: answers.map(|(answer, p)| (answer.to_owned(), p)).into(),
                evidence: vec![documents::SpeakingSentence {
                    span: Span::new(0, 25),
                    stance: documents::Stance::Against,
                    reason: "denied by “no”".to_owned(),
                }],
            },
        ];
        let predictions = contents.map(|content| Prediction {
            content,
            score: Some(0.1 + 0.2),
            masked_mass: Some(0.125),
            masked_masses: vec![0.25, 0.0],
            figures: [("against_none".to_owned(), -1.5)].into(),
            evidence: vec![Span::new(0, 25)],
            grade: documents::Grade::Alias,
            readings: vec![documents::EvidenceReading {
                stance: documents::EvidenceStance::Partly,
                place: "abstract".into(),
                reason: "hedged by “may”".to_owned(),
            }],
            warnings: vec![documents::Warning {
                kind: "hedging".to_owned(),
                span: Some(Span::new(8, 11)),
                text: "may".to_owned(),
            }],
        });
        let opened = workbench.opened();
        let request = inference::TaskRequest::Classify;
        let profile = inference::ModelProfile::default();
        let sha256 = opened.with(|library| library.document(document)).unwrap().text_sha256;
        let record = crate::run_record::run_record(&request, &profile, &sha256, &[], &[], opened.now());
        let by = sessions::By::new("ada", opened.now());
        let ending = sessions::Ending {
            state: sessions::RunState::Finished,
            output: None,
            problem: None,
            at: opened.now(),
        };
        opened.with(|library| library.record_run(by, document, &record, &ending, &predictions)).unwrap();
        let whole = opened.with(|library| library.annotated(document, sessions::Which::Everything)).unwrap();
        for format in [documents::formats::Format::Jsonl, documents::formats::Format::BiocXml] {
            let options = documents::formats::WriteOptions::default();
            let written = documents::formats::write(std::slice::from_ref(&whole), format, &options).unwrap();
            let path = folder.path().join(&written.files[0].0);
            std::fs::write(&path, &written.files[0].1).unwrap();
            let runs = super::super::recorded_runs(&path).unwrap().runs;
            assert_eq!((runs.len(), runs[0].findings, runs[0].complete), (1, Some(5), true));
            assert!(runs[0].given.entities.is_empty() && runs[0].given.relations.is_empty());
            let told =
                |run: &RecordedRun| compared(&exported(run), &predicted(&predictions, text), true, true);
            assert_eq!(told(&runs[0]), Vec::<String>::new(), "{}", format.name());
            // Nothing of it can be changed without being told: ids and places of names, of mentions, of findings.
            for place in 0..runs[0].document.entities.len() {
                let mut run = runs[0].clone();
                let entity = &mut run.document.entities[place];
                if let Some(first) = entity.concepts.first_mut() {
                    first.id = "D000000".to_owned();
                    assert!(!told(&run).is_empty(), "{}: {:?}", format.name(), run.document.entities[place]);
                }
                let mut run = runs[0].clone();
                run.document.entities[place].spans[0] = Span::new(1, 2);
                assert!(!told(&run).is_empty(), "{}: {:?}", format.name(), run.document.entities[place]);
            }
            let mut run = runs[0].clone();
            let ids = run.document.relations[0].infons.get_mut("ids.2").unwrap();
            *ids = ids.replace("D009325", "D000000");
            assert_eq!(told(&run).len(), 1, "{:?}", told(&run));
        }
    }
}
