//! `osler-cli devices`

use devices::{Adapter, Kind};

use crate::Failure;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    for adapter in devices::list() {
        if arguments.json {
            println!("{}", serde_json::to_string(&adapter)?);
        } else {
            println!("{}", line(&adapter));
        }
    }
    Ok(())
}

fn line(adapter: &Adapter) -> String {
    let kind = match adapter.kind {
        Kind::Discrete => "graphics card",
        Kind::Integrated => "integrated graphics",
        Kind::Virtual => "virtual graphics",
        Kind::Processor => "processor",
        Kind::Software => "software graphics, for tests",
    };
    let mut parts = vec![kind.to_owned()];
    parts.extend(adapter.backend.clone());
    parts.extend(adapter.memory.map(|bytes| format!("{:.1} GB", bytes as f64 / 1e9)));
    parts.extend(adapter.limits.map(|l| format!("tensors up to {} MB", l.binding.min(l.buffer) / 1_000_000)));
    parts.extend(adapter.half_precision.then(|| "half precision".to_owned()));
    format!("{:<9} {} ({})", adapter.id, adapter.name, parts.join(", "))
}
