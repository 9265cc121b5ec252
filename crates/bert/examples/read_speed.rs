//! How fast a random PubMedBERT (12 layers of 768) with 8-bit weights reads abstracts of 350 tokens on this processor:
//!
//! ```text
//! cargo build --release --workspace --example read_speed && target/release/examples/read_speed [ABSTRACTS]
//! ```

#![allow(clippy::print_stdout, reason = "a program that tells what it measured")]

use std::error::Error;
use std::time::Instant;

use bert::model::{Model, WeightType, write_random};
use bert::{BertConfig, Family, Head, Tokens};
use burn::tensor::Device;

fn main() -> Result<(), Box<dyn Error>> {
    let abstracts: usize = std::env::args().nth(1).map_or(Ok(100), |count| count.parse())?;
    let config = BertConfig {
        family: Family::Bert,
        head: Head::TokenClassification,
        labels: ["O", "B-Chemical", "I-Chemical"].map(str::to_owned).to_vec(),
        multi_label: false,
        vocab_size: 30_522,
        hidden_size: 768,
        layers: 12,
        heads: 12,
        feed_forward_size: 3072,
        position_rows: 512,
        segments: 2,
        activation: checkpoints::Activation::Gelu,
        layer_norm_epsilon: 1e-12,
        pad_id: 0,
        tied_head: true,
    };
    let folder = tempfile::tempdir()?;
    let at = folder.path().join("model");
    write_random(&at, &config, WeightType::Q8, 1)?;
    let start = Instant::now();
    let model = Model::load(&at, &Device::flex())?;
    println!("loaded in {:.2} s", start.elapsed().as_secs_f64());
    let ids: Vec<u32> = (0..350).map(|i| (i * 7919 + 5) % 30_522).collect();
    let text = [Tokens { ids: &ids, segments: &[0; 350] }];
    let start = Instant::now();
    for number in 0..abstracts {
        let logits = model.logits(&text)?;
        if number == 0 {
            println!("first of {} numbers in {:.2} s", logits[0].len(), start.elapsed().as_secs_f64());
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{abstracts} abstracts in {seconds:.1} s, {:.3} s each", seconds / abstracts as f64);
    Ok(())
}
