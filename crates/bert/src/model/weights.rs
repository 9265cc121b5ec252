//! Which tensors a network has, and the network made of them.

use burn::tensor::Device;
use checkpoints::bert::{Family, Head};
use checkpoints::{Activation, BertConfig};
use parameters::{Build, ModelError, TensorPlan, Weights};

use crate::heads::{Classification, MaskedLanguageModel};
use crate::layer::Layer;
use crate::network::{Embeddings, Network};

/// The matrices that are only looked up.
const LOOKED_UP: [&str; 2] = ["embed_positions", "embed_segments"];

/// The tensors of our own format, in the order in which they are written.
pub(super) fn tensors(config: &BertConfig) -> Vec<TensorPlan> {
    TensorPlan::of(checkpoints::names::bert::canonical_tensors(config), &LOOKED_UP)
}

/// Builds the network on its device.
pub(super) fn network(
    config: &BertConfig,
    from: &mut impl Weights,
    device: &Device,
) -> Result<Network, ModelError> {
    let plans = tensors(config);
    let epsilon = config.layer_norm_epsilon;
    let mut build = Build::new(from, &plans, device);
    let embeddings = Embeddings {
        tokens: build.matrix("embed_tokens")?,
        positions: build.table("embed_positions")?,
        segments: build.table("embed_segments")?,
        norm: build.norm("embedding_norm", epsilon)?,
    };
    let mut layers = Vec::with_capacity(config.layers);
    for i in 0..config.layers {
        let name = |part: &str| format!("layers.{i}.{part}");
        layers.push(Layer::assemble(
            config,
            build.linear(&name("query_key_value"))?,
            build.linear(&name("output"))?,
            build.norm(&name("attention_norm"), epsilon)?,
            build.linear(&name("up"))?,
            build.linear(&name("down"))?,
            build.norm(&name("feed_forward_norm"), epsilon)?,
        ));
    }
    let (mut classification, mut masked) = (None, None);
    match config.head {
        Head::None => {}
        Head::TokenClassification => {
            classification = Some(Classification { pooler: None, classifier: build.linear("classifier")? });
        }
        Head::SequenceClassification => {
            let pooler = Some(build.linear("pooler")?);
            classification = Some(Classification { pooler, classifier: build.linear("classifier")? });
        }
        Head::MaskedLanguageModel => {
            // RoBERTa's head has its own non-linearity, whatever the layers have.
            let relu = config.family == Family::Bert && config.activation == Activation::Relu;
            let transform = build.linear("transform")?;
            let norm = build.norm("transform_norm", epsilon)?;
            let decoder = if config.tied_head { None } else { Some(build.matrix("decoder")?) };
            masked =
                Some(MaskedLanguageModel::new(transform, norm, decoder, build.vector("decoder_bias")?, relu));
        }
    }
    Ok(Network::assemble(config, embeddings, layers, classification, masked))
}
