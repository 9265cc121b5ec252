//! Scores a file of model outputs as the BioGPT repository's scripts do.

use std::collections::{BTreeSet, HashMap};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use documents::corpora;
use serde_json::{Value, json};
use tasks::evaluation::{self, NameTable};
use tasks::relations::{bc5cdr, kd_dti};
use tasks::{RelationTask, answer, classify};

type Failure = Box<dyn Error>;

/// Compares model outputs, one a line, with a gold set.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// `bc5cdr`, `ddi`, `kd-dti`, `pubmedqa` or `hoc`.
    #[arg(long)]
    pub task: String,
    /// One detokenized output a line.
    #[arg(long)]
    pub outputs: PathBuf,
    /// BC5CDR: document to pairs of ids; DDI and KD-DTI: the corpus's JSON; PubMedQA: id to answer; HoC: labels, one line
    /// each.
    #[arg(long)]
    pub gold: PathBuf,
    /// The document of each line (BC5CDR, DDI, KD-DTI).
    #[arg(long)]
    pub ids: Option<PathBuf>,
    /// BC5CDR: names to ids.
    #[arg(long)]
    pub entities: Option<PathBuf>,
    /// Print JSON instead of lines.
    #[arg(long)]
    pub json: bool,
}

/// Scores, and prints.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let report = report(arguments)?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
        return Ok(());
    }
    if let Some(scores) = report["scores"].as_object() {
        scores.iter().for_each(|(name, value)| println!("{name} {value}"));
    }
    println!("{} of {} outputs hold no answer", report["failed"], report["total"]);
    Ok(())
}

fn report(arguments: &Arguments) -> Result<Value, Failure> {
    let text = load(&arguments.outputs)?;
    let outputs: Vec<&str> = text.split_terminator('\n').collect();
    let gold = load(&arguments.gold)?;
    let name = arguments.gold.display().to_string();
    let ids = || -> Result<Vec<String>, Failure> {
        let path = arguments.ids.as_ref().ok_or("--ids is needed: the document of each output")?;
        let ids: Vec<String> = load(path)?.split_terminator('\n').map(str::to_owned).collect();
        if ids.len() != outputs.len() {
            let (ids, outputs) = (ids.len(), outputs.len());
            return Err(format!("{} has {ids} lines, but there are {outputs} outputs", path.display()).into());
        }
        Ok(ids)
    };
    let (failed, scores): (Vec<bool>, Value) = match arguments.task.as_str() {
        "pubmedqa" => {
            let read: Vec<Option<String>> = outputs.iter().map(|output| answer::read(output)).collect();
            let gold = corpora::pubmedqa::read_answers(&gold, &name)?;
            let gold: Vec<String> = gold.into_iter().map(|(_, answer)| answer).collect();
            same_length(&outputs, gold.len(), &name)?;
            let scores = serde_json::to_value(evaluation::answers(&read, &gold))?;
            (read.iter().map(Option::is_none).collect(), scores)
        }
        "hoc" => {
            let read: Vec<Option<String>> = outputs.iter().map(|output| classify::read(output)).collect();
            let gold: Vec<String> = gold.lines().map(str::to_owned).collect();
            same_length(&outputs, gold.len(), &name)?;
            let scores = serde_json::to_value(evaluation::labels(&read, &gold))?;
            (read.iter().map(Option::is_none).collect(), scores)
        }
        "bc5cdr" => {
            let entities = arguments.entities.as_ref().ok_or("--entities is needed: names to ids")?;
            let names = corpora::bc5cdr::read_names(&load(entities)?, &entities.display().to_string())?;
            let names = NameTable::new(&names);
            let readings: Vec<_> = outputs.iter().map(|output| bc5cdr::read(output)).collect();
            let mut predicted = BTreeSet::new();
            for (id, reading) in ids()?.iter().zip(&readings) {
                for relation in &reading.relations {
                    let (chemical, disease) = names.ids(relation);
                    predicted.insert((id.clone(), chemical, disease));
                }
            }
            let gold: HashMap<String, Vec<(String, String)>> =
                serde_json::from_str(&gold).map_err(|error| format!("{name}: {error}"))?;
            let gold = gold
                .into_iter()
                .flat_map(|(id, pairs)| pairs.into_iter().map(move |(c, d)| (id.clone(), c, d)))
                .collect();
            let scores = serde_json::to_value(evaluation::chemical_disease(&predicted, &gold))?;
            (readings.iter().map(|reading| reading.is_failed()).collect(), scores)
        }
        other => {
            let task = RelationTask::named(other)
                .ok_or_else(|| format!("no task {other}: use bc5cdr, ddi, kd-dti, pubmedqa or hoc"))?;
            let readings: Vec<_> = outputs.iter().map(|output| task.read(output)).collect();
            let mut records = HashMap::new();
            for record in corpora::kd_dti::read(&gold, &name)? {
                let record = record?;
                records.insert(record.pmid.clone(), kd_dti::gold(&record));
            }
            let failed = readings.iter().map(|reading| reading.is_failed()).collect();
            let relations = readings.into_iter().map(|reading| reading.relations);
            let predicted: Vec<_> = ids()?.into_iter().zip(relations).collect();
            (failed, serde_json::to_value(evaluation::triples(&predicted, &records).0)?)
        }
    };
    let lines: Vec<usize> = (1..).zip(&failed).filter(|(_, failed)| **failed).map(|(n, _)| n).collect();
    Ok(json!({"scores": scores, "failed_lines": lines, "failed": lines.len(), "total": outputs.len()}))
}

fn same_length(outputs: &[&str], gold: usize, name: &str) -> Result<(), Failure> {
    let count = outputs.len();
    if count == gold {
        return Ok(());
    }
    Err(format!("there are {count} outputs, but {name} has {gold} entries").into())
}

fn load(path: &Path) -> Result<String, Failure> {
    Ok(fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a failing helper fails the test")]

    use super::*;

    #[test]
    fn every_reference_case_gets_the_reference_scores() {
        let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared"));
        let shared = std::env::var_os("OSLER_SHARED").map_or_else(beside, PathBuf::from);
        let eval = shared.join("parity/eval");
        if !eval.is_dir() {
            assert_ne!(
                std::env::var("CI").as_deref(),
                Ok("true"),
                "{} not found, and CI skips nothing",
                eval.display()
            );
            eprintln!("skipped: {} not found", eval.display());
            return;
        }
        let tasks = ["BC5CDR", "DDI", "KD-DTI", "PubMedQA", "HoC"];
        for (task, case) in tasks.iter().flat_map(|t| ["perfect", "mild", "mid", "heavy"].map(|c| (t, c))) {
            let folder = eval.join(task).join(case);
            let file = |name: &str| Some(folder.join(name)).filter(|path| path.is_file());
            let report = report(&Arguments {
                task: task.to_lowercase(),
                outputs: folder.join("outputs.txt"),
                gold: file("gold.json").unwrap_or_else(|| folder.join("gold.txt")),
                ids: file("ids.txt"),
                entities: file("entities.json"),
                json: true,
            });
            let report = report.unwrap();
            let expected: Value =
                serde_json::from_str(&fs::read_to_string(folder.join("expected.json")).unwrap()).unwrap();
            for key in ["scores", "failed_lines", "failed", "total"] {
                assert_eq!(report[key], expected[key], "{task}/{case} {key}");
            }
        }
    }
}
