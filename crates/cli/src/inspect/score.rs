use biogpt::Decoder;
use biogpt::decode::Continuation;
use serde::Serialize;

use crate::Failure;
use crate::device::DeviceOption;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A model's folder, ours or published, or its id.
    #[arg(long)]
    model: String,
    /// The sequence that is continued: 2,5,7
    #[arg(long, value_parser = super::ids)]
    ids: super::Ids,
    /// What may follow it: 8,9,2 (again for each).
    #[arg(long = "continuation", required = true, value_parser = super::ids)]
    continuations: Vec<super::Ids>,
    #[command(flatten)]
    device: DeviceOption,
    /// Accepted as everywhere; the answer is JSON in any case.
    #[arg(long = "json")]
    _json: bool,
}

#[derive(Serialize)]
struct Answer {
    /// Of each token of each continuation.
    logprobs: Vec<Vec<f32>>,
    /// Their sums.
    scores: Vec<f32>,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let model = arguments.device.load(&arguments.model)?;
    let decoder = Decoder::new(&model.network, &model.config);
    let mut reader = decoder.reader();
    reader.read(&decoder, arguments.ids.checked(&model.config)?)?;
    let continuations: Vec<_> =
        arguments.continuations.iter().map(|ids| Continuation::whole(&ids.0)).collect();
    let logprobs = decoder.score(&reader, &continuations)?;
    let scores = logprobs.iter().map(|logprobs| logprobs.iter().sum()).collect();
    println!("{}", serde_json::to_string(&Answer { logprobs, scores })?);
    Ok(())
}
