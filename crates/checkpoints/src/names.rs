//! The one table of tensor names; [`bert`] has the one of encoders.
//!
//! Canonical names are those of the modules of `crates/biogpt`. Published files call the same tensors otherwise:
//!
//! | canonical | Hugging Face (`biogpt.` before all but the head) | fairseq (`decoder.` before all) |
//! |---|---|---|
//! | `embed_tokens` | `embed_tokens.weight` | `embed_tokens.weight` |
//! | `embed_positions` | `embed_positions.weight` | `embed_positions.weight` |
//! | `layers.N.attention_norm.*` | `layers.N.self_attn_layer_norm.*` | the same |
//! | `layers.N.query.*` | `layers.N.self_attn.q_proj.*` | the same |
//! | `layers.N.key.*` | `layers.N.self_attn.k_proj.*` | the same |
//! | `layers.N.value.*` | `layers.N.self_attn.v_proj.*` | the same |
//! | `layers.N.output.*` | `layers.N.self_attn.out_proj.*` | the same |
//! | `layers.N.feed_forward_norm.*` | `layers.N.final_layer_norm.*` | the same |
//! | `layers.N.up.*` | `layers.N.fc1.*` | the same |
//! | `layers.N.down.*` | `layers.N.fc2.*` | the same |
//! | `final_norm.*` | `layer_norm.*` | the same |
//! | `head` | `output_projection.weight` | `output_projection.weight` |
//!
//! `*` is `weight` and `bias`. A tied head is not a tensor of the model; a stored copy of it is accepted if it
//! equals the embedding. fairseq's `decoder.version` is a mark of its file format and ignored.

pub mod bert;

use std::collections::{BTreeMap, HashMap};

use crate::checkpoint::Form;
use crate::config::Config;
use crate::report::{LoadReport, WrongDtype, WrongShape};
use crate::stored::{ElementType, StoredTensor};

/// A tensor that a model has: what it is called and its sizes as PyTorch keeps them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorSpec {
    /// The canonical name.
    pub name: String,
    /// Linear layers are `[out, in]`, embeddings `[rows, d]`, norms and biases `[d]`.
    pub shape: Vec<usize>,
}

/// The name of the head when it is not tied.
pub const HEAD: &str = "head";
/// The name of the token embedding.
pub const EMBED_TOKENS: &str = "embed_tokens";

/// Tensors of a layer: canonical name, published name, and the sizes of the weight in (d, feed-forward) terms.
const LAYER: [(&str, &str, Sizes); 8] = [
    ("attention_norm", "self_attn_layer_norm", Sizes::Norm),
    ("query", "self_attn.q_proj", Sizes::Square),
    ("key", "self_attn.k_proj", Sizes::Square),
    ("value", "self_attn.v_proj", Sizes::Square),
    ("output", "self_attn.out_proj", Sizes::Square),
    ("feed_forward_norm", "final_layer_norm", Sizes::Norm),
    ("up", "fc1", Sizes::Up),
    ("down", "fc2", Sizes::Down),
];

#[derive(Clone, Copy)]
enum Sizes {
    Norm,
    Square,
    Up,
    Down,
}

impl Sizes {
    fn weight(self, config: &Config) -> Vec<usize> {
        let (d, inside) = (config.hidden_size, config.feed_forward_size);
        match self {
            Self::Norm => vec![d],
            Self::Square => vec![d, d],
            Self::Up => vec![inside, d],
            Self::Down => vec![d, inside],
        }
    }
}

/// Every tensor of a model in canonical order: embeddings, layers from the first to the last, final norm, head.
pub fn canonical_tensors(config: &Config) -> Vec<TensorSpec> {
    table(config).into_iter().map(|(spec, _)| spec).collect()
}

/// Canonical tensors, each with its published name without a form's prefix.
fn table(config: &Config) -> Vec<(TensorSpec, String)> {
    let d = config.hidden_size;
    let mut table = Vec::new();
    let mut add =
        |name: String, published: String, shape| table.push((TensorSpec { name, shape }, published));
    add(EMBED_TOKENS.to_owned(), "embed_tokens.weight".to_owned(), vec![config.vocab_size, d]);
    add("embed_positions".to_owned(), "embed_positions.weight".to_owned(), vec![config.position_rows(), d]);
    for layer in 0..config.layers {
        for (name, published, sizes) in LAYER {
            let weight = sizes.weight(config);
            let bias = vec![weight[0]];
            add(
                format!("layers.{layer}.{name}.weight"),
                format!("layers.{layer}.{published}.weight"),
                weight,
            );
            add(format!("layers.{layer}.{name}.bias"), format!("layers.{layer}.{published}.bias"), bias);
        }
    }
    for part in ["weight", "bias"] {
        add(format!("final_norm.{part}"), format!("layer_norm.{part}"), vec![d]);
    }
    if !config.tied_head {
        add(HEAD.to_owned(), OUTPUT_PROJECTION.to_owned(), vec![config.vocab_size, d]);
    }
    table
}

const OUTPUT_PROJECTION: &str = "output_projection.weight";
/// Present in files of fairseq; says nothing about the model.
const VERSION: &str = "decoder.version";

/// What a form calls a tensor whose published name without prefix is `published`.
fn stored_name(form: Form, published: &str) -> String {
    match form {
        Form::HuggingFace if published == OUTPUT_PROJECTION => published.to_owned(),
        Form::HuggingFace => format!("biogpt.{published}"),
        Form::Fairseq => format!("decoder.{published}"),
    }
}

/// What [`crate::HuggingFaceWriter`] calls each tensor, in canonical order.
pub(crate) fn hugging_face_names(config: &Config) -> Vec<(TensorSpec, String)> {
    let table = table(config).into_iter();
    table.map(|(spec, published)| (spec, stored_name(Form::HuggingFace, &published))).collect()
}

/// The stored name of the token embedding, whose rows are the vocabulary.
pub(crate) fn embedding_name(form: Form) -> String {
    stored_name(form, "embed_tokens.weight")
}

/// What a file of this form must hold.
pub(crate) fn published(form: Form, config: &Config) -> Table {
    let wanted =
        |(spec, published): (TensorSpec, String)| Wanted { stored: stored_name(form, &published), spec };
    let head = Wanted {
        spec: TensorSpec { name: HEAD.to_owned(), shape: vec![config.vocab_size, config.hidden_size] },
        stored: stored_name(form, OUTPUT_PROJECTION),
    };
    Table {
        wanted: table(config).into_iter().map(wanted).collect(),
        copies: if config.tied_head { vec![(head, EMBED_TOKENS)] } else { Vec::new() },
        ignored: match form {
            Form::HuggingFace => |_| false,
            Form::Fairseq => |name| name == VERSION,
        },
    }
}

/// The tensors of an architecture as a file calls them.
pub(crate) struct Table {
    /// In canonical order.
    pub wanted: Vec<Wanted>,
    /// What may be stored again although it is tied to the tensor of the canonical name behind it.
    pub copies: Vec<(Wanted, &'static str)>,
    /// Stored names that say nothing about the model.
    pub ignored: fn(&str) -> bool,
}

/// A tensor of the model and what a file calls it.
pub(crate) struct Wanted {
    pub spec: TensorSpec,
    pub stored: String,
}

/// Stored tensors under canonical names, with what does not fit.
pub(crate) struct Matched {
    pub tensors: BTreeMap<String, Named>,
    /// Stored copies of tied tensors, with the canonical names of the originals.
    pub copies: Vec<(Named, &'static str)>,
    pub report: LoadReport,
}

/// A stored tensor with both its names, for messages: `canonical (stored)`.
#[derive(Debug)]
pub(crate) struct Named {
    pub label: String,
    pub tensor: StoredTensor,
}

/// Gives every tensor of the model its stored one.
pub(crate) fn matched(table: Table, stored: Vec<(String, StoredTensor)>) -> Matched {
    let mut stored: HashMap<String, StoredTensor> = stored.into_iter().collect();
    let mut report = LoadReport::default();
    let mut take = |wanted: &Wanted, missing: Option<&mut Vec<String>>| {
        let label = format!("{} ({})", wanted.spec.name, wanted.stored);
        let Some(tensor) = stored.remove(&wanted.stored) else {
            missing.into_iter().for_each(|missing| missing.push(label.clone()));
            return None;
        };
        if tensor.shape != wanted.spec.shape {
            let (expected, found) = (wanted.spec.shape.clone(), tensor.shape.clone());
            report.wrong_shape.push(WrongShape { tensor: label.clone(), expected, found });
        }
        if let ElementType::Other { name, .. } = tensor.element {
            report.wrong_dtype.push(WrongDtype { tensor: label.clone(), found: name });
        }
        Some(Named { label, tensor })
    };
    let (mut tensors, mut copies, mut missing) = (BTreeMap::new(), Vec::new(), Vec::new());
    for wanted in table.wanted {
        if let Some(named) = take(&wanted, Some(&mut missing)) {
            tensors.insert(wanted.spec.name, named);
        }
    }
    for (wanted, of) in table.copies {
        copies.extend(take(&wanted, None).map(|named| (named, of)));
    }
    let (mut ignored, mut unused): (Vec<_>, Vec<_>) =
        stored.into_keys().partition(|name| (table.ignored)(name));
    ignored.sort();
    unused.sort();
    (report.missing, report.ignored, report.unused) = (missing, ignored, unused);
    Matched { tensors, copies, report }
}
