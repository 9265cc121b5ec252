//! `osler-cli library`

use std::path::PathBuf;

use serde_json::json;
use workbench::wire::{CuratorPair, EvidenceFlaw, EvidenceFlawKind};

use crate::Failure;
use crate::session::{CliSession, DuplicateOption, ModelOption, ReadOption, failure};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Bring files into a library, which is made if there is none; documents that it has already in another form are listed.
    Import(Import),
    /// Read a whole library and list what is wrong with it.
    Check(Place),
    /// Check every quote of a library: is it an exact part of its document, and more than a title, a heading or a list of authors?
    /// Documents that a list of retracted articles has are listed, too, and words that may identify a person.
    Evidence(Place),
    /// Bring another library into one: the same texts and findings meet, and each curator's decisions stay under their name.
    Merge(Merge),
    /// Copy a library, then make its indexes and counts anew from the rest of it.
    Repair(Place),
    /// Give back the room that nothing in a library needs any more; everything can still be undone.
    Compact(Place),
}

#[derive(Debug, clap::Args)]
pub struct Place {
    /// The library.
    library: PathBuf,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub struct Import {
    /// The library.
    library: PathBuf,
    /// Files and folders in any format that Osler reads.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    duplicates: DuplicateOption,
    #[command(flatten)]
    read: ReadOption,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub struct Merge {
    /// The library that takes in; one `review undo` takes all of it back.
    library: PathBuf,
    /// The library that comes in. It stays as it is, but for its layout where an older Osler made it, which is copied first.
    other: PathBuf,
    /// The name of the other library's curator, where two people have decided under the same one.
    #[arg(long)]
    curator: Option<String>,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

pub fn run(command: &Command) -> Result<(), Failure> {
    let open = |place: &Place| CliSession::existing(&place.library, &ModelOption::default());
    match command {
        Command::Import(arguments) => import(arguments),
        Command::Merge(arguments) => merge(arguments),
        Command::Evidence(place) => {
            let report = open(place)?.workbench.check_evidence().map_err(failure)?;
            if place.json {
                println!("{}", json!(report));
            } else {
                println!("{} quotes of {} documents checked", report.quotes, report.documents);
                report.flaws.iter().for_each(|flaw| println!("{}", flaw_line(flaw)));
            }
            match report.flaws.len() + report.further as usize {
                0 => Ok(()),
                1 => Err("there is 1 point to look at".into()),
                many => Err(format!("there are {many} points to look at").into()),
            }
        }
        Command::Check(place) => {
            let problems = open(place)?.workbench.opened().check().map_err(failure)?;
            if place.json {
                println!("{}", json!({ "sound": problems.is_empty(), "problems": problems }));
            } else if problems.is_empty() {
                println!("{} is sound", place.library.display());
            } else {
                problems.iter().for_each(|problem| println!("{problem}"));
            }
            match problems.len() {
                0 => Ok(()),
                1 => Err("1 problem: `osler-cli library repair` may mend it".into()),
                many => Err(format!("{many} problems: `osler-cli library repair` may mend them").into()),
            }
        }
        Command::Repair(place) => {
            let done = open(place)?.workbench.opened().repair().map_err(failure)?;
            if place.json {
                println!("{}", json!({ "copy": done.copy, "before": done.before, "after": done.after }));
            } else {
                println!("{} problems before, {} now", done.before.len(), done.after.len());
                println!("the file from before is {}", done.copy.display());
                done.after.iter().for_each(|problem| println!("{problem}"));
            }
            match done.after.is_empty() {
                true => Ok(()),
                false => Err(
                    "not everything could be mended: restore the library from a copy of your own, and keep \
                              this one until you have"
                        .into(),
                ),
            }
        }
        Command::Compact(place) => {
            let done = open(place)?.workbench.opened().compact().map_err(failure)?;
            if place.json {
                println!("{}", json!({ "bytesBefore": done.bytes_before, "bytesAfter": done.bytes_after }));
            } else {
                println!("{} bytes before, {} now", done.bytes_before, done.bytes_after);
            }
            Ok(())
        }
    }
}

fn import(arguments: &Import) -> Result<(), Failure> {
    let session = CliSession::open(Some(&arguments.library), &ModelOption::default(), |_| ())?;
    let before = session.workbench.library().map_err(failure)?.documents;
    let brought = session.import(&arguments.files, &arguments.read, Some(arguments.duplicates))?;
    let library = session.workbench.library().map_err(failure)?;
    let new = library.documents - before;
    if arguments.json {
        println!(
            "{}",
            json!({ "read": brought.documents.len(), "new": new, "documents": library.documents })
        );
    } else {
        println!(
            "{} documents read, {new} of them new; {} in {}",
            brought.documents.len(),
            library.documents,
            library.path
        );
    }
    brought.conclude()
}

fn merge(arguments: &Merge) -> Result<(), Failure> {
    let session = CliSession::existing(&arguments.library, &ModelOption::default())?;
    let report =
        session.workbench.merge_library(&arguments.other, arguments.curator.as_deref()).map_err(failure)?;
    let comparison = session.workbench.compare_curators().map_err(failure)?;
    if arguments.json {
        println!("{}", json!({ "merged": report, "pairs": comparison.pairs }));
        return Ok(());
    }
    println!(
        "{} documents came in, {} were there; {} decisions and {} notes came in, {} decisions were there",
        report.documents, report.documents_met, report.decisions, report.notes, report.decisions_met
    );
    if report.decisions_without_ground > 0 {
        eprintln!(
            "left out: {} rejections of what came with documents there and is not here",
            report.decisions_without_ground
        );
    }
    comparison.pairs.iter().for_each(|pair| println!("{}", agreement_line(pair)));
    let open = comparison.disagreements.len() + comparison.further as usize;
    if open > 0 {
        println!("{open} disagreements wait: `osler-cli review disagreements` lists them");
    }
    Ok(())
}

/// One line for two curators.
pub fn agreement_line(pair: &CuratorPair) -> String {
    let rounded = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"));
    format!(
        "{} and {}: agreement {}, kappa {} over {} statements of {} documents; {} that only one has decided are left out",
        pair.first,
        pair.second,
        rounded(pair.agreement),
        rounded(pair.kappa),
        pair.statements,
        pair.documents,
        pair.left_out
    )
}

/// One line for a quote that cannot be relied on.
pub fn flaw_line(flaw: &EvidenceFlaw) -> String {
    let what = match flaw.kind {
        EvidenceFlawKind::NotInText => "is no exact part of the text",
        EvidenceFlawKind::Cut => "begins or ends inside of a word",
        EvidenceFlawKind::TitleOnly => "has no evidence but the title",
        EvidenceFlawKind::HeadingOnly => "has no evidence but a heading",
        EvidenceFlawKind::AuthorsOnly => "has no evidence but a list of authors",
        EvidenceFlawKind::Identifying => "may identify a person",
        EvidenceFlawKind::Retracted => {
            return format!("{} is on a list of retracted articles: {}", flaw.source_id, flaw.quote);
        }
    };
    let quote: String = flaw.quote.chars().take(160).collect();
    let about = [flaw.source_id.as_str(), flaw.statement.as_str()];
    let about = about.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    format!("{about} {what}: \"{quote}\"")
}
