//! `osler-cli bench`

mod measure;

use std::time::Instant;

use biogpt::model::{self, WeightType};
use biogpt::{Config, Decoder};
use serde::Serialize;

use crate::Failure;
use crate::device::DeviceOption;
use crate::session::model_folder;
use measure::{Figure, Figures};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    device: DeviceOption,
    /// Weights of 8 or 4 bits, on a processor; none for those of the model.
    #[arg(long, default_value = "none")]
    quant: Quantization,
    /// Runs of each measurement, of which the median counts.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// The result as one line of JSON instead of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// A model's folder, ours or published, or its id.
    #[arg(long)]
    model: Option<String>,
    /// Random weights of this shape in a temporary folder: base, large, starter or tiny.
    #[arg(long, value_parser = preset)]
    random: Option<Config>,
}

/// Weights of fewer bits than the model's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
enum Quantization {
    /// As they are stored; 32 bits where they are random.
    None,
    /// 8 bits in blocks of 32.
    Q8,
    /// 4 bits in blocks of 32.
    Q4,
}

impl Quantization {
    fn weights(self) -> Option<WeightType> {
        match self {
            Self::None => None,
            Self::Q8 => Some(WeightType::Q8),
            Self::Q4 => Some(WeightType::Q4),
        }
    }
}

fn preset(name: &str) -> Result<Config, String> {
    match name {
        "base" => Ok(Config::base()),
        "large" => Ok(Config::large()),
        "starter" => Ok(Config::starter()),
        "tiny" => Ok(Config::tiny()),
        _ => Err(format!("`{name}` is not base, large, starter or tiny")),
    }
}

/// The result: medians, and beside them the least and the greatest of all runs.
#[derive(Serialize)]
struct Report {
    load_s: f64,
    /// All measurements, eight texts at once included.
    peak_rss_mb: Option<f64>,
    /// Those of one text.
    one_text_peak_rss_mb: Option<f64>,
    #[serde(flatten)]
    figures: Figures<f64>,
    device: String,
    quant: Quantization,
    runs: u32,
    spread: Figures<[f64; 2]>,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let random;
    let folder = match (&arguments.which.model, &arguments.which.random) {
        (Some(model), _) => model_folder(model)?,
        (None, Some(config)) => {
            random = tempfile::tempdir()?;
            let folder = random.path().join("random");
            eprintln!("writing {} random weights ...", config.parameters());
            model::write_random(&folder, config, arguments.quant.weights().unwrap_or_default(), 1)?;
            forget_peak_memory();
            folder
        }
        (None, None) => return Err("give --model or --random".into()),
    };
    let config = model::configuration(&folder)?;
    let (device, name) = arguments.device.open(&folder, &config)?;
    let start = Instant::now();
    let model = biogpt::Model::load(&folder, &device)?;
    let mut model = match arguments.quant.weights() {
        Some(weights) => model.quantize(weights),
        None => model,
    };
    let settling = model.settle();
    let decoder = Decoder::new(&model.network, &model.config);
    // Weights are mapped, and kernels compiled, when they are first used: that belongs to loading.
    measure::warm_up(&decoder)?;
    let load_s = start.elapsed().as_secs_f64();
    // As after the first request.
    if let Some(thread) = settling {
        thread.join().map_err(|_| "the weights could not be moved")?;
    }
    let mut one_text_peak = None;
    let measured = measure::all(&decoder, &model.config, arguments.runs, || one_text_peak = peak_memory())?;
    let report = Report {
        load_s,
        peak_rss_mb: peak_memory(),
        one_text_peak_rss_mb: one_text_peak,
        figures: measured.map(Figure::median),
        device: name,
        quant: arguments.quant,
        runs: arguments.runs,
        spread: measured.map(Figure::spread),
    };
    if arguments.json {
        println!("{}", serde_json::to_string(&report)?);
        return Ok(());
    }
    println!("device                              {}", report.device);
    println!("load                                {load_s:.2} s");
    for (what, peak) in [("one text", one_text_peak), ("eight texts", report.peak_rss_mb)] {
        if let Some(peak) = peak {
            println!("greatest memory, {what:<18} {peak:.0} MB");
        }
    }
    for ((name, median), (_, [least, greatest])) in
        report.figures.named().into_iter().zip(report.spread.named())
    {
        println!("{name:<35} {median:.2} ({least:.2} to {greatest:.2})");
    }
    Ok(())
}

/// Lets the count of [`peak_memory`] begin anew, where the system can: making random weights is not part of it.
fn forget_peak_memory() {
    // Best effort: without it the figure is too high, not wrong.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// The most memory that this process had at once, in millions of bytes, where the system tells.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024.0 / 1e6)
}
