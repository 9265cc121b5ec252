//! The decoder: a GPT-2 shaped transformer with layer norms before each block, learned positions that start at row 2,
//! and a head tied to the token embedding.

use std::sync::{Mutex, PoisonError};

use burn::module::{Module, Param};
use burn::tensor::{DType, Device, Distribution, Int, Tensor, TensorData};
use checkpoints::{Activation, Config};
pub use operations::Training;
use operations::{Precision, QuantizedHalf, Visibility};
pub use parameters::{LayerNorm, Linear};
use parameters::{Matrix, rows_of};

use crate::cache::Cache;
use crate::heads::Heads;

/// Weights of the whole model.
#[derive(Module, Debug)]
pub struct Network {
    /// `[vocabulary, d]`
    pub embed_tokens: Matrix,
    /// `[positions + 2, d]`
    pub embed_positions: Param<Tensor<2>>,
    /// First to last.
    pub layers: Vec<Layer>,
    /// Over the output of the last layer.
    pub final_norm: LayerNorm,
    /// `[vocabulary, d]`, where it is not the token embedding.
    pub head: Option<Matrix>,
    /// What is asked of states that were read whole; none in published models. One for each file of a model's folder.
    pub heads: Vec<Heads>,
    /// What token embeddings are multiplied by.
    embedding_scale: f64,
}

/// One transformer layer.
#[derive(Module, Debug)]
pub struct Layer {
    /// Before the attention.
    pub attention_norm: LayerNorm,
    /// To queries, keys and values side by side: `[3·d, d]`.
    pub query_key_value: Linear,
    /// From the heads back to the residual stream.
    pub output: Linear,
    /// Before the feed-forward block.
    pub feed_forward_norm: LayerNorm,
    /// `[ffn, d]`
    pub up: Linear,
    /// `[d, ffn]`
    pub down: Linear,
    heads: usize,
    relu: bool,
}

impl Network {
    /// Random weights as a new model starts with: normal with deviation sqrt(2 / 5d) (Nguyen and Salazar 2019), the
    /// maps back into the residual stream divided by sqrt(2·layers) (GPT-2), embeddings 1/sqrt(d) (fairseq). `seed`
    /// fixes them on a CPU.
    #[must_use]
    pub fn init(config: &Config, seed: u64, device: &Device) -> Self {
        seeded(seed, device, || Self::random(config, device))
    }

    fn random(config: &Config, device: &Device) -> Self {
        let d = config.hidden_size;
        let deviation = (2.0 / (5.0 * d as f64)).sqrt();
        let residual = deviation / (2.0 * config.layers as f64).sqrt();
        let embedding = 1.0 / (d as f64).sqrt();
        let layer = |_| {
            Layer::assemble(
                config,
                LayerNorm::init(d, Config::LAYER_NORM_EPSILON, device),
                Linear::init(d, 3 * d, deviation, device),
                Linear::init(d, d, residual, device),
                LayerNorm::init(d, Config::LAYER_NORM_EPSILON, device),
                Linear::init(d, config.feed_forward_size, deviation, device),
                Linear::init(config.feed_forward_size, d, residual, device),
            )
        };
        let embed_tokens = Matrix::Float(normal([config.vocab_size, d], embedding, device));
        let embed_positions = normal([config.position_rows(), d], embedding, device);
        let layers = (0..config.layers).map(layer).collect();
        let head =
            (!config.tied_head).then(|| Matrix::Float(normal([config.vocab_size, d], embedding, device)));
        Self::assemble(
            config,
            embed_tokens,
            embed_positions,
            layers,
            LayerNorm::init(d, Config::LAYER_NORM_EPSILON, device),
            head,
        )
    }

    /// A network of given weights.
    pub(crate) fn assemble(
        config: &Config,
        embed_tokens: Matrix,
        embed_positions: Param<Tensor<2>>,
        layers: Vec<Layer>,
        final_norm: LayerNorm,
        head: Option<Matrix>,
    ) -> Self {
        let embedding_scale = if config.scale_embedding { (config.hidden_size as f64).sqrt() } else { 1.0 };
        Self { embed_tokens, embed_positions, layers, final_norm, head, heads: Vec::new(), embedding_scale }
    }

    /// The matrix that hidden states are multiplied by to give logits, as floats: for training.
    ///
    /// # Shapes
    /// `[vocabulary, d]`
    #[must_use]
    pub fn head_weight(&self) -> Tensor<2> {
        self.head_matrix().val()
    }

    fn head_matrix(&self) -> &Matrix {
        self.head.as_ref().unwrap_or(&self.embed_tokens)
    }

    /// Where the weights are.
    #[must_use]
    pub fn device(&self) -> Device {
        self.embed_positions.device()
    }

    /// The same network with 8-bit or 4-bit matrices; positions, norms and biases stay floats.
    #[must_use]
    pub fn quantize(mut self, bits: operations::Bits) -> Self {
        self.embed_tokens = self.embed_tokens.quantize(bits);
        self.head = self.head.map(|head| head.quantize(bits));
        self.layers = self.layers.into_iter().map(|layer| layer.quantize(bits)).collect();
        self
    }

    /// The same network with the floats that quantized matrices stand for: for training.
    #[must_use]
    pub fn unpacked(mut self) -> Self {
        self.embed_tokens = self.embed_tokens.unpacked();
        self.head = self.head.map(Matrix::unpacked);
        for layer in &mut self.layers {
            for linear in layer.linears() {
                linear.weight = linear.weight.clone().unpacked();
            }
        }
        self
    }

    /// Hidden states after the last norm, of whole sequences that all start at position 0.
    ///
    /// Padding, if any, goes to the right, behind what `visibility` shows to all: no token looks at it.
    ///
    /// # Shapes
    /// ids `[batch, length]`; gives `[batch, length, d]`.
    #[must_use]
    pub fn forward(&self, ids: Tensor<2, Int>, visibility: &Visibility, training: &Training) -> Tensor<3> {
        let [_, length] = ids.dims();
        let offset = Config::POSITION_OFFSET;
        let positions = self.embed_positions.val().slice(offset..offset + length);
        let tokens = self.embed_tokens.embed(ids);
        let x = scaled(tokens, self.embedding_scale) + positions.unsqueeze();
        let mut x = operations::dropout(x, training.at(0, 0, training.hidden_dropout));
        for (i, layer) in self.layers.iter().enumerate() {
            x = layer.forward(x, i + 1, visibility, training);
        }
        self.final_norm.forward(x)
    }
}

impl Network {
    /// Reads more tokens into a cache, each with what is before it in sight. Rows may get different numbers of tokens, also
    /// none.
    ///
    /// # Shapes
    /// Gives hidden states after the last norm, `[tokens, d]`: those of the rows one after the other.
    ///
    /// # Panics
    /// If there is not one list of tokens for each row, all lists are empty, or a row would pass the last position:
    /// callers hold lengths against the configuration first.
    #[must_use]
    pub fn extend(&self, tokens: &[&[u32]], cache: &mut Cache) -> Tensor<2> {
        self.append(tokens, &Visibility::Causal, cache)
    }

    /// As [`Self::extend`], but the new tokens of a row see each other in both directions: a source that is read as a whole.
    /// What is then added with [`Self::extend`] sees all of it.
    ///
    /// # Shapes
    /// As [`Self::extend`].
    ///
    /// # Panics
    /// As [`Self::extend`].
    #[must_use]
    pub fn read_whole(&self, tokens: &[&[u32]], cache: &mut Cache) -> Tensor<2> {
        self.append(tokens, &Visibility::Prefix(tokens.iter().map(|row| row.len()).collect()), cache)
    }

    fn append(&self, tokens: &[&[u32]], visibility: &Visibility, cache: &mut Cache) -> Tensor<2> {
        let device = self.device();
        let new: Vec<usize> = tokens.iter().map(|t| t.len()).collect();
        let (rows, longest) = (tokens.len(), new.iter().max().copied().unwrap_or(0));
        assert!(rows == cache.rows() && longest > 0, "{rows} lists of tokens for {} rows", cache.rows());
        let end = self.embed_positions.dims()[0] - 1;
        let place = |row: usize, t: usize| {
            let position = (cache.length(row) + t + Config::POSITION_OFFSET).min(end);
            [tokens[row].get(t).map_or(0, |id| *id as i32), position as i32]
        };
        // On a CPU nothing is computed for rows that get fewer tokens; other devices have them filled up.
        let width_of = |row: usize| if operations::is_cpu(&device) { new[row] } else { longest };
        let places: Vec<[i32; 2]> = (0..rows)
            .flat_map(|row| (0..width_of(row)).map(move |t| (row, t)))
            .map(|(r, t)| place(r, t))
            .collect();
        let shape = if operations::is_cpu(&device) { [1, places.len()] } else { [rows, longest] };
        let numbers = |i: usize| {
            let values: Vec<i32> = places.iter().map(|place| place[i]).collect();
            Tensor::<2, Int>::from_data(TensorData::new(values, shape), &device)
        };
        let mut x = scaled(self.embed_tokens.embed(numbers(0)), self.embedding_scale)
            + operations::embed(self.embed_positions.val(), numbers(1));
        cache.reserve(&new);
        for (i, layer) in self.layers.iter().enumerate() {
            x = layer.extend(x, i, &new, visibility, cache);
        }
        cache.advance(&new);
        let d = x.dims()[2];
        let hidden = self.final_norm.forward(x).reshape([places.len(), d]);
        let read: Vec<usize> = (0..rows)
            .flat_map(|row| (0..new[row]).map(move |t| (row, t)))
            .map(|(r, t)| r * longest + t)
            .collect();
        rows_of(hidden, &read)
    }

    /// Whether a text has the same output, to the bit, whatever else is in its batch, as sums over quantized weights are on a CPU.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        operations::is_cpu(&self.device())
            && matches!(self.head_matrix(), Matrix::Quantized(_))
            && self.layers.iter().all(|layer| layer.quantized_halves().is_some())
    }

    /// An empty cache of `rows` rows. Keys and values of a quantized network take 16 bits on a CPU: its weights are
    /// rounded a hundred times as far.
    #[must_use]
    pub fn cache(&self, config: &Config, rows: usize) -> Cache {
        let half = matches!(self.embed_tokens, Matrix::Quantized(_)) && operations::is_cpu(&self.device());
        let dtype = if half { DType::F16 } else { DType::F32 };
        Cache::new(config, rows, dtype, &self.device())
    }

    /// The vocabulary's logits for some hidden states.
    ///
    /// # Shapes
    /// hidden `[rows, d]`; gives `[rows, vocabulary]`.
    #[must_use]
    pub fn logits(&self, hidden: Tensor<2>) -> Tensor<2> {
        self.head_matrix().project(hidden)
    }
}

/// Draws random weights after a seed. The device's generator is one for all threads: nobody else may draw from it between
/// the seed and the last weight.
pub(crate) fn seeded<T>(seed: u64, device: &Device, draw: impl FnOnce() -> T) -> T {
    static DRAWING: Mutex<()> = Mutex::new(());
    let _drawing = DRAWING.lock().unwrap_or_else(PoisonError::into_inner);
    device.seed(seed);
    draw()
}

fn scaled(x: Tensor<3>, by: f64) -> Tensor<3> {
    if by == 1.0 { x } else { x * by }
}

impl Layer {
    pub(crate) fn assemble(
        config: &Config,
        attention_norm: LayerNorm,
        query_key_value: Linear,
        output: Linear,
        feed_forward_norm: LayerNorm,
        up: Linear,
        down: Linear,
    ) -> Self {
        let (heads, relu) = (config.heads, config.activation == Activation::Relu);
        Self { attention_norm, query_key_value, output, feed_forward_norm, up, down, heads, relu }
    }

    fn forward(
        &self,
        x: Tensor<3>,
        number: usize,
        visibility: &Visibility,
        training: &Training,
    ) -> Tensor<3> {
        let precision = training.precision;
        let dropped = |site, x| operations::dropout(x, training.at(number, site, training.hidden_dropout));
        let qkv = self.query_key_value.forward(self.attention_norm.forward(x.clone()), precision);
        let attention = training.at(number, 1, training.attention_dropout);
        let heads = operations::attention(qkv, self.heads, visibility, attention, precision);
        let x = x + dropped(2, self.output.forward(heads, precision));
        let inner = self.up.forward(self.feed_forward_norm.forward(x.clone()), precision);
        let inner = operations::activate(inner, self.activation());
        let inner = operations::dropout(inner, training.at(number, 3, training.activation_dropout));
        x + dropped(4, self.down.forward(inner, precision))
    }

    fn extend(
        &self,
        x: Tensor<3>,
        layer: usize,
        new: &[usize],
        visibility: &Visibility,
        cache: &mut Cache,
    ) -> Tensor<3> {
        if let Some((attention, feed_forward)) = self.quantized_halves() {
            let x = cache.attend(layer, new, visibility, |past, heads| attention.attention(x, past, heads));
            return feed_forward.feed_forward(x, self.activation());
        }
        let precision = Precision::F32;
        let qkv = self.query_key_value.forward(self.attention_norm.forward(x.clone()), precision);
        let heads = cache
            .attend(layer, new, visibility, |past, heads| operations::cached_attention(qkv, past, heads));
        let x = x + self.output.forward(heads, precision);
        let inner = self.up.forward(self.feed_forward_norm.forward(x.clone()), precision);
        x + self.down.forward(operations::activate(inner, self.activation()), precision)
    }

    /// Attention and feed-forward block, if all their matrices are quantized.
    fn quantized_halves(&self) -> Option<(QuantizedHalf<'_>, QuantizedHalf<'_>)> {
        let half = |norm: &LayerNorm, into, from| {
            let (into, from) = (Linear::quantized(into)?, Linear::quantized(from)?);
            Some(QuantizedHalf { norm: norm.for_operations(), into, from })
        };
        let attention = half(&self.attention_norm, &self.query_key_value, &self.output)?;
        Some((attention, half(&self.feed_forward_norm, &self.up, &self.down)?))
    }

    fn quantize(mut self, bits: operations::Bits) -> Self {
        for linear in self.linears() {
            linear.weight = linear.weight.clone().quantize(bits);
        }
        self
    }

    fn linears(&mut self) -> [&mut Linear; 4] {
        [&mut self.query_key_value, &mut self.output, &mut self.up, &mut self.down]
    }

    fn activation(&self) -> operations::Activation {
        if self.relu { operations::Activation::Relu } else { operations::Activation::Gelu }
    }
}

fn normal(shape: [usize; 2], deviation: f64, device: &Device) -> Param<Tensor<2>> {
    Param::from_tensor(Tensor::random(shape, Distribution::Normal(0.0, deviation), device))
}
