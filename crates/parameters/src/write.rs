//! From any source of weights to a folder of ours, tensor by tensor.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use burn::tensor::DType;
use burn_pack::Bytes;
use half::{bf16, f16};
use operations::{Bits, Quantized};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::manifest::{CONFIG, FORMAT, WEIGHTS};
use crate::{HeadsRecord, Manifest, ModelError, TensorPlan};

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
    /// The bits of a quantized matrix.
    #[must_use]
    pub const fn bits(self) -> Option<Bits> {
        match self {
            Self::Q8 => Some(Bits::Eight),
            Self::Q4 => Some(Bits::Four),
            Self::F32 | Self::F16 | Self::Bf16 => None,
        }
    }

    /// The bits of this tensor, if it is stored packed.
    fn bits_of(self, plan: &TensorPlan) -> Option<Bits> {
        self.bits().filter(|_| plan.is_quantized())
    }

    /// Type and shape of a tensor in the file.
    fn stored(self, plan: &TensorPlan) -> (DType, Vec<usize>) {
        match self {
            Self::F16 => (DType::F16, plan.shape.clone()),
            Self::Bf16 => (DType::BF16, plan.shape.clone()),
            _ => match self.bits_of(plan) {
                Some(bits) => (DType::I32, bits.packed_shape(plan.shape[0], plan.shape[1]).to_vec()),
                None => (DType::F32, plan.shape.clone()),
            },
        }
    }

    /// A tensor as it is written. Single precision is handed on as it is: the largest tensor is never there twice.
    fn bytes(self, plan: &TensorPlan, mut values: Vec<f32>) -> Bytes {
        if let Some(bits) = self.bits_of(plan) {
            let words = Quantized::words(&values, plan.shape[1], bits);
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

/// Writes a folder of ours: `config.json` of the given text, what `save_others` writes (tokenizer, files of heads), the packed
/// tensors of `plans` that `read` gives (row-major), and the manifest. Nothing is a model until all of it is there.
/// `progress` gets the share that is done and says whether to go on.
///
/// # Errors
/// If the folder exists or cannot be written, whatever `read` and `save_others` return, [`ModelError::Stopped`]; a
/// half-written folder is removed.
#[expect(clippy::too_many_arguments, reason = "the parts of a folder")]
pub fn write_folder<H: HeadsRecord + Serialize + DeserializeOwned>(
    to: &Path,
    config: &str,
    save_others: impl FnOnce(&Path) -> Result<(), ModelError>,
    plans: Vec<TensorPlan>,
    mut manifest: Manifest<H>,
    weights: WeightType,
    read: impl Fn(&TensorPlan) -> Result<Vec<f32>, ModelError> + Send + Sync + 'static,
    progress: impl FnMut(f64) -> ControlFlow<()> + Send + 'static,
) -> Result<Manifest<H>, ModelError> {
    if to.exists() {
        return Err(ModelError::Exists { path: to.to_owned() });
    }
    fs::create_dir_all(to).map_err(ModelError::io("make the folder", to))?;
    let result = (|| {
        let path = to.join(CONFIG);
        fs::write(&path, config).map_err(ModelError::io("write", &path))?;
        save_others(to)?;
        manifest.format = if manifest.heads.is_empty() { 1 } else { FORMAT };
        manifest.parameters = plans.iter().map(TensorPlan::elements).sum();
        pack(&to.join(WEIGHTS), plans, weights, read, progress)?;
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
    plans: Vec<TensorPlan>,
    weights: WeightType,
    read: impl Fn(&TensorPlan) -> Result<Vec<f32>, ModelError> + Send + Sync + 'static,
    progress: impl FnMut(f64) -> ControlFlow<()> + Send + 'static,
) -> Result<(), ModelError> {
    let elements: usize = plans.iter().map(TensorPlan::elements).sum();
    let read = Arc::new(read);
    let done = Arc::new(std::sync::Mutex::new((0usize, progress)));
    // The first error by its own type; the pack's writer only carries text.
    let failed = Arc::new(std::sync::Mutex::new(None));
    let tensors = plans.into_iter().map(|plan| {
        let (dtype, stored) = weights.stored(&plan);
        let bytes = stored.iter().product::<usize>() * dtype.size();
        let (read, done, failed, name) = (read.clone(), done.clone(), failed.clone(), plan.name.clone());
        burn_pack::Tensor::deferred(name, dtype, stored, None, bytes, move || {
            let values = read(&plan).map_err(|error| {
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
            Ok(weights.bytes(&plan, values))
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
