//! `osler-cli models import`

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use biogpt::model::WeightType;
use serde_json::json;
use workbench::wire::ModelImportEvent;
use workbench::{Conversion, Marking, convert};

use super::{byte_bar, uses, verify};
use crate::Failure;
use crate::session::{CliSession, failure, listen, text};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The downloaded folder.
    from: PathBuf,
    /// The new folder; one among the models of this installation if absent.
    #[arg(long)]
    to: Option<PathBuf>,
    /// Shown in lists; the folder's name if absent.
    #[arg(long)]
    name: Option<String>,
    /// Where the weights came from.
    #[arg(long, default_value = "imported by hand")]
    source: String,
    /// Terms of use.
    #[arg(long, default_value = "as the publisher says")]
    licence: String,
    /// How numbers are stored: f32, f16, bf16, q8 or q4 (8 or 4 bits a weight). 8 bits cost nothing that can be
    /// measured and are three times as fast on a processor as 32.
    #[arg(long, default_value = "q8", value_parser = weight_type)]
    weights: WeightType,
    /// The task the checkpoint was tuned for (bc5cdr, ddi, kd-dti, pubmedqa, hoc), if it has a learned prompt. Of an encoder
    /// what its head is for, where its labels do not tell: mentions, classify, bc5cdr, ddi or kd-dti.
    #[arg(long)]
    task: Option<String>,
    /// What a label of an encoder means: `Disease=Disease`, `LABEL_1=B-Chemical`, `false=none`. Once for each label; the rest is
    /// guessed and told.
    #[arg(long = "label", value_name = "LABEL=MEANING", value_parser = label)]
    labels: Vec<(String, String)>,
    #[command(flatten)]
    pairs: Pairs,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

/// How pairs of names are shown to an encoder that judges them.
#[derive(Debug, clap::Args)]
struct Pairs {
    /// The form of the first name of a pair: `[E1] {} [/E1]`, where {} is the name, or a word in its place, `@CHEMICAL$`.
    #[arg(long, requires = "tail")]
    head: Option<String>,
    /// The form of the second name.
    #[arg(long, requires = "head")]
    tail: Option<String>,
    /// The second text of a model of pairs of texts: `{head} and {tail}`; --head and --tail are then `{}`, unless said otherwise.
    #[arg(long)]
    second: Option<String>,
    /// The model reads all that lies between two names, and not only single sentences.
    #[arg(long)]
    passages: bool,
}

impl Pairs {
    fn marking(&self) -> Result<Option<Marking>, Failure> {
        let (head, tail) = match (&self.head, &self.tail, &self.second) {
            (Some(head), Some(tail), _) => (head.clone(), tail.clone()),
            (None, None, Some(_)) => ("{}".to_owned(), "{}".to_owned()),
            _ if self.passages => {
                return Err(
                    "--passages goes with --head and --tail, or with --second: say how names are shown"
                        .into(),
                );
            }
            _ => return Ok(None),
        };
        Ok(Some(Marking { head, tail, second: self.second.clone(), passages: self.passages }))
    }
}

fn label(text: &str) -> Result<(String, String), String> {
    let (label, meaning) = text.rsplit_once('=').ok_or_else(|| format!("`{text}` is not LABEL=MEANING"))?;
    Ok((label.to_owned(), meaning.to_owned()))
}

fn weight_type(text: &str) -> Result<WeightType, String> {
    match text {
        "f32" => Ok(WeightType::F32),
        "f16" => Ok(WeightType::F16),
        "bf16" => Ok(WeightType::Bf16),
        "q8" => Ok(WeightType::Q8),
        "q4" => Ok(WeightType::Q4),
        _ => Err(format!("`{text}` is not f32, f16, bf16, q8 or q4")),
    }
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let from = &arguments.from;
    if !from.is_dir() {
        return Err(format!("there is no folder {}: give the downloaded folder", from.display()).into());
    }
    let last = arguments.to.as_deref().unwrap_or(from).file_name().unwrap_or_default();
    let name = arguments.name.clone().unwrap_or_else(|| last.to_string_lossy().into_owned());
    if from.join("manifest.json").is_file() && arguments.to.is_none() {
        return take_over(from, &name, arguments.json);
    }
    let to = match &arguments.to {
        Some(to) => to.clone(),
        None => CliSession::installed()?.workbench.place_for_model(&name).map_err(failure)?,
    };
    let how = Conversion {
        name,
        source: arguments.source.clone(),
        licence: arguments.licence.clone(),
        weights: arguments.weights,
        task: arguments.task.clone(),
        labels: arguments.labels.iter().cloned().collect(),
        marking: arguments.pairs.marking()?,
    };
    let bytes = std::fs::read_dir(from)?.flatten().filter_map(|entry| entry.metadata().ok());
    let bytes: u64 = bytes.filter(std::fs::Metadata::is_file).map(|about| about.len()).sum();
    let bar = byte_bar(bytes, "converting")?;
    let shown = bar.clone();
    let converted = convert(from, &to, &how, move |share| {
        shown.set_position((share * bytes as f64) as u64);
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    let manifest = converted.map_err(failure)?.ok_or("it was stopped")?;
    verify(&manifest, &to)?;
    if arguments.json {
        println!("{}", json!({ "folder": to, "manifest": manifest }));
    } else {
        println!("{} ({} parameters) is in {}", manifest.name, manifest.parameters, to.display());
        uses(&to)?.iter().for_each(|line| println!("  {line}"));
    }
    Ok(())
}

/// Copies a folder that is ours already.
fn take_over(from: &Path, name: &str, as_json: bool) -> Result<(), Failure> {
    let workbench = CliSession::installed()?.workbench;
    let preview = workbench.preview_model(&[from.to_owned()]).map_err(failure)?;
    let id = preview.id.ok_or_else(|| match preview.problems.first() {
        Some(problem) => text(problem),
        None => format!("{} is no whole model: a file is missing", from.display()),
    })?;
    let bar = byte_bar(preview.bytes, "copying")?;
    listen(
        |sink| workbench.import_model("import", &id, name, None, sink),
        |event| match event {
            ModelImportEvent::Phase { done, total, .. } => {
                bar.set_length(total);
                bar.set_position(done);
            }
            ModelImportEvent::Imported { model } if as_json => {
                bar.suspend(|| println!("{}", json!({ "model": model })));
            }
            ModelImportEvent::Imported { model } => {
                bar.suspend(|| {
                    println!("{} ({} parameters) is here as {}", model.name, model.parameters, model.id)
                });
            }
        },
    )?;
    bar.finish_and_clear();
    Ok(())
}
