//! `osler-cli review`

use std::path::PathBuf;

use serde_json::json;
use workbench::wire::{
    Annotation, Change, Comparison, Content, DocumentFilter, DocumentOrder, Judgement, Reason, Subject, Task,
    Track,
};
use workbench::{Agreement, Tally};

use crate::Failure;
use crate::extract::line;
use crate::session::{CliSession, ModelOption, failure};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the findings of a library with what was decided about them.
    List {
        #[command(flatten)]
        place: Place,
        /// Only those without a decision.
        #[arg(long)]
        undecided: bool,
    },
    /// Accept findings, as one step of undo.
    Accept {
        /// Their ids: F1 F2 ...
        #[arg(required = true, value_parser = finding)]
        findings: Vec<Subject>,
        #[command(flatten)]
        place: Place,
    },
    /// Reject findings, as one step of undo.
    Reject {
        /// Their ids: F1 F2 ...
        #[arg(required = true, value_parser = finding)]
        findings: Vec<Subject>,
        /// not-in-text, negated, speculative, wrong-type, wrong-name, wrong-id, wrong-direction, duplicate or other.
        #[arg(long, value_parser = reason)]
        reason: Option<Reason>,
        /// A remark.
        #[arg(long, default_value = "")]
        comment: String,
        #[command(flatten)]
        place: Place,
    },
    /// Tell how far two curators, or a curator and a model, agree, by type.
    Agreement {
        /// A curator: the reference of precision and recall.
        curator: String,
        /// Another one; --task compares with a model instead.
        other: Option<String>,
        /// The task whose findings are compared: bc5cdr, ddi, kd-dti, answer or classify.
        #[arg(long, value_parser = crate::batch::task, required_unless_present = "other", conflicts_with = "other")]
        task: Option<Task>,
        /// Findings count from this score on.
        #[arg(long, default_value_t = 0.0)]
        threshold: f64,
        #[command(flatten)]
        model: ModelOption,
        #[command(flatten)]
        place: Place,
    },
    /// List the statements on which curators disagree and that you have not settled, and how far each two agree.
    Disagreements(Place),
    /// Take back the last thing that you did in a library.
    Undo(Place),
    /// Do again what was undone last.
    Redo(Place),
    /// List what was done in a library, the newest first.
    History {
        #[command(flatten)]
        place: Place,
        /// Actions at most.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
}

#[derive(Debug, clap::Args)]
pub struct Place {
    /// The library.
    #[arg(long)]
    library: PathBuf,
    /// One JSON object a result.
    #[arg(long)]
    json: bool,
}

fn finding(text: &str) -> Result<Subject, String> {
    let number = text.strip_prefix('F').unwrap_or(text).parse();
    let id = number.map_err(|_| format!("`{text}` is not the id of a finding, such as F12"))?;
    Ok(Subject::Finding { id })
}

fn reason(text: &str) -> Result<Reason, String> {
    Ok(match text {
        "not-in-text" => Reason::NotInText,
        "negated" => Reason::Negated,
        "speculative" => Reason::Speculative,
        "wrong-type" => Reason::WrongType,
        "wrong-name" => Reason::WrongName,
        "wrong-id" => Reason::WrongId,
        "wrong-direction" => Reason::WrongDirection,
        "duplicate" => Reason::Duplicate,
        "other" => Reason::Other,
        _ => return Err(format!("`{text}` is not a reason: `review reject --help` lists them")),
    })
}

pub fn run(command: &Command) -> Result<(), Failure> {
    let open = |place: &Place| CliSession::existing(&place.library, &ModelOption::default());
    match command {
        Command::List { place, undecided } => list(&open(place)?, *undecided, place.json),
        Command::Accept { findings, place } => {
            let accept = |subject: &Subject| Judgement::Accept { subject: *subject };
            let judgements: Vec<Judgement> = findings.iter().map(accept).collect();
            let change = open(place)?.workbench.decide(&judgements).map_err(failure)?;
            tell(&change, "", place.json);
            Ok(())
        }
        Command::Reject { findings, reason, comment, place } => {
            let reject = |subject: &Subject| Judgement::Reject {
                subject: *subject,
                reason: *reason,
                comment: comment.clone(),
            };
            let judgements: Vec<Judgement> = findings.iter().map(reject).collect();
            let change = open(place)?.workbench.decide(&judgements).map_err(failure)?;
            tell(&change, "", place.json);
            Ok(())
        }
        Command::Agreement { curator, other, task, threshold, model, place } => {
            let session = CliSession::existing(&place.library, model)?;
            let agreement = match (other, task) {
                (Some(other), _) => session.workbench.agreement(curator, other),
                (None, Some(task)) => {
                    let sha256 = session.workbench.weights_in_use().map_err(failure)?;
                    session.workbench.agreement_with_model(curator, *task, &sha256, *threshold)
                }
                (None, None) => return Err("name another curator, or say which --task of a model".into()),
            };
            agree(&agreement.map_err(failure)?, place.json);
            Ok(())
        }
        Command::Disagreements(place) => {
            disagree(&open(place)?.workbench.compare_curators().map_err(failure)?, place.json)
        }
        Command::Undo(place) => {
            let change = open(place)?.workbench.undo(Track::Curation).map_err(failure)?;
            tell(&change.ok_or("nothing of yours is left to undo")?, "undone: ", place.json);
            Ok(())
        }
        Command::Redo(place) => {
            let change = open(place)?.workbench.redo(Track::Curation).map_err(failure)?;
            tell(&change.ok_or("nothing was undone since your last action")?, "done again: ", place.json);
            Ok(())
        }
        Command::History { place, limit } => {
            for entry in open(place)?.workbench.history(None, *limit).map_err(failure)? {
                if place.json {
                    println!("{}", json!(entry));
                } else {
                    println!("{} by {} ({:?})", entry.summary, entry.author, entry.state);
                }
            }
            Ok(())
        }
    }
}

/// One line a type, and one for all.
fn agree(agreement: &Agreement, as_json: bool) {
    let all = agreement.by_kind.iter().map(|(kind, tally)| (kind.as_str(), tally));
    for (kind, tally) in all.chain([("all", &agreement.total)]) {
        let figures = [
            ("precision", tally.precision()),
            ("recall", tally.recall()),
            ("f1", tally.f1()),
            ("kappa", tally.kappa()),
        ];
        if as_json {
            let mut line = json!({ "type": kind, "tally": tally });
            figures.iter().for_each(|(name, value)| line[*name] = json!(value));
            println!("{line}");
        } else {
            let told =
                |value: &Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"));
            let figures: Vec<String> =
                figures.iter().map(|(name, value)| format!("{name} {}", told(value))).collect();
            let Tally { both, only_first, only_second, neither } = tally;
            println!(
                "{kind}: both {both}, only the first {only_first}, only the second {only_second}, neither {neither}; {}",
                figures.join(", ")
            );
        }
    }
    if !as_json {
        println!(
            "{} documents compared; {} statements that only one side has decided are left out",
            agreement.documents, agreement.left_out
        );
    }
}

fn disagree(comparison: &Comparison, as_json: bool) -> Result<(), Failure> {
    if as_json {
        println!("{}", json!(comparison));
        return Ok(());
    }
    for one in &comparison.disagreements {
        let voices = one.voices.iter().map(|voice| {
            let comment =
                if voice.comment.is_empty() { String::new() } else { format!(" ({})", voice.comment) };
            format!("{} {}{comment}", voice.curator, voice.word)
        });
        println!(
            "{} {}: {}  [{}]",
            one.source_id,
            one.r#type,
            one.names,
            voices.collect::<Vec<_>>().join(", ")
        );
    }
    if comparison.further > 0 {
        println!("and {} more", comparison.further);
    }
    comparison.pairs.iter().for_each(|pair| println!("{}", crate::library::agreement_line(pair)));
    if comparison.pairs.is_empty() {
        println!("fewer than two curators have decided something");
    }
    Ok(())
}

fn tell(change: &Change, before: &str, as_json: bool) {
    if as_json {
        let library = &change.library;
        println!(
            "{}",
            json!({ "step": change.step, "findings": library.findings, "decided": library.decided })
        );
    } else {
        println!("{before}{}", change.step.summary);
    }
}

fn list(session: &CliSession, undecided: bool, as_json: bool) -> Result<(), Failure> {
    let every = DocumentFilter { undecided: false, without_task: None, origin: None };
    for id in session.workbench.document_ids(DocumentOrder::OldestFirst, &every).map_err(failure)? {
        let view = session.workbench.document(id).map_err(failure)?;
        for annotation in &view.marks.annotations {
            let Subject::Finding { id } = annotation.subject else { continue };
            if undecided && annotation.decision.is_some() {
                continue;
            }
            if as_json {
                let id = format!("F{id}");
                println!("{}", json!({ "document": view.source_id, "id": id, "annotation": annotation }));
            } else {
                println!("{} F{id}  {}{}", view.source_id, said(annotation), decided(annotation));
            }
        }
    }
    Ok(())
}

fn said(annotation: &Annotation) -> String {
    match &annotation.content {
        Content::Relation { .. } => line(annotation),
        Content::Entity { r#type, text, .. } => format!("{type}: {text}"),
        Content::Label { label, .. } => label.clone(),
        Content::Answer { question, verdict, .. } => {
            format!("{question} {}", format!("{verdict:?}").to_lowercase())
        }
    }
}

fn decided(annotation: &Annotation) -> String {
    let verdict =
        annotation.decision.as_ref().map(|decision| format!("{:?}", decision.verdict).to_lowercase());
    verdict.map_or_else(String::new, |verdict| format!("  [{verdict}]"))
}
