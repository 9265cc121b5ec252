//! Which tensors a network has, and the network made of them.

use burn::tensor::Device;
use checkpoints::Config;
use parameters::{Build, ModelError, TensorPlan, Weights};

use crate::network::{Layer, Network};

/// The tensors of our own format, in the order in which they are written.
pub(super) fn tensors(config: &Config) -> Vec<TensorPlan> {
    TensorPlan::of(checkpoints::canonical_tensors(config), &[POSITIONS])
}

/// The one matrix that is only looked up.
const POSITIONS: &str = "embed_positions";
const EPSILON: f64 = Config::LAYER_NORM_EPSILON;

/// Builds the network on its device.
pub(super) fn network(
    config: &Config,
    from: &mut impl Weights,
    device: &Device,
) -> Result<Network, ModelError> {
    let plans = tensors(config);
    let mut build = Build::new(from, &plans, device);
    let embed_tokens = build.matrix("embed_tokens")?;
    let embed_positions = build.table(POSITIONS)?;
    let head = if config.tied_head { None } else { Some(build.matrix("head")?) };
    let mut layers = Vec::with_capacity(config.layers);
    for i in 0..config.layers {
        let name = |part: &str| format!("layers.{i}.{part}");
        layers.push(Layer::assemble(
            config,
            build.norm(&name("attention_norm"), EPSILON)?,
            build.linear(&name("query_key_value"))?,
            build.linear(&name("output"))?,
            build.norm(&name("feed_forward_norm"), EPSILON)?,
            build.linear(&name("up"))?,
            build.linear(&name("down"))?,
        ));
    }
    let final_norm = build.norm("final_norm", EPSILON)?;
    Ok(Network::assemble(config, embed_tokens, embed_positions, layers, final_norm, head))
}
