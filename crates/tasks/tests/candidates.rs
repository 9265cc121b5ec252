//! How well mentions are found in the development part of BC5CDR, measured against its annotators. `cargo test -p tasks
//! --test candidates -- --nocapture` prints the figures; the floors below them keep them from getting worse.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a failing helper fails the test; a skipped test says so"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use documents::{Document, Span, Target, formats};
use tasks::Kind;
use tasks::candidates::{Finder, Mention};
use tasks::lexicon::Lexicon;
use terms::Terms;

fn shared(path: &str) -> Option<Vec<u8>> {
    let shared = std::env::var_os("OSLER_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let path = shared.join(path);
    let bytes = fs::read(&path).ok();
    if bytes.is_none() {
        assert_ne!(
            std::env::var("CI").as_deref(),
            Ok("true"),
            "{} not found, and CI skips nothing",
            path.display()
        );
        eprintln!("skipped: {} not found", path.display());
    }
    bytes
}

fn bc5cdr(part: &str) -> Option<Vec<Document>> {
    let name = format!("CDR_{part}Set.PubTator.txt");
    let bytes = shared(&format!("corpora/tasks/bc5cdr/{name}"))?;
    let import = formats::read(&bytes, &name).unwrap();
    assert_eq!(import.documents.len(), 500);
    Some(import.documents)
}

fn builtin() -> Finder {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/terms/builtin.terms"));
    Finder::new(vec![Arc::new(Terms::open(&path).unwrap())])
}

#[derive(Debug, Default, Clone, Copy)]
struct Figures {
    right: usize,
    found: usize,
    gold: usize,
    /// Of the right ones that have a gold id: how many, and for how many it is the first, or any, of the candidates'.
    with_id: usize,
    first_id: usize,
    any_id: usize,
}

impl Figures {
    fn precision(self) -> f64 {
        self.right as f64 / self.found as f64
    }

    fn recall(self) -> f64 {
        self.right as f64 / self.gold as f64
    }

    fn f1(self) -> f64 {
        2.0 * self.right as f64 / (self.found + self.gold) as f64
    }
}

#[derive(Debug, Default)]
struct Report {
    kinds: BTreeMap<Kind, Figures>,
    pairs: usize,
    pairs_by_id: usize,
    pairs_by_name: usize,
    candidates: usize,
}

/// Mentions with exact limits and kind, ids, and gold pairs both of whose names or ids are among the candidates.
fn measure(documents: &[Document], finder: &Finder) -> Report {
    let mut report = Report::default();
    for document in documents {
        let bare = Document { entities: Vec::new(), relations: Vec::new(), ..document.clone() };
        let mentions = finder.mentions(&bare);
        let mut gold: BTreeMap<(Span, Kind), BTreeSet<&str>> = BTreeMap::new();
        for entity in &document.entities {
            let ids = entity.concepts.iter().map(|concept| concept.id.as_str()).filter(|id| *id != "-1");
            let cover = Span::new(entity.spans[0].start, entity.spans[entity.spans.len() - 1].end);
            gold.entry((cover, Kind::of_type(&entity.kind))).or_default().extend(ids);
        }
        for kind in [Kind::Chemical, Kind::Disease] {
            let figures = report.kinds.entry(kind).or_default();
            figures.gold += gold.keys().filter(|(_, other)| *other == kind).count();
            for mention in mentions.iter().filter(|mention| mention.kind == kind) {
                figures.found += 1;
                let Some(ids) = gold.get(&(mention.cover(), kind)) else { continue };
                figures.right += 1;
                if !ids.is_empty() {
                    figures.with_id += 1;
                    let mut own = mention.concepts.iter().map(|concept| ids.contains(concept.id.as_str()));
                    figures.first_id += usize::from(own.next() == Some(true));
                    figures.any_id +=
                        usize::from(mention.concepts.iter().any(|c| ids.contains(c.id.as_str())));
                }
            }
        }
        let of = |kind: Kind| mentions.iter().filter(move |mention| mention.kind == kind);
        let ids =
            |kind| -> BTreeSet<&str> { of(kind).flat_map(|m| &m.concepts).map(|c| c.id.as_str()).collect() };
        let names = |kind| -> BTreeSet<String> { of(kind).map(Mention::lower).collect() };
        report.candidates += tasks::candidates::groups(&mentions, Kind::Chemical).len()
            * tasks::candidates::groups(&mentions, Kind::Disease).len();
        for relation in &document.relations {
            let [Target::Concept(chemical), Target::Concept(disease)] =
                [0, 1].map(|place| relation.arguments[place].target.clone())
            else {
                panic!("CID relates concepts")
            };
            let has_name = |id: &str, kind| {
                document
                    .entities
                    .iter()
                    .filter(|entity| entity.concepts.iter().any(|concept| concept.id == id))
                    .any(|entity| names(kind).contains(&entity.text.to_lowercase()))
            };
            report.pairs += 1;
            report.pairs_by_id += usize::from(
                ids(Kind::Chemical).contains(chemical.id.as_str())
                    && ids(Kind::Disease).contains(disease.id.as_str()),
            );
            report.pairs_by_name +=
                usize::from(has_name(&chemical.id, Kind::Chemical) && has_name(&disease.id, Kind::Disease));
        }
    }
    report
}

fn print(title: &str, report: &Report) {
    for (kind, figures) in &report.kinds {
        eprintln!(
            "{title:<34} {kind:<9} P {:.3} R {:.3} F1 {:.3}, id first {:.3} any {:.3}",
            figures.precision(),
            figures.recall(),
            figures.f1(),
            figures.first_id as f64 / figures.with_id as f64,
            figures.any_id as f64 / figures.with_id as f64,
        );
    }
    let part = |count: usize| count as f64 / report.pairs as f64;
    eprintln!(
        "{title:<34} gold pairs with both ids {:.3}, both names {:.3}; {:.1} pairs to score per abstract",
        part(report.pairs_by_id),
        part(report.pairs_by_name),
        report.candidates as f64 / 500.0
    );
}

#[test]
fn mentions_of_bc5cdr_development_are_found() {
    let (Some(train), Some(development)) = (bc5cdr("Training"), bc5cdr("Development")) else { return };
    let finder = builtin();
    let report = measure(&development, &finder);
    print("dictionary", &report);
    for (kind, f1, first_id) in [(Kind::Chemical, 0.85, 0.89), (Kind::Disease, 0.82, 0.88)] {
        let figures = report.kinds[&kind];
        assert!(figures.f1() >= f1, "{kind:?}: F1 {:.3}", figures.f1());
        let ids = figures.first_id as f64 / figures.with_id as f64;
        assert!(ids >= first_id, "{kind:?}: right id first {ids:.3}");
    }
    let with_lexicon = measure(&development, &finder.clone().with_lexicon(&Lexicon::learn(&train, &finder)));
    print("dictionary and training lexicon", &with_lexicon);
}

/// The test part is looked at once, when everything is chosen: `OSLER_TEST_SETS=1`.
#[test]
fn mentions_of_bc5cdr_test_are_found() {
    if std::env::var_os("OSLER_TEST_SETS").is_none() {
        return;
    }
    let (Some(train), Some(test)) = (bc5cdr("Training"), bc5cdr("Test")) else { return };
    let finder = builtin();
    print("test, dictionary", &measure(&test, &finder));
    let with_lexicon = finder.clone().with_lexicon(&Lexicon::learn(&train, &finder));
    print("test, dictionary and training lexicon", &measure(&test, &with_lexicon));
}
