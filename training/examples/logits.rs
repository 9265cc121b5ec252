//! The logits of every position of some texts, one JSON object a line: `logits MODEL TEXTS`. Compared with those of other
//! software by `tests/fixtures/hugging_face/compare.py`.

#![allow(clippy::print_stdout, reason = "a program at the terminal")]

use std::error::Error;
use std::path::PathBuf;

use biogpt::Model;
use biogpt::Visibility;
use biogpt::network::Training;
use burn::tensor::{Device, Int, Tensor, TensorData};
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(model), Some(texts)) = (arguments.next(), arguments.next()) else {
        return Err("say which model folder, and which file of texts, one a line".into());
    };
    let device = Device::flex();
    let model = Model::load(&model, &device)?;
    for text in std::fs::read_to_string(texts)?.lines() {
        let ids = model.tokenizer.encode(text).ids;
        let count = ids.len();
        let numbers: Vec<i32> = ids.iter().map(|id| *id as i32).collect();
        let tensor = Tensor::<2, Int>::from_data(TensorData::new(numbers, [1, count]), &device);
        let hidden = model.network.forward(tensor, &Visibility::Causal, &Training::default());
        let logits = model.network.logits(hidden.reshape([count, model.config.hidden_size]));
        let logits: Vec<f32> = logits.into_data().iter::<f32>().collect();
        let rows: Vec<&[f32]> = logits.chunks(model.config.vocab_size).collect();
        println!("{}", json!({ "text": text, "ids": ids, "logits": rows }));
    }
    Ok(())
}
