//! From a published checkpoint to a folder of ours, tensor by tensor.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use burn::tensor::DType;
use burn_pack::Bytes;
use checkpoints::{Checkpoint, Config};
use half::{bf16, f16};
use operations::{Bits, Quantised};
use serde::{Deserialize, Serialize};
use tokenizer::Tokenizer;

use super::folder;
use super::{Manifest, ModelError, TaskPrompt, heads, tokenizer_of, weights};

/// How numbers are stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WeightType {
    /// 32 bits.
    #[default]
    F32,
    /// 16 bits, half precision.
    F16,
    /// 16 bits with the range of 32.
    Bf16,
    /// Matrices with 8 bits in blocks of 32 with a 16-bit scale each (8.5 bits a weight), what is small with 32.
    Q8,
    /// The same with 4 bits (4.5 a weight).
    Q4,
}

impl WeightType {
    /// The bits of a quantised matrix.
    #[must_use]
    pub const fn bits(self) -> Option<Bits> {
        match self {
            Self::Q8 => Some(Bits::Eight),
            Self::Q4 => Some(Bits::Four),
            Self::F32 | Self::F16 | Self::Bf16 => None,
        }
    }

    /// The bits of this tensor, if it is stored packed.
    fn bits_of(self, name: &str, shape: &[usize]) -> Option<Bits> {
        self.bits().filter(|_| weights::is_quantised(name, shape))
    }

    /// Type and shape of a tensor in the file.
    fn stored(self, name: &str, shape: &[usize]) -> (DType, Vec<usize>) {
        match self {
            Self::F16 => (DType::F16, shape.to_vec()),
            Self::Bf16 => (DType::BF16, shape.to_vec()),
            _ => match self.bits_of(name, shape) {
                Some(bits) => (DType::I32, bits.packed_shape(shape[0], shape[1]).to_vec()),
                None => (DType::F32, shape.to_vec()),
            },
        }
    }

    /// A tensor as it is written. Single precision is handed on as it is: the largest tensor is never there twice.
    fn bytes(self, name: &str, shape: &[usize], mut values: Vec<f32>) -> Bytes {
        if let Some(bits) = self.bits_of(name, shape) {
            let words = Quantised::words(&values, shape[1], bits);
            return Bytes::from_elems(words.into_iter().map(i32::to_le).collect());
        }
        let halves = |half: fn(f32) -> u16| values.iter().map(|v| half(*v).to_le()).collect();
        match self {
            Self::F16 => Bytes::from_elems::<u16>(halves(|v| f16::from_f32(v).to_bits())),
            Self::Bf16 => Bytes::from_elems::<u16>(halves(|v| bf16::from_f32(v).to_bits())),
            Self::F32 | Self::Q8 | Self::Q4 => {
                values.iter_mut().for_each(|v| *v = f32::from_bits(v.to_bits().to_le()));
                Bytes::from_elems(values)
            }
        }
    }
}

/// What an import is told beside the files.
#[derive(Debug, Clone, Default)]
pub struct Import {
    /// Shown to people.
    pub name: String,
    /// Where the weights came from.
    pub source: String,
    /// Terms of use.
    pub licence: String,
    /// How numbers are stored.
    pub weights: WeightType,
    /// The task a checkpoint with a learned prompt was tuned for, if known.
    pub task: Option<String>,
}

/// Converts the published checkpoint in `from` into a new folder `to`. Nothing is listed as a model until all of it is
/// there and has been read back. `progress` gets the share that is done.
///
/// # Errors
/// What is wrong with which file; a half-written folder is removed.
pub fn import(
    from: &Path,
    to: &Path,
    how: &Import,
    mut progress: impl FnMut(f64) + Send + 'static,
) -> Result<Manifest, ModelError> {
    import_telling(from, to, how, move |share| {
        progress(share);
        ControlFlow::Continue(())
    })
}

/// The same; `progress` also says whether to go on.
///
/// # Errors
/// As [`import`]; [`ModelError::Stopped`].
pub fn import_telling(
    from: &Path,
    to: &Path,
    how: &Import,
    progress: impl FnMut(f64) -> ControlFlow<()> + Send + 'static,
) -> Result<Manifest, ModelError> {
    let checkpoint = Checkpoint::open(from)?;
    let config = checkpoint.config().clone();
    let tokenizer = tokenizer_of(from, &config)?;
    let checkpoint = Arc::new(checkpoint);
    let read = move |name: &str| -> Result<Vec<f32>, ModelError> {
        let mut parts = weights::sources(name).into_iter();
        let mut values = parts.next().map_or_else(|| Ok(Vec::new()), |part| checkpoint.load_f32(&part))?;
        for part in parts {
            values.extend(checkpoint.load_f32(&part)?);
        }
        Ok(values)
    };
    let mut manifest = Manifest::published(from, &config);
    manifest.name.clone_from(&how.name);
    manifest.source.clone_from(&how.source);
    manifest.licence.clone_from(&how.licence);
    manifest.tasks = match (&how.task, manifest.tasks.remove("tuned")) {
        (Some(task), Some(prompt)) => [(task.clone(), prompt)].into(),
        (None, Some(prompt)) => [("tuned".to_owned(), prompt)].into(),
        (Some(task), None) => [(task.clone(), TaskPrompt::default())].into(),
        (None, None) => BTreeMap::new(),
    };
    write_telling(to, &config, &tokenizer, manifest, how.weights, read, progress)
}

/// Writes a folder of ours from any source of weights (by our names, row-major, `[out, in]`; those of the manifest's n-th
/// file of heads as `heads.n.NAME`).
///
/// # Errors
/// If the folder exists or cannot be written; a half-written one is removed.
pub fn write(
    to: &Path,
    config: &Config,
    tokenizer: &Tokenizer,
    manifest: Manifest,
    weights: WeightType,
    read: impl Fn(&str) -> Result<Vec<f32>, ModelError> + Send + Sync + 'static,
    mut progress: impl FnMut(f64) + Send + 'static,
) -> Result<Manifest, ModelError> {
    write_telling(to, config, tokenizer, manifest, weights, read, move |share| {
        progress(share);
        ControlFlow::Continue(())
    })
}

fn write_telling(
    to: &Path,
    config: &Config,
    tokenizer: &Tokenizer,
    mut manifest: Manifest,
    weights: WeightType,
    read: impl Fn(&str) -> Result<Vec<f32>, ModelError> + Send + Sync + 'static,
    progress: impl FnMut(f64) -> ControlFlow<()> + Send + 'static,
) -> Result<Manifest, ModelError> {
    if to.exists() {
        return Err(ModelError::Exists { path: to.to_owned() });
    }
    fs::create_dir_all(to).map_err(ModelError::io("make the folder", to))?;
    let result = (|| {
        let path = to.join(folder::CONFIG);
        fs::write(&path, config.to_json() + "\n").map_err(ModelError::io("write", &path))?;
        tokenizer
            .save(to)
            .map_err(|e| ModelError::Tokenizer { folder: to.to_owned(), reason: e.to_string() })?;
        for (number, own) in manifest.heads.iter().enumerate() {
            let of = |name: &str| read(&format!("heads.{number}.{name}"));
            heads::write(&to.join(&own.file), heads::tensors(&own.shape, config.hidden_size), of)?;
        }
        pack(&to.join(folder::WEIGHTS), config, weights, read, progress)?;
        manifest.format = if manifest.heads.is_empty() { 1 } else { folder::FORMAT };
        manifest.parameters = config.parameters();
        manifest.seal(to)?;
        Ok(manifest)
    })();
    if result.is_err() {
        // Best effort: the error that matters is the one above.
        let _ = fs::remove_dir_all(to);
    }
    result
}

fn pack(
    path: &Path,
    config: &Config,
    weights: WeightType,
    read: impl Fn(&str) -> Result<Vec<f32>, ModelError> + Send + Sync + 'static,
    progress: impl FnMut(f64) -> ControlFlow<()> + Send + 'static,
) -> Result<(), ModelError> {
    let all = weights::tensors(config);
    let elements: usize = all.iter().map(|(_, shape)| shape.iter().product::<usize>()).sum();
    let read = Arc::new(read);
    let done = Arc::new(std::sync::Mutex::new((0usize, progress)));
    // The first error by its own type; the pack's writer only carries text.
    let failed = Arc::new(std::sync::Mutex::new(None));
    let tensors = all.into_iter().map(|(name, shape)| {
        let (dtype, stored) = weights.stored(&name, &shape);
        let bytes = stored.iter().product::<usize>() * dtype.size();
        let (read, done, failed, own) = (read.clone(), done.clone(), failed.clone(), name.clone());
        burn_pack::Tensor::deferred(name, dtype, stored, None, bytes, move || {
            let values = read(&own).map_err(|error| {
                let text = error.to_string();
                *failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(error);
                burn_pack::Error::IoError(text)
            })?;
            let mut done = done.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            done.0 += values.len();
            let share = done.0 as f64 / elements as f64;
            if (done.1)(share).is_break() {
                *failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(ModelError::Stopped);
                return Err(burn_pack::Error::IoError(ModelError::Stopped.to_string()));
            }
            Ok(weights.bytes(&own, &shape, values))
        })
    });
    let written = burn_pack::Writer::new(tensors.collect()).write_to_file(path);
    let cause = failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    match (written, cause) {
        (Ok(()), _) => Ok(()),
        (Err(_), Some(cause)) => Err(cause),
        (Err(error), None) => Err(ModelError::Io {
            action: "write",
            path: path.to_owned(),
            source: std::io::Error::other(error.to_string()),
        }),
    }
}
