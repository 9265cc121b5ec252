use std::path::PathBuf;

use biogpt::{Training, Visibility};
use burn::tensor::{Int, Tensor, TensorData};
use safetensors::tensor::{Dtype, TensorView};
use serde_json::json;

use super::encoder;
use crate::Failure;
use crate::device::DeviceOption;
use crate::session::model_folder;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A model's folder, ours or published, or its id.
    #[arg(long)]
    model: String,
    #[command(flatten)]
    input: Input,
    /// Of an encoder: the segment of each id, 0 if not given.
    #[arg(long, value_parser = super::ids, requires = "ids")]
    types: Option<super::Ids>,
    /// Of an encoder: the second text of a pair.
    #[arg(long, requires = "text")]
    pair: Option<String>,
    /// The file to write.
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    device: DeviceOption,
    /// What was written as one JSON object.
    #[arg(long)]
    json: bool,
}

/// What to read.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Input {
    /// The sequence: 2,5,7
    #[arg(long, value_parser = super::ids)]
    ids: Option<super::Ids>,
    /// A text, which the model's tokenizer makes ids of.
    #[arg(long)]
    text: Option<String>,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let folder = model_folder(&arguments.model)?;
    if bert::model::is_encoder(&folder) {
        let input = match (&arguments.input.ids, &arguments.input.text) {
            (Some(ids), _) => encoder::Input::Ids { ids, types: arguments.types.as_ref() },
            (None, text) => encoder::Input::Texts {
                text: text.as_deref().unwrap_or_default(),
                pair: arguments.pair.as_deref(),
            },
        };
        let told = encoder::logits(&folder, &input, &arguments.out, &arguments.device)?;
        if arguments.json {
            println!("{told}");
        }
        return Ok(());
    }
    if arguments.types.is_some() || arguments.pair.is_some() {
        return Err("BioGPT has no segments and reads no pairs of texts. Leave out --types and --pair".into());
    }
    let model = arguments.device.load(&arguments.model)?;
    let ids = match (&arguments.input.ids, &arguments.input.text) {
        (Some(ids), _) => ids.clone(),
        (None, text) => super::Ids(model.tokenizer.encode(text.as_deref().unwrap_or_default()).ids),
    };
    let ids = ids.checked(&model.config)?;
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
