use std::path::PathBuf;

use biogpt::{Training, Visibility};
use burn::tensor::{Int, Tensor, TensorData};
use safetensors::tensor::{Dtype, TensorView};
use serde_json::json;

use crate::Failure;
use crate::device::DeviceOption;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A model's folder, ours or published, or its id.
    #[arg(long)]
    model: String,
    /// The sequence: 2,5,7
    #[arg(long, value_parser = super::ids)]
    ids: super::Ids,
    /// The file to write.
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    device: DeviceOption,
    /// What was written as one JSON object.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let model = arguments.device.load(&arguments.model)?;
    let ids = arguments.ids.checked(&model.config)?;
    let (length, d, vocabulary) = (ids.len(), model.config.hidden_size, model.config.vocab_size);
    let input: Vec<i32> = ids.iter().map(|id| *id as i32).collect();
    let input = Tensor::<2, Int>::from_data(TensorData::new(input, [1, length]), &model.device);
    let hidden: Tensor<2> =
        model.network.forward(input, &Visibility::Causal, &Training::default()).reshape([length, d]);
    let logits = model.network.logits(hidden.clone());
    let bytes = |tensor: Tensor<2>| tensor.into_data().convert::<f32>().bytes().to_vec();
    let (hidden, logits) = (bytes(hidden), bytes(logits));
    let views = [
        ("logits", TensorView::new(Dtype::F32, vec![length, vocabulary], &logits)?),
        ("hidden", TensorView::new(Dtype::F32, vec![length, d], &hidden)?),
    ];
    safetensors::serialize_to_file(views, None, &arguments.out).map_err(|cause| {
        format!("could not write {}: {cause}. Choose another place", arguments.out.display())
    })?;
    if arguments.json {
        let line = json!({ "out": arguments.out, "logits": [length, vocabulary], "hidden": [length, d] });
        println!("{line}");
    }
    Ok(())
}
