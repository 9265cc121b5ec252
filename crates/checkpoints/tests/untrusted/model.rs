//! A very small model, its values known, and the configurations that the two forms publish with it.

use serde_json::{Map, Value, json};

use crate::pickle_writer::PickleWriter;

pub const D: usize = 8;
pub const INSIDE: usize = 12;
pub const VOCABULARY: usize = 16;
pub const POSITIONS: usize = 6;
pub const LAYERS: usize = 2;

/// A tensor as a file describes it; every part can be wrong.
#[derive(Debug, Clone)]
pub struct Tensor {
    /// Without the form's prefix.
    pub name: String,
    /// safetensors' name of the number type.
    pub dtype: &'static str,
    pub shape: Vec<usize>,
    /// Of PyTorch files; row-major if absent.
    pub strides: Option<Vec<usize>>,
    /// First element in the storage, of PyTorch files.
    pub offset: usize,
    /// Elements that the description claims, if not the stored ones.
    pub claimed: Option<u64>,
    /// The storage.
    pub bytes: Vec<u8>,
}

impl Tensor {
    pub fn f32(name: &str, shape: &[usize], values: &[f32]) -> Self {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let (name, shape) = (name.to_owned(), shape.to_vec());
        Self { name, dtype: "F32", shape, strides: None, offset: 0, claimed: None, bytes }
    }

    pub fn size(&self) -> usize {
        match self.dtype {
            "F64" | "I64" => 8,
            "F32" | "I32" => 4,
            "F16" | "BF16" => 2,
            _ => 1,
        }
    }

    pub fn storage_class(&self) -> &'static str {
        match self.dtype {
            "F64" => "DoubleStorage",
            "I64" => "LongStorage",
            "F32" => "FloatStorage",
            "I32" => "IntStorage",
            "F16" => "HalfStorage",
            "BF16" => "BFloat16Storage",
            _ => "ByteStorage",
        }
    }

    pub fn claimed_elements(&self) -> u64 {
        self.claimed.unwrap_or((self.bytes.len() / self.size()) as u64)
    }

    pub fn strides(&self) -> Vec<usize> {
        self.strides.clone().unwrap_or_else(|| {
            let mut strides = vec![1; self.shape.len()];
            for dimension in (1..self.shape.len()).rev() {
                strides[dimension - 1] = strides[dimension] * self.shape[dimension].max(1);
            }
            strides
        })
    }
}

/// The tensors of the model with a tied head; no two values are equal.
pub fn tensors() -> Vec<Tensor> {
    let mut next = 0;
    let mut tensor = |name: &str, shape: &[usize]| {
        let count: usize = shape.iter().product();
        let values: Vec<f32> = (next..next + count).map(|value| value as f32 / 64.0).collect();
        next += count;
        Tensor::f32(name, shape, &values)
    };
    let mut tensors = vec![
        tensor("embed_tokens.weight", &[VOCABULARY, D]),
        tensor("embed_positions.weight", &[POSITIONS + 2, D]),
    ];
    for layer in 0..LAYERS {
        for name in ["k_proj", "v_proj", "q_proj", "out_proj"] {
            tensors.push(tensor(&format!("layers.{layer}.self_attn.{name}.weight"), &[D, D]));
            tensors.push(tensor(&format!("layers.{layer}.self_attn.{name}.bias"), &[D]));
        }
        for (name, out, inputs) in [("fc1", INSIDE, D), ("fc2", D, INSIDE)] {
            tensors.push(tensor(&format!("layers.{layer}.{name}.weight"), &[out, inputs]));
            tensors.push(tensor(&format!("layers.{layer}.{name}.bias"), &[out]));
        }
        for name in ["self_attn_layer_norm", "final_layer_norm"] {
            tensors.push(tensor(&format!("layers.{layer}.{name}.weight"), &[D]));
            tensors.push(tensor(&format!("layers.{layer}.{name}.bias"), &[D]));
        }
    }
    tensors.push(tensor("layer_norm.weight", &[D]));
    tensors.push(tensor("layer_norm.bias", &[D]));
    tensors
}

/// `config.json` of the Hugging Face form.
pub fn hugging_face_config() -> Map<String, Value> {
    let config = json!({
        "model_type": "biogpt",
        "vocab_size": VOCABULARY,
        "hidden_size": D,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": 2,
        "intermediate_size": INSIDE,
        "max_position_embeddings": POSITIONS,
        "hidden_act": "gelu",
        "scale_embedding": true,
        "tie_word_embeddings": true,
    });
    config.as_object().unwrap().clone()
}

/// A value of fairseq's settings.
#[derive(Debug, Clone, Copy)]
pub enum Setting {
    Absent,
    Flag(bool),
    Integer(i64),
    Real(f64),
    Text(&'static str),
}

impl Setting {
    pub fn write(self, pickle: PickleWriter) -> PickleWriter {
        match self {
            Self::Absent => pickle.none(),
            Self::Flag(value) => pickle.flag(value),
            Self::Integer(value) => pickle.integer(value),
            Self::Real(value) => pickle.real(value),
            Self::Text(value) => pickle.text(value),
        }
    }
}

/// What fairseq's `args` (or `cfg.model`) hold.
pub fn fairseq_settings() -> Vec<(&'static str, Setting)> {
    vec![
        ("activation_fn", Setting::Text("gelu")),
        ("dropout", Setting::Real(0.1)),
        ("attention_dropout", Setting::Real(0.1)),
        ("decoder_layers", Setting::Integer(LAYERS as i64)),
        ("decoder_embed_dim", Setting::Integer(D as i64)),
        ("decoder_ffn_embed_dim", Setting::Integer(INSIDE as i64)),
        ("decoder_attention_heads", Setting::Integer(2)),
        ("decoder_normalize_before", Setting::Flag(true)),
        ("decoder_learned_pos", Setting::Flag(true)),
        ("share_decoder_input_output_embed", Setting::Flag(true)),
        ("no_scale_embedding", Setting::Flag(false)),
        ("max_target_positions", Setting::Integer(POSITIONS as i64)),
        ("adaptive_softmax_cutoff", Setting::Absent),
    ]
}

/// A small generator of numbers (splitmix64): the same seed gives the same files for ever.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}
